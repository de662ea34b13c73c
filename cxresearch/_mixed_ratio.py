"""The variance ratio of a random intercept: a root of one slope, from sums over like groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from cxresearch._mixed_sums import GroupedData
from cxresearch._types import FloatArray

_SHARES = np.concatenate([np.linspace(0.0, 0.98, 26), [0.999, 0.99999]])
"""Shares of the variance that may lie between groups, among which the best is looked for."""


def intercept_ratio(data: GroupedData, *, reml: bool) -> float | None:
    """Return the variance of a random intercept over the residual's that is most likely.

    Parameters
    ----------
    data : GroupedData
        Z has one column.
    reml : bool

    Returns
    -------
    float or None
        None where a grid of ratios does not show between which of them the minimum lies.
    """
    kinds = _Kinds.of(data, reml=reml)
    grid = _SHARES / (1 - _SHARES)
    best = int(np.argmin(kinds.deviances(grid)))
    if best == 0 and kinds.slope(0.0) >= 0:
        return 0.0
    if best == len(grid) - 1:
        return None
    low, high = grid[max(best - 1, 0)], grid[best + 1]
    try:
        return float(optimize.brentq(kinds.slope, low, high, xtol=1e-15, rtol=1e-15))
    except ValueError:  # the slope has the same sign at both ends
        return None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Kinds:
    """Groups pooled by their Z'Z; D kinds.

    Attributes
    ----------
    zz, groups : ndarray, shape (D,)
        Z'Z of a group, and how many groups have it.
    within : ndarray, shape (D, p + 1, p + 1)
        Sums over groups of the products of Z'X and Z'y.
    whole : ndarray, shape (p + 1, p + 1)
        Sums over rows of the products of X and y.
    df : int
        Rows, less the columns of X when `reml`.
    reml : bool
    """

    zz: FloatArray
    groups: FloatArray
    within: FloatArray
    whole: FloatArray
    df: int
    reml: bool

    @staticmethod
    def of(data: GroupedData, *, reml: bool) -> _Kinds:
        zz, kind = np.unique(data.zz[:, 0, 0].round(12), return_inverse=True)
        order = np.argsort(kind, kind="stable")
        first = np.searchsorted(kind[order], np.arange(len(zz)))
        rows = data.zw[order, 0]
        within = np.add.reduceat(rows[:, :, None] * rows[:, None, :], first, axis=0)
        return _Kinds(
            zz=zz,
            groups=np.bincount(kind).astype(float),
            within=within,
            whole=data.ww,
            df=data.n - (len(data.ww) - 1 if reml else 0),
            reml=reml,
        )

    def deviances(self, ratios: FloatArray) -> FloatArray:
        """Return the deviance at some ratios, but for a constant."""
        spread = 1 + ratios[:, None] * self.zz
        left = self.whole - np.einsum("td,dij->tij", ratios[:, None] / spread, self.within)
        log_det_x = np.linalg.slogdet(left[:, :-1, :-1])[1]
        log_rss = np.linalg.slogdet(left)[1] - log_det_x
        found = np.log(spread) @ self.groups + self.df * log_rss
        return np.asarray(found + log_det_x if self.reml else found)

    def slope(self, ratio: float) -> float:
        """Return the slope of the deviance in the ratio."""
        keep = 1 / (1 + ratio * self.zz)
        left = self.whole - np.einsum("d,dij->ij", ratio * keep, self.within)
        fall = np.einsum("d,dij->ij", keep**2, self.within)
        covariance = np.linalg.inv(left[:-1, :-1])
        rest = np.append(-covariance @ left[:-1, -1], 1.0)
        slope = self.groups @ (self.zz * keep) - self.df * (rest @ fall @ rest) / (
            left[-1] @ rest
        )
        return float(slope - (covariance * fall[:-1, :-1]).sum() if self.reml else slope)
