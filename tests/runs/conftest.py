"""Tiny templates that need no study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from cxresearch.runs import Template, read_template

MakeTemplate = Callable[..., Template]

PARAMETERS = 'study_name: str = "none"  # Study\nseed: int = 1  # Seed\n'


@pytest.fixture
def make_template(tmp_path: Path) -> MakeTemplate:
    """Return a function that writes a template with one step for each given source."""

    def make(*sources: str) -> Template:
        v4 = nbformat.v4
        notebook = v4.new_notebook(
            metadata={"kernelspec": {"name": "python3", "display_name": "P"}}
        )
        notebook.cells.append(v4.new_markdown_cell("# Mini"))
        notebook.cells.append(v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}))
        for number, source in enumerate(sources, start=1):
            notebook.cells.append(v4.new_markdown_cell(f"## Step {number}"))
            notebook.cells.append(v4.new_code_cell(source))
        path = tmp_path / "templates" / "mini.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, path)
        return read_template(path)

    return make
