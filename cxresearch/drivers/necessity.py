"""Necessary conditions: what a good outcome does not happen without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_count, check_fraction, check_names
from cxresearch.drivers import _ceilings as lines
from cxresearch.drivers._ceilings import Ceiling, Scope
from cxresearch.drivers._model_columns import numbers
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result, in_tidy_order

CEILINGS = ("ce_fdh", "cr_fdh", "c_lp")
LEVELS = (0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NecessityResult(Result):
    """Necessary condition analysis.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a condition and ceiling: term, group (``ce_fdh``, ``cr_fdh``, ``c_lp``),
        estimate (effect size d, 0…1), p_value, p_adjusted (over conditions, each ceiling apart;
        nan for ``c_lp``, which is not permuted), n; then p_accuracy (half-width of the
        Monte-Carlo interval of p), ceiling_zone, scope (units of x times y), slope, intercept,
        above (cases above the ceiling), accuracy (share of cases on or below), fit (zone over
        that of ``ce_fdh``), peers, condition_inefficiency, outcome_inefficiency (shares of the
        scope's sides where the line constrains nothing), class (Dul's benchmarks: ``""``
        without a zone, ``small`` below .1, ``medium`` below .3, ``large`` below .5,
        ``very_large``).
    bottlenecks : pandas.DataFrame
        term, group, level (outcome, % of its range), required (smallest level of the condition,
        % of its range), status (``required``, ``not_necessary``, ``not_available``: the line
        asks for more than the scope has).
    ceilings : pandas.DataFrame
        Peers to draw the ceiling through: term, x, y.
    limits : pandas.DataFrame
        term, x_low, x_high, y_low, y_high of the scope.
    outcome, conditions, n (respondents by condition are in `estimates`), permutations, seed,
    p_adjust, confidence_level
    """

    estimates: pd.DataFrame
    bottlenecks: pd.DataFrame
    ceilings: pd.DataFrame
    limits: pd.DataFrame
    outcome: str
    conditions: tuple[str, ...]
    n: int
    permutations: int
    seed: int
    p_adjust: str
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """Effect size of each condition and ceiling."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: size, permutations, conditions with d ≥ .1 and a decided adjusted p."""
        decided = self.estimates["p_adjusted"] < 1 - self.confidence_level
        large = self.estimates["estimate"] >= 0.1
        terms = self.estimates.loc[decided & large, "term"].nunique()
        return pd.DataFrame(
            [{"n": self.n, "permutations": self.permutations, "necessary": int(terms)}]
        )


