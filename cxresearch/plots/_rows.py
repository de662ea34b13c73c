"""Charts of rows on a shared axis: what they hold, before anything has a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cxresearch.wording import Formats

Sign = Literal["received", "expected", "excludes_zero", "includes_zero"]


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

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0

    @property
    def values(self) -> tuple[float, ...]:
        """What the axis has to hold."""
        return tuple(x for x in (self.estimate, self.low, self.high) if x == x)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a chart: a heading, or a label with marks, or a label with a remark."""

    label: str
    marks: Pair | Interval | None = None
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
    ragged: bool = False  # labels start at the left edge instead of ending at the axis
