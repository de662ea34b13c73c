"""Pieces of a page put into columns, one after the other, as a browser fills them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

_LEAST = 70.0
"""Pixels of a text that runs on, in the column where it begins."""

_LOST = 24.0
"""Pixels that a text takes more where it runs on in the next column."""

_MOST_STEPS = 500


def packed(
    heights: Sequence[float],
    columns: Sequence[float],
    *,
    order: Sequence[int],
    lead: int = 0,
    flowing: float = 0.0,
) -> tuple[int, ...] | None:
    """Return the pieces in an order in which the columns hold them, or None for too many.

    A browser puts each piece below the one before it, or else at the top of the next column; so
    an order with a place for every piece is printed as planned, or with more room to spare.

    Parameters
    ----------
    heights : sequence of float
        Of each piece, in pixels; none of them may be broken.
    columns : sequence of float
        Heights, in the order in which they are filled.
    order : sequence of int
        Every piece, in the order that readers would like best.
    lead : int
        So many of them come first, whatever follows.
    flowing : float
        Height of one more piece, numbered after the others, which may run on from one column to
        the next.

    Examples
    --------
    >>> packed([60.0, 90.0, 30.0], [100.0, 100.0], order=[0, 1, 2], flowing=5.0)
    (0, 2, 1, 3)
    >>> packed([60.0, 90.0, 30.0], [100.0, 70.0], order=[0, 1, 2]) is None
    True
    """
    last = len(heights)
    wanted = list(order[lead:])
    ways: tuple[Callable[[_Sheet], bool], ...] = (
        lambda sheet: sheet.take(wanted) and sheet.flow(last, flowing),
        lambda sheet: sheet.search(sheet.highest([*wanted, last]), iter(range(_MOST_STEPS))),
        lambda sheet: (
            sheet.search(sheet.highest(wanted), iter(range(_MOST_STEPS)))
            and sheet.flow(last, flowing)
        ),
    )
    for way in ways:
        sheet = _Sheet([*heights, flowing], columns)
        if sheet.take(order[:lead]) and way(sheet):
            return sheet.order([*order, last])
    return None


class _Sheet:
    """Columns with what they hold and the room that is left."""

    def __init__(self, heights: Sequence[float], columns: Sequence[float]) -> None:
        self.heights = heights
        self.left = list(columns)
        self.pieces: list[list[int]] = [[] for _ in columns]

    def take(self, pieces: Iterable[int]) -> bool:
        """Put each piece into the first column that has room, and say whether all have one."""
        for piece in pieces:
            column = next(iter(self._with_room(piece)), None)
            if column is None:
                return False
            self._put(piece, column)
        return True

    def search(self, pieces: Sequence[int], steps: Iterator[int]) -> bool:
        """Put each piece where it leaves least room, or elsewhere if others do not fit then."""
        if not pieces:
            return True
        places = {self.left[column]: column for column in self._with_room(pieces[0])}
        for _, column in sorted(places.items()):
            if next(steps, None) is None:
                return False
            self._put(pieces[0], column)
            if self.search(pieces[1:], steps):
                return True
            self.left[column] += self.heights[self.pieces[column].pop()]
        return False

    def flow(self, piece: int, height: float) -> bool:
        """Put a text into an empty column, or at the end of the last one or two that can be."""
        places = range(len(self.left) - 1, -1, -1)
        whole = [i for i in places if self.left[i] >= height]
        empty = [i for i in whole if not self.pieces[i]]
        broken = [i for i in places if self._runs_on(i, height)]
        column = next(iter([*empty, *whole, *broken]), None)
        if column is not None:
            self.pieces[column].append(piece)
        return column is not None

    def highest(self, pieces: Iterable[int]) -> list[int]:
        """Return pieces from the highest to the lowest."""
        return sorted(pieces, key=lambda piece: -self.heights[piece])

    def order(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """Return all pieces, column by column, those of a column in the order wanted."""
        return tuple(p for own in self.pieces for p in sorted(own, key=wanted.index))

    def _with_room(self, piece: int) -> list[int]:
        height = self.heights[piece]
        return [column for column, room in enumerate(self.left) if room >= height]

    def _put(self, piece: int, column: int) -> None:
        self.left[column] -= self.heights[piece]
        self.pieces[column].append(piece)

    def _runs_on(self, column: int, height: float) -> bool:
        after = self.left[column + 1 : column + 2]
        both = self.left[column] + sum(after)
        return bool(after) and self.left[column] >= _LEAST and both >= height + _LOST
