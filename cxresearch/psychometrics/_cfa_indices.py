"""Fit indices as lavaan reports them, from χ² of the model and of the independence model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from cxresearch._types import FloatArray

RMSEA_LEVEL = 0.90
CLOSE = 0.05


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChiSquare:
    """χ² of a model and of the independence model, with scaling factors (1 where not scaled).

    Attributes
    ----------
    chi2, baseline : float
        Not scaled.
    df, baseline_df : int
    scaling, baseline_scaling : float
        χ² is divided by them.
    n : int
    """

    chi2: float
    df: int
    baseline: float
    baseline_df: int
    n: int
    scaling: float = 1.0
    baseline_scaling: float = 1.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Indices:
    """Indices of one χ²; nan where not defined."""

    p_value: float
    cfi: float
    tli: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    rmsea_p_close: float


def independence_discrepancy(covariance: FloatArray) -> float:
    """Return F of the model without any covariance: ``−log|R|``."""
    logdet = float(np.linalg.slogdet(covariance)[1])
    return float(np.log(np.diag(covariance)).sum()) - logdet


def scaled_indices(test: ChiSquare) -> Indices:
    """Return the indices of χ² divided by its scaling factor.

    The interval of RMSEA keeps χ² and scales its degrees of freedom instead, as lavaan does.
    """
    chi2, baseline = test.chi2 / test.scaling, test.baseline / test.baseline_scaling
    trace = test.scaling * test.df
    low, high = noncentrality_interval(test.chi2, trace, RMSEA_LEVEL)
    per = test.df * test.n
    return Indices(
        p_value=float(stats.chi2.sf(chi2, test.df)) if test.df else math.nan,
        cfi=_cfi(chi2 - test.df, baseline - test.baseline_df),
        tli=_tli(chi2 - test.df, test.df, baseline - test.baseline_df, test.baseline_df),
        rmsea=_root(chi2 - test.df, per),
        rmsea_low=_root(low, trace * test.n),
        rmsea_high=_root(high, trace * test.n),
        rmsea_p_close=_p_close(test.chi2, trace, test.n),
    )


def robust_indices(test: ChiSquare) -> Indices:
    """Return the indices that estimate what CFI, TLI and RMSEA would be under normality.

    Notes
    -----
    The scaled χ² has the right size, but CFI and RMSEA from it estimate something else; these
    take the expectation of χ² under the model from the scaling factor instead: misfit
    ``χ² − c·df`` (Brosseau-Liard & Savalei 2014). lavaan's ``cfi.robust``, ``tli.robust``,
    ``rmsea.robust``. The p-value is that of the scaled χ².
    """
    chi2, per = test.chi2 / test.scaling, test.df * test.n / test.scaling
    low, high = noncentrality_interval(chi2, test.df, RMSEA_LEVEL)
    misfit = test.chi2 - test.scaling * test.df
    worst = test.baseline - test.baseline_scaling * test.baseline_df
    return Indices(
        p_value=scaled_indices(test).p_value,
        cfi=_cfi(misfit, worst),
        tli=_tli(misfit, test.df, worst, test.baseline_df),
        rmsea=_root(misfit, test.df * test.n),
        rmsea_low=_root(low, per),
        rmsea_high=_root(high, per),
        rmsea_p_close=_p_close(chi2, test.df, test.n / test.scaling),
    )


def _cfi(misfit: float, worst: float) -> float:
    misfit = max(misfit, 0.0)
    worst = max(worst, misfit)
    return 1.0 - misfit / worst if worst > 0 else 1.0


def _tli(misfit: float, df: int, worst: float, baseline_df: int) -> float:
    """Not truncated at 1; 1 for a saturated model."""
    if df == 0:
        return 1.0
    return 1.0 - (misfit / df) / (worst / baseline_df) if worst else math.nan


def _root(noncentrality: float, per: float) -> float:
    return math.sqrt(max(noncentrality, 0.0) / per) if per else 0.0


def _p_close(chi2: float, df: float, n: float) -> float:
    return float(stats.ncx2.sf(chi2, df, CLOSE**2 * df * n)) if df else math.nan


def noncentrality_interval(chi2: float, df: float, level: float) -> tuple[float, float]:
    """Return the noncentralities under which χ² is at the upper and at the lower tail.

    Examples
    --------
    >>> low, high = noncentrality_interval(85.3055, 24, 0.90)
    >>> round(low, 2), round(high, 2)
    (36.85, 93.35)
    """
    if df == 0:
        return 0.0, 0.0
    tail = (1 - level) / 2

    def solve(probability: float) -> float:
        if stats.chi2.cdf(chi2, df) < probability:
            return 0.0
        upper = max(chi2, 10.0)
        while special.chndtr(chi2, df, upper) > probability:
            upper *= 2
        found = optimize.brentq(
            lambda value: special.chndtr(chi2, df, value) - probability, 0.0, upper, xtol=1e-10
        )
        return float(found)

    return solve(1 - tail), solve(tail)


def srmr_of(observed: FloatArray, implied: FloatArray) -> float:
    """Return the root mean square of ``(s_ij − σ_ij)/√(s_ii s_jj)`` over i ≤ j (Bentler)."""
    sd = np.sqrt(np.diag(observed))
    residual = (observed - implied) / np.outer(sd, sd)
    return float(np.sqrt(np.mean(residual[np.triu_indices(len(sd))] ** 2)))


def log_likelihood_of(observed: FloatArray, implied: FloatArray, n: int) -> float:
    """Return the normal log likelihood of n respondents at the sample means."""
    p = len(observed)
    logdet = float(np.linalg.slogdet(implied)[1])
    trace = float(np.trace(np.linalg.solve(implied, observed)))
    return -0.5 * n * (p * math.log(2 * math.pi) + logdet + trace)
