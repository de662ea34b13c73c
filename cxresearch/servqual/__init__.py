"""Service quality as the gap between what customers expect and what they get."""

from __future__ import annotations

from cxresearch.servqual.gaps import servqual_gaps
from cxresearch.servqual.result import ServqualGapsResult

__all__ = ["ServqualGapsResult", "servqual_gaps"]
