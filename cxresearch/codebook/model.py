"""What was asked and how it is coded, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from cxresearch._types import KANO_PARTS, Direction, HigherIs, MissingKind, Part, Role, TimeUnit
from cxresearch._validate import check_choice
from cxresearch.errors import CxError

CodeValue = int | float | str


@dataclass(frozen=True, slots=True)
class Code:
    """One code and the text shown for it: a pair, so that the code keeps its type."""

    value: CodeValue
    label: str


@dataclass(frozen=True, slots=True)
class MissingCode:
    """A non-answer, and which kind: refused, touchpoint not used, or not known."""

    value: CodeValue
    label: str
    kind: MissingKind = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseScale:
    """Codes and anchors of an item.

    Attributes
    ----------
    low, high : float
        Ends of the scale; answers outside are faults.
    whole : bool
        Only whole numbers are answers (rating scales), or any number between (points, seconds).
    anchors : tuple of Code
        Texts of some or all codes.
    missing : tuple of MissingCode
    """

    name: str
    low: float
    high: float
    whole: bool = True
    anchors: tuple[Code, ...] = ()
    missing: tuple[MissingCode, ...] = ()

    @property
    def points(self) -> int:
        """Number of points of a rating scale: 7 for 1 to 7."""
        return round(self.high - self.low) + 1

    @property
    def midpoint(self) -> float:
        """Middle of the scale, in response-scale units."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the responses that belongs to no battery.

    Attributes
    ----------
    name : str
        Its name in this package; `column` is its name in the file.
    values : tuple of Code
        Categories of a segment or condition.
    direction, higher_is, neutral : optional
        Of the rating of moments: what makes a moment the peak, see `episode_features`.
    unit : str, optional
        Of times: what they count; None leaves it to the reader of the data.
    """

    name: str
    column: str
    role: Role
    label: str
    scale: ResponseScale | None = None
    values: tuple[Code, ...] = ()
    reverse_keyed: bool = False
    direction: Direction | None = None
    higher_is: HigherIs | None = None
    neutral: float | None = None
    unit: TimeUnit | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a battery; its columns are one for each part."""

    key: int | str
    text: str
    reverse_keyed: bool = False

    @property
    def term(self) -> str:
        """Name of the item in results: ``item_5``."""
        return f"item_{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Items meant to measure one construct; a dimension in SERVQUAL."""

    name: str
    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """Many columns that share a response scale and a naming pattern.

    Attributes
    ----------
    parts : mapping of part to pattern
        ``{"expectation": "E{item:02d}", "perception": "P{item:02d}"}``.
    points : str
        Pattern of the constant-sum importance columns, ``"imp_{dimension}"``; ``""`` if none.
    """

    name: str
    scale: ResponseScale
    parts: Mapping[Part, str]
    scales: tuple[Scale, ...]
    points: str = ""
    label: str = ""
    line: int = 0

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, in the order of the codebook."""
        return tuple(item for scale in self.scales for item in scale.items)

    @property
    def kano_only(self) -> bool:
        """Whether it holds nothing but Kano's pairs, which are no ratings."""
        return set(self.parts) == set(KANO_PARTS)

    def column(self, part: Part, item: Item) -> str:
        """Return the name of the column that holds `part` of `item`."""
        check_choice("part", part, tuple(self.parts))
        return self.parts[part].format(item=item.key)

    def columns(self, part: Part, scale: str | None = None) -> list[str]:
        """Return the columns of a part, of one scale or of all, in the order of the items."""
        wanted = self.items if scale is None else self.find_scale(scale).items
        return [self.column(part, item) for item in wanted]

    def find_scale(self, name: str) -> Scale:
        """Return the scale of that name.

        Raises
        ------
        CxError
            No scale has that name.
        """
        check_choice("dimension", name, tuple(scale.name for scale in self.scales))
        return next(scale for scale in self.scales if scale.name == name)

    def points_column(self, scale: Scale) -> str:
        """Return the constant-sum importance column of a dimension."""
        return self.points.format(dimension=scale.name)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Codebook:
    """One survey, described once.

    Attributes
    ----------
    path : str
        File name as the researcher knows it; ``""`` for a codebook built in code.
    sha256 : str
        Hash of the file.
    """

    survey: str
    language: str = "en"
    response_scales: tuple[ResponseScale, ...] = ()
    columns: tuple[Column, ...] = ()
    batteries: tuple[Battery, ...] = ()
    path: str = ""
    sha256: str = ""
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)

    def find_battery(self, name: str | None = None) -> Battery:
        """Return the battery of that name, or the only one when no name is given.

        Batteries of Kano's pairs do not count beside others: they are asked for by themselves.

        Raises
        ------
        CxError
            The name is unknown, or none is given and the codebook has several.
        """
        names = tuple(battery.name for battery in self.batteries)
        if name is None:
            rated = [battery for battery in self.batteries if not battery.kano_only]
            meant = rated or self.batteries
            if len(meant) == 1:
                return meant[0]
            raise CxError(f"name the battery: the codebook has {list(names)}")
        check_choice("battery", name, names)
        return next(battery for battery in self.batteries if battery.name == name)

    def find_column(self, name: str) -> Column:
        """Return the column of that name.

        Raises
        ------
        CxError
            The codebook has no such column.
        """
        check_choice("column", name, tuple(column.name for column in self.columns))
        return next(column for column in self.columns if column.name == name)

    def columns_with_role(self, role: Role) -> tuple[Column, ...]:
        """Return the columns of a role, in the order of the codebook."""
        return tuple(column for column in self.columns if column.role == role)

    def _repr_html_(self) -> str:
        batteries = "".join(
            f"<li>{escape(b.name)}: {len(b.items)} items in {len(b.scales)} dimensions, "
            f"parts {escape(', '.join(b.parts))}, "
            f"scale {b.scale.low:g} to {b.scale.high:g}</li>"
            for b in self.batteries
        )
        columns = "".join(
            f"<li>{escape(c.name)}: {escape(c.role)}, {escape(c.label)}</li>"
            for c in self.columns
        )
        return f"<p><strong>{escape(self.survey)}</strong></p><ul>{batteries}{columns}</ul>"
