"""A process for each task, forked where that is possible and started anew where it is not."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from typing import Any

import psutil
import pytest

from cxresearch.catalogue import pool
from cxresearch.catalogue.pool import run_in_processes

PID = "__import__('os').getpid()"
SLEEP = "__import__('time').sleep(60)"
STARTS = ["fork", "spawn"] if sys.platform == "linux" else ["spawn"]


@pytest.fixture(params=STARTS, autouse=True)
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(pool, "can_fork", lambda: request.param == "fork")
    return str(request.param)


def test_what_each_task_returns_comes_with_its_number() -> None:
    done: dict[int, Any] = {}
    run_in_processes(eval, ["1", "2 * 2", "'three'"], jobs=2, on_done=done.__setitem__)
    assert done == {0: 1, 1: 4, 2: "three"}


def test_a_process_that_dies_is_told_and_the_others_go_on() -> None:
    done: dict[int, Any] = {}
    tasks = [
        "__import__('os')._exit(9)",
        "2",
        "__import__('os').kill(__import__('os').getpid(), 9)",
    ]
    run_in_processes(eval, tasks, jobs=3, on_done=done.__setitem__)
    assert done[0] == "exit status 9"
    assert done[1] == 2
    assert str(done[2]).startswith("exit status ")


def test_an_interrupt_ends_the_processes_that_are_at_work() -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_in_processes(eval, ["1", SLEEP, SLEEP], jobs=3, on_done=interrupt)
    assert time.monotonic() - began < 50
    assert multiprocessing.active_children() == []


def test_no_more_processes_are_at_work_than_jobs() -> None:
    seen: list[int] = []

    def count(*_: Any) -> None:
        seen.append(len(multiprocessing.active_children()))

    run_in_processes(eval, ["1"] * 5, jobs=2, on_done=count)
    assert len(seen) == 5
    assert max(seen) <= 2
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize(("most", "processes"), [(50, 1), (2, 3)])
def test_a_process_takes_some_tasks_and_is_then_replaced(
    monkeypatch: pytest.MonkeyPatch, most: int, processes: int
) -> None:
    monkeypatch.setattr(pool, "_MOST_TASKS", most)
    done: dict[int, Any] = {}
    run_in_processes(eval, [PID] * 5, jobs=1, on_done=done.__setitem__)
    assert len(set(done.values())) == processes


def test_a_process_that_died_while_it_waited_is_replaced() -> None:
    done: dict[int, Any] = {}

    def kill(number: int, result: Any) -> None:
        done[number] = result
        os.kill(result, signal.SIGKILL)
        while psutil.pid_exists(result) and psutil.Process(result).status() != "zombie":
            time.sleep(0.01)

    run_in_processes(eval, [PID] * 3, jobs=1, on_done=kill)
    assert len(set(done.values())) == 3
