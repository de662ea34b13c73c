"""Choices: which of two experiences people would have again."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import betaln

from cxresearch._validate import check_count, check_fraction
from cxresearch.errors import CxError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChoiceResult(Result):
    """How many chose one of two experiences.

    Attributes
    ----------
    estimates : DataFrame
        Rows "exact" (binomial test, Clopper–Pearson interval), "mid_p" (no interval) and
        "score" (normal approximation, Wilson interval): estimate (share), statistic (z of the
        score test, else nan), p_value (two-sided), conf_low, conf_high, n.
    p_greater : float
        Exact one-sided p-value of a share above `against`; never to be quoted as two-sided.
    bayes_factor : float
        BF10 with every share equally likely beforehand.
    chosen, n : int
    against : float
        Share under the null hypothesis.
    confidence_level : float
    """

    estimates: pd.DataFrame
    p_greater: float
    bayes_factor: float
    chosen: int
    n: int
    against: float
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """Return one row a method."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return the share and the exact test, one row."""
        exact = self.estimates.iloc[0]
        return pd.DataFrame(
            {
                "n": [self.n],
                "share": [exact["estimate"]],
                "p_value": [exact["p_value"]],
                "bayes_factor": [self.bayes_factor],
            }
        )


def choice_share(
    chosen: int, n: int, *, against: float = 0.5, confidence_level: float = 0.95
) -> ChoiceResult:
    r"""Test the share that chose one of two experiences.

    - exact: binomial, two-sided by adding all outcomes as unlikely as the one seen;
    - mid-p: ``2 min(P(X > x), P(X < x)) + P(X = x)``, at most 1: less conservative;
    - score: ``z = (p̂ − p_0)/√(p_0(1 − p_0)/n)``;
    - ``BF10 = B(x + 1, n − x + 1)/(p_0^x (1 − p_0)^{n−x})``, a uniform prior.

    Parameters
    ----------
    chosen, n : int
        People who chose it, of all who chose.
    against : float
        p_0, between 0 and 1.
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    ChoiceResult

    Raises
    ------
    CxError
        Counts are not whole, or more chose than were asked.

    Notes
    -----
    Agrees with R: ``binom.test(x, n)`` and ``prop.test(x, n, correct = FALSE)``.

    References
    ----------
    Kahneman, D., Fredrickson, B. L., Schreiber, C. A., & Redelmeier, D. A. (1993). When more
    pain is preferred to less. Psychological Science 4, 401–405.
    https://doi.org/10.1111/j.1467-9280.1993.tb00589.x

    Examples
    --------
    >>> found = choice_share(22, 32)  # the longer, colder-ending trial was chosen again
    >>> [round(p, 4) for p in found.estimates["p_value"]]
    [0.0501, 0.0351, 0.0339]
    """
    check_count("n", n, at_least=1)
    check_count("chosen", chosen)
    check_fraction("against", against)
    check_fraction("confidence_level", confidence_level)
    if chosen > n:
        raise CxError(f"chosen must not exceed n; got {chosen} of {n}")
    exact = stats.binomtest(chosen, n, against)
    interval = exact.proportion_ci(confidence_level, method="exact")
    wilson = wilson_interval(chosen, n, confidence_level=confidence_level)
    z = (chosen / n - against) / math.sqrt(against * (1 - against) / n)
    null = chosen * math.log(against) + (n - chosen) * math.log1p(-against)
    estimates = pd.DataFrame(
        {
            "term": ["exact", "mid_p", "score"],
            "estimate": [chosen / n] * 3,
            "statistic": [math.nan, math.nan, z],
            "p_value": [
                float(exact.pvalue),
                _mid_p(chosen, n, against),
                2 * float(stats.norm.sf(abs(z))),
            ],
            "conf_low": [float(interval.low), math.nan, wilson[0]],
            "conf_high": [float(interval.high), math.nan, wilson[1]],
            "n": [float(n)] * 3,
        }
    )
    return ChoiceResult(
        estimates=estimates,
        p_greater=float(stats.binom.sf(chosen - 1, n, against)),
        bayes_factor=float(np.exp(betaln(chosen + 1, n - chosen + 1) - null)),
        chosen=chosen,
        n=n,
        against=against,
        confidence_level=confidence_level,
    )


