"""How often intervals of reliability cover, and which verdicts on distinctness are given.

    python benchmarks/coverage_reliability.py [--quick] [--only ordinal]

Five seven-point items (four-point for ordinal omega) of one factor or 22 of five; the truth of
each coefficient is that of a sample of 400,000. Prints one line a condition; ``--quick`` makes
few replicates. The last line is JSON with the lowest coverage.

Notes
-----
In percent; 1,000 replicates unless another number is given, Monte-Carlo error 0.7 points.

- alpha, standardised alpha, omega of the report: n = 100 96.6, 95.3, 95.8; n = 400 95.8, 95.3,
  95.6; piled up at the top 95.3, 95.3, 94.8 and 95.6, 95.8, 95.7; with weights 93.4, 93.5, 93.3
  and 95.1, 95.2, 94.8; 20 clusters 93.7, 93.6, 94.2 and 92.0, 92.4, 92.1.
- bootstrap of alpha, omega, AVE: n = 100 (500) percentile 94.4, 94.6, 94.4, BCa 93.8, 94.6,
  94.0; n = 400 percentile 95.8, 96.0, 95.7. Delta method of omega, AVE: 94.8, 94.2; 95.2, 95.0.
- ordinal omega: n = 100 90.0, n = 400 92.2, n = 1,600 95.3.
- 22 items, n = 400 (500): HTMT 93.9, latent correlation 94.5, omega hierarchical 93.8.
- verdicts (200): factors correlate .55 all distinct; .70 89.5 distinct, 10.5 unclear; .85 92.5
  partly, 4.5 unclear, 3.0 one factor; .95 and 1 all one factor.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from cxresearch.codebook.model import Battery, Codebook, Column, Item, ResponseScale, Scale
from cxresearch.psychometrics import (
    bifactor_reliability,
    confirmatory_factors,
    distinct_scales,
    factor_reliability,
    htmt,
    ordinal_reliability,
    reliability_bootstrap,
    scale_reliability,
)
from cxresearch.responses.model import Flow, Responses

LOADINGS = np.array([0.8, 0.7, 0.6, 0.75, 0.65])
SIZES = {"TAN": 4, "REL": 5, "RES": 4, "ASS": 4, "EMP": 5}
LARGE = 400_000


def one_factor(n: int, rng: np.random.Generator, steps: int) -> pd.DataFrame:
    under = rng.normal(size=(n, 1)) * LOADINGS
    under = under + rng.normal(size=(n, 5)) * np.sqrt(1 - LOADINGS**2)
    cuts = np.linspace(-2.2, 1.6, steps - 1)
    return pd.DataFrame(np.digitize(under, cuts), columns=list("abcde"))


def model() -> dict[str, list[str]]:
    names = iter(range(1, 23))
    return {factor: [f"P{next(names):02d}" for _ in range(k)] for factor, k in SIZES.items()}


def five_factors(n: int, rng: np.random.Generator, correlation: float) -> pd.DataFrame:
    phi = np.full((5, 5), correlation) + (1 - correlation) * np.eye(5)
    factors = rng.multivariate_normal(np.zeros(5), phi, n, method="eigh")
    of_item = np.repeat(np.arange(5), list(SIZES.values()))
    loadings = np.linspace(0.6, 0.85, 22)[np.arange(22) * 7 % 22]
    noise = rng.normal(size=(n, 22)) * np.sqrt(1 - loadings**2)
    answers = np.clip(np.round(5 + 1.2 * (factors[:, of_item] * loadings + noise)), 1, 7)
    return pd.DataFrame(answers, columns=[x for items in model().values() for x in items])


def survey_of(answers: np.ndarray, **columns: np.ndarray) -> Responses:
    """One scale of five questions, with columns named after their roles."""
    items = tuple(Item(key=key, text=f"Question {key}") for key in range(1, 6))
    battery = Battery(
        name="desk",
        scale=ResponseScale(name="agree7", low=1, high=7),
        parts={"rating": "Q{item}"},
        scales=(Scale(name="A", label="A", items=items),),
    )
    frame = pd.DataFrame(answers, columns=[f"Q{key}" for key in range(1, 6)]).assign(**columns)
    return Responses(
        codebook=Codebook(
            survey="Desk",
            batteries=(battery,),
            columns=tuple(
                Column(name=role, column=role, role=role, label=role) for role in columns
            ),
        ),
        frame=frame,
        missing=frame.isna(),
        quality=pd.DataFrame(),
        flow=Flow(read=len(frame)),
        sources=(),
    )


def sampled(kind: str, n: int, rng: np.random.Generator) -> Responses:
    """Draw answers: ``simple``, ``skewed``, ``weighted`` or ``clustered`` (20 branches)."""
    if kind != "clustered":
        steps = np.linspace(-2.6, 0.6, 6) if kind == "skewed" else np.linspace(-2.2, 1.6, 6)
        under = rng.normal(size=(n, 1)) * LOADINGS
        answers = np.digitize(
            under + rng.normal(size=(n, 5)) * np.sqrt(1 - LOADINGS**2), steps
        ).astype(float)
        if kind != "weighted":
            return survey_of(answers)
        return survey_of(answers, weight=rng.choice([0.5, 1.0, 3.0], size=n))
    branch = np.arange(n) % 20
    halo = np.sqrt(0.3) * rng.normal(size=20)[branch] + np.sqrt(0.7) * rng.normal(size=n)
    under = halo[:, None] * LOADINGS + rng.normal(size=(n, 5)) * np.sqrt(1 - LOADINGS**2)
    answers = np.digitize(under, np.linspace(-2.2, 1.6, 6)).astype(float)
    return survey_of(answers, cluster=branch)


def report_coverage(kind: str, n: int, replicates: int) -> dict[str, float]:
    """What the report shows: alpha, alpha standardised and omega of one scale."""
    rng = np.random.default_rng(n)
    alike = "simple" if kind in ("weighted", "clustered") else kind
    truth = scale_reliability(sampled(alike, LARGE, rng), n_boot=0).estimates.iloc[0]
    ends = {
        "estimate": ("conf_low", "conf_high"),
        "alpha_standardized": ("standardized_low", "standardized_high"),
        "omega": ("omega_low", "omega_high"),
    }
    hits: Counter[str] = Counter()
    for seed in range(replicates):
        found = scale_reliability(sampled(kind, n, rng), n_boot=400, seed=seed)
        row = found.estimates.iloc[0]
        for name, (low, high) in ends.items():
            hits[name] += row[low] <= truth[name] <= row[high]
    return {name: count / replicates for name, count in hits.items()}


def scale_coverage(n: int, replicates: int) -> dict[str, float]:
    """Alpha, omega and AVE of one scale, by the bootstrap and by the delta method."""
    rng = np.random.default_rng(n)
    scale = {"A": list("abcde")}
    large = one_factor(LARGE, rng, 7)
    cfa = confirmatory_factors(large, scale)
    truth = factor_reliability(cfa).estimates.iloc[0]
    covariance = np.cov(large.to_numpy().T)
    alpha = 1.25 * (1 - np.trace(covariance) / covariance.sum())
    target = {"alpha": alpha, "omega": truth["estimate"], "ave": truth["ave"]}
    hits: Counter[str] = Counter()
    for seed in range(replicates):
        frame = one_factor(n, rng, 7)
        delta = factor_reliability(confirmatory_factors(frame, scale, estimator="mlr"))
        row = delta.estimates.iloc[0]
        hits["omega, delta"] += row["conf_low"] <= target["omega"] <= row["conf_high"]
        hits["ave, delta"] += row["ave_low"] <= target["ave"] <= row["ave_high"]
        for how in ("percentile", "bca") if n <= 200 else ("percentile",):
            found = reliability_bootstrap(frame, scale, n_boot=199, interval=how, seed=seed)
            rows = found.estimates.set_index("group")
            for name, value in target.items():
                covered = rows.loc[name, "conf_low"] <= value <= rows.loc[name, "conf_high"]
                hits[f"{name}, {how}"] += covered
    return {name: count / replicates for name, count in hits.items()}


def ordinal_coverage(n: int, replicates: int) -> dict[str, float]:
    """Green and Yang's omega of one scale of four-point items, by the delta method."""
    rng = np.random.default_rng(n + 1)
    first = rng.normal(size=(LARGE, 1)) * LOADINGS
    noise = np.sqrt(1 - LOADINGS**2)
    cuts = np.linspace(-2.2, 1.6, 3)
    sums = [
        np.digitize(first + rng.normal(size=(LARGE, 5)) * noise, cuts).sum(axis=1)
        for _ in range(2)
    ]
    truth, hits = float(np.corrcoef(sums)[0, 1]), 0
    for _ in range(replicates):
        row = ordinal_reliability(one_factor(n, rng, 4), {"A": list("abcde")}).estimates.iloc[0]
        hits += row["conf_low"] <= truth <= row["conf_high"]
    return {"ordinal omega": hits / replicates}


