"""Gaps by ranks: Wilcoxon's signed-rank test, for those who doubt means of ratings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from cxresearch._effects import hedges_correction
from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, FloatArray, PAdjust
from cxresearch._validate import check_choice, check_fraction, check_share
from cxresearch.responses.model import Responses
from cxresearch.results import Result, in_tidy_order
from cxresearch.servqual._battery import check_battery
from cxresearch.servqual._data import gap_data
from cxresearch.servqual._estimates import families

_EXACT_BELOW = 50


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapRanksResult(Result):
    """Signed-rank tests of gaps, with effect sizes.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row for each term: term, estimate (pseudo-median of the gap, response-scale units),
        statistic (V), p_value, p_adjusted, conf_low, conf_high (of the pseudo-median), n,
        level, label, dimension, zeros (gaps of 0, which have no sign), rank_biserial (−1 all
        fall short … 1 all exceed), g_z (d_z with Hedges' correction), d_rm (gap in standard
        deviations of the answers, from the correlation of both), method (``"exact"`` or
        ``"normal"``), note.
    n : int
    battery : str
    scale_low, scale_high : float
    confidence_level : float
    p_adjust : str
    min_answered : float
    """

    estimates: pd.DataFrame
    n: int
    battery: str
    scale_low: float
    scale_high: float
    confidence_level: float
    p_adjust: str
    min_answered: float

    def tidy(self) -> pd.DataFrame:
        """One row a term."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the overall gap by ranks."""
        row = self.estimates[self.estimates["term"] == "overall"].iloc[0]
        names = ("estimate", "statistic", "p_value", "rank_biserial", "method")
        return pd.DataFrame([{"n": self.n} | {name: row[name] for name in names}])


