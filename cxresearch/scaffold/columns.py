"""What a column of raw answers seems to be, judged by its name and its values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch.codebook.model import Code, CodeValue

_EMPTY = frozenset({"", "na", "n/a", "#n/a", ".", "nan", "null", "#null!", "none"})
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_CODE_AND_LABEL = re.compile(r"[(\[]?\s*(\d{1,2})\s*[)\]]?\s*[-–—:=.)]\s*([^\W\d].*)")
_HIGH_CODES = (8, 9, 66, 77, 88, 96, 97, 98, 99, 888, 997, 998, 999, 8888, 9998, 9999)
_COMMON_SCALES = ((1, 5), (1, 7), (0, 10), (1, 10))
_MOST_POINTS = 11
_ENOUGH_ANSWERS = 50

_LADDERS = (
    ("never", "rarely", "sometimes", "often", "always"),
    ("never", "seldom", "sometimes", "often", "always"),
    ("very poor", "poor", "fair", "good", "very good", "excellent"),
)
_NO_ANSWER = re.compile(
    r"\b(don.?t know|do not know|no answer|no response|no opinion|not applicable|n/?a"
    r"|refus\w*|(did|do|have|has|was) not used?|didn.?t use"
    r"|wei(ß|ss) nicht|keine angabe|keine antwort|nicht (be|ge)nutzt|verweigert"
    r"|no sabe|no contesta|no aplica|ns/nc|ne sait pas|sans r[ée]ponse)(?!\w)"
)
"""Texts of codes that are no answer, in the languages exports come in most often."""
_AGAINST = re.compile(r"disagree|dissatisf|unsatisf|unlikely|unimportant|difficult")
_FOR = re.compile(r"agree|satisf|likely|important|easy")
_BETWEEN = re.compile(r"neither|neutral|undecided|indifferent")
_STRONG = re.compile(r"strongly|completely|totally|fully|very|extremely")
_WEAK = re.compile(r"somewhat|slightly|rather|fairly|a little|partly|mildly")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """A column in short.

    Attributes
    ----------
    rows : int
        Rows of the file.
    texts : tuple of str
        Cells that are not empty, as text.
    numbers : array or None
        One number for each of `texts`, when they are numbers; nan for the few that are not.
    labels : tuple of Code
        Value labels of an SPSS or Stata file, or those written with the answers ("7 - Agree").
    """

    name: str
    rows: int
    texts: tuple[str, ...]
    numbers: FloatArray | None = None
    full: FloatArray | None = None
    labels: tuple[Code, ...] = ()
    question: str = ""
    user_missing: tuple[tuple[CodeValue, CodeValue], ...] = ()

    @property
    def distinct(self) -> list[str]:
        """Different values, in the order they appear."""
        return list(dict.fromkeys(self.texts))

    @property
    def whole(self) -> bool:
        """Whether there are numbers, and whole ones only."""
        if self.numbers is None or not len(self.numbers):
            return False
        given = self.numbers[np.isfinite(self.numbers)]
        return bool(np.all(given == np.round(given)) and np.all(np.abs(given) < 1e9))

    @property
    def codes(self) -> list[int]:
        """Different whole numbers, sorted."""
        if not self.whole or self.numbers is None:
            return []
        return [int(code) for code in np.unique(self.numbers[np.isfinite(self.numbers)])]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleGuess:
    """A response scale that would fit some answers.

    Attributes
    ----------
    missing : tuple of Code
        Codes that are probably no answers.
    anchors : tuple of Code
        Texts of codes, where the file has them.
    ordered : bool
        The answers are texts whose order was guessed.
    """

    low: int
    high: int
    missing: tuple[Code, ...] = ()
    anchors: tuple[Code, ...] = ()
    whole: bool = True
    ordered: bool = field(default=False, compare=False)


def profile_of(
    name: str, column: pd.Series, *, labels: Sequence[Code] = (), **about: Any
) -> Profile:
    """Return what can be seen of a column.

    Parameters
    ----------
    labels : sequence of Code
        Value labels that came with the file.
    **about
        Further fields of the profile: question, user_missing.
    """
    cells = [_cell_text(cell) for cell in column.tolist()]
    given = [text for text in cells if text is not None]
    every = np.array([_number(text) for text in cells], dtype=float)
    numbers = every[[text is not None for text in cells]]
    matches = [_CODE_AND_LABEL.fullmatch(text) for text in given]
    written = {int(match[1]): match[2].strip() for match in matches if match}
    coded = numbers.copy()
    coded[[match is not None for match in matches]] = [int(m[1]) for m in matches if m]
    numeric = bool(given) and float(np.isfinite(coded).mean()) >= 0.9
    read = tuple(Code(code, written[code]) for code in sorted(written)) if numeric else ()
    return Profile(
        name=name,
        rows=len(cells),
        texts=tuple(given),
        numbers=coded if numeric else None,
        full=every if numeric and not read else None,
        labels=tuple(_whole_code(code) for code in labels) or read,
        **about,
    )


def _whole_code(code: Code) -> Code:
    value = code.value
    return (
        Code(int(value), code.label)
        if isinstance(value, float) and value.is_integer()
        else code
    )


def _cell_text(cell: Any) -> str | None:
    """Return a cell as text, None when it is empty; ``5.0`` reads ``5``."""
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, float | np.floating):
        value = float(cell)
        if math.isnan(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    text = str(cell).strip()
    return None if text.lower() in _EMPTY else text


def _number(text: str | None) -> float:
    if text is None or not (match := _NUMBER.fullmatch(text)):
        return math.nan
    if len(text) > 15 and not match[1]:
        return math.nan  # a number of a card or a phone, not an amount
    return float(text.replace(",", "."))


def guess_scale(profiles: Iterable[Profile]) -> ScaleGuess | None:
    """Return a response scale that fits the answers of all columns together, or None.

    The smallest usual scale that holds them; a scale whose codes are all used by many answers
    is taken as it is. Codes such as 98, 99 or -1, far from the others, count as non-answers.
    """
    columns = [profile for profile in profiles if profile.texts]
    if not columns or any(not profile.whole for profile in columns):
        return _guess_from_texts(columns)
    answers = np.concatenate([p.numbers for p in columns if p.numbers is not None])
    answers = answers[np.isfinite(answers)]
    used = sorted({code for profile in columns for code in profile.codes})
    labels = {code.value: code.label for profile in columns for code in profile.labels}
    declared = [ends for profile in columns for ends in profile.user_missing]
    missing = _probable_missing(used)
    missing += [c for c in used if c not in missing and _declared(c, declared)]
    missing = sorted({*missing, *_labelled_missing(labels, used)})
    core = [code for code in used if code not in missing]
    ends = _ends(core, labels, missing, int(np.isin(answers, core).sum()))
    if ends is None:
        return None
    low, high = ends
    return ScaleGuess(
        low=low,
        high=high,
        missing=tuple(Code(code, labels.get(code, "")) for code in missing),
        anchors=tuple(Code(c, labels[c]) for c in range(low, high + 1) if labels.get(c)),
    )


def _declared(code: int, ranges: Iterable[tuple[CodeValue, CodeValue]]) -> bool:
    """Tell whether an SPSS file declares a code as missing."""
    return any(
        low <= code <= high
        for low, high in ranges
        if not isinstance(low, str) and not isinstance(high, str)
    )


def _labelled_missing(labels: Mapping[CodeValue, str], used: Iterable[int]) -> list[int]:
    """Return the codes beyond the others whose text says that there is no answer."""
    told = {
        code
        for code, text in labels.items()
        if isinstance(code, int) and _NO_ANSWER.search(text.casefold())
    }
    rest = {code for code in (*labels, *used) if isinstance(code, int)} - told
    return [code for code in told if rest and not min(rest) <= code <= max(rest)]


def _probable_missing(used: Sequence[int]) -> list[int]:
    """Return the codes that stand far from the others and are often used for non-answers."""
    core = [code for code in used if code >= 0 and code not in _HIGH_CODES]
    if len(core) < 2:
        return []
    top = max(core)
    low = [code for code in used if code < 0]
    # A scale such as -3 to 3 uses its negative codes; -1 or -99 alone is a non-answer.
    both_sides = len(low) > 1 and -min(low) <= top and low == list(range(min(low), 0))
    high = [
        code
        for code in used
        if code in _HIGH_CODES and ((code >= 66 and code > 3 * top) or (code < 10 and top <= 5))
    ]
    return ([] if both_sides else low) + high


def _ends(
    core: Sequence[int],
    labels: Mapping[Any, str],
    missing: Sequence[int],
    answers: int,
) -> tuple[int, int] | None:
    labelled = [c for c in labels if isinstance(c, int) and c not in missing]
    if core and len(labelled) > 2 and min(labelled) <= core[0] and core[-1] <= max(labelled):
        core = [min(labelled), max(labelled)]
        return (core[0], core[-1]) if core[-1] - core[0] <= _MOST_POINTS else None
    if len(core) < 3 or core[-1] - core[0] > _MOST_POINTS or core[-1] > _MOST_POINTS:
        return None
    filled = list(core) == list(range(core[0], core[-1] + 1))
    if filled and core[0] <= 1 and (answers >= _ENOUGH_ANSWERS or core[0] < 0):
        return core[0], core[-1]
    for low, high in _COMMON_SCALES:
        if low <= core[0] and core[-1] <= high:
            return low, high
    return core[0], core[-1]


def _guess_from_texts(columns: Sequence[Profile]) -> ScaleGuess | None:
    if not columns or any(profile.numbers is not None for profile in columns):
        return None
    ordered = ladder(dict.fromkeys(text for profile in columns for text in profile.texts))
    if not ordered:
        return None
    anchors = tuple(Code(i, text) for i, text in enumerate(ordered, start=1))
    return ScaleGuess(low=1, high=len(ordered), anchors=anchors, ordered=True)


def ladder(texts: Iterable[str]) -> list[str]:
    """Return label texts from least to most; empty when their order cannot be told.

    Examples
    --------
    >>> ladder(["Agree", "Strongly disagree", "Neither", "Strongly agree"])
    ['Strongly disagree', 'Neither', 'Agree', 'Strongly agree']
    >>> ladder(["City", "Town", "Village"])
    []
    """
    found = list(texts)
    if not 3 <= len(found) <= _MOST_POINTS or len({t.casefold() for t in found}) < len(found):
        return []
    for known in _LADDERS:
        if all(text.casefold() in known for text in found):
            return sorted(found, key=lambda text: known.index(text.casefold()))
    ranks = {text: _rank(text.casefold()) for text in found}
    if None in ranks.values() or len(set(ranks.values())) < len(found):
        return []
    return sorted(found, key=lambda text: ranks[text] or 0)


def _rank(text: str) -> int | None:
    if _BETWEEN.search(text):
        return 0
    strength = 3 if _STRONG.search(text) else 1 if _WEAK.search(text) else 2
    if _AGAINST.search(text):
        return -strength
    return strength if _FOR.search(text) else None
