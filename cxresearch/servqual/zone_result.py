"""Where what customers get lies between what they accept and what they wish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from cxresearch.errors import EstimationError
from cxresearch.results import Result, in_tidy_order

ZONES = ("below", "within", "above", "not_decided")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ZoneResult(Result):
    """Zones of tolerance of a battery: items, dimensions and overall, for all and by segment.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row for each term, group and ``measure``, see `zone_of_tolerance`.
    zones : pandas.DataFrame
        One row for each term and group: means of minimum, desired and perceived level, answers
        left out, and the class.
    n : int
        Respondents analysed.
    battery : str
    scale_low, scale_high : float
    confidence_level : float
    p_adjust : str
    min_answered : float
    min_cell : int
    weighted : bool
    segments : tuple of str
    misordered : int
        Item answers whose minimum lies above the desired level; left out.
    misordered_respondents : int
        Respondents with at least one of them.
    notes : tuple of str

    Raises
    ------
    EstimationError
        Width is not desired − minimum of the same respondents.
    """

    unit: ClassVar[str] = "points of the response scale"

    estimates: pd.DataFrame
    zones: pd.DataFrame
    n: int
    battery: str
    scale_low: float
    scale_high: float
    confidence_level: float
    p_adjust: str
    min_answered: float
    min_cell: int
    weighted: bool
    segments: tuple[str, ...]
    misordered: int
    misordered_respondents: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        width = self.estimates.loc[self.estimates["measure"] == "width", "estimate"].to_numpy()
        implied = (self.zones["desired"] - self.zones["minimum"]).to_numpy()
        off = np.abs(width - implied) > 1e-9 * max(1.0, abs(self.scale_high))
        if off.any():
            terms = self.zones.loc[off, "term"].tolist()
            raise EstimationError(f"width is not desired − minimum for {terms}")

    def tidy(self) -> pd.DataFrame:
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        own = self.zones[self.zones["segment"] == ""]
        overall = own[own["term"] == "overall"].iloc[0]
        dimensions = own.loc[own["level"] == "dimension", "zone"]
        return pd.DataFrame(
            {
                "battery": [self.battery],
                "n": [self.n],
                "minimum": [overall["minimum"]],
                "desired": [overall["desired"]],
                "perception": [overall["perception"]],
                "zone": [overall["zone"]],
                **{f"dimensions_{zone}": [int((dimensions == zone).sum())] for zone in ZONES},
                "misordered": [self.misordered],
                "weighted": [self.weighted],
                "confidence_level": [self.confidence_level],
                "p_adjust": [self.p_adjust],
            }
        )
