"""Importance–performance map, with the uncertainty of both axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._ellipse import ellipse
from cxresearch._resample import draw_indices, factors_from, units_of
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_choice, check_count, check_fraction, check_names
from cxresearch.drivers._model_columns import numbers
from cxresearch.drivers._model_data import Design, read_design
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result, in_tidy_order

QUADRANTS = ("concentrate", "keep_up", "low_priority", "possible_overkill")
PERFORMANCE = ("mean", "top_two_box")
CUTS = ("mean", "median")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImportancePerformanceResult(Result):
    """Where each driver stands on the importance–performance map.

    Attributes
    ----------
    estimates : pandas.DataFrame
        Two rows a driver, group ``performance`` (response-scale units, or share of top-two-box
        answers) and ``importance`` (as given): term, group, estimate, std_error, conf_low,
        conf_high, n (respondents who rated it; importance: the same).
    positions : pandas.DataFrame
        term, performance, importance, quadrant (``concentrate``: important and weak,
        ``keep_up``: important and strong, ``low_priority``: neither, ``possible_overkill``:
        strong and unimportant), prob_<quadrant> (bootstrap), decided (the quadrant's
        probability reaches `decision`), and the ellipse around the point: ellipse_major,
        ellipse_minor (half axes), ellipse_angle (degrees from the performance axis to the major
        axis), ellipse_covariance.
    cut_performance, cut_importance : float
        The cross-hair.
    cuts : str
        ``"mean"`` or ``"median"`` of the drivers (drawn anew in each replicate), or
        ``"given"``.
    performance : str
        ``"mean"`` or ``"top_two_box"``.
    importance_varies : bool
        Replicates of the importance were given; else its uncertainty is not in the map.
    paired : bool
        Performance was resampled with the respondents of the importance replicates.
    decision, replicates, seed, weights, clusters, strata, drivers, n, confidence_level
    """

    estimates: pd.DataFrame
    positions: pd.DataFrame
    cut_performance: float
    cut_importance: float
    cuts: str
    performance: str
    importance_varies: bool
    paired: bool
    decision: float
    replicates: int
    seed: int
    weights: str
    clusters: str
    strata: str
    drivers: tuple[str, ...]
    n: int
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """Return performance and importance of each driver."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the cross-hair, and how many drivers have a decided place."""
        return pd.DataFrame(
            [
                {
                    "n": self.n, "drivers": len(self.drivers), "cuts": self.cuts,
                    "cut_performance": self.cut_performance,
                    "cut_importance": self.cut_importance, "performance": self.performance,
                    "decided": int(self.positions["decided"].sum()),
                    "replicates": self.replicates,
                }
            ]
        )  # fmt: skip


