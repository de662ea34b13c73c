"""From a placed chart to a picture: marks by seaborn, lines and texts by matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MplFigure

from cxresearch.plots._place import NARROW, WIDE, Layout, Placement, place
from cxresearch.plots._rows import Chart, Interval, Pair, Sign
from cxresearch.plots._svg import finished_svg, own_settings
from cxresearch.plots.palette import BAR, CARD, EXPECTED, LINE, RECEIVED, SOFT
from cxresearch.shown import Figure

_POINTS_PER_INCH = 72.0

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
}
"""Signs differ in shape or filling as well as in colour, so that a grey print can be read."""


def drawn(chart: Chart, *, name: str, alt_text: str, caption: str) -> Figure:
    """Return a chart in both layouts."""
    wide, narrow = (
        _drawn(chart, layout, name=name, alt_text=alt_text) for layout in (WIDE, NARROW)
    )
    return Figure(name=name, svg=wide, svg_narrow=narrow, alt_text=alt_text, caption=caption)


def _drawn(chart: Chart, layout: Layout, *, name: str, alt_text: str) -> str:
    placement = place(chart, layout)
    with own_settings():
        figure = MplFigure(
            figsize=(layout.width / _POINTS_PER_INCH, placement.height / _POINTS_PER_INCH),
            dpi=_POINTS_PER_INCH,
        )
        axes = _page(figure, placement)
        _draw_grid(axes, placement, zero=chart.zero)
        _draw_pairs(axes, placement)
        _draw_intervals(axes, placement)
        for x, y, sign in placement.legend:
            _draw_signs(axes, [x], [y], sign)
        for text in placement.texts:
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
        return finished_svg(figure, name=f"{name}-{layout.name}", alt_text=alt_text)


def _page(figure: MplFigure, placement: Placement) -> Axes:
    """Return axes in viewBox units, the origin at the top left as in SVG."""
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, placement.layout.width)
    axes.set_ylim(placement.height, 0)
    axes.set_axis_off()
    return axes


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


def _draw_intervals(axes: Axes, placement: Placement) -> None:
    intervals = [(y, marks) for y, marks in placement.marks if isinstance(marks, Interval)]
    for y, interval in intervals:
        if interval.low == interval.low and interval.high == interval.high:
            ends = (placement.x(interval.low), placement.x(interval.high))
            axes.hlines(y, *ends, colors=RECEIVED, linewidth=3, clip_on=False, zorder=2)
            axes.vlines(
                ends, y - 5, y + 5, colors=RECEIVED, linewidth=2, clip_on=False, zorder=2
            )
    for sign in ("excludes_zero", "includes_zero"):
        shown = [(y, m) for y, m in intervals if m.excludes_zero == (sign == "excludes_zero")]
        _draw_signs(
            axes, [placement.x(m.estimate) for _, m in shown], [y for y, _ in shown], sign
        )


def _draw_signs(axes: Axes, x: Sequence[float], y: Sequence[float], sign: Sign) -> None:
    if x:
        sns.scatterplot(
            x=list(x), y=list(y), ax=axes, legend=False, clip_on=False, zorder=3, **_SIGNS[sign]
        )
        axes.set_axis_off()
