"""What the readers of each format raise, and the limits they keep."""

from __future__ import annotations

MAX_BYTES = 500_000_000
MAX_COLUMNS = 20_000
MAX_CELLS = 50_000_000


class UnreadableError(ValueError):
    """A file cannot be read; the message says why and what to do, without the file's name.

    It never leaves this room: `read_table` turns it into a ResponseError.
    """


def check_cells(rows: int, columns: int) -> None:
    """Refuse a table with more cells than are read.

    Raises
    ------
    UnreadableError
        It has more than 50 million cells.
    """
    if rows * columns > MAX_CELLS:
        raise UnreadableError(
            f"it has {rows * columns:,} cells; at most {MAX_CELLS:,} are read: keep only the "
            "columns that the study needs"
        )


def first_line(error: Exception) -> str:
    """Return the first line of a library's message, or the kind of error where it has none."""
    lines = str(error).splitlines()
    return lines[0] if lines and lines[0] else type(error).__name__
