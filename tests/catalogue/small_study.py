"""A small study with its own template, for tests of what can go wrong."""

from __future__ import annotations

from pathlib import Path

import nbformat

CODEBOOK = """\
survey: Small
response_scales:
  agree7: {range: [1, 7], anchors: {1: never, 7: always}}
columns:
  respondent: {column: id, role: id}
  branch: {column: branch, role: segment, values: {1: North, 2: South, 3: West}}
batteries:
  servqual:
    scale: agree7
    parts: {expectation: "E{item}", perception: "P{item}"}
    dimensions:
      reliability: {1: Keeps promises, 2: On time}
"""
STUDY = """\
title: Do we keep our promises?
method: small
codebook: codebook.yaml
data: responses.csv
population: Everybody
parameters: {seed: 5}
"""
SETUP = """\
import cxresearch as cx

record = cx.open_record()
responses = cx.load_study(study_name).responses()
record(responses)"""
TELL = """\
from cxresearch.shown import Finding

rated = responses.frame["P1"].astype(float)
middle, error = float(rated.mean()), float(rated.sem())
record(
    [
        Finding(
            message="m",
            text=f"Kept: {middle:.2f}.",
            sure="clear",
            rank=1.0,
            result="r",
            term="kept",
            values={"name": "Kept"},
            estimate=middle,
            conf_low=middle - 1.96 * error,
            conf_high=middle + 1.96 * error,
            unit="points",
        )
    ]
)"""
SHOW = """\
from cxresearch.shown import Figure

record(Figure(name="gaps", svg="<svg viewBox='0 0 9 9'/>", alt_text="A gap.", caption="C."))"""


def answers(sizes: dict[int, int]) -> str:
    """Return a table with so many respondents in each branch, answers by a fixed rule."""
    rows = ["id,branch,E1,E2,P1,P2"]
    for branch, size in sizes.items():
        for number in range(size):
            low = 1 + (number * 7 + branch) % 5
            rows.append(f"{branch}-{number},{branch},7,6,{min(low + branch, 7)},{low}")
    return "\n".join(rows) + "\n"


def write_template(workspace: Path, *sources: str) -> None:
    v4 = nbformat.v4
    book = v4.new_notebook()
    book.cells.append(v4.new_markdown_cell("# Small method"))
    parameters = (
        'study_name: str = "small"  # Study\nseed: int = 1  # Seed {0..99}\n'
        "min_cell: int = 5  # Smallest group {2..100}\n"
    )
    book.cells.append(v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    for number, source in enumerate(sources, start=1):
        book.cells.append(v4.new_markdown_cell(f"## Step {number}"))
        book.cells.append(v4.new_code_cell(source))
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"
    (workspace / "templates").mkdir(exist_ok=True)
    nbformat.write(book, workspace / "templates" / "small.ipynb")


def write_study(
    workspace: Path, name: str = "small", *, more: str = "", sizes: dict[int, int] | None = None
) -> Path:
    study = workspace / "data" / name
    study.mkdir(parents=True)
    for file, text in (
        ("study.yaml", STUDY + more),
        ("codebook.yaml", CODEBOOK),
        ("responses.csv", answers(sizes or {1: 12, 2: 9, 3: 8})),
    ):
        (study / file).write_text(text, encoding="utf-8")
    return study


def small_workspace(folder: Path, *sources: str) -> Path:
    write_study(folder)
    write_template(folder, *(sources or (SETUP, SHOW, TELL)))
    return folder
