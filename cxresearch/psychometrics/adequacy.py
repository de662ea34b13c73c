"""Whether correlations are worth a factor analysis: Kaiser–Meyer–Olkin and Bartlett."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._correlations import read_correlations
from cxresearch._matrix import check_covariance, correlation_of, covariance_of
from cxresearch._types import FloatArray
from cxresearch._validate import check_count
from cxresearch.psychometrics._answers import (
    check_varying,
    complete_answers,
    dropped_note,
    table_of,
)
from cxresearch.psychometrics._cfa_fit import check_positive_definite
from cxresearch.results import Result, in_tidy_order


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FactorAdequacyResult(Result):
    """Measures of sampling adequacy and the test of no correlation at all.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row an item: term, estimate (its measure of sampling adequacy, 0 to 1), n; then
        squared_multiple_correlation (with all other items).
    kmo : float
        Kaiser–Meyer–Olkin measure of all items, 0 to 1; below 0.5 is no ground for factors.
    chi2, p_value : float
        Bartlett's test that no items correlate.
    df : int
    determinant : float
        Of the correlation matrix.
    items : tuple of str
    n, n_asked : int
        Respondents with all answers; respondents in the frame.
    notes : tuple of str
        ``"rows_dropped:17"``.
    """

    estimates: pd.DataFrame
    kmo: float
    chi2: float
    df: int
    p_value: float
    determinant: float
    items: tuple[str, ...]
    n: int
    n_asked: int
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row an item."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: KMO and Bartlett's test."""
        names = ("kmo", "chi2", "df", "p_value", "determinant", "n")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})


def factor_adequacy(
    frame: pd.DataFrame, items: Sequence[str] | None = None
) -> FactorAdequacyResult:
    """Ask whether the items have enough in common for a factor analysis.

    ``KMO = Σ r² / (Σ r² + Σ a²)`` over different items, a the partial correlation of two items
    given all others; Bartlett's ``χ² = −(n − 1 − (2p + 5)/6) · log|R|`` with p(p − 1)/2 degrees
    of freedom.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    items : sequence of str, optional
        Columns; all where not given.

    Returns
    -------
    FactorAdequacyResult

    Raises
    ------
    CxError
        An item is not a column.
    ResponseError
        A column does not hold numbers, or too few respondents answered everything.
    EstimationError
        An item has the same answer from everybody or is a combination of others.

    Notes
    -----
    Respondents with all answers. R: ``psych::KMO(cor(x))`` and
    ``psych::cortest.bartlett(cor(x), n)``. Bartlett's test rejects in almost any survey:
    it says that something correlates, not that factors exist.

    References
    ----------
    Kaiser, H. F., & Rice, J. (1974). Little Jiffy, Mark IV. Educational and Psychological
    Measurement 34, 111–117. https://doi.org/10.1177/001316447403400115

    Bartlett, M. S. (1951). The effect of standardization on a χ² approximation in factor
    analysis. Biometrika 38, 337–344. https://doi.org/10.1093/biomet/38.3-4.337

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> halo = rng.normal(size=(200, 1))
    >>> answers = pd.DataFrame(halo + rng.normal(size=(200, 5)), columns=list("abcde"))
    >>> found = factor_adequacy(answers)
    >>> found.kmo > 0.8, found.p_value < 0.001
    (True, True)
    """
    names = [str(name) for name in frame.columns] if items is None else list(items)
    answers = complete_answers(frame, names, at_least=len(names) + 1)
    check_varying(answers, names)
    correlations = correlation_of(covariance_of(answers))
    check_positive_definite(correlations, tuple(names))
    return _adequacy(correlations, tuple(names), n=len(answers), n_asked=len(frame))


