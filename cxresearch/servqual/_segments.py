"""Groups of respondents, and which of their cells are too small to be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import BoolArray, IntArray
from cxresearch.responses.model import Responses

SHOWN, TOO_SMALL, COMPLEMENTARY = 0, 1, 2
SUPPRESSION_NOTES = {TOO_SMALL: "suppressed", COMPLEMENTARY: "suppressed_complementary"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Segment:
    """One way of splitting respondents into groups.

    Attributes
    ----------
    labels : tuple of str
        Groups that occur, in the order of the codebook.
    members : tuple of ndarray of bool, shape (n,)
        Who belongs to each.
    unknown : int
        Respondents who belong to none.
    """

    name: str
    labels: tuple[str, ...]
    members: tuple[BoolArray, ...]
    unknown: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What the analyst must know, as codes: ``("segment_unknown:branch:3",)``."""
        return (f"segment_unknown:{self.name}:{self.unknown}",) if self.unknown else ()


def segment_names(responses: Responses) -> list[str]:
    """Return the columns respondents can be split by: role segment, and the wave."""
    names = [column.name for column in responses.codebook.columns_with_role("segment")]
    return [*names, *(["wave"] if "wave" in responses.frame and "wave" not in names else [])]


def split_by_segment(responses: Responses, name: str, analysed: BoolArray) -> Segment:
    """Return the groups of a segment column among the respondents that are analysed."""
    labels = responses.segment(name)[analysed]
    known = labels[labels.notna()].astype(str)
    order = [*_declared_labels(responses, name), *sorted(known.unique())]
    present = set(known)
    groups = tuple(dict.fromkeys(label for label in order if label in present))
    texts = labels.astype(object).where(labels.notna(), None)
    members = tuple(
        np.array([value is not None and str(value) == group for value in texts], dtype=bool)
        for group in groups
    )
    unknown = int(labels.isna().sum())
    return Segment(name=name, labels=groups, members=members, unknown=unknown)


def _declared_labels(responses: Responses, name: str) -> list[str]:
    """Labels in the order of the codebook; waves in the order of the study's files."""
    for column in responses.codebook.columns_with_role("segment"):
        if column.name == name:
            return [code.label for code in column.values]
    return [source.wave for source in responses.sources]


def suppressed_cells(
    respondents: IntArray, answered: IntArray, *, min_cell: int, overall: IntArray | None = None
) -> IntArray:
    """Return which cells of a segment are shown, too small, or hidden to protect another.

    A group below `min_cell` respondents is hidden on every term, a cell below `min_cell`
    complete answers on its term. Where just one cell of a term would be hidden it could be had
    from the total by subtraction, so the next smallest is hidden too; and a group with a hidden
    dimension loses its overall score, from which the dimension could be had likewise.

    Parameters
    ----------
    respondents : ndarray of int, shape (g,)
        Size of each group.
    answered : ndarray of int, shape (g, t)
        Complete answers of each group on each term.
    min_cell : int
    overall : ndarray of int, optional
        Positions of terms that are made of all the others.

    Returns
    -------
    ndarray of int, shape (g, t)
        `SHOWN`, `TOO_SMALL` or `COMPLEMENTARY`.

    Examples
    --------
    >>> sizes = np.array([4, 30, 50])
    >>> suppressed_cells(sizes, sizes[:, None], min_cell=10).tolist()
    [[1], [2], [0]]
    """
    group_state = np.where(respondents < min_cell, TOO_SMALL, SHOWN)
    _protect(group_state, respondents)
    state = np.where(answered < min_cell, TOO_SMALL, group_state[:, None])
    state = np.where((group_state == TOO_SMALL)[:, None], TOO_SMALL, state)
    made_of_all = np.array([] if overall is None else overall, dtype=int)
    parts = np.setdiff1d(np.arange(state.shape[1]), made_of_all)
    for term in parts:
        _protect(state[:, term], answered[:, term])
    lost = (state[:, parts] != SHOWN).any(axis=1)
    for term in made_of_all:
        column = state[:, term]
        column[lost & (column == SHOWN)] = COMPLEMENTARY
        _protect(column, answered[:, term])
    return state


def _protect(state: IntArray, sizes: IntArray) -> None:
    """Hide, in place, the smallest shown cell where exactly one is hidden."""
    shown = np.flatnonzero(state == SHOWN)
    if len(shown) and (state != SHOWN).sum() == 1:
        state[shown[np.argmin(sizes[shown])]] = COMPLEMENTARY
