"""Do intervals of shares cover? A light, seeded version of benchmarks/coverage_drivers.py."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers.importance import driver_importance
from cxresearch.drivers.shares import shapley_shares


@pytest.mark.parametrize("interval", ["percentile", "bca"])
def test_intervals_of_shares_cover_at_their_level(interval: str) -> None:
    covariance = np.array(
        [[1, 0.4, 0.5, 0], [0.4, 1, 0.3, 0], [0.5, 0.3, 1, 0], [0, 0, 0, 1.0]]
    )
    slopes = np.array([0.6, 0.3, 0.0])
    covariance[:3, 3] = covariance[3, :3] = covariance[:3, :3] @ slopes
    covariance[3, 3] = 1 + slopes @ covariance[:3, 3]
    truth = shapley_shares(covariance)
    rng = np.random.default_rng(11)
    samples, covered, pairs = 200, np.zeros(3), 0
    for seed in range(samples):
        values = rng.multivariate_normal(np.zeros(4), covariance, size=300)
        frame = pd.DataFrame(values, columns=["a", "b", "null", "y"])
        result = driver_importance(
            frame, outcome="y", drivers=["a", "b", "null"], n_boot=199, seed=seed,
            interval=interval,  # type: ignore[arg-type]
        )  # fmt: skip
        table, together = result.estimates, result.differences
        covered += (table["conf_low"] <= truth) & (truth <= table["conf_high"])
        want = np.array([truth[0] - truth[1], truth[0] - truth[2], truth[1] - truth[2]])
        low, high = together["simultaneous_low"], together["simultaneous_high"]
        pairs += bool(((low <= want) & (want <= high)).all())
    error = np.sqrt(0.95 * 0.05 / samples)
    # 199 replicates cost up to half a point of coverage.
    assert (covered / samples > 0.945 - 3.5 * error).all()
    assert pairs / samples > 0.945 - 3.5 * error
