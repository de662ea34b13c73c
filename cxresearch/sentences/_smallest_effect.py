"""A difference against the smallest effect of interest that an analysis plan states."""

from __future__ import annotations

import math
from typing import Literal

from cxresearch.planned import AnalysisPlan

Reach = Literal["beyond", "within", "open"]


def planned_smallest(plan: AnalysisPlan | None, outcome: str) -> float:
    """Return the plan's smallest effect where its primary outcome was compared; else nan."""
    if plan is None or plan.smallest_effect is None:
        return math.nan
    names = {plan.primary_outcome} | {
        one.asked
        for one in plan.hypotheses
        if one.asked and one.outcome == plan.primary_outcome
    }
    return float(plan.smallest_effect) if outcome in names else math.nan


def reach(low: float, high: float, smallest: float) -> Reach | None:
    """Tell whether an interval lies beyond ±smallest, within it, or reaches over it.

    Examples
    --------
    >>> reach(0.5, 1.1, 0.4), reach(-0.2, 0.3, 0.4), reach(0.36, 1.07, 0.4)
    ('beyond', 'within', 'open')
    """
    if math.isnan(smallest) or math.isnan(low) or math.isnan(high):
        return None
    if low >= smallest or high <= -smallest:
        return "beyond"
    return "within" if -smallest < low and high < smallest else "open"
