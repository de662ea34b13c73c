"""Runs whose process died: recognised, and filed as failed with the notebook they left."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from cxresearch._files import read_json, write_json
from cxresearch._types import Json
from cxresearch.catalogue.records import ended_record, ending
from cxresearch.errors import CxError, RunError
from cxresearch.runs.filing import RECORD, file_run, staged, sweep_staging
from cxresearch.runs.sums import write_sums

_GONE = (
    "the process that ran it ended without a word; it was killed, or the machine went down or "
    "ran out of memory"
)


def file_dead_runs(workspace: Path) -> list[str]:
    """File every run whose process has died as failed; return the folders of those runs.

    A folder that cannot be written is left as it is: what is filed can still be read.

    Parameters
    ----------
    workspace : Path
    """
    reports = workspace / "reports"
    filed: list[str] = []
    for staging in staged(reports):
        place = staging.parent

        def bury(folder: Path, seen: datetime, place: Path = place) -> None:
            filed.append(str(_bury(folder, seen, place, workspace)))

        with suppress(OSError):
            sweep_staging(place, bury)
    return filed


def _bury(folder: Path, seen: datetime, reports: Path, workspace: Path) -> Path:
    record = read_json(folder / RECORD)
    started = datetime.fromisoformat(record["started"])
    if record["status"] == "running":
        record = _failed(record, folder, max((seen - started).total_seconds(), 0.0), workspace)

    def finish(name: str) -> None:
        from cxresearch.reports.render import write_report

        record["run"] = name
        write_json(folder / RECORD, record)
        with suppress(CxError):  # the record and the notebook are worth keeping without it
            write_report(folder)
        write_sums(folder)

    return file_run(
        folder,
        reports,
        study=str(record.get("cell_name") or record["study"]),
        started=started,
        key=record["run_key"],
        finish=finish,
    )


def _failed(draft: Json, folder: Path, seconds: float, workspace: Path) -> Json:
    from cxresearch.runs._scrub import text_scrubber
    from cxresearch.runs.execute import NOTEBOOK, tidy_up

    steps = draft["steps"]
    for part in folder.rglob(".*.part"):
        part.unlink(missing_ok=True)
    cell, source = _reached(folder / NOTEBOOK)
    with suppress(CxError, ValueError, KeyError):
        method = str(draft["template"]["file"]).removesuffix(".ipynb")
        tidy_up(folder, name=method, steps=steps, scrub=text_scrubber(workspace, folder))
    step = steps[cell - 1] if 0 < cell <= len(steps) else ""
    error = RunError(_GONE, cell=cell if step else 0, step=step, source=source)
    return ended_record(draft, folder, seconds) | ending(error, steps)


def _reached(notebook: Path) -> tuple[int, str]:
    """Return number and source of the cell that was at work; 0 when none was."""
    try:
        cells: list[Any] = read_json(notebook)["cells"]
    except (CxError, KeyError, TypeError):
        return 0, ""
    own = [
        cell
        for cell in cells
        if cell["cell_type"] == "code"
        and "injected-parameters" not in cell["metadata"].get("tags", [])
    ]
    begun = [
        (number, cell)
        for number, cell in enumerate(own, start=1)
        if cell["metadata"].get("papermill", {}).get("start_time")
    ]
    if not begun:
        return 0, ""
    number, cell = begun[-1]
    return number, "".join(cell["source"])
