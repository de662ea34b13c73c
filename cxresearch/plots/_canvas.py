"""A free drawing in viewBox units: what figures that are no rows on an axis are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cxresearch.plots._measure import text_width, wrapped
from cxresearch.plots._place import Anchor, Layout, Text
from cxresearch.plots._rows import Sign
from cxresearch.plots.palette import INK, SOFT

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points."""

    points: tuple[Point, ...]
    colour: str
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A filled polygon; `opacity` from 0 to 1."""

    corners: tuple[Point, ...]
    colour: str
    opacity: float


@dataclass(slots=True, kw_only=True)
class Canvas:
    """What is drawn, areas lowest, texts on top; `height` is how far down it reaches.

    `points` are single observations, small and transparent; `dots` are estimates and others.
    """

    layout: Layout
    height: float = 0.0
    areas: list[Area] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    dots: list[tuple[float, float, Sign]] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Where texts at the left edge begin."""
        return self.layout.edge

    @property
    def right(self) -> float:
        """Where texts at the right edge end."""
        return self.layout.width - self.layout.edge

    def write(
        self, x: float, y: float, text: str, *, anchor: Anchor = "left", strong: bool = False
    ) -> None:
        """Place a line of small text: soft, or strong in ink."""
        if text:
            colour = INK if strong else SOFT
            self.texts.append(Text(x, y, text, self.layout.small, colour, anchor, bold=strong))

    def paragraph(self, x: float, y: float, text: str, room: float, *, lines: int = 3) -> float:
        """Place soft text in lines no wider than `room`; return the base line of the last."""
        size = self.layout.small
        for number, line in enumerate(wrapped(text, room, size, most_lines=lines)):
            y += size * 1.35 if number else 0.0
            self.write(x, y, line)
        return y

    def legend(self, entries: list[tuple[Sign, str]], y: float) -> float:
        """Place signs and what they mean, from the left edge; return the last base line."""
        x = self.left + 2
        for sign, text in entries:
            room = self.right - self.left - 24
            line = wrapped(text, room, self.layout.small, most_lines=1)[0]
            width = 22 + text_width(line, self.layout.small)
            if x > self.left + 2 and x + width > self.right:
                x, y = self.left + 2, y + 22
            self.dots.append((x + 7, y - 4.5, sign))
            self.write(x + 20, y, line)
            x += width + 18
        return y

    def append(self, other: Canvas, top: float) -> None:
        """Put another drawing below what is there, `top` from the upper edge."""

        def lower(points: Iterable[Point]) -> tuple[Point, ...]:
            return tuple((x, y + top) for x, y in points)

        self.areas += [replace(area, corners=lower(area.corners)) for area in other.areas]
        self.lines += [replace(line, points=lower(line.points)) for line in other.lines]
        self.points += lower(other.points)
        self.dots += [(x, y + top, sign) for x, y, sign in other.dots]
        self.texts += [replace(text, y=text.y + top) for text in other.texts]
        self.height = top + other.height

    def rectangle(
        self,
        left: float,
        right: float,
        top: float,
        bottom: float,
        *,
        colour: str,
        opacity: float,
    ) -> None:
        """Place a filled rectangle."""
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        self.areas.append(Area(corners=corners, colour=colour, opacity=opacity))
