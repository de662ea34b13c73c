"""Runs on a Dask cluster: the same tasks, retried where a worker is lost, filed once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from cxresearch._files import sha256_json
from cxresearch.catalogue.batch import OnDone, Task, TaskOutcome, run_task
from cxresearch.catalogue.dead import file_dead_runs
from cxresearch.catalogue.index import write_index
from cxresearch.errors import CxError

RETRIES = 2
"""How often a task is begun again when its worker is lost."""


def run_on_cluster(
    tasks: Sequence[Task], address: str, *, on_done: OnDone | None = None
) -> list[TaskOutcome]:
    """Run tasks on a Dask cluster and bring the catalogue up to date.

    Every worker must see the workspace under the same path, and have this package installed. A
    task is harmless to repeat: it is known by a hash of what it asks for, builds its run in a
    staging folder of its own and files it by one rename; one whose run was filed before its
    worker was lost finds it unchanged.

    Parameters
    ----------
    tasks : sequence of Task
    address : str
        Of the scheduler: ``"tcp://10.0.0.5:8786"``.
    on_done : callable, optional
        Called with each outcome, in the order in which they come.

    Returns
    -------
    list of TaskOutcome
        In the order of the tasks.

    Raises
    ------
    CxError
        Dask is not installed, or no scheduler answers.
    """
    client = _client(address)
    try:
        futures = {
            client.submit(
                run_here,
                task,
                _filed(task),
                pure=False,
                key=f"cxresearch-{sha256_json(repr(task))}",
                retries=RETRIES,
            ): number
            for number, task in enumerate(tasks)
        }
        done = _gather(client, futures, tasks, on_done)
    finally:
        client.close()
    for workspace in dict.fromkeys(task.workspace for task in tasks):
        file_dead_runs(workspace)
        write_index(workspace / "reports")
    return [done[number] for number in range(len(tasks))]


def run_here(task: Task, known: frozenset[str]) -> TaskOutcome:
    """Run a task on a worker; one that was filed already, before a worker was lost, is found.

    Parameters
    ----------
    task : Task
    known : frozenset of str
        The runs of the study that were filed before the command was given.
    """
    # Forced, a repetition would run again what its first attempt had filed.
    again = bool(_filed(task) - known)
    return run_task(replace(task, force=task.force and not again))


def _filed(task: Task) -> frozenset[str]:
    from cxresearch.catalogue.filings import index_filings
    from cxresearch.runs.filing import CELLS
    from cxresearch.study.cell_names import cell_folder
    from cxresearch.study.load import load_study

    with suppress(CxError):
        study = load_study(task.study, workspace=task.workspace)
        reports, shelf = task.workspace / "reports", study.name
        if study.cell:
            reports, shelf = reports / study.name / CELLS, cell_folder(study.cell)
        filings = index_filings(reports, shelf)
        return frozenset(filing.run for filing in filings if filing.status == "completed")
    return frozenset()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise CxError(
            "running on a cluster needs Dask; install it: pip install 'cxresearch[dask]'"
        ) from error
    try:
        return Client(  # type: ignore[no-untyped-call]
            address, timeout="10s", set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise CxError(f"no Dask scheduler answers at {address!r}: {error}") from error


def _gather(
    client: Any, futures: dict[Any, int], tasks: Sequence[Task], on_done: OnDone | None
) -> dict[int, TaskOutcome]:
    from distributed import as_completed

    done: dict[int, TaskOutcome] = {}
    ended = as_completed(list(futures), loop=client.loop)  # type: ignore[no-untyped-call]
    for future in ended:
        number = futures[future]
        error = future.exception()
        if error is None:
            outcome = future.result()
        else:
            message = f"it was lost on the cluster: {type(error).__name__}: {error}"
            outcome = TaskOutcome(study=tasks[number].study, status="failed", message=message)
        done[number] = outcome
        if on_done is not None:
            on_done(outcome)
    return done