def wilson_interval(
    chosen: int, n: int, *, confidence_level: float = 0.95
) -> tuple[float, float]:
    """Return Wilson's score interval of a share.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209–212.
    https://doi.org/10.1080/01621459.1927.10502953
    """
    found = stats.binomtest(chosen, n).proportion_ci(confidence_level, method="wilson")
    return float(found.low), float(found.high)


def _mid_p(chosen: int, n: int, against: float) -> float:
    seen = float(stats.binom.pmf(chosen, n, against))
    above = float(stats.binom.sf(chosen, n, against))
    below = float(stats.binom.cdf(chosen - 1, n, against))
    return min(1.0, 2 * (min(above, below) + seen / 2))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChoiceDifferenceResult(Result):
    """Whether two groups choose alike.

    Attributes
    ----------
    estimates : DataFrame
        One row: term "difference", estimate (share of the second less the first), statistic
        (chi-square without continuity correction), df, p_value, conf_low and conf_high
        (Newcombe's interval), n.
    p_exact : float
        Fisher's exact test, two-sided.
    odds_ratio : float
        Conditional maximum-likelihood estimate, second group over first.
    first_share, second_share : float
    n : int
        People in both groups.
    confidence_level : float
    """

    estimates: pd.DataFrame
    p_exact: float
    odds_ratio: float
    first_share: float
    second_share: float
    n: int
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """Return the difference."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return shares and the exact test, one row."""
        return pd.DataFrame(
            {
                "n": [self.n],
                "first_share": [self.first_share],
                "second_share": [self.second_share],
                "odds_ratio": [self.odds_ratio],
                "p_exact": [self.p_exact],
            }
        )


def compare_choices(
    first: tuple[int, int], second: tuple[int, int], *, confidence_level: float = 0.95
) -> ChoiceDifferenceResult:
    """Compare the shares of two separate groups that chose an experience.

    Parameters
    ----------
    first, second : tuple of int
        People who chose it, of all who chose, in each group.
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    ChoiceDifferenceResult

    Raises
    ------
    CxError
        Counts are not whole, or more chose than were asked.

    Notes
    -----
    Agrees with R: ``fisher.test``, ``chisq.test(correct = FALSE)``; Newcombe's method 10.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent
    proportions. Statistics in Medicine 17, 873–890.
    https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I

    Examples
    --------
    >>> round(compare_choices((17, 21), (5, 11)).p_exact, 4)
    0.0557
    """
    check_fraction("confidence_level", confidence_level)
    for name, (chosen, n) in (("first", first), ("second", second)):
        check_count(f"{name}[1]", n, at_least=1)
        check_count(f"{name}[0]", chosen)
        if chosen > n:
            raise CxError(f"{name}: chosen must not exceed n; got {chosen} of {n}")
    shares = [first[0] / first[1], second[0] / second[1]]
    intervals = [
        wilson_interval(*group, confidence_level=confidence_level) for group in (first, second)
    ]
    difference = shares[1] - shares[0]
    low = math.hypot(shares[1] - intervals[1][0], intervals[0][1] - shares[0])
    high = math.hypot(intervals[1][1] - shares[1], shares[0] - intervals[0][0])
    table = np.array([[second[0], second[1] - second[0]], [first[0], first[1] - first[0]]])
    total = first[1] + second[1]
    pooled = (first[0] + second[0]) / total
    error = math.sqrt(pooled * (1 - pooled) * (1 / first[1] + 1 / second[1]))
    chi2 = (difference / error) ** 2 if error > 0 else math.nan
    estimates = pd.DataFrame(
        {
            "term": ["difference"],
            "estimate": [difference],
            "statistic": [chi2],
            "df": [1.0],
            "p_value": [float(stats.chi2.sf(chi2, 1))],
            "conf_low": [difference - low],
            "conf_high": [difference + high],
            "n": [float(total)],
        }
    )
    ratio = stats.contingency.odds_ratio(table).statistic if error > 0 else math.nan
    return ChoiceDifferenceResult(
        estimates=estimates,
        p_exact=float(stats.fisher_exact(table).pvalue),
        odds_ratio=float(ratio),
        first_share=shares[0],
        second_share=shares[1],
        n=total,
        confidence_level=confidence_level,
    )
