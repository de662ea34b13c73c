"""How often intervals of gap quality, response surfaces and zones of tolerance cover.

Answers are whole numbers from 1 to 7, expectations piled up at the top.

    python benchmarks/coverage_gap_quality.py [--quick]

Prints a line for each interval or test, and all of them as JSON on the last line.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cxresearch._dependent_correlations import williams_test
from cxresearch._moments import column_moments
from cxresearch._resample import draw_indices, factors_from, units_of
from cxresearch.servqual._gap_quality_rows import Score
from cxresearch.servqual._gap_reliability import (
    gap_reliability,
    part_columns,
    part_moments,
    variance_sums,
    variances_from,
)
from cxresearch.servqual._replicates import resampled_interval
from cxresearch.servqual._surface_fit import (
    TERMS,
    constraint_test,
    delta_errors,
    fit,
    resampled_coefficients,
    surface_design,
    terms_of,
)
from cxresearch.servqual._zone_scores import position_moments
from cxresearch.servqual._zone_tables import _classes, _measured

Floats = NDArray[np.float64]

LEVEL = 0.95
ITEMS = 5
RELIABILITY_SIZES = (50, 100, 400)
SURFACE_SIZES = (100, 300, 1000)
ZONE_SIZES = (30, 200)
CURVED = np.array([4.5, 0.5, -0.1, -0.15, 0.2, -0.2])
GAP = np.array([4.5, 0.5, -0.5, 0.0, 0.0, 0.0])


def rounded(values: Floats) -> Floats:
    return np.clip(np.round(values), 1, 7)


def covering(low: Floats, high: Floats, truth: float | Floats) -> float:
    """Share of intervals that hold the truth, of those that are defined."""
    known = np.isfinite(low) & np.isfinite(high)
    return float(np.mean(((low <= truth) & (truth <= high))[known]))


# ── Lord's reliability ────────────────────────────────────────────────────────────────────


def draw_pairs(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """Perceptions and expectations of one dimension; both rest on a common leniency."""
    common = rng.normal(size=n)
    quality, standard = 0.4 * common[:, None] + 0.92 * rng.normal(size=(2, n, 1))
    own = rng.normal(size=(2, n, ITEMS))
    return (
        rounded(4.8 + 1.2 * (0.75 * quality + 0.66 * own[0])),
        rounded(6.1 + 0.9 * (0.65 * standard + 0.76 * own[1])),
    )


def score() -> Score:
    return Score(
        term="d", level="dimension", label="d", items=np.arange(ITEMS),
        blocks=(np.arange(ITEMS),), shares=np.ones(1), position=0,
    )  # fmt: skip


def lord(totals: Floats, n: int) -> Floats:
    shape = score()
    parts = np.split(variances_from(totals, n), 3, axis=-1)
    found = gap_reliability(*(part_moments(x, shape.blocks, shape.shares) for x in parts))
    return found.lord


def sums_of(received: Floats, expected: Floats) -> Floats:
    shape = score()
    columns = [
        part_columns(x, shape.blocks, shape.shares)
        for x in (received, expected, received - expected)
    ]
    stacked = np.hstack(columns)
    return variance_sums(stacked - stacked.mean(axis=0), np.ones(len(received)))


def reliability(rng: np.random.Generator, replicates: int, n_boot: int) -> dict[str, float]:
    truth = float(lord(sums_of(*draw_pairs(rng, 1_000_000)).sum(axis=0), 1_000_000))
    found = {"Lord, truth": truth}
    for n in RELIABILITY_SIZES:
        units = units_of(np.arange(n))
        ends = np.empty((replicates, 2))
        for run in range(replicates):
            sums = sums_of(*draw_pairs(rng, n))
            counts = factors_from(draw_indices(units, n_boot, rng), units)
            interval = resampled_interval(lord(counts @ sums, n)[:, None], LEVEL)
            ends[run] = interval.low[0], interval.high[0]
        found[f"Lord, n={n}"] = covering(ends[:, 0], ends[:, 1], truth)
        found[f"Lord, n={n}, truth above"] = float(np.mean(ends[:, 1] < truth))
    return found


def williams_level(rng: np.random.Generator, replicates: int) -> dict[str, float]:
    """Rejections at 5% where both scores predict alike, scores correlating .8."""
    covariance = np.array([[1, 0.4, 0.4], [0.4, 1, 0.8], [0.4, 0.8, 1]])
    found = {}
    for n in (50, 200):
        rejected = 0
        for _ in range(replicates):
            r = np.corrcoef(rng.multivariate_normal(np.zeros(3), covariance, n).T)
            rejected += williams_test(r[0, 1], r[0, 2], r[1, 2], n=n).p_value < 1 - LEVEL
        found[f"Williams, n={n}, rejected"] = rejected / replicates
    return found


# ── response surface ──────────────────────────────────────────────────────────────────────


def draw_surface(
    rng: np.random.Generator, n: int, beta: Floats
) -> tuple[Floats, Floats, Floats]:
    """Means of five answers from the midpoint; an outcome less sure for the dissatisfied."""
    received, expected = (x.mean(axis=1) - 4 for x in draw_pairs(rng, n))
    spread = np.clip(1 - 0.25 * received, 0.4, 2.0)
    x = surface_design(received, expected)
    return x, x @ beta + spread * rng.normal(size=n), received


def surface(
    rng: np.random.Generator, replicates: int, n_boot: int, beta: Floats, name: str
) -> dict[str, float]:
    truth = terms_of(beta)
    found: dict[str, float] = {}
    gap = np.vstack([[0, 1, 1, 0, 0, 0], np.eye(6)[3:]])
    for n in SURFACE_SIZES:
        units = units_of(np.arange(n))
        ends = np.full((replicates, 3, 2, len(TERMS)), np.nan)
        rejected = np.empty(replicates)
        for run in range(replicates):
            x, y, _ = draw_surface(rng, n, beta)
            for kind, std_errors in enumerate(("hc3", "classical")):
                fitted = fit(x, y, None, std_errors=std_errors)
                estimate = terms_of(fitted.beta)
                error = delta_errors(terms_of, fitted.beta, fitted.covariance)
                half = stats.t.ppf((1 + LEVEL) / 2, fitted.df) * error
                ends[run, kind] = estimate - half, estimate + half
                if std_errors == "hc3":
                    rejected[run] = constraint_test(fitted, gap).p_value < 1 - LEVEL
            counts = factors_from(draw_indices(units, n_boot, rng), units)
            drawn = terms_of(resampled_coefficients(x, y, np.ones(n), counts))
            interval = resampled_interval(drawn, LEVEL)
            ends[run, 2] = interval.low, interval.high
        wanted = [t for t in TERMS if t[0] == "a" or (name == "curved" and t[0] in "xyp")]
        for term in wanted:
            at = TERMS.index(term)
            for kind, label in enumerate(("hc3", "classical", "bootstrap")):
                key = f"{name} {term} {label}, n={n}"
                found[key] = covering(ends[:, kind, 0, at], ends[:, kind, 1, at], truth[at])
        found[f"{name} gap rejected (4 df), n={n}"] = float(rejected.mean())
    return found


# ── zone of tolerance ─────────────────────────────────────────────────────────────────────


def draw_zone(
    rng: np.random.Generator, shape: tuple[int, int], level: float
) -> tuple[Floats, Floats, Floats]:
    leniency = rng.normal(size=shape)
    minimum = rounded(4.0 + 0.6 * leniency + 0.8 * rng.normal(size=shape))
    wish = rounded(6.0 + 0.4 * leniency + 0.7 * rng.normal(size=shape))
    desired = np.maximum(wish, minimum)
    received = rounded(level + 0.4 * leniency + 1.1 * rng.normal(size=shape))
    return minimum, desired, received


def border(rng: np.random.Generator) -> float:
    """Level of perception at which the true adequacy gap is 0."""
    low, high = 3.0, 5.0
    for _ in range(12):
        middle = (low + high) / 2
        minimum, _, received = draw_zone(rng, (1_000_000, 1), middle)
        low, high = (middle, high) if received.mean() < minimum.mean() else (low, middle)
    return (low + high) / 2


def zones(rng: np.random.Generator, replicates: int) -> dict[str, float]:
    found: dict[str, float] = {}
    at_border = border(rng)
    for place, level in (("minimum", at_border), ("inside", 5.0)):
        big = draw_zone(rng, (2_000_000, 1), level)
        means = [float(x.mean()) for x in big]
        truth = (means[2] - means[0]) / (means[1] - means[0])
        for n in ZONE_SIZES:
            minimum, desired, received = draw_zone(rng, (n, replicates), level)
            measured = {
                name: _measured(column_moments(values), LEVEL, measure=name)
                for name, values in (
                    ("adequacy", received - minimum),
                    ("superiority", received - desired),
                )
            }
            classes = np.array(_classes(measured["adequacy"], measured["superiority"]))
            for zone in ("below", "within", "above", "not_decided"):
                found[f"{place}: {zone}, n={n}"] = float(np.mean(classes == zone))
            moments = position_moments(received - minimum, desired - minimum)
            position = _measured(moments, LEVEL, measure="position")
            ends = (position["conf_low"].to_numpy(), position["conf_high"].to_numpy())
            found[f"{place}: position, n={n}"] = covering(*ends, truth)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    runs, n_boot = (100, 200) if quick else (1000, 500)
    rng = np.random.default_rng(20)
    started = time.perf_counter()
    found: dict[str, float] = {}
    found |= reliability(rng, runs, n_boot)
    found |= williams_level(rng, 500 if quick else 10_000)
    found |= surface(rng, runs, n_boot, CURVED, "curved")
    found |= surface(rng, runs, n_boot, GAP, "gap true")
    found |= zones(rng, 500 if quick else 20_000)
    for name, value in found.items():
        print(f"{name:50s} {value:.4f}")
    print(f"{time.perf_counter() - started:.0f} s")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
