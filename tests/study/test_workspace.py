from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxresearch.errors import StudyError
from cxresearch.study import find_workspace, list_studies, load_study

MakeStudy = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_named_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXRESEARCH_WORKSPACE", raising=False)


def test_a_study_is_found_by_name_from_anywhere_in_the_workspace(
    make_study: MakeStudy, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_study()
    for here in (workspace, workspace / "data", folder):
        monkeypatch.chdir(here)
        assert load_study("bank").folder == folder


def test_a_study_is_found_by_the_path_of_its_folder_or_file(
    make_study: MakeStudy, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_study()
    monkeypatch.chdir(workspace)
    for path in (
        folder,
        str(folder),
        "data/bank",
        "data/bank/",
        "data/bank/study.yaml",
        "./data/../data/bank",
    ):
        study = load_study(path)
        assert (study.folder, study.workspace) == (folder, workspace)


def test_the_environment_names_the_workspace(
    make_study: MakeStudy,
    workspace: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_study()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("CXRESEARCH_WORKSPACE", str(workspace))
    assert find_workspace() == workspace
    assert load_study("bank").workspace == workspace
    monkeypatch.setenv("CXRESEARCH_WORKSPACE", str(workspace / "data"))
    with pytest.raises(StudyError, match="which has no folder data/"):
        find_workspace()


def test_without_a_workspace_the_message_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        StudyError, match=r"no workspace: neither .* make one with: cxresearch init"
    ):
        load_study("bank")


def test_an_unknown_study_names_those_that_are_there(
    make_study: MakeStudy, workspace: Path
) -> None:
    make_study()
    make_study(name="hotel")
    with pytest.raises(StudyError, match=r"the studies are bank, hotel; did you mean 'bank'\?"):
        load_study("bnak", workspace=workspace)
    (workspace / "data" / "empty").mkdir()
    with pytest.raises(StudyError, match=r"study empty: the folder has no study\.yaml"):
        load_study("empty", workspace=workspace)


@pytest.mark.parametrize(
    "name", ["", "..", ".", "~", "../bank", "a/b", "a\\b", "bank\0", "x" * 5000, "study.yaml"]
)
def test_odd_names_are_no_studies_and_no_accidents(workspace: Path, name: str) -> None:
    with pytest.raises(StudyError, match="study"):
        load_study(name, workspace=workspace)


def test_a_file_of_another_name_is_no_study(make_study: MakeStudy) -> None:
    folder = make_study()
    with pytest.raises(StudyError, match=r"the file of a study is named study\.yaml"):
        load_study(folder / "codebook.yaml")


def test_studies_are_listed_by_name_and_nothing_else_is(
    make_study: MakeStudy, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("hotel", "bank", ".new-x-1"):
        make_study(name=name)
    (workspace / "data" / "notes").mkdir()
    (workspace / "data" / "readme.txt").write_text("x")
    assert list_studies(workspace) == ["bank", "hotel"]
    monkeypatch.chdir(workspace)
    assert list_studies() == ["bank", "hotel"]
    assert list_studies(workspace / "nowhere") == []
