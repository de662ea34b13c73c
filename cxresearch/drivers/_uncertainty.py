"""What the replicates say: intervals of shares and percents, differences of pairs, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._resample import (
    Intervals,
    acceleration_of,
    bca_interval,
    max_t_intervals,
    percentile_interval,
    rank_shares,
)
from cxresearch._types import FloatArray
from cxresearch.drivers._players import Draws

DIFFERENCE_COLUMNS = (
    "term", "estimate", "std_error", "p_value", "p_adjusted", "conf_low", "conf_high", "n",
    "other", "simultaneous_low", "simultaneous_high",
)  # fmt: skip
RANK_COLUMNS = ("term", "estimate", "n", "rank", "top")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Evidence:
    """The sample's shares and their replicates.

    Attributes
    ----------
    names : tuple of str
    shares : ndarray, shape (p,)
    controls : float
        R² of the controls alone.
    draws : Draws or None
        None when there are no replicates.
    influence : ndarray, shape (U, p + 1), or None
        Of shares and controls' R²; needed for BCa.
    interval : str
        ``"bca"`` or ``"percentile"``.
    confidence_level : float
    n : int
    """

    names: tuple[str, ...]
    shares: FloatArray
    controls: float
    draws: Draws | None
    influence: FloatArray | None
    interval: str
    confidence_level: float
    n: int

    def interval_of(
        self, estimate: FloatArray, replicates: FloatArray, influence: FloatArray | None
    ) -> Intervals:
        """Return the chosen interval of t statistics from their replicates (B, t)."""
        if self.interval == "percentile" or influence is None:
            return percentile_interval(replicates, self.confidence_level)
        return bca_interval(
            replicates, self.confidence_level, estimate=estimate,
            acceleration=acceleration_of(influence),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Uncertainty:
    """Intervals of shares, percents and R² (the last with one element), and notes."""

    std_error: FloatArray
    shares: Intervals
    percents: Intervals
    worth: Intervals
    notes: tuple[str, ...]


def intervals_of(evidence: Evidence) -> Uncertainty:
    """Return intervals of all shares; nan throughout without replicates."""
    p = len(evidence.names)
    if evidence.draws is None:
        unknown = np.full(p, np.nan)
        none = Intervals(low=unknown, high=unknown, extreme=np.zeros(p, dtype=bool))
        one = Intervals(low=unknown[:1], high=unknown[:1], extreme=np.zeros(1, dtype=bool))
        return Uncertainty(std_error=unknown, shares=none, percents=none, worth=one, notes=())
    shares, draws, influence = evidence.shares, evidence.draws, evidence.influence
    of_shares = None if influence is None else influence[:, :p]
    intervals = evidence.interval_of(shares, draws.shares, of_shares)
    worth = evidence.interval_of(
        np.array([shares.sum() + evidence.controls]),
        (draws.shares.sum(axis=1) + draws.controls)[:, None],
        None if influence is None else influence.sum(axis=1, keepdims=True),
    )
    return Uncertainty(
        std_error=draws.shares.std(axis=0, ddof=1),
        shares=intervals,
        percents=_percent_intervals(evidence, draws, of_shares),
        worth=worth,
        notes=_notes(evidence.names, intervals),
    )


def percents_of(shares: FloatArray) -> FloatArray:
    """Return shares (..., p) in percent of their sum; nan where that is 0."""
    whole = shares.sum(axis=-1, keepdims=True)
    return np.asarray(100 * shares / np.where(whole != 0, whole, np.nan))


def _percent_intervals(
    evidence: Evidence, draws: Draws, influence: FloatArray | None
) -> Intervals:
    """Percents are resampled as percents: their sum is fixed, and R² varies with the sample."""
    percents = percents_of(evidence.shares)
    moved = None
    if influence is not None:
        whole = influence.sum(axis=1, keepdims=True)
        moved = (100 * influence - percents * whole) / evidence.shares.sum()
    return evidence.interval_of(percents, percents_of(draws.shares), moved)


def _notes(names: Sequence[str], intervals: Intervals) -> tuple[str, ...]:
    undefined = [n for n, low in zip(names, intervals.low, strict=True) if np.isnan(low)]
    extreme = [n for n, flag in zip(names, intervals.extreme, strict=True) if flag]
    return (
        *(f"interval_undefined:{name}" for name in undefined),
        *(f"extreme_replicates_used:{name}" for name in extreme if name not in undefined),
    )


def difference_table(evidence: Evidence) -> pd.DataFrame:
    """One row a pair: difference of shares, its interval alone and with all pairs together."""
    p = len(evidence.names)
    first, second = np.triu_indices(p, 1)
    if len(first) == 0:
        return pd.DataFrame({name: [] for name in DIFFERENCE_COLUMNS})
    table = pd.DataFrame(
        {
            "term": [evidence.names[i] for i in first],
            "estimate": evidence.shares[first] - evidence.shares[second],
            "n": np.full(len(first), evidence.n),
            "other": [evidence.names[j] for j in second],
        }
    )
    if evidence.draws is None:
        empty = dict.fromkeys((c for c in DIFFERENCE_COLUMNS if c not in table), np.nan)
        return table.assign(**empty)[list(DIFFERENCE_COLUMNS)]
    replicates = evidence.draws.shares[:, first] - evidence.draws.shares[:, second]
    moved = evidence.influence
    moved = None if moved is None else moved[:, first] - moved[:, second]
    estimate = table["estimate"].to_numpy()
    alone = evidence.interval_of(estimate, replicates, moved)
    together = max_t_intervals(estimate, replicates, evidence.confidence_level)
    table = table.assign(
        std_error=together.std_error,
        p_value=together.p_value,
        p_adjusted=together.p_adjusted,
        conf_low=alone.low,
        conf_high=alone.high,
        simultaneous_low=together.low,
        simultaneous_high=together.high,
    )
    return table[list(DIFFERENCE_COLUMNS)]


def rank_table(evidence: Evidence) -> pd.DataFrame:
    """One row a driver and rank: share of replicates with that rank, or a better one too."""
    p = len(evidence.names)
    table = pd.DataFrame(
        {
            "term": np.repeat(np.array(evidence.names, dtype=object), p),
            "n": np.full(p * p, evidence.n),
            "rank": np.tile(np.arange(1, p + 1), p),
        }
    )
    shares = np.full((p, p), np.nan)
    if evidence.draws is not None:
        shares = rank_shares(evidence.draws.shares)
    table["estimate"] = shares.ravel()
    table["top"] = np.minimum(np.cumsum(shares, axis=1), 1.0).ravel()
    return table[list(RANK_COLUMNS)]


def rank_columns(evidence: Evidence) -> dict[str, FloatArray]:
    """Return rank, its interval, P(rank 1) and P(rank ≤ 3) of each driver."""
    p = len(evidence.names)
    order = np.argsort(-evidence.shares, kind="stable")
    rank = np.empty(p)
    rank[order] = np.arange(1, p + 1)
    unknown = np.full(p, np.nan)
    columns = {"rank": rank, "rank_low": unknown, "rank_high": unknown}
    if evidence.draws is None:
        return {**columns, "p_top1": unknown, "p_top3": unknown}
    top = np.cumsum(rank_shares(evidence.draws.shares), axis=1)
    tail = (1 - evidence.confidence_level) / 2
    return {
        "rank": rank,
        "rank_low": 1.0 + (top < tail - 1e-12).sum(axis=1),
        "rank_high": 1.0 + (top < 1 - tail - 1e-12).sum(axis=1),
        "p_top1": top[:, 0],
        "p_top3": top[:, min(3, p) - 1],
    }
