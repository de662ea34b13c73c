"""What the commands print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cxresearch.errors import CxError, RunError

if TYPE_CHECKING:
    from cxresearch.catalogue import Filing
    from cxresearch.catalogue.checking import CheckOutcome

_SHOWN_NOTES = 12


def show_json(value: Any) -> None:
    """Print a value as JSON, for a script."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def show_path(path: Path, workspace: Path) -> str:
    """Return a path as short as it can be said from the workspace."""
    return str(path.relative_to(workspace)) if path.is_relative_to(workspace) else str(path)


def show_error(error: CxError) -> None:
    """Print an error as its message; a failed cell with its source and the kept notebook."""
    click.echo(f"error: {error}", err=True)
    if isinstance(error, RunError):
        if error.source:
            click.echo(f"\n  the cell:\n{_indented(error.source)}", err=True)
        if error.notebook:
            click.echo(f"\n  the notebook was kept: {error.notebook}", err=True)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def show_check(outcome: CheckOutcome, *, as_json: bool) -> None:
    """Print whether a study can run and what is wrong."""
    if as_json:
        show_json(outcome.to_dict())
        return
    if outcome.can_run:
        answers = outcome.responses
        told = ""
        if answers is not None:
            told = f": {answers.n} of {answers.flow.read} {answers.flow.unit}"
        click.echo(f"{outcome.study} can run{told}")
    else:
        count = len(outcome.faults)
        noun = "fault" if count == 1 else "faults"
        click.echo(f"{outcome.study} cannot run: {count} {noun}")
        for fault in outcome.faults:
            click.echo(f"  {fault}")
    for note in outcome.notes[:_SHOWN_NOTES]:
        click.echo(f"also: {note}")
    if len(outcome.notes) > _SHOWN_NOTES:
        click.echo(f"also: {len(outcome.notes) - _SHOWN_NOTES} more notes: see --json")


def show_studies(workspace: Path, *, as_json: bool) -> None:
    """Print every study of a workspace with its latest run."""
    from cxresearch.catalogue import index_filings
    from cxresearch.study.workspace import list_studies

    filings = index_filings(workspace / "reports")
    by_study: dict[str, list[Filing]] = {name: [] for name in list_studies(workspace)}
    for filing in filings:
        by_study.setdefault(filing.study, []).append(filing)
    if as_json:
        show_json(
            [
                {
                    "study": name,
                    "runs": len(runs),
                    "latest": _as_dict(runs[-1]) if runs else None,
                }
                for name, runs in by_study.items()
            ]
        )
        return
    if not by_study:
        click.echo(f"no study under {workspace / 'data'}; start one: cxresearch new")
        return
    rows = [
        (name, *_row(runs[-1] if runs else None), len(runs)) for name, runs in by_study.items()
    ]
    show_table(("study", "latest run", "status", "analysed", "runs"), rows)


def show_filings(study: str, workspace: Path, *, as_json: bool) -> None:
    """Print every run of one study, newest first."""
    from cxresearch.catalogue import index_filings
    from cxresearch.errors import CatalogueError
    from cxresearch.study.workspace import list_studies

    filings = index_filings(workspace / "reports", study)[::-1]
    known = list_studies(workspace)
    if not filings and study not in known:
        raise CatalogueError(
            f"there is no study {study!r}; "
            + (f"there are {known}" if known else "there is none yet: cxresearch new")
        )
    if as_json:
        show_json([_as_dict(filing) for filing in filings])
    elif not filings:
        click.echo(f"{study} was never run; cxresearch run {study}")
    else:
        rows = [(*_row(filing), filing.told) for filing in filings]
        show_table(("run", "status", "analysed", "headline"), rows)


def show_methods(workspace: Path, *, as_json: bool) -> None:
    """Print the methods there are templates for."""
    from cxresearch.runs import find_template, list_templates

    found = [find_template(name, workspace) for name in list_templates(workspace)]
    if as_json:
        show_json([{"method": template.name, "title": template.title} for template in found])
        return
    show_table(("method", "title"), [(template.name, template.title) for template in found])


def show_method(method: str, workspace: Path, *, as_json: bool) -> None:
    """Print the parameters of one method."""
    from cxresearch.runs import STUDY_PARAMETER, find_template

    template = find_template(method, workspace)
    free = [entry for entry in template.parameters if entry.name != STUDY_PARAMETER]
    if as_json:
        show_json(
            [
                {
                    "name": entry.name,
                    "type": entry.type,
                    "default": entry.default,
                    "help": entry.help,
                    "low": entry.low,
                    "high": entry.high,
                    "choices": list(entry.choices),
                }
                for entry in free
            ]
        )
        return
    click.echo(template.title)
    rows = [(e.name, e.type, json.dumps(e.default, ensure_ascii=False), e.help) for e in free]
    show_table(("parameter", "type", "default", "meaning"), rows)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings, columns aligned."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [
        max(len(line[i]) for line in [list(headings), *cells]) for i in range(len(headings))
    ]
    for line in [list(headings), *cells]:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _row(filing: Filing | None) -> tuple[str, str, str]:
    if filing is None:
        return "never run", "", ""
    analysed = "" if filing.analysed is None else str(filing.analysed)
    return filing.run, filing.status, analysed


def _as_dict(filing: Filing) -> dict[str, Any]:
    return {
        "study": filing.study,
        "run": filing.run,
        "status": filing.status,
        "title": filing.title,
        "method": filing.method,
        "started": filing.started,
        "analysed": filing.analysed,
        "headline": filing.headline,
        "parameters": filing.parameters,
        "report": str(filing.report),
        "message": filing.message,
    }