def battery_coverage(n: int, replicates: int) -> dict[str, float]:
    """HTMT, latent correlation and omega hierarchical of 22 items, factors correlating .55."""
    rng = np.random.default_rng(n + 2)
    large = five_factors(LARGE, rng, 0.55)
    ratio = htmt(large, model(), n_boot=0).estimates["estimate"].to_numpy()
    cfa = confirmatory_factors(large, model())
    latent = factor_reliability(cfa).pairs["estimate"].to_numpy()
    general = confirmatory_factors(large, model(), bifactor="g")
    truth = bifactor_reliability(general).estimates["estimate"].iloc[0]
    found: dict[str, list[float]] = {"HTMT": [], "latent correlation": [], "omega_h": []}
    for seed in range(replicates):
        frame = five_factors(n, rng, 0.55)
        rows = htmt(frame, model(), n_boot=399, seed=seed).estimates
        found["HTMT"].append(
            float(rows["conf_low"].le(ratio).mul(rows["conf_high"].ge(ratio)).mean())
        )
        robust = confirmatory_factors(frame, model(), estimator="mlr")
        pairs = factor_reliability(robust).pairs
        inside = pairs["conf_low"].le(latent) & pairs["conf_high"].ge(latent)
        found["latent correlation"].append(float(inside.mean()))
        split = confirmatory_factors(frame, model(), bifactor="g", estimator="mlr")
        row = bifactor_reliability(split).estimates.iloc[0]
        found["omega_h"].append(float(row["conf_low"] <= truth <= row["conf_high"]))
    return {name: float(np.mean(values)) for name, values in found.items()}


