"""What importance must always do: identities, symmetry, invariance; sampling and its error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch._resample import acceleration_of
from cxresearch.drivers import _linear
from cxresearch.drivers._game import Question, prepare_game, replicate
from cxresearch.drivers.importance import driver_importance
from cxresearch.drivers.shares import (
    adjusted_r2,
    car_shares,
    first_shares,
    last_shares,
    pratt_shares,
    relative_weights,
    shapley_shares,
    slopes_of,
    squared_betas,
)
from cxresearch.errors import CxError, EstimationError

SEEDS = st.integers(0, 100_000)
WIDTHS = st.integers(2, 6)
few = settings(deadline=None, max_examples=25)


def covariance(seed: int, drivers: int, n: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.cov((rng.normal(size=(n, drivers + 1)) + rng.normal(size=(n, 1))).T)


def r2_of(matrix: np.ndarray) -> float:
    xy = matrix[:-1, -1]
    return float(xy @ np.linalg.solve(matrix[:-1, :-1], xy) / matrix[-1, -1])


def frame(p: int, n: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) + rng.normal(size=(n, 1))
    table = pd.DataFrame(x, columns=[f"q{i}" for i in range(p)])
    table["y"] = x @ rng.uniform(0, 1, p) + np.sqrt(p) * rng.normal(size=n)
    return table


def asked(p: int, **options: Any) -> dict[str, Any]:
    return {"outcome": "y", "drivers": [f"q{i}" for i in range(p)], **options}


@few
@given(seed=SEEDS, p=WIDTHS)
def test_shapley_pratt_car_and_relative_weights_all_sum_to_r2(seed: int, p: int) -> None:
    matrix = covariance(seed, p)
    for shares in (shapley_shares, pratt_shares, car_shares, relative_weights):
        assert shares(matrix).sum() == pytest.approx(r2_of(matrix), rel=1e-9)
    assert (shapley_shares(matrix) >= -1e-13).all()


@few
@given(seed=SEEDS, p=WIDTHS)
def test_exchangeable_drivers_have_equal_shares(seed: int, p: int) -> None:
    matrix = covariance(seed, p)
    matrix[:2, :2] = np.array([[2.0, 0.7], [0.7, 2.0]])
    matrix[1, 2:] = matrix[0, 2:]
    matrix[2:, 1] = matrix[2:, 0]
    matrix += np.eye(p + 1) * 10
    for shares in (shapley_shares, relative_weights, car_shares):
        found = shares(matrix)
        assert found[0] == pytest.approx(found[1], abs=1e-12)


@few
@given(seed=SEEDS, p=WIDTHS)
def test_the_order_of_drivers_permutes_the_answer(seed: int, p: int) -> None:
    matrix = covariance(seed, p)
    order = np.random.default_rng(seed).permutation(p)
    full = [*order, p]
    moved = matrix[np.ix_(full, full)]
    for shares in (shapley_shares, first_shares, last_shares, relative_weights, car_shares):
        np.testing.assert_allclose(shares(moved), shares(matrix)[order], atol=1e-12)


@few
@given(seed=SEEDS, p=WIDTHS, by=st.floats(-50, 50).filter(lambda x: abs(x) > 0.01))
def test_recoding_a_driver_affinely_changes_no_share(seed: int, p: int, by: float) -> None:
    matrix = covariance(seed, p)
    scale = np.diag([by, *np.ones(p - 1), 3.0])
    moved = scale @ matrix @ scale
    every = (shapley_shares, first_shares, last_shares, squared_betas, pratt_shares)
    for shares in every:
        np.testing.assert_allclose(shares(moved), shares(matrix), atol=1e-11)


@few
@given(seed=SEEDS, p=WIDTHS)
def test_a_duplicated_driver_splits_its_share_in_half(seed: int, p: int) -> None:
    matrix = covariance(seed, p)
    order = [0, *range(p + 1)]
    found = shapley_shares(matrix[np.ix_(order, order)])
    assert found[0] == pytest.approx(found[1], abs=1e-12)
    assert found.sum() == pytest.approx(r2_of(matrix), rel=1e-9)


def test_orthogonal_drivers_have_their_squared_correlations() -> None:
    r = np.array([0.5, -0.4, 0.3])
    matrix = np.eye(4)
    matrix[:3, 3] = matrix[3, :3] = r
    for shares in (shapley_shares, first_shares, last_shares, pratt_shares, relative_weights):
        np.testing.assert_allclose(shares(matrix), r**2, atol=1e-15)


@few
@given(seed=SEEDS)
def test_two_drivers_have_the_closed_form(seed: int) -> None:
    matrix = covariance(seed, 2)
    first = first_shares(matrix)
    expected = 0.5 * (first[0] + r2_of(matrix) - first[1])
    assert shapley_shares(matrix)[0] == pytest.approx(expected, abs=1e-13)
    assert relative_weights(matrix)[0] == pytest.approx(expected, abs=1e-12)


@few
@given(seed=SEEDS, p=WIDTHS)
def test_what_a_driver_adds_last_is_its_squared_t_value(seed: int, p: int) -> None:
    n = 40
    matrix = covariance(seed, p, n)
    inverse, slopes = np.linalg.inv(matrix[:-1, :-1]), slopes_of(matrix)
    r2 = r2_of(matrix)
    residual = matrix[-1, -1] * (1 - r2) * (n - 1) / (n - p - 1)
    t2 = slopes**2 / (residual * np.diag(inverse) / (n - 1))
    np.testing.assert_allclose(last_shares(matrix), t2 * (1 - r2) / (n - p - 1), rtol=1e-8)


def test_a_singular_matrix_has_no_last_shares() -> None:
    with pytest.raises(EstimationError, match="singular"):
        last_shares(np.ones((3, 3)))


def test_adjusted_r2_is_undefined_without_degrees_of_freedom() -> None:
    assert np.isnan(adjusted_r2(np.array(0.9), 5.0, 6))
    assert adjusted_r2(np.array(0.5), 2.0, 23) == pytest.approx(1 - 0.5 * 22 / 20)


def test_twenty_noise_drivers_have_adjusted_shares_around_zero() -> None:
    rng = np.random.default_rng(1)
    sums = []
    for _ in range(40):
        table = pd.DataFrame(
            rng.normal(size=(60, 9)), columns=[*(f"q{i}" for i in range(8)), "y"]
        )
        result = driver_importance(table, **asked(8, n_boot=0))
        assert result.estimates["adjusted"].sum() == pytest.approx(result.r2_adjusted)
        sums.append(result.r2_adjusted)
    assert abs(np.mean(sums)) < 4 * np.std(sums) / np.sqrt(40)


class TestBeyondAllSubsets:
    def test_drawn_orders_agree_with_all_subsets_within_their_stated_error(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = frame(8)
        exact = driver_importance(table, **asked(8, n_boot=0)).estimates
        monkeypatch.setattr(_linear, "MAX_EXACT", 5)
        drawn = driver_importance(table, **asked(8, n_boot=0, n_orders=2000))
        assert (drawn.exact, drawn.n_orders) == (False, 2000)
        error = drawn.estimates["mc_error"]
        assert (error > 0).all()
        assert (error < 0.002).all()
        deviation = (drawn.estimates["estimate"] - exact["estimate"]).abs()
        assert (deviation < 4 * error).all()
        assert drawn.estimates["estimate"].sum() == pytest.approx(exact["estimate"].sum())
        adjusted = (drawn.estimates["adjusted"] - exact["adjusted"]).abs()
        assert (adjusted < 5 * error).all()

    def test_the_stated_error_is_the_spread_over_seeds(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_linear, "MAX_EXACT", 5)
        table = frame(6)
        runs = [
            driver_importance(table, **asked(6, n_boot=0, n_orders=100, seed=s)).estimates
            for s in range(60)
        ]
        spread = np.std([run["estimate"] for run in runs], axis=0, ddof=1)
        stated = np.mean([run["mc_error"] for run in runs], axis=0)
        np.testing.assert_allclose(stated, spread, rtol=4 / np.sqrt(2 * 59))

    def test_thirty_drivers_are_shared_out_in_little_memory(self) -> None:
        result = driver_importance(frame(30), **asked(30, n_boot=20, n_orders=64))
        assert (result.exact, result.n_orders, result.replicates) == (False, 64, "followed")
        assert result.estimates["estimate"].sum() == pytest.approx(result.r2)
        assert (result.estimates["conf_low"] <= result.estimates["conf_high"]).all()

    def test_replicates_that_follow_orders_are_close_to_exact_ones(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        prepared = prepare_game(frame(9), Question(**asked(9)))
        exact = replicate(prepared, n_boot=100, indices=None, seed=3).shares
        monkeypatch.setattr(_linear, "BUDGET", 1)
        followed = replicate(prepared, n_boot=100, indices=None, seed=3).shares
        error = (followed - exact).std(axis=0)
        assert (error < 0.15 * exact.std(axis=0)).all()
        np.testing.assert_allclose(followed.sum(axis=1), exact.sum(axis=1), atol=1e-10)

    def test_the_infinitesimal_jackknife_is_the_limit_of_the_exact_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        game = prepare_game(frame(4, n=2000), Question(**asked(4))).game
        exact = game.influence()
        monkeypatch.setattr(_linear, "BUDGET", 500)
        limit = game.influence()
        np.testing.assert_allclose(limit, exact, atol=0.1 * exact.std())
        np.testing.assert_allclose(
            acceleration_of(limit)[:-1], acceleration_of(exact)[:-1], atol=2e-4
        )
        result = driver_importance(frame(4, n=2000), **asked(4, n_boot=40, interval="bca"))
        assert result.acceleration == "infinitesimal"

    def test_owen_shares_are_drawn_with_unions_kept_together(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = frame(7)
        groups = {"a": ["q0", "q4"], "b": ["q1", "q2", "q3"]}
        options = asked(7, n_boot=0, groups=groups, method="owen")
        exact = driver_importance(table, **options).estimates
        monkeypatch.setattr(_linear, "MAX_EXACT", 5)
        drawn = driver_importance(table, **options, n_orders=3000).estimates
        deviation = (drawn["estimate"] - exact["estimate"]).abs()
        assert (deviation < 4 * drawn["mc_error"]).all()

    def test_blocks_are_followed_along_drawn_orders(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        table = frame(7)
        groups = {"a": ["q0", "q4"], "b": ["q1", "q2"]}
        exact = driver_importance(table, **asked(7, n_boot=0, groups=groups)).estimates
        monkeypatch.setattr(_linear, "MAX_EXACT", 2)
        drawn = driver_importance(
            table, **asked(7, n_boot=20, groups=groups, n_orders=3000)
        ).estimates
        deviation = (drawn["estimate"] - exact["estimate"]).abs()
        assert (deviation < 4 * drawn["mc_error"]).all()

    def test_too_many_terms_with_interactions_are_refused(self) -> None:
        options = asked(17)
        options["drivers"].append("q0:q1")
        with pytest.raises(CxError, match="at most 16 terms"):
            driver_importance(frame(17), **options, n_boot=0)


@few
@given(seed=st.integers(0, 500))
def test_a_control_takes_its_part_whatever_the_drivers(seed: int) -> None:
    table = frame(4, n=80, seed=seed)
    result = driver_importance(
        table, outcome="y", drivers=["q0", "q1"], controls=["q2", "q3"], n_boot=0
    )
    alone = r2_of(np.cov(table[["q2", "q3", "y"]].to_numpy().T))
    assert result.r2_controls == pytest.approx(alone, abs=1e-10)
    assert result.estimates["estimate"].sum() == pytest.approx(result.r2 - alone, abs=1e-10)
