"""What a response surface analysis found."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from cxresearch.errors import EstimationError
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ResponseSurfaceResult(Result):
    """An outcome over perception and expectation, and whether their gap sums it up.

    Attributes
    ----------
    estimates : pandas.DataFrame
        Coefficients, shape of the surface, stationary point and principal axes, see
        `response_surface`; in units of the response scale from its midpoint.
    comparisons : pandas.DataFrame
        F tests of the gap against freer models.
    models : pandas.DataFrame
        The models side by side: gap, perception alone, both ratings, curved surface.
    conditions : pandas.DataFrame
        The four conditions of a congruence claim, and whether each is met.
    density : pandas.DataFrame
        Respondents in squares of the scale: ``perception``, ``expectation`` (lower corners),
        ``n``; squares with fewer than 3 have nan.
    verdict : str
        Whether the gap is a fair summary: ``"refuted"`` (both ratings do not count the same, or
        the surface bends), ``"not_refuted"`` (these data do not speak against it, which is no
        proof), ``"no_relation"`` (the outcome hangs on neither rating as far as the data show).
    congruence : str
        Whether meeting expectations exactly is best: ``"supported"``, ``"contradicted"`` or
        ``"not_shown"``.
    stationary : str
        What the surface has where it is level: maximum, minimum, saddle or none.
    n : int
        Respondents with all answers.
    battery, dimension, dimension_label : str
    outcome, outcome_label : str
    centre : float
        Taken from perception and expectation alike.
    scale_low, scale_high : float
    std_errors : str
        ``"hc3"`` or ``"classical"``.
    confidence_level : float
    weighted : bool
    n_boot, seed : int
    notes : tuple of str
        Codes of what the analyst must know.

    Raises
    ------
    EstimationError
        The shape of the surface does not follow from its coefficients.
    """

    estimates: pd.DataFrame
    comparisons: pd.DataFrame
    models: pd.DataFrame
    conditions: pd.DataFrame
    density: pd.DataFrame
    verdict: str
    congruence: str
    stationary: str
    n: int
    battery: str
    dimension: str
    dimension_label: str
    outcome: str
    outcome_label: str
    centre: float
    scale_low: float
    scale_high: float
    std_errors: str
    confidence_level: float
    weighted: bool
    n_boot: int
    seed: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        value = self.values()
        size = max(1.0, *(abs(value[f"b{i}"]) for i in range(6)))
        off = max(
            abs(value["a1"] - value["b1"] - value["b2"]),
            abs(value["a4"] - value["b3"] + value["b4"] - value["b5"]),
        )
        if off > 1e-9 * size:
            raise EstimationError("a1 or a4 does not follow from the coefficients")

    def values(self) -> dict[str, float]:
        """Return the estimates by term: ``{"b0": …, "a1": …, "x0": …}``."""
        terms = self.estimates["term"].astype(str)
        return dict(zip(terms, self.estimates["estimate"].astype(float), strict=True))

    def tidy(self) -> pd.DataFrame:
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        rows = self.models.set_index("term")
        tests = self.comparisons.set_index("term")
        return pd.DataFrame(
            {
                "dimension": [self.dimension],
                "outcome": [self.outcome],
                "n": [self.n],
                "verdict": [self.verdict],
                "congruence": [self.congruence],
                "stationary": [self.stationary],
                "r2_gap": [rows.loc["difference", "r2"]],
                "r2_linear": [rows.loc["linear", "r2"]],
                "r2_surface": [rows.loc["surface", "r2"]],
                "p_gap_or_linear": [tests.loc["difference_linear", "p_value"]],
                "p_gap_or_surface": [tests.loc["difference_surface", "p_value"]],
                "std_errors": [self.std_errors],
                "weighted": [self.weighted],
                "confidence_level": [self.confidence_level],
            }
        )
