"""One template, executed: every fault ends in a `RunError`, and the notebook is always kept."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxresearch._files import read_added, write_json, write_text
from cxresearch._imports import without_slow_imports
from cxresearch.errors import RunError
from cxresearch.record import MIME_TYPE, RUN_FOLDER
from cxresearch.runs._memory import MemoryGuard
from cxresearch.runs._scrub import scrub_notebook, text_scrubber
from cxresearch.runs.parent import FIXED
from cxresearch.runs.template import Template

Progress = Callable[[int, int, str], None]
"""Called before each code cell with its number, how many there are, and its step."""

WORKSPACE = "CXRESEARCH_WORKSPACE"
NOTEBOOK = "executed.ipynb"
CELL_TIMEOUT = 600.0
_MOMENT, _STEP = 0.02, 0.05
_NOTHING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelOptions:
    """How a template is executed; nothing here touches the results.

    Attributes
    ----------
    cell_timeout, run_timeout : float
        Seconds a single cell and all of them together may take.
    warm : bool
        Fork the kernel from a process with the libraries imported, where that is possible.
    max_memory : int or None
        Bytes the kernel may use; it is ended when it grows past them.
    """

    cell_timeout: float = CELL_TIMEOUT
    run_timeout: float = math.inf
    warm: bool = False
    max_memory: int | None = None


DEFAULT_KERNEL = KernelOptions()


@dataclass(slots=True)
class _Clock:
    """Where the run is, and how long the next cell may take."""

    template: Template
    progress: Progress | None
    options: KernelOptions
    meanwhile: Iterator[object]
    started: float = field(default_factory=time.monotonic)
    cell: int = 0
    source: str = ""

    @property
    def left(self) -> float:
        return self.options.run_timeout - (time.monotonic() - self.started)

    @property
    def step(self) -> str:
        return self.template.steps[self.cell - 1] if self.cell else ""

    def on_cell_start(self, cell: Any, cell_index: int) -> None:
        if cell.cell_type != "code" or "injected-parameters" in cell.metadata.get("tags", []):
            return
        self.cell, self.source = self.cell + 1, str(cell.source)
        if self.progress is not None:
            self.progress(self.cell, len(self.template.steps), self.step)
        # A moment later: the cell is on its way to the kernel by then.
        asyncio.get_running_loop().call_later(_MOMENT, self._work_meanwhile)

    def _work_meanwhile(self) -> None:
        until = time.monotonic() + _STEP
        while time.monotonic() < until and next(self.meanwhile, _NOTHING) is not _NOTHING:
            continue

    def timeout_of(self, _: Any) -> int:
        # nbclient reads 0 as "no limit" and an infinite number not at all.
        return max(1, math.ceil(min(self.options.cell_timeout, self.left, 1e9)))


def execute_template(
    template: Template,
    parameters: Mapping[str, Any],
    *,
    folder: Path,
    workspace: Path,
    progress: Progress | None = None,
    kernel: KernelOptions = DEFAULT_KERNEL,
    meanwhile: Iterator[object] | None = None,
) -> None:
    """Execute a template in a kernel of its own; what it records and shows is kept in `folder`.

    Parameters
    ----------
    template : Template
    parameters : mapping
        As `check_parameters` returns them.
    folder : Path
        Folder of the run; gets ``executed.ipynb`` and what the notebook records.
    workspace : Path
        Working directory of the notebook.
    progress : callable, optional
        Called with the number of a cell, how many there are, and the name of its step.
    kernel : KernelOptions
        Limits of time and memory, and whether the kernel is forked.
    meanwhile : iterator, optional
        Work of this process, in short steps: they are taken while the kernel computes.

    Raises
    ------
    RunError
        A cell failed or took too long, or the kernel died. The notebook is saved before.
    """
    from cxresearch.runs import _papermill

    clock = _Clock(template, progress, kernel, meanwhile or iter(()))
    guard = None if kernel.max_memory is None else MemoryGuard(kernel.max_memory)
    scrub = text_scrubber(workspace, folder)
    executed = None
    try:
        executed = _papermill.execute(
            template.path,
            folder / NOTEBOOK,
            parameters,
            cwd=workspace,
            environment={**FIXED, RUN_FOLDER: str(folder), WORKSPACE: str(workspace)},
            on_cell_start=clock.on_cell_start,
            timeout_of=clock.timeout_of,
            warm=kernel.warm,
            guard=guard,
        )
    except _papermill.FAULTS as error:
        raise _run_error(error, clock, scrub, folder, guard) from error
    finally:
        if guard is not None:
            guard.stop()
        tidy_up(
            folder, name=template.name, steps=template.steps, scrub=scrub, notebook=executed
        )


def failed_at(cell: int, of: int, step: str) -> str:
    """Return how the message of a `RunError` begins; what happened follows it."""
    return (
        f"step {step!r} (cell {cell} of {of}) failed: " if cell else "the run did not start: "
    )


def tidy_up(
    folder: Path,
    *,
    name: str,
    steps: Sequence[str],
    scrub: Callable[[str], str],
    notebook: Any = None,
) -> None:
    """Make the notebook of a run, finished or not, fit to be kept, and say where outputs stand.

    Parameters
    ----------
    folder : Path
    name : str
        Name of the template; `steps` are its steps.
    scrub : callable
        See `text_scrubber`.
    notebook : nbformat.NotebookNode, optional
        As it was executed; read from the folder by default.
    """
    path = folder / NOTEBOOK
    if not path.exists():  # the kernel did not start
        return
    with without_slow_imports():
        import nbformat

    if notebook is None:
        notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    scrub_notebook(notebook, scrub, template=f"{name}.ipynb")
    text = nbformat.v4.writes(notebook)  # type: ignore[no-untyped-call]
    write_text(path, f"{text}\n")
    _add_steps(folder, steps, notebook.cells)


def _add_steps(folder: Path, steps: Sequence[str], cells: list[Any]) -> None:
    """Say in outputs.json under which heading each output was recorded."""
    listing = folder / "outputs.json"
    if not listing.exists():
        write_json(listing, {"schema": 1, "outputs": []})
        return
    code = [c for c in cells if c.cell_type == "code"]
    template_cells = [
        c for c in code if "injected-parameters" not in c.metadata.get("tags", [])
    ]
    step_of: dict[tuple[str, str], str] = {}
    for step, cell in zip(steps, template_cells, strict=True):
        for output in cell.outputs:
            mark = output.get("data", {}).get(MIME_TYPE)
            if mark:
                step_of[mark["kind"], mark["name"]] = step
    payload = read_added(listing)
    for entry in payload["outputs"]:
        entry["step"] = step_of.get((entry["kind"], entry["name"]), "")
    write_json(listing, payload)


def _run_error(
    error: Exception,
    clock: _Clock,
    scrub: Callable[[str], str],
    folder: Path,
    guard: MemoryGuard | None,
) -> RunError:
    lines = getattr(error, "traceback", None)
    what = (guard.told if guard is not None else "") or _what_happened(error, clock)
    where = failed_at(clock.cell, len(clock.template.steps), clock.step)
    return RunError(
        where + scrub(what),
        cell=clock.cell,
        step=clock.step,
        source=clock.source,
        traceback=scrub("\n".join(lines)) if isinstance(lines, list) else "",
        notebook=str(folder / NOTEBOOK),
    )


def _what_happened(error: Exception, clock: _Clock) -> str:
    name = type(error).__name__
    if name == "PapermillExecutionError":
        return f"{getattr(error, 'ename', '')}: {getattr(error, 'evalue', '')}".strip(": ")
    if name == "CellTimeoutError":
        if clock.left <= 0:
            return f"the run took longer than allowed ({clock.options.run_timeout:g} s)"
        return f"it took longer than allowed ({clock.options.cell_timeout:g} s a cell)"
    if name == "DeadKernelError":
        return "the kernel died; it may have run out of memory"
    return f"{name}: {str(error).strip()}"
