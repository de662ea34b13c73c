"""Minimum, desired and perceived scores of each respondent, and their zone of tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxresearch._moments import ColumnMoments, column_moments
from cxresearch._types import BoolArray, FloatArray, IntArray, Part
from cxresearch.servqual._scores import items_needed

ZONE_PARTS: tuple[Part, ...] = ("minimum", "desired", "perception")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ZoneScores:
    """Scores of each respondent on each term: items, dimensions, overall.

    Attributes
    ----------
    minimum, desired, perception : ndarray, shape (n, t)
        Response-scale units; all nan where a respondent has too few usable answers.
    misordered : ndarray of int, shape (n, t)
        Item answers with minimum above desired: left out of the scores.
    """

    minimum: FloatArray
    desired: FloatArray
    perception: FloatArray
    misordered: IntArray

    @property
    def adequacy(self) -> FloatArray:
        """Perception − minimum."""
        return self.perception - self.minimum

    @property
    def superiority(self) -> FloatArray:
        """Perception − desired."""
        return self.perception - self.desired

    @property
    def width(self) -> FloatArray:
        """Desired − minimum."""
        return self.desired - self.minimum

    def take(self, columns: IntArray) -> ZoneScores:
        """Return the scores of some terms only."""
        return ZoneScores(
            minimum=self.minimum[:, columns],
            desired=self.desired[:, columns],
            perception=self.perception[:, columns],
            misordered=self.misordered[:, columns],
        )

    def inside(self, members: BoolArray) -> ZoneScores:
        """Return the scores of some respondents, those of the others nan."""
        out = ~members[:, None]
        return ZoneScores(
            minimum=np.where(out, np.nan, self.minimum),
            desired=np.where(out, np.nan, self.desired),
            perception=np.where(out, np.nan, self.perception),
            misordered=np.where(out, 0, self.misordered),
        )


def score_zone(
    minimum: FloatArray,
    desired: FloatArray,
    perception: FloatArray,
    *,
    dimensions: Sequence[IntArray],
    min_answered: float = 0.5,
) -> ZoneScores:
    """Return each respondent's scores: items, then dimensions, then overall.

    An item counts only with all three answered and the minimum not above the desired level. A
    dimension needs ``ceil(min_answered · items)`` such items, overall every dimension.

    Parameters
    ----------
    minimum, desired, perception : ndarray, shape (n, k)
        nan where there is no answer.
    dimensions : sequence of ndarray of int
        Positions of the items of each dimension.
    min_answered : float

    Examples
    --------
    >>> low, high, got = np.array([[3.0, 6.0]]), np.array([[6.0, 5.0]]), np.array([[4.0, 5.0]])
    >>> scores = score_zone(low, high, got, dimensions=[np.array([0, 1])])
    >>> scores.adequacy.tolist(), scores.misordered.tolist()
    ([[1.0, nan, 1.0, 1.0]], [[0, 1, 1, 1]])
    """
    answered = np.isfinite(minimum + desired + perception)
    wrong = np.isfinite(minimum + desired) & (minimum > desired)
    usable = answered & ~wrong
    parts = []
    for part in (minimum, desired, perception):
        means = [_mean(part, usable, items, min_answered) for items in dimensions]
        by_dimension = np.stack(means, axis=1)
        items = np.where(usable, part, np.nan)
        parts.append(np.hstack([items, by_dimension, by_dimension.mean(axis=1)[:, None]]))
    counts = np.stack([wrong[:, items].sum(axis=1) for items in dimensions], axis=1)
    misordered = np.hstack([wrong, counts, counts.sum(axis=1)[:, None]]).astype(np.int64)
    return ZoneScores(
        minimum=parts[0], desired=parts[1], perception=parts[2], misordered=misordered
    )


def _mean(
    part: FloatArray, usable: BoolArray, items: IntArray, min_answered: float
) -> FloatArray:
    count = usable[:, items].sum(axis=1)
    total = np.where(usable[:, items], part[:, items], 0.0).sum(axis=1)
    enough = count >= items_needed(min_answered, len(items))
    return np.where(enough, total / np.maximum(count, 1), np.nan)


def position_moments(
    adequacy: FloatArray, width: FloatArray, *, weights: FloatArray | None = None
) -> ColumnMoments:
    r"""Return the position in the zone, ``mean(P − Min) / mean(Des − Min)``, of each column.

    0 is the minimum, 1 the desired level. The error is the linearised one of a ratio: that of
    the mean of ``(a − R w) / w̄``.

    Parameters
    ----------
    adequacy, width : ndarray, shape (n, t)
        nan where a respondent has no score.
    weights : ndarray, shape (n,), optional

    Notes
    -----
    A ratio of means, not the mean of ratios: the ratio of a respondent whose zone is narrow
    says next to nothing and would rule the mean, and where the zone has no width there is none.
    Agrees with R survey: ``svyratio(~adequacy, ~width, design)``.
    """
    above, across = (column_moments(x, weights=weights) for x in (adequacy, width))
    usable = (across.mean > 0) & (across.n > 1)
    base = np.where(usable, across.mean, np.nan)
    ratio = above.mean / base
    influence = (adequacy - ratio * width) / base
    spread = column_moments(influence, weights=weights)
    return ColumnMoments(
        n=above.n, mean=ratio, sd=spread.sd, std_error=spread.std_error, df=spread.df
    )
