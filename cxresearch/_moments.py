"""Means of many columns at once, with standard errors: plain, or design-based with weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray

_ROUNDING = 1e-12
"""A standard deviation below this share of the largest value is rounding, hence 0."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ColumnMoments:
    """Moments of the columns of a table, each over the rows that are answered in it.

    Attributes
    ----------
    n : ndarray, shape (k,)
        Rows the column's numbers rest on, as float.
    mean, sd, std_error : ndarray, shape (k,)
        In the columns' units; nan where n is too small. A constant column has sd exactly 0.
    df : ndarray, shape (k,)
        ``n − 1``; nan where n < 2.
    """

    n: FloatArray
    mean: FloatArray
    sd: FloatArray
    std_error: FloatArray
    df: FloatArray


def column_moments(values: FloatArray, *, weights: FloatArray | None = None) -> ColumnMoments:
    r"""Return mean, standard deviation and standard error of each column.

    Without weights ``SE = sd/√n``. With weights the Taylor-linearised design-based error of a
    ratio mean, every row its own primary sampling unit, no strata:

    ``SE² = N/(N − 1) · Σ (w (x − x̄) / Σ w)²``

    where the sums run over the answered rows (the *domain*); N counts all rows (the *design*).

    Parameters
    ----------
    values : ndarray, shape (n, k)
        nan where a row is not answered or lies outside the domain.
    weights : ndarray, shape (n,) or (n, k), optional
        Case weights, all above 0; only their ratios matter.

    Returns
    -------
    ColumnMoments

    Notes
    -----
    The weighted sd uses the divisor ``Σw (n − 1)/n`` with n the rows of the domain. Agrees with
    R survey: ``svymean(~x, subset(svydesign(~1, weights = ~w), !is.na(x)))`` and ``svyvar``; df
    is ``degf`` of that subset, n − 1. With equal weights and no row missing the error is
    ``sd/√n``; with rows missing SE² differs from ``sd²/n`` by ``N(n − 1)/((N − 1)n)``.

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex
    surveys. International Statistical Review 51, 279–292. https://doi.org/10.2307/1402588

    Examples
    --------
    >>> moments = column_moments(np.array([[1.0, 2.0], [2.0, np.nan], [3.0, 4.0]]))
    >>> moments.mean.tolist(), moments.n.tolist()
    ([2.0, 3.0], [3.0, 2.0])
    """
    answered = np.isfinite(values)
    n = answered.sum(axis=0).astype(float)
    w = _shares(answered, weights)
    filled = np.where(answered, values, 0.0)
    mean = np.where(n > 0, (w * filled).sum(axis=0), np.nan)
    deviations = np.where(answered, filled - mean, 0.0)
    df = np.where(n > 1, n - 1, np.nan)
    sd = np.sqrt((w * deviations**2).sum(axis=0) * n / df)
    largest = np.abs(filled).max(axis=0, initial=0.0)
    sd = np.where(sd <= _ROUNDING * largest, 0.0 * sd, sd)
    if weights is None:
        std_error = sd / np.sqrt(np.where(n > 0, n, np.nan))
    else:
        std_error = linearised_error(w * deviations, np.isfinite(df) & (sd > 0))
    std_error = np.where(n > 1, std_error, np.nan)
    return ColumnMoments(n=n, mean=mean, sd=sd, std_error=std_error, df=df)


def mean_influence(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the influence of each row on the weighted mean of each column, 0 outside.

    Parameters
    ----------
    values : ndarray, shape (n, k)
        nan outside the domain.
    weights : ndarray, shape (n,) or (n, k)
    """
    answered = np.isfinite(values)
    w = _shares(answered, weights)
    filled = np.where(answered, values, 0.0)
    return np.where(answered, w * (filled - (w * filled).sum(axis=0)), 0.0)


def linearised_error(contributions: FloatArray, usable: np.ndarray) -> FloatArray:
    """Return ``√(N/(N − 1) Σ z²)`` of each column of influences z, 0 where not `usable`.

    Parameters
    ----------
    contributions : ndarray, shape (N, k)
        Weight share times influence, 0 outside the domain; each column sums to 0.
    usable : ndarray of bool, shape (k,)
    """
    rows = len(contributions)
    factor = rows / (rows - 1) if rows > 1 else np.nan
    return np.where(usable, np.sqrt(factor * (contributions**2).sum(axis=0)), 0.0)


def standardized_mean_moments(
    values: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    r"""Return the weighted mean over the weighted sd of each column, and its linearised error.

    With mean m, variance q and ``c = n/(n − 1)`` the influence of a row on ``m/√q`` is
    ``(x − m)/√q − m (c (x − m)² − q) / (2 q^{3/2})``.

    Parameters
    ----------
    values : ndarray, shape (n, k)
    weights : ndarray, shape (n,) or (n, k)

    Returns
    -------
    tuple of two ndarray, shape (k,)
        Estimate and standard error; nan where the sd is 0 or n < 2.

    Notes
    -----
    Agrees with R survey: ``svycontrast(svymean(~x + x2, d), quote(x/sqrt(c*(x2 - x^2))))``.
    """
    estimate, influence = standardized_mean_influence(values, weights)
    usable = np.isfinite(estimate)
    error = linearised_error(influence, usable)
    return estimate, np.where(usable, error, np.nan)


def standardized_mean_influence(
    values: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return weighted mean over weighted sd (k,), and the influence of the rows on it (n, k).

    The influence is 0 outside the domain, and throughout where the sd is 0.
    """
    moments = column_moments(values, weights=weights)
    usable = moments.sd > 0
    sd = np.where(usable, moments.sd, np.nan)
    answered = np.isfinite(values)
    w = _shares(answered, weights)
    deviations = np.where(answered, values - moments.mean, 0.0)
    of_variance = moments.n / moments.df * deviations**2 - sd**2
    influence = deviations / sd - moments.mean * of_variance / (2 * sd**3)
    return moments.mean / sd, np.where(answered & usable, w * influence, 0.0)


def _shares(answered: np.ndarray, weights: FloatArray | None) -> FloatArray:
    """Weights that sum to 1 over the answered rows of each column, 0 elsewhere."""
    if weights is None:
        raw = answered.astype(float)
    else:
        broad = weights if weights.ndim == 2 else weights[:, None]
        # Scaled first: a weight of 1e-200 would vanish in a product, not in a share.
        raw = np.where(answered, broad / broad.max(initial=0.0), 0.0)
    total = raw.sum(axis=0)
    return raw / np.where(total > 0, total, np.nan)
