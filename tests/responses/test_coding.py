from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxresearch.codebook.model import Code, MissingCode, ResponseScale
from cxresearch.responses._cells import CellColumn
from cxresearch.responses._coding import (
    EMPTY_TEXTS,
    CategoryCoding,
    NumberCoding,
    ScaleCoding,
    plain_text,
    to_number,
)
from cxresearch.responses._decode import decode_column

AGREE = ResponseScale(
    name="agree7",
    low=1,
    high=7,
    anchors=(Code(1, "Strongly disagree"), Code(7, "Strongly agree")),
    missing=(MissingCode(98, "Did not use", "not_used"), MissingCode(".a", "Refused")),
)


@pytest.mark.parametrize(
    "value",
    [
        7, 7.0, np.int64(7), Decimal("7.0"), "7", " 7 ", "7.0", "+7", "07", "7.", "７",
        "Strongly agree", "STRONGLY  AGREE", "strongly agree", "Strongly\u200b agree",
        "7 – Strongly agree", "7 - Strongly agree", "7: strongly agree", "(7) Strongly agree",
        "7) Strongly agree", "7. Strongly agree", "7=Strongly agree", "7 Strongly agree",
        "[7] Strongly agree", "Strongly agree (7)", "7—Strongly agree",
    ],
)  # fmt: skip
def test_a_code_its_text_and_both_together_are_the_same_answer(value: Any) -> None:
    answer = ScaleCoding(AGREE).read(value)
    assert (answer.code, answer.kind, answer.problem) == (7.0, "", "")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (8, "outside"), ("0", "outside"), (-1, "outside"), ("5.5", "fraction"),
        ("five", "text"), ("7 – Strongly disagree", "text"), ("3 – Strongly agree", "text"),
        ("3-4", "text"), ("5:30", "text"), ("5 stars", "text"), (True, "text"), ("5,0", "text"),
        (datetime.date(2026, 5, 3), "text"), (math.inf, "text"), ("1e999", "text"),
        (10**400, "text"), ("#REF!", "text"),
    ],
)  # fmt: skip
def test_what_is_no_answer_of_the_scale_is_a_problem_and_never_a_guess(
    value: Any, problem: str
) -> None:
    assert ScaleCoding(AGREE).read(value).problem == problem


@pytest.mark.parametrize(
    "value", [None, math.nan, pd.NA, pd.NaT, np.nan, *sorted(EMPTY_TEXTS), "N/A"]
)
def test_empty_cells_are_empty(value: Any) -> None:
    for coding in (ScaleCoding(AGREE), NumberCoding(), CategoryCoding(())):
        assert coding.read(value).kind == "empty"


@pytest.mark.parametrize("value", [98, "98", "did not use", "98 – Did not use"])
def test_non_answers_keep_their_kind(value: Any) -> None:
    answer = ScaleCoding(AGREE).read(value)
    assert math.isnan(answer.code)
    assert (answer.kind, answer.problem) == ("not_used", "")


def test_a_missing_code_that_is_text_is_found() -> None:
    assert ScaleCoding(AGREE).read(".a").kind == "refused"


def test_the_codebook_may_give_na_a_meaning() -> None:
    scale = ResponseScale(name="s", low=1, high=5, missing=(MissingCode(9, "N/A", "not_used"),))
    assert ScaleCoding(scale).read("n/a").kind == "not_used"
    assert CategoryCoding((Code("NA", "North America"),)).read("NA").text == "North America"


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("5,5", ",", 5.5), ("5,0", ",", 5.0), ("5.5", ",", 5.5), ("1.234", ",", None),
        ("1.234", ".", 1.234), ("5,5", ".", None), ("1,234.5", ",", None), (",5", ",", 0.5),
        ("-3", "", -3.0), ("1e3", "", 1000.0), ("", "", None), (".", "", None),
    ],
)  # fmt: skip
def test_numbers_written_as_text_follow_the_decimal_mark_of_the_file(
    text: str, decimal: str, number: float | None
) -> None:
    assert to_number(text, decimal=decimal) == number


def test_durations_may_be_times() -> None:
    read = NumberCoding(time=True).read
    assert read(datetime.time(0, 2, 30)).code == 150.0
    assert read(datetime.timedelta(minutes=2)).code == 120.0
    assert NumberCoding().read(datetime.time(0, 2, 30)).problem == "text"


@pytest.mark.parametrize("value", [1, "1", "1.0", "city", "1 - City", "City "])
def test_categories_become_their_label(value: Any) -> None:
    coding = CategoryCoding((Code(1, "City"), Code(2, "Town")), closed=True)
    assert coding.read(value).text == "City"


def test_categories_that_are_not_listed_are_a_problem_only_where_a_list_is_closed() -> None:
    assert CategoryCoding((Code(1, "City"),), closed=True).read("Village").problem == "unknown"
    assert CategoryCoding((Code(1, "City"),)).read("Village").text == "Village"


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (7.0, "7"), (7.5, "7.5"), ("007", "007"), (" a  b ", "a b"), (True, "True")],
)
def test_cells_become_plain_text(value: Any, text: str) -> None:
    assert plain_text(value) == text


def test_equal_values_of_different_type_are_read_one_by_one() -> None:
    cells = [1, True, 1.0, "1", [1], None, math.nan]
    column = CellColumn(cells)
    assert len(column.distinct) == 6
    assert column.place.tolist() == [0, 1, 2, 3, 4, 5, 5]


@given(st.lists(st.sampled_from(["1", "7", "Strongly agree", "98", "", "x", "9"]), max_size=30))
def test_reading_distinct_values_once_is_reading_every_value(cells: list[str]) -> None:
    read = ScaleCoding(AGREE).read
    column = decode_column(CellColumn(cells), read)
    for row, cell in enumerate(cells):
        answer = read(cell)
        assert column.kinds[row] == answer.kind
        assert column.answers[column.place[row]] == answer
        assert np.array_equal(column.codes[row], answer.code, equal_nan=True)


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading(text: str) -> None:
    for decimal in ("", ","):
        ScaleCoding(AGREE, decimal=decimal).read(text)
        CategoryCoding(AGREE.anchors, decimal=decimal).read(text)
        NumberCoding(decimal=decimal).read(text)
