"""The form of analysis-plan.yaml."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from cxresearch.codebook.file import (
    CodeKey,
    FileModel,
    Filled,
    Name,
    nothing_is_empty,
    nothing_is_no_list,
)
from cxresearch.planned.model import Expected, Spending
from cxresearch.study.file import SHAPES as STUDY_SHAPES
from cxresearch.study.file import ExcludeFile, OptionalText, Plain

Model = Literal[
    "conditions", "choice", "memory_models", "duration_neglect", "servqual_gaps",
    "driver_importance", "driver_model", "importance_performance", "segment_importance",
    "what_if", "asymmetry", "kano",
]  # fmt: skip


def _day(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.date) else value


class HypothesisFile(FileModel):
    """One thing the study is made to find out."""

    id: Name = Field(description="Short name, each once.", examples=["H1"])
    statement: Filled = Field(description="The hypothesis in words.")
    outcome: Filled = Field(
        description="Codebook name of what it is about; of moments also a feature, e.g. end."
    )
    contrast: Filled | None = Field(
        default=None, description="Two conditions: Friendly close - Usual close."
    )
    model: Model | None = Field(
        default=None, description="Analysis that tests it; with a contrast it may be left out."
    )
    term: OptionalText = Field(
        default="", description="Row of the analysis, e.g. a dimension or a driver."
    )
    direction: Expected = Field(
        default="different", description="greater, less, different or equivalent."
    )


class PlanFile(FileModel):
    """What is decided before the data."""

    example: ClassVar[str] = ""
    model_config = ConfigDict(title="cxresearch analysis plan")

    written_by: OptionalText = Field(default="", description="Who wrote the plan.")
    written_on: Annotated[OptionalText, BeforeValidator(_day)] = Field(
        default="", description="When, as 2026-08-31."
    )
    hypotheses: Annotated[list[HypothesisFile], BeforeValidator(nothing_is_no_list)] = Field(
        min_length=1, description="What the study is made to find out, one after each '-'."
    )
    primary_outcome: Filled = Field(
        description="The outcome that decides; one of those the hypotheses name."
    )
    conditions: Annotated[dict[CodeKey, float], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict,
        description="Conditions with their ratio: {Usual close: 1, Friendly close: 1}.",
    )
    sample_size: int | None = Field(
        default=None, ge=2, description="Planned participants (respondents)."
    )
    parameters: Annotated[dict[CodeKey, Plain], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict, description="Planned settings of the method, as in study.yaml."
    )
    exclude: Annotated[list[ExcludeFile], BeforeValidator(nothing_is_no_list)] = Field(
        default_factory=list, description="Planned exclusions, as in study.yaml."
    )
    smallest_effect: float | None = Field(
        default=None, gt=0, description="Smallest effect of interest, in points of the outcome."
    )
    alpha: float = Field(
        default=0.05, gt=0, lt=0.5, description="Error rate of the confirmatory tests."
    )
    spending: Spending = Field(
        default="none",
        description="How alpha is spent at looks: none, obrien_fleming, pocock, always_valid.",
    )
    looks: Annotated[list[float], BeforeValidator(nothing_is_no_list)] = Field(
        default_factory=list,
        description="Participants at each look [50, 100, 200], or shares [0.25, 0.5, 1].",
    )


PLAN_SHAPES: dict[tuple[str, ...], type[FileModel]] = {
    **{path: model for path, model in STUDY_SHAPES.items() if path},
    (): PlanFile,
    ("hypotheses", "*"): HypothesisFile,
}
"""Which keys are allowed where, for messages."""
