"""How well the items of a scale measure what they are meant to."""

from __future__ import annotations

from cxresearch.psychometrics.reliability import (
    ScaleReliabilityResult,
    alpha_from_covariance,
    scale_reliability,
)

__all__ = ["ScaleReliabilityResult", "alpha_from_covariance", "scale_reliability"]
