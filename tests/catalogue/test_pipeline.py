"""The whole road: a study run, rendered, filed and listed, with a template of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cxresearch.catalogue import find_run, index_filings, run_study
from cxresearch.errors import CatalogueError, ResponseError, RunError, TemplateError
from cxresearch.study import load_study

pytestmark = pytest.mark.notebook

CODEBOOK = """\
survey: A small survey
language: en
response_scales:
  agree7: {range: [1, 7], anchors: {1: Never, 7: Always}}
columns:
  respondent: {role: id, column: id}
  email: {role: personal}
batteries:
  servqual:
    scale: agree7
    parts: {expectation: "E{item}", perception: "P{item}"}
    dimensions:
      reliability: {1: Keeps promises, 2: On time}
"""
STUDY = """\
title: Do we keep our promises?
method: small
codebook: codebook.yaml
data: responses.csv
population: Everybody
exclude:
  - duplicated: respondent
parameters: {seed: 5}
"""
ANSWERS = (
    "id,email,E1,E2,P1,P2\n1,a@secret.org,7,6,5,5\n1,a@secret.org,7,6,5,5\n2,b@x,6,6,4,7\n"
)
SETUP = """\
from cxresearch.record import open_record
from cxresearch.shown import Figure, Finding
from cxresearch.study import load_study

