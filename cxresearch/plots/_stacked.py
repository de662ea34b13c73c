"""Charts of rows one below the other in a single picture, each with an axis of its own."""

from __future__ import annotations

from collections.abc import Sequence

from cxresearch.plots._canvas import Canvas
from cxresearch.plots._draw import charted
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import Layout, Text, place
from cxresearch.plots._rows import Chart


def stacked(titled: Sequence[tuple[str, Chart]], layout: Layout) -> Canvas:
    """Return charts below each other, each under its title."""
    canvas = Canvas(layout=layout)
    room = canvas.right - canvas.left
    for number, (title, chart) in enumerate(titled):
        y = canvas.height + (26 if number else 6)
        for line in wrapped(title, room, layout.label, bold=True, most_lines=3):
            y += layout.label * 1.2
            canvas.texts.append(Text(canvas.left, y, line, layout.label, bold=True))
        canvas.append(charted(place(chart, layout), zero=chart.zero), y + 2)
    return canvas
