"""Findings on gaps of many groups, over waves and on the map."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.sentences._base import check_limit, findings, sureness, told
from cxresearch.servqual import (
    GapChangesResult,
    GapMapResult,
    ImputedGapsResult,
    PooledGapsResult,
)
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages, decimals_for
from cxresearch.wording.labels import clean, segment_label

_LIKELY_WORST, _CLEAR = 0.8, 0.95
_SMALL_SHIFT = 0.02
"""Part of the response scale below which a shift by filling in is not worth naming."""
_RANKS: dict[Sureness, float] = {"clear": 76, "likely": 38, "not_decided": 9}


def _cut(found: list[Finding], limit: int | None) -> tuple[Finding, ...]:
    """Return the findings, foremost first; the limit is on the topic "finding"."""
    ordered = sorted(found, key=lambda finding: -finding.rank)
    main = [finding for finding in ordered if finding.topic == "finding"][:limit]
    return tuple(f for f in ordered if f.topic != "finding" or f in main)


# ── many groups ───────────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: PooledGapsResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    label = segment_label(result.segment, messages, codebook)
    kept = {"segment": "wave" if result.segment == "wave" and codebook is None else label}
    row: Any = result.spread.set_index("term").loc[result.foremost]
    if math.isnan(row["estimate"]):
        return ()
    sure = _sure_spread(row, result)
    found = [_spread(row, sure, result, messages, kept)]
    if sure != "not_decided":
        found.append(_worst(row, sure, result, messages, kept))
    return _cut(found, limit)


def _sure_spread(row: Any, result: PooledGapsResult) -> Sureness:
    level = 1 - result.confidence_level
    if row["p_adjusted"] < level:
        return "clear"
    return "likely" if row["p_value"] < level else "not_decided"


def _spread(
    row: Any, sure: Sureness, result: PooledGapsResult, messages: Messages, kept: dict[str, Any]
) -> Finding:
    overall = "_overall" if result.foremost == "overall" else ""
    start = "alike" if sure == "not_decided" else "spread"
    end = "_likely" if sure == "likely" else ""
    values = kept | {
        "name": clean(row["label"]),
        "term": result.foremost,
        "n": int(row["groups"]),
        "bound": row["conf_high"] if sure == "not_decided" else row["estimate"],
        "estimate": row["mean"],
        "decimals": decimals_for(result.scale_low, result.scale_high),
        "p_adjusted": row["p_adjusted"],
    }
    return told(
        f"findings.gap_groups.{start}{overall}{end}",
        values,
        messages,
        sure=sure,
        rank=_RANKS[sure],
        result=result.kind,
        term=result.foremost,
        group=result.segment,
    )


def _worst(
    row: Any, sure: Sureness, result: PooledGapsResult, messages: Messages, kept: dict[str, Any]
) -> Finding:
    """Name the group that comes last only where chance would hardly have put it there."""
    rows = result.estimates[result.estimates["term"] == result.foremost]
    worst: Any = rows.iloc[int(rows["p_worst"].fillna(-1.0).argmax())]
    chance = float(worst["p_worst"])
    certain: Sureness = "not_decided"
    if chance >= _LIKELY_WORST:
        certain = "clear" if chance >= _CLEAR and sure == "clear" else "likely"
    key = {"clear": "worst", "likely": "worst_likely", "not_decided": "worst_open"}[certain]
    values = kept | {
        "grouping": result.segment,
        "low_group": clean(worst["group"]),
        "low_gap": worst["estimate"],
        "chance": chance,
        "n": int(row["groups"]),
        "decimals": decimals_for(result.scale_low, result.scale_high),
    }
    return told(
        f"findings.gap_groups.{key}",
        values,
        messages,
        sure=certain,
        rank=_RANKS[certain] - 1,
        result=result.kind,
        term=result.foremost,
        group=str(worst["group"]),
        estimate=worst["estimate"],
        conf_low=worst["conf_low"],
        conf_high=worst["conf_high"],
        unit=messages.text("findings.points_unit"),
    )


# ── waves ─────────────────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: GapChangesResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    whole = result.estimates[
        (result.estimates["first"] == result.waves[0])
        & (result.estimates["last"] == result.waves[-1])
    ]
    found = [*_changes(whole, result, messages)]
    return _cut([*found, *_doubts(result, messages)], limit)


def _changes(whole: Any, result: GapChangesResult, messages: Messages) -> Iterator[Finding]:
    rows = rows_of(whole[whole["level"] == "dimension"])
    tested = [row for row in rows if not math.isnan(row.estimate)]
    if not tested:
        yield told(
            "findings.gap_groups.change_hidden",
            {"first": result.waves[0], "last": result.waves[-1], "n": result.min_cell},
            messages,
            sure="not_decided",
            rank=1.0,
            result=result.kind,
        )
        return
    if result.told_overall:
        row = rows_of(whole[whole["term"] == "overall"])[0]
        if not math.isnan(row.estimate):
            yield _change(row, result, messages)
    for row in tested:
        if _sure_change(row, result) != "not_decided" or not result.told_overall:
            yield _change(row, result, messages)


def _sure_change(row: Any, result: GapChangesResult) -> Sureness:
    level = result.confidence_level
    return sureness(row.p_adjusted, row.conf_low, row.conf_high, confidence_level=level)


def _change(row: Any, result: GapChangesResult, messages: Messages) -> Finding:
    sure = _sure_change(row, result)
    overall = "_overall" if row.term == "overall" else ""
    if sure == "not_decided":
        key = f"change_open{overall}"
    else:
        way = "better" if row.estimate > 0 else "worse"
        key = f"{way}{overall}{'_likely' if sure == 'likely' else ''}"
    values = {
        "name": clean(row.label), "term": row.term, "first": clean(row.first),
        "last": clean(row.last), "low_gap": row.gap_first, "high_gap": row.gap_last,
        "estimate": row.estimate, "conf_low": row.conf_low, "conf_high": row.conf_high,
        "confidence_level": result.confidence_level, "weighted": result.weighted,
        "decimals": decimals_for(result.scale_low, result.scale_high),
        "p_adjusted": row.p_adjusted,
    }  # fmt: skip
    return told(
        f"findings.gap_groups.{key}",
        values,
        messages,
        sure=sure,
        rank=_RANKS[sure] + 2 * (row.term == "overall") + min(abs(row.estimate) / 10, 0.9),
        result=result.kind,
        term=row.term,
        group=row.group,
        estimate=row.estimate,
        conf_low=row.conf_low,
        conf_high=row.conf_high,
        unit=messages.text("findings.points_unit"),
    )


def _doubts(result: GapChangesResult, messages: Messages) -> Iterator[Finding]:
    doubtful = {note.partition(":")[2] for note in result.notes if note.startswith("waves_un")}
    for row in rows_of(result.pairs):
        if row.group in doubtful:
            yield told(
                "findings.gap_groups.waves_unrelated",
                {"first": clean(str(row.first)), "last": clean(str(row.last))},
                messages,
                sure="likely",
                rank=2.0,
                result=result.kind,
                group=row.group,
                topic="quality",
            )


# ── what to do first ──────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: GapMapResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    rows = {
        kind: result.positions[result.positions["importance"] == kind] for kind in result.kinds
    }
    first: dict[str, Any] = {
        kind: part.iloc[int(part["p_first"].argmax())] for kind, part in rows.items()
    }
    if all(part["priority"].max() <= 0 for part in rows.values()):
        return (
            told("findings.gap_groups.first_none", {}, messages, sure="not_decided", rank=4.5,
                 result=result.kind, topic="action"),
        )  # fmt: skip
    same = len(first) > 1 and len({row["term"] for row in first.values()}) == 1
    if same and min(row["p_first"] for row in first.values()) >= result.decision:
        row = min(first.values(), key=lambda one: float(one["p_first"]))
        return (_first(row, "first_both", result, messages, rank=5.0),)
    found = []
    for place, (kind, row) in enumerate(first.items()):
        decided = row["p_first"] >= result.decision
        key = f"first_{kind}" if decided else f"first_open_{kind}"
        found.append(_first(row, key, result, messages, rank=5.0 - 0.1 * place))
    return tuple(found)


def _first(
    row: Any, key: str, result: GapMapResult, messages: Messages, *, rank: float
) -> Finding:
    chance = float(row["p_first"])
    sure: Sureness = "not_decided"
    if chance >= result.decision:
        sure = "clear" if chance >= _CLEAR else "likely"
    rows: Any = result.estimates.set_index(["group", "term"]).loc[("gap", row["term"])]
    values = {
        "name": clean(row["label"]), "term": row["term"], "estimate": row["gap"],
        "chance": chance, "outcome": clean(result.outcome_label) or clean(result.outcome),
        "decimals": decimals_for(result.scale_low, result.scale_high),
    }  # fmt: skip
    return told(
        f"findings.gap_groups.{key}",
        values,
        messages,
        sure=sure,
        rank=rank,
        result=result.kind,
        term=str(row["term"]),
        estimate=float(row["gap"]),
        conf_low=float(rows["conf_low"]),
        conf_high=float(rows["conf_high"]),
        unit=messages.text("findings.points_unit"),
        topic="action",
    )


# ── missing answers ───────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: ImputedGapsResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    shifts = result.shifts().dropna(subset=["shift"])
    if shifts.empty:
        return ()
    widest: Any = shifts.iloc[int(shifts["shift"].abs().argmax())]
    changed = int(shifts["differs"].sum())
    size = abs(float(widest["shift"]))
    small = size < _SMALL_SHIFT * (result.scale_high - result.scale_low)
    key = "missing_changes" if changed else "missing_same" if small else "missing_shift"
    values = {
        "name": clean(widest["label"]), "term": widest["term"], "bound": size, "n": changed,
        "decimals": decimals_for(result.scale_low, result.scale_high),
    }  # fmt: skip
    return (
        told(
            f"findings.gap_groups.{key}", values, messages,
            sure="not_decided" if changed else "clear", rank=1.5, result=result.kind,
            term=str(widest["term"]), topic="quality",
        ),
    )  # fmt: skip
