"""How wide a text will be in a font nobody knows yet, and where to break it.

The SVG keeps its texts as text and the reader's own font draws them, so widths are estimated on
the wide side (DejaVu Sans or a little less); East Asian characters count a full em.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_NARROW = frozenset("ijltfrI.,:;'|!()[]{}/\\-`\"· ")
_BROAD = frozenset("mwMW%@—…")
_SIGNS = frozenset("+−=<>~→←↔±×")
_CLOSING = frozenset("、。，．・：；？！）］｝〉》」』】〕’”…ー々,.;:!?)]}%")
_OPENING = frozenset("（［｛〈《「『【〔‘“([{")
_JOINER = "\u200d"
_EMOJI = 0x1F000
_WORDS = re.compile(r"[\S\u00a0\u202f]+")
"""What no-break spaces join is one word."""
_BOLD = 1.09


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the estimated width of one line of text, in the unit of `size`."""
    return sum(map(_hundredths, text)) / 100 * size * (_BOLD if bold else 1.0)


def wrapped(
    text: str, width: float, size: float, *, bold: bool = False, most_lines: int = 8
) -> list[str]:
    """Return the text broken into lines no wider than `width`.

    Breaks stand at spaces, in Chinese and Japanese also between characters, and inside a word
    only where the word alone is wider than a line. What is beyond `most_lines` gives way to an
    ellipsis.
    Right-to-left lines carry isolating marks, so that punctuation keeps its side.
    """
    lines, line = [], ""
    for unit, spaced in _units(text):
        joined = f"{line} {unit}" if spaced and line else line + unit
        if text_width(joined, size, bold=bold) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(unit, width, size, bold=bold)
        lines.extend(full)
    if line or not lines:
        lines.append(line)
    if len(lines) > most_lines:
        lines = [*lines[: most_lines - 1], _cut(lines[most_lines - 1], width, size, bold=bold)]
    return [f"\u2067{line}\u2069" for line in lines] if _runs_left(text) else lines


def clusters(text: str) -> list[str]:
    """Return what a reader sees as one character each: base, marks, joined emoji."""
    found: list[str] = []
    for character in text:
        if found and (_is_mark(character) or found[-1].endswith(_JOINER)):
            found[-1] += character
        else:
            found.append(character)
    return found


def _units(text: str) -> list[tuple[str, bool]]:
    units: list[tuple[str, bool]] = []
    for word in _WORDS.findall(text):
        if word.isascii():
            units.append((word, True))
            continue
        start = True
        for cluster in clusters(word):
            previous = units[-1][0] if units and not start else ""
            if previous and not _may_break(previous[-1], cluster[0]):
                units[-1] = (previous + cluster, units[-1][1])
            else:
                units.append((cluster, start))
            start = False
    return units


def _runs_left(text: str) -> bool:
    """Return whether the text runs from right to left, as its first strong letter does."""
    if text.isascii():
        return False
    strong = (b for c in text if (b := unicodedata.bidirectional(c)) in ("L", "R", "AL"))
    return next(strong, "L") != "L"


def _may_break(before: str, after: str) -> bool:
    if after in _CLOSING or before in _OPENING:
        return False
    return _is_ideographic(before) or _is_ideographic(after)


def _pieces(unit: str, width: float, size: float, *, bold: bool) -> list[str]:
    pieces, piece = [], ""
    for cluster in clusters(unit):
        if piece and text_width(piece + cluster, size, bold=bold) > width:
            pieces.append(piece)
            piece = ""
        piece += cluster
    return [*pieces, piece]


def _cut(line: str, width: float, size: float, *, bold: bool) -> str:
    kept = clusters(line)
    while kept and text_width("".join(kept) + "…", size, bold=bold) > width:
        kept.pop()
    return "".join(kept).rstrip() + "…"


def _is_mark(character: str) -> bool:
    modifier = 0x1F3FB <= ord(character) <= 0x1F3FF
    return modifier or unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf")


def _is_ideographic(character: str) -> bool:
    wide = unicodedata.east_asian_width(character) in ("W", "F")
    hangul = 0x1100 <= ord(character) <= 0x11FF or 0xAC00 <= ord(character) <= 0xD7AF
    return wide and not hangul


@cache
def _hundredths(character: str) -> int:
    """Return how wide a character is in hundredths of an em, whose sums are exact."""
    if character in _NARROW:
        return 37
    if character in _BROAD:
        return 95
    if character in _SIGNS:
        return 82
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return _hundredths_by_class(character)


def _hundredths_by_class(character: str) -> int:
    if ord(character) >= _EMOJI:
        return 130
    width = unicodedata.east_asian_width(character)
    if width in ("W", "F") or (width == "A" and not character.isalnum()):
        return 100
    return 70 if character.isupper() else 62
