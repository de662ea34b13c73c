"""What a difference score can bear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch.errors import EstimationError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapQualityResult(Result):
    """How reliable gaps are, what restricts them, and whether they predict better than ratings.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row for each dimension and the overall score, see `difference_score_quality`;
        `estimate` is Lord's reliability of the gap.
    validity : pandas.DataFrame
        One row for each of them: correlation of the outcome with the perception and with the
        gap, and the test that they are equal. Empty without an outcome.
    n : int
        Respondents analysed; each row's own `n` is those with all its answers.
    battery : str
    scale_high : float
        Top of the response scale.
    outcome, outcome_label : str
        Column and its text; ``""`` without an outcome.
    overall : str
        The overall score is the mean over ``"dimensions"`` or over ``"items"``.
    confidence_level : float
    weighted : bool
        Case weights were used.
    n_boot, seed : int
        Resamples of respondents and their seed.
    notes : tuple of str
        Codes of what the analyst must know: ``"expectation_ceiling:REL"`` and
        ``"expectation_restricted:REL"`` name dimensions whose gap says little more than the
        perception does.

    Raises
    ------
    EstimationError
        The correlation of gap and perception does not follow from the spreads.
    """

    estimates: pd.DataFrame
    validity: pd.DataFrame
    n: int
    battery: str
    scale_high: float
    outcome: str
    outcome_label: str
    overall: str
    confidence_level: float
    weighted: bool
    n_boot: int
    seed: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        rows = self.estimates
        implied = rows["sd_perception"] - rows["r"] * rows["sd_expectation"]
        off = (rows["r_gap_perception"] * rows["sd_gap"] - implied).abs()
        if (off > 1e-8 * np.maximum(1.0, rows["sd_perception"])).any():
            terms = rows.loc[off > 0, "term"].tolist()
            raise EstimationError(f"r of gap and perception does not follow from sds: {terms}")

    def tidy(self) -> pd.DataFrame:
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        rows = self.estimates
        last = rows.iloc[-1]
        told = self.validity.iloc[-1].to_dict() if len(self.validity) else {}
        return pd.DataFrame(
            {
                "battery": [self.battery],
                "n": [self.n],
                "dimensions": [int((rows["level"] == "dimension").sum())],
                "lowest_reliability": [rows["estimate"].min()],
                "reliability_overall": [last["estimate"]],
                "most_at_ceiling": [rows["ceiling"].max()],
                "outcome": [self.outcome],
                "r_perception": [told.get("r_perception", np.nan)],
                "r_gap": [told.get("r_gap", np.nan)],
                "p_value": [told.get("p_value", np.nan)],
                "overall": [self.overall],
                "weighted": [self.weighted],
                "confidence_level": [self.confidence_level],
            }
        )
