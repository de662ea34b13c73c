"""What a gap analysis found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from cxresearch.errors import EstimationError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ServqualGapsResult(Result):
    """Gaps of a battery: items, dimensions and overall, for everybody and by segment.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row for each term and group, see `servqual_gaps`. `estimate` is the gap, perception
        − expectation, in response-scale units; negative is a shortfall.
    differences : pandas.DataFrame
        One row for each term and segment: whether the groups that are shown differ.
    importance : pandas.DataFrame
        Mean importance points of each dimension; empty when the battery has none.
    n : int
        Respondents analysed.
    battery : str
    scale_low, scale_high : float
        Ends of the response scale.
    confidence_level : float
    p_adjust : str
    min_answered : float
        Share of a dimension's items that must be answered.
    min_cell : int
        Cells of a segment with fewer respondents are not shown.
    weighted : bool
        Case weights were used.
    segments : tuple of str
    strata, clusters : str
        Columns of the sampling design that errors and tests rest on; ``""``: there is none.
    sampling_units : int
        Clusters (or respondents within strata) of that design; 0 without one.
    flips, seed : int
        Sign flips behind `p_adjusted` and their seed; 0 where p was not adjusted by flipping.
    notes : tuple of str
        Codes of what the analyst must know, e.g. ``"points_rescaled:7"``.

    Raises
    ------
    EstimationError
        A gap is not perception − expectation.
    """

    unit: ClassVar[str] = "points of the response scale; negative is a shortfall"

    estimates: pd.DataFrame
    differences: pd.DataFrame
    importance: pd.DataFrame
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
    notes: tuple[str, ...]
    strata: str = ""
    clusters: str = ""
    sampling_units: int = 0
    flips: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        rows = self.estimates
        off = (rows["estimate"] - (rows["perception"] - rows["expectation"])).abs()
        tolerance = 1e-9 * max(1.0, abs(self.scale_low), abs(self.scale_high))
        if (off > tolerance).any():
            terms = rows.loc[off > tolerance, "term"].tolist()
            raise EstimationError(f"gap is not perception − expectation for {terms}")

    @property
    def told_overall(self) -> bool:
        """Whether the overall gap says more than the only dimension does."""
        rows = self.estimates[self.estimates["segment"] == ""]
        return int((rows["level"] == "dimension").sum()) != 1

    def tidy(self) -> pd.DataFrame:
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        rows = self.estimates[self.estimates["segment"] == ""]
        overall = rows[rows["term"] == "overall"].iloc[0]
        weighted = rows.loc[rows["term"] == "overall_weighted", "estimate"]
        return pd.DataFrame(
            {
                "battery": [self.battery],
                "estimate": [overall["estimate"]],
                "std_error": [overall["std_error"]],
                "p_value": [overall["p_value"]],
                "conf_low": [overall["conf_low"]],
                "conf_high": [overall["conf_high"]],
                "n": [self.n],
                "estimate_by_importance": [weighted.iloc[0] if len(weighted) else np.nan],
                "items": [int((rows["level"] == "item").sum())],
                "dimensions": [int((rows["level"] == "dimension").sum())],
                "weighted": [self.weighted],
                "confidence_level": [self.confidence_level],
                "p_adjust": [self.p_adjust],
                "min_answered": [self.min_answered],
                "min_cell": [self.min_cell],
            }
        )
