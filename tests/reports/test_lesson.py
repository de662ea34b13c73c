"""A lesson as a page: its formulas can be read offline, and nothing is loaded."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from cxresearch.reports.lesson import LessonExporter

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
LESSONS = [
    path for path in sorted(NOTEBOOKS.rglob("*.ipynb")) if not path.parent.name.startswith(".")
]
EXPORTER = LessonExporter()


def page(*cells: nbformat.NotebookNode) -> str:
    return EXPORTER.from_notebook_node(nbformat.v4.new_notebook(cells=[*cells]))[0]


def test_formulas_are_mathml() -> None:
    cell = nbformat.v4.new_markdown_cell("With $R_j^2$:\n\n$$\\frac{1}{1 - R_j^2}$$")
    html = page(cell)
    assert "<math><msubsup><mi>R</mi><mi>j</mi><mn>2</mn></msubsup></math>" in html
    assert '<math display="block"><mfrac>' in html
    assert "$" not in html[html.index("<main>") :]


def test_money_in_code_and_text_is_not_a_formula() -> None:
    html = page(nbformat.v4.new_markdown_cell("It costs \\$5, and `$HOME` is a folder."))
    assert "<math" not in html
    assert "$HOME" in html


def test_nothing_is_loaded_and_nothing_runs() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("Text."), nbformat.v4.new_code_cell("1 + 1")],
        metadata={"widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}}},
    )
    html = EXPORTER.from_notebook_node(notebook)[0]
    assert "<script" not in html
    assert "widgets" in notebook.metadata
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//|@import|url\(['\"]?http", html)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_formula_of_the_course_can_be_rendered(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "markdown"]
    html = "".join(EXPORTER.markdown2html({}, source) for source in sources)
    assert 'class="math"' not in html
    assert html.count('<math display="block">') == sum(s.count("$$") // 2 for s in sources)
