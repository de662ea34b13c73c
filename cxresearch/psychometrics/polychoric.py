"""Polychoric correlations: what answers on a few steps say about what lies under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._matrix import correlation_of, covariance_of
from cxresearch._types import FloatArray, IntArray
from cxresearch._validate import check_fraction
from cxresearch.errors import ResponseError
from cxresearch.psychometrics._answers import (
    check_varying,
    complete_answers,
    dropped_note,
    table_of,
)
from cxresearch.psychometrics._clusters import gathered
from cxresearch.psychometrics._polychoric import (
    LARGEST,
    Categories,
    Pairs,
    categories_of,
    threshold_scores,
    two_step,
)
from cxresearch.results import Result, in_tidy_order

MAX_CATEGORIES = 15


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PolychoricResult(Result):
    """Correlations of the normal variables under ordered answers.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a pair of items: term, group, estimate, std_error, conf_low, conf_high (on
        Fisher's z), n; then pearson (correlation of the answers as numbers).
    thresholds : pandas.DataFrame
        One row a threshold: term (item), group (``"1"``, ``"2"`` …), estimate (standard normal
        units), std_error, n.
    correlations : ndarray, shape (items, items)
    items : tuple of str
    n, n_asked : int
        Respondents with all answers; respondents in the frame.
    confidence_level : float
    notes : tuple of str
        ``"rows_dropped:17"``, ``"boundary:a:b"`` (the correlation went to ±1: a table with
        empty cells), ``"not_positive_definite"`` (of the correlations together).
    """

    estimates: pd.DataFrame
    thresholds: pd.DataFrame
    correlations: FloatArray
    items: tuple[str, ...]
    n: int
    n_asked: int
    confidence_level: float
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row a pair of items."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: how many, and how large they are."""
        return pd.DataFrame(
            {
                "n": [self.n],
                "items": [len(self.items)],
                "mean": [self.estimates["estimate"].mean()],
                "smallest_eigenvalue": [float(np.linalg.eigvalsh(self.correlations)[0])],
                "confidence_level": [self.confidence_level],
            }
        )


def polychoric_correlations(
    frame: pd.DataFrame,
    items: Sequence[str] | None = None,
    *,
    confidence_level: float = 0.95,
) -> PolychoricResult:
    """Estimate polychoric correlations of all pairs of items, in two steps.

    Thresholds are normal quantiles of the cumulative shares of each item; each correlation
    maximises ``Σ n_ab log π_ab(ρ)`` over the cells of its cross table at those thresholds.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent; each item takes at most 15 ordered values. Values nobody chose
        need no threshold.
    items : sequence of str, optional
        Columns; all where not given.
    confidence_level : float

    Returns
    -------
    PolychoricResult

    Raises
    ------
    CxError
        An item is not a column.
    ResponseError
        A column does not hold numbers or holds too many different ones, or too few respondents
        answered everything.
    EstimationError
        An item has the same answer from everybody, or scoring did not converge.

    Notes
    -----
    Respondents with all answers. All pairs are scored at once; bivariate normal probabilities
    come from Gauss–Legendre quadrature. Standard errors take the estimation of thresholds into
    account. R: ``lavaan::lavCor(x, ordered = names(x))``; psych adds 0.5 to empty cells.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient.
    Psychometrika 44, 443–460. https://doi.org/10.1007/BF02296207

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> under = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 2000)
    >>> answers = pd.DataFrame(np.clip(np.round(under + 3.5), 1, 4), columns=["a", "b"])
    >>> found = polychoric_correlations(answers)
    >>> abs(found.estimates["estimate"].item() - 0.6) < 0.05
    True
    """
    check_fraction("confidence_level", confidence_level)
    names = [str(name) for name in frame.columns] if items is None else list(items)
    answers = complete_answers(frame, names)
    check_varying(answers, names)
    given = categories_of(answers)
    if given.most > MAX_CATEGORIES:
        many = [name for name, k in zip(names, given.counts, strict=True) if k > MAX_CATEGORIES]
        raise ResponseError(
            f"item(s) {many} take more than {MAX_CATEGORIES} different values; polychoric "
            "correlations are for a few ordered steps: use Pearson's"
        )
    pairs = two_step(given)
    correlations = pairs.matrix(len(names))
    return PolychoricResult(
        estimates=_pair_table(names, pairs, answers, confidence_level),
        thresholds=threshold_table(names, given),
        correlations=correlations,
        items=tuple(names),
        n=len(answers),
        n_asked=len(frame),
        confidence_level=float(confidence_level),
        notes=dropped_note(len(frame), len(answers)) + _notes(names, pairs, correlations),
    )


def _pair_table(
    names: Sequence[str], pairs: Pairs, answers: FloatArray, level: float
) -> pd.DataFrame:
    labels, rho = np.array(names, dtype=object), pairs.correlations
    half = stats.norm.ppf((1 + level) / 2) * pairs.std_errors / (1 - rho**2)
    return table_of(
        {
            "term": labels[pairs.first],
            "group": labels[pairs.second],
            "estimate": rho,
            "std_error": pairs.std_errors,
            "conf_low": np.tanh(np.arctanh(rho) - half),
            "conf_high": np.tanh(np.arctanh(rho) + half),
            "n": np.full(len(rho), float(len(answers))),
            "pearson": correlation_of(covariance_of(answers))[pairs.first, pairs.second],
        }
    )


def threshold_table(
    names: Sequence[str], given: Categories, clusters: IntArray | None = None
) -> pd.DataFrame:
    """Return one row a threshold, see `PolychoricResult.thresholds`."""
    rows: list[dict[str, object]] = []
    n = len(given.codes)
    for j, name in enumerate(names):
        score = threshold_scores(given, j)
        chosen = np.bincount(given.codes[:, j]).astype(float)
        covariance = np.linalg.inv(score.T @ (score * chosen[:, None]))
        if clusters is not None:
            sums = gathered(score[given.codes[:, j]] @ covariance, clusters)
            covariance = sums.T @ sums
        for t in range(int(given.counts[j]) - 1):
            rows.append(
                {
                    "term": name,
                    "group": str(t + 1),
                    "estimate": float(given.bounds[j, t + 1]),
                    "std_error": float(np.sqrt(covariance[t, t] * n / (n - 1))),
                    "n": float(n),
                }
            )
    columns = ("term", "group", "estimate", "std_error", "n")
    return table_of({name: [row[name] for row in rows] for name in columns})


def _notes(names: Sequence[str], pairs: Pairs, correlations: FloatArray) -> tuple[str, ...]:
    notes = [
        f"boundary:{names[i]}:{names[j]}"
        for i, j, rho in zip(pairs.first, pairs.second, pairs.correlations, strict=True)
        if abs(rho) >= LARGEST
    ]
    if np.linalg.eigvalsh(correlations)[0] <= 0:
        notes.append("not_positive_definite")
    return tuple(notes)
