"""From a placed chart to a picture: dots by seaborn, lines and areas by matplotlib.

Both are asked for many marks at a time: what a call of theirs costs by far outweighs its marks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure as MplFigure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from cxresearch._types import FloatArray, IntArray
from cxresearch.plots._canvas import Area, Canvas, Line, Point
from cxresearch.plots._pen import DPI, PAGE, Pen
from cxresearch.plots._place import NARROW, WIDE, Layout, Placement, place
from cxresearch.plots._rows import Chart, Interval, Pair, Several, Sign
from cxresearch.plots._svg import own_settings, whole_svg, written
from cxresearch.plots.palette import BAR, CARD, EXPECTED, LINE, RECEIVED, SOFT
from cxresearch.shown import Figure

_POINT = 5.2
"""Width of a point of a cloud."""
_MOST_OVER = 8
"""So many points over each other hide what is below; more are not drawn as further layers."""
_BESIDE = 6.5
"""How far the intervals of one row stand from its middle."""


class _Look(NamedTuple):
    marker: str
    size: float
    fill: str
    edge: str
    width: float


_SIGNS: dict[Sign, _Look] = {
    "expected": _Look("D", 100, CARD, EXPECTED, 2.2),
    "received": _Look("o", 108, RECEIVED, CARD, 0.8),
    "excludes_zero": _Look("o", 100, RECEIVED, RECEIVED, 2),
    "includes_zero": _Look("o", 100, CARD, RECEIVED, 2),
    "against": _Look("v", 120, EXPECTED, EXPECTED, 1.5),
    "turning": _Look("D", 84, CARD, EXPECTED, 2.2),
    "unsigned": _Look("s", 84, CARD, RECEIVED, 2),
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
            picture(canvas, name=f"{name}-{canvas.layout.name}", alt_text=alt_text)
            for canvas in canvases
        )
    return Figure(name=name, svg=wide, svg_narrow=narrow, alt_text=alt_text, caption=caption)


def picture(canvas: Canvas, *, name: str, alt_text: str) -> str:
    """Return a drawing as inline SVG; `name` is the prefix of every id."""
    return whole_svg(
        [*_painted(canvas, name), *map(written, canvas.texts)],
        size=(canvas.layout.width, canvas.height),
        name=name,
        alt_text=alt_text,
    )


def charted(placement: Placement, *, zero: bool) -> Canvas:
    """Return a placed chart as a drawing."""
    canvas = Canvas(layout=placement.layout, height=placement.height, texts=placement.texts)
    _grid(canvas, placement, zero=zero)
    _pairs(canvas, placement)
    _intervals(canvas, placement)
    canvas.dots += placement.legend
    return canvas


def _painted(canvas: Canvas, name: str) -> list[str]:
    """Return the elements of a drawing without its texts."""
    axes, pen = sheet(), Pen(name)
    for marks in (
        *_areas(canvas.areas),
        *_alike(canvas.lines),
        *_cloud(canvas.points),
    ):
        axes.add_artist(marks)
        marks.draw(pen)
        marks.remove()
    for sign in _SIGNS:  # later kinds lie on top
        places = [(x, y) for x, y, own in canvas.dots if own == sign and math.isfinite(x + y)]
        if places:
            marks = _scattered(axes, places, _SIGNS[sign])
            marks.draw(pen)
            marks.remove()
    return pen.elements


def make_ready() -> None:
    """Do what the first picture would have to do."""
    with own_settings():
        _scattered(sheet(), [(0.0, 0.0)], _SIGNS["received"]).remove()


@cache
def sheet() -> Axes:
    """Return axes in viewBox units, the origin at the top left as in SVG.

    They serve every picture, whatever its size, as nothing is clipped: to make axes takes
    longer than to draw on them.
    """
    figure = MplFigure(figsize=(PAGE / DPI, PAGE / DPI), dpi=DPI)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, PAGE), ylim=(PAGE, 0), autoscale_on=False)
    return axes


def _scattered(axes: Axes, places: Sequence[Point], look: _Look) -> Artist:
    """Return marks of one look, drawn by seaborn."""
    x, y = np.array(places).T
    looks = {"s": look.size, "edgecolors": look.edge, "linewidths": look.width, "alpha": 1}
    # Without its line this is a scatter of plain numbers; seaborn's other one makes a data
    # frame of them first, which takes several times as long as to draw.
    sns.regplot(
        x=x, y=y, fit_reg=False, marker=look.marker, color=look.fill, scatter_kws=looks, ax=axes
    )  # fmt: skip
    return axes.collections[-1]


def _areas(areas: Sequence[Area]) -> Iterator[Artist]:
    if areas:
        colours = [to_rgba(area.colour, area.opacity) for area in areas]
        yield PolyCollection([area.corners for area in areas], facecolors=colours, linewidths=0)


def _alike(lines: Iterable[Line]) -> Iterator[Artist]:
    """Return lines that look alike as one, in the order in which their looks appear."""
    found: dict[tuple[str, float, bool], list[Line]] = {}
    for line in lines:
        found.setdefault((line.colour, line.width, line.dashed), []).append(line)
    for (colour, width, dashed), strokes in found.items():
        yield PathPatch(
            _in_one(strokes),
            fill=False,
            edgecolor=colour,
            linewidth=width,
            linestyle=(0, (4, 3)) if dashed else "solid",
            capstyle="butt" if dashed else "projecting",
        )


def _in_one(lines: Iterable[Line]) -> Path:
    points: list[Point] = []
    codes: list[int] = []
    for line in lines:
        points += line.points
        codes += [int(Path.MOVETO)] + [int(Path.LINETO)] * (len(line.points) - 1)
    return Path(points, codes)


def _cloud(points: Sequence[Point]) -> Iterator[Artist]:
    """Return points as dots that do not overlap, on top of others that do not.

    Where points overlap it is darker, although one element draws many of them.
    """
    places = np.array(points, dtype=float).reshape(-1, 2)
    places = places[np.isfinite(places).all(axis=1)]
    if len(places):
        layers = _layers(places)
        yield PathCollection(
            [_dotted(places[layers == layer]) for layer in np.unique(layers)],
            facecolors="none",
            edgecolors=to_rgba(RECEIVED, 0.34),
            linewidths=_POINT,
            capstyle="round",
        )


def _layers(places: FloatArray) -> IntArray:
    """Return the layer of each point of a cloud; those of one layer do not overlap."""
    # Squares as wide as a point: two of the same parity are at least a point apart.
    squares = places // _POINT
    _, square = np.unique(squares, axis=0, return_inverse=True)
    order = np.argsort(square, kind="stable")
    over = np.empty(len(places), dtype=np.int64)
    over[order] = np.arange(len(places)) - np.searchsorted(square[order], square[order])
    layers: IntArray = over % _MOST_OVER * 4 + (squares % 2 @ (2, 1)).astype(np.int64)
    return layers


def _dotted(places: FloatArray) -> Path:
    """Return a path that is next to nothing at each place, for round caps to make it a dot."""
    ends = np.repeat(places, 2, axis=0)
    ends[1::2, 0] += 0.01
    return Path(ends, np.tile([Path.MOVETO, Path.LINETO], len(places)))


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
    colour = _SIGNS[sign].edge
    return RECEIVED if colour == CARD else colour
