"""Whether two scores predict one outcome equally well: correlations that share a variable."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True, slots=True, kw_only=True)
class WilliamsTest:
    """A test that two correlations with the same variable are equal."""

    statistic: float
    df: float
    p_value: float


def williams_test(first: float, second: float, between: float, *, n: int) -> WilliamsTest:
    r"""Return Williams' t for ``r(y, a) = r(y, b)`` in one sample.

    ``t = (r₁ − r₂) √((n − 1)(1 + r₁₂) / (2 (n − 1)/(n − 3) |R| + r̄² (1 − r₁₂)³))`` with
    ``|R| = 1 − r₁² − r₂² − r₁₂² + 2 r₁ r₂ r₁₂`` and n − 3 degrees of freedom.

    Parameters
    ----------
    first, second : float
        Correlations of the outcome with each score.
    between : float
        Correlation of the two scores.
    n : int
        Respondents, unweighted.

    Returns
    -------
    WilliamsTest
        nan where n < 4 or the two scores are one and the same.

    Notes
    -----
    Agrees with R: ``psych::r.test(n, r12, r13, r23)``.

    References
    ----------
    Williams, E. J. (1959). The comparison of regression variables. Journal of the Royal
    Statistical Society B 21, 396–399. https://www.jstor.org/stable/2983809

    Steiger, J. H. (1980). Tests for comparing elements of a correlation matrix. Psychological
    Bulletin 87, 245–251. https://doi.org/10.1037/0033-2909.87.2.245

    Examples
    --------
    >>> test = williams_test(0.4418, 0.3695, 0.8396, n=400)
    >>> round(test.statistic, 2), round(test.p_value, 4)
    (2.83, 0.0048)
    """
    undefined = WilliamsTest(statistic=math.nan, df=math.nan, p_value=math.nan)
    if n < 4 or not all(map(math.isfinite, (first, second, between))):
        return undefined
    determinant = 1 - first**2 - second**2 - between**2 + 2 * first * second * between
    mean = (first + second) / 2
    spread = 2 * (n - 1) / (n - 3) * determinant + mean**2 * (1 - between) ** 3
    if abs(between) > 1 - 1e-12 or not spread > 0:
        return undefined
    statistic = (first - second) * math.sqrt((n - 1) * (1 + between) / spread)
    p_value = 2 * float(stats.t.sf(abs(statistic), n - 3))
    return WilliamsTest(statistic=statistic, df=float(n - 3), p_value=p_value)
