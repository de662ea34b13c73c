"""What was planned before the data, and what became of it."""

from __future__ import annotations

from cxresearch.planned.compare import Done, PlanComparisonResult, compare_plan
from cxresearch.planned.lock import LOCK_FILE, Assigned, PlanLock, PlanVersion, read_lock
from cxresearch.planned.model import AnalysisPlan, Hypothesis

__all__ = [
    "LOCK_FILE",
    "AnalysisPlan",
    "Assigned",
    "Done",
    "Hypothesis",
    "PlanComparisonResult",
    "PlanLock",
    "PlanVersion",
    "compare_plan",
    "read_lock",
]
