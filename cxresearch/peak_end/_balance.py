"""How far apart the covariates of several arms lie, under one assignment or many."""

from __future__ import annotations

import numpy as np

from cxresearch._types import FloatArray, IntArray

_CELLS = 100_000
"""Labels shuffled in one block: people times draws."""


def whitened(x: FloatArray) -> FloatArray:
    """Return uncorrelated scores with variance 1 that span the centred covariates."""
    centred = x - x.mean(axis=0)
    u, size, _ = np.linalg.svd(centred / centred.std(axis=0), full_matrices=False)
    kept: FloatArray = u[:, size > 1e-10 * size[0]] * np.sqrt(len(x) - 1)
    return kept


def distances(scores: FloatArray, arms: IntArray, count: int) -> FloatArray:
    """Return the distance between the arms under each row of `arms`, shape (draws, n)."""
    total = np.zeros(len(arms))
    for arm in range(count):
        inside = (arms == arm).astype(float)
        total += ((inside @ scores) ** 2).sum(axis=1) / inside[0].sum()
    return total


def shuffled_distances(
    scores: FloatArray, arms: IntArray, count: int, *, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return distances between arms whose labels are shuffled; a block of draws at a time."""
    block = max(1, _CELLS // len(arms))
    return np.concatenate(
        [
            distances(scores, rng.permuted(np.tile(arms, (size, 1)), axis=1), count)
            for size in (min(block, draws - done) for done in range(0, draws, block))
        ]
    )
