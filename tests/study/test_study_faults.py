from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxresearch.errors import StudyError
from cxresearch.study import load_study

Faults = Callable[..., list[str]]
MakeStudy = Callable[..., Path]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("title:", "titel:", "line 1: unknown key 'titel'; allowed are title, method,"),
        ("title:", "titel:", "did you mean 'title'?"),
        ("method: servqual", "", "line 1: key 'method' is missing. Name of the template"),
        (
            "method: servqual",
            "method: 3",
            "line 2: method is 3, not text: YAML reads an unquoted 3",
        ),
        ("method: servqual", "method: [a]", "line 2: method is a list, not text"),
        (
            "fall short?",
            "fall: short?",
            "line 1: is not valid YAML: a second colon in the line",
        ),
        ("data: responses.csv", "", "data is missing; the folder has responses.csv"),
        (
            "data: responses.csv",
            "data: respones.csv",
            "line 4: data file respones.csv is not there; "
            "the folder has responses.csv; did you mean",
        ),
        ("data: responses.csv", "data: .", "line 4: . is a folder; name the data file"),
        (
            "data: responses.csv",
            "data: [responses.csv]",
            "line 4: data is a list; for several files write waves: {spring 2026: spring.csv}",
        ),
        (
            "data: responses.csv",
            "data: responses.csv\\nwaves: {a: responses.csv}",
            "line 5: data and waves are both given; write one of them",
        ),
        (
            "data: responses.csv",
            "waves: {a: responses.csv, b: responses.csv}",
            "line 4: responses.csv is given twice",
        ),
        (
            "data: responses.csv",
            "waves: {2026: responses.csv}",
            "line 4: waves: the name 2026 is a number; begin it with a letter",
        ),
        (
            "codebook: codebook.yaml",
            "codebook: codebok.yaml",
            "line 3: codebook codebok.yaml is not there; the folder has codebook.yaml",
        ),
    ],
)
def test_a_faulty_study_file_is_explained(
    faults: Faults, study_text: str, before: str, after: str, said: str
) -> None:
    assert before in study_text
    (fault,) = faults(study_text.replace(before, after.replace("\\n", "\n")))
    assert fault.startswith("study.yaml, line ")
    assert said in fault


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("language: no", "language is false, not text: YAML reads an unquoted no as false"),
        (
            "language: English",
            "language is 'English'; write a language code such as en, es or ko",
        ),
        ("segments: [branch]", "unknown key 'segments'; allowed are"),
        ("segments: [branch]", "settings of the method belong under parameters"),
        (
            "parameters: {since: 2026-01-02}",
            "parameters: since is or holds the date 2026-01-02; write it in quotes",
        ),
        ("parameters: {since: [2026-01-02]}", "since is or holds the date 2026-01-02"),
        (
            "parameters: {a: {b: 1}}",
            "parameters: a is or holds a mapping; allowed is "
            "text, a number, true or false, or a list",
        ),
        ("parameters: [a]", "parameters is a list; write {name: value}"),
        ("contact: 2026-01-02", "contact is 2026-01-02, not text"),
        ("exclude: duplicated", "exclude is 'duplicated'; it must be a list"),
        (
            "exclude: [duplicated]",
            "exclude, rule 1 is 'duplicated'; write - duplicated: respondent",
        ),
        ("exclude: [{}]", "exclude, rule 1: names no rule; write one rule after each '-'"),
        (
            "exclude: [{straight: 1}]",
            "exclude, rule 1: unknown key 'straight'; allowed are duplicated, longest_string,",
        ),
        (
            "exclude: [{duplicated: respondent, duration: {below: 4}}]",
            "exclude, rule 1: has the rules duplicated, "
            "duration; write one rule after each '-'",
        ),
        ("exclude: [{duplicated: RespID}]", "that is the name in the file, write respondent"),
        ("exclude: [{duplicated: email}]", "column email has the role personal, not id"),
        (
            "exclude: [{longest_string: {battery: servqal, at_least: 3}}]",
            "the codebook has no battery 'servqal'; it has servqual; did you mean 'servqual'?",
        ),
        (
            "exclude: [{longest_string: {battery: servqual, at_least: 1}}]",
            "exclude, rule 1: longest_string at_least is 1; it must be at least 2",
        ),
        (
            "exclude: [{longest_string: {battery: servqual, at_least: 4}}]",
            "at_least is 4, and servqual has 3 items; it would exclude nobody",
        ),
        (
            "exclude: [{longest_string: {battery: servqual, at_least: 3, part: minimum}}]",
            "battery servqual has no part 'minimum'; it has expectation, perception",
        ),
        (
            "exclude: [{missing_share: {battery: servqual, above: 33}}]",
            "missing_share above is 33; it must be below 1",
        ),
        (
            "exclude: [{missing_share: {battery: servqual, above: 33%}}]",
            "missing_share above is '33%', not a number",
        ),
        (
            "exclude: [{missing_share: {battery: servqual}}]",
            "missing_share: key 'above' is missing",
        ),
        (
            "exclude: [{intra_individual_variability: {battery: servqual, below: 0}}]",
            "below is 0; it must be above 0",
        ),
        ("exclude: [{duration: 100}]", "duration is 100; write {below: …}"),
        (
            "exclude: [{answered: {column: branch, is: No}}]",
            'answered is: YAML reads an unquoted No as false; write "No"',
        ),
        ("exclude: [{answered: {column: branch}}]", "answered: key 'is' is missing"),
        (
            "exclude: [{answered: {column: brunch, is: 1}}]",
            "no column 'brunch'; did you mean 'branch'?",
        ),
    ],
)
def test_a_faulty_line_is_explained(
    faults: Faults, study_text: str, line: str, said: str
) -> None:
    (fault,) = faults(f"{study_text}{line}\n")
    assert fault.startswith("study.yaml, line 5: ")
    assert said in fault


