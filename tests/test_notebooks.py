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
REPRODUCTIONS = sorted((ROOT / "notebooks" / "reproductions").glob("*.ipynb"))
TUTORIALS = [
    path
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb"))
    if path not in REPRODUCTIONS and ".ipynb_checkpoints" not in path.parts
]
DEPTHS = {"manager", "analyst", "student"}
NOT_IN_TEMPLATES = (
    ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.comprehension, ast.Lambda, ast.BinOp,
)  # fmt: skip


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", [*TEMPLATES, *TUTORIALS, *REPRODUCTIONS], ids=name)
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


@pytest.mark.notebook
@pytest.mark.parametrize("path", REPRODUCTIONS, ids=name)
def test_reproductions_end_in_a_table_that_agrees_or_says_why(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    asked = "type(_).__name__, len(_.estimates), list(_.estimates.query('~agrees')['note'])"
    notebook.cells.append(nbformat.v4.new_code_cell(asked))
    NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": path.parent}}
    ).execute()
    kind, count, reasons = ast.literal_eval(notebook.cells[-1].outputs[0]["data"]["text/plain"])
    assert kind == "Reproduction"
    assert count > 0
    assert all(reasons)
    printed = f"{count - len(reasons)} of {count} numbers reproduced"
    assert printed in notebook.cells[-2].outputs[0]["data"]["text/html"]
    assert f"]({path.name})" in listed(path)
    assert f"| {count - len(reasons)} of {count} |" in listed(path)


def listed(path: Path) -> str:
    """The line of a reproduction in the table of all."""
    lines = (path.parent / "README.md").read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if f"]({path.name})" in line), "")


def test_reproductions_cover_every_method() -> None:
    methods = {path.stem.split("-")[0] for path in REPRODUCTIONS}
    assert methods == {"gap", "drivers", "peak", "psychometrics"}
    assert len(REPRODUCTIONS) >= 10


@pytest.mark.parametrize("path", [*TUTORIALS, *REPRODUCTIONS], ids=name)
def test_notebooks_use_public_names_only(path: Path) -> None:
    for cell in code_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("cxresearch"), cell.source
            if isinstance(node, ast.Import):
                assert not any(n.name.startswith("cxresearch.") for n in node.names), (
                    cell.source
                )


@pytest.mark.parametrize("path", REPRODUCTIONS, ids=name)
def test_ids_of_cells_are_unique_across_reproductions(path: Path) -> None:
    others = [other for other in REPRODUCTIONS if other != path]
    own = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    taken = {cell.id for other in others for cell in nbformat.read(other, as_version=4).cells}
    assert len(set(own)) == len(own)
    assert not taken & set(own)
