"""Commands start fast: what they do not use, they do not import."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cxresearch as cx

STATISTICS = {"scipy", "statsmodels", "matplotlib", "seaborn", "sklearn"}
NOTEBOOKS = {"nbformat", "nbconvert", "papermill", "jsonschema", "jinja2"}
AFTERWARDS = """
import json, sys
from cxresearch.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""


def imported(code: str, *words: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w")
    data = Path(cx.__file__).parent.parent / "data"
    for study in ("bank-branches", "branch-network"):
        shutil.copytree(data / study, folder / "data" / study)
    return folder


def test_listing_needs_no_data_library(workspace: Path) -> None:
    there = imported(AFTERWARDS, "--workspace", str(workspace), "list")
    assert not there & {"numpy", "pandas", "pydantic", *STATISTICS, *NOTEBOOKS}


@pytest.mark.parametrize("study", ["bank-branches", "branch-network"])
def test_a_check_needs_no_statistics_and_no_notebook_library(
    workspace: Path, study: str
) -> None:
    there = imported(AFTERWARDS, "--workspace", str(workspace), "check", study)
    assert "pandas" in there
    assert not there & (STATISTICS | NOTEBOOKS)


def test_a_run_begins_without_what_only_its_report_needs() -> None:
    code = "import json, sys, cxresearch.cli.running, cxresearch.catalogue.pipeline\n"
    there = imported(code + "print(json.dumps(sorted(sys.modules)))")
    assert not there & (STATISTICS | NOTEBOOKS | {"bleach"})


def test_a_report_needs_no_statistics() -> None:
    code = (
        "import json, sys\nfrom cxresearch.reports.ahead import work_ahead\n"
        "list(work_ahead(('cx.servqual_gaps(responses)',)))\n"
    )
    there = imported(code + "print(json.dumps(sorted(sys.modules)))")
    assert "nbconvert" in there
    assert not there & STATISTICS
