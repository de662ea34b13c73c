"""Every public name can be had from the package, and type checkers know the same names."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import cxresearch as cx

PACKAGE = Path(cx.__file__).parent
STUBS = sorted(PACKAGE.rglob("__init__.pyi"))


def names_for_type_checkers(stub: Path) -> dict[str, str]:
    """Return what a stub exports and from where, as type checkers read it."""
    tree = ast.parse(stub.read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    names = [
        (alias.asname, alias.name, node.module) for node in imports for alias in node.names
    ]
    assert all(shown == name for shown, name, _ in names)
    assert len({name for name, *_ in names}) == len(names)
    return {name: str(module) for name, _, module in names}


@pytest.mark.parametrize("name", cx.__all__)
def test_a_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(cx, name) is not None
    assert name.startswith("__") or getattr(cx, name).__doc__


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.parent.name)
def test_type_checkers_know_the_names_that_are_there(stub: Path) -> None:
    package = ".".join(["cxresearch", *stub.relative_to(PACKAGE).parts[:-1]])
    room = importlib.import_module(package)
    there = {name: f"{package}.{module}" for name, module in room._MODULE_OF.items()}
    assert names_for_type_checkers(stub) == there
    assert set(room.__all__) - {"__version__"} == set(there)
    assert all(getattr(room, name) is not None for name in there)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'servqual_gap'"):
        cx.servqual_gap  # noqa: B018
