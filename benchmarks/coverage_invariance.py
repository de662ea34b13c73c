"""Level of the tests of measurement invariance, and coverage of latent mean differences.

Two groups answer eight items of two factors that are truly invariant, group B 0.3 standard
deviations higher on the first factor. Factors and residuals are normal,
or exponential (skewness 2). Or both groups give coarse answers, on 5 or 7 steps, even or piled
up at the top, with the same thresholds: of the same factors, so that everything is equal, or of
factors half a standard deviation apart and items of different difficulty, where a linear model
is not equal though nobody uses the steps differently. Or twelve branches differ in the factors,
of which the first may get more in one question besides.

    python benchmarks/coverage_invariance.py [--draws 1000] [--only normal]
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from cxresearch.psychometrics import (
    confirmatory_factors,
    level_invariance,
    measurement_invariance,
)

MODEL = {"F": list("abcd"), "G": list("efgh")}
MEAN = 0.3


def answers_of(rng: np.random.Generator, n: int, kind: str) -> pd.DataFrame:
    """Draw two groups of n, ``"normal"`` or ``"skewed"``."""
    frames = []
    for group in range(2):
        centre = [MEAN * group, 0.0]
        factors = rng.multivariate_normal(centre, [[1, 0.5], [0.5, 1]], n)
        residuals = rng.normal(size=(n, 8))
        if kind == "skewed":
            sources = rng.exponential(size=(n, 3)) - 1
            factors = np.sqrt(0.5) * (sources[:, :1] + sources[:, 1:]) + np.array(centre)
            residuals = rng.exponential(size=(n, 8)) - 1
        answers = 0.8 * np.repeat(factors, 4, axis=1) + 0.6 * residuals
        frames.append(
            pd.DataFrame(answers, columns=list("abcdefgh")).assign(branch="AB"[group])
        )
    return pd.concat(frames, ignore_index=True)


def steps_of(
    rng: np.random.Generator, n: int, steps: int, *, piled: bool, apart: float = 0.0
) -> pd.DataFrame:
    """Draw two groups of n that answer on few steps; one has factors `apart` higher."""
    frame = answers_of(rng, 2 * n, "normal").iloc[: 2 * n].reset_index(drop=True)
    frame.loc[n:, list("abcdefgh")] += 0.8 * apart
    frame[list("abcdefgh")] += np.tile(np.linspace(-0.6, 0.6, 4), 2) * (apart > 0)
    cuts = np.linspace(-2.4, 0.0, steps - 1) if piled else np.linspace(-1.8, 1.8, steps - 1)
    coarse = np.digitize(frame[list("abcdefgh")], cuts).astype(float)
    return pd.DataFrame(coarse, columns=list("abcdefgh")).assign(
        branch=np.repeat(["A", "B"], n)
    )


def coarse_cell(
    steps: int,
    n: int,
    draws: int,
    *,
    piled: bool,
    apart: float = 0.0,
    estimator: str = "mlr",
) -> str:
    """Return the share of rejections and verdicts with answers on few steps."""
    rng = np.random.default_rng(steps + n)
    metric, scalar, verdicts = [], [], []
    for _ in range(draws):
        found = measurement_invariance(
            steps_of(rng, n, steps, piled=piled, apart=apart),
            MODEL, group="branch", estimator=estimator, search=False,
        )  # fmt: skip
        p_values = found.ladder.set_index("term")["p_value"]
        metric.append(p_values["metric"] < 0.05)
        scalar.append(p_values["scalar"] < 0.05)
        verdicts.append(found.verdict)
    shares = pd.Series(verdicts).value_counts(normalize=True).round(3).to_dict()
    skewness = float(steps_of(rng, 50_000, steps, piled=piled)[["a", "h"]].skew().mean())
    return (
        f"{steps} steps, skewness {skewness:.1f} {estimator:4} n={n:<5} apart={apart} "
        f"metric {np.mean(metric):.3f}  scalar {np.mean(scalar):.3f}  {shares}"
    )


def one_cell(kind: str, estimator: str, n: int, draws: int, *, holes: float = 0.0) -> str:
    """Return the share of rejections, of verdicts and of covering intervals."""
    rng = np.random.default_rng(n)
    metric, scalar, covered, verdicts = [], [], [], []
    for _ in range(draws):
        frame = answers_of(rng, n, kind)
        items = list("abcdefgh")
        frame[items] = frame[items].mask(rng.random((len(frame), 8)) < holes)
        found = measurement_invariance(
            frame, MODEL, group="branch", estimator=estimator, search=False,
            missing="fiml" if holes else "listwise",
        )  # fmt: skip
        p_values = found.ladder.set_index("term")["p_value"]
        metric.append(p_values["metric"] < 0.05)
        scalar.append(p_values["scalar"] < 0.05)
        verdicts.append(found.verdict)
        if len(found.means):
            low, high = found.means.loc[0, ["conf_low", "conf_high"]]
            covered.append(low < MEAN < high)
    shares = pd.Series(verdicts).value_counts(normalize=True).round(3).to_dict()
    return (
        f"{kind:7} {estimator:4} n={n:<5} holes={holes:.1f}  metric {np.mean(metric):.3f}  "
        f"scalar {np.mean(scalar):.3f}  coverage {np.mean(covered):.3f}  {shares}"
    )


def fiml_cell(n: int, holes: float, estimator: str, draws: int) -> str:
    """Return coverage of a loading and rejections of a true model with missing answers."""
    rng = np.random.default_rng(n)
    covered, rejected = [], []
    for _ in range(draws):
        frame = answers_of(rng, n, "normal").iloc[:n].drop(columns="branch")
        frame = frame.mask(rng.random(frame.shape) < holes)
        found = confirmatory_factors(frame, MODEL, estimator=estimator, missing="fiml")
        row = found.estimates.iloc[0]
        covered.append(row["conf_low"] < 0.8 < row["conf_high"])
        rejected.append(float(found.glance()["p_value"].item()) < 0.05)
    return (
        f"fiml {estimator:4} n={n:<5} holes={holes:.1f}  coverage {np.mean(covered):.3f}  "
        f"rejected {np.mean(rejected):.3f}"
    )


def branches_of(
    rng: np.random.Generator, groups: int, n: int, kind: str, lift: float
) -> pd.DataFrame:
    """Draw branches whose factors differ; the first gets `lift` more in one question."""
    of_row = np.repeat(np.arange(groups), n)
    phi = np.array([[1, 0.5], [0.5, 1]])
    factors = rng.multivariate_normal([0, 0], phi / 4, groups)[of_row]
    factors = factors + rng.multivariate_normal([0, 0], phi, len(of_row))
    answers = 0.8 * np.repeat(factors, 4, axis=1) + 0.6 * rng.normal(size=(len(of_row), 8))
    answers[of_row == 0, 0] += lift
    if kind == "piled":
        answers = np.digitize(answers, np.linspace(-2.4, 0.0, 6)).astype(float)
    frame = pd.DataFrame(answers, columns=list("abcdefgh"))
    return frame.assign(branch=[f"b{k:02d}" for k in of_row])


def levels_cell(groups: int, n: int, kind: str, lift: float, draws: int) -> str:
    """Return the share of rejections and verdicts of `level_invariance`."""
    rng = np.random.default_rng(groups * n)
    rejected, verdicts, found_it = [], [], []
    for _ in range(draws):
        found = level_invariance(branches_of(rng, groups, n, kind, lift), MODEL, group="branch")
        rejected.append(found.ladder["p_value"].iloc[1] < 0.05)
        verdicts.append(found.verdict)
        found_it.append(found.freed == ("intercept:a",))
    shares = pd.Series(verdicts).value_counts(normalize=True).round(3).to_dict()
    return (
        f"levels {kind:7} {groups} x {n:<4} lift={lift}  rejected {np.mean(rejected):.3f}  "
        f"item named {np.mean(found_it):.3f}  {shares}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument(
        "--only", default="", help="normal, skewed, holes, fiml, coarse, levels"
    )
    asked = parser.parse_args()
    cells = {
        "normal": [("normal", "ml", 200, 0.0), ("normal", "mlr", 200, 0.0)],
        "skewed": [("skewed", "ml", 200, 0.0), ("skewed", "mlr", 200, 0.0)],
        "holes": [("normal", "ml", 200, 0.1), ("normal", "mlr", 200, 0.1)],
    }
    for name, rows in cells.items():
        if asked.only in ("", name):
            for kind, estimator, n, holes in rows:
                print(one_cell(kind, estimator, n, asked.draws, holes=holes))
    if asked.only in ("", "coarse"):
        for steps in (5, 7):
            for piled, apart in ((False, 0.0), (True, 0.0), (True, 0.5)):
                print(coarse_cell(steps, 200, asked.draws, piled=piled, apart=apart))
    if asked.only in ("", "levels"):
        for n, kind, lift in (
            (15, "normal", 0.0), (40, "normal", 0.0), (40, "piled", 0.0), (40, "normal", 0.6),
        ):  # fmt: skip
            print(levels_cell(12, n, kind, lift, asked.draws), flush=True)
    if asked.only in ("", "fiml"):
        for estimator in ("ml", "mlr"):
            print(fiml_cell(250, 0.2, estimator, asked.draws))


if __name__ == "__main__":
    main()
