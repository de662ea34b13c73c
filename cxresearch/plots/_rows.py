"""Charts of rows on a shared axis: what they hold, before anything has a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxresearch.wording import Formats

Sign = Literal[
    "received", "expected", "excludes_zero", "includes_zero", "against", "turning", "unsigned"
]


@dataclass(frozen=True, slots=True)
class Pair:
    """Expected and received mean."""

    expected: float
    received: float

    @property
    def values(self) -> tuple[float, ...]:
        """What the axis has to hold."""
        return (self.expected, self.received)


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its interval."""

    estimate: float
    low: float
    high: float
    marked: Sign | None = None  # without: by whether the interval leaves out zero
    bar: bool = False  # a bar from zero to the estimate

    @property
    def sign(self) -> Sign:
        """The sign the estimate is drawn with."""
        if self.marked is not None:
            return self.marked
        return "excludes_zero" if self.excludes_zero else "includes_zero"

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0

    @property
    def values(self) -> tuple[float, ...]:
        """What the axis has to hold."""
        return tuple(x for x in (self.estimate, self.low, self.high) if x == x)


@dataclass(frozen=True, slots=True)
class Several:
    """Some intervals in one row, one a little below the other."""

    intervals: tuple[Interval, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """What the axis has to hold."""
        return tuple(value for interval in self.intervals for value in interval.values)


Marks = Pair | Interval | Several


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a chart: a heading, or a label with marks, or a label with a remark."""

    label: str
    marks: Marks | None = None
    number: str = ""
    aside: str = ""
    remark: str = ""
    heading: bool = False
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything a chart of rows shows."""

    rows: tuple[Row, ...]
    formats: Formats
    axis_title: str
    axis_ends: tuple[str, str] = ("", "")
    legend: tuple[tuple[Sign, str], ...] = ()
    number_heading: str = ""
    aside_heading: str = ""
    within: tuple[float, float] | None = None
    zero: bool = False
    percent: bool = False  # values are shares, the axis says percent
    ragged: bool = False  # labels start at the left edge instead of ending at the axis
