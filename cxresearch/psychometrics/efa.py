"""Exploratory factor analysis: which items go together when nobody says so beforehand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._matrix import check_covariance, correlation_of, covariance_of
from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_count
from cxresearch.errors import CxError, EstimationError
from cxresearch.psychometrics._answers import (
    check_varying,
    complete_answers,
    dropped_note,
    table_of,
)
from cxresearch.psychometrics._cfa_fit import check_positive_definite
from cxresearch.psychometrics._factor_analyzer import Extracted, extract
from cxresearch.psychometrics.polychoric import polychoric_correlations
from cxresearch.results import Result, in_tidy_order

Extraction = Literal["minres", "ml", "principal"]
EXTRACTIONS: tuple[Extraction, ...] = ("minres", "ml", "principal")
Rotation = Literal["oblimin", "promax", "varimax", "none"]
ROTATIONS: tuple[Rotation, ...] = ("oblimin", "promax", "varimax", "none")
Correlation = Literal["pearson", "polychoric"]
CORRELATIONS: tuple[Correlation, ...] = ("pearson", "polychoric")
HEYWOOD = 0.998


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EfaResult(Result):
    """Factors found in the correlations of items.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row an item and factor: term, group, estimate (pattern loading), n; then structure
        (correlation of item and factor), communality (of the item).
    variance : pandas.DataFrame
        One row a factor: term, estimate (variance of the standardised items it explains, in
        items), n; then share (of all variance), cumulative.
    items, factors : tuple of str
        Factors are ``"F1"``, ``"F2"`` …, the one that explains most first.
    loadings, structure : ndarray, shape (items, factors)
        Pattern and structure; the same when factors do not correlate.
    factor_correlations : ndarray, shape (factors, factors)
        In the order of `loadings`.
    communalities, uniquenesses : ndarray, shape (items,)
        Share of an item's variance the factors explain, factor correlations included; the rest.
    chi2, p_value : float
        Bartlett's corrected χ² that no more factors are needed; nan for ``"principal"``.
    df : int
    rmsea, tli : float
        From that χ², as psych reports them.
    rmsr : float
        Root mean square of the residual correlations.
    extraction, rotation : str
    correlation : str
        ``"pearson"`` or ``"polychoric"``: what was factored. χ² and what rests on it hold for
        Pearson's only and are rough for the other.
    n, n_asked : int
        Respondents with all answers; respondents in the frame.
    notes : tuple of str
        ``"rows_dropped:17"``, ``"heywood:Q3"`` (the factors explain all or more of its
        variance: too many factors, or two items that are one), and with polychoric
        correlations those of `polychoric_correlations`, e.g. ``"boundary:a:b"``.
    """

    estimates: pd.DataFrame
    variance: pd.DataFrame
    items: tuple[str, ...]
    factors: tuple[str, ...]
    loadings: FloatArray
    structure: FloatArray
    factor_correlations: FloatArray
    communalities: FloatArray
    uniquenesses: FloatArray
    chi2: float
    df: int
    p_value: float
    rmsea: float
    tli: float
    rmsr: float
    extraction: str
    rotation: str
    correlation: str
    n: int
    n_asked: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        explained = float(self.variance["estimate"].sum())
        if abs(explained - float(np.sum(self.communalities))) > 1e-6 * len(self.items):
            raise EstimationError(
                f"factors explain {explained:.6g}, communalities sum to "
                f"{float(np.sum(self.communalities)):.6g}"
            )

    def tidy(self) -> pd.DataFrame:
        """One row an item and factor."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: fit and explained variance."""
        names = ("chi2", "df", "p_value", "rmsea", "tli", "rmsr", "n", "extraction", "rotation")
        row = {name: [getattr(self, name)] for name in names}
        return pd.DataFrame({"factors": [len(self.factors)]} | row | {
            "explained": [float(np.mean(self.communalities))]
        })  # fmt: skip


