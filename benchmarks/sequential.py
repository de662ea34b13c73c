"""Peeking: how often 20 looks at no effect end in a finding, and what the intervals cover.

Run ``python benchmarks/sequential.py [--quick]``: two conditions, people arriving one by one,
a look after every twentieth part. The last line is JSON: rates of a false finding under naive
tests at 5%, O'Brien–Fleming and Pocock spending and always-valid p (the first should be about
.25, the others at most .05), coverage of the intervals at the stop of a real effect, and how
often an effect of just the smallest size that matters is called beyond or within it at some
look (by repeated intervals at most .025 each).
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
from scipy import special, stats

from cxresearch.peak_end import sequential_bounds, sequential_test
from cxresearch.peak_end.anytime import mixture_ratio

LOOKS, PER_LOOK, TAU = 20, 20, 0.3


def studies(count: int, effect: float, seed: int) -> tuple[np.ndarray, ...]:
    """Return estimate, error and Z (of Welch's p) at each look, shape (count, looks)."""
    rng = np.random.default_rng(seed)
    half = PER_LOOK // 2
    plain = rng.normal(size=(count, LOOKS * half))
    warm = rng.normal(effect, size=plain.shape)
    n = half * np.arange(1, LOOKS + 1)
    means, variances = [], []
    for values in (plain, warm):
        sums = values.reshape(count, LOOKS, half).sum(2).cumsum(1)
        squares = (values**2).reshape(count, LOOKS, half).sum(2).cumsum(1)
        means.append(sums / n)
        variances.append((squares - sums**2 / n) / (n - 1) / n)
    estimate, error = means[1] - means[0], np.sqrt(variances[0] + variances[1])
    df = (error**4) * (n - 1) / (variances[0] ** 2 + variances[1] ** 2)
    t = estimate / error
    z = np.sign(t) * -special.ndtri_exp(stats.t.logsf(np.abs(t), df))
    return estimate, error, z


def false_findings(count: int) -> dict[str, float]:
    estimate, error, z = studies(count, 0.0, 1)
    size = np.abs(z)
    fractions = np.arange(1, LOOKS + 1) / LOOKS
    found = {"naive": float((size > special.ndtri(0.975)).any(axis=1).mean())}
    for spending in ("obrien_fleming", "pocock"):
        bounds = sequential_bounds(fractions, spending=spending).bounds["estimate"].to_numpy()
        found[spending] = float((size >= bounds).any(axis=1).mean())
    ratio = mixture_ratio(estimate, estimate / np.where(z == 0, 1, z), tau=TAU)
    found["always_valid"] = float((ratio >= 20).any(axis=1).mean())
    found["always_valid_plain_error"] = float(
        (mixture_ratio(estimate, error, tau=TAU) >= 20).any(axis=1).mean()
    )
    return found


def false_claims(count: int, effect: float) -> dict[str, float]:
    """Return how often an effect of just the smallest size is called beyond or within it."""
    estimate, _, z = studies(count, effect, 3)
    error = estimate / np.where(z == 0, 1, z)
    fractions = np.arange(1, LOOKS + 1) / LOOKS
    found = {}
    for name in ("naive", "obrien_fleming", "pocock"):
        bounds = np.full(LOOKS, special.ndtri(0.975))
        if name != "naive":
            bounds = sequential_bounds(fractions, spending=name).bounds["estimate"].to_numpy()
        low, high = estimate - bounds * error, estimate + bounds * error
        found[f"{name}_beyond"] = float((low >= effect).any(axis=1).mean())
        inside = (low > -effect) & (high < effect)
        found[f"{name}_within"] = float(inside.any(axis=1).mean())
    return found


def coverage(count: int, effect: float) -> dict[str, float]:
    """Stop at the first of five looks that crosses; count which intervals hold the truth."""
    estimate, _, z = studies(count, effect, 2)
    at = np.array([3, 7, 11, 15, 19])
    kept = {"final": 0.0, "repeated_all": 0.0, "naive": 0.0, "above_median": 0.0, "bias": 0.0}
    naive_bias = 0.0
    for row in range(count):
        looks = pd.DataFrame(
            {
                "estimate": estimate[row, at],
                "std_error": estimate[row, at] / z[row, at],
                "fraction": (at + 1) / LOOKS,
            }
        )
        found = sequential_test(looks)
        final, told = found.final.iloc[0], found.looks
        last = (found.stopped_at or len(at)) - 1
        kept["final"] += final["conf_low"] <= effect <= final["conf_high"]
        kept["above_median"] += final["estimate"] > effect
        kept["repeated_all"] += bool(
            ((told["conf_low"] <= effect) & (effect <= told["conf_high"])).all()
        )
        plain = told.iloc[last]
        kept["naive"] += abs(plain["estimate"] - effect) <= 1.959964 * plain["std_error"]
        kept["bias"] += final["estimate"] - effect
        naive_bias += plain["estimate"] - effect
    rates = {name: float(value) / count for name, value in kept.items()}
    return rates | {"naive_bias": float(naive_bias) / count}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the studies")
    part = 10 if parser.parse_args().quick else 1
    found = {
        "false_findings": false_findings(20_000 // part),
        "false_claims_effect_0.3": false_claims(20_000 // part, 0.3),
        "coverage_effect_0.3": coverage(1000 // part, 0.3),
        "coverage_effect_0": coverage(1000 // part, 0.0),
    }
    for name, values in found.items():
        print(f"{name}: {values}")
    print(json.dumps({"bench": "sequential", "studies": 20_000 // part, **found}))


if __name__ == "__main__":
    main()