def verdicts(correlation: float, n: int, replicates: int) -> dict[str, float]:
    """Share of each verdict on five factors that all correlate alike."""
    rng = np.random.default_rng(int(1000 * correlation) + n)
    counts = Counter(
        distinct_scales(five_factors(n, rng, correlation), model(), n_boot=199).verdict
        for _ in range(replicates)
    )
    return {verdict: count / replicates for verdict, count in counts.items()}


def parts(*, quick: bool) -> dict[str, Callable[[], dict[str, float]]]:
    """Return what can be run alone, each with its number of replicates."""
    found: dict[str, Callable[[], dict[str, float]]] = {}
    for kind in ("simple", "skewed", "weighted", "clustered"):
        for n in (100, 400):
            found[f"{kind}-{n}"] = partial(report_coverage, kind, n, 20 if quick else 1000)
    for n, replicates in ((100, 500), (400, 1000)):
        found[f"scale-{n}"] = partial(scale_coverage, n, 20 if quick else replicates)
    for n in (100, 400, 1600):
        found[f"ordinal-{n}"] = partial(ordinal_coverage, n, 20 if quick else 1000)
    found["battery-400"] = partial(battery_coverage, 400, 10 if quick else 500)
    for correlation in (0.55, 0.7, 0.85, 0.95, 1.0):
        found[f"verdict-{correlation}"] = partial(
            verdicts, correlation, 400, 10 if quick else 200
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few replicates")
    parser.add_argument("--only", default="", help="parts whose names begin so: ordinal-100")
    asked = parser.parse_args()
    lowest = 1.0
    for name, part in parts(quick=asked.quick).items():
        if not name.startswith(asked.only):
            continue
        found = part()
        print(
            f"{name}:",
            {what: round(float(share), 3) for what, share in found.items()},
            flush=True,
        )
        if not name.startswith("verdict"):
            lowest = min(lowest, *found.values())
    print(json.dumps({"bench": "coverage_reliability", "lowest": round(lowest, 3)}))


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
