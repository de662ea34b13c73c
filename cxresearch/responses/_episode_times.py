"""The clock of the moments: one kind of time in a file, and what it counts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray, TimeUnit
from cxresearch.codebook.model import Codebook, Column
from cxresearch.errors import Fault
from cxresearch.responses._clock import SPAN, STAMP
from cxresearch.responses._episode_join import Joined
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

    def from_start(self, joined: Joined) -> Joined:
        """Count timestamps from the first moment of their episode; moments are sorted."""
        if not self.absolute:
            return joined
        return replace(joined, moments=joined.moments.assign(time=joined.from_start()))


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


def find_unit(joined: Joined, column: Column, *, stamped: bool) -> TimeUnit:
    """Return what the times count: as the codebook says, else order where they count on by 1.

    Parameters
    ----------
    joined : Joined
        Moments sorted.
    """
    if column.unit is not None:
        return column.unit
    if stamped:
        return "seconds"
    starts = joined.starts()
    steps = np.delete(np.diff(joined.times), starts[1:] - 1)
    counted = len(steps) and np.all(steps == 1) and np.isin(joined.times[starts], [0, 1]).all()
    return "order" if counted else "seconds"


def duration_factor(codebook: Codebook, unit: TimeUnit) -> float:
    """Return by what durations are multiplied so that they count what the times count.

    1 where the codebook names no unit of the durations, or the times are an order.
    """
    for column in codebook.columns_with_role("duration"):
        if column.unit is not None and unit != "order":
            return _SECONDS_IN.get(column.unit, 1.0) / _SECONDS_IN.get(unit, 1.0)
    return 1.0
