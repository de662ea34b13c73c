"""One row of the quality of a gap: a dimension or all together, in the sample and resampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from cxresearch._dependent_correlations import williams_test
from cxresearch._matrix import correlation_of, covariances_from_sums, moment_sums
from cxresearch._resample import draw_indices, factors_from, units_of
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.codebook.model import Battery
from cxresearch.servqual._gap_reliability import (
    GapReliability,
    gap_reliability,
    part_columns,
    part_moments,
    variance_sums,
    variances_from,
)
from cxresearch.servqual._replicates import resampled_error, resampled_interval
from cxresearch.servqual._scores import score_gaps

Overall = Literal["dimensions", "items"]
OVERALL: tuple[Overall, ...] = ("dimensions", "items")
RESTRICTED_BELOW = 0.3
CEILING_FROM = 0.5
MIN_ANSWERED = 0.5

_FEWEST = 4
NUMBERS = (
    "estimate", "std_error", "conf_low", "conf_high", "alpha_perception", "alpha_expectation",
    "alpha_gap", "lord_equal", "r", "sd_perception", "sd_expectation", "sd_gap",
    "variance_ratio", "ceiling", "r_gap_perception", "r_if_unrelated",
)  # fmt: skip
VALIDITY = (
    "term", "group", "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted",
    "conf_low", "conf_high", "n", "label", "r_perception", "r_gap", "r_between", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Score:
    """A dimension, or all of them together: its items and what each block of them counts."""

    term: str
    level: str
    label: str
    items: IntArray
    blocks: tuple[IntArray, ...]
    shares: FloatArray
    position: int


def scores_of(battery: Battery, overall: Overall) -> list[Score]:
    sizes = np.array([len(scale.items) for scale in battery.scales])
    every = np.split(np.arange(sizes.sum()), np.cumsum(sizes)[:-1])
    found = [
        Score(term=scale.name, level="dimension", label=scale.label, items=items,
               blocks=(np.arange(len(items)),), shares=np.ones(1), position=position)
        for position, (scale, items) in enumerate(zip(battery.scales, every, strict=True))
    ]  # fmt: skip
    if len(found) > 1:
        equal = np.full(len(sizes), 1 / len(sizes))
        found.append(
            Score(term="overall", level="overall", label="overall",
                   items=np.arange(sizes.sum()), blocks=tuple(every), position=len(found),
                   shares=equal if overall == "dimensions" else sizes / sizes.sum())
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Study:
    """Answers of the respondents analysed, and how they are resampled."""

    battery: Battery
    perception: FloatArray
    expectation: FloatArray
    outcome: FloatArray | None
    weights: FloatArray | None
    confidence_level: float
    n_boot: int
    seed: int

    def parts(self, score: Score) -> Parts:
        """Return the complete answers to a score."""
        received = self.perception[:, score.items]
        expected = self.expectation[:, score.items]
        complete: BoolArray = np.asarray(np.isfinite(received + expected).all(axis=1))
        return Parts(
            received=received[complete],
            expected=expected[complete],
            weights=self._scaled(complete),
        )

    def scored(self, score: Score) -> tuple[FloatArray, FloatArray]:
        """Return perception and expectation of each respondent, as gap analysis scores them."""
        found = score_gaps(
            self.expectation[:, score.items],
            self.perception[:, score.items],
            dimensions=score.blocks,
            min_answered=MIN_ANSWERED,
        )
        blocks = slice(len(score.items), len(score.items) + len(score.blocks))
        received: FloatArray = found.perception[:, blocks] @ score.shares
        expected: FloatArray = found.expectation[:, blocks] @ score.shares
        return received, expected

    def _scaled(self, rows: BoolArray) -> FloatArray:
        """Return the weights of some respondents, scaled to sum to their number."""
        count = int(rows.sum())
        weights = np.ones(count) if self.weights is None else self.weights[rows]
        return weights * (count / weights.sum()) if count else weights

    def counts(self, rows: int, score: Score, table: int) -> FloatArray:
        """Return how often each respondent is drawn in each resample, shape (B, n)."""
        rng = np.random.default_rng([self.seed, table, score.position])
        units = units_of(np.arange(rows))
        return factors_from(draw_indices(units, self.n_boot, rng), units)

    def row(self, score: Score) -> dict[str, object]:
        """Return the row of `estimates` of a score."""
        parts = self.parts(score)
        n = len(parts.weights)
        row: dict[str, object] = {"term": score.term, "group": "all"}
        row |= dict.fromkeys(NUMBERS[:4], np.nan) | {"n": float(n), "level": score.level}
        row |= {"label": score.label, "items": len(score.items)}
        row |= dict.fromkeys(NUMBERS[4:], np.nan) | {"warning": "", "note": ""}
        if n < _FEWEST:
            return row | {"note": "too_few"}
        sums = variance_sums(parts.columns(score), parts.weights)
        found = _reliability(sums.sum(axis=0), score, n)
        row |= _description(found) | {"ceiling": self._ceiling(parts)}
        row["warning"] = _warning(row)
        single = min(len(block) for block in score.blocks) < 2
        if single or not np.isfinite(found.lord):
            return row | {"note": "one_item" if single else "constant"}
        drawn = _reliability(self.counts(n, score, 0) @ sums, score, n).lord[:, None]
        interval = resampled_interval(drawn, self.confidence_level)
        return row | {
            "std_error": float(resampled_error(drawn)[0]),
            "conf_low": float(interval.low[0]),
            "conf_high": float(interval.high[0]),
        }

    def _ceiling(self, parts: Parts) -> float:
        top = (parts.expected >= self.battery.scale.high).mean(axis=1)
        return float(np.average(top, weights=parts.weights))

    def validity_row(self, score: Score, outcome: FloatArray) -> dict[str, object]:
        """Return the row of `validity` of a score."""
        received, expected = self.scored(score)
        usable: BoolArray = np.isfinite(received + expected + outcome)
        weights = self._scaled(usable)
        n = len(weights)
        row: dict[str, object] = dict.fromkeys(VALIDITY, np.nan)
        row |= {"term": score.term, "group": "all", "label": score.label, "n": float(n)}
        row["note"] = "too_few" if n < _FEWEST else ""
        if n < _FEWEST:
            return row
        values = np.column_stack([outcome, received, received - expected])[usable]
        values = values - values.mean(axis=0)
        if (np.abs(values).max(axis=0) <= 1e-12).any():
            return row | {"note": "constant"}
        sums = moment_sums(values, weights)
        first, second, between = _correlations(sums.sum(axis=0, keepdims=True))[0]
        row |= {"r_perception": first, "r_gap": second, "r_between": between}
        row["estimate"] = first - second
        drawn = _correlations(self.counts(n, score, 1) @ sums)
        differences = (drawn[:, 0] - drawn[:, 1])[:, None]
        interval = resampled_interval(differences, self.confidence_level)
        error = float(resampled_error(differences)[0])
        row |= {"std_error": error, "conf_low": interval.low[0], "conf_high": interval.high[0]}
        return row | self._test(first, second, between, n=n, error=error)

    def _test(
        self, first: float, second: float, between: float, *, n: int, error: float
    ) -> dict[str, object]:
        if self.weights is None:
            test = williams_test(first, second, between, n=n)
            return {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
        statistic = (first - second) / error if error > 0 else np.nan
        p_value = float(2 * stats.t.sf(abs(statistic), n - 1))
        return {"statistic": statistic, "df": float(n - 1), "p_value": p_value}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Parts:
    """Complete answers to the items of a score; weights sum to their number."""

    received: FloatArray
    expected: FloatArray
    weights: FloatArray

    def columns(self, score: Score) -> FloatArray:
        """Return the columns of perception, expectation and gap side by side."""
        parts = (self.received, self.expected, self.received - self.expected)
        columns = np.hstack([part_columns(x, score.blocks, score.shares) for x in parts])
        centred: FloatArray = columns - columns.mean(axis=0)
        return centred


def _reliability(totals: FloatArray, score: Score, n: int) -> GapReliability:
    parts = np.split(variances_from(totals, n), 3, axis=-1)
    return gap_reliability(*(part_moments(x, score.blocks, score.shares) for x in parts))


def _description(found: GapReliability) -> dict[str, float]:
    received, expected, gap = (
        float(np.sqrt(v))
        for v in (found.variance_perception, found.variance_expectation, found.variance_gap)
    )
    r = float(found.r)
    unrelated = np.hypot(received, expected)
    return {
        "estimate": float(found.lord),
        "alpha_perception": float(found.alpha_perception),
        "alpha_expectation": float(found.alpha_expectation),
        "alpha_gap": float(found.alpha_gap),
        "lord_equal": float(found.lord_equal),
        "r": r,
        "sd_perception": received,
        "sd_expectation": expected,
        "sd_gap": gap,
        "variance_ratio": expected**2 / received**2 if received > 0 else np.nan,
        "r_gap_perception": (received - r * expected) / gap if gap > 0 else np.nan,
        "r_if_unrelated": float(received / unrelated) if unrelated > 0 else np.nan,
    }


def _warning(row: dict[str, object]) -> str:
    ceiling, ratio = row["ceiling"], row["variance_ratio"]
    codes = ["ceiling"] if float(ceiling) >= CEILING_FROM else []  # type: ignore[arg-type]
    if float(ratio) < RESTRICTED_BELOW:  # type: ignore[arg-type]
        codes.append("restricted")
    return "_".join(codes)


def _correlations(totals: FloatArray) -> FloatArray:
    """Return r(outcome, perception), r(outcome, gap) and r(perception, gap), shape (B, 3)."""
    matrices = correlation_of(covariances_from_sums(totals, 3))
    return np.stack([matrices[:, 0, 1], matrices[:, 0, 2], matrices[:, 1, 2]], axis=1)
