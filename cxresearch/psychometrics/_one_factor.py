"""The one-factor model of many covariance matrices at once, by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._matrix import correlation_of
from cxresearch._types import BoolArray, FloatArray

_MOST_STEPS = 60
_HALVINGS = 12
_SETTLED = 1e-9
_CLEAR = 0.01
"""Residual variances above this let Σ be inverted by the formula for one factor."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OneFactorFits:
    """One-factor solutions of a stack of matrices.

    Attributes
    ----------
    loadings : ndarray, shape (B, k)
        Units of the items; nan where the fit did not converge.
    residuals : ndarray, shape (B, k)
        Residual variances; 0 or less in a Heywood case.
    converged : ndarray of bool, shape (B,)
    """

    loadings: FloatArray
    residuals: FloatArray
    converged: BoolArray

    @property
    def proper(self) -> BoolArray:
        """Converged, and every residual variance above 0."""
        return self.converged & (np.nan_to_num(self.residuals, nan=-1.0) > 0).all(axis=1)

    @property
    def omega(self) -> FloatArray:
        """``(Σλ)²/((Σλ)² + Σθ)``, shape (B,); nan where the fit did not converge."""
        true = self.loadings.sum(axis=1) ** 2
        total = true + self.residuals.sum(axis=1)
        return np.where(total > 0, true / np.where(total > 0, total, 1.0), np.nan)


