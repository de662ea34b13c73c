"""Differences between conditions by several methods, pair by pair, and their tests."""

from __future__ import annotations

import numpy as np
from scipy import stats

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import FloatArray, IntArray, PAdjust
from cxresearch.peak_end._least_squares import least_squares

Pairs = list[tuple[int, int]]
Groups = list[FloatArray]
Contrast = tuple[float, float, float, float]
"""Estimate, standard error, degrees of freedom and people of a pair."""


def in_groups(y: FloatArray, arms: IntArray) -> Groups:
    """Return the values of each arm."""
    return [y[arms == arm] for arm in range(int(arms.max()) + 1)]


def welch_contrasts(groups: Groups, pairs: Pairs) -> list[Contrast]:
    """Differences of means, variances unequal."""
    rows: list[Contrast] = []
    for a, b in ((groups[first], groups[second]) for first, second in pairs):
        of_a, of_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
        with np.errstate(invalid="ignore", divide="ignore"):
            df = (of_a + of_b) ** 2 / (of_a**2 / (len(a) - 1) + of_b**2 / (len(b) - 1))
        rows.append((b.mean() - a.mean(), np.sqrt(of_a + of_b), df, len(a) + len(b)))
    return rows


def pooled_contrasts(groups: Groups, pairs: Pairs) -> list[Contrast]:
    """Differences of means, one variance for all groups."""
    n = sum(map(len, groups))
    df = n - len(groups)
    variance = sum(group.var() * len(group) for group in groups) / df
    return [
        (
            groups[b].mean() - groups[a].mean(),
            np.sqrt(variance * (1 / len(groups[a]) + 1 / len(groups[b]))),
            df,
            n,
        )
        for a, b in pairs
    ]


def regression_contrasts(
    y: FloatArray, arms: IntArray, centred: FloatArray, pairs: Pairs, *, own_slopes: bool
) -> list[Contrast]:
    """Cell means with covariates at their mean: common slopes, or own slopes and HC2."""
    means = np.eye(int(arms.max()) + 1)[arms]
    slopes = [means * x[:, None] for x in centred.T] if own_slopes else [centred]
    fit = least_squares(np.column_stack([means, *slopes]), y)
    covariance = fit.covariance("hc2" if own_slopes else "classical")
    rows: list[Contrast] = []
    for a, b in pairs:
        contrast = np.zeros(len(fit.beta))
        contrast[[a, b]] = -1.0, 1.0
        error = float(np.sqrt(contrast @ covariance @ contrast))
        rows.append((fit.beta[b] - fit.beta[a], error, fit.df, len(y)))
    return rows


def tests_of(
    contrasts: dict[str, list[Contrast]],
    levels: tuple[str, ...],
    pairs: Pairs,
    *,
    confidence_level: float,
    p_adjust: PAdjust,
) -> dict[str, list[str] | FloatArray]:
    """Return the tests of all methods, by column; the pairs of a method are a family."""
    terms = np.repeat(list(contrasts), [len(rows) for rows in contrasts.values()])
    estimate, error, df, n = np.concatenate(list(contrasts.values())).astype(float).T
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = estimate / error
    p_value = 2 * stats.t.sf(np.abs(statistic), df)
    half = stats.t.ppf((1 + confidence_level) / 2, df) * error
    families = np.split(p_value, len(contrasts))
    # The range of two means is their difference: Tukey's test is then the t test.
    p_tukey = np.where(terms == "pooled", p_value, np.nan)
    if len(levels) > 2:
        pooled = np.flatnonzero(terms == "pooled")
        spread = np.sqrt(2) * np.abs(statistic[pooled])
        p_tukey[pooled] = stats.studentized_range.sf(spread, len(levels), df[pooled])
    return {
        "term": terms.tolist(),
        "group": [f"{levels[b]} − {levels[a]}" for a, b in pairs] * len(contrasts),
        "estimate": estimate,
        "std_error": error,
        "statistic": statistic,
        "df": df,
        "p_value": p_value,
        "p_adjusted": np.concatenate(
            [adjust_p_values(family, method=p_adjust) for family in families]
        ),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "n": n,
        "p_tukey": p_tukey,
    }
