"""Two printed pages for the manager: which figures are large, which stay on the screen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Size = Literal["", "roomy", "left-out"]

# Pixels at 96 to the inch, on the smaller side of A4 and Letter, as the style sheet sets them.
_PAGE, _COLUMN = 965.0, 340.0
_LINE, _CAPTION_LINE, _HEADING, _SPACE = 14.0, 12.4, 25.0, 12.0
_LETTERS, _CAPTION_LETTERS = 62, 74
_FIRST_LINE, _FIRST_LETTERS, _BOX_LINE, _BOX_LETTERS = 16.5, 58, 14.6, 54
_HEADER, _BOX = 105.0, 62.0
_END = 235.0
_CAREFUL = 1.03
_BOX_OF = re.compile(r'viewBox="[\d.\- ]*? ([\d.]+) ([\d.]+)"')
_CAPTION = re.compile(r"<figcaption>(.*?)</figcaption>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSize:
    """How high a figure stands in a printed column.

    Attributes
    ----------
    wide, narrow : float
        Height of each layout, without the caption; equal where there is one layout.
    words : float
        Height of the caption.
    """

    wide: float
    narrow: float
    words: float


def figure_size(html: str) -> FigureSize:
    """Return the printed size of a figure from its HTML.

    Examples
    --------
    >>> size = figure_size('<svg viewBox="0 0 680 200"></svg><svg viewBox="0 0 340 300"></svg>')
    >>> size.wide, size.narrow
    (100.0, 300.0)
    """
    boxes = [(float(width), float(height)) for width, height in _BOX_OF.findall(html)]
    heights = [_COLUMN * height / width for width, height in boxes if width] or [_COLUMN]
    caption = _CAPTION.search(html)
    lines = math.ceil(len(caption[1]) / _CAPTION_LETTERS) if caption else 0
    return FigureSize(wide=heights[0], narrow=heights[-1], words=lines * _CAPTION_LINE + _SPACE)


def columns_of_pages(
    *, findings: Iterable[str], boxes: Sequence[Iterable[str]]
) -> tuple[float, ...]:
    """Return the heights of the columns on two pages: what the first screen leaves, and a page.

    Parameters
    ----------
    findings : iterable of str
        Sentences of the first box, over the whole width.
    boxes : sequence of iterables of str
        Sentences of the boxes side by side below it.
    """
    first = _HEADER + sum(_lines(text, _FIRST_LETTERS) * _FIRST_LINE + 9 for text in findings)
    beside = [sum(_lines(t, _BOX_LETTERS) * _BOX_LINE + 4 for t in box) for box in boxes]
    first += _BOX + max(beside, default=0.0)
    left = max(0.0, _PAGE - first)
    return (left, left, _PAGE, _PAGE)


def text_height(html: str) -> float:
    """Return the height of narration in a printed column."""
    return _HEADING + _lines(html, _LETTERS) * _LINE if html.strip() else 0.0


def end_height(words: Iterable[str]) -> float:
    """Return the height of what stands after the figures: treatment, provenance, glossary."""
    return _END + sum(_lines(text, _LETTERS) * _LINE for text in words)


def fit_figures(
    parts: Sequence[float | FigureSize], columns: Sequence[float]
) -> dict[int, Size]:
    """Return how each figure is printed: small, in its narrow layout, or not at all.

    The narrow layout has larger letters and takes more height: the figures that need least for
    it get it first. Where even the small ones are too many the highest are left out.

    Parameters
    ----------
    parts : sequence of float or FigureSize
        What the columns hold, in order: heights of text, and figures.
    columns : sequence of float
        Heights, in the order in which they are filled.

    Examples
    --------
    >>> low, high = (FigureSize(wide=h, narrow=2 * h, words=0.0) for h in (100.0, 400.0))
    >>> fit_figures([10.0, low, high], [300.0, 500.0])
    {1: 'roomy', 2: ''}
    >>> fit_figures([10.0, low, high], [300.0])
    {1: 'roomy', 2: 'left-out'}
    """
    sizes = {i: part for i, part in enumerate(parts) if isinstance(part, FigureSize)}
    chosen: dict[int, Size] = dict.fromkeys(sizes, "")
    for number in sorted(sizes, key=lambda i: -sizes[i].wide):
        if _fits(parts, chosen, columns):
            break
        chosen[number] = "left-out"
    out = [number for number, size in chosen.items() if size == "left-out"]
    for number in sorted(out, key=lambda i: sizes[i].wide):
        chosen[number] = ""  # perhaps it was another one that was too much
        if not _fits(parts, chosen, columns):
            chosen[number] = "left-out"
    kept = [number for number, size in chosen.items() if size != "left-out"]
    for number in sorted(kept, key=lambda i: sizes[i].narrow - sizes[i].wide):
        chosen[number] = "roomy"
        if not _fits(parts, chosen, columns):
            chosen[number] = ""
    return chosen


def _fits(
    parts: Sequence[float | FigureSize], chosen: dict[int, Size], columns: Sequence[float]
) -> bool:
    """Say whether the parts fit when each goes below the one before or into the next column.

    Text stays with what follows it.
    """
    left, above = [height / _CAREFUL for height in columns], 0.0
    for number, part in enumerate(parts):
        if not isinstance(part, FigureSize):
            above += part
            continue
        height = _printed(part, chosen[number]) + above
        above = 0.0
        while left and left[0] < height:
            left.pop(0)
        if not left:
            return False
        left[0] -= height
    return sum(left) >= above


def _printed(part: FigureSize, size: Size) -> float:
    if size == "left-out":
        return 2 * _LINE
    return part.words + (part.narrow if size == "roomy" else part.wide)


def _lines(text: str, letters: int) -> int:
    plain = re.sub(r"<[^>]+>", "", text)
    return math.ceil(len(plain) / letters)
