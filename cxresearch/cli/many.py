"""The command ``run`` for many studies: a line for each, then a table."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cxresearch.cli.show import show_json, show_path, show_table
from cxresearch.runs.parent import FIXED, SOCKET, start_parent

if TYPE_CHECKING:
    from cxresearch.catalogue.batch import Task, TaskOutcome
    from cxresearch.runs import KernelOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where runs are done: on `jobs` processes here, or on a Dask cluster."""

    jobs: int | None = None
    scheduler: str | None = None


class Progress:
    """One line for each run that ends, with the time that the others may take.

    Parameters
    ----------
    total : int
    quiet : bool
        Print nothing: the outcome is wanted as JSON.
    """

    def __init__(self, total: int, *, quiet: bool) -> None:
        self.total, self.quiet = total, quiet
        self.done = 0
        self._started = time.monotonic()

    def __call__(self, outcome: TaskOutcome) -> None:
        """Tell what became of one run."""
        self.done += 1
        if self.quiet:
            return
        told = _told(outcome)
        width = len(str(self.total))
        click.echo(
            f"[{self.done:>{width}}/{self.total}] {outcome.study}  {told}{self._left()}",
            err=True,
        )

    def _left(self) -> str:
        if self.done == self.total:
            return ""
        passed = time.monotonic() - self._started
        left = round(passed / self.done * (self.total - self.done))
        return f"  (about {left // 60}:{left % 60:02d} left)"


def run_many(
    names: Sequence[str],
    *,
    workspace: Path,
    settings: Sequence[str],
    force: bool,
    kernel: KernelOptions,
    as_json: bool,
    where: Where,
) -> int:
    """Run studies side by side and return how many failed; the others are filed."""
    from cxresearch.catalogue.batch import Task

    tasks = [
        Task(
            study=name,
            workspace=workspace,
            settings=tuple(settings),
            force=force,
            kernel=kernel,
        )
        for name in names
    ]
    outcomes = _run(tasks, Progress(len(tasks), quiet=as_json), where)
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    if as_json:
        show_json([outcome.to_dict() for outcome in outcomes])
        return failed
    click.echo()
    show_table(("study", "status", "time", "report"), [_row(o, workspace) for o in outcomes])
    for outcome in outcomes:
        if outcome.status == "failed":
            click.echo(f"error: {outcome.study}: {outcome.message}", err=True)
            if outcome.notebook:
                click.echo(f"  the notebook was kept: {outcome.notebook}", err=True)
    click.echo(f"\n{len(names) - failed} of {len(names)} studies done, {failed} failed")
    return failed


def _run(tasks: Sequence[Task], progress: Progress, where: Where) -> list[TaskOutcome]:
    if where.scheduler:
        from cxresearch.catalogue.cluster import run_on_cluster

        return run_on_cluster(tasks, where.scheduler, on_done=progress)
    from cxresearch.catalogue.batch import run_batch

    jobs = where.jobs or _processors()
    if tasks[0].kernel.warm:
        os.environ[SOCKET] = start_parent({**os.environ, **FIXED})
    # Imported once, before the processes are forked: each of them has it then.
    import cxresearch.reports._exporter
    import cxresearch.runs._papermill  # noqa: F401

    try:
        return run_batch(tasks, jobs=min(jobs, len(tasks)), on_done=progress)
    finally:
        os.environ.pop(SOCKET, None)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _told(outcome: TaskOutcome) -> str:
    if outcome.status in ("failed", "refused"):
        lines = outcome.message.splitlines()
        return f"{outcome.status}: {lines[0] if lines else ''}"
    seconds = f" in {outcome.seconds:.1f} s" if outcome.status == "completed" else ""
    word = "filed" if outcome.status == "completed" else "unchanged"
    return f"{word}{seconds}"


def _row(outcome: TaskOutcome, workspace: Path) -> tuple[str, str, str, str]:
    seconds = f"{outcome.seconds:.1f} s" if outcome.status == "completed" else ""
    report = show_path(Path(outcome.report), workspace) if outcome.report else ""
    return outcome.study, outcome.status, seconds, report
