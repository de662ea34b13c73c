"""Experiments between people: conditions compared with and without earlier measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._effects import hedges_correction, noncentrality_interval
from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_fraction, check_names
from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end._contrasts import (
    Groups,
    Pairs,
    in_groups,
    pooled_contrasts,
    regression_contrasts,
    tests_of,
    welch_contrasts,
)
from cxresearch.peak_end._design import arms_of, complete_rows, levels_of
from cxresearch.peak_end._least_squares import least_squares
from cxresearch.results import Result, in_tidy_order

_AFTER_ASSIGNMENT = frozenset(
    (
        "peak", "trough", "end", "mean", "tw_mean", "integral", "trend", "variability",
        "duration", "n_moments", "peak_position", "peak_corrected", "peak_rarefied", "maximum",
        "minimum", "last_rating", "end_share", "retrospective",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ConditionsResult(Result):
    """Differences between the conditions of an experiment.

    Attributes
    ----------
    estimates : DataFrame
        One row a method and pair: term ("welch"; "pooled"; with covariates "ancova", "lin",
        "cuped"), group ("B − A"), estimate (outcome units), std_error, statistic, df, p_value,
        p_adjusted (pairs of a method together), conf_low, conf_high, n, p_tukey (pooled only),
        effect_size (Hedges' g, welch only), effect_low, effect_high.
    conditions : DataFrame
        condition, n, mean, sd.
    omnibus : DataFrame
        term ("welch", "anova"), statistic (F), df, df_denominator, p_value.
    variance_reduction : float
        Share of the outcome's variance that the covariates take away; nan without.
    covariates : tuple of str
        Measured before assignment.
    control : str
        Condition all others are compared with; "" for all pairs.
    outcome, condition : str
        Columns.
    n, n_omitted : int
        People used, and left out because a value is missing.
    confidence_level : float
    p_adjust : str
    notes : tuple of str
        Codes: "rows_omitted:n".
    """

    unit: ClassVar[str] = "points of the rating scale"

    estimates: pd.DataFrame
    conditions: pd.DataFrame
    omnibus: pd.DataFrame
    variance_reduction: float
    covariates: tuple[str, ...]
    control: str
    outcome: str
    condition: str
    n: int
    n_omitted: int
    confidence_level: float
    p_adjust: str
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Return one row a method and pair."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return Welch's omnibus test, one row."""
        welch = self.omnibus.iloc[0]
        return pd.DataFrame(
            {
                "n": [self.n],
                "conditions": [len(self.conditions)],
                "statistic": [welch["statistic"]],
                "p_value": [welch["p_value"]],
                "variance_reduction": [self.variance_reduction],
            }
        )


def compare_conditions(
    episodes: pd.DataFrame,
    *,
    outcome: str,
    condition: str,
    participant: str = "",
    covariates: Mapping[str, str] | None = None,
    control: str = "",
    confidence_level: float = 0.95,
    p_adjust: PAdjust = "holm",
) -> ConditionsResult:
    r"""Compare the conditions of an experiment with one row a person.

    - *welch*: difference of means, variances unequal;
    - *pooled*: one error for all conditions, with Tukey's p;
    - *ancova*: covariates with common slopes;
    - *lin*: covariates, centred, with slopes of their own in each condition, HC2 errors;
    - *cuped*: Welch's test of ``y − θ'(x − x̄)``, θ the slopes of y on x over all people.

    Parameters
    ----------
    episodes : DataFrame
        One row a person.
    outcome, condition : str
        Columns; the outcome numeric.
    participant : str
        Column checked to have every person once.
    covariates : mapping of str to str
        Numeric column → when it was measured, ``"before"`` or ``"after"`` assignment. Only
        "before" is allowed: adjusting for what the condition changed removes its effect.
    control : str
        Compare every other condition with this one; else all pairs, later minus earlier.
    confidence_level : float
        Between 0 and 1.
    p_adjust : {"holm", "bh", "none"}

    Returns
    -------
    ConditionsResult

    Raises
    ------
    CxError
        A column or the control is unknown; a covariate was measured after assignment.
    ResponseError
        A person occurs twice, a condition has one person, there is one condition only, or the
        outcome does not vary.

    Notes
    -----
    Agrees with R: ``t.test``, ``pairwise.t.test``, ``TukeyHSD``, ``oneway.test``, ``lm`` and
    ``sandwich::vcovHC(type = "HC2")``.

    References
    ----------
    Lin, W. (2013). Agnostic notes on regression adjustments to experimental data. Annals of
    Applied Statistics 7, 295–318. https://doi.org/10.1214/12-AOAS583

    Deng, A., Xu, Y., Kohavi, R., & Walker, T. (2013). Improving the sensitivity of online
    controlled experiments by utilizing pre-experiment data. WSDM '13, 123–132.
    https://doi.org/10.1145/2433396.2433413

    Examples
    --------
    >>> people = pd.DataFrame({
    ...     "arm": ["plain"] * 4 + ["warm close"] * 4, "memory": [4, 5, 6, 5, 6, 7, 7, 8],
    ... })
    >>> found = compare_conditions(people, outcome="memory", condition="arm")
    >>> found.estimates["group"].iloc[0], found.estimates["estimate"].iloc[0].item()
    ('warm close − plain', 2.0)
    """
    check_fraction("confidence_level", confidence_level)
    check_choice("p_adjust", p_adjust, P_ADJUST)
    stamped = dict(covariates or {})
    _check_stamps(stamped)
    _check_once(episodes, participant)
    used, omitted = complete_rows(episodes, [outcome, condition, *stamped])
    y, levels = _outcome(used, outcome), levels_of(used[condition])
    arms = arms_of(used[condition], levels)
    groups = in_groups(y, arms)
    _check_groups(groups, levels)
    if control:
        check_names("control", [control], levels, of="conditions")
    pairs = _pairs(levels, control)
    contrasts = {
        "welch": welch_contrasts(groups, pairs),
        "pooled": pooled_contrasts(groups, pairs),
    }
    reduction = float("nan")
    if stamped:
        x = used[list(stamped)].to_numpy(dtype=float)
        centred = x - x.mean(axis=0)
        with_one = np.column_stack([np.ones(len(x)), x])
        adjusted = y - centred @ least_squares(with_one, y).beta[1:]
        reduction = 1 - float(adjusted.var() / y.var())
        contrasts |= {
            "ancova": regression_contrasts(y, arms, centred, pairs, own_slopes=False),
            "lin": regression_contrasts(y, arms, centred, pairs, own_slopes=True),
            "cuped": welch_contrasts(in_groups(adjusted, arms), pairs),
        }
    tests = tests_of(
        contrasts, levels, pairs, confidence_level=confidence_level, p_adjust=p_adjust
    )
    effects = _effects(groups, pairs, len(contrasts), confidence_level)
    return ConditionsResult(
        estimates=pd.DataFrame(tests | effects),
        conditions=_conditions(groups, levels),
        omnibus=_omnibus(groups),
        variance_reduction=reduction,
        covariates=tuple(stamped),
        control=control,
        outcome=outcome,
        condition=condition,
        n=len(y),
        n_omitted=omitted,
        confidence_level=confidence_level,
        p_adjust=p_adjust,
        notes=(f"rows_omitted:{omitted}",) if omitted else (),
    )


def _check_stamps(stamped: dict[str, str]) -> None:
    for name, when in stamped.items():
        check_choice(f"covariates[{name!r}]", when, ("before", "after"))
        if when == "after" or name in _AFTER_ASSIGNMENT:
            raise CxError(
                f"covariate {name!r} was measured after assignment; the condition may have "
                "changed it, and adjusting for it hides the effect. Use earlier measurements"
            )


def _check_once(episodes: pd.DataFrame, participant: str) -> None:
    if not participant:
        return
    check_names("participant", [participant], [str(c) for c in episodes.columns], of="columns")
    twice = episodes[participant].duplicated()
    if twice.any():
        person = episodes.loc[twice, participant].iloc[0]
        raise ResponseError(
            f"participant {person!r} has several rows; repeated episodes need mixed_model or "
            "crossover"
        )


def _outcome(used: pd.DataFrame, outcome: str) -> FloatArray:
    if not pd.api.types.is_numeric_dtype(used[outcome]):
        raise CxError(
            f"outcome {outcome!r} must be numeric; it holds {used[outcome].iloc[0]!r}"
        )
    return used[outcome].to_numpy(dtype=float)


def _check_groups(groups: Groups, levels: tuple[str, ...]) -> None:
    if len(levels) < 2:
        raise ResponseError(f"one condition only, {levels[0]!r}; nothing to compare")
    for level, group in zip(levels, groups, strict=True):
        if len(group) < 2:
            raise ResponseError(
                f"condition {level!r} has {len(group)} person; at least 2 are needed"
            )
    if all(np.ptp(group) == 0 for group in groups):
        raise ResponseError("the outcome is the same for everybody in each condition")


def _pairs(levels: tuple[str, ...], control: str) -> Pairs:
    if control:
        base = levels.index(control)
        return [(base, other) for other in range(len(levels)) if other != base]
    return list(combinations(range(len(levels)), 2))


def _effects(
    groups: Groups, pairs: Pairs, methods: int, confidence_level: float
) -> dict[str, FloatArray]:
    """Return Hedges' g, by column, in the rows of the first method only."""
    effects = np.full((len(pairs) * methods, 3), np.nan)
    for row, (a, b) in enumerate((groups[first], groups[second]) for first, second in pairs):
        df = len(a) + len(b) - 2
        squares = a.var() * len(a) + b.var() * len(b)
        root = np.sqrt(len(a) * len(b) / (len(a) + len(b)))
        if squares > 0:
            d = (b.mean() - a.mean()) / np.sqrt(squares / df)
            low, high = noncentrality_interval(
                float(d * root), df, confidence_level=confidence_level
            )
            effects[row] = np.array([d, low / root, high / root]) * hedges_correction(df)
    return dict(zip(("effect_size", "effect_low", "effect_high"), effects.T, strict=True))


def _conditions(groups: Groups, levels: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "condition": list(levels),
            "n": [len(group) for group in groups],
            "mean": [group.mean() for group in groups],
            "sd": [group.std(ddof=1) for group in groups],
        }
    )


def _omnibus(groups: Groups) -> pd.DataFrame:
    count, n = len(groups), sum(map(len, groups))
    sizes = np.array([len(group) for group in groups], dtype=float)
    means = np.array([group.mean() for group in groups])
    variances = np.array([group.var(ddof=1) for group in groups])
    within = float((variances * (sizes - 1)).sum() / (n - count))
    between = sizes * (means - (sizes * means).sum() / n) ** 2
    f = float(between.sum() / (count - 1)) / within
    welch, df = float("nan"), float("nan")
    if (variances > 0).all():
        w = sizes / variances
        centre = (w * means).sum() / w.sum()
        spare = ((1 - w / w.sum()) ** 2 / (sizes - 1)).sum() / (count**2 - 1)
        welch = float((w * (means - centre) ** 2).sum() / (count - 1))
        welch, df = welch / (1 + 2 * (count - 2) * spare), float(1 / (3 * spare))
    statistic, denominator = np.array([welch, f]), np.array([df, float(n - count)])
    return pd.DataFrame(
        {
            "term": ["welch", "anova"],
            "statistic": statistic,
            "df": [count - 1.0] * 2,
            "df_denominator": denominator,
            "p_value": stats.f.sf(statistic, count - 1.0, denominator),
        }
    )
