"""Coverage of the conditional logit: separate pairs, and people who choose several times.

Run ``python benchmarks/choices.py [--quick]``. The last line is JSON: share of 95% intervals
that hold the true weight, with errors that take people as units and with errors that do not.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
from scipy import special

from cxresearch.peak_end import choice_model

TRUTH = 0.6


def coverage(people: int, times: int, studies: int) -> dict[str, float]:
    rng = np.random.default_rng([people, times])
    held = {"people_as_units": 0.0, "choices_as_units": 0.0}
    for _ in range(studies):
        sets = people * times
        frame = pd.DataFrame(
            {
                "pair": np.repeat(np.arange(sets), 2),
                "person": np.repeat(np.arange(people), 2 * times),
                "end": rng.normal(size=2 * sets),
                "peak": rng.normal(size=2 * sets),
            }
        )
        gap = frame["end"].to_numpy()[::2] - frame["end"].to_numpy()[1::2]
        other = frame["peak"].to_numpy()[::2] - frame["peak"].to_numpy()[1::2]
        first = rng.random(sets) < special.expit(TRUTH * gap + 0.3 * other)
        frame["again"] = np.column_stack([first, ~first]).ravel().astype(int)
        for name, person in (("people_as_units", "person"), ("choices_as_units", "")):
            row = choice_model(
                frame,
                choice="pair",
                chosen="again",
                attributes=["end", "peak"],
                participant=person,
            ).estimates.iloc[0]
            held[name] += row["conf_low"] <= TRUTH <= row["conf_high"]
    return {name: float(count) / studies for name, count in held.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 studies instead of 2,000")
    studies = 200 if parser.parse_args().quick else 2000
    found = {
        "pairs_100": coverage(100, 1, studies),
        "people_40_times_5": coverage(40, 5, studies),
    }
    for name, values in found.items():
        print(f"{name}: {values}")
    print(json.dumps({"bench": "choices", "studies": studies, "coverage": found}))


if __name__ == "__main__":
    main()
