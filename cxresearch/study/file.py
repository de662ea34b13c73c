"""The form of study.yaml, and its exclusion rules as frozen values."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, ClassVar

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SkipValidation,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from cxresearch._types import Part
from cxresearch.codebook.file import (
    CodeKey,
    FileModel,
    Filled,
    LanguageKey,
    Name,
    nothing_is_empty,
    nothing_is_no_list,
)
from cxresearch.responses.exclusions import (
    AnsweredValue,
    DroppedOut,
    Duplicated,
    Exclusion,
    FewMoments,
    LongestString,
    LowVariability,
    MissingShare,
    ShortDuration,
)

_PLAIN: dict[str, Any] = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "null"]},
        {"type": "array", "items": {}},
    ]
}


def nothing_is_no_text(value: Any) -> Any:
    """Read a key with nothing after the colon as no text."""
    return "" if value is None else value


def _as_list(value: Any) -> Any:
    if value is None:
        return []
    return value if isinstance(value, list | dict) else [value]


OptionalText = Annotated[str, BeforeValidator(nothing_is_no_text)]


class RuleFile(FileModel):
    """Base of the exclusion rules: each may say why it is applied."""

    reason: OptionalText = Field(default="", description="Why, in the words of the report.")


class DuplicatedFile(RuleFile):
    """Respondents who are in the data more than once."""

    column: Filled = Field(description="Codebook name of the id column.")


class LongestStringFile(RuleFile):
    """Respondents who gave the same answer many times in a row."""

    battery: Filled = Field(description="Battery that is looked at.")
    at_least: int = Field(ge=2, description="Equal answers in a row, e.g. 15.")
    part: Part | None = Field(
        default=None, description="One part of it; by default every part."
    )


class MissingShareFile(RuleFile):
    """Respondents who left much of a battery unanswered."""

    battery: Filled = Field(description="Battery that is looked at.")
    above: float = Field(ge=0, lt=1, description="Share of unanswered items, from 0 to 1.")
    part: Part | None = Field(
        default=None, description="One part of it; by default every part."
    )


class LowVariabilityFile(RuleFile):
    """Respondents whose answers hardly differ: standard deviation over the items."""

    battery: Filled = Field(description="Battery that is looked at.")
    below: float = Field(gt=0, description="Standard deviation, in response-scale units.")
    part: Part | None = Field(
        default=None, description="One part of it; by default every part."
    )


class ShortDurationFile(RuleFile):
    """Respondents who were too fast to have read the questions."""

    below: float = Field(gt=0, description="In the unit of the duration column.")


class FewMomentsFile(RuleFile):
    """Episodes with too few rated moments."""

    below: int = Field(ge=2, description="Rated moments; an episode with fewer is left out.")


class DroppedOutFile(RuleFile):
    """Episodes that went on after their last rated moment."""

    tolerance: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="Share of the duration that may pass after the last rated moment.",
    )


def _answer(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise PydanticCustomError("answer", "not an answer")
    return value


Answer = Annotated[
    Any, BeforeValidator(_answer), WithJsonSchema({"type": ["string", "number"]})
]


class AnsweredFile(RuleFile):
    """Respondents with one of some answers: not the target group, consent refused, a test."""

    column: Filled = Field(description="Codebook name of the column.")
    is_: Annotated[list[Answer], BeforeValidator(_as_list)] = Field(
        alias="is", min_length=1, description="Answers that exclude, as coded: [2, 3]."
    )


def _column_form(value: Any) -> str:
    return "form:full" if isinstance(value, dict) else "form:text"


DuplicatedForm = Annotated[
    Annotated[Filled, Tag("form:text")] | Annotated[DuplicatedFile, Tag("form:full")],
    Discriminator(_column_form),
]


class ExcludeFile(FileModel):
    """One rule: a mapping with one key."""

    example: ClassVar[str] = "- duplicated: respondent"
    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    duplicated: DuplicatedForm | None = Field(
        default=None,
        description="Keep the first row of each value of this id column; of the column with "
        "the role episode, the first row of each participant's episode.",
    )
    longest_string: LongestStringFile | None = Field(
        default=None, description="{battery: servqual, at_least: 15}: straight-lining."
    )
    missing_share: MissingShareFile | None = Field(
        default=None, description="{battery: servqual, above: 0.33}: too incomplete."
    )
    intra_individual_variability: LowVariabilityFile | None = Field(
        default=None, description="{battery: servqual, below: 0.2}: hardly any variation."
    )
    duration: ShortDurationFile | None = Field(
        default=None, description="{below: 120}: too fast; the codebook names the column."
    )
    answered: AnsweredFile | None = Field(
        default=None, description="{column: visited, is: [2]}: gave one of these answers."
    )
    few_moments: FewMomentsFile | None = Field(
        default=None, description="{below: 3}: episodes with fewer rated moments."
    )
    dropped_out: DroppedOutFile | None = Field(
        default=None,
        description="{tolerance: 0.05}: episodes not rated to their end, as the column with "
        "the role ended or duration tells.",
    )


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime.date):
        raise PydanticCustomError(
            "cx", "is or holds the date {day}; write it in quotes", {"day": str(value)}
        )
    if isinstance(value, dict):
        allowed = "text, a number, true or false, or a list of them"
        raise PydanticCustomError(
            "cx", "is or holds a mapping; allowed is {allowed}", {"allowed": allowed}
        )
    if isinstance(value, list):
        for entry in value:
            _plain_value(entry)
    return value


Plain = Annotated[Any, SkipValidation, BeforeValidator(_plain_value), WithJsonSchema(_PLAIN)]


def _data_form(value: Any) -> str:
    return "form:tables" if isinstance(value, dict) else "form:text"


Tables = Annotated[dict[Name, Filled], Field(min_length=1)]


def _no_list_of_files(value: Any) -> Any:
    if isinstance(value, list):
        example = "waves: {spring 2026: spring.csv}"
        raise PydanticCustomError(
            "cx", "is a list; for several files write {example}", {"example": example}
        )
    return value


DataForm = Annotated[
    Annotated[Filled, Tag("form:text")] | Annotated[Tables, Tag("form:tables")],
    Discriminator(_data_form),
    BeforeValidator(_no_list_of_files),
]


def _cell_values(value: Any) -> Any:
    if value == "all":
        return []
    listed = value if isinstance(value, list) else [value]
    wrong = [v for v in listed if isinstance(v, bool) or not isinstance(v, int | float | str)]
    if not listed or wrong or value is None:
        raise PydanticCustomError(
            "cx", "must be {allowed}", {"allowed": "all, or a list of values: [North, South]"}
        )
    return listed


CellValues = Annotated[
    Any,
    SkipValidation,
    BeforeValidator(_cell_values),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "all"},
                {"type": "array", "items": {"type": ["string", "number"]}},
            ]
        }
    ),
]
"""Values of a column; empty: all that occur."""


class StudyFile(FileModel):
    """One question to one survey."""

    unknown_hint: ClassVar[str] = "; settings of the method belong under parameters"

    model_config = ConfigDict(
        title="cxresearch study",
        json_schema_extra={
            "anyOf": [{"required": ["data"]}, {"required": ["waves"]}],
            "not": {"required": ["data", "waves"]},
        },
    )

    title: Filled = Field(
        description="The question the study answers.",
        examples=["Where do our branches fall short of what customers expect?"],
    )
    method: Filled = Field(
        description="Name of the template that is run.", examples=["servqual"]
    )
    description: OptionalText = Field(
        default="", description="What a reader should know first."
    )
    codebook: Filled = Field(
        default="codebook.yaml", description="The codebook, seen from the study's folder."
    )
    data: DataForm | None = Field(
        default=None,
        description="The data file; or one for each table, where the method reads several.",
        examples=["responses.csv"],
    )
    waves: Tables | None = Field(
        default=None,
        description="One file for each wave: {spring 2026: spring.csv}. Instead of data.",
    )
    population: OptionalText = Field(default="", description="Whom the study speaks about.")
    sample: OptionalText = Field(
        default="", description="How respondents were drawn, and how many of them answered."
    )
    exclude: Annotated[list[ExcludeFile], BeforeValidator(nothing_is_no_list)] = Field(
        default_factory=list, description="Who is left out, rule by rule, in this order."
    )
    parameters: Annotated[dict[CodeKey, Plain], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict, description="Settings of the method, e.g. {segments: [branch]}."
    )
    for_each: Annotated[dict[Name, CellValues], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict,
        description="Run for each cell: {branch: all} or {branch: [North], wave: [spring]}.",
    )
    contact: OptionalText = Field(default="", description="Whom to ask.")
    language: LanguageKey | None = Field(
        default=None, description="Language of the report; by default that of the codebook."
    )


def exclusion_of(form: ExcludeFile) -> Exclusion | None:
    """Return the rule that a list entry of ``exclude`` stands for; None when it has none."""
    if isinstance(form.duplicated, str):
        return Duplicated(column=form.duplicated)
    if form.duplicated:
        return Duplicated(**form.duplicated.model_dump())
    if form.longest_string:
        return LongestString(**form.longest_string.model_dump())
    if form.missing_share:
        return MissingShare(**form.missing_share.model_dump())
    if form.intra_individual_variability:
        return LowVariability(**form.intra_individual_variability.model_dump())
    if form.duration:
        return ShortDuration(**form.duration.model_dump())
    if form.answered:
        given = form.answered
        return AnsweredValue(column=given.column, values=tuple(given.is_), reason=given.reason)
    if form.few_moments:
        return FewMoments(**form.few_moments.model_dump())
    if form.dropped_out:
        return DroppedOut(**form.dropped_out.model_dump())
    return None


SHAPES: dict[tuple[str, ...], type[FileModel]] = {
    (): StudyFile,
    ("exclude", "*"): ExcludeFile,
    ("exclude", "*", "duplicated"): DuplicatedFile,
    ("exclude", "*", "longest_string"): LongestStringFile,
    ("exclude", "*", "missing_share"): MissingShareFile,
    ("exclude", "*", "intra_individual_variability"): LowVariabilityFile,
    ("exclude", "*", "duration"): ShortDurationFile,
    ("exclude", "*", "answered"): AnsweredFile,
    ("exclude", "*", "few_moments"): FewMomentsFile,
    ("exclude", "*", "dropped_out"): DroppedOutFile,
}
"""Which keys are allowed where, for messages."""
