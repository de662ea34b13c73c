from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxresearch.codebook.model import Codebook
from cxresearch.errors import CxError
from cxresearch.responses.load import Inspection
from cxresearch.responses.quality import (
    asked_columns,
    equal_parts,
    longest_string,
    missing_share,
    repeated_ids,
    variability,
)
from cxresearch.responses.score import items_needed, missing_by_item, scale_scores

Inspect = Callable[..., Inspection]
CARELESS = Path(__file__).resolve().parents[2] / ".." / "shared" / "goldens" / "careless"

grids = st.lists(
    st.lists(st.sampled_from([1.0, 2.0, 3.0, np.nan]), min_size=5, max_size=5),
    min_size=1,
    max_size=6,
).map(pd.DataFrame)


@pytest.mark.realdata
@pytest.mark.skipif(
    not CARELESS.exists(), reason="the data of the careless package are not here"
)
def test_longest_string_and_variability_are_those_of_careless_in_r() -> None:
    # careless 1.2.2 on R 4.2.2, careless_dataset (200 × 50): longstring() and irv(). Runs are
    # whole numbers; standard deviations are a closed form, so only rounding may differ.
    golden = json.loads((CARELESS / "golden.json").read_text(encoding="utf-8"))
    answers = pd.read_csv(CARELESS / "careless_dataset.csv").astype(float)
    assert longest_string(answers).tolist() == golden["longstr"]
    np.testing.assert_allclose(variability(answers), golden["irv"], rtol=1e-10)


def test_a_missing_answer_breaks_a_run() -> None:
    answers = pd.DataFrame([[5, 5, np.nan, 5, 5, 5], [np.nan] * 6], dtype=float)
    assert longest_string(answers).tolist() == [3, 0]


def test_variability_of_fewer_than_two_answers_is_undefined() -> None:
    answers = pd.DataFrame([[5, np.nan], [np.nan, np.nan], [4, 4], [3, 5]], dtype=float)
    np.testing.assert_allclose(variability(answers), [np.nan, np.nan, 0, np.sqrt(2)])


@given(grids)
def test_indices_agree_with_their_definitions(answers: pd.DataFrame) -> None:
    np.testing.assert_allclose(variability(answers), answers.std(axis=1, ddof=1), atol=1e-12)
    np.testing.assert_allclose(missing_share(answers), answers.isna().mean(axis=1))
    for row, longest in zip(answers.to_numpy(), longest_string(answers), strict=True):
        text = "".join("-" if np.isnan(value) else str(int(value)) for value in row)
        runs = [length for length in range(1, 6) for code in "123" if code * length in text]
        assert longest == max(runs, default=0)


@given(grids)
def test_indices_do_not_depend_on_other_respondents(answers: pd.DataFrame) -> None:
    backwards = answers.iloc[::-1]
    for index in (longest_string, variability, missing_share):
        pd.testing.assert_series_equal(index(backwards), index(answers).iloc[::-1])


def test_equal_parts_needs_all_pairs_equal_and_half_of_them_answered() -> None:
    nan = np.nan
    first = pd.DataFrame([[6, 7, 5, 6], [6, 7, 5, nan], [6, nan, nan, nan], [6, 7, 5, 6]])
    second = pd.DataFrame([[6, 7, 5, 6], [6, 7, nan, 2], [6, nan, 3, 4], [6, 7, 5, 5]])
    assert equal_parts(first, second).tolist() == [True, True, False, False]


def test_items_are_taken_in_the_order_of_their_numbers(codebook: Codebook) -> None:
    battery = codebook.find_battery()
    assert battery.columns("perception") == ["P01", "P03", "P02", "P04"]
    assert asked_columns(battery, "perception") == ["P01", "P02", "P03", "P04"]


def test_empty_ids_are_not_repeated() -> None:
    ids = pd.Series(["a", None, "a", None, "b"], dtype=object)
    assert repeated_ids(ids).tolist() == [False, False, True, False, False]


def test_the_quality_of_a_survey_has_every_index(table: pd.DataFrame, inspect: Inspect) -> None:
    responses = inspect(table).responses
    assert responses is not None
    quality = responses.quality
    assert list(quality.columns) == [
        "wave", "row", "excluded", "id", "duplicated_id", "duration",
        "missing_share_servqual",
        "missing_share_servqual_expectation", "longest_string_servqual_expectation",
        "variability_servqual_expectation",
        "missing_share_servqual_perception", "longest_string_servqual_perception",
        "variability_servqual_perception",
        "equal_parts_servqual",
    ]  # fmt: skip
    assert quality["equal_parts_servqual"].tolist() == [False] * 5 + [True]
    assert quality["longest_string_servqual_expectation"].tolist() == [4, 1, 1, 1, 1, 1]
    assert quality["missing_share_servqual"].tolist() == [0, 0, 0, 0.25, 0, 0]


def test_scale_scores_are_means_of_answered_items_where_enough_are_answered() -> None:
    answers = pd.DataFrame([[5, 6, 7], [5, np.nan, 6], [4, np.nan, np.nan], [np.nan] * 3])
    np.testing.assert_allclose(
        scale_scores(answers, min_answered=0.5), [6, 5.5, np.nan, np.nan]
    )
    np.testing.assert_allclose(scale_scores(answers, min_answered=0), [6, 5.5, 4, np.nan])
    np.testing.assert_allclose(
        scale_scores(answers, min_answered=1), [6, np.nan, np.nan, np.nan]
    )


@given(items=st.integers(1, 300), tenths=st.integers(0, 10))
def test_the_items_needed_are_not_moved_by_rounding(items: int, tenths: int) -> None:
    needed = items_needed(items, min_answered=tenths / 10)
    assert needed == max(1, -(-items * tenths // 10))


def test_scale_scores_of_no_items_or_of_a_percentage_are_refused() -> None:
    with pytest.raises(CxError, match="needs one item or more"):
        scale_scores(pd.DataFrame(index=[0, 1]), min_answered=0.5)
    with pytest.raises(CxError, match="min_answered must be a number from 0 to 1"):
        scale_scores(pd.DataFrame({"a": [1.0]}), min_answered=50)


def test_missing_by_item_counts_each_kind_of_non_answer(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table.loc[0, "P02"] = "98"
    responses = inspect(table).responses
    assert responses is not None
    missing = missing_by_item(responses).set_index("column")
    assert len(missing) == 8
    kinds = ["n", "empty", "refused", "not_used", "unknown"]
    assert missing.loc["E03", kinds].tolist() == [5, 0, 1, 0, 0]
    assert missing.loc["P02", kinds].tolist() == [5, 0, 0, 1, 0]
    assert missing.loc["E02", "share"] == pytest.approx(1 / 6, rel=1e-12)
    assert (missing[kinds].sum(axis=1) == responses.n).all()
