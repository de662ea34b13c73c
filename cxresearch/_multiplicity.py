"""Adjustment of p-values for the number of tests in a family."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice
from cxresearch.errors import CxError


def adjust_p_values(p_values: ArrayLike, *, method: PAdjust = "holm") -> FloatArray:
    """Return p-values adjusted within one family.

    Parameters
    ----------
    p_values : array_like
        One family; nan (a test that could not be made) stays nan and is not counted.
    method : {"holm", "bh", "none"}
        Holm's step-down (error rate of the family), Benjamini–Hochberg (false discovery rate),
        or no adjustment.

    Returns
    -------
    ndarray
        In the order given.

    Raises
    ------
    CxError
        The method is unknown, or a p-value lies outside 0 to 1.

    Notes
    -----
    Agrees with R's ``p.adjust(p, "holm")`` and ``p.adjust(p, "BH")``, which leave NA out too,
    and with statsmodels' ``multipletests``, which is not called here because it collects
    garbage on every call (30 ms) and takes a second to import.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian
    Journal of Statistics 6, 65–70. https://www.jstor.org/stable/4615733

    Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the
    Royal Statistical Society B 57, 289–300. https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> adjust_p_values([0.01, 0.04, np.nan]).tolist()
    [0.02, 0.04, nan]
    """
    check_choice("p_adjust", method, P_ADJUST)
    raw = np.array(p_values, dtype=float)
    tested = np.isfinite(raw)
    if ((raw[tested] < 0) | (raw[tested] > 1)).any():
        raise CxError(f"p-values must lie between 0 and 1; got {raw[tested].tolist()}")
    if method == "none" or not tested.any():
        return raw
    adjusted = np.full_like(raw, np.nan)
    adjusted[tested] = (
        _holm(raw[tested]) if method == "holm" else _benjamini_hochberg(raw[tested])
    )
    return adjusted


def _holm(p_values: FloatArray) -> FloatArray:
    """Smallest p times m, the next times m − 1 …, never falling, at most 1."""
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _benjamini_hochberg(p_values: FloatArray) -> FloatArray:
    """P times m over its rank, never rising from the largest down, at most 1."""
    order = np.argsort(p_values, kind="stable")[::-1]
    ranks = np.arange(len(p_values), 0, -1)
    stepped = np.minimum.accumulate(p_values[order] * len(p_values) / ranks)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
