"""A response surface seen from above: lines of equal outcome over received and expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch.plots._axis import Axis, round_axis
from cxresearch.plots._canvas import Canvas, Line, Point
from cxresearch.plots._draw import pictured, sheet
from cxresearch.plots._labels import Box, overlap
from cxresearch.plots._measure import text_width
from cxresearch.plots._place import Layout
from cxresearch.plots._plane import Plane
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.plots.palette import BAR, EXPECTED, INK, LINE, RECEIVED
from cxresearch.servqual.surface_result import ResponseSurfaceResult
from cxresearch.shown import Figure, or_nothing
from cxresearch.wording import Formats
from cxresearch.wording.labels import clean, in_sentence

_GRID = 61
_DEEPEST = 0.75
_CROSS = 6.0


@or_nothing
def plot_response_surface(surface: ResponseSurfaceResult, *, language: str = "en") -> Figure:
    """Draw the predicted outcome over what customers received and expected, seen from above.

    Parameters
    ----------
    surface : ResponseSurfaceResult or None
        None draws nothing and returns None.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Lines of equal predicted outcome, pale where nobody answered; squares shaded by how many
        did; the line of congruence dashed; the level point and the first principal axis where
        they lie inside.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    drawing = _Surface(surface, formats)
    outcome = clean(surface.outcome_label)
    lead = text("figures.gap_quality.surface_lead", outcome=outcome, n=surface.n)
    named = in_sentence(outcome, formats.messages)
    caption = [text("figures.gap_quality.surface_explained", outcome=named)]
    if drawing.level_point is not None and surface.stationary != "none":
        caption.append(text(f"figures.gap_quality.surface_{surface.stationary}"))
    caption.append(text("figures.gap_quality.surface_n", n=surface.n))
    if surface.weighted:
        caption.append(text("figures.weighted"))
    return pictured(
        drawing.compose,
        name="response_surface",
        alt_text=alternative(lead, drawing.entries(), formats),
        caption=" ".join(caption),
    )


