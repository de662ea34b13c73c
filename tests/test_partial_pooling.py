"""Estimates drawn towards their mean: as metafor does; intervals that allow for doubt in τ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch._partial_pooling import (
    METHODS,
    partial_pool,
    pooled_intervals,
    spread_posterior,
)
from cxresearch.catalogue.comparison import COLUMNS, _q_test, _with_pooled

GOLDEN = Path(__file__).parent / "reference" / "expected" / "partial_pooling.json"
WANT: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))["values"]
SETS = sorted(WANT)


def given(name: str) -> tuple[np.ndarray, np.ndarray]:
    return np.array(WANT[name]["yi"]), np.array(WANT[name]["vi"])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("method", METHODS)
def test_estimates_errors_and_intervals_are_those_of_metafor(name: str, method: str) -> None:
    want = WANT[name][method]
    found = partial_pool(*given(name), method=method)
    assert found.tau**2 == pytest.approx(want["tau2"], rel=1e-6, abs=1e-9)
    assert found.q == pytest.approx(want["q"], rel=1e-10)
    for field in ("mean", "mean_std_error", "pooled", "std_error", "low", "high"):
        np.testing.assert_allclose(getattr(found, field), want[field], rtol=1e-6, err_msg=field)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("level", [95, 80])
def test_intervals_over_tau_are_those_of_adaptive_quadrature(name: str, level: int) -> None:
    want = WANT[name][f"interval_{level}"]
    found = pooled_intervals(*given(name), confidence_level=level / 100)
    for ends, wanted in zip(found, (want["low"], want["high"]), strict=True):
        np.testing.assert_allclose(ends, wanted, atol=1e-5)


def test_the_comparison_of_cells_shows_these_numbers_at_the_level_of_its_runs() -> None:
    yi, vi = given("small_cell")
    reach = 1.2815515655446004 * np.sqrt(vi)
    rows = [
        ("Staff", "points", "r", "staff", "", f"cell {k}", 30.0, y, y - r, y + r, s)
        for k, (y, r, s) in enumerate(zip(yi, reach, np.sqrt(vi), strict=True))
    ]
    frame = _with_pooled(pd.DataFrame(rows, columns=list(COLUMNS[:11])), 0.8)
    want = WANT["small_cell"]
    np.testing.assert_allclose(frame["estimate_pooled"], want["reml"]["pooled"], rtol=1e-6)
    for end in ("low", "high"):
        found = frame[f"conf_{end}_pooled"]
        np.testing.assert_allclose(found, want["interval_80"][end], atol=1e-5)
    assert _q_test(frame) == pytest.approx(want["reml"]["q_p_value"], rel=1e-9)


def test_chances_of_tau_sum_to_one_and_a_shift_moves_everything_along() -> None:
    yi, vi = given("cells")
    known = spread_posterior(yi, vi)
    assert known.chance.sum() == pytest.approx(1)
    low, high = pooled_intervals(yi, vi)
    moved_low, moved_high = pooled_intervals(yi + 3, vi)
    np.testing.assert_allclose(moved_low, low + 3, rtol=1e-9)
    np.testing.assert_allclose(moved_high, high + 3, rtol=1e-9)


def test_intervals_of_few_cells_cover_where_those_with_tau_taken_for_known_do_not() -> None:
    rng = np.random.default_rng(4)
    hits, naive = [], []
    for _ in range(60):
        errors = 1 / np.sqrt(rng.integers(12, 150, 5))
        truth = rng.normal(0, 0.1, 5)
        estimates = truth + errors * rng.normal(size=5)
        low, high = pooled_intervals(estimates, errors**2)
        found = partial_pool(estimates, errors**2, method="reml")
        hits.append((low <= truth) & (truth <= high))
        naive.append((found.low <= truth) & (truth <= found.high))
    assert np.mean(hits) > 0.92  # Monte-Carlo error 1.3 points
    assert np.mean(naive) < 0.90
