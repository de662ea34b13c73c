"""Factor models with missing answers use all there is, and say what cannot be estimated."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.psychometrics._cfa_model import factor_model, structure_at
from cxresearch.psychometrics._mean_slopes import (
    casewise,
    mean_at,
    observed_information_of,
    slopes_at,
)
from cxresearch.psychometrics._mean_structure import (
    fit_with_means,
    one_group,
    with_means,
)
from cxresearch.psychometrics._patterns import patterns_of, pull_of, saturated_moments
from cxresearch.psychometrics.cfa import confirmatory_factors
from cxresearch.psychometrics.cfa_result import CfaResult

DATA = Path(__file__).resolve().parents[1] / "reference" / "data"
HOLZINGER = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
TWO = {"A": ["a", "b", "c"], "B": ["d", "e", "f"]}


def holes() -> pd.DataFrame:
    return pd.read_csv(DATA / "psychometrics_holzinger_missing.csv")


def two_factors(seed: int, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    answers = np.repeat(factors, 3, axis=1) * 0.8 + 0.6 * rng.normal(size=(n, 6))
    return pd.DataFrame(answers, columns=list("abcdef"))


def test_the_fit_is_lavaans_and_rests_on_everybody() -> None:
    full = confirmatory_factors(holes(), HOLZINGER, missing="fiml")
    listwise = confirmatory_factors(holes(), HOLZINGER)
    assert full.chi2 == pytest.approx(79.2866107856772, rel=1e-6)
    assert (full.n, listwise.n, full.missing) == (301, 196, "fiml")


def test_derivatives_of_the_casewise_likelihood_agree_with_differences() -> None:
    placed = factor_model(HOLZINGER, second_order={"g": list(HOLZINGER)})
    model = with_means(placed, factor_moments=True)
    data = patterns_of(holes()[list(placed.items)].to_numpy(float))
    rng = np.random.default_rng(1)
    free = model.free
    values = np.where(free.row == free.column, 1.0, 0.5) + 0.1 * rng.random(free.count)
    values[free.matrix == 4] = 4.0

    def score(at: np.ndarray) -> np.ndarray:
        structure = structure_at(model, at)
        mean, _ = mean_at(model, structure, at)
        pull = pull_of(data, mean, structure.implied)
        return slopes_at(model, at).score(pull)

    def height(at: np.ndarray) -> float:
        structure = structure_at(model, at)
        mean, _ = mean_at(model, structure, at)
        return pull_of(data, mean, structure.implied).log_likelihood

    steps = 1e-5 * np.eye(free.count)
    slope = np.array([(height(values + e) - height(values - e)) / 2e-5 for e in steps])
    np.testing.assert_allclose(score(values), slope, rtol=1e-5, atol=1e-3)
    bend = np.array([(score(values + e) - score(values - e)) / 2e-5 for e in steps])
    structure = structure_at(model, values)
    mean, _ = mean_at(model, structure, values)
    pull = pull_of(data, mean, structure.implied)
    information = observed_information_of(model, values, data, pull)
    np.testing.assert_allclose(-bend, information, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(
        casewise(data, model, values, pull).sum(axis=0), score(values), rtol=1e-9, atol=1e-7
    )


def test_complete_answers_give_what_the_covariances_give() -> None:
    frame = two_factors(1)
    plain = confirmatory_factors(frame, TWO, estimator="mlr")
    full = confirmatory_factors(frame, TWO, estimator="mlr", missing="fiml")
    for field in ("chi2", "scaling", "baseline_scaling", "chi2_scaled", "cfi_scaled"):
        assert getattr(full, field) == pytest.approx(getattr(plain, field), rel=1e-6)
    shared = full.estimates[full.estimates["parameter"] != "intercept"]
    np.testing.assert_allclose(shared["estimate"], plain.estimates["estimate"], atol=1e-6)
    np.testing.assert_allclose(shared["std_error"], plain.estimates["std_error"], rtol=1e-5)
    assert full.n_parameters == plain.n_parameters + 6


def test_intercepts_are_the_means_of_all_answers_where_all_are_there() -> None:
    frame = two_factors(2) + 4
    found = confirmatory_factors(frame, TWO, missing="fiml").estimates
    rows = found[found["parameter"] == "intercept"].set_index("term")
    np.testing.assert_allclose(rows["estimate"], frame.mean().loc[rows.index], rtol=1e-8)


def test_answers_missing_where_others_are_low_do_not_bend_the_estimate() -> None:
    frame = two_factors(3, n=4000)
    frame.loc[frame["a"] < -0.3, "b"] = np.nan
    full = confirmatory_factors(frame, TWO, missing="fiml")
    listwise = confirmatory_factors(frame, TWO)
    assert full.loadings[1, 0] == pytest.approx(0.8, abs=0.06)
    assert abs(listwise.loadings[0, 0] - 0.8) > 0.15
    intercept = full.estimates.set_index(["parameter", "term"]).loc[("intercept", "b")]
    assert intercept["conf_low"] < 0 < intercept["conf_high"]


def test_respondents_without_any_answer_are_left_out_and_counted() -> None:
    frame = two_factors(4)
    frame.loc[:4] = np.nan
    frame.loc[10:20, "a"] = np.nan
    found = confirmatory_factors(frame, TWO, missing="fiml")
    assert (found.n, found.n_asked, found.notes) == (295, 300, ("rows_dropped:5",))


def test_the_order_of_rows_and_columns_changes_nothing() -> None:
    frame = two_factors(5)
    frame = frame.mask(np.random.default_rng(5).random(frame.shape) < 0.15)
    before = confirmatory_factors(frame, TWO, missing="fiml")
    after = confirmatory_factors(
        frame[list("fbdace")].sample(frac=1, random_state=1), TWO, missing="fiml"
    )
    assert after.chi2 == pytest.approx(before.chi2, abs=1e-6)
    np.testing.assert_allclose(
        after.estimates["std_error"], before.estimates["std_error"], rtol=1e-6
    )


def test_two_items_never_answered_together_are_named() -> None:
    frame = two_factors(6)
    frame.loc[:149, "a"] = np.nan
    frame.loc[150:, "b"] = np.nan
    with pytest.raises(EstimationError, match=r"together by fewer than 2 .*\('a', 'b'\)"):
        confirmatory_factors(frame, TWO, missing="fiml")


def test_an_item_answered_alike_or_by_nobody_is_named() -> None:
    frame = two_factors(7)
    for fault in (3.0, np.nan):
        with pytest.raises(EstimationError, match=r"item\(s\) \['a'\] have the same answer"):
            confirmatory_factors(frame.assign(a=fault), TWO, missing="fiml")


def test_an_item_twice_is_named() -> None:
    frame = two_factors(8)
    frame.loc[:20, "d"] = np.nan
    frame["b"] = frame["a"]
    with pytest.raises(EstimationError, match=r"not positive definite .*\['a', 'b'\]"):
        confirmatory_factors(frame, TWO, missing="fiml")


def test_too_few_respondents_are_refused() -> None:
    with pytest.raises(ResponseError, match="6 of 6 respondents answered any of 6 items"):
        confirmatory_factors(two_factors(9, n=6), TWO, missing="fiml")


def test_it_goes_with_neither_ordered_answers_nor_weights() -> None:
    frame = two_factors(10).assign(w=1.0)
    with pytest.raises(CxError, match="missing='fiml' goes with"):
        confirmatory_factors(frame, TWO, missing="fiml", estimator="wlsmv")
    with pytest.raises(CxError, match="missing='fiml' goes with"):
        confirmatory_factors(frame, TWO, missing="fiml", estimator="mlr", weights="w")


def test_a_solution_that_does_not_exist_is_refused() -> None:
    x = np.array(np.meshgrid(*[[-1.0, 1.0]] * 6)).reshape(6, -1).T
    frame = pd.DataFrame(x, columns=list("abcdef"))
    frame.loc[0, "a"] = np.nan
    with pytest.raises(EstimationError, match=r"not identified|did not converge"):
        confirmatory_factors(frame, TWO, missing="fiml")


def test_intervals_cover_with_a_fifth_of_the_answers_missing() -> None:
    covered = []
    for seed in range(150):
        frame = two_factors(seed, n=250)
        frame = frame.mask(np.random.default_rng(seed).random(frame.shape) < 0.2)
        row = confirmatory_factors(frame, TWO, missing="fiml").estimates.iloc[0]
        covered.append(row["conf_low"] < 0.8 < row["conf_high"])
    assert abs(np.mean(covered) - 0.95) < 4 * np.sqrt(0.05 * 0.95 / 150)


def test_a_fit_that_starts_elsewhere_ends_at_the_same_place() -> None:
    placed = factor_model(HOLZINGER)
    data = patterns_of(holes()[list(placed.items)].to_numpy(float))
    moments = saturated_moments(data, placed.items)
    layout = one_group(with_means(placed))
    found = confirmatory_factors(holes(), HOLZINGER, missing="fiml")
    start = found.estimates["estimate"].to_numpy() * 0.8
    fit = fit_with_means(layout, [data], start)
    assert 2 * (moments.log_likelihood - fit.log_likelihood) == pytest.approx(found.chi2)


def test_result_survives_json() -> None:
    found = confirmatory_factors(holes(), HOLZINGER, missing="fiml")
    back = CfaResult.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert isinstance(back, CfaResult)
    assert (back.chi2, back.missing) == (found.chi2, "fiml")
