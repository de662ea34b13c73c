"""Where everything of a chart of rows stands.

A chart is laid out twice. The wide layout has the labels on the left and the numbers on the
right; the narrow one, for a phone, has the label above its marks. Units are those of the
``viewBox``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cxresearch.plots._axis import Axis, round_axis
from cxresearch.plots._measure import text_width, wrapped
from cxresearch.plots._rows import Chart, Marks, Row, Several, Sign
from cxresearch.plots.palette import INK, SOFT
from cxresearch.wording import Formats

Anchor = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Sizes of one of the two layouts.

    Attributes
    ----------
    label, small : float
        Font sizes of labels and numbers, and of everything else.
    above : bool
        Labels stand above their marks.
    label_room : float
        Widest label beside its marks; names get a part of it, whole sentences all.
    between : float
        Distance of the number from the text at its right.
    """

    name: str
    width: float
    label: float
    small: float
    most_ticks: int
    above: bool
    label_room: float
    edge: float
    between: float


WIDE = Layout(
    name="wide",
    width=720,
    label=14.5,
    small=13,
    most_ticks=7,
    above=False,
    label_room=286,
    edge=6,
    between=18,
)
NARROW = Layout(
    name="narrow",
    width=360,
    label=15,
    small=13.5,  # a figure on a phone is some 300 px wide: still more than 11 px
    most_ticks=5,
    above=True,
    label_room=0,
    edge=4,
    between=12,
)


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `y` is its base line."""

    x: float
    y: float
    text: str
    size: float
    colour: str = INK
    anchor: Anchor = "left"
    bold: bool = False


@dataclass(slots=True, kw_only=True)
class Placement:
    """Where the parts of a chart stand.

    Attributes
    ----------
    left, right : float
        Where the axis begins and ends.
    height : float
        How far down the chart reaches.
    marks : list
        Vertical place of each row's marks.
    bands : list
        Stretches, from top to bottom, in which the lines of the axis are drawn.
    """

    layout: Layout
    axis: Axis
    left: float
    right: float
    height: float = 0.0
    texts: list[Text] = field(default_factory=list)
    legend: list[tuple[float, float, Sign]] = field(default_factory=list)
    marks: list[tuple[float, Marks]] = field(default_factory=list)
    bands: list[tuple[float, float]] = field(default_factory=list)

    def x(self, value: float) -> float:
        """Return the horizontal place of a value of the axis."""
        return self.left + self.axis.share(value) * (self.right - self.left)


def tick_text(tick: float, axis: Axis, formats: Formats, *, percent: bool = False) -> str:
    """Return the number that stands at a tick."""
    if percent:
        return formats.percent(tick, max(0, axis.decimals - 2))
    return formats.number(tick, axis.decimals)


def place(chart: Chart, layout: Layout) -> Placement:
    """Return where everything of a chart stands in a layout."""
    placer = _Placer(chart, layout)
    drawn = any(row.marks is not None for row in chart.rows)
    if drawn:
        placer.legend()
        placer.headings()
    for row in chart.rows:
        placer.row(row)
    if drawn:
        placer.axis()
    return placer.placed


class _Placer:
    """Goes through a chart from top to bottom; `placed.height` is how far it has come."""

    def __init__(self, chart: Chart, layout: Layout) -> None:
        self.chart = chart
        self.layout = layout
        self.edge = layout.width - layout.edge
        self.numbers = max(
            [text_width(row.number, layout.label, bold=True) for row in chart.rows]
            + [text_width(chart.number_heading, layout.small)]
        )
        self.asides = max(
            [text_width(row.aside, layout.small) for row in chart.rows]
            + [text_width(chart.aside_heading, layout.small)]
        )
        self.number_edge = self.edge - (self.asides + layout.between if self.asides else 0)
        self.stacked = layout.above and self._is_crowded()
        if self.stacked:
            self.number_edge = self.edge
        self.legend_end = 0.0
        left, right = self._sides()
        self.placed = Placement(layout=layout, axis=self._axis(), left=left, right=right)

    # ── measures ──────────────────────────────────────────────────────────────────────────

    def _axis(self) -> Axis:
        values = [
            v for row in self.chart.rows if row.marks is not None for v in row.marks.values
        ]
        values += [0.0] if self.chart.zero else []
        values = values or list(self.chart.within or (0.0, 1.0))
        return round_axis(
            min(values),
            max(values),
            most_ticks=self.layout.most_ticks,
            within=self.chart.within,
        )

    def _sides(self) -> tuple[float, float]:
        if self.layout.above:
            return self.layout.edge + 12, self.edge - 12
        widths = [
            text_width(line, self.layout.label, bold=row.strong)
            for row in self.chart.rows
            if not row.heading
            for line in self._label(row)
        ]
        left = self.layout.edge + max(widths, default=0.0) + 20
        return left, self.number_edge - self.numbers - 22

    def _is_crowded(self) -> bool:
        """Return whether labels would break too often with number and aside in their line."""
        room = self.number_edge - self.numbers - 12 - self.layout.edge
        return any(
            len(wrapped(row.label, room, self.layout.label, bold=row.strong)) > 2
            for row in self.chart.rows
            if not row.heading
        )

    def _label(self, row: Row) -> list[str]:
        layout = self.layout
        if layout.above:
            taken = max(self.numbers, self.asides) if self.stacked else self.numbers
            room = self.number_edge - taken - 12 - layout.edge
        else:
            room = layout.label_room if self.chart.ragged else layout.label_room * 0.7
        return wrapped(row.label, room, layout.label, bold=row.strong)

    # ── parts ─────────────────────────────────────────────────────────────────────────────

    def legend(self) -> None:
        """Place the signs and what they mean."""
        layout, placed = self.layout, self.placed
        start = layout.edge + 2 if layout.above else placed.left - 6
        x, y = start, 18.0
        for sign, text in self.chart.legend:
            width = 22 + text_width(text, layout.small)
            if x > start and x + width > self.edge:
                x, y = start, y + 22
            placed.legend.append((x + 7, y - 4.5, sign))
            self._write(x + 20, y, text)
            self.legend_end, placed.height = x + width, y
            x += width + 18

    def headings(self) -> None:
        """Place the headings of the numbers, beside the legend where its last line has room."""
        placed, chart = self.placed, self.chart
        headings = [(self.number_edge, chart.number_heading)]
        if self.stacked and chart.aside_heading:
            headings = [(self.edge, f"{chart.number_heading} · {chart.aside_heading}")]
        elif chart.aside_heading:
            headings.append((self.edge, chart.aside_heading))
        first = min(x - text_width(text, self.layout.small) for x, text in headings)
        if not chart.legend or self.legend_end + 12 > first:
            placed.height += 21
        for x, text in (entry for entry in headings if entry[1]):
            self._write(x, placed.height, text, anchor="right")
        placed.height += 7 if self.layout.above else 11

    def row(self, row: Row) -> None:
        """Place a row below what is there."""
        if row.heading:
            self._heading(row)
        elif self.layout.above:
            self._row_above(row)
        else:
            self._row_beside(row)

    def _heading(self, row: Row) -> None:
        layout, placed = self.layout, self.placed
        y = placed.height + (14 if placed.bands else 4)
        room = self.edge - layout.edge
        for line in wrapped(row.label, room, layout.label, bold=True, most_lines=3):
            y += layout.label * 1.3
            placed.texts.append(Text(layout.edge, y, line, layout.label, bold=True))
        placed.height = y + 7

    def _row_beside(self, row: Row) -> None:
        layout, placed = self.layout, self.placed
        lines = self._label(row)
        step = layout.label * 1.28
        top, tall = placed.height, max(34.0, len(lines) * step + 11)
        middle, bottom = top + tall / 2, top + tall
        y = middle - (len(lines) - 1) * step / 2 + layout.label * 0.36
        x = layout.edge if self.chart.ragged else placed.left - 20
        anchor: Anchor = "left" if self.chart.ragged else "right"
        for line in lines:
            placed.texts.append(Text(x, y, line, layout.label, anchor=anchor, bold=row.strong))
            y += step
        self._numbers(row, middle + layout.label * 0.36)
        self._marks(row, middle)
        if row.marks is not None and placed.bands and abs(placed.bands[-1][1] - top) < 0.01:
            placed.bands[-1] = (placed.bands[-1][0], bottom)
        elif row.marks is not None:
            placed.bands.append((top, bottom))
        placed.height = bottom

    def _row_above(self, row: Row) -> None:
        layout, placed = self.layout, self.placed
        lines = self._label(row)
        step, y = layout.label * 1.3, placed.height + 8
        for number, line in enumerate(lines, start=1):
            placed.texts.append(
                Text(layout.edge, y + number * step, line, layout.label, bold=row.strong)
            )
        self._numbers(row, y + step)
        middle = y + max(len(lines), 2 if row.aside and self.stacked else 1) * step + 18
        half = 16.0 if isinstance(row.marks, Several) else 11.0
        middle += half - 11
        self._marks(row, middle)
        if row.marks is not None:
            placed.bands.append((middle - half, middle + half))
        placed.height = middle + half + 3

    def _numbers(self, row: Row, y: float) -> None:
        if row.number:
            self.placed.texts.append(
                Text(
                    self.number_edge, y, row.number, self.layout.label, INK, "right", bold=True
                )
            )
        if row.aside:
            below = self.layout.label * 1.3 if self.stacked else 0.0
            self._write(self.edge, y + below, row.aside, anchor="right")

    def _marks(self, row: Row, middle: float) -> None:
        layout, placed = self.layout, self.placed
        if row.marks is not None:
            placed.marks.append((middle, row.marks))
        elif row.remark:
            x = layout.edge if layout.above else placed.left
            room = self.edge - x
            line = wrapped(row.remark, room, layout.small, most_lines=1)[0]
            self._write(x, middle + layout.small * 0.36, line)

    def axis(self) -> None:
        """Place the numbers of the axis, what lies at its ends, and its title."""
        placed, size = self.placed, self.layout.small
        y = placed.height + size + 5
        for tick in placed.axis.ticks:
            text = tick_text(tick, placed.axis, self.chart.formats, percent=self.chart.percent)
            half = text_width(text, size) / 2
            x = min(max(placed.x(tick), half), self.layout.width - half)
            self._write(x, y, text, anchor="center")
        y += size * 1.5
        title = self.chart.axis_title
        if any(self.chart.axis_ends):
            y, title = self._ends(y)
        middle = (placed.left + placed.right) / 2
        lines = wrapped(title, self.layout.width - 20, size, most_lines=2) if title else []
        for line in lines:
            half = text_width(line, size) / 2
            x = min(max(middle, half + self.layout.edge), self.edge - half)
            self._write(x, y, line, anchor="center")
            y += size * 1.4
        placed.height = y - size * 1.4 + 8

    def _ends(self, y: float) -> tuple[float, str]:
        """Say where is less and where more; return the next line and the title that it takes.

        All three stand in one line where they fit, else the title goes down, else also the
        right end.
        """
        size, gap = self.layout.small, 16.0
        left, right = self.placed.left - 12, self.placed.right + 12
        less, more = self.chart.axis_ends
        widths = [text_width(end, size) for end in (less, more)]
        beside = min(left, right - sum(widths) - gap)
        fits = beside >= self.layout.edge
        self._write(beside if fits else left, y, less)
        if sum(widths) + text_width(self.chart.axis_title, size) + 2 * gap <= right - left:
            x = (left + widths[0] + right - widths[1]) / 2
            self._write(x, y, self.chart.axis_title, anchor="center")
            self._write(right, y, more, anchor="right")
            return y + size * 1.4, ""
        y += 0 if fits else size * 1.35
        self._write(right, y, more, anchor="right")
        return y + size * 1.45, self.chart.axis_title

    def _write(self, x: float, y: float, text: str, *, anchor: Anchor = "left") -> None:
        """Place a line of soft, small text."""
        self.placed.texts.append(Text(x, y, text, self.layout.small, SOFT, anchor))
