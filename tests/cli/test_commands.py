"""The commands, as a researcher types them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

from cxresearch.cli import main

Command = Callable[..., Result]
GOLDEN = Path(__file__).resolve().parents[1] / "reference" / "data" / "servqual.csv"


def broken_template(workspace: Path, *, source: str) -> None:
    """Put a copy of the template into the workspace whose gaps cell fails."""
    shipped = Path(__file__).resolve().parents[2] / "templates" / "servqual.ipynb"
    notebook = nbformat.read(shipped, as_version=4)
    cell = next(c for c in notebook.cells if "servqual_gaps" in c.source)
    cell.source = source
    (workspace / "templates").mkdir()
    nbformat.write(notebook, workspace / "templates" / "servqual.ipynb")


@pytest.mark.notebook
def test_a_study_runs_is_filed_and_found_again(workspace: Path, command: Command) -> None:
    first = command("run", "bank-branches", "--set", "segments=branch,customer")
    assert first.exit_code == 0, first.output
    assert "412 answers, 22 items, 5 dimensions" in first.output
    assert "9 duplicates, 7 straight-liners, 5 too incomplete" in first.output
    assert "Customers expect more than they get in reliability" in first.output
    assert "findings in the report." in first.output

    again = command("run", "bank-branches", "--set", "segments=branch,customer")
    assert again.exit_code == 0
    assert "unchanged" in again.output

    listed = json.loads(command("list", "bank-branches", "--json").stdout)
    assert [entry["status"] for entry in listed] == ["completed"]
    assert listed[0]["parameters"]["segments"] == ["branch", "customer"]

    path = Path(command("open", "bank-branches", "--print").output.strip())
    before = path.read_text(encoding="utf-8")
    path.unlink()
    rendered = command("report", "bank-branches")
    assert rendered.exit_code == 0, rendered.output
    assert path.read_text(encoding="utf-8") == before

    in_spanish = command("report", "bank-branches", "--language", "es")
    assert in_spanish.exit_code == 0, in_spanish.output
    assert '<html lang="es"' in path.read_text(encoding="utf-8")
    assert (workspace / "reports" / "index.html").is_file()

    for file in path.parent.rglob("*"):
        kept = file.read_text(encoding="utf-8") if file.is_file() else ""
        for private in ("@example.org", "Friendly staff.", "B1264", str(workspace)):
            assert private not in kept, f"{private} stands in {file.name}"


@pytest.mark.notebook
def test_a_failed_cell_shows_its_source_and_keeps_the_notebook(
    workspace: Path, command: Command
) -> None:
    broken_template(workspace, source='raise ValueError("no gaps today")')
    outcome = command("run", "bank-branches")
    assert outcome.exit_code == 1
    assert "no gaps today" in outcome.output
    assert 'raise ValueError("no gaps today")' in outcome.output
    kept = next((workspace / "reports" / "bank-branches").glob("*/executed.ipynb"))
    assert str(kept) in outcome.output
    listed = json.loads(command("list", "bank-branches", "--json").stdout)
    assert listed[0]["status"] == "failed"
    assert command("open", "bank-branches", "--print").exit_code == 1


@pytest.mark.notebook
def test_a_study_that_fails_does_not_keep_the_others_from_being_filed(
    workspace: Path, command: Command
) -> None:
    shutil.copytree(workspace / "data" / "bank-branches", workspace / "data" / "another")
    (workspace / "data" / "another" / "responses.csv").write_text("", encoding="utf-8")
    outcome = command("run", "--all", "--json")
    assert outcome.exit_code == 1
    status = {entry["study"]: entry["status"] for entry in json.loads(outcome.stdout)}
    assert status == {"another": "failed", "bank-branches": "completed"}


def test_new_proposes_a_codebook_that_can_be_checked_at_once(
    workspace: Path, command: Command
) -> None:
    made = command("new", "survey", "--method", "servqual", "--data", str(GOLDEN))
    assert made.exit_code == 0, made.output
    checked = command("check", "survey", "--json")
    assert json.loads(checked.stdout)["can_run"], checked.output
    assert command("new", "survey", "--method", "servqual").exit_code == 1


def test_new_refuses_a_method_without_a_template(command: Command) -> None:
    outcome = command("new", "survey", "--method", "servquall")
    assert outcome.exit_code == 1
    assert "did you mean 'servqual'" in outcome.output


def test_init_makes_a_workspace_a_study_can_be_started_in(tmp_path: Path) -> None:
    folder = tmp_path / "studies"
    assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == 0
    inside = ["--workspace", str(folder)]
    started = CliRunner().invoke(
        main, [*inside, "new", "survey", "--method", "servqual", "--data", str(GOLDEN)]
    )
    assert started.exit_code == 0, started.output
    assert CliRunner().invoke(main, [*inside, "check", "survey"]).exit_code == 0


@pytest.mark.parametrize("kind", ["codebook", "study"])
def test_schema_prints_a_json_schema(command: Command, kind: str) -> None:
    printed = json.loads(command("schema", kind).stdout)
    assert printed["$schema"].startswith("https://json-schema.org/")
    assert printed["properties"]


def test_methods_lists_templates_and_their_parameters(command: Command) -> None:
    assert "servqual" in command("methods").output
    listed = json.loads(command("methods", "servqual", "--json").stdout)
    assert {"name": "p_adjust", "choices": ["holm", "bh", "max_t", "none"]}.items() <= next(
        entry for entry in listed if entry["name"] == "p_adjust"
    ).items()


@pytest.mark.parametrize(
    "arguments",
    [
        ("run",),
        ("run", "bank-branches", "--all"),
        ("run", "bank-branches", "--set", "nonsense"),
        ("run", "bank-branches", "--set", "=0.9"),
        ("check",),
        ("nonsense",),
    ],
)
def test_wrong_usage_ends_with_status_two(command: Command, arguments: tuple[str, ...]) -> None:
    assert command(*arguments).exit_code == 2


def test_an_unknown_study_is_named_with_those_there_are(command: Command) -> None:
    outcome = command("check", "bank-branch")
    assert outcome.exit_code == 1
    assert "did you mean 'bank-branches'" in outcome.output


def test_a_setting_of_the_wrong_type_is_refused_before_anything_runs(
    workspace: Path, command: Command
) -> None:
    outcome = command("run", "bank-branches", "--set", "confidence_level=high")
    assert outcome.exit_code == 1
    assert "confidence_level" in outcome.output
    assert not (workspace / "reports").exists()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("segments: [brnch]", "parameters, segments: ['brnch'] not found; the segment columns"),
        ("battery: servquall", "parameters, battery: "),
    ],
)
def test_check_finds_parameters_that_name_what_is_not_there(
    study: Path, command: Command, settings: str, told: str
) -> None:
    text = (study / "study.yaml").read_text(encoding="utf-8")
    assert "segments: [branch]" in text
    changed = text.replace("segments: [branch]", settings)
    (study / "study.yaml").write_text(changed, encoding="utf-8")
    outcome = command("check", "bank-branches")
    assert outcome.exit_code == 1
    assert "1 fault" in outcome.output
    assert told in outcome.output


def test_a_study_name_that_is_too_long_says_how_long_it_may_be(command: Command) -> None:
    outcome = command("new", "a" * 65, "--method", "servqual")
    assert outcome.exit_code == 1
    assert "at most 64" in outcome.output


def test_where_nothing_was_run_no_empty_list_is_shown(command: Command) -> None:
    assert "nothing was run here yet" in command("report", "bank-branches").output
    assert "['bank-branches']" in command("list", "bank-branch").output
