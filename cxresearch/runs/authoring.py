"""From an exploratory notebook to a template: what is missing, and into the workspace."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxresearch._files import write_text
from cxresearch._imports import without_slow_imports
from cxresearch._types import Json
from cxresearch.errors import Fault, FaultyInputError, TemplateError
from cxresearch.runs._notebook_file import cells_by_nbformat
from cxresearch.runs.template import (
    METHOD_NAME,
    STUDY_PARAMETER,
    parse_parameters,
    template_folders,
)
from cxresearch.runs.values import TYPES

DEPTHS = ("manager", "analyst", "student")
_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
_MARKDOWN_PICTURE = re.compile(r"!\[([^\]]*)\]\(\s*([^)\s]*)")
_NEEDED = {
    "open_record": "nothing opens the record: write record = cx.open_record()",
    "load_study": f"no study is loaded: write study = cx.load_study({STUDY_PARAMETER})",
    "record": "nothing is recorded: wrap what readers should see in record(…)",
}


def template_faults(path: Path) -> list[Fault]:
    """Return what keeps a notebook from being a template, every fault at once.

    Looked at are the parameters cell, the study it loads and the record it opens, the tags for
    the reader's depth, headings, and alternative texts of the pictures it shows.

    Raises
    ------
    TemplateError
        The file is no notebook.
    """
    cells = cells_by_nbformat(path)
    return [
        *_parameter_faults(cells),
        *_call_faults(cells),
        *_tag_faults(cells),
        *_picture_faults(cells),
    ]


def add_template(path: Path, workspace: Path, *, name: str | None = None) -> Path:
    """Put a notebook into the workspace's templates, outputs left out.

    Parameters
    ----------
    path : Path
    workspace : Path
    name : str, optional
        Name of the method; by default the stem of the file.

    Returns
    -------
    Path
        The template.

    Raises
    ------
    TemplateError
        The notebook is no template yet (with all faults), its name is none for a method, or the
        workspace has that template.
    """
    method = name or path.stem
    if not METHOD_NAME.fullmatch(method):
        raise TemplateError(
            f"name of the method is {method!r}; it may hold letters, digits, - and _, and "
            "begins with a letter; give another one: --name"
        )
    faults = template_faults(path)
    if faults:
        raise TemplateError(f"{path.name} is no template yet", faults)
    target = workspace / "templates" / f"{method}.ipynb"
    if target.exists():
        raise TemplateError(f"the workspace has a template {method!r}; name another: --name")
    return write_text(target, _stripped(path))


def shadowed_template(method: str, workspace: Path) -> Path | None:
    """Return the shipped template that one of the workspace of that name takes the place of."""
    shipped = [f for f in template_folders(workspace) if f != workspace / "templates"]
    return next(
        (f / f"{method}.ipynb" for f in shipped if (f / f"{method}.ipynb").is_file()), None
    )


def _parameter_faults(cells: list[Json]) -> Iterator[Fault]:
    tagged = [cell for cell in cells if "parameters" in _tags(cell)]
    if not tagged:
        likely = _first_assignments(cells)
        hint = f"; cell {likely} assigns names: tag that one" if likely else ""
        yield Fault(
            message="no cell is tagged parameters; one is needed, each line "
            f"name: type = default  # help{hint}"
        )
        return
    if len(tagged) > 1:
        yield Fault(message=f"{len(tagged)} cells are tagged parameters; one is needed")
    where = f"cell {cells.index(tagged[0]) + 1}"
    try:
        parameters = parse_parameters(_source(tagged[0]), subject="parameters")
    except FaultyInputError as error:
        for fault in error.faults:
            yield Fault(
                where=where, message=f"{fault.message} (types: {', '.join(sorted(TYPES))})"
            )
        return
    if STUDY_PARAMETER not in [p.name for p in parameters]:
        message = f'there is no {STUDY_PARAMETER}: write {STUDY_PARAMETER}: str = "…"  # Study'
        yield Fault(where=where, message=message)
    for parameter in parameters:
        if not parameter.help:
            message = f"{parameter.name} has no help: write it after #"
            yield Fault(where=where, message=message)


def _first_assignments(cells: list[Json]) -> int:
    for number, cell in enumerate(cells, start=1):
        body = _parsed(cell)
        if body and all(isinstance(node, (ast.Assign, ast.AnnAssign)) for node in body):
            return number
    return 0


def _call_faults(cells: list[Json]) -> Iterator[Fault]:
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for cell in cells
        for top in _parsed(cell)
        for node in ast.walk(top)
        if isinstance(node, ast.Call)
    }
    for name, message in _NEEDED.items():
        if name not in called:
            yield Fault(message=message)
    if not any(c["cell_type"] == "markdown" and "#" in _source(c) for c in cells):
        yield Fault(message="there is no heading: the first one names the method")


def _tag_faults(cells: list[Json]) -> Iterator[Fault]:
    for number, cell in enumerate(cells, start=1):
        tags = _tags(cell)
        if "parameters" in tags or cell["cell_type"] == "raw" or not _source(cell).strip():
            continue
        depths = [tag for tag in tags if tag in DEPTHS]
        if len(depths) != 1:
            found = " and ".join(depths) or "none"
            yield Fault(
                where=f"cell {number}",
                message=f"one tag of {', '.join(DEPTHS)} says who is shown it; found {found}",
            )


def _picture_faults(cells: list[Json]) -> Iterator[Fault]:
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "markdown":
            yield from _markdown_picture_faults(f"cell {number}", _source(cell))
        for output in cell.get("outputs", []):
            for kind in _PICTURES:
                about = output.get("metadata", {}).get(kind, {})
                if kind in output.get("data", {}) and not about.get("alt"):
                    yield Fault(
                        where=f"cell {number}",
                        message="it shows a picture without alternative text: show a cx.Figure "
                        "(alt_text=…) through record(…)",
                    )


def _markdown_picture_faults(where: str, source: str) -> Iterator[Fault]:
    for alternative, target in _MARKDOWN_PICTURE.findall(source):
        if not alternative.strip():
            message = f"picture {target} has no alternative text: ![what it shows]({target})"
            yield Fault(where=where, message=message)
        if not target.startswith(("attachment:", "data:image/")):
            message = (
                f"picture {target} is another file, and a template is one: paste the picture "
                "into the cell, which attaches it"
            )
            yield Fault(where=where, message=message)


def _stripped(path: Path) -> str:
    with without_slow_imports():
        import nbformat

    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        cell.metadata = {"tags": _tags(cell)}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return f"{nbformat.writes(notebook)}\n"  # type: ignore[no-untyped-call]


def _parsed(cell: Json) -> list[ast.stmt]:
    if cell["cell_type"] != "code":
        return []
    try:
        return ast.parse(_source(cell)).body
    except SyntaxError:  # a cell with a magic
        return []


def _source(cell: Json) -> str:
    return str(cell["source"])


def _tags(cell: Json) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))
