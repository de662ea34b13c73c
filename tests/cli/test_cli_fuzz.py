"""Whatever is typed: status 0, 1 or 2, a message, nothing outside the workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxresearch.cli import main

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "bank-branches"
NASTY = [
    "../bank-branches", "../../etc", "/etc/passwd", ".", "..", "", "bank\nbranches",
    "bank'; ls", "$(touch x)", "`x`", "bank-branches\0", "%s%n", "\ufeffbank", "a" * 5000,
    "-", "--", "\u202e", "bank[branch=City]", "bank[[", "x=1\nimport os #", "nul", "CON", "~",
    "*", "{{7*7}}",
]  # fmt: skip
COMMANDS = [
    ("check",), ("list",), ("open", "--print"), ("report",), ("verify",), ("reproduce",),
    ("export", "-o", "out.zip"), ("methods",), ("schema",), ("plan", "servqual"),
    ("plan", "lock"), ("plan", "assign"), ("template", "check"), ("template", "add"),
    ("new", "--method", "servqual"), ("run", "--set"), ("run", "--jobs"), ("run",),
]  # fmt: skip
words = st.one_of(st.sampled_from(NASTY), st.text(max_size=20), st.just("bank-branches"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "w"
    shutil.copytree(SAMPLE, folder / "data" / SAMPLE.name)
    (folder / "data" / SAMPLE.name / "study.yaml").write_text("title: [never run", "utf-8")
    return folder


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(command=st.sampled_from(COMMANDS), given_words=st.lists(words, max_size=3))
def test_nothing_that_is_typed_ends_in_a_traceback(
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    given_words: list[str],
) -> None:
    monkeypatch.chdir(workspace)
    around = set(workspace.parent.iterdir())
    outcome = CliRunner().invoke(main, ["--workspace", str(workspace), *command, *given_words])
    assert outcome.exit_code in (0, 1, 2), outcome.output
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), (
        command,
        given_words,
        outcome.exception,
    )
    assert "Traceback" not in outcome.output
    if outcome.exit_code == 1:
        assert outcome.output.strip()
    assert set(workspace.parent.iterdir()) == around


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("command", ["check", "run", "report", "export", "reproduce"])
def test_a_study_that_is_named_badly_is_refused(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str
) -> None:
    monkeypatch.chdir(workspace)
    outcome = CliRunner().invoke(main, ["--workspace", str(workspace), command, "--", name])
    assert outcome.exit_code in (1, 2)
    assert outcome.output.strip()
    assert isinstance(outcome.exception, SystemExit)
