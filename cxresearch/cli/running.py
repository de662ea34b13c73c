"""The command ``run``: progress while it works, one screen when it is done."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxresearch.cli.many import Where
from cxresearch.cli.show import show_error, show_json, show_path
from cxresearch.errors import CxError, RunError
from cxresearch.runs.parent import FIXED, can_fork, start_parent

if TYPE_CHECKING:
    from cxresearch.catalogue import RunOutcome
    from cxresearch.responses.episodes import EpisodeData
    from cxresearch.responses.model import Flow, Responses
    from cxresearch.runs import KernelOptions
    from cxresearch.study import Study

_LABEL = 28


class Screen:
    """Lines of one run; on a terminal the step at work is written over by the next.

    Parameters
    ----------
    quiet : bool
        Print nothing: the outcome is wanted as JSON.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._live = sys.stderr.isatty()

    def title(self, text: str) -> None:
        if not self.quiet:
            click.echo(text)

    def line(self, label: str, text: str) -> None:
        self.wipe()
        if not self.quiet:
            click.echo(f"  {label.ljust(_LABEL)}{text}")

    def step(self, cell: int, of: int, name: str) -> None:
        if self.quiet:
            return
        text = f"  {'step'.ljust(_LABEL)}{cell} of {of}: {name}"
        if self._live:
            click.echo(f"\r\033[2K{text}", nl=False, err=True)
        else:
            click.echo(text, err=True)

    def wipe(self) -> None:
        if self._live and not self.quiet:
            click.echo("\r\033[2K", nl=False, err=True)


def kernel_options(
    *,
    fresh_kernel: bool,
    cell_timeout: float | None,
    run_timeout: float | None,
    max_memory: str | None,
    many: bool,
) -> KernelOptions:
    """Return the options of every kernel; the process they are forked from begins at once.

    Raises
    ------
    CxError
        The size of the memory is none.
    """
    warm = not fresh_kernel and can_fork()
    if warm:
        start_parent({**os.environ, **FIXED}, many=many)
    from cxresearch.runs._memory import read_size
    from cxresearch.runs.execute import CELL_TIMEOUT, KernelOptions

    return KernelOptions(
        cell_timeout=CELL_TIMEOUT if cell_timeout is None else cell_timeout,
        run_timeout=math.inf if run_timeout is None else run_timeout,
        warm=warm,
        max_memory=None if max_memory is None else read_size(max_memory),
    )


def run_studies(
    names: Sequence[str],
    *,
    workspace: Path,
    settings: Sequence[str],
    force: bool,
    as_json: bool,
    debug: bool,
    kernel: KernelOptions,
    where: Where,
) -> int:
    """Run studies, the only one before your eyes, many side by side; return how many failed."""
    if len(names) > 1 or where.scheduler or _has_cells(names[0], workspace):
        from cxresearch.cli.many import run_many

        return run_many(
            names,
            workspace=workspace,
            settings=settings,
            force=force,
            kernel=kernel,
            as_json=as_json,
            where=where,
        )
    outcomes: list[dict[str, Any]] = []
    failed = 0
    for name in names:
        screen = Screen(quiet=as_json)
        try:
            outcome = _run_one(name, workspace, settings, screen, force=force, kernel=kernel)
            outcomes.append(_as_dict(outcome))
        except CxError as error:
            if debug:
                raise
            failed += 1
            screen.wipe()
            notebook = error.notebook if isinstance(error, RunError) else ""
            outcomes.append(
                {"study": name, "status": "failed", "message": str(error), "notebook": notebook}
            )
            if not as_json:
                show_error(error)
    if as_json:
        show_json(outcomes[0] if len(outcomes) == 1 else outcomes)
    return failed


def _has_cells(name: str, workspace: Path) -> bool:
    from cxresearch.study.load import load_study

    try:
        study = load_study(name, workspace=workspace)
    except CxError:  # told when it is run
        return False
    return bool(study.for_each) and not study.cell


def _run_one(
    name: str,
    workspace: Path,
    settings: Sequence[str],
    screen: Screen,
    *,
    force: bool,
    kernel: KernelOptions,
) -> RunOutcome:
    from cxresearch.catalogue import run_study
    from cxresearch.runs import find_template
    from cxresearch.study import load_study

    study = load_study(name, workspace=workspace)
    screen.title(f"{study.name} · {find_template(study.method, workspace).title}")
    outcome = run_study(
        study,
        workspace=workspace,
        settings=settings,
        force=force,
        progress=screen.step,
        on_read=lambda read: _show_read(read, study, screen),
        kernel=kernel,
    )
    _show_outcome(outcome, workspace, screen)
    return outcome


def _show_read(read: Responses | EpisodeData, study: Study, screen: Screen) -> None:
    from cxresearch.responses.model import Responses

    told = _answers_in_words(read) if isinstance(read, Responses) else _episodes_in_words(read)
    screen.line("read and validated", told)
    _show_exclusions(read.flow, study, screen)


def _episodes_in_words(read: EpisodeData) -> str:
    people = read.participants_read
    return f"{read.moments_read} moments, {read.flow.read} episodes, {people} people"


def _answers_in_words(responses: Responses) -> str:
    from cxresearch.responses._fault_texts import count_of

    batteries = responses.codebook.batteries
    items = sum(len(battery.items) for battery in batteries)
    scales = sum(len(battery.scales) for battery in batteries)
    read = count_of(responses.flow.read, "answer")
    return f"{read}, {count_of(items, 'item')}, {count_of(scales, 'dimension')}"


def _show_exclusions(flow: Flow, study: Study, screen: Screen) -> None:
    from cxresearch.sentences.flow import describe_step
    from cxresearch.wording import Messages

    messages = Messages(study.language)
    steps = [
        describe_step(step, messages, unit=flow.unit) for step in flow.steps if step.excluded
    ]
    if flow.steps:
        screen.line("excluded", f"{flow.excluded}: {', '.join(steps)}" if steps else "nobody")


def _show_outcome(outcome: RunOutcome, workspace: Path, screen: Screen) -> None:
    report = show_path(outcome.filing.report, workspace)
    if outcome.unchanged:
        screen.line("unchanged", f"{report} (run again with --force)")
    else:
        steps = f"{outcome.steps} of {outcome.steps} steps · {outcome.seconds:.1f} s"
        screen.line("analysed", steps)
        screen.line("filed", report)
    if outcome.findings:
        screen.title(f"\n  {outcome.findings[0]['text']}")
        more = len(outcome.findings) - 1
        if more:
            screen.title(f"  {more} more finding{'s' if more > 1 else ''} in the report.")
    screen.title("")


def _as_dict(outcome: RunOutcome) -> dict[str, Any]:
    return {
        "study": outcome.filing.study,
        "run": outcome.filing.run,
        "status": outcome.filing.status,
        "unchanged": outcome.unchanged,
        "report": str(outcome.filing.report),
        "seconds": outcome.seconds,
        "findings": [finding["text"] for finding in outcome.findings],
    }
