"""What each item does for its scale: item–rest correlation, alpha without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._matrix import correlation_of, covariance_of, effective_n
from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_fraction
from cxresearch.errors import CxError
from cxresearch.psychometrics._answers import (
    check_varying,
    complete_answers,
    table_of,
    weighted_answers,
)
from cxresearch.psychometrics.coefficient_alpha import alpha_from_covariance, feldt_interval
from cxresearch.results import Result, in_tidy_order

MissingPairs = Literal["complete", "pairwise"]
MISSING_PAIRS: tuple[MissingPairs, ...] = ("complete", "pairwise")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ItemAnalysisResult(Result):
    """Items within their scales.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row an item: term, group (scale), estimate (correlation with the sum of the scale's
        other items), conf_low, conf_high (Fisher's z), n; then alpha_if_dropped (raw; nan with
        two items), change (alpha_if_dropped less alpha), mean, sd (units of the item).
    scales : pandas.DataFrame
        One row a scale: term, estimate (raw alpha), conf_low, conf_high (Feldt), n; then
        alpha_standardized, average_correlation, items.
    n_asked : int
        Respondents in the frame; each row's n are those with all answers to the scale.
    missing : str
        ``"complete"`` or ``"pairwise"``.
    weights : str
        Column of case weights; ``""`` for none.
    confidence_level : float
    notes : tuple of str
        ``"rows_dropped:staff:17"``, ``"negative_item_rest:staff:Q3"`` (reverse-keyed?),
        ``"alpha_rises_without:staff:Q4"``.
    """

    estimates: pd.DataFrame
    scales: pd.DataFrame
    n_asked: int
    missing: str
    weights: str
    confidence_level: float
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """One row an item."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the weakest scale and item."""
        return pd.DataFrame(
            {
                "scales": [len(self.scales)],
                "items": [len(self.estimates)],
                "lowest_alpha": [self.scales["estimate"].min()],
                "lowest_item_rest": [self.estimates["estimate"].min()],
                "n_asked": [self.n_asked],
                "confidence_level": [self.confidence_level],
            }
        )


