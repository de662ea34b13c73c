"""Rows and fields of a delimited text: found by counting, never by position."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from cxresearch.responses._unreadable import UnreadableError

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_UNUSUAL = ("^", "~", ":", "¦", "§", "#", "/", " ")
_LOOKED_AT = 200
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=([,;\t|])\"?\s*[\r\n]+", re.IGNORECASE)
_COMMA_DECIMAL = re.compile(r"\s*[+-]?\d*,\d+\s*")
_POINT_DECIMAL = re.compile(r"\s*[+-]?\d*\.\d+\s*")
_MAX_FIELD = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """Fields of a delimited text: the header row, then the rows that are not blank.

    Attributes
    ----------
    delimiter : str
    header : list of str
    header_number : int
        Its number as a spreadsheet shows it, from 1.
    rows : list of list of str
        The fields of each record.
    numbers : list of int
        Their numbers.
    blank : tuple of int
        Numbers of the blank rows among them.
    """

    delimiter: str
    header: list[str]
    header_number: int
    rows: list[list[str]]
    numbers: list[int]
    blank: tuple[int, ...]


def read_rows(text: str, *, prefer: str = "") -> TextTable:
    """Split a text into rows of fields.

    Parameters
    ----------
    text : str
    prefer : str
        Delimiter that the file name promises: a tab for ``.tsv``.

    Raises
    ------
    UnreadableError
        A quotation mark is never closed, or the text has one column only.
    """
    separator = _SEPARATOR_LINE.match(text)
    start = 1 if separator else 0
    if separator:
        text = text[separator.end() :]
    delimiter = separator[1] if separator else _sniff(text, prefer)
    records = _parse(text, delimiter, start)
    blank = {n for n, fields in enumerate(records) if not any(map(str.strip, fields))}
    filled = [n for n in range(len(records)) if n not in blank]
    if not filled:
        raise UnreadableError("it is empty")
    table = TextTable(
        delimiter=delimiter,
        header=records[filled[0]],
        header_number=start + 1 + filled[0],
        rows=[records[n] for n in filled[1:]],
        numbers=[start + 1 + n for n in filled[1:]],
        blank=tuple(start + 1 + n for n in sorted(blank) if n < filled[-1]),
    )
    if len(table.header) == 1:
        raise UnreadableError(_one_column(table, text))
    return table


def _parse(text: str, delimiter: str, start: int) -> list[list[str]]:
    """Read by the strict rules of quotation; loosely only where nothing can be swallowed."""
    previous = csv.field_size_limit(_MAX_FIELD)
    try:
        return _parse_limited(text, delimiter, start)
    except csv.Error as error:
        raise UnreadableError(f"it cannot be split into fields: {error}") from error
    finally:
        csv.field_size_limit(previous)


def _parse_limited(text: str, delimiter: str, start: int) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        records.extend(_reader(text, delimiter, strict=True))
    except csv.Error:
        row = start + len(records) + 1
        records = list(_reader(text, delimiter, strict=False))
        if any("\n" in field or "\r" in field for record in records for field in record):
            raise UnreadableError(
                f"row {row}: quotation marks do not come in pairs, so later rows would be "
                'read as part of a text; write a quotation mark inside a text twice ("")'
            ) from None
    return records


def _reader(text: str, delimiter: str, *, strict: bool) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)


def _sniff(text: str, prefer: str) -> str:
    """Return the delimiter that gives most rows as many fields as the header."""
    sample = _head(text)
    scores = {}
    for rank, delimiter in enumerate(DELIMITERS):
        if delimiter not in sample:
            continue
        counts = [len(fields) for fields in _loose_records(sample, delimiter) if fields]
        if counts and counts[0] > 1:
            agree = counts.count(counts[0]) / len(counts)
            scores[delimiter] = (delimiter == prefer, agree, counts[0], -rank)
    return max(scores, key=lambda delimiter: scores[delimiter]) if scores else ","


def _head(text: str) -> str:
    """Return the first lines, cut where a line ends."""
    return "".join(islice(io.StringIO(text, newline=""), _LOOKED_AT))


def _loose_records(sample: str, delimiter: str) -> list[list[str]]:
    try:
        return list(_reader(sample, delimiter, strict=False))
    except csv.Error:
        return []


def _one_column(table: TextTable, text: str) -> str:
    found = "only one column found"
    for delimiter in DELIMITERS:
        if table.rows and all(delimiter in ",".join(fields) for fields in table.rows[:20]):
            return (
                f"{found}, but the rows below have a {DELIMITER_NAMES[delimiter]} in them; is "
                f"row {table.header_number} a title? The first row must hold the names of the "
                "columns"
            )
    likely = _unusual_delimiter(text)
    hint = f"; the delimiter is probably {likely!r}" if likely else ""
    return f"{found}{hint}; separate the columns by comma, semicolon, tab or |"


def _unusual_delimiter(text: str) -> str:
    lines = [line for line in islice(io.StringIO(text), _LOOKED_AT) if line.strip()]
    for delimiter in _UNUSUAL:
        counts = [line.count(delimiter) for line in lines]
        if counts[0] and counts.count(counts[0]) >= 0.9 * len(counts):
            return delimiter
    return ""


def mend_ragged(table: TextTable) -> None:
    """Pad nothing, but take empty fields off the end of rows that are longer than the header.

    A delimiter at the end of each row makes such fields; nothing is lost with them.
    """
    width = len(table.header)
    for fields in table.rows:
        if len(fields) > width and not any(map(str.strip, fields[width:])):
            del fields[width:]


def ragged_fault(table: TextTable) -> str:
    """Say which rows have another number of fields than the header; ``""`` if none."""
    width = len(table.header)
    places = [place for place, fields in enumerate(table.rows) if len(fields) != width]
    if not places:
        return ""
    numbers, odd = zip(*((table.numbers[p], table.rows[p]) for p in places), strict=True)
    first = _plural(len(odd[0]), "field")
    message = f"row {numbers[0]} has {first}, the header has {width}"
    if len(odd) > 1:
        others = ", ".join(map(str, numbers[1:8]))
        more = f" and {len(odd) - 8} more" if len(odd) > 8 else ""
        message += f"; the same kind of fault in rows {others}{more}"
    return f"{message}{_ragged_hint(table, odd)}"


def _ragged_hint(table: TextTable, odd: Sequence[list[str]]) -> str:
    width = len(table.header)
    name = DELIMITER_NAMES.get(table.delimiter, repr(table.delimiter))
    everywhere = len(odd) > 0.5 * len(table.rows)
    other = _other_delimiter(odd, width) if everywhere else ""
    if other:
        return (
            f"; probably a wrong delimiter: the header is separated by {name}, the rows by "
            f"{DELIMITER_NAMES[other]}"
        )
    if everywhere and Counter(map(len, odd)) == {width + 1: len(odd)}:
        return (
            "; every row begins with one field more: row names without a heading? Export "
            "without them (in R: write.csv(…, row.names = FALSE))"
        )
    if everywhere:
        return f"; is {name} the delimiter, and are the names of the columns in the first row?"
    return f"; a text that holds a {name} must be in quotation marks"


def _other_delimiter(odd: Sequence[list[str]], width: int) -> str:
    for delimiter in DELIMITERS:
        counts = [fields[0].count(delimiter) + 1 for fields in odd if len(fields) == 1]
        if counts and counts.count(width) > 0.5 * len(odd):
            return delimiter
    return ""


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def find_decimal(columns: Iterable[Iterable[str]], delimiter: str) -> str:
    """Return the decimal mark of the numbers in the file; ``""`` where none has decimals.

    The columns are given by their distinct cells.
    In a file separated by commas ``"1,234"`` may be one thousand two hundred, so there a comma
    is taken for a decimal mark only where another number of digits than three follows.
    """
    commas = points = 0
    decisive = delimiter != ","
    for cells in columns:
        for cell in cells:
            if "," in cell and _COMMA_DECIMAL.fullmatch(cell):
                commas += 1
                decisive = decisive or len(cell.strip().rpartition(",")[2]) != 3
            elif "." in cell and _POINT_DECIMAL.fullmatch(cell):
                points += 1
    if commas > points and decisive:
        return ","
    return "." if points else ""
