"""Covariance matrices: weights, replicates, partialling, symmetric roots."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch._matrix import (
    correlation_of,
    covariance_of,
    covariances_from_sums,
    effective_n,
    moment_sums,
    partial_out,
    standardized,
    symmetric_power,
)
from cxresearch.errors import EstimationError


def sample(seed: int, n: int = 30, q: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, q)) + rng.normal(size=(n, 1)), rng.uniform(0.5, 2, n)


def test_without_weights_it_is_the_sample_covariance() -> None:
    values, _ = sample(1)
    np.testing.assert_allclose(covariance_of(values), np.cov(values.T), rtol=1e-12)


def test_only_the_ratios_of_weights_matter() -> None:
    values, w = sample(2)
    np.testing.assert_allclose(
        covariance_of(values, w), covariance_of(values, 10 * w), rtol=1e-12
    )
    expected = np.cov(values.T, aweights=w, ddof=0) * 30 / 29
    np.testing.assert_allclose(covariance_of(values, w), expected, rtol=1e-12)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000))
def test_counts_times_moment_sums_give_the_covariance_of_the_resample(seed: int) -> None:
    values, w = sample(seed)
    drawn = np.random.default_rng(seed).integers(0, len(values), len(values))
    counts = np.bincount(drawn, minlength=len(values)).astype(float)
    found = covariances_from_sums(counts[None] @ moment_sums(values, w), values.shape[1])[0]
    expected = np.cov(values[drawn].T, aweights=w[drawn], ddof=0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_partialling_out_gives_the_covariance_of_residuals() -> None:
    values, _ = sample(3, q=5)
    controls = np.column_stack([np.ones(30), values[:, :2]])
    residuals = values - controls @ np.linalg.lstsq(controls, values, rcond=None)[0]
    found = partial_out(np.cov(values.T), [0, 1])
    np.testing.assert_allclose(found, np.cov(residuals.T), atol=1e-12)


def test_a_control_that_is_a_copy_of_another_changes_nothing() -> None:
    values, _ = sample(4, q=3)
    twice = np.cov(np.column_stack([values[:, 0], values]).T)
    found = partial_out(twice, [0, 1])[2:, 2:]
    np.testing.assert_allclose(found, partial_out(np.cov(values.T), [0])[1:, 1:], atol=1e-12)


def test_the_root_of_equicorrelated_drivers_is_right_where_eigenvalues_repeat() -> None:
    matrix = np.full((6, 6), 0.6)
    np.fill_diagonal(matrix, 1.0)
    root = symmetric_power(matrix, 0.5)
    np.testing.assert_allclose(root @ root, matrix, atol=1e-14)
    np.testing.assert_allclose(root, root.T, atol=1e-15)
    np.testing.assert_allclose(symmetric_power(matrix, -0.5) @ root, np.eye(6), atol=1e-13)


def test_a_matrix_that_is_not_positive_definite_has_no_inverse_root() -> None:
    with pytest.raises(EstimationError, match="not positive definite"):
        symmetric_power(np.ones((2, 2)), -0.5)
    with pytest.raises(EstimationError, match="not positive definite"):
        symmetric_power(np.array([[1.0, 2.0], [2.0, 1.0]]), 0.5)


def test_constants_do_not_divide_by_zero() -> None:
    values, w = sample(5)
    values[:, 1] = 3.0
    assert (standardized(values, w)[:, 1] == 0).all()
    correlation = correlation_of(np.cov(values.T))
    assert (correlation[1] == 0).all()
    np.testing.assert_allclose(np.diag(correlation)[[0, 2, 3]], 1.0)


def test_kish_counts_unequal_weights_for_fewer_respondents() -> None:
    assert effective_n(np.ones(7)) == pytest.approx(7)
    w = np.array([44.2, 15.1, 20.4, 44.2])
    assert effective_n(w) == pytest.approx(w.sum() ** 2 / (w @ w))
    assert effective_n(1000 * w) == pytest.approx(effective_n(w))
