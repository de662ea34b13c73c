"""Experiments: R's numbers, published counts, and the mistakes that are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end import (
    _balance,
    attrition,
    balance_test,
    choice_share,
    compare_choices,
    compare_conditions,
    crossover,
    equivalence_test,
    sample_ratio,
)
from cxresearch.results import Result


def same(ours, theirs, rtol: float = 1e-9) -> None:
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=rtol), name


# --- between people -----------------------------------------------------------------------


def test_four_estimators_of_a_condition_equal_rs(golden, reference_data) -> None:
    expected = golden("conditions")["values"]
    episodes = reference_data("episodes")
    found = compare_conditions(
        episodes, outcome="retro", condition="arm", participant="id",
        covariates={"start": "before"},
    )  # fmt: skip
    rows = found.estimates.set_index("term")
    for method, theirs in expected["estimates"].items():
        same(rows.loc[method], theirs)
    assert rows["group"].eq("1 − 0").all()
    assert found.conditions["mean"].tolist() == pytest.approx(expected["conditions"]["mean"])
    assert found.variance_reduction == pytest.approx(expected["variance_reduction"], rel=1e-9)
    assert found.n == expected["n"]


def test_three_conditions_equal_rs_pairwise_tests_and_tukey(golden, reference_data) -> None:
    golden_file = golden("conditions")
    expected, close = golden_file["values"]["plant_growth"], golden_file["tolerance"]
    plants = reference_data("plant_growth")
    found = compare_conditions(plants, outcome="weight", condition="group")
    pooled = found.estimates[found.estimates["term"] == "pooled"]
    welch = found.estimates[found.estimates["term"] == "welch"]
    assert pooled["group"].tolist() == ["trt1 − ctrl", "trt2 − ctrl", "trt2 − trt1"]
    np.testing.assert_allclose(pooled["estimate"], expected["estimate"], rtol=1e-9)
    np.testing.assert_allclose(pooled["p_value"], expected["pooled_p"], rtol=1e-9)
    np.testing.assert_allclose(pooled["p_adjusted"], expected["pooled_holm"], rtol=1e-9)
    np.testing.assert_allclose(welch["p_adjusted"], expected["welch_holm"], rtol=1e-9)
    np.testing.assert_allclose(pooled["p_tukey"], expected["p_tukey"], rtol=close["tukey"])
    omnibus = golden_file["values"]["omnibus"]
    welch_test, anova = found.omnibus.iloc[0], found.omnibus.iloc[1]
    assert anova["statistic"] == pytest.approx(omnibus["anova_f"], rel=1e-9)
    assert anova["p_value"] == pytest.approx(omnibus["anova_p"], rel=1e-9)
    assert welch_test["p_value"] == pytest.approx(omnibus["welch_p"], rel=1e-9)
    control = compare_conditions(plants, outcome="weight", condition="group", control="trt1")
    assert control.estimates["group"].unique().tolist() == ["ctrl − trt1", "trt2 − trt1"]


def test_with_two_conditions_tukeys_test_is_the_pooled_t_test() -> None:
    table = people(["a"] * 3 + ["b"] * 4, [1, 2, 4, 5, 4, 7, 6])
    rows = compare_conditions(table, outcome="score", condition="arm").estimates
    pooled = rows.set_index("term").loc["pooled"]
    range_of_two = np.sqrt(2) * abs(pooled["statistic"])
    assert pooled["p_tukey"] == pooled["p_value"]
    integrated = stats.studentized_range.sf(range_of_two, 2, pooled["df"])
    assert pooled["p_tukey"] == pytest.approx(integrated, rel=1e-9)


def people(arms: list[str], scores: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"arm": arms, "score": scores})


def test_covariates_measured_after_assignment_are_refused() -> None:
    table = people(["a", "a", "b", "b"], [1, 2, 3, 5]).assign(
        mood=[1, 2, 2, 1], peak=[1, 2, 1, 3]
    )
    for covariates in ({"mood": "after"}, {"peak": "before"}):
        with pytest.raises(CxError, match="was measured after assignment"):
            compare_conditions(table, outcome="score", condition="arm", covariates=covariates)
    with pytest.raises(CxError, match=r"covariates\['mood'\] must be one of 'before', 'after'"):
        compare_conditions(
            table, outcome="score", condition="arm", covariates={"mood": "earlier"}
        )


def test_conditions_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ResponseError, match="condition 'b' has 1 person; at least 2"):
        compare_conditions(people(["a", "a", "b"], [1, 2, 3]), outcome="score", condition="arm")
    with pytest.raises(ResponseError, match="one condition only, 'a'"):
        compare_conditions(people(["a", "a"], [1, 2]), outcome="score", condition="arm")
    with pytest.raises(ResponseError, match="the outcome is the same for everybody"):
        compare_conditions(
            people(["a", "a", "b", "b"], [5] * 4), outcome="score", condition="arm"
        )
    twice = people(["a", "a", "b", "b"], [1, 2, 3, 4]).assign(id=[1, 1, 2, 3])
    with pytest.raises(ResponseError, match=r"participant .*1.* has several rows; repeated"):
        compare_conditions(twice, outcome="score", condition="arm", participant="id")
    with pytest.raises(CxError, match=r"control: \['c'\] not found; the conditions are"):
        compare_conditions(twice, outcome="score", condition="arm", control="c")
    with pytest.raises(CxError, match="outcome 'arm' must be numeric; it holds 'a'"):
        compare_conditions(twice, outcome="arm", condition="id")


def test_a_missing_outcome_is_left_out_and_counted() -> None:
    table = people(["a"] * 3 + ["b"] * 3, [1, 2, np.nan, 4, 5, 7])
    found = compare_conditions(table, outcome="score", condition="arm")
    assert (found.n, found.n_omitted, found.notes) == (5, 1, ("rows_omitted:1",))


def test_adjusted_tests_reject_a_null_at_their_level_and_are_sharper() -> None:
    rng = np.random.default_rng(8)
    rejected = dict.fromkeys(("welch", "ancova", "lin", "cuped"), 0)
    errors = []
    for _ in range(400):
        before = rng.normal(size=60)
        arm = rng.permutation(np.repeat(["a", "b"], 30))
        table = pd.DataFrame(
            {"arm": arm, "before": before, "score": before + rng.normal(size=60)}
        )
        found = compare_conditions(
            table, outcome="score", condition="arm", covariates={"before": "before"}
        ).estimates.set_index("term")
        for name in rejected:
            rejected[name] += found.loc[name, "p_value"] < 0.05
        errors.append(found["std_error"])
    for name, count in rejected.items():
        assert abs(count / 400 - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 400), name
    mean = pd.concat(errors, axis=1).mean(axis=1)
    assert mean["lin"] < 0.8 * mean["welch"]


# --- within people ------------------------------------------------------------------------

WITHIN = {
    "outcome": "memory", "condition": "condition", "period": "period", "participant": "person",
}  # fmt: skip


def test_a_crossover_equals_rs_t_tests(golden, reference_data) -> None:
    expected = golden("crossover")["values"]
    found = crossover(reference_data("crossover"), **WITHIN)
    rows = found.estimates.set_index("term")
    for term, theirs in expected["estimates"].items():
        same(rows.loc[term], {k: v for k, v in theirs.items() if k != "conf"})
        interval = [rows.loc[term, "conf_low"], rows.loc[term, "conf_high"]]
        assert interval == pytest.approx(theirs["conf"], rel=1e-9)
    assert (found.n, found.first, found.second) == (expected["n"], "plain", "warm")
    raw = reference_data("crossover")
    cell = raw[(raw["period"] == 1) & (raw["condition"] == "plain")]["memory"].mean()
    assert found.means["mean"].iloc[0] == pytest.approx(cell)


def test_a_period_effect_alone_is_not_taken_for_a_condition() -> None:
    table = pd.DataFrame(
        {"person": np.repeat(range(20), 2), "period": [1, 2] * 20, "memory": 0.0}
    )
    late = (table["person"] % 2 == 0) == (table["period"] == 1)
    table["condition"] = np.where(late, "a", "b")
    # 14 of 20 people met "a" first: the plain difference of means carries the period.
    flip = table["person"].isin([1, 3, 5, 7])
    table.loc[flip, "condition"] = np.where(table.loc[flip, "period"] == 1, "a", "b")
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.05, 40)
    table["memory"] = 2.0 * (table["period"] == 2) + noise
    found = crossover(table, **WITHIN).estimates.set_index("term")["estimate"]
    means = table.groupby("condition")["memory"].mean()
    assert means["b"] - means["a"] > 0.7
    assert abs(found["condition"]) < 0.06
    assert found["period"] == pytest.approx(2, abs=0.06)


def test_a_crossover_that_is_none_is_refused(reference_data) -> None:
    table = reference_data("crossover")
    with pytest.raises(ResponseError, match="column 'condition' has 1 values"):
        crossover(table.assign(condition="plain"), **WITHIN)
    with pytest.raises(ResponseError, match="two ratings with the same 'period'"):
        crossover(pd.concat([table, table.head(1)]), **WITHIN)
    with pytest.raises(ResponseError, match="1 people met 'warm' first; at least 2"):
        crossover(table[table["person"].isin([1, 2, 3, 5])], **WITHIN)
    with pytest.raises(ResponseError, match="all people of an order differ by the same amount"):
        crossover(table.assign(memory=5.0), **WITHIN)
    found = crossover(table.iloc[1:], **WITHIN)
    assert (found.n, found.n_omitted, found.notes) == (23, 1, ("people_omitted:1",))


# --- equivalence --------------------------------------------------------------------------


@pytest.mark.parametrize("design", ["paired", "separate"])
def test_equivalence_equals_rs_one_sided_tests(golden, reference_data, design) -> None:
    expected = golden("equivalence")
    values, close = expected["values"], expected["tolerance"]
    sleep = reference_data("sleep")
    found = equivalence_test(
        sleep["x"], sleep["y"], bound=values["bound"][design], paired=design == "paired"
    )
    rows = found.estimates.set_index("term")
    for term, theirs in values["estimates"][design].items():
        same(rows.loc[term], theirs)
    for name in ("p_equivalence", "equivalence_low", "equivalence_high", "bayes_factor", "n"):
        assert getattr(found, name) == pytest.approx(values[name][design], rel=close["rtol"])
    for name in ("effect_size", "effect_low", "effect_high"):
        if design in values[name]:
            theirs = values[name][design]
            assert getattr(found, name) == pytest.approx(theirs, rel=close["effect"])
    assert found.verdict == ("trivial" if design == "paired" else "inconclusive")


@settings(max_examples=40, deadline=None)
@given(shift=st.floats(-3, 3), seed=st.integers(0, 1000))
def test_equivalence_holds_exactly_when_the_interval_lies_inside(shift, seed) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=30) + shift, rng.normal(size=25)
    found = equivalence_test(x, y, bound=1.0)
    inside = found.equivalence_low > -1 and found.equivalence_high < 1
    assert (found.p_equivalence < 0.05) == inside
    mirrored = equivalence_test(y, x, bound=1.0)
    assert mirrored.p_equivalence == pytest.approx(found.p_equivalence, rel=1e-9)


def test_equivalence_of_impossible_ratings_is_refused() -> None:
    with pytest.raises(CxError, match="paired ratings need equal lengths; got 2 and 3"):
        equivalence_test([1, 2], [1, 2, 3], bound=1, paired=True)
    with pytest.raises(CxError, match="bound must be above 0"):
        equivalence_test([1, 2], [1, 2], bound=0)
    with pytest.raises(ResponseError, match="first: 1 ratings; at least 2 are needed"):
        equivalence_test([1, np.nan], [1, 2], bound=1)
    with pytest.raises(ResponseError, match="all ratings of both groups are equal"):
        equivalence_test([1, 1], [1, 1], bound=1)
    with pytest.raises(ResponseError, match="all pairs differ by the same amount"):
        equivalence_test([1, 2], [2, 3], bound=1, paired=True)


# --- choices ------------------------------------------------------------------------------


def test_the_cold_water_choices_have_their_exact_p_values(golden) -> None:
    values = golden("choice")["values"]
    found = choice_share(values["chosen"], values["n"])
    rows = found.estimates.set_index("term")
    for term, theirs in values["estimates"].items():
        same(rows.loc[term], theirs)
    assert found.p_greater == pytest.approx(values["p_greater"], rel=1e-9)
    assert found.bayes_factor == pytest.approx(values["bayes_factor"], rel=1e-9)
    # The two-sided p of 22 of 32 is above .05: "significant" needs a one-sided test.
    assert rows.loc["exact", "p_value"] > 0.05 > found.p_greater


def test_choices_of_two_groups_equal_rs(golden) -> None:
    expected = golden("choice_difference")
    values = expected["values"]
    found = compare_choices((5, 11), (17, 21))
    same(found.estimates.iloc[0], {k: values["estimates"][k] for k in ("statistic", "p_value")})
    assert found.p_exact == pytest.approx(values["p_exact"], rel=1e-9)
    assert found.odds_ratio == pytest.approx(
        values["odds_ratio"], rel=expected["tolerance"]["odds_ratio"]
    )
    assert found.second_share == pytest.approx(values["first_share"])
    assert (found.first_share, found.n) == (pytest.approx(values["second_share"]), values["n"])
    wide = compare_choices((101, 260), (138, 300)).estimates.iloc[0]
    interval = [wide["conf_low"], wide["conf_high"]]
    assert interval == pytest.approx(values["estimates"]["newcombe"], rel=1e-9)
    assert wide["statistic"] == pytest.approx(
        values["estimates"]["newcombe_statistic"], rel=1e-9
    )


def test_impossible_choices_are_refused() -> None:
    with pytest.raises(CxError, match="chosen must not exceed n; got 5 of 4"):
        choice_share(5, 4)
    with pytest.raises(CxError, match="second: chosen must not exceed n; got 5 of 4"):
        compare_choices((1, 4), (5, 4))
    with pytest.raises(CxError, match="chosen must be a whole number"):
        choice_share(2.5, 4)  # type: ignore[arg-type]
    nobody = compare_choices((0, 4), (0, 5))
    assert np.isnan(nobody.odds_ratio)
    assert np.isnan(nobody.estimates["statistic"].item())


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 60), data=st.data())
def test_choosing_and_not_choosing_are_mirror_images(n, data) -> None:
    chosen = data.draw(st.integers(0, n))
    one, other = choice_share(chosen, n), choice_share(n - chosen, n)
    np.testing.assert_allclose(
        one.estimates["p_value"], other.estimates["p_value"], rtol=1e-9, atol=1e-12
    )
    assert one.bayes_factor == pytest.approx(other.bayes_factor, rel=1e-9)
    exact, mirrored = one.estimates.iloc[0], other.estimates.iloc[0]
    assert exact["conf_low"] == pytest.approx(1 - mirrored["conf_high"], abs=1e-9)


# --- did it run as planned ----------------------------------------------------------------


def test_sample_ratio_equals_rs_chi_square(golden) -> None:
    values = golden("sample_ratio")["values"]
    found = sample_ratio({"plain": 821, "warm": 679})
    assert found.statistic == pytest.approx(values["statistic"], rel=1e-10)
    assert found.p_value == pytest.approx(values["p_value"], rel=1e-9)
    assert (found.n, found.df, found.mismatch) == (values["n"], values["df"], True)
    three = sample_ratio({"a": 500, "b": 240, "c": 260}, ratio={"a": 2, "b": 1, "c": 1})
    for name, value in values["three_arms"].items():
        assert getattr(three, name) == pytest.approx(value, rel=1e-9)
    assert three.estimates["expected"].tolist() == [500, 250, 250]
    assert not three.mismatch
    with pytest.raises(CxError, match=r"ratio: \['d'\] not found"):
        sample_ratio({"a": 1, "b": 2}, ratio={"a": 1, "d": 1})
    with pytest.raises(CxError, match="ratio needs a positive part"):
        sample_ratio({"a": 1, "b": 2}, ratio={"a": 1})
    with pytest.raises(CxError, match="counts needs at least 2 conditions"):
        sample_ratio({"a": 1})


def test_balance_equals_the_test_over_all_assignments(golden) -> None:
    values = golden("balance")["values"]
    table = pd.DataFrame(values["data"]).assign(arm=list("abababbaba"))
    found = balance_test(table, condition="arm", covariates=["age", "use"], permutations=4000)
    assert found.statistic == pytest.approx(values["statistic"], rel=1e-10)
    ours = dict(zip(found.estimates["term"], found.estimates["estimate"], strict=True))
    assert ours == pytest.approx(values["estimates"], rel=1e-10)
    p = values["p_value"]
    assert abs(found.p_value - p) < 4 * np.sqrt(p * (1 - p) / 4000)
    again = balance_test(table, condition="arm", covariates=["age", "use"], permutations=4000)
    assert again.p_value == found.p_value
    assert "p_value" not in found.estimates
    with pytest.raises(ResponseError, match="covariate 'age' is the same for everybody"):
        balance_test(table.assign(age=1), condition="arm", covariates=["age"])
    with pytest.raises(CxError, match="covariate 'name' must be numeric"):
        balance_test(table.assign(name="x"), condition="arm", covariates=["name"])
    with pytest.raises(ResponseError, match="one condition only"):
        balance_test(table.assign(arm="a"), condition="arm", covariates=["age"])


def test_balance_does_not_depend_on_how_many_draws_are_held_at_once(monkeypatch) -> None:
    rng = np.random.default_rng(3)
    table = pd.DataFrame({"arm": ["a", "b", "c"] * 20, "x": rng.normal(size=60)})
    ask = {"condition": "arm", "covariates": ["x"], "permutations": 250}
    whole = balance_test(table, **ask)
    monkeypatch.setattr(_balance, "_CELLS", 60 * 99)
    assert balance_test(table, **ask).p_value == whole.p_value


def test_attrition_equals_rs_tests(golden) -> None:
    values = golden("attrition")["values"]
    table = pd.DataFrame(
        {
            "arm": ["a"] * 100 + ["b"] * 110,
            "gone": [True] * 12 + [False] * 88 + [True] * 27 + [False] * 83,
        }
    )
    found = attrition(table, condition="arm", lost="gone")
    for name in ("statistic", "p_value", "p_exact", "df", "n"):
        assert getattr(found, name) == pytest.approx(values[name], rel=1e-9)
    bounds = found.estimates[["conf_low", "conf_high"]].to_numpy()
    np.testing.assert_allclose(bounds, values["estimates"]["wilson"], rtol=1e-9)
    assert found.spread == pytest.approx(27 / 110 - 12 / 100)
    scores = table.assign(score=np.where(table["gone"], np.nan, 5.0))
    assert attrition(scores, condition="arm", lost="score").p_exact == found.p_exact
    nobody = attrition(table.assign(gone=False), condition="arm", lost="gone")
    assert np.isnan(nobody.p_value)
    with pytest.raises(ResponseError, match="1 people have no condition"):
        attrition(table.assign(arm=[None, *table["arm"][1:]]), condition="arm", lost="gone")
    with pytest.raises(ResponseError, match="one condition only"):
        attrition(table.head(5), condition="arm", lost="gone")


def test_results_of_experiments_survive_json(reference_data) -> None:
    arms = pd.DataFrame({"arm": ["a", "b"] * 6, "x": range(12), "gone": [True] + [False] * 11})
    results = [
        compare_conditions(reference_data("plant_growth"), outcome="weight", condition="group"),
        crossover(reference_data("crossover"), **WITHIN),
        equivalence_test([1, 2, 4], [2, 2, 5], bound=1),
        choice_share(22, 32),
        compare_choices((17, 21), (5, 11)),
        sample_ratio({"a": 5, "b": 6}),
        balance_test(arms, condition="arm", covariates=["x"], permutations=99),
        attrition(arms, condition="arm", lost="gone"),
    ]
    for found in results:
        back = Result.from_dict(found.to_dict())
        assert type(back) is type(found)
        pd.testing.assert_frame_equal(back.tidy(), found.tidy(), check_dtype=False)
        assert len(back.glance()) == 1
