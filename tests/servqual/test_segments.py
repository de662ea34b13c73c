"""Groups: what is hidden stays hidden, and tests use the groups that are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxresearch.responses.model import Responses
from cxresearch.servqual import servqual_gaps
from cxresearch.servqual._differences import wald_test, welch_test
from cxresearch.servqual._estimates import NUMBERS

Read = Callable[[str], Responses]
Golden = Callable[[str], Any]
Make = Callable[..., Responses]


def test_welch_agrees_with_r_on_three_segments(read_answers: Read, golden: Golden) -> None:
    answers = read_answers("data/servqual.csv")
    perceived = answers.answers("perception").to_numpy()
    expected = golden("effects.json")["values"]["welch_segments"]
    gap = (perceived - answers.answers("expectation").to_numpy()).mean(axis=1)
    segment = answers.frame["segment"]
    found = welch_test([gap[segment == name] for name in ("corporate", "online", "retail")])
    assert found.statistic == pytest.approx(expected["statistic"], rel=1e-10)
    assert (found.df, found.df_denominator) == pytest.approx(expected["df"], rel=1e-10)
    assert found.p_value == pytest.approx(expected["p_value"], rel=1e-10)
    assert (round(found.statistic, 4), round(found.p_value, 4)) == (2.7393, 0.0672)


def test_welch_of_two_groups_is_the_square_of_t(golden: Golden) -> None:
    values = golden("effects.json")["values"]
    found = welch_test([np.array(values["sleep"][name], dtype=float) for name in "xy"])
    expected = values["welch_sleep"]
    assert found.statistic == pytest.approx(expected["statistic"], rel=1e-10)
    assert found.df_denominator == pytest.approx(expected["df_denominator"], rel=1e-10)
    assert found.p_value == pytest.approx(expected["p_value"], rel=1e-10)


def test_the_wald_test_of_two_domains_is_the_square_of_their_t() -> None:
    found = wald_test(np.array([1.0, 3.0]), np.array([0.3, 0.5]), n=30)
    t = 2 / np.sqrt(0.8)
    assert found.statistic == pytest.approx(t**2)
    assert found.p_value == pytest.approx(2 * stats.t.sf(t, 28))


def two_branches(n: int, small: int) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        "E01": rng.integers(5, 8, n).astype(float),
        "P01": rng.integers(3, 8, n).astype(float),
        "branch": ["Town"] * small + ["City"] * (n - small),
    }


def test_a_hidden_cell_shows_no_number_at_all(make_responses: Make) -> None:
    found = servqual_gaps(make_responses(two_branches(60, 4)), segments=["branch"])
    cells = found.estimates.query("segment == 'branch'").set_index(["group", "term"])
    assert cells["suppressed"].all()
    assert cells[list(NUMBERS)].isna().all(axis=None)
    assert cells.loc[("Town", "staff"), "note"] == "suppressed"
    assert cells.loc[("City", "staff"), "note"] == "suppressed_complementary"


def test_no_difference_is_tested_between_groups_that_are_hidden(make_responses: Make) -> None:
    found = servqual_gaps(make_responses(two_branches(60, 4)), segments=["branch"]).differences
    numbers = found.select_dtypes("number")
    assert numbers.isna().all(axis=None)
    assert found[["groups", "lowest", "highest"]].eq("").all(axis=None)
    assert set(found["note"]) == {"too_few_groups"}


def test_hidden_groups_take_no_part_in_the_test_of_the_others(read_answers: Read) -> None:
    answers = read_answers("data/servqual_faults.csv")
    kept = answers.frame["region"].isin(["East", "South"])
    found = servqual_gaps(answers, segments=["region"], min_cell=12, weighted=False).differences
    answers.frame.loc[~kept, "region"] = None
    only = servqual_gaps(answers, segments=["region"], min_cell=12, weighted=False).differences
    pd.testing.assert_frame_equal(found, only)
    assert set(found["groups"]) == {"East − South"}


@pytest.mark.parametrize("weighted", [True, False])
def test_a_group_with_a_constant_gap_makes_the_difference_undefined(
    weighted: bool, make_responses: Make
) -> None:
    columns = two_branches(40, 20)
    columns["P01"][:20] = columns["E01"][:20] - 1
    if weighted:
        columns["weight"] = np.linspace(1, 2, 40)
    found = servqual_gaps(make_responses(columns), segments=["branch"])
    row = found.differences.iloc[0]
    assert row["note"] == "constant"
    assert np.isnan(row["p_value"])
    assert "" not in (row["lowest"], row["highest"])


def test_a_label_of_no_category_in_the_codebook_comes_after_those_that_have_one(
    make_responses: Make,
) -> None:
    columns = two_branches(60, 20)
    columns["branch"] = ["Airport"] * 20 + columns["branch"][20:40] + ["Town"] * 20
    found = servqual_gaps(make_responses(columns), segments=["branch"])
    groups = found.estimates.query("segment == 'branch'")["group"]
    assert list(dict.fromkeys(groups)) == ["City", "Town", "Airport"]


def test_one_respondent_groups_are_too_few_when_every_cell_is_shown(
    make_responses: Make,
) -> None:
    columns = two_branches(20, 1)
    found = servqual_gaps(make_responses(columns), segments=["branch"], min_cell=0)
    cells = found.estimates.query("segment == 'branch'").set_index(["group", "term"])
    assert cells.loc[("Town", "staff"), "note"] == "too_few"
    assert found.differences["note"].tolist() == ["too_few_groups", "too_few_groups"]
