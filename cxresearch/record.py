"""What a running template keeps: results, figures, tables and findings, as files of its run."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from cxresearch._files import add_to_json, read_json, write_json, write_text
from cxresearch._rows import values_of
from cxresearch._types import Json
from cxresearch.errors import CxError
from cxresearch.responses.model import Flow, Responses
from cxresearch.results import SCHEMA, Result
from cxresearch.shown import DisplayTable, Figure, Finding

RUN_FOLDER = "CXRESEARCH_RUN_FOLDER"
"""Environment variable that names the folder of the run; absent outside a run."""

MIME_TYPE = "application/vnd.cxresearch.output+json"
"""Marks a cell output as recorded, so that the report finds the file behind it."""

_NAME = re.compile(r"[a-z0-9_]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Recordable = Result | Figure | DisplayTable | Flow | Responses | Sequence[Finding]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Recorded:
    """A value that was recorded; shows itself in the cell as the value would.

    Attributes
    ----------
    kind : {"result", "figure", "table", "findings", "flow"}
    name : str
        Name of the output, unique within its kind.
    value : object
        The value itself.
    """

    kind: str
    name: str
    value: Any

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data: dict[str, Any] = {MIME_TYPE: {"kind": self.kind, "name": self.name}}
        metadata: dict[str, Any] = {}
        if isinstance(self.value, Figure):
            own, metadata = self.value._repr_mimebundle_()
            return data | own, metadata
        data["text/html"] = _html(self.value)
        data["text/plain"] = f"{self.kind} {self.name}"
        return data, metadata


class Recorder:
    """Keeps what a notebook finds as files of its run.

    Parameters
    ----------
    folder : Path or None
        Folder of the run; None keeps nothing and only shows.

    Examples
    --------
    >>> from cxresearch.shown import Finding
    >>> record = Recorder(None)
    >>> told = Finding(message="m", text="Told.", sure="clear", rank=1.0, result="nps")
    >>> record([told]).kind
    'findings'
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._taken: set[tuple[str, str]] = set()
        self._size = 0

    def __repr__(self) -> str:
        kept = "shows only, keeps nothing" if self.folder is None else f"keeps in {self.folder}"
        return f"Recorder({kept})"

    def __call__(self, value: Recordable | None, name: str | None = None) -> Recorded | None:
        """Record a value and return it in a form that shows itself in the cell.

        Parameters
        ----------
        value : Result, Figure, DisplayTable, Flow, Responses or sequence of Finding
            None (nothing to show, e.g. no segments) is passed through. Of responses only the
            flow is kept: answers never enter a run folder.
        name : str, optional
            Name of the output: small letters, digits and underscores. Without it a result has
            its kind, a figure or table its own name.

        Raises
        ------
        CxError
            The kind of value cannot be recorded, the name is malformed or taken, or a figure
            has no alternative text.
        """
        if value is None:
            return None
        kind, keep = _keeper(value)
        chosen = name if name is not None else _own_name(kind, value)
        if not _NAME.fullmatch(chosen):
            raise CxError(
                f"name of a recorded {kind} must be small letters, digits and underscores; "
                f"got {chosen!r}"
            )
        if isinstance(value, Figure):
            _check_figure(value, chosen)
        if self.folder is not None:
            chosen = self._append(kind, chosen, lambda taken: keep(self._root, taken, value))
        return Recorded(kind=kind, name=chosen, value=value)

    @property
    def _root(self) -> Path:
        if self.folder is None:
            raise CxError("this recorder keeps nothing: it was opened outside a run")
        return self.folder

    def _append(self, kind: str, name: str, keep: Callable[[str], Json]) -> str:
        listing = self._root / "outputs.json"
        if _size(listing) != self._size:
            self._look_again(listing)
        taken = {own for other, own in self._taken if other == kind}
        if kind == "findings" and name in taken:
            name = f"{name}_{len(taken) + 1}"
        if name in taken:
            raise CxError(
                f"a {kind} named {name!r} is recorded already; give this one its own name: "
                f"record(value, name='{name}_2')"
            )
        entry = {"kind": kind, "name": name, **keep(name)}
        if self._taken:
            add_to_json(listing, entry)
        else:
            _write_listing(listing, [entry])
        self._taken.add((kind, name))
        self._size = _size(listing)
        return name

    def _look_again(self, listing: Path) -> None:
        """Read the listing that another recorder of this run has written, or added to."""
        outputs = read_json(listing)["outputs"] if listing.exists() else []
        if outputs:
            _write_listing(listing, outputs)
        self._taken = {(entry["kind"], entry["name"]) for entry in outputs}


