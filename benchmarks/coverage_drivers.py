"""Do the intervals cover, and do the labelled tests keep their level? A simulation with known
shares.

Five drivers with known correlations and coefficients; the true Shapley shares follow from the
population covariance matrix. Printed: coverage of percentile and BCa intervals for each driver,
and how often each labelled question is answered "yes" for two useless drivers, one correlated
with a real one.

    python benchmarks/coverage_drivers.py [--quick] [--n 300] [--samples 1000] [--boot 500]
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import pandas as pd

from cxresearch.drivers.importance import driver_importance
from cxresearch.drivers.margin import random_driver_margin
from cxresearch.drivers.shares import shapley_shares

DRIVERS = ("strong", "medium", "weak", "null_correlated", "null_alone")
SLOPES = np.array([0.6, 0.4, 0.15, 0.0, 0.0])


def population() -> np.ndarray:
    """Covariance of drivers and outcome: the null driver correlates .5 with the strong one."""
    x = np.eye(5)
    for i, j, r in (
        (0, 1, 0.4),
        (0, 2, 0.3),
        (1, 2, 0.3),
        (0, 3, 0.5),
        (1, 3, 0.3),
        (2, 3, 0.2),
    ):
        x[i, j] = x[j, i] = r
    with_y = x @ SLOPES
    variance = SLOPES @ with_y + 1.0
    return np.block([[x, with_y[:, None]], [with_y[None, :], np.array([[variance]])]])


def draw(n: int, rng: np.random.Generator, covariance: np.ndarray) -> pd.DataFrame:
    values = rng.multivariate_normal(np.zeros(6), covariance, size=n, method="cholesky")
    return pd.DataFrame(values, columns=[*DRIVERS, "outcome"])


def robust_p(frame: pd.DataFrame) -> np.ndarray:
    """p-values of the coefficients with HC3 standard errors: is there an effect of its own?"""
    from scipy.stats import t as student

    x = np.column_stack([np.ones(len(frame)), frame[list(DRIVERS)].to_numpy()])
    y = frame["outcome"].to_numpy()
    bread = np.linalg.inv(x.T @ x)
    slopes = bread @ x.T @ y
    scores = x * ((y - x @ slopes) / (1 - np.einsum("ij,jk,ik->i", x, bread, x)))[:, None]
    errors = np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))
    return 2 * student.sf(np.abs(slopes / errors), len(y) - x.shape[1])[1:]


def simulate(n: int, samples: int, boot: int, seed: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    covariance = population()
    truth = shapley_shares(covariance)
    covered = {"percentile": np.zeros(5), "bca": np.zeros(5)}
    too_low = {"percentile": np.zeros(5), "bca": np.zeros(5)}
    yes = {
        question: np.zeros(5)
        for question in ("hc3_coefficient", "conditional_twin", "independent_twin")
    }
    interval_above_zero = np.zeros(5)
    asked = {"outcome": "outcome", "drivers": list(DRIVERS)}
    for sample in range(samples):
        frame = draw(n, rng, covariance)
        for kind in ("percentile", "bca"):
            table = driver_importance(
                frame, **asked, n_boot=boot, interval=kind, seed=sample
            ).estimates
            low, high = table["conf_low"].to_numpy(), table["conf_high"].to_numpy()
            covered[kind] += (low <= truth) & (truth <= high)
            too_low[kind] += high < truth
            if kind == "percentile":
                interval_above_zero += low > 0
        yes["hc3_coefficient"] += robust_p(frame) < 0.05
        for twin in ("conditional", "independent"):
            margin = random_driver_margin(
                frame, **asked, twin=twin, n_draws=min(boot, 200), seed=sample
            )
            yes[f"{twin}_twin"] += margin.estimates["exceeds"].to_numpy()
    return {
        "n": n,
        "samples": samples,
        "n_boot": boot,
        "truth": by_driver(truth),
        "coverage": {kind: by_driver(count / samples) for kind, count in covered.items()},
        "interval_below_truth": {k: by_driver(count / samples) for k, count in too_low.items()},
        "answered_yes": {kind: by_driver(count / samples) for kind, count in yes.items()},
        "naive_interval_above_zero": by_driver(interval_above_zero / samples),
    }


def by_driver(values: np.ndarray) -> dict[str, float]:
    return dict(zip(DRIVERS, np.abs(values).round(4).tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most 20 seconds")
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--boot", type=int, default=500)
    options = parser.parse_args()
    samples = 150 if options.quick else options.samples
    started = time.perf_counter()
    found = simulate(options.n, samples, options.boot, seed=20240101)
    for title, value in found.items():
        print(f"{title}: {json.dumps(value)}")
    seconds = round(time.perf_counter() - started, 1)
    print(json.dumps({"bench": "coverage_drivers", "seconds": seconds, **found}))


if __name__ == "__main__":
    main()
