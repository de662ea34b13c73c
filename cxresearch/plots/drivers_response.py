"""How the outcome responds to the ratings of a driver."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray
from cxresearch._validate import check_names
from cxresearch.drivers.shape import ResponseShapeResult
from cxresearch.plots._axis import Axis, round_axis
from cxresearch.plots._canvas import Area, Canvas, Line
from cxresearch.plots._draw import pictured
from cxresearch.plots._drivers import Labels, driver_label, outcome_name, people, spoken
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import Layout, Text
from cxresearch.plots._plane import Plane
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import RECEIVED
from cxresearch.shown import Figure
from cxresearch.wording import Formats

MOST_PANELS = 6
_FLAT = "no_curvature_found"


def plot_response(
    shape: ResponseShapeResult,
    drivers: Sequence[str] | None = None,
    *,
    labels: Labels = None,
    language: str = "en",
) -> Figure:
    """Draw the outcome that goes with each rating of a driver, the other drivers held.

    Parameters
    ----------
    shape : ResponseShapeResult
    drivers : sequence of str, optional
        Drivers shown, in this order; without, up to six, those whose response is found curved
        first.
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        One panel a driver, all on the same upright axis: the spline with its band, and a point
        for the respondents at each answer.

    Raises
    ------
    CxError
        A driver has no curve.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    known = list(dict.fromkeys(shape.curve["term"])) if len(shape.curve) else []
    chosen = _foremost(shape, known) if drivers is None else list(drivers)
    check_names("drivers", chosen, known, of="drivers with a curve")
    outcome = outcome_name(shape.outcome, labels, formats)
    panels = _panels(shape, chosen, labels, formats)
    sheet = _Sheet(panels, text("figures.drivers.axis_expected", outcome=outcome), formats)
    level = formats.level(shape.confidence_level)
    lead = text("figures.drivers.alt_response", n=len(panels), outcome=outcome)
    caption = [
        text("figures.drivers.response_explained", level=level),
        *(
            [text("figures.drivers.response_more", n=len(known) - len(chosen))]
            if len(known) > len(chosen)
            else []
        ),
        text("figures.drivers.together_only"),
        *people(shape.n, shape.weights, formats),
    ]
    if not panels:
        said = text("figures.drivers.no_response")
        return pictured(sheet.compose, name="driver_response", alt_text=said, caption=said)
    return pictured(
        sheet.compose,
        name="driver_response",
        alt_text=alternative(
            lead,
            [
                _entry(spoken(t, labels, formats), p, formats)
                for t, p in zip(chosen, panels, strict=True)
            ],
            formats,
        ),
        caption=" ".join(caption),
    )


def _foremost(shape: ResponseShapeResult, known: list[str]) -> list[str]:
    flat = dict(zip(shape.shapes["term"], shape.shapes["shape"] == _FLAT, strict=True))
    return sorted(known, key=lambda term: bool(flat[term]))[:MOST_PANELS]


@dataclass(frozen=True, slots=True, eq=False)
class _Panel:
    """A driver: its name, its kind of response, and the points that have a place.

    `spline` has the columns value, estimate, conf_low, conf_high; `steps` value and estimate.
    """

    name: str
    kind: str
    spline: FloatArray
    steps: FloatArray

    def reach(self) -> list[float]:
        """Return every height the panel has to hold."""
        heights = [*self.spline[:, 1:].ravel().tolist(), *self.steps[:, 1].tolist()]
        return [height for height in heights if math.isfinite(height)]


def _panels(
    shape: ResponseShapeResult, chosen: list[str], labels: Labels, formats: Formats
) -> tuple[_Panel, ...]:
    if not chosen:
        return ()
    kinds = dict(zip(shape.shapes["term"], shape.shapes["shape"], strict=True))
    term, group = (shape.curve[name].to_numpy(dtype=object) for name in ("term", "group"))
    columns = ["value", "estimate", "conf_low", "conf_high"]
    points = shape.curve[columns].to_numpy(dtype=float)
    return tuple(
        _Panel(
            name=driver_label(own, labels, formats),
            kind=formats.messages.text(f"terms.shape.{kinds[own]}"),
            spline=_placed(points[(term == own) & (group == "spline")]),
            steps=_placed(points[(term == own) & (group == "step"), :2]),
        )
        for own in chosen
    )


