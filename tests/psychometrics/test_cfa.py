"""Confirmatory factor analysis agrees with lavaan, and refuses what it cannot estimate."""

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
from cxresearch.psychometrics._cfa_fit import fit_by_scoring
from cxresearch.psychometrics._cfa_model import (
    directions,
    factor_model,
    gradient_at,
    structure_at,
)
from cxresearch.psychometrics.cfa import confirmatory_factors
from cxresearch.psychometrics.cfa_result import CfaResult

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
GOLDENS = sorted(
    path.name for path in (REFERENCE / "expected").glob("psychometrics_cfa_*.json")
)
ERRORS = {"std_error", "statistic", "conf_low", "conf_high"} | {
    f"standardized_{end}" for end in ("error", "low", "high")
}
HOLZINGER = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}


def read_golden(name: str) -> Any:
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    return golden, pd.read_csv(REFERENCE / golden["data"])


def holzinger() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "psychometrics_holzinger.csv")


def keyed(table: pd.DataFrame) -> pd.DataFrame:
    """Rows by parameter and the pair they are of, whatever its order."""
    pair = [
        f"{kind}:{':'.join((a, b) if kind.endswith('loading') else sorted((a, b)))}"
        for kind, a, b in zip(table["parameter"], table["term"], table["group"], strict=True)
    ]
    return table.drop(columns=["term", "group", "parameter"]).set_index(pd.Index(pair))


def assert_tables_agree(found: pd.DataFrame, expected: pd.DataFrame, limits: Any) -> None:
    ours, theirs = keyed(found), keyed(expected)
    assert set(ours.index) == set(theirs.index)
    assert set(ours.columns) == set(theirs.columns)
    for column in theirs:
        limit = limits["std_error"] if column in ERRORS else limits["estimates"]
        np.testing.assert_allclose(
            ours[column].loc[theirs.index],
            theirs[column],
            rtol=limit,
            atol=limit,
            err_msg=column,
        )


@pytest.mark.parametrize("name", GOLDENS)
def test_every_field_agrees_with_lavaan(name: str) -> None:
    golden, frame = read_golden(name)
    options, values, limits = golden["options"], golden["values"], golden["tolerance"]
    found = confirmatory_factors(frame, options.pop("model"), **options)
    order = keyed(found.estimates).index.get_indexer(
        keyed(pd.DataFrame(values["estimates"])).index
    )
    if "parameter_covariance" in values:
        np.testing.assert_allclose(
            found.parameter_covariance[np.ix_(order, order)],
            values.pop("parameter_covariance"),
            atol=1e-4,
        )
    if "thresholds" in values:
        expected = pd.DataFrame(values.pop("thresholds"))
        assert found.thresholds[["term", "group"]].equals(
            expected[["term", "group"]].astype(object)
        )
        for column in ("estimate", "std_error", "n"):
            np.testing.assert_allclose(
                found.thresholds[column], expected[column], atol=limits["std_error"]
            )
    for field in ("estimates", "modification"):
        if field not in values:
            continue
        expected = pd.DataFrame(values.pop(field))
        assert_tables_agree(getattr(found, field), expected, limits)
    for field, value in values.items():
        own = getattr(found, field)
        if isinstance(own, (str, int, tuple)):
            assert (list(own) if isinstance(own, tuple) else own) == value, field
        elif isinstance(value, list):
            np.testing.assert_allclose(
                own, np.array(value).reshape(own.shape), atol=1e-4, err_msg=field
            )
        else:
            assert own == pytest.approx(value, rel=limits["fit"], abs=1e-7), field


def test_the_fit_of_holzinger_is_the_published_one() -> None:
    found = confirmatory_factors(holzinger(), HOLZINGER)
    assert round(found.chi2, 3) == 85.306
    assert (found.df, round(found.cfi, 3), round(found.rmsea, 3)) == (24, 0.931, 0.092)
    assert found.glance()["n"].item() == 301


def test_a_modification_index_is_about_the_fall_of_chi_square() -> None:
    found = confirmatory_factors(holzinger(), HOLZINGER)
    top = found.modification.iloc[0]
    model = {**HOLZINGER, top["group"]: [*HOLZINGER[top["group"]], top["term"]]}
    freed = confirmatory_factors(holzinger(), model)
    assert found.chi2 - freed.chi2 == pytest.approx(top["statistic"], rel=0.15)
    assert freed.df == found.df - 1


def test_the_gradient_is_zero_at_the_solution_and_agrees_with_differences() -> None:
    frame = holzinger()
    placed = factor_model(HOLZINGER, second_order={"g": list(HOLZINGER)})
    observed = np.cov(frame[list(placed.items)].to_numpy().T, ddof=0)
    fit = fit_by_scoring(placed, observed)
    assert np.abs(gradient_at(placed, fit.values, observed)).max() < 1e-7
    left, right = directions(fit.at, placed.free)
    for j in range(placed.free.count):
        step = np.zeros(placed.free.count)
        step[j] = 1e-6
        up, down = (structure_at(placed, fit.values + sign * step).implied for sign in (1, -1))
        outer = np.outer(left[j], right[j])
        np.testing.assert_allclose((up - down) / 2e-6, outer + outer.T, atol=1e-7)