def exploratory_factors(
    frame: pd.DataFrame,
    n_factors: int,
    *,
    items: Sequence[str] | None = None,
    extraction: Extraction = "minres",
    rotation: Rotation = "oblimin",
    correlation: Correlation = "pearson",
) -> EfaResult:
    """Find factors behind the correlations of items.

    ``R ≈ Λ Φ Λᵀ + Ψ``: Λ the pattern loadings, Φ the factor correlations, Ψ diagonal.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    n_factors : int
        See `number_of_factors`.
    items : sequence of str, optional
        Columns; all where not given.
    extraction : {"minres", "ml", "principal"}
        Least squares of residual correlations, maximum likelihood, or principal components.
    rotation : {"oblimin", "promax", "varimax", "none"}
        The first two let factors correlate.
    correlation : {"pearson", "polychoric"}
        Polychoric for answers on few steps, see `polychoric_correlations`.

    Returns
    -------
    EfaResult

    Raises
    ------
    CxError
        An item is not a column, an option is unknown, or there are too many factors for so few
        items.
    ResponseError
        A column does not hold numbers, or too few respondents answered everything.
    EstimationError
        The correlations are not positive definite, or extraction did not converge.

    Notes
    -----
    Respondents with all answers; factor_analyzer computes (its optimiser
    approximates derivatives, so loadings are good to about 1e-3). R: ``psych::fa(x, n_factors,
    fm = "minres", rotate = "oblimin")``; psych's χ², RMSEA and TLI.

    References
    ----------
    Harman, H. H., & Jones, W. H. (1966). Factor analysis by minimizing residuals (minres).
    Psychometrika 31, 351–368. https://doi.org/10.1007/BF02289468

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> two = np.repeat(rng.normal(size=(400, 2)), 3, axis=1) + rng.normal(size=(400, 6))
    >>> found = exploratory_factors(pd.DataFrame(two, columns=list("abcdef")), 2)
    >>> sorted(np.abs(found.loadings).argmax(axis=1).tolist())
    [0, 0, 0, 1, 1, 1]
    """
    check_choice("correlation", correlation, CORRELATIONS)
    names = [str(name) for name in frame.columns] if items is None else list(items)
    answers = complete_answers(frame, names, at_least=len(names) + 1)
    check_varying(answers, names)
    notes: tuple[str, ...] = ()
    if correlation == "polychoric":
        coarse = polychoric_correlations(frame, names)
        matrix = coarse.correlations
        notes = tuple(note for note in coarse.notes if not note.startswith("rows_dropped"))
    else:
        matrix = correlation_of(covariance_of(answers))
    found = factors_from_correlation(
        matrix,
        n_factors,
        items=names,
        n=len(answers),
        n_asked=len(frame),
        extraction=extraction,
        rotation=rotation,
        correlation=correlation,
    )
    return replace(found, notes=found.notes + notes)


