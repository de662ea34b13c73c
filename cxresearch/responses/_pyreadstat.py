"""The one door to pyreadstat: SPSS and Stata files, with labels and declared non-answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cxresearch.codebook.model import Code, CodeValue
from cxresearch.responses._unreadable import UnreadableError, check_cells, first_line

Ranges = Mapping[str, tuple[tuple[CodeValue, CodeValue], ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StatisticalTable:
    """Codes as stored, and what the file says about them."""

    frame: pd.DataFrame
    encoding: str
    labels: Mapping[str, tuple[Code, ...]]
    questions: Mapping[str, str]
    user_missing: Ranges


def read_statistical(path: Path, *, stata: bool) -> StatisticalTable:
    """Read an SPSS (.sav, .zsav) or Stata (.dta) file, codes as numbers, non-answers kept.

    Stata's extended missing values come back as the texts ``.a`` to ``.z``.

    Raises
    ------
    UnreadableError
        The file is damaged, or larger than is read.
    """
    # Imported here: most studies come as text files.
    import pyreadstat

    read = pyreadstat.read_dta if stata else pyreadstat.read_sav
    try:
        _, about = read(str(path), metadataonly=True)
        check_cells(about.number_rows or 0, len(about.column_names))
        frame, meta = _read_all(read, path)
    except UnreadableError:
        raise
    except Exception as error:  # its errors have no common base
        kind = "Stata" if stata else "SPSS"
        message = f"the {kind} file cannot be read: {first_line(error)}"
        raise UnreadableError(message) from error
    ranges = _ranges(meta.missing_ranges or {})
    if stata:
        extended = {
            name: tuple(f".{v}" for v in letters)
            for name, letters in (meta.missing_user_values or {}).items()
        }
        frame = _dotted(frame, extended)
        ranges = {name: tuple((v, v) for v in values) for name, values in extended.items()}
    return StatisticalTable(
        frame=frame,
        encoding=str(meta.file_encoding or "").lower(),
        labels=_labels(meta.variable_value_labels, stata=stata),
        questions={k: v for k, v in (meta.column_names_to_labels or {}).items() if v},
        user_missing=ranges,
    )


def _read_all(read: Any, path: Path) -> tuple[pd.DataFrame, Any]:
    try:
        frame, meta = read(str(path), user_missing=True)
    except OverflowError:
        # A date beyond the year 9999 stops the conversion of all dates.
        frame, meta = read(str(path), user_missing=True, disable_datetime_conversion=True)
    return frame, meta


def _labels(found: Mapping[str, Any], *, stata: bool) -> dict[str, tuple[Code, ...]]:
    return {
        column: tuple(
            Code(f".{value}" if stata and isinstance(value, str) else value, str(label))
            for value, label in pairs.items()
        )
        for column, pairs in found.items()
    }


def _ranges(found: Mapping[str, Any]) -> dict[str, tuple[tuple[CodeValue, CodeValue], ...]]:
    return {
        column: tuple((entry["lo"], entry["hi"]) for entry in ranges)
        for column, ranges in found.items()
    }


def _dotted(frame: pd.DataFrame, extended: Mapping[str, Any]) -> pd.DataFrame:
    """Write Stata's ``.a`` as Stata does; pyreadstat drops the point."""
    columns = {
        name: frame[name].map(lambda v: f".{v}" if isinstance(v, str) else v).astype(object)
        for name in extended
        if name in frame
    }
    return frame.assign(**columns) if columns else frame
