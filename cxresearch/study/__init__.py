"""A study: one question to one survey."""

from __future__ import annotations

from cxresearch.study.load import load_study, start_study, study_schema
from cxresearch.study.model import Study
from cxresearch.study.workspace import find_workspace, list_studies

__all__ = [
    "Study",
    "find_workspace",
    "list_studies",
    "load_study",
    "start_study",
    "study_schema",
]
