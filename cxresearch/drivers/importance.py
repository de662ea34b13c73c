"""How much of what drivers explain is each driver's: shares of R² with their uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd

from cxresearch._types import IntArray
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.drivers._game import Prepared, Question, prepare_game, replicate
from cxresearch.drivers._importance_table import (
    acceleration_name,
    estimate_table,
    replicates_name,
)
from cxresearch.drivers._players import Groups, PointShares
from cxresearch.drivers._uncertainty import (
    Evidence,
    difference_table,
    intervals_of,
    rank_table,
)
from cxresearch.errors import CxError, EstimationError
from cxresearch.results import Result, in_tidy_order

Interval = Literal["percentile", "bca"]
MIN_REPLICATES = 20


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DriverImportanceResult(Result):
    """Shares of R² and what is known about them.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a driver (interaction, or group): term; estimate (share, R² units), std_error
        (bootstrap), conf_low, conf_high, n; then block (group of the driver, Owen only),
        columns (of the model), n_answered; percent of what the drivers explain with percent_low
        and percent_high; adjusted (share of adjusted R²; may be negative); first, last, pratt,
        relative_weight, car, betasq (other metrics, R² units, nan where not defined);
        coefficient (full model, units of the data), sign (−1, 0, 1), sign_changes (the mean
        coefficient over models of one size changes sign with the size; a sample of models
        beyond 16 drivers), p_same_sign (share of replicates with the sign of `coefficient`);
        rank, rank_low, rank_high, p_top1, p_top3 (share of replicates in which the driver is
        first, or among the first three); mc_error (Monte-Carlo standard error of the share, 0
        when all subsets were visited).
    differences : pandas.DataFrame
        One row a pair: term, estimate (share of term − share of other), std_error, p_value,
        p_adjusted (max-t over all pairs), conf_low, conf_high (each alone), n, other,
        simultaneous_low, simultaneous_high (all pairs together).
    ranks : pandas.DataFrame
        One row a driver and rank: term, estimate (share of replicates), n, rank, top (share of
        replicates with this rank or a better one).
    outcome : str
    drivers, controls : tuple of str
    groups : dict
        Members of each group; empty without groups.
    model : str
        ``"linear"``, ``"binary"`` (logit) or ``"ordinal"`` (cumulative logit).
    criterion : str
        What is shared out: ``"r2"``, ``"mcfadden"``, ``"nagelkerke"``, ``"estrella"``,
        ``"cox_snell"`` or ``"tjur"``.
    method : str
        ``"shapley"``, ``"owen"``, ``"relative_weight"`` or ``"car"``.
    r2, r2_low, r2_high : float
        Criterion of the full model and its interval.
    r2_controls, r2_adjusted : float
        Criterion of the controls alone; adjusted criterion of the full model.
    n, n_asked : int
        Respondents analysed (complete rows); respondents in the frame.
    n_effective : float
        Kish's effective number under the weights.
    exact : bool
        All subsets of drivers were visited.
    n_orders : int
        Orders drawn where not; 0 when exact.
    interval : str
        ``"bca"``, ``"percentile"`` or ``"none"``.
    acceleration : str
        Of BCa: ``"jackknife"`` (exact) or ``"infinitesimal"`` (its limit); ``"none"``
        otherwise.
    replicates : str
        How replicates were computed: ``"exact"``, ``"followed"`` (the sample's shares plus
        changes along fixed orders), ``"one_step"`` (one Newton step, likelihoods),
        ``"normal"`` (matrices drawn as from normal answers; `importance_from_correlation`) or
        ``"none"``.
    n_boot : int
    confidence_level : float
    weights, clusters, strata : str
        Design columns, ``""`` where there are none.
    seed : int
    notes : tuple of str
        Codes of what the analyst must know: ``"rows_dropped:17"``, ``"from_correlations"``,
        ``"interval_undefined:price"``, ``"extreme_replicates_used:price"``.
    """

    unit: ClassVar[str] = "R²"

    estimates: pd.DataFrame
    differences: pd.DataFrame
    ranks: pd.DataFrame
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    model: str
    criterion: str
    method: str
    r2: float
    r2_low: float
    r2_high: float
    r2_controls: float
    r2_adjusted: float
    n: int
    n_asked: int
    n_effective: float
    exact: bool
    n_orders: int
    interval: str
    acceleration: str
    replicates: str
    n_boot: int
    confidence_level: float
    weights: str
    clusters: str
    strata: str
    seed: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        explained = self.r2 - self.r2_controls
        if abs(float(self.estimates["estimate"].sum()) - explained) > 1e-8:
            raise EstimationError(
                f"shares sum to {self.estimates['estimate'].sum():.12g}, not to the R² "
                f"the drivers explain, {explained:.12g}"
            )

    def tidy(self) -> pd.DataFrame:
        """One row a driver: its share in R² units, its interval, and the other metrics."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: R² and what it rests on."""
        names = (
            "outcome", "model", "criterion", "method", "r2", "r2_low", "r2_high", "r2_controls",
            "r2_adjusted", "n", "n_asked", "n_effective", "exact", "interval", "n_boot",
        )  # fmt: skip
        return pd.DataFrame({name: [getattr(self, name)] for name in names})