def test_faults_of_the_study_and_of_its_codebook_come_together(
    faults: Faults, study_text: str, codebook_text: str
) -> None:
    found = faults(
        study_text.replace("responses.csv", "answers.csv") + "language: no\n",
        codebook=codebook_text.replace("1: City", "1: Yes").replace("agree7\n", "agree\n"),
    )
    assert [fault.split(": ")[0] for fault in found] == [
        "study.yaml, line 4",
        "study.yaml, line 5",
        "codebook.yaml, line 7",
        "codebook.yaml, line 12",
    ]


def test_rules_keep_their_lines_when_one_before_them_is_faulty(
    faults: Faults, study_text: str
) -> None:
    rules = "exclude:\n  - duplicated\n  - duplicated: respondent\n  - duplicated: brunch\n"
    found = faults(study_text + rules)
    assert [fault.split(": ")[0] for fault in found] == [
        "study.yaml, line 6",
        "study.yaml, line 8",
    ]


def test_a_column_named_wave_stands_against_waves(
    faults: Faults, study_text: str, codebook_text: str
) -> None:
    (fault,) = faults(
        study_text.replace("data: responses.csv", "waves: {spring: responses.csv}"),
        codebook=codebook_text.replace("branch:", "wave:"),
    )
    assert "line 4: the codebook names a column wave, as the waves are named" in fault


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/etc/passwd", "/etc/passwd is not a path seen from the study's folder"),
        ("C:\\data\\x.csv", "is not a path seen from the study's folder"),
        ("\\\\server\\x.csv", "is not a path seen from the study's folder"),
        ("../../../x.csv", "../../../x.csv lies outside of the workspace"),
        ("..\\..\\..\\x.csv", "lies outside of the workspace"),
        ("../../x.csv", "data file ../../x.csv is not there"),
    ],
)
def test_a_path_that_leaves_the_workspace_is_refused(
    faults: Faults, study_text: str, path: str, said: str
) -> None:
    (fault,) = faults(study_text.replace("responses.csv", f"'{path}'"))
    assert said in fault


@pytest.mark.parametrize("path", ['"a\\0b.csv"', f"{'x' * 300}.csv"])
def test_a_path_the_system_refuses_is_a_fault(
    faults: Faults, study_text: str, path: str
) -> None:
    (fault,) = faults(study_text.replace("responses.csv", path))
    assert fault.startswith("study.yaml, line 4: ")


def test_a_data_file_that_is_a_link_out_of_the_study_is_refused(
    make_study: MakeStudy, workspace: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = make_study()
    outside = tmp_path_factory.mktemp("outside") / "secret.csv"
    outside.write_text("a,b\n1,2\n")
    (folder / "responses.csv").unlink()
    (folder / "responses.csv").symlink_to(outside)
    with pytest.raises(StudyError, match=r"line 4: responses\.csv is a link that leads out of"):
        load_study("bank", workspace=workspace)


def test_a_study_outside_of_data_reaches_nothing_outside_its_folder(
    make_study: MakeStudy, tmp_path: Path, study_text: str
) -> None:
    folder = make_study(study_text.replace("data: ", "data: ../"))
    loose = tmp_path / "loose"
    folder.rename(loose)
    (tmp_path / "responses.csv").write_text("a,b\n1,2\n")
    with pytest.raises(StudyError, match=r"\.\./responses\.csv lies outside of the workspace"):
        load_study(loose)
