"""Every public name can be had from the package, and type checkers know the same names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cxresearch as cx


def names_for_type_checkers() -> list[tuple[str | None, str, str | None]]:
    tree = ast.parse(Path(cx.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return [(node.module, alias.name, alias.asname) for node in imports for alias in node.names]


@pytest.mark.parametrize("name", cx.__all__)
def test_a_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(cx, name) is not None
    assert name.startswith("__") or getattr(cx, name).__doc__


def test_type_checkers_know_the_names_that_are_there() -> None:
    there = [(f"cxresearch.{module}", name, name) for name, module in cx._MODULE_OF.items()]
    assert sorted(names_for_type_checkers()) == sorted(there)
    assert cx.__all__ == ["__version__", *cx._MODULE_OF]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'servqual_gap'"):
        cx.servqual_gap  # noqa: B018
