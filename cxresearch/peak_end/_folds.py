"""Prediction errors for people that a model never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import EstimationError
from cxresearch.peak_end._least_squares import least_squares
from cxresearch.peak_end._memory_data import MemoryData, intercept_fit

_SINGULAR = 1e-12
"""Share of a direction left without a fold, below which nothing is known of it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fold:
    """Episodes that are left out, and those a model is fitted on.

    `person` numbers the people of the kept episodes, 0 …; `repeated` tells whether somebody
    has several of them.
    """

    out: IntArray
    kept: IntArray
    person: IntArray
    repeated: bool


def draw_folds(people: int, n_folds: int, seed: int) -> IntArray:
    """Return a fold of each participant, sizes as equal as can be."""
    fold = np.arange(people) % min(n_folds, people)
    return np.random.default_rng(seed).permutation(fold)


def split_by(folds: IntArray, person: IntArray) -> list[Fold]:
    """Return each fold, from the folds and the people of the episodes, shape (n,)."""
    return [_fold(folds == fold, person) for fold in range(int(folds.max()) + 1)]


def _fold(out: BoolArray, person: IntArray) -> Fold:
    kept = np.flatnonzero(~out)
    people, number = np.unique(person[kept], return_inverse=True)
    return Fold(
        out=np.flatnonzero(out), kept=kept, person=number, repeated=len(people) < len(kept)
    )


def left_out_errors(
    data: MemoryData, columns: tuple[str, ...], folds: list[Fold]
) -> FloatArray:
    """Return the error of every episode under the model of the episodes of other folds.

    nan where the other folds have too few episodes to predict from.

    Parameters
    ----------
    data : MemoryData
    columns : tuple of str
        Predictors.
    folds : list of Fold

    Raises
    ------
    EstimationError
        Without a fold the predictors are linearly dependent.
    """
    x, y, errors = data.design(columns), data.memory, np.full(data.n, np.nan)
    folds = [fold for fold in folds if len(fold.kept) > x.shape[1]]
    if not data.mixed:
        parts = [fold.out for fold in folds]
        for part, predicted in zip(parts, _predicted(x, y, parts), strict=True):
            errors[part] = y[part] - predicted
        return errors
    for fold in folds:
        own_x, own_y = x[fold.kept], y[fold.kept]
        if fold.repeated:
            beta = intercept_fit(own_y, own_x, fold.person).beta
        else:
            beta = least_squares(own_x, own_y).beta
        errors[fold.out] = y[fold.out] - x[fold.out] @ beta
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
