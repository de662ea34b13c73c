"""Level of the tests between rival rules that are equally good.

Run ``python benchmarks/rivals.py [--quick]``: memory takes as much from the start as from the
least intense moment, so neither is better. The last line is JSON: how often each test tells
them apart at 5%, with one episode a person and with three (which should be .05).
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd

from cxresearch.peak_end import compare_memory_models, compare_rivals

NAMES = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend", "duration"]


def rates(people: int, times: int, studies: int) -> dict[str, float]:
    rng = np.random.default_rng([people, times])
    found = {"prediction": 0.0, "correlation": 0.0, "vuong": 0.0}
    for _ in range(studies):
        level = rng.normal(size=(people, 1, 1)).repeat(times, axis=1)
        values = (0.6 * level + rng.normal(size=(people, times, 9))).reshape(-1, 9)
        frame = pd.DataFrame(values, columns=NAMES)
        frame["person"] = np.arange(people).repeat(times)
        own = 0.7 * rng.normal(size=people)[frame["person"]]
        frame["memory"] = frame["start"] + frame["trough"] + own + rng.normal(size=len(frame))
        models = compare_memory_models(
            frame, retrospective="memory", participant="person", within="independent", n_folds=5
        )
        tests = compare_rivals(
            frame, models, participant="person", against="trough", within="independent"
        ).tests
        for test in found:
            row = tests[(tests["term"] == "start") & (tests["test"] == test)].iloc[0]
            found[test] += row["p_value"] < 0.05
    return {test: float(count) / studies for test, count in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 studies instead of 1,000")
    studies = 100 if parser.parse_args().quick else 1000
    found = {"people_150": rates(150, 1, studies), "people_60_times_3": rates(60, 3, studies)}
    for name, values in found.items():
        print(f"{name}: {values}")
    print(json.dumps({"bench": "rivals", "studies": studies, "rates": found}))


if __name__ == "__main__":
    main()
