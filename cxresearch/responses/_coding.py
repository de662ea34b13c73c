"""From one answer as it stands in the file to its code, or to what is wrong with it.

Every distinct value of a column is looked at once; `_decode.py` spreads the outcome over rows.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from cxresearch.codebook.model import Code, CodeValue, MissingCode, ResponseScale

Problem = Literal[
    "", "outside", "fraction", "text", "unknown", "negative", "declared", "time", "flag"
]

EMPTY_TEXTS = frozenset({"", "na", "n/a", "#n/a", ".", "nan", "null", "#null!"})
"""Texts that stand for an empty cell, in any case, unless the codebook gives them a meaning."""

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_QUOTES = {ord("’"): "'", ord("‘"): "'", ord("“"): '"', ord("”"): '"'}
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), None)
_REPLACED = {**_DASHES, **_QUOTES, **_INVISIBLE}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+")
_CODE_THEN_LABEL = re.compile(r"[(\[]?\s*([+-]?\d+(?:\.\d+)?)\s*[)\]]?\s*[-:=.)]?\s*(\S.*)")
_LABEL_THEN_CODE = re.compile(r"(.*\S)\s*[(\[]\s*([+-]?\d+(?:\.\d+)?)\s*[)\]]")


class Answer(NamedTuple):
    """What one value means.

    Attributes
    ----------
    code : float
        Number of the answer, nan where there is none.
    kind : str
        ``""`` answered, else the kind of the non-answer.
    problem : str
        ``""`` or what is wrong: outside the scale, a fraction on a whole scale, a text where
        a number belongs, an unknown category, a negative number, or a value that the file
        declares as missing and the codebook does not.
    text : str
        Label of a category or of a non-answer; ``""`` for numbers.
    """

    code: float = math.nan
    kind: str = ""
    problem: Problem = ""
    text: str = ""


EMPTY = Answer(kind="empty")


def normal_text(text: str) -> str:
    """Return a text without what people do not see: case, spaces, kinds of dashes and quotes.

    Examples
    --------
    >>> normal_text("  Strongly\u00a0AGREE ")
    'strongly agree'
    """
    if not text.isascii():  # which has neither other forms nor other dashes
        text = unicodedata.normalize("NFKC", text).translate(_REPLACED)
    return " ".join(text.split()).casefold()


def is_missing(value: Any) -> bool:
    """Whether a cell of any format holds nothing."""
    if isinstance(value, str):
        return False
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, (Real, Decimal)) and bool(value != value)


def to_number(value: Any, *, decimal: str = "") -> float | None:
    """Return the number a cell holds, also one written as text; None where it holds none.

    With a decimal comma, ``"1.234"`` could be a number with a thousands point and is none.

    Examples
    --------
    >>> to_number("5,0", decimal=","), to_number("007"), to_number("five")
    (5.0, 7.0, None)
    """
    if isinstance(value, str):
        return _text_to_number(normal_text(value), decimal)
    if isinstance(value, (bool, np.bool_)):
        return None
    return _finite(value) if isinstance(value, (Real, Decimal)) else None


def _finite(value: Real | Decimal) -> float | None:
    try:
        number = float(value)
    except OverflowError:  # a whole number of 400 digits
        return None
    return number if math.isfinite(number) else None


def _text_to_number(text: str, decimal: str) -> float | None:
    if decimal == ",":
        if _THOUSANDS.fullmatch(text):
            return None
        if text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def to_seconds(value: Any, *, decimal: str = "") -> float | None:
    """Return a duration as a number; a time of day or a time span counts in seconds."""
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, datetime.time):
        return value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    return to_number(value, decimal=decimal)


def plain_text(value: Any) -> str:
    """Return a cell as the text it shows: whole numbers without ``.0``, no outer spaces."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return str(int(number)) if number.is_integer() else f"{number:.15g}"
    return " ".join(str(value).split())


