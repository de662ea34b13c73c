"""Two printed pages for the manager: which figures are there and how wide, to be read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Size = Literal["", "medium", "small", "left-out"]

COLUMN = 340.0
"""Pixels at 96 to the inch of a printed column, on the smaller side of A4 and Letter."""

WIDTHS: Mapping[Size, float] = {"": COLUMN, "medium": 300.0, "small": 252.0}
"""Width of a figure in each size, as the style sheet sets it; the narrow layout is printed."""

READABLE = 7.0
"""Points of the smallest letters that are printed."""

_PAGE = 985.0
_POINT = 0.75
_LINE, _CAPTION_LINE, _HEADING, _SPACE = 14.0, 12.4, 26.0, 6.0
_LETTERS, _CAPTION_LETTERS, _TABLE_ROW = 60, 77, 26.0
_TITLE_LINE, _TITLE_LETTERS, _LEAD_LETTERS = 25.0, 60, 110
_FIRST_LINE, _FIRST_LETTERS, _BOX_LINE, _BOX_LETTERS = 15.0, 74, 14.0, 57
_HEADER, _FOUND, _BOX, _TALL = 32.0, 71.0, 71.0, 0.67
_TREATMENT, _PROVENANCE, _WORDS, _WORD_LINE, _WORD_LETTERS = 44.0, 114.0, 25.0, 12.6, 68
_CAREFUL = 1.06
_PICTURE = re.compile(r'<svg[^>]*?viewBox="[\d.\- ]*? ([\d.]+) ([\d.]+)".*?</svg>', re.DOTALL)
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)
_LETTER = re.compile(r"\bfont(?:-size)?: ?(?:[\w ]*? )?([\d.]+)px")
_HEADED = re.compile(r"<h([1-6])\b.*?</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSize:
    """What a figure takes in a printed column.

    Attributes
    ----------
    height : float
        Of the picture over its width.
    words : float
        Height of the caption in pixels.
    least : float
        Smallest width in pixels at which the letters can be read.
    """

    height: float
    words: float = 0.0
    least: float = 0.0

    @property
    def tall(self) -> bool:
        """Whether it takes most of a column even when it is small."""
        return self.printed("small") > _TALL * _PAGE

    def allows(self, size: Size) -> bool:
        """Say whether the letters can be read in a size; the whole column is always allowed."""
        return size == "" or (size in WIDTHS and WIDTHS[size] >= self.least)

    def readable(self, size: Size) -> Size:
        """Return the size, or the next one in which the letters can be read."""
        sizes: tuple[Size, ...] = (size, "medium", "")
        return size if size == "left-out" else next(s for s in sizes if self.allows(s))

    def printed(self, size: Size) -> float:
        """Return the height in a size, or in the next one in which it can be read."""
        return WIDTHS[self.readable(size)] * self.height + self.words


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading and what stands under it on paper.

    Attributes
    ----------
    text : float
        Height of heading and narration.
    figures : sequence of FigureSize
    rest : float
        Height of what else is shown there, such as tables. A part that has only figures is not
        printed when all of them are left out.
    """

    text: float
    figures: Sequence[FigureSize] = field(default=())
    rest: float = 0.0


def figure_size(html: str) -> FigureSize:
    """Return what a figure takes on paper, from its HTML: its narrow layout if it has one.

    Examples
    --------
    >>> size = figure_size(
    ...     '<svg viewBox="0 0 720 200"></svg>'
    ...     '<svg viewBox="0 0 360 540"><text style="font: 13.5px x"/></svg>'
    ... )
    >>> size.height, round(size.least)
    (1.5, 249)
    """
    pictures = list(_PICTURE.finditer(html))
    caption = _CAPTION.search(html)
    lines = lines_of(caption[1], _CAPTION_LETTERS) if caption else 0
    words = lines * _CAPTION_LINE + _SPACE
    if not pictures or not float(pictures[-1][1]):
        return FigureSize(height=1.0, words=words, least=COLUMN)
    width, height = (float(number) for number in pictures[-1].groups())
    letters = [float(size) for size in _LETTER.findall(pictures[-1][0])]
    # A picture with one layout only keeps the whole column: what it can bear is not known.
    known = len(pictures) > 1 and letters
    least = READABLE / _POINT * width / min(letters) if known else COLUMN
    return FigureSize(height=height / width, words=words, least=least)


