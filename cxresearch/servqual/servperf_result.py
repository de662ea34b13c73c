"""Scores from perceptions alone, and what the ways of summing up differ by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch.errors import EstimationError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ServperfResult(Result):
    """SERVPERF: mean perceptions of items, dimensions and overall, plain and by importance.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row for each item, dimension and overall score of the perceptions, see `servperf`.
    overall : pandas.DataFrame
        The overall scores of perceptions and, where asked, of gaps in every way of summing up,
        with what they differ by.
    n : int
        Respondents analysed.
    battery : str
    scale_low, scale_high : float
    sizes : tuple of int
        Items of each dimension.
    by : str
        What ``overall`` in `estimates` is the mean over: ``"dimensions"`` or ``"items"``.
    confidence_level : float
    min_answered : float
    weighted : bool
    notes : tuple of str

    Raises
    ------
    EstimationError
        The parts of an overall score do not add up.
    """

    estimates: pd.DataFrame
    overall: pd.DataFrame
    n: int
    battery: str
    scale_low: float
    scale_high: float
    sizes: tuple[int, ...]
    by: str
    confidence_level: float
    min_answered: float
    weighted: bool
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        for group, rows in self.overall.groupby("group", sort=False):
            value = dict(zip(rows["term"], rows["estimate"].astype(float), strict=True))
            sums = [("over_items", "over_dimensions", "items_minus_dimensions")]
            if "own_points" in value:
                sums.append(("own_points", "mean_points", "covariance"))
            for whole, part, rest in sums:
                off = abs(value[whole] - value[part] - value[rest])
                if np.isfinite(off) and off > 1e-9 * max(1.0, abs(self.scale_high)):
                    raise EstimationError(f"{whole} of {group} is not {part} + {rest}")

    def tidy(self) -> pd.DataFrame:
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        own = self.estimates[self.estimates["term"] == "overall"].iloc[0]
        points = self.estimates.loc[self.estimates["term"] == "overall_weighted", "estimate"]
        return pd.DataFrame(
            {
                "battery": [self.battery],
                "estimate": [own["estimate"]],
                "std_error": [own["std_error"]],
                "conf_low": [own["conf_low"]],
                "conf_high": [own["conf_high"]],
                "n": [self.n],
                "estimate_by_importance": [points.iloc[0] if len(points) else np.nan],
                "by": [self.by],
                "weighted": [self.weighted],
                "confidence_level": [self.confidence_level],
            }
        )
