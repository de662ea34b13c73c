"""Prediction errors for people that a model never saw."""

from __future__ import annotations

import numpy as np

from cxresearch._types import FloatArray, IntArray
from cxresearch.errors import EstimationError
from cxresearch.peak_end._least_squares import least_squares
from cxresearch.peak_end._memory_data import MemoryData

_SINGULAR = 1e-12
"""Share of a direction left without a fold, below which nothing is known of it."""


def draw_folds(people: int, n_folds: int, seed: int) -> IntArray:
    """Return a fold of each participant, sizes as equal as can be."""
    fold = np.arange(people) % min(n_folds, people)
    return np.random.default_rng(seed).permutation(fold)


def left_out_errors(data: MemoryData, columns: tuple[str, ...], folds: IntArray) -> FloatArray:
    """Return the error of every episode under the model of the episodes of other folds.

    nan where the other folds have too few episodes to predict from.

    Parameters
    ----------
    data : MemoryData
    columns : tuple of str
        Predictors.
    folds : ndarray of int, shape (n,)
        Of each episode; those of a participant have the same one.

    Raises
    ------
    EstimationError
        Without a fold the predictors are linearly dependent.
    """
    x, errors = data.design(columns), np.full(data.n, np.nan)
    parts = [np.flatnonzero(folds == fold) for fold in range(int(folds.max()) + 1)]
    parts = [part for part in parts if data.n - len(part) > x.shape[1]]
    if not data.mixed:
        for part, predicted in zip(parts, _predicted(x, data.memory, parts), strict=True):
            errors[part] = data.memory[part] - predicted
        return errors
    for part in parts:
        kept = np.delete(np.arange(data.n), part)
        if len(np.unique(data.person[kept])) < len(kept):
            beta = data.mixed_fit(x, rows=kept).beta
        else:
            beta = least_squares(x[kept], data.memory[kept]).beta
        errors[part] = data.memory[part] - x[part] @ beta
    return errors


def _predicted(x: FloatArray, y: FloatArray, parts: list[IntArray]) -> list[FloatArray]:
    """Predict each part from least squares of all other rows.

    With an orthonormal basis Q of the columns of x, the rows without a part have the Gram
    matrix ``I − Q_part' Q_part``: one decomposition serves all parts.
    """
    basis = np.linalg.qr(x)[0]
    own = [basis[part] for part in parts]
    if not own:
        return []
    gram = np.eye(basis.shape[1]) - np.array([q.T @ q for q in own])
    if np.linalg.eigvalsh(gram).min() <= _SINGULAR:
        raise EstimationError("the predictors are linearly dependent; leave one of them out")
    seen = basis.T @ y - np.array([q.T @ y[part] for q, part in zip(own, parts, strict=True)])
    slopes = np.linalg.solve(gram, seen[..., None])[..., 0]
    return [q @ slope for q, slope in zip(own, slopes, strict=True)]
