"""Gap scores of each respondent: items, dimensions, overall, weighted by importance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapScores:
    """Expectation, perception and gap of each respondent on each term.

    Attributes
    ----------
    expectation, perception : ndarray, shape (n, t)
        Response-scale units; both nan where a respondent has too few answered pairs.
    """

    expectation: FloatArray
    perception: FloatArray

    @property
    def gap(self) -> FloatArray:
        """Perception − expectation, shape (n, t)."""
        return self.perception - self.expectation

    def take(self, columns: Sequence[int] | IntArray) -> GapScores:
        """Return the scores of some terms only."""
        return GapScores(
            expectation=self.expectation[:, columns], perception=self.perception[:, columns]
        )


def score_gaps(
    expectation: FloatArray,
    perception: FloatArray,
    *,
    dimensions: Sequence[IntArray],
    min_answered: float = 0.5,
    shares: FloatArray | None = None,
) -> GapScores:
    """Return each respondent's scores: items, then dimensions, then the overall scores.

    Parameters
    ----------
    expectation, perception : ndarray, shape (n, k)
        Answers to the items, nan where there is none. An item counts only with both answered.
    dimensions : sequence of ndarray of int
        Positions of the items of each dimension.
    min_answered : float
        A dimension needs ``ceil(min_answered · items)`` answered pairs, at least one.
    shares : ndarray, shape (n, d), optional
        Importance of each dimension to each respondent, rows summing to 1.

    Returns
    -------
    GapScores
        k + d + 1 terms, and one more (weighted by `shares`) where shares are given. A dimension
        is the mean over its answered pairs; overall is the mean over all dimensions.
    """
    paired = np.isfinite(expectation) & np.isfinite(perception)
    parts = [
        _score_part(np.where(paired, part, np.nan), paired, dimensions, min_answered, shares)
        for part in (expectation, perception)
    ]
    return GapScores(expectation=parts[0], perception=parts[1])


def items_needed(min_answered: float, items: int) -> int:
    """Return how many answered items a dimension needs.

    Examples
    --------
    >>> items_needed(0.5, 5), items_needed(0.7, 10), items_needed(0, 4)
    (3, 7, 1)
    """
    # 0.7 · 10 is 7.000000000000001 in binary: without the allowance it would ask for 8.
    return max(1, math.ceil(min_answered * items - 1e-9))


def _score_part(
    answers: FloatArray,
    paired: np.ndarray,
    dimensions: Sequence[IntArray],
    min_answered: float,
    shares: FloatArray | None,
) -> FloatArray:
    scores = []
    for items in dimensions:
        answered = paired[:, items].sum(axis=1)
        enough = answered >= items_needed(min_answered, len(items))
        total = np.where(paired[:, items], answers[:, items], 0.0).sum(axis=1)
        scores.append(np.where(enough, total / np.maximum(answered, 1), np.nan))
    by_dimension = np.stack(scores, axis=1)
    columns = [answers, by_dimension, by_dimension.mean(axis=1, keepdims=True)]
    if shares is not None:
        columns.append((by_dimension * shares).sum(axis=1, keepdims=True))
    return np.hstack(columns)
