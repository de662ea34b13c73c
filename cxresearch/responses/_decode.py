"""Spread the meaning of each distinct value over the rows of a column."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxresearch._types import FloatArray, IntArray
from cxresearch.codebook.model import CodeValue, MissingCode
from cxresearch.responses._cells import CellColumn, key_of
from cxresearch.responses._coding import (
    Answer,
    CategoryCoding,
    Coding,
    ScaleCoding,
    is_missing,
    normal_text,
    plain_text,
    to_number,
)
from cxresearch.responses._plan import AnyCoding

Ranges = tuple[tuple[CodeValue, CodeValue], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedColumn:
    """Answers of one column: what each distinct cell means, and which of them a row holds.

    Attributes
    ----------
    answers : sequence of Answer
    place : array of shape (rows,)
        Index of each row's answer in `answers`.
    codes : array of shape (rows,)
        As answered, before reverse keying; nan without an answer.
    """

    answers: Sequence[Answer]
    place: IntArray
    codes: FloatArray

    @property
    def kinds(self) -> NDArray[np.object_]:
        """As in `Answer`, for each row."""
        return np.array([answer.kind for answer in self.answers], dtype=object)[self.place]

    @property
    def texts(self) -> NDArray[np.object_]:
        """As in `Answer`, for each row; None without an answer."""
        texts = [answer.text if answer.kind == "" else None for answer in self.answers]
        return np.array(texts, dtype=object)[self.place]

    def rows_where(self, chosen: Sequence[bool]) -> list[int]:
        """Return the positions of the rows that hold one of the chosen `answers`."""
        return np.flatnonzero(np.array(chosen)[self.place]).tolist() if any(chosen) else []


def decode_column(column: CellColumn, read: Callable[[Any], Answer]) -> DecodedColumn:
    """Read every distinct value once.

    Parameters
    ----------
    column : CellColumn
    read : callable
        What one value means.
    """
    answers = [read(value) for value in column.distinct]
    codes = np.array([answer.code for answer in answers], dtype=float)
    return DecodedColumn(answers=answers, place=column.place, codes=codes[column.place])


def read_once(read: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """Return a reader for several columns that asks `read` once for each distinct value."""
    known: dict[Hashable, Answer] = {}

    def look_up(value: Any) -> Answer:
        key = key_of(value)
        if key not in known:
            known[key] = read(value)
        return known[key]

    return look_up


def with_declared_missing(coding: AnyCoding, ranges: Ranges) -> Callable[[Any], Answer]:
    """Return a reader that knows which values the file itself declares as missing.

    Where the codebook says what such a value means, the codebook is followed. Otherwise it is a
    non-answer to a question without a response scale, and a problem for one with a scale: only
    the codebook can say which kind of non-answer it is.
    """
    if not ranges:
        return coding.read

    def read(value: Any) -> Answer:
        if is_missing(value) or not _is_declared(value, ranges):
            return coding.read(value)
        entry = coding.find(value) if isinstance(coding, Coding) else None
        listed = isinstance(coding, CategoryCoding) and coding.closed
        if isinstance(entry, MissingCode) or (entry is not None and listed):
            return coding.read(value)
        if isinstance(coding, ScaleCoding):
            return Answer(problem="declared")
        return Answer(kind="refused")

    return read


def _is_declared(value: Any, ranges: Ranges) -> bool:
    number = to_number(value)
    for low, high in ranges:
        if isinstance(low, str) or isinstance(high, str):
            if str(low).strip() <= str(value).strip() <= str(high).strip():
                return True
        elif number is not None and low <= number <= high:
            return True
    return False


def holds_one_of(
    column: CellColumn, coding: AnyCoding, wanted: tuple[CodeValue, ...]
) -> NDArray[np.bool_]:
    """Return which rows hold one of some answers, named by code or label."""
    targets = {_meaning(value, coding) for value in wanted}
    held = [
        not is_missing(value) and _meaning(value, coding) in targets
        for value in column.distinct
    ]
    return np.array(held, dtype=bool)[column.place]


def _meaning(value: Any, coding: AnyCoding) -> Hashable:
    entry = coding.find(value) if isinstance(coding, Coding) else None
    if entry is not None:
        value = entry.value
    number = to_number(value, decimal=coding.decimal)
    return normal_text(plain_text(value)) if number is None else number
