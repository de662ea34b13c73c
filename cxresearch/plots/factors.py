"""How much the dimensions of a battery go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch.plots._canvas import Canvas, Line
from cxresearch.plots._draw import pictured
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import Layout, Text
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import INK, LINE, RECEIVED
from cxresearch.psychometrics import DistinctnessResult
from cxresearch.shown import Figure, or_nothing
from cxresearch.wording import Formats
from cxresearch.wording.labels import clean

_DEEPEST = 0.46
"""Opacity of a correlation of 1: ink on it stays readable on a light and on a dark page."""


@or_nothing
def plot_distinctness(found: DistinctnessResult, *, language: str = "en") -> Figure | None:
    """Draw the latent correlation of every pair of dimensions as a triangle of cells.

    Parameters
    ----------
    found : DistinctnessResult or None
        None, and a verdict without pairs, draw nothing.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure or None
        Each cell has the correlation and its interval; a stronger colour is a higher one, and a
        frame marks pairs that are not distinct. HTMT instead where a correlation is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.psychometrics import distinct_scales
    >>> rng = np.random.default_rng(1)
    >>> halo = rng.normal(size=(300, 1)) + rng.normal(size=(300, 6))
    >>> model = {"staff": list("abc"), "room": list("def")}
    >>> found = distinct_scales(pd.DataFrame(halo, columns=list("abcdef")), model, n_boot=50)
    >>> plot_distinctness(found).alt_text.split(":")[0]
    'How much 2 dimensions go together'
    """
    if found.estimates.empty:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    grid = _grid(found, formats)
    kind = "_ratio" if grid.ratio else ""
    lead = text(f"figures.factors.lead{kind}", n=len(grid.names), people=formats.count(found.n))
    caption = text(
        f"figures.factors.explained{kind}",
        level=formats.level(found.confidence_level),
        cutoff=formats.coefficient(found.cutoff),
    )
    return pictured(
        grid.compose,
        name="distinct_dimensions",
        alt_text=alternative(lead, grid.entries(), formats),
        caption=caption,
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    row: int
    column: int
    value: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True)
class _Correlations:
    names: tuple[str, ...]
    cells: tuple[_Cell, ...]
    formats: Formats
    ratio: bool

    def entries(self) -> list[str]:
        """Return the alternative text of the cells, the highest first."""
        text = self.formats.messages.text
        return [
            text(
                "figures.factors.entry",
                first=self.names[cell.column],
                second=self.names[cell.row],
                latent=self.formats.coefficient(cell.value),
                interval=self.formats.coefficient_interval(cell.low, cell.high),
                verdict=text(f"terms.distinct.{cell.verdict}"),
            )
            for cell in sorted(self.cells, key=lambda cell: -cell.value)
        ]

    def compose(self, layout: Layout) -> Canvas:
        """Return the triangle in a layout: names before the rows, numbers over the columns."""
        canvas = Canvas(layout=layout)
        k = len(self.names)
        room = canvas.right - canvas.left
        beside = 0.0 if layout.above else min(230.0, room * 0.36)
        y = 12.0
        if layout.above:
            for place, name in enumerate(self.names):
                line = wrapped(f"{place + 1} {name}", room, layout.small, most_lines=1)[0]
                y += layout.small * 1.45
                canvas.write(canvas.left, y, line)
            y += 8
        left = canvas.left + (beside or 22)
        width = min(104.0, (canvas.right - left - 2) / (k - 1))
        tall = 46.0
        top = y + layout.small + 12
        for column in range(k - 1):
            middle = left + (column + 0.5) * width
            canvas.write(middle, top - 8, str(column + 1), anchor="center", strong=True)
        for row in range(1, k):
            self._row_name(canvas, row, top + (row - 1) * tall, tall, beside)
        if not layout.above:
            self._first_name(canvas, top)
        for cell in self.cells:
            self._cell(canvas, cell, (left, top, width, tall))
        canvas.height = top + (k - 1) * tall + 14
        return canvas

    def _first_name(self, canvas: Canvas, top: float) -> None:
        line = f"1 {self.names[0]}"
        room = canvas.right - canvas.left
        canvas.write(canvas.left, top - 26, wrapped(line, room, canvas.layout.small)[0])

    def _row_name(
        self, canvas: Canvas, row: int, top: float, tall: float, beside: float
    ) -> None:
        middle = top + tall / 2 + canvas.layout.small * 0.36
        if not beside:
            canvas.write(canvas.left, middle, str(row + 1), strong=True)
            return
        lines = wrapped(
            f"{row + 1} {self.names[row]}", beside - 12, canvas.layout.small, most_lines=2
        )
        y = middle - (len(lines) - 1) * canvas.layout.small * 0.65
        for line in lines:
            canvas.write(canvas.left, y, line)
            y += canvas.layout.small * 1.3

    def _cell(
        self, canvas: Canvas, cell: _Cell, place: tuple[float, float, float, float]
    ) -> None:
        left, top, width, tall = place
        left += cell.column * width
        top += (cell.row - 1) * tall
        right, bottom = left + width, top + tall
        depth = 0.03 + (_DEEPEST - 0.03) * float(np.clip(cell.value, 0, 1)) ** 2
        canvas.rectangle(left, right, top, bottom, colour=RECEIVED, opacity=depth)
        framed = cell.verdict == "not_distinct"
        inset = 2.0 if framed else 0.0
        corners = (
            (left + inset, top + inset), (right - inset, top + inset),
            (right - inset, bottom - inset), (left + inset, bottom - inset),
            (left + inset, top + inset),
        )  # fmt: skip
        colour, thick = (INK, 2.0) if framed else (LINE, 1.0)
        canvas.lines.append(Line(points=corners, colour=colour, width=thick))
        layout, middle = canvas.layout, (left + right) / 2
        number = self.formats.coefficient(cell.value)
        canvas.texts.append(
            Text(middle, top + tall / 2 - 1, number, layout.label, INK, "center", bold=True)
        )
        if np.isfinite(cell.low) and np.isfinite(cell.high):
            ends = [self.formats.coefficient(end) for end in (cell.low, cell.high)]
            shown = "–".join(ends)
            canvas.texts.append(
                Text(
                    middle,
                    top + tall / 2 + layout.small * 1.15,
                    shown,
                    layout.small * 0.92,
                    INK,
                    "center",
                )
            )


def _grid(found: DistinctnessResult, formats: Formats) -> _Correlations:
    terms = found.scales["term"].tolist()
    names = tuple(
        clean(label) or clean(term)
        for label, term in zip(found.scales["label"], terms, strict=True)
    )
    rows = found.estimates
    ratio = bool(rows["estimate"].isna().any())
    columns = (
        ("htmt", "htmt_low", "htmt_high") if ratio else ("estimate", "conf_low", "conf_high")
    )
    cells = []
    for row in rows.to_dict("records"):
        a, b = sorted((terms.index(row["term"]), terms.index(row["group"])))
        value, low, high = (float(row[name]) for name in columns)
        cells.append(_Cell(b, a, value, low, high, str(row["verdict"])))
    return _Correlations(names, tuple(cells), formats, ratio)
