"""How often intervals of the gap analysis cover and its tests reject, on simulated answers.

Answers are whole numbers from 1 to 7. Expectations pile up at 7, as they do in real surveys;
perceptions do not. Every respondent has one dimension of five items.

    python benchmarks/coverage_servqual.py [--quick]

Prints a line for each interval or test, and all of them as JSON on the last line.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from cxresearch._effects import d_z_interval, weighted_d_z
from cxresearch._moments import column_moments
from cxresearch.psychometrics.coefficient_alpha import alpha_from_covariance, feldt_interval
from cxresearch.servqual._differences import wald_test, welch_test

Floats = NDArray[np.float64]

ITEMS = 5
LEVEL = 0.95
SIZES = (50, 200)
TILT = 0.5
GROUPS = ((15, 60, 120), (60, 90, 120))
SPREADS = (1.8, 1.2, 0.7)


@dataclass(frozen=True, slots=True)
class Answers:
    """Expectations and perceptions, shape (..., items), and how active each respondent is."""

    expectation: Floats
    perception: Floats
    activity: Floats

    @property
    def gap(self) -> Floats:
        return self.perception - self.expectation


def rounded(values: Floats) -> Floats:
    return np.clip(np.round(values), 1, 7)


def draw_answers(
    rng: np.random.Generator, shape: tuple[int, ...], *, tilt: float = 0.0
) -> Answers:
    """Answers of `shape` respondents; the active ones are easier to please.

    With a tilt the chance to be asked is in proportion to ``exp(tilt · activity)``, which turns
    a normal activity of mean 0 into one of mean `tilt`.
    """
    activity = tilt + rng.normal(size=shape)
    quality = 0.4 * activity + math.sqrt(1 - 0.4**2) * rng.normal(size=shape)
    standard = rng.normal(size=shape)
    own = rng.normal(size=(2, *shape, ITEMS))
    perception = 4.8 + 1.2 * (0.75 * quality[..., None] + 0.66 * own[0])
    expectation = 6.3 + 0.9 * (0.65 * standard[..., None] + 0.76 * own[1])
    return Answers(rounded(expectation), rounded(perception), activity)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a very large sample says."""

    gap: dict[str, float]
    d_z: dict[str, float]
    alpha: dict[str, float]


def terms_of(answers: Answers) -> dict[str, Floats]:
    return {"item": answers.gap[..., 0], "dimension": answers.gap.mean(axis=-1)}


def parts_of(answers: Answers) -> dict[str, Floats]:
    return {
        "expectation": answers.expectation,
        "perception": answers.perception,
        "gap": answers.gap,
    }


def find_truth(seed: int = 7, size: int = 2_000_000) -> Truth:
    answers = draw_answers(np.random.default_rng(seed), (size,))
    terms = terms_of(answers)
    return Truth(
        gap={name: float(values.mean()) for name, values in terms.items()},
        d_z={name: float(values.mean() / values.std()) for name, values in terms.items()},
        alpha={
            name: alpha_from_covariance(np.cov(values, rowvar=False))
            for name, values in parts_of(answers).items()
        },
    )


def share_covering(low: Floats, high: Floats, truth: float) -> float:
    return float(np.mean((low <= truth) & (truth <= high)))


