"""Customer-experience research: from raw answers to filed, defensible reports.

The public names are listed in ``__init__.pyi``, beside this file, and imported when first used.

>>> import cxresearch as cx
>>> "servqual_gaps" in dir(cx)
True
"""

from __future__ import annotations

from cxresearch._lazy import lazy_names, names_in_stub

__version__ = "0.1.0"

_MODULE_OF = names_in_stub(__name__, __file__)

__all__ = ["__version__", *_MODULE_OF]

__getattr__ = lazy_names(__name__, _MODULE_OF)


def __dir__() -> list[str]:
    return sorted(__all__)
