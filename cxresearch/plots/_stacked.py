"""Charts of rows one below the other in a single picture, each with an axis of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cxresearch.plots._canvas import Canvas, Line
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import Layout, Placement, Text, place
from cxresearch.plots._rows import Chart, Interval
from cxresearch.plots.palette import LINE, RECEIVED, SOFT

_CAP = 5.0


def stacked(titled: Sequence[tuple[str, Chart]], layout: Layout) -> Canvas:
    """Return charts below each other, each under its title."""
    canvas = Canvas(layout=layout)
    room = canvas.right - canvas.left
    for number, (title, chart) in enumerate(titled):
        y = canvas.height + (26 if number else 6)
        for line in wrapped(title, room, layout.label, bold=True, most_lines=3):
            y += layout.label * 1.2
            canvas.texts.append(Text(canvas.left, y, line, layout.label, bold=True))
        placed = place(chart, layout)
        _transfer(canvas, placed, y + 2, zero=chart.zero)
        canvas.height = y + 2 + placed.height
    return canvas


def _transfer(canvas: Canvas, placed: Placement, top: float, *, zero: bool) -> None:
    """Put what was placed on the canvas, `top` further down."""
    canvas.texts += [replace(text, y=text.y + top) for text in placed.texts]
    canvas.dots += [(x, y + top, sign) for x, y, sign in placed.legend]
    for start, end in placed.bands:
        for tick in placed.axis.ticks:
            x, origin = placed.x(tick), zero and abs(tick) < 1e-9
            canvas.lines.append(
                Line(
                    points=((x, start + top), (x, end + top)),
                    colour=SOFT if origin else LINE,
                    width=1.4 if origin else 1.0,
                )
            )
    for y, marks in placed.marks:
        if isinstance(marks, Interval):
            _interval(canvas, placed, marks, y + top)


def _interval(canvas: Canvas, placed: Placement, marks: Interval, y: float) -> None:
    if marks.low == marks.low and marks.high == marks.high:
        low, high = placed.x(marks.low), placed.x(marks.high)
        canvas.lines.append(Line(points=((low, y), (high, y)), colour=RECEIVED, width=3))
        for x in (low, high):
            ends = ((x, y - _CAP), (x, y + _CAP))
            canvas.lines.append(Line(points=ends, colour=RECEIVED, width=2))
    canvas.dots.append((placed.x(marks.estimate), y, marks.sign))
