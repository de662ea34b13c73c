"""Bayes factors with default priors, by one-dimensional integration."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cxresearch._types import FloatArray
from cxresearch._validate import check_count
from cxresearch.errors import CxError

MEDIUM_SCALE = math.sqrt(2) / 2
"""Scale of the Cauchy prior on a standardised mean: "medium" in BayesFactor."""
REGRESSION_SCALE = math.sqrt(2) / 4
"""Scale of the prior on standardised slopes: "medium" in BayesFactor."""


_LARGEST = 709.0
"""Logarithm of the largest factor a float holds; beyond it a factor is infinite."""


def jzs_bayes_factor(
    statistic: float, *, n: int, n_second: int | None = None, scale: float = MEDIUM_SCALE
) -> float:
    r"""Return the JZS Bayes factor BF10 of a t test.

    ``BF10 = ∫ (1 + N g)^{−1/2} [ (1 + t²/ν) / (1 + t²/((1 + N g) ν)) ]^{(ν+1)/2} π(g) dg``

    with g inverse-gamma (1/2, r²/2), which is a Cauchy prior of scale r on the standardised
    mean.

    Parameters
    ----------
    statistic : float
        Observed t.
    n : int
        Pairs, or size of the first sample.
    n_second : int, optional
        Size of the second sample; then ``N = n n₂/(n + n₂)``, ν = n + n₂ − 2.
    scale : float
        r, above 0.

    Returns
    -------
    float
        Above 1 favours a difference, below 1 its absence; nan for a t that is not finite,
        infinite beyond 1e307.

    Raises
    ------
    CxError
        The scale is not positive, or a sample has fewer than 2.

    Notes
    -----
    Agrees with R BayesFactor: ``ttestBF(x, y, paired = TRUE, rscale = "medium")``.

    References
    ----------
    Rouder, J. N., Speckman, P. L., Sun, D., Morey, R. D., & Iverson, G. (2009). Bayesian t
    tests for accepting and rejecting the null hypothesis. Psychonomic Bulletin & Review 16,
    225–237. https://doi.org/10.3758/PBR.16.2.225

    Examples
    --------
    >>> round(jzs_bayes_factor(-4.06212768338204, n=10), 4)
    17.2589
    """
    check_count("n", n, at_least=2)
    if n_second is not None:
        check_count("n_second", n_second, at_least=2)
    if not scale > 0:
        raise CxError(f"scale must be above 0; got {scale!r}")
    if not math.isfinite(statistic):
        return math.nan
    effective = float(n) if n_second is None else n * n_second / (n + n_second)
    df = n - 1 if n_second is None else n + n_second - 2
    null = -(df + 1) / 2 * math.log1p(statistic**2 / df)

    def log_ratio(g: FloatArray) -> FloatArray:
        spread = 1 + effective * g
        inside = np.log1p(statistic**2 / (spread * df))
        return -0.5 * np.log(spread) - (df + 1) / 2 * inside - null

    return _exp(_log_integral(log_ratio, scale))


def regression_bayes_factor(
    r_squared: float, *, n: int, predictors: int, scale: float = REGRESSION_SCALE
) -> float:
    r"""Return the Bayes factor of a regression against the intercept alone.

    ``BF = ∫ (1 + g)^{(n−p−1)/2} (1 + g (1 − R²))^{−(n−1)/2} π(g) dg`` with g inverse-gamma
    (1/2, n r²/2): the Zellner–Siow prior as Liang et al. and Rouder and Morey use it.

    Parameters
    ----------
    r_squared : float
        0 to below 1.
    n, predictors : int
        Rows, slopes.
    scale : float
        r.

    Notes
    -----
    Agrees with R BayesFactor: ``lmBF(y ~ x, data)``; the ratio of two such factors compares two
    regressions.

    References
    ----------
    Rouder, J. N., & Morey, R. D. (2012). Default Bayes factors for model selection in
    regression. Multivariate Behavioral Research 47, 877–903.
    https://doi.org/10.1080/00273171.2012.734737

    Examples
    --------
    >>> round(regression_bayes_factor(0.6813142, n=30, predictors=1))  # attitude: complaints
    417939
    """
    return _exp(log_regression_bayes_factor(r_squared, n=n, predictors=predictors, scale=scale))


def log_regression_bayes_factor(
    r_squared: float, *, n: int, predictors: int, scale: float = REGRESSION_SCALE
) -> float:
    """Return the natural logarithm of `regression_bayes_factor`, which cannot overflow."""
    if not 0 <= r_squared < 1:
        raise CxError(f"r_squared must be at least 0 and below 1; got {r_squared!r}")
    check_count("predictors", predictors, at_least=1)
    check_count("n", n, at_least=predictors + 2)

    def log_ratio(g: FloatArray) -> FloatArray:
        kept = (n - predictors - 1) / 2 * np.log1p(g)
        return kept - (n - 1) / 2 * np.log1p(g * (1 - r_squared))

    return _log_integral(log_ratio, scale * math.sqrt(n))


def _exp(value: float) -> float:
    return math.exp(value) if value < _LARGEST else math.inf


def _log_integral(log_ratio: Callable[[FloatArray], FloatArray], scale: float) -> float:
    """Integrate over g ~ inverse-gamma(1/2, scale²/2), on the log scale.

    In u = log g the integrand is analytic, falls off on either side and is no narrower than a
    tenth even with a hundred predictors: sums over steps as small as these are exact but for
    rounding.
    """
    u = np.linspace(-25.0, 60.0, 3401)
    g = np.exp(u)
    prior = math.log(scale) - 0.5 * math.log(2 * math.pi) - 0.5 * u - scale**2 / (2 * g)
    values = prior + log_ratio(g)
    top = float(values.max())
    return top + math.log(float(np.exp(values - top).sum()) * (u[1] - u[0]))
