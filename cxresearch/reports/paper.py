"""Two printed pages for the manager: which figures are there and how wide, to be read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cxresearch.reports.packing import packed
from cxresearch.reports.pdf import Paper

PAGES: Mapping[Paper, float] = {"A4": 1052.0, "Letter": 985.0}
"""Pixels at 96 to the inch from the top to the end of a printed page, some spared."""

COLUMN = 340
"""Pixels of a printed column, on the narrower side of A4 and Letter."""

READABLE = 7.0
"""Points of the smallest letters that are printed."""

_FIRST = 2
"""Figures that go before any that take less room."""

_POINT = 0.75
_GROWN, _ALONE = (1.4, 1.25, 1.15, 1.08, 1.0), 1.15
_LINE, _CAPTION_LINE, _HEADING, _SPACE = 14.0, 12.4, 26.0, 6.0
_LETTERS, _CAPTION_LETTERS, _TABLE_ROW = 60, 77, 26.0
_TITLE_LINE, _TITLE_LETTERS, _LEAD_LETTERS = 25.0, 60, 110
_FIRST_LINE, _FIRST_LETTERS, _BOX_LINE, _BOX_LETTERS = 15.0, 74, 14.0, 57
_HEADER, _FOUND, _BOX, _TALL = 32.0, 71.0, 71.0, 0.62
_TREATMENT, _PROVENANCE, _WORDS, _WORD_LINE, _WORD_LETTERS = 30.0, 76.0, 25.0, 12.6, 72
_OTHER_LETTERS, _OTHER_FIRST = 1.12, 1.06
"""Room for the letters of another machine, which are wider, in columns and above them."""
_PICTURE = re.compile(r'<svg[^>]*?viewBox="[\d.\- ]*? ([\d.]+) ([\d.]+)"')
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)
_LETTER = re.compile(r"font(?<=\bfont)(?:-size)?: ?(?:[\w ]*? )?([\d.]+)px")
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
    least : int
        Smallest width in pixels at which the letters can be read, at most the column.
    """

    height: float
    words: float = 0.0
    least: int = 250

    @property
    def tall(self) -> bool:
        """Whether it takes most of a column even when it is small."""
        return self.printed(self.least) > _TALL * PAGES["A4"]

    def grown(self, factor: float) -> int:
        """Return a width so many times the smallest one, at most the column."""
        return min(COLUMN, math.floor(self.least * factor))

    def printed(self, width: int) -> float:
        """Return the height of picture and caption; 0 where it is left out (width 0)."""
        return width * self.height + self.words * _OTHER_LETTERS if width else 0.0


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

    def printed(self, widths: Sequence[int]) -> float:
        """Return the height with the figures so wide."""
        if self.figures and not any(widths) and not self.rest:
            return 0.0
        pairs = zip(self.figures, widths, strict=True)
        words = (self.text + self.rest) * _OTHER_LETTERS
        return words + sum(figure.printed(width) for figure, width in pairs)


def figure_size(html: str) -> FigureSize:
    """Return what a figure takes on paper, from its HTML: its narrow layout if it has one.

    Examples
    --------
    >>> size = figure_size(
    ...     '<svg viewBox="0 0 720 200"></svg>'
    ...     '<svg viewBox="0 0 360 540"><text style="font: 13.5px x"/></svg>'
    ... )
    >>> size.height, size.least
    (1.5, 249)
    """
    pictures = list(_PICTURE.finditer(html))
    caption = _CAPTION.search(html)
    lines = lines_of(caption[1], _CAPTION_LETTERS) if caption else 0
    words = lines * _CAPTION_LINE + _SPACE
    if not pictures or not float(pictures[-1][1]):
        return FigureSize(height=1.0, words=words, least=COLUMN)
    width, height = (float(number) for number in pictures[-1].groups())
    start = pictures[-1].start()
    letters = [float(size) for size in _LETTER.findall(html, start, html.find("</svg>", start))]
    # A picture with one layout only keeps the whole column: what it can bear is not known.
    known = len(pictures) > 1 and letters
    least = math.ceil(READABLE / _POINT * width / min(letters)) if known else COLUMN
    return FigureSize(height=height / width, words=words, least=min(least, COLUMN))


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
    boxes_and_title = _HEADER + _FOUND + first + _BOX + max(beside, default=0.0) + above
    return boxes_and_title * _OTHER_FIRST


def title_height(title: str, description: str) -> float:
    """Return the height of the title of a report and of the sentence below it."""
    lead = lines_of(description, _LEAD_LETTERS) * _FIRST_LINE
    return lines_of(title, _TITLE_LETTERS) * _TITLE_LINE + lead


def wide_height(texts: Iterable[str]) -> float:
    """Return the height of a box of sentences over the whole width."""
    return _BOX + sum(lines_of(text, 2 * _LETTERS) * _FIRST_LINE + 6 for text in texts)


def columns_after(first: float, page: float) -> tuple[float, ...]:
    """Return the heights of the columns that a first screen leaves on two pages.

    Examples
    --------
    >>> columns_after(600.0, 900.0)
    (300.0, 300.0, 900.0, 900.0)
    >>> columns_after(1000.0, 900.0)
    (0.0, 0.0, 800.0, 800.0)
    """
    left, second = max(0.0, page - first), max(0.0, min(page, 2 * page - first))
    return (left, left, second, second)


