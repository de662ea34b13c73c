"""Where the labels of points in a plane stand: beside their points, over nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, right, top, bottom."""

_DIRECTIONS = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
_NEAR, _STEP = 10.0, 9.0


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a label stands: its box, and whether a line must lead to its point."""

    box: Box
    led: bool


def overlap(one: Box, other: Box) -> bool:
    """Return whether two boxes overlap."""
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def spots(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    *,
    within: Box,
    taken: Sequence[Box],
    rings: int,
    avoided: Sequence[Box] = (),
    dot: float = 8.0,
) -> list[Spot | None]:
    """Return a place for each label, the nearest that is free; None where there is none.

    Parameters
    ----------
    points : sequence of (x, y)
        In viewBox units; points in front come first.
    sizes : sequence of (width, height)
        Of the labels, same order.
    within : box
        Labels stay inside.
    taken : sequence of box
        Other texts.
    rings : int
        Distances from the point that are tried; from the third on a line leads to the point.
    avoided : sequence of box
        Lines that a label crosses only where it finds no free place close to its point.
    dot : float
        Half the size of a point, which no label covers.
    """
    dots = [(x - dot, x + dot, y - dot, y + dot) for x, y in points]
    placed: list[Box] = [*taken, *dots]
    found: list[Spot | None] = []
    for point, size in zip(points, sizes, strict=True):
        spot = _nearest(point, size, within, [*placed, *avoided], min(rings, 2))
        spot = spot or _nearest(point, size, within, placed, rings)
        found.append(spot)
        if spot is not None:
            placed.append(spot.box)
    return found


def _nearest(
    point: tuple[float, float],
    size: tuple[float, float],
    within: Box,
    placed: Sequence[Box],
    rings: int,
) -> Spot | None:
    for ring in range(rings):
        reach = _NEAR + ring * _STEP
        for across, down in _DIRECTIONS:
            box = _box(point, size, across * reach, down * reach)
            inside = (
                within[0] <= box[0]
                and box[1] <= within[1]
                and within[2] <= box[2]
                and box[3] <= within[3]
            )
            if inside and not any(overlap(box, other) for other in placed):
                return Spot(box, led=ring > 1)
    return None


def _box(point: tuple[float, float], size: tuple[float, float], dx: float, dy: float) -> Box:
    """Return the label's box at a distance from the point, centred where it is 0."""
    (x, y), (width, height) = point, size
    left = x + dx if dx > 0 else x + dx - width if dx < 0 else x - width / 2
    top = y + dy if dy > 0 else y + dy - height if dy < 0 else y - height / 2
    return left, left + width, top, top + height
