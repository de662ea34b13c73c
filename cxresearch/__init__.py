"""Customer-experience research: from raw answers to filed, defensible reports.

>>> import cxresearch as cx
>>> "servqual_gaps" in dir(cx)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cxresearch.codebook import Codebook, codebook_schema, load_codebook
    from cxresearch.errors import CxError, CxWarning
    from cxresearch.plots import plot_dimensions, plot_gaps, plot_items, plot_segments
    from cxresearch.psychometrics import ScaleReliabilityResult, scale_reliability
    from cxresearch.record import Recorder, open_record
    from cxresearch.responses.load import load_responses
    from cxresearch.responses.model import Responses
    from cxresearch.responses.read import read_table
    from cxresearch.results import Result
    from cxresearch.sentences import describe_flow, findings, retell
    from cxresearch.servqual import ServqualGapsResult, servqual_gaps
    from cxresearch.shown import DisplayTable, Figure, Finding
    from cxresearch.study import Study, list_studies, load_study, study_schema
    from cxresearch.tables import (
        display_differences,
        display_flow,
        display_gaps,
        display_missing,
        display_quality,
        display_reliability,
        display_segments,
    )

_MODULES = {
    "codebook": ("Codebook", "codebook_schema", "load_codebook"),
    "errors": ("CxError", "CxWarning"),
    "sentences": ("describe_flow", "findings", "retell"),
    "plots": ("plot_dimensions", "plot_gaps", "plot_items", "plot_segments"),
    "psychometrics": ("ScaleReliabilityResult", "scale_reliability"),
    "record": ("Recorder", "open_record"),
    "responses.load": ("load_responses",),
    "responses.model": ("Responses",),
    "responses.read": ("read_table",),
    "results": ("Result",),
    "servqual": ("ServqualGapsResult", "servqual_gaps"),
    "shown": ("DisplayTable", "Figure", "Finding"),
    "study": ("Study", "list_studies", "load_study", "study_schema"),
    "tables": (
        "display_differences",
        "display_flow",
        "display_gaps",
        "display_missing",
        "display_quality",
        "display_reliability",
        "display_segments",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = ["__version__", *_MODULE_OF]

__getattr__ = lazy_names(__name__, _MODULE_OF)


def __dir__() -> list[str]:
    return sorted(__all__)
