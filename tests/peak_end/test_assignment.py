"""Assignment lists are balanced, can be drawn again, and refuse what is ambiguous."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxresearch.errors import CxError
from cxresearch.peak_end import assign_conditions, sample_ratio
from cxresearch.peak_end.assign import williams_square

PEOPLE = [f"p{k}" for k in range(61)]


def test_blocks_keep_the_arms_equal_all_along() -> None:
    table = assign_conditions(PEOPLE, ["a", "b", "c"], seed=5)
    running = pd.get_dummies(table["condition"]).cumsum()
    assert (running.max(axis=1) - running.min(axis=1)).max() <= 2
    assert table["participant"].tolist() == PEOPLE


def test_simple_lists_are_drawn_independently_and_again_with_the_seed() -> None:
    table = assign_conditions(PEOPLE, ["a", "b"], method="simple", seed=5)
    again = assign_conditions(PEOPLE, ["a", "b"], method="simple", seed=5)
    other = assign_conditions(PEOPLE, ["a", "b"], method="simple", seed=6)
    pd.testing.assert_frame_equal(table, again)
    assert (table["condition"] != other["condition"]).any()


def test_strata_are_balanced_each_for_itself() -> None:
    strata = {person: "north" if k % 3 else "south" for k, person in enumerate(PEOPLE)}
    table = assign_conditions(PEOPLE, ["a", "b"], strata=strata, seed=7)
    sizes = table.groupby(["stratum", "condition"]).size().unstack()
    assert (sizes["a"] - sizes["b"]).abs().max() <= 2


def test_blocks_keep_an_uneven_ratio_all_along() -> None:
    ratio = {"a": 2, "b": 1}
    table = assign_conditions(PEOPLE[:60], ["a", "b"], ratio=ratio, seed=5)
    running = pd.get_dummies(table["condition"]).cumsum()
    assert (running["a"] - 2 * running["b"]).abs().max() <= 4
    assert table["condition"].value_counts().to_dict() == {"a": 40, "b": 20}
    halves = assign_conditions(PEOPLE[:60], ["a", "b"], ratio={"a": 1, "b": 0.5}, seed=5)
    pd.testing.assert_frame_equal(table, halves)


def test_simple_lists_follow_their_ratio() -> None:
    many = [f"p{k}" for k in range(6000)]
    ratio = {"a": 1.0, "b": 3.0}
    table = assign_conditions(many, ["a", "b"], method="simple", ratio=ratio, seed=9)
    counts = {str(name): int(n) for name, n in table["condition"].value_counts().items()}
    assert counts["b"] == pytest.approx(4500, abs=4 * (6000 * 0.25 * 0.75) ** 0.5)
    assert not sample_ratio(counts, ratio=ratio).mismatch
    assert sample_ratio(counts).mismatch


def test_strata_hold_the_ratio_each_for_itself() -> None:
    strata = {person: "north" if k % 3 else "south" for k, person in enumerate(PEOPLE)}
    ratio = {"a": 1, "b": 2, "c": 1}
    table = assign_conditions(PEOPLE, ["a", "b", "c"], ratio=ratio, strata=strata, seed=7)
    sizes = table.groupby(["stratum", "condition"]).size().unstack()
    assert (sizes["b"] - 2 * sizes["a"]).abs().max() <= 4
    assert (sizes["a"] - sizes["c"]).abs().max() <= 2


def test_counterbalanced_orders_begin_in_the_ratio() -> None:
    table = assign_conditions(
        PEOPLE[:30], ["a", "b"], method="counterbalanced", ratio={"a": 2, "b": 1}, seed=8
    )
    orders = table.groupby("participant")["condition"].agg("".join).value_counts()
    assert orders.to_dict() == {"ab": 20, "ba": 10}


def test_equal_parts_draw_the_list_that_no_ratio_draws() -> None:
    for method in ("simple", "blocked", "counterbalanced"):
        plain = assign_conditions(PEOPLE, ["a", "b"], method=method, seed=4)
        equal = assign_conditions(
            PEOPLE, ["a", "b"], method=method, ratio={"a": 7, "b": 7}, seed=4
        )
        pd.testing.assert_frame_equal(plain, equal)


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        ({"a": 1}, r"ratio: no part for \['b'\]"),
        ({"a": 1, "b": 0}, r"every part must be above 0; got {'b': 0}"),
        ({"a": 1, "b": float("nan")}, "every part must be above 0"),
        ({"a": 100, "b": 1}, "ratio 100 : 1 makes blocks of 101 people, at most 60"),
        ({"a": 1, "b": 1, "c": 1}, "'c'"),
    ],
)
def test_ratios_that_cannot_be_drawn_are_refused(ratio, message) -> None:
    with pytest.raises(CxError, match=message):
        assign_conditions(PEOPLE, ["a", "b"], ratio=ratio, seed=1)


@given(count=st.integers(2, 9))
def test_every_condition_follows_every_other_equally_often(count) -> None:
    square = williams_square(count)
    assert all(sorted(row) == list(range(count)) for row in square)
    follows = Counter(pair for row in square for pair in pairwise(row))
    assert len(follows) == count * (count - 1)
    assert len(set(follows.values())) == 1
    first = Counter(row[0] for row in square)
    assert len(set(first.values())) == 1


def test_counterbalanced_people_meet_all_conditions_in_both_orders() -> None:
    table = assign_conditions(PEOPLE[:10], ["a", "b"], method="counterbalanced", seed=8)
    orders = table.groupby("participant")["condition"].agg("".join).value_counts()
    assert orders.to_dict() == {"ab": 5, "ba": 5}
    assert table["period"].tolist() == [1, 2] * 10


def test_ambiguous_lists_are_refused() -> None:
    with pytest.raises(CxError, match="participants: every name is allowed once"):
        assign_conditions(["p", "p"], ["a", "b"], seed=1)
    with pytest.raises(CxError, match="conditions: at least 2 are needed"):
        assign_conditions(["p"], ["a"], seed=1)
    with pytest.raises(CxError, match=r"strata: no stratum for \['q'\]"):
        assign_conditions(["p", "q"], ["a", "b"], strata={"p": "x"}, seed=1)
    with pytest.raises(CxError, match="method must be one of 'simple', 'blocked'"):
        assign_conditions(["p"], ["a", "b"], method="random", seed=1)  # type: ignore[arg-type]
