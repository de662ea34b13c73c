"""Filing: a run is built out of sight, then moved into place whole, and never changed again."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cxresearch._files import sha256_file, write_json
from cxresearch.errors import CatalogueError
from cxresearch.runs.crate import CRATE
from cxresearch.runs.sums import SUMS, files_of

STAGING = ".staging"
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{5}")

RECORD = "run.json"
CELLS = "cells"
"""Folder of a study's reports under which the runs of its cells are filed."""
_UNLISTED = (RECORD, "report.html", CRATE, SUMS)
_TRIES = 120
_PROCESSES = Path("/proc")
_BEAT, _SILENCE, _WAIT = 2.0, 300.0, 5.0


@contextmanager
def staging_folder(reports: Path) -> Iterator[Path]:
    """Give a folder to build a run in, on the disk of the filed runs; gone afterwards.

    A small lock beside it names the process and is touched every two seconds, so that what a
    killed run left behind is told from one that is still at work; leftovers without a record
    are removed here first.

    Raises
    ------
    CatalogueError
        The reports folder cannot be written.
    """
    staging = reports / STAGING
    name = uuid.uuid4().hex
    lock, folder = staging / f"{name}.lock", staging / name
    try:
        sweep_staging(reports)
        write_json(lock, _this_process())
        folder.mkdir()
    except OSError as error:
        raise CatalogueError(
            f"the reports folder {reports} cannot be written: {error}"
        ) from error
    try:
        with _heartbeat(lock):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)


def staged(reports: Path) -> list[Path]:
    """Return the staging folders under `reports` in which something lies, cells included."""
    places = [reports / STAGING, *reports.glob(f"*/{CELLS}/{STAGING}")]
    return [place for place in places if place.is_dir() and any(place.iterdir())]


def sweep_staging(
    reports: Path, bury: Callable[[Path, datetime], None] | None = None
) -> list[str]:
    """Clear away what runs that are dead left in the staging folder; return their names.

    Parameters
    ----------
    reports : Path
    bury : callable, optional
        Called with the folder of each dead run that left a record, and when it was last seen
        alive; whatever is left of the folder then is removed. Without it such a run stays.

    Notes
    -----
    On this machine a run is dead when its process is; on another one (a shared folder) when its
    lock seems not to have been touched for five minutes and is not while we wait for it: a
    clock that was set makes a lock look old, or come from the future, until its next touch.
    """
    staging = reports / STAGING
    names = {path.stem for path in staging.glob("*") if not path.name.startswith(".")}
    dead = sorted(name for name in names if not _is_alive(staging / f"{name}.lock"))
    return [name for name in dead if _clear(staging, name, bury)]


def _clear(staging: Path, name: str, bury: Callable[[Path, datetime], None] | None) -> bool:
    lock, folder = staging / f"{name}.lock", staging / name
    with_record = (folder / RECORD).is_file()
    if with_record and bury is None:
        return False
    seen = max(_touched(lock), _touched(folder / RECORD))
    if with_record and bury is not None:
        # Renamed under a lock of our own: one process buries it, whoever else is at it too.
        own = uuid.uuid4().hex
        write_json(staging / f"{own}.lock", _this_process())
        try:
            os.rename(folder, staging / own)
            lock.unlink(missing_ok=True)
            bury(staging / own, seen)
            shutil.rmtree(staging / own, ignore_errors=True)
        except FileNotFoundError:  # another process was faster
            return False
        finally:
            (staging / f"{own}.lock").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    lock.unlink(missing_ok=True)
    return True


@contextmanager
def _heartbeat(lock: Path) -> Iterator[None]:
    done = threading.Event()

    def beat() -> None:
        while not done.wait(_BEAT):
            with suppress(OSError):
                os.utime(lock)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _touched(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)


