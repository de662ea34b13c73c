"""`check` on differently broken inputs: each message says where, what was found, what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result

Command = Callable[..., Result]


def answers(study: Path) -> pd.DataFrame:
    return pd.read_csv(study / "responses.csv", dtype=str, keep_default_na=False)


def write(study: Path, frame: pd.DataFrame, **options: object) -> None:
    frame.to_csv(study / "responses.csv", index=False, **options)  # type: ignore[call-overload]


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def wrong_delimiter(study: Path) -> None:
    text = (study / "responses.csv").read_text(encoding="utf-8")
    (study / "responses.csv").write_text(text.replace(",", "\u00a6"), encoding="utf-8")


def wrong_encoding(study: Path) -> None:
    frame = answers(study)
    frame.loc[0, "comment"] = "Überweisung dauerte"
    data = frame.to_csv(index=False).encode("utf-8")
    (study / "responses.csv").write_bytes(data[:4000] + b"\x81\x8d\xff\x00" + data[4000:])


def missing_column(study: Path) -> None:
    write(study, answers(study).rename(columns={"imp_empathy": "imp_emphaty"}))


def duplicated_id(study: Path) -> None:
    replace_in(study / "study.yaml", "  - duplicated: respondent\n", "")


def out_of_range(study: Path) -> None:
    frame = answers(study)
    frame.loc[[16, 55], "P07"] = ["8", "77"]
    write(study, frame)


def text_in_a_numeric_item(study: Path) -> None:
    frame = answers(study)
    frame.loc[3, "E11"] = "very much"
    write(study, frame)


def unquoted_yes(study: Path) -> None:
    replace_in(study / "codebook.yaml", "{1: City, 2: Town}", "{1: Yes, 2: Town}")


def empty_file(study: Path) -> None:
    (study / "responses.csv").write_text("", encoding="utf-8")


def one_respondent(study: Path) -> None:
    write(study, answers(study).head(1))


def all_items_constant(study: Path) -> None:
    frame = answers(study).head(30).drop_duplicates("RespID")
    for column in [c for c in frame if re.fullmatch(r"[EP]\d\d", str(c))]:
        frame[column] = "4"
    write(study, frame)
    replace_in(
        study / "study.yaml",
        "  - longest_string: {battery: servqual, part: perception, at_least: 20}\n",
        "",
    )


CASES = {
    wrong_delimiter: [r"responses\.csv", r"only one column", r"delimiter"],
    wrong_encoding: [r"responses\.csv", r"encod|binary|NUL"],
    missing_column: [r"column imp_empathy", r"missing", r"imp_emphaty"],
    duplicated_id: [r"respondent", r"B\d{4}", r"duplicated: respondent"],
    out_of_range: [
        r"column P07",
        r"2 answers outside 1.7",
        r"rows 18(,| and) 57",
        r"8(,| and) 77",
    ],
    text_in_a_numeric_item: [r"column E11", r"row 5", r"very much", r"1 to 7"],
    unquoted_yes: [r"codebook\.yaml, line \d+", r"true", r'"Yes"'],
    empty_file: [r"responses\.csv", r"empty"],
    one_respondent: [r"one respondent", r"at least 2"],
    all_items_constant: [r"battery servqual", r"same answers"],
}


@pytest.mark.parametrize("spoil", CASES, ids=lambda spoil: spoil.__name__)
def test_check_says_where_and_what_to_do(
    spoil: Callable[[Path], None], study: Path, command: Command
) -> None:
    spoil(study)
    outcome = command("check", "bank-branches")
    assert outcome.exit_code == 1, outcome.output
    assert "bank-branches cannot run: " in outcome.output
    for pattern in CASES[spoil]:
        assert re.search(pattern, outcome.output), f"{pattern!r} is not in:\n{outcome.output}"
    assert "Traceback" not in outcome.output


def test_one_constant_item_is_told_and_is_no_fault(study: Path, command: Command) -> None:
    frame = answers(study)
    frame["P04"] = "5"
    write(study, frame)
    outcome = command("check", "bank-branches")
    assert outcome.exit_code == 0, outcome.output
    assert re.search(r"same in column P04", outcome.output)


def test_faults_of_study_and_codebook_are_told_together(study: Path, command: Command) -> None:
    unquoted_yes(study)
    replace_in(study / "study.yaml", "contact:", "kontact:")
    outcome = command("check", "bank-branches")
    assert "2 faults" in outcome.output
    assert "contact" in outcome.output
    assert '"Yes"' in outcome.output


def test_a_parameter_the_template_does_not_have_is_a_fault(
    study: Path, command: Command
) -> None:
    replace_in(study / "study.yaml", "min_cell: 10", "min_cel: 10")
    outcome = command("check", "bank-branches")
    assert outcome.exit_code == 1
    assert "min_cel" in outcome.output
    assert "did you mean 'min_cell'" in outcome.output


def test_run_shows_the_faults_and_files_nothing(
    study: Path, workspace: Path, command: Command
) -> None:
    out_of_range(study)
    outcome = command("run", "bank-branches")
    assert outcome.exit_code == 1
    assert "column P07" in outcome.output
    assert not list((workspace / "reports").glob("bank-branches/*"))
