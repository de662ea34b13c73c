"""Covariance matrices: weighted, one for each replicate at once, partialled, their roots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxresearch._types import FloatArray
from cxresearch.errors import CxError, EstimationError

ALIASED_BELOW = 1e-10
"""A variable with less than this share of its variance left, given others, is one of them."""


def covariance_of(values: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Return the weighted covariance matrix of the columns of `values`.

    Parameters
    ----------
    values : ndarray, shape (n, q)
    weights : ndarray, shape (n,), optional
        Case weights; only their ratios matter (they are scaled to sum to n).

    Returns
    -------
    ndarray, shape (q, q)
        ``Σ w (z − z̄)(z − z̄)ᵀ / (n − 1)`` with ``Σ w = n``, in the columns' units.

    Notes
    -----
    Without weights R's ``cov``.

    Examples
    --------
    >>> covariance_of(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])).tolist()
    [[1.0, 2.0], [2.0, 4.0]]
    """
    w = np.ones(len(values)) if weights is None else weights * (len(values) / weights.sum())
    centred = values - np.average(values, axis=0, weights=w)
    return (centred * w[:, None]).T @ centred / (len(values) - 1)


def standardized(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the columns with weighted mean 0 and weighted variance 1; a constant becomes 0."""
    centred = values - np.average(values, axis=0, weights=weights)
    sd = np.sqrt(np.average(centred**2, axis=0, weights=weights))
    noise = 1e-14 * np.abs(values).max(axis=0, initial=0.0)
    return np.where(sd > noise, centred / np.where(sd > noise, sd, 1.0), 0.0)


def correlation_of(covariance: FloatArray) -> FloatArray:
    """Return the correlation matrices of covariance matrices, shape (..., q, q).

    A variable without variance gets a row and a column of zeros.
    """
    sd = np.sqrt(np.maximum(np.diagonal(covariance, axis1=-2, axis2=-1), 0.0))
    scale = np.where(sd > 0, 1 / np.where(sd > 0, sd, 1.0), 0.0)
    return covariance * scale[..., :, None] * scale[..., None, :]


def moment_sums(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return what a covariance matrix is the sum of, one row a respondent.

    Parameters
    ----------
    values : ndarray, shape (n, q)
        Best centred, so that nothing cancels.
    weights : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n, 1 + q + q(q + 1)/2)
        ``w · [1, z, z zᵀ (upper triangle)]``. The moments of any resample are counts times
        these rows: one product of two matrices gives all replicates (see
        `covariances_from_sums`).
    """
    n, q = values.shape
    rows, columns = np.triu_indices(q)
    sums = np.empty((n, 1 + q + len(rows)))
    sums[:, 0] = 1.0
    sums[:, 1 : 1 + q] = values
    np.multiply(values[:, rows], values[:, columns], out=sums[:, 1 + q :])
    sums *= weights[:, None]
    return sums


def covariances_from_sums(sums: FloatArray, q: int) -> FloatArray:
    """Return the covariance matrix (divisor Σw) behind each row of summed `moment_sums`.

    Parameters
    ----------
    sums : ndarray, shape (B, 1 + q + q(q + 1)/2)
    q : int
        Number of variables.

    Returns
    -------
    ndarray, shape (B, q, q)
    """
    rows, columns = np.triu_indices(q)
    moments = sums[:, 1:] / sums[:, :1]
    means, products = moments[:, :q], moments[:, q:]
    covariance = np.empty((len(sums), q, q))
    covariance[:, rows, columns] = products - means[:, rows] * means[:, columns]
    covariance[:, columns, rows] = covariance[:, rows, columns]
    return covariance


def partial_out(covariance: FloatArray, given: Sequence[int]) -> FloatArray:
    """Return the covariance of all variables given some; those have rows and columns of zeros.

    Parameters
    ----------
    covariance : ndarray, shape (..., q, q)
    given : sequence of int
        Positions of the variables held fixed; one that the ones before it imply adds nothing.

    Returns
    -------
    ndarray, shape (..., q, q)
        ``S − S_·C S_CC⁻¹ S_C·``.
    """
    rest = np.array(covariance, dtype=float, copy=True)
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    for position in given:
        pivot = rest[..., position, position]
        usable = pivot > ALIASED_BELOW * variances[..., position]
        inverse = np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)
        row = rest[..., position, :].copy()
        rest -= row[..., :, None] * row[..., None, :] * inverse[..., None, None]
        rest[..., position, :] = 0.0
        rest[..., :, position] = 0.0
    return rest


def symmetric_power(matrix: FloatArray, power: float) -> FloatArray:
    """Return a power (½, −½ …) of symmetric positive definite matrices, itself symmetric.

    Always through `numpy.linalg.eigh`: a general eigen-solver does not return orthogonal
    vectors where eigenvalues repeat (equicorrelated drivers), and the root is then wrong.

    Raises
    ------
    EstimationError
        A matrix is not positive definite.

    Examples
    --------
    >>> symmetric_power(np.array([[4.0, 0.0], [0.0, 9.0]]), 0.5).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    roots, vectors = np.linalg.eigh(matrix)
    smallest = roots.min() / max(float(roots.max()), np.finfo(float).tiny)
    if (power < 0 and smallest < ALIASED_BELOW) or smallest < -ALIASED_BELOW:
        raise EstimationError(
            "the correlations of the drivers are not positive definite (smallest eigenvalue "
            f"{roots.min():.3g}): a driver is a combination of others, or the "
            "correlations come from different respondents"
        )
    scaled = vectors * np.maximum(roots, 0.0)[..., None, :] ** power
    result: FloatArray = scaled @ np.swapaxes(vectors, -1, -2)
    return result


def check_covariance(covariance: FloatArray) -> FloatArray:
    """Return a covariance or correlation matrix (or a stack of them) when it is one.

    Raises
    ------
    CxError
        Not square, smaller than 2 × 2, not finite, or not symmetric.
    """
    matrix = np.asarray(covariance, dtype=float)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or matrix.shape[-1] < 2:
        raise CxError(
            "covariance must be square, shape (..., p + 1, p + 1), the outcome last; "
            f"got shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        raise CxError(
            "covariance holds values that are not finite; leave out missing answers first"
        )
    size = float(np.abs(matrix).max(initial=0.0))
    if not np.allclose(matrix, np.swapaxes(matrix, -1, -2), rtol=0, atol=1e-8 * size):
        raise CxError("covariance must be symmetric; it is not")
    return matrix


def effective_n(weights: FloatArray) -> float:
    """Return Kish's effective sample size ``(Σw)² / Σw²``; n when all weights are equal.

    Examples
    --------
    >>> effective_n(np.array([1.0, 1.0, 2.0]))
    2.6666666666666665
    """
    scaled = weights / weights.max()
    return float(scaled.sum() ** 2 / (scaled @ scaled))
