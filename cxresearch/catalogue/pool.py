"""A pool that gives each task a process of its own: one that dies takes no other with it."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NoReturn, TypeVar

from cxresearch.runs.parent import can_fork

_Task = TypeVar("_Task")
_PR_SET_PDEATHSIG = 1
_END_SECONDS = 5.0
_LONGEST_WAIT = 0.5


def run_in_processes(
    work: Callable[[_Task], Any],
    tasks: Sequence[_Task],
    *,
    jobs: int,
    on_done: Callable[[int, Any], None],
) -> None:
    """Do work on each task, `jobs` at a time, and hand over what each returns as it comes.

    On Linux a process is a fork of this one, with everything imported; when this one is killed,
    they are too. Elsewhere a process starts anew.

    Parameters
    ----------
    work : callable
        Of the top level of a module; must not raise.
    on_done : callable
        Called with the number of the task and what was returned; with a text such as
        ``"exit status -9"`` where the process died.
    """
    context: Any = multiprocessing.get_context("fork" if can_fork() else "spawn")
    waiting = list(enumerate(tasks))[::-1]
    running: dict[Connection, tuple[int, BaseProcess]] = {}
    gc.freeze()  # a collection in a fork would go through, and so copy, all that is shared
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                number, task = waiting.pop()
                receive, send = context.Pipe(duplex=False)
                process = context.Process(target=_work, args=(work, task, send))
                process.start()
                send.close()
                running[receive] = (number, process)
            # Not for ever: Ctrl-C in the moment before is noticed only between two waits.
            ready = wait(list(running), timeout=_LONGEST_WAIT)
            for receive in [own for own in running if own in ready]:
                number, process = running.pop(receive)
                on_done(number, _result(receive, process))
    finally:
        gc.unfreeze()
        _end([process for _, process in running.values()])


def _result(receive: Connection, process: BaseProcess) -> Any:
    try:
        result = receive.recv()
    except EOFError:
        process.join()
        result = f"exit status {process.exitcode}"
    receive.close()
    process.join()
    return result


def _work(work: Callable[[Any], Any], task: Any, send: Connection) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: the first process ends us in order
    with suppress(KeyboardInterrupt):
        send.send(work(task))
    send.close()


def _stop(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _end(processes: list[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_END_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
