"""Means with standard errors agree with R's survey package, and with plain arithmetic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cxresearch._moments import column_moments, standardized_mean_moments
from cxresearch.servqual._differences import wald_test

REFERENCE = Path(__file__).parent / "reference"
GOLDEN = json.loads((REFERENCE / "expected" / "moments.json").read_text(encoding="utf-8"))
RTOL = GOLDEN["tolerance"]["rtol"]
VARIABLES = ["api00", "growth", "holes"]


@pytest.fixture(scope="module")
def schools() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "apistrat.csv")


def values_of(schools: pd.DataFrame, inside: Any = True) -> np.ndarray:
    return np.where(
        np.reshape(inside, (-1, 1)), schools[VARIABLES].to_numpy(dtype=float), np.nan
    )


@pytest.mark.parametrize("domain", ["all", "high_schools"])
def test_weighted_moments_agree_with_svymean_of_a_domain(
    domain: str, schools: pd.DataFrame
) -> None:
    inside = True if domain == "all" else (schools["stype"] == "H").to_numpy()
    values, weights = values_of(schools, inside), schools["pw"].to_numpy()
    moments = column_moments(values, weights=weights)
    standardized, error = standardized_mean_moments(values, weights)
    for i, name in enumerate(VARIABLES):
        expected = GOLDEN["values"][domain][name]
        for field in ("n", "mean", "std_error", "sd", "df"):
            found = getattr(moments, field)[i]
            assert found == pytest.approx(expected[field], rel=RTOL), (name, field)
        assert standardized[i] == pytest.approx(expected["standardized"], rel=RTOL)
        assert error[i] == pytest.approx(expected["standardized_error"], rel=RTOL)


@pytest.mark.parametrize(
    ("column", "groups", "key"),
    [("stype", ["E", "H", "M"], "wald"), ("sch_wide", ["No", "Yes"], "wald_of_two")],
)
def test_domain_means_are_compared_as_regtermtest_and_svyttest_do(
    column: str, groups: list[str], key: str, schools: pd.DataFrame
) -> None:
    domains = [
        column_moments(
            values_of(schools, (schools[column] == group).to_numpy()),
            weights=schools["pw"].to_numpy(),
        )
        for group in groups
    ]
    mean = np.array([domain.mean[2] for domain in domains])
    variance = np.array([domain.std_error[2] for domain in domains]) ** 2
    found = wald_test(mean, variance, n=float(sum(domain.n[2] for domain in domains)))
    expected = GOLDEN["values"][key]
    assert found.statistic == pytest.approx(expected["statistic"], rel=RTOL)
    assert found.df_denominator == pytest.approx(expected["df_denominator"])
    assert found.p_value == pytest.approx(expected["p_value"], rel=1e-9)


def test_sampling_weights_are_not_taken_for_counts(schools: pd.DataFrame) -> None:
    moments = column_moments(values_of(schools), weights=schools["pw"].to_numpy())
    as_counts = moments.sd[0] / np.sqrt(schools["pw"].sum())
    assert moments.std_error[0] > 5 * as_counts


columns = hnp.arrays(float, (12, 3), elements=st.floats(-50, 50, width=32))


@settings(max_examples=100, deadline=None)
@given(values=columns, holes=hnp.arrays(bool, (12, 3)))
def test_equal_weights_reproduce_the_plain_error_up_to_the_design_factor(
    values: np.ndarray, holes: np.ndarray
) -> None:
    values = np.where(holes, np.nan, values)
    plain = column_moments(values)
    weighted = column_moments(values, weights=np.full(12, 3.0))
    rows, n = len(values), plain.n
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.sqrt(rows * (n - 1) / ((rows - 1) * n))
    usable = n > 1
    np.testing.assert_allclose(weighted.mean, plain.mean, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(weighted.sd, plain.sd, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        weighted.std_error[usable], (plain.std_error * factor)[usable], rtol=1e-9, atol=1e-12
    )


@settings(max_examples=60, deadline=None)
@given(values=columns, scale=st.floats(1e-6, 1e6), seed=st.integers(0, 99))
def test_only_the_ratios_of_weights_matter(values: np.ndarray, scale: float, seed: int) -> None:
    weights = np.random.default_rng(seed).uniform(0.2, 5, 12)
    one = column_moments(values, weights=weights)
    other = column_moments(values, weights=weights * scale)
    for field in ("mean", "sd", "std_error"):
        np.testing.assert_allclose(
            getattr(one, field), getattr(other, field), rtol=1e-9, atol=1e-9
        )


@settings(max_examples=60, deadline=None)
@given(values=columns)
def test_plain_moments_are_numpys(values: np.ndarray) -> None:
    moments = column_moments(values)
    np.testing.assert_allclose(moments.mean, values.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(moments.sd, values.std(axis=0, ddof=1), rtol=1e-9, atol=1e-10)


def test_too_few_rows_give_nan_and_not_zero() -> None:
    moments = column_moments(np.array([[np.nan, 2.0], [np.nan, np.nan]]))
    assert moments.n.tolist() == [0, 1]
    np.testing.assert_array_equal(moments.mean, [np.nan, 2])
    assert np.isnan([moments.sd, moments.std_error, moments.df]).all()


def test_a_constant_column_has_a_spread_of_exactly_zero() -> None:
    values = np.full((7, 1), 0.1 + 0.2)
    weights = np.linspace(1, 3, 7)
    assert column_moments(values).sd.item() == 0
    assert column_moments(values, weights=weights).sd.item() == 0
    assert np.isnan(standardized_mean_moments(values, weights)).all()


def test_extreme_weights_do_not_vanish() -> None:
    values = np.array([[1.0], [3.0], [8.0]])
    tiny = column_moments(values, weights=np.array([1e-200, 2e-200, 1e-200]))
    assert tiny.mean.item() == pytest.approx(15 / 4)
    assert np.isfinite(tiny.std_error).all()
