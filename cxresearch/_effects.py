"""Standardised effects of paired answers, with intervals that are exact, not approximate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special, stats
from scipy.optimize import brentq

from cxresearch._moments import standardized_mean_moments
from cxresearch._types import FloatArray

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(200)
_TAIL = 11.0
"""Standard deviations beyond which a normal tail is nothing (1e-28)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Effects:
    """Standardised effects of several columns and their intervals.

    Attributes
    ----------
    estimate, conf_low, conf_high : ndarray, shape (k,)
        In standard deviations; nan where undefined.
    """

    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray


def noncentrality_interval(
    statistic: float, df: float, *, confidence_level: float = 0.95
) -> tuple[float, float]:
    """Return the exact interval of the noncentrality of a t statistic.

    The bounds are the noncentralities under which the observed t is the ``1 − a/2`` and the
    ``a/2`` quantile of the noncentral t distribution (``a = 1 − confidence_level``).

    Parameters
    ----------
    statistic : float
        Observed t.
    df : float
        Its degrees of freedom, above 0.
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
        Low and high; nan for both when `statistic` or `df` is not finite.

    Notes
    -----
    Agrees with R: ``uniroot(function(d) pt(t, df, d) - p, …)`` as far as R's ``pt`` goes
    (``|ncp| < 37.62``). effectsize 0.8.3 is wrong for large t.

    References
    ----------
    Steiger, J. H., & Fouladi, R. T. (1997). Noncentrality interval estimation and the
    evaluation of statistical models. In What if there were no significance tests? Erlbaum.

    Examples
    --------
    >>> low, high = noncentrality_interval(-18.5309, 399)
    >>> round(low / 20, 4), round(high / 20, 4)
    (-1.0433, -0.8089)
    """
    if not (math.isfinite(statistic) and math.isfinite(df)):
        return math.nan, math.nan
    if statistic < 0:
        low, high = noncentrality_interval(-statistic, df, confidence_level=confidence_level)
        return -high, -low
    tail = (1 - confidence_level) / 2
    return (
        _solve_noncentrality(statistic, df, 1 - tail),
        _solve_noncentrality(statistic, df, tail),
    )


def _solve_noncentrality(statistic: float, df: float, probability: float) -> float:
    """Return the noncentrality at which P(T ≤ statistic) is `probability`, statistic ≥ 0."""

    def excess(noncentrality: float) -> float:
        return noncentral_t_cdf(statistic, df, noncentrality) - probability

    # P(T ≤ statistic) ≥ P(T ≤ 0) = Φ(−noncentrality), which is `probability` at this bound.
    low = -float(special.ndtri(probability))
    if not excess(low) > 0:
        return low
    step = 2 * math.sqrt(1 + statistic**2 / (2 * df))
    high = max(statistic, low) + step
    while excess(high) > 0:
        step *= 2
        high += step
    return float(brentq(excess, low, high, xtol=1e-12, rtol=1e-14))


def noncentral_t_cdf(statistic: float, df: float, noncentrality: float) -> float:
    """Return P(T ≤ statistic) of the noncentral t distribution, statistic ≥ 0.

    ``T = (Z + δ)/V`` with Z normal and ``V = √(χ²/df)``; integrated over V or over Z, whichever
    leaves the smoother integrand, by Gauss–Legendre quadrature.

    Notes
    -----
    Absolute error below 1e-11. `scipy.special.nctdtr` (1.17) is not used: it returns nan at
    ordinary places (df 5000, δ −3.3, t 4.5) and is off by 5e-7 for very large t.

    Examples
    --------
    >>> round(noncentral_t_cdf(2.0, 9, 1.0), 10)
    0.8041440183
    """
    if statistic**2 < 2 * df:
        reach = _TAIL / math.sqrt(2 * df)
        v, width = _nodes(max(0.0, 1 - reach), 1 + reach)
        constant = math.log(2) + df / 2 * math.log(df / 2) - math.lgamma(df / 2)
        density = np.exp(constant + (df - 1) * np.log(v) - df * v**2 / 2)
        return float(width @ (density * special.ndtr(statistic * v - noncentrality)))
    if noncentrality <= -_TAIL:
        return 1.0
    z, width = _nodes(max(-noncentrality, -_TAIL), max(-noncentrality, -_TAIL) + 2 * _TAIL)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    beyond = special.gammaincc(df / 2, df * ((z + noncentrality) / statistic) ** 2 / 2)
    return float(special.ndtr(-noncentrality) + width @ (density * beyond))


