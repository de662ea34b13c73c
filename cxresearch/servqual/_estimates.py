"""One table of gap estimates for one set of respondents."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._effects import Effects, d_av, d_z_interval, weighted_d_z
from cxresearch._moments import (
    ColumnMoments,
    column_moments,
    mean_influence,
    standardized_mean_influence,
)
from cxresearch._multiplicity import adjust_p_values
from cxresearch._survey import SurveyDesign, domain_df, linearised_errors
from cxresearch._types import BoolArray, FloatArray, IntArray, PAdjust
from cxresearch.codebook.model import Battery
from cxresearch.servqual._scores import GapScores

TEXT_COLUMNS = ("term", "group", "level", "label", "dimension", "segment", "note")
NUMBERS = (
    "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted", "conf_low",
    "conf_high", "n", "expectation", "perception", "sd", "d_z", "d_z_low", "d_z_high", "d_av",
)  # fmt: skip
COLUMNS = (
    "term", "group", "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted",
    "conf_low", "conf_high", "n", "level", "label", "dimension", "segment", "expectation",
    "perception", "sd", "d_z", "d_z_low", "d_z_high", "d_av", "suppressed", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Something a gap is estimated of."""

    name: str
    level: str
    label: str
    dimension: str = ""


def battery_terms(battery: Battery, *, by_importance: bool) -> tuple[Term, ...]:
    """Return the terms in the order of `score_gaps`: items, dimensions, overall scores."""
    items = [
        Term(name=item.term, level="item", label=item.text, dimension=scale.name)
        for scale in battery.scales
        for item in scale.items
    ]
    dimensions = [
        Term(name=scale.name, level="dimension", label=scale.label) for scale in battery.scales
    ]
    names = ["overall", "overall_weighted"] if by_importance else ["overall"]
    return (*items, *dimensions, *(Term(name=n, level="overall", label=n) for n in names))


def estimate_terms(
    scores: GapScores,
    terms: tuple[Term, ...],
    *,
    confidence_level: float,
    weights: FloatArray | None = None,
    design: SurveyDesign | None = None,
    members: BoolArray | None = None,
) -> pd.DataFrame:
    """Return one row for each term; p-values are not adjusted yet.

    Parameters
    ----------
    scores : GapScores
        Of all respondents analysed: they are the design that errors under weights refer to.
    terms : tuple of Term
        One for each column of `scores`.
    confidence_level : float
    weights : ndarray, shape (n,), optional
    design : SurveyDesign, optional
        Strata and clusters of all respondents analysed.
    members : ndarray of bool, shape (n,), optional
        The domain; everybody when not given.
    """
    inside = np.ones(len(scores.gap), dtype=bool) if members is None else members
    gap, expectation, perception = (
        np.where(inside[:, None], values, np.nan)
        for values in (scores.gap, scores.expectation, scores.perception)
    )
    moments = gap_moments(gap, weights=weights, design=design)
    numbers = _test_of_zero(moments, confidence_level)
    expected = column_moments(expectation, weights=weights)
    perceived = column_moments(perception, weights=weights)
    effect = _effect(
        gap, numbers["statistic"], moments, weights, confidence_level, design=design
    )
    numbers |= {
        "expectation": expected.mean,
        "perception": perceived.mean,
        "sd": moments.sd,
        "d_z": effect.estimate,
        "d_z_low": effect.conf_low,
        "d_z_high": effect.conf_high,
        "d_av": d_av(moments.mean, expected.sd, perceived.sd),
    }
    return _as_frame(numbers, moments, terms)


def gap_moments(
    values: FloatArray,
    *,
    weights: FloatArray | None = None,
    design: SurveyDesign | None = None,
) -> ColumnMoments:
    """Return moments of columns; their errors and df are those of the design, if any."""
    moments = column_moments(values, weights=weights)
    if design is None:
        return moments
    error = linearised_errors(mean_influence(values, design.weights), design)
    df = domain_df(np.isfinite(values), design)
    return replace(moments, std_error=np.where(np.isfinite(df), error, np.nan), df=df)


def _test_of_zero(moments: ColumnMoments, confidence_level: float) -> dict[str, FloatArray]:
    # A spread of 0 in the sample is no certainty: no test, and no interval of width 0.
    error = np.where(moments.sd > 0, moments.std_error, np.nan)
    statistic = moments.mean / error
    half = stats.t.ppf((1 + confidence_level) / 2, moments.df) * error
    return {
        "estimate": moments.mean,
        "std_error": moments.std_error,
        "statistic": statistic,
        "df": moments.df,
        "p_value": np.asarray(2 * stats.t.sf(np.abs(statistic), moments.df)),
        "p_adjusted": np.full_like(statistic, np.nan),
        "conf_low": moments.mean - half,
        "conf_high": moments.mean + half,
        "n": moments.n,
    }


def _effect(
    gap: FloatArray,
    statistic: FloatArray,
    moments: ColumnMoments,
    weights: FloatArray | None,
    confidence_level: float,
    *,
    design: SurveyDesign | None = None,
) -> Effects:
    if design is not None:
        estimate, influence = standardized_mean_influence(gap, design.weights)
        error = np.where(np.isfinite(estimate), linearised_errors(influence, design), np.nan)
        half = stats.t.ppf((1 + confidence_level) / 2, moments.df) * error
        return Effects(estimate=estimate, conf_low=estimate - half, conf_high=estimate + half)
    if weights is not None:
        return weighted_d_z(gap, weights, confidence_level=confidence_level)
    n = np.where(moments.n > 1, moments.n, np.nan)
    return d_z_interval(statistic, n, confidence_level=confidence_level)


def _as_frame(
    numbers: dict[str, FloatArray], moments: ColumnMoments, terms: tuple[Term, ...]
) -> pd.DataFrame:
    few = moments.n < 2
    frame = pd.DataFrame(
        {
            name: np.where(few & (name != "n"), np.nan, values)
            for name, values in numbers.items()
        }
    )
    frame["term"] = [term.name for term in terms]
    frame["group"] = "all"
    frame["level"] = [term.level for term in terms]
    frame["label"] = [term.label for term in terms]
    frame["dimension"] = [term.dimension for term in terms]
    frame["segment"] = ""
    frame["suppressed"] = False
    alone = ~few & ~np.isfinite(moments.df)
    frame["note"] = np.select(
        [few, alone, moments.sd == 0], ["too_few", "one_cluster", "constant"], default=""
    )
    return frame[list(COLUMNS)].astype(dict.fromkeys(TEXT_COLUMNS, object))


def families(estimates: pd.DataFrame) -> list[IntArray]:
    """Return the positions of the rows that are tested together.

    Families: all items; all dimensions; each overall score. Within a segment: dimensions ×
    groups together, and each overall score over the groups.
    """
    overall = estimates["term"].where(estimates["level"] == "overall", "")
    keys = [estimates["segment"], estimates["level"], overall]
    grouped = estimates.groupby(keys, sort=False).indices
    return [np.asarray(rows, dtype=int) for rows in grouped.values()]


def adjust_families(estimates: pd.DataFrame, *, method: PAdjust) -> pd.DataFrame:
    """Return the estimates with `p_adjusted`, family by family."""
    adjusted = np.full(len(estimates), np.nan)
    p_values = estimates["p_value"].to_numpy(dtype=float)
    for rows in families(estimates):
        adjusted[rows] = adjust_p_values(p_values[rows], method=method)
    return estimates.assign(p_adjusted=adjusted)