def open_record() -> Recorder:
    """Return the recorder of the run this notebook is in; outside a run one that only shows.

    A run says so through the environment variable ``CXRESEARCH_RUN_FOLDER``.

    Examples
    --------
    >>> record = open_record()
    >>> record.folder is None
    True
    """
    folder = os.environ.get(RUN_FOLDER)
    return Recorder(Path(folder) if folder else None)


def _keeper(value: Any) -> tuple[str, Callable[[Path, str, Any], Json]]:
    if isinstance(value, Result):
        return "result", _keep_result
    if isinstance(value, Figure):
        return "figure", _keep_figure
    if isinstance(value, DisplayTable):
        return "table", _keep_table
    if isinstance(value, (Flow, Responses)):
        return "flow", _keep_flow
    if isinstance(value, (tuple, list)) and all(isinstance(item, Finding) for item in value):
        return "findings", _keep_findings
    raise CxError(
        f"a {type(value).__name__} cannot be recorded; allowed are a result, a figure, a "
        "display table, findings, responses or their flow"
    )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _write_listing(file: Path, outputs: list[Json]) -> None:
    write_json(file, {"schema": SCHEMA, "outputs": outputs}, depth=2)


def _own_name(kind: str, value: Any) -> str:
    if kind == "result":
        return str(value.kind)
    return kind if kind in ("findings", "flow") else str(value.name)


def _check_figure(figure: Figure, name: str) -> None:
    if not figure.alt_text.strip():
        raise CxError(f"figure {name!r} has no alternative text; say in alt_text what it shows")
    if "<svg" not in figure.svg:
        raise CxError(f"figure {name!r} is not SVG")


def _keep_result(folder: Path, name: str, result: Result) -> Json:
    file = f"results/{name}.json"
    write_json(folder / file, result.to_dict())
    return {"file": file, "result": result.kind}


def _keep_figure(folder: Path, name: str, figure: Figure) -> Json:
    file, narrow = f"figures/{name}.svg", ""
    write_text(folder / file, figure.svg)
    if figure.svg_narrow:
        narrow = f"figures/{name}.narrow.svg"
        write_text(folder / narrow, figure.svg_narrow)
    return {
        "file": file,
        "file_narrow": narrow,
        "caption": figure.caption,
        "alt_text": figure.alt_text,
    }


def _keep_table(folder: Path, name: str, table: DisplayTable) -> Json:
    file = f"tables/{name}.csv"
    write_text(folder / file, table_to_csv(table.data))
    return {
        "file": file,
        "caption": table.caption,
        "columns": [str(column) for column in table.shown.columns],
        "rows": [[str(cell) for cell in row] for row in values_of(table.shown)],
        "numeric": list(table.numeric),
        "notes": list(table.notes),
    }


def _keep_flow(folder: Path, name: str, value: Flow | Responses) -> Json:
    flow = value.flow if isinstance(value, Responses) else value
    file = f"results/{name}.json"
    write_json(folder / file, flow_to_dict(flow))
    return {"file": file}


def _keep_findings(folder: Path, name: str, told: Sequence[Finding]) -> Json:
    file = folder / "results" / "findings.json"
    before = read_json(file) if file.exists() else []
    added = [_json_safe(finding.to_dict()) for finding in told]
    write_json(file, [*before, *added])
    return {"file": "results/findings.json", "first": len(before), "count": len(added)}


def flow_to_dict(flow: Flow) -> Json:
    """Return read → excluded, by reason → analysed as plain JSON values."""
    return {
        "schema": SCHEMA,
        "kind": "flow",
        "read": flow.read,
        "steps": [asdict(step) for step in flow.steps],
        "analysed": flow.analysed,
    }


def table_to_csv(data: pd.DataFrame) -> str:
    """Return a frame as CSV at full precision that a spreadsheet cannot take for formulas.

    Text that starts with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return gets an
    apostrophe in front, as OWASP advises against CSV injection; numbers stay as they are.

    Examples
    --------
    >>> print(table_to_csv(pd.DataFrame({"item": ["=1+1", "staff"], "gap": [-0.5, 0.25]})))
    item,gap
    '=1+1,-0.5
    staff,0.25
    <BLANKLINE>
    """
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_harmless(str(name)) for name in data.columns])
    writer.writerows([[_cell(value) for value in row] for row in values_of(data)])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Return a value as CSV has it: nothing where there is none, no text that is a formula."""
    if isinstance(value, str):
        return _harmless(value)
    return "" if value is None or value is pd.NA or value != value else value


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json_safe(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _json_safe(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_safe(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _html(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return (
            "<ul>" + "".join(f"<li>{escape(finding.text)}</li>" for finding in value) + "</ul>"
        )
    return str(value._repr_html_())