def _nodes(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Gauss–Legendre nodes and weights on an interval."""
    half = (high - low) / 2
    return low + half * (_NODES + 1), half * _WEIGHTS


def d_z_interval(
    statistic: FloatArray, n: FloatArray, *, confidence_level: float = 0.95
) -> Effects:
    """Return d_z, the mean difference over the standard deviation of the differences.

    ``d_z = t/√n``, with the interval of the noncentrality of t over ``√n``.

    Parameters
    ----------
    statistic : ndarray, shape (k,)
        Paired t; its sign is the sign of d_z.
    n : ndarray, shape (k,)
        Pairs.
    confidence_level : float

    Returns
    -------
    Effects
        Exact when the differences are normal.

    References
    ----------
    Cumming, G., & Finch, S. (2001). A primer on the understanding, use, and calculation of
    confidence intervals that are based on central and noncentral distributions. Educational and
    Psychological Measurement 61, 532–574. https://doi.org/10.1177/0013164401614002

    Examples
    --------
    >>> effect = d_z_interval(np.array([-4.0621]), np.array([10.0]))
    >>> [round(float(x[0]), 3) for x in (effect.estimate, effect.conf_low, effect.conf_high)]
    [-1.285, -2.118, -0.415]
    """
    bounds = np.array(
        [
            noncentrality_interval(float(t), float(m) - 1, confidence_level=confidence_level)
            for t, m in zip(statistic, n, strict=True)
        ]
    ).reshape(-1, 2)
    root = np.sqrt(n)
    return Effects(
        estimate=statistic / root, conf_low=bounds[:, 0] / root, conf_high=bounds[:, 1] / root
    )


def weighted_d_z(
    values: FloatArray, weights: FloatArray, *, confidence_level: float = 0.95
) -> Effects:
    """Return d_z with case weights: weighted mean over weighted sd of the differences.

    The interval is ``d ± t(df) · SE`` with the Taylor-linearised standard error of the ratio
    and ``df = n − 1`` (n answered rows): the noncentral t does not hold under weights.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        Differences, nan outside the domain.
    weights : ndarray, shape (n,)
    confidence_level : float

    Returns
    -------
    Effects

    Notes
    -----
    Agrees with R survey's ``svycontrast``, see `_moments.standardized_mean_moments`.
    """
    estimate, std_error = standardized_mean_moments(values, weights)
    df = np.isfinite(values).sum(axis=0) - 1.0
    half = stats.t.ppf((1 + confidence_level) / 2, np.where(df > 0, df, np.nan)) * std_error
    return Effects(estimate=estimate, conf_low=estimate - half, conf_high=estimate + half)


def d_av(
    mean_difference: FloatArray, sd_first: FloatArray, sd_second: FloatArray
) -> FloatArray:
    """Return d_av: the mean difference over the root mean square of the two sds, sign kept.

    ``d_av = (x̄ − ȳ) / √((s_x² + s_y²)/2)``; nan where both are constant.

    References
    ----------
    Lakens, D. (2013). Calculating and reporting effect sizes to facilitate cumulative science.
    Frontiers in Psychology 4, 863. https://doi.org/10.3389/fpsyg.2013.00863

    Examples
    --------
    >>> d_av(np.array([-1.0]), np.array([1.0]), np.array([1.0])).tolist()
    [-1.0]
    """
    pooled = np.sqrt((sd_first**2 + sd_second**2) / 2)
    return mean_difference / np.where(pooled > 0, pooled, np.nan)


def hedges_correction(df: float) -> float:
    """Return Hedges' exact factor J that removes the small-sample bias of a standardised mean.

    ``J = Γ(m/2) / (√(m/2) Γ((m − 1)/2))`` with ``m = df``; nan for df ≤ 1.

    References
    ----------
    Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and related
    estimators. Journal of Educational Statistics 6, 107–128. https://doi.org/10.2307/1164588

    Examples
    --------
    >>> round(hedges_correction(9), 6)
    0.913875
    """
    if not df > 1:
        return math.nan
    difference = special.gammaln(df / 2) - special.gammaln((df - 1) / 2)
    return float(np.exp(difference - 0.5 * math.log(df / 2)))
