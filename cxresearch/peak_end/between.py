"""Experiments between people: conditions compared with and without earlier measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._effects import hedges_correction, noncentrality_interval
from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_fraction, check_names
from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end._design import complete_rows, levels_of
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
    arms = pd.Categorical(used[condition].astype(str), categories=list(levels)).codes
    _check_arms(y, arms, levels)
    if control:
        check_names("control", [control], levels, of="conditions")
    pairs = _pairs(levels, control)
    x = used[list(stamped)].to_numpy(dtype=float)
    blocks = [_welch("welch", y, arms, pairs), _pooled(y, arms, pairs)]
    reduction = float("nan")
    if stamped:
        centred = x - x.mean(axis=0)
        adjusted = y - centred @ least_squares(_with_one(x), y).beta[1:]
        reduction = 1 - float(adjusted.var() / y.var())
        blocks += [
            _regression("ancova", y, arms, centred, pairs),
            _regression("lin", y, arms, centred, pairs),
            _welch("cuped", adjusted, arms, pairs),
        ]
    table = pd.concat(
        [_finished(block, levels, confidence_level, p_adjust) for block in blocks],
        ignore_index=True,
    )
    return ConditionsResult(
        estimates=in_tidy_order(_with_effects(table, y, arms, pairs, confidence_level)),
        conditions=_conditions(y, arms, levels),
        omnibus=_omnibus(y, arms, len(levels)),
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


Pairs = list[tuple[int, int]]


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


def _check_arms(y: FloatArray, arms: np.ndarray, levels: tuple[str, ...]) -> None:
    if len(levels) < 2:
        raise ResponseError(f"one condition only, {levels[0]!r}; nothing to compare")
    sizes = np.bincount(arms, minlength=len(levels))
    for level, size in zip(levels, sizes, strict=True):
        if size < 2:
            raise ResponseError(f"condition {level!r} has {size} person; at least 2 are needed")
    if all(np.ptp(y[arms == arm]) == 0 for arm in range(len(levels))):
        raise ResponseError("the outcome is the same for everybody in each condition")


def _pairs(levels: tuple[str, ...], control: str) -> Pairs:
    if control:
        base = levels.index(control)
        return [(base, other) for other in range(len(levels)) if other != base]
    return list(combinations(range(len(levels)), 2))


def _with_one(x: FloatArray) -> FloatArray:
    return np.column_stack([np.ones(len(x)), x])


def _welch(term: str, y: FloatArray, arms: np.ndarray, pairs: Pairs) -> pd.DataFrame:
    rows = []
    for first, second in pairs:
        a, b = y[arms == first], y[arms == second]
        of_a, of_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
        with np.errstate(invalid="ignore", divide="ignore"):
            df = (of_a + of_b) ** 2 / (of_a**2 / (len(a) - 1) + of_b**2 / (len(b) - 1))
        rows.append((b.mean() - a.mean(), np.sqrt(of_a + of_b), df, len(a) + len(b)))
    return _block(term, rows, pairs)


def _block(term: str, rows: Sequence[tuple[float, ...]], pairs: Pairs) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["estimate", "std_error", "df", "n"], dtype=float)
    first, second = zip(*pairs, strict=True)
    return table.assign(term=term, first=first, second=second, p_tukey=np.nan)


def _pooled(y: FloatArray, arms: np.ndarray, pairs: Pairs) -> pd.DataFrame:
    count = int(arms.max()) + 1
    fit = least_squares(np.eye(count)[arms], y)
    sizes = np.bincount(arms)
    rows = [
        (
            fit.beta[b] - fit.beta[a],
            np.sqrt(fit.rss / fit.df * (1 / sizes[a] + 1 / sizes[b])),
            fit.df,
            len(y),
        )
        for a, b in pairs
    ]
    table = _block("pooled", rows, pairs)
    spread = np.sqrt(2) * np.abs(table["estimate"] / table["std_error"])
    return table.assign(p_tukey=stats.studentized_range.sf(spread, count, fit.df))


def _regression(
    term: str, y: FloatArray, arms: np.ndarray, centred: FloatArray, pairs: Pairs
) -> pd.DataFrame:
    """Cell means with covariates at their mean: common slopes, or own slopes and HC2."""
    means = np.eye(int(arms.max()) + 1)[arms]
    own = term == "lin"
    slopes = [means * centred[:, [k]] for k in range(centred.shape[1])] if own else [centred]
    fit = least_squares(np.column_stack([means, *slopes]), y)
    covariance = fit.covariance("hc2" if own else "classical")
    rows = []
    for a, b in pairs:
        contrast = np.zeros(len(fit.beta))
        contrast[[a, b]] = -1.0, 1.0
        error = float(np.sqrt(contrast @ covariance @ contrast))
        rows.append((fit.beta[b] - fit.beta[a], error, fit.df, len(y)))
    return _block(term, rows, pairs)


def _finished(
    block: pd.DataFrame, levels: tuple[str, ...], confidence_level: float, p_adjust: PAdjust
) -> pd.DataFrame:
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = block["estimate"] / block["std_error"]
    p_value = 2 * stats.t.sf(np.abs(statistic), block["df"])
    half = stats.t.ppf((1 + confidence_level) / 2, block["df"]) * block["std_error"]
    pairs = zip(block["first"], block["second"], strict=True)
    return block.assign(
        group=[f"{levels[b]} − {levels[a]}" for a, b in pairs],
        statistic=statistic,
        p_value=p_value,
        p_adjusted=adjust_p_values(p_value, method=p_adjust),
        conf_low=block["estimate"] - half,
        conf_high=block["estimate"] + half,
    ).drop(columns=["first", "second"])


def _with_effects(
    table: pd.DataFrame, y: FloatArray, arms: np.ndarray, pairs: Pairs, confidence_level: float
) -> pd.DataFrame:
    effects = np.full((len(table), 3), np.nan)
    for row, (first, second) in enumerate(pairs):
        a, b = y[arms == first], y[arms == second]
        df = len(a) + len(b) - 2
        squares = a.var(ddof=1) * (len(a) - 1) + b.var(ddof=1) * (len(b) - 1)
        root = np.sqrt(len(a) * len(b) / (len(a) + len(b)))
        if squares > 0:
            d = (b.mean() - a.mean()) / np.sqrt(squares / df)
            low, high = noncentrality_interval(
                float(d * root), df, confidence_level=confidence_level
            )
            effects[row] = np.array([d, low / root, high / root]) * hedges_correction(df)
    return table.assign(
        effect_size=effects[:, 0], effect_low=effects[:, 1], effect_high=effects[:, 2]
    )


def _conditions(y: FloatArray, arms: np.ndarray, levels: tuple[str, ...]) -> pd.DataFrame:
    grouped = pd.Series(y).groupby(arms)
    return pd.DataFrame(
        {
            "condition": list(levels),
            "n": grouped.size().to_numpy(),
            "mean": grouped.mean().to_numpy(),
            "sd": grouped.std().to_numpy(),
        }
    )


def _omnibus(y: FloatArray, arms: np.ndarray, count: int) -> pd.DataFrame:
    groups = [y[arms == arm] for arm in range(count)]
    sizes = np.array([len(group) for group in groups], dtype=float)
    means = np.array([group.mean() for group in groups])
    variances = np.array([group.var(ddof=1) for group in groups])
    within = float((variances * (sizes - 1)).sum() / (len(y) - count))
    f = float((sizes * (means - y.mean()) ** 2).sum() / (count - 1)) / within
    welch, df = float("nan"), float("nan")
    if (variances > 0).all():
        w = sizes / variances
        centre = (w * means).sum() / w.sum()
        spare = ((1 - w / w.sum()) ** 2 / (sizes - 1)).sum() / (count**2 - 1)
        welch = float((w * (means - centre) ** 2).sum() / (count - 1))
        welch, df = welch / (1 + 2 * (count - 2) * spare), float(1 / (3 * spare))
    table = pd.DataFrame(
        {
            "term": ["welch", "anova"],
            "statistic": [welch, f],
            "df": [count - 1.0] * 2,
            "df_denominator": [df, float(len(y) - count)],
        }
    )
    return table.assign(
        p_value=stats.f.sf(table["statistic"], table["df"], table["df_denominator"])
    )