@dataclass(frozen=True, eq=False)
class _Surface:
    surface: ResponseSurfaceResult
    formats: Formats

    # ── numbers ───────────────────────────────────────────────────────────────────────────

    @cached_property
    def _values(self) -> dict[str, float]:
        return self.surface.values()

    @cached_property
    def _step(self) -> float:
        """Return how wide a square of the density is."""
        cells = self.surface.density
        places = np.unique(cells[["perception", "expectation"]].to_numpy())
        gaps = np.diff(places)
        return float(gaps.min()) if len(gaps) else 1.0

    @cached_property
    def _known(self) -> pd.DataFrame:
        """Return the squares with enough people to be counted; all where none has."""
        cells = self.surface.density
        known = cells.dropna()
        return known if len(known) else cells

    @cached_property
    def _squares(self) -> set[tuple[float, ...]]:
        places = self._known[["perception", "expectation"]].to_numpy(dtype=float)
        return set(map(tuple, np.round(places, 6).tolist()))

    @cached_property
    def _ends(self) -> tuple[float, float]:
        """Return the part of the scale where people answered, the same for both."""
        places = self._known[["perception", "expectation"]].to_numpy()
        return float(places.min()), min(
            float(places.max()) + self._step, self.surface.scale_high
        )

    def predicted(self, received: FloatArray, expected: FloatArray) -> FloatArray:
        """Return the predicted outcome at places of the scale."""
        value = self._values
        b = [value[f"b{i}"] for i in range(6)]
        p, e = received - self.surface.centre, expected - self.surface.centre
        result: FloatArray = (
            b[0] + b[1] * p + b[2] * e + b[3] * p * p + b[4] * p * e + b[5] * e * e
        )
        return result

    @cached_property
    def level_point(self) -> Point | None:
        """Return the stationary point, if it lies where answers do."""
        value, centre = self._values, self.surface.centre
        x, y = value["x0"] + centre, value["y0"] + centre
        low, high = self._ends
        return (x, y) if low < x < high and low < y < high else None

    @cached_property
    def first_axis(self) -> tuple[Point, ...]:
        """Return the ends of the first principal axis inside the plane; none where outside.

        Drawn only where its slope is known well enough to say that it rises.
        """
        value = self._values
        slope, start = value["p11"], value["p10"]
        rows = self.surface.estimates
        least = float(rows.loc[rows["term"] == "p11", "boot_low"].sum(min_count=1))
        if not least > 0 or not np.isfinite(start):
            return ()
        low, high = self._ends
        centre = self.surface.centre
        x = np.linspace(low, high, 401)
        y = centre + start + slope * (x - centre)
        inside = (y >= low) & (y <= high)
        if inside.sum() < 2:
            return ()
        first, last = np.flatnonzero(inside)[[0, -1]]
        return (float(x[first]), float(y[first])), (float(x[last]), float(y[last]))

    def entries(self) -> list[str]:
        """Return the predicted outcome at the squares with most people, in words."""
        half = self._step / 2
        cells = self.surface.density.dropna().nlargest(5, "n")
        found = []
        for cell in each(cells):
            at = (float(cell.perception) + half, float(cell.expectation) + half)
            found.append(
                self.formats.messages.text(
                    "figures.gap_quality.surface_corner",
                    received=self.formats.number(at[0], 1),
                    expected=self.formats.number(at[1], 1),
                    predicted=self.formats.number(float(self.predicted(*map(np.array, at)))),
                )
            )
        return found

    # ── the drawing ───────────────────────────────────────────────────────────────────────

    def compose(self, layout: Layout) -> Canvas:
        """Return the surface in a layout."""
        canvas, text = Canvas(layout=layout), self.formats.messages.text
        y = self._legend(canvas, 18.0)
        title = "↑ " + text("figures.gap_quality.surface_axis_y")
        y = canvas.paragraph(canvas.left, y + 24, title, canvas.right - canvas.left)
        low, high = self._ends
        axis = round_axis(low, high, most_ticks=layout.most_ticks + 2, within=(low, high))
        left = canvas.left + 34
        side = min(canvas.right - 12 - left, 300.0 if layout.above else 440.0)
        plane = Plane(
            x_axis=axis, y_axis=axis, left=left, right=left + side, top=y + 14,
            bottom=y + 14 + side,
        )  # fmt: skip
        self._density(canvas, plane)
        plane.grid(canvas, self.formats)
        ends = (plane.point(axis.low, axis.low), plane.point(axis.high, axis.high))
        canvas.lines.append(Line(points=ends, colour=INK, width=1.4, dashed=True))
        self._contours(canvas, plane)
        self._places(canvas, plane)
        bottom = plane.bottom + layout.small * 2.5 + 7
        title = text("figures.gap_quality.surface_axis_x") + " →"
        canvas.write(plane.right, bottom, title, anchor="right")
        canvas.height = bottom + 10
        return canvas

    def _density(self, canvas: Canvas, plane: Plane) -> None:
        step, cells = self._step, self._known
        most = max(float(cells["n"].fillna(1.0).max()), 1.0)
        for cell in each(cells):
            n = cell.n if cell.n == cell.n else 1.0
            left, top = plane.point(cell.perception, cell.expectation + step)
            right, bottom = plane.point(cell.perception + step, cell.expectation)
            opacity = 0.15 + (_DEEPEST - 0.15) * float(n) / most
            canvas.rectangle(left, right, top, bottom, colour=BAR, opacity=opacity)

    def _legend(self, canvas: Canvas, y: float) -> float:
        """Write what the straight lines are; return the last base line."""
        text, size = self.formats.messages.text, canvas.layout.small
        entries = [(text("figures.gap_quality.surface_line"), INK, True)]
        if self.first_axis:
            entries.append((text("figures.gap_quality.surface_axis"), EXPECTED, False))
        x = canvas.left + 2
        for name, colour, dashed in entries:
            width = 36 + text_width(name, size)
            if x > canvas.left + 2 and x + width > canvas.right:
                x, y = canvas.left + 2, y + 22
            ends = ((x, y - 4.5), (x + 26, y - 4.5))
            canvas.lines.append(Line(points=ends, colour=colour, width=1.6, dashed=dashed))
            canvas.write(x + 34, y, name)
            x += width + 22
        return y

    def _contours(self, canvas: Canvas, plane: Plane) -> None:
        axis = plane.x_axis
        places = np.linspace(axis.low, axis.high, _GRID)
        received, expected = np.meshgrid(places, places)
        values = self.predicted(received, expected)
        levels = _levels(values, most=10 if canvas.layout.above else 13)
        labelled: list[tuple[tuple[Point, ...], str]] = []
        for level, line in _lines(received, expected, values, levels.ticks):
            number = self.formats.number(level, levels.decimals)
            for part, inside in self._split(line):
                points = plane.points(*part.T)
                colour, width = (RECEIVED, 2.0) if inside else (LINE, 1.2)
                canvas.lines.append(Line(points=points, colour=colour, width=width))
                if inside:
                    labelled.append((points, number))
        _label_lines(canvas, plane, labelled)

    def _split(self, line: FloatArray) -> Iterator[tuple[FloatArray, bool]]:
        """Split a line into stretches where people answered and where hardly anybody did."""
        step, base = self._step, self.surface.scale_low
        middle = (line[1:] + line[:-1]) / 2
        squares = np.round(base + step * np.floor((middle - base) / step), 6)
        inside = np.array([tuple(square) in self._squares for square in squares.tolist()])
        edges = np.flatnonzero(np.diff(inside.astype(int))) + 1
        bounds = [0, *edges.tolist(), len(inside)]
        for first, last in pairwise(bounds):
            yield line[first : last + 1], bool(inside[first])

    def _places(self, canvas: Canvas, plane: Plane) -> None:
        axis = self.first_axis
        if axis:
            points = tuple(plane.point(*end) for end in axis)
            canvas.lines.append(Line(points=points, colour=EXPECTED, width=1.6))
        level = self.level_point
        if level is not None:
            x, y = plane.point(*level)
            for dx in (-_CROSS, _CROSS):
                ends = ((x - dx, y - _CROSS), (x + dx, y + _CROSS))
                canvas.lines.append(Line(points=ends, colour=EXPECTED, width=3))


