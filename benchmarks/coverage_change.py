"""Does the interval of a change between two waves cover it? Means and shares, small and large.

Each wave gets its own interval (Student's for means of skewed 7-point answers, Wilson's for
shares); the change gets one from the two. Waves of the same people, whose answers go together,
and a later run that holds the earlier answers too show how much wider than need be it is then.
Run: python benchmarks/coverage_change.py
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from cxresearch.catalogue.compare import change_interval

SAMPLES = 20_000
LEVEL = 0.95


def means(rng: np.random.Generator, weights: np.ndarray, n: int) -> np.ndarray:
    """Return mean and Student's interval of SAMPLES waves of n answers from 1 to 7."""
    answers = rng.choice(np.arange(1, 8), size=(SAMPLES, n), p=weights)
    mean = answers.mean(axis=1)
    half = stats.t.ppf((1 + LEVEL) / 2, n - 1) * answers.std(axis=1, ddof=1) / n**0.5
    return np.array([mean, mean - half, mean + half])


def of_same_people(rng: np.random.Generator, n: int, correlation: float) -> np.ndarray:
    """Return both waves of SAMPLES panels of n people, as `means` does; no change is true."""
    both = rng.multivariate_normal(
        np.zeros(2), [[1, correlation], [correlation, 1]], size=(SAMPLES, n)
    )
    return np.stack([_of_normal(both[:, :, wave]) for wave in (0, 1)])


def with_the_earlier(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return n answers, and these and n more."""
    answers = rng.normal(size=(SAMPLES, 2 * n))
    return np.stack([_of_normal(answers[:, :n]), _of_normal(answers)])


def _of_normal(answers: np.ndarray) -> np.ndarray:
    mean, n = answers.mean(axis=1), answers.shape[1]
    half = stats.t.ppf((1 + LEVEL) / 2, n - 1) * answers.std(axis=1, ddof=1) / n**0.5
    return np.array([mean, mean - half, mean + half])


def shares(rng: np.random.Generator, share: float, n: int) -> np.ndarray:
    """Return share and Wilson's interval of SAMPLES waves of n people."""
    p, z = rng.binomial(n, share, SAMPLES) / n, stats.norm.ppf((1 + LEVEL) / 2)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.array([p, centre - half, centre + half])


def covered(earlier: np.ndarray, later: np.ndarray, change: float) -> float:
    """Return how often the interval holds the true change."""
    low, high = change_interval(earlier, later)
    return float(np.mean((low <= change) & (change <= high)))


def main() -> None:
    rng = np.random.default_rng(20260101)
    skewed = np.array([0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3])
    even = np.full(7, 1 / 7)
    true = [float(np.arange(1, 8) @ weights) for weights in (skewed, even)]
    for first, second in ((15, 15), (30, 120), (200, 400)):
        both = means(rng, skewed, first), means(rng, even, second)
        told = covered(*both, true[1] - true[0])
        print(f"means   n = {first:3d} and {second:3d}: {told:.3f}")
    for first, second in ((15, 15), (30, 120), (200, 400)):
        both = shares(rng, 0.1, first), shares(rng, 0.3, second)
        print(f"shares  n = {first:3d} and {second:3d}: {covered(*both, 0.2):.3f}")
    for correlation in (0.0, 0.3, 0.6, -0.3):
        earlier, later = of_same_people(rng, 60, correlation)
        print(f"same 60 people, r = {correlation:+.1f}: {covered(earlier, later, 0.0):.3f}")
    earlier, later = with_the_earlier(rng, 60)
    print(f"60 answers, then 60 more beside them: {covered(earlier, later, 0.0):.3f}")


if __name__ == "__main__":
    main()
