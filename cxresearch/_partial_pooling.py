"""Partial pooling of many estimates towards their mean: how much they truly vary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_fraction

METHODS = ("paule_mandel", "dersimonian_laird", "reml")
_GRID = 400


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PartialPool:
    """Estimates of G groups drawn towards their mean.

    Attributes
    ----------
    pooled, std_error, low, high, weight : ndarray, shape (G,)
        Pooled estimates, their standard errors and intervals; weight of a group's own estimate
        (1: nothing is pooled, 0: the mean).
    mean, mean_std_error : float
        Mean over the groups.
    tau : float
        Standard deviation of the true values between groups.
    q, df : float
        Cochran's Q, the weighted squared deviations without any variance between groups.
    """

    pooled: FloatArray
    std_error: FloatArray
    low: FloatArray
    high: FloatArray
    weight: FloatArray
    mean: float
    mean_std_error: float
    tau: float
    q: float
    df: float


def partial_pool(
    estimates: FloatArray,
    variances: FloatArray,
    *,
    method: str = "paule_mandel",
    confidence_level: float = 0.95,
) -> PartialPool:
    r"""Draw estimates towards their mean by how much of their spread is chance.

    .. math:: \tilde\theta_g = \hat\mu + \frac{\tau^2}{\tau^2 + v_g}(\hat\theta_g - \hat\mu)

    Parameters
    ----------
    estimates, variances : ndarray, shape (G,)
        Estimates and their squared standard errors, all above 0.
    method : {"paule_mandel", "dersimonian_laird", "reml"}
        How the variance between groups is estimated.
    confidence_level : float

    Returns
    -------
    PartialPool
        The standard error is :math:`\sqrt{B_g^2 \operatorname{var}\hat\mu + (1 - B_g)v_g}` with
        :math:`B_g = v_g/(v_g + \tau^2)`; it takes :math:`\tau` for known.

    Notes
    -----
    R: ``metafor::rma(yi, vi, method = "PM")``, ``"DL"`` or ``"REML"``, and ``metafor::blup``.

    References
    ----------
    DerSimonian, R., & Laird, N. (1986). Meta-analysis in clinical trials. *Controlled Clinical
    Trials*, 7, 177–188. https://doi.org/10.1016/0197-2456(86)90046-2

    Paule, R. C., & Mandel, J. (1982). Consensus values and weighting factors. *Journal of
    Research of the National Bureau of Standards*, 87, 377–385.
    https://doi.org/10.6028/jres.087.022

    Morris, C. N. (1983). Parametric empirical Bayes inference. *Journal of the American
    Statistical Association*, 78, 47–55. https://doi.org/10.1080/01621459.1983.10477920

    Examples
    --------
    >>> found = partial_pool(np.array([1.0, 2.0, 6.0]), np.array([1.0, 1.0, 1.0]))
    >>> round(found.tau**2, 6), found.pooled.round(3).tolist()
    (6.0, [1.286, 2.143, 5.571])
    """
    check_choice("method", method, METHODS)
    check_fraction("confidence_level", confidence_level)
    fixed = 1 / variances
    q = _generalised_q(estimates, variances, 0.0)
    df = len(estimates) - 1
    if method == "dersimonian_laird":
        spread = fixed.sum() - (fixed**2).sum() / fixed.sum()
        tau2 = max(0.0, (q - df) / spread) if df else 0.0
    elif method == "reml":
        tau2 = _reml(estimates, variances)
    else:
        tau2 = _paule_mandel(estimates, variances)
    weights = 1 / (variances + tau2)
    mean, variance = float(weights @ estimates / weights.sum()), float(1 / weights.sum())
    own = tau2 * weights
    pooled = mean + own * (estimates - mean)
    std_error = np.sqrt((1 - own) ** 2 * variance + own * variances)
    reach = float(stats.norm.ppf((1 + confidence_level) / 2)) * std_error
    return PartialPool(
        pooled=pooled, std_error=std_error, low=pooled - reach, high=pooled + reach, weight=own,
        mean=mean, mean_std_error=float(np.sqrt(variance)), tau=float(np.sqrt(tau2)), q=q,
        df=float(df),
    )  # fmt: skip


def _generalised_q(estimates: FloatArray, variances: FloatArray, tau2: float) -> float:
    weights = 1 / (variances + tau2)
    mean = weights @ estimates / weights.sum()
    return float(weights @ (estimates - mean) ** 2)


def restricted_log_likelihood(
    estimates: FloatArray, variances: FloatArray, tau2: float
) -> float:
    """Return the restricted log-likelihood of the variance between groups, constants left out.

    It is also the log marginal likelihood of τ² under a flat prior on the mean.
    """
    total = variances + tau2
    weights = 1 / total
    mean = weights @ estimates / weights.sum()
    misfit = float(weights @ (estimates - mean) ** 2)
    return -0.5 * float(np.log(total).sum() + np.log(weights.sum()) + misfit)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SpreadPosterior:
    """How probable each standard deviation between groups is, given their estimates.

    Attributes
    ----------
    tau, chance : ndarray, shape (T,)
        Middles of equal steps, and the probability of each step.
    step : float
    """

    tau: FloatArray
    chance: FloatArray
    step: float


def spread_posterior(estimates: FloatArray, variances: FloatArray) -> SpreadPosterior:
    """Return the posterior of τ under a flat prior on τ and on the mean, for 3 groups or more.

    References
    ----------
    Gelman, A. (2006). Prior distributions for variance parameters in hierarchical models.
    *Bayesian Analysis*, 1, 515–534. https://doi.org/10.1214/06-BA117A
    """
    widest = 3 * float(estimates.std(ddof=1)) + 3 * float(np.sqrt(variances.mean()))
    tau = (np.arange(_GRID) + 0.5) / _GRID * widest
    height = np.array([restricted_log_likelihood(estimates, variances, t**2) for t in tau])
    chance = np.exp(height - height.max())
    return SpreadPosterior(tau=tau, chance=chance / chance.sum(), step=widest / _GRID)


def pooled_intervals(
    estimates: FloatArray, variances: FloatArray, *, confidence_level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    r"""Return intervals of the true values that allow for not knowing how much they vary.

    Given τ a true value is normal with the mean and the standard error of `partial_pool`; its
    distribution is the mixture of these over the `spread_posterior` of τ, and the interval
    leaves out the same probability at both ends.

    Parameters
    ----------
    estimates, variances : ndarray, shape (G,)
        Of 3 groups or more.
    confidence_level : float

    Returns
    -------
    tuple of ndarray, shape (G,)
        Lower and upper ends.

    Notes
    -----
    With τ taken for known, intervals of a few groups claim too much: often τ is estimated as
    0. Measured by ``benchmarks/coverage_cells.py``. R: ``bayesmeta::bayesmeta(y, sigma,
    tau.prior = "uniform")``, whose intervals are equal where all plausible τ are in the grid.

    Examples
    --------
    >>> low, high = pooled_intervals(np.array([1.0, 2.0, 6.0]), np.array([1.0, 1.0, 1.0]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([-0.75, 0.19, 3.64], [3.15, 4.0, 7.69])
    """
    check_fraction("confidence_level", confidence_level)
    known = spread_posterior(estimates, variances)
    own = known.tau[:, None] ** 2 / (known.tau[:, None] ** 2 + variances)
    weights = 1 / (known.tau[:, None] ** 2 + variances)
    precision = weights.sum(axis=1)
    mean = (weights @ estimates / precision)[:, None]
    middle = mean + own * (estimates - mean)
    error = np.sqrt((1 - own) ** 2 / precision[:, None] + own * variances)
    tail = (1 - confidence_level) / 2
    ends = [
        [_quantile(p, known.chance, m, s) for p in (tail, 1 - tail)]
        for m, s in zip(middle.T, error.T, strict=True)
    ]
    return np.array([low for low, _ in ends]), np.array([high for _, high in ends])


def _quantile(p: float, chance: FloatArray, mean: FloatArray, error: FloatArray) -> float:
    """Return a quantile of a mixture of normals."""

    def above(x: float) -> float:
        return float(chance @ special.ndtr((x - mean) / error)) - p

    far = 40 * float(error.max())
    low, high = float(mean.min()) - far, float(mean.max()) + far
    return float(optimize.brentq(above, low, high, xtol=1e-13 * (high - low), rtol=1e-14))


def _reml(estimates: FloatArray, variances: FloatArray) -> float:
    """Find the τ² of the highest restricted likelihood: a grid first, then the score's root."""
    if len(estimates) < 2:
        return 0.0
    high = float(np.ptp(estimates) ** 2) + 1e-12 * float(variances.max())

    def score(tau2: float) -> float:
        weights = 1 / (variances + tau2)
        mean = weights @ estimates / weights.sum()
        squares = float(weights**2 @ (estimates - mean) ** 2)
        return squares - float(weights.sum()) + float((weights**2).sum() / weights.sum())

    grid = np.concatenate([[0.0], high * np.geomspace(1e-6, 4, 200)])
    heights = [restricted_log_likelihood(estimates, variances, float(t)) for t in grid]
    best = int(np.argmax(heights))
    if best == 0:
        return 0.0
    low, up = float(grid[best - 1]), float(grid[min(best + 1, len(grid) - 1)])
    if not score(low) > 0 > score(up):
        return float(grid[best])
    return float(optimize.brentq(score, low, up, xtol=1e-15 * high, rtol=1e-13))


def _paule_mandel(estimates: FloatArray, variances: FloatArray) -> float:
    """Find the τ² at which the weighted squared deviations are what chance expects, G − 1."""
    df = len(estimates) - 1

    def excess(tau2: float) -> float:
        return _generalised_q(estimates, variances, tau2) - df

    if df < 1 or excess(0.0) <= 0:
        return 0.0
    high = float(np.ptp(estimates) ** 2)
    while excess(high) > 0:
        high *= 2
    return float(optimize.brentq(excess, 0.0, high, xtol=1e-15 * high, rtol=1e-14))
