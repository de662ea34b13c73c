from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxresearch.codebook.model import Codebook
from cxresearch.errors import CxError, ResponseError
from cxresearch.responses.exclusions import (
    AnsweredValue,
    Duplicated,
    Exclusion,
    LongestString,
    LowVariability,
    MissingShare,
    ShortDuration,
    check_exclusions,
)
from cxresearch.responses.load import Inspection, inspect_responses, load_responses
from cxresearch.responses.model import Responses

Inspect = Callable[..., Inspection]
Write = Callable[..., Path]

ITEM_COLUMNS = [f"{part}0{k}" for part in "EP" for k in range(1, 5)]


def loaded(inspection: Inspection) -> Responses:
    assert [str(fault) for fault in inspection.faults] == []
    assert inspection.responses is not None
    return inspection.responses


def excluded_rows(responses: Responses) -> dict[int, str]:
    lost = responses.quality[responses.quality["excluded"] != ""]
    return dict(zip(lost["row"], lost["excluded"], strict=True))


def test_the_first_of_each_id_is_kept(table: pd.DataFrame, inspect: Inspect) -> None:
    table.loc[[3, 5], "RespID"] = "002"
    responses = loaded(inspect(table, [Duplicated(column="respondent", reason="sent twice")]))
    assert excluded_rows(responses) == {5: "duplicated", 7: "duplicated"}
    step = responses.flow.steps[0]
    assert (step.detail, step.excluded, step.reason) == ("column respondent", 2, "sent twice")
    assert "2 respondents excluded: duplicated, column respondent" in responses.notes


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        (LongestString(battery="servqual", at_least=4), [2]),
        (LongestString(battery="servqual", at_least=4, part="perception"), []),
        (LongestString(battery="servqual", at_least=2, part="perception"), [4, 5]),
        (MissingShare(battery="servqual", above=0.2), [5]),
        (MissingShare(battery="servqual", above=0.25), []),
        (MissingShare(battery="servqual", above=0.49, part="expectation"), [5]),
        (LowVariability(battery="servqual", below=0.1), [2]),
        (LowVariability(battery="servqual", below=0.1, part="perception"), []),
        (ShortDuration(below=150), [5]),
        (ShortDuration(below=150.5), [4, 5]),
        (AnsweredValue(column="branch", values=(2,)), [3, 5]),
        (AnsweredValue(column="branch", values=("café",)), [3, 5]),
        (AnsweredValue(column="osat", values=(98, 6)), [2, 4]),
        (AnsweredValue(column="osat", values=("Did not use",)), [4]),
        (AnsweredValue(column="customer", values=("New",)), [3, 4]),
        (AnsweredValue(column="P03", values=(7,)), [7]),
    ],
    ids=lambda value: getattr(value, "rule", ""),
)
def test_each_rule_leaves_out_whom_it_says(
    table: pd.DataFrame, inspect: Inspect, rule: Exclusion, rows: list[int]
) -> None:
    responses = loaded(inspect(table, [rule]))
    assert excluded_rows(responses) == dict.fromkeys(rows, rule.rule)
    assert responses.n == 6 - len(rows)


