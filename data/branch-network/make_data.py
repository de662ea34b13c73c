"""Make spring.csv and autumn.csv: synthetic answers drawn from a stated truth (see README.md).

Run ``python make_data.py`` inside this folder; the seed is fixed, so the files never change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20261003
WAVES = {"spring": 300, "autumn": 300}
# Dimension: items, expected, received in spring and in autumn, points, effect on the outcome.
TRUTH = {
    "tangibles": (range(1, 3), 5.3, 5.3, 5.3, 11, 0.0),
    "reliability": (range(3, 5), 6.2, 5.2, 5.2, 30, 0.6),
    "responsiveness": (range(5, 7), 6.0, 5.0, 5.6, 24, 0.3),
    "assurance": (range(7, 9), 6.0, 5.7, 5.7, 20, 0.1),
    "empathy": (range(9, 11), 5.5, 5.2, 5.2, 15, 0.0),
}
BRANCHES = {
    "Airport": 0.10, "Bridge": 0.15, "Castle": -0.15, "Docks": 0.05, "East": 0.20,
    "Forum": 0.10, "Garden": -0.05, "Harbour": -1.10, "Island": 0.25, "Junction": 0.15,
    "King Street": 0.10, "Lake": 0.20,
}  # fmt: skip
"""What a branch adds to everything received there; sums to zero."""
MINIMUM, DESIRED = -1.2, 0.5
"""How far the least acceptable and the desired level lie from what is expected."""
BUSINESS, BUSINESS_ASKED, BUSINESS_EFFECT = 0.2, 0.5, -0.3
"""Share among customers, share among those asked, and how much less they say they get."""


def to_seven(latent: np.ndarray) -> np.ndarray:
    """Round to the answers 1 to 7."""
    return np.clip(np.round(latent), 1, 7).astype(int)


def draw_points(rng: np.random.Generator, n: int) -> np.ndarray:
    """Share 100 points over five dimensions: whole numbers that sum to 100."""
    raw = 100 * rng.dirichlet([truth[4] / 4 for truth in TRUTH.values()], size=n)
    points = np.floor(raw).astype(int)
    for row, rest in enumerate(100 - points.sum(axis=1)):
        points[row, np.argsort(points[row] - raw[row])[:rest]] += 1
    return points


def draw_wave(rng: np.random.Generator, n: int, wave: str) -> pd.DataFrame:
    """Draw `n` respondents of a wave, without faults."""
    business = rng.random(n) < BUSINESS_ASKED
    branch = rng.permutation(np.arange(n) % len(BRANCHES))
    # Business customers say BUSINESS_EFFECT less than others; over all customers it is nothing.
    kind = BUSINESS_EFFECT * np.where(business, 1 - BUSINESS, -BUSINESS)
    level = np.array(list(BRANCHES.values()))[branch] + kind + 0.5 * rng.standard_normal(n)
    standard = 0.4 * rng.standard_normal(n)
    parts: dict[str, np.ndarray] = {}
    outcome = 5.2 + 0.4 * level
    for items, expected, spring, autumn, _, effect in TRUTH.values():
        received = spring if wave == "spring" else autumn
        own = 0.6 * rng.standard_normal(n)
        outcome = outcome + effect * own
        for item in items:
            noise = 0.4 * rng.standard_normal((4, n))
            parts[f"E{item:02d}"] = expected + standard + noise[0]
            parts[f"P{item:02d}"] = received + level + own + noise[1]
            parts[f"M{item:02d}"] = expected + MINIMUM + standard + noise[2]
            parts[f"D{item:02d}"] = expected + DESIRED + standard + noise[3]
    frame = pd.DataFrame({"customer": [f"{wave[0].upper()}{1001 + i}" for i in range(n)]})
    frame["branch"] = np.array(list(BRANCHES))[branch]
    frame["kind"] = np.where(business, "Business", "Private")
    shares = (BUSINESS / BUSINESS_ASKED, (1 - BUSINESS) / (1 - BUSINESS_ASKED))
    frame["weight"] = np.round(np.where(business, *shares), 3)
    for name in sorted(parts):
        frame[name] = to_seven(parts[name])
    points = draw_points(rng, n)
    for column, name in enumerate(TRUTH):
        frame[f"imp_{name}"] = points[:, column]
    frame["osat"] = to_seven(outcome + 0.4 * rng.standard_normal(n))
    return frame


def make_responses() -> dict[str, pd.DataFrame]:
    """Return the files of both waves; 3% of the ratings are missing at random."""
    rng = np.random.default_rng(SEED)
    files = {}
    for wave, n in WAVES.items():
        frame = draw_wave(rng, n, wave).astype(object)
        ratings = [name for name in frame if name[0] in "DEMP" and name[1:].isdigit()]
        for name in ratings:
            frame.loc[rng.random(n) < 0.03, name] = ""
        files[wave] = frame
    return files


if __name__ == "__main__":
    for wave, frame in make_responses().items():
        path = Path(__file__).parent / f"{wave}.csv"
        path.write_text(frame.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
