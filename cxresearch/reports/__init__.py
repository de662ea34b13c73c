"""Reports: a run folder rendered as one HTML page that needs nothing else."""

from __future__ import annotations

from cxresearch._lazy import lazy_names, names_in_stub

_MODULE_OF = names_in_stub(__name__, __file__)

__all__ = [*_MODULE_OF]

__getattr__ = lazy_names(__name__, _MODULE_OF)
