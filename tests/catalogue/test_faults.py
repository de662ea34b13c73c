"""Whatever happens to a run: nothing filed is lost or half there, and one line says it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from cxresearch.catalogue import find_run, index_filings, run_study, write_index
from cxresearch.catalogue.dead import file_dead_runs
from cxresearch.errors import CatalogueError, RunError
from cxresearch.runs import STAGING, KernelOptions
from cxresearch.runs.parent import FIXED, SOCKET, end_parents, start_parent
from cxresearch.study import load_study

_spec = importlib.util.spec_from_file_location(
    "small_study", Path(__file__).with_name("small_study.py")
)
small: Any = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]
_spec.loader.exec_module(small)  # type: ignore[union-attr]
SETUP, SHOW, TELL = small.SETUP, small.SHOW, small.TELL
write_template = small.write_template

pytestmark = pytest.mark.notebook
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="kills processes")
WARM = KernelOptions(warm=True)
SLOW = "import time\ntime.sleep(0.3)"


@pytest.fixture(autouse=True)
def warm_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "linux":
        monkeypatch.setenv(SOCKET, start_parent({**os.environ, **FIXED}))


@pytest.fixture(scope="module", autouse=True)
def end_of_parents() -> Iterator[None]:
    yield
    end_parents()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return small.small_workspace(tmp_path / "work", SETUP, SHOW, SLOW, TELL)


def run(workspace: Path, **options: Any) -> Any:
    options.setdefault("kernel", WARM)
    return run_study(load_study("small", workspace=workspace), **options)


def run_quietly(workspace: Path) -> None:
    run(workspace, force=True)


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def left_in_staging(workspace: Path) -> list[str]:
    return [path.name for path in (workspace / "reports" / STAGING).iterdir()]


@LINUX
@pytest.mark.parametrize("number", range(20))
def test_a_run_killed_at_any_moment_leaves_whole_runs_only(
    workspace: Path, number: int
) -> None:
    before = run(workspace).filing.folder
    kept = content(before)
    process = multiprocessing.get_context("fork").Process(target=run_quietly, args=(workspace,))
    process.start()
    time.sleep(random.Random(number).uniform(0.02, 1.6))
    process.kill()
    process.join()
    file_dead_runs(workspace)
    write_index(workspace / "reports")
    assert content(before) == kept
    assert left_in_staging(workspace) == []
    filings = index_filings(workspace / "reports", "small")
    assert 1 <= len(filings) <= 2
    for filing in filings:
        assert filing.status in ("completed", "failed"), filing.message
        assert filing.report.is_file()
        record = json.loads((filing.folder / "run.json").read_text(encoding="utf-8"))
        assert set(record["outputs"]) <= set(content(filing.folder))
        if filing.status == "failed":
            assert "ended without a word" in filing.message
            assert find_run(workspace / "reports", "small").folder == before
    assert run(workspace, force=True).filing.status == "completed"


@LINUX
def test_a_dead_run_is_shown_as_failed_with_the_step_it_was_at_and_its_notebook(
    workspace: Path,
) -> None:
    write_template(workspace, SETUP, SHOW, "import time\nprint('begun')\ntime.sleep(60)")
    process = multiprocessing.get_context("fork").Process(target=run_quietly, args=(workspace,))
    process.start()
    staging = workspace / "reports" / STAGING
    wait_for(lambda: any("A gap." in p.read_text() for p in staging.glob("*/outputs.json")))
    time.sleep(0.7)
    assert file_dead_runs(workspace) == []  # it is alive: left alone
    process.kill()
    process.join()
    command = [
        sys.executable,
        "-m",
        "cxresearch",
        "--workspace",
        str(workspace),
    ]
    told = subprocess.run(
        [*command, "list", "small"], capture_output=True, text=True, check=True
    ).stdout
    assert "failed" in told
    assert "ended without a word" in told
    (filing,) = index_filings(workspace / "reports", "small")
    error = json.loads((filing.folder / "run.json").read_text(encoding="utf-8"))["error"]
    assert (error["cell"], error["step"]) == (4, "Step 3")
    assert "time.sleep(60)" in error["source"]
    notebook = json.loads((filing.folder / "executed.ipynb").read_text(encoding="utf-8"))
    assert str(workspace) not in json.dumps(notebook)
    assert notebook["cells"][4]["outputs"]
    assert "ended without a word" in filing.report.read_text(encoding="utf-8")
    assert left_in_staging(workspace) == []


def wait_for(happened: Any, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.05)


@LINUX
def test_two_processes_that_find_a_dead_run_file_it_once(workspace: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=run_quietly, args=(workspace,))
    process.start()
    staging = workspace / "reports" / STAGING
    wait_for(lambda: list(staging.glob("*/run.json")))
    process.kill()
    process.join()
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=file_dead_runs, args=(workspace,)) for _ in range(4)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0] * 4
    assert len(index_filings(workspace / "reports", "small")) == 1
    assert left_in_staging(workspace) == []


@LINUX
def test_two_processes_that_run_the_same_study_file_two_whole_runs(workspace: Path) -> None:
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=run_quietly, args=(workspace,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    filings = index_filings(workspace / "reports", "small")
    assert [filing.status for filing in filings] == ["completed"] * 2
    index = (workspace / "reports" / "small" / "index.html").read_text(encoding="utf-8")
    assert all(filing.run in index for filing in filings)


def test_a_template_that_fails_in_its_last_cell_keeps_what_was_recorded(
    workspace: Path,
) -> None:
    write_template(workspace, SETUP, SHOW, TELL, "1 / 0")
    with pytest.raises(RunError, match=r"Step 4.*cell 5 of 5.*ZeroDivisionError"):
        run(workspace)
    (filing,) = index_filings(workspace / "reports", "small")
    assert filing.status == "failed"
    assert {"figures/gaps.svg", "results/findings.json", "report.html"} <= set(
        content(filing.folder)
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [({"cell_timeout": 1}, "longer than allowed"), ({"run_timeout": 1}, "run took longer")],
)
def test_a_cell_that_hangs_is_stopped(
    workspace: Path, options: dict[str, float], told: str
) -> None:
    write_template(workspace, SETUP, "import time\ntime.sleep(600)")
    began = time.monotonic()
    with pytest.raises(RunError, match=told):
        run(workspace, kernel=KernelOptions(warm=True, **options))
    assert time.monotonic() - began < 30


def test_a_clock_that_is_set_back_does_not_change_which_run_is_the_latest(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(workspace)

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) - timedelta(days=400)

    monkeypatch.setattr("cxresearch.catalogue.pipeline.datetime", Earlier)
    second = run(workspace, settings={"seed": 6})
    assert second.filing.run > first.filing.run
    assert find_run(workspace / "reports", "small").run == second.filing.run
    assert second.record["seconds"] >= 0
    assert second.record["ended"] >= second.record["started"]
    assert second.record["started"] < first.record["started"]


def test_a_clock_that_jumps_back_during_a_run_changes_neither_its_time_nor_the_order(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(UTC) - timedelta(days=400)

    def jump(cell: int, *_: Any) -> None:
        if cell == 2:
            monkeypatch.setattr(time, "time", lambda: real() - 400 * 86_400)
            monkeypatch.setattr("cxresearch.catalogue.pipeline.datetime", Earlier)

    first = run(workspace, progress=jump)
    assert time.time() < real() - 399 * 86_400
    assert 0.3 < first.record["seconds"] < 60
    assert first.record["ended"] > first.record["started"]
    second = run(workspace, force=True)
    filings = index_filings(workspace / "reports", "small")
    assert [filing.run for filing in filings] == [first.filing.run, second.filing.run]
    assert find_run(workspace / "reports", "small").run == second.filing.run
    assert left_in_staging(workspace) == []


def test_a_damaged_record_is_shown_as_damaged_and_the_others_are_read(workspace: Path) -> None:
    damaged = run(workspace).filing
    good = run(workspace, force=True).filing
    (damaged.folder / "run.json").write_text('{"status": "comple', encoding="utf-8")
    write_index(workspace / "reports")
    statuses = {f.run: f.status for f in index_filings(workspace / "reports", "small")}
    assert statuses == {damaged.run: "damaged", good.run: "completed"}
    page = (workspace / "reports" / "small" / "index.html").read_text(encoding="utf-8")
    assert damaged.run in page
    assert run(workspace).unchanged


@LINUX
def test_a_full_disk_ends_in_one_line_and_leaves_what_was_filed(
    workspace: Path, tmp_path: Path
) -> None:
    disk = workspace / "reports"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        before = run(workspace).filing.folder
        kept = content(before)
        room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        for spared in (0, 8_000, 24_000, 60_000):
            filler = disk / "filler"
            filler.write_bytes(b"x" * max(room - spared, 0))
            with pytest.raises((CatalogueError, RunError)) as caught:
                run(workspace, force=True)
            assert "No space left" in str(caught.value) or "failed" in str(caught.value)
            assert "\n" not in str(caught.value)
            filler.unlink()
            assert content(before) == kept
        assert run(workspace, force=True).filing.status == "completed"
        statuses = [f.status for f in index_filings(disk, "small")]
        assert "damaged" not in statuses
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@LINUX
def test_reports_on_a_disk_that_cannot_be_written_end_in_one_line(workspace: Path) -> None:
    disk = workspace / "reports"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        with pytest.raises(CatalogueError, match=r"reports folder .* cannot be written"):
            run(workspace)
        assert index_filings(disk) == []
        assert file_dead_runs(workspace) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@LINUX
def test_no_kernel_outlives_a_run_that_was_killed(workspace: Path) -> None:
    write_template(workspace, SETUP, "import time\ntime.sleep(60)")
    process = multiprocessing.get_context("fork").Process(target=run_quietly, args=(workspace,))
    process.start()
    wait_for(lambda: list((workspace / "reports" / STAGING).glob("*/executed.ipynb")))
    time.sleep(0.3)
    process.kill()
    process.join()
    wait_for(lambda: kernels() == [], seconds=10)


def kernels() -> list[int]:
    parents = [
        p for p in psutil.Process().children() if "_warm_parent.py" in " ".join(p.cmdline())
    ]
    return [k.pid for p in parents for k in p.children() if k.status() != psutil.STATUS_ZOMBIE]
