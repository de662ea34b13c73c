"""Chained equations with predictive mean matching; what does not apply is never filled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrs, dtrtrs

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


def impute_sets(
    answers: Answers, *, imputations: int, iterations: int, donors: int, seed: int
) -> Iterator[FloatArray]:
    """Yield completed values (n, q) so many times; cells that do not apply stay nan."""
    order = np.argsort(answers.fill.sum(axis=0), kind="stable")
    steps = [_Step.of(answers, int(i)) for i in order if answers.fill[:, i].any()]
    for number in range(imputations):
        rng = np.random.default_rng([seed, number])
        table = _Table.of(answers, _first_guess(answers, rng))
        for _ in range(iterations if len(steps) > 1 else 1):
            for step in steps:
                step.fill(table, donors=donors, rng=rng)
        completed = table.values[:, 1 : 1 + answers.values.shape[1]].copy()
        completed[answers.unused] = np.nan
        yield completed


def _first_guess(answers: Answers, rng: np.random.Generator) -> FloatArray:
    """Start from a random answer of others; from the mean where the question does not apply."""
    current = answers.values.copy()
    for column in range(current.shape[1]):
        known = answers.values[~np.isnan(answers.values[:, column]), column]
        filled = answers.fill[:, column]
        current[filled, column] = rng.choice(known, size=int(filled.sum()))
        current[answers.unused[:, column], column] = known.mean()
    return current


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Table:
    """All columns side by side, and their products; both change as columns are filled.

    Attributes
    ----------
    values : ndarray, shape (n, m)
        A constant, the answers, an indicator for each question that does not apply to some,
        and the dummies of factors.
    products : ndarray, shape (m, m)
        ``values.T @ values``: a step takes its own from it instead of adding up all rows again.
    """

    values: FloatArray
    products: FloatArray

    @classmethod
    def of(cls, answers: Answers, current: FloatArray) -> _Table:
        told = answers.unused[:, answers.unused.any(axis=0)].astype(float)
        values = np.column_stack([np.ones(len(current)), current, told, answers.fixed])
        return cls(values=values, products=values.T @ values)

    def put(self, place: int, rows: IntArray, values: FloatArray) -> None:
        """Write into some rows of a column."""
        self.values[rows, place] = values
        products = self.values.T @ self.values[:, place]
        self.products[place] = self.products[:, place] = products


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Step:
    """How one column is filled from the others.

    Attributes
    ----------
    place : int
        Of the column in the table.
    others : ndarray of int
        Places of the columns that predict it, the last first: the inverse root of X'X is then
        the lower triangle that mice draws by, its columns in reverse.
    known : ndarray of int
        Rows that answered.
    answered : ndarray
        What they answered.
    without : ndarray of int
        All other rows.
    filled : ndarray of int
        Those of them that are to be filled.
    """

    place: int
    others: IntArray
    known: IntArray
    answered: FloatArray
    without: IntArray
    filled: IntArray

    @classmethod
    def of(cls, answers: Answers, column: int) -> _Step:
        count = answers.values.shape[1]
        told = np.flatnonzero(answers.unused.any(axis=0))
        columns = np.arange(1 + count + len(told) + answers.fixed.shape[1])
        own = [1 + column, *(1 + count + np.flatnonzero(told == column))]
        out = answers.fill[:, column] | answers.unused[:, column]
        known = np.flatnonzero(~out)
        return cls(
            place=1 + column,
            others=np.delete(columns, own)[::-1],
            known=known, answered=answers.values[known, column],
            without=np.flatnonzero(out), filled=np.flatnonzero(answers.fill[:, column]),
        )  # fmt: skip

    def fill(self, table: _Table, *, donors: int, rng: np.random.Generator) -> None:
        """Match predicted means: donors by β̂, the others by a posterior draw (mice, type 1)."""
        gram, moment = self._products(table)
        root = np.linalg.cholesky(gram).T
        centre = dpotrs(root, moment)[0]
        predicted = table.values @ self._spread(centre, table)
        residuals = self.answered - predicted[self.known]
        df = max(len(self.known) - len(self.others), 1)
        sigma = np.sqrt(residuals @ residuals / rng.chisquare(df))
        noise = rng.standard_normal(len(centre))[::-1]
        drawn = centre + sigma * dtrtrs(root, noise)[0]
        wanted = table.values[self.filled] @ self._spread(drawn, table)
        place = _near_donors(predicted[self.known], wanted, donors, rng)
        table.put(self.place, self.filled, self.answered[place])

    def _products(self, table: _Table) -> tuple[FloatArray, FloatArray]:
        """Return X'X, with a small ridge, and X'y of the rows that answered."""
        apart = table.values[self.without]
        products = table.products - apart.T @ apart
        gram = products[self.others][:, self.others]
        # The ridge of mice's norm.draw; an indicator may repeat another column.
        diagonal = np.einsum("ii->i", gram)
        diagonal += RIDGE * diagonal + 1e-12
        return gram, products[self.others, self.place]

    def _spread(self, coefficients: FloatArray, table: _Table) -> FloatArray:
        """Return a coefficient for every column of the table, 0 where it predicts nothing."""
        spread = np.zeros(table.values.shape[1])
        spread[self.others] = coefficients
        return spread


def _near_donors(
    known: FloatArray, wanted: FloatArray, donors: int, rng: np.random.Generator
) -> IntArray:
    """For each wanted prediction, one of the `donors` nearest known ones, at random."""
    donors = min(donors, len(known))
    # Shuffled first, so that equal predictions are not always served by the same respondents.
    shuffled = rng.permutation(len(known))
    order = shuffled[np.argsort(known[shuffled], kind="stable")]
    # Beyond the ends stands nobody who could be near.
    beyond = np.full(donors, np.inf)
    ranked = np.concatenate([-beyond, known[order], beyond])
    window = np.searchsorted(ranked, wanted)[:, None] + np.arange(-donors, donors)
    nearest = np.argsort(np.abs(ranked[window] - wanted[:, None]), axis=1, kind="stable")
    rows = np.arange(len(wanted))
    chosen = nearest[rows, rng.integers(0, donors, size=len(wanted))]
    return np.asarray(order[window[rows, chosen] - donors])
