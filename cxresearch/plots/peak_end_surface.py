"""What was remembered, over peak and end together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._validate import check_count, check_names
from cxresearch.errors import CxError
from cxresearch.plots._axis import Axis, round_axis
from cxresearch.plots._canvas import Canvas, Line
from cxresearch.plots._draw import pictured
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import Layout, Text
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import INK, LINE, RECEIVED
from cxresearch.shown import Figure
from cxresearch.wording import Formats
from cxresearch.wording.peak_end import Labels, known_term, memory_name, rating_decimals

_MOST_STEPS = 6
_DEEPEST = 0.46
"""Opacity of the highest cell: ink on it stays readable on a light and on a dark page."""


def plot_peak_end_surface(
    episodes: pd.DataFrame,
    *,
    retrospective: str,
    peak: str = "peak",
    end: str = "end",
    min_cell: int = 3,
    labels: Labels = None,
    language: str = "en",
) -> Figure:
    """Draw the mean remembered rating of the episodes with each peak and end.

    Parameters
    ----------
    episodes : DataFrame
        One row an episode: `EpisodeFeaturesResult.with_episodes`.
    retrospective, peak, end : str
        Columns, numeric.
    min_cell : int
        Episodes a cell must have for its mean to be shown, at least 1.
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        A grid: the end from left to right, the peak from bottom to top, in each cell the mean
        and the number of episodes. A stronger colour is a higher mean; the numbers say the
        same in grey. As observed: no model smooths it.

    Raises
    ------
    CxError
        A column is unknown or not numeric.

    Examples
    --------
    >>> table = pd.DataFrame({"peak": [6, 8, 8], "end": [3, 3, 7], "memory": [4, 5, 7]})
    >>> figure = plot_peak_end_surface(table, retrospective="memory", min_cell=1)
    >>> figure.alt_text.split(". ")[0]
    'Mean of the remembered rating over peak and end, 3 episodes in 3 cells'
    """
    formats = Formats.of(language)
    text = formats.messages.text
    check_count("min_cell", min_cell, at_least=1)
    memory = memory_name(retrospective, labels, formats.messages)
    surface = _surface(episodes, retrospective, peak, end, formats, min_cell)
    cells = surface.cells
    shown = cells[cells["n"] >= min_cell]
    lead = text(
        "figures.peak_end.alt_surface",
        memory=memory,
        n=surface.n,
        cells=str(len(cells)),
    )
    caption = [
        text("figures.peak_end.surface_explained", memory=memory),
        text("figures.peak_end.surface_episodes", n=surface.n),
    ]
    if len(shown) < len(cells):
        caption.append(text("figures.peak_end.surface_hidden", least=str(min_cell)))
    return pictured(
        surface.compose,
        name="peak_end_surface",
        alt_text=alternative(lead, surface.entries(shown), formats),
        caption=" ".join(caption),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Surface:
    """Cells (row and column from the lower left, mean, n) and both axes; None when empty."""

    cells: pd.DataFrame
    across: Axis | None
    up: Axis | None
    across_title: str
    up_title: str
    formats: Formats
    min_cell: int
    n: int

    def entries(self, shown: pd.DataFrame) -> list[str]:
        """Return the alternative text of the cells, the highest mean first."""
        if self.across is None or self.up is None:
            return []
        found, decimals = [], self._decimals()
        for cell in each(shown.sort_values("mean", ascending=False, kind="stable")):
            found.append(
                self.formats.messages.text(
                    "figures.peak_end.alt_cell",
                    peak=self._between(self.up, int(cell.row)),
                    end=self._between(self.across, int(cell.column)),
                    mean=self.formats.number(float(cell.mean), decimals),
                    count=str(int(cell.n)),
                )
            )
        return found

    def compose(self, layout: Layout) -> Canvas:
        """Return the grid in a layout."""
        canvas = Canvas(layout=layout)
        room = canvas.right - canvas.left
        if self.across is None or self.up is None:
            said = self.formats.messages.text("figures.peak_end.no_surface")
            canvas.height = canvas.paragraph(canvas.left, 20, said, room) + 12
            return canvas
        y = canvas.paragraph(canvas.left, 18, f"↑ {self.up_title}", room)
        columns, rows = len(self.across.ticks) - 1, len(self.up.ticks) - 1
        left, right = canvas.left + 40, canvas.right - 12
        if not layout.above:
            right = min(right, left + columns * 112)
        top = y + 16
        width = (right - left) / columns
        tall = min(56.0, max(42.0, width * 0.6))
        grid = _Grid(left, top + rows * tall, width, tall)
        self._cells(canvas, grid, rows, columns)
        self._numbers(canvas, grid)
        y = grid.bottom + layout.small * 2.5 + 7
        title = f"{self.across_title} →"
        for number, line in enumerate(wrapped(title, room, layout.small, most_lines=2)):
            y += layout.small * 1.4 if number else 0.0
            canvas.write(right, y, line, anchor="right")
        canvas.height = y + 10
        return canvas

    def _cells(self, canvas: Canvas, grid: _Grid, rows: int, columns: int) -> None:
        layout, decimals = canvas.layout, self._decimals()
        shown = self.cells[self.cells["n"] >= self.min_cell]["mean"]
        low, high = shown.min(), shown.max()
        for cell in each(self.cells):
            left, top = grid.corner(int(cell.column), int(cell.row))
            middle = left + grid.width / 2
            count = f"n {self.formats.count(float(cell.n))}"
            if cell.n < self.min_cell:
                canvas.write(middle, top + grid.tall / 2 + 5, count, anchor="center")
                continue
            share = (cell.mean - low) / (high - low) if high > low else 0.5
            box = (left, left + grid.width, top, top + grid.tall)
            depth = 0.05 + (_DEEPEST - 0.05) * float(share)
            canvas.rectangle(*box, colour=RECEIVED, opacity=depth)
            mean = self.formats.number(float(cell.mean), decimals)
            base = top + grid.tall / 2 - 1
            canvas.texts.append(
                Text(middle, base, mean, layout.label, INK, "center", bold=True)
            )
            canvas.texts.append(
                Text(middle, base + layout.small * 1.25, count, layout.small, INK, "center")
            )
        right, top = grid.left + columns * grid.width, grid.bottom - rows * grid.tall
        for column in range(columns + 1):
            x = grid.left + column * grid.width
            canvas.lines.append(Line(points=((x, top), (x, grid.bottom)), colour=LINE))
        for row in range(rows + 1):
            y = grid.bottom - row * grid.tall
            canvas.lines.append(Line(points=((grid.left, y), (right, y)), colour=LINE))

    def _numbers(self, canvas: Canvas, grid: _Grid) -> None:
        """Write the edges of the cells below and at the left."""
        size = canvas.layout.small
        if self.across is None or self.up is None:
            return
        for place, tick in enumerate(self.across.ticks):
            x = grid.left + place * grid.width
            number = self.formats.number(tick, self.across.decimals)
            canvas.write(x, grid.bottom + size + 5, number, anchor="center")
        for place, tick in enumerate(self.up.ticks):
            y = grid.bottom - place * grid.tall
            number = self.formats.number(tick, self.up.decimals)
            canvas.write(grid.left - 8, y + size * 0.36, number, anchor="right")

    def _decimals(self) -> int:
        return min(1, rating_decimals(self.cells["mean"]))

    def _between(self, axis: Axis, place: int) -> str:
        ends = axis.ticks[place], axis.ticks[place + 1]
        low, high = (self.formats.number(end, axis.decimals) for end in ends)
        return self.formats.messages.text("format.interval", low=low, high=high)


@dataclass(frozen=True, slots=True)
class _Grid:
    left: float
    bottom: float
    width: float
    tall: float

    def corner(self, column: int, row: int) -> tuple[float, float]:
        """Return the upper left corner of a cell."""
        return self.left + column * self.width, self.bottom - (row + 1) * self.tall


def _surface(
    episodes: pd.DataFrame,
    retrospective: str,
    peak: str,
    end: str,
    formats: Formats,
    min_cell: int,
) -> _Surface:
    names = [peak, end, retrospective]
    check_names("columns", names, [str(c) for c in episodes.columns], of="columns")
    for name in names:
        if not pd.api.types.is_numeric_dtype(episodes[name]):
            raise CxError(f"column {name!r} must be numeric")
    used = episodes[names].astype(float)
    used = used[np.isfinite(used.to_numpy()).all(axis=1)]
    up, across = _edges(used[peak]), _edges(used[end])
    table = pd.DataFrame(columns=["row", "column", "mean", "n"])
    if up is not None and across is not None:
        grouped = used.assign(row=_places(used[peak], up), column=_places(used[end], across))
        cells = grouped.groupby(["row", "column"])[retrospective]
        table = cells.agg(["mean", "size"]).reset_index().rename(columns={"size": "n"})
    messages = formats.messages
    return _Surface(
        cells=table,
        across=across,
        up=up,
        across_title=known_term("feature", end, messages),
        up_title=known_term("feature", peak, messages),
        formats=formats,
        min_cell=min_cell,
        n=len(used),
    )


def _edges(values: pd.Series) -> Axis | None:
    """Return round edges of at most five steps; None where there is nothing."""
    if values.empty:
        return None
    low, high = float(values.min()), float(values.max())
    axis = round_axis(low, high, most_ticks=_MOST_STEPS)
    return axis if math.isfinite(low) and len(axis.ticks) > 1 else None


def _places(values: pd.Series, axis: Axis) -> np.ndarray:
    """Return the step each value falls into; the upper edge of the last belongs to it."""
    edges = np.asarray(axis.ticks)
    found = np.searchsorted(edges, values.to_numpy(dtype=float), side="right") - 1
    return np.clip(found, 0, len(edges) - 2)