def two_factors(seed: int, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    answers = np.repeat(factors, 3, axis=1) * 0.8 + 0.6 * rng.normal(size=(n, 6))
    return pd.DataFrame(answers, columns=list("abcdef"))


TWO = {"A": ["a", "b", "c"], "B": ["d", "e", "f"]}


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1e-3, 0.5, 40.0]),
    shift=st.floats(-100, 100),
)
def test_units_of_an_item_leave_fit_and_standardised_loadings(
    seed: int, scale: float, shift: float
) -> None:
    frame = two_factors(seed)
    before = confirmatory_factors(frame, TWO)
    after = confirmatory_factors(frame.assign(b=scale * frame["b"] + shift), TWO)
    assert after.chi2 == pytest.approx(before.chi2, abs=1e-6)
    np.testing.assert_allclose(
        after.standardized_loadings, before.standardized_loadings, atol=1e-6
    )
    assert after.loadings[1, 0] == pytest.approx(scale * before.loadings[1, 0], rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(list("abcdef")))
def test_the_order_of_columns_and_rows_changes_nothing(seed: int, order: list[str]) -> None:
    frame = two_factors(seed)
    shuffled = frame[order].sample(frac=1, random_state=seed)
    for estimator in ("ml", "mlr"):
        before = confirmatory_factors(frame, TWO, estimator=estimator)
        after = confirmatory_factors(shuffled, TWO, estimator=estimator)
        np.testing.assert_allclose(
            after.estimates["std_error"], before.estimates["std_error"], rtol=1e-6
        )


def test_reversing_an_item_turns_its_loading_only() -> None:
    frame = two_factors(3)
    before = confirmatory_factors(frame, TWO)
    after = confirmatory_factors(frame.assign(b=-frame["b"]), TWO)
    assert after.chi2 == pytest.approx(before.chi2)
    assert after.loadings[1, 0] == pytest.approx(-before.loadings[1, 0])
    assert after.loadings[0, 0] == pytest.approx(before.loadings[0, 0])


def test_mlr_changes_errors_and_chi_square_but_no_estimate() -> None:
    frame = np.exp(two_factors(4))
    ml = confirmatory_factors(frame, TWO)
    mlr = confirmatory_factors(frame, TWO, estimator="mlr")
    np.testing.assert_array_equal(ml.estimates["estimate"], mlr.estimates["estimate"])
    assert mlr.chi2_scaled != pytest.approx(ml.chi2_scaled, rel=0.05)
    assert (mlr.estimates["std_error"] > ml.estimates["std_error"]).mean() > 0.6
    assert ml.scaling == 1


def test_respondents_without_all_answers_are_left_out_and_counted() -> None:
    frame = two_factors(5)
    frame.loc[:9, "a"] = np.nan
    found = confirmatory_factors(frame, TWO)
    assert (found.n, found.n_asked, found.notes) == (290, 300, ("rows_dropped:10",))
    complete = confirmatory_factors(frame.dropna(), TWO)
    assert found.chi2 == complete.chi2


def test_three_items_are_a_saturated_model() -> None:
    found = confirmatory_factors(two_factors(6), {"A": ["a", "b", "c"]}, estimator="mlr")
    assert (found.df, found.chi2, found.rmsea, found.cfi) == (0, 0.0, 0.0, 1.0)
    assert np.isnan(found.p_value)
    assert found.notes == ("saturated",)


