"""The importance–performance map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxresearch._validate import check_choice
from cxresearch.drivers.map import ImportancePerformanceResult
from cxresearch.plots._axis import round_axis
from cxresearch.plots._canvas import Area, Canvas, Line
from cxresearch.plots._draw import pictured
from cxresearch.plots._drivers import Labels, driver_label, people, share_decimals, spoken
from cxresearch.plots._labels import Box, Spot, overlap, spots
from cxresearch.plots._measure import text_width, wrapped
from cxresearch.plots._place import Layout, Text
from cxresearch.plots._plane import Plane
from cxresearch.plots._rows import Sign
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import INK, RECEIVED, SOFT
from cxresearch.shown import Figure
from cxresearch.wording import Formats
from cxresearch.wording.labels import shortened

MEASURES = ("share", "coefficient", "given")
_CORNERS = 36
_DOT, _CLEAR, _MOVE = 8.0, (17.0, 13.0), 3
_LONGEST_DIRECT = 34
"""A longer name would cover its neighbours; then points are numbered and listed below."""


def plot_map(
    placed: ImportancePerformanceResult,
    *,
    labels: Labels = None,
    measure: str = "share",
    language: str = "en",
) -> Figure:
    """Draw drivers by how they are rated and how important they are, with both uncertainties.

    Parameters
    ----------
    placed : ImportancePerformanceResult
    labels : mapping of str to str, optional
        Column → text.
    measure : {"share", "coefficient", "given"}
        What the importance on the map is: a share of R² (shown in percent), a coefficient, or
        some other number. It is said on the axis.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Filled points where the quadrant is decided, open ones where not, ellipses of the
        confidence level, the cross-hair dashed. Names stand beside their points; where they
        would cover each other, and always on a phone, points are numbered and listed below.

    Raises
    ------
    CxError
        The measure is unknown.
    """
    check_choice("measure", measure, MEASURES)
    formats = Formats.of(language)
    ordered = placed.positions.sort_values("importance", ascending=False, kind="stable")
    drawing = DriverMap(placed, tuple(each(ordered)), labels, measure, formats)
    text = formats.messages.text
    lead = text(
        "figures.drivers.alt_map",
        n=len(ordered),
        performance=formats.messages.text(f"figures.drivers.axis_{placed.performance}"),
    )
    return pictured(
        drawing.compose,
        name="importance_performance_map",
        alt_text=alternative(lead, [drawing.entry(row) for row in drawing.rows], formats),
        caption=drawing.caption(),
    )


@dataclass(frozen=True, slots=True)
class DriverMap:
    """A map in words and on a canvas; the gap map says other words on the same drawing."""

    placed: ImportancePerformanceResult
    rows: tuple[Any, ...]
    labels: Labels
    measure: str
    formats: Formats

    # ── words ─────────────────────────────────────────────────────────────────────────────

    def _performance(self, value: float) -> str:
        if self.placed.performance == "top_two_box":
            return self.formats.percent(value)
        return self.formats.number(value, 1 if abs(value) > 20 else 2)

    def _importance(self, value: float) -> str:
        if not self._in_percent():
            return self.formats.number(value)
        decimals = share_decimals([row.importance for row in self.rows])
        return self.formats.percent(value, decimals)

    def _in_percent(self) -> bool:
        return self.measure == "share"

    def _y_title(self) -> str:
        return self.formats.messages.text(f"figures.drivers.axis_importance_{self.measure}")

    def _line(self, row: Any) -> str:
        """Return what stands under a name in the list below the map."""
        return self.formats.messages.text(
            "figures.drivers.map_line",
            performance=self._performance(row.performance),
            importance=self._importance(row.importance),
            place=self._place(row),
        )

    def _place(self, row: Any) -> str:
        """Return the quadrant and how often resamples agree."""
        return self.formats.messages.text(
            "figures.drivers.place" if row.decided else "figures.drivers.place_open",
            quadrant=self.formats.messages.text(f"terms.quadrant.{row.quadrant}"),
            chance=self.formats.chance(getattr(row, f"prob_{row.quadrant}")),
        )

    def entry(self, row: Any) -> str:
        """Return a driver's place in words."""
        return self.formats.messages.text(
            "figures.drivers.alt_place",
            name=spoken(row.term, self.labels, self.formats),
            performance=self._performance(row.performance),
            importance=self._importance(row.importance),
            place=self._place(row),
        )

    def caption(self) -> str:
        text, placed = self.formats.messages.text, self.placed
        sentences = [
            text(
                f"figures.drivers.cross_{placed.cuts}",
                performance=self._performance(placed.cut_performance),
                importance=self._importance(placed.cut_importance),
            ),
            text("figures.drivers.ellipse", level=self.formats.level(placed.confidence_level)),
        ]
        if not placed.importance_varies:
            sentences.append(text("figures.drivers.importance_fixed"))
        sentences.append(
            text("figures.drivers.map_decided", chance=self.formats.percent(placed.decision))
        )
        return " ".join([*sentences, *people(placed.n, placed.weights, self.formats)])

    # ── the drawing ───────────────────────────────────────────────────────────────────────

    def compose(self, layout: Layout) -> Canvas:
        """Return the map in a layout."""
        canvas = Canvas(layout=layout)
        plane = self._plane(canvas)
        plane.grid(
            canvas,
            self.formats,
            x_percent=self.placed.performance == "top_two_box",
            y_percent=self._in_percent(),
        )
        self._cross(canvas, plane)
        taken = self._quadrants(canvas, plane)
        self._points(canvas, plane)
        names = [shortened(self._name(row), _LONGEST_DIRECT) for row in self.rows]
        numbered = layout.above or not self._direct(canvas, plane, names, taken)
        y = plane.x_title(canvas, self._x_title()) + 8
        if numbered:
            self._numbers(canvas, plane, taken)
            y = self._listed(canvas, y + 8)
        canvas.height = y + 8
        return canvas

    def _name(self, row: Any) -> str:
        return driver_label(row.term, self.labels, self.formats)

    def _x_title(self) -> str:
        return (
            self.formats.messages.text(f"figures.drivers.axis_{self.placed.performance}") + " →"
        )

    def _plane(self, canvas: Canvas) -> Plane:
        """Write legend and title of the upright axis, and return the plane below them."""
        layout, formats = canvas.layout, self.formats
        text = formats.messages.text
        present = {bool(row.decided) for row in self.rows}
        entries: list[tuple[Sign, str]] = [
            ("excludes_zero", text("figures.drivers.place_decided")),
            ("includes_zero", text("figures.drivers.place_undecided")),
        ]
        y = canvas.legend([e for e, kind in zip(entries, (True, False), strict=True)
                           if kind in present], 18.0)  # fmt: skip
        title = "↑ " + self._y_title()
        y = canvas.paragraph(canvas.left, y + 23, title, canvas.right - canvas.left, lines=2)
        outlines = [outline for row in self.rows if (outline := _outline(row)) is not None]
        every_x = [row.performance for row in self.rows] + [self.placed.cut_performance]
        every_y = [row.importance for row in self.rows] + [self.placed.cut_importance]
        every_x += [float(v) for outline in outlines for v in outline[0]]
        every_y += [float(v) for outline in outlines for v in outline[1]]
        floor = 0.0 if min(row.importance for row in self.rows) >= 0 else -math.inf
        most = layout.most_ticks
        x_axis = round_axis(min(every_x), max(every_x), most_ticks=most)
        y_axis = round_axis(max(min(every_y), floor), max(every_y), most_ticks=most)
        tall = 300 if layout.above else 410
        return Plane(
            x_axis=x_axis, y_axis=y_axis, left=canvas.left + 46, right=canvas.right - 12,
            top=y + 14, bottom=y + 14 + tall,
        )  # fmt: skip

    def _cross(self, canvas: Canvas, plane: Plane) -> None:
        x, y = plane.x(self.placed.cut_performance), plane.y(self.placed.cut_importance)
        for points in (
            ((x, plane.top), (x, plane.bottom)),
            ((plane.left, y), (plane.right, y)),
        ):
            canvas.lines.append(Line(points=points, colour=SOFT, width=1.4, dashed=True))

    def _quadrants(self, canvas: Canvas, plane: Plane) -> list[Box]:
        """Write the names of the quadrants into the corners; return what they cover."""
        size = canvas.layout.small
        cut = plane.x(self.placed.cut_performance)
        taken: list[Box] = []
        for quadrant in ("concentrate", "keep_up", "low_priority", "possible_overkill"):
            right, low = quadrant in ("keep_up", "possible_overkill"), quadrant[0] in "lp"
            room = max(plane.right - cut if right else cut - plane.left, 96.0) - 12
            name = self.formats.messages.text(f"terms.quadrant.{quadrant}")
            lines = wrapped(name, room, size, most_lines=3)
            step = size * 1.25
            y = plane.bottom - 7 - step * (len(lines) - 1) if low else plane.top + size + 4
            x = plane.right - 6 if right else plane.left + 6
            width = max(text_width(line, size, bold=True) for line in lines)
            left = x - width if right else x
            box = (left, left + width, y - size, y + step * (len(lines) - 1) + 4)
            y += self._past_points(plane, box, low=low)
            for line in lines:
                canvas.texts.append(
                    Text(x, y, line, size, SOFT, "right" if right else "left", bold=True)
                )
                width = text_width(line, size, bold=True)
                left = x - width if right else x
                taken.append((left, left + width, y - size, y + 4))
                y += step
        return taken

    def _past_points(self, plane: Plane, box: Box, *, low: bool) -> float:
        """Return how far a name leaves its corner so that it stands clear of every point.

        It covers none where it cannot stand clear, and 0 where it would cover one everywhere in
        its quadrant.
        """
        found = [plane.point(row.performance, row.importance) for row in self.rows]
        edge = plane.y(self.placed.cut_importance)
        room = box[2] - edge if low else edge - box[3]
        for half in (*_CLEAR, _DOT):
            dots = [(x - half, x + half, y - half, y + half) for x, y in found]
            for step in range(max(int(room) // _MOVE, 0) + 1):
                moved = step * (-_MOVE if low else _MOVE)
                there = (box[0], box[1], box[2] + moved, box[3] + moved)
                if not any(overlap(there, dot) for dot in dots):
                    return float(moved)
        return 0.0

    def _points(self, canvas: Canvas, plane: Plane) -> None:
        for row in self.rows:
            outline = _outline(row)
            if outline is not None:
                corners = plane.points(*outline)
                canvas.areas.append(Area(corners=corners, colour=RECEIVED, opacity=0.10))
                closed = (*corners, corners[0])
                canvas.lines.append(Line(points=closed, colour=RECEIVED, width=0.7))
            sign: Sign = "excludes_zero" if row.decided else "includes_zero"
            canvas.dots.append((*plane.point(row.performance, row.importance), sign))

    def _direct(self, canvas: Canvas, plane: Plane, names: list[str], taken: list[Box]) -> bool:
        """Write names beside their points, if all find room; return whether they did."""
        if any(len(self._name(row)) > _LONGEST_DIRECT for row in self.rows):
            return False
        return self._labelled(canvas, plane, names, taken, size=canvas.layout.label, rings=4)

    def _numbers(self, canvas: Canvas, plane: Plane, taken: list[Box]) -> None:
        names = [str(number) for number in range(1, len(self.rows) + 1)]
        self._labelled(
            canvas, plane, names, taken, size=canvas.layout.small, rings=24, bold=True
        )

    def _labelled(
        self,
        canvas: Canvas,
        plane: Plane,
        names: list[str],
        taken: list[Box],
        *,
        size: float,
        rings: int,
        bold: bool = False,
    ) -> bool:
        points = [plane.point(row.performance, row.importance) for row in self.rows]
        sizes = [(text_width(name, size, bold=bold), size * 1.1) for name in names]
        within = (plane.left, plane.right, plane.top, plane.bottom)
        x, y = plane.x(self.placed.cut_performance), plane.y(self.placed.cut_importance)
        cross = (
            (x - 1, x + 1, plane.top, plane.bottom),
            (plane.left, plane.right, y - 1, y + 1),
        )
        found = spots(points, sizes, within=within, taken=taken, rings=rings, avoided=cross)
        if not bold and None in found:
            return False
        for name, point, spot in zip(names, points, found, strict=True):
            _write_at(canvas, name, point, spot, size=size, bold=bold)
        return True

    def _listed(self, canvas: Canvas, y: float) -> float:
        """Write what the numbers stand for, below the map."""
        layout = canvas.layout
        indent = canvas.left + text_width("00", layout.label, bold=True) + 8
        room = canvas.right - indent
        for number, row in enumerate(self.rows, start=1):
            y += layout.label * 1.5
            edge = indent - 8
            canvas.texts.append(
                Text(edge, y, str(number), layout.label, INK, "right", bold=True)
            )
            for place, line in enumerate(wrapped(self._name(row), room, layout.label)):
                y += layout.label * 1.28 if place else 0.0
                canvas.texts.append(Text(indent, y, line, layout.label))
            y = canvas.paragraph(indent, y + layout.small * 1.35, self._line(row), room)
        return y


def _write_at(
    canvas: Canvas,
    name: str,
    point: tuple[float, float],
    spot: Spot | None,
    *,
    size: float,
    bold: bool,
) -> None:
    """Write a label at its spot; a number without a free spot stands right of its point."""
    x, y = point
    width = text_width(name, size, bold=bold)
    box = spot.box if spot else (x + 10, x + 10 + width, y - size / 2, y + size / 2)
    middle_y = (box[2] + box[3]) / 2
    if spot is not None and spot.led:
        end = (min(max(x, box[0]), box[1]), min(max(y, box[2] + 2), box[3] - 2))
        canvas.lines.append(Line(points=(point, end), colour=SOFT, width=0.9))
    # Real fonts are narrower than the estimate: text is set against the side of its point.
    left_of = box[1] < x
    over = box[0] < x < box[1]
    text_x = (box[0] + box[1]) / 2 if over else box[1] if left_of else box[0]
    anchor = "center" if over else "right" if left_of else "left"
    canvas.texts.append(Text(text_x, middle_y + size * 0.36, name, size, INK, anchor, bold))  # type: ignore[arg-type]


def _outline(row: Any) -> tuple[Any, Any] | None:
    """Return the ellipse of a point as x and y of its corners; None where it is not known."""
    major, minor, angle = row.ellipse_major, row.ellipse_minor, math.radians(row.ellipse_angle)
    if not all(math.isfinite(v) for v in (major, minor, angle)):
        return None
    turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    x = major * np.cos(turn)
    y = minor * np.sin(turn)
    return (
        row.performance + x * math.cos(angle) - y * math.sin(angle),
        row.importance + x * math.sin(angle) + y * math.cos(angle),
    )
