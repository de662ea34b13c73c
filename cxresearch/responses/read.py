"""Read a file of raw answers as it is, and tell how it was understood.

Row numbers are those the researcher sees: in text and Excel files the names of the columns are
row 1, so the first respondent is row 2; in SPSS, Stata and Parquet files, which have no such
row, the first respondent is row 1. Blank rows count.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from cxresearch.errors import Fault, ResponseError
from cxresearch.responses._cells import CellColumn, Cells
from cxresearch.responses._delimited import (
    TextTable,
    find_decimal,
    mend_ragged,
    ragged_fault,
    read_rows,
)
from cxresearch.responses._encoding import decode_text
from cxresearch.responses._kind import check_name, kind_of
from cxresearch.responses._openpyxl import read_sheet
from cxresearch.responses._pyarrow import read_parquet
from cxresearch.responses._pyreadstat import read_statistical
from cxresearch.responses._sav_header import check_sav_header
from cxresearch.responses._unreadable import (
    MAX_BYTES,
    MAX_COLUMNS,
    UnreadableError,
    check_cells,
)
from cxresearch.responses.model import Source

_LISTED = 8
_NO_TABLES = (".yaml", ".yml", ".md", ".py")


def read_table(path: str | Path, *, sheet: str | None = None) -> tuple[pd.DataFrame, Source]:
    r"""Read a table of raw answers: CSV, Excel, SPSS, Stata or Parquet.

    Parameters
    ----------
    path : str or Path
        Text (.csv, .tsv, .txt; separated by comma, semicolon, tab or ``|``; UTF-8, UTF-16,
        cp1252 or cp949), Excel (.xlsx, .xlsm), SPSS (.sav, .zsav), Stata (.dta) or Parquet. At
        most 500 MB, 20 000 columns and 50 million cells.
    sheet : str, optional
        Sheet of an Excel workbook; the first when none is named. Other formats have none.

    Returns
    -------
    frame : pandas.DataFrame
        One row a respondent under the names in the file; the index, named ``row``, holds the
        row numbers. Cells of text files are the text as written (``"007"`` stays ``"007"``);
        other formats keep their numbers, texts and dates. SPSS and Stata columns hold codes.
    source : Source
        File, SHA-256, what was detected, and the labels of an SPSS or Stata file.

    Raises
    ------
    ResponseError
        The file is missing, empty, not a table, damaged, or not what its name says. Every
        message names the file and says what to do.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "responses.csv"
    >>> _ = path.write_text("id;E01;P01\n007;7;5,5\n008;6;4\n", encoding="utf-8")
    >>> frame, source = read_table(path)
    >>> frame["id"].to_dict()
    {2: '007', 3: '008'}
    >>> source.delimiter, source.decimal, source.encoding
    (';', ',', 'utf-8')
    """
    cells, source = read_cells(path, sheet=sheet)
    return _to_frame(cells), source


def read_cells(path: str | Path, *, sheet: str | None = None) -> tuple[Cells, Source]:
    """Read what `read_table` reads, as plain lists: most cells are looked at once only."""
    path = Path(path)
    try:
        data = _read_bytes(path)
        kind = kind_of(data, path)
        cells = _read_cells(data, path, (kind, sheet))
    except UnreadableError as error:
        fault = Fault(file=path.name, message=str(error))
        raise ResponseError(f"responses {path.name}", [fault]) from error
    source = Source(
        file=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        rows=len(cells.rows),
        columns=len(cells.header),
        format=kind,
        notes=cells.notes,
        **cells.about,
    )
    return cells, source


def _read_cells(data: bytes, path: Path, how: tuple[str, str | None]) -> Cells:
    kind, sheet = how
    check_name(kind, path)
    if kind != "xlsx" and sheet is not None:
        raise UnreadableError(f"it has no sheets, so sheet {sheet!r} cannot be read")
    cells = _without_blank_columns(_READERS[kind](data, path, sheet))
    _check_shape(cells)
    return cells


def _read_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise UnreadableError("it is a folder, not a file")
        if size > MAX_BYTES:
            raise UnreadableError(
                f"it has {size / 1e6:,.0f} MB; at most {MAX_BYTES / 1e6:,.0f} MB are read"
            )
        data = path.read_bytes()
    except FileNotFoundError:
        raise UnreadableError(f"the file is missing{_near(path)}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"the file cannot be read: {reason}") from error
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableError("the file is empty")
    return data


def _near(path: Path) -> str:
    """Name what lies in the folder instead."""
    try:
        names = sorted(p.name for p in path.parent.iterdir() if p.is_file())
    except OSError:
        return f"; the folder {path.parent.name} is missing too"
    tables = [
        name for name in names if not name.startswith(".") and not name.endswith(_NO_TABLES)
    ]
    return f"; the folder has {', '.join(tables[:_LISTED])}" if tables else ""


def _read_text(data: bytes, path: Path, _: str | None) -> Cells:
    decoded = decode_text(data)
    prefer = "\t" if path.suffix.lower() in (".tsv", ".tab") else ""
    table = read_rows(decoded.text, prefer=prefer)
    check_cells(len(table.rows), len(table.header))
    mend_ragged(table)
    fault = ragged_fault(table)
    if fault:
        raise UnreadableError(fault)
    first, notes = _answers_begin(table)
    width = len(table.header)
    cells = list(chain.from_iterable(table.rows[first:]))
    columns = [CellColumn(cells[place::width], all_text=True) for place in range(width)]
    return Cells(
        header=table.header,
        columns=columns,
        rows=table.numbers[first:],
        notes=(*decoded.notes, *_blank_note(table.blank), *notes),
        about={
            "encoding": decoded.encoding,
            "delimiter": table.delimiter,
            "decimal": find_decimal([column.distinct for column in columns], table.delimiter),
        },
    )


def _answers_begin(table: TextTable) -> tuple[int, tuple[str, ...]]:
    """Pass over the two rows that Qualtrics writes under the names of the columns."""
    if len(table.rows) < 2 or not any('{"ImportId":' in cell for cell in table.rows[1]):
        return 0, ()
    numbers = f"{table.numbers[0]} and {table.numbers[1]}"
    return 2, (f"rows {numbers} hold Qualtrics' question texts and import ids: not read",)


def _blank_note(blank: Sequence[int]) -> tuple[str, ...]:
    if not blank:
        return ()
    shown = ", ".join(map(str, blank[:_LISTED]))
    more = f" and {len(blank) - _LISTED} more" if len(blank) > _LISTED else ""
    return (f"{'blank row' if len(blank) == 1 else 'blank rows'} {shown}{more}: not read",)


def _read_excel(data: bytes, path: Path, sheet: str | None) -> Cells:
    cells = read_sheet(data, sheet=sheet)
    numbered = [
        (number, row)
        for number, row in enumerate(cells.rows, start=1)
        if any(not _is_blank(cell) for cell in row)
    ]
    if not numbered:
        raise UnreadableError(f"the sheet {cells.sheet} is empty")
    first, head = numbered[0]
    width = max(len(row) for _, row in numbered)
    header = ["" if cell is None else str(cell) for cell in head]
    body = [(number, (*row, *[None] * (width - len(row)))) for number, row in numbered[1:]]
    if len([name for name in header if name.strip()]) == 1 and width > 1:
        raise UnreadableError(
            f"row {first} holds one name only; is it a title? The first row must hold the "
            "names of the columns"
        )
    kept = {number for number, _ in numbered}
    blank = [n for n in range(first, numbered[-1][0]) if n not in kept]
    others = [name for name in cells.sheets if name != cells.sheet]
    chosen = (f"sheet {cells.sheet} read; not read: {', '.join(others)}",) if others else ()
    return Cells(
        header=[*header, *[""] * (width - len(header))],
        columns=[CellColumn([row[place] for _, row in body]) for place in range(width)],
        rows=[number for number, _ in body],
        notes=(*chosen, *_blank_note(blank)),
    )


def _read_spss_or_stata(data: bytes, path: Path, _: str | None) -> Cells:
    stata = path.suffix.lower() == ".dta"
    if not stata:
        check_sav_header(data)
    table = read_statistical(path, stata=stata)
    cells = _from_frame(table.frame)
    about = {
        "encoding": table.encoding,
        "labels": table.labels,
        "questions": table.questions,
        "user_missing": table.user_missing,
    }
    return replace(cells, about=about)


def _read_parquet(data: bytes, _: Path, __: str | None) -> Cells:
    return _from_frame(read_parquet(data))


def _from_frame(frame: pd.DataFrame) -> Cells:
    return Cells(
        header=[str(name) for name in frame.columns],
        columns=[CellColumn(frame.iloc[:, place].tolist()) for place in range(frame.shape[1])],
        rows=list(range(1, len(frame) + 1)),
    )


_READERS: dict[str, Callable[[bytes, Path, str | None], Cells]] = {
    "csv": _read_text,
    "xlsx": _read_excel,
    "sav": _read_spss_or_stata,
    "dta": _read_spss_or_stata,
    "parquet": _read_parquet,
}


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _without_blank_columns(cells: Cells) -> Cells:
    """Drop columns with neither name nor content; name a column that has content only."""
    kept = [
        place
        for place, name in enumerate(cells.header)
        if name.strip() or not all(map(_is_blank, cells.columns[place].cells))
    ]
    return replace(
        cells,
        header=[cells.header[place].strip("\ufeff") or f"column {place + 1}" for place in kept],
        columns=[cells.columns[place] for place in kept],
    )


def _check_shape(cells: Cells) -> None:
    if len(cells.header) > MAX_COLUMNS:
        raise UnreadableError(
            f"it has {len(cells.header):,} columns; at most {MAX_COLUMNS:,} are read"
        )
    repeated = [name for name, count in Counter(cells.header).items() if count > 1]
    if repeated:
        if all(name.replace(".", "").replace(",", "").isdigit() for name in repeated):
            raise UnreadableError(
                "its first row looks like answers; the names of the columns must be there"
            )
        shown = ", ".join(repr(name) for name in repeated[:_LISTED])
        more = f" and {len(repeated) - _LISTED} more" if len(repeated) > _LISTED else ""
        raise UnreadableError(
            f"columns with the same name: {shown}{more}; each column needs a name of its own "
            "in the first row"
        )
    if len(cells.header) == 1:
        raise UnreadableError("only one column found; a column for each question is needed")
    if not cells.rows:
        raise UnreadableError("it holds the names of the columns and no answers")


def _to_frame(cells: Cells) -> pd.DataFrame:
    index = pd.Index(cells.rows, name="row", dtype="int64")
    columns = {
        name: _series(column.cells, index)
        for name, column in zip(cells.header, cells.columns, strict=True)
    }
    frame = pd.DataFrame(columns, index=index)
    frame.columns = pd.Index(cells.header, dtype=object)
    return frame


def _series(values: list[Any], index: pd.Index) -> pd.Series:
    """Numbers as float where all are numbers or missing, else the cells as they are."""
    if all(type(value) is float for value in values):
        return pd.Series(values, index=index, dtype="float64")
    return pd.Series(values, index=index, dtype=object)
