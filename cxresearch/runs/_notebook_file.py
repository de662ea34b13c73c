"""The cells of a notebook file, read without nbformat where nothing needs its help."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from cxresearch._imports import without_slow_imports
from cxresearch._types import Json
from cxresearch.errors import TemplateError

_KINDS = {
    "code": {"cell_type", "id", "metadata", "source", "outputs", "execution_count"},
    "markdown": {"cell_type", "id", "metadata", "source"},
}
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_WITH_IDS = 5


def read_cells(path: Path) -> list[Json]:
    """Return the cells of a notebook, each source as one text.

    nbformat takes 0.2 s to be imported and to make its validator. A notebook of the present
    format whose cells have no outputs is plain enough to be read without; any other is read,
    converted and judged by nbformat.

    Raises
    ------
    TemplateError
        The file is no notebook.
    """
    try:
        cells = _plain_cells(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        cells = None
    return cells_by_nbformat(path, what="template ") if cells is None else cells


def _plain_cells(notebook: Any) -> list[Json] | None:
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        return None
    minor, cells = notebook.get("nbformat_minor"), notebook.get("cells")
    if type(minor) is not int or minor < _WITH_IDS or not isinstance(cells, list):
        return None
    if not isinstance(notebook.get("metadata"), dict) or not all(map(_is_plain, cells)):
        return None
    ids = [cell["id"] for cell in cells]
    if len(set(ids)) < len(ids):
        return None
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def _is_plain(cell: Any) -> bool:
    known = _KINDS.get(str(cell.get("cell_type"))) if isinstance(cell, dict) else None
    if known is None or cell.keys() != known or cell.get("outputs", []) != []:
        return False
    source, tags = cell["source"], cell["metadata"]
    lines = source if isinstance(source, list) else [source]
    tags = tags.get("tags", []) if isinstance(tags, dict) else None
    return (
        all(isinstance(line, str) for line in lines)
        and isinstance(tags, list)
        and all(isinstance(tag, str) for tag in tags)
        and isinstance(cell["id"], str)
        and _ID.fullmatch(cell["id"]) is not None
        and type(cell.get("execution_count")) in (int, type(None))
    )


def cells_by_nbformat(path: Path, *, what: str = "") -> list[Json]:
    """Return the cells of a notebook that is checked against its schema.

    Raises
    ------
    TemplateError
        It cannot be read; `what` stands before its name.
    """
    with without_slow_imports():
        import nbformat

    try:
        notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "not a notebook"
        raise TemplateError(f"{what}{path.name} cannot be read: {first}") from error
    return list(notebook.cells)
