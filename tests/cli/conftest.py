"""A workspace of its own with a copy of the sample study."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cxresearch.cli import main

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "bank-branches"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "data" / "bank-branches")
    return tmp_path


@pytest.fixture
def study(workspace: Path) -> Path:
    return workspace / "data" / "bank-branches"


@pytest.fixture
def command(workspace: Path) -> Callable[..., Result]:
    """Call the command line inside the workspace."""

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--workspace", str(workspace), *arguments])

    return call
