"""Which correlations each heterotrait–monotrait ratio averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray, IntArray
from cxresearch.errors import CxError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Plan:
    """Scales, items, and which correlations each ratio averages.

    Attributes
    ----------
    between : ndarray, shape (q, pairs)
        Weights over the q different correlations, each column with sum 1.
    within : ndarray, shape (q, scales)
    first, second : ndarray of int, shape (pairs,)
    """

    scales: tuple[str, ...]
    items: tuple[str, ...]
    of_item: IntArray
    between: FloatArray
    within: FloatArray
    first: IntArray
    second: IntArray

    @property
    def pairs(self) -> int:
        """Number of pairs of scales."""
        return len(self.first)


def plan_of(model: Mapping[str, Sequence[str]]) -> Plan:
    """Check a model in words and say which correlations belong to which pair.

    Raises
    ------
    CxError
        Fewer than two scales with items, or an item in two of them.
    """
    scales = tuple(model)
    items = tuple(item for members in model.values() for item in members)
    if len(scales) < 2 or not all(len(list(members)) for members in model.values()):
        raise CxError(f"model must name at least two scales with items; got {dict(model)!r}")
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice:
        raise CxError(f"model: item(s) {twice} belong to two scales; HTMT needs them apart")
    of_item = np.repeat(np.arange(len(scales)), [len(list(m)) for m in model.values()])
    row, column = np.triu_indices(len(items), 1)
    a, b = of_item[row], of_item[column]
    first, second = np.triu_indices(len(scales), 1)
    within = ((a == b)[:, None] & (a[:, None] == np.arange(len(scales)))).astype(float)
    between = ((a[:, None] == first) & (b[:, None] == second)).astype(float)
    count = within.sum(axis=0)
    return Plan(
        scales=scales,
        items=items,
        of_item=of_item.astype(np.int64),
        between=between / between.sum(axis=0),
        within=within / np.where(count > 0, count, np.nan),
        first=first.astype(np.int64),
        second=second.astype(np.int64),
    )
