"""Display tables: results in, formatted text with notes out.

Each name is imported when first used: a method needs a few of them only.
"""

from __future__ import annotations

from cxresearch._lazy import lazy_names, names_in_stub

_MODULE_OF = names_in_stub(__name__, __file__)

__all__ = [*_MODULE_OF]

__getattr__ = lazy_names(__name__, _MODULE_OF)