def test_a_negative_residual_variance_is_noted_and_not_an_error() -> None:
    correlations = np.array([[1, 0.9, 0.8], [0.9, 1, 0.6], [0.8, 0.6, 1]])
    rng = np.random.default_rng(1)
    z = rng.normal(size=(200, 3))
    z = (z - z.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    frame = pd.DataFrame(z @ np.linalg.cholesky(correlations).T, columns=list("abc"))
    found = confirmatory_factors(frame, {"A": ["a", "b", "c"]})
    assert found.notes == ("heywood:a", "saturated")
    assert found.residual_covariances[0, 0] < 0


def test_factors_that_correlate_above_one_are_noted() -> None:
    rng = np.random.default_rng(8)
    halo = rng.normal(size=(150, 1))
    frame = pd.DataFrame(halo + rng.normal(size=(150, 6)), columns=list("abcdef"))
    frame["c"] += frame["d"]
    found = confirmatory_factors(frame, TWO)
    assert "correlation_above_1:A:B" in found.notes
    assert "factor_covariances_not_positive_definite" in found.notes


def weak_factors(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal(np.zeros(3), np.full((3, 3), 0.4) + 0.6 * np.eye(3), 60)
    answers = np.repeat(factors, 3, axis=1) * 0.5 + np.sqrt(0.75) * rng.normal(size=(60, 9))
    return pd.DataFrame(answers, columns=[f"x{i + 1}" for i in range(9)])


@pytest.mark.parametrize(("seed", "chi2"), [(85, 25.20938), (2, 22.15703), (49, 43.20162)])
def test_weak_factors_in_few_answers_converge_where_lavaan_does(seed: int, chi2: float) -> None:
    found = confirmatory_factors(weak_factors(seed), HOLZINGER)
    assert found.chi2 == pytest.approx(chi2, abs=1e-4)
    assert found.steps < 100


def test_an_estimate_that_runs_away_is_refused() -> None:
    with pytest.raises(EstimationError, match="maximum likelihood did not converge"):
        confirmatory_factors(weak_factors(25), HOLZINGER)


def test_the_p_value_is_uniform_where_the_model_holds() -> None:
    p_values = [confirmatory_factors(two_factors(seed), TWO).p_value for seed in range(150)]
    rejected = np.mean(np.array(p_values) < 0.1)
    assert abs(rejected - 0.1) < 4 * np.sqrt(0.09 / 150)


def test_result_survives_json() -> None:
    found = confirmatory_factors(two_factors(1), TWO)
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    back = CfaResult.from_dict(payload)
    assert back.chi2 == found.chi2
    np.testing.assert_array_equal(back.loadings, found.loadings)


class TestRefusals:
    def test_an_item_that_is_not_a_column(self) -> None:
        with pytest.raises(CxError, match=r"items: \['z'\] not found"):
            confirmatory_factors(two_factors(1), {"A": ["a", "b", "z"]})

    def test_a_model_without_factors_or_with_an_empty_one(self) -> None:
        with pytest.raises(CxError, match="at least one factor"):
            confirmatory_factors(two_factors(1), {})
        with pytest.raises(CxError, match="'A' must list its items"):
            confirmatory_factors(two_factors(1), {"A": []})
        with pytest.raises(CxError, match="'A' must list its items; got 'abc'"):
            confirmatory_factors(two_factors(1), {"A": "abc"})

    def test_an_item_named_twice(self) -> None:
        with pytest.raises(CxError, match="lists an item twice"):
            confirmatory_factors(two_factors(1), {"A": ["a", "a", "b"]})

    def test_more_parameters_than_covariances(self) -> None:
        with pytest.raises(CxError, match="4 parameters for 3 different variances"):
            confirmatory_factors(two_factors(1), {"A": ["a", "b"]})

    def test_correlated_residuals_of_one_item_or_named_twice(self) -> None:
        for pairs in ([("a", "a")], [("a", "b"), ("b", "a")]):
            with pytest.raises(CxError, match="two different items, once"):
                confirmatory_factors(two_factors(1), TWO, correlated_residuals=pairs)

    def test_a_second_order_factor_of_unknown_or_shared_factors(self) -> None:
        with pytest.raises(CxError, match=r"second_order 'g': \['C'\] not found"):
            confirmatory_factors(two_factors(1), TWO, second_order={"g": ["A", "C"]})
        with pytest.raises(CxError, match="one second-order factor with a name of its own"):
            confirmatory_factors(
                two_factors(1), TWO, second_order={"g": ["A", "B"], "h": ["A"]}
            )

    def test_a_second_order_factor_of_two_is_not_identified(self) -> None:
        with pytest.raises(EstimationError, match="the model is not identified"):
            confirmatory_factors(two_factors(1), TWO, second_order={"g": ["A", "B"]})

    def test_items_that_are_combinations_of_others(self) -> None:
        frame = two_factors(1)
        frame["c"] = frame["a"] + frame["b"]
        with pytest.raises(EstimationError, match=r"not positive definite .*\['a', 'b', 'c'\]"):
            confirmatory_factors(frame, TWO)

    def test_an_item_everybody_answered_alike(self) -> None:
        with pytest.raises(EstimationError, match=r"item\(s\) \['a'\] have the same answer"):
            confirmatory_factors(two_factors(1).assign(a=3.0), TWO)

    def test_fewer_respondents_than_items(self) -> None:
        with pytest.raises(ResponseError, match="6 of 6 respondents answered all of 6 items"):
            confirmatory_factors(two_factors(1, n=6), TWO)

    def test_items_that_are_text(self) -> None:
        with pytest.raises(ResponseError, match=r"column\(s\) \['a'\] do not hold numbers"):
            confirmatory_factors(two_factors(1).assign(a="often"), TWO)

    def test_unrelated_items_do_not_converge_or_are_not_identified(self) -> None:
        x = np.array(np.meshgrid(*[[-1.0, 1.0]] * 6)).reshape(6, -1).T
        frame = pd.DataFrame(x, columns=list("abcdef"))
        with pytest.raises(EstimationError, match=r"not identified|did not converge"):
            confirmatory_factors(frame, TWO)

    def test_an_unknown_estimator(self) -> None:
        with pytest.raises(CxError, match="must be one of 'ml', 'mlr', 'wlsmv'; got 'uls'"):
            confirmatory_factors(two_factors(1), TWO, estimator="uls")  # type: ignore[arg-type]
