"""Times and yes-or-no answers: what one cell means."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from cxresearch.codebook.model import Code, MissingCode
from cxresearch.responses._coding import (
    EMPTY,
    Answer,
    Coding,
    is_missing,
    normal_text,
    plain_text,
    says_empty,
    to_number,
    to_seconds,
)

STAMP, SPAN = "timestamp", "time span"
"""Texts of answers that were no plain numbers: counted in seconds."""

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2}(?:[.,]\d+)?)")
_YES = frozenset({
    "yes", "true", "y", "sí", "si", "verdadero", "ja", "j", "wahr", "oui", "vrai", "sim",
    "verdadeiro", "sì", "vero", "예", "네",
})  # fmt: skip
_NO = frozenset({
    "no", "false", "n", "falso", "nein", "falsch", "non", "faux", "não", "nao", "nee", "아니요",
    "아니오",
})  # fmt: skip


class TimeCoding:
    """Reads times: plain numbers, timestamps (``2026-09-01 14:05:00``) or ``14:05:00``.

    Timestamps become seconds since 1970, times of day and ``minutes:seconds`` seconds; the text
    of the answer tells which it was. Dates in other orders are refused: 3/4 is March or April.
    """

    def __init__(self, *, decimal: str = "") -> None:
        self.decimal = decimal

    def read(self, value: Any) -> Answer:
        """Return the time as a number."""
        if isinstance(value, str):
            return self._read_text(plain_text(value))
        if is_missing(value):
            return EMPTY
        if isinstance(value, datetime.datetime):
            return Answer(_since_1970(value), text=STAMP)
        if isinstance(value, datetime.timedelta | datetime.time):
            return Answer(float(to_seconds(value) or 0.0), text=SPAN)
        number = to_number(value, decimal=self.decimal)
        return Answer(problem="time") if number is None else Answer(number)

    def _read_text(self, text: str) -> Answer:
        has_date = text[4:5] == text[7:8] == "-"  # which no number has, nor an empty cell
        number = None if has_date else to_number(text, decimal=self.decimal)
        if number is not None:
            return Answer(number)
        return EMPTY if not has_date and says_empty(text) else _from_clock(text)


def _from_clock(text: str) -> Answer:
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups(default="0")
        return Answer(
            int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds.replace(",", ".")),
            text=SPAN,
        )
    try:
        return Answer(_since_1970(datetime.datetime.fromisoformat(text)), text=STAMP)
    except ValueError:
        return Answer(problem="time")


def _since_1970(moment: datetime.datetime) -> float:
    """Return seconds since 1970; a time without a zone counts as if it were UTC."""
    return (moment - (_EPOCH if moment.tzinfo else _NAIVE_EPOCH)).total_seconds()


class FlagCoding(Coding):
    """Reads yes or no: 1 or 0, in words, or as the codebook's values call them."""

    def __init__(
        self,
        codes: Iterable[Code],
        missing: Iterable[MissingCode] = (),
        *,
        decimal: str = "",
    ) -> None:
        super().__init__(codes, missing, decimal=decimal)

    def read(self, value: Any) -> Answer:
        """Return 1 or 0."""
        if is_missing(value):
            return EMPTY
        if isinstance(value, (bool, np.bool_)):
            return Answer(float(value))
        entry = self.find(value)
        number = to_number(value if entry is None else entry.value, decimal=self.decimal)
        if number in (0.0, 1.0):
            return Answer(float(number))
        text = normal_text(plain_text(value))
        if text in _YES or text in _NO:
            return Answer(float(text in _YES))
        return EMPTY if says_empty(value) else Answer(problem="flag")
