"""Templates: typed parameters, steps, where they are looked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

import cxresearch as cx
from cxresearch.errors import TemplateError
from cxresearch.runs import _notebook_file, find_template, list_templates, read_template
from cxresearch.runs.template import parse_parameters


def parse(source: str) -> dict[str, object]:
    return {p.name: p for p in parse_parameters(source, subject="template t")}


def write(path: Path, *cells: tuple[str, str, list[str]]) -> Path:
    notebook = nbformat.v4.new_notebook()
    for kind, source, tags in cells:
        make = nbformat.v4.new_markdown_cell if kind == "m" else nbformat.v4.new_code_cell
        notebook.cells.append(make(source, metadata={"tags": tags}))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def test_types_defaults_helps_ranges_and_choices_are_read() -> None:
    found = parse_parameters(
        "level: float = 0.95  # Level of every interval {0.5..0.999}\n"
        "least: int = 10  # Smallest group {2..}\n"
        'p_adjust: str = "holm"  # Correction {holm|bh|none}\n'
        "battery: str | None = None  # Battery; none: the only one\n"
        "segments: list[str] = [  # ignored: the help stands at the end\n"
        '    "a",\n'
        "]  # Columns\n"
        "plain: bool = True\n",
        subject="template t",
    )
    assert [(p.name, p.type, p.default, p.help) for p in found] == [
        ("level", "float", 0.95, "Level of every interval"),
        ("least", "int", 10, "Smallest group"),
        ("p_adjust", "str", "holm", "Correction"),
        ("battery", "str | None", None, "Battery; none: the only one"),
        ("segments", "list[str]", ["a"], "Columns"),
        ("plain", "bool", True, ""),
    ]
    assert (found[0].low, found[0].high) == (0.5, 0.999)
    assert (found[1].low, found[1].high) == (2.0, None)
    assert found[2].choices == ("holm", "bh", "none")
    assert found[0].allowed == "a number from 0.5 to 0.999"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x = 1", "every line must be 'name: type = default"),
        ("import os", "every line must be"),
        ("x: dict = {}", "x has type dict; allowed are int, float"),
        ("x: int", "x has no default"),
        ("x: int = 1 + n", "the default must be a plain value"),
        ("x: int = 'a'", "the default must be a whole number; got 'a'"),
        ("x: float = 2.0  # h {0..1}", "the default must be a number from 0 to 1; got 2.0"),
        ("x: str = 'c'  # h {a|b}", "the default must be text, one of a, b; got 'c'"),
        ("x: int = 1  # h {1.2.3..4}", "the range .* is not two numbers"),
        ("x: int = ", "line 1: invalid syntax"),
    ],
)
def test_a_malformed_line_of_the_parameters_cell_is_a_fault(line: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        parse(line)


def test_all_faults_of_the_parameters_cell_are_listed_with_their_lines() -> None:
    with pytest.raises(TemplateError) as caught:
        parse("a: int = 'x'\nb = 2\nc: int = 1\nc: int = 2\n")
    assert [fault.where for fault in caught.value.faults] == [
        "parameters cell, line 1",
        "parameters cell, line 2",
        "parameters cell",
    ]


def test_each_code_cell_stands_under_the_heading_before_it(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mini.ipynb",
        ("m", "Some words\n\n# A *fine* `method`", []),
        ("c", "study_name: str = 'x'  # Study", ["parameters"]),
        ("m", "no heading", []),
        ("c", "a = 1", []),
        ("m", "## Gaps\n\ntext\n\n### Closer", []),
        ("c", "b = 2", []),
        ("c", "c = 3", []),
    )
    template = read_template(path)
    assert template.name == "mini"
    assert template.title == "A fine method"
    assert template.steps == ("A fine method", "A fine method", "Closer", "Closer")
    assert len(template.sha256) == 64


@pytest.mark.parametrize(("tagged", "found"), [(0, "no cell"), (2, "2 cells")])
def test_exactly_one_parameters_cell_is_needed(tmp_path: Path, tagged: int, found: str) -> None:
    cells = [("c", "x: int = 1", ["parameters"])] * tagged
    with pytest.raises(TemplateError, match=f"has {found} tagged 'parameters'"):
        read_template(write(tmp_path / "t.ipynb", *cells))


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.ipynb").write_text("{}", encoding="utf-8")
    with pytest.raises(TemplateError, match=r"template t\.ipynb cannot be read"):
        read_template(tmp_path / "t.ipynb")


def test_a_template_of_the_workspace_wins_over_the_shipped_one(tmp_path: Path) -> None:
    own = write(tmp_path / "templates" / "servqual.ipynb", ("c", "x: int = 1", ["parameters"]))
    assert find_template("servqual", tmp_path).path == own
    assert find_template("servqual", tmp_path / "empty").path != own
    write(tmp_path / "templates" / "mine.ipynb", ("c", "x: int = 1", ["parameters"]))
    assert {"mine", "servqual"} <= set(list_templates(tmp_path))


@pytest.mark.parametrize("method", ["servqal", "../templates/servqual", "", "a/b"])
def test_an_unknown_method_lists_those_there_are(method: str) -> None:
    with pytest.raises(TemplateError, match=r"has no template; there are .*'servqual'"):
        find_template(method)


def test_a_plain_notebook_is_read_as_nbformat_reads_it() -> None:
    for path in sorted(Path(cx.__file__).parent.parent.glob("templates/*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert _notebook_file._plain_cells(notebook) == _notebook_file.cells_by_nbformat(path)


@pytest.mark.parametrize(
    "harm",
    [
        {"nbformat": 3},
        {"nbformat_minor": 4},
        {"metadata": []},
        {"cells": {}},
        {"cells": [3]},
        {"cells": [{"cell_type": ["code"]}]},
    ],
)
def test_any_other_notebook_is_left_to_nbformat(harm: dict[str, Any]) -> None:
    plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    assert _notebook_file._plain_cells(plain) == []
    assert _notebook_file._plain_cells(plain | harm) is None


@pytest.mark.parametrize(
    "harm",
    [
        {"outputs": [{"output_type": "stream"}]},
        {"outputs": None},
        {"source": 3},
        {"metadata": {"tags": "parameters"}},
        {"id": "two words"},
        {"execution_count": "1"},
        {"more": 1},
    ],
)
def test_a_cell_that_is_not_plain_is_left_to_nbformat(harm: dict[str, Any]) -> None:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": ["x = ", "1"],
        "outputs": [],
        "execution_count": None,
    }
    plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (read,) = _notebook_file._plain_cells(plain) or []
    assert read["source"] == "x = 1"
    assert _notebook_file._plain_cells(plain | {"cells": [cell | harm]}) is None
    assert _notebook_file._plain_cells(plain | {"cells": [cell, cell]}) is None
