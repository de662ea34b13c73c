"""The false effect of duration when the number of moments varies, and its absence.

Run ``python benchmarks/latent_courses.py [--quick]``: episodes with a constant latent level,
3 to 29 noisy moments, a memory of the level and nothing else. Regressions of memory on peak,
end and duration, with the plain and with the latent peak, and on the mean. The last line
is JSON: mean t of duration, and how often it is flagged at 5% (which should be .05).
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch.peak_end import episode_features, latent_courses
from cxresearch.peak_end._least_squares import least_squares

KEYS = {"participant": "person", "episode": "visit", "time": "time", "rating": "rating"}


def study(episodes: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.Series]:
    count = rng.integers(3, 30, episodes)
    person = np.repeat(np.arange(episodes), count)
    level = rng.normal(size=episodes)
    time = np.concatenate([np.arange(m, dtype=float) for m in count])
    rating = level[person] + rng.normal(size=len(person))
    moments = pd.DataFrame({"person": person, "visit": 1, "time": time, "rating": rating})
    memory = pd.Series(level + 0.5 * rng.normal(size=episodes), name="memory")
    return moments, memory


def duration_t(frame: pd.DataFrame, names: list[str], memory: pd.Series) -> float:
    x = np.column_stack([np.ones(len(frame)), frame[names].to_numpy()])
    fit = least_squares(x, memory.to_numpy())
    return float(fit.beta[-1] / np.sqrt(fit.covariance()[-1, -1]))


def rates(episodes: int, studies: int, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    t = {"plain": [], "mean": [], "latent": []}
    for _ in range(studies):
        moments, memory = study(episodes, rng)
        known = episode_features(moments, **KEYS)
        frame = latent_courses(moments, known).with_features(known.features)
        t["plain"].append(duration_t(frame, ["peak", "end", "duration"], memory))
        t["mean"].append(duration_t(frame, ["tw_mean", "duration"], memory))
        t["latent"].append(duration_t(frame, ["peak_latent", "end", "duration"], memory))
    critical = stats.t.ppf(0.975, episodes - 4)
    found = {}
    for name, values in t.items():
        found[f"{name}_t"] = float(np.mean(values))
        found[f"{name}_flagged"] = float(np.mean(np.abs(values) > critical))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer studies")
    quick = parser.parse_args().quick
    found = {
        "episodes_4000": rates(4000, 1 if quick else 4, 1),
        "episodes_300": rates(300, 20 if quick else 400, 2),
    }
    for name, values in found.items():
        print(f"{name}: {values}")
    print(json.dumps({"bench": "latent_courses", **found}))


if __name__ == "__main__":
    main()
