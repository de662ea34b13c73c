"""Rules that say which respondents are left out: declared in study.yaml, never silent.

A respondent is judged by every rule on the answers as they were read, so the set that remains
does not depend on the order of the rules; the order decides only which rule a respondent that
breaks several of them is counted under: the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from cxresearch._types import Part, Role
from cxresearch._validate import check_count, check_fraction, check_share, did_you_mean
from cxresearch.codebook.model import Battery, Codebook, CodeValue, Column
from cxresearch.errors import CxError, Fault
from cxresearch.responses._coding import CategoryCoding

DROPPED_ROLES: tuple[Role, ...] = ("personal", "text", "ignore")
"""Roles of columns that are dropped right after reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicated:
    """Leave out every respondent whose id occurred before in the same wave.

    Attributes
    ----------
    column : str
        Codebook name of a column with the role id. The first answer of each id is kept. In
        studies of moments: of the role episode (the first row of a participant's episode is
        kept) or time (the first of several moments at the same time).
    reason : str
        Why, in the researcher's words.
    """

    column: str
    reason: str = ""

    rule: ClassVar[str] = "duplicated"

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"column {self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestString:
    """Leave out respondents who gave the same answer to many items in a row.

    Attributes
    ----------
    battery : str
        Name of the battery.
    at_least : int
        Shortest run that is left out, in items; 2 or more.
    part : str, optional
        Part that is looked at. Without one, the longest run in any part counts. High
        expectations are often all at the end of the scale, so in SERVQUAL batteries look at
        ``part="perception"``.
    reason : str
    """

    battery: str
    at_least: int
    part: Part | None = None
    reason: str = ""

    rule: ClassVar[str] = "longest_string"

    def __post_init__(self) -> None:
        check_count("longest_string at_least", self.at_least, at_least=2)

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"{_place(self.battery, self.part)}, at least {self.at_least}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingShare:
    """Leave out respondents who left too many items without an answer.

    Attributes
    ----------
    battery : str
        Name of the battery.
    above : float
        Share of items without an answer, 0 to 1; a larger share is left out. Every kind of
        non-answer counts, also "did not use".
    part : str, optional
        Part that is looked at; without one all parts together.
    reason : str
    """

    battery: str
    above: float
    part: Part | None = None
    reason: str = ""

    rule: ClassVar[str] = "missing_share"

    def __post_init__(self) -> None:
        check_share("missing_share above", self.above)

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"{_place(self.battery, self.part)}, above {self.above:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LowVariability:
    """Leave out respondents whose answers hardly differ from one another.

    Attributes
    ----------
    battery : str
        Name of the battery.
    below : float
        Standard deviation of a respondent's answers, in response-scale units; a smaller one is
        left out.
    part : str, optional
        Part that is looked at. Without one, the lowest of the parts counts; see `LongestString`
        on expectations.
    reason : str
    """

    battery: str
    below: float
    part: Part | None = None
    reason: str = ""

    rule: ClassVar[str] = "intra_individual_variability"

    def __post_init__(self) -> None:
        check_fraction("intra_individual_variability below", self.below, high=float("inf"))

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"{_place(self.battery, self.part)}, below {self.below:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortDuration:
    """Leave out respondents who were faster than anyone can read.

    Attributes
    ----------
    below : float
        Duration in the unit of the column with the role duration; a shorter one is left out. A
        respondent without a duration stays.
    reason : str
    """

    below: float
    reason: str = ""

    rule: ClassVar[str] = "duration"

    def __post_init__(self) -> None:
        check_fraction("duration below", self.below, high=float("inf"))

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"below {self.below:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredValue:
    """Leave out respondents who gave one of some answers: no consent, a failed attention check.

    Attributes
    ----------
    column : str
        Codebook name of a column, or the file column of a battery item.
    values : tuple
        Answers that are left out, as codes (before reverse keying) or labels.
    reason : str
    """

    column: str
    values: tuple[CodeValue, ...]
    reason: str = ""

    rule: ClassVar[str] = "answered"

    def __post_init__(self) -> None:
        if not isinstance(self.values, tuple) or not self.values:
            raise CxError(f"answered is must name one answer or more; got {self.values!r}")

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"column {self.column}, {', '.join(str(value) for value in self.values)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FewMoments:
    """Leave out episodes with too few rated moments to speak of a peak and an end.

    Attributes
    ----------
    below : int
        Rated moments; an episode with fewer is left out. 2 or more.
    reason : str
    """

    below: int
    reason: str = ""

    rule: ClassVar[str] = "few_moments"

    def __post_init__(self) -> None:
        check_count("few_moments below", self.below, at_least=2)

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"below {self.below}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedOut:
    """Leave out episodes that went on after their last rated moment.

    Attributes
    ----------
    tolerance : float
        Share of the duration, 0 to 1, that may pass after the last rated moment, where the
        codebook has a duration. An episode that is marked as not ended is always left out.
    reason : str
    """

    tolerance: float = 0.05
    reason: str = ""

    rule: ClassVar[str] = "dropped_out"

    def __post_init__(self) -> None:
        check_share("dropped_out tolerance", self.tolerance)

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"tolerance {self.tolerance:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCell:
    """Leave out everybody who does not belong to one cell of a study that is run for each.

    Attributes
    ----------
    column : str
        Codebook name of a segment column, or ``"wave"``.
    value : str
        Label of the cell in it; who has another, or none, is left out.
    reason : str
    """

    column: str
    value: str
    reason: str = ""

    rule: ClassVar[str] = "other_cell"

    @property
    def detail(self) -> str:
        """The arguments in words."""
        return f"{self.column} is not {self.value}"