def fit_one_factor(
    covariances: FloatArray, *, start: OneFactorFits | None = None, settled: float = _SETTLED
) -> OneFactorFits:
    """Fit one factor to each covariance matrix.

    Fisher scoring on the correlations with halved steps, all matrices side by side, so that
    hundreds of replicates cost as much as a few single fits.

    Parameters
    ----------
    covariances : ndarray, shape (B, k, k)
        Three items or more. Matrices that are not positive definite do not converge.
    start : OneFactorFits, optional
        A solution of one matrix like them.
    settled : float
        Largest slope of the discrepancy at which a fit counts as converged.

    Returns
    -------
    OneFactorFits
        Residual variances are not held above 0; the sum of the loadings is positive.
    """
    k = covariances.shape[1]
    sd = np.sqrt(np.maximum(np.diagonal(covariances, axis1=1, axis2=2), 0.0))
    correlations = correlation_of(covariances)
    usable = np.asarray(np.isfinite(correlations).all(axis=(1, 2)) & (sd > 0).all(axis=1))
    safe = np.where(usable[:, None, None], correlations, np.eye(k))
    usable &= np.linalg.eigvalsh(safe)[:, 0] > _SETTLED
    safe = np.where(usable[:, None, None], correlations, np.eye(k))
    values = _started(safe, sd, start)
    done = _scored(values, safe, usable, settled)
    loadings, residuals = values[:, :k], values[:, k:]
    signs = np.where(loadings.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    known = done[:, None]
    return OneFactorFits(
        loadings=np.where(known, loadings * signs * sd, np.nan),
        residuals=np.where(known, residuals * sd**2, np.nan),
        converged=done,
    )


def _started(
    correlations: FloatArray, sd: FloatArray, start: OneFactorFits | None
) -> FloatArray:
    """Return loadings and residual variances to start from, shape (B, 2k)."""
    if start is not None and bool(start.converged[0]):
        scale = np.sqrt(start.loadings[0] ** 2 + start.residuals[0])
        loadings = np.tile(start.loadings[0] / scale, (len(sd), 1))
    else:
        last = np.linalg.eigh(correlations)
        share = np.maximum(last.eigenvalues[:, -1:] - 0.5, 0.5)
        loadings = last.eigenvectors[:, :, -1] * np.sqrt(share)
    loadings = np.clip(loadings, -0.95, 0.95)
    return np.concatenate([loadings, 1 - loadings**2], axis=1)


def _scored(
    values: FloatArray, observed: FloatArray, usable: BoolArray, settled: float
) -> BoolArray:
    """Improve `values` in place and return which of them converged."""
    done = np.zeros(len(values), dtype=bool)
    active = np.flatnonzero(usable)
    height = np.full(len(values), np.inf)
    height[active] = _discrepancy(values[active], observed[active])
    for _ in range(_MOST_STEPS):
        if not len(active):
            break
        slope, step = _step(values[active], observed[active])
        flat = np.abs(slope).max(axis=1) < settled
        done[active[flat]] = True
        active, step = active[~flat], step[~flat]
        moved = _walk(values, height, observed, active, step)
        active = active[moved]
    return done


def _walk(
    values: FloatArray,
    height: FloatArray,
    observed: FloatArray,
    active: np.ndarray,
    step: FloatArray,
) -> BoolArray:
    """Take each step, halved until the discrepancy does not rise; return which were taken."""
    waiting, length = np.arange(len(active)), 1.0
    for _ in range(_HALVINGS):
        if not len(waiting):
            break
        of = active[waiting]
        tried = values[of] + length * step[waiting]
        now = _discrepancy(tried, observed[of])
        better = now <= height[of] + 1e-12
        values[of[better]], height[of[better]] = tried[better], now[better]
        waiting, length = waiting[~better], length / 2
    taken = np.ones(len(active), dtype=bool)
    taken[waiting] = False
    return taken


def _implied(values: FloatArray) -> FloatArray:
    k = values.shape[1] // 2
    loadings = values[:, :k]
    implied: FloatArray = loadings[:, :, None] * loadings[:, None, :]
    implied[:, np.arange(k), np.arange(k)] += values[:, k:]
    return implied


def _inverted(values: FloatArray, implied: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the inverses of the implied matrices and ``log|Σ|``; not definite: I, infinite."""
    k = values.shape[1] // 2
    loadings, residuals = values[:, :k], values[:, k:]
    clear = residuals.min(axis=1) > _CLEAR
    safe = np.where(clear[:, None], residuals, 1.0)
    scaled = loadings / safe
    share = 1 + (loadings * scaled).sum(axis=1)
    inverse: FloatArray = scaled[:, :, None] * (-scaled / share[:, None])[:, None, :]
    inverse[:, np.arange(k), np.arange(k)] += 1 / safe
    height = np.log(safe).sum(axis=1) + np.log(share)
    rest = np.flatnonzero(~clear)
    if len(rest):
        inverse[rest], height[rest] = _inverted_by_roots(implied[rest])
    return inverse, height


def _inverted_by_roots(implied: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Do so for any matrices: with a residual near 0 the closed form loses its digits."""
    roots = np.linalg.eigvalsh(implied)
    fine = (roots[:, 0] > 1e-10)[:, None]
    safe = np.where(fine[:, :, None], implied, np.eye(implied.shape[1]))
    height = np.log(np.where(fine, roots, np.inf)).sum(axis=1)
    return np.linalg.inv(safe), height


def _discrepancy(values: FloatArray, observed: FloatArray) -> FloatArray:
    """Return ``log|Σ| + tr(S Σ⁻¹)``, infinite where Σ is not positive definite."""
    inverse, height = _inverted(values, _implied(values))
    return np.asarray(height + np.einsum("bij,bij->b", observed, inverse))


def _step(values: FloatArray, observed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the slope of the discrepancy and the scoring step, both of shape (B, 2k)."""
    k = values.shape[1] // 2
    loadings = values[:, :k]
    implied = _implied(values)
    weight, _ = _inverted(values, implied)
    pull = weight @ (implied - observed) @ weight
    slope = np.concatenate(
        [
            2 * np.einsum("bij,bj->bi", pull, loadings),
            np.diagonal(pull, axis1=1, axis2=2),
        ],
        axis=1,
    )
    u = np.einsum("bij,bj->bi", weight, loadings)
    c = np.einsum("bi,bi->b", loadings, u)
    information = np.empty((len(values), 2 * k, 2 * k))
    information[:, :k, :k] = 2 * (c[:, None, None] * weight + u[:, :, None] * u[:, None, :])
    information[:, :k, k:] = 2 * weight * u[:, None, :]
    information[:, k:, :k] = np.swapaxes(information[:, :k, k:], 1, 2)
    information[:, k:, k:] = weight**2
    ridge = 1e-12 * np.trace(information, axis1=1, axis2=2)
    information[:, np.arange(2 * k), np.arange(2 * k)] += ridge[:, None]
    step = -np.linalg.solve(information, slope[:, :, None])[:, :, 0]
    return slope, step
