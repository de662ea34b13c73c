"""Correlations as papers print them: read, checked, and turned into scores that have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_count
from cxresearch.errors import CxError, EstimationError

SMALLEST_EIGENVALUE = 1e-10


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NamedCorrelations:
    """A correlation matrix and the names of its rows.

    Attributes
    ----------
    values : ndarray, shape (p, p)
        Symmetric, unit diagonal, positive definite.
    names : tuple of str
    """

    values: FloatArray
    names: tuple[str, ...]


def read_correlations(
    correlations: FloatArray | pd.DataFrame, names: Sequence[str] | None = None
) -> NamedCorrelations:
    """Return a correlation matrix whole and checked.

    Parameters
    ----------
    correlations : DataFrame or ndarray, shape (p, p)
        A triangle is enough: a missing cell is taken from the other side of the diagonal, a
        missing diagonal is 1. Rows of a frame may come in another order than its columns.
    names : sequence of str, optional
        Of the rows; those of the columns of a frame, or ``x1`` … where not given.

    Raises
    ------
    CxError
        Not square, a correlation is missing or beyond ±1, the two sides of the diagonal differ,
        or names do not fit.
    EstimationError
        Not positive definite: no respondents can have these correlations.

    Examples
    --------
    >>> printed = [[1.0, np.nan, np.nan], [0.4, 1.0, np.nan], [0.5, 0.1, 1.0]]
    >>> read_correlations(np.array(printed)).values[0].tolist()
    [1.0, 0.4, 0.5]
    """
    if isinstance(correlations, pd.DataFrame):
        columns = [str(name) for name in correlations.columns]
        rows = [str(name) for name in correlations.index]
        if set(rows) == set(columns):
            correlations = correlations.set_axis(rows).set_axis(columns, axis=1).loc[columns]
        names = columns if names is None else names
    values = np.array(correlations, dtype=float)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or len(values) < 2:
        raise CxError(f"correlations must be a square table; got shape {values.shape}")
    held = tuple(names or (f"x{i + 1}" for i in range(len(values))))
    if len(held) != len(values) or len(set(held)) != len(held):
        raise CxError(
            f"names must be {len(values)} different names, one a row; got {list(held)}"
        )
    values = np.where(np.isnan(values), values.T, values)
    np.fill_diagonal(values, np.where(np.isnan(np.diag(values)), 1.0, np.diag(values)))
    _check_cells(values, held)
    values = (values + values.T) / 2
    if np.linalg.eigvalsh(values)[0] < SMALLEST_EIGENVALUE:
        raise EstimationError(
            "correlations: the matrix is not positive definite, so no respondents can have "
            "it; a cell may be mistyped, a variable may be a combination of others, "
            "or each pair was computed on other respondents"
        )
    return NamedCorrelations(values=values, names=held)


def _check_cells(values: FloatArray, names: tuple[str, ...]) -> None:
    """Stop at the first cell that cannot be a correlation."""
    faults = (
        (~np.isfinite(values), "is missing on both sides of the diagonal"),
        (np.abs(values) > 1, "is beyond ±1"),
        (~np.isclose(values, values.T, rtol=0, atol=1e-8), "differs from the other side"),
        (np.eye(len(values), dtype=bool) & (np.abs(values - 1) > 1e-8), "must be 1"),
    )
    for where, said in faults:
        if where.any():
            row, column = np.argwhere(where)[0]
            raise CxError(
                f"correlations: {names[row]} with {names[column]} {said} "
                f"({values[row, column]:g} and {values[column, row]:g})"
            )


def scores_from_correlation(
    correlations: FloatArray | pd.DataFrame,
    *,
    n: int,
    names: Sequence[str] | None = None,
    seed: int = 1,
) -> pd.DataFrame:
    """Make scores of n respondents whose correlations are exactly those given.

    For results that depend on correlations only, so that a printed matrix can stand for the
    answers behind it. With Z normal scores made uncorrelated, ``X = Z Lᵀ`` where ``R = L Lᵀ``.

    Parameters
    ----------
    correlations : DataFrame or ndarray, shape (p, p)
        A triangle is enough.
    n : int
        Respondents, more than variables.
    names : sequence of str, optional
        Columns; those of the frame, or ``x1`` … where not given.
    seed : int
        Of the scores; it does not change the correlations.

    Returns
    -------
    pandas.DataFrame, shape (n, p)
        Means 0, standard deviations 1 (divisor n − 1).

    Raises
    ------
    CxError
        The matrix is not one of correlations, or n is too small.
    EstimationError
        It is not positive definite.

    Notes
    -----
    As ``MASS::mvrnorm(n, mu, Sigma, empirical = TRUE)`` of R. These people are invented: what
    depends on more than correlations (skewness, outliers, resampled intervals) is not that of
    the study behind the matrix.

    Examples
    --------
    >>> scores = scores_from_correlation(np.array([[1.0, 0.3], [0.3, 1.0]]), n=50)
    >>> round(float(scores["x1"].corr(scores["x2"])), 12)
    0.3
    """
    matrix = read_correlations(correlations, names)
    p = len(matrix.names)
    check_count("n", n, at_least=p + 1)
    drawn = np.random.default_rng(seed).standard_normal((n, p))
    drawn -= drawn.mean(axis=0)
    root = np.linalg.cholesky(drawn.T @ drawn / (n - 1))
    scores = np.linalg.solve(root, drawn.T).T @ np.linalg.cholesky(matrix.values).T
    return pd.DataFrame(scores, columns=list(matrix.names))
