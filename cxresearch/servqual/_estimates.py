"""One table of gap estimates for one set of respondents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._effects import Effects, d_av, d_z_interval, weighted_d_z
from cxresearch._moments import ColumnMoments, column_moments
from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import BoolArray, FloatArray, PAdjust
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
    members : ndarray of bool, shape (n,), optional
        The domain; everybody when not given.
    """
    inside = np.ones(len(scores.gap), dtype=bool) if members is None else members
    gap, expectation, perception = (
        np.where(inside[:, None], values, np.nan)
        for values in (scores.gap, scores.expectation, scores.perception)
    )
    moments = column_moments(gap, weights=weights)
    numbers = _test_of_zero(moments, confidence_level)
    expected = column_moments(expectation, weights=weights)
    perceived = column_moments(perception, weights=weights)
    effect = _effect(gap, numbers["statistic"], moments, weights, confidence_level)
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
) -> Effects:
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
    frame["note"] = np.where(few, "too_few", np.where(moments.sd == 0, "constant", ""))
    return frame[list(COLUMNS)].astype(dict.fromkeys(TEXT_COLUMNS, object))


def adjust_families(estimates: pd.DataFrame, *, method: PAdjust) -> pd.DataFrame:
    """Return the estimates with `p_adjusted`.

    Families: all items; all dimensions; each overall score. Within a segment: dimensions ×
    groups together, and each overall score over the groups.
    """
    overall = estimates["term"].where(estimates["level"] == "overall", "")
    family = [estimates["segment"], estimates["level"], overall]
    adjusted = estimates.groupby(family, sort=False)["p_value"].transform(
        lambda p: adjust_p_values(p, method=method)
    )
    return estimates.assign(p_adjusted=adjusted)
