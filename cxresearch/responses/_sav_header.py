"""Check the list of variables of an SPSS file before a library in C trusts it.

ReadStat, on which pyreadstat rests, ends the whole process (segmentation fault) where the
widths of text variables do not agree with the records that follow, or value labels name no
variable.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from cxresearch.responses._unreadable import UnreadableError

_HEADER = 176
_LAYOUT = 64
_VARIABLE, _LABELS, _LABELLED = 2, 3, 4
_CONTINUED = -1
_WIDEST = 255


def check_sav_header(data: bytes) -> None:
    """Refuse an SPSS file whose variable records contradict each other.

    Parameters
    ----------
    data : bytes
        The file, or a beginning that holds all variable records.

    Raises
    ------
    UnreadableError
        The file is damaged.
    """
    try:
        records = _Records(data)
        widths = records.widths()
        _check_widths(widths)
        records.check_value_labels(widths)
    except (struct.error, IndexError, ValueError) as error:
        raise UnreadableError(
            "the SPSS file is damaged: its list of variables is broken"
        ) from error


def _check_widths(widths: Sequence[int]) -> None:
    # A text of 20 characters takes three records: its own and two that continue it.
    awaited = 0
    for width in widths:
        if not _CONTINUED <= width <= _WIDEST or (width == _CONTINUED) != (awaited > 0):
            raise ValueError("width")
        awaited = awaited - 1 if width == _CONTINUED else max(0, -(-width // 8) - 1)
    if awaited or not widths:
        raise ValueError("number of records")


class _Records:
    """Walks over the records at the beginning of an SPSS file."""

    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, _HEADER
        layout = {order: struct.unpack_from(f"{order}i", data, _LAYOUT)[0] for order in "<>"}
        self.order = next((order for order, code in layout.items() if code in (2, 3)), "")
        if not self.order:
            raise ValueError("layout code")

    def widths(self) -> list[int]:
        """Return the width of each variable: 0 numeric, 1 to 255 text, -1 continued text."""
        found = []
        while self._type() == _VARIABLE:
            width, labelled, missing = self._whole(3, self.place + 4)
            if labelled not in (0, 1) or abs(missing) > 3:
                raise ValueError("variable record")
            found.append(width)
            self.place += 32
            if labelled:
                self.place += 4 + -(-self._length(self.place) // 4) * 4
            self.place += 8 * abs(missing)
        return found

    def check_value_labels(self, widths: Sequence[int]) -> None:
        """Each list of value labels must name variables that are there."""
        while self._type() == _LABELS:
            count = self._length(self.place + 4)
            self.place += 8
            for _ in range(count):
                self.place += 8 + (self.data[self.place + 8] // 8 + 1) * 8
            if self._type() != _LABELLED:
                raise ValueError("value labels without variables")
            named = self._length(self.place + 4)
            for index in self._whole(named, self.place + 8):
                if not 1 <= index <= len(widths) or widths[index - 1] not in range(9):
                    raise ValueError("value labels of no variable")
            self.place += 8 + 4 * named

    def _type(self) -> int:
        return self._whole(1, self.place)[0]

    def _length(self, place: int) -> int:
        length = self._whole(1, place)[0]
        if not 0 <= length <= len(self.data):
            raise ValueError("length")
        return length

    def _whole(self, count: int, place: int) -> tuple[int, ...]:
        return struct.unpack_from(f"{self.order}{count}i", self.data, place)
