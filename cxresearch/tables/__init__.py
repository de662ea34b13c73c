"""Display tables: results in, formatted text with notes out."""

from __future__ import annotations

from cxresearch.tables.answers import display_missing, display_quality
from cxresearch.tables.quality import display_flow, display_reliability
from cxresearch.tables.servqual import display_differences, display_gaps, display_segments

__all__ = [
    "display_differences",
    "display_flow",
    "display_gaps",
    "display_missing",
    "display_quality",
    "display_reliability",
    "display_segments",
]
