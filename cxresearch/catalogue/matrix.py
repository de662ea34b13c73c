"""A study run for each cell: what became of the cells, filed as one comparison."""

from __future__ import annotations

import html
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cxresearch._files import write_json, write_text
from cxresearch._imports import without_slow_imports
from cxresearch._types import Json
from cxresearch.catalogue.batch import TaskOutcome
from cxresearch.catalogue.cells import Cell, cell_in_words, read_answers
from cxresearch.catalogue.comparison import cell_findings, compare_cells
from cxresearch.catalogue.filings import Filing, find_run, index_filings, latest_completed
from cxresearch.catalogue.index import write_index
from cxresearch.catalogue.records import SCHEMA, ended_record, ending, record_key
from cxresearch.plots.cells import plot_cells
from cxresearch.record import MIME_TYPE, Recorder
from cxresearch.reports.render import write_report
from cxresearch.runs.crate import write_crate
from cxresearch.runs.execute import NOTEBOOK
from cxresearch.runs.filing import file_run, staging_folder
from cxresearch.runs.inputs import keep_inputs
from cxresearch.runs.provenance import (
    describe_environment,
    describe_inputs,
    describe_repository,
    describe_responses,
)
from cxresearch.runs.sums import write_sums
from cxresearch.runs.template import STUDY_PARAMETER, find_template
from cxresearch.study.cell_names import cell_folder
from cxresearch.study.model import Study
from cxresearch.tables.cells import display_cells
from cxresearch.wording import Messages


def file_comparison(
    study: Study, cells: Sequence[Cell], outcomes: Sequence[TaskOutcome]
) -> Filing | None:
    """File the cells of a study side by side as a run of the study itself.

    Parameters
    ----------
    study : Study
        The whole study.
    cells : sequence of Cell
    outcomes : sequence of TaskOutcome
        What became of each, in the same order.

    Returns
    -------
    Filing or None
        The comparison, the earlier one where nothing changed; None where no cell has a run.

    Raises
    ------
    CatalogueError
        The reports folder cannot be written.
    """
    reports = study.workspace / "reports"
    told = [_told(cell, outcome) for cell, outcome in zip(cells, outcomes, strict=True)]
    runs = {str(one["folder"]): str(one["run"]) for one in told if one["run"]}
    if not runs:
        return None
    template = find_template(study.method, study.workspace)
    parameters = {**study.parameters, STUDY_PARAMETER: study.name}
    inputs = describe_inputs(study, template, parameters, settings={})
    key = record_key(inputs | {"comparison": told})
    earlier = latest_completed(index_filings(reports, study.name))
    if earlier is not None and earlier.key == key:
        return earlier
    started, since = datetime.now(UTC), time.monotonic()
    draft = {
        "schema": SCHEMA,
        "run": "",
        **inputs,
        "comparison": told,
        "run_key": key,
        "respondents": describe_responses(read_answers(study)),
        "environment": describe_environment(),
        "git": describe_repository(study.workspace),
        "started": started.isoformat(timespec="milliseconds"),
    }
    with staging_folder(reports) as folder:
        keep_inputs(study, template, folder)
        fill_comparison(folder, study, told, workspace=study.workspace)
        seconds = time.monotonic() - since  # a clock may be set back meanwhile
        record = ended_record(draft, folder, seconds) | ending(None, ())

        def finish(name: str) -> None:
            record["run"] = name
            write_json(folder / "run.json", record)
            write_report(folder)
            write_crate(folder, record)
            write_sums(folder)

        filed = file_run(
            folder, reports, study=study.name, started=started, key=key, finish=finish
        )
    write_index(reports)
    return find_run(reports, study.name, filed.name)


def _told(cell: Cell, outcome: TaskOutcome) -> Json:
    return {
        "cell": cell_in_words(cell.values),
        "folder": cell_folder(cell.values),
        "n": cell.n,
        "status": "completed" if outcome.status == "unchanged" else outcome.status,
        "run": outcome.run,
        "message": outcome.message,
    }


