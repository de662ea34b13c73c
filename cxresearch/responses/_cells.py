"""Cells as they stand in a file, column by column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from cxresearch._types import IntArray
from cxresearch.responses._coding import is_missing


@dataclass(frozen=True, eq=False)
class CellColumn:
    """The cells of one column, looked through once to find out which of them are the same.

    Attributes
    ----------
    cells : list
    all_text : bool
        Every cell is known to be text.
    """

    cells: list[Any]
    all_text: bool = False

    @property
    def distinct(self) -> list[Any]:
        """The distinct values; ``1``, ``True`` and ``"1"`` are distinct, unlike for pandas."""
        return self._encoded[0]

    @property
    def place(self) -> IntArray:
        """Which of the `distinct` values each row holds."""
        return self._encoded[1]

    @cached_property
    def _encoded(self) -> tuple[list[Any], IntArray]:
        if self.all_text:
            return numbered(self.cells)
        if set(map(type, self.cells)) == {float}:
            values, place = np.unique(np.array(self.cells), return_inverse=True)
            return values.tolist(), place.astype(np.int64)
        keys = [key_of(value) for value in self.cells]
        _, place = numbered(keys)
        return list(dict(zip(keys, self.cells, strict=True)).values()), place


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """What every format comes down to: names, columns of cells, the number of each row.

    Attributes
    ----------
    header : list of str
    columns : list of CellColumn
        Cells as `read_table` tells.
    rows : list of int
        Row numbers.
    notes : tuple of str
        What was decided while reading.
    about : dict
        What else `Source` holds of such a file.
    """

    header: list[str]
    columns: list[CellColumn]
    rows: list[int]
    notes: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)


def numbered(keys: Sequence[Hashable]) -> tuple[list[Any], IntArray]:
    """Return the distinct keys in the order of their first places, and the number of each."""
    number: defaultdict[Hashable, int] = defaultdict(count().__next__)
    place = np.fromiter(map(number.__getitem__, keys), dtype=np.int64, count=len(keys))
    return list(number), place


def key_of(value: Any) -> Hashable:
    """Return what two cells have in common only where they are read alike."""
    if type(value) is str:
        return value
    if is_missing(value):
        return None
    # Lists in a Parquet column cannot be keys.
    return (type(value), value if isinstance(value, (int, float)) else repr(value))