def necessary_conditions(  # noqa: PLR0913 - two lists of columns, their scope and a permutation test
    frame: pd.DataFrame,
    *,
    outcome: str,
    conditions: Sequence[str],
    ceilings: Sequence[str] = ("ce_fdh", "cr_fdh"),
    limits: Mapping[str, Sequence[float]] | None = None,
    permutations: int = 10_000,
    seed: int = 1,
    p_adjust: PAdjust = "holm",
    confidence_level: float = 0.95,
) -> NecessityResult:
    r"""Find conditions without which a high outcome does not occur.

    Effect size :math:`d = C / S`: empty area C above the ceiling of the upper-left cases, over
    the scope :math:`S = (x_{max} - x_{min})(y_{max} - y_{min})`.

    Parameters
    ----------
    frame : pandas.DataFrame
    outcome : str
        Numeric column.
    conditions : sequence of str
        Numeric columns; a high level is what may be necessary.
    ceilings : sequence of {"ce_fdh", "cr_fdh", "c_lp"}
        Step line through the peers; least squares through them; the lowest line above them.
    limits : mapping of column to (low, high), optional
        Ends of the response scale of the outcome or a condition; where given they make the
        theoretical scope, else the observed range is taken.
    permutations : int
        Shuffles of the outcome for the p value (0: none).
    seed : int
    p_adjust : {"holm", "bh", "none"}
        Correction over the conditions, each ceiling apart.
    confidence_level : float
        For the accuracy of p.

    Returns
    -------
    NecessityResult

    Raises
    ------
    CxError
        An unknown name or option, or limits the answers go beyond.
    ResponseError
        A condition or the outcome is constant, or fewer than 3 respondents answered both.

    Notes
    -----
    p = (1 + shuffles with a zone at least as large) / (1 + shuffles), so it is never 0; its
    accuracy is :math:`z\sqrt{p(1-p)/B}`. Each condition uses the respondents who answered it
    and the outcome. A line that does not rise has no zone. Necessity is not sufficiency: read
    it beside the regression, never instead. A single careless answer in the upper left corner
    can remove a ceiling.

    R: ``NCA::nca_analysis`` (its relative inefficiency is 1 − (1 − condition)(1 − outcome)).

    References
    ----------
    Dul, J. (2016). Necessary condition analysis (NCA). *Organizational Research Methods*, 19,
    10–52. https://doi.org/10.1177/1094428115584005

    Dul, J., van der Laan, E., & Kuik, R. (2020). A statistical significance test for necessary
    condition analysis. *Organizational Research Methods*, 23, 385–395.
    https://doi.org/10.1177/1094428118795272

    Phipson, B., & Smyth, G. K. (2010). Permutation p-values should never be zero. *Statistical
    Applications in Genetics and Molecular Biology*, 9. https://doi.org/10.2202/1544-6115.1585

    Examples
    --------
    >>> import pandas as pd
    >>> stay = pd.DataFrame({"clean": [1, 2, 3, 4, 5, 5], "overall": [1, 2, 2, 4, 5, 1]})
    >>> found = necessary_conditions(stay, outcome="overall", conditions=["clean"],
    ...                              permutations=500)
    >>> found.tidy()[["term", "group", "estimate"]].round(4)
        term   group  estimate
    0  clean  ce_fdh    0.6875
    1  clean  cr_fdh    0.5000
    """
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_fraction("confidence_level", confidence_level)
    check_count("permutations", permutations)
    for name in ceilings:
        check_choice("ceilings", name, CEILINGS)
    known = [str(name) for name in frame.columns]
    check_names("outcome", [outcome], known, of="columns")
    named = check_names("conditions", conditions, known, of="columns")
    if not named or outcome in named or len(set(named)) < len(named):
        raise CxError(f"conditions must be different columns and not the outcome; got {named}")
    found = []
    for position, condition in enumerate(named):
        pair = _read_pair(frame, outcome, condition, dict(limits or {}))
        # Each condition has a stream of its own: adding one leaves the others' p values alone.
        rng = np.random.default_rng([seed, position])
        found.append(
            _examine(
                pair,
                ceilings,
                permutations=permutations,
                rng=rng,
                confidence_level=confidence_level,
            )
        )
    estimates = pd.concat([one.estimates for one in found], ignore_index=True)
    for group in ceilings:
        family = estimates["group"] == group
        estimates.loc[family, "p_adjusted"] = adjust_p_values(
            estimates.loc[family, "p_value"].to_numpy(), method=p_adjust
        )
    return NecessityResult(
        estimates=in_tidy_order(estimates),
        bottlenecks=pd.concat([one.bottlenecks for one in found], ignore_index=True),
        ceilings=pd.concat([one.peers for one in found], ignore_index=True),
        limits=pd.DataFrame([one.limits for one in found]),
        outcome=outcome, conditions=tuple(named), n=len(frame), permutations=permutations,
        seed=seed, p_adjust=p_adjust, confidence_level=confidence_level,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Pair:
    """Complete pairs of one condition x (n,) and the outcome y (n,), and their scope."""

    term: str
    x: FloatArray
    y: FloatArray
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Found:
    estimates: pd.DataFrame
    bottlenecks: pd.DataFrame
    peers: pd.DataFrame
    limits: dict[str, object]


def _read_pair(
    frame: pd.DataFrame, outcome: str, condition: str, limits: dict[str, Sequence[float]]
) -> _Pair:
    x, y = numbers(frame, condition), numbers(frame, outcome)
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    if len(x) < 3:
        raise ResponseError(
            f"condition {condition!r}: {len(x)} respondent(s) answered it and the outcome; "
            "at least 3 are needed"
        )
    for name, values in ((condition, x), (outcome, y)):
        if np.ptp(values) == 0:
            raise ResponseError(
                f"{name!r}: all {len(values)} respondents gave {values[0]:g}; there is no scope"
            )
    x_low, x_high = _ends(condition, x, limits)
    y_low, y_high = _ends(outcome, y, limits)
    scope = Scope(x_low=x_low, x_high=x_high, y_low=y_low, y_high=y_high)
    return _Pair(term=condition, x=x, y=y, scope=scope)


def _ends(
    name: str, values: FloatArray, limits: dict[str, Sequence[float]]
) -> tuple[float, float]:
    low, high = limits.get(name, (values.min(), values.max()))
    if not low < high or values.min() < low or values.max() > high:
        raise CxError(
            f"limits of {name!r}: {low:g} to {high:g}, but the answers go from "
            f"{values.min():g} to "
            f"{values.max():g}"
        )
    return float(low), float(high)


def _examine(
    pair: _Pair, ceilings: Sequence[str], *, permutations: int, rng: np.random.Generator,
    confidence_level: float,
) -> _Found:  # fmt: skip
    step = lines.peers(pair.x, pair.y)
    drawn = {
        "ce_fdh": step, "cr_fdh": lines.regress_peers(step), "c_lp": lines.lowest_line(step),
    }  # fmt: skip
    shuffled: dict[str, FloatArray] = {}
    if permutations:
        zones = lines.permuted_zones(
            pair.x, pair.y, pair.scope, permutations=permutations, rng=rng
        )
        shuffled = {"ce_fdh": zones[0], "cr_fdh": zones[1]}
    full = lines.zone_of(step, pair.scope)
    rows = []
    for name in ceilings:
        # One peer makes no line: a step line stands in nobody's place.
        usable = name == "ce_fdh" or drawn[name].straight
        zone = lines.zone_of(drawn[name], pair.scope) if usable else 0.0
        p_value, accuracy = _permutation_p(zone, shuffled.get(name), confidence_level)
        rows.append(_estimate_row(pair, name, drawn[name], zone, full) | {
            "p_value": p_value, "p_accuracy": accuracy,
        })  # fmt: skip
    scope = pair.scope
    return _Found(
        estimates=pd.DataFrame(rows),
        bottlenecks=pd.concat([_bottlenecks(pair, name, drawn[name]) for name in ceilings]),
        peers=pd.DataFrame({"term": pair.term, "x": step.x, "y": step.y}),
        limits={
            "term": pair.term, "x_low": scope.x_low, "x_high": scope.x_high,
            "y_low": scope.y_low, "y_high": scope.y_high,
        },
    )  # fmt: skip


def _permutation_p(
    zone: float, shuffled: FloatArray | None, confidence_level: float
) -> tuple[float, float]:
    if shuffled is None:
        return float("nan"), float("nan")
    count = len(shuffled)
    p_value = (1 + int(np.sum(shuffled >= zone * (1 - 1e-12)))) / (count + 1)
    z = float(stats.norm.ppf((1 + confidence_level) / 2))
    return p_value, z * float(np.sqrt(p_value * (1 - p_value) / count))


def _effect_class(effect: float) -> str:
    """Dul's benchmarks: .1, .3, .5."""
    names = ("", "small", "medium", "large", "very_large")
    return names[int(np.searchsorted([1e-300, 0.1, 0.3, 0.5], effect, side="right"))]


def _estimate_row(
    pair: _Pair, name: str, ceiling: Ceiling, zone: float, full: float
) -> dict[str, object]:
    scope = pair.scope
    above = 0
    if ceiling.straight:
        top = ceiling.intercept + ceiling.slope * pair.x
        above = int(np.sum(pair.y > top + 1e-9 * (scope.y_high - scope.y_low)))
    condition, outcome = _inefficiencies(ceiling, scope)
    effect = zone / scope.area
    return {
        "term": pair.term, "group": name, "estimate": effect, "p_value": np.nan,
        "p_adjusted": np.nan, "n": len(pair.x), "p_accuracy": np.nan, "ceiling_zone": zone,
        "scope": scope.area, "slope": ceiling.slope, "intercept": ceiling.intercept,
        "above": above, "accuracy": 1 - above / len(pair.x),
        "fit": zone / full if full > 0 else np.nan, "peers": len(ceiling.x),
        "condition_inefficiency": condition, "outcome_inefficiency": outcome,
        "class": _effect_class(effect),
    }  # fmt: skip


def _inefficiencies(ceiling: Ceiling, scope: Scope) -> tuple[float, float]:
    """Share of x above which, and of y below which, the ceiling constrains nothing."""
    if ceiling.straight:
        if ceiling.slope <= 0:
            return 1.0, 1.0
        x_top = (scope.y_high - ceiling.intercept) / ceiling.slope
        y_left = ceiling.intercept + ceiling.slope * scope.x_low
    else:
        x_top = ceiling.x[-1] if ceiling.y[-1] >= scope.y_high else scope.x_high
        y_left = ceiling.y[0] if ceiling.x[0] <= scope.x_low else scope.y_low
    condition = (scope.x_high - x_top) / (scope.x_high - scope.x_low)
    outcome = (y_left - scope.y_low) / (scope.y_high - scope.y_low)
    return float(np.clip(condition, 0, 1)), float(np.clip(outcome, 0, 1))


def _bottlenecks(pair: _Pair, name: str, ceiling: Ceiling) -> pd.DataFrame:
    scope = pair.scope
    levels = np.array(LEVELS)
    wanted = scope.y_low + levels / 100 * (scope.y_high - scope.y_low)
    needed = lines.required_x(ceiling, wanted, scope)
    share = 100 * (needed - scope.x_low) / (scope.x_high - scope.x_low)
    status = np.where(
        np.isnan(needed),
        "not_available",
        np.where(np.isneginf(needed), "not_necessary", "required"),
    )
    return pd.DataFrame(
        {
            "term": pair.term, "group": name, "level": levels,
            "required": np.where(np.isfinite(share), share, np.nan), "status": status,
        }
    )  # fmt: skip