def fill_comparison(
    folder: Path, study: Study, told: Sequence[Json], *, workspace: Path
) -> None:
    """Record the comparison, and keep the notebook that did: what it shows is what ran.

    Parameters
    ----------
    folder : Path
        Of the run.
    study : Study
    told : sequence of dict
        What became of each cell, as the record has it under ``comparison``.
    workspace : Path
        Where the runs of the cells are filed.
    """
    runs = {str(one["folder"]): str(one["run"]) for one in told if one["run"]}
    with without_slow_imports():
        import nbformat

    messages = Messages(study.language)
    words = messages.section("cells")
    notebook = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    frame = compare_cells(study.name, runs, workspace=workspace)
    record, language = Recorder(folder), study.language
    call = f"cells = cx.compare_cells({study.name!r}, {runs!r})"
    setup = f"import cxresearch as cx\n\nrecord = cx.open_record()\n{call}"
    steps: list[tuple[str, str, list[Any]]] = [("title", setup, [])]
    for number, unit in enumerate(dict.fromkeys(frame["unit"]), start=1):
        own = frame[frame["unit"] == unit]
        for pooled in (False, True):
            figure = plot_cells(own, pooled=pooled, language=language)
            name = f"cells{'_pooled' if pooled else ''}{number if number > 1 else ''}"
            source = (
                f"own = cells[cells['unit'] == {unit!r}]\n"
                f"record(cx.plot_cells(own, pooled={pooled}, language={language!r}), {name!r})"
            )
            heading = "pooled_heading" if pooled else "own_heading"
            steps.append((heading, source, [record(figure, name)]))
    shown = f"record(cx.display_cells(cells, language={language!r}))"
    steps.append(("table_heading", shown, [record(display_cells(frame, language=language))]))
    findings = cell_findings(frame, language=language)
    source = f"record(cx.cell_findings(cells, language={language!r}))"
    steps.append(("told_heading", source, [record(findings) if findings else None]))
    for number, (heading, source, outputs) in enumerate(steps):
        text = (
            f"# {words['title']}\n\n{words['intro']}" if not number else f"## {words[heading]}"
        )
        notebook.cells += [_markdown(nbformat, text), _code(nbformat, source, outputs)]
        if not number:
            notebook.cells.append(_markdown(nbformat, _links(told, words)))
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # a random one would differ in every filing
    write_text(folder / NOTEBOOK, f"{nbformat.writes(notebook)}\n")  # type: ignore[no-untyped-call]


def _links(told: Sequence[Json], words: Mapping[str, str]) -> str:
    lines = [
        f"- [{_plain(one['cell'])}](../cells/{one['folder']}/{one['run']}/report.html), "
        f"n = {one['n']}"
        for one in told
        if one["run"]
    ]
    missing = [
        f"- {_plain(one['cell'])}: {_plain(one['message'])}" for one in told if not one["run"]
    ]
    if missing:
        lines += ["", f"**{words['not_run_heading']}**", "", *missing]
    return "\n".join(lines)


def _plain(text: str) -> str:
    marks = "\\`*_[]<>#|"
    return "".join(f"\\{c}" if c in marks else c for c in html.unescape(text.splitlines()[0]))


def _markdown(nbformat: Any, text: str) -> Any:
    return nbformat.v4.new_markdown_cell(text, metadata={"tags": ["manager"]})


def _code(nbformat: Any, source: str, recorded: Sequence[Any]) -> Any:
    outputs = []
    for value in recorded:
        if value is not None:
            data, metadata = value._repr_mimebundle_()
            kept = {MIME_TYPE: data[MIME_TYPE]} | {
                kind: own for kind, own in data.items() if kind != MIME_TYPE
            }
            outputs.append(nbformat.v4.new_output("display_data", data=kept, metadata=metadata))
    return nbformat.v4.new_code_cell(source, outputs=outputs, metadata={"tags": ["manager"]})
