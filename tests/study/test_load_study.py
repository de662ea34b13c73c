from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from cxresearch.errors import ResponseError, StudyError
from cxresearch.responses.exclusions import (
    AnsweredValue,
    Duplicated,
    LongestString,
    LowVariability,
    MissingShare,
    ShortDuration,
)
from cxresearch.study import Study, load_study, start_study

Load = Callable[..., Study]
MakeStudy = Callable[..., Path]


def test_a_study_holds_what_was_written(load: Load, study_text: str) -> None:
    study = load(
        study_text
        + "description: First of two.\npopulation: Visitors\nsample: Every 20th\n"
        + "contact: Service team\nlanguage: "
        "es\nparameters: {segments: [branch], min_cell: 10}\n"
    )
    assert (study.name, study.title) == ("bank", "Where do our branches fall short?")
    assert (study.method, study.description) == ("servqual", "First of two.")
    assert (study.population, study.sample) == ("Visitors", "Every 20th")
    assert (study.contact, study.language) == ("Service team", "es")
    assert study.parameters == {"segments": ["branch"], "min_cell": 10}


def test_what_is_not_written_is_empty(load: Load) -> None:
    study = load()
    assert study.description == study.population == study.sample == study.contact == ""
    assert study.exclusions == ()
    assert study.parameters == {}


def test_keys_with_nothing_behind_them_are_as_if_not_written(
    load: Load, study_text: str
) -> None:
    study = load(
        study_text + "population:\nsample:\nexclude:\nparameters:\ncontact:\nlanguage:\n"
    )
    assert (study.population, study.exclusions, study.language) == ("", (), "en")


def test_the_study_knows_its_folder_its_workspace_and_the_hash_of_its_file(
    load: Load, workspace: Path
) -> None:
    study = load()
    assert study.folder == workspace / "data" / "bank"
    assert study.workspace == workspace
    content = (study.folder / "study.yaml").read_bytes()
    assert study.sha256 == hashlib.sha256(content).hexdigest()


def test_one_data_file_stands_under_the_empty_name(load: Load) -> None:
    study = load()
    assert study.data == {"": study.folder / "responses.csv"}
    assert study.layout == "file"


def test_waves_and_tables_keep_their_names(
    make_study: MakeStudy, workspace: Path, study_text: str
) -> None:
    text = study_text.replace(
        "data: responses.csv", "waves: {spring: responses.csv, autumn: b.csv}"
    )
    folder = make_study(text)
    (folder / "b.csv").write_text("x,y\n1,2\n")
    study = load_study("bank", workspace=workspace)
    assert study.layout == "waves"
    assert [(name, path.name) for name, path in study.data.items()] == [
        ("spring", "responses.csv"),
        ("autumn", "b.csv"),
    ]
    (folder / "study.yaml").write_text(text.replace("waves:", "data:"))
    assert load_study("bank", workspace=workspace).layout == "tables"


def test_exclusions_become_rules_in_their_order(load: Load, study_text: str) -> None:
    study = load(
        study_text
        + """\
exclude:
  - duplicated: respondent
  - duplicated: {column: respondent, reason: twice}
  - longest_string: {battery: servqual, at_least: 3, part: perception, reason: bored}
  - missing_share: {battery: servqual, above: 0.33}
  - intra_individual_variability: {battery: servqual, below: 0.2}
  - duration: {below: 60}
  - answered: {column: branch, is: 2}
  - answered: {column: branch, is: [1, City]}
"""
    )
    assert study.exclusions == (
        Duplicated(column="respondent"),
        Duplicated(column="respondent", reason="twice"),
        LongestString(battery="servqual", at_least=3, part="perception", reason="bored"),
        MissingShare(battery="servqual", above=0.33),
        LowVariability(battery="servqual", below=0.2),
        ShortDuration(below=60),
        AnsweredValue(column="branch", values=(2,)),
        AnsweredValue(column="branch", values=(1, "City")),
    )


def test_texts_of_the_codebook_come_in_the_language_of_the_study(
    load: Load, study_text: str
) -> None:
    study = load(study_text + "language: es\n")
    assert study.codebook.find_column("branch").label == "Sucursal"


def test_a_study_without_language_has_that_of_its_codebook(
    load: Load, codebook_text: str
) -> None:
    korean = codebook_text.replace("language: en", "language: ko").replace("{en:", "{ko:")
    assert load(codebook=korean).language == "ko"


def test_the_codebook_may_be_shared_with_another_study(
    make_study: MakeStudy, workspace: Path, study_text: str
) -> None:
    make_study()
    make_study(
        study_text.replace("codebook.yaml", "../bank/codebook.yaml"), codebook=None, name="next"
    )
    study = load_study("next", workspace=workspace)
    assert study.codebook.path == "../bank/codebook.yaml"


def test_the_answers_are_read_with_the_exclusions_applied(load: Load, study_text: str) -> None:
    study = load(
        study_text + "exclude:\n  - duplicated: respondent\n  - duration: {below: 60}\n"
    )
    responses = study.responses()
    assert (responses.flow.read, responses.n) == (4, 2)
    assert [step.excluded for step in responses.flow.steps] == [1, 1]
    assert "email" not in responses.frame


def test_tables_are_left_to_the_method(load: Load, study_text: str) -> None:
    study = load(study_text.replace("data: responses.csv", "data: {moments: responses.csv}"))
    with pytest.raises(
        StudyError,
        match=r"its data are the tables "
        "moments; the method servqual",
    ):
        study.responses()


def test_a_study_is_frozen(load: Load) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="title"):
        load().title = "another"  # type: ignore[misc]


def test_a_study_shows_itself_with_every_text_escaped(load: Load, study_text: str) -> None:
    study = load(study_text.replace("fall short?", "<i>fall</i>") + "sample: a < b\n")
    shown = study._repr_html_()
    assert "&lt;i&gt;fall&lt;/i&gt;" in shown
    assert "a &lt; b" in shown
    assert "population" not in shown
    assert repr(study) == "Study('bank', method='servqual', data=['responses.csv'])"


def test_a_study_that_is_started_is_the_study_its_answers_read(
    make_study: MakeStudy, study_text: str
) -> None:
    folder = make_study(study_text + "exclude:\n  - duplicated: respondent\n")
    assert start_study(folder).sha256 == load_study(folder).sha256
    text = (folder / "responses.csv").read_text(encoding="utf-8")
    (folder / "responses.csv").write_text(text.replace("7,6,7,5", "9,6,7,5"), encoding="utf-8")
    with pytest.raises(ResponseError, match="outside 1–7"):
        start_study(folder)
