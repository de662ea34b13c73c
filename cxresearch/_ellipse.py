"""The ellipse around a point whose two coordinates are both estimated."""

from __future__ import annotations

import numpy as np

from cxresearch._types import FloatArray


def ellipse(x: FloatArray, y: FloatArray, reach: float) -> dict[str, float]:
    """Return half axes and angle of ``d' S⁻¹ d = reach``, S the covariance of x and y."""
    covariance = np.cov(x, y)
    size, axes = np.linalg.eigh(covariance)
    half = np.sqrt(np.maximum(size, 0) * reach)
    major = axes[:, 1] * np.sign(axes[0, 1] if axes[0, 1] != 0 else 1.0)
    return {
        "ellipse_major": float(half[1]),
        "ellipse_minor": float(half[0]),
        "ellipse_angle": float(np.degrees(np.arctan2(major[1], major[0]))),
        "ellipse_covariance": float(covariance[0, 1]),
    }