Exclusion = (
    Duplicated
    | LongestString
    | MissingShare
    | LowVariability
    | ShortDuration
    | AnsweredValue
    | FewMoments
    | DroppedOut
    | OtherCell
)
"""Any rule of the list ``exclude`` in study.yaml, or of ``for_each``."""


def check_exclusions(exclusions: Iterable[Exclusion], codebook: Codebook) -> tuple[Fault, ...]:
    """Return a fault for each rule that names what the codebook does not have.

    Parameters
    ----------
    exclusions : iterable of Exclusion
    codebook : Codebook

    Returns
    -------
    tuple of Fault
        ``where`` is ``"exclude, rule 2"``, counted from 1 as in study.yaml. Empty when every
        rule can be applied.

    Examples
    --------
    >>> from cxresearch.codebook.model import Codebook, Column
    >>> respondent = Column(name="respondent", column="RespID", role="id", label="Respondent")
    >>> codebook = Codebook(survey="Branches", columns=(respondent,))
    >>> for fault in check_exclusions([Duplicated(column="RespID")], codebook):
    ...     print(fault)
    exclude, rule 1: duplicated: the codebook has no column 'RespID'; that is the name in the \
file, write respondent
    """
    return tuple(
        Fault(where=f"exclude, rule {number}", message=f"{exclusion.rule}: {message}")
        for number, exclusion in enumerate(exclusions, start=1)
        for message in _misfits(exclusion, codebook)
    )


def _misfits(exclusion: Exclusion, codebook: Codebook) -> Iterator[str]:
    match exclusion:
        case Duplicated(column=name):
            yield from _id_misfits(name, codebook)
        case AnsweredValue(column=name, values=values):
            yield from _column_misfits(name, values, codebook)
        case ShortDuration():
            named = codebook.columns_with_role("duration")
            if len(named) != 1:
                yield f"needs one column with the role duration; the codebook has {len(named)}"
        case LongestString() | MissingShare() | LowVariability():
            yield from _battery_misfits(exclusion.battery, exclusion.part, codebook)
        case FewMoments() | DroppedOut() if not codebook.columns_with_role("rating"):
            yield "is for studies of moments; the codebook has no column with the role rating"
        case DroppedOut():
            if not any(codebook.columns_with_role(role) for role in ("duration", "ended")):
                yield "needs a column with the role duration or ended; the codebook has none"
        case FewMoments() | OtherCell():  # a study checks its cells when it is loaded
            pass


def _battery_misfits(name: str, part: Part | None, codebook: Codebook) -> Iterator[str]:
    battery = next((battery for battery in codebook.batteries if battery.name == name), None)
    if battery is None:
        known = [battery.name for battery in codebook.batteries]
        has = f"it has {', '.join(known)}" if known else "it has none"
        yield f"the codebook has no battery {name!r}; {has}{did_you_mean(name, known)}"
    elif part is not None and part not in battery.parts:
        yield f"battery {name} has no part {part!r}; it has {', '.join(battery.parts)}"


def _id_misfits(name: str, codebook: Codebook) -> Iterator[str]:
    column = next((column for column in codebook.columns if column.name == name), None)
    roles: tuple[Role, ...] = ("id", "episode", "time")
    ids = [column.name for role in roles for column in codebook.columns_with_role(role)]
    if column is None:
        yield _unknown_column(name, codebook, ids)
    elif column.role not in roles:
        has = f"write {' or '.join(ids)}" if ids else "the codebook has no id column"
        yield f"column {name} has the role {column.role}, not id; {has}"


def _column_misfits(
    name: str, values: tuple[CodeValue, ...], codebook: Codebook
) -> Iterator[str]:
    column = next((column for column in codebook.columns if column.name == name), None)
    if column is not None and column.role in DROPPED_ROLES:
        yield f"column {name} has the role {column.role} and is not read"
    elif column is not None:
        yield from _value_misfits(column, values)
    elif name not in item_columns(codebook.batteries):
        known = [column.name for column in codebook.columns if column.role not in DROPPED_ROLES]
        yield _unknown_column(name, codebook, [*known, *item_columns(codebook.batteries)])


def _value_misfits(column: Column, values: tuple[CodeValue, ...]) -> Iterator[str]:
    """Name answers that nobody can give, so that the rule would leave out nobody."""
    coding = CategoryCoding(column.values, column.scale.missing if column.scale else ())
    for value in values:
        if column.values and coding.find(value) is None:
            listed = ", ".join(f"{code.value} {code.label}" for code in column.values)
            yield f"{column.name} has no answer {value!r}; it has {listed}"


def _unknown_column(name: str, codebook: Codebook, known: list[str]) -> str:
    meant = next((column.name for column in codebook.columns if column.column == name), None)
    hint = (
        f"; that is the name in the file, write {meant}" if meant else did_you_mean(name, known)
    )
    return f"the codebook has no column {name!r}{hint}"


def item_columns(batteries: Iterable[Battery]) -> list[str]:
    """Return the file columns of every item of every part of the batteries."""
    return [
        column
        for battery in batteries
        for part in battery.parts
        for column in battery.columns(part)
    ]


def _place(battery: str, part: str | None) -> str:
    return f"battery {battery}" if part is None else f"battery {battery}, {part}"
