"""Constant-sum importance points: 100 shared out over the dimensions by each respondent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import BoolArray, FloatArray

TOTAL = 100.0
TOLERANCE = 2.0
"""A sum this far from 100 is taken for a slip of the pen and rescaled."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImportancePoints:
    """Points that sum to 100, and what had to be done for it.

    Attributes
    ----------
    points : ndarray, shape (n, d)
        Rows sum to 100, or are nan throughout.
    rescaled, rejected, missing : int
        Respondents whose points were rescaled (sum 98 to 102), refused (another sum, or a
        negative value), or not given for every dimension.
    """

    points: FloatArray
    rescaled: int
    rejected: int
    missing: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What the analyst must know, as codes: ``("points_rescaled:7",)``."""
        counts = {
            "points_rescaled": self.rescaled,
            "points_rejected": self.rejected,
            "points_missing": self.missing,
        }
        return tuple(f"{code}:{count}" for code, count in counts.items() if count)


def importance_points(points: FloatArray) -> ImportancePoints:
    """Return points that sum to 100 for each respondent who shared them out properly.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        As answered; nan where there is no answer.

    Returns
    -------
    ImportancePoints

    Examples
    --------
    >>> checked = importance_points(np.array([[60.0, 40.0], [50.0, 51.0], [10.0, 10.0]]))
    >>> checked.points[0].tolist(), checked.notes
    ([60.0, 40.0], ('points_rescaled:1', 'points_rejected:1'))
    """
    complete: BoolArray = np.asarray(np.isfinite(points).all(axis=1))
    filled = np.where(complete[:, None], points, np.nan)
    total: FloatArray = filled.sum(axis=1)
    off = np.abs(total - TOTAL)
    positive: BoolArray = np.asarray((filled >= 0).all(axis=1))
    acceptable = complete & positive & (off <= TOLERANCE + _ROUNDING)
    exact = acceptable & (off <= _ROUNDING)
    factor = np.where(exact, 1.0, TOTAL / np.where(acceptable, total, np.nan))
    return ImportancePoints(
        points=np.where(acceptable[:, None], filled * factor[:, None], np.nan),
        rescaled=int((acceptable & ~exact).sum()),
        rejected=int((complete & ~acceptable).sum()),
        missing=int((~complete).sum()),
    )
