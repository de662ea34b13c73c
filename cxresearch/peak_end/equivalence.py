"""Differences of paired or separate ratings: tests, equivalence and Bayes factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from cxresearch._effects import hedges_correction, noncentrality_interval
from cxresearch._types import FloatArray
from cxresearch._validate import check_fraction
from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end.bayes import jzs_bayes_factor
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EquivalenceResult(Result):
    """A mean difference, whether it is zero, and whether it is negligible.

    Attributes
    ----------
    estimates : DataFrame
        Three rows: term "difference" (against 0), "lower" (against ``−bound``) and "upper"
        (against ``+bound``): estimate, std_error, statistic, df, p_value, conf_low, conf_high,
        n.
    bound : float
        Largest difference called negligible, rating units.
    p_equivalence : float
        The larger of the two one-sided p-values.
    equivalence_low, equivalence_high : float
        The interval at ``2 × confidence_level − 1`` that equivalence asks to lie inside.
    effect_size : float
        Hedges' g: of the differences (paired) or with the pooled standard deviation.
    effect_low, effect_high : float
        Its interval, from the noncentral t distribution.
    bayes_factor : float
        JZS BF10; above 1 favours a difference.
    verdict : str
        "equivalent", "trivial" (not zero, yet negligible), "different" or "inconclusive".
    paired : bool
    confidence_level : float
    n : int
        Pairs, or people in both groups.
    """

    estimates: pd.DataFrame
    bound: float
    p_equivalence: float
    equivalence_low: float
    equivalence_high: float
    effect_size: float
    effect_low: float
    effect_high: float
    bayes_factor: float
    verdict: str
    paired: bool
    confidence_level: float
    n: int

    def tidy(self) -> pd.DataFrame:
        """Return the difference and both one-sided tests."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the verdict, one row."""
        return pd.DataFrame(
            {
                "n": [self.n],
                "verdict": [self.verdict],
                "p_equivalence": [self.p_equivalence],
                "bound": [self.bound],
                "effect_size": [self.effect_size],
                "bayes_factor": [self.bayes_factor],
            }
        )


