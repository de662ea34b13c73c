"""How often each respondent of a model is drawn, a few replicates at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cxresearch._resample import draw_indices, factors_from, units_of
from cxresearch._types import BoolArray, FloatArray
from cxresearch.drivers._model_data import Design

CHUNK = 64
"""Replicates held in memory at once."""


def draw_counts(
    design: Design, rows: BoolArray, *, replicates: int, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Yield factors, shape (≤ 64, n), on the weights of the respondents in the model.

    Clusters are drawn whole; within strata by Rao and Wu's rule.
    """
    stratum = design.stratum[rows]
    stratified = len(np.unique(stratum)) > 1
    units = units_of(design.unit[rows], stratum if stratified else None)
    for start in range(0, replicates, CHUNK):
        size = min(CHUNK, replicates - start)
        yield factors_from(draw_indices(units, size, rng), units)[:, units.of_row]
