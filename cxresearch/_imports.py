"""Imports that would cost seconds for something this package never uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# jsonschema imports it to check the format "iri", and it builds about 35 parsers while being
# imported (2 to 3 s). Notebooks hold no such field.
_SLOW = "rfc3987_syntax"


@contextmanager
def without_slow_imports() -> Iterator[None]:
    """Import papermill, nbformat or nbconvert inside this block in a third of the time.

    jsonschema treats the format checker as optional; here it is told that there is none. A
    checker that was imported before stays in place, and one that is asked for later is found.

    Examples
    --------
    >>> with without_slow_imports():
    ...     import nbformat
    >>> "rfc3987_syntax" in sys.modules and sys.modules["rfc3987_syntax"] is None
    False
    """
    if _SLOW in sys.modules:
        yield
        return
    sys.modules[_SLOW] = None  # type: ignore[assignment]  # what import reads as "not there"
    try:
        yield
    finally:
        if sys.modules.get(_SLOW, ...) is None:
            del sys.modules[_SLOW]
