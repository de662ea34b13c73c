"""Filing: whole or not at all, never over another version; leftovers of the dead are swept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import MagicMock

import psutil
import pytest

from cxresearch.errors import CatalogueError
from cxresearch.runs import (
    STAGING,
    file_run,
    filing,
    hash_outputs,
    staging_folder,
    sweep_staging,
)

STARTED = datetime(2026, 11, 21, 17, 42, 10, 900_000, tzinfo=UTC)
KEY = "3f9ac" + "0" * 59


def file_one(reports: Path, text: str = "x") -> Path:
    with staging_folder(reports) as folder:
        (folder / "executed.ipynb").write_text(text)
        return file_run(
            folder,
            reports,
            study="bank",
            started=STARTED,
            key=KEY,
            finish=lambda name: (folder / "run.json").write_text(name) and None,
        )


def test_a_run_is_filed_under_its_time_and_the_start_of_its_key(tmp_path: Path) -> None:
    filed = file_one(tmp_path / "reports")
    assert filed == tmp_path / "reports" / "bank" / "20261121T174210Z-3f9ac"
    assert (filed / "run.json").read_text() == filed.name
    assert list((tmp_path / "reports" / ".staging").iterdir()) == []


def test_a_second_run_of_the_same_second_gets_the_next_one(tmp_path: Path) -> None:
    first, second = file_one(tmp_path, "first"), file_one(tmp_path, "second")
    assert second.name == "20261121T174211Z-3f9ac"
    assert (first / "executed.ipynb").read_text() == "first"
    assert (second / "run.json").read_text() == second.name


def test_a_version_that_appears_at_the_last_moment_is_not_replaced(tmp_path: Path) -> None:
    shelf = tmp_path / "bank"

    def other_process_files_it_first(name: str) -> None:
        if name.startswith("20261121T174210Z"):
            (shelf / name).mkdir()
            (shelf / name / "run.json").write_text("theirs")

    with staging_folder(tmp_path) as folder:
        (folder / "executed.ipynb").write_text("ours")
        filed = file_run(
            folder,
            tmp_path,
            study="bank",
            started=STARTED,
            key=KEY,
            finish=other_process_files_it_first,
        )
    assert filed.name == "20261121T174211Z-3f9ac"
    assert (shelf / "20261121T174210Z-3f9ac" / "run.json").read_text() == "theirs"


def test_when_every_name_is_taken_the_run_is_refused_and_nothing_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxresearch.runs.filing._TRIES", 1)
    # As when another process files that very name after the newest was looked up.
    earlier = STARTED - timedelta(days=1)
    monkeypatch.setattr("cxresearch.runs.filing._newest", lambda _: earlier)
    first = file_one(tmp_path, "first")
    with pytest.raises(CatalogueError, match="1 versions from 20261121T174210Z-3f9ac on exist"):
        file_one(tmp_path, "second")
    assert (first / "executed.ipynb").read_text() == "first"


def test_an_interrupted_run_leaves_nothing_visible(tmp_path: Path) -> None:
    def interrupted() -> None:
        with staging_folder(tmp_path) as folder:
            (folder / "executed.ipynb").write_text("half")
            raise KeyboardInterrupt("by the user")

    with pytest.raises(KeyboardInterrupt, match="by the user"):
        interrupted()
    assert [path.name for path in tmp_path.rglob("*")] == [".staging"]


def test_what_a_dead_process_left_is_swept_and_a_living_one_is_left_alone(
    tmp_path: Path,
) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from cxresearch.runs import staging_folder\n"
        "with staging_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').write_text('x'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    with staging_folder(tmp_path) as mine:
        left = [path for path in (tmp_path / ".staging").iterdir() if path.is_dir()]
        assert left == [mine]
        assert sweep_staging(tmp_path) == []
        assert mine.is_dir()


def test_a_lock_of_another_machine_is_left_alone(tmp_path: Path) -> None:
    staging = tmp_path / ".staging"
    (staging / "abc").mkdir(parents=True)
    lock = {"pid": 1, "host": "elsewhere", "born": "1"}
    (staging / "abc.lock").write_text(json.dumps(lock))
    assert sweep_staging(tmp_path) == []
    lock["host"] = os.uname().nodename
    lock["pid"] = os.getpid()  # the same number, but not the same process
    (staging / "abc.lock").write_text(json.dumps(lock))
    assert sweep_staging(tmp_path) == ["abc"]
    assert list(staging.iterdir()) == []


def test_a_reports_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with (
        pytest.raises(CatalogueError, match=r"reports folder .* cannot be written"),
        staging_folder(tmp_path / "reports"),
    ):
        pass


def test_hashes_cover_every_file_but_the_record_and_the_report(tmp_path: Path) -> None:
    for name in ("run.json", "report.html", "executed.ipynb", "results/a.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    hashes = hash_outputs(tmp_path)
    assert list(hashes) == ["executed.ipynb", "results/a.json"]
    assert hashes["executed.ipynb"].startswith("2d711642b726b04401627ca9fbac32f5")


@pytest.mark.parametrize("seconds", [-86_400, 86_400])
def test_a_lock_elsewhere_that_the_clock_makes_old_or_new_is_alive_while_it_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    monkeypatch.setattr(filing, "_WAIT", 1.0)
    staging = tmp_path / STAGING
    (staging / "abc").mkdir(parents=True)
    lock = staging / "abc.lock"
    lock.write_text(json.dumps({"pid": 1, "host": "elsewhere", "born": "1"}))
    then = time.time() + seconds
    os.utime(lock, (then, then))
    beat = threading.Timer(0.3, os.utime, [lock, (then + 2, then + 2)])
    beat.start()
    assert sweep_staging(tmp_path) == []
    beat.join()
    assert sweep_staging(tmp_path) == ["abc"]
    assert list(staging.iterdir()) == []


def test_where_there_is_no_proc_a_dead_process_is_told_from_a_living_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "_PROCESSES", tmp_path / "proc")
    with staging_folder(tmp_path):
        assert sweep_staging(tmp_path) == []
        (lock,) = (tmp_path / STAGING).glob("*.lock")
        owner = json.loads(lock.read_text())
        lock.write_text(json.dumps(owner | {"born": "1.0"}))  # the number was used again
        assert sweep_staging(tmp_path) == [lock.stem]
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    assert filing._born(done.pid) == ""
    denied = MagicMock(side_effect=psutil.AccessDenied)
    monkeypatch.setattr(psutil, "Process", denied)
    assert filing._born(1) is None
