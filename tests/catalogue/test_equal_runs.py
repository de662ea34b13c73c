"""Runs of every template: warm as fresh, one job as two, once as again, byte for byte."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cxresearch.catalogue import find_run
from cxresearch.catalogue.batch import Task, run_batch
from cxresearch.runs import KernelOptions
from cxresearch.runs.parent import end_parents
from cxresearch.study import list_studies

pytestmark = [pytest.mark.notebook, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
STUDIES = list_studies(ROOT)
KERNELS = {
    "fresh, one job": (KernelOptions(), 1),
    "warm, two jobs": (KernelOptions(warm=True), 2),
}
# One run after the other in a kernel of its own; the other side by side in forked ones.


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Path]]]:
    """Folder of the run of each study, by how it was run."""
    found: dict[str, dict[str, Path]] = {}
    for name, (kernel, jobs) in KERNELS.items():
        workspace = tmp_path_factory.mktemp("work")
        shutil.copytree(ROOT / "data", workspace / "data")
        tasks = [Task(study=study, workspace=workspace, kernel=kernel) for study in STUDIES]
        outcomes = run_batch(tasks, jobs=jobs)
        assert [(o.study, o.status, o.message) for o in outcomes] == [
            (study, "completed", "") for study in STUDIES
        ]
        reports = workspace / "reports"
        found[name] = {study: find_run(reports, study).folder for study in STUDIES}
    yield found
    end_parents()


def cells_of(folder: Path) -> list[Any]:
    notebook = json.loads((folder / "executed.ipynb").read_text(encoding="utf-8"))
    return [
        (cell["source"], cell.get("outputs"), cell.get("execution_count"))
        for cell in notebook["cells"]
    ]


@pytest.mark.parametrize("study", STUDIES)
def test_every_cell_shows_the_same_in_a_forked_kernel_as_in_a_fresh_one(
    runs: dict[str, dict[str, Path]], study: str
) -> None:
    fresh, warm = (cells_of(folders[study]) for folders in runs.values())
    assert len(fresh) == len(warm)
    for ours, theirs in zip(warm, fresh, strict=True):
        assert ours == theirs


@pytest.mark.parametrize("study", STUDIES)
def test_the_plain_text_of_an_output_is_one_line_and_no_rows_of_answers(
    runs: dict[str, dict[str, Path]], study: str
) -> None:
    cells = cells_of(runs["warm, two jobs"][study])
    outputs = [output for _, shown, _ in cells for output in shown or ()]
    texts = ["".join(o["data"]["text/plain"]) for o in outputs if "data" in o]
    assert len(texts) > 5
    assert [text for text in texts if "\n" in text or "frame=" in text] == []


@pytest.mark.parametrize("study", STUDIES)
def test_every_file_that_was_recorded_is_the_same_byte_for_byte(
    runs: dict[str, dict[str, Path]], study: str
) -> None:
    fresh, warm = (files_of(folders[study]) for folders in runs.values())
    assert any(name.endswith(".svg") for name in fresh)
    assert list(warm) == list(fresh)
    assert [name for name in fresh if warm[name] != fresh[name]] == []


def files_of(folder: Path) -> dict[str, bytes]:
    kept = [
        path
        for kind in ("results", "figures", "tables")
        for path in sorted((folder / kind).rglob("*"))
        if path.is_file()
    ]
    named = {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}
    return named | {"outputs.json": (folder / "outputs.json").read_bytes()}


def test_no_kernel_is_left(runs: dict[str, dict[str, Path]]) -> None:
    psutil = pytest.importorskip("psutil")
    assert runs
    end_parents()
    if sys.platform == "linux":
        left = psutil.Process().children(recursive=True)
        assert [p for p in left if "ipykernel" in " ".join(p.cmdline())] == []
