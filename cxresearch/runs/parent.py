"""The process that warm kernels are forked from: started early, ended with us."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
FIXED = {"PYTHONHASHSEED": "0", **ONE_THREAD}
"""Environment of every run: the order of a set must not differ between two runs, nor the order
in which threads add up. On matrices as small as those of surveys threads only wait for each
other: beside other work a step can take a hundred times as long."""

SOCKET = "CXRESEARCH_WARM_SOCKET"
"""Environment variable with the socket of a parent that the workers of one batch share."""

_PARENT = Path(__file__).with_name("_warm_parent.py")
# What a process reads when it starts, or a library when it is imported: a kernel that is asked
# for with other values needs a parent of its own.
_FROZEN_NAMES = frozenset(
    {"HOME", "LANG", "TZ", "LD_LIBRARY_PATH", "LD_PRELOAD", "MALLOC_ARENA_MAX"}
)
_FROZEN_STARTS = (
    "PYTHON", "LC_", "OMP_", "OPENBLAS_", "MKL_", "NUMEXPR_", "MPLCONFIG", "MATPLOTLIB",
)  # fmt: skip


def can_fork() -> bool:
    """Tell whether warm kernels work here: on Linux."""
    return sys.platform == "linux"


@dataclass(slots=True)
class _Parent:
    """The process that forks kernels, and the pipe that ends it when we are gone."""

    address: str
    process: subprocess.Popen[bytes]

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.terminate()  # it would finish the import it is at before it looks
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=2)
        if self.alive:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(os.path.dirname(self.address), ignore_errors=True)


_parents: dict[tuple[tuple[str, str], ...], _Parent] = {}
_owner = 0
_lock = threading.Lock()


def start_parent(environment: Mapping[str, str], *, many: bool = False) -> str:
    """Start the process that kernels with this environment are forked from; return its socket.

    It imports while the caller goes on. One that runs already is taken.

    Parameters
    ----------
    environment : mapping
        Of its kernels, as far as they read it when they start.
    many : bool
        Kernels wait until what all need is imported: for many runs, where none should import
        what the next will import again. A first kernel is not kept waiting otherwise.

    Raises
    ------
    OSError
        It could not be started.
    """
    global _owner
    with _lock:
        if _owner != os.getpid():
            _owner = os.getpid()
            atexit.register(end_parents)
        frozen = _frozen(environment)
        parent = _parents.get(frozen)
        if parent is None or not parent.alive:
            parent = _parents[frozen] = _start(environment, many=many)
        return parent.address


def end_parents() -> None:
    """End the processes that kernels are forked from, and with them every kernel."""
    with _lock:
        if _owner == os.getpid():
            while _parents:
                _parents.popitem()[1].end()


def _frozen(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            (name, value)
            for name, value in environment.items()
            if name in _FROZEN_NAMES or name.startswith(_FROZEN_STARTS)
        )
    )


def _start(environment: Mapping[str, str], *, many: bool) -> _Parent:
    folder = tempfile.mkdtemp(prefix="cx-")
    address = os.path.join(folder, "warm.sock")
    how = ["--many"] if many else []
    process = subprocess.Popen(
        [sys.executable, "-Xfrozen_modules=off", str(_PARENT), address, *how],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment, "MPLBACKEND": "agg"},
        start_new_session=True,  # Ctrl-C in a terminal is for us, not for it
    )
    return _Parent(address, process)


def _forget() -> None:
    # A forked worker holds the pipes as well: closed here, or they would outlive their owner.
    for parent in _parents.values():
        if parent.process.stdin is not None:
            parent.process.stdin.close()
    _parents.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
