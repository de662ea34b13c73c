"""From a placed chart to a picture: marks by seaborn, lines and texts by matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MplFigure
from matplotlib.patches import Polygon

from cxresearch.plots._canvas import Canvas
from cxresearch.plots._place import NARROW, WIDE, Layout, Placement, Text, place
from cxresearch.plots._rows import Chart, Interval, Pair, Several, Sign
from cxresearch.plots._svg import finished_svg, own_settings
from cxresearch.plots.palette import BAR, CARD, EXPECTED, LINE, RECEIVED, SOFT
from cxresearch.shown import Figure

_POINTS_PER_INCH = 72.0
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

    def paint(layout: Layout) -> str:
        placement = place(chart, layout)
        with own_settings():
            figure, axes = _page(layout, placement.height)
            _draw_grid(axes, placement, zero=chart.zero)
            _draw_pairs(axes, placement)
            _draw_intervals(axes, placement)
            for x, y, sign in placement.legend:
                _draw_signs(axes, [x], [y], sign)
            _write(axes, placement.texts)
            return finished_svg(figure, name=f"{name}-{layout.name}", alt_text=alt_text)

    return _both(paint, name=name, alt_text=alt_text, caption=caption)


def pictured(
    compose: Callable[[Layout], Canvas], *, name: str, alt_text: str, caption: str
) -> Figure:
    """Return what `compose` lays out, in both layouts."""

    def paint(layout: Layout) -> str:
        canvas = compose(layout)
        with own_settings():
            figure, axes = _page(layout, canvas.height)
            _draw_canvas(axes, canvas)
            return finished_svg(figure, name=f"{name}-{layout.name}", alt_text=alt_text)

    return _both(paint, name=name, alt_text=alt_text, caption=caption)


def _both(paint: Callable[[Layout], str], *, name: str, alt_text: str, caption: str) -> Figure:
    wide, narrow = (paint(layout) for layout in (WIDE, NARROW))
    return Figure(name=name, svg=wide, svg_narrow=narrow, alt_text=alt_text, caption=caption)


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
    axes.set_axis_off()
    return figure, axes


def _write(axes: Axes, texts: Iterable[Text]) -> None:
    for text in texts:
        axes.text(
            text.x,
            text.y,
            text.text,
            fontsize=text.size,
            color=text.colour,
            ha=text.anchor,
            va="baseline",
            weight="bold" if text.bold else "normal",
        )


def _draw_canvas(axes: Axes, canvas: Canvas) -> None:
    for area in canvas.areas:
        # Not add_patch: it works out limits of the data, which are set here.
        axes.add_artist(
            Polygon(
                area.corners,
                closed=True,
                facecolor=area.colour,
                alpha=area.opacity,
                linewidth=0,
                clip_on=False,
                zorder=1,
            )
        )
    for line in canvas.lines:
        x, y = zip(*line.points, strict=True)
        axes.plot(
            x,
            y,
            color=line.colour,
            linewidth=line.width,
            linestyle=(0, (4, 3)) if line.dashed else "solid",
            clip_on=False,
            zorder=2,
        )
    for x_dot, y_dot, sign in canvas.dots:
        _draw_signs(axes, [x_dot], [y_dot], sign)
    _write(axes, canvas.texts)


def _draw_grid(axes: Axes, placement: Placement, *, zero: bool) -> None:
    for top, bottom in placement.bands:
        for tick in placement.axis.ticks:
            origin = zero and abs(tick) < 1e-9
            axes.vlines(
                placement.x(tick),
                top,
                bottom,
                colors=SOFT if origin else LINE,
                linewidth=1.4 if origin else 1.0,
                clip_on=False,
                zorder=1,
            )


def _draw_pairs(axes: Axes, placement: Placement) -> None:
    pairs = [(y, marks) for y, marks in placement.marks if isinstance(marks, Pair)]
    for y, pair in pairs:
        ends = (placement.x(pair.expected), placement.x(pair.received))
        axes.hlines(y, *ends, colors=BAR, linewidth=4, clip_on=False, zorder=2)
    rows = [y for y, _ in pairs]
    _draw_signs(axes, [placement.x(p.expected) for _, p in pairs], rows, "expected")
    _draw_signs(axes, [placement.x(p.received) for _, p in pairs], rows, "received")


def _intervals(placement: Placement) -> list[tuple[float, Interval]]:
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


def _draw_intervals(axes: Axes, placement: Placement) -> None:
    intervals = _intervals(placement)
    cap = 5 if all(isinstance(marks, Interval) for _, marks in placement.marks) else 3.5
    for y, interval in intervals:
        colour = _line_colour(interval.sign)
        if interval.bar:
            ends = (placement.x(0.0), placement.x(interval.estimate))
            axes.hlines(y, *ends, colors=BAR, linewidth=7, clip_on=False, zorder=1.5)
        if interval.low == interval.low and interval.high == interval.high:
            ends = (placement.x(interval.low), placement.x(interval.high))
            axes.hlines(y, *ends, colors=colour, linewidth=3, clip_on=False, zorder=2)
            axes.vlines(
                ends, y - cap, y + cap, colors=colour, linewidth=2, clip_on=False, zorder=2
            )
    for sign in _SIGNS:
        shown = [(y, m) for y, m in intervals if m.sign == sign]
        _draw_signs(
            axes, [placement.x(m.estimate) for _, m in shown], [y for y, _ in shown], sign
        )


def _line_colour(sign: Sign) -> str:
    colour: str = _SIGNS[sign]["edgecolor"]
    return RECEIVED if colour == CARD else colour


def _draw_signs(axes: Axes, x: Sequence[float], y: Sequence[float], sign: Sign) -> None:
    if x:
        sns.scatterplot(
            x=list(x), y=list(y), ax=axes, legend=False, clip_on=False, zorder=3, **_SIGNS[sign]
        )
        axes.set_axis_off()
