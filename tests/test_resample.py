"""Resampling: draws, intervals, differences, ranks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from cxresearch._resample import (
    acceleration_of,
    bca_interval,
    draw_indices,
    factors_from,
    influence_from,
    leave_one_out,
    max_t_intervals,
    order_quantile,
    percentile_interval,
    rank_shares,
    units_of,
)
from cxresearch.errors import CxError, ResponseError


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_every_replicate_draws_as_many_as_there_are() -> None:
    units = units_of(np.arange(12))
    factors = factors_from(draw_indices(units, 50, generator()), units)
    assert factors.shape == (50, 12)
    assert (factors.sum(axis=1) == 12).all()


def test_the_same_seed_draws_the_same_respondents() -> None:
    units = units_of(np.arange(12))
    first, second = (draw_indices(units, 5, generator(4)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_respondents_of_a_cluster_are_drawn_together() -> None:
    cluster = np.array([7, 7, 3, 9, 3, 9, 9])
    units = units_of(cluster)
    assert units.count == 3
    totals = units.total(np.arange(7.0)[:, None])
    assert totals[:, 0].tolist() == [2.0 + 4.0, 0.0 + 1.0, 3.0 + 5.0 + 6.0]


def test_rao_wu_factors_reproduce_the_variance_of_a_stratified_mean() -> None:
    rng = generator(8)
    strata = np.repeat([0, 1, 2], [2, 5, 30])
    y = rng.normal(size=37) + strata
    sizes = np.bincount(strata)
    total_variance = sum(size * y[strata == h].var(ddof=1) for h, size in enumerate(sizes))
    units = units_of(np.arange(37), strata)
    factors = factors_from(draw_indices(units, 20_000, rng), units)
    np.testing.assert_allclose(factors.mean(axis=0), 1.0, atol=0.06)
    assert (factors @ y).var() == pytest.approx(total_variance, rel=4 * np.sqrt(2 / 20_000))


def test_a_stratum_with_one_unit_and_a_cluster_in_two_strata_are_refused() -> None:
    with pytest.raises(ResponseError, match="single cluster"):
        units_of(np.arange(3), np.array([0, 0, 1]))
    with pytest.raises(ResponseError, match="lies in two strata"):
        units_of(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]))
    with pytest.raises(ResponseError, match="at least 2"):
        units_of(np.zeros(4))


def test_indices_of_units_that_are_not_there_are_refused() -> None:
    with pytest.raises(CxError, match="name units 0 … 3"):
        factors_from(np.array([[0, 4]]), units_of(np.arange(4)))


def test_leaving_one_out_is_the_jackknife_also_within_strata() -> None:
    rng = generator(3)
    y = rng.normal(size=(9, 1))
    plain = leave_one_out(y, units_of(np.arange(9)))
    for i in range(9):
        assert plain[i, 0] == pytest.approx(np.delete(y, i).sum() * 9 / 8)
    strata = np.repeat([0, 1], [4, 5])
    within = leave_one_out(y, units_of(np.arange(9), strata))
    assert within[0, 0] == pytest.approx(y[1:4].sum() * 4 / 3 + y[4:].sum())


def test_the_influence_on_a_mean_is_the_deviation_from_it() -> None:
    y = generator(2).exponential(size=(25, 1))
    units = units_of(np.arange(25))
    means = leave_one_out(y, units) / 25
    np.testing.assert_allclose(influence_from(means, units), y - y.mean(), atol=1e-12)
    deviation = (y - y.mean())[:, 0]
    expected = (deviation**3).sum() / (6 * (deviation**2).sum() ** 1.5)
    assert acceleration_of(y - y.mean())[0] == pytest.approx(expected)


def test_an_order_statistic_is_taken_as_it_is_and_between_two_on_the_normal_scale() -> None:
    ordered = np.arange(1.0, 40.0)[:, None] ** 2
    assert order_quantile(ordered, np.array([0.025]))[0] == 1.0
    assert order_quantile(ordered, np.array([0.5]))[0] == 400.0
    at = 0.26
    z = norm.ppf([10 / 40, at, 11 / 40])
    expected = 100 + (z[1] - z[0]) / (z[2] - z[0]) * 21
    assert order_quantile(ordered, np.array([at]))[0] == pytest.approx(expected, rel=1e-12)


def test_beyond_the_replicates_the_extreme_one_is_used_and_said_so() -> None:
    replicates = np.arange(1.0, 20.0)[:, None]
    interval = percentile_interval(replicates, 0.95)
    assert (interval.low[0], interval.high[0]) == (1.0, 19.0)
    assert interval.extreme[0]
    assert not percentile_interval(replicates, 0.9).extreme[0]


def test_bca_without_bias_and_acceleration_is_the_percentile_interval() -> None:
    replicates = np.sort(generator(5).normal(size=(999, 1)), axis=0)
    middle = np.median(replicates, axis=0) + 1e-9
    replicates = np.vstack([replicates, middle + 1])
    bca = bca_interval(replicates, 0.9, estimate=middle, acceleration=np.zeros(1))
    plain = percentile_interval(replicates, 0.9)
    assert bca.low[0] == pytest.approx(plain.low[0], abs=1e-6)
    assert bca.high[0] == pytest.approx(plain.high[0], abs=1e-6)


def test_bca_is_not_defined_where_all_replicates_lie_on_one_side() -> None:
    replicates = generator(5).uniform(1, 2, size=(100, 1))
    interval = bca_interval(replicates, 0.95, estimate=np.zeros(1), acceleration=np.zeros(1))
    assert np.isnan(interval.low[0])
    assert np.isnan(interval.high[0])


def test_simultaneous_intervals_are_wider_and_adjusted_p_values_larger() -> None:
    rng = generator(6)
    estimate = np.array([0.0, 3.0, 0.5])
    replicates = estimate + rng.normal(size=(4000, 3))
    found = max_t_intervals(estimate, replicates, 0.95)
    assert 2.30 < found.critical < 2.48  # three independent normals: 2.388
    assert (found.p_adjusted >= found.p_value).all()
    assert found.p_adjusted[1] < 0.03
    assert found.p_value[0] > 0.9
    np.testing.assert_allclose(found.high - found.low, 2 * found.critical * found.std_error)


def test_a_statistic_that_never_varies_has_no_evidence_against_it() -> None:
    found = max_t_intervals(np.zeros(1), np.zeros((50, 1)), 0.95)
    assert found.p_value[0] == 1.0


def test_ranks_are_counted_over_replicates() -> None:
    shares = rank_shares(np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0], [1.0, 2.0, 3.0]]))
    np.testing.assert_allclose(shares, np.array([[2, 0, 1], [0, 2, 1], [1, 1, 1]]) / 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