def driver_importance(  # noqa: PLR0913 - one entrance, each option with a default
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    groups: Groups | None = None,
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    kind: str = "linear",
    top_box: float | None = None,
    criterion: str | None = None,
    method: str = "shapley",
    n_boot: int = 1000,
    interval: Interval = "percentile",
    confidence_level: float = 0.95,
    indices: IntArray | None = None,
    n_orders: int | None = None,
    seed: int = 1,
) -> DriverImportanceResult:
    """Share the R² of a driver model out among its drivers.

    The Shapley share of a driver is what it adds to R², averaged over all orders in which the
    drivers may enter: ``φ_j = Σ_{A∌j} |A|!(p−|A|−1)!/p! · [R²(A∪j) − R²(A)]``.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent. Rows with a missing answer in a column used are left out (`n`).
    outcome : str
        Column to explain.
    drivers : sequence of str
        Numeric columns; text or categorical columns enter as one block of dummies; ``"a:b"`` is
        the interaction of two drivers and only enters after both.
    controls : sequence of str
        Always in the model; what they explain is not shared out.
    groups : mapping, optional
        Name → drivers that enter together; with method ``"owen"`` one after another, and each
        driver keeps a share of its group's.
    weights : str, optional
        Column of case weights, all positive. Only their ratios matter.
    clusters, strata : str, optional
        Columns of the sampling design: clusters are resampled whole; within strata n_h − 1 of
        n_h are drawn and rescaled (Rao & Wu).
    kind : {"linear", "binary", "ordinal", "nps", "auto"}
        Kind of outcome; ``"nps"`` sorts 0–10 into detractors, passives and promoters.
    top_box : float, optional
        With ``"binary"``: answers from here on are the event.
    criterion : str, optional
        What is shared out: ``"r2"`` (linear); ``"mcfadden"`` (default), ``"nagelkerke"``,
        ``"estrella"``, ``"cox_snell"`` (binary, ordinal), ``"tjur"`` (binary, no intervals).
    method : {"shapley", "owen", "relative_weight", "car"}
        ``"relative_weight"`` and ``"car"`` only for single numeric drivers and a linear
        outcome.
    n_boot : int
        Bootstrap replicates; 0 for no intervals.
    interval : {"percentile", "bca"}
        BCa takes its acceleration from the jackknife, so it needs no minimum of replicates.
    confidence_level : float
        Between 0 and 1.
    indices : ndarray of int, shape (B, n), optional
        Respondents drawn in each replicate (positions among the complete rows, or clusters), to
        repeat a bootstrap; see `bootstrap_indices`. `n_boot` is then B.
    n_orders : int, optional
        Orders drawn, in antithetic pairs, where not all subsets are visited: beyond 22 drivers
        (12 for classes). By default 4096 (128).
    seed : int
        Of the bootstrap and of the orders.

    Returns
    -------
    DriverImportanceResult

    Raises
    ------
    CxError
        A name or option is unknown, groups overlap, or the method is not defined for the
        drivers.
    ResponseError
        A driver is constant, a copy of others or unanswered; too few complete rows; weights
        that are not positive; a class of the outcome is empty.
    EstimationError
        Drivers separate the classes of the outcome perfectly.

    Notes
    -----
    Agrees with R's ``relaimpo::calc.relimp(type = "lmg", always = , groups = , weights =)``
    and with its ``boot.relimp`` and ``booteval.relimp(bty = "perc")``, replicate by replicate.

    A share is never negative, so an interval of it that lies above 0 is **no test**: it does so
    for a useless driver too. Whether a driver has an effect of its own is the question of its
    coefficient (`driver_model`); whether it matters more than chance, of
    `random_driver_margin`; whether it matters more than another driver, of `differences`.

    Shares of R² are too large by about p/n in all; `adjusted` shares out adjusted R² in their
    place. In simulations (``benchmarks/coverage_drivers.py``) 95 % percentile intervals covered
    93 to 96 % at n = 100, 300 and 1000; BCa as well from n = 300 on, but only 88 % for small
    shares at n = 100. Neither can cover a share that is exactly 0.

    References
    ----------
    Grömping, U. (2007). Estimators of relative importance in linear regression based on
    variance decomposition. *The American Statistician, 61*, 139–147.
    doi:10.1198/000313007X188252
    Owen, G. (1977). Values of games with a priori unions. In *Mathematical Economics and Game
    Theory* (pp. 76–88). Springer. doi:10.1007/978-3-642-45494-3_7
    Rao, J. N. K., & Wu, C. F. J. (1988). Resampling inference with complex survey data.
    *Journal of the American Statistical Association, 83*, 231–241.
    doi:10.1080/01621459.1988.10478591

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(400, 2)), columns=["room", "staff"])
    >>> stay["satisfaction"] = stay["room"] + 0.5 * stay["staff"] + rng.normal(size=400)
    >>> result = driver_importance(
    ...     stay, outcome="satisfaction", drivers=["room", "staff"], n_boot=200
    ... )
    >>> result.tidy()[["term", "estimate", "percent"]].round(2).values.tolist()
    [['room', 0.45, 82.64], ['staff', 0.1, 17.36]]
    """
    check_choice("interval", interval, ("percentile", "bca"))
    check_fraction("confidence_level", confidence_level)
    count = check_n_boot(n_boot if indices is None else len(indices))
    question = Question(
        outcome=outcome, drivers=drivers, controls=controls, groups=groups, weights=weights,
        clusters=clusters, strata=strata, kind=kind, top_box=top_box, criterion=criterion,
        method=method, n_orders=n_orders, seed=seed,
    )  # fmt: skip
    prepared = prepare_game(frame, question)
    point = prepared.game.point()
    evidence = _evidence(
        prepared, point, count=count, interval=interval,
        confidence_level=confidence_level, indices=indices, seed=seed,
    )  # fmt: skip
    return importance_result(prepared, point, evidence, question)