def equivalence_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    bound: float,
    paired: bool = False,
    confidence_level: float = 0.95,
) -> EquivalenceResult:
    r"""Test whether two sets of ratings differ by less than a stated bound.

    Two one-sided t tests of ``x̄ − ȳ`` against ``−bound`` and ``+bound``; separate groups by
    Welch's test.

    Parameters
    ----------
    first, second : array_like
        Ratings; of the same people in the same order when `paired`. Gaps are left out, pairs
        with a gap wholly.
    bound : float
        Largest negligible difference, rating units, above 0; stated before the data are seen.
    paired : bool
    confidence_level : float
        Between 0.5 and 1.

    Returns
    -------
    EquivalenceResult

    Raises
    ------
    CxError
        The bound is not positive, or paired ratings differ in length.
    ResponseError
        Fewer than 2 ratings in a group, or ratings that do not vary.

    Notes
    -----
    Agrees with R: ``t.test(x, y, mu = -bound, alternative = "greater")``; Bayes factor with
    BayesFactor's ``ttestBF``. The effect's interval for separate groups takes the noncentral t
    of the pooled test.

    References
    ----------
    Lakens, D. (2017). Equivalence tests. Social Psychological and Personality Science 8,
    355–362. https://doi.org/10.1177/1948550617697177

    Examples
    --------
    >>> found = equivalence_test([5, 6, 7, 8], [5, 6, 8, 7], bound=2, paired=True)
    >>> found.verdict
    'equivalent'
    """
    check_fraction("confidence_level", confidence_level, low=0.5)
    if not bound > 0:
        raise CxError(f"bound must be above 0, in rating units; got {bound!r}")
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    test = _paired(x, y) if paired else _separate(x, y)
    rows = [
        _row("difference", test, 0.0, confidence_level, "two"),
        _row("lower", test, -bound, confidence_level, "above"),
        _row("upper", test, bound, confidence_level, "below"),
    ]
    estimates = in_tidy_order(pd.DataFrame(rows))
    p_difference, p_lower, p_upper = estimates["p_value"]
    p_equivalence = float(max(p_lower, p_upper))
    narrow = float(stats.t.ppf(confidence_level, test.df)) * test.error
    low, high = noncentrality_interval(
        test.effect * test.root, test.effect_df, confidence_level=confidence_level
    )
    correction = hedges_correction(test.effect_df)
    return EquivalenceResult(
        estimates=estimates,
        bound=bound,
        p_equivalence=p_equivalence,
        equivalence_low=test.estimate - narrow,
        equivalence_high=test.estimate + narrow,
        effect_size=test.effect * correction,
        effect_low=low / test.root * correction,
        effect_high=high / test.root * correction,
        bayes_factor=test.bayes_factor,
        verdict=_verdict(float(p_difference), p_equivalence, 1 - confidence_level),
        paired=paired,
        confidence_level=confidence_level,
        n=test.n,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Test:
    """A mean difference: effect is d, root·d the t statistic of the pooled or paired test."""

    estimate: float
    error: float
    df: float
    n: int
    effect: float
    effect_df: float
    root: float
    bayes_factor: float


def _check(values: FloatArray, name: str) -> FloatArray:
    kept = values[np.isfinite(values)]
    if len(kept) < 2:
        raise ResponseError(f"{name}: {len(kept)} ratings; at least 2 are needed")
    return kept


def _paired(x: FloatArray, y: FloatArray) -> _Test:
    if x.shape != y.shape:
        raise CxError(f"paired ratings need equal lengths; got {len(x)} and {len(y)}")
    difference = _check(x - y, "pairs")
    n, sd = len(difference), float(difference.std(ddof=1))
    if sd == 0:
        raise ResponseError("all pairs differ by the same amount; there is nothing to test")
    estimate = float(difference.mean())
    error = sd / np.sqrt(n)
    return _Test(
        estimate=estimate,
        error=float(error),
        df=n - 1.0,
        n=n,
        effect=estimate / sd,
        effect_df=n - 1.0,
        root=float(np.sqrt(n)),
        bayes_factor=jzs_bayes_factor(float(estimate / error), n=n),
    )


def _separate(x: FloatArray, y: FloatArray) -> _Test:
    x, y = _check(x, "first"), _check(y, "second")
    of_x, of_y = x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)
    if of_x + of_y == 0:
        raise ResponseError("all ratings of both groups are equal; there is nothing to test")
    df = (of_x + of_y) ** 2 / (of_x**2 / (len(x) - 1) + of_y**2 / (len(y) - 1))
    pooled_df = len(x) + len(y) - 2
    squares = x.var(ddof=1) * (len(x) - 1) + y.var(ddof=1) * (len(y) - 1)
    estimate, pooled = float(x.mean() - y.mean()), float(np.sqrt(squares / pooled_df))
    root = float(np.sqrt(len(x) * len(y) / (len(x) + len(y))))
    statistic = estimate / pooled * root
    return _Test(
        estimate=estimate,
        error=float(np.sqrt(of_x + of_y)),
        df=float(df),
        n=len(x) + len(y),
        effect=estimate / pooled,
        effect_df=float(pooled_df),
        root=root,
        bayes_factor=jzs_bayes_factor(statistic, n=len(x), n_second=len(y)),
    )


def _row(
    term: str, test: _Test, against: float, confidence_level: float, side: str
) -> dict[str, object]:
    statistic = (test.estimate - against) / test.error
    tail = {
        "two": 2 * stats.t.sf(abs(statistic), test.df),
        "above": stats.t.sf(statistic, test.df),
        "below": stats.t.cdf(statistic, test.df),
    }[side]
    half = float(stats.t.ppf((1 + confidence_level) / 2, test.df)) * test.error
    return {
        "term": term,
        "estimate": test.estimate,
        "std_error": test.error,
        "statistic": statistic,
        "df": test.df,
        "p_value": float(tail),
        "conf_low": test.estimate - half,
        "conf_high": test.estimate + half,
        "n": float(test.n),
    }


def _verdict(p_difference: float, p_equivalence: float, error_rate: float) -> str:
    if p_equivalence < error_rate:
        return "trivial" if p_difference < error_rate else "equivalent"
    return "different" if p_difference < error_rate else "inconclusive"
