from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.codebook.patterns import ItemKey, expand_items, pattern_fault


@pytest.mark.parametrize(
    ("short", "items"),
    [
        ("1-4", [1, 2, 3, 4]),
        ("1-4, 6", [1, 2, 3, 4, 6]),
        (5, [5]),
        ("5", [5]),
        ([1, 2, "5-7"], [1, 2, 5, 6, 7]),
        ([1, "8–9"], [1, 8, 9]),
        (["wait", "staff"], ["wait", "staff"]),
        (["01"], ["01"]),
    ],
)
def test_short_lists_of_items_are_written_out(
    short: int | str | list[int | str], items: list[ItemKey]
) -> None:
    assert expand_items(short) == items


@pytest.mark.parametrize(
    ("short", "said"),
    [
        ("7-5", "7-5 runs backwards; write 5-7"),
        ("1-999999", "1-999999 is more than 500 items"),
        ("1,,2", "an item is missing between two commas"),
        (["1-400", "401-700"], "more than 500 items"),
    ],
)
def test_lists_of_items_that_cannot_be_meant_are_refused(
    short: str | list[int | str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        expand_items(short)


@pytest.mark.parametrize(
    "pattern", ["E{item}", "E{item:02d}", "{item:d}", "Q{item:3}", "a{{{item}}}"]
)
def test_patterns_that_work_have_no_fault(pattern: str) -> None:
    assert pattern_fault(pattern, "item", [1, 22]) == ""


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("E", "has no {item}: all columns would have one name; write e.g. 'E{item}'"),
        ("E{itm}", "{itm} is not known here; write {item}"),
        ("E{item", "expected '}'"),
        ("E{item.real}", "{item.real} is not known here"),
        ("E{item[0]}", "{item[0]} is not known here"),
        ("E{item!r}", "write {item}, or {item:02d} for 01, 02"),
        ("E{item:>300}", "write {item}, or {item:02d} for 01, 02"),
        ("E{item:999999999d}", "write {item}, or {item:02d} for 01, 02"),
        ("E{item:{item}}", "write {item}, or {item:02d} for 01, 02"),
        ("E{}", "{} is not known here"),
    ],
)
def test_patterns_that_do_not_work_say_why(pattern: str, said: str) -> None:
    assert said in pattern_fault(pattern, "item", [1, 2])


def test_a_pattern_for_numbers_does_not_take_names() -> None:
    assert "is for numbers, and 'wait' is text; write {item}" in pattern_fault(
        "E{item:02d}", "item", [1, "wait"]
    )


@settings(deadline=None)
@given(st.text(max_size=20), st.lists(st.integers(0, 99) | st.text(max_size=4), max_size=4))
def test_a_pattern_without_fault_gives_each_item_a_name(
    pattern: str, keys: list[int | str]
) -> None:
    if pattern_fault(pattern, "item", keys) == "":
        names = [pattern.format(item=key) for key in keys]
        assert all(len(name) < 60 for name in names)
