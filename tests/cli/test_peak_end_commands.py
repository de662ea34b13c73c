"""What the commands print of a study of moments and episodes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

SAMPLES = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def visits(workspace: Path) -> Path:
    folder = workspace / "data" / "clinic-visits"
    shutil.copytree(SAMPLES / "clinic-visits", folder)
    return folder


def test_check_counts_episodes(visits: Path, command: Callable[..., Result]) -> None:
    done = command("check", visits.name)
    assert done.exit_code == 0
    assert "clinic-visits can run: 346 of 364 episodes" in done.output
    assert (
        "5 moments at a time that was there already: the first of each is kept" in done.output
    )


@pytest.mark.notebook
def test_run_counts_moments_episodes_and_people(
    visits: Path, command: Callable[..., Result]
) -> None:
    done = command("run", visits.name)
    assert done.exit_code == 0
    assert "2857 moments, 364 episodes, 120 people" in done.output
    assert "18: 4 duplicates, 14 not rated to the end" in done.output
