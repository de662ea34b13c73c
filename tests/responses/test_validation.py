from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cxresearch.codebook.model import (
    Battery,
    Code,
    Codebook,
    Column,
    Item,
    MissingCode,
    ResponseScale,
    Scale,
)
from cxresearch.errors import ResponseError
from cxresearch.responses.load import Inspection, inspect_responses, load_responses

Inspect = Callable[..., Inspection]
Write = Callable[..., Path]


def faults(inspection: Inspection) -> list[str]:
    assert inspection.responses is None
    return [str(fault) for fault in inspection.faults]


def test_clean_answers_are_scored_and_named_as_the_codebook_says(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    responses = inspect(table).responses
    assert responses is not None
    frame = responses.frame
    assert list(frame.columns) == [
        "respondent", "branch", "customer", "osat", "seconds",
        "E01", "E03", "E02", "E04", "P01", "P03", "P02", "P04", "imp_staff", "imp_place",
    ]  # fmt: skip
    assert frame["respondent"].tolist() == ["001", "002", "003", "004", "005", "006"]
    assert frame["branch"].tolist() == ["City", "Café", "City", "Café", "City", None]
    assert frame["customer"].isna().sum() == 1
    assert frame["E01"].tolist() == [7, 6, 5, 7, 4, 7]
    assert frame["seconds"].tolist()[:4] == [200.5, 310, 150, 95.25]


def test_reverse_keyed_items_are_low_plus_high_minus_the_answer(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    responses = inspect(table).responses
    assert responses is not None
    np.testing.assert_array_equal(responses.frame["P03"], [5, 5, 4, 4, 4, 1])
    assert responses.answers("perception", scale="staff").columns.tolist() == ["P01", "P03"]


def test_every_non_answer_keeps_its_kind(table: pd.DataFrame, inspect: Inspect) -> None:
    responses = inspect(table).responses
    assert responses is not None
    assert responses.missing["osat"].tolist() == ["", "", "not_used", "empty", "", ""]
    assert responses.missing["E03"].tolist() == ["", "", "", "refused", "", ""]
    assert responses.missing["E02"].tolist() == ["", "", "", "empty", "", ""]
    assert (responses.frame[responses.missing.columns].isna() == responses.missing.ne("")).all(
        axis=None
    )


def test_personal_and_text_columns_are_nowhere(table: pd.DataFrame, inspect: Inspect) -> None:
    table["browser"] = "Lynx"
    responses = inspect(table).responses
    assert responses is not None
    everything = repr(responses) + responses.frame.to_csv() + responses.quality.to_csv()
    for secret in ("example.org", "so, so", "Lynx"):
        assert secret not in everything
    assert not {"email", "comment", "browser"} & {*responses.frame, *responses.missing}
    assert responses.sources[0].unnamed == ("browser",)
    table.loc[0, "P01"] = "88"
    found = inspect(table)
    assert "example.org" not in repr(found) + "".join(faults(found))


def test_personal_columns_need_not_be_in_the_file(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    assert inspect(table.drop(columns=["email", "comment"])).faults == ()


def test_answers_outside_the_scale_name_rows_values_and_non_answers(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table.loc[[0, 2, 4], "P02"] = ["8", "77", "0"]
    table.loc[1, "P04"] = "9"
    assert faults(inspect(table)) == [
        "responses.csv, column P02: 3 answers outside 1–7: rows 2, 4, 6 hold 8, 77, 0 "
        "(98 and 99 are non-answers)",
        "responses.csv, column P04: 1 answer outside 1–7: row 3 holds 9 "
        "(98 and 99 are non-answers)",
    ]


def test_more_than_eight_faults_in_a_column_are_counted(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table = pd.concat([table] * 4, ignore_index=True)
    table["RespID"] = [f"r{k}" for k in range(24)]
    table.loc[:10, "P02"] = [str(k) for k in range(10, 21)]
    assert faults(inspect(table)) == [
        "responses.csv, column P02: 11 answers outside 1–7: rows 2, 3, 4, 5, 6, 7, 8, 9 and 3 "
        "more hold 10, 11, 12, 13, 14, 15, 16, 17, … (98 and 99 are non-answers)"
    ]


def test_texts_and_fractions_in_a_rating_are_faults_that_say_what_is_allowed(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table.loc[[0, 2], "P02"] = ["five", "x"]
    table.loc[1, "P04"] = "4.5"
    first, second = faults(inspect(table))
    assert first == (
        "responses.csv, column P02: 2 answers are not numbers: rows 2, 4 hold 'five', 'x'; "
        "allowed are 1 to 7 or the texts 'Strongly disagree', 'Neither', 'Strongly agree', "
        "'Did not use', 'Do not know'"
    )
    assert second.startswith(
        "responses.csv, column P04: 1 answer is not a whole number: row 3 holds 4.5; agree7"
    )


def test_a_scale_that_counts_from_zero_is_recognised(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    items = ["P01", "P02", "P03", "P04"]
    table[items] = table[items].map(lambda code: str(int(code) - 1))
    table.loc[[0, 3], items] = "0"
    assert faults(inspect(table)) == [
        "responses.csv, columns P01, P03, P02, P04: answers outside 1–7; the file seems to "
        "count from 0 where the codebook counts from 1: no answer in servqual, perception is 7"
    ]
    table.loc[1, "P01"] = "7"
    assert "count from 0" not in "".join(faults(inspect(table)))


def test_a_battery_on_another_scale_is_one_fault_and_not_one_for_each_column(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    for column in ("P01", "P02", "P03", "P04"):
        table[column] = ["80", "60", "100", "20", "40", "0"]
    assert faults(inspect(table)) == [
        "responses.csv, columns P01, P03, P02, P04: most answers are outside 1–7 (98 and 99 "
        "are non-answers); the scale agree7 of the codebook (1 to 7) and the file (0 to 100) "
        "differ"
    ]


def test_a_category_that_is_not_listed_is_a_fault(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table.loc[3, "branch"] = "Village"
    assert faults(inspect(table)) == [
        "responses.csv, column branch: 1 answer is not among its values: row 5 holds "
        "'Village'; the codebook has 1 City, 2 Café"
    ]


def test_categories_that_differ_in_spelling_only_are_told(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table.loc[0, "customer"] = "old"
    found = inspect(table)
    assert found.responses is not None
    assert any("'old' and 'Old' count as different categories" in note for note in found.notes)


def test_a_missing_column_names_the_one_that_was_probably_meant(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    assert faults(inspect(table.rename(columns={"imp_place": "imp_palce"}))) == [
        "responses.csv: column imp_place is missing; the file has imp_palce: a typing error?"
    ]


def test_a_part_that_misses_many_columns_is_one_fault_with_its_pattern(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    renamed = table.rename(columns={f"P0{k}": f"P{k}" for k in range(1, 5)})
    assert faults(inspect(renamed)) == [
        "responses.csv: 4 columns of servqual, perception are missing: P01, P03, P02, P04 "
        "(pattern 'P{item:02d}'); the file has P1: is the pattern right?"
    ]


def test_a_file_of_another_survey_and_a_file_without_names_are_recognised(
    table: pd.DataFrame, inspect: Inspect, write: Write, codebook: Codebook
) -> None:
    other = pd.DataFrame({"x": ["1", "2"], "y": ["3", "4"]})
    assert (
        "none of the 15 columns of the codebook is in the file; it has 'x', 'y'"
        in (faults(inspect(other))[0])
    )
    path = write("1,2.5,ann@example.org,4\n5,6,bob@example.org,7\n")
    found = inspect_responses({"": path}, codebook)
    assert "its first row holds numbers" in faults(found)[0]
    assert "@" not in "".join([*faults(found), *found.notes])


def test_names_in_another_case_match_and_are_told(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    found = inspect(table.rename(columns={"E01": "e01 ", "RespID": "respid"}))
    assert found.responses is not None
    assert "E01" in found.responses.frame
    assert "responses.csv: column E01 is written 'e01 ' in the file" in found.notes


def test_two_names_that_match_loosely_are_a_fault(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table = table.rename(columns={"E01": "e01"}).assign(**{"E01 ": "5"})
    assert (
        "column E01 is missing; the file has 'e01' and 'E01 ': which one is it?"
        in (faults(inspect(table))[0])
    )


def test_repeated_ids_are_a_fault_unless_a_rule_is_declared(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table.loc[[3, 5], "RespID"] = "002"
    assert faults(inspect(table)) == [
        "responses.csv, column RespID: 1 id occurs more than once: 002 (rows 3, 5, 7); declare "
        "`- duplicated: respondent` under exclude in study.yaml to keep the first of each, or "
        "correct the file"
    ]


def test_respondents_without_an_id_are_a_fault(table: pd.DataFrame, inspect: Inspect) -> None:
    table.loc[[1, 4], "RespID"] = ["", "NA"]
    assert faults(inspect(table)) == [
        "responses.csv, column RespID: 2 respondents have no id: rows 3, 6"
    ]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (
            ["1", "0", "1", "1", "0", "1"],
            "2 weights are zero: rows 3, 6; a weight must be above 0",
        ),
        (["1", "1", "-1", "1", "1", "1"], "1 weight is negative: row 4 holds -1"),
        (["1", "", "1", "1", "1", "1"], "1 respondent has no weight: row 3"),
        (["1", "x", "1", "1", "1", "1"], "1 answer is not a number: row 3 holds 'x'; numbers"),
    ],
)
def test_weights_must_be_numbers_above_zero(
    table: pd.DataFrame, inspect: Inspect, codebook: Codebook, weights: list[str], said: str
) -> None:
    weight = Column(name="w", column="w", role="weight", label="Weight")
    weighted = replace(codebook, columns=(*codebook.columns, weight))
    found = faults(inspect(table.assign(w=weights), codebook=weighted))
    assert len(found) == 1
    assert said in found[0]


def test_importance_points_must_not_be_negative_and_their_sum_is_not_judged_here(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    table.loc[0, "imp_staff"] = "98"
    responses = inspect(table).responses
    assert responses is not None
    assert responses.frame.loc[0, "imp_staff"] == 98
    table.loc[0, "imp_staff"] = "-5"
    assert "column imp_staff: 1 answer is negative: row 2 holds -5" in faults(inspect(table))[0]


def test_all_faults_of_all_files_come_at_once(
    table: pd.DataFrame, write: Write, codebook: Codebook
) -> None:
    bad = table.copy()
    bad.loc[0, "P01"] = "8"
    bad.loc[0, "branch"] = "9"
    files = {"a": write(bad, "a.csv"), "b": write("", "b.csv"), "c": write(bad, "c.csv")}
    with pytest.raises(
        ResponseError, match=r"responses a.csv, b.csv, c.csv: 5 faults"
    ) as caught:
        load_responses(files, codebook)
    assert [fault.file for fault in caught.value.faults] == ["a.csv"] * 2 + ["b.csv"] + [
        "c.csv"
    ] * 2


def test_a_codebook_column_named_wave_clashes_with_waves(
    table: pd.DataFrame, write: Write, codebook: Codebook
) -> None:
    wave = Column(name="wave", column="customer", role="segment", label="Wave")
    book = replace(codebook, columns=(*codebook.columns[:2], wave), path="codebook.yaml")
    found = faults(inspect_responses({"spring": write(table)}, book))
    assert found[0].startswith("codebook.yaml: the name wave is taken")


def test_label_texts_and_codes_give_the_same_responses(
    table: pd.DataFrame, inspect: Inspect
) -> None:
    expected = inspect(table).responses
    labels = {"1": "strongly DISAGREE", "4": "4 – Neither", "7": "Strongly agree (7)"}
    texts = table.replace(
        dict.fromkeys(["osat", *[f"{p}0{k}" for p in "EP" for k in range(1, 5)]], labels)
    )
    texts["branch"] = texts["branch"].replace({"1": "City", "2": "2: Café"})
    texts.loc[3, "E03"] = "Do not know"
    found = inspect(texts).responses
    assert expected is not None
    assert found is not None
    pd.testing.assert_frame_equal(found.frame, expected.frame)
    pd.testing.assert_frame_equal(found.missing, expected.missing)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_every_encoding_and_delimiter_gives_the_same_responses(
    table: pd.DataFrame, inspect: Inspect, encoding: str, sep: str
) -> None:
    table["branch"] = table["branch"].replace({"2": "Café"})
    expected = inspect(table).responses
    found = inspect(table, encoding=encoding, sep=sep).responses
    assert expected is not None
    assert found is not None
    pd.testing.assert_frame_equal(found.frame, expected.frame)


def test_korean_labels_in_cp949_give_the_same_responses(
    table: pd.DataFrame, inspect: Inspect, codebook: Codebook
) -> None:
    korean = replace(codebook.columns[1], values=(Code(1, "서울역"), Code(2, "부산 지점")))
    book = replace(codebook, columns=(codebook.columns[0], korean, *codebook.columns[2:]))
    table["branch"] = table["branch"].replace({"1": "서울역", "2": "부산 지점"})
    expected = inspect(table, codebook=book).responses
    found = inspect(table, codebook=book, encoding="cp949").responses
    assert expected is not None
    assert found is not None
    assert found.sources[0].encoding == "cp949"
    pd.testing.assert_frame_equal(found.frame, expected.frame)


def test_decimal_commas_are_numbers(table: pd.DataFrame, inspect: Inspect) -> None:
    expected = inspect(table).responses
    comma = table.copy()
    comma["seconds"] = comma["seconds"].str.replace(".", ",")
    comma["P01"] = comma["P01"] + ",0"
    found = inspect(comma, sep=";").responses
    assert expected is not None
    assert found is not None
    assert found.sources[0].decimal == ","
    pd.testing.assert_frame_equal(found.frame, expected.frame)


RATING = Battery(
    name="staff",
    scale=ResponseScale(
        name="agree5",
        low=1,
        high=5,
        anchors=(Code(1, "Disagree"), Code(5, "Agree")),
        missing=(MissingCode(9, "Refused"),),
    ),
    parts={"rating": "Q{item}"},
    scales=(Scale(name="s", label="S", items=(Item(key=1, text="a"), Item(key=2, text="b"))),),
)
SHORT = Codebook(
    survey="Short",
    columns=(Column(name="town", column="town", role="segment", label="Town"),),
    batteries=(RATING,),
)


def sav(tmp_path: Path, frame: pd.DataFrame, **how: object) -> dict[str, Path]:
    pyreadstat.write_sav(frame, str(tmp_path / "r.sav"), **how)
    return {"": tmp_path / "r.sav"}


def test_value_labels_of_spss_name_categories_that_the_codebook_does_not_list(
    tmp_path: Path,
) -> None:
    frame = pd.DataFrame({"town": [1.0, 2, 9], "Q1": [1.0, 5, 9], "Q2": [2.0, 3, np.nan]})
    files = sav(
        tmp_path,
        frame,
        variable_value_labels={"town": {1: "Ulm", 2: "Bonn", 9: "No answer"}},
        missing_ranges={"town": [9], "Q1": [9]},
    )
    responses = load_responses(files, SHORT)
    assert responses.frame["town"].tolist() == ["Ulm", "Bonn", None]
    assert responses.missing["Q1"].tolist() == ["", "", "refused"]
    assert responses.sources[0].labels == {}


def test_values_that_only_the_file_declares_as_missing_are_a_fault(tmp_path: Path) -> None:
    frame = pd.DataFrame({"town": [1.0, 2, 1], "Q1": [1.0, 5, 4], "Q2": [2.0, 3, 8]})
    files = sav(tmp_path, frame, missing_ranges={"Q1": [4], "Q2": [{"lo": 6, "hi": 8}]})
    assert faults(inspect_responses(files, SHORT)) == [
        "r.sav, column Q1: 1 answer that the file declares as missing and the codebook does "
        "not: row 3 holds 4; name 4 under missing in the response scale agree5, with its kind",
        "r.sav, column Q2: 1 answer that the file declares as missing and the codebook does "
        "not: row 3 holds 8; name 8 under missing in the response scale agree5, with its kind",
    ]


def test_a_scale_labelled_the_other_way_round_in_the_file_is_a_fault(tmp_path: Path) -> None:
    frame = pd.DataFrame({"town": [1.0, 2, 1], "Q1": [1.0, 5, 4], "Q2": [2.0, 3, 5]})
    files = sav(tmp_path, frame, variable_value_labels={"Q1": {1: "Agree", 5: "Disagree"}})
    found = faults(inspect_responses(files, SHORT))
    assert found[0] == (
        "r.sav, column Q1: the file labels 1 as 'Agree', the codebook gives that text to 5: "
        "which one is right?"
    )


def test_extended_missing_values_of_stata_need_a_meaning(tmp_path: Path) -> None:
    frame = pd.DataFrame({"town": ["a", "b", "c"], "Q1": [1.0, "a", 2.0], "Q2": [2.0, 3, 5]})
    pyreadstat.write_dta(frame, str(tmp_path / "r.dta"), missing_user_values={"Q1": ["a"]})
    files = {"": tmp_path / "r.dta"}
    assert (
        "row 2 holds '.a'; name .a under missing" in faults(inspect_responses(files, SHORT))[0]
    )
    scale = replace(RATING.scale, missing=(MissingCode(".a", "Refused"),))
    book = replace(SHORT, batteries=(replace(RATING, scale=scale),))
    assert load_responses(files, book).missing["Q1"].tolist() == ["", "refused", ""]