class Coding:
    """Codes and texts of a response scale or of a list of categories.

    Parameters
    ----------
    codes : iterable of Code
        Answers that have a text.
    missing : iterable of MissingCode
    decimal : str
        Decimal mark of the file.
    """

    def __init__(
        self,
        codes: Iterable[Code],
        missing: Iterable[MissingCode] = (),
        *,
        decimal: str = "",
    ) -> None:
        self.decimal = decimal
        self.codes, self.missing = tuple(codes), tuple(missing)
        self._by_label: dict[str, Code | MissingCode] = {}
        self._by_code: dict[float | str, Code | MissingCode] = {}
        entries: list[Code | MissingCode] = [*self.codes, *self.missing]
        for entry in entries:
            self._by_code.setdefault(_key(entry.value), entry)
            self._by_label.setdefault(normal_text(entry.label), entry)

    def find(self, value: Any) -> Code | MissingCode | None:
        """Return the entry an answer names by its code, its text, or both.

        ``7``, ``"7"``, ``"7.0"``, ``"Strongly agree"``, ``"7 – Strongly agree"`` and
        ``"(7) Strongly agree"`` all name the same. Code and text that contradict name nothing.
        """
        if not self._by_code:
            return None
        number = to_number(value, decimal=self.decimal)
        if number is not None and number in self._by_code:
            return self._by_code[number]
        text = normal_text(plain_text(value))
        found = self._by_code.get(text) or self._by_label.get(text)
        return found or self._find_pair(text)

    def _find_pair(self, text: str) -> Code | MissingCode | None:
        for pattern, code, label in ((_CODE_THEN_LABEL, 1, 2), (_LABEL_THEN_CODE, 2, 1)):
            match = pattern.fullmatch(text)
            if match is None:
                continue
            entry = self._by_code.get(float(match[code])) or self._by_code.get(match[code])
            if entry is not None and normal_text(entry.label) == match[label].strip():
                return entry
        return None

    def label_owner(self, label: str) -> Code | MissingCode | None:
        """Return the entry with that text."""
        return self._by_label.get(normal_text(label))


class ScaleCoding(Coding):
    """Reads ratings: a number of the response scale, or nan and the kind of non-answer."""

    def __init__(self, scale: ResponseScale, *, decimal: str = "") -> None:
        super().__init__(scale.anchors, scale.missing, decimal=decimal)
        self.scale = scale

    def read(self, value: Any) -> Answer:
        """Return what one value means on the scale."""
        if is_missing(value):
            return EMPTY
        entry = self.find(value)
        if isinstance(entry, MissingCode):
            return Answer(kind=entry.kind, text=entry.label)
        number = to_number(value if entry is None else entry.value, decimal=self.decimal)
        if number is None:
            return EMPTY if says_empty(value) else Answer(problem="text")
        if not self.scale.low <= number <= self.scale.high:
            return Answer(number, problem="outside")
        if self.scale.whole and not number.is_integer():
            return Answer(number, problem="fraction")
        return Answer(number)


class NumberCoding:
    """Reads plain numbers: weights, durations, points, outcomes without a scale."""

    def __init__(
        self, *, decimal: str = "", at_least: float = -math.inf, time: bool = False
    ) -> None:
        self.decimal, self.at_least = decimal, at_least
        self._convert = to_seconds if time else to_number

    def read(self, value: Any) -> Answer:
        """Return the number."""
        if is_missing(value):
            return EMPTY
        number = self._convert(value, decimal=self.decimal)
        if number is None:
            return EMPTY if says_empty(value) else Answer(problem="text")
        return Answer(number, problem="negative" if number < self.at_least else "")


class CategoryCoding(Coding):
    """Reads categories: the label of a code, or the text itself where no codes are listed.

    Parameters
    ----------
    codes, missing, decimal
        As for `Coding`.
    closed : bool
        Only listed codes are answers.
    """

    def __init__(
        self,
        codes: Iterable[Code],
        missing: Iterable[MissingCode] = (),
        *,
        decimal: str = "",
        closed: bool = False,
    ) -> None:
        super().__init__(codes, missing, decimal=decimal)
        self.closed = closed

    def read(self, value: Any) -> Answer:
        """Return the label; a text that is not listed is a problem where `closed`."""
        if is_missing(value):
            return EMPTY
        entry = self.find(value)
        if isinstance(entry, MissingCode):
            return Answer(kind=entry.kind, text=entry.label)
        if entry is not None:
            return Answer(text=entry.label)
        if says_empty(value):
            return EMPTY
        return Answer(problem="unknown") if self.closed else Answer(text=plain_text(value))


def says_empty(value: Any) -> bool:
    """Whether a text stands for an empty cell."""
    return isinstance(value, str) and normal_text(value) in EMPTY_TEXTS


def _key(value: CodeValue) -> float | str:
    """Return a code in the form it is looked up by: 1, 1.0 and "1" are one code."""
    number = to_number(value)
    return normal_text(str(value)) if number is None else number
