"""Standardised effects and their exact intervals agree with R."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from cxresearch._effects import (
    d_av,
    d_z_interval,
    hedges_correction,
    noncentral_t_cdf,
    noncentrality_interval,
    weighted_d_z,
)

EXPECTED = Path(__file__).parent / "reference" / "expected" / "effects.json"
GOLDEN = json.loads(EXPECTED.read_text(encoding="utf-8"))
SLEEP = GOLDEN["values"]["sleep"]
RTOL = GOLDEN["tolerance"]["rtol"]
BOUNDS_RTOL = GOLDEN["tolerance"]["bounds_rtol"]


def test_d_z_of_the_sleep_data_agrees_with_r_and_keeps_its_sign() -> None:
    effect = d_z_interval(np.array([SLEEP["statistic"]]), np.array([SLEEP["n"]]))
    assert effect.estimate.item() == pytest.approx(SLEEP["d_z"], rel=RTOL)
    bounds = [effect.conf_low.item(), effect.conf_high.item()]
    assert bounds == pytest.approx(SLEEP["d_z_interval"], rel=BOUNDS_RTOL)
    assert bounds == pytest.approx([-2.11801651397707, -0.414627756380144], rel=1e-9)


def test_d_av_and_hedges_correction_agree_with_r() -> None:
    x, y = (np.array(SLEEP[name], dtype=float) for name in "xy")
    difference = np.array([(x - y).mean()])
    found = d_av(difference, np.array([x.std(ddof=1)]), np.array([y.std(ddof=1)]))
    assert found.item() == pytest.approx(SLEEP["d_av"], rel=RTOL)
    assert hedges_correction(9) == pytest.approx(SLEEP["hedges_correction"], rel=RTOL)


def test_the_bounds_agree_with_r_over_a_grid() -> None:
    grid = GOLDEN["values"]["noncentrality"]
    assert len(grid) > 100
    for case in grid:
        found = noncentrality_interval(
            case["statistic"], case["df"], confidence_level=case["level"]
        )
        expected = (case["low"], case["high"])
        assert found == pytest.approx(expected, rel=BOUNDS_RTOL, abs=1e-8), case


@settings(max_examples=150, deadline=None)
@given(
    statistic=st.floats(-1e5, 1e5),
    df=st.integers(1, 100_000),
    level=st.floats(0.05, 0.999),
)
def test_the_bounds_have_the_probability_they_promise(
    statistic: float, df: int, level: float
) -> None:
    low, high = noncentrality_interval(statistic, df, confidence_level=level)
    tail = (1 - level) / 2
    assert low < high
    if statistic < 0:
        low, high, statistic = -high, -low, -statistic
    assert noncentral_t_cdf(statistic, df, low) == pytest.approx(1 - tail, abs=1e-9)
    assert noncentral_t_cdf(statistic, df, high) == pytest.approx(tail, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(statistic=st.floats(0, 20), df=st.integers(1, 500), offset=st.floats(-3, 3))
def test_the_distribution_function_agrees_with_scipy_where_scipy_is_right(
    statistic: float, df: int, offset: float
) -> None:
    noncentrality = statistic + offset * math.sqrt(1 + statistic**2 / (2 * df))
    theirs = special.nctdtr(df, noncentrality, statistic)
    if np.isfinite(theirs):
        assert noncentral_t_cdf(statistic, df, noncentrality) == pytest.approx(theirs, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(statistic=st.floats(0, 40), df=st.integers(1, 500))
def test_without_noncentrality_it_is_student_t(statistic: float, df: int) -> None:
    found = noncentral_t_cdf(statistic, df, 0.0)
    assert found == pytest.approx(stats.t.cdf(statistic, df), abs=1e-11)


def test_scipy_returns_nan_for_an_ordinary_noncentral_t() -> None:
    """When this fails, `_effects.noncentral_t_cdf` can give way to scipy."""
    assert math.isnan(special.nctdtr(5000, -3.3, 4.5))
    assert noncentral_t_cdf(4.5, 5000, -3.3) == pytest.approx(1, abs=1e-12)


def test_turning_the_sign_turns_the_interval() -> None:
    low, high = noncentrality_interval(3.7, 24)
    assert noncentrality_interval(-3.7, 24) == (-high, -low)


def test_an_undefined_statistic_has_an_undefined_interval() -> None:
    assert np.isnan(noncentrality_interval(math.nan, 9)).all()
    assert np.isnan(noncentrality_interval(math.inf, 9)).all()
    assert np.isnan(noncentrality_interval(2.0, math.nan)).all()


def test_effects_of_constants_are_undefined() -> None:
    assert np.isnan(d_av(np.array([1.0]), np.array([0.0]), np.array([0.0]))).all()
    constant = weighted_d_z(np.ones((4, 1)), np.arange(1.0, 5.0))
    assert np.isnan([constant.estimate, constant.conf_low, constant.conf_high]).all()
    assert math.isnan(hedges_correction(1))


def test_a_weighted_d_z_of_one_answer_is_undefined() -> None:
    one = np.array([[1.0], [np.nan], [np.nan]])
    assert np.isnan(weighted_d_z(one, np.ones(3)).conf_low).all()
