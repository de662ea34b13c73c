"""How many respondents it takes to tell the first driver from the second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize
from scipy.special import ndtri

from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_fraction, check_share
from cxresearch.drivers._game import Question, prepare_game
from cxresearch.drivers._share_difference import (
    ShareDifferences,
    share_differences,
    wishart_covariances,
)
from cxresearch.drivers.shares import shapley_shares, slopes_of
from cxresearch.errors import CxError
from cxresearch.results import Result, in_tidy_order

MAX_DRIVERS = 12
QUESTIONS = ("interval_excludes_zero", "ranked_first")
STEPS = (0.04, 0.1, 0.25, 0.5, 0.75, 1.0, 1.25, 1.6, 2.2)
"""Sizes simulated, as parts of the size that large-sample theory asks for."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DriverPlanResult(Result):
    """Probability of telling the first driver from the second, by number of respondents.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a question and size: term (``"interval_excludes_zero"``: the interval of first
        less second lies above 0; ``"ranked_first"``: the first driver has the largest share in
        the sample), estimate (probability), std_error (Monte Carlo), conf_low, conf_high
        (Wilson, 95 % of the Monte-Carlo error), n (respondents).
    required : pandas.DataFrame
        One row a question: term, estimate (respondents for `power`, interpolated), std_error
        (Monte Carlo), conf_low, conf_high; nan where the sizes simulated do not reach it.
    shares : pandas.DataFrame
        Of the population assumed: term, estimate (Shapley share of R²), percent, standardized
        (coefficient), rank.
    source : str
        ``"structure"`` (from correlation, R², ratio) or ``"pilot"``.
    first, second : str
        The drivers told apart.
    difference : float
        Their difference of shares, R² units.
    ratio : float
        Share of the first over that of the second.
    r2 : float
    correlation : float
        Mean correlation of two drivers.
    n_drivers : int
    n_asymptotic : float
        Respondents for `power` by large-sample theory, without simulation.
    power : float
    design_effect : float
    n_sims : int
        Samples of each size.
    n_pilot : int
        Complete respondents of the pilot; 0 without one.
    confidence_level : float
    seed : int
    notes : tuple of str
        ``"pilot_difference_optimistic"``, ``"outside_sizes:ranked_first"`` (`power` is
        reached below or above the sizes simulated).
    """

    estimates: pd.DataFrame
    required: pd.DataFrame
    shares: pd.DataFrame
    source: str
    first: str
    second: str
    difference: float
    ratio: float
    r2: float
    correlation: float
    n_drivers: int
    n_asymptotic: float
    power: float
    design_effect: float
    n_sims: int
    n_pilot: int
    confidence_level: float
    seed: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        if abs(float(self.shares["estimate"].sum()) - self.r2) > 1e-8:
            raise CxError("shares of the population assumed do not sum to its R²")

    def tidy(self) -> pd.DataFrame:
        """One row a question and number of respondents."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: what was assumed, and the respondents required."""
        needed = self.required.set_index("term")["estimate"]
        names = (
            "source", "first", "second", "difference", "ratio", "r2", "correlation",
            "n_drivers", "power", "n_asymptotic", "design_effect", "n_sims",
        )  # fmt: skip
        row = {name: getattr(self, name) for name in names}
        return pd.DataFrame([{**row, **{f"n_{name}": needed[name] for name in needed.index}}])


