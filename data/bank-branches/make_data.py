"""Make responses.csv: synthetic answers drawn from a stated truth (see README.md).

Run ``python make_data.py`` inside this folder; the seed is fixed, so the file never changes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

SEED = 20260901
GENUINE, INCOMPLETE, STRAIGHT, DUPLICATES = 391, 5, 7, 9

# Dimension: items, expected score, perceived score in town and in city, points of importance.
TRUTH = {
    "tangibles": (range(1, 5), 5.30, 5.35, 5.35, 11),
    "reliability": (range(5, 10), 6.30, 5.70, 5.30, 31),
    "responsiveness": (range(10, 14), 6.10, 5.80, 5.20, 23),
    "assurance": (range(14, 18), 6.05, 5.75, 5.75, 20),
    "empathy": (range(18, 23), 5.60, 5.40, 5.40, 15),
}
SHARE_CITY = 0.55
# How far an item lies from its dimension; sums to zero within each dimension.
ITEM_OFFSETS = [
    0.15, -0.10, 0.05, -0.10,
    -0.30, 0.10, 0.05, 0.15, 0.00,
    -0.15, 0.10, 0.05, 0.00,
    0.10, 0.00, -0.10, 0.00,
    0.05, -0.15, 0.10, 0.00, 0.00,
]  # fmt: skip
SD_PERCEPTION, SD_EXPECTATION = 1.25, 0.95
LOADING_PERCEPTION, LOADING_EXPECTATION = 0.78, 0.66
FACTOR_CORRELATION, SAME_DIMENSION = 0.55, 0.35


def rounded_mean(latent_mean: float, sd: float) -> float:
    """Mean of a normal variable rounded to 1..7, ends collecting the tails."""
    cuts = norm.cdf((np.arange(1.5, 7.0) - latent_mean) / sd)
    return float(7 - cuts.sum())


def latent_mean(target: float, sd: float) -> float:
    """Latent mean at which the rounded answers have the mean `target`."""
    return float(brentq(lambda mean: rounded_mean(mean, sd) - target, -5.0, 13.0, xtol=1e-12))


def draw_answers(
    rng: np.random.Generator, city: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw expectation and perception of 22 items, and the general satisfaction behind them."""
    n = len(city)
    general = rng.standard_normal((n, 2))
    share = np.sqrt(FACTOR_CORRELATION)
    expectation, perception = np.empty((n, 22)), np.empty((n, 22))
    general[:, 1] = (
        SAME_DIMENSION * general[:, 0] + np.sqrt(1 - SAME_DIMENSION**2) * general[:, 1]
    )
    for items, expected, town, in_city, _ in TRUTH.values():
        own = rng.standard_normal((n, 2))
        own[:, 1] = SAME_DIMENSION * own[:, 0] + np.sqrt(1 - SAME_DIMENSION**2) * own[:, 1]
        factor = share * general + np.sqrt(1 - share**2) * own
        for item in items:
            offset = ITEM_OFFSETS[item - 1]
            centre = latent_mean(expected, SD_EXPECTATION)
            noise = rng.standard_normal((n, 2))
            expectation[:, item - 1] = centre + SD_EXPECTATION * (
                LOADING_EXPECTATION * factor[:, 0]
                + np.sqrt(1 - LOADING_EXPECTATION**2) * noise[:, 0]
            )
            centres = np.where(
                city,
                latent_mean(in_city + offset, SD_PERCEPTION),
                latent_mean(town + offset, SD_PERCEPTION),
            )
            perception[:, item - 1] = centres + SD_PERCEPTION * (
                LOADING_PERCEPTION * factor[:, 1]
                + np.sqrt(1 - LOADING_PERCEPTION**2) * noise[:, 1]
            )
    return to_seven(expectation), to_seven(perception), general[:, 1]


def to_seven(latent: np.ndarray) -> np.ndarray:
    """Round to the answers 1 to 7."""
    return np.clip(np.round(latent), 1, 7).astype(int)


def draw_points(rng: np.random.Generator, n: int) -> np.ndarray:
    """Share 100 points over five dimensions: whole numbers that sum to 100."""
    means = np.array([truth[-1] for truth in TRUTH.values()], dtype=float)
    raw = 100 * rng.dirichlet(means / 4, size=n)
    points = np.floor(raw).astype(int)
    for row, rest in enumerate(100 - points.sum(axis=1)):
        largest = np.argsort(points[row] - raw[row])[:rest]
        points[row, largest] += 1
    return points


