"""The form of codebook.yaml: what may be written where, and nothing else."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SkipValidation,
    StringConstraints,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from cxresearch._types import Direction, HigherIs, MissingKind, Part, Role, TimeUnit

LANGUAGE_CODE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


class FileModel(BaseModel):
    """Base of the file forms: no unknown keys, no values of a neighbouring type.

    Attributes
    ----------
    example, unknown_hint : str
        For messages: what to write instead of something else; what an unknown key may be.
    """

    example: ClassVar[str] = ""
    unknown_hint: ClassVar[str] = ""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def nothing_is_empty(value: Any) -> Any:
    """Read a key with nothing after the colon as an empty section."""
    return {} if value is None else value


def nothing_is_no_list(value: Any) -> Any:
    """Read a key with nothing after the colon as an empty list."""
    return [] if value is None else value


def _printable(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise PydanticCustomError("cx", "starts or ends with a space, or holds a line break")
    return text


Filled = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=80), AfterValidator(_printable)
]
# The keys are text or numbers already (`_yaml` sees to it); JSON knows text keys only.
CodeKey = Annotated[Any, SkipValidation, WithJsonSchema({"type": "string"})]
LanguageKey = Annotated[str, StringConstraints(pattern=LANGUAGE_CODE)]


def _text_form(value: Any) -> str:
    return "form:languages" if isinstance(value, dict) else "form:text"


Languages = Annotated[dict[LanguageKey, Filled], Field(min_length=1)]
Text = Annotated[
    Annotated[Filled, Tag("form:text")] | Annotated[Languages, Tag("form:languages")],
    Discriminator(_text_form),
]
"""A text, or the same text in several languages: ``{en: Branch, es: Sucursal}``."""


class MissingFile(FileModel):
    """A non-answer with its kind."""

    label: Text = Field(description="What the respondent saw or what the code stands for.")
    kind: MissingKind = Field(
        default="refused",
        description="refused: would not say; not_used: never met the touchpoint; unknown: "
        "does not know. Without a kind, refused.",
    )


def _missing_form(value: Any) -> str:
    if not isinstance(value, dict):
        return "form:text"
    codes = [re.match(LANGUAGE_CODE, str(key)) for key in value]
    return "form:languages" if codes and all(codes) else "form:full"


Missing = Annotated[
    Annotated[Filled, Tag("form:text")]
    | Annotated[Languages, Tag("form:languages")]
    | Annotated[MissingFile, Tag("form:full")],
    Discriminator(_missing_form),
]


class ResponseScaleFile(FileModel):
    """The codes that count as answers, and the texts of some or all of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "range": [1, 7],
                    "anchors": {"1": "Strongly disagree", "7": "Strongly agree"},
                    "missing": {"98": {"label": "Did not use", "kind": "not_used"}},
                }
            ]
        }
    )

    range: list[float] = Field(
        min_length=2,
        max_length=2,
        description="Lowest and highest answer, e.g. [1, 7] or [0, 100].",
    )
    whole: bool = Field(
        default=True,
        description="Only whole numbers are answers; false for any number between.",
    )
    anchors: Annotated[dict[CodeKey, Text], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict, description="Texts of some or all codes: {1: Never, 7: Always}."
    )
    missing: Annotated[dict[CodeKey, Missing], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict,
        description='Codes that are no answers: {98: "Did not use"}, or with their kind: '
        '{98: {label: "Did not use", kind: not_used}}.',
    )


