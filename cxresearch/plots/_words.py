"""Captions and alternative texts, made from the numbers that are drawn."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from cxresearch.servqual import ServqualGapsResult
from cxresearch.wording import Formats, decimals_for

_LONGEST_ALT = 480


def scale_ends(gaps: ServqualGapsResult, formats: Formats) -> dict[str, str]:
    """Return the ends of the response scale as text, under the names the messages use."""
    return {"low": formats.points(gaps.scale_low), "high": formats.points(gaps.scale_high)}


def gap_decimals(gaps: ServqualGapsResult) -> int:
    """Return how many decimals a gap on this scale is shown with."""
    return decimals_for(gaps.scale_low, gaps.scale_high)


def whom(
    gaps: ServqualGapsResult, shown: pd.DataFrame, formats: Formats, *, grouped: bool = False
) -> list[str]:
    """Return the sentences on whose means are shown, and whether they are weighted."""
    messages = formats.messages
    key = "figures.mean_of_group" if grouped else "figures.mean_of"
    counts = shown["n"].dropna()
    if counts.empty:
        return [messages.text("figures.means_of_none")]
    fewest, most = int(counts.min()), int(counts.max())
    if fewest == most:
        sentences = [messages.text(key, n=most)]
    else:
        sentences = [messages.text(f"{key}_range", fewest=fewest, most=most)]
    return [*sentences, messages.text("figures.weighted")] if gaps.weighted else sentences


def alternative(lead: str, entries: Iterable[str], formats: Formats) -> str:
    """Return the lead and as many entries as fit into a text that can be listened to."""
    text, entries = f"{lead} ", list(entries)
    for told, entry in enumerate(entries):
        mark = "; " if told else ""
        if told and len(text) + len(mark) + len(entry) > _LONGEST_ALT - 15:
            rest = formats.messages.text("figures.alt_more", n=len(entries) - told)
            return f"{text}; {rest}."
        text += mark + entry
    return f"{text.rstrip()}." if entries else lead
