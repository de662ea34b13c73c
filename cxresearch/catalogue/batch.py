"""Many runs in one command: tasks that say all they need, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from cxresearch._types import Json
from cxresearch.catalogue.dead import file_dead_runs
from cxresearch.catalogue.index import write_index
from cxresearch.catalogue.pipeline import RunOutcome, run_study
from cxresearch.catalogue.pool import run_in_processes
from cxresearch.errors import CxError, RunError
from cxresearch.runs.execute import DEFAULT_KERNEL, KernelOptions, Progress
from cxresearch.study.load import load_study

Outcome = Literal["completed", "unchanged", "failed", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run to do, wherever it is done: plain values only.

    Attributes
    ----------
    study : str
        Name or path of the study; of a cell ``"bank[branch=North]"``.
    workspace : Path
        As every worker sees it.
    settings : tuple of str
        ``"name=value"``.
    refused : str
        Why it is not to be run at all; ``""`` when it is.
    """

    study: str
    workspace: Path
    settings: tuple[str, ...] = ()
    force: bool = False
    kernel: KernelOptions = DEFAULT_KERNEL
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """What became of a task.

    Attributes
    ----------
    study : str
        As the task says.
    status : {"completed", "unchanged", "failed", "refused"}
    run, report : str
        Name of the filed run and path of its report; ``""`` without one.
    message : str
        Why it failed or was refused, on one line or several.
    notebook : str
        Path of the notebook of a failed run.
    findings : tuple of str
        The most important first.
    """

    study: str
    status: Outcome
    run: str = ""
    report: str = ""
    seconds: float = 0.0
    message: str = ""
    notebook: str = ""
    findings: tuple[str, ...] = field(default=())

    def to_dict(self) -> Json:
        """Return the outcome as plain JSON values."""
        return {**asdict(self), "findings": list(self.findings)}


OnDone = Callable[[TaskOutcome], None]


def run_task(task: Task, progress: Progress | None = None) -> TaskOutcome:
    """Run one task; what goes wrong is its outcome, never an exception."""
    if task.refused:
        return TaskOutcome(study=task.study, status="refused", message=task.refused)
    try:
        outcome = run_study(
            load_study(task.study, workspace=task.workspace),
            workspace=task.workspace,
            settings=task.settings,
            force=task.force,
            progress=progress,
            kernel=task.kernel,
            catalogue=False,
        )
    except CxError as error:
        notebook = error.notebook if isinstance(error, RunError) else ""
        return _failed(task, str(error), notebook)
    except Exception as error:  # one run must not take the others with it
        return _failed(task, f"{type(error).__name__}: {error}")
    return _done(task, outcome)


def run_batch(
    tasks: Sequence[Task], *, jobs: int, on_done: OnDone | None = None
) -> list[TaskOutcome]:
    """Run tasks side by side, each in a process of its own, and bring the catalogue up to date.

    A run that fails, or whose process dies, does not touch the others.

    Parameters
    ----------
    tasks : sequence of Task
    jobs : int
        Runs at a time.
    on_done : callable, optional
        Called with each outcome, in the order in which they come.

    Returns
    -------
    list of TaskOutcome
        In the order of the tasks.
    """
    done: dict[int, TaskOutcome] = {}

    def take(number: int, outcome: Any) -> None:
        task = tasks[number]
        if not isinstance(outcome, TaskOutcome):
            file_dead_runs(task.workspace)
            outcome = _failed(task, f"its process ended without a word ({outcome})")
        done[number] = outcome
        if on_done is not None:
            on_done(outcome)

    run_in_processes(run_task, tasks, jobs=jobs, on_done=take)
    for workspace in dict.fromkeys(task.workspace for task in tasks):
        write_index(workspace / "reports")
    return [done[number] for number in range(len(tasks))]


def _done(task: Task, outcome: RunOutcome) -> TaskOutcome:
    return TaskOutcome(
        study=task.study,
        status="unchanged" if outcome.unchanged else "completed",
        run=outcome.filing.run,
        report=str(outcome.filing.report),
        seconds=outcome.seconds,
        findings=tuple(finding["text"] for finding in outcome.findings),
    )


def _failed(task: Task, message: str, notebook: str = "") -> TaskOutcome:
    return TaskOutcome(study=task.study, status="failed", message=message, notebook=notebook)
