"""The clock of the moments: one kind of time in a file, and what it counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from cxresearch._types import FloatArray, TimeUnit
from cxresearch.codebook.model import Codebook, Column
from cxresearch.codebook.moments import KEY_ROLES
from cxresearch.errors import Fault
from cxresearch.responses._clock import SPAN, STAMP
from cxresearch.responses.validate import ValidatedWave

_SECONDS_IN: dict[TimeUnit, float] = {"minutes": 60.0, "hours": 3600.0, "days": 86400.0}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Times:
    """Times of all moments.

    Attributes
    ----------
    values : array of shape (moments,)
        In the unit of the codebook where cells were timestamps or spans, else as written.
    stamped : bool
        Timestamps, which need a zero, or spans: counted in seconds unless the codebook has a
        unit.
    """

    values: FloatArray
    stamped: bool
    absolute: bool
    faults: tuple[Fault, ...] = ()

    def from_start(self, moments: pd.DataFrame) -> pd.DataFrame:
        """Count timestamps from the first moment of their episode."""
        if not self.absolute:
            return moments
        start = moments.groupby(list(KEY_ROLES))["time"].transform("min")
        return moments.assign(time=moments["time"] - start)


def read_times(
    table: ValidatedWave, moments: pd.DataFrame, column: Column, *, file: str
) -> Times:
    """Return the times in one unit; a fault where timestamps and numbers are mixed."""
    values = moments["time"].to_numpy(dtype=float)
    answers = table.decoded[column.name].answers
    kinds = {answer.text for answer in answers if math.isfinite(answer.code)}
    faults: tuple[Fault, ...] = ()
    if len(kinds) > 1:
        words = {"": "numbers", STAMP: "timestamps", SPAN: "times such as 14:05:00"}
        found = " and ".join(sorted(words[kind] for kind in kinds))
        message = f"{found} are mixed; write all times in one way"
        faults = (Fault(file=file, where=f"column {column.column}", message=message),)
    if kinds & {STAMP, SPAN} and column.unit == "order":
        message = "unit is order, and the file holds times of a clock; write seconds or minutes"
        faults += (Fault(file=file, where=f"column {column.column}", message=message),)
    stamped = kinds in ({STAMP}, {SPAN})
    scale = _SECONDS_IN.get(column.unit, 1.0) if stamped and column.unit else 1.0
    return Times(
        values=values / scale, stamped=stamped, absolute=kinds == {STAMP}, faults=faults
    )


def find_unit(moments: pd.DataFrame, column: Column, *, stamped: bool) -> TimeUnit:
    """Return what the times count: as the codebook says, else order where they count on by 1.

    Parameters
    ----------
    moments : pandas.DataFrame
        Sorted.
    """
    if column.unit is not None:
        return column.unit
    if stamped:
        return "seconds"
    by_episode = moments.groupby(list(KEY_ROLES), sort=False)["time"]
    starts = by_episode.first()
    steps = by_episode.diff().dropna()
    counted = bool(len(steps)) and bool((steps == 1).all()) and bool(starts.isin([0, 1]).all())
    return "order" if counted else "seconds"


def duration_factor(codebook: Codebook, unit: TimeUnit) -> float:
    """Return by what durations are multiplied so that they count what the times count.

    1 where the codebook names no unit of the durations, or the times are an order.
    """
    for column in codebook.columns_with_role("duration"):
        if column.unit is not None and unit != "order":
            return _SECONDS_IN.get(column.unit, 1.0) / _SECONDS_IN.get(unit, 1.0)
    return 1.0
