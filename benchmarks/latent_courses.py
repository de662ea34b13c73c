"""Peaks of latent courses: right on average, covered, and blind to the number of moments.

Run ``python benchmarks/latent_courses.py [--quick]``. The last line is JSON.

- *levels*: one episode a person, a constant latent level, 3 to 29 noisy moments, a memory of
  the level and nothing else. `duration_neglect` under the plain and the latent peak, and with
  the mean alone: mean t of duration, and how often it is flagged at 5% (which should be .05).
- *courses*: people with several episodes, each of 3 to 29 moments; levels and slopes of people
  and of episodes, drift forgotten over 6 moments, and noise; a memory of the latent peak and
  end. The error of the plain and of the latent peak, and how often its 95% limits hold the
  truth, by number of moments; the duration as before.
- *stretched*: the same with drift forgotten over a third of each episode, long or short.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch.peak_end import duration_neglect, episode_features, latent_courses

KEYS = {"participant": "person", "episode": "visit", "time": "time", "rating": "rating"}
CLASSES = ((3, 5), (6, 10), (11, 19), (20, 29))
FINE = 201


@dataclass(frozen=True)
class Study:
    """Moments, what is remembered, and the true peak of each episode."""

    moments: pd.DataFrame
    memory: np.ndarray
    peak: np.ndarray


def levels(episodes: int, rng: np.random.Generator) -> Study:
    count = rng.integers(3, 30, episodes)
    person = np.repeat(np.arange(episodes), count)
    level = rng.normal(size=episodes)
    clock = np.concatenate([np.arange(m, dtype=float) for m in count])
    rating = level[person] + rng.normal(size=len(person))
    moments = pd.DataFrame({"person": person, "visit": 1, "time": clock, "rating": rating})
    return Study(moments, level + 0.5 * rng.normal(size=episodes), level)


def courses(
    people: int, rng: np.random.Generator, *, episodes: int = 4, clocked: bool = True
) -> Study:
    number = people * episodes
    x = np.linspace(0, 1, FINE)
    person = np.repeat(rng.normal(size=(people, 2)) * [0.8, 0.6], episodes, axis=0)
    own = person + rng.normal(size=(number, 2)) * [0.6, 0.7]
    count = rng.integers(3, 30, number)
    length = (count - 1) / 6 if clocked else np.full(number, 3.0)
    kept = np.exp(-length / (FINE - 1))
    drift = 0.7 * rng.normal(size=(number, FINE))
    for k in range(1, FINE):
        drift[:, k] = kept * drift[:, k - 1] + np.sqrt(1 - kept**2) * drift[:, k]
    course = 5 + x - x**2 + own[:, :1] + own[:, 1:] * (x - 0.5) + drift
    places = [np.linspace(0, FINE - 1, m).round().astype(int) for m in count]
    row = np.repeat(np.arange(number), count)
    rating = course[row, np.concatenate(places)] + rng.normal(size=len(row))
    moments = pd.DataFrame(
        {
            "person": row // episodes,
            "visit": row % episodes,
            "time": np.concatenate([np.arange(m, dtype=float) for m in count]),
            "rating": rating,
        }
    )
    peak = course[:, :: (FINE - 1) // 20].max(axis=1)
    memory = (peak + course[:, -1]) / 2 + 0.5 * rng.normal(size=number)
    return Study(moments, memory, peak)


def stretched(people: int, rng: np.random.Generator) -> Study:
    return courses(people, rng, clocked=False)


RULES = {"plain": "peak", "mean": "tw_mean", "latent": "peak_latent"}


def rates(
    draw: Callable[[int, np.random.Generator], Study], size: int, studies: int, seed: int
) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    rows, episodes = [], []
    for _ in range(studies):
        study = draw(size, rng)
        known = episode_features(study.moments, **KEYS)
        found = latent_courses(study.moments, known)
        frame = found.with_features(known.features).assign(memory=study.memory)
        told = duration_neglect(frame, retrospective="memory", participant="person").estimates
        rows.append(told.set_index("group")[["statistic", "p_value"]])
        episodes.append(found.episodes.assign(plain=known.features["peak"], truth=study.peak))
    told = pd.concat(rows)
    rates = {}
    for name, rule in RULES.items():
        own = told.loc[rule]
        rates[f"{name}_t"] = float(own["statistic"].mean())
        rates[f"{name}_flagged"] = float((own["p_value"] < 0.05).mean())
    return rates | _peaks(pd.concat(episodes))


def _peaks(episodes: pd.DataFrame) -> dict[str, float]:
    """Return mean errors of the peaks, and coverage, by number of moments."""
    told = {}
    for low, high in CLASSES:
        own = episodes[episodes["n_moments"].between(low, high)]
        held = (own["peak_low"] <= own["truth"]) & (own["truth"] <= own["peak_high"])
        told |= {
            f"plain_bias_{low}_{high}": float((own["plain"] - own["truth"]).mean()),
            f"latent_bias_{low}_{high}": float((own["peak_latent"] - own["truth"]).mean()),
            f"covered_{low}_{high}": float(held.mean()),
        }
    return told


def seconds() -> float:
    """Return how long the courses of 200 people, 4 episodes each, take."""
    study = courses(200, np.random.default_rng(9))
    known = episode_features(study.moments, **KEYS)
    start = time.perf_counter()
    latent_courses(study.moments, known)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer studies")
    quick = parser.parse_args().quick
    found = {
        "levels_300": rates(levels, 300, 20 if quick else 200, 2),
        "courses_200": rates(courses, 200, 4 if quick else 30, 3),
        "courses_50": rates(courses, 50, 10 if quick else 180, 4),
        "stretched_50": rates(stretched, 50, 10 if quick else 180, 6),
        "courses_12": rates(courses, 12, 20 if quick else 200, 5),
        "seconds_200x4": seconds(),
    }
    for name, values in found.items():
        print(f"{name}: {values}")
    print(json.dumps({"bench": "latent_courses", **found}))


if __name__ == "__main__":
    main()
