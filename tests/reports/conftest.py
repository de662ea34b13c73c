"""Run folders written by hand: a record, a notebook and what it recorded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pandas as pd
import pytest

from cxresearch.record import Recorder
from cxresearch.shown import DisplayTable, Figure, Finding

MakeRun = Callable[..., Path]

RECORD: dict[str, Any] = {
    "schema": 1,
    "run": "20261121T174210Z-3f9ac",
    "study": "bank-branches",
    "title": "Where do our branches fall short?",
    "description": "To decide where to begin.",
    "method": "servqual",
    "method_title": "SERVQUAL gap analysis",
    "population": "Customers of September 2026",
    "sample": "Every 20th visitor",
    "contact": "Quality team",
    "language": "en",
    "parameters": {"study_name": "bank-branches", "segments": ["branch"], "level": 0.9},
    "parameter_defaults": {
        "study_name": "bank-branches",
        "segments": ["branch"],
        "level": 0.95,
    },
    "parameter_help": {"level": "Level of every interval"},
    "settings": {"level": 0.9},
    "template": {"file": "servqual.ipynb", "sha256": "9c41" * 16},
    "codebook": {"file": "codebook.yaml", "sha256": "77b0" * 16},
    "data": [{"wave": "", "file": "responses.csv", "sha256": "ab" * 32}],
    "package": {"version": "0.1.0", "code_sha256": "cd" * 32},
    "respondents": {
        "read": 412,
        "analysed": 391,
        "steps": [
            {"rule": "duplicated", "detail": "respondent", "excluded": 9},
            {"rule": "longest_string", "detail": "", "excluded": 12},
        ],
        "sources": [],
    },
    "environment": {"python": "3.11.7", "system": "Linux", "packages": {"numpy": "2.4.6"}},
    "git": {"commit": "f" * 40, "dirty": True},
    "seed": 2026,
    "started": "2026-11-21T17:42:10.000+00:00",
    "ended": "2026-11-21T17:42:12.300+00:00",
    "seconds": 2.3,
    "status": "completed",
    "error": None,
}

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'viewBox="0 0 {width} 90"><defs><clipPath id="c"><path d="M 0 0"/></clipPath></defs>'
    '<g clip-path="url(#c)"><use xlink:href="#c"/><text x="4" y="20" '
    'style="font-size: 13px; fill: var(--ink, #1b2430)">{label}</text></g></svg>'
)


def figure(name: str = "gaps", *, label: str = "Reliability", **changes: str) -> Figure:
    """A small figure in two layouts."""
    values = {
        "name": name,
        "svg": SVG.format(width=720, label=label),
        "svg_narrow": SVG.format(width=360, label=label),
        "alt_text": "The widest gap is reliability, −0.82.",
        "caption": "Means of 391 customers.",
    }
    return Figure(**{**values, **changes})


def table(label: str = "Reliability", name: str = "gaps_by_item") -> DisplayTable:
    """A table that is wider than a phone."""
    wide = {f"Column number {i}": ["−0.82"] for i in range(9)}
    return DisplayTable(
        name=name,
        caption="Gaps by item",
        shown=pd.DataFrame({"Item": [label], **wide}),
        data=pd.DataFrame({"item": [label], "gap": [-0.8200000000000001]}),
        numeric=tuple(wide),
        notes=("Gap in points.",),
    )


def finding(text: str, rank: float, **changes: Any) -> Finding:
    """A finding with its interval."""
    values: dict[str, Any] = {
        "message": "findings.shortfall",
        "sure": "clear",
        "result": "servqual_gaps",
        "term": "reliability",
        "group": "all",
        "estimate": -0.82,
        "conf_low": -0.95,
        "conf_high": -0.69,
        "unit": "points",
    }
    return Finding(text=text, rank=rank, **{**values, **changes})


FINDINGS = (
    finding("Responsiveness falls short by −0.61.", 5, estimate=-0.61),
    finding("Reliability falls short by −0.82.", 9, values={"name": "reliability"}),
    finding("Begin with promises.", 1, topic="action", values={"item": "promises"}),
    finding("Answers are consistent.", 1, topic="quality"),
)


def cells(*parts: tuple[Any, ...]) -> list[Any]:
    """Markdown (``"m"``) and code (``"c"``) cells: kind, source, outputs, tags."""
    v4, made = nbformat.v4, []
    for kind, source, *rest in parts:
        outputs: Iterable[Any] = rest[0] if kind == "c" and rest else ()
        tags = list(rest[-1]) if rest and rest[-1] and isinstance(rest[-1][0], str) else []
        metadata = {"tags": tags}
        if kind == "m":
            made.append(v4.new_markdown_cell(source, metadata=metadata))
        else:
            shown = [o for o in outputs if not isinstance(o, str)]
            made.append(v4.new_code_cell(source, outputs=shown, metadata=metadata))
    return made


def shown_as(value: Any) -> Any:
    """The cell output that a recorded value leaves."""
    data, metadata = value._repr_mimebundle_()
    return nbformat.v4.new_output("execute_result", data=data, metadata=metadata)


def display(data: dict[str, str], **metadata: Any) -> Any:
    """An output that was not recorded."""
    return nbformat.v4.new_output("display_data", data=data, metadata=metadata)


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Return a function that writes a run folder: values to record, further cells, record."""

    def make(*values: Any, extra: Iterable[Any] = (), **record: Any) -> Path:
        folder = tmp_path / "reports" / "bank-branches" / "20261121T174210Z-3f9ac"
        folder.mkdir(parents=True, exist_ok=True)
        keep = Recorder(folder)
        notebook = nbformat.v4.new_notebook()
        notebook.cells = cells(
            ("m", "# SERVQUAL gap analysis\n\nGap is *received* minus expected.", ["manager"]),
            ("c", 'study_name: str = "x"  # Study', (), ["parameters"]),
            ("m", "## Study and answers\n\nWhat came back.", ["analyst", "data"]),
            ("c", "responses", [display({"text/plain": "412 < 500"})], ["analyst", "data"]),
        )
        for number, value in enumerate(values, start=1):
            output = shown_as(keep(value))
            notebook.cells += cells(
                ("m", f"## Part {number}", ["manager"]),
                ("c", f"record(value_{number})", [output], ["manager"]),
            )
        notebook.cells += list(extra)
        nbformat.write(notebook, folder / "executed.ipynb")
        if not (folder / "outputs.json").exists():
            (folder / "outputs.json").write_text(
                '{"schema": 1, "outputs": []}', encoding="utf-8"
            )
        text = json.dumps({**RECORD, **record}, ensure_ascii=False)
        (folder / "run.json").write_text(text, encoding="utf-8")
        return folder

    return make


@pytest.fixture
def given() -> Any:
    """The builders of this file, for tests that record their own values."""
    return SimpleNamespace(
        figure=figure,
        table=table,
        finding=finding,
        findings=FINDINGS,
        cells=cells,
        display=display,
        shown_as=shown_as,
        record=RECORD,
    )


SAMPLES = Path(__file__).resolve().parents[2] / "data"
QUICK = {"hotel-stays": {"n_boot": 200}}


@pytest.fixture(scope="session")
def sample_reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report of each sample study, run once for all workers."""
    import fcntl
    import os

    from cxresearch.catalogue import find_run, run_study
    from cxresearch.study import load_study

    own = tmp_path_factory.getbasetemp()
    root = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "samples"
    root.mkdir(exist_ok=True)
    names = sorted(path.name for path in SAMPLES.iterdir() if (path / "study.yaml").exists())
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names:
            if not (root / "reports" / name).is_dir():
                shutil.copytree(SAMPLES / name, root / "data" / name, dirs_exist_ok=True)
                study = load_study(root / "data" / name)
                run_study(study, workspace=root, settings=QUICK.get(name, {}))
    return {name: find_run(root / "reports", name).report for name in names}