def end_parts(*, treatment: Iterable[str], words: Iterable[str]) -> tuple[float, float, float]:
    """Return the heights of what comes after the figures: treatment, provenance, glossary."""
    treated = _TREATMENT + sum(lines_of(t, _LETTERS) * _LINE for t in treatment)
    said = sum(lines_of(text, _WORD_LETTERS) * _WORD_LINE + 2 for text in words)
    return (treated, _PROVENANCE, _WORDS + said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Two pages filled.

    Attributes
    ----------
    widths : tuple of int
        Of each figure, numbered through all parts; 0 where it is left out.
    order : tuple of int
        Parts, then the list of what is left out, then the pieces of the end, each by its number
        in this row, as they are printed.
    """

    widths: tuple[int, ...]
    order: tuple[int, ...]


def fit_figures(
    parts: Sequence[Part],
    columns: Sequence[float],
    *,
    order: Sequence[int] = (),
    end: Sequence[float] = (),
    names: Sequence[str] = (),
) -> Layout:
    """Return how wide each figure is printed, or that it is not, and what follows what.

    The figures are tried one by one, as small as they can be read: the important ones first,
    then those that take least. Where it brings more figures onto the pages, only the first few
    go before all that take less. What is there then grows while there is room, together and
    then, a little more, alone.

    Parameters
    ----------
    parts : sequence of Part
        What the columns hold. Their figures are numbered through all parts.
    columns : sequence of float
        Heights, in the order in which they are filled.
    order : sequence of int
        Numbers of the figures that matter most, first the most important.
    end : sequence of float
        Heights of what comes after the parts and is always printed; the last of them may run on
        from one column to the next.
    names : sequence of str
        What each figure is called in the line that lists those left out.

    Examples
    --------
    >>> low, high = (Part(text=10.0, figures=[FigureSize(height=h)]) for h in (0.5, 1.0))
    >>> fit_figures([low, high], [200.0, 400.0])
    Layout(widths=(340, 340), order=(0, 2, 1))
    >>> fit_figures([low, high], [330.0], order=[1]).widths
    (0, 287)
    """
    figures = [figure for part in parts for figure in part.figures]
    by_height = sorted(range(len(figures)), key=lambda n: figures[n].printed(figures[n].least))
    important = list(dict.fromkeys(order))
    ranked = tuple(dict.fromkeys([*important, *by_height]))
    sheet = _Sheet(parts=parts, columns=columns, ranked=ranked, end=end, names=names)
    tries = [sheet.chosen([*important[:n], *by_height]) for n in (len(important), _FIRST)]
    widths = max(tries, key=lambda one: sum(map(bool, one)))
    for factor in _GROWN:
        pairs = zip(figures, widths, strict=True)
        grown = [figure.grown(factor) if width else 0 for figure, width in pairs]
        if sheet.filled(grown) is not None:
            widths = sheet.alone(ranked, grown)
            break
    every = tuple(range(len(parts) + 1 + len(end)))
    return Layout(widths=tuple(widths), order=sheet.filled(widths) or every)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    parts: Sequence[Part]
    columns: Sequence[float]
    ranked: Sequence[int]
    end: Sequence[float]
    names: Sequence[str]

    def chosen(self, ranked: Iterable[int]) -> list[int]:
        """Return the widths of the figures that fit, tried one by one, each at its smallest."""
        figures = [figure for part in self.parts for figure in part.figures]
        widths = [0] * len(figures)
        for number in dict.fromkeys(ranked):
            widths[number] = figures[number].least
            if self.filled(widths) is None:
                widths[number] = 0
        return widths

    def alone(self, ranked: Iterable[int], widths: Sequence[int]) -> list[int]:
        """Return widths that grow one by one beside what the others leave empty."""
        grown = list(widths)
        for number in ranked:
            wider = min(COLUMN, math.floor(_ALONE * widths[number]))
            if self.filled([*grown[:number], wider, *grown[number + 1 :]]) is not None:
                grown[number] = wider
        return grown

    def filled(self, widths: Sequence[int]) -> tuple[int, ...] | None:
        """Return the pieces in the order in which they are printed, or None for too many."""
        heights, number = [], 0
        for part in self.parts:
            heights.append(part.printed(widths[number : number + len(part.figures)]))
            number += len(part.figures)
        always = [height * _OTHER_LETTERS for height in (self._listed(widths), *self.end)]
        pieces, flowing = [*heights, *always], 0.0
        if self.end:
            flowing = pieces.pop()
        order, lead = self._by_importance(len(pieces))
        filled = packed(pieces, self.columns, order=order, lead=lead, flowing=flowing)
        # Without an end nothing flows; the piece for it has no height and no number.
        return filled if filled is None or self.end else filled[:-1]

    def _by_importance(self, pieces: int) -> tuple[list[int], int]:
        """Return the pieces: text alone, then by the most important figure, then the end."""
        owner = [i for i, part in enumerate(self.parts) for _ in part.figures]
        alone = [i for i, part in enumerate(self.parts) if not part.figures]
        end = range(len(self.parts), pieces)
        order = list(dict.fromkeys([*alone, *(owner[number] for number in self.ranked), *end]))
        return order, int(bool(alone) and not self.parts[0].figures)

    def _listed(self, widths: Sequence[int]) -> float:
        """Return the height of the line that lists the figures that are left out."""
        named = zip(self.names, widths, strict=False)
        out = dict.fromkeys(name for name, width in named if not width)
        missing = 0 in widths
        return text_height(" · ".join(["x" * _LETTERS, *out])) if missing else 0.0
