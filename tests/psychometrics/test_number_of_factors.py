"""Adequacy and the number of factors agree with psych on complete answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.psychometrics._polychoric import categories_of, two_step
from cxresearch.psychometrics._polychoric_parallel import normal_scores, random_polychorics
from cxresearch.psychometrics.adequacy import factor_adequacy, kmo_from_correlation
from cxresearch.psychometrics.factor_count import (
    average_partials,
    number_of_factors,
    random_correlations,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def read_golden(name: str) -> Any:
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    return golden, pd.read_csv(REFERENCE / golden["data"])


def assert_fields(found: Any, values: dict[str, Any], rtol: float) -> None:
    for field, value in values.items():
        own = getattr(found, field)
        if isinstance(own, float):
            assert own == pytest.approx(value, rel=rtol), field
        else:
            assert (list(own) if isinstance(own, tuple) else own) == value, field


def test_adequacy_agrees_with_psych() -> None:
    golden, frame = read_golden("psychometrics_adequacy_bfi.json")
    found = factor_adequacy(frame)
    values, rtol = golden["values"], golden["tolerance"]["rtol"]
    expected = pd.DataFrame(values.pop("estimates"))
    assert found.estimates["term"].tolist() == expected.pop("term").tolist()
    for column in expected:
        np.testing.assert_allclose(found.estimates[column], expected[column], rtol=rtol)
    assert_fields(found, values, rtol)


def test_scree_parallel_analysis_and_map_agree_with_psych() -> None:
    golden, frame = read_golden("psychometrics_number_bfi.json")
    values, limits = golden["values"], golden["tolerance"]
    found = number_of_factors(frame, **golden["options"])
    expected = pd.DataFrame(values.pop("estimates"))
    ours = found.estimates
    assert set(ours.columns) == set(expected.columns)
    for column in ("estimate", "common", "n"):
        np.testing.assert_allclose(
            ours[column], expected[column], rtol=limits["rtol"], atol=1e-12
        )
    np.testing.assert_allclose(ours["map"][:8], expected["map"][:8], rtol=1e-9)
    # 4 standard errors of a difference of two means (of quantiles: about twice as wide).
    spread = (expected["random_quantile"] - expected["random_mean"]).abs() / 1.645
    error = limits["monte_carlo"] * spread * np.sqrt(2 / limits["draws"])
    for prefix in ("", "common_"):
        for column, width in (("random_mean", 1.2), ("random_quantile", 2.5)):
            difference = (ours[prefix + column] - expected[prefix + column]).abs()
            assert (difference < width * error).all(), prefix + column
    assert_fields(found, values, limits["rtol"])


def items_of(factors: int, seed: int, n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    answers = np.repeat(rng.normal(size=(n, factors)), 4, axis=1)
    return pd.DataFrame(answers + rng.normal(size=answers.shape)).rename(columns="q{}".format)


@pytest.mark.parametrize("factors", [1, 2, 3, 5])
def test_the_rules_find_the_factors_that_were_put_in(factors: int) -> None:
    found = number_of_factors(items_of(factors, seed=factors), draws=200)
    assert found.parallel_components == factors
    assert found.map_factors == factors
    assert found.parallel_factors >= factors
    assert found.glance()["map_factors"].item() == factors


def test_unrelated_items_have_no_factor() -> None:
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(300, 8))).rename(
        columns="q{}".format
    )
    found = number_of_factors(frame)
    assert (found.parallel_components, found.map_factors) == (0, 0)
    adequacy = factor_adequacy(frame)
    assert adequacy.p_value > 0.01
    assert adequacy.kmo < 0.6


def coarse(frame: pd.DataFrame) -> pd.DataFrame:
    """Four skewed answers."""
    steps = [-1.5, -0.5, 0.4]
    return frame.apply(lambda column: np.searchsorted(steps, column).astype(float))


def test_polychoric_parallel_analysis_finds_the_factors_that_were_put_in() -> None:
    found = number_of_factors(coarse(items_of(3, 6)), correlation="polychoric")
    assert (found.parallel_factors, found.parallel_components) == (3, 3)
    assert found.correlation == "polychoric"
    none = coarse(pd.DataFrame(np.random.default_rng(7).normal(size=(300, 8))))
    none.columns = [f"q{i}" for i in range(8)]
    assert number_of_factors(none, correlation="polychoric").parallel_components == 0


def test_polychorics_of_unrelated_items_are_those_of_maximum_likelihood() -> None:
    answers = coarse(pd.DataFrame(np.random.default_rng(8).normal(size=(300, 6)))).to_numpy()
    given = categories_of(answers)
    scores = normal_scores(given)
    size = np.mean(scores**2, axis=0)
    step = scores.T @ scores / len(scores) / np.outer(size, size)
    exact = two_step(given).matrix(6)
    apart = ~np.eye(6, dtype=bool)
    assert np.abs(step - exact)[apart].max() < 0.01
    drawn = random_polychorics(given, 400, np.random.default_rng(1))[:, apart]
    expected = np.sqrt(1 / (len(scores) * np.outer(size, size)))[apart]
    np.testing.assert_allclose(drawn.std(axis=0), expected, rtol=4 / np.sqrt(800))
    np.testing.assert_allclose(drawn.mean(axis=0), 0.0, atol=4 * expected.max() / 20)


def test_random_correlations_have_the_moments_of_sample_correlations() -> None:
    n, draws = 30, 4000
    drawn = random_correlations(n, 4, draws, np.random.default_rng(3))
    np.testing.assert_allclose(np.diagonal(drawn, axis1=1, axis2=2), 1)
    off = drawn[:, 0, 1:]
    assert np.abs(off.mean(axis=0)).max() < 4 / np.sqrt(draws * (n - 1))
    np.testing.assert_allclose(off.var(axis=0), 1 / (n - 1), rtol=0.12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(range(8)))
def test_order_and_units_change_nothing(seed: int, order: list[int]) -> None:
    frame = items_of(2, seed, n=60)
    changed = (3 + 2 * frame).iloc[:, order]
    before, after = factor_adequacy(frame), factor_adequacy(changed)
    assert after.kmo == pytest.approx(before.kmo)
    assert after.chi2 == pytest.approx(before.chi2)
    one, two = (number_of_factors(f, draws=20).estimates["map"][:-1] for f in (frame, changed))
    np.testing.assert_allclose(one, two, rtol=1e-8)


def test_the_same_seed_gives_the_same_random_eigenvalues() -> None:
    one, same, other = (
        number_of_factors(items_of(1, 1), draws=20, seed=s).estimates for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert one["random_mean"].tolist() != other["random_mean"].tolist()


def test_two_equal_blocks_leave_no_partial_correlation() -> None:
    averages = average_partials(np.full((3, 3), 0.5) + 0.5 * np.eye(3))
    assert averages[0] == pytest.approx(0.25)
    assert averages[1] == pytest.approx(0.25)


class TestRefusals:
    def test_items_that_repeat_each_other(self) -> None:
        frame = items_of(1, 1)
        with pytest.raises(EstimationError, match="not positive definite"):
            factor_adequacy(frame.assign(q9=frame["q0"]))
        with pytest.raises(EstimationError, match="not positive definite"):
            number_of_factors(frame.assign(q9=frame["q0"]))

    def test_fewer_respondents_than_items(self) -> None:
        with pytest.raises(ResponseError, match="at least 5 are needed"):
            factor_adequacy(items_of(1, 1, n=4))

    def test_too_few_draws_and_a_matrix_that_is_none(self) -> None:
        with pytest.raises(CxError, match="draws must be a whole number of at least 20"):
            number_of_factors(items_of(1, 1), draws=5)
        with pytest.raises(CxError, match="covariance must be square"):
            kmo_from_correlation(np.ones((2, 3)))