def test_straight_lining_is_judged_before_reverse_keying(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table.loc[1, ["P01", "P02", "P03", "P04"]] = "7"
    rule = LongestString(battery="servqual", at_least=4, part="perception")
    assert excluded_rows(loaded(inspect(table, [rule]))) == {3: "longest_string"}


def test_a_respondent_counts_for_the_first_rule_that_leaves_it_out(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    rules = [
        AnsweredValue(column="branch", values=("City",)),
        LongestString(battery="servqual", at_least=4),
        ShortDuration(below=160),
    ]
    flow = loaded(inspect(table, rules)).flow
    assert [step.excluded for step in flow.steps] == [3, 0, 1]
    assert flow.to_frame()["remaining"].tolist() == [6, 3, 3, 2]


def test_quality_has_a_row_for_everyone_read_and_its_unexcluded_rows_are_the_frame(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    responses = loaded(inspect(table, [ShortDuration(below=160)]))
    kept = responses.quality[responses.quality["excluded"] == ""]
    assert len(responses.quality) == responses.flow.read
    assert kept["id"].tolist() == responses.frame["respondent"].tolist()
    assert responses.frame.index.tolist() == list(range(responses.n))
    assert responses.missing.index.equals(responses.frame.index)


def test_waves_are_told_apart_and_ids_are_compared_within_a_wave(
    table: pd.DataFrame, write: Write, codebook: Codebook
) -> None:
    autumn = table.copy()
    autumn.loc[5, "RespID"] = "001"
    files = {
        "spring": write(table, "spring.csv"),
        "autumn": write(autumn, "autumn.csv", sep=";"),
    }
    responses = load_responses(files, codebook, [Duplicated(column="respondent")])
    assert responses.segment("wave").value_counts().to_dict() == {"spring": 6, "autumn": 5}
    assert [source.wave for source in responses.sources] == ["spring", "autumn"]
    assert responses.flow.steps[0].excluded == 1
    assert responses.quality["row"].tolist() == [*range(2, 8), *range(2, 8)]


def test_one_unnamed_wave_has_no_wave_column(table: pd.DataFrame, inspect: Inspect) -> None:
    assert "wave" not in loaded(inspect(table)).frame


def test_fewer_than_two_respondents_are_refused(
    table: pd.DataFrame, inspect: Inspect, write: Write, codebook: Codebook
) -> None:
    with pytest.raises(ResponseError, match=r"responses.csv: one respondent only; an analysis"):
        load_responses({"": write(table.head(1))}, codebook)
    rules = [ShortDuration(below=350), AnsweredValue(column="osat", values=(7,))]
    found = inspect(table, rules)
    assert found.responses is None
    assert str(found.faults[0]) == (
        "responses.csv: one respondent of 6 is left; excluded were 4 by duration (below 350), "
        "1 by answered (column osat, 7); an analysis needs at least 2 respondents"
    )


def test_a_constant_item_is_told_and_a_constant_battery_is_refused(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table["P01"] = "5"
    found = inspect(table)
    assert found.responses is not None
    assert "all answers are the same in column P01: standard deviation 0" in found.notes
    table[ITEM_COLUMNS] = "5"
    assert "all respondents gave the same answers" in str(inspect(table).faults[0])
    table[ITEM_COLUMNS] = ""
    assert "battery servqual has no answer at all" in str(inspect(table).faults[0])


def test_notes_say_how_the_file_was_understood(table: pd.DataFrame, inspect: Inspect) -> None:
    notes = inspect(table.assign(browser="x"), sep=";").notes
    assert notes[0] == "responses.csv: 6 rows, 18 columns, utf-8, separated by semicolon"
    assert "responses.csv: 1 column that the codebook does not name: browser" in notes


def test_no_file_at_all_is_a_fault(codebook: Codebook) -> None:
    with pytest.raises(ResponseError, match="no file of answers is named"):
        load_responses({}, codebook)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Duplicated(column="RespID"), "that is the name in the file, write respondent"),
        (Duplicated(column="branch"), "has the role segment, not id; write respondent"),
        (Duplicated(column="respondents"), "did you mean 'respondent'?"),
        (LongestString(battery="servqal", at_least=9), "it has servqual; did you mean"),
        (LongestString(battery="servqual", at_least=9, part="desired"), "no part 'desired'"),
        (AnsweredValue(column="email", values=("a",)), "has the role personal and is not read"),
        (AnsweredValue(column="branch", values=(3,)), "branch has no answer 3; it has 1 City"),
        (AnsweredValue(column="P09", values=(3,)), "the codebook has no column 'P09'"),
    ],
)
def test_rules_that_name_what_is_not_there_are_faults(
    codebook: Codebook, rule: Exclusion, said: str
) -> None:
    (fault,) = check_exclusions([rule], codebook)
    assert fault.where == "exclude, rule 1"
    assert said in fault.message
    assert inspect_responses({}, codebook, [rule]).faults[0] == fault


def test_a_duration_rule_needs_a_duration(codebook: Codebook) -> None:
    (fault,) = check_exclusions([ShortDuration(below=9)], replace(codebook, columns=()))
    assert "one column with the role duration; the codebook has 0" in fault.message


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LongestString(battery="b", at_least=1), "whole number of at least 2"),
        (lambda: MissingShare(battery="b", above=33), "a number from 0 to 1"),
        (lambda: LowVariability(battery="b", below=0), "a number between 0 and inf"),
        (lambda: ShortDuration(below=-1), "a number between 0 and inf"),
        (lambda: AnsweredValue(column="c", values=()), "must name one answer or more"),
    ],
)
def test_rules_refuse_limits_that_mean_nothing(
    make: Callable[[], Exclusion], said: str
) -> None:
    with pytest.raises(CxError, match=said):
        make()


