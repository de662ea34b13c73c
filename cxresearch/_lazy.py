"""Names of a room that are imported when first used: the command line must start fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def names_in_stub(room: str, file: str) -> dict[str, str]:
    """Return the names a package exports: name → module below the package.

    They are read from the stub beside its ``__init__.py``, the list that type checkers read:
    ``from <package>.<module> import <name> as <name>``, in one line or, if long, in brackets.

    Parameters
    ----------
    room, file : str
        ``__name__`` and ``__file__`` of the package.
    """
    found, module, before = {}, "", ""
    with open(f"{file}i", encoding="utf-8") as lines:
        text = "".join(line for line in lines if not line.startswith("#"))
    for word in text.translate(dict.fromkeys(map(ord, "(),"), " ")).split():
        if before == "from":
            module = word.removeprefix(f"{room}.")
        elif before == "as":
            found[word] = module
        before = word
    return found


def lazy_names(room: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a module-level ``__getattr__`` that finds each name in its module.

    Parameters
    ----------
    room : str
        ``__name__`` of the package.
    modules : mapping
        Name → module that defines it.
    """

    def find(name: str) -> Any:
        if name in modules:
            return getattr(import_module(f"{room}.{modules[name]}"), name)
        raise AttributeError(f"module {room!r} has no attribute {name!r}")

    return find