def factors_from_correlation(
    correlations: FloatArray,
    n_factors: int,
    *,
    items: Sequence[str],
    n: int,
    n_asked: int | None = None,
    extraction: Extraction = "minres",
    rotation: Rotation = "oblimin",
    correlation: Correlation = "pearson",
) -> EfaResult:
    """Find factors behind a correlation matrix, Pearson or polychoric.

    Parameters
    ----------
    correlations : ndarray, shape (p, p)
    n_factors : int
    items : sequence of str
        Names of its rows.
    n : int
        Respondents behind it.
    n_asked : int, optional
        `n` where not given.
    extraction, rotation, correlation : str
        See `exploratory_factors`; the last says what the matrix holds.

    Returns
    -------
    EfaResult

    Raises
    ------
    CxError
        The matrix is not one of correlations, or an option is out of range.
    EstimationError
        It is not positive definite, or extraction did not converge.
    """
    check_choice("extraction", extraction, EXTRACTIONS)
    check_choice("rotation", rotation, ROTATIONS)
    check_choice("correlation", correlation, CORRELATIONS)
    matrix, p = check_covariance(correlations), len(correlations)
    check_count("n_factors", n_factors, at_least=1)
    df = ((p - n_factors) ** 2 - p - n_factors) // 2
    if len(items) != p or not np.allclose(np.diag(matrix), 1):
        raise CxError("correlations must have a unit diagonal and one row for each item")
    if n_factors >= p or (df < 0 and extraction != "principal"):
        raise CxError(
            f"n_factors: {n_factors} factors have more parameters than {p} items have "
            "correlations; ask for fewer factors"
        )
    check_positive_definite(matrix, tuple(items))
    found = extract(matrix, n_factors, extraction=extraction, rotation=rotation)
    asked = n if n_asked is None else n_asked
    heywood = tuple(
        f"heywood:{item}"
        for item, value in zip(items, found.communalities, strict=True)
        if value >= HEYWOOD
    )
    return EfaResult(
        **_tables(found, items, n),
        items=tuple(items),
        factors=_names(n_factors),
        loadings=found.loadings,
        structure=found.structure,
        factor_correlations=found.correlations,
        communalities=found.communalities,
        uniquenesses=1 - found.communalities,
        **_fit(matrix, found, df=df, n=n, tested=extraction != "principal"),
        df=df,
        extraction=extraction,
        rotation=rotation,
        correlation=correlation,
        n=n,
        n_asked=asked,
        notes=dropped_note(asked, n) + heywood,
    )


def _names(n_factors: int) -> tuple[str, ...]:
    return tuple(f"F{k + 1}" for k in range(n_factors))


def _tables(found: Extracted, items: Sequence[str], n: int) -> dict[str, Any]:
    p, m = found.loadings.shape
    explained = np.sum(found.loadings * found.structure, axis=0)
    return {
        "estimates": table_of(
            {
                "term": np.repeat(np.array(items, dtype=object), m),
                "group": np.tile(np.array(_names(m), dtype=object), p),
                "estimate": found.loadings.ravel(),
                "n": np.full(p * m, float(n)),
                "structure": found.structure.ravel(),
                "communality": np.repeat(found.communalities, m),
            }
        ),
        "variance": table_of(
            {
                "term": list(_names(m)),
                "estimate": explained,
                "n": np.full(m, float(n)),
                "share": explained / p,
                "cumulative": np.cumsum(explained) / p,
            }
        ),
    }


def _fit(
    matrix: FloatArray, found: Extracted, *, df: int, n: int, tested: bool
) -> dict[str, Any]:
    p, m = found.loadings.shape
    implied = found.loadings @ found.structure.T
    rest = (matrix - implied)[np.triu_indices(p, 1)]
    result: dict[str, Any] = dict.fromkeys(("chi2", "p_value", "rmsea", "tli"), math.nan)
    result["rmsr"] = float(np.sqrt(np.mean(rest**2)))
    model = implied + np.diag(1 - found.communalities)
    if not tested or np.linalg.eigvalsh(model)[0] <= 0:
        return result
    logdet = float(np.linalg.slogdet(model)[1] - np.linalg.slogdet(matrix)[1])
    objective = logdet + float(np.trace(np.linalg.solve(model, matrix))) - p
    chi2 = (n - 1 - (2 * p + 5) / 6 - 2 * m / 3) * objective
    null = -(n - 1 - (2 * p + 5) / 6 - 2 * m / 3) * float(np.linalg.slogdet(matrix)[1])
    null_ratio = null / (p * (p - 1) / 2)
    result["chi2"] = chi2
    if df > 0:
        result["p_value"] = float(stats.chi2.sf(chi2, df))
        result["rmsea"] = math.sqrt(max(chi2 / (df * n) - 1 / (n - 1), 0.0))
        result["tli"] = (null_ratio - chi2 / df) / (null_ratio - 1)
    return result
