"""How many factors: scree, parallel analysis, minimum average partial correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._matrix import check_covariance, correlation_of, covariance_of
from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.psychometrics._answers import (
    check_varying,
    complete_answers,
    dropped_note,
    table_of,
)
from cxresearch.psychometrics._cfa_fit import check_positive_definite
from cxresearch.psychometrics._polychoric import categories_of
from cxresearch.psychometrics._polychoric_parallel import random_polychorics
from cxresearch.psychometrics.adequacy import squared_multiple_correlations
from cxresearch.psychometrics.polychoric import polychoric_correlations
from cxresearch.results import Result, in_tidy_order

FactorCorrelation = Literal["pearson", "polychoric"]
FACTOR_CORRELATIONS: tuple[FactorCorrelation, ...] = ("pearson", "polychoric")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NumberOfFactorsResult(Result):
    """What several rules say about the number of factors.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a number of factors 1 … p: term (``"1"`` …), estimate (eigenvalue of the
        correlation matrix: the scree), n; then random_mean, random_quantile (eigenvalues of as
        many unrelated items and respondents), common (eigenvalue with squared multiple
        correlations in the diagonal), common_random_mean, common_random_quantile, map (average
        squared partial correlation once so many components are taken out; nan for the last).
    parallel_components, parallel_factors : int
        Eigenvalues above the quantile of random ones, counted up to the first that is not: of
        the correlation matrix, and of the one with squared multiple correlations.
    map_factors : int
        Where the average squared partial correlation is smallest, 0 where it is so before
        anything is taken out.
    map_none : float
        Average squared correlation, nothing taken out.
    kaiser : int
        Eigenvalues above 1; told because often asked for, it finds too many.
    items : tuple of str
    draws : int
        Random data sets.
    quantile : float
    n, n_asked : int
        Respondents with all answers; respondents in the frame.
    seed : int
    notes : tuple of str
        ``"rows_dropped:17"``, and with polychoric correlations those of
        `polychoric_correlations`.
    correlation : str
        ``"pearson"`` or ``"polychoric"``: whose eigenvalues these are, random ones too.
    """

    estimates: pd.DataFrame
    parallel_components: int
    parallel_factors: int
    map_factors: int
    map_none: float
    kaiser: int
    items: tuple[str, ...]
    draws: int
    quantile: float
    n: int
    n_asked: int
    seed: int
    notes: tuple[str, ...]
    correlation: str = "pearson"

    def tidy(self) -> pd.DataFrame:
        """One row a number of factors."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: what each rule says."""
        names = (
            "parallel_factors", "parallel_components", "map_factors", "kaiser", "n", "draws",
        )  # fmt: skip
        return pd.DataFrame({name: [getattr(self, name)] for name in names})


def number_of_factors(
    frame: pd.DataFrame,
    items: Sequence[str] | None = None,
    *,
    correlation: FactorCorrelation = "pearson",
    draws: int = 500,
    quantile: float = 0.95,
    seed: int = 1,
) -> NumberOfFactorsResult:
    """Ask how many factors the items have: scree, parallel analysis, MAP.

    Parallel analysis compares the eigenvalues with those of as many unrelated normal items and
    respondents; MAP takes principal components out until what is left correlates least.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    items : sequence of str, optional
        Columns; all where not given.
    correlation : {"pearson", "polychoric"}
        Polychoric for answers on few steps, see `polychoric_correlations`.
    draws : int
        Random data sets, at least 20.
    quantile : float
        Of the random eigenvalues, to be exceeded.
    seed : int

    Returns
    -------
    NumberOfFactorsResult

    Raises
    ------
    CxError
        An item is not a column, or an argument is out of range.
    ResponseError
        A column does not hold numbers, or too few respondents answered everything.
    EstimationError
        An item has the same answer from everybody or is a combination of others.

    Notes
    -----
    Respondents with all answers. Random Pearson matrices are drawn from their own (Wishart)
    distribution, not from data, so n costs nothing; random polychoric ones come from answers
    shuffled within each item, so that they are as coarse and skewed as the real ones. R:
    ``psych::fa.parallel(x, SMC = TRUE)``, with ``cor = "poly"`` for polychorics,
    ``psych::vss(x)$map``.

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis.
    Psychometrika 30, 179–185. https://doi.org/10.1007/BF02289447

    Velicer, W. F. (1976). Determining the number of components from the matrix of partial
    correlations. Psychometrika 41, 321–327. https://doi.org/10.1007/BF02293557

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> two = np.repeat(rng.normal(size=(300, 2)), 4, axis=1) + rng.normal(size=(300, 8))
    >>> found = number_of_factors(pd.DataFrame(two, columns=list("abcdefgh")))
    >>> found.parallel_factors, found.map_factors
    (2, 2)
    """
    check_choice("correlation", correlation, FACTOR_CORRELATIONS)
    check_count("draws", draws, at_least=20)
    check_fraction("quantile", quantile)
    names = [str(name) for name in frame.columns] if items is None else list(items)
    answers = complete_answers(frame, names, at_least=len(names) + 1)
    check_varying(answers, names)
    n, p = answers.shape
    rng = np.random.default_rng(seed)
    if correlation == "polychoric":
        coarse = polychoric_correlations(frame, names)
        correlations, notes = coarse.correlations, coarse.notes
        random = random_polychorics(categories_of(answers), draws, rng)
    else:
        correlations = correlation_of(covariance_of(answers))
        random = random_correlations(n, p, draws, rng)
        notes = dropped_note(len(frame), n)
    check_positive_definite(correlations, tuple(names))
    partial = average_partials(correlations)
    columns, found = _parallel(correlations, random, quantile)
    terms = {"term": [str(k + 1) for k in range(p)]}
    return NumberOfFactorsResult(
        estimates=table_of(
            terms
            | {"estimate": descending_roots(correlations), "n": np.full(p, float(n))}
            | columns
            | {"map": np.append(partial[1:], np.nan)}
        ),
        parallel_components=found["parallel_components"],
        parallel_factors=found["parallel_factors"],
        map_factors=int(np.argmin(partial)),
        map_none=float(partial[0]),
        kaiser=int(np.sum(descending_roots(correlations) > 1)),
        items=tuple(names),
        draws=draws,
        quantile=float(quantile),
        n=n,
        n_asked=len(frame),
        seed=seed,
        notes=notes,
        correlation=correlation,
    )


