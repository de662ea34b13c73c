"""Answers to hand on: the same file, without the columns nobody else may see."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cxresearch.codebook.model import Codebook
from cxresearch.errors import ResponseError
from cxresearch.responses._encoding import decode_text
from cxresearch.responses._match import match_columns
from cxresearch.responses._plan import wanted_columns
from cxresearch.responses.read import read_table

_SEPARATOR_LINES = ("sep=,", "sep=;", "sep=\t", "sep=|")


def shared_columns(path: Path, codebook: Codebook) -> tuple[str, ...]:
    """Return the columns of a file that may be handed on.

    They are those the codebook names for analysis: neither columns of the roles personal, text
    and ignore, nor any that it does not name, which nobody has looked at.
    """
    frame, _ = read_table(path)
    names = [str(name) for name in frame.columns]
    wanted = wanted_columns(codebook)
    matched = match_columns(names, wanted, codebook, file=path.name)
    analysed = {entry.column for entry in wanted}
    kept = {name for column, name in matched.found.items() if column in analysed}
    return tuple(name for name in names if name in kept)


def write_shared(path: Path, target: Path, columns: Collection[str]) -> tuple[str, ...]:
    """Write a data file again with these columns only; return the names of the others.

    Parameters
    ----------
    path, target : Path
        Same format: text, Excel, SPSS, Stata or Parquet.
    columns : collection of str

    Raises
    ------
    ResponseError
        The file cannot be read, or what was written does not read back as the same answers.
    """
    frame, source = read_table(path)
    left_out = tuple(str(name) for name in frame.columns if name not in columns)
    _WRITERS[source.format](path, target, columns)
    again, _ = read_table(target)
    kept = frame[[name for name in frame.columns if name in columns]]
    if not _same(kept, again):
        target.unlink(missing_ok=True)
        raise ResponseError(
            f"{path.name}: written without {len(left_out)} columns it does not read back as "
            "the same answers; hand the run on without its data, or save the file as CSV"
        )
    return left_out


def _same(kept: pd.DataFrame, again: pd.DataFrame) -> bool:
    if list(kept.columns) != list(again.columns) or len(kept) != len(again):
        return False
    return all(
        _cell(a) == _cell(b)
        for name in kept.columns
        for a, b in zip(kept[name], again[name], strict=True)
    )


def _cell(value: Any) -> str:
    empty = value is None or value == "" or (isinstance(value, float) and np.isnan(value))
    return "" if empty or value is pd.NaT else str(value)


def _write_text(path: Path, target: Path, columns: Collection[str]) -> None:
    _, source = read_table(path)
    text = decode_text(path.read_bytes()).text.removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    separated = first.strip().strip('"').lower() in _SEPARATOR_LINES
    if separated:
        text = rest
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter))
    header = next(row for row in rows if any(cell.strip() for cell in row))
    places = [place for place, name in enumerate(header) if name.strip() in columns]
    with target.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{first.strip()}\r\n" if separated else "")  # row numbers stay the same
        writer = csv.writer(file, delimiter=source.delimiter)
        for row in rows:
            writer.writerow([row[place] if place < len(row) else "" for place in places])


def _write_excel(path: Path, target: Path, columns: Collection[str]) -> None:
    import openpyxl  # slow to import

    read = openpyxl.load_workbook(path, data_only=True, read_only=True)
    rows = [tuple(row) for row in read[read.sheetnames[0]].iter_rows(values_only=True)]
    header = next(row for row in rows if any(cell is not None for cell in row))
    places = [p for p, name in enumerate(header) if str(name or "").strip() in columns]
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(read.sheetnames[0])
    for row in rows:
        sheet.append([row[place] if place < len(row) else None for place in places])
    read.close()
    book.save(target)


def _write_spss(path: Path, target: Path, columns: Collection[str]) -> None:
    import pyreadstat  # slow to import

    frame, meta = pyreadstat.read_sav(str(path), user_missing=True)
    kept = [name for name in frame.columns if name in columns]

    def only(found: Any) -> dict[str, Any]:
        return {name: value for name, value in (found or {}).items() if name in kept}

    pyreadstat.write_sav(
        frame[kept],
        str(target),
        column_labels=only(meta.column_names_to_labels),
        variable_value_labels=only(meta.variable_value_labels),
        missing_ranges=only(meta.missing_ranges),
        variable_measure=only(meta.variable_measure),
        variable_format=only(meta.original_variable_types),
    )


def _write_stata(path: Path, target: Path, columns: Collection[str]) -> None:
    import pyreadstat  # slow to import

    frame, meta = pyreadstat.read_dta(str(path), user_missing=True)
    kept = [name for name in frame.columns if name in columns]
    declared: Any = {n: v for n, v in (meta.missing_user_values or {}).items() if n in kept}
    pyreadstat.write_dta(
        frame[kept],
        str(target),
        column_labels={n: meta.column_names_to_labels.get(n) or "" for n in kept},
        variable_value_labels={
            n: v for n, v in meta.variable_value_labels.items() if n in kept
        },
        missing_user_values=declared or None,
    )


def _write_parquet(path: Path, target: Path, columns: Collection[str]) -> None:
    import pyarrow.parquet as pq  # slow to import

    table = pq.read_table(path)
    kept = table.select([name for name in table.column_names if name in columns])
    pq.write_table(kept.replace_schema_metadata(None), target)


_WRITERS: dict[str, Callable[[Path, Path, Collection[str]], None]] = {
    "csv": _write_text,
    "xlsx": _write_excel,
    "sav": _write_spss,
    "dta": _write_stata,
    "parquet": _write_parquet,
}
