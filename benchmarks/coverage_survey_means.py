"""Do intervals of means and totals from a sample of branches cover at their level?

Customers of a branch resemble each other (intraclass correlation .2), weights differ, and
branches are drawn within three strata. Takes about a minute.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxresearch.survey import survey_means

CUSTOMERS = 12
SAMPLES = 1000


def drawn(branches: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return customers of that many branches in each of three strata."""
    branch = np.repeat(np.arange(3 * branches), CUSTOMERS)
    stratum = branch // branches
    return pd.DataFrame(
        {
            "osat": 7 + stratum + 0.5 * rng.normal(size=3 * branches)[branch]
            + rng.normal(size=len(branch)),
            "branch": branch,
            "stratum": stratum,
            "weight": rng.uniform(1, 3, len(branch)),
        }
    )  # fmt: skip


def coverage(branches: int, *, samples: int = SAMPLES, seed: int = 1) -> tuple[float, float]:
    """Return how often intervals of the mean hold it: by the design, and without it."""
    rng, held = np.random.default_rng(seed), np.zeros(2)
    for _ in range(samples):
        frame = drawn(branches, rng)
        for place, options in enumerate(({"clusters": "branch", "strata": "stratum"}, {})):
            row = survey_means(frame, "osat", weights="weight", **options).tidy().iloc[0]
            held[place] += row["conf_low"] <= 8 <= row["conf_high"]
    return float(held[0] / samples), float(held[1] / samples)


if __name__ == "__main__":
    for branches in (3, 5, 10, 30):
        print(
            f"{branches:3d} branches a stratum: design %.3f, as if one by one %.3f"
            % coverage(branches)
        )
