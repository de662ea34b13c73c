"""Templates and tutorials: no outputs in git, typed parameters, calls only, and they run."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from cxresearch.runs import read_template

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = sorted((ROOT / "templates").glob("*.ipynb"))
TUTORIALS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
DEPTHS = {"manager", "analyst", "student"}
NOT_IN_TEMPLATES = (
    ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.comprehension, ast.Lambda, ast.BinOp,
)  # fmt: skip


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", [*TEMPLATES, *TUTORIALS], ids=name)
def test_notebooks_in_git_carry_no_outputs(path: Path) -> None:
    assert all(not c.outputs and c.execution_count is None for c in code_cells(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_parameter_of_a_template_is_typed_and_explained(path: Path) -> None:
    template = read_template(path)
    assert template.title
    assert all(parameter.help for parameter in template.parameters)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_template_cells_only_call_the_package(path: Path) -> None:
    for cell in code_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            findings_joined = isinstance(node, ast.BinOp) and "cx.findings" in cell.source
            battery_or_none = "parameters" in cell.metadata.tags
            if not findings_joined and not battery_or_none:
                assert not isinstance(node, NOT_IN_TEMPLATES), f"{cell.source!r}"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_cell_of_a_template_has_one_depth(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        tags = set(cell.metadata.get("tags", []))
        assert "parameters" in tags or len(tags & DEPTHS) == 1, cell.source


@pytest.mark.notebook
@pytest.mark.parametrize("path", TUTORIALS, ids=name)
def test_tutorials_run_from_top_to_bottom(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": ROOT}}).execute()
