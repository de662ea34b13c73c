"""Type-I error and coverage of the mixed model's tests, with 12 and with 100 people.

Run ``python benchmarks/coverage_peak_end.py [--quick]``: memories without an effect of the
condition, analysed with Satterthwaite's degrees of freedom, by z, and as if the episodes of a
person were independent. The last line is JSON: rejection rates at 5%, which should be .05.

Measured with 20,000 studies: Satterthwaite .050 and .050 with 12 people (both conditions met;
separate conditions), .049 and .051 with 100; z .059 and .076, .049 and .054; as independent
.018 and .182, .014 and .179; intervals cover .950 and .951, .952 and .949.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from scipy import special

from cxresearch.peak_end import PeakEndDesign
from cxresearch.peak_end._batch import fit_random_intercepts
from cxresearch.peak_end.simulate import draw_studies


def rates(people: int, allocation: str, studies: int) -> dict[str, float]:
    design = PeakEndDesign(
        participants=people, episodes=4, moments=8, allocation=allocation, dropout=0.1
    )
    rng = np.random.default_rng([people, allocation == "within"])
    rejected = {"satterthwaite": 0.0, "z": 0.0, "independent": 0.0}
    covered = 0.0
    for _ in range(studies // 500):
        drawn = draw_studies(design, 500, rng)
        there = np.isfinite(drawn.memory)
        memory = np.where(there, drawn.memory, 0.0)
        treated = np.broadcast_to(design.treated(), memory.shape).astype(float)
        fit = fit_random_intercepts(memory, treated[..., None], there)
        estimate, error, df = (a[:, 0] for a in (fit.estimate, fit.std_error, fit.df))
        rejected["satterthwaite"] += float((fit.p_value[:, 0] < 0.05).sum())
        rejected["z"] += float((2 * special.ndtr(-np.abs(estimate / error)) < 0.05).sum())
        rejected["independent"] += float((_naive(memory, treated, there) < 0.05).sum())
        covered += float((np.abs(estimate) <= special.stdtrit(df, 0.975) * error).sum())
    total = 500 * (studies // 500)
    return {name: count / total for name, count in rejected.items()} | {
        "coverage": covered / total
    }


def _naive(memory: np.ndarray, treated: np.ndarray, there: np.ndarray) -> np.ndarray:
    """p-values of a regression that takes every episode for another person's."""
    n = there.sum(axis=(1, 2))
    x = (treated - (treated * there).sum((1, 2), keepdims=True) / n[:, None, None]) * there
    slope = (x * memory).sum((1, 2)) / (x**2).sum((1, 2))
    y = (memory - (memory * there).sum((1, 2), keepdims=True) / n[:, None, None]) * there
    rss = (y**2).sum((1, 2)) - slope**2 * (x**2).sum((1, 2))
    error = np.sqrt(rss / (n - 2) / (x**2).sum((1, 2)))
    return 2 * special.stdtr(n - 2, -np.abs(slope / error))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 studies instead of 20,000")
    studies = 1000 if parser.parse_args().quick else 20_000
    found = {}
    for people in (12, 100):
        for allocation in ("within", "between"):
            found[f"{allocation}_{people}"] = rates(people, allocation, studies)
            print(f"{allocation}, {people} people: {found[f'{allocation}_{people}']}")
    print(json.dumps({"bench": "coverage_peak_end", "studies": studies, "rates": found}))


if __name__ == "__main__":
    main()
