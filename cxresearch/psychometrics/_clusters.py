"""Respondents who were sampled together, such as the customers of one branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray, IntArray
from cxresearch._validate import check_names
from cxresearch.errors import EstimationError, ResponseError
from cxresearch.psychometrics._answers import weighted_answers

FEW_CLUSTERS = 30


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Answered:
    """Complete answers, what each respondent counts, and who was sampled together.

    Attributes
    ----------
    answers : ndarray, shape (n, p)
    weights : ndarray, shape (n,), or None
        With sum n.
    clusters : ndarray of int, shape (n,), or None
        0 … C − 1.
    notes : tuple of str
        ``"cluster_missing:3"``, ``"few_clusters:12"``.
    """

    answers: FloatArray
    weights: FloatArray | None
    clusters: IntArray | None
    notes: tuple[str, ...]

    @property
    def n_clusters(self) -> int:
        """Number of clusters; 0 where there are none."""
        return cluster_count(self.clusters)


def answered_of(
    frame: pd.DataFrame,
    items: Sequence[str],
    *,
    weights: str | None = None,
    clusters: str | None = None,
    at_least: int = 3,
) -> Answered:
    """Return complete answers of respondents whose cluster is known.

    Raises
    ------
    CxError
        A name is not a column.
    ResponseError
        As `weighted_answers`, or there are fewer than two clusters.
    """
    if clusters is None:
        answers, w = weighted_answers(frame, items, weights, at_least=at_least)
        return Answered(answers=answers, weights=w, clusters=None, notes=())
    known = known_clusters(frame, clusters)
    answers, w = weighted_answers(known, items, weights, at_least=at_least)
    kept = known if weights is None else known[known[weights].to_numpy(dtype=float) > 0]
    every = kept[list(items)].to_numpy(dtype=float, na_value=np.nan)
    codes = cluster_codes(kept.loc[np.isfinite(every).all(axis=1), clusters], clusters)
    return Answered(
        answers=answers,
        weights=w,
        clusters=codes,
        notes=cluster_notes(len(frame) - len(known), cluster_count(codes)),
    )


def any_answers_of(
    frame: pd.DataFrame, items: tuple[str, ...], clusters: str | None = None
) -> Answered:
    """Return the answers of respondents with at least one, nan where missing.

    Raises
    ------
    CxError
        An item is not a column.
    ResponseError
        A column does not hold numbers, or there are not more respondents than items.
    EstimationError
        An item has no two different answers.
    """
    check_names("items", items, [str(name) for name in frame.columns], of="columns")
    text = [item for item in items if not pd.api.types.is_numeric_dtype(frame[item])]
    if text:
        raise ResponseError(f"column(s) {text} do not hold numbers; score the answers first")
    known = frame if clusters is None else known_clusters(frame, clusters)
    answers = known[list(items)].to_numpy(dtype=float, na_value=np.nan, copy=True)
    answers[~np.isfinite(answers)] = np.nan
    any_given = np.isfinite(answers).any(axis=1)
    answers = np.array(answers[any_given])
    if len(answers) <= len(items):
        raise ResponseError(
            f"{len(answers)} of {len(frame)} respondents answered any of {len(items)} items; "
            f"at least {len(items) + 1} are needed"
        )
    constant = [
        item
        for item, column in zip(items, answers.T, strict=True)
        if len(np.unique(column[np.isfinite(column)])) < 2
    ]
    if constant:
        raise EstimationError(
            f"item(s) {constant} have the same answer from everybody who answered and no "
            "correlations; leave them out"
        )
    if clusters is None:
        return Answered(answers=answers, weights=None, clusters=None, notes=())
    codes = cluster_codes(known.loc[any_given, clusters], clusters)
    lacking = len(frame) - len(known)
    notes = cluster_notes(lacking, cluster_count(codes))
    return Answered(answers=answers, weights=None, clusters=codes, notes=notes)


def known_clusters(frame: pd.DataFrame, clusters: str) -> pd.DataFrame:
    """Return the respondents whose cluster is known.

    Raises
    ------
    CxError
        The cluster is not a column.
    """
    check_names("clusters", [clusters], [str(name) for name in frame.columns], of="columns")
    return frame[frame[clusters].notna()]


def cluster_codes(column: pd.Series, name: str) -> IntArray:
    """Return 0 … C − 1 for the cluster of each respondent.

    Raises
    ------
    ResponseError
        There is one cluster only.
    """
    codes = np.asarray(pd.factorize(column)[0], dtype=np.int64)
    if cluster_count(codes) < 2:
        raise ResponseError(
            f"clusters: all respondents used are of one cluster ({name}); nothing is known "
            "about the spread between clusters. Leave out clusters"
        )
    return codes


def cluster_notes(lacking: int, count: int) -> tuple[str, ...]:
    """Return what is to be known about clusters: some unknown, or few of them."""
    notes = [f"cluster_missing:{lacking}"] if lacking else []
    notes += [f"few_clusters:{count}"] if 0 < count < FEW_CLUSTERS else []
    return tuple(notes)


def cluster_count(clusters: IntArray | None) -> int:
    """Return the number of clusters; 0 where there are none."""
    return 0 if clusters is None else int(clusters.max(initial=-1)) + 1


def gathered(scores: FloatArray, clusters: IntArray | None) -> FloatArray:
    """Return the sums of clusters times ``√(C/(C − 1))``; scores as they are without any.

    Only sums over clusters are independent of each other, so they take the place of single
    respondents' scores in the middle of a sandwich. The factor is lavaan's; C are the clusters
    that occur, a row of zeros stands for one that does not.
    """
    if clusters is None:
        return scores
    sums = np.zeros((cluster_count(clusters), scores.shape[1]))
    np.add.at(sums, clusters, scores)
    count = len(np.unique(clusters))
    result: FloatArray = sums * np.sqrt(count / (count - 1))
    return result
