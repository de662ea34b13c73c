"""Gaps and importance of the dimensions, in the sample and in resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._ellipse import ellipse
from cxresearch._matrix import covariances_from_sums, moment_sums
from cxresearch._resample import draw_indices, factors_from, units_of
from cxresearch._subsets import shapley_from_subsets, subset_r2
from cxresearch._types import FloatArray
from cxresearch._validate import check_choice
from cxresearch.codebook.model import Battery
from cxresearch.errors import CxError, ResponseError
from cxresearch.servqual._data import GapData
from cxresearch.servqual._outcome import Outcome

QUADRANTS = ("concentrate", "keep_up", "low_priority", "possible_overkill")
CUTS = ("mean", "median")
_MOST_UNUSABLE = 0.05


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MapPoints:
    """Scores of the respondents and what importance is computed from.

    Attributes
    ----------
    gap, points : ndarray, shape (n, d)
        Gaps and shares of points; nan where there is none.
    sums : ndarray, shape (n, s)
        Rows of `moment_sums` of dimensions and outcome, zeros for incomplete respondents.
    """

    gap: FloatArray
    weights: FloatArray
    points: FloatArray | None
    sums: FloatArray | None
    explained: int

    def gaps(self, factors: FloatArray) -> FloatArray:
        """Return mean gaps under replicate factors (B, n), shape (B, d)."""
        return _means(self.gap, factors * self.weights)

    def shares(self, kind: str, factors: FloatArray) -> FloatArray:
        """Return importance shares under replicate factors, shape (B, d)."""
        if kind == "stated" and self.points is not None:
            mean = _means(self.points, factors * self.weights)
            return np.asarray(mean / mean.sum(axis=1, keepdims=True))
        worth = self._worth(factors)
        parts = shapley_from_subsets(worth)
        return np.asarray(parts / parts.sum(axis=1, keepdims=True))

    def r2(self) -> float:
        """Return the share of the outcome's variance that all dimensions explain."""
        if self.sums is None:
            return float("nan")
        return float(self._worth(np.ones((1, len(self.sums))))[0, -1])

    def count(self, kind: str) -> int:
        """Return how many respondents an importance rests on."""
        if kind == "stated" and self.points is not None:
            return int(np.isfinite(self.points).all(axis=1).sum())
        return self.explained

    def _worth(self, factors: FloatArray) -> FloatArray:
        q = self.gap.shape[1] + 1
        sums = np.zeros((len(self.gap), 1)) if self.sums is None else self.sums
        return np.asarray(subset_r2(covariances_from_sums(factors @ sums, q)).r2)


def map_points(
    data: GapData, kinds: tuple[str, ...], outcome: Outcome | None, scores: str
) -> MapPoints:
    """Return what the map is made from: gaps, points and moments with the outcome."""
    columns = np.array([i for i, t in enumerate(data.terms) if t.level == "dimension"])
    gap = data.scores.gap[:, columns]
    answered = np.isfinite(gap).sum(axis=0)
    empty = [data.terms[c].name for c, n in zip(columns, answered, strict=True) if n < 2]
    if empty:
        raise ResponseError(f"dimension(s) {empty}: too few respondents answered both parts")
    weights = np.ones(len(gap)) if data.weights is None else data.weights
    sums, explained = None, 0
    if outcome is not None:
        x = gap if scores == "gap" else data.scores.perception[:, columns]
        sums, explained = _sums(x, outcome, data, weights)
    stated = data.points.points / 100 if data.points is not None and "stated" in kinds else None
    if stated is not None and np.isfinite(stated).all(axis=1).sum() < 2:
        raise ResponseError("importance points: fewer than 2 respondents divided 100 points")
    return MapPoints(gap=gap, weights=weights, points=stated, sums=sums, explained=explained)


def _sums(
    x: FloatArray, outcome: Outcome, data: GapData, weights: FloatArray
) -> tuple[FloatArray, int]:
    values = np.column_stack([x, outcome.values[data.analysed]])
    complete = np.asarray(np.isfinite(values).all(axis=1))
    needed = x.shape[1] + 10
    if complete.sum() < needed:
        raise ResponseError(
            f"outcome {outcome.name!r}: {int(complete.sum())} respondents have it and every "
            f"dimension; derived importance of {x.shape[1]} dimensions needs {needed}"
        )
    known = values[complete]
    if np.ptp(known[:, -1]) == 0 or np.any(np.ptp(known[:, :-1], axis=0) == 0):
        raise ResponseError(
            f"outcome {outcome.name!r}: it or a dimension has the same value for everybody; "
            "there is nothing to explain"
        )
    centred = np.where(complete[:, None], values - known.mean(axis=0), 0.0)
    rows = moment_sums(centred, weights)
    rows[~complete] = 0.0
    return rows, int(complete.sum())