def importance_performance(  # noqa: PLR0913 - two axes, a cross-hair and a survey design
    frame: pd.DataFrame,
    *,
    importance: Mapping[str, float] | pd.Series,
    importance_replicates: FloatArray | None = None,
    indices: IntArray | None = None,
    rows: BoolArray | None = None,
    performance: str = "mean",
    top_two_from: float | Mapping[str, float] | None = None,
    cuts: str | Sequence[float] = "mean",
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    decision: float = 0.8,
    replicates: int = 1000,
    seed: int = 1,
    confidence_level: float = 0.95,
) -> ImportancePerformanceResult:
    r"""Place drivers by importance and performance, and say how sure the place is.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent; ratings of the drivers.
    importance : mapping of driver to float
        Importance of each driver (share, relative weight, coefficient …), drivers in this
        order.
    importance_replicates : ndarray, shape (B, drivers), optional
        Bootstrap replicates of the importance, same order.
    indices : ndarray of int, shape (B, draws), optional
        Units drawn in each replicate (as `draw_indices` has them). With them the performance is
        computed from the same respondents, so that both axes vary together.
    rows : ndarray of bool, optional
        Respondents (rows of `frame`) that `indices` number; without: all.
    performance : {"mean", "top_two_box"}
    top_two_from : float or mapping, optional
        Code from which an answer is in the top two boxes (needed for ``top_two_box``).
    cuts : {"mean", "median"} or (performance, importance)
        Cross-hair: mean or median over the drivers, or two fixed values.
    weights, clusters, strata : str, optional
        Design columns, as in `driver_model`.
    decision : float
        Probability from which a quadrant is called decided.
    replicates, seed : int
        Bootstrap of the performance, where no `importance_replicates` set their number.
    confidence_level : float
        Of intervals and ellipses.

    Returns
    -------
    ImportancePerformanceResult

    Raises
    ------
    CxError
        An unknown driver or option, shapes that do not fit, an importance that is not finite.
    ResponseError
        Nobody rated a driver.

    Notes
    -----
    Standard errors and percentile intervals come from the replicates; ellipses have half axes
    :math:`\sqrt{\lambda_i\,\chi^2_{2,\,level}}` along the eigenvectors of the replicates'
    covariance. Cut points that are means of the drivers move with them in each replicate: a
    driver near the cross-hair then has no quadrant of its own, which is the finding.
    Performance uses all who rated the driver.

    References
    ----------
    Martilla, J. A., & James, J. C. (1977). Importance–performance analysis. *Journal of
    Marketing*, 41, 77–79. https://doi.org/10.1177/002224297704100112

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> stay = pd.DataFrame({"room": rng.integers(3, 8, 200), "staff": rng.integers(1, 5, 200)})
    >>> found = importance_performance(stay, importance={"room": 0.1, "staff": 0.4})
    >>> found.positions[["term", "quadrant", "decided"]]
        term           quadrant  decided
    0   room  possible_overkill     True
    1  staff        concentrate     True
    """
    check_choice("performance", performance, PERFORMANCE)
    check_fraction("decision", decision)
    check_fraction("confidence_level", confidence_level)
    check_count("replicates", replicates, at_least=100)
    weight_of = {str(name): float(value) for name, value in dict(importance).items()}
    drivers = check_names(
        "importance", weight_of, [str(c) for c in frame.columns], of="columns"
    )
    _check_importance(weight_of, importance_replicates, indices)
    design = read_design(frame, weights=weights, clusters=clusters, strata=strata)
    scores = _scores(frame, drivers, performance, top_two_from)
    w = np.ones(len(frame)) if design.weights is None else design.weights
    factors = _factors(
        design, len(frame), rows, indices=indices, seed=seed,
        replicates=replicates if importance_replicates is None else len(importance_replicates),
    )  # fmt: skip
    points = _Points(
        performance=_means(scores, w[None, :])[0],
        importance=np.array([weight_of[name] for name in drivers]),
        performance_draws=_means(scores, factors * w),
        importance_draws=importance_replicates,
    )
    chances, centre, called = _quadrant_chances(points, cuts)
    n_rated = (~np.isnan(scores)).sum(axis=0)
    return ImportancePerformanceResult(
        estimates=_estimates(drivers, points, n_rated, confidence_level),
        positions=_positions(drivers, points, chances, centre, decision, confidence_level),
        cut_performance=centre[0], cut_importance=centre[1], cuts=called,
        performance=performance, importance_varies=importance_replicates is not None,
        paired=indices is not None, decision=decision, replicates=len(factors), seed=seed,
        weights=weights or "", clusters=clusters or "", strata=strata or "",
        drivers=tuple(drivers), n=len(frame), confidence_level=confidence_level,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Points:
    """Points (drivers,) and their replicates (B, drivers); importance may not vary."""

    performance: FloatArray
    importance: FloatArray
    performance_draws: FloatArray
    importance_draws: FloatArray | None

    @property
    def importance_or_fixed(self) -> FloatArray:
        """Replicates of the importance; the point itself, repeated, where there are none."""
        if self.importance_draws is not None:
            return self.importance_draws
        return np.broadcast_to(self.importance, self.performance_draws.shape)


def _check_importance(
    weight_of: Mapping[str, float], draws: FloatArray | None, indices: IntArray | None
) -> None:
    if len(weight_of) < 2:
        raise CxError("importance: a map needs at least 2 drivers")
    unknown = [name for name, value in weight_of.items() if not np.isfinite(value)]
    if unknown:
        raise CxError(f"importance of {unknown} is not a finite number; leave them off the map")
    if draws is None:
        if indices is not None:
            raise CxError("indices belong to importance_replicates, which are not given")
        return
    if draws.ndim != 2 or draws.shape[1] != len(weight_of) or not np.isfinite(draws).all():
        raise CxError(
            "importance_replicates must be finite and of shape (replicates, "
            f"{len(weight_of)}); got "
            f"{draws.shape}"
        )
    if indices is not None and len(indices) != len(draws):
        raise CxError(
            f"indices has {len(indices)} replicates and importance_replicates {len(draws)}"
        )


def _scores(
    frame: pd.DataFrame, drivers: Sequence[str], performance: str,
    top_two_from: float | Mapping[str, float] | None,
) -> FloatArray:  # fmt: skip
    """Return ratings (n, drivers), or whether they are in the top two boxes; nan: none."""
    values = np.column_stack([numbers(frame, name) for name in drivers])
    empty = [name for place, name in enumerate(drivers) if np.isnan(values[:, place]).all()]
    if empty:
        raise ResponseError(
            f"driver(s) {empty}: no respondent rated them; leave them off the map"
        )
    if performance == "mean":
        return values
    if top_two_from is None:
        raise CxError(
            "performance 'top_two_box' needs top_two_from: the code where the boxes begin"
        )
    if isinstance(top_two_from, Mapping):
        lacking = [name for name in drivers if name not in top_two_from]
        if lacking:
            raise CxError(f"top_two_from: no code for {lacking}; give one for each driver")
        start = np.array([float(top_two_from[name]) for name in drivers])
    else:
        start = np.full(len(drivers), float(top_two_from))
    return np.where(np.isnan(values), np.nan, values >= start)


def _factors(
    design: Design, n: int, rows: BoolArray | None, *, indices: IntArray | None,
    replicates: int, seed: int,
) -> FloatArray:  # fmt: skip
    """How often each respondent counts in each replicate, shape (B, n)."""
    members = np.ones(n, dtype=bool) if rows is None else np.asarray(rows)
    if members.dtype != bool or members.shape != (n,):
        raise CxError(f"rows must be true or false for each of the {n} rows of the frame")
    stratum = design.stratum[members]
    stratified = len(np.unique(stratum)) > 1
    units = units_of(design.unit[members], stratum if stratified else None)
    if indices is None:
        indices = draw_indices(units, replicates, np.random.default_rng(seed))
    factors = np.zeros((len(indices), n))
    factors[:, members] = factors_from(indices, units)[:, units.of_row]
    return factors


def _means(scores: FloatArray, w: FloatArray) -> FloatArray:
    """Return weighted means of those who answered, (B, drivers); nan where there is nobody."""
    known = ~np.isnan(scores)
    totals = w @ known.astype(float)
    sums = w @ np.where(known, scores, 0.0)
    empty = np.full(sums.shape, np.nan)
    return np.asarray(np.divide(sums, totals, out=empty, where=totals > 0), dtype=float)


def _quadrant_chances(
    points: _Points, cuts: str | Sequence[float]
) -> tuple[FloatArray, tuple[float, float], str]:
    """Probabilities of `QUADRANTS` (drivers, 4), the cross-hair, and what it is."""
    x, y = points.performance_draws, points.importance_or_fixed
    if isinstance(cuts, str):
        check_choice("cuts", cuts, CUTS)
        middle = np.mean if cuts == "mean" else np.median
        centre = (float(middle(points.performance)), float(middle(points.importance)))
        right = x >= middle(x, axis=1)[:, None]
        up = y >= middle(y, axis=1)[:, None]
        called = cuts
    else:
        if len(cuts) != 2 or not np.isfinite(np.asarray(cuts, dtype=float)).all():
            raise CxError(f"cuts must be 'mean', 'median' or two numbers; got {cuts!r}")
        centre, called = (float(cuts[0]), float(cuts[1])), "given"
        right, up = x >= centre[0], y >= centre[1]
    members = (up & ~right, up & right, ~up & ~right, ~up & right)
    return np.column_stack([member.mean(axis=0) for member in members]), centre, called


def _estimates(
    drivers: Sequence[str], points: _Points, n_rated: IntArray, confidence_level: float
) -> pd.DataFrame:
    tail = (1 - confidence_level) / 2
    parts = []
    for group, estimate, draws in (
        ("performance", points.performance, points.performance_draws),
        ("importance", points.importance, points.importance_draws),
    ):
        spread = np.full((3, len(drivers)), np.nan)
        if draws is not None:
            ends = np.quantile(draws, [tail, 1 - tail], axis=0)
            spread = np.vstack([draws.std(axis=0, ddof=1), ends])
        table = pd.DataFrame({"term": drivers, "group": group, "estimate": estimate})
        table["std_error"], table["conf_low"], table["conf_high"] = spread
        parts.append(table.assign(n=n_rated))
    return pd.concat(parts, ignore_index=True)


def _positions(
    drivers: Sequence[str], points: _Points, chances: FloatArray, centre: tuple[float, float],
    decision: float, confidence_level: float,
) -> pd.DataFrame:  # fmt: skip
    up = points.importance >= centre[1]
    right = points.performance >= centre[0]
    place = np.where(up, np.where(right, 1, 0), np.where(right, 3, 2))
    table = pd.DataFrame(
        {
            "term": drivers, "performance": points.performance, "importance": points.importance,
            "quadrant": [QUADRANTS[code] for code in place],
        }
    )  # fmt: skip
    for code, name in enumerate(QUADRANTS):
        table[f"prob_{name}"] = chances[:, code]
    table["decided"] = chances[np.arange(len(place)), place] >= decision
    reach = float(stats.chi2.ppf(confidence_level, 2))
    x, y = points.performance_draws, points.importance_or_fixed
    ellipses = pd.DataFrame([ellipse(x[:, j], y[:, j], reach) for j in range(len(drivers))])
    return table.join(ellipses)
