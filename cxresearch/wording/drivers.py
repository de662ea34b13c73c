"""Words and numbers of driver analyses that figures, tables and sentences share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from cxresearch.wording.formats import Formats
from cxresearch.wording.labels import column_label, segment_label
from cxresearch.wording.messages import Messages

_LARGE = 20.0


def direction_of(row: Any) -> str:
    """Return how a driver goes with the outcome.

    ``"same"``: higher ratings with a higher outcome; ``"against"``: with a lower one;
    ``"turning"``: it depends on which other drivers are in the model; ``"unsigned"``: several
    columns or an interaction, so there is no single direction.
    """
    if row.sign_changes:
        return "turning"
    if row.sign < 0:
        return "against"
    return "same" if row.sign > 0 else "unsigned"


def largest_first(estimates: pd.DataFrame) -> list[str]:
    """Return the drivers of several groups, by the mean of their shares (`percent`)."""
    means = estimates.groupby("term", sort=False)["percent"].mean()
    return [str(term) for term in means.sort_values(ascending=False, kind="stable").index]


def grouping_name(segment: str, labels: Mapping[str, str] | None, messages: Messages) -> str:
    """Return what the column is called by which respondents are grouped."""
    if (labels or {}).get(segment):
        return column_label(segment, labels, messages)
    return segment_label(segment, messages)


def change_decimals(estimates: pd.DataFrame) -> int:
    """Return how many decimals changes of an outcome are shown with: fewer on wide scales."""
    return 1 if float(estimates["outcome_before"].abs().max()) > _LARGE else 2


def change_text(change: float, model: str, formats: Formats, decimals: int = 2) -> str:
    """Return a change with its sign: points, or percentage points of a binary outcome."""
    return formats.gap(100 * change, 1) if model == "binary" else formats.gap(change, decimals)


def interval_text(
    low: float, high: float, model: str, formats: Formats, decimals: int = 2
) -> str:
    """Return the interval of a change, in the units of `change_text`."""
    if model == "binary":
        return formats.interval(100 * low, 100 * high, 1)
    return formats.interval(low, high, decimals)


def scenario_text(row: Any, name: str, formats: Formats) -> str:
    """Return what happens to a driver: ``Staff: +0.5``, ``Staff: 50% of ≤ 3 to 5``."""
    if row.group == "shift":
        return formats.messages.text(
            "figures.drivers.shift", name=name, amount=_amount(row.amount, formats)
        )
    return formats.messages.text(
        "figures.drivers.lift",
        name=name,
        share=formats.percent(row.amount),
        below=formats.points(row.below),
        to=formats.points(row.to),
    )


def _amount(amount: float, formats: Formats) -> str:
    text = formats.points(amount) if math.isclose(amount, round(amount, 1)) else ""
    text = text or formats.number(amount, 2)
    return f"+{text}" if amount > 0 else text