def _means(values: FloatArray, w: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    totals = w @ known.astype(float)
    sums = w @ np.where(known, values, 0.0)
    return np.asarray(sums / np.where(totals > 0, totals, np.nan))


def map_factors(data: GapData, replicates: int, seed: int) -> FloatArray:
    """How often each respondent counts in each replicate, shape (B, n)."""
    n = len(data.scores.gap)
    if data.design is None:
        units = units_of(np.arange(n))
    else:
        stratum = data.design.stratum[data.design.unit]
        units = units_of(data.design.unit, stratum if data.design.strata > 1 else None)
    indices = draw_indices(units, replicates, np.random.default_rng(seed))
    return factors_from(indices, units)[:, units.of_row]


def drawn_maps(points: MapPoints, factors: FloatArray) -> dict[str, FloatArray]:
    """Replicates of gaps and importance; those that could not be computed left out of all."""
    drawn = {"gap": points.gaps(factors)}
    if points.points is not None:
        drawn["stated"] = points.shares("stated", factors)
    if points.sums is not None:
        drawn["derived"] = points.shares("derived", factors)
    usable = np.all([np.isfinite(part).all(axis=1) for part in drawn.values()], axis=0)
    if usable.mean() < 1 - _MOST_UNUSABLE:
        raise ResponseError(
            f"{int((~usable).sum())} of {len(usable)} resamples leave a dimension or the "
            "outcome without spread: too few answers for a map"
        )
    return {name: part[usable] for name, part in drawn.items()}


def map_estimates(
    battery: Battery,
    found: dict[str, FloatArray],
    drawn: dict[str, FloatArray],
    points: MapPoints,
    confidence_level: float,
) -> pd.DataFrame:
    """Return estimate, bootstrap error and interval of gaps and importances."""
    ends = [(1 - confidence_level) / 2, (1 + confidence_level) / 2]
    tables = []
    for group, estimate in found.items():
        low, high = np.quantile(drawn[group], ends, axis=0)
        answered = np.isfinite(points.gap).sum(axis=0)
        tables.append(
            pd.DataFrame(
                {
                    "term": [scale.name for scale in battery.scales], "group": group,
                    "estimate": estimate, "std_error": drawn[group].std(axis=0, ddof=1),
                    "conf_low": low, "conf_high": high,
                    "n": answered if group == "gap" else points.count(group),
                    "label": [scale.label for scale in battery.scales],
                }
            )
        )  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def map_positions(
    battery: Battery,
    kind: str,
    point: tuple[FloatArray, FloatArray],
    drawn: tuple[FloatArray, FloatArray],
    *,
    cuts: str | Sequence[float],
    decision: float,
    confidence_level: float,
    n: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the places of the dimensions by one kind of importance, and the cross-hair."""
    (gap, share), (gaps, shares) = point, drawn
    centre, lines = _crosshair(gap, share, gaps, shares, cuts)
    inside = _quadrants(gaps >= lines[0], shares >= lines[1])
    chances = np.column_stack([member.mean(axis=0) for member in inside])
    own = _quadrants(gap >= centre[0], share >= centre[1])
    place = np.argmax(np.column_stack(own), axis=1)
    priorities = shares * np.maximum(0.0, -gaps)
    first = (priorities == priorities.max(axis=1, keepdims=True)) & (priorities > 0)
    table = pd.DataFrame(
        {
            "importance": kind, "term": [scale.name for scale in battery.scales],
            "label": [scale.label for scale in battery.scales], "gap": gap, "share": share,
            "quadrant": [QUADRANTS[code] for code in place],
        }
    )  # fmt: skip
    for code, name in enumerate(QUADRANTS):
        table[f"prob_{name}"] = chances[:, code]
    table["decided"] = chances[np.arange(len(place)), place] >= decision
    table["priority"] = share * np.maximum(0.0, -gap)
    table["p_first"] = first.mean(axis=0)
    reach = float(stats.chi2.ppf(confidence_level, 2))
    outlines = [ellipse(gaps[:, j], shares[:, j], reach) for j in range(len(gap))]
    crosshair = {"importance": kind, "gap": centre[0], "share": centre[1], "n": n}
    return table.join(pd.DataFrame(outlines)), crosshair


def _crosshair(
    gap: FloatArray,
    share: FloatArray,
    gaps: FloatArray,
    shares: FloatArray,
    cuts: str | Sequence[float],
) -> tuple[tuple[float, float], tuple[Any, Any]]:
    """Return the cross-hair of the sample, and its lines in each replicate."""
    if isinstance(cuts, str):
        check_choice("cuts", cuts, CUTS)
        middle = np.mean if cuts == "mean" else np.median
        lines = (middle(gaps, axis=1)[:, None], middle(shares, axis=1)[:, None])
        return (float(middle(gap)), float(middle(share))), lines
    if len(cuts) != 2 or not np.isfinite(np.asarray(cuts, dtype=float)).all():
        raise CxError(
            f"cuts must be 'mean', 'median' or two numbers (gap, share); got {cuts!r}"
        )
    given = (float(cuts[0]), float(cuts[1]))
    return given, given


def _quadrants(narrow: np.ndarray, important: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return who lies in each of `QUADRANTS`."""
    return (important & ~narrow, important & narrow, ~important & ~narrow,
            ~important & narrow)  # fmt: skip
