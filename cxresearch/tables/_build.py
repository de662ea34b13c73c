"""From a frame of numbers to a table of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.shown import DisplayTable
from cxresearch.wording import Formats

Cell = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and how its cells are made from a row of the data."""

    heading: str
    cell: Cell
    numeric: bool = True


def display_table(
    data: pd.DataFrame,
    columns: Sequence[Column],
    *,
    name: str,
    caption: str,
    notes: Iterable[str] = (),
) -> DisplayTable:
    """Return a table whose cells are text made row by row."""
    rows = rows_of(data)
    shown = pd.DataFrame(
        {column.heading: [column.cell(row) for row in rows] for column in columns}, dtype=object
    )
    return DisplayTable(
        name=name,
        caption=caption,
        shown=shown,
        data=data.reset_index(drop=True),
        numeric=tuple(column.heading for column in columns if column.numeric),
        notes=tuple(note for note in notes if note),
    )


def beside(data: pd.DataFrame, other: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return data with columns of the rows of `other` that have the same term, nan for none.

    Examples
    --------
    >>> gaps = pd.DataFrame({"term": ["staff", "room"], "gap": [-0.5, 0.1]})
    >>> points = pd.DataFrame({"term": ["room", "desk"], "estimate": [60.0, 40.0]})
    >>> beside(gaps, points, {"estimate": "importance"})["importance"].tolist()
    [nan, 60.0]
    """
    places = {term: place for place, term in enumerate(other["term"].tolist())}
    rows = np.array([places.get(term, -1) for term in data["term"].tolist()], dtype=int)
    found = {}
    for source, name in columns.items():
        values = other[source].to_numpy()
        found[name] = values[rows] if (rows >= 0).all() else np.append(values, np.nan)[rows]
    return data.assign(**found)


def degrees_of_freedom(value: float, formats: Formats) -> str:
    """Return degrees of freedom: whole ones as they are, Welch's with one decimal."""
    return formats.number(value, 0 if value == value // 1 else 1)


def code_notes(codes: Iterable[str], formats: Formats, *, wanted: Sequence[str]) -> list[str]:
    """Return the sentences for the notes of a result, those that a table is concerned with.

    A code is ``"points_rescaled:7"`` or ``"segment_unknown:branch:3"``: the count stands last.
    """
    sentences = []
    for code in codes:
        kind, *parts = code.split(":")
        if kind not in wanted:
            continue
        key = f"tables.notes.{kind}"
        if formats.messages.has(key) and parts and parts[-1].isdigit():
            values = {"segment": ":".join(parts[:-1])} if len(parts) > 1 else {}
            sentences.append(formats.messages.text(key, n=int(parts[-1]), **values))
        else:
            sentences.append(formats.messages.text("tables.notes.code", code=code))
    return sentences