def lines_of(html: str, letters: int) -> int:
    """Return how many lines a text takes that has so many letters in each."""
    return math.ceil(len(_TAG.sub("", html)) / letters)


def text_height(html: str) -> float:
    """Return the height of narration in a printed column."""
    text, headings = _HEADED.subn("", html)
    return headings * _HEADING + lines_of(text, _LETTERS) * _LINE + _SPACE if html else 0.0


def table_height(html: str) -> float:
    """Return the height of a table, or of other output, in a printed column."""
    return _HEADING + html.count("<tr") * _TABLE_ROW + lines_of(html, _LETTERS) * _LINE


def first_height(
    *, findings: Iterable[str], boxes: Sequence[Iterable[str]], above: float = 0.0
) -> float:
    """Return the height of the first screen on paper.

    Parameters
    ----------
    findings : iterable of str
        Sentences of the first box, over the whole width.
    boxes : sequence of iterables of str
        Sentences of the boxes side by side below it.
    above : float
        What else stands over the whole width.
    """
    first = sum(lines_of(text, _FIRST_LETTERS) * _FIRST_LINE + 7 for text in findings)
    beside = [sum(lines_of(t, _BOX_LETTERS) * _BOX_LINE + 2 for t in box) for box in boxes]
    return _HEADER + _FOUND + first + _BOX + max(beside, default=0.0) + above


def title_height(title: str, description: str) -> float:
    """Return the height of the title of a report and of the sentence below it."""
    lead = lines_of(description, _LEAD_LETTERS) * _FIRST_LINE
    return lines_of(title, _TITLE_LETTERS) * _TITLE_LINE + lead


def wide_height(texts: Iterable[str]) -> float:
    """Return the height of a box of sentences over the whole width."""
    return _BOX + sum(lines_of(text, 2 * _LETTERS) * _FIRST_LINE + 6 for text in texts)


def columns_after(first: float) -> tuple[float, ...]:
    """Return the heights of the columns that a first screen leaves on two pages.

    Examples
    --------
    >>> columns_after(700.0)
    (285.0, 285.0, 985.0, 985.0)
    >>> columns_after(1000.0)
    (0.0, 0.0, 970.0, 970.0)
    """
    left, second = max(0.0, _PAGE - first), max(0.0, min(_PAGE, 2 * _PAGE - first))
    return (left, left, second, second)