def mean_interval(values: Floats, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """Intervals of the mean, one replicate a column."""
    moments = column_moments(values, weights=weights)
    half = stats.t.ppf((1 + LEVEL) / 2, moments.df) * moments.std_error
    return moments.mean - half, moments.mean + half


def unweighted(rng: np.random.Generator, replicates: int, truth: Truth) -> dict[str, float]:
    found = {}
    for n in SIZES:
        answers = draw_answers(rng, (n, replicates))
        for name, values in terms_of(answers).items():
            found[f"gap {name}, n={n}"] = share_covering(
                *mean_interval(values), truth.gap[name]
            )
            moments = column_moments(values)
            effect = d_z_interval(moments.mean / moments.std_error, moments.n)
            found[f"d_z {name}, n={n}"] = share_covering(
                effect.conf_low, effect.conf_high, truth.d_z[name]
            )
    return found


def weighted(rng: np.random.Generator, replicates: int, truth: Truth) -> dict[str, float]:
    """Active people are likelier to answer; the weight is the inverse of that likelihood."""
    found = {}
    for n in SIZES:
        answers = draw_answers(rng, (n, replicates), tilt=TILT)
        weights = np.exp(-TILT * answers.activity)
        for name, values in terms_of(answers).items():
            found[f"weighted gap {name}, n={n}"] = share_covering(
                *mean_interval(values, weights), truth.gap[name]
            )
            effect = weighted_d_z(values, weights, confidence_level=LEVEL)
            found[f"weighted d_z {name}, n={n}"] = share_covering(
                effect.conf_low, effect.conf_high, truth.d_z[name]
            )
    return found


def reliability(rng: np.random.Generator, replicates: int, truth: Truth) -> dict[str, float]:
    found = {}
    for n in SIZES:
        answers = draw_answers(rng, (replicates, n))
        for name, values in parts_of(answers).items():
            centred = values - values.mean(axis=1, keepdims=True)
            covariances = np.einsum("rni,rnj->rij", centred, centred) / (n - 1)
            bounds = np.array(
                [
                    feldt_interval(alpha_from_covariance(s), n=n, items=ITEMS)
                    for s in covariances
                ]
            )
            found[f"alpha {name}, n={n}"] = share_covering(
                bounds[:, 0], bounds[:, 1], truth.alpha[name]
            )
    return found


def null_groups(
    rng: np.random.Generator, sizes: tuple[int, ...], replicates: int
) -> list[Floats]:
    """Groups with mean gap 0, the smallest with the largest spread."""
    return [
        rounded(4 + spread * rng.normal(size=(n, replicates)))
        - rounded(4 + 0.5 * spread * rng.normal(size=(n, replicates)))
        for n, spread in zip(sizes, SPREADS, strict=True)
    ]


def wald_p_values(rng: np.random.Generator, groups: list[Floats]) -> Floats:
    """p-values of the weighted test, one a replicate; weights say nothing about the gap."""
    rows = sum(len(g) for g in groups)
    replicates = groups[0].shape[1]
    weights = rng.uniform(0.5, 2.0, size=(rows, replicates))
    group = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
    values = np.concatenate(groups)
    domains = [
        column_moments(np.where((group == k)[:, None], values, np.nan), weights=weights)
        for k in range(len(groups))
    ]
    mean = np.array([domain.mean for domain in domains])
    variance = np.array([domain.std_error for domain in domains]) ** 2
    return np.array(
        [wald_test(mean[:, r], variance[:, r], n=rows).p_value for r in range(replicates)]
    )


def rejections(rng: np.random.Generator, replicates: int) -> dict[str, float]:
    """Share of true null hypotheses rejected at 5%."""
    found = {}
    for sizes in GROUPS:
        groups = null_groups(rng, sizes, replicates)
        welch = [welch_test([g[:, r] for g in groups]).p_value for r in range(replicates)]
        found[f"Welch, groups of {sizes}"] = float(np.mean(np.array(welch) < 0.05))
        wald = wald_p_values(rng, groups)
        found[f"weighted Wald, groups of {sizes}"] = float(np.mean(wald < 0.05))
    return found


def measure(replicates: int, *, seed: int = 20261122) -> dict[str, dict[str, float]]:
    """Return coverage of every interval and rejections of every test."""
    rng = np.random.default_rng(seed)
    truth = find_truth()
    studies: list[Callable[..., dict[str, float]]] = [unweighted, weighted, reliability]
    coverage: dict[str, float] = {}
    for study in studies:
        coverage |= study(rng, replicates, truth)
    return {"coverage": coverage, "rejection": rejections(rng, replicates)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer replicates")
    replicates = 1000 if parser.parse_args().quick else 4000
    started = time.perf_counter()
    found = measure(replicates)
    error = math.sqrt(LEVEL * (1 - LEVEL) / replicates)
    print(f"{replicates} replicates; Monte-Carlo standard error about {error:.4f}")
    for kind, rows in found.items():
        print(f"\n{kind}, nominal {LEVEL if kind == 'coverage' else 1 - LEVEL:.2f}")
        for name, share in rows.items():
            print(f"  {name:40} {share:.4f}")
    seconds = time.perf_counter() - started
    print()
    print(json.dumps({"replicates": replicates, "seconds": round(seconds, 1), **found}))


if __name__ == "__main__":
    main()