def item_analysis(
    frame: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    missing: MissingPairs = "complete",
    weights: str | None = None,
    confidence_level: float = 0.95,
) -> ItemAnalysisResult:
    """Ask of every item how it goes with the rest of its scale.

    The item–rest correlation is ``cov(xᵢ, T − xᵢ) / (sd(xᵢ) sd(T − xᵢ))`` with T the sum of the
    scale's items; alpha if dropped is coefficient alpha of the others.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent, reverse-keyed items already reversed.
    model : mapping
        Scale → its items, at least two.
    missing : {"complete", "pairwise"}
        Respondents with all answers to the scale, or for each covariance all who answered both
        items. Pairwise alpha rests on no one group of respondents: its n are those with two or
        more answers, its interval counts those of the pair answered least.
    weights : str, optional
        Column of case weights; covariances are weighted, and intervals count Kish's effective
        number of respondents. Not with ``"pairwise"``.
    confidence_level : float

    Returns
    -------
    ItemAnalysisResult

    Raises
    ------
    CxError
        A scale of one item, or an item that is not a column.
    ResponseError
        A column does not hold numbers, or too few respondents answered a whole scale.
    EstimationError
        An item has the same answer from everybody.

    Notes
    -----
    R: ``psych::alpha(na.omit(x))``, columns ``item.stats$r.drop`` and
    ``alpha.drop$raw_alpha``; pairwise ``psych::alpha(x)``, whose interval counts all rows
    where this one counts those of the pair answered least. The item interval is that of
    normal variables. Dropping items for a higher alpha fits the sample: it takes content away
    and seldom holds in the next.

    References
    ----------
    Nunnally, J. C., & Bernstein, I. H. (1994). *Psychometric Theory* (3rd ed.), chapter 8.
    McGraw-Hill.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> answers = pd.DataFrame(rng.normal(size=(200, 1)) + rng.normal(size=(200, 4)))
    >>> answers.columns = pd.Index(list("abcd"))
    >>> found = item_analysis(answers, {"staff": ["a", "b", "c", "d"]})
    >>> bool((found.estimates["change"] < 0).all())
    True
    """
    check_fraction("confidence_level", confidence_level)
    check_choice("missing", missing, MISSING_PAIRS)
    if missing == "pairwise" and weights is not None:
        raise CxError("weights go with missing='complete' only; leave one of them out")
    items: list[pd.DataFrame] = []
    scales: list[pd.DataFrame] = []
    notes: list[str] = []
    if not model:
        raise CxError("model must name at least one scale and its items")
    for scale, members in model.items():
        if isinstance(members, str) or len(list(members)) < 2:
            raise CxError(f"model: scale {scale!r} must list at least 2 items; got {members!r}")
        sample = (
            _pairwise(frame, list(members))
            if missing == "pairwise"
            else _complete(frame, list(members), weights)
        )
        alpha = _scale_row(scale, sample, confidence_level)
        rows = _item_rows(scale, members, sample, confidence_level)
        rows["change"] = rows["alpha_if_dropped"] - alpha["estimate"].item()
        if sample.n < len(frame):
            notes.append(f"rows_dropped:{scale}:{len(frame) - sample.n}")
        for note, found in (
            ("negative_item_rest", rows["estimate"] < 0),
            ("alpha_rises_without", rows["change"] > 0),
        ):
            notes += [f"{note}:{scale}:{item}" for item in rows["term"][found]]
        items.append(rows)
        scales.append(alpha)
    return ItemAnalysisResult(
        estimates=pd.concat(items, ignore_index=True),
        scales=pd.concat(scales, ignore_index=True),
        n_asked=len(frame),
        missing=missing,
        weights=weights or "",
        confidence_level=float(confidence_level),
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Sample:
    """Moments of a scale's items and how many respondents they rest on.

    Attributes
    ----------
    covariance : ndarray, shape (k, k)
    mean, counts : ndarray, shape (k,)
        Counts are of the respondents behind each item's row of covariances, the fewest.
    n : int
    counted : float
        What intervals of the scale count.
    """

    covariance: FloatArray
    mean: FloatArray
    counts: FloatArray
    n: int
    counted: float


def _complete(frame: pd.DataFrame, members: list[str], weights: str | None) -> _Sample:
    answers, w = weighted_answers(frame, members, weights, at_least=4)
    check_varying(answers, members)
    n = len(answers)
    counted = float(n) if w is None else effective_n(w)
    return _Sample(
        covariance=covariance_of(answers, w),
        mean=np.average(answers, axis=0, weights=w),
        counts=np.full(len(members), counted),
        n=n,
        counted=counted,
    )


def _pairwise(frame: pd.DataFrame, members: list[str]) -> _Sample:
    """Return covariances of all who answered both items, as R's ``cov`` has them."""
    complete_answers(frame, members)  # refuses what is not numbers and scales nobody answered
    answers = frame[members].to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(answers)
    both = known.T.astype(float) @ known.astype(float)
    x = np.where(known, answers - np.nanmean(answers, axis=0), 0.0)
    check_varying(x, members)
    sums = x.T @ known  # of the row's item over those who answered the column's too
    covariance = (x.T @ x - sums * sums.T / both) / (both - 1)
    return _Sample(
        covariance=covariance,
        mean=np.nanmean(answers, axis=0),
        counts=both.min(axis=1),
        n=int((known.sum(axis=1) > 1).sum()),
        counted=float(both.min()),
    )


def _scale_row(scale: str, sample: _Sample, level: float) -> pd.DataFrame:
    covariance, k = sample.covariance, len(sample.mean)
    correlations = correlation_of(covariance)
    alpha = alpha_from_covariance(covariance)
    counted = round(sample.counted)
    low, high = feldt_interval(alpha, n=counted, items=k, confidence_level=level)
    return table_of(
        {
            "term": [scale],
            "estimate": [alpha],
            "conf_low": [low],
            "conf_high": [high],
            "n": [float(sample.n)],
            "alpha_standardized": [alpha_from_covariance(correlations)],
            "average_correlation": [float(np.mean(correlations[np.triu_indices(k, 1)]))],
            "items": [float(k)],
        }
    )


def _item_rows(
    scale: str, members: Sequence[str], sample: _Sample, level: float
) -> pd.DataFrame:
    covariance, k = sample.covariance, len(members)
    variance, with_total = np.diag(covariance), covariance.sum(axis=0)
    with_rest = with_total - variance
    rest = covariance.sum() - 2 * with_total + variance
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = np.where(rest > 0, with_rest / np.sqrt(variance * rest), np.nan)
        half = stats.norm.ppf((1 + level) / 2) / np.sqrt(sample.counts - 3)
        ends = [np.tanh(np.arctanh(correlation) + sign * half) for sign in (-1, 1)]
    others = [np.delete(np.arange(k), i) for i in range(k)]
    return table_of(
        {
            "term": list(members),
            "group": [scale] * k,
            "estimate": correlation,
            "conf_low": ends[0],
            "conf_high": ends[1],
            "n": np.full(k, float(sample.n)),
            "alpha_if_dropped": [
                alpha_from_covariance(covariance[np.ix_(o, o)]) for o in others
            ],
            "mean": sample.mean,
            "sd": np.sqrt(variance),
        }
    )
