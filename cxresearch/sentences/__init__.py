"""Sentences made from results, each with its evidence and how sure it is.

`findings` is had from the module that knows every result; the others need no statistics to be
loaded, so that a report can be rendered without.
"""

from __future__ import annotations

from cxresearch._lazy import lazy_names, names_in_stub

_MODULE_OF = names_in_stub(__name__, __file__)

__all__ = [*_MODULE_OF]

__getattr__ = lazy_names(__name__, _MODULE_OF)
