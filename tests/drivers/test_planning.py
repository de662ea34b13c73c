"""Respondents to tell two drivers apart: the closed form of two drivers, simulation, pilots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.drivers._share_difference import share_differences, wishart_covariances
from cxresearch.drivers.importance import driver_importance
from cxresearch.drivers.planning import plan_drivers
from cxresearch.drivers.shares import shapley_shares
from cxresearch.errors import CxError, EstimationError
from cxresearch.results import Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
WANT = json.loads((REFERENCE / "expected" / "drivers_more_planning.json").read_text("utf-8"))
few = settings(deadline=None, max_examples=20)
QUICK: dict[str, Any] = {"n_drivers": 4, "n_sims": 200}


def covariance(seed: int, p: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.cov((rng.normal(size=(40, p + 1)) + rng.normal(size=(40, 1))).T)


class TestClosedForm:
    def test_two_uncorrelated_drivers_equal_olkin_and_finn(self) -> None:
        found = plan_drivers(**WANT["options"], n_sims=6000)
        values = WANT["values"]
        shares = pd.DataFrame(values["shares"])
        for column in ("estimate", "percent", "standardized", "rank"):
            np.testing.assert_allclose(found.shares[column], shares[column], rtol=1e-8)
        assert found.shares["term"].tolist() == shares["term"].tolist()
        for name in ("difference", "ratio", "r2", "correlation", "n_asymptotic", "power"):
            assert getattr(found, name) == pytest.approx(values[name], rel=1e-8, abs=1e-12)
        for name in ("source", "first", "second", "n_drivers"):
            assert getattr(found, name) == values[name]

    def test_probabilities_equal_those_of_raw_answers_simulated_in_r(self) -> None:
        found = plan_drivers(**WANT["options"], n_sims=6000).estimates
        want = pd.DataFrame(WANT["values"]["estimates"])
        joined = want.merge(found, on=["term", "n"], suffixes=("", "_ours"))
        assert len(joined) == 6
        p = (joined["estimate"] + joined["estimate_ours"]) / 2
        error = np.sqrt(p * (1 - p) * (1 / WANT["sims"] + 1 / 6000))
        assert ((joined["estimate"] - joined["estimate_ours"]).abs() <= 4 * error).all()

    def test_the_error_of_two_correlated_drivers_equals_olkin_and_finn(self) -> None:
        for row in WANT["scales"]:
            a, b, ab = row["r1"], row["r2"], row["r12"]
            matrix = np.array([[1, ab, a], [ab, 1, b], [a, b, 1]])
            found = share_differences(matrix[None], 0, 1)
            assert found.scale[0] == pytest.approx(row["scale"], rel=1e-10)
            assert found.difference[0] == pytest.approx(a**2 - b**2)

    def test_the_size_required_is_near_what_large_sample_theory_asks_for(self) -> None:
        found = plan_drivers(n_drivers=2, correlation=0, r2=0.4, ratio=1.3, n_sims=4000)
        required = found.required.set_index("term").loc["interval_excludes_zero"]
        assert required["estimate"] == pytest.approx(found.n_asymptotic, rel=0.05)
        assert required["conf_low"] < required["estimate"] < required["conf_high"]


class TestDifference:
    @few
    @given(seed=st.integers(0, 10_000), p=st.integers(2, 6))
    def test_shares_equal_the_sweep_and_the_error_the_numerical_derivative(
        self, seed: int, p: int
    ) -> None:
        matrix = covariance(seed, p)
        found = share_differences(matrix[None], 0, 1)
        np.testing.assert_allclose(found.shares[0], shapley_shares(matrix), atol=1e-10)
        gradient, step = np.zeros_like(matrix), 1e-6
        for i in range(p + 1):
            for j in range(p + 1):
                moved = np.zeros_like(matrix)
                moved[i, j] += step / 2
                moved[j, i] += step / 2
                up, down = shapley_shares(matrix + moved), shapley_shares(matrix - moved)
                gradient[i, j] = (up[0] - up[1] - down[0] + down[1]) / (2 * step)
        product = gradient @ matrix
        assert found.scale[0] ** 2 == pytest.approx(2 * np.trace(product @ product), rel=1e-4)

    @few
    @given(seed=st.integers(0, 10_000), p=st.integers(2, 6))
    def test_order_of_drivers_and_units_do_not_matter(self, seed: int, p: int) -> None:
        rng = np.random.default_rng(seed)
        matrix, order = covariance(seed, p), rng.permutation(p)
        units = np.append(rng.uniform(0.1, 10, p), 3.0)
        full = np.append(order, p)
        mixed = (matrix * np.outer(units, units))[np.ix_(full, full)]
        one = share_differences(matrix[None], int(order[0]), int(order[1]))
        two = share_differences(mixed[None], 0, 1)
        assert two.difference[0] == pytest.approx(one.difference[0], abs=1e-10)
        assert two.scale[0] == pytest.approx(one.scale[0], rel=1e-7)

    def test_the_error_is_that_of_the_bootstrap_of_normal_answers(self) -> None:
        rng = np.random.default_rng(6)
        x = rng.normal(size=(4000, 4)) + rng.normal(size=(4000, 1))
        frame = pd.DataFrame(x, columns=list("abcd"))
        frame["y"] = x @ [1, 0.7, 0.4, 0.2] + 3 * rng.normal(size=4000)
        booted = driver_importance(frame, outcome="y", drivers=list("abcd")).differences
        matrix = np.cov(frame.to_numpy().T)
        ours = share_differences(matrix[None], 0, 1).scale[0] / np.sqrt(3999)
        assert ours == pytest.approx(booted["std_error"][0], rel=0.1)


def test_wishart_matrices_have_the_mean_and_spread_of_sample_covariances() -> None:
    matrix = covariance(3, 3)
    drawn = wishart_covariances(matrix, 50, 40_000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(axis=0), matrix, atol=4 * matrix.max() / 1000)
    variance = (matrix**2 + np.outer(np.diag(matrix), np.diag(matrix))) / 50
    np.testing.assert_allclose(drawn.var(axis=0), variance, rtol=0.05)
    with pytest.raises(EstimationError, match="is not positive definite"):
        wishart_covariances(np.ones((2, 2)), 50, 10, np.random.default_rng(1))


def test_the_population_has_the_shares_asked_for() -> None:
    found = plan_drivers(**QUICK, correlation=0.3, r2=0.6, ratio=1.8, rest=0.8)
    share = found.shares["estimate"].to_numpy()
    assert share[0] / share[1] == pytest.approx(1.8, rel=1e-6)
    assert share[2] / share[1] == pytest.approx(0.8, rel=1e-6)
    assert share.sum() == pytest.approx(0.6)
    assert (found.first, found.second, found.correlation) == ("driver_1", "driver_2", 0.3)


def test_more_respondents_tell_more_and_a_larger_ratio_needs_fewer() -> None:
    near, far = (plan_drivers(**QUICK, ratio=r) for r in (1.3, 2.0))
    assert near.n_asymptotic > 2 * far.n_asymptotic
    for plan in (near, far):
        told = plan.estimates[plan.estimates["term"] == "interval_excludes_zero"]
        assert told["estimate"].iloc[0] < 0.5 < told["estimate"].iloc[-1]
        assert told["n"].is_monotonic_increasing


def test_a_design_effect_multiplies_the_respondents() -> None:
    plain, design = (plan_drivers(**QUICK, design_effect=d) for d in (1.0, 2.0))
    assert design.n_asymptotic == pytest.approx(2 * plain.n_asymptotic)
    sizes = design.required["estimate"][0] / plain.required["estimate"][0]
    assert sizes == pytest.approx(2, rel=0.05)


def test_a_pilot_is_taken_for_the_population_and_said_to_be_optimistic() -> None:
    rng = np.random.default_rng(3)
    pilot = pd.DataFrame(rng.normal(size=(200, 3)), columns=["room", "staff", "price"])
    pilot["y"] = pilot["room"] + 0.6 * pilot["staff"] + rng.normal(size=200)
    pilot.loc[:9, "price"] = np.nan
    asked = {"outcome": "y", "drivers": ["price", "staff", "room"]}
    found = plan_drivers(pilot, **asked, n_sims=200)
    shares = driver_importance(pilot, **asked, n_boot=0).estimates["estimate"]
    np.testing.assert_allclose(found.shares["estimate"], shares, rtol=1e-9)
    assert (found.source, found.first, found.second) == ("pilot", "room", "staff")
    assert found.n_pilot == 190
    assert "pilot_difference_optimistic" in found.notes


def test_the_same_seed_gives_the_same_plan_and_it_survives_json() -> None:
    one, two = (plan_drivers(**QUICK, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
    again = Result.from_dict(json.loads(json.dumps(one.to_dict())))
    pd.testing.assert_frame_equal(again.tidy(), one.tidy(), check_dtype=False)
    assert one.glance()["n_interval_excludes_zero"][0] == one.required["estimate"][0]


def test_a_power_outside_the_sizes_is_left_open_and_noted() -> None:
    found = plan_drivers(**QUICK, sizes=[40, 60])
    assert np.isnan(found.required["estimate"][0])
    assert "outside_sizes:interval_excludes_zero" in found.notes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratio": 1.0}, "ratio must be above 1"),
        ({"n_drivers": 13}, "n_drivers must be 2 to 12; got 13"),
        ({"correlation": 0.8, "ratio": 4.0}, "cannot have shares in the ratio 4"),
        ({"design_effect": 0}, "design_effect must be above 0"),
        ({"sizes": [5]}, "sizes must be a whole number of at least 18"),
        ({"outcome": "y"}, "there is no pilot"),
        ({"pilot": pd.DataFrame({"y": [1.0]})}, "a pilot needs outcome and at least 2 drivers"),
    ],
)
def test_what_cannot_be_planned_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CxError, match=message):
        plan_drivers(**options)
