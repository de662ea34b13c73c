"""A filed run, loaded back: the same objects the notebook had when it recorded them."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import pandas as pd

from cxresearch._files import read_json, write_text
from cxresearch._imports import without_slow_imports
from cxresearch._types import Json
from cxresearch._validate import did_you_mean
from cxresearch.catalogue.filings import Filing, find_run
from cxresearch.errors import CatalogueError
from cxresearch.results import Result
from cxresearch.shown import DisplayTable, Figure, Finding
from cxresearch.study.workspace import PathLike, find_workspace

_Loaded = TypeVar("_Loaded")


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class OpenedRun:
    """What a filed run recorded.

    Attributes
    ----------
    filing : Filing
    record : dict
        run.json: inputs with their hashes, environment, times.
    parameters : mapping
        Of the template, as they were.
    results : mapping of str to Result
    tables : mapping of str to DisplayTable
        ``data`` is the CSV file; text that a spreadsheet might take for a formula has the
        apostrophe it was written with.
    figures : mapping of str to Figure
    findings : tuple of Finding
        The most important first.
    """

    filing: Filing
    record: Json
    parameters: Mapping[str, Any]
    results: Mapping[str, Result]
    tables: Mapping[str, DisplayTable]
    figures: Mapping[str, Figure]
    findings: tuple[Finding, ...]

    def __getitem__(self, name: str) -> Result | DisplayTable | Figure:
        """Return the result, table or figure of that name; a result wins over the others."""
        for shelf in (self.results, self.tables, self.figures):
            if name in shelf:
                return shelf[name]
        known = [*self.results, *self.tables, *self.figures]
        raise CatalogueError(
            f"run {self.filing.run} recorded nothing named {name!r}; it has {known}"
            f"{did_you_mean(name, known)}"
        )

    def _ipython_key_completions_(self) -> list[str]:
        return [*self.results, *self.tables, *self.figures]

    def save_notebook(self, path: PathLike) -> Path:
        """Write an editable copy of the executed notebook, its parameters in place.

        Outputs are left out; the cell of parameters holds the values of this run.

        Parameters
        ----------
        path : path-like
            File ending in ``.ipynb`` that is not there yet.

        Raises
        ------
        CatalogueError
            The file exists, or its name has another ending.
        """
        target = Path(path)
        if target.suffix != ".ipynb":
            raise CatalogueError(f"a notebook is named *.ipynb; got {target.name}")
        if target.exists():
            raise CatalogueError(f"{target} exists already; name another file")
        return write_text(target, editable_notebook(self.filing.folder / "executed.ipynb"))

    def __repr__(self) -> str:
        return (
            f"OpenedRun({self.filing.study!r}, {self.filing.run!r}, "
            f"results={list(self.results)!r}, tables={list(self.tables)!r}, "
            f"figures={list(self.figures)!r})"
        )

    def _repr_html_(self) -> str:
        filing = self.filing
        shelves = {"results": self.results, "tables": self.tables, "figures": self.figures}
        rows = {
            "status": filing.status,
            "started": filing.started,
            "analysed": "" if filing.analysed is None else f"{filing.analysed} {filing.unit}",
            "parameters": ", ".join(f"{k} = {v!r}" for k, v in self.parameters.items()),
            **{name: ", ".join(shelf) for name, shelf in shelves.items()},
        }
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
            for name, text in rows.items()
            if text
        )
        told = "".join(f"<li>{escape(finding.text)}</li>" for finding in self.findings[:5])
        return (
            f"<p><strong>{escape(filing.title)}</strong> ({escape(filing.study)}, "
            f"{escape(filing.run)})</p><ul>{told}</ul><table><tbody>{body}</tbody></table>"
        )


def open_run(
    study: str, run: str = "latest", *, workspace: PathLike | None = None
) -> OpenedRun:
    """Load a filed run back: results, tables, figures, findings and parameters.

    Parameters
    ----------
    study : str
    run : str
        ``"latest"``, the newest completed run, or the name of a run or an unambiguous start of
        it.
    workspace : path-like, optional
        Folder that holds ``reports/``; by default found from here upwards.

    Returns
    -------
    OpenedRun

    Raises
    ------
    CatalogueError
        There is no such run, or its files do not match its record.

    Examples
    --------
    >>> import cxresearch as cx
    >>> run = cx.open_run("bank-branches")  # doctest: +SKIP
    >>> run["servqual_gaps"].tidy()  # doctest: +SKIP
    """
    root = find_workspace() if workspace is None else Path(workspace)
    filing = find_run(root / "reports", study, run)
    if filing.status == "damaged":
        raise CatalogueError(f"run {filing.run} of {study!r} is damaged: {filing.message}")
    record = read_json(filing.folder / "run.json")
    listing = filing.folder / "outputs.json"
    entries = read_json(listing)["outputs"] if listing.exists() else []
    return OpenedRun(
        filing=filing,
        record=record,
        parameters=MappingProxyType(filing.parameters),
        results=_shelf(entries, "result", _result, filing.folder),
        tables=_shelf(entries, "table", _table, filing.folder),
        figures=_shelf(entries, "figure", _figure, filing.folder),
        findings=_findings(filing.folder),
    )


def editable_notebook(executed: Path) -> str:
    """Return an executed notebook without outputs, the values of its run in place.

    papermill writes the values of a run into a cell of their own below the template's; the
    copy has one cell of parameters, which holds them.
    """
    with without_slow_imports():
        import nbformat

    text = executed.read_text(encoding="utf-8")
    notebook: Any = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    cells: list[Any] = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = {"tags": tags}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "injected-parameters" not in tags:
            cells.append(cell)
            continue
        declared = next(c for c in reversed(cells) if "parameters" in c.metadata["tags"])
        declared.source = _filled(declared.source, cell.source)
    notebook.cells = cells
    notebook.metadata.pop("papermill", None)
    return f"{nbformat.writes(notebook)}\n"  # type: ignore[no-untyped-call]


def _filled(declared: str, injected: str) -> str:
    """Return the cell of parameters with the values of a run, types and helps as they were."""
    values = {
        node.targets[0].id: ast.unparse(node.value)
        for node in ast.parse(injected).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    lines = declared.splitlines()
    for node in reversed(ast.parse(declared).body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        old = node.value
        if old is None or node.target.id not in values or old.lineno != old.end_lineno:
            continue
        line = lines[old.lineno - 1].encode()
        value = values[node.target.id].encode()
        lines[old.lineno - 1] = (
            line[: old.col_offset] + value + line[old.end_col_offset :]
        ).decode()
    return "\n".join(lines)


def _shelf(
    entries: list[Json], kind: str, load: Callable[[Path, Json], _Loaded], folder: Path
) -> Mapping[str, _Loaded]:
    return MappingProxyType(
        {str(e["name"]): load(folder, e) for e in entries if e["kind"] == kind}
    )


def _result(folder: Path, entry: Json) -> Result:
    return Result.from_dict(read_json(folder / entry["file"]))


def _table(folder: Path, entry: Json) -> DisplayTable:
    try:
        data = pd.read_csv(folder / entry["file"])
    except pd.errors.EmptyDataError:
        data = pd.DataFrame()
    return DisplayTable(
        name=entry["name"],
        caption=entry["caption"],
        shown=pd.DataFrame(entry["rows"], columns=entry["columns"]),
        data=data,
        numeric=tuple(entry["numeric"]),
        notes=tuple(entry["notes"]),
    )


def _figure(folder: Path, entry: Json) -> Figure:
    narrow = entry.get("file_narrow")
    return Figure(
        name=entry["name"],
        svg=(folder / entry["file"]).read_text(encoding="utf-8"),
        svg_narrow=(folder / narrow).read_text(encoding="utf-8") if narrow else "",
        alt_text=entry["alt_text"],
        caption=entry["caption"],
    )


def _findings(folder: Path) -> tuple[Finding, ...]:
    file = folder / "results" / "findings.json"
    told = [Finding(**_with_nan(entry)) for entry in read_json(file)] if file.exists() else []
    return tuple(sorted(told, key=lambda finding: -finding.rank))


def _with_nan(entry: Json) -> Json:
    numbers = ("estimate", "conf_low", "conf_high")
    return entry | {name: math.nan for name in numbers if entry.get(name) is None}
