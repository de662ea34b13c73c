"""Intervals from resamples of respondents of which a few could not be computed."""

from __future__ import annotations

import numpy as np

from cxresearch._resample import Intervals, percentile_interval
from cxresearch._types import FloatArray

_USABLE = 0.95
"""With fewer usable resamples an interval would speak of the lucky ones only."""


def resampled_interval(replicates: FloatArray, confidence_level: float) -> Intervals:
    """Return percentile intervals of replicates of shape (B, t), nan among them left out.

    A statistic of which more than one resample in twenty is not defined has no interval.
    """
    count = replicates.shape[1]
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    extreme = np.zeros(count, dtype=bool)
    for column in range(count):
        own = replicates[:, column]
        usable = own[np.isfinite(own)]
        if len(usable) < max(2.0, _USABLE * len(own)):
            continue
        found = percentile_interval(usable[:, None], confidence_level)
        low[column], high[column] = found.low[0], found.high[0]
        extreme[column] = found.extreme[0]
    return Intervals(low=low, high=high, extreme=extreme)


def resampled_error(replicates: FloatArray) -> FloatArray:
    """Return the standard deviation of usable replicates of each statistic, shape (t,)."""
    usable = np.isfinite(replicates)
    enough = usable.sum(axis=0) >= np.maximum(2, _USABLE * len(replicates))
    filled = np.where(usable, replicates, 0.0)
    count = np.maximum(usable.sum(axis=0), 2)
    mean = filled.sum(axis=0) / count
    squares = np.where(usable, (filled - mean) ** 2, 0.0).sum(axis=0)
    return np.where(enough, np.sqrt(squares / (count - 1)), np.nan)
