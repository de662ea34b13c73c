"""Assignment lists are balanced, can be drawn again, and refuse what is ambiguous."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxresearch.errors import CxError
from cxresearch.peak_end import assign_conditions
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
