"""The rows of a gap result that a figure shows, in the order in which it shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cxresearch.servqual import ServqualGapsResult
from cxresearch.wording import Formats
from cxresearch.wording.labels import clean, name_of


def of_all(gaps: ServqualGapsResult, level: str) -> pd.DataFrame:
    """Return the rows of a level for all respondents; overall, where that says more."""
    frame = gaps.estimates
    if level == "overall" and not gaps.told_overall:
        return frame.iloc[:0]
    return frame[(frame["level"] == level) & (frame["segment"] == "")]


class _Columns(dict[str, list[Any]]):
    """The columns of a frame as lists, each made when first asked for."""

    def __init__(self, frame: pd.DataFrame) -> None:
        super().__init__()
        self.frame = frame

    def __missing__(self, name: str) -> list[Any]:
        if name not in self.frame.columns:
            raise AttributeError(f"the rows have no {name!r}")
        self[name] = self.frame[name].tolist()
        return self[name]


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """One row of a frame, its cells as attributes."""

    columns: _Columns
    place: int

    def __getattr__(self, name: str) -> Any:
        return self.columns[name][self.place]


def each(frame: pd.DataFrame) -> Iterable[Any]:
    """Return the rows of a frame one by one; of many columns a picture needs a few."""
    columns = _Columns(frame)
    return (_Row(columns, place) for place in range(len(frame)))


def widest_first(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows, widest shortfall first, what is not estimated last."""
    return frame.sort_values("estimate", kind="stable", na_position="last")


def dimensions_in_order(
    gaps: ServqualGapsResult, items: pd.DataFrame, formats: Formats
) -> list[tuple[str, str]]:
    """Return name and heading of each dimension that has items, widest shortfall first."""
    ordered = [
        (row.term, name_of(row.term, row.label, formats.messages))
        for row in each(widest_first(of_all(gaps, "dimension")))
        if (items["dimension"] == row.term).any()
    ]
    known = {name for name, _ in ordered}
    rest = [name for name in items["dimension"].unique() if name not in known]
    other = formats.messages.text("figures.other_items")
    return [*ordered, *((name, clean(name) or other) for name in rest)]


def by_segment(gaps: ServqualGapsResult, segment: str) -> pd.DataFrame:
    """Return the rows of a segment, dimensions as in `plot_gaps`, then the overall gap."""
    frame = gaps.estimates
    chosen = frame[
        (frame["segment"] == segment) & frame["level"].isin(["dimension", "overall"])
    ]
    order = [*widest_first(of_all(gaps, "dimension"))["term"]]
    order += ["overall"] if gaps.told_overall else []
    chosen = chosen[chosen["term"].isin(order)]
    places = chosen["term"].map({term: place for place, term in enumerate(order)})
    return chosen.iloc[places.argsort(kind="stable")]
