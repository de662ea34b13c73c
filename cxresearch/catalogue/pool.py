"""A pool whose processes take one task at a time: one that dies takes no other task with it."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn, TypeVar

from cxresearch.runs.parent import can_fork

_Task = TypeVar("_Task")
_PR_SET_PDEATHSIG = 1
_END_SECONDS = 5.0
_LONGEST_WAIT = 0.5
_MOST_TASKS = 50
"""After so many a process is replaced: what libraries keep of past tasks goes with it."""


def run_in_processes(
    work: Callable[[_Task], Any],
    tasks: Sequence[_Task],
    *,
    jobs: int,
    on_done: Callable[[int, Any], None],
) -> None:
    """Do work on each task, `jobs` at a time, and hand over what each returns as it comes.

    On Linux a process is a fork of this one, with everything imported; when this one is killed,
    they are too. Elsewhere a process starts anew. A process that died is replaced.

    Parameters
    ----------
    work : callable
        Of the top level of a module; must not raise.
    on_done : callable
        Called with the number of the task and what was returned; with a text such as
        ``"exit status -9"`` where the process died.
    """
    pool = _Pool(work)
    waiting = list(enumerate(tasks))[::-1]
    gc.freeze()  # a collection in a fork would go through, and so copy, all that is shared
    try:
        while waiting or pool.running:
            while waiting and len(pool.running) < jobs:
                pool.give(*waiting.pop())
            for number, result in pool.take():
                on_done(number, result)
    finally:
        gc.unfreeze()
        pool.end()


@dataclass(slots=True, kw_only=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    given: int = 0


@dataclass(slots=True)
class _Pool:
    """Processes at work, by the number of their task, and those that wait for one."""

    work: Callable[[Any], Any]
    running: dict[int, _Worker] = field(default_factory=dict)
    idle: list[_Worker] = field(default_factory=list)

    def give(self, number: int, task: Any) -> None:
        """Give a task to a process that waits, or to a new one."""
        while True:
            worker = self.idle.pop() if self.idle else self._started()
            try:
                worker.connection.send(task)
            except BrokenPipeError:  # it died while it waited
                worker.process.join()
                continue
            worker.given += 1
            self.running[number] = worker
            return

    def take(self) -> list[tuple[int, Any]]:
        """Wait for results, with their numbers; not for ever.

        Ctrl-C in the moment before is noticed only between two waits.
        """
        ready = wait([own.connection for own in self.running.values()], timeout=_LONGEST_WAIT)
        numbers = [n for n, own in self.running.items() if own.connection in ready]
        return [(number, self._result(self.running.pop(number))) for number in numbers]

    def end(self) -> None:
        """End all processes, also those at work."""
        for worker in self.idle:
            worker.connection.close()
        at_work = list(self.running.values())
        for worker in at_work:
            worker.process.terminate()
        for worker in [*self.idle, *at_work]:
            worker.process.join(_END_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()

    def _started(self) -> _Worker:
        context: Any = multiprocessing.get_context("fork" if can_fork() else "spawn")
        own, theirs = context.Pipe()
        # A fork holds our ends as well: left open there, no process would see that we are gone.
        ours = [own, *(other.connection for other in [*self.idle, *self.running.values()])]
        process = context.Process(
            target=_serve, args=(self.work, theirs, ours if can_fork() else [])
        )
        process.start()
        theirs.close()
        return _Worker(process=process, connection=own)

    def _result(self, worker: _Worker) -> Any:
        try:
            result = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            worker.process.join()
            result = f"exit status {worker.process.exitcode}"
            worker.connection.close()
            return result
        if worker.given < _MOST_TASKS:
            self.idle.append(worker)
        else:
            worker.connection.close()
            worker.process.join(_END_SECONDS)
        return result


def _serve(
    work: Callable[[Any], Any], connection: Connection, inherited: Sequence[Connection]
) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the first process ends us in order
    for other in inherited:
        other.close()
    with suppress(KeyboardInterrupt, EOFError):
        while True:
            connection.send(work(connection.recv()))


def _stop(*_: Any) -> NoReturn:
    raise KeyboardInterrupt