def adequacy_from_correlation(
    correlations: FloatArray | pd.DataFrame, *, n: int, items: Sequence[str] | None = None
) -> FactorAdequacyResult:
    """Ask whether a correlation matrix is worth a factor analysis.

    For a printed matrix, for polychoric correlations, or for correlations computed pair by pair
    (``frame.corr()``), where each rests on those who answered both items.

    Parameters
    ----------
    correlations : DataFrame or ndarray, shape (p, p)
        A triangle is enough.
    n : int
        Respondents behind it, more than items. Of pairwise correlations take the smallest
        number of a pair: it makes Bartlett's test the more careful.
    items : sequence of str, optional
        Names of the rows; those of the frame where not given.

    Returns
    -------
    FactorAdequacyResult

    Raises
    ------
    CxError
        The matrix is not one of correlations, or n is too small.
    EstimationError
        It is not positive definite, as pairwise correlations may be.

    Notes
    -----
    R: ``psych::KMO(R)`` and ``psych::cortest.bartlett(R, n)``.

    References
    ----------
    Kaiser, H. F., & Rice, J. (1974). Little Jiffy, Mark IV. Educational and Psychological
    Measurement 34, 111–117. https://doi.org/10.1177/001316447403400115

    Examples
    --------
    >>> printed = [[1.0, np.nan, np.nan], [0.5, 1.0, np.nan], [0.5, 0.5, 1.0]]
    >>> round(adequacy_from_correlation(np.array(printed), n=100).kmo, 4)
    0.6923
    """
    matrix = read_correlations(correlations, items)
    asked = check_count("n", n, at_least=len(matrix.names) + 1)
    return _adequacy(matrix.values, matrix.names, n=asked, n_asked=asked)


def _adequacy(
    correlations: FloatArray, names: tuple[str, ...], *, n: int, n_asked: int
) -> FactorAdequacyResult:
    overall, each = kmo_from_correlation(correlations)
    chi2, df, p_value = bartlett_from_correlation(correlations, n=n)
    return FactorAdequacyResult(
        estimates=table_of(
            {
                "term": names,
                "estimate": each,
                "n": np.full(len(names), float(n)),
                "squared_multiple_correlation": squared_multiple_correlations(correlations),
            }
        ),
        kmo=overall,
        chi2=chi2,
        df=df,
        p_value=p_value,
        determinant=float(np.linalg.det(correlations)),
        items=names,
        n=n,
        n_asked=n_asked,
        notes=dropped_note(n_asked, n),
    )


def kmo_from_correlation(correlations: FloatArray) -> tuple[float, FloatArray]:
    """Return KMO of all items and of each, from a correlation matrix.

    Raises
    ------
    CxError
        Not a square, finite, symmetric matrix.

    Examples
    --------
    >>> overall, each = kmo_from_correlation(np.full((3, 3), 0.5) + 0.5 * np.eye(3))
    >>> round(overall, 4)
    0.6923
    """
    matrix = check_covariance(correlations)
    inverse = np.linalg.inv(matrix)
    partial = correlation_of(np.asarray(inverse, dtype=float))
    off = 1 - np.eye(len(matrix))
    r2, a2 = matrix**2 * off, partial**2 * off
    each = r2.sum(axis=0) / (r2.sum(axis=0) + a2.sum(axis=0))
    return float(r2.sum() / (r2.sum() + a2.sum())), np.asarray(each)


def bartlett_from_correlation(correlations: FloatArray, *, n: int) -> tuple[float, int, float]:
    """Return Bartlett's χ², its degrees of freedom and its p-value."""
    p = len(correlations)
    logdet = float(np.linalg.slogdet(correlations)[1])
    chi2, df = -(n - 1 - (2 * p + 5) / 6) * logdet, p * (p - 1) // 2
    return chi2, df, float(stats.chi2.sf(chi2, df))


def squared_multiple_correlations(correlations: FloatArray) -> FloatArray:
    """Return R² of each item on all others, ``1 − 1/(R⁻¹)ᵢᵢ``; of a stack too."""
    inverse = np.linalg.inv(correlations)
    result: FloatArray = 1 - 1 / np.diagonal(inverse, axis1=-2, axis2=-1)
    return result
