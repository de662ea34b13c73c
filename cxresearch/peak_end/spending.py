"""Bounds for looks at a study before its end: how the error rate is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special

from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_fraction
from cxresearch.errors import CxError
from cxresearch.peak_end._boundaries import SPENDINGS, Spending, boundaries, spent_by
from cxresearch.results import Result, in_tidy_order

Alternative = Literal["two_sided", "greater", "less"]
ALTERNATIVES: tuple[Alternative, ...] = ("two_sided", "greater", "less")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SequentialBoundsResult(Result):
    """How large an effect must look at each planned look for a study to stop.

    Attributes
    ----------
    bounds : DataFrame
        One row a look: term ("look_1", …), estimate (bound of ``|Z|``, or of Z in the direction
        of a one-sided test), fraction (of the planned information), p_nominal (p below which
        the study stops), spent (error rate spent until then).
    spending : str
        "obrien_fleming" or "pocock".
    alternative : str
        "two_sided", "greater" or "less".
    confidence_level : float
        1 less the error rate over all looks.
    n : int
        Looks.
    """

    bounds: pd.DataFrame
    spending: str
    alternative: str
    confidence_level: float
    n: int

    def tidy(self) -> pd.DataFrame:
        """Return one row a look."""
        return in_tidy_order(self.bounds)

    def glance(self) -> pd.DataFrame:
        """Return the plan, one row."""
        return pd.DataFrame(
            {
                "n": [self.n],
                "spending": [self.spending],
                "alternative": [self.alternative],
                "confidence_level": [self.confidence_level],
            }
        )


def sequential_bounds(
    fractions: Sequence[float],
    *,
    spending: Spending = "obrien_fleming",
    alternative: Alternative = "two_sided",
    confidence_level: float = 0.95,
) -> SequentialBoundsResult:
    r"""Return the bounds at planned looks that keep the error rate over all of them.

    With α the error rate of one side (half of ``1 − confidence_level`` when two-sided), so much
    is spent until the fraction t of the information:

    - O'Brien–Fleming type: ``2 − 2 Φ(z_{α/2}/√t)``, strict early, close to a single test late;
    - Pocock type: ``α log(1 + (e − 1) t)``, about even.

    Parameters
    ----------
    fractions : sequence of float
        Planned information at each look over the planned total (people, as a rule), increasing,
        above 0, at most 1.
    spending : {"obrien_fleming", "pocock"}
    alternative : {"two_sided", "greater", "less"}
    confidence_level : float
        Between 0.5 and 1.

    Returns
    -------
    SequentialBoundsResult

    Raises
    ------
    CxError
        Fractions are empty, do not increase or leave 0 to 1; an option is not allowed.

    Notes
    -----
    Agrees with R: ``rpact::getDesignGroupSequential(typeOfDesign = "asOF")``, ``"asP"``; also
    ldbounds and gsDesign. The recursion is integrated to about 1e-10.

    References
    ----------
    Lan, K. K. G., & DeMets, D. L. (1983). Discrete sequential boundaries for clinical trials.
    Biometrika 70, 659–663. https://doi.org/10.1093/biomet/70.3.659

    Armitage, P., McPherson, C. K., & Rowe, B. C. (1969). Repeated significance tests on
    accumulating data. Journal of the Royal Statistical Society A 132, 235–244.
    https://doi.org/10.2307/2343787

    Examples
    --------
    >>> found = sequential_bounds([0.2, 0.4, 0.6, 0.8, 1.0])
    >>> found.bounds["estimate"].round(3).tolist()
    [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    check_choice("spending", spending, SPENDINGS)
    check_choice("alternative", alternative, ALTERNATIVES)
    check_fraction("confidence_level", confidence_level, low=0.5)
    planned = check_looks_planned(fractions)
    rule = Rule(spending=spending, alternative=alternative)
    error_rate = 1 - confidence_level
    bounds = rule.bounds(planned, error_rate)
    return SequentialBoundsResult(
        bounds=pd.DataFrame(
            {
                "term": look_names(len(planned)),
                "estimate": bounds,
                "fraction": planned,
                "p_nominal": rule.sides * special.ndtr(-bounds),
                "spent": rule.sides * np.array(rule.spent(planned, error_rate)),
            }
        ),
        spending=spending,
        alternative=alternative,
        confidence_level=confidence_level,
        n=len(planned),
    )


def check_looks_planned(fractions: Sequence[float]) -> FloatArray:
    """Return planned fractions of information when they increase between 0 and 1.

    Raises
    ------
    CxError
        They do not.
    """
    planned = np.asarray(fractions, dtype=float).ravel()
    told = [float(value) for value in planned]
    if not len(planned):
        raise CxError("fractions: no look is planned; give e.g. [0.5, 1.0]")
    if not (np.isfinite(planned).all() and planned[0] > 0 and planned[-1] <= 1):
        raise CxError(f"fractions must lie above 0 and be at most 1; got {told}")
    if (np.diff(planned) <= 0).any():
        raise CxError(f"fractions must increase from look to look; got {told}")
    return planned


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rule:
    """How the error rate is spent, and on which side."""

    spending: Spending
    alternative: Alternative
    finished: bool = False

    @property
    def sides(self) -> int:
        return 2 if self.alternative == "two_sided" else 1

    def spent(self, fractions: FloatArray, error_rate: float) -> list[float]:
        """Return what is spent on one side until each look."""
        own = error_rate / self.sides
        spent = [spent_by(float(t), own, self.spending) for t in fractions]
        return [*spent[:-1], own] if self.finished else spent

    def bounds(self, fractions: FloatArray, error_rate: float) -> FloatArray:
        """Return the bound of each look."""
        spent = self.spent(fractions, error_rate)
        return boundaries(list(fractions), spent, two_sided=self.sides == 2)

    def toward(self, statistic: FloatArray) -> FloatArray:
        """Return the statistic so that large values speak for the alternative."""
        if self.alternative == "two_sided":
            return np.abs(statistic)
        return statistic if self.alternative == "greater" else -statistic


def look_names(count: int) -> list[str]:
    """Return the terms of so many looks."""
    return [f"look_{number}" for number in range(1, count + 1)]