class ColumnFile(FileModel):
    """A column of the responses that belongs to no battery."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"role": "id", "column": "RespID"},
                {"role": "segment", "label": "Branch", "values": {"1": "City", "2": "Town"}},
                {"role": "outcome", "scale": "agree7", "label": "Overall satisfaction"},
                {"role": "rating", "scale": "mood", "direction": "bipolar", "neutral": 0},
                {"role": "time", "unit": "minutes"},
            ]
        }
    )

    role: Role = Field(
        description="What the column is for. personal and text columns never leave the data "
        "file; ignore says that it is known and not needed. In studies of moments: participant "
        "and episode stand in both tables; time and rating in the moments; retrospective (the "
        "remembered rating), condition, choice (1 chosen, 0 not), covariate (measured before "
        "the condition was drawn) and duration in the episodes; ended (rated to its end, yes "
        "or no) in either."
    )
    column: Filled | None = Field(
        default=None, description="Its name in the data file; by default the name used here."
    )
    label: Text | None = Field(
        default=None, description="Text shown for it; by default its name in words."
    )
    scale: Filled | None = Field(
        default=None, description="Name of a response scale; an outcome needs one."
    )
    values: Annotated[dict[CodeKey, Text], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict,
        description="Categories of a segment or condition: {1: City, 2: Town}; of conditions, "
        "the first is what the others are compared with.",
    )
    reverse_keyed: bool = Field(
        default=False, description="A high code means little; it is scored low + high - x."
    )
    direction: Direction | None = Field(
        default=None,
        description="Of the rating of moments: pleasant, the peak is the best moment; "
        "unpleasant, it is the worst; bipolar, it is the moment farthest from neutral.",
    )
    higher_is: HigherIs | None = Field(
        default=None,
        description="What a high rating of a moment means: better (satisfaction) or worse "
        "(pain, annoyance). Needed where direction is unpleasant.",
    )
    neutral: float | None = Field(
        default=None,
        description="Rating of a moment that is neither good nor bad, e.g. 0. Needed where "
        "direction is bipolar.",
    )
    unit: TimeUnit | None = Field(
        default=None,
        description="What the times count: seconds, minutes, hours, days, or order (first, "
        "second, third moment). By default order where they count 1, 2, 3, else seconds.",
    )


def _item_entry(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PydanticCustomError("item", "not an item")
    return value


ItemEntry = Annotated[
    Any, BeforeValidator(_item_entry), WithJsonSchema({"type": ["integer", "string"]})
]
ItemTexts = Annotated[dict[CodeKey, Text], Field(min_length=1)]
ItemList = Annotated[list[ItemEntry], Field(min_length=1)]


def _items_form(value: Any) -> str:
    if isinstance(value, dict):
        return "form:texts"
    return "form:list" if isinstance(value, list) else "form:range"


Items = Annotated[
    Annotated[ItemTexts, Tag("form:texts")]
    | Annotated[ItemList, Tag("form:list")]
    | Annotated[ItemEntry, Tag("form:range")],
    Discriminator(_items_form),
]


class DimensionFile(FileModel):
    """A dimension with a label of its own."""

    label: Text | None = Field(
        default=None, description="Text shown for it; by default its name in words."
    )
    items: Items = Field(description='Its items: {1: text, 2: text}, [1, 2, 5-7] or "1-4, 6".')


def _dimension_form(value: Any) -> str:
    if isinstance(value, dict) and value.keys() & {"items", "label"}:
        return "form:full"
    return _items_form(value)


Dimension = Annotated[
    Annotated[ItemTexts, Tag("form:texts")]
    | Annotated[ItemList, Tag("form:list")]
    | Annotated[ItemEntry, Tag("form:range")]
    | Annotated[DimensionFile, Tag("form:full")],
    Discriminator(_dimension_form),
]


class BatteryFile(FileModel):
    """Many columns that share a response scale and a naming pattern."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scale": "agree7",
                    "parts": {"expectation": "E{item:02d}", "perception": "P{item:02d}"},
                    "importance": "imp_{dimension}",
                    "dimensions": {
                        "tangibles": {"1": "Modern-looking equipment", "2": "Neat staff"},
                        "reliability": "5-9",
                    },
                }
            ]
        }
    )

    scale: Filled = Field(description="Name of the response scale all its columns share.")
    dimensions: Annotated[dict[Name, Dimension], Field(min_length=1)] = Field(
        description="Dimensions and their items: {1: text, 2: text}, [1, 2, 5-7] or 1-4."
    )
    parts: dict[Part, Filled] | None = Field(
        default=None,
        min_length=1,
        description="What was asked of each item, and the pattern of its columns: "
        '{expectation: "E{item:02d}", perception: "P{item:02d}"}; Kano\'s pair of questions, '
        'if it is there and if it is not: {functional: "F{item}", dysfunctional: "D{item}"}.',
    )
    column: Filled | None = Field(
        default=None,
        description="Pattern of the columns of a battery with one question for each item: "
        '"Q{item}". Short for parts: {rating: "Q{item}"}.',
    )
    importance: Filled | None = Field(
        default=None,
        description="Pattern of the columns in which respondents spread 100 points over the "
        'dimensions: "imp_{dimension}".',
    )
    label: Text | None = Field(
        default=None, description="Text shown for it; by default its name in words."
    )
    reverse_keyed: Annotated[list[ItemEntry], BeforeValidator(nothing_is_no_list)] = Field(
        default_factory=list, description="Items in which a high code means little."
    )


class CodebookFile(FileModel):
    """One survey, described once: scales, columns and batteries."""

    model_config = ConfigDict(title="cxresearch codebook")

    survey: Text = Field(
        description="Title of the survey.", examples=["Bank branch service quality"]
    )
    language: LanguageKey = Field(
        default="en", description="Language of the texts, e.g. en, es or ko."
    )
    response_scales: Annotated[
        dict[Name, ResponseScaleFile], BeforeValidator(nothing_is_empty)
    ] = Field(default_factory=dict, description="Response scales by name.")
    columns: Annotated[dict[Name, ColumnFile], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict,
        description="Columns that belong to no battery, by the name they get here.",
    )
    batteries: Annotated[dict[Name, BatteryFile], BeforeValidator(nothing_is_empty)] = Field(
        default_factory=dict, description="Batteries of items by name."
    )


SHAPES: dict[tuple[str, ...], type[FileModel]] = {
    (): CodebookFile,
    ("response_scales", "*"): ResponseScaleFile,
    ("response_scales", "*", "missing", "*"): MissingFile,
    ("columns", "*"): ColumnFile,
    ("batteries", "*"): BatteryFile,
    ("batteries", "*", "dimensions", "*"): DimensionFile,
}
"""Which keys are allowed where, for messages."""
