"""What players add to R² along given orders of entering, many orders at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cxresearch._matrix import ALIASED_BELOW
from cxresearch._types import FloatArray, IntArray

CELLS = 2**17
"""Numbers held at once (1 MB: they stay in the cache), however many orders are drawn."""


def gains_along(
    covariance: FloatArray, orders: IntArray, *, sizes: Sequence[int], total: float
) -> FloatArray:
    """Return what each column adds to R² when it enters, in each order."""
    return walk_orders(covariance, orders, sizes=sizes, total=total)[0]


def walk_orders(
    covariance: FloatArray, orders: IntArray, *, sizes: Sequence[int], total: float
) -> tuple[FloatArray, FloatArray]:
    """Let the columns enter in each order; what each adds to R², and its coefficient by then.

    Parameters
    ----------
    covariance : ndarray, shape (q + 1, q + 1)
        Given the controls; the outcome last.
    orders : ndarray of int, shape (M, p)
    sizes : sequence of int
        Columns of each player.
    total : float
        Variance of the outcome R² is a share of.

    Returns
    -------
    gains : ndarray, shape (M, q)
        In order of entering; each row sums to R² of all players.
    slopes : ndarray, shape (M, q)
        Standardised coefficient of the column that enters; its sign is the coefficient's.
    """
    columns = columns_in_order(orders, sizes)
    q = len(covariance)
    variances = np.diagonal(covariance)
    scale = 1 / np.sqrt(np.where(variances > 0, variances, 1.0))
    scaled = covariance * scale[:, None] * scale[None, :]
    gains, slopes = np.empty(columns.shape), np.empty(columns.shape)
    chunk = max(1, CELLS // (q * q))
    for start in range(0, len(columns), chunk):
        part = columns[start : start + chunk].T
        full = np.concatenate([part, np.full((1, part.shape[1]), q - 1)])
        losses, coefficients = _eliminate(scaled[full[:, None], full[None, :]])
        gains[start : start + chunk], slopes[start : start + chunk] = losses.T, coefficients.T
    return gains * (variances[-1] / total), slopes


def average_slopes_along(covariance: FloatArray, orders: IntArray) -> FloatArray:
    """Return each driver's mean standardised coefficient at each place of entering, (p, p).

    For drivers of one column. Where the orders are drawn at random this estimates the mean over
    the models of each size (`shares.average_slopes`); nan where a driver never had the place.
    """
    p = orders.shape[1]
    slopes = walk_orders(covariance, orders, sizes=[1] * p, total=1.0)[1]
    cell = (orders * p + np.arange(p)).ravel()
    counts = np.bincount(cell, minlength=p * p)
    sums = np.bincount(cell, weights=slopes.ravel(), minlength=p * p)
    return np.asarray(sums / np.where(counts > 0, counts, np.nan)).reshape(p, p)


def columns_in_order(orders: IntArray, sizes: Sequence[int]) -> IntArray:
    """Return the columns in the order their players enter, shape (M, q)."""
    if max(sizes) == 1:
        return orders
    starts = np.cumsum([0, *sizes[:-1]])
    blocks = [np.arange(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    return np.stack([np.concatenate([blocks[i] for i in order]) for order in orders])


def by_player(gains: FloatArray, orders: IntArray, sizes: Sequence[int]) -> FloatArray:
    """Return the gains of each player (M, p) from those of columns in order of entering."""
    owner = np.repeat(np.arange(len(sizes)), sizes)[columns_in_order(orders, sizes)]
    table = np.zeros((len(gains), len(sizes)))
    np.add.at(table, (np.arange(len(gains))[:, None], owner), gains)
    return table


def mean_gains(
    covariances: FloatArray, orders: IntArray, *, sizes: Sequence[int], total: FloatArray
) -> FloatArray:
    """Return, for each matrix, the mean over the orders of what each player adds; (B, p)."""
    columns = columns_in_order(orders, sizes)
    owner = np.repeat(np.arange(len(sizes)), sizes)[columns].ravel()
    shares = np.empty((len(covariances), len(sizes)))
    for row, covariance, whole in zip(shares, covariances, total, strict=True):
        gains = gains_along(covariance, orders, sizes=sizes, total=float(whole))
        row[:] = np.bincount(owner, weights=gains.ravel(), minlength=len(sizes)) / len(orders)
    return shares


def _eliminate(state: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sweep the variables of (q + 1, q + 1, M) in turn; the last one's losses and slopes."""
    losses, slopes = (np.empty((len(state) - 1, state.shape[2])) for _ in range(2))
    for step in range(len(losses)):
        pivot, row = state[0, 0], state[0, 1:]
        usable = pivot > ALIASED_BELOW
        scaled = row * np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)
        losses[step], slopes[step] = row[-1] * scaled[-1], scaled[-1]
        state = state[1:, 1:] - row[:, None] * scaled[None, :]
    return losses, slopes
