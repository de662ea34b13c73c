"""Reports: a run folder rendered as one HTML page that needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

if TYPE_CHECKING:
    from cxresearch.reports.first_screen import headline
    from cxresearch.reports.page_parts import page_file, security_policy
    from cxresearch.reports.render import REPORT, render_report, write_report

__all__ = [
    "REPORT",
    "headline",
    "page_file",
    "render_report",
    "security_policy",
    "write_report",
]

__getattr__ = lazy_names(
    __name__,
    {
        "REPORT": "render",
        "headline": "first_screen",
        "page_file": "page_parts",
        "render_report": "render",
        "security_policy": "page_parts",
        "write_report": "render",
    },
)
