"""Service quality as the gap between what customers expect and what they get."""

from __future__ import annotations

from cxresearch.servqual.changes import GapChangesResult, gap_changes
from cxresearch.servqual.gaps import servqual_gaps
from cxresearch.servqual.pooled import PooledGapsResult, pooled_gaps
from cxresearch.servqual.result import ServqualGapsResult

__all__ = [
    "GapChangesResult",
    "PooledGapsResult",
    "ServqualGapsResult",
    "gap_changes",
    "pooled_gaps",
    "servqual_gaps",
]
