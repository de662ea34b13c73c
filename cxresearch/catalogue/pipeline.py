"""One study, from its folder to a filed report: check, execute, write down, render, file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxresearch._files import read_json, write_json
from cxresearch._types import Json
from cxresearch.catalogue.cells import cell_in_words, check_cell_size, read_answers
from cxresearch.catalogue.dead import file_dead_runs
from cxresearch.catalogue.filings import Filing, find_run, index_filings, latest_completed
from cxresearch.catalogue.naming import naming_faults
from cxresearch.catalogue.records import SCHEMA, ended_record, ending, read_findings, record_key
from cxresearch.errors import CatalogueError, CxError, RunError, StudyError
from cxresearch.reports.ahead import work_ahead
from cxresearch.responses.episodes import EpisodeData
from cxresearch.responses.model import Responses
from cxresearch.runs.crate import write_crate
from cxresearch.runs.execute import (
    DEFAULT_KERNEL,
    NOTEBOOK,
    KernelOptions,
    Progress,
    execute_template,
)
from cxresearch.runs.filing import CELLS, file_run, staging_folder
from cxresearch.runs.inputs import keep_inputs
from cxresearch.runs.parameters import check_parameters, parse_setting
from cxresearch.runs.provenance import (
    describe_environment,
    describe_inputs,
    describe_repository,
    describe_responses,
)
from cxresearch.runs.sums import write_sums
from cxresearch.runs.template import STUDY_PARAMETER, Template, find_template
from cxresearch.study.cell_names import cell_folder, spell_cell

if TYPE_CHECKING:
    from cxresearch.study import Study


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RunOutcome:
    """What became of a run, for whoever asked for it.

    Attributes
    ----------
    filing : Filing
        The filed run; the earlier one when nothing had changed.
    unchanged : bool
        Nothing was run: the latest completed run rests on the same inputs.
    record : dict
        run.json.
    findings : tuple of dict
        What was found, the most important first; without actions and quality.
    steps : int
        Code cells of the template.
    """

    filing: Filing
    unchanged: bool
    record: Json
    findings: tuple[Json, ...]
    steps: int

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return float(self.record.get("seconds") or 0.0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Plan:
    """A run that may begin: everything about it has been checked."""

    study: Study
    workspace: Path
    template: Template
    parameters: Json
    inputs: Json
    key: str

    @property
    def reports(self) -> Path:
        """Where the shelf of this run stands; those of cells have a place of their own."""
        reports = self.workspace / "reports"
        return reports / self.study.name / CELLS if self.study.cell else reports

    @property
    def shelf(self) -> str:
        return cell_folder(self.study.cell) if self.study.cell else self.study.name


def run_study(
    study: Study,
    *,
    workspace: Path | None = None,
    settings: Mapping[str, Any] | Sequence[str] = (),
    force: bool = False,
    progress: Progress | None = None,
    on_read: Callable[[Responses | EpisodeData], None] | None = None,
    kernel: KernelOptions = DEFAULT_KERNEL,
    catalogue: bool = True,
) -> RunOutcome:
    """Run a study, render its report, file both and bring the catalogue up to date.

    Parameters
    ----------
    study : Study
    workspace : Path, optional
        Folder that holds ``reports/``; by default the study's own.
    settings : mapping or sequence of str
        Parameters for this run only, by name or as ``"name=value"``.
    force : bool
        Run even when study, codebook, data, parameters, template and package are the same as in
        the latest completed run.
    progress : callable, optional
        Called before each cell with its number, how many there are, and the name of its step.
    on_read : callable, optional
        Called with the responses (or moments and episodes), once read and found good.
    kernel : KernelOptions
        Limits of time and memory, and whether the kernel is forked.
    catalogue : bool
        Bring the catalogue up to date; whoever does many runs does it once, at the end.

    Returns
    -------
    RunOutcome

    Notes
    -----
    A run whose process died before is filed here as failed, with what its notebook had reached.

    Raises
    ------
    TemplateError
        The method has no template, or a parameter is unknown or of the wrong type.
    ResponseError
        The data do not fit the codebook. Nothing is run or filed.
    RunError
        A cell failed. The run is filed as failed; `RunError.notebook` names the kept notebook.
    StudyError
        A parameter names a battery, a segment or a column that is not there.
    CatalogueError
        The reports folder cannot be written, or the study's own is a link.
    CellTooSmallError
        The study is a cell with fewer people than ``min_cell``.
    """
    plan = _plan(study, workspace or study.workspace, settings)
    _check_shelf(plan)
    file_dead_runs(plan.workspace)
    earlier = latest_completed(index_filings(plan.reports, plan.shelf))
    if earlier is not None and earlier.key == plan.key and not force:
        return _outcome(earlier, plan, unchanged=True)
    responses = read_answers(study)
    check_cell_size(study, responses, plan.parameters)
    if isinstance(responses, Responses):
        faults = tuple(naming_faults(plan.parameters, responses))
        if faults:
            raise StudyError(f"study {study.name}", faults)
    if on_read is not None:
        on_read(responses)
    try:
        filing, error = _run_and_file(plan, responses, progress, kernel)
    except OSError as fault:
        raise CatalogueError(f"the run of {study.name!r} could not be kept: {fault}") from fault
    if catalogue:
        from cxresearch.catalogue.index import write_index

        write_index(plan.workspace / "reports")
    if error is not None:
        error.notebook = str(filing.folder / NOTEBOOK)
        raise error
    return _outcome(filing, plan, unchanged=False)


def _plan(study: Study, workspace: Path, settings: Mapping[str, Any] | Sequence[str]) -> _Plan:
    template = find_template(study.method, workspace)
    if isinstance(settings, Mapping):
        own = dict(settings)
    else:
        own = dict(parse_setting(template, setting) for setting in settings)
    parameters = check_parameters(template, {**study.parameters, **own})
    parameters[STUDY_PARAMETER] = spell_cell(_study_name(study, workspace), study.cell)
    inputs = describe_inputs(study, template, parameters, settings=own)
    if study.cell:
        inputs["title"] += f" ({cell_in_words(study.cell)})"
        inputs |= {"cell": dict(study.cell), "cell_name": cell_folder(study.cell)}
    return _Plan(
        study=study,
        workspace=workspace,
        template=template,
        parameters=parameters,
        inputs=inputs,
        key=record_key(inputs),
    )


def _check_shelf(plan: _Plan) -> None:
    """Refuse to file through a link: what lies elsewhere is neither listed nor verified."""
    place = plan.workspace / "reports"
    for part in (plan.reports / plan.shelf).relative_to(place).parts:
        place /= part
        if place.is_symlink():
            raise CatalogueError(
                f"{place} is a link, and runs are not filed through links; make a folder of it"
            )


def _study_name(study: Study, workspace: Path) -> str:
    """Return how the notebook, run in the workspace, names the study: never a full path."""
    if study.folder == workspace / "data" / study.name:
        return study.name
    relative = os.path.relpath(study.folder, workspace)
    return relative if os.sep in relative or relative == "." else f".{os.sep}{relative}"


def _run_and_file(
    plan: _Plan,
    responses: Responses | EpisodeData,
    progress: Progress | None,
    kernel: KernelOptions,
) -> tuple[Filing, RunError | None]:
    error: RunError | None = None
    started, since = datetime.now(UTC), time.monotonic()
    draft = _draft(plan, responses, started)
    with staging_folder(plan.reports) as folder:
        write_json(folder / "run.json", draft)
        keep_inputs(plan.study, plan.template, folder)
        try:
            execute_template(
                plan.template,
                plan.parameters,
                folder=folder,
                workspace=plan.workspace,
                progress=progress,
                kernel=kernel,
                meanwhile=work_ahead(plan.template.sources),
            )
        except RunError as failure:
            error = failure
        seconds = time.monotonic() - since  # a clock may be set back meanwhile
        record = ended_record(draft, folder, seconds) | ending(error, plan.template.steps)
        finishing = _Finishing(folder, record, plan.template)
        filed = file_run(
            folder,
            plan.reports,
            study=plan.shelf,
            started=started,
            key=plan.key,
            finish=finishing.finish,
        )
    return find_run(plan.reports, plan.shelf, filed.name), error or finishing.error


class _Finishing:
    """Writes record and report under the name the run is about to get."""

    def __init__(self, folder: Path, record: Json, template: Template) -> None:
        self.folder, self.record, self.template = folder, record, template
        self.error: RunError | None = None

    def finish(self, name: str) -> None:
        # Imported by now, while the kernel was at work: see `work_ahead`.
        from cxresearch.reports.render import write_report

        self.record["run"] = name
        write_json(self.folder / "run.json", self.record)
        try:
            write_report(self.folder)
        except CxError as fault:
            # Without a report the run is no use to anybody: it is kept as failed, with a page
            # that leaves out what could not be shown.
            self.error = RunError(f"the report could not be rendered: {fault}")
            self.record |= ending(self.error, self.template.steps)
            write_json(self.folder / "run.json", self.record)
            write_report(self.folder)
        write_crate(self.folder, self.record)
        write_sums(self.folder)


def _draft(plan: _Plan, responses: Responses | EpisodeData, started: datetime) -> Json:
    """Return the record of a run at its start: what is filed of it should its process die."""
    return {
        "schema": SCHEMA,
        "run": "",
        "status": "running",
        **plan.inputs,
        "steps": list(plan.template.steps),
        "run_key": plan.key,
        "respondents": describe_responses(responses),
        "environment": describe_environment(),
        "git": describe_repository(plan.workspace),
        "started": started.isoformat(timespec="milliseconds"),
    }


def _outcome(filing: Filing, plan: _Plan, *, unchanged: bool) -> RunOutcome:
    told = [f for f in read_findings(filing.folder) if f.get("topic", "finding") == "finding"]
    told.sort(key=lambda finding: -float(finding.get("rank") or 0.0))
    return RunOutcome(
        filing=filing,
        unchanged=unchanged,
        record=read_json(filing.folder / "run.json"),
        findings=tuple(told),
        steps=len(plan.template.steps),
    )
