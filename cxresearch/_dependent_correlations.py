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


def meng_error(first: float, second: float, between: float, *, n: int) -> float:
    """Return the standard error of the difference of two Fisher z that share a variable.

    ``√(2 (1 − r₁₂) h / (n − 3))`` with ``h = (1 − f r̄²)/(1 − r̄²)``, r̄² the mean of the two
    squares and ``f = min(1, (1 − r₁₂)/(2 (1 − r̄²)))``.

    References
    ----------
    Meng, X.-L., Rosenthal, R., & Rubin, D. B. (1992). Comparing correlated correlation
    coefficients. Psychological Bulletin 111, 172–175.
    https://doi.org/10.1037/0033-2909.111.1.172
    """
    mean_square = (first**2 + second**2) / 2
    f = min(1.0, (1 - between) / (2 * (1 - mean_square)))
    h = (1 - f * mean_square) / (1 - mean_square)
    return math.sqrt(2 * (1 - between) * h / (n - 3))


def zou_interval(
    first: float, second: float, between: float, *, n: int, confidence_level: float
) -> tuple[float, float]:
    """Return Zou's interval of the difference of two correlations that share a variable.

    With l, u the ends of each correlation's own interval (Fisher's z) and c the correlation of
    the two estimates, ``r₁ − r₂ − √((r₁ − l₁)² + (u₂ − r₂)² − 2 c (r₁ − l₁)(u₂ − r₂))`` and the
    like above.

    References
    ----------
    Zou, G. Y. (2007). Toward using confidence intervals to compare correlations. Psychological
    Methods 12, 399–413. https://doi.org/10.1037/1082-989X.12.4.399
    """
    margin = float(stats.norm.ppf((1 + confidence_level) / 2)) / math.sqrt(n - 3)
    low_1, high_1 = (math.tanh(math.atanh(first) + sign * margin) for sign in (-1, 1))
    low_2, high_2 = (math.tanh(math.atanh(second) + sign * margin) for sign in (-1, 1))
    left = 1 - first**2 - second**2 - between**2
    shared = ((between - first * second / 2) * left + between**3) / (
        (1 - first**2) * (1 - second**2)
    )
    down, up = (first - low_1, high_2 - second), (high_1 - first, second - low_2)
    below, above = (
        math.sqrt(max(a**2 + b**2 - 2 * shared * a * b, 0.0)) for a, b in (down, up)
    )
    return first - second - below, first - second + above
