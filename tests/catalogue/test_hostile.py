"""Names, links and parameters that are not what they should be: refused, with a reason."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cxresearch.catalogue import run_study
from cxresearch.catalogue.checking import check_study
from cxresearch.cli import main
from cxresearch.errors import CatalogueError, StudyError
from cxresearch.study import load_study

_spec = importlib.util.spec_from_file_location(
    "small_study", Path(__file__).with_name("small_study.py")
)
small: Any = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]
_spec.loader.exec_module(small)  # type: ignore[union-attr]

SAMPLES = Path(__file__).resolve().parents[2] / "data"
LINKS = pytest.mark.skipif(os.name == "nt", reason="makes links and pipes")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return Path(small.small_workspace(tmp_path / "work"))


def call(workspace: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--workspace", str(workspace), *words])


@pytest.mark.parametrize("name", ["a\nb", "x/a\nb", "a\x1b[31m"])
def test_a_name_with_control_characters_is_told_on_one_line(workspace: Path, name: str) -> None:
    outcome = call(workspace, "run", name)
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith(f"error: study {name!r}: ")
    assert len(outcome.stderr.splitlines()) == 1
    assert "\x1b" not in outcome.stderr


@LINKS
def test_a_study_that_a_link_takes_from_elsewhere_is_refused(
    workspace: Path, tmp_path: Path
) -> None:
    shutil.move(workspace / "data" / "small", tmp_path / "outside")
    (workspace / "data" / "small").symlink_to(tmp_path / "outside")
    with pytest.raises(StudyError, match="small is a link that leads out of the workspace"):
        load_study("small", workspace=workspace)
    outcome = call(workspace, "run", "--all")
    assert outcome.exit_code == 1
    assert "copy the folder instead" in outcome.stderr


@LINKS
def test_a_link_within_the_workspace_and_a_workspace_behind_a_link_are_followed(
    workspace: Path, tmp_path: Path
) -> None:
    (workspace / "data" / "again").symlink_to(workspace / "data" / "small")
    (tmp_path / "link").symlink_to(workspace)
    assert load_study("again", workspace=workspace).name == "again"
    assert load_study("small", workspace=tmp_path / "link").name == "small"


@LINKS
@pytest.mark.parametrize("link", ["reports/small", "reports/small/cells"])
def test_runs_are_not_filed_through_a_link(workspace: Path, tmp_path: Path, link: str) -> None:
    name = "small"
    if link.endswith("cells"):
        study = workspace / "data" / "small" / "study.yaml"
        study.write_text(small.STUDY + "for_each: {branch: all}\n", encoding="utf-8")
        name = "small[branch=North]"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (workspace / link).parent.mkdir(parents=True)
    (workspace / link).symlink_to(elsewhere)
    with pytest.raises(CatalogueError, match="is a link, and runs are not filed through links"):
        run_study(load_study(name, workspace=workspace))
    assert list(elsewhere.iterdir()) == []


@LINKS
def test_a_pipe_is_no_data_file(workspace: Path) -> None:
    data = workspace / "data" / "small" / "responses.csv"
    data.unlink()
    os.mkfifo(data)
    (fault,) = check_study("small", workspace=workspace).faults
    assert "responses.csv is no file that can be read, but a pipe" in fault.message


def test_a_parameter_that_names_what_is_not_there_is_told_before_anything_is_run(
    tmp_path: Path,
) -> None:
    shutil.copytree(SAMPLES / "bank-branches", tmp_path / "data" / "bank")
    study = load_study("bank", workspace=tmp_path)
    with pytest.raises(StudyError, match=r"parameters, battery: .* got 'a\\nb'"):
        run_study(study, settings={"battery": "a\nb"})
    assert not (tmp_path / "reports").exists()