answers = st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "98", "99", ""])


@st.composite
def surveys(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(4, 9))
    frame = pd.DataFrame({"RespID": [f"r{draw(st.integers(0, 6))}" for _ in range(rows)]})
    frame["branch"] = [draw(st.sampled_from(["1", "2", ""])) for _ in range(rows)]
    frame["customer"] = "x"
    for column in ["osat", *ITEM_COLUMNS]:
        frame[column] = [draw(answers) for _ in range(rows)]
    frame["imp_staff"], frame["imp_place"] = "50", "50"
    frame["seconds"] = [draw(st.sampled_from(["10", "20", "", "30.5"])) for _ in range(rows)]
    return frame


RULES: Sequence[Exclusion] = (
    Duplicated(column="respondent"),
    LongestString(battery="servqual", at_least=3),
    MissingShare(battery="servqual", above=0.5),
    ShortDuration(below=15),
    AnsweredValue(column="osat", values=(1,)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(survey=surveys(), order=st.permutations(RULES))
def test_the_flow_adds_up_and_the_order_of_rules_changes_only_whom_they_count(
    survey: pd.DataFrame, order: list[Exclusion], inspect: Inspect
) -> None:
    found, again = inspect(survey, RULES).responses, inspect(survey, order).responses
    assert (found is None) == (again is None)
    if found is None or again is None:
        return
    flow = found.flow
    assert flow.read == len(survey) == flow.excluded + flow.analysed
    assert flow.analysed == found.n == len(found.missing)
    assert (found.quality["excluded"] != "").sum() == flow.excluded
    pd.testing.assert_frame_equal(found.frame, again.frame)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(survey=surveys(), data=st.data())
def test_permuting_rows_permutes_the_responses(
    survey: pd.DataFrame, data: st.DataObject, inspect: Inspect
) -> None:
    survey["RespID"] = [f"r{k}" for k in range(len(survey))]
    order = data.draw(st.permutations(range(len(survey))))
    found = inspect(survey, RULES).responses
    again = inspect(survey.iloc[order], RULES).responses
    assert (found is None) == (again is None)
    if found is None or again is None:
        return
    place = {name: k for k, name in enumerate(found.frame["respondent"])}
    back = again.frame["respondent"].map(place).to_numpy()
    expected = found.frame.iloc[back].reset_index(drop=True)
    pd.testing.assert_frame_equal(again.frame, expected)
    pd.testing.assert_frame_equal(
        again.missing, found.missing.iloc[back].reset_index(drop=True)
    )


def test_five_thousand_respondents_of_sixty_columns_load_in_a_moment(
    write: Write, codebook: Codebook
) -> None:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {f"x{k:02d}": rng.integers(1, 8, 5000).astype(str) for k in range(45)}
        | {name: rng.integers(1, 8, 5000).astype(str) for name in [*ITEM_COLUMNS, "osat"]}
    )
    frame["RespID"] = [f"r{k}" for k in range(5000)]
    frame["branch"], frame["customer"], frame["seconds"] = "1", "x", "99"
    frame["imp_staff"], frame["imp_place"] = "50", "50"
    path = write(frame)
    begin = time.perf_counter()
    assert load_responses({"": path}, codebook, RULES[:4]).flow.read == 5000
    # Takes 0.3 s; the bound leaves room for a busy machine.
    assert time.perf_counter() - begin < 3
