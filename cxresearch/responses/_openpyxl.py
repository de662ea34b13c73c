"""The one door to openpyxl: cells of one sheet, within limits."""

from __future__ import annotations

import io
import warnings
import zipfile
from dataclasses import dataclass
from typing import Any

from cxresearch.responses._unreadable import MAX_CELLS, UnreadableError, first_line

MAX_UNPACKED = 1_000_000_000
MAX_ROWS = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetCells:
    """Cells of a sheet as Excel holds them, row by row; rows may differ in length."""

    sheet: str
    sheets: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def read_sheet(data: bytes, *, sheet: str | None) -> SheetCells:
    """Read one sheet of an Excel workbook, the first when none is named.

    Raises
    ------
    UnreadableError
        No workbook, no such sheet, or more than is read.
    """
    # Imported here: loading it takes longer than reading most files.
    import openpyxl

    _check_archive(data)
    with warnings.catch_warnings():
        # It warns of styles and validation rules, which are not read.
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        except Exception as error:  # damaged XML raises anything from KeyError to ParseError
            raise UnreadableError(
                f"the Excel workbook cannot be read: {first_line(error)}"
            ) from error
        try:
            return _read_sheet(book, sheet)
        except UnreadableError:
            raise
        except Exception as error:  # sheets are parsed while they are read
            raise UnreadableError(
                f"the Excel sheet cannot be read: {first_line(error)}"
            ) from error
        finally:
            book.close()


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            unpacked = sum(entry.file_size for entry in entries)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableError(f"the Excel workbook is damaged: {first_line(error)}") from error
    if unpacked > MAX_UNPACKED:
        raise UnreadableError(
            f"the Excel workbook unpacks to {unpacked / 1e6:,.0f} MB; at most "
            f"{MAX_UNPACKED / 1e6:,.0f} MB are read: export the sheet as CSV"
        )
    if "xl/workbook.bin" in names:
        raise UnreadableError("it is a binary Excel workbook (.xlsb); save it as .xlsx or CSV")
    if "xl/workbook.xml" not in names:
        kind = "an OpenDocument file" if "content.xml" in names else "a ZIP archive"
        raise UnreadableError(f"it is {kind}, no Excel workbook; save it as .xlsx or CSV")


def _read_sheet(book: Any, sheet: str | None) -> SheetCells:
    names = tuple(worksheet.title for worksheet in book.worksheets)
    if not names:
        raise UnreadableError("the Excel workbook has no sheet with cells")
    chosen = names[0] if sheet is None else sheet
    if chosen not in names:
        raise UnreadableError(f"it has no sheet {chosen!r}; the sheets are {', '.join(names)}")
    worksheet = next(entry for entry in book.worksheets if entry.title == chosen)
    # The size a workbook states is often wrong: one cell, or a million formatted rows.
    worksheet.reset_dimensions()
    rows: list[tuple[Any, ...]] = []
    cells = 0
    for row in worksheet.iter_rows(values_only=True):
        kept = _without_end(row)
        cells += len(kept)
        if cells > MAX_CELLS or len(rows) >= MAX_ROWS:
            raise UnreadableError(f"the sheet {chosen} has more than {MAX_CELLS:,} cells")
        rows.append(kept)
    return SheetCells(sheet=chosen, sheets=names, rows=rows)


def _without_end(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Take empty cells off the end: formatting without content."""
    last = len(row)
    while last and row[last - 1] is None:
        last -= 1
    return row[:last]
