"""The catalogue: studies run and filed, runs found again, one page that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

if TYPE_CHECKING:
    from cxresearch.catalogue.checking import CheckOutcome, check_study
    from cxresearch.catalogue.export import export_run
    from cxresearch.catalogue.filings import Filing, find_run, index_filings
    from cxresearch.catalogue.index import write_index
    from cxresearch.catalogue.opened import OpenedRun, open_run
    from cxresearch.catalogue.pipeline import RunOutcome, run_study
    from cxresearch.catalogue.reproduce import Difference, Reproduced, reproduce_run
    from cxresearch.catalogue.serve import catalogue_server
    from cxresearch.catalogue.verify import verify_filings, verify_run

__all__ = [
    "CheckOutcome",
    "Difference",
    "Filing",
    "OpenedRun",
    "Reproduced",
    "RunOutcome",
    "catalogue_server",
    "check_study",
    "export_run",
    "find_run",
    "index_filings",
    "open_run",
    "reproduce_run",
    "run_study",
    "verify_filings",
    "verify_run",
    "write_index",
]

__getattr__ = lazy_names(
    __name__,
    {
        "CheckOutcome": "checking",
        "Difference": "reproduce",
        "Filing": "filings",
        "OpenedRun": "opened",
        "Reproduced": "reproduce",
        "RunOutcome": "pipeline",
        "catalogue_server": "serve",
        "check_study": "checking",
        "export_run": "export",
        "find_run": "filings",
        "index_filings": "filings",
        "open_run": "opened",
        "reproduce_run": "reproduce",
        "run_study": "pipeline",
        "verify_filings": "verify",
        "verify_run": "verify",
        "write_index": "index",
    },
)
