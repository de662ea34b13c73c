"""Sentences made from results, each with its evidence and how sure it is.

`findings` is had from the module that knows every result; the others need no statistics to be
loaded, so that a report can be rendered without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

if TYPE_CHECKING:
    from cxresearch.sentences._base import sureness
    from cxresearch.sentences._render import retell
    from cxresearch.sentences.analysis_plan import mark_planned
    from cxresearch.sentences.flow import describe_flow
    from cxresearch.sentences.known import findings
    from cxresearch.sentences.together import read_together

__all__ = [
    "describe_flow",
    "findings",
    "mark_planned",
    "read_together",
    "retell",
    "sureness",
]

__getattr__ = lazy_names(
    __name__,
    {
        "describe_flow": "flow",
        "findings": "known",
        "mark_planned": "analysis_plan",
        "read_together": "together",
        "retell": "_render",
        "sureness": "_base",
    },
)
