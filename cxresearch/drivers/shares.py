"""Importance metrics of a linear model as closed forms of a covariance matrix.

Every function takes covariances or correlations of shape (..., p + 1, p + 1) and returns one
number for each driver, shape (..., p); leading axes are replicates. `total` is the variance of
the outcome that shares are parts of: it differs from the last diagonal element where controls
were partialled out (`cxresearch._matrix.partial_out`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cxresearch._matrix import check_covariance, correlation_of, symmetric_power
from cxresearch._subsets import (
    shapley_from_subsets,
    subset_r2,
    subset_sizes,
    sweep_all,
)
from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError

Total = FloatArray | float | None


def shapley_shares(
    covariance: FloatArray, *, blocks: Sequence[int] | None = None, total: Total = None
) -> FloatArray:
    """Return each driver's Shapley share of R² (LMG, general dominance).

    The mean, over all orders in which drivers may enter the model, of what a driver adds to R²:
    ``φ_j = Σ_{A∌j} |A|!(p−|A|−1)!/p! · [R²(A∪j) − R²(A)]``.

    Parameters
    ----------
    covariance : ndarray, shape (..., q + 1, q + 1)
        Covariances or correlations, the outcome last.
    blocks : sequence of int, optional
        Columns of each driver or group of drivers, in order.
    total : float or ndarray, optional
        Variance of the outcome R² is a share of.

    Returns
    -------
    ndarray, shape (..., p)
        Shares in R² units, never negative; they sum to R².

    Raises
    ------
    CxError
        Not a covariance matrix, or more than 22 drivers (see `driver_importance`).

    Notes
    -----
    Agrees with ``relaimpo::calc.relimp(type = "lmg")`` and ``domir::domir`` to 1e-14. A driver
    that is there twice gets its share halved.

    References
    ----------
    Lindeman, R. H., Merenda, P. F., & Gold, R. Z. (1980). *Introduction to Bivariate and
    Multivariate Analysis*. Scott, Foresman.
    Grömping, U. (2006). Relative importance for linear regression in R: The package relaimpo.
    *Journal of Statistical Software, 17*(1). doi:10.18637/jss.v017.i01

    Examples
    --------
    >>> matrix = np.array([[1.0, 0.5, 0.6], [0.5, 1.0, 0.4], [0.6, 0.4, 1.0]])
    >>> shapley_shares(matrix).round(4).tolist()
    [0.2867, 0.0867]
    """
    return shapley_from_subsets(subset_r2(covariance, blocks=blocks, total=total).r2)


def adjusted_r2(
    r2: FloatArray, columns: FloatArray | float, n: float, *, controls: int = 0
) -> FloatArray:
    """Return ``1 − (1 − R²)(n − 1)/(n − k − 1)``; nan where no degree of freedom is left.

    Parameters
    ----------
    r2 : ndarray
    columns : ndarray or float
        Driver columns in each model; `controls` more are always in it.
    n : float
        Respondents (the effective number where weighted).
    controls : int
    """
    left = np.asarray(n - controls - columns - 1, dtype=float)
    return np.asarray(1 - (1 - r2) * (n - 1) / np.where(left > 0, left, np.nan))


def adjusted_subsets(
    r2: FloatArray, sizes: Sequence[int], n: float, controls: int
) -> FloatArray:
    """Return adjusted R² of all subsets, laid out as in `subset_r2`."""
    return adjusted_r2(r2, subset_sizes(len(sizes), sizes).astype(float), n, controls=controls)


def first_shares(
    covariance: FloatArray, *, blocks: Sequence[int] | None = None, total: Total = None
) -> FloatArray:
    """Return R² of each driver alone (with the controls): what it adds when it enters first."""
    parts = _Parts.of(covariance, blocks, total)
    gains = [
        _explained(parts.xx[..., block, :][..., :, block], parts.xy[..., block])
        for block in parts.blocks
    ]
    return np.asarray(np.stack(gains, axis=-1) / parts.total[..., None])


def last_shares(
    covariance: FloatArray, *, blocks: Sequence[int] | None = None, total: Total = None
) -> FloatArray:
    """Return what each driver adds to R² when it enters last: squared semi-partial r."""
    parts = _Parts.of(covariance, blocks, total)
    inverse = _inverse(parts.xx)
    slopes = (inverse @ parts.xy[..., None])[..., 0]
    gains = [
        _explained(inverse[..., block, :][..., :, block], slopes[..., block])
        for block in parts.blocks
    ]
    return np.asarray(np.stack(gains, axis=-1) / parts.total[..., None])


def slopes_of(covariance: FloatArray) -> FloatArray:
    """Return the coefficients of the full model, in units of the covariance."""
    parts = _Parts.of(covariance, None, None)
    return np.asarray((_inverse(parts.xx) @ parts.xy[..., None])[..., 0])


def squared_betas(covariance: FloatArray, *, total: Total = None) -> FloatArray:
    """Return squared standardised coefficients ``β_j² s_jj / s_yy`` (relaimpo's ``betasq``).

    They do not sum to R² when drivers correlate, and are arbitrary for near copies.
    """
    parts = _Parts.of(covariance, None, total)
    variances = np.diagonal(parts.xx, axis1=-2, axis2=-1)
    return np.asarray(slopes_of(covariance) ** 2 * variances / parts.total[..., None])


def pratt_shares(
    covariance: FloatArray, *, blocks: Sequence[int] | None = None, total: Total = None
) -> FloatArray:
    """Return Pratt's ``β_j r_yj``, which sums to R² and may be negative (suppression).

    References
    ----------
    Pratt, J. W. (1987). Dividing the indivisible. In *Proceedings of the Second International
    Conference in Statistics* (pp. 245–260). University of Tampere.
    """
    parts = _Parts.of(covariance, blocks, total)
    products = slopes_of(covariance) * parts.xy
    sums = [products[..., block].sum(axis=-1) for block in parts.blocks]
    return np.asarray(np.stack(sums, axis=-1) / parts.total[..., None])


def car_shares(covariance: FloatArray, *, total: Total = None) -> FloatArray:
    """Return squared CAR scores ``(R_xx^(−1/2) r_xy)²``, which sum to R².

    Notes
    -----
    ``relaimpo::calc.relimp(type = "car")``.

    References
    ----------
    Zuber, V., & Strimmer, K. (2011). High-dimensional regression and variable selection using
    CAR scores. *Statistical Applications in Genetics and Molecular Biology, 10*(1).
    doi:10.2202/1544-6115.1730
    """
    parts, _, scores = _orthogonal(covariance, total)
    return np.asarray(scores**2 * parts.left[..., None])


def relative_weights(covariance: FloatArray, *, total: Total = None) -> FloatArray:
    """Return Johnson's relative weights, which sum to R².

    ``ε = Λ∘² β*∘²`` with ``Λ = R_xx^(1/2)`` (symmetric root) and ``β* = Λ⁻¹ r_xy``: drivers are
    replaced by their closest orthogonal twins, and the twins' R² handed back by squared
    loadings.

    Parameters
    ----------
    covariance : ndarray, shape (..., p + 1, p + 1)
        Covariances or correlations, the outcome last.
    total : float or ndarray, optional
        Variance of the outcome R² is a share of.

    Returns
    -------
    ndarray, shape (..., p)
        Relative weights in R² units, never negative.

    Raises
    ------
    EstimationError
        The drivers' correlations are not positive definite.

    Notes
    -----
    Agrees with ``yhat::rlw``, ``rwa::rwa`` and ``relaimpo``'s ``genizi``: Genizi (1993)
    had the same numbers.

    References
    ----------
    Johnson, J. W. (2000). A heuristic method for estimating the relative weight of predictor
    variables in multiple regression. *Multivariate Behavioral Research, 35*, 1–19.
    doi:10.1207/S15327906MBR3501_1

    Examples
    --------
    >>> matrix = np.array([[1.0, 0.5, 0.6], [0.5, 1.0, 0.4], [0.6, 0.4, 1.0]])
    >>> relative_weights(matrix).round(4).tolist()
    [0.2867, 0.0867]
    """
    parts, root, scores = _orthogonal(covariance, total)
    weights = (root**2 @ scores[..., None] ** 2)[..., 0]
    return np.asarray(weights * parts.left[..., None])


def average_slopes(
    covariance: FloatArray, *, blocks: Sequence[int] | None = None
) -> FloatArray:
    """Return each driver's mean coefficient over the models with 0, 1 … p − 1 other drivers.

    Returns
    -------
    ndarray, shape (p, p)
        ``[j, s]``: over the subsets of s others, units of the covariance; nan for blocks of
        more than one column. A driver whose mean coefficient changes sign along its row has no
        stable direction.

    Notes
    -----
    ``relaimpo::calc.relimp(...)@ave.coeffs``.
    """
    parts = _Parts.of(covariance, blocks, None)
    matrix = check_covariance(covariance)
    p = len(parts.blocks)
    sizes = subset_sizes(p - 1)
    table = np.full((p, p), np.nan)
    for player, own in enumerate(parts.blocks):
        if len(own) > 1:
            continue
        others = [block for block in parts.blocks if block is not own]
        order = [*(i for block in others for i in block), own[0], matrix.shape[-1] - 1]
        scale = np.sqrt(matrix[-1, -1] / matrix[own[0], own[0]])
        ordered = matrix[np.ix_(order, order)][None]
        left = sweep_all(ordered, [len(block) for block in others], keep=2)[0][..., 0]
        slopes = scale * left[0, 1] / np.where(left[0, 0] > 0, left[0, 0], np.nan)
        known = ~np.isnan(slopes)
        counts = np.bincount(sizes[known], minlength=p)
        sums = np.bincount(sizes[known], weights=slopes[known], minlength=p)
        table[player] = sums / np.where(counts > 0, counts, np.nan)
    return table


class _Parts:
    """A covariance matrix taken apart: xx, xy, blocks of columns, total and what y has left."""

    __slots__ = ("blocks", "left", "total", "xx", "xy", "yy")

    def __init__(self, matrix: FloatArray, blocks: list[list[int]], total: FloatArray) -> None:
        self.xx, self.xy, self.yy = (
            matrix[..., :-1, :-1],
            matrix[..., :-1, -1],
            matrix[..., -1, -1],
        )
        self.blocks, self.total = blocks, total
        self.left = self.yy / total

    @classmethod
    def of(cls, covariance: FloatArray, blocks: Sequence[int] | None, total: Total) -> _Parts:
        matrix = check_covariance(covariance)
        sizes = [1] * (matrix.shape[-1] - 1) if blocks is None else list(blocks)
        ends = np.cumsum([0, *sizes])
        columns = [list(range(a, b)) for a, b in pairwise(ends)]
        own = matrix[..., -1, -1]
        whole = np.broadcast_to(
            own if total is None else np.asarray(total, dtype=float), own.shape
        )
        return cls(matrix, columns, whole)


def _orthogonal(covariance: FloatArray, total: Total) -> tuple[_Parts, FloatArray, FloatArray]:
    """Parts, symmetric root of the drivers' correlations, and its inverse times r_xy."""
    parts = _Parts.of(covariance, None, total)
    correlation = correlation_of(check_covariance(covariance))
    xx, xy = correlation[..., :-1, :-1], correlation[..., :-1, -1]
    root = symmetric_power(xx, 0.5)
    scores = (symmetric_power(xx, -0.5) @ xy[..., None])[..., 0]
    return parts, root, scores


def _explained(xx: FloatArray, xy: FloatArray) -> FloatArray:
    if xx.shape[-1] == 1:
        variance = xx[..., 0, 0]
        usable = variance > 0
        return np.asarray(
            np.where(usable, xy[..., 0] ** 2 / np.where(usable, variance, 1.0), 0.0)
        )
    solved = _inverse(xx) @ xy[..., None]
    return np.asarray((xy[..., None, :] @ solved)[..., 0, 0])


def _inverse(matrix: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.inv(matrix))
    except np.linalg.LinAlgError as error:
        raise EstimationError(
            "the drivers' covariance matrix is singular: a driver is constant or a combination "
            "of others; leave it out"
        ) from error
