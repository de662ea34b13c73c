"""Sums of products within groups: all that a mixed model with one grouping factor rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray, IntArray
from cxresearch.errors import EstimationError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupedData:
    """Sums of products of G groups, with columns made orthonormal and y made residual.

    Attributes
    ----------
    zz : ndarray, shape (G, q, q)
    zw : ndarray, shape (G, q, p + 1)
        Z'X and Z'y, side by side.
    ww : ndarray, shape (p + 1, p + 1)
        Of the columns and y, all groups together.
    n : int
        Rows.
    from_orthonormal : ndarray, shape (p, p)
        Turns coefficients of the orthonormal columns into those of X.
    least_squares : ndarray, shape (p,)
        Ordinary least-squares coefficients, taken out of y.
    log_det_x : float
        Log determinant of X'X.
    z_scale : ndarray, shape (q,)
        Root mean squares the columns of Z were divided by.
    """

    zz: FloatArray
    zw: FloatArray
    ww: FloatArray
    n: int
    from_orthonormal: FloatArray
    least_squares: FloatArray
    log_det_x: float
    z_scale: FloatArray


def grouped_data(y: FloatArray, x: FloatArray, z: FloatArray, group: IntArray) -> GroupedData:
    """Return the sums of products a mixed model rests on.

    Parameters
    ----------
    y : ndarray, shape (n,)
    x : ndarray, shape (n, p)
        Full column rank.
    z : ndarray, shape (n, q)
    group : ndarray of int, shape (n,)
        0 … G − 1, each occurring.

    Raises
    ------
    EstimationError
        The columns of `x` are linearly dependent, or there are no more rows than columns.
    """
    n, p = x.shape
    if n <= p:
        raise EstimationError(f"{n} rows cannot carry {p} fixed effects; more rows are needed")
    q, r = np.linalg.qr(x)
    size = np.abs(np.diag(r))
    if (size <= 1e-10 * np.sqrt((x**2).sum(axis=0))).any():
        raise EstimationError("the fixed effects are linearly dependent; leave one of them out")
    inverse = np.linalg.inv(r)
    projected = q.T @ y
    rest = y - q @ projected
    scale = np.sqrt((z**2).mean(axis=0))
    scaled = z / np.where(scale > 0, scale, 1.0)
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=-1))
    w = np.column_stack([q, rest])
    zs, ws = scaled[order], w[order]

    def total(one: FloatArray, other: FloatArray) -> FloatArray:
        products = one[:, :, None] * other[:, None, :]
        return np.asarray(np.add.reduceat(products, first, axis=0), dtype=float)

    return GroupedData(
        zz=total(zs, zs),
        zw=total(zs, ws),
        ww=w.T @ w,
        n=n,
        from_orthonormal=inverse,
        least_squares=inverse @ projected,
        log_det_x=float(2 * np.log(size).sum()),
        z_scale=np.where(scale > 0, scale, 1.0),
    )
