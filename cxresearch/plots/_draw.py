"""From a placed chart to a picture: dots by seaborn, lines and areas by matplotlib.

Both are asked for many marks at a time: what a call of theirs costs by far outweighs its marks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure as MplFigure

from cxresearch.plots._canvas import Canvas, Line, Point
from cxresearch.plots._place import NARROW, WIDE, Layout, Placement, place
from cxresearch.plots._rows import Chart, Interval, Pair, Several, Sign
from cxresearch.plots._svg import finished_svg, own_settings
from cxresearch.plots.palette import BAR, CARD, EXPECTED, LINE, RECEIVED, SOFT
from cxresearch.shown import Figure

_POINTS_PER_INCH = 72.0
_POINT_SIZE = 27.0
_BESIDE = 6.5
"""How far the intervals of one row stand from its middle."""

_SIGNS: dict[Sign, dict[str, Any]] = {
    "expected": {
        "marker": "D",
        "s": 100,
        "color": CARD,
        "edgecolor": EXPECTED,
        "linewidth": 2.2,
    },
    "received": {
        "marker": "o",
        "s": 108,
        "color": RECEIVED,
        "edgecolor": CARD,
        "linewidth": 0.8,
    },
    "excludes_zero": {
        "marker": "o",
        "s": 100,
        "color": RECEIVED,
        "edgecolor": RECEIVED,
        "linewidth": 2,
    },
    "includes_zero": {
        "marker": "o",
        "s": 100,
        "color": CARD,
        "edgecolor": RECEIVED,
        "linewidth": 2,
    },
    "against": {
        "marker": "v",
        "s": 120,
        "color": EXPECTED,
        "edgecolor": EXPECTED,
        "linewidth": 1.5,
    },
    "turning": {
        "marker": "D",
        "s": 84,
        "color": CARD,
        "edgecolor": EXPECTED,
        "linewidth": 2.2,
    },
    "unsigned": {
        "marker": "s",
        "s": 84,
        "color": CARD,
        "edgecolor": RECEIVED,
        "linewidth": 2,
    },
}
"""Signs differ in shape or filling as well as in colour, so that a grey print can be read."""


def drawn(chart: Chart, *, name: str, alt_text: str, caption: str) -> Figure:
    """Return a chart in both layouts."""
    return pictured(
        lambda layout: charted(place(chart, layout), zero=chart.zero),
        name=name,
        alt_text=alt_text,
        caption=caption,
    )


def pictured(
    compose: Callable[[Layout], Canvas], *, name: str, alt_text: str, caption: str
) -> Figure:
    """Return what `compose` lays out, in both layouts."""
    canvases = [compose(layout) for layout in (WIDE, NARROW)]
    with own_settings():
        wide, narrow = (
            finished_svg(
                _painted(canvas),
                canvas.texts,
                name=f"{name}-{canvas.layout.name}",
                alt_text=alt_text,
            )
            for canvas in canvases
        )
    return Figure(name=name, svg=wide, svg_narrow=narrow, alt_text=alt_text, caption=caption)


def charted(placement: Placement, *, zero: bool) -> Canvas:
    """Return a placed chart as a drawing."""
    canvas = Canvas(layout=placement.layout, height=placement.height, texts=placement.texts)
    _grid(canvas, placement, zero=zero)
    _pairs(canvas, placement)
    _intervals(canvas, placement)
    canvas.dots += placement.legend
    return canvas


def _painted(canvas: Canvas) -> MplFigure:
    figure, axes = _page(canvas.layout, canvas.height)
    if canvas.areas:
        areas = PolyCollection(
            [area.corners for area in canvas.areas],
            facecolors=[to_rgba(area.colour, area.opacity) for area in canvas.areas],
            linewidths=0,
        )
        _add(axes, areas, zorder=1)
    for dashed in (False, True):
        lines = [line for line in canvas.lines if line.dashed is dashed]
        if lines:
            drawn = LineCollection(
                [line.points for line in lines],
                colors=[line.colour for line in lines],
                linewidths=[line.width for line in lines],
                linestyles=(0, (4, 3)) if dashed else "solid",
                capstyle="butt" if dashed else "projecting",
            )
            _add(axes, drawn, zorder=2)
    if canvas.points:
        _scatter(
            axes,
            canvas.points,
            marker="o",
            s=_POINT_SIZE,
            color=RECEIVED,
            alpha=0.34,
            linewidth=0,
        )
    for sign, how in _SIGNS.items():
        _scatter(axes, [(x, y) for x, y, own in canvas.dots if own == sign], **how)
    axes.set_axis_off()
    return figure


def _page(layout: Layout, height: float) -> tuple[MplFigure, Axes]:
    """Return axes in viewBox units, the origin at the top left as in SVG."""
    figure = MplFigure(
        figsize=(layout.width / _POINTS_PER_INCH, height / _POINTS_PER_INCH),
        dpi=_POINTS_PER_INCH,
    )
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, layout.width)
    axes.set_ylim(height, 0)
    # Never shown, and seaborn does not go through every tick label to name the axes itself.
    axes.set(xlabel=" ", ylabel=" ")
    return figure, axes


def _add(axes: Axes, marks: LineCollection | PolyCollection, *, zorder: float) -> None:
    marks.set(clip_on=False, zorder=zorder)
    axes.add_collection(marks, autolim=False)


def _scatter(axes: Axes, points: Sequence[Point], **how: Any) -> None:
    if points:
        x, y = zip(*points, strict=True)
        sns.scatterplot(x=x, y=y, ax=axes, legend=False, clip_on=False, zorder=3, **how)


def _grid(canvas: Canvas, placement: Placement, *, zero: bool) -> None:
    for top, bottom in placement.bands:
        for tick in placement.axis.ticks:
            x, origin = placement.x(tick), zero and abs(tick) < 1e-9
            canvas.lines.append(
                Line(
                    points=((x, top), (x, bottom)),
                    colour=SOFT if origin else LINE,
                    width=1.4 if origin else 1.0,
                )
            )


def _pairs(canvas: Canvas, placement: Placement) -> None:
    for y, pair in placement.marks:
        if isinstance(pair, Pair):
            expected, received = placement.x(pair.expected), placement.x(pair.received)
            ends = ((expected, y), (received, y))
            canvas.lines.append(Line(points=ends, colour=BAR, width=4))
            canvas.dots += [(expected, y, "expected"), (received, y, "received")]


def _placed_intervals(placement: Placement) -> list[tuple[float, Interval]]:
    """Return every interval and its vertical place."""
    found: list[tuple[float, Interval]] = []
    for y, marks in placement.marks:
        if isinstance(marks, Interval):
            found.append((y, marks))
        elif isinstance(marks, Several):
            shift = _BESIDE * (len(marks.intervals) > 1)
            places = (y + shift * (2 * i - 1) for i in range(len(marks.intervals)))
            known = zip(places, marks.intervals, strict=True)
            found += [(place, m) for place, m in known if m.estimate == m.estimate]
    return found


def _intervals(canvas: Canvas, placement: Placement) -> None:
    intervals = _placed_intervals(placement)
    cap = 5 if all(isinstance(marks, Interval) for _, marks in placement.marks) else 3.5
    for y, interval in intervals:
        if interval.bar:
            ends = ((placement.x(0.0), y), (placement.x(interval.estimate), y))
            canvas.lines.append(Line(points=ends, colour=BAR, width=7))
    for y, interval in intervals:
        colour = _line_colour(interval.sign)
        if interval.low == interval.low and interval.high == interval.high:
            low, high = placement.x(interval.low), placement.x(interval.high)
            canvas.lines.append(Line(points=((low, y), (high, y)), colour=colour, width=3))
            for x in (low, high):
                ends = ((x, y - cap), (x, y + cap))
                canvas.lines.append(Line(points=ends, colour=colour, width=2))
        canvas.dots.append((placement.x(interval.estimate), y, interval.sign))


def _line_colour(sign: Sign) -> str:
    colour: str = _SIGNS[sign]["edgecolor"]
    return RECEIVED if colour == CARD else colour