def file_run(
    folder: Path,
    reports: Path,
    *,
    study: str,
    started: datetime,
    key: str,
    finish: Callable[[str], None],
) -> Path:
    """Move a finished run to ``reports/<study>/<time>-<hash>`` and return that folder.

    Parameters
    ----------
    folder : Path
        The run, in its staging folder.
    started : datetime
        Gives the time in the name; moved on by seconds where that name is taken, and past the
        newest run of the study where the clock was set back: the order of names is the order
        of filing.
    key : str
        Its first five digits end the name.
    finish : callable
        Called with the name of the run, to write the record and the report before the move.

    Raises
    ------
    CatalogueError
        No free name was found, or the folder cannot be written. Nothing filed was touched.
    """
    shelf = reports / study
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        started = max(started, _newest(shelf) + timedelta(seconds=1))
        for second in range(_TRIES):
            name = _run_id(started + timedelta(seconds=second), key)
            if (shelf / name).exists():
                continue
            finish(name)
            if _moved(folder, shelf / name):
                return shelf / name
    except OSError as error:
        raise CatalogueError(f"run of {study!r} could not be filed: {error}") from error
    raise CatalogueError(
        f"run of {study!r} could not be filed: {_TRIES} versions from {_run_id(started, key)} "
        "on exist already"
    )


def hash_outputs(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a run, apart from its record and its report.

    Report and crate are not listed: they can be made again from the others.
    """
    listed = [name for name in files_of(folder) if name not in _UNLISTED]
    return {name: sha256_file(folder / name) for name in listed}


def _newest(shelf: Path) -> datetime:
    names = (path.name for path in shelf.iterdir() if RUN_ID.fullmatch(path.name))
    latest = max(names, default="")[:16]
    if not latest:
        return datetime.fromtimestamp(0, UTC)
    return datetime.strptime(latest, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _run_id(moment: datetime, key: str) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{key[:5]}"


def _moved(folder: Path, target: Path) -> bool:
    # A rename refuses a folder with files in it, which every filed run is: no version is
    # replaced, even when another process files the same name at this moment.
    try:
        os.rename(folder, target)
    except OSError:
        if target.exists():
            return False
        raise
    return True


def _this_process() -> dict[str, str | int | None]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "space": _process_space(),
        "born": _born(os.getpid()),
    }


def _is_alive(lock: Path) -> bool:
    try:
        owner = json.loads(lock.read_text(encoding="utf-8"))
        pid, host, born = int(owner["pid"]), owner["host"], owner["born"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    space = _process_space()
    if (host, owner.get("space", space)) != (socket.gethostname(), space):
        return _beats(lock)
    found = _born(pid)
    return found is None or (found == born and found != "")


def _beats(lock: Path) -> bool:
    """Tell whether a lock was touched lately, or is touched within a few beats from now."""
    try:
        touched = lock.stat().st_mtime_ns
        with tempfile.TemporaryFile(dir=lock.parent) as now:  # by the clock of the disk
            passed = os.fstat(now.fileno()).st_mtime_ns - touched
        if abs(passed) < _SILENCE * 1e9:
            return True
        until = time.monotonic() + _WAIT
        while time.monotonic() < until:
            time.sleep(_WAIT / 20)
            if lock.stat().st_mtime_ns != touched:
                return True
    except OSError:  # nothing can be written here, or the run has just ended: leave it alone
        return True
    return False


def _process_space() -> int:
    """Return which numbering of processes ours is: a container has its own."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


def _born(pid: int) -> str | None:
    """Return when a process started, ``""`` when it is gone, None when that may not be asked.

    Process numbers are used again, pairs of number and start are not.
    """
    if not (_PROCESSES / "self" / "stat").exists():  # macOS, Windows
        return _born_by_psutil(pid)
    try:
        stat = (_PROCESSES / f"{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]  # in ticks since boot, whatever the clock


def _born_by_psutil(pid: int) -> str | None:
    import psutil

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return ""
    except psutil.AccessDenied:  # it is there, and belongs to somebody else
        return None