def true_gaps() -> pd.DataFrame:
    """Return the truth behind the file: expectation, perception and gap of each dimension."""
    rows = [
        (
            name,
            expected,
            SHARE_CITY * city + (1 - SHARE_CITY) * town,
            city - expected,
            town - expected,
        )
        for name, (_, expected, town, city, _) in TRUTH.items()
    ]
    frame = pd.DataFrame(
        rows, columns=["dimension", "expectation", "perception", "city", "town"]
    )
    frame["gap"] = frame["perception"] - frame["expectation"]
    return frame


def make_genuine(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Draw `n` respondents who answer as the truth says."""
    city = rng.random(n) < SHARE_CITY
    expectation, perception, mood = draw_answers(rng, city)
    frame = pd.DataFrame({"RespID": [f"B{1001 + i}" for i in range(n)]})
    frame["branch"] = np.where(city, 1, 2)
    frame["customer"] = np.where(rng.random(n) < 0.72, "Private", "Business")
    for item in range(22):
        frame[f"E{item + 1:02d}"] = expectation[:, item]
    for item in range(22):
        frame[f"P{item + 1:02d}"] = perception[:, item]
    points = draw_points(rng, n)
    for column, name in enumerate(TRUTH):
        frame[f"imp_{name}"] = points[:, column]
    frame["osat"] = to_seven(5.4 + 0.9 * mood + 0.6 * rng.standard_normal(n))
    frame["seconds"] = np.round(np.exp(rng.normal(6.1, 0.35, n))).astype(int)
    return frame


def spoil(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Add what real files have: non-answers, typed labels, wrong sums, careless rows."""
    frame = frame.astype(object)
    items = [f"{part}{item:02d}" for part in "EP" for item in range(1, 23)]
    for column in items:
        hit = np.flatnonzero(rng.random(len(frame)) < 0.02)
        frame.loc[hit, column] = rng.choice(
            ["", "98", "99"], size=len(hit), p=[0.6, 0.25, 0.15]
        )
    typed = rng.choice(len(frame), 6, replace=False)
    frame.loc[typed, "E07"] = ["Strongly agree", "7 - Strongly agree"] * 3
    off_by_one = rng.choice(len(frame), 4, replace=False)
    frame.loc[off_by_one, "imp_tangibles"] = frame.loc[off_by_one, "imp_tangibles"] + 1
    wrong = rng.choice(np.setdiff1d(np.arange(len(frame)), off_by_one), 2, replace=False)
    frame.loc[wrong, "imp_reliability"] = 0
    incomplete = range(GENUINE, GENUINE + INCOMPLETE)
    for row in incomplete:
        frame.loc[row, items[10 + row % 3 : 40]] = ""
    for row in range(GENUINE + INCOMPLETE, GENUINE + INCOMPLETE + STRAIGHT):
        frame.loc[row, [c for c in items if c[0] == "E"]] = int(rng.integers(4, 8))
        frame.loc[row, [c for c in items if c[0] == "P"]] = int(rng.integers(3, 6))
        frame.loc[row, "seconds"] = int(rng.integers(60, 110))
    frame = frame.sample(frac=1.0, random_state=SEED).reset_index(drop=True)
    double = np.sort(rng.choice(len(frame), DUPLICATES, replace=False))
    return pd.concat([frame, frame.loc[double]], ignore_index=True)


def make_responses(seed: int = SEED) -> pd.DataFrame:
    """Make the whole file."""
    rng = np.random.default_rng(seed)
    frame = spoil(rng, make_genuine(rng, GENUINE + INCOMPLETE + STRAIGHT))
    n = len(frame)
    frame.insert(1, "browser", rng.choice(["Firefox", "Safari", "Chrome"], size=n))
    frame["email"] = [f"{identity.lower()}@example.org" for identity in frame["RespID"]]
    frame["comment"] = ""
    remarks = [
        "Friendly staff.",
        "Waited too long on Monday.",
        "They promised to call back.",
        "Nice branch, good coffee.",
    ]
    frame.loc[rng.choice(n, 30, replace=False), "comment"] = rng.choice(remarks, size=30)
    return frame


if __name__ == "__main__":
    target = Path(__file__).with_name("responses.csv")
    make_responses().to_csv(target, index=False, lineterminator="\n")