record = open_record()
responses = load_study(study_name).responses()
record(responses)"""
SHOW = """\
record(Figure(name="gaps", svg="<svg viewBox='0 0 9 9'/>", alt_text="A gap.", caption="C."))"""
TELL = """\
told = f"Told by seed {seed}."
record([Finding(message="m", text=told, sure="clear", rank=1.0, result="r")])"""


def write_template(workspace: Path, *sources: str) -> None:
    v4 = nbformat.v4
    book = v4.new_notebook()
    book.cells.append(v4.new_markdown_cell("# Small method"))
    parameters = 'study_name: str = "small"  # Study\nseed: int = 1  # Seed {0..99}\n'
    book.cells.append(v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    for number, source in enumerate(sources, start=1):
        book.cells.append(v4.new_markdown_cell(f"## Step {number}"))
        book.cells.append(v4.new_code_cell(source))
    (workspace / "templates").mkdir(exist_ok=True)
    nbformat.write(book, workspace / "templates" / "small.ipynb")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    study = folder / "data" / "small"
    study.mkdir(parents=True)
    for name, text in (
        ("study.yaml", STUDY),
        ("codebook.yaml", CODEBOOK),
        ("responses.csv", ANSWERS),
    ):
        (study / name).write_text(text, encoding="utf-8")
    write_template(folder, SETUP, SHOW, TELL)
    return folder


def run(workspace: Path, **options: Any) -> Any:
    return run_study(load_study("small", workspace=workspace), **options)


def record_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "run.json").read_text(encoding="utf-8")))


def test_a_run_is_filed_whole_with_everything_needed_to_defend_it(workspace: Path) -> None:
    seen: list[Any] = []
    outcome = run(workspace, progress=lambda *step: seen.append(step), on_read=seen.append)
    assert seen[0].flow.analysed == 2
    assert seen[1:] == [(1, 4, "Small method"), *[(n, 4, f"Step {n - 1}") for n in (2, 3, 4)]]
    folder = outcome.filing.folder
    assert folder.parent == workspace / "reports" / "small"
    assert {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    } == {
        "SHA256SUMS",
        "executed.ipynb",
        "figures/gaps.svg",
        "inputs/codebook.yaml",
        "inputs/small.ipynb",
        "inputs/study.yaml",
        "outputs.json",
        "report.html",
        "results/findings.json",
        "results/flow.json",
        "ro-crate-metadata.json",
        "run.json",
    }
    record = record_of(folder)
    assert (record["run"], record["status"], record["error"]) == (
        folder.name,
        "completed",
        None,
    )
    assert record["parameters"] == {"study_name": "small", "seed": 5}
    assert (record["respondents"]["read"], record["respondents"]["analysed"]) == (3, 2)
    assert record["respondents"]["sources"][0]["sha256"] == record["data"][0]["sha256"]
    assert record["headline"] == {"text": "Told by seed 5.", "sure": "clear"}
    assert set(record["outputs"]) == {
        "executed.ipynb",
        "figures/gaps.svg",
        "inputs/codebook.yaml",
        "inputs/small.ipynb",
        "inputs/study.yaml",
        "outputs.json",
        "results/findings.json",
        "results/flow.json",
    }
    assert [finding["text"] for finding in outcome.findings] == ["Told by seed 5."]
    assert (outcome.unchanged, outcome.steps) == (False, 4)
    report = outcome.filing.report.read_text(encoding="utf-8")
    assert "Do we keep our promises?" in report
    assert folder.name in report
    assert (
        f"small/{folder.name}/report.html" in (workspace / "reports" / "index.html").read_text()
    )


def test_no_personal_column_and_no_path_of_this_machine_enters_a_run(workspace: Path) -> None:
    folder = run(workspace).filing.folder
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for secret in ("secret.org", str(workspace), str(Path.home())):
                assert secret not in text, path


def test_an_unchanged_study_is_not_run_again_unless_forced(workspace: Path) -> None:
    first = run(workspace)
    again = run(workspace, progress=lambda *_: pytest.fail("it ran"))
    assert (again.unchanged, again.filing.run) == (True, first.filing.run)
    assert again.findings == first.findings
    forced = run(workspace, force=True)
    assert (forced.unchanged, forced.filing.key) == (False, first.filing.key)
    assert len(index_filings(workspace / "reports")) == 2


def test_two_runs_give_the_same_files_byte_by_byte(workspace: Path) -> None:
    hashes = []
    for _ in range(2):
        outputs = record_of(run(workspace, force=True).filing.folder)["outputs"]
        hashes.append(
            {name: text for name, text in outputs.items() if name != "executed.ipynb"}
        )
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("settings", [{"seed": 6}, ["seed=6"]])
def test_a_setting_wins_over_the_study_and_makes_another_run(
    workspace: Path, settings: Any
) -> None:
    first = run(workspace)
    other = run(workspace, settings=settings)
    assert other.filing.key != first.filing.key
    assert other.findings[0]["text"] == "Told by seed 6."
    assert record_of(other.filing.folder)["settings"] == {"seed": 6}
    assert "cxresearch run small --set seed=6" in other.filing.report.read_text(
        encoding="utf-8"
    )


def test_a_changed_answer_makes_another_run(workspace: Path) -> None:
    first = run(workspace)
    data = workspace / "data" / "small" / "responses.csv"
    data.write_text(ANSWERS.replace("4,7", "4,6"), encoding="utf-8")
    assert run(workspace).filing.key != first.filing.key


def test_a_failed_cell_is_filed_as_failed_and_never_the_latest(workspace: Path) -> None:
    good = run(workspace)
    write_template(workspace, SETUP, SHOW, "1 / 0", TELL)
    with pytest.raises(RunError, match=r"step 'Step 3' .* ZeroDivisionError") as caught:
        run(workspace)
    kept = Path(caught.value.notebook)
    assert kept.name == "executed.ipynb"
    assert kept.is_file()
    record = record_of(kept.parent)
    assert (record["status"], record["error"]["cell"], record["error"]["of"]) == (
        "failed",
        4,
        5,
    )
    assert record["error"]["message"] == "ZeroDivisionError: division by zero"
    page = (kept.parent / "report.html").read_text(encoding="utf-8")
    assert "This run failed" in page
    assert 'aria-label="A gap."' in page
    assert find_run(workspace / "reports", "small").run == good.filing.run
    assert "1 failed run since" in (workspace / "reports" / "index.html").read_text()


def test_a_report_that_cannot_be_built_makes_the_run_a_failed_one(workspace: Path) -> None:
    plot = (
        "from IPython.display import display\n"
        "display({'image/png': 'aaaa', 'text/plain': 'plot'}, raw=True)"
    )
    write_template(workspace, SETUP, plot)
    with pytest.raises(
        RunError, match="cell 3 shows a picture without alternative text"
    ) as caught:
        run(workspace)
    record = record_of(Path(caught.value.notebook).parent)
    assert record["status"] == "failed"
    page = (Path(caught.value.notebook).parent / "report.html").read_text(encoding="utf-8")
    assert "without alternative text" in page


def test_answers_that_do_not_fit_the_codebook_are_refused_before_anything_runs(
    workspace: Path,
) -> None:
    data = workspace / "data" / "small" / "responses.csv"
    data.write_text(ANSWERS.replace("7,6,5,5", "7,6,5,9"), encoding="utf-8")
    with pytest.raises(ResponseError, match="P2"):
        run(workspace)
    assert index_filings(workspace / "reports") == []


def test_a_wrong_parameter_of_the_study_is_refused_before_anything_runs(
    workspace: Path,
) -> None:
    file = workspace / "data" / "small" / "study.yaml"
    file.write_text(STUDY.replace("seed: 5", "sed: 5"), encoding="utf-8")
    with pytest.raises(TemplateError, match=r"sed: is not a parameter; .*did you mean 'seed'"):
        run(workspace)
    assert not (workspace / "reports").exists()


def test_an_interrupted_run_leaves_nothing_and_the_next_one_works(workspace: Path) -> None:
    def interrupt(cell: int, of: int, step: str) -> None:
        if cell == 3:
            raise KeyboardInterrupt("by the user")

    with pytest.raises(KeyboardInterrupt, match="by the user"):
        run(workspace, progress=interrupt)
    assert [path.name for path in (workspace / "reports").rglob("*")] == [".staging"]
    assert run(workspace).filing.status == "completed"


def test_a_study_outside_data_is_run_without_naming_its_full_path(
    workspace: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(workspace / "data" / "small", alone)
    shutil.copytree(workspace / "templates", alone / "templates")
    outcome = run_study(load_study(alone))
    assert outcome.filing.folder.parent == alone / "reports" / "alone"
    assert record_of(outcome.filing.folder)["parameters"]["study_name"] == "."


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_reports_folder_is_named(workspace: Path) -> None:
    (workspace / "reports").mkdir(mode=0o555)
    with pytest.raises(CatalogueError, match="cannot be written"):
        run(workspace)


def test_a_reports_folder_that_is_a_file_is_named(workspace: Path) -> None:
    (workspace / "reports").write_text("")
    with pytest.raises(CatalogueError, match=re.escape("cannot be written")):
        run(workspace)