def plan_drivers(  # noqa: PLR0913 - a pilot, or a structure in four numbers
    pilot: pd.DataFrame | None = None,
    *,
    outcome: str | None = None,
    drivers: Sequence[str] = (),
    weights: str | None = None,
    n_drivers: int = 8,
    correlation: float = 0.4,
    r2: float = 0.5,
    ratio: float = 1.5,
    rest: float = 0.7,
    sizes: Sequence[int] = (),
    power: float = 0.8,
    design_effect: float = 1.0,
    n_sims: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> DriverPlanResult:
    r"""Find how many respondents tell the most important driver from the second.

    Samples of normal variables are drawn from the population assumed: their covariance matrices
    directly, from a Wishart distribution. In each the shares and the interval
    :math:`\hat\varphi_1 - \hat\varphi_2 \pm z \cdot SE` are computed.

    Parameters
    ----------
    pilot : pandas.DataFrame, optional
        Answers whose covariances are taken for the population's; the two drivers with the
        largest shares are told apart. Needs `outcome` and `drivers` (numeric columns).
    outcome, drivers, weights
        Columns of the pilot.
    n_drivers : int
        Without a pilot: 2 to 12 drivers,
    correlation : float
        all correlated the same, 0 to below 1,
    r2 : float
        that together explain this much.
    ratio : float
        Share of the first driver over that of the second, above 1.
    rest : float
        Share of each other driver over that of the second, at most 1. Correlated drivers
        cannot have very small shares; what cannot be reached is refused.
    sizes : sequence of int, optional
        Numbers of respondents to simulate; by default around what large-sample theory asks for.
    power : float
        Probability wanted.
    design_effect : float
        Variance of the survey's design over that of a simple random sample; respondents are
        multiplied by it.
    n_sims : int
        Samples of each size.
    confidence_level : float
    seed : int

    Returns
    -------
    DriverPlanResult

    Raises
    ------
    CxError
        A number is out of range, or no population has these shares.
    ResponseError
        The pilot does not allow the model.

    Notes
    -----
    With two drivers the difference of shares is :math:`r_{1y}^2 - r_{2y}^2`, whatever their
    correlation, and the standard error used equals Olkin and Finn's. Answers on rating scales
    are not normal; with strong ceilings more respondents are needed. Drivers first and second
    in a pilot seem further apart than they are, and the number required too small: take the
    lower end of the pilot's interval where it matters.

    References
    ----------
    Olkin, I., & Finn, J. D. (1995). Correlations redux. *Psychological Bulletin*, 118, 155–164.
    https://doi.org/10.1037/0033-2909.118.1.155

    Smith, W. B., & Hocking, R. R. (1972). Algorithm AS 53: Wishart variate generator. *Applied
    Statistics*, 21, 341–345. https://doi.org/10.2307/2346290

    Examples
    --------
    >>> plan = plan_drivers(n_drivers=4, correlation=0.3, r2=0.5, ratio=1.5, n_sims=400)
    >>> plan.glance()[["first", "second", "ratio", "n_asymptotic"]].round(1).values.tolist()
    [['driver_1', 'driver_2', 1.5, 1158.8]]
    >>> bool(1000 < plan.required["estimate"][0] < 1350)
    True
    """
    check_fraction("power", power)
    check_fraction("confidence_level", confidence_level)
    check_count("n_sims", n_sims, at_least=100)
    if not (np.isfinite(design_effect) and design_effect > 0):
        raise CxError(f"design_effect must be above 0; got {design_effect!r}")
    if pilot is None:
        if outcome is not None or drivers:
            raise CxError("outcome and drivers are columns of a pilot; there is no pilot")
        names = tuple(f"driver_{i + 1}" for i in range(check_count("n_drivers", n_drivers)))
        matrix = _structure(n_drivers, correlation, r2, ratio=ratio, rest=rest)
        answered = 0
    else:
        names, matrix, answered = _from_pilot(pilot, outcome, drivers, weights)
    shares = shapley_shares(matrix)
    order = np.argsort(-shares, kind="stable")
    first, second = int(order[0]), int(order[1])
    exact = share_differences(matrix[None], first, second)
    reach = float(ndtri((1 + confidence_level) / 2))
    if exact.difference[0] < 1e-9:
        raise CxError("the first two drivers have the same share; no sample tells them apart")
    wanted = ((reach + ndtri(power)) * exact.scale[0] / exact.difference[0]) ** 2 + 1
    rng = np.random.default_rng(check_count("seed", seed))
    rows = []
    for n in _sizes(sizes, wanted * design_effect, len(names), design_effect):
        df = n / design_effect - 1
        drawn = share_differences(wishart_covariances(matrix, df, n_sims, rng), first, second)
        rows += _probabilities(drawn, n, first, df, reach)
    estimates = pd.DataFrame(rows)
    required = _required(estimates, power)
    lost = required.loc[required["estimate"].isna(), "term"]
    return DriverPlanResult(
        estimates=estimates, required=required, shares=_share_table(names, matrix, shares),
        source="structure" if pilot is None else "pilot", first=names[first],
        second=names[second], difference=float(exact.difference[0]),
        ratio=float(shares[first] / shares[second]), r2=float(shares.sum()),
        correlation=_mean_correlation(matrix), n_drivers=len(names),
        n_asymptotic=float(wanted * design_effect), power=power, design_effect=design_effect,
        n_sims=n_sims, n_pilot=answered, confidence_level=confidence_level, seed=seed,
        notes=(
            *(("pilot_difference_optimistic",) if answered else ()),
            *(f"outside_sizes:{term}" for term in lost),
        ),
    )  # fmt: skip


def _structure(
    drivers: int, correlation: float, r2: float, *, ratio: float, rest: float
) -> FloatArray:
    """Return the correlation matrix of equally correlated drivers with the shares asked for.

    Shares are proportional to R², so the slopes' ratios are solved for first.
    """
    if not 2 <= drivers <= MAX_DRIVERS:
        raise CxError(f"n_drivers must be 2 to {MAX_DRIVERS}; got {drivers}")
    check_fraction("r2", r2)
    if check_share("correlation", correlation) > 0.99:
        raise CxError(f"correlation must be below 0.99; got {correlation}")
    if not ratio > 1 or not 0 <= rest <= 1:
        raise CxError(f"ratio must be above 1 and rest from 0 to 1; got {ratio} and {rest}")
    xx = np.full((drivers, drivers), correlation) + (1 - correlation) * np.eye(drivers)
    others = min(drivers - 2, 1)

    def matrix_of(slopes: FloatArray) -> FloatArray:
        beta = np.concatenate([[1.0], slopes[:1], np.repeat(slopes[1:], drivers - 2)])
        xy = xx @ beta
        scale = np.sqrt(r2 / (beta @ xy))
        return np.block([[xx, scale * xy[:, None]], [scale * xy[None, :], np.ones((1, 1))]])

    def misfit(slopes: FloatArray) -> FloatArray:
        shares = shapley_shares(matrix_of(slopes))
        gaps = [shares[0] / shares[1] / ratio - 1, shares[-1] / shares[1] - rest]
        return np.array(gaps[: 1 + others])

    start = np.array([1 / np.sqrt(ratio), np.sqrt(rest / ratio)])[: 1 + others]
    found = optimize.least_squares(misfit, start, bounds=(0, 1), xtol=1e-15, ftol=1e-15)
    if np.abs(found.fun).max() > 1e-6:
        shares = shapley_shares(matrix_of(found.x))
        raise CxError(
            f"{drivers} drivers correlated {correlation:g} cannot have shares in the ratio "
            f"{ratio:g} with rest {rest:g}; the closest is {shares[0] / shares[1]:.2f} with "
            f"rest {shares[-1] / shares[1]:.2f}: take a smaller ratio or correlation, or a "
            "larger rest"
        )
    return matrix_of(found.x)


def _from_pilot(
    pilot: pd.DataFrame, outcome: str | None, drivers: Sequence[str], weights: str | None
) -> tuple[tuple[str, ...], FloatArray, int]:
    if outcome is None or len(drivers) < 2:
        raise CxError("a pilot needs outcome and at least 2 drivers: name its columns")
    prepared = prepare_game(pilot, Question(outcome=outcome, drivers=drivers, weights=weights))
    players = prepared.players
    if not players.single or len(players.names) > MAX_DRIVERS:
        raise CxError(
            f"a plan takes at most {MAX_DRIVERS} numeric drivers, free of interactions"
        )
    values = np.column_stack([prepared.data.x.values, prepared.data.y])
    w = prepared.data.w
    centred = values - np.average(values, axis=0, weights=w)
    covariance = (centred * w[:, None]).T @ centred
    size = np.sqrt(np.diag(covariance))
    return players.names, covariance / np.outer(size, size), prepared.n


def _sizes(
    asked: Sequence[int], wanted: float, drivers: int, design_effect: float
) -> list[int]:
    least = int(np.ceil((drivers + 10) * design_effect))
    if asked:
        chosen = sorted({check_count("sizes", size, at_least=least) for size in asked})
    else:
        chosen = sorted({max(least, round(step * wanted)) for step in STEPS})
    return chosen


def _probabilities(
    drawn: ShareDifferences, n: int, first: int, df: float, reach: float
) -> list[dict[str, object]]:
    told = drawn.difference > reach * drawn.scale / np.sqrt(df)
    ahead = drawn.shares.argmax(axis=1) == first
    rows = []
    for term, hits in zip(QUESTIONS, (told, ahead), strict=True):
        p, count = float(hits.mean()), len(hits)
        # Wilson's interval: a probability of 1 in 1000 samples is not known to be 1.
        z2 = float(ndtri(0.975)) ** 2
        centre = (p + z2 / (2 * count)) / (1 + z2 / count)
        half = np.sqrt(z2 * (p * (1 - p) / count + z2 / (4 * count**2))) / (1 + z2 / count)
        rows.append(
            {
                "term": term, "estimate": p, "std_error": float(np.sqrt(p * (1 - p) / count)),
                "conf_low": float(centre - half), "conf_high": float(centre + half), "n": n,
            }
        )  # fmt: skip
    return rows


def _required(estimates: pd.DataFrame, power: float) -> pd.DataFrame:
    """Interpolate the size: probits of the probabilities are nearly straight in √n."""
    rows = []
    for term, part in estimates.groupby("term", sort=False):
        n, error = part["n"].to_numpy(dtype=float), part["std_error"].to_numpy(dtype=float)
        p = np.maximum.accumulate(part["estimate"].to_numpy(dtype=float))
        size, spread = _crossing(n, p, error, power)
        low, high = size - 1.96 * spread, size + 1.96 * spread
        rows.append((term, size, spread, low, high))
    return pd.DataFrame(
        rows, columns=["term", "estimate", "std_error", "conf_low", "conf_high"]
    )


def _crossing(
    n: FloatArray, p: FloatArray, error: FloatArray, power: float
) -> tuple[float, float]:
    above = int(np.searchsorted(p, power))
    if above == 0 or above == len(p):
        return float("nan"), float("nan")
    low, high = above - 1, above
    probit = ndtri(np.clip(p[[low, high]], 1e-6, 1 - 1e-6))
    roots = np.sqrt(n[[low, high]])
    slope = (probit[1] - probit[0]) / (roots[1] - roots[0])
    part = (ndtri(power) - probit[0]) / (probit[1] - probit[0])
    root = roots[0] + part * (roots[1] - roots[0])
    # Errors of both ends, as the straight line between them carries them to the crossing.
    density = np.exp(-(probit**2) / 2) / np.sqrt(2 * np.pi)
    ends = error[[low, high]] / density
    spread = np.hypot((1 - part) * ends[0], part * ends[1]) / slope
    return float(root**2), float(2 * root * spread)


def _mean_correlation(matrix: FloatArray) -> float:
    p = len(matrix) - 1
    return float(matrix[:-1, :-1][np.triu_indices(p, 1)].mean())


def _share_table(names: Sequence[str], matrix: FloatArray, shares: FloatArray) -> pd.DataFrame:
    rank = np.empty(len(shares), dtype=np.int64)
    rank[np.argsort(-shares, kind="stable")] = np.arange(1, len(shares) + 1)
    return pd.DataFrame(
        {
            "term": list(names), "estimate": shares, "percent": 100 * shares / shares.sum(),
            "standardized": slopes_of(matrix), "rank": rank,
        }
    )  # fmt: skip
