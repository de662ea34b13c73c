"""Polychoric correlations, thresholds and their errors agree with lavaan."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cxresearch.errors import EstimationError, ResponseError
from cxresearch.psychometrics._polychoric import (
    _cells,
    casewise_influence,
    categories_of,
    two_step,
)
from cxresearch.psychometrics.polychoric import PolychoricResult, polychoric_correlations

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
ERRORS = ("std_error", "conf_low", "conf_high")
GOLDENS = sorted(
    path.name for path in (REFERENCE / "expected").glob("psychometrics_polychoric_*.json")
)


@pytest.mark.parametrize("name", GOLDENS)
def test_every_field_agrees_with_lavaan(name: str) -> None:
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    frame = pd.read_csv(REFERENCE / golden["data"])
    found = polychoric_correlations(frame, **golden["options"])
    values, limits = golden["values"], golden["tolerance"]
    for field in ("estimates", "thresholds"):
        own = getattr(found, field).set_index(["term", "group"])
        expected = pd.DataFrame(values.pop(field)).set_index(["term", "group"])
        assert set(own.columns) == set(expected.columns)
        assert set(own.index) == set(expected.index)
        for column in expected:
            limit = limits["std_error" if column in ERRORS else "estimates"]
            np.testing.assert_allclose(
                own[column].loc[expected.index], expected[column], rtol=limit, atol=limit / 10
            )
    for field, value in values.items():
        own = getattr(found, field)
        if isinstance(own, np.ndarray):
            np.testing.assert_allclose(own, value, atol=limits["estimates"])
        else:
            assert (list(own) if isinstance(own, tuple) else own) == value, field


def steps(
    seed: int, rho: float, *, n: int = 500, cuts: tuple[float, ...] = (-1, 0, 1)
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    under = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n)
    return pd.DataFrame(np.digitize(under, cuts).astype(float), columns=["a", "b"])


@pytest.mark.parametrize("rho", [-0.95, -0.5, 0.0, 0.3, 0.9, 0.98])
def test_cell_probabilities_agree_with_scipy(rho: float) -> None:
    bounds = np.array([[-10.0, -1.3, 0.2, 1.1, 10.0]])
    cells, slopes = _cells(bounds, bounds, np.array([rho]))
    normal = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]], abseps=1e-10)
    below = np.array([[normal.cdf([x, y]) for y in bounds[0]] for x in bounds[0]])
    np.testing.assert_allclose(cells[0], np.diff(np.diff(below, axis=0), axis=1), atol=2e-8)
    assert cells.sum() == pytest.approx(1)
    assert slopes.sum() == pytest.approx(0, abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), rho=st.floats(-0.9, 0.9))
def test_reversing_an_item_turns_the_sign_and_labels_do_not_matter(
    seed: int, rho: float
) -> None:
    frame = steps(seed, rho)
    before = polychoric_correlations(frame).estimates.iloc[0]
    turned = polychoric_correlations(frame.assign(a=10 - 3 * frame["a"])).estimates.iloc[0]
    assert turned["estimate"] == pytest.approx(-before["estimate"], abs=1e-7)
    assert turned["std_error"] == pytest.approx(before["std_error"], rel=1e-5)
    spread = polychoric_correlations(frame.assign(a=frame["a"] ** 3)).estimates.iloc[0]
    assert spread["estimate"] == pytest.approx(before["estimate"], abs=1e-9)


def test_intervals_cover_the_correlation_below_the_answers() -> None:
    hits = 0
    for seed in range(300):
        row = polychoric_correlations(steps(seed, 0.6, n=300)).estimates.iloc[0]
        hits += row["conf_low"] <= 0.6 <= row["conf_high"]
    assert abs(hits / 300 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 300)


def test_polychoric_corrects_what_few_steps_do_to_pearson() -> None:
    row = polychoric_correlations(steps(1, 0.7, n=4000, cuts=(0.8,))).estimates.iloc[0]
    assert row["estimate"] == pytest.approx(0.7, abs=0.06)
    assert row["pearson"] < 0.55


def test_influence_sums_to_zero_and_gives_the_standard_error() -> None:
    answers = categories_of(steps(2, 0.4).to_numpy())
    pairs = two_step(answers)
    each = casewise_influence(answers, pairs)
    assert each.sum() == pytest.approx(0, abs=1e-6)
    assert np.sqrt((each**2).sum() * 500 / 499) == pytest.approx(pairs.std_errors[0])


def test_a_table_with_an_empty_corner_goes_to_the_boundary_and_is_noted() -> None:
    frame = pd.DataFrame({"a": [0] * 50 + [1] * 50, "b": [0] * 50 + [1] * 50}, dtype=float)
    found = polychoric_correlations(frame)
    assert found.notes == ("boundary:a:b",)
    assert found.correlations[0, 1] == pytest.approx(0.9999)


def test_respondents_without_all_answers_are_left_out_and_counted() -> None:
    frame = steps(3, 0.5)
    frame.loc[:9, "a"] = np.nan
    found = polychoric_correlations(frame)
    assert (found.n, found.n_asked, found.notes) == (490, 500, ("rows_dropped:10",))


def test_result_survives_json() -> None:
    found = polychoric_correlations(steps(1, 0.5))
    back = PolychoricResult.from_dict(json.loads(json.dumps(found.to_dict())))
    pd.testing.assert_frame_equal(back.tidy(), found.tidy())
    assert back.glance()["items"].item() == 2


class TestRefusals:
    def test_an_item_with_too_many_values(self) -> None:
        frame = steps(1, 0.5).assign(age=np.arange(500.0))
        with pytest.raises(ResponseError, match=r"item\(s\) \['age'\] take more than 15"):
            polychoric_correlations(frame)

    def test_an_item_everybody_answered_alike(self) -> None:
        with pytest.raises(EstimationError, match=r"item\(s\) \['a'\] have the same answer"):
            polychoric_correlations(steps(1, 0.5).assign(a=1.0))
