"""What a SERVQUAL gap analysis found, and what to do first."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.sentences._base import check_limit, findings, sureness, told
from cxresearch.sentences._segments import segment_findings
from cxresearch.servqual import ServqualGapsResult
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages, decimals_for
from cxresearch.wording.labels import clean

_TIERS: dict[tuple[str, Sureness], float] = {
    ("dimension", "clear"): 90,
    ("overall", "clear"): 80,
    ("overall_weighted", "clear"): 68,
    ("dimension", "likely"): 60,
    ("overall", "likely"): 50,
    ("overall_weighted", "likely"): 49,
    ("overall", "not_decided"): 30,
    ("overall_weighted", "not_decided"): 29,
    ("dimension", "not_decided"): 20,
}
"""Which kind of sentence comes first; within a kind the wider and the more important gap."""

_LEADING, _TIERS_LATER = 2, 69
"""So many dimensions come first; the others after what holds over all of them and by group."""

_MOST_ACTIONS = 3


@findings.register
def _(
    result: ServqualGapsResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    whole = _whole(result)
    gaps = [*_gap_findings(whole, messages)]
    segments = [*segment_findings(result, messages, codebook)]
    chosen = _chosen(gaps, segments, limit)
    return (*chosen, *_actions(whole, messages))


@dataclass(frozen=True, slots=True, eq=False)
class _Whole:
    """What holds over everybody: rows of the estimates by level, and points by dimension."""

    gaps: ServqualGapsResult
    rows: Mapping[str, list[Any]]
    points: Mapping[str, float]

    def weight(self, dimension: str) -> float:
        """Return the importance of a dimension, 1 on average; 1 where there are no points."""
        mean = sum(self.points.values()) / len(self.points) if self.points else 0.0
        return self.points.get(dimension, mean) / mean if mean > 0 else 1.0


def _whole(gaps: ServqualGapsResult) -> _Whole:
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in rows_of(gaps.estimates[gaps.estimates["segment"] == ""]):
        rows[row.level].append(row)
    points = zip(gaps.importance["term"], gaps.importance["estimate"], strict=True)
    return _Whole(gaps, rows, {str(t): float(p) for t, p in points if not math.isnan(p)})


def row_values(row: Any, gaps: ServqualGapsResult) -> dict[str, Any]:
    """Return what a sentence on one row of the estimates keeps, at full precision."""
    return {
        "name": clean(row.label),
        "term": row.term,
        "estimate": row.estimate,
        "conf_low": row.conf_low,
        "conf_high": row.conf_high,
        "confidence_level": gaps.confidence_level,
        "decimals": decimals_for(gaps.scale_low, gaps.scale_high),
        "scale_low": gaps.scale_low,
        "scale_high": gaps.scale_high,
        "weighted": gaps.weighted,
    }


def _gap_findings(whole: _Whole, messages: Messages) -> Iterator[Finding]:
    gaps, rows = whole.gaps, whole.rows["dimension"]
    scores = [abs(row.estimate) * whole.weight(row.term) for row in rows]
    leading = sorted(scores, reverse=True)[:_LEADING]
    for row, score in zip(rows, scores, strict=True):
        sure = _sure(row, gaps)
        tier = _TIERS["dimension", sure]
        if sure == "clear" and score not in leading:
            tier = _TIERS_LATER
        rank = tier + _squeezed(score)
        yield _gap_finding(row, gaps, messages, message=_message(row, sure), rank=rank)
    for row in whole.rows["overall"] if gaps.told_overall else ():
        sure = _sure(row, gaps)
        key = _overall_message(row, sure)
        if key and (row.term, sure) in _TIERS:
            rank = _TIERS[row.term, sure] + _squeezed(abs(row.estimate))
            yield _gap_finding(row, gaps, messages, message=key, rank=rank)


def _gap_finding(
    row: Any, gaps: ServqualGapsResult, messages: Messages, *, message: str, rank: float
) -> Finding:
    return told(
        message,
        row_values(row, gaps),
        messages,
        sure=_sure(row, gaps),
        rank=rank,
        result=gaps.kind,
        term=row.term,
        group=row.group,
        estimate=row.estimate,
        conf_low=row.conf_low,
        conf_high=row.conf_high,
        unit=messages.text("findings.points_unit"),
    )


def _message(row: Any, sure: Sureness) -> str:
    if math.isnan(row.estimate):
        return "findings.not_estimated"
    if math.isnan(row.conf_low) or math.isnan(row.conf_high):
        if row.note != "constant":
            return "findings.no_interval"
        return "findings.constant" if abs(row.estimate) > 1e-12 else "findings.equal"
    if sure == "not_decided":
        return "findings.not_decided"
    direction = "shortfall" if row.estimate < 0 else "surplus"
    return f"findings.{direction}" if sure == "clear" else f"findings.{direction}_likely"


def _overall_message(row: Any, sure: Sureness) -> str:
    """Return the message for an overall score, ``""`` where it cannot be told."""
    if math.isnan(row.conf_low) or math.isnan(row.conf_high):
        return ""
    start = "findings.points" if row.term == "overall_weighted" else "findings.overall"
    if sure == "not_decided":
        return f"{start}_not_decided"
    return f"{start}_shortfall" if row.estimate < 0 else f"{start}_surplus"


def _chosen(
    gaps: list[Finding], segments: list[Finding], limit: int | None
) -> tuple[Finding, ...]:
    """Return the findings that are told, most important first.

    The overall score keeps its place from three findings on, the foremost finding on segments
    from four on, however many dimensions there are.
    """
    every = sorted([*gaps, *segments], key=lambda finding: -finding.rank)
    if limit is None or len(every) <= limit:
        return tuple(every)
    kept = [f for f in every if f.term == "overall" and f in gaps][: 1 if limit >= 3 else 0]
    kept += [f for f in every if f in segments][: 1 if limit >= 4 else 0]
    kept += [f for f in every if f not in kept][: limit - len(kept)]
    return tuple(f for f in every if f in kept)


# ── what to do first ──────────────────────────────────────────────────────────────────────


def _actions(whole: _Whole, messages: Messages) -> Iterator[Finding]:
    items = _items_to_act_on(whole)
    for place, row in enumerate(items):
        yield _item_action(row, whole, messages, rank=float(_MOST_ACTIONS + 1 - place))
    if not items and whole.rows["item"]:
        yield told(
            "findings.action_none",
            {},
            messages,
            sure="not_decided",
            rank=1.0,
            result=whole.gaps.kind,
            topic="action",
        )
    waiting = _dimension_that_can_wait(whole, items)
    if waiting is not None:
        yield _leave_action(waiting, whole, messages)


def _items_to_act_on(whole: _Whole) -> list[Any]:
    """Return of each dimension the item with the widest clear shortfall, the foremost first."""
    widest: dict[str, Any] = {}
    for row in whole.rows["item"]:
        if row.estimate < 0 and _sure(row, whole.gaps) == "clear":
            best = widest.get(row.dimension)
            widest[row.dimension] = (
                row if best is None or row.estimate < best.estimate else best
            )
    ranked = sorted(widest.values(), key=lambda row: row.estimate * whole.weight(row.dimension))
    return ranked[:_MOST_ACTIONS]


def _item_action(row: Any, whole: _Whole, messages: Messages, *, rank: float) -> Finding:
    gaps = whole.gaps
    labels = {one.term: one.label for one in whole.rows["dimension"]}
    points = whole.points.get(row.dimension)
    values = row_values(row, gaps) | {
        "item": clean(row.label),
        "dimension": clean(labels.get(row.dimension, row.dimension)),
        "importance": points,
    }
    del values["name"]
    return told(
        "findings.action_item" if points is None else "findings.action_item_points",
        values,
        messages,
        sure="clear",
        rank=rank,
        result=gaps.kind,
        topic="action",
        term=row.term,
        group=row.group,
        estimate=row.estimate,
        conf_low=row.conf_low,
        conf_high=row.conf_high,
        unit=messages.text("findings.points_unit"),
    )


def _dimension_that_can_wait(whole: _Whole, items: list[Any]) -> Any | None:
    """Return a dimension that can be left as it is, as far as the data bear saying so.

    Either customers clearly get more than they expect there, or no shortfall was found and even
    the widest one compatible with the data is smaller than that of any item to act on.
    """
    gaps = whole.gaps
    least = min((-row.conf_high for row in items), default=0.0)
    fitting = [
        row
        for row in whole.rows["dimension"]
        if (row.estimate > 0 and _sure(row, gaps) == "clear")
        or (_sure(row, gaps) == "not_decided" and 0 < -row.conf_low < least)
    ]
    return max(fitting, key=lambda row: row.conf_low, default=None)


def _leave_action(row: Any, whole: _Whole, messages: Messages) -> Finding:
    gaps = whole.gaps
    sure = _sure(row, gaps)
    points = whole.points.get(row.term)
    message = "findings.leave_surplus" if sure == "clear" else "findings.leave_small"
    return told(
        message if points is None else f"{message}_points",
        row_values(row, gaps) | {"importance": points},
        messages,
        sure=sure,
        rank=0.5,
        result=gaps.kind,
        topic="action",
        term=row.term,
        group=row.group,
        estimate=row.estimate,
        conf_low=row.conf_low,
        conf_high=row.conf_high,
        unit=messages.text("findings.points_unit"),
    )


# ── small questions to the result ─────────────────────────────────────────────────────────


def _sure(row: Any, gaps: ServqualGapsResult) -> Sureness:
    return sureness(
        row.p_adjusted, row.conf_low, row.conf_high, confidence_level=gaps.confidence_level
    )


def _squeezed(score: float) -> float:
    """Return a score between 0 and 1 in the same order, so that it cannot change the tier."""
    return 0.0 if math.isnan(score) else score / (1.0 + score)
