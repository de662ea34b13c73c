"""Which columns the codebook asks for, under which name, and how each is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cxresearch._types import Role
from cxresearch.codebook.model import (
    Battery,
    Code,
    Codebook,
    Column,
    MissingCode,
    ResponseScale,
)
from cxresearch.responses._clock import FlagCoding, TimeCoding
from cxresearch.responses._coding import CategoryCoding, NumberCoding, ScaleCoding
from cxresearch.responses.exclusions import DROPPED_ROLES
from cxresearch.responses.model import Source

Reading = Literal[
    "id", "key", "category", "rating", "number", "points", "weight", "duration", "time", "flag"
]
AnyCoding = ScaleCoding | NumberCoding | CategoryCoding | TimeCoding | FlagCoding

_CATEGORY_ROLES: tuple[Role, ...] = ("segment", "stratum", "cluster", "condition")
_READ_AS: dict[Role, Reading] = {
    "id": "id", "participant": "key", "episode": "key", "weight": "weight",
    "duration": "duration", "time": "time", "choice": "flag", "ended": "flag",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A column that is analysed.

    Attributes
    ----------
    name : str
        Its name in `Responses.frame`; `column` is its name in the file.
    reading : str
        How its cells are read.
    group : str
        Battery and part it belongs to, in words; ``""`` for other columns.
    pattern : str
        Pattern its name was made from; ``""`` for other columns.
    """

    name: str
    column: str
    reading: Reading
    scale: ResponseScale | None = None
    values: tuple[Code, ...] = ()
    reverse_keyed: bool = False
    group: str = ""
    pattern: str = ""

    @property
    def is_number(self) -> bool:
        """Whether its answers are numbers in the frame."""
        return self.reading not in ("id", "key", "category")

    @property
    def has_missing_kinds(self) -> bool:
        """Whether it stands in `Responses.missing`."""
        return self.reading in ("rating", "points", "number")


def wanted_columns(codebook: Codebook) -> tuple[Wanted, ...]:
    """Return the columns that are analysed: single columns first, then battery by battery."""
    single = [_wanted(c) for c in codebook.columns if c.role not in DROPPED_ROLES]
    return (*single, *(item for b in codebook.batteries for item in _battery(b)))


def _wanted(column: Column) -> Wanted:
    reading: Reading
    if column.role in _READ_AS:
        reading = _READ_AS[column.role]
    elif column.role in _CATEGORY_ROLES or (column.values and column.scale is None):
        reading = "category"
    else:
        reading = "number" if column.scale is None else "rating"
    return Wanted(
        name=column.name,
        column=column.column,
        reading=reading,
        scale=column.scale,
        values=column.values,
        reverse_keyed=column.reverse_keyed and reading == "rating",
    )


def _battery(battery: Battery) -> Iterable[Wanted]:
    for part, pattern in battery.parts.items():
        for item in battery.items:
            column = battery.column(part, item)
            yield Wanted(
                name=column,
                column=column,
                reading="rating",
                scale=battery.scale,
                reverse_keyed=item.reverse_keyed,
                group=f"{battery.name}, {part}",
                pattern=pattern,
            )
    for scale in battery.scales if battery.points else ():
        column = battery.points_column(scale)
        yield Wanted(
            name=column,
            column=column,
            reading="points",
            group=f"{battery.name}, importance",
            pattern=battery.points,
        )


def coding_of(wanted: Wanted, source: Source, column: str) -> AnyCoding:
    """Return what reads the cells of a column of a file.

    Parameters
    ----------
    wanted : Wanted
    source : Source
        Gives the decimal mark, and the value labels of an SPSS or Stata file: they name the
        categories where the codebook lists none.
    column : str
        Name of the column in the file.
    """
    decimal = source.decimal
    if wanted.reading == "rating" and wanted.scale is not None:
        return ScaleCoding(wanted.scale, decimal=decimal)
    if wanted.reading == "time":
        return TimeCoding(decimal=decimal)
    if wanted.reading == "flag":
        return FlagCoding(wanted.values, decimal=decimal)
    if wanted.is_number:
        at_least = float("-inf") if wanted.reading == "number" else 0.0
        return NumberCoding(
            decimal=decimal, at_least=at_least, time=wanted.reading == "duration"
        )
    if wanted.reading in ("id", "key"):
        return CategoryCoding((), decimal=decimal)
    missing: tuple[MissingCode, ...] = wanted.scale.missing if wanted.scale else ()
    listed = wanted.values or (wanted.scale.anchors if wanted.scale else ())
    codes = listed or source.labels.get(column, ())
    return CategoryCoding(codes, missing, decimal=decimal, closed=bool(wanted.values))
