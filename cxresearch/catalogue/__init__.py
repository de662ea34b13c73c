"""The catalogue: studies run and filed, runs found again, one page that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

if TYPE_CHECKING:
    from cxresearch.catalogue.checking import CheckOutcome, check_study
    from cxresearch.catalogue.filings import Filing, find_run, index_filings
    from cxresearch.catalogue.index import write_index
    from cxresearch.catalogue.opened import OpenedRun, open_run
    from cxresearch.catalogue.pipeline import RunOutcome, run_study
    from cxresearch.catalogue.serve import catalogue_server

__all__ = [
    "CheckOutcome",
    "Filing",
    "OpenedRun",
    "RunOutcome",
    "catalogue_server",
    "check_study",
    "find_run",
    "index_filings",
    "open_run",
    "run_study",
    "write_index",
]

__getattr__ = lazy_names(
    __name__,
    {
        "CheckOutcome": "checking",
        "Filing": "filings",
        "OpenedRun": "opened",
        "RunOutcome": "pipeline",
        "catalogue_server": "serve",
        "check_study": "checking",
        "find_run": "filings",
        "index_filings": "filings",
        "open_run": "opened",
        "run_study": "pipeline",
        "write_index": "index",
    },
)