def check_n_boot(n_boot: int) -> int:
    """Return the number of replicates: 0, or at least 20.

    Raises
    ------
    CxError
        It is something else.
    """
    count = check_count("n_boot", n_boot)
    if 0 < count < MIN_REPLICATES:
        raise CxError(
            f"n_boot must be 0 (no intervals) or at least {MIN_REPLICATES}; got {count}"
        )
    return count


def _evidence(
    prepared: Prepared,
    point: PointShares,
    *,
    count: int,
    interval: str,
    confidence_level: float,
    indices: IntArray | None,
    seed: int,
) -> Evidence:
    draws = influence = None
    if count:
        draws = replicate(prepared, n_boot=count, indices=indices, seed=seed)
        influence = prepared.game.influence() if interval == "bca" else None
    return Evidence(
        names=prepared.players.names,
        shares=point.shares,
        controls=point.worth_of_controls,
        draws=draws,
        influence=influence,
        interval=interval if count else "none",
        confidence_level=confidence_level,
        n=prepared.n,
    )


def importance_result(
    prepared: Prepared,
    point: PointShares,
    evidence: Evidence,
    question: Question,
    *,
    replicates: str = "",
) -> DriverImportanceResult:
    """Return the result of a prepared game and its replicates, however they were made."""
    game, known = prepared.game, intervals_of(evidence)
    count = 0 if evidence.draws is None else len(evidence.draws.shares)
    dropped = prepared.asked - prepared.n
    return DriverImportanceResult(
        estimates=estimate_table(prepared, point, evidence, known),
        differences=difference_table(evidence),
        ranks=rank_table(evidence),
        outcome=question.outcome,
        drivers=prepared.data.drivers,
        controls=prepared.data.controls,
        groups={name: tuple(members) for name, members in (question.groups or {}).items()},
        model=prepared.data.outcome.model,
        criterion=prepared.criterion,
        method=question.method,
        r2=point.worth,
        r2_low=float(known.worth.low[0]),
        r2_high=float(known.worth.high[0]),
        r2_controls=point.worth_of_controls,
        r2_adjusted=point.adjusted_worth,
        n=prepared.n,
        n_asked=prepared.asked,
        n_effective=game.n_effective,
        exact=game.exact,
        n_orders=0 if game.exact else len(game.orders),
        interval=evidence.interval,
        acceleration=acceleration_name(prepared, evidence),
        replicates=replicates or replicates_name(prepared, count),
        n_boot=count,
        confidence_level=evidence.confidence_level,
        weights=question.weights or "",
        clusters=question.clusters or "",
        strata=question.strata or "",
        seed=question.seed,
        notes=(*((f"rows_dropped:{dropped}",) if dropped else ()), *known.notes),
    )
