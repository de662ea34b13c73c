"""Whether groups differ, in one sentence for each way of grouping."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.sentences._base import sureness, told
from cxresearch.servqual import ServqualGapsResult
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages, decimals_for
from cxresearch.wording.labels import clean, segment_label

_TIERS: dict[Sureness, float] = {"clear": 70, "likely": 40, "not_decided": 10}
_NOTHING_TO_COMPARE = 1.0


def segment_findings(
    gaps: ServqualGapsResult, messages: Messages, codebook: Codebook | None
) -> Iterator[Finding]:
    """Return a finding for each segment: the foremost difference, or that none is shown."""
    for segment in gaps.segments:
        label = segment_label(segment, messages, codebook)
        kept = {"segment": "wave" if segment == "wave" and codebook is None else label}
        tests = _tests(gaps, segment)
        if not tests:
            yield _too_small(gaps, messages, segment, kept)
            continue
        best = min(tests, key=lambda row: _order(row, gaps))
        sure = _sure(best, gaps)
        if sure == "not_decided":
            yield _not_decided(tests, gaps, messages, segment=segment, kept=kept)
        else:
            yield _differs(best, gaps, messages, sure=sure, kept=kept)


def _tests(gaps: ServqualGapsResult, segment: str) -> list[Any]:
    frame: pd.DataFrame = gaps.differences[gaps.differences["group"] == segment]
    silent = ["overall_weighted"] if gaps.told_overall else ["overall_weighted", "overall"]
    told_terms = ~frame["term"].isin(silent)
    return rows_of(frame[told_terms & frame["p_value"].notna()])


def _order(row: Any, gaps: ServqualGapsResult) -> tuple[int, float, float]:
    """Return what sorts tests: how sure, then the difference, then the strength of the test."""
    places: dict[Sureness, int] = {"clear": 0, "likely": 1, "not_decided": 2}
    size = 0.0 if math.isnan(row.estimate) else abs(row.estimate)
    return places[_sure(row, gaps)], -size, row.p_value


def _sure(row: Any, gaps: ServqualGapsResult) -> Sureness:
    """Return how sure a difference is; among more than two groups it has no interval."""
    if not math.isnan(row.conf_low):
        level = gaps.confidence_level
        return sureness(row.p_adjusted, row.conf_low, row.conf_high, confidence_level=level)
    if row.p_adjusted < 1 - gaps.confidence_level:
        return "clear"
    return "likely" if row.p_value < 1 - gaps.confidence_level else "not_decided"


def _differs(
    row: Any,
    gaps: ServqualGapsResult,
    messages: Messages,
    *,
    sure: Sureness,
    kept: dict[str, Any],
) -> Finding:
    low_gap = _gap_of(gaps, row.term, row.group, row.lowest)
    high_gap = _gap_of(gaps, row.term, row.group, row.highest)
    # Told from the lower group to the higher, whichever of them the codebook names first.
    turned = row.estimate > 0
    ends = (-row.conf_high, -row.conf_low) if turned else (row.conf_low, row.conf_high)
    values = kept | {
        "name": _label_of(gaps, row.term),
        "term": row.term,
        "low_group": clean(row.lowest),
        "high_group": clean(row.highest),
        "low_gap": low_gap,
        "high_gap": high_gap,
        "estimate": -abs(row.estimate),
        "conf_low": ends[0],
        "conf_high": ends[1],
        "confidence_level": gaps.confidence_level,
        "decimals": decimals_for(gaps.scale_low, gaps.scale_high),
        "weighted": gaps.weighted,
        "p_adjusted": row.p_adjusted,
    }
    return told(
        _difference_message(row, sure, both_short=low_gap < 0 and high_gap < 0),
        values,
        messages,
        sure=sure,
        rank=_TIERS[sure] + min(abs(low_gap - high_gap) / 100, 0.99),
        result=gaps.kind,
        term=row.term,
        group=row.group,
        estimate=values["estimate"],
        conf_low=ends[0],
        conf_high=ends[1],
        unit=messages.text("findings.points_unit"),
    )


def _difference_message(row: Any, sure: Sureness, *, both_short: bool) -> str:
    if math.isnan(row.estimate):
        key = "segment_spread"
    else:
        key = "segment_wider" if both_short else "segment_differs"
    overall = "_overall" if row.term == "overall" else ""
    return f"findings.{key}{overall}{'_likely' if sure == 'likely' else ''}"


def _not_decided(
    tests: list[Any],
    gaps: ServqualGapsResult,
    messages: Messages,
    *,
    segment: str,
    kept: dict[str, Any],
) -> Finding:
    ends = [abs(end) for row in tests for end in (row.conf_low, row.conf_high)]
    known = [end for end in ends if not math.isnan(end)]
    message = "segment_not_decided" if known else "segment_not_decided_many"
    values = kept | {
        "bound": max(known, default=math.nan),
        "decimals": decimals_for(gaps.scale_low, gaps.scale_high),
    }
    return told(
        f"findings.{message}",
        values,
        messages,
        sure="not_decided",
        rank=_TIERS["not_decided"],
        result=gaps.kind,
        group=segment,
    )


def _too_small(
    gaps: ServqualGapsResult, messages: Messages, segment: str, kept: dict[str, Any]
) -> Finding:
    return told(
        "findings.segment_too_small",
        kept | {"min_cell": gaps.min_cell},
        messages,
        sure="not_decided",
        rank=_NOTHING_TO_COMPARE,
        result=gaps.kind,
        group=segment,
    )


def _gap_of(gaps: ServqualGapsResult, term: str, segment: str, group: str) -> float:
    frame = gaps.estimates
    cell = frame[
        (frame["term"] == term) & (frame["segment"] == segment) & (frame["group"] == group)
    ]
    return float(cell["estimate"].iloc[0]) if len(cell) else math.nan


def _label_of(gaps: ServqualGapsResult, term: str) -> str:
    frame = gaps.estimates
    labels = frame.loc[(frame["term"] == term) & (frame["segment"] == ""), "label"]
    return clean(labels.iloc[0]) if len(labels) else term
