"""Filing: a run is built out of sight, then moved into place whole, and never changed again."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cxresearch._files import sha256_file, write_json
from cxresearch.errors import CatalogueError

STAGING = ".staging"
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{5}")

_UNLISTED = ("run.json", "report.html")
_TRIES = 120


@contextmanager
def staging_folder(reports: Path) -> Iterator[Path]:
    """Give a folder to build a run in, on the disk of the filed runs; gone afterwards.

    A small lock beside it names the process, so that what a killed run left behind is told from
    one that is still at work; such leftovers are removed here first.

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
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)


def sweep_staging(reports: Path) -> list[str]:
    """Remove what runs that are dead left in the staging folder; return their names.

    A lock of another machine (a shared folder) is left alone.
    """
    removed = []
    for lock in sorted((reports / STAGING).glob("*.lock")):
        if not _is_alive(lock):
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
            removed.append(lock.stem)
    return removed


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
        Gives the time in the name; moved on by seconds where that name is taken.
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

    The report is not listed: it can be rendered again from the others.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: sha256_file(path) for name, path in named.items() if name not in _UNLISTED}


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


def _this_process() -> dict[str, str | int]:
    return {"pid": os.getpid(), "host": socket.gethostname(), "born": _born(os.getpid())}


def _is_alive(lock: Path) -> bool:
    try:
        owner = json.loads(lock.read_text(encoding="utf-8"))
        pid, host, born = int(owner["pid"]), owner["host"], owner["born"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    if host != socket.gethostname():
        return True
    return _born(pid) == born if born else _exists(pid)


def _born(pid: int) -> str:
    """Return when a process started, in ticks since boot: pids are used again, pairs not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _exists(pid: int) -> bool:
    if os.name == "nt":  # there, signal 0 would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and belongs to somebody else
        return True
    return True
