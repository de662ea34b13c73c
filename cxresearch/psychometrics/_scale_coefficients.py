"""Alpha and omega of a scale, and of every bootstrap replicate of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxresearch._matrix import correlation_of
from cxresearch._resample import Units, draw_indices, factors_from
from cxresearch._types import FloatArray
from cxresearch.psychometrics._one_factor import OneFactorFits, fit_one_factor
from cxresearch.psychometrics._scale_moments import ROUNDING, ScaleMoments

COEFFICIENTS = ("alpha", "alpha_standardized", "omega")
_NEAR = 1e-6
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScaleCoefficients:
    """Coefficients of a scale.

    Attributes
    ----------
    values : ndarray, shape (3,)
        In the order of `COEFFICIENTS`; nan where undefined.
    fit : OneFactorFits or None
        None with fewer than three items.
    omega_note : str
        ``""`` or why there is no omega.
    """

    values: FloatArray
    fit: OneFactorFits | None
    omega_note: str


def coefficients_of(moments: ScaleMoments) -> ScaleCoefficients:
    """Return alpha raw, alpha standardised and omega of all respondents."""
    undefined = np.full(3, np.nan)
    if moments.items < 2:
        return ScaleCoefficients(values=undefined, fit=None, omega_note="one_item")
    if moments.pairs.min() < 2:
        return ScaleCoefficients(values=undefined, fit=None, omega_note="too_few")
    covariance = moments.covariance
    alphas = _alphas(covariance[None])
    fit, note = _omega(covariance)
    omega = fit.omega[0] if fit is not None and not note else np.nan
    return ScaleCoefficients(values=np.array([*alphas[0], omega]), fit=fit, omega_note=note)


def _omega(covariance: FloatArray) -> tuple[OneFactorFits | None, str]:
    if len(covariance) < 3:
        return None, "two_items"
    variances = np.diag(covariance)
    if variances.min() <= ROUNDING * variances.max():
        return None, "constant"
    if np.linalg.eigvalsh(correlation_of(covariance))[0] < _NEAR:
        return None, "not_positive_definite"
    fit = fit_one_factor(covariance[None])
    if not fit.converged[0]:
        return None, "not_converged"
    return fit, "" if fit.proper[0] else "heywood"


def _alphas(covariances: FloatArray) -> FloatArray:
    """Return alpha raw and standardised of each matrix, shape (B, 2)."""
    k = covariances.shape[-1]
    sd = np.sqrt(np.maximum(np.diagonal(covariances, axis1=1, axis2=2), 0.0))
    columns = []
    for matrices in (covariances, correlation_of(covariances)):
        total = matrices.sum(axis=(1, 2))
        size = np.abs(matrices).max(axis=(1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.trace(matrices, axis1=1, axis2=2) / total
            columns.append(np.where(total > ROUNDING * size, k / (k - 1) * (1 - share), np.nan))
    columns[1] = np.where(sd.min(axis=1) > 0, columns[1], np.nan)
    return np.column_stack(columns)


def replicated_covariances(
    scales: list[ScaleMoments], units: Units, *, n_boot: int, seed: int
) -> list[FloatArray]:
    """Return the covariances of every scale in every replicate, the same draws for all."""
    rng = np.random.default_rng(seed)
    sums = [units.total(m.sums.reshape(len(m.sums), -1)) for m in scales]
    parts: list[list[FloatArray]] = [[] for _ in scales]
    chunk = max(1, _CELLS // max(units.count, 1))
    for start in range(0, n_boot, chunk):
        drawn = draw_indices(units, min(chunk, n_boot - start), rng)
        factors = factors_from(drawn, units)
        for kept, own, moments in zip(parts, sums, scales, strict=True):
            kept.append(moments.covariances(factors @ own))
    return [
        np.concatenate([np.empty((0, m.items, m.items)), *kept])
        for kept, m in zip(parts, scales, strict=True)
    ]


def replicates_of(covariances: FloatArray, whole: ScaleCoefficients) -> FloatArray:
    """Return the coefficients of every replicate, shape (B, 3); nan where undefined."""
    replicates = np.full((len(covariances), 3), np.nan)
    known = np.isfinite(covariances).all(axis=(1, 2))
    if np.isfinite(whole.values[0]):
        replicates[known, :2] = _alphas(covariances[known])
    if np.isfinite(whole.values[2]):
        replicates[known, 2] = fit_one_factor(
            covariances[known], start=whole.fit, settled=_NEAR
        ).omega
    return replicates


def log_interval(
    estimate: float, replicates: FloatArray, *, df: int, level: float
) -> tuple[float, float]:
    """Return an interval symmetric in ``log(1 − coefficient)``, spread from the replicates.

    The quantile is that of t with `df` degrees of freedom, units less strata, because few
    clusters tell little of their own spread. Undefined where fewer than half of the replicates
    are.
    """
    kept = replicates[np.isfinite(replicates) & (replicates < 1)]
    if len(kept) < max(20, len(replicates) // 2) or not estimate < 1 or df < 1:
        return np.nan, np.nan
    middle = np.log(1 - estimate)
    half = float(stats.t.ppf((1 + level) / 2, df)) * np.log(1 - kept).std(ddof=1)
    return float(1 - np.exp(middle + half)), float(1 - np.exp(middle - half))
