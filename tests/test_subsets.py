"""All-subsets R² by doubling, and what is read off it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch._subsets import (
    complete_dominance,
    contributions_by_size,
    ordered_allocation,
    owen_allocation,
    shapley_allocation,
    shapley_from_subsets,
    subset_r2,
    subset_sizes,
)
from cxresearch.errors import CxError

EXPECTED = Path(__file__).parent / "reference" / "expected"
MATRICES = json.loads(
    (EXPECTED / "drivers_dominance_matrices.json").read_text(encoding="utf-8")
)


def random_covariance(seed: int, drivers: int, n: int = 40) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, drivers + 1)) + rng.normal(size=(n, 1))
    return np.cov(values.T)


def r2_by_regression(covariance: np.ndarray, subset: list[int]) -> float:
    if not subset:
        return 0.0
    xx, xy = covariance[np.ix_(subset, subset)], covariance[subset, -1]
    return float(xy @ np.linalg.solve(xx, xy) / covariance[-1, -1])


def mean_over_orders(values: np.ndarray, orders: list[tuple[int, ...]]) -> np.ndarray:
    gains = np.zeros(len(orders[0]))
    for order in orders:
        mask = 0
        for player in order:
            gains[player] += values[mask | 1 << player] - values[mask]
            mask |= 1 << player
    return gains / len(orders)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), drivers=st.integers(1, 6))
def test_every_subset_has_the_r2_of_its_own_regression(seed: int, drivers: int) -> None:
    covariance = random_covariance(seed, drivers)
    found = subset_r2(covariance)
    for mask in range(2**drivers):
        subset = [j for j in range(drivers) if mask >> j & 1]
        assert found.r2[mask] == pytest.approx(r2_by_regression(covariance, subset), abs=1e-12)
    assert not found.aliased.any()


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), drivers=st.integers(2, 6))
def test_r2_never_falls_when_a_driver_joins(seed: int, drivers: int) -> None:
    values = subset_r2(random_covariance(seed, drivers)).r2
    for mask in range(2**drivers):
        for player in range(drivers):
            assert values[mask | 1 << player] >= values[mask] - 1e-12


def test_the_subsets_of_azen_and_budescu_have_the_published_r2() -> None:
    golden = MATRICES["azen_budescu"]
    values = subset_r2(np.array(golden["matrix_outcome_last"])).r2
    for names, r2 in golden["r2_of_subsets"].items():
        mask = sum(1 << golden["names"].index(name) for name in names.split("+"))
        assert values[mask] == pytest.approx(r2, rel=1e-10)
    np.testing.assert_allclose(contributions_by_size(values), golden["by_level"], rtol=1e-10)
    np.testing.assert_allclose(shapley_from_subsets(values), golden["general"], rtol=1e-10)


def test_conditional_dominance_does_not_imply_complete_dominance() -> None:
    trap = MATRICES["trap"]
    values = subset_r2(np.array(trap["S"])).r2
    np.testing.assert_allclose(contributions_by_size(values), trap["conditional"], rtol=1e-10)
    won = complete_dominance(values)[1]
    assert won[[0, 2, 3]].tolist() == list(trap["complete_x1_over"].values())
    by_size = contributions_by_size(values)
    assert (by_size[1] > by_size[[0, 2, 3]]).all()
    assert (won[[0, 3]] < 1).all()


def test_replicates_on_a_leading_axis_equal_one_at_a_time() -> None:
    stack = np.stack([random_covariance(seed, 4) for seed in range(6)]).reshape(2, 3, 5, 5)
    together = subset_r2(stack).r2
    assert together.shape == (2, 3, 16)
    for i, j in itertools.product(range(2), range(3)):
        np.testing.assert_allclose(together[i, j], subset_r2(stack[i, j]).r2, atol=1e-14)


def test_a_block_of_columns_enters_as_one_player() -> None:
    covariance = random_covariance(3, 5)
    single, blocks = subset_r2(covariance).r2, subset_r2(covariance, blocks=[2, 1, 2]).r2
    for mask in range(8):
        bits = (0b00011 if mask & 1 else 0) | (0b00100 if mask & 2 else 0)
        bits |= 0b11000 if mask & 4 else 0
        assert blocks[mask] == pytest.approx(single[bits], abs=1e-13)


def test_a_duplicated_driver_is_flagged_and_gains_nothing_after_its_twin() -> None:
    covariance = random_covariance(5, 3)
    order = [0, 0, 1, 2, 3]
    found = subset_r2(covariance[np.ix_(order, order)])
    assert found.aliased.tolist() == [False, True, False, False]
    assert found.r2[0b0011] == pytest.approx(found.r2[0b0001], abs=1e-12)
    assert found.r2[-1] == pytest.approx(subset_r2(covariance).r2[-1], abs=1e-12)


def test_a_driver_without_variance_gains_nothing() -> None:
    covariance = np.diag([1.0, 0.0, 1.0])
    covariance[0, 2] = covariance[2, 0] = 0.5
    found = subset_r2(covariance)
    assert found.r2.tolist() == [0.0, 0.25, 0.0, 0.25]
    assert found.aliased.tolist() == [False, True]


def test_shapley_values_are_the_mean_over_all_orders() -> None:
    values = subset_r2(random_covariance(8, 5)).r2
    orders = list(itertools.permutations(range(5)))
    expected = mean_over_orders(values, orders)
    np.testing.assert_allclose(shapley_from_subsets(values), expected, atol=1e-13)
    rule = shapley_allocation(5)
    np.testing.assert_allclose(rule.coefficients @ values[rule.masks], expected, atol=1e-13)
    np.testing.assert_allclose(contributions_by_size(values).mean(axis=1), expected, atol=1e-13)


def test_owen_values_are_the_mean_over_orders_that_keep_unions_together() -> None:
    values = subset_r2(random_covariance(9, 6)).r2
    unions = [[0, 3], [1], [2, 4, 5]]
    label = {player: k for k, union in enumerate(unions) for player in union}
    orders = [
        order
        for order in itertools.permutations(range(6))
        if sum(label[a] != label[b] for a, b in itertools.pairwise(order)) == 2
    ]
    rule = owen_allocation(unions)
    found = rule.coefficients @ values[rule.masks]
    np.testing.assert_allclose(found, mean_over_orders(values, orders), atol=1e-13)


def test_members_of_a_union_share_what_the_union_gets_among_unions() -> None:
    covariance = random_covariance(10, 6)
    rule = owen_allocation([[0, 1], [2, 3, 4], [5]])
    inside = rule.coefficients @ subset_r2(covariance).r2[rule.masks]
    unions = shapley_from_subsets(subset_r2(covariance, blocks=[2, 3, 1]).r2)
    sums = [inside[:2].sum(), inside[2:5].sum(), inside[5]]
    np.testing.assert_allclose(sums, unions, atol=1e-13)


def test_interactions_enter_only_after_both_main_effects() -> None:
    values = subset_r2(random_covariance(11, 6)).r2
    orders = [
        order
        for order in itertools.permutations(range(6))
        if order.index(3) > max(order.index(0), order.index(1))
        and order.index(4) > max(order.index(1), order.index(2))
    ]
    rule = ordered_allocation([[], [], [], [0, 1], [1, 2], []])
    found = rule.coefficients @ values[rule.masks]
    np.testing.assert_allclose(found, mean_over_orders(values, orders), atol=1e-13)


def test_ties_count_for_neither_driver() -> None:
    covariance = np.array([[1.0, 0.3, 0.5], [0.3, 1.0, 0.5], [0.5, 0.5, 1.0]])
    won = complete_dominance(subset_r2(covariance).r2)
    assert won[0, 1] == won[1, 0] == 0.0
    assert np.isnan(np.diag(won)).all()


def test_subset_sizes_count_players_or_their_columns() -> None:
    assert subset_sizes(2).tolist() == [0, 1, 1, 2]
    assert subset_sizes(2, [3, 1]).tolist() == [0, 3, 1, 4]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((2, 3)), "square"),
        (np.ones((1, 1)), "square"),
        (np.array([[1.0, np.nan], [np.nan, 1.0]]), "not finite"),
        (np.array([[1.0, 0.2], [0.4, 1.0]]), "symmetric"),
        (np.diag([1.0, 0.0]), "no variance"),
        (np.eye(24), "at most 22"),
    ],
)
def test_what_is_not_a_covariance_matrix_is_refused(matrix: np.ndarray, message: str) -> None:
    with pytest.raises(CxError, match=message):
        subset_r2(matrix)


def test_blocks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(CxError, match="sum to the 2 driver columns"):
        subset_r2(np.eye(3), blocks=[1, 2])
    with pytest.raises(CxError, match="2\\^p subsets; got 3"):
        shapley_from_subsets(np.zeros(3))
    with pytest.raises(CxError, match="at most 16 terms"):
        ordered_allocation([[]] * 17)