def end_parts(*, treatment: Iterable[str], words: Iterable[str]) -> tuple[float, float, float]:
    """Return the heights of what comes after the figures: treatment, provenance, glossary."""
    treated = _TREATMENT + sum(lines_of(t, 36) * _LINE + 3 for t in treatment)
    said = sum(lines_of(text, _WORD_LETTERS) * _WORD_LINE + 2 for text in words)
    return (treated, _PROVENANCE, _WORDS + said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Two pages filled.

    Attributes
    ----------
    sizes : tuple of Size
        Of each figure, numbered through all parts.
    order : tuple of int
        Parts, then the list of what is left out, then the pieces of the end, each by its number
        in this row, as they are printed.
    """

    sizes: tuple[Size, ...]
    order: tuple[int, ...]


def fit_figures(
    parts: Sequence[Part],
    columns: Sequence[float],
    *,
    order: Sequence[int] = (),
    end: Sequence[float] = (),
    names: Sequence[str] = (),
) -> Layout:
    """Return how each figure is printed, or that it is not, and what follows what.

    The figures are tried one by one, the important ones first, in the smallest size that can be
    read. What is there then grows together while there is room. Each part goes into the first
    column that holds it.

    Parameters
    ----------
    parts : sequence of Part
        What the columns hold. Their figures are numbered through all parts.
    columns : sequence of float
        Heights, in the order in which they are filled.
    order : sequence of int
        Numbers of the figures that matter most, first the most important; the others follow in
        the order of the page.
    end : sequence of float
        Heights of what comes after the parts and is always printed.
    names : sequence of str
        What each figure is called in the line that lists those left out.

    Examples
    --------
    >>> low, high = (Part(text=10.0, figures=[FigureSize(height=h)]) for h in (0.5, 1.0))
    >>> fit_figures([low, high], [200.0, 400.0])
    Layout(sizes=('', ''), order=(0, 2, 1))
    >>> fit_figures([low, high], [330.0], order=[1]).sizes
    ('left-out', 'small')
    """
    figures = [figure for part in parts for figure in part.figures]
    ranked = tuple(dict.fromkeys([*order, *range(len(figures))]))
    sheet = _Sheet(parts=parts, columns=columns, ranked=ranked, end=end, names=names)
    chosen: list[Size] = ["left-out"] * len(figures)
    for number in ranked:
        chosen[number] = "small"
        if sheet.filled(chosen) is None:
            chosen[number] = "left-out"
    sizes: tuple[Size, ...] = ("", "medium", "small")
    for size in sizes:
        grown = [old if old == "left-out" else size for old in chosen]
        filled = sheet.filled(grown)
        if filled is not None:
            break
    readable = zip(figures, grown, strict=True)
    every = tuple(range(len(parts) + 1 + len(end)))
    return Layout(
        sizes=tuple(figure.readable(size) for figure, size in readable),
        order=every if filled is None else filled,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    parts: Sequence[Part]
    columns: Sequence[float]
    ranked: Sequence[int]
    end: Sequence[float]
    names: Sequence[str]

    def filled(self, chosen: Sequence[Size]) -> tuple[int, ...] | None:
        """Return the pieces in the order in which they are printed, or None for too many."""
        heights = [*self._heights(chosen), self._listed(chosen), *self.end]
        left = [height / _CAREFUL for height in self.columns]
        placed: list[list[int]] = [[] for _ in left]
        for piece in self._by_importance(heights):
            column = next((i for i, room in enumerate(left) if room >= heights[piece]), None)
            if column is None:
                return None
            left[column] -= heights[piece]
            placed[column].append(piece)
        return tuple(piece for column in placed for piece in column)

    def _heights(self, chosen: Sequence[Size]) -> list[float]:
        heights, number = [], 0
        for part in self.parts:
            sizes = chosen[number : number + len(part.figures)]
            number += len(part.figures)
            pairs = zip(part.figures, sizes, strict=True)
            kept = [figure.printed(size) for figure, size in pairs if size != "left-out"]
            empty = part.figures and not kept and not part.rest
            heights.append(0.0 if empty else part.text + sum(kept) + part.rest)
        return heights

    def _by_importance(self, heights: Sequence[float]) -> list[int]:
        """Return the pieces: text alone, then by the most important figure, then the end."""
        owner = [i for i, part in enumerate(self.parts) for _ in part.figures]
        alone = [i for i, part in enumerate(self.parts) if not part.figures]
        end = range(len(self.parts), len(heights))
        return list(dict.fromkeys([*alone, *(owner[number] for number in self.ranked), *end]))

    def _listed(self, chosen: Sequence[Size]) -> float:
        """Return the height of the line that lists the figures that are left out."""
        named = zip(self.names, chosen, strict=False)
        out = dict.fromkeys(name for name, size in named if size == "left-out")
        missing = "left-out" in chosen
        return text_height(" · ".join(["x" * 2 * _LETTERS, *out])) if missing else 0.0
