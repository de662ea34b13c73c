"""Make moments.csv and episodes.csv: synthetic visits with a stated truth (see README.md).

Run ``python make_data.py`` inside this folder; the seed is fixed, so the files never change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20260914
PATIENTS, VISITS = 120, 3
FEWEST_MOMENTS, MOST_MOMENTS = 6, 10

# Pain from 0 to 10: where it starts, how it varies, how it hangs together in time.
LEVEL, PERSON_SD, VISIT_SD, MOMENT_SD, AUTOCORRELATION = 4.5, 0.9, 1.0, 1.6, 0.55
# The memory: weights of peak, end and mean of the visit; its length has none.
WEIGHTS = {"peak": 0.45, "end": 0.40, "mean": 0.0, "duration": 0.0}
MEMORY_LEVEL, MEMORY_PERSON_SD, MEMORY_SD = 0.6, 0.5, 0.7
# People differ in how much the end weighs: standard deviation of its weight.
WEIGHT_SD_OF_THE_END = 0.15

# Which of the three visits a patient would rather go through again: weights of what was felt.
CHOICE_WEIGHTS = {"peak": -0.35, "end": -0.45, "duration": 0.0}

MISSING_SHARE = 0.04
DROPPED_OUT, SILENT, WITHOUT_MOMENTS, REPEATED_ROWS, REPEATED_MOMENTS = 14, 7, 2, 4, 5


def draw_moments(rng: np.random.Generator, level: float, count: int) -> np.ndarray:
    """Draw the pain at the moments of one visit: a level and noise that hangs together."""
    noise = np.empty(count)
    noise[0] = rng.normal()
    for k in range(1, count):
        rest = np.sqrt(1 - AUTOCORRELATION**2) * rng.normal()
        noise[k] = AUTOCORRELATION * noise[k - 1] + rest
    return np.clip(level + MOMENT_SD * noise, 0, 10)


def draw_visit(
    rng: np.random.Generator, person: float, memory_person: tuple[float, float]
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Draw one visit: its moments, and how it is remembered."""
    count = int(rng.integers(FEWEST_MOMENTS, MOST_MOMENTS + 1))
    length = int(rng.integers(15, 61))
    inner = np.sort(rng.choice(np.arange(1, length), size=count - 2, replace=False))
    felt = draw_moments(rng, LEVEL + person + VISIT_SD * rng.normal(), count)
    remembered = (
        MEMORY_LEVEL
        + WEIGHTS["peak"] * felt.max()
        + (WEIGHTS["end"] + memory_person[1]) * felt[-1]
        + WEIGHTS["mean"] * felt.mean()
        + memory_person[0]
        + MEMORY_SD * rng.normal()
    )
    moments = pd.DataFrame({"minute": [0, *inner, length], "pain": np.round(felt)})
    return moments, {"minutes": length, "remembered": np.clip(np.round(remembered), 0, 10)}


def make_genuine(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw every visit of every patient."""
    moments, episodes = [], []
    for number in range(PATIENTS):
        person = PERSON_SD * rng.normal()
        own = MEMORY_PERSON_SD * rng.normal(), WEIGHT_SD_OF_THE_END * rng.normal()
        clinic = int(rng.integers(1, 4))
        for visit in range(1, VISITS + 1):
            key = {"PatientID": f"P{1001 + number}", "visit": visit}
            rated, known = draw_visit(rng, person, own)
            moments.append(rated.assign(**key))
            episodes.append({**key, "clinic": clinic, **known})
    return pd.concat(moments, ignore_index=True), pd.DataFrame(episodes)


def draw_choices(
    rng: np.random.Generator, moments: pd.DataFrame, episodes: pd.DataFrame
) -> pd.Series:
    """Draw which visit each patient would rather have again: 1 for one of them, 0 for the rest.

    Conditional logit: the highest of the weighted feelings and a Gumbel draw is chosen.
    """
    keys = ["PatientID", "visit"]
    felt = moments.groupby(keys, sort=False)["pain"].agg(["max", "last"]).reset_index()
    score = CHOICE_WEIGHTS["peak"] * felt["max"] + CHOICE_WEIGHTS["end"] * felt["last"]
    score += CHOICE_WEIGHTS["duration"] * episodes["minutes"] + rng.gumbel(size=len(felt))
    best = score.groupby(felt["PatientID"], sort=False).transform("max")
    return (score == best).astype(int)


def spoil(
    rng: np.random.Generator, moments: pd.DataFrame, episodes: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add what real files have: gaps, visits cut short, forgotten questions, double rows."""
    keys = ["PatientID", "visit"]
    number = moments.groupby(keys, sort=False).ngroup()
    drawn = rng.permutation(len(episodes))
    cut = drawn[:DROPPED_OUT]
    silent = drawn[DROPPED_OUT : DROPPED_OUT + SILENT]
    empty = drawn[DROPPED_OUT + SILENT : DROPPED_OUT + SILENT + WITHOUT_MOMENTS]
    last = ~moments.duplicated(keys, keep="last")
    place = moments.groupby(keys, sort=False).cumcount()
    size = moments.groupby(keys, sort=False)["minute"].transform("size")
    missing = (rng.random(len(moments)) < MISSING_SHARE) & ~last & (place > 0)
    moments = moments.assign(pain=moments["pain"].mask(missing))
    lost = number.isin(cut) & (place >= size - 3) | number.isin(empty)
    moments = moments[~lost]
    episodes.loc[silent, "remembered"] = np.nan
    double = rng.choice(len(moments), REPEATED_MOMENTS, replace=False)
    moments = pd.concat([moments, moments.iloc[double]], ignore_index=True)
    twice = np.sort(rng.choice(len(episodes), REPEATED_ROWS, replace=False))
    episodes = pd.concat([episodes, episodes.iloc[twice]], ignore_index=True)
    return moments.sample(frac=1.0, random_state=SEED).reset_index(drop=True), episodes


def make_tables(seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Make both files."""
    rng = np.random.default_rng(seed)
    moments, episodes = make_genuine(rng)
    episodes["again"] = draw_choices(np.random.default_rng([seed, 1]), moments, episodes)
    moments, episodes = spoil(rng, moments, episodes)
    moments["device"] = rng.choice(["tablet", "phone"], size=len(moments))
    episodes["initials"] = ["".join(rng.choice(list("ABCDEFGH"), 2)) for _ in episodes.index]
    episodes["comment"] = ""
    places = rng.choice(len(episodes), 20, replace=False)
    episodes.loc[places, "comment"] = rng.choice(
        ["Long wait.", "Kind nurse.", "It hurt when I left."], size=20
    )
    return {
        "moments": moments[["PatientID", "visit", "minute", "pain", "device"]],
        "episodes": episodes,
    }


def to_csv(table: pd.DataFrame) -> str:
    """Return a table as text, whole numbers as such."""
    return str(table.to_csv(index=False, lineterminator="\n", float_format="%g"))


if __name__ == "__main__":
    for name, made in make_tables().items():
        Path(__file__).with_name(f"{name}.csv").write_text(to_csv(made), encoding="utf-8")
