"""The command ``run`` for many studies: a line for each, then a table."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxresearch.cli.show import show_json, show_path, show_table
from cxresearch.errors import CxError
from cxresearch.runs.parent import FIXED, SOCKET, start_parent

if TYPE_CHECKING:
    from cxresearch.catalogue.batch import Task, TaskOutcome
    from cxresearch.catalogue.cells import Cell
    from cxresearch.runs import KernelOptions
    from cxresearch.study import Study

    Matrix = tuple[Study, list[Cell]]


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

    shared: dict[str, Any] = {
        "workspace": workspace,
        "settings": tuple(settings),
        "kernel": kernel,
        "force": force,
    }
    matrices, plain, methods = _sorted_out(names, workspace, settings)
    tasks = [Task(study=name, **shared) for name in plain]
    tasks += [
        Task(study=cell.study, refused=cell.refused, **shared)
        for _, cells in matrices
        for cell in cells
    ]
    outcomes = _run(tasks, Progress(len(tasks), quiet=as_json), where, methods)
    if matrices:
        outcomes += _compare(matrices, outcomes[len(plain) :])
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
    refused = sum(outcome.status == "refused" for outcome in outcomes)
    done = len(outcomes) - failed - refused
    small = f", {refused} refused" if refused else ""
    click.echo(f"\n{done} of {len(outcomes)} runs done, {failed} failed{small}")
    return failed


def _sorted_out(
    names: Sequence[str], workspace: Path, settings: Sequence[str]
) -> tuple[list[Matrix], list[str], list[str]]:
    """Return the studies that are run for each cell, the names of the others, all methods."""
    from cxresearch.catalogue.cells import study_cells
    from cxresearch.runs import find_template, parse_setting
    from cxresearch.study.load import load_study

    matrices: list[Matrix] = []
    plain = []
    methods: dict[str, None] = {}
    for name in names:
        try:
            study = load_study(name, workspace=workspace)
            methods[study.method] = None
            if not study.for_each or study.cell:
                plain.append(name)
                continue
            template = find_template(study.method, workspace)
            own = dict(parse_setting(template, setting) for setting in settings)
            matrices.append((study, study_cells(study, name, own)))
        except CxError:  # told when it is run, like any other fault
            plain.append(name)
    return matrices, plain, list(methods)


def _compare(matrices: list[Matrix], outcomes: Sequence[TaskOutcome]) -> list[TaskOutcome]:
    """File a comparison for each study that was run for each cell."""
    from cxresearch.catalogue.batch import TaskOutcome
    from cxresearch.catalogue.matrix import file_comparison

    rest, done = list(outcomes), []
    for study, cells in matrices:
        own, rest = rest[: len(cells)], rest[len(cells) :]
        try:
            filing = file_comparison(study, cells, own)
        except CxError as error:
            done.append(TaskOutcome(study=study.name, status="failed", message=str(error)))
            continue
        if filing is not None:
            done.append(
                TaskOutcome(
                    study=study.name,
                    status="completed",
                    run=filing.run,
                    report=str(filing.report),
                    seconds=0.0,
                    findings=(filing.headline,) if filing.headline else (),
                )
            )
    return done


def _run(
    tasks: Sequence[Task], progress: Progress, where: Where, methods: Sequence[str]
) -> list[TaskOutcome]:
    if where.scheduler:
        from cxresearch.catalogue.cluster import run_on_cluster

        return run_on_cluster(tasks, where.scheduler, on_done=progress)
    from cxresearch.catalogue.batch import run_batch

    # One more than there are processors: runs also wait, for the disk and for their kernel.
    jobs = where.jobs or _processors() + 1
    if tasks[0].kernel.warm:
        os.environ[SOCKET] = start_parent({**os.environ, **FIXED}, many=True)
    # Done once, before the processes are forked: each of them has it then.
    import cxresearch.runs._papermill  # noqa: F401

    _work_ahead(methods, tasks[0].workspace)

    try:
        return run_batch(tasks, jobs=min(jobs, len(tasks)), on_done=progress)
    finally:
        os.environ.pop(SOCKET, None)


def _work_ahead(methods: Sequence[str], workspace: Path) -> None:
    from cxresearch.reports.ahead import work_ahead
    from cxresearch.runs import find_template

    for method in methods:
        with suppress(CxError):  # told when it is run
            for _ in work_ahead(find_template(method, workspace).sources):
                continue


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
