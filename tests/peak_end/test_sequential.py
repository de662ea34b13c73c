"""Bounds, tests and intervals of studies that are looked at more than once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end import (
    always_valid,
    interim_looks,
    sequential_bounds,
    sequential_test,
)
from cxresearch.peak_end.anytime import mixture_ratio

Golden = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize("design", ["obrien_fleming", "pocock"])
@pytest.mark.parametrize("side", ["two_sided", "greater"])
def test_bounds_equal_those_of_rpact(golden: Golden, design: str, side: str) -> None:
    expected = golden("sequential_bounds")
    table = pd.DataFrame(expected["values"]["bounds"][f"{design}_{side}"])
    level = {"two_sided": 0.95, "greater": 0.975 if design == "obrien_fleming" else 0.9}[side]
    found = sequential_bounds(
        table["fraction"].tolist(),
        spending=design,  # type: ignore[arg-type]
        alternative=side,  # type: ignore[arg-type]
        confidence_level=level,
    )
    for column in ("estimate", "p_nominal", "spent"):
        np.testing.assert_allclose(
            found.bounds[column], table[column], rtol=0, atol=expected["tolerance"]["atol"]
        )
    assert found.n == len(table)
    assert (found.spending, found.alternative, found.confidence_level) == (design, side, level)


def test_five_even_looks_have_the_bounds_that_are_printed_everywhere() -> None:
    found = sequential_bounds([0.2, 0.4, 0.6, 0.8, 1.0])
    printed = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]
    # The printed second bound, 3.3569, is the older programs' value; exact is 3.3570.
    np.testing.assert_allclose(found.bounds["estimate"], printed, atol=1.2e-4)


def test_one_look_is_the_ordinary_test() -> None:
    looks = pd.DataFrame({"estimate": [0.7], "std_error": [0.3], "df": [14.0], "n": [16]})
    row = sequential_test(looks, planned_n=16)
    p = 2 * stats.t.sf(0.7 / 0.3, 14)
    half = stats.t.ppf(0.975, 14) * 0.3
    assert row.looks["p_adjusted"].item() == pytest.approx(p, rel=1e-6)
    assert row.looks["p_value"].item() == pytest.approx(p)
    assert row.looks["conf_low"].item() == pytest.approx(0.7 - half)
    assert row.final["estimate"].item() == pytest.approx(0.7)
    assert row.final["p_value"].item() == pytest.approx(p)


@pytest.mark.parametrize(
    ("side", "level", "tolerance"),
    [("greater", 0.975, "atol_rpact"), ("two_sided", 0.95, "atol")],
)
def test_looks_and_final_inference_equal_the_reference(
    golden: Golden, side: str, level: float, tolerance: str
) -> None:
    expected = golden("sequential")
    values, atol = expected["values"][side], expected["tolerance"][tolerance]
    table = pd.DataFrame(values["looks"])
    found = sequential_test(
        table[["estimate", "std_error", "fraction"]],
        alternative=side,  # type: ignore[arg-type]
        confidence_level=level,
    )
    for column in table:
        np.testing.assert_allclose(
            found.looks[column].astype(float), table[column].astype(float), rtol=0, atol=atol
        )
    for column, value in values["final"].items():
        if column != "stage":
            assert found.final[column].item() == pytest.approx(value, abs=atol)
    if side == "two_sided":
        np.testing.assert_allclose(
            found.looks["p_adjusted"][1:], values["p_repeated"], atol=atol
        )
    assert (found.verdict, found.stopped_at, found.n) == ("stopped", 3, 3)
    assert found.glance()["stopped_at"].item() == 3
    assert found.notes == ()


def test_less_is_greater_turned_round() -> None:
    looks = pd.DataFrame(
        {"estimate": [0.5, 0.4], "std_error": [0.3, 0.15], "fraction": [0.5, 1.0]}
    )
    up = sequential_test(looks, alternative="greater")
    down = sequential_test(looks.assign(estimate=-looks["estimate"]), alternative="less")
    assert down.final["estimate"].item() == pytest.approx(-up.final["estimate"].item())
    assert down.final["conf_high"].item() == pytest.approx(-up.final["conf_low"].item())
    assert down.final["conf_low"].item() == -np.inf
    np.testing.assert_allclose(down.looks["p_adjusted"], up.looks["p_adjusted"])


def test_a_study_goes_on_stops_or_ends_and_says_which() -> None:
    looks = pd.DataFrame(
        {"estimate": [0.5, 0.2, 0.9], "std_error": [0.4, 0.3, 0.2], "n": [40, 80, 120]}
    )
    on = sequential_test(looks.head(2), planned_n=120)
    assert (on.verdict, on.stopped_at, len(on.final)) == ("going_on", 0, 0)
    short = sequential_test(looks.head(2), planned_n=120, finished=True)
    assert (short.verdict, short.notes) == ("not_crossed", ("less_than_planned",))
    assert short.looks["spent"].iloc[-1] == pytest.approx(0.05)
    early = sequential_test(looks.assign(estimate=[2.0, 0.2, 0.1]), planned_n=120)
    assert (early.stopped_at, early.notes) == (1, ("looks_after_stop:2",))
    assert early.final["n"].item() == 40
    over = sequential_test(looks, planned_n=100)
    assert "more_than_planned" in over.notes


def test_the_estimate_of_a_study_that_stopped_early_is_drawn_back() -> None:
    looks = pd.DataFrame(
        {"estimate": [0.8, 0.8], "std_error": [0.35, 0.24], "fraction": [0.5, 1.0]}
    )
    found = sequential_test(looks, spending="pocock").final.iloc[0]
    assert 0 < found["estimate"] < 0.8


@pytest.mark.parametrize(
    ("looks", "options", "message"),
    [
        ({"estimate": [1.0], "std_error": [0.1]}, {}, "either a column 'fraction'"),
        (
            {"estimate": [1.0], "std_error": [0.0], "fraction": [1.0]},
            {},
            "std_error must be above 0; look 1 has 0",
        ),
        (
            {"estimate": [1.0, 1.0], "std_error": [0.1, 0.1], "fraction": [0.5, 0.5]},
            {},
            "must grow from look to look",
        ),
        ({"estimate": [], "std_error": [], "fraction": []}, {}, "there is no look yet"),
        ({"estimate": ["a"], "std_error": [0.1], "fraction": [1.0]}, {}, "must be numeric"),
        ({"estimate": [1.0], "std_error": [0.1], "n": [4]}, {"planned_n": 0}, "planned_n"),
        (
            {"estimate": [1.0], "std_error": [0.1], "fraction": [1.0]},
            {"spending": "linear"},
            "spending",
        ),
    ],
)
def test_looks_that_make_no_sense_are_refused(
    looks: dict[str, list[Any]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(CxError, match=message):
        sequential_test(pd.DataFrame(looks), **options)


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ([], "no look"),
        ([0.5, 0.4], "increase"),
        ([0.0, 1.0], "above 0"),
        ([0.5, 1.2], "at mos"),
    ],
)
def test_plans_of_looks_that_make_no_sense_are_refused(
    fractions: list[float], message: str
) -> None:
    with pytest.raises(CxError, match=message):
        sequential_bounds(fractions)


def test_always_valid_equals_its_formula_and_the_integral(golden: Golden) -> None:
    expected = golden("always_valid")
    values, rtol = expected["values"], expected["tolerance"]["rtol"]
    table = pd.DataFrame(values["looks"])
    found = always_valid(table[["estimate", "std_error"]], tau=values["tau"])
    for column in ("bayes_factor", "p_adjusted", "conf_low", "conf_high"):
        np.testing.assert_allclose(found.looks[column], table[column], rtol=rtol)
    third = found.looks["bayes_factor"].iloc[2]
    assert third == pytest.approx(values["mixture_third"], rel=expected["tolerance"]["mixture"])
    by_n = values["by_n"]
    error = np.sqrt([by_n["sigma2"] / by_n["n"]])
    ratio = mixture_ratio(np.array([by_n["estimate"]]), error, tau=values["tau"])
    assert ratio.item() == pytest.approx(by_n["bayes_factor"])
    assert (found.n, found.tau, found.confidence_level) == (4, values["tau"], 0.95)
    crossed = table["p_adjusted"].to_numpy() <= 0.05
    assert found.stopped_at == int(np.argmax(crossed)) + 1


def test_the_confidence_sequence_leaves_out_zero_just_when_p_reaches_the_level() -> None:
    rng = np.random.default_rng(4)
    n = np.arange(1, 41) * 10
    path = np.cumsum(rng.normal(0.35, 1, (40, 10)).sum(axis=1)) / n
    looks = pd.DataFrame({"estimate": path, "std_error": 1 / np.sqrt(n), "n": n})
    found = always_valid(looks, tau=0.4)
    outside = (found.looks["conf_low"] > 0) | (found.looks["conf_high"] < 0)
    assert outside.tolist() == found.looks["crossed"].tolist()
    assert found.looks["crossed"].any()
    assert found.looks["p_adjusted"].is_monotonic_decreasing


def test_always_valid_refuses_an_effect_of_no_size() -> None:
    looks = pd.DataFrame({"estimate": [1.0], "std_error": [0.5]})
    with pytest.raises(CxError, match="tau must be above 0"):
        always_valid(looks, tau=0)
    assert always_valid(looks, tau=1).stopped_at == 0


def test_the_repeated_interval_is_held_against_the_smallest_effect() -> None:
    looks = pd.DataFrame(
        {"estimate": [0.5, 0.8], "std_error": [0.3, 0.2], "fraction": [0.5, 1.0]}
    )
    for sesoi, where in ((0.3, "beyond"), (0.6, "open"), (1.5, "within"), (np.nan, "")):
        found = sequential_test(looks, sesoi=sesoi)
        assert found.against_sesoi == where
        np.testing.assert_equal(found.sesoi, sesoi)
        valid = always_valid(looks, tau=0.5, sesoi=sesoi)
        assert valid.against_sesoi == ("open" if sesoi == 0.3 else where)
    early = pd.DataFrame(
        {"estimate": [1.2, 0.1], "std_error": [0.3, 0.2], "fraction": [0.5, 1]}
    )
    stopped = sequential_test(early, sesoi=0.3)  # what came after the stop plays no part
    assert (stopped.stopped_at, stopped.against_sesoi) == (1, "beyond")
    assert stopped.counts["estimate"] == 1.2
    one_sided = sequential_test(looks, alternative="greater", sesoi=2.0)
    assert one_sided.against_sesoi == "open"  # nothing bounds the effect from above
    for wrong in (0.0, -1.0, np.inf):
        with pytest.raises(CxError, match="sesoi must be above 0"):
            sequential_test(looks, sesoi=wrong)
        with pytest.raises(CxError, match="sesoi must be above 0"):
            always_valid(looks, tau=0.5, sesoi=wrong)


def test_an_effect_of_just_the_smallest_size_is_seldom_placed_at_any_look() -> None:
    rng = np.random.default_rng(11)
    fractions, effect, count = np.array([0.25, 0.5, 0.75, 1.0]), 3.0, 20_000
    steps = np.sqrt(np.diff(fractions, prepend=0)) * rng.normal(size=(count, 4))
    estimate = effect + steps.cumsum(axis=1) / fractions
    half = sequential_bounds(fractions).bounds["estimate"].to_numpy() / np.sqrt(fractions)
    low, high = estimate - half, estimate + half
    beyond = (low >= effect).any(axis=1).mean()
    within = ((low > -effect) & (high < effect)).any(axis=1).mean()
    room = 4 * np.sqrt(0.025 * 0.975 / count)
    assert beyond < 0.025 + room
    assert within < 0.025 + room
    looks = pd.DataFrame({"estimate": estimate[0], "std_error": fractions**-0.5})
    told = sequential_test(looks.assign(fraction=fractions), sesoi=effect).looks
    np.testing.assert_allclose(told[["conf_low", "conf_high"]].T, [low[0], high[0]], rtol=1e-6)


def test_twenty_looks_at_no_effect_fool_the_naive_test_only() -> None:
    """P14: with 1,000 studies a rate is known to about 0.02."""
    rng = np.random.default_rng(14)
    path = rng.normal(size=(1000, 20)).cumsum(axis=1)
    looks = np.arange(1, 21)
    z = path / np.sqrt(looks)
    bounds = sequential_bounds(looks / 20).bounds["estimate"].to_numpy()
    error = 1 / np.sqrt(looks)
    ratio = mixture_ratio(z * error, np.broadcast_to(error, z.shape), tau=0.5)
    assert 0.20 < (np.abs(z) > 1.96).any(axis=1).mean() < 0.30
    assert (np.abs(z) >= bounds).any(axis=1).mean() < 0.07
    assert (ratio >= 20).any(axis=1).mean() < 0.05


def test_looks_from_people_are_welch_on_those_who_had_come() -> None:
    rng = np.random.default_rng(2)
    people = pd.DataFrame({"arm": ["a", "b"] * 30, "day": rng.permutation(60)})
    people["memory"] = rng.normal(size=60) + (people["arm"] == "b")
    looks = interim_looks(
        people, outcome="memory", condition="arm", at=[20, 60, 90], order="day"
    )
    assert looks["n"].tolist() == [20, 60]  # the third look is not there yet
    early = people[people["day"] < 20]
    groups = [early.loc[early["arm"] == arm, "memory"] for arm in "ba"]
    welch = stats.ttest_ind(*groups, equal_var=False)
    assert looks["estimate"][0] / looks["std_error"][0] == pytest.approx(welch.statistic)
    assert looks["df"][0] == pytest.approx(welch.df)
    own = interim_looks(people, outcome="memory", at=[60])
    paired = stats.ttest_1samp(people["memory"], 0)
    assert own["estimate"].item() / own["std_error"].item() == pytest.approx(paired.statistic)
    assert own["df"].item() == pytest.approx(59)


def test_looks_that_come_too_early_are_refused() -> None:
    people = pd.DataFrame({"arm": ["a", "a", "b", "b"], "memory": [1.0, 1.0, 1.0, 1.0]})
    with pytest.raises(ResponseError, match="fewer than 2; look later"):
        interim_looks(people, outcome="memory", condition="arm", at=[3])
    with pytest.raises(ResponseError, match="does not vary; look later"):
        interim_looks(people, outcome="memory", condition="arm", at=[4])
    with pytest.raises(ResponseError, match="planned after 10 people; 4 have come"):
        interim_looks(people, outcome="memory", condition="arm", at=[10])
    with pytest.raises(CxError, match="numbers of people that increase"):
        interim_looks(people, outcome="memory", at=[4, 4])
    three = people.assign(arm=["a", "b", "c", "c"])
    with pytest.raises(CxError, match="looks compare two conditions"):
        interim_looks(three, outcome="memory", condition="arm", at=[4])
