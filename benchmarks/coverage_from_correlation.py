"""Do intervals and tests that know nothing but correlations and n keep their level?

Samples of normal respondents are drawn from a population with known shares; from each only the
correlation matrix and n are kept, as a paper would print them. Takes two minutes.
"""

from __future__ import annotations

import numpy as np

from cxresearch.drivers import importance_from_correlation
from cxresearch.drivers.shares import shapley_shares
from cxresearch.psychometrics import compare_dependent_correlations

POPULATION = np.array(
    [
        [1.0, 0.5, 0.3, 0.6],
        [0.5, 1.0, 0.4, 0.5],
        [0.3, 0.4, 1.0, 0.3],
        [0.6, 0.5, 0.3, 1.0],
    ]
)
SAMPLES = 1000
REPLICATES = 400


def coverage(n: int, *, samples: int = SAMPLES, seed: int = 1) -> np.ndarray:
    """Return the share of samples whose interval holds the truth, for each driver and R²."""
    rng = np.random.default_rng(seed)
    shares = shapley_shares(POPULATION)
    truth = np.append(shares, shares.sum())
    held = np.zeros(len(truth))
    for sample in range(samples):
        people = rng.multivariate_normal(np.zeros(4), POPULATION, size=n)
        result = importance_from_correlation(
            np.corrcoef(people.T), outcome="x4", n=n, n_boot=REPLICATES, seed=sample
        )
        table = result.tidy()
        low = np.append(table["conf_low"], result.r2_low)
        high = np.append(table["conf_high"], result.r2_high)
        held += (low <= truth) & (truth <= high)
    return held / samples


def levels(n: int, *, samples: int = 4000, seed: int = 1) -> np.ndarray:
    """Return how often Williams' and Meng's tests reject, and Zou's interval misses, equals."""
    matrix = np.array([[1, 0.5, 0.5], [0.5, 1, 0.4], [0.5, 0.4, 1]])
    rng, missed = np.random.default_rng(seed), np.zeros(3)
    for people in rng.multivariate_normal(np.zeros(3), matrix, size=(samples, n)):
        r = np.corrcoef(people.T)
        rows = compare_dependent_correlations(r[0, 1], r[0, 2], r[1, 2], n=n).tidy()
        left_out = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
        missed += [*(rows["p_value"].iloc[:2] < 0.05), left_out.iloc[2]]
    return missed / samples


if __name__ == "__main__":
    for n in (50, 100, 300, 1000):
        found = coverage(n).round(3).tolist()
        print(f"n = {n:4d}: shares {found[:3]}, R² {found[3]}")
    for n in (30, 100, 300):
        print(f"n = {n:4d}: Williams, Meng, Zou {levels(n).round(4).tolist()}")
