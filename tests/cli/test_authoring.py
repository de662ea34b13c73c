"""A notebook becomes a template."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner, Result
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxresearch.catalogue import run_study
from cxresearch.cli import main
from cxresearch.study import load_study

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "bank-branches"
Cli = Callable[..., Result]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "w" / "data" / "bank-branches")
    return tmp_path / "w"


@pytest.fixture
def cli(workspace: Path) -> Cli:
    return lambda *words: CliRunner().invoke(
        main, ["--workspace", str(workspace), "template", *map(str, words)]
    )


def tagged(make: Callable[..., Any], source: str, *tags: str, **more: Any) -> Any:
    return make(source, metadata={"tags": list(tags)}, **more)


def good() -> list[Any]:
    picture = new_output(
        "display_data",
        data={"image/svg+xml": "<svg/>"},
        metadata={"image/svg+xml": {"alt": "Gaps"}},
    )
    return [
        tagged(new_markdown_cell, "# Gaps in one page", "manager"),
        tagged(new_code_cell, 'study_name: str = "x"  # Study', "parameters"),
        tagged(
            new_code_cell,
            "import cxresearch as cx\nrecord = cx.open_record()\n"
            "study = cx.load_study(study_name)\nresponses = study.responses()",
            "setup",
            "analyst",
        ),
        tagged(
            new_code_cell,
            "gaps = cx.servqual_gaps(responses)\nrecord(gaps)\nrecord(cx.findings(gaps))\n"
            "record(cx.plot_gaps(gaps))",
            "manager",
            outputs=[picture],
        ),
    ]


def write(path: Path, cells: list[Any]) -> Path:
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_good_notebook_is_added_and_a_study_runs_with_it(
    workspace: Path, cli: Cli, tmp_path: Path
) -> None:
    path = write(tmp_path / "one_page.ipynb", good())
    assert "can be a template" in cli("check", path).output
    outcome = cli("add", path)
    assert outcome.exit_code == 0, outcome.output
    assert "method: one_page" in outcome.output
    added = nbformat.read(workspace / "templates" / "one_page.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in added.cells)
    study = workspace / "data" / "bank-branches" / "study.yaml"
    kept = study.read_text(encoding="utf-8").replace("method: servqual", "method: one_page")
    study.write_text(kept.partition("parameters:")[0], encoding="utf-8")
    done = run_study(load_study("bank-branches", workspace=workspace))
    assert done.findings
    assert done.filing.method_title == "Gaps in one page"
    again = cli("add", path)
    assert again.exit_code == 1
    assert "has a template 'one_page'" in again.output


def without(place: int) -> list[Any]:
    cells = good()
    del cells[place]
    return cells


def changed(place: int, **changes: Any) -> list[Any]:
    cells = good()
    for name, value in changes.items():
        setattr(cells[place], name, value)
    return cells


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (without(1), "no cell is tagged parameters"),
        (without(0), "there is no heading"),
        (without(2), "nothing opens the record"),
        (without(2), "no study is loaded"),
        (without(3), "nothing is recorded"),
        ([*good(), good()[1]], "2 cells are tagged parameters"),
        (changed(1, source='name: str = "x"  # Study'), "there is no study_name"),
        (changed(1, source='study_name: str = "x"'), "study_name has no help"),
        (changed(1, source='study_name: Path = "x"  # S'), "study_name has type Path"),
        (changed(3, metadata={}), "cell 4: one tag of manager, analyst, student"),
        (changed(3, metadata={"tags": ["manager", "student"]}), "found manager and student"),
        (
            changed(3, outputs=[new_output("display_data", data={"image/png": "aGk="})]),
            "cell 4: it shows a picture without alternative text",
        ),
        (
            [tagged(new_code_cell, "level = 0.9", "manager"), *without(1)],
            "cell 1 assigns names: tag that one",
        ),
    ],
)
def test_what_is_missing_is_told(cli: Cli, tmp_path: Path, cells: list[Any], told: str) -> None:
    path = write(tmp_path / "draft.ipynb", cells)
    for command in ("check", "add"):
        outcome = cli(command, path)
        assert outcome.exit_code == 1
        assert told in outcome.output


def test_pictures_in_text_need_words_and_travel_with_the_notebook(
    cli: Cli, tmp_path: Path
) -> None:
    text = "![](plan.png) and ![The plan](attachment:plan.png)"
    cells = [*good(), tagged(new_markdown_cell, text, "analyst")]
    told = cli("check", write(tmp_path / "my-look.ipynb", cells)).output
    assert "2 faults" in told
    assert "cell 5: picture plan.png has no alternative text" in told
    assert "cell 5: picture plan.png is another file" in told


def test_a_name_that_is_none_and_a_file_that_is_none_are_refused(
    cli: Cli, tmp_path: Path
) -> None:
    path = write(tmp_path / "my method.ipynb", good())
    assert "give another one: --name" in cli("add", path).output
    outcome = cli("add", path, "--name", "servqual")
    assert "takes the place of the shipped method servqual" in outcome.output
    (tmp_path / "text.ipynb").write_text("hello")
    assert "text.ipynb cannot be read" in cli("check", tmp_path / "text.ipynb").output


@pytest.mark.parametrize("method", ["servqual", "drivers", "peak_end"])
def test_the_shipped_templates_have_no_fault(cli: Cli, method: str) -> None:
    path = SAMPLE.parents[1] / "templates" / f"{method}.ipynb"
    outcome = cli("check", path)
    assert outcome.exit_code == 0, outcome.output