def gap_ranks(
    responses: Responses,
    *,
    battery: str | None = None,
    confidence_level: float = 0.95,
    p_adjust: PAdjust = "holm",
    min_answered: float = 0.5,
) -> GapRanksResult:
    """Test gaps by Wilcoxon's signed-rank test, with the pseudo-median and its interval.

    Parameters
    ----------
    responses : Responses
        Every respondent counts once: case weights, strata and clusters are not used.
    battery, confidence_level, min_answered
        As in `servqual_gaps`.
    p_adjust : {"holm", "bh", "none"}
        Families as in `servqual_gaps`.

    Returns
    -------
    GapRanksResult

    Notes
    -----
    R's conventions: zeros are left out; exact below 50 gaps without ties and zeros, else normal
    with the variance for ties and a continuity correction; the pseudo-median (median of the
    means of all pairs) and its interval by inverting the test. R:
    ``wilcox.test(P, E, paired = TRUE, conf.int = TRUE)`` on differences rounded to 10 decimals
    (means that differ by rounding only are tied); rank-biserial correlation as in
    ``effectsize::rank_biserial``. The test is of a symmetric distribution around 0, which
    ratings near the end of the scale need not have.

    References
    ----------
    Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin 1,
    80–83. https://doi.org/10.2307/3001968

    Hodges, J. L., & Lehmann, E. L. (1963). Estimates of location based on rank tests. Annals of
    Mathematical Statistics 34, 598–611. https://doi.org/10.1214/aoms/1177704172
    """
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_fraction("confidence_level", confidence_level)
    check_share("min_answered", min_answered)
    chosen = check_battery(responses.battery(battery))
    data = gap_data(responses, chosen, min_answered=min_answered, weighted=False)
    rows = []
    for place, term in enumerate(data.terms):
        e, p = data.scores.expectation[:, place], data.scores.perception[:, place]
        found = signed_ranks(data.scores.gap[:, place], confidence_level=confidence_level)
        rows.append(
            {"term": term.name, **found, "level": term.level, "label": term.label,
             "dimension": term.dimension, "segment": "", **_effects(e, p)}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    adjusted = np.full(len(table), math.nan)
    p_values = table["p_value"].to_numpy(dtype=float)
    for family in families(table):
        adjusted[family] = adjust_p_values(p_values[family], method=p_adjust)
    return GapRanksResult(
        estimates=in_tidy_order(table.drop(columns="segment").assign(p_adjusted=adjusted)),
        n=int(data.analysed.sum()), battery=chosen.name, scale_low=float(chosen.scale.low),
        scale_high=float(chosen.scale.high), confidence_level=float(confidence_level),
        p_adjust=p_adjust, min_answered=float(min_answered),
    )  # fmt: skip


def _effects(expectation: FloatArray, perception: FloatArray) -> dict[str, float]:
    known = np.isfinite(expectation) & np.isfinite(perception)
    gap = perception[known] - expectation[known]
    n = len(gap)
    sd = float(gap.std(ddof=1)) if n > 1 else 0.0
    if not sd > 1e-12:
        return {"g_z": math.nan, "d_rm": math.nan}
    d_z = float(gap.mean()) / sd
    e, p = expectation[known], perception[known]
    varied = n > 2 and np.ptp(e) > 0 and np.ptp(p) > 0
    r = float(np.corrcoef(e, p)[0, 1]) if varied else math.nan
    return {"g_z": d_z * hedges_correction(n - 1.0), "d_rm": d_z * math.sqrt(2 * (1 - r))}


def signed_ranks(
    differences: FloatArray, *, confidence_level: float = 0.95
) -> dict[str, float | str]:
    """Return Wilcoxon's V, its p-value, and the pseudo-median with its interval.

    Parameters
    ----------
    differences : ndarray
        nan is left out.
    confidence_level : float
    """
    known = differences[np.isfinite(differences)]
    x = known[np.abs(known) > 1e-12]
    nothing: dict[str, float | str] = {
        "estimate": math.nan, "statistic": math.nan, "p_value": math.nan,
        "conf_low": math.nan, "conf_high": math.nan, "n": float(len(known)),
        "zeros": float(len(known) - len(x)), "rank_biserial": math.nan, "method": "",
        "note": "too_few",
    }  # fmt: skip
    if len(x) < 2:
        return nothing
    ranks = _ranks(np.abs(x))
    v, total = float(ranks[x > 0].sum()), float(ranks.sum())
    tied = len(np.unique(ranks)) < len(ranks)
    exact = len(known) < _EXACT_BELOW and not tied and len(x) == len(known)
    found = _exact(x, v, confidence_level) if exact else _normal(x, v, confidence_level)
    return nothing | found | {
        "statistic": v, "rank_biserial": (2 * v - total) / total,
        "method": "exact" if exact else "normal", "note": "",
    }  # fmt: skip


def _ranks(sizes: FloatArray) -> FloatArray:
    """Mean ranks, sizes that differ by rounding only being tied."""
    return np.asarray(stats.rankdata(np.round(sizes, 10)))


def _walsh(x: FloatArray) -> FloatArray:
    """Means of all pairs, each with itself too, in order."""
    rows, columns = np.triu_indices(len(x))
    return np.sort((x[rows] + x[columns]) / 2)


def _exact_counts(n: int) -> FloatArray:
    """Probability of each V without ties, 0 … n(n + 1)/2."""
    counts = np.ones(1)
    for rank in range(1, n + 1):
        grown = np.zeros(len(counts) + rank)
        grown[: len(counts)] += counts
        grown[rank:] += counts
        counts = grown / 2
    return counts


def _exact(x: FloatArray, v: float, confidence_level: float) -> dict[str, float | str]:
    chances = np.cumsum(_exact_counts(len(x)))
    place = round(v)
    upper = 1 - (chances[place - 1] if place > 0 else 0.0)
    walsh = _walsh(x)
    tail = (1 - confidence_level) / 2
    reach = max(int(np.searchsorted(chances, tail * (1 - 1e-12))), 1)
    return {
        "estimate": float(np.median(walsh)),
        "p_value": float(min(1.0, 2 * min(chances[place], upper))),
        "conf_low": float(walsh[reach - 1]), "conf_high": float(walsh[len(walsh) - reach]),
    }  # fmt: skip


def _standardised(x: FloatArray, often: FloatArray, shift: float, correction: float) -> float:
    """Return the normal score of V of ``x − shift``, each x as often as said."""
    moved = x - shift
    apart = np.abs(moved) > 1e-12
    moved, often = moved[apart], often[apart]
    if not len(moved):
        return 0.0
    _, place = np.unique(np.round(np.abs(moved), 10), return_inverse=True)
    ties = np.bincount(place, weights=often)
    reached = np.cumsum(ties)
    n = float(reached[-1])
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((ties**3 - ties).sum()) / 48
    if not variance > 0:
        return 0.0
    ranks = reached - (ties - 1) / 2
    above = moved > 0
    centred = float(often[above] @ ranks[place[above]]) - n * (n + 1) / 4
    return (centred - correction) / math.sqrt(variance)


def _normal(x: FloatArray, v: float, confidence_level: float) -> dict[str, float | str]:
    n = len(x)
    side = float(np.sign(v - n * (n + 1) / 4))
    values, counts = np.unique(x, return_counts=True)
    often = counts.astype(float)
    z = _standardised(values, often, 0.0, 0.5 * side)
    low, high = float(values[0]), float(values[-1])
    tail = (1 - confidence_level) / 2
    quantile = float(stats.norm.isf(tail))

    def root(wanted: float, correction: float) -> float:
        def off(shift: float) -> float:
            return _standardised(values, often, shift, correction) - wanted

        if off(low) <= 0:
            return low
        if off(high) >= 0:
            return high
        return float(optimize.brentq(off, low, high, xtol=1e-9))

    return {
        "estimate": root(0.0, 0.0), "p_value": float(min(1.0, 2 * stats.norm.sf(abs(z)))),
        "conf_low": root(quantile, 0.5), "conf_high": root(-quantile, -0.5),
    }  # fmt: skip