def _placed(points: FloatArray) -> FloatArray:
    """Return the points that have an estimate, by their value."""
    known = points[~np.isnan(points[:, 1])]
    ordered: FloatArray = known[known[:, 0].argsort(kind="stable")]
    return ordered


def _entry(name: str, panel: _Panel, formats: Formats) -> str:
    if not len(panel.spline):
        return name
    first, last = panel.spline[[0, -1], :2].tolist()
    return formats.messages.text(
        "figures.drivers.alt_curve",
        name=name,
        low=formats.points(first[0]),
        high=formats.points(last[0]),
        first=formats.number(first[1]),
        last=formats.number(last[1]),
        kind=panel.kind,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    panels: tuple[_Panel, ...]
    title: str
    formats: Formats

    def compose(self, layout: Layout) -> Canvas:
        """Return the panels in a layout, two or three beside each other."""
        canvas = Canvas(layout=layout)
        room = canvas.right - canvas.left
        reach = [value for panel in self.panels for value in panel.reach()]
        if not reach:
            said = self.formats.messages.text("figures.drivers.no_response")
            canvas.height = canvas.paragraph(canvas.left, 20, said, room) + 12
            return canvas
        axis = round_axis(min(reach), max(reach), most_ticks=5)
        y = canvas.paragraph(canvas.left, 18, "↑ " + self.title, room)
        y = canvas.legend(
            [("includes_zero", self.formats.messages.text("figures.drivers.step_legend"))],
            y + 23,
        )
        across = min(len(self.panels), 1 if layout.above else 3)
        first = canvas.left + 38
        width = (canvas.right - 12 - first - 26 * (across - 1)) / across
        for start in range(0, len(self.panels), across):
            y = self._line(canvas, axis, y, first, width, self.panels[start : start + across])
        canvas.height = y + 8
        return canvas

    def _line(
        self,
        canvas: Canvas,
        axis: Axis,
        y: float,
        first: float,
        width: float,
        panels: tuple[_Panel, ...],
    ) -> float:
        layout = canvas.layout
        wide = layout.width - 12 if layout.above else width
        heads = [
            wrapped(p.name, wide - 8, layout.label, bold=True, most_lines=3) for p in panels
        ]
        kinds = [wrapped(p.kind, wide - 8, layout.small, most_lines=2) for p in panels]
        step, small = layout.label * 1.28, layout.small * 1.3
        lines = max(map(len, heads))
        under = max(map(len, kinds))
        top = y + 12 + lines * step + under * small + 10
        bottom = top + (150 if layout.above else 190)
        for place, (panel, head, kind) in enumerate(zip(panels, heads, kinds, strict=True)):
            left = first + place * (width + 26)
            x = canvas.left if layout.above else left
            for number, line in enumerate(head, start=1):
                base = y + 12 + (number + lines - len(head)) * step
                canvas.texts.append(Text(x, base, line, layout.label, bold=True))
            for number, line in enumerate(kind, start=1):
                canvas.write(x, y + 12 + lines * step + number * small, line)
            self._panel(
                canvas, axis, panel, (left, left + width, top, bottom), numbers=not place
            )
        return bottom + layout.small + 10

    def _panel(
        self,
        canvas: Canvas,
        axis: Axis,
        panel: _Panel,
        box: tuple[float, float, float, float],
        *,
        numbers: bool,
    ) -> None:
        values = [*panel.spline[:, 0].tolist(), *panel.steps[:, 0].tolist()]
        left, right, top, bottom = box
        plane = Plane(
            x_axis=round_axis(
                min(values), max(values), most_ticks=8, within=(min(values), max(values))
            ),
            y_axis=axis, left=left, right=right, top=top, bottom=bottom,
        )  # fmt: skip
        plane.grid(canvas, self.formats, y_numbers=numbers)
        band = panel.spline[~np.isnan(panel.spline).any(axis=1)]
        if len(band) > 1:
            corners = plane.band(band[:, 0], band[:, 2], band[:, 3])
            canvas.areas.append(Area(corners=corners, colour=RECEIVED, opacity=0.18))
        if len(panel.spline) > 1:
            line = plane.points(*panel.spline[:, :2].T)
            canvas.lines.append(Line(points=line, colour=RECEIVED, width=2.4))
        for x, y in plane.points(*panel.steps.T):
            canvas.dots.append((x, y, "includes_zero"))