def _label_lines(
    canvas: Canvas, plane: Plane, labelled: list[tuple[tuple[Point, ...], str]]
) -> None:
    """Write the level beside the middle of each line where there is room for it."""
    size, taken = canvas.layout.small, list[Box]()
    for points, number in labelled:
        middle = len(points) // 2
        (x, y), before = points[middle], points[max(middle - 1, 0)]
        width = text_width(number, size, bold=True)
        # Beside a steep line, above a flat one: never on it.
        steep = abs(y - before[1]) > abs(x - before[0])
        sides = [(x + 6, y + size * 0.36), (x - 6 - width, y + size * 0.36)]
        for left, base in sides if steep else [(x - width / 2, y - 6)]:
            box = (left - 2, left + width + 2, base - size, base + 3)
            room = plane.left < box[0] and box[1] < plane.right and box[2] > plane.top
            if room and not any(overlap(box, other) for other in taken):
                canvas.write(left, base, number, strong=True)
                taken.append(box)
                break


def _levels(values: FloatArray, *, most: int) -> Axis:
    return round_axis(float(values.min()), float(values.max()), most_ticks=most)


def _lines(
    x: FloatArray, y: FloatArray, values: FloatArray, levels: tuple[float, ...]
) -> Iterator[tuple[float, FloatArray]]:
    """Return the lines on which `values` equals each level, each as points of shape (k, 2)."""
    inner = [level for level in levels if values.min() < level < values.max()]
    if not inner:
        return
    drawn = sheet().contour(x, y, values, levels=inner)
    drawn.remove()
    for level, path in zip(inner, drawn.get_paths(), strict=True):
        path.should_simplify = False
        for part in path.to_polygons(closed_only=False):
            points = np.asarray(part, dtype=float)
            if len(points) > 1:
                yield level, points
