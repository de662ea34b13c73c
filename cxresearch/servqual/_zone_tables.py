"""Estimates of a zone of tolerance for one set of respondents."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._moments import ColumnMoments, column_moments
from cxresearch._types import FloatArray
from cxresearch.servqual._estimates import Term
from cxresearch.servqual._zone_scores import ZoneScores, position_moments

MEASURES = ("adequacy", "superiority", "width", "position")
NUMBERS = (
    "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted", "conf_low",
    "conf_high", "n",
)  # fmt: skip
ZONE_NUMBERS = (
    "n", "minimum", "desired", "perception", "perception_low", "perception_high", "misordered",
    "no_width",
)  # fmt: skip
_TEXT = ("term", "group", "measure", "level", "label", "dimension", "segment", "zone", "note")


def estimate_zones(
    scores: ZoneScores,
    terms: tuple[Term, ...],
    *,
    weights: FloatArray | None,
    confidence_level: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of `estimates` and of `zones` of everybody who has scores.

    Parameters
    ----------
    scores : ZoneScores
        One column for each of `terms`; nan outside the group that is meant.
    terms : tuple of Term
    weights : ndarray, shape (n,), or None
    confidence_level : float
    """
    moments = {
        "adequacy": column_moments(scores.adequacy, weights=weights),
        "superiority": column_moments(scores.superiority, weights=weights),
        "width": column_moments(scores.width, weights=weights),
        "position": position_moments(scores.adequacy, scores.width, weights=weights),
    }
    tables = {
        measure: _measured(moments[measure], confidence_level, measure=measure)
        for measure in MEASURES
    }
    common = _names(terms)
    rows = [
        pd.concat([common, tables[measure]], axis=1).assign(measure=measure)
        for measure in MEASURES
    ]
    estimates = pd.concat(rows)
    # Term by term, the measures of each together.
    order = estimates.index.to_numpy().argsort(kind="stable")
    estimates = estimates.iloc[order].reset_index(drop=True)
    zones = _zones(scores, common, tables, weights, confidence_level)
    return _typed(estimates), _typed(zones)


def _names(terms: tuple[Term, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "term": [term.name for term in terms],
            "group": "all",
            "level": [term.level for term in terms],
            "label": [term.label for term in terms],
            "dimension": [term.dimension for term in terms],
            "segment": "",
            "suppressed": False,
        }
    )


def _measured(moments: ColumnMoments, confidence_level: float, *, measure: str) -> pd.DataFrame:
    # A spread of 0 in the sample is no certainty: no test, and no interval of width 0.
    error = np.where(moments.sd > 0, moments.std_error, np.nan)
    half = stats.t.ppf((1 + confidence_level) / 2, moments.df) * error
    tested = measure in ("adequacy", "superiority")
    statistic = moments.mean / error if tested else np.full_like(error, np.nan)
    few = moments.n < 2
    numbers = {
        "estimate": moments.mean,
        "std_error": moments.std_error,
        "statistic": statistic,
        "df": moments.df,
        "p_value": np.asarray(2 * stats.t.sf(np.abs(statistic), moments.df)),
        "p_adjusted": np.full_like(error, np.nan),
        "conf_low": moments.mean - half,
        "conf_high": moments.mean + half,
    }
    frame = pd.DataFrame({name: np.where(few, np.nan, v) for name, v in numbers.items()})
    constant = (moments.sd == 0) & ~few
    return frame.assign(
        n=moments.n, note=np.where(few, "too_few", np.where(constant, "constant", ""))
    )


def _zones(
    scores: ZoneScores,
    common: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    weights: FloatArray | None,
    confidence_level: float,
) -> pd.DataFrame:
    perceived = column_moments(scores.perception, weights=weights)
    shown = _measured(perceived, confidence_level, measure="perception")
    level = {
        part: column_moments(getattr(scores, part), weights=weights).mean
        for part in ("minimum", "desired")
    }
    few = perceived.n < 2
    return common.assign(
        n=perceived.n,
        minimum=np.where(few, np.nan, level["minimum"]),
        desired=np.where(few, np.nan, level["desired"]),
        perception=shown["estimate"],
        perception_low=shown["conf_low"],
        perception_high=shown["conf_high"],
        misordered=scores.misordered.sum(axis=0).astype(float),
        no_width=(scores.width == 0).sum(axis=0).astype(float),
        zone=_classes(tables["adequacy"], tables["superiority"]),
        note=np.where(few, "too_few", ""),
    )


def _classes(adequacy: pd.DataFrame, superiority: pd.DataFrame) -> list[str]:
    """Classify by intervals: a mean alone does not say on which side of a bar people are."""
    found = []
    for low, high, above, below in zip(
        adequacy["conf_low"],
        adequacy["conf_high"],
        superiority["conf_low"],
        superiority["conf_high"],
        strict=True,
    ):
        if high < 0:
            found.append("below")
        elif above > 0:
            found.append("above")
        else:
            found.append("within" if low > 0 and below < 0 else "not_decided")
    return found


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: object for name in _TEXT if name in frame})
