"""Covariances of a scale's items as sums over respondents, so that resampling is a product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import BoolArray, FloatArray

ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScaleMoments:
    """What the covariances of k items are made of.

    Attributes
    ----------
    sums : ndarray, shape (n, 3, k, k)
        Of each respondent and pair of items: its count, the first item, the product; 0 where
        an answer is missing.
    pairs : ndarray, shape (k, k)
        Respondents who answered both items.
    n : int
        Respondents in any covariance.
    """

    sums: FloatArray
    pairs: FloatArray
    n: int

    @property
    def items(self) -> int:
        """Number of items k."""
        return int(self.sums.shape[-1])

    @property
    def covariance(self) -> FloatArray:
        """All respondents, shape (k, k): divisor n − 1 of each pair."""
        whole: FloatArray = self.covariances(self.sums.sum(axis=0)[None])[0]
        return whole

    def covariances(self, totals: FloatArray) -> FloatArray:
        """Return a covariance matrix for each row of summed `sums`, shape (B, k, k)."""
        parts = totals.reshape(-1, 3, self.items, self.items)
        weight, first, product = (parts[:, i] for i in range(3))
        with np.errstate(divide="ignore", invalid="ignore"):
            second = np.swapaxes(first, 1, 2)
            covariance: FloatArray = (product - first * second / weight) / weight
            covariance *= self.pairs / (self.pairs - 1)
        return covariance


def scale_moments(answers: FloatArray, counts: FloatArray, *, pairwise: bool) -> ScaleMoments:
    """Return the moments of the items of a scale.

    Parameters
    ----------
    answers : ndarray, shape (n, k)
    counts : ndarray, shape (n,)
        Case weights.
    pairwise : bool
        Each covariance from all who answered both items; else from those who answered all.
    """
    known: BoolArray = np.isfinite(answers)
    if not pairwise:
        known = np.logical_and(known, known.all(axis=1, keepdims=True))
    seen = np.where(known, answers, 0.0)
    answered = known.sum(axis=0)
    middle = seen.sum(axis=0) / np.maximum(answered, 1)
    centred = np.where(known, answers - middle, 0.0)
    noise = ROUNDING * np.abs(seen).max(axis=0, initial=0.0)
    centred = np.where(np.abs(centred).max(axis=0, initial=0.0) <= noise, 0.0, centred)
    both = known[:, :, None] & known[:, None, :]
    sums = np.stack(
        [
            both.astype(float),
            centred[:, :, None] * known[:, None, :],
            centred[:, :, None] * centred[:, None, :],
        ],
        axis=1,
    )
    used = known.sum(axis=1) > 1 if pairwise and answers.shape[1] > 1 else known.all(axis=1)
    return ScaleMoments(
        sums=sums * counts[:, None, None, None],
        pairs=both.sum(axis=0).astype(float),
        n=int(used.sum()),
    )
