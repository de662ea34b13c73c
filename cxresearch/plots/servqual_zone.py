"""Zones of tolerance: what customers accept and wish as a bar, what they got as a mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cxresearch.plots._axis import Axis, round_axis
from cxresearch.plots._canvas import Canvas, Line
from cxresearch.plots._draw import pictured
from cxresearch.plots._measure import text_width, wrapped
from cxresearch.plots._place import Layout, Text, tick_text
from cxresearch.plots._rows import Sign
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import EXPECTED, INK, LINE, RECEIVED
from cxresearch.servqual.zone_result import ZoneResult
from cxresearch.shown import Figure, or_nothing
from cxresearch.wording import Formats, decimals_for
from cxresearch.wording.labels import name_of, shortened

_LONGEST_NAME = 60
_DEPTH = 0.28
_BAR = 9.0


@or_nothing
def plot_zone(zone: ZoneResult, *, language: str = "en") -> Figure:
    """Draw the zone of tolerance of each dimension and overall, and where customers stand.

    Parameters
    ----------
    zone : ZoneResult or None
        None draws nothing and returns None.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Bars from the minimum accepted to the desired level; marks with intervals are what
        customers got, filled where the place is decided and open where not. The lowest position
        comes first, overall last.
    """
    formats = Formats.of(language)
    drawing = _Zones(zone, _ordered(zone), formats)
    text = formats.messages.text
    ends = {"low": formats.points(zone.scale_low), "high": formats.points(zone.scale_high)}
    number = sum(row.level == "dimension" for row in drawing.rows)
    lead = text("figures.gap_quality.zone_lead", n=number, **ends)
    caption = [
        text("figures.gap_quality.zone_explained", level=formats.level(zone.confidence_level))
    ]
    if zone.weighted:
        caption.append(text("figures.weighted"))
    return pictured(
        drawing.compose,
        name="zone_of_tolerance",
        alt_text=alternative(lead, [drawing.entry(row) for row in drawing.rows], formats),
        caption=" ".join(caption),
    )


def _ordered(zone: ZoneResult) -> tuple[Any, ...]:
    own = zone.zones[(zone.zones["segment"] == "") & zone.zones["perception"].notna()]
    dimensions = own[own["level"] == "dimension"]
    distance = dimensions["perception"] - dimensions["minimum"]
    dimensions = dimensions.loc[distance.sort_values(kind="stable").index]
    overall = own[own["level"] == "overall"] if len(dimensions) > 1 else own.iloc[:0]
    return (*each(dimensions), *each(overall))


@dataclass(frozen=True, slots=True)
class _Zones:
    zone: ZoneResult
    rows: tuple[Any, ...]
    formats: Formats

    def entry(self, row: Any) -> str:
        """Return a zone in words."""
        decimals = decimals_for(self.zone.scale_low, self.zone.scale_high)
        return self.formats.messages.text(
            "figures.gap_quality.zone_entry",
            name=shortened(self._name(row).rstrip(".:;, "), _LONGEST_NAME),
            minimum=self.formats.number(row.minimum, decimals),
            received=self.formats.number(row.perception, decimals),
            desired=self.formats.number(row.desired, decimals),
            zone=self._place(row),
        )

    def compose(self, layout: Layout) -> Canvas:
        """Return the figure in a layout."""
        canvas = Canvas(layout=layout)
        room = canvas.right - canvas.left
        if not self.rows:
            said = self.formats.messages.text("figures.nothing_to_show")
            canvas.height = canvas.paragraph(canvas.left, 20, said, room) + 12
            return canvas
        y = self._legend(canvas, 18.0) + 14
        names = [self._name(row) for row in self.rows]
        widest = max(text_width(name, layout.label, bold=True) for name in names)
        labels = 0.0 if layout.above else min(widest, layout.label_room * 0.75) + 18
        places = max(text_width(self._place(row), layout.small) for row in self.rows) + 16
        left = canvas.left + labels + 8
        right = canvas.right - (8 if layout.above else places)
        axis = self._axis(layout)
        top = y
        for row, name in zip(self.rows, names, strict=True):
            y = self._row(canvas, row, name, axis, (left, right), y)
        self._ticks(canvas, axis, (left, right), top, y + 4)
        canvas.height = self._axis_title(canvas, (left, right), y + 4) + 10
        return canvas

    def _name(self, row: Any) -> str:
        return name_of(row.term, row.label, self.formats.messages)

    def _place(self, row: Any) -> str:
        return self.formats.messages.text(f"terms.zone.{row.zone}")

    def _legend(self, canvas: Canvas, y: float) -> float:
        """Write what bars and marks are; return the last base line."""
        text, small = self.formats.messages.text, canvas.layout.small
        bar = text("figures.gap_quality.zone_bar")
        x = canvas.left + 2
        canvas.rectangle(
            x, x + 26, y - 4.5 - _BAR, y - 4.5 + _BAR, colour=EXPECTED, opacity=_DEPTH
        )
        canvas.write(x + 34, y, bar)
        entries: list[tuple[Sign, str]] = []
        decided = {row.zone != "not_decided" for row in self.rows}
        if True in decided:
            entries.append(("excludes_zero", text("figures.gap_quality.zone_mark")))
        if False in decided:
            entries.append(("includes_zero", text("figures.gap_quality.zone_mark_open")))
        return canvas.legend(entries, y + small * 1.9)

    def _axis(self, layout: Layout) -> Axis:
        values = [
            value
            for row in self.rows
            for value in (row.minimum, row.desired, row.perception, row.perception_low,
                          row.perception_high)
            if value == value
        ]  # fmt: skip
        ends = (self.zone.scale_low, self.zone.scale_high)
        return round_axis(min(values), max(values), most_ticks=layout.most_ticks, within=ends)

    def _row(
        self,
        canvas: Canvas,
        row: Any,
        name: str,
        axis: Axis,
        span: tuple[float, float],
        y: float,
    ) -> float:
        """Place one row below y; return how far down it reaches."""
        layout, (left, right) = canvas.layout, span
        strong = row.level == "overall"
        room = (right - left) if layout.above else left - canvas.left - 18
        lines = wrapped(name, room, layout.label, bold=strong, most_lines=3)
        step = layout.label * 1.25
        if layout.above:
            for line in lines:
                y += step
                canvas.texts.append(Text(canvas.left, y, line, layout.label, INK, bold=strong))
            canvas.write(canvas.left, y + layout.small * 1.4, self._place(row))
            y += layout.small * 1.4
            middle, bottom = y + 22, y + 40
        else:
            tall = max(40.0, step * len(lines) + 12)
            middle, bottom = y + tall / 2, y + tall
            base = middle + layout.label * 0.36 - step * (len(lines) - 1) / 2
            for number, line in enumerate(lines):
                at = base + step * number
                canvas.texts.append(
                    Text(left - 16, at, line, layout.label, INK, "right", bold=strong)
                )
            canvas.write(right + 14, middle + layout.small * 0.36, self._place(row))
        self._marks(canvas, row, axis, span, middle)
        return bottom

    def _marks(
        self, canvas: Canvas, row: Any, axis: Axis, span: tuple[float, float], y: float
    ) -> None:
        def at(value: float) -> float:
            return span[0] + axis.share(value) * (span[1] - span[0])

        low, high = at(row.minimum), at(row.desired)
        canvas.rectangle(low, high, y - _BAR, y + _BAR, colour=EXPECTED, opacity=_DEPTH)
        for end in (low, high):
            points = ((end, y - _BAR), (end, y + _BAR))
            canvas.lines.append(Line(points=points, colour=EXPECTED, width=2.2))
        ends = (row.perception_low, row.perception_high)
        if all(end == end for end in ends):
            # An interval of a mean may reach past the ends of the scale: the axis does not.
            left, right = (min(max(at(end), span[0]), span[1]) for end in ends)
            canvas.lines.append(Line(points=((left, y), (right, y)), colour=RECEIVED, width=3))
        sign: Sign = "includes_zero" if row.zone == "not_decided" else "excludes_zero"
        canvas.dots.append((at(row.perception), y, sign))

    def _ticks(
        self, canvas: Canvas, axis: Axis, span: tuple[float, float], top: float, bottom: float
    ) -> None:
        left, right = span
        for tick in axis.ticks:
            x = left + axis.share(tick) * (right - left)
            canvas.lines.insert(0, Line(points=((x, top), (x, bottom)), colour=LINE))
            number = tick_text(tick, axis, self.formats)
            canvas.write(x, bottom + canvas.layout.small + 5, number, anchor="center")

    def _axis_title(self, canvas: Canvas, span: tuple[float, float], bottom: float) -> float:
        title = self.formats.messages.text(
            "figures.gap_quality.zone_axis",
            low=self.formats.points(self.zone.scale_low),
            high=self.formats.points(self.zone.scale_high),
        )
        size = canvas.layout.small
        y = bottom + size * 2.5 + 5
        for number, line in enumerate(wrapped(title, span[1] - span[0] + 40, size)):
            y += size * 1.4 if number else 0.0
            canvas.write((span[0] + span[1]) / 2, y, line, anchor="center")
        return y
