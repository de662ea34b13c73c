"""Make spring.csv and autumn.csv: synthetic hotel stays, truth stated (see README.md).

Run ``python make_data.py`` inside this folder; the seed is fixed, so the files never change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20260315
GUESTS = {"spring": 620, "autumn": 580}
SHARE_BUSINESS_POPULATION, SHARE_BUSINESS_SAMPLE = 0.30, 0.50

# Touchpoint: mean rating, loading on its block, effect on satisfaction per standard deviation.
TOUCHPOINTS = {
    "clean": ("physical", 7.9, 0.80, 0.45),
    "comfort": ("physical", 7.6, 0.80, 0.40),
    "wifi": ("physical", 7.2, 0.30, 0.00),
    "breakfast": ("physical", 7.4, 0.40, 0.25),
    "spa": ("physical", 7.7, 0.40, 0.30),
    "checkin": ("relational", 7.8, 0.55, 0.25),
    "staff": ("relational", 8.0, 0.75, 0.60),
    "problems": ("relational", 6.9, 0.60, 0.30),
    "app": ("relational", 6.8, 0.70, 0.00),
}
HALO = 0.45
SD_RATING = 1.7
WIFI_LOW, WIFI_PENALTY = 5, -1.6
SHARE_SPA_USED = 0.42
BREAKFAST_DROP = -0.5
NOISE = 0.80


def to_ten(latent: np.ndarray) -> np.ndarray:
    """Round to the answers 1 to 10."""
    return np.clip(np.round(latent), 1, 10).astype(int)


def draw_guests(rng: np.random.Generator, n: int, wave: str) -> pd.DataFrame:
    """Draw complete guests: ratings, use of the spa, satisfaction, recommendation, weight."""
    halo = rng.standard_normal(n)
    blocks = {name: rng.standard_normal(n) for name in ("physical", "relational")}
    frame, satisfaction = pd.DataFrame(index=range(n)), np.full(n, 7.3)
    for name, (block, mean, loading, effect) in TOUCHPOINTS.items():
        shared = HALO * halo + np.sqrt(1 - HALO**2) * blocks[block]
        score = loading * shared + np.sqrt(1 - loading**2) * rng.standard_normal(n)
        drop = BREAKFAST_DROP if (name, wave) == ("breakfast", "autumn") else 0.0
        frame[name] = to_ten(mean + drop + SD_RATING * score)
        if name == "spa":
            used = rng.random(n) < SHARE_SPA_USED
            satisfaction += np.where(used, effect * score, 0.0)
            frame.loc[~used, "spa"] = 98
        else:
            satisfaction += effect * score
    satisfaction += np.where(frame["wifi"] <= WIFI_LOW, WIFI_PENALTY, 0.0)
    frame["osat"] = to_ten(satisfaction + NOISE * rng.standard_normal(n))
    frame["recommend"] = np.clip(
        to_ten(satisfaction + 0.4 + 1.2 * rng.standard_normal(n)), 0, 10
    )
    business = rng.random(n) < SHARE_BUSINESS_SAMPLE
    frame["purpose"] = np.where(business, "Business", "Leisure")
    frame["weight"] = np.round(
        np.where(
            business,
            SHARE_BUSINESS_POPULATION / SHARE_BUSINESS_SAMPLE,
            (1 - SHARE_BUSINESS_POPULATION) / (1 - SHARE_BUSINESS_SAMPLE),
        ),
        4,
    )
    frame["nights"] = 1 + rng.poisson(1.8, n)
    return frame


def spoil(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Add refusals, empty answers and guests who rate everything alike."""
    frame = frame.astype(object)
    for name in TOUCHPOINTS:
        hit = np.flatnonzero(rng.random(len(frame)) < 0.03)
        hit = hit[frame.loc[hit, name] != 98]
        frame.loc[hit, name] = rng.choice(["", "99"], size=len(hit))
    alike = rng.choice(len(frame), 12, replace=False)
    for row in alike:
        frame.loc[row, list(TOUCHPOINTS)] = int(rng.integers(6, 11))
    return frame


def make_wave(rng: np.random.Generator, wave: str) -> pd.DataFrame:
    """Make the file of one wave."""
    frame = spoil(rng, draw_guests(rng, GUESTS[wave], wave))
    frame.insert(0, "guest", [f"{wave[0].upper()}{5001 + i}" for i in range(len(frame))])
    frame["email"] = [f"{guest.lower()}@example.org" for guest in frame["guest"]]
    return frame


def make_responses(seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Make both waves from one seed."""
    rng = np.random.default_rng(seed)
    return {wave: make_wave(rng, wave) for wave in GUESTS}


if __name__ == "__main__":
    for name, table in make_responses().items():
        target = Path(__file__).with_name(f"{name}.csv")
        table.to_csv(target, index=False, lineterminator="\n")
