"""From a placed chart to a picture: dots by seaborn, lines and areas by matplotlib.

Both are asked for many marks at a time: what a call of theirs costs by far outweighs its marks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, cast

import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure as MplFigure
from matplotlib.markers import MarkerStyle
from matplotlib.patches import PathPatch
from matplotlib.path import Path

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
    figure, axes = _page(canvas.layout.width, canvas.height)
    if canvas.areas:
        areas = PolyCollection(
            [area.corners for area in canvas.areas],
            facecolors=[to_rgba(area.colour, area.opacity) for area in canvas.areas],
            linewidths=0,
        )
        _add(axes, areas, zorder=1)
    for (colour, width, dashed), lines in _alike(canvas.lines):
        strokes = PathPatch(
            _in_one(lines),
            fill=False,
            edgecolor=colour,
            linewidth=width,
            linestyle=(0, (4, 3)) if dashed else "solid",
            capstyle="butt" if dashed else "projecting",
            joinstyle="round",
        )
        _add(axes, strokes, zorder=2)
    _scatter(axes, canvas.points, s=_POINT_SIZE, color=RECEIVED, alpha=0.34, linewidth=0)
    _draw_dots(axes, canvas.dots)
    return figure


def _page(width: float, height: float) -> tuple[MplFigure, Axes]:
    """Return empty axes in viewBox units, the origin at the top left as in SVG."""
    figure, axes = _sheet()
    for marks in [*axes.collections, *axes.patches]:
        marks.remove()
    figure.set_size_inches(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH)
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return figure, axes


def make_ready() -> None:
    """Do what the first picture would have to do."""
    with own_settings():
        _sheet()


@cache
def _sheet() -> tuple[MplFigure, Axes]:
    # Used for every picture: to make axes takes longer than to draw on them.
    figure = MplFigure(dpi=_POINTS_PER_INCH)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    # Never shown, and seaborn does not go through every tick label to name the axes itself.
    axes.set(xlabel=" ", ylabel=" ")
    axes.set_axis_off()
    return figure, axes


def _alike(lines: Iterable[Line]) -> Iterable[tuple[tuple[str, float, bool], list[Line]]]:
    """Return lines that look alike together, in the order in which their looks appear."""
    found: dict[tuple[str, float, bool], list[Line]] = {}
    for line in lines:
        found.setdefault((line.colour, line.width, line.dashed), []).append(line)
    return found.items()


def _in_one(lines: Iterable[Line]) -> Path:
    points: list[Point] = []
    codes: list[int] = []
    for line in lines:
        points += line.points
        codes += [int(Path.MOVETO)] + [int(Path.LINETO)] * (len(line.points) - 1)
    path = Path(points, codes)
    path.should_simplify = False
    return path


def _add(axes: Axes, marks: Artist, *, zorder: float) -> None:
    marks.set(clip_on=False, zorder=zorder)
    axes.add_artist(marks)


def _draw_dots(axes: Axes, dots: Iterable[tuple[float, float, Sign]]) -> None:
    """Draw all signs at once, then give each its looks; later kinds lie on top."""
    known = [dot for sign in _SIGNS for dot in dots if dot[2] == sign and _is_place(dot)]
    marks = _scatter(axes, [(x, y) for x, y, _ in known])
    if marks is None:
        return
    looks = [_SIGNS[sign] for _, _, sign in known]
    alike = all(look == looks[0] for look in looks)
    marks.set_paths([_marker(look["marker"]) for look in (looks[:1] if alike else looks)])
    marks.set_sizes([look["s"] for look in looks[: 1 if alike else None]])
    marks.set_facecolor([look["color"] for look in looks])
    marks.set_edgecolor([look["edgecolor"] for look in looks])
    marks.set_linewidth([look["linewidth"] for look in looks])


def _is_place(dot: tuple[float, float, Sign]) -> bool:
    return math.isfinite(dot[0]) and math.isfinite(dot[1])


def _marker(name: str) -> Path:
    style = MarkerStyle(name)
    return style.get_path().transformed(style.get_transform())


def _scatter(axes: Axes, points: Sequence[Point], **how: Any) -> PathCollection | None:
    if not points:
        return None
    x, y = zip(*points, strict=True)
    sns.scatterplot(x=x, y=y, ax=axes, legend=False, clip_on=False, zorder=3, **how)
    return cast(PathCollection, axes.collections[-1])


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
