"""Whether two variables correlate equally with a third, in the same respondents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._correlations import read_correlations
from cxresearch._dependent_correlations import meng_error, williams_test, zou_interval
from cxresearch._validate import check_count, check_fraction
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DependentCorrelationsResult(Result):
    """Two correlations with one variable, compared.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a method: term (``"williams"``, ``"meng"``, ``"zou"``), estimate (first less
        second; for Meng of Fisher's z), std_error, statistic, df (infinite for a normal test),
        p_value, conf_low, conf_high, n. nan where a method has none: Williams gives a test and
        no interval, Zou an interval and no test.
    first, second : float
        The correlations compared.
    between : float
        Correlation of the two variables.
    n : int
    confidence_level : float
    """

    estimates: pd.DataFrame
    first: float
    second: float
    between: float
    n: int
    confidence_level: float

    def tidy(self) -> pd.DataFrame:
        """One row a method."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: what was compared."""
        names = ("first", "second", "between", "n", "confidence_level")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})


def compare_dependent_correlations(
    first: float,
    second: float,
    between: float,
    *,
    n: int,
    confidence_level: float = 0.95,
) -> DependentCorrelationsResult:
    r"""Ask whether ``r(y, a) = r(y, b)``, from three printed correlations and n.

    Williams' ``t = (r₁ − r₂) √((n − 1)(1 + r₁₂) / (2 (n − 1)/(n − 3) |R| + r̄² (1 − r₁₂)³))``
    with n − 3 degrees of freedom; Meng, Rosenthal and Rubin's
    ``z = (z₁ − z₂) / √(2 (1 − r₁₂) h / (n − 3))`` of Fisher's z; and Zou's interval of r₁ − r₂,
    made of the intervals of each.

    Parameters
    ----------
    first, second : float
        Correlations of the shared variable (satisfaction, say) with each of the two others.
    between : float
        Correlation of the two others.
    n : int
        Respondents, 4 or more.
    confidence_level : float
        Of the interval of the difference; between 0 and 1.

    Returns
    -------
    DependentCorrelationsResult

    Raises
    ------
    CxError
        A correlation is beyond ±1, or n < 4.
    EstimationError
        No respondents can have these three correlations, or two of the variables are the same.

    Notes
    -----
    Agrees with R: ``psych::r.test(n, first, second, between)`` (Williams) and with ``cocor``'s
    ``meng1992`` and ``zou2007``. All suppose normal variables. The test of two correlations
    from different people would be wrong here: the same people are in both.

    In simulations both tests reject a true hypothesis in 4.8 to 5.1% of samples, and Zou's
    interval misses in 4.8 to 5.4%, at n = 30, 100 and 300
    (``benchmarks/coverage_from_correlation.py``).

    References
    ----------
    Williams, E. J. (1959). The comparison of regression variables. Journal of the Royal
    Statistical Society B 21, 396–399. https://www.jstor.org/stable/2983809

    Steiger, J. H. (1980). Tests for comparing elements of a correlation matrix. Psychological
    Bulletin 87, 245–251. https://doi.org/10.1037/0033-2909.87.2.245

    Meng, X.-L., Rosenthal, R., & Rubin, D. B. (1992). Comparing correlated correlation
    coefficients. Psychological Bulletin 111, 172–175.
    https://doi.org/10.1037/0033-2909.111.1.172

    Zou, G. Y. (2007). Toward using confidence intervals to compare correlations. Psychological
    Methods 12, 399–413. https://doi.org/10.1037/1082-989X.12.4.399

    Examples
    --------
    >>> found = compare_dependent_correlations(0.4, 0.5, 0.1, n=103)
    >>> found.tidy()[["term", "statistic", "p_value"]].round(3).values.tolist()
    [['williams', -0.891, 0.375], ['meng', -0.888, 0.374], ['zou', nan, nan]]
    """
    check_fraction("confidence_level", confidence_level)
    check_count("n", n, at_least=4)
    read_correlations(
        np.array([[1.0, first, second], [first, 1.0, between], [second, between, 1.0]]),
        ["shared", "first", "second"],
    )
    return DependentCorrelationsResult(
        estimates=pd.DataFrame(
            [
                _williams(first, second, between, n),
                _meng(first, second, between, n, confidence_level),
                _zou(first, second, between, n, confidence_level),
            ]
        ).assign(n=float(n)),
        first=float(first),
        second=float(second),
        between=float(between),
        n=int(n),
        confidence_level=confidence_level,
    )


def _williams(first: float, second: float, between: float, n: int) -> dict[str, object]:
    test = williams_test(first, second, between, n=n)
    return {
        "term": "williams", "estimate": first - second, "std_error": np.nan,
        "statistic": test.statistic, "df": test.df, "p_value": test.p_value,
        "conf_low": np.nan, "conf_high": np.nan,
    }  # fmt: skip


def _meng(
    first: float, second: float, between: float, n: int, level: float
) -> dict[str, object]:
    z = float(np.arctanh(first) - np.arctanh(second))
    error = meng_error(first, second, between, n=n)
    margin = float(stats.norm.ppf((1 + level) / 2)) * error
    return {
        "term": "meng", "estimate": z, "std_error": error, "statistic": z / error,
        "df": np.inf, "p_value": float(2 * stats.norm.sf(abs(z / error))),
        "conf_low": z - margin, "conf_high": z + margin,
    }  # fmt: skip


def _zou(
    first: float, second: float, between: float, n: int, level: float
) -> dict[str, object]:
    low, high = zou_interval(first, second, between, n=n, confidence_level=level)
    return {
        "term": "zou", "estimate": first - second, "std_error": np.nan, "statistic": np.nan,
        "df": np.nan, "p_value": np.nan, "conf_low": low, "conf_high": high,
    }  # fmt: skip
