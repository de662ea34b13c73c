"""A plane with two axes on a canvas: ticks, grid, and where a value lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cxresearch.plots._axis import Axis
from cxresearch.plots._canvas import Canvas, Line, Point
from cxresearch.plots._measure import wrapped
from cxresearch.plots._place import tick_text
from cxresearch.plots.palette import LINE
from cxresearch.wording import Formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Two axes and the rectangle in viewBox units that they span."""

    x_axis: Axis
    y_axis: Axis
    left: float
    right: float
    top: float
    bottom: float

    def x(self, value: float) -> float:
        """Return the horizontal place of a value."""
        return self.left + self.x_axis.share(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Return the vertical place of a value."""
        return self.bottom - self.y_axis.share(value) * (self.bottom - self.top)

    def point(self, x: float, y: float) -> Point:
        """Return the place of a pair of values, held inside the plane."""
        across = min(max(self.x(x), self.left), self.right)
        return across, min(max(self.y(y), self.top), self.bottom)

    def points(self, x: ArrayLike, y: ArrayLike) -> tuple[Point, ...]:
        """Return the places of many pairs of values, held inside the plane."""
        shares = (np.asarray(x, float) - self.x_axis.low) / (self.x_axis.high - self.x_axis.low)
        across = self.left + shares * (self.right - self.left)
        shares = (np.asarray(y, float) - self.y_axis.low) / (self.y_axis.high - self.y_axis.low)
        down = self.bottom - shares * (self.bottom - self.top)
        inside = across.clip(self.left, self.right), down.clip(self.top, self.bottom)
        return tuple(zip(*(side.tolist() for side in inside), strict=True))

    def band(self, x: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[Point, ...]:
        """Return the corners of what lies between two heights."""
        return self.points(x, high) + self.points(x, low)[::-1]

    def grid(
        self,
        canvas: Canvas,
        formats: Formats,
        *,
        x_percent: bool = False,
        y_percent: bool = False,
        y_numbers: bool = True,
    ) -> None:
        """Draw the lines of both axes and their numbers."""
        size = canvas.layout.small
        for tick in self.x_axis.ticks:
            x = self.x(tick)
            canvas.lines.append(Line(points=((x, self.top), (x, self.bottom)), colour=LINE))
            text = tick_text(tick, self.x_axis, formats, percent=x_percent)
            canvas.write(x, self.bottom + size + 5, text, anchor="center")
        for tick in self.y_axis.ticks:
            y = self.y(tick)
            canvas.lines.append(Line(points=((self.left, y), (self.right, y)), colour=LINE))
            if y_numbers:
                text = tick_text(tick, self.y_axis, formats, percent=y_percent)
                canvas.write(self.left - 8, y + size * 0.36, text, anchor="right")

    def x_title(self, canvas: Canvas, title: str) -> float:
        """Write what the horizontal axis is, below its numbers; return the last base line."""
        size = canvas.layout.small
        y = self.bottom + size * 2.5 + 5
        for number, line in enumerate(wrapped(title, canvas.layout.width - 20, size)):
            y += size * 1.4 if number else 0.0
            canvas.write(canvas.layout.width / 2, y, line, anchor="center")
        return y