def _parallel(
    correlations: FloatArray, random: FloatArray, quantile: float
) -> tuple[dict[str, FloatArray], dict[str, int]]:
    """Return columns of random roots, and how many of the observed lie above them."""
    columns: dict[str, FloatArray] = {}
    found: dict[str, int] = {}
    for name, prefix, roots in (
        ("parallel_components", "", descending_roots),
        ("parallel_factors", "common_", common_roots),
    ):
        observed, simulated = roots(correlations), roots(random)
        limit = np.quantile(simulated, quantile, axis=0)
        if prefix:
            columns["common"] = observed
        columns[prefix + "random_mean"] = simulated.mean(axis=0)
        columns[prefix + "random_quantile"] = limit
        found[name] = int(np.argmin(np.append(observed > limit, False)))
    return columns, found


def descending_roots(matrix: FloatArray) -> FloatArray:
    """Return eigenvalues of symmetric matrices, largest first."""
    roots = np.linalg.eigvalsh(matrix)[..., ::-1]
    return np.asarray(roots, dtype=float)


def common_roots(correlations: FloatArray) -> FloatArray:
    """Return eigenvalues once squared multiple correlations stand in the diagonal."""
    reduced = correlations.copy()
    p = correlations.shape[-1]
    reduced[..., np.arange(p), np.arange(p)] = squared_multiple_correlations(correlations)
    return descending_roots(reduced)


def random_correlations(n: int, p: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """Draw correlation matrices of n respondents on p unrelated normal items, (draws, p, p).

    Bartlett's decomposition: the scatter matrix is A Aᵀ, A lower triangular with normal numbers
    below and roots of χ² on the diagonal.
    """
    root = np.tril(rng.normal(size=(draws, p, p)), -1)
    squares = rng.chisquare(n - 1 - np.arange(p), size=(draws, p))
    root[:, np.arange(p), np.arange(p)] = np.sqrt(squares)
    return correlation_of(root @ np.swapaxes(root, 1, 2))


def average_partials(correlations: FloatArray) -> FloatArray:
    """Return the average squared partial correlation after 0 … p − 1 components, shape (p,).

    Raises
    ------
    CxError
        Not a square, finite, symmetric matrix.
    """
    matrix = check_covariance(correlations)
    p = len(matrix)
    roots, vectors = np.linalg.eigh(matrix)
    loadings = (vectors * np.sqrt(np.maximum(roots, 0.0)))[:, ::-1]
    averages = np.empty(p)
    for taken in range(p):
        rest = matrix - loadings[:, :taken] @ loadings[:, :taken].T
        partial = correlation_of(np.asarray(rest, dtype=float))
        averages[taken] = (np.sum(partial**2) - np.sum(np.diag(partial) ** 2)) / (p * (p - 1))
    return averages
