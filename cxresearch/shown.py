"""What a reader is shown: figures, display tables and findings, as plain values.

They hold text and picture source only, so that the recorder, the report and a notebook cell can
show them without knowing which analysis they come from.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from html import escape
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import pandas as pd

from cxresearch._rows import values_of

Sureness = Literal["clear", "likely", "not_decided"]
Depth = Literal["manager", "analyst", "student"]
_LONGEST_UNBROKEN = 20
"""Characters from which a column of text is set in several lines."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Figure:
    """A figure in two layouts, with the words for those who cannot see it.

    Attributes
    ----------
    name : str
        File stem, e.g. ``"gaps_by_dimension"``.
    svg : str
        The wide layout as SVG source, fonts as text.
    svg_narrow : str
        The layout for a phone (360 px); ``""`` where the wide one serves both.
    alt_text : str
        What the figure shows, made from its numbers. Never empty.
    caption : str
        Sentence under the figure: who, which scale, how to read it.
    """

    name: str
    svg: str
    alt_text: str
    caption: str
    svg_narrow: str = ""

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        data = {"image/svg+xml": self.svg, "text/plain": self.alt_text}
        return data, {"image/svg+xml": {"alt": self.alt_text}}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlainTable:
    """A table as it is recorded and put into pages: text without a frame.

    Attributes
    ----------
    headings, rows : sequence
        One heading a column; what is no text in the cells is put as one.
    caption, numeric, notes
        As in `DisplayTable`.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str
    numeric: Collection[str] = ()
    notes: Iterable[str] = ()

    def to_html(
        self,
        *,
        row_ids: Sequence[str] = (),
        heading: Callable[[str], str] = escape,
        note: Callable[[str], str] = escape,
        region: str = "",
    ) -> str:
        """Return the table as HTML with every text escaped.

        Parameters
        ----------
        row_ids : sequence of str
            Id of each row, for links to it; without them rows have none.
        heading, note : callable
            Turn the text of a heading, or of a line under the table, into HTML.
        region : str
            Accessible name of the frame that scrolls; by default the caption.
        """
        cells = [[str(value) for value in row] for row in self.rows]
        kinds = [
            "num" if text in self.numeric else _kind(row[place] for row in cells)
            for place, text in enumerate(self.headings)
        ]
        head = "".join(
            f'<th scope="col" class="{kind}">{heading(text)}</th>'
            for text, kind in zip(self.headings, kinds, strict=True)
        )
        opening = [f'<tr id="{escape(name)}" tabindex="-1">' for name in row_ids]
        body = "".join(
            f"{opening[number] if opening else '<tr>'}{_cells(row, kinds)}</tr>"
            for number, row in enumerate(cells)
        )
        notes = "".join(f'<p class="note">{note(text)}</p>' for text in self.notes)
        title = escape(self.caption)
        name = escape(region) or title
        return (
            f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">'
            f"<table><caption>{title}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{notes}"
        )


def _kind(column: Iterable[str]) -> str:
    """Return the classes of a column's cells: sentences wrap, names do not."""
    longest = max(map(len, column), default=0)
    return "text wrap" if longest > _LONGEST_UNBROKEN else "text"


def _cells(row: Sequence[str], kinds: Sequence[str]) -> str:
    first, *others = [
        f'class="{kind}">{escape(text)}' for text, kind in zip(row, kinds, strict=True)
    ]
    return "".join([f'<th scope="row" {first}</th>', *(f"<td {cell}</td>" for cell in others)])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DisplayTable:
    """A table as a reader sees it, and the full-precision data behind it.

    Attributes
    ----------
    name : str
        File stem, e.g. ``"gaps_by_item"``.
    caption : str
        Title of the table.
    shown : pandas.DataFrame
        Formatted text, one column a heading; nothing but text in the cells.
    data : pandas.DataFrame
        The same rows at full precision; written as CSV.
    numeric : tuple of str
        Headings whose cells are set flush right.
    notes : tuple of str
        Lines under the table: units, family of tests, abbreviations.
    """

    name: str
    caption: str
    shown: pd.DataFrame
    data: pd.DataFrame
    numeric: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_html(self, **options: Any) -> str:
        """Return the table as HTML with every text escaped.

        Parameters
        ----------
        **options
            As `PlainTable.to_html` takes them, such as ``region``.
        """
        return PlainTable(
            headings=[str(column) for column in self.shown.columns],
            rows=values_of(self.shown),
            caption=self.caption,
            numeric=self.numeric,
            notes=self.notes,
        ).to_html(**options)

    def _repr_html_(self) -> str:
        return self.to_html()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Finding:
    """One sentence with the evidence behind it.

    Attributes
    ----------
    message : str
        Key of the sentence in the message catalogue.
    values : dict
        What fills the sentence, at full precision; texts and numbers only.
    text : str
        The sentence in the study's language.
    sure : {"clear", "likely", "not_decided"}
        How far the data decide it.
    rank : float
        Larger is told first.
    term, group : str
        Row of the result's ``tidy()`` the sentence rests on.
    result : str
        Kind of that result.
    estimate, conf_low, conf_high : float
        The number and its interval, for the small picture beside the sentence.
    unit : str
        Unit of the estimate, as text.
    topic : {"finding", "action", "quality"}
        Which box of the first screen it belongs to.
    planned : {"", "confirmatory", "exploratory"}
        Whether the study's analysis plan named it before the data; "" without a plan.
    """

    message: str
    text: str
    sure: Sureness
    rank: float
    result: str
    values: dict[str, Any] = field(default_factory=dict)
    term: str = ""
    group: str = ""
    estimate: float = float("nan")
    conf_low: float = float("nan")
    conf_high: float = float("nan")
    unit: str = ""
    topic: Literal["finding", "action", "quality"] = "finding"
    planned: Literal["", "confirmatory", "exploratory"] = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON values, nan as null."""
        return {k: None if v != v else v for k, v in dataclasses.asdict(self).items()}

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.text)}</p>"


_Taken = TypeVar("_Taken")
_Made = TypeVar("_Made")
_Options = ParamSpec("_Options")


def or_nothing(
    show: Callable[Concatenate[_Taken, _Options], _Made],
) -> Callable[Concatenate[_Taken | None, _Options], _Made | None]:
    """Let a function that shows a result show nothing of None.

    Templates serve studies with and without a part, such as conditions; what there is none of
    is None, and ``record(None)`` passes.

    Examples
    --------
    >>> doubled = or_nothing(lambda number: 2 * number)
    >>> doubled(4), doubled(None)
    (8, None)
    """

    @wraps(show)
    def shown(
        result: _Taken | None, /, *arguments: _Options.args, **options: _Options.kwargs
    ) -> _Made | None:
        return None if result is None else show(result, *arguments, **options)

    return shown
