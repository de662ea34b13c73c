"""Chained equations with predictive mean matching; what does not apply is never filled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import BoolArray, FloatArray, IntArray

RIDGE = 1e-5


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Answers:
    """What is known and what is to be filled.

    Attributes
    ----------
    names : tuple of str, length q
        Numeric columns.
    values : ndarray, shape (n, q)
        nan where there is no answer.
    fill : ndarray of bool, shape (n, q)
        Cells to impute: missing, and not a question that does not apply.
    unused : ndarray of bool, shape (n, q)
        Cells of a question that does not apply.
    fixed : ndarray, shape (n, d)
        Dummies of factors, complete.
    """

    names: tuple[str, ...]
    values: FloatArray
    fill: BoolArray
    unused: BoolArray
    fixed: FloatArray


def impute_once(
    answers: Answers, *, iterations: int, donors: int, rng: np.random.Generator
) -> FloatArray:
    """Return completed values (n, q); cells that do not apply stay nan."""
    current = _first_guess(answers, rng)
    order = np.argsort(answers.fill.sum(axis=0), kind="stable")
    todo = [int(column) for column in order if answers.fill[:, column].any()]
    for _ in range(iterations if len(todo) > 1 else 1):
        for column in todo:
            x = _predictors(answers, current, column)
            filled = answers.fill[:, column]
            known = ~filled & ~answers.unused[:, column]
            current[filled, column] = _matched(
                x[known], answers.values[known, column], x[filled], donors=donors, rng=rng
            )
    current[answers.unused] = np.nan
    return current


def _first_guess(answers: Answers, rng: np.random.Generator) -> FloatArray:
    """Start from a random answer of others; from the mean where the question does not apply."""
    current = answers.values.copy()
    for column in range(current.shape[1]):
        known = answers.values[~np.isnan(answers.values[:, column]), column]
        filled = answers.fill[:, column]
        current[filled, column] = rng.choice(known, size=int(filled.sum()))
        current[answers.unused[:, column], column] = known.mean()
    return current


def _predictors(answers: Answers, current: FloatArray, column: int) -> FloatArray:
    others = np.delete(current, column, axis=1)
    unused = np.delete(answers.unused, column, axis=1)
    told = unused[:, unused.any(axis=0)].astype(float)
    return np.column_stack([np.ones(len(current)), others, told, answers.fixed])


def _matched(
    x: FloatArray,
    y: FloatArray,
    x_missing: FloatArray,
    *,
    donors: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Predictive mean matching: donors by β̂, recipients by a posterior draw (mice, type 1)."""
    n, k = x.shape
    gram = x.T @ x
    # The small ridge of mice's norm.draw; an indicator may repeat another column.
    gram += np.diag(RIDGE * np.diag(gram) + 1e-12)
    inverse = np.linalg.inv(gram)
    centre = inverse @ (x.T @ y)
    residuals = y - x @ centre
    df = max(n - k, 1)
    sigma = np.sqrt(residuals @ residuals / rng.chisquare(df))
    root = np.linalg.cholesky((inverse + inverse.T) / 2)
    drawn = centre + sigma * root @ rng.standard_normal(k)
    place = _near_donors(x @ centre, x_missing @ drawn, donors, rng)
    return np.asarray(y[place])


def _near_donors(
    known: FloatArray, wanted: FloatArray, donors: int, rng: np.random.Generator
) -> IntArray:
    """For each wanted prediction, one of the `donors` nearest known ones, at random."""
    donors = min(donors, len(known))
    # Shuffled first, so that equal predictions are not always served by the same respondents.
    shuffled = rng.permutation(len(known))
    order = shuffled[np.argsort(known[shuffled], kind="stable")]
    ranked = known[order]
    first = np.searchsorted(ranked, wanted) - donors
    window = np.clip(first[:, None] + np.arange(2 * donors), 0, len(known) - 1)
    distance = np.abs(ranked[window] - wanted[:, None])
    # At the ends the window repeats a donor; only its first place counts.
    distance[:, 1:][np.diff(window, axis=1) == 0] = np.inf
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :donors]
    chosen = nearest[np.arange(len(wanted)), rng.integers(0, donors, size=len(wanted))]
    return np.asarray(order[window[np.arange(len(wanted)), chosen]])
