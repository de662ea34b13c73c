"""What the sentences on driver analyses share: names, lists of names, and the small helpers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.shown import Sureness
from cxresearch.wording import Messages
from cxresearch.wording.labels import column_label

Labels = Mapping[str, str] | None
MOST_NAMES = 4
CLEAR_CHANCE = 0.95


def each(frame: pd.DataFrame) -> Iterable[Any]:
    """Return the rows of a frame one by one."""
    return rows_of(frame)


def name_values(term: str, labels: Labels, messages: Messages) -> dict[str, Any]:
    """Return the name a sentence is about, and the row it stands for."""
    return {"name": column_label(term, labels, messages), "term": term}


def other_values(terms: Iterable[str], labels: Labels, messages: Messages) -> dict[str, Any]:
    """Return the names a sentence lists, at most four, and how many more there are."""
    names = [column_label(term, labels, messages) for term in terms]
    shown = names if len(names) <= MOST_NAMES else names[: MOST_NAMES - 1]
    values: dict[str, Any] = {f"other_{i}": name for i, name in enumerate(shown, start=1)}
    more = len(names) - len(shown)
    return {**values, "others_told": len(shown), "others_more": more, "n": len(names)}


def sure_of(chance: float) -> Sureness:
    """Return how sure a decided place or kind is, by its probability."""
    return "clear" if chance >= CLEAR_CHANCE else "likely"


def missing(value: float) -> bool:
    """Return whether a number is not defined."""
    return math.isnan(value)
