"""A study: one question to one survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cxresearch._lazy import lazy_names

if TYPE_CHECKING:
    from cxresearch.study.load import load_study, start_study, study_schema
    from cxresearch.study.model import Study
    from cxresearch.study.plan import load_plan, lock_plan, plan_schema
    from cxresearch.study.planning import (
        assignment_ratio,
        compare_with_plan,
        interim_plan,
        plan_notes,
        planned_study,
    )
    from cxresearch.study.workspace import find_workspace, list_studies

__all__ = [
    "Study",
    "assignment_ratio",
    "compare_with_plan",
    "find_workspace",
    "interim_plan",
    "list_studies",
    "load_plan",
    "load_study",
    "lock_plan",
    "plan_notes",
    "plan_schema",
    "planned_study",
    "start_study",
    "study_schema",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Study": "model",
        "assignment_ratio": "planning",
        "compare_with_plan": "planning",
        "find_workspace": "workspace",
        "interim_plan": "planning",
        "list_studies": "workspace",
        "load_plan": "plan",
        "load_study": "load",
        "lock_plan": "plan",
        "plan_notes": "planning",
        "plan_schema": "plan",
        "planned_study": "planning",
        "start_study": "load",
        "study_schema": "load",
    },
)
