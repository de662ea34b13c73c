"""Names, rows, captions and alternative texts that the figures of a driver analysis share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from cxresearch.plots._rows import Interval, Row, Sign
from cxresearch.wording import Formats
from cxresearch.wording.drivers import direction_of
from cxresearch.wording.labels import column_label, in_sentence, shortened

Labels = Mapping[str, str] | None
LONGEST_NAME = 60
_LONGEST_LABEL = 200
_SIGN_OF: dict[str, Sign] = {
    "same": "excludes_zero",
    "against": "against",
    "turning": "turning",
    "unsigned": "unsigned",
}


def driver_label(term: str, labels: Labels, formats: Formats) -> str:
    """Return what a driver is called beside its marks."""
    return column_label(term, labels, formats.messages, longest=_LONGEST_LABEL)


def spoken(term: str, labels: Labels, formats: Formats) -> str:
    """Return what a driver is called in an alternative text."""
    return shortened(driver_label(term, labels, formats), LONGEST_NAME)


def outcome_name(outcome: str, labels: Labels, formats: Formats) -> str:
    """Return the outcome as it stands inside a sentence."""
    return in_sentence(spoken(outcome, labels, formats), formats.messages)


def people(n: int, weights: str, formats: Formats) -> list[str]:
    """Return the sentences on how many respondents are shown, and whether they are weighted."""
    text = formats.messages.text
    sentences = [text("figures.drivers.people", n=n)]
    return [*sentences, text("figures.weighted")] if weights else sentences


def share_decimals(shares: list[float]) -> int:
    """Return with how many decimals shares of a whole (0 to 1) are told apart."""
    known = [share for share in shares if share == share]
    return 0 if known and (min(known) >= 0.01 or len(known) <= 3) else 1


def share_row(row: Any, labels: Labels, formats: Formats, decimals: int) -> Row:
    """Return the row of a share (`percent` of a row) with its interval, sign and word."""
    name, direction = driver_label(row.term, labels, formats), direction_of(row)
    if direction in ("against", "turning"):
        name = formats.messages.text(f"figures.drivers.marked_{direction}", name=name)
    if math.isnan(row.percent):
        return Row(
            label=name, remark=formats.messages.text("figures.drivers.nothing_explained")
        )
    low, high = row.percent_low / 100, row.percent_high / 100
    return Row(
        label=name,
        marks=Interval(row.percent / 100, low, high, _SIGN_OF[direction], bar=True),
        number=formats.percent(row.percent / 100, decimals),
        aside="" if math.isnan(low) else formats.percent_interval(low, high, decimals),
    )


def direction_legend(rows: Iterable[Row], formats: Formats) -> tuple[tuple[Sign, str], ...]:
    """Return the signs of direction that occur in rows of shares, and what they mean."""
    present = {row.marks.sign for row in rows if isinstance(row.marks, Interval)}
    return tuple(
        (sign, formats.messages.text(f"figures.drivers.sign_{direction}"))
        for direction, sign in _SIGN_OF.items()
        if sign in present
    )
