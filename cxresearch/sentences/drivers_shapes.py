"""Where drivers stand and how they work: map, penalty and reward, bends, necessity, what if."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cxresearch.codebook.model import Codebook
from cxresearch.drivers.asymmetry import AsymmetryResult
from cxresearch.drivers.map import ImportancePerformanceResult
from cxresearch.drivers.necessity import NecessityResult
from cxresearch.drivers.shape import ResponseShapeResult
from cxresearch.drivers.what_if import WhatIfResult
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.sentences._drivers import (
    Labels,
    each,
    missing,
    name_values,
    other_values,
    sure_of,
)
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.drivers import change_decimals
from cxresearch.wording.labels import column_label

MOST_ACTIONS = 3
_NECESSARY = 0.1


@findings.register
def _(
    result: ImportancePerformanceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    ordered = result.positions.sort_values("importance", ascending=False, kind="stable")
    rows = [*each(ordered)]
    weak = [row for row in rows if row.quadrant == "concentrate"]
    strong = [row.term for row in rows if row.quadrant == "keep_up" and row.decided]
    told_of = [
        _place(row, result, labels, messages, rank=80 - i / 10) for i, row in enumerate(weak)
    ]
    if not weak:
        told_of.append(
            told("findings.drivers.no_priority", {}, messages, sure="not_decided", rank=50.0,
                 result=result.kind)
        )  # fmt: skip
    if strong:
        values = other_values(strong, labels, messages)
        told_of.append(
            told("findings.drivers.keep_up", values, messages, rank=45.0, result=result.kind,
                 sure=_least(rows, strong))
        )  # fmt: skip
    decided = [row for row in weak if row.decided]
    actions = [_begin(row, result, labels, messages) for row in decided[:1]]
    return (*sorted(told_of, key=lambda f: -f.rank)[:limit], *actions)


def _least(rows: list[Any], terms: list[str]) -> Sureness:
    return sure_of(min(row.prob_keep_up for row in rows if row.term in terms))


def _place_values(
    row: Any, result: ImportancePerformanceResult, labels: Labels, messages: Messages
) -> dict[str, Any]:
    return name_values(row.term, labels, messages) | {
        "rated": row.performance,
        "boxes": result.performance == "top_two_box",
        "chance": row.prob_concentrate,
    }


def _place(
    row: Any,
    result: ImportancePerformanceResult,
    labels: Labels,
    messages: Messages,
    *,
    rank: float,
) -> Finding:
    """Say that a driver is important and rated low, and how often resamples agree."""
    form = "" if row.decided else "_open"
    return told(
        f"findings.drivers.priority_{result.performance}{form}",
        _place_values(row, result, labels, messages),
        messages,
        sure=sure_of(row.prob_concentrate) if row.decided else "not_decided",
        rank=rank if row.decided else rank - 30,
        result=result.kind,
        term=row.term,
    )


def _begin(
    row: Any, result: ImportancePerformanceResult, labels: Labels, messages: Messages
) -> Finding:
    return told(
        "findings.drivers.begin",
        _place_values(row, result, labels, messages),
        messages,
        sure=sure_of(row.prob_concentrate),
        rank=5.0,
        result=result.kind,
        topic="action",
        term=row.term,
    )


# ── penalty and reward ────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: AsymmetryResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    rows = [*each(result.classes.rename(columns={"class": "kind"}))]
    cells = {(cell.term, cell.group): cell for cell in each(result.estimates)}
    told_of = [
        _kind(row, cells, result, labels, messages)
        for row in rows
        if row.kind in ("basic", "performance", "excitement")
    ]
    told_of.sort(key=lambda finding: -finding.rank)
    shown = told_of[:limit]
    unsure = [row.term for row in rows if row.kind == "not_classifiable"]
    if unsure and (limit is None or len(shown) < limit):
        values = other_values(unsure, labels, messages)
        shown.append(
            told("findings.drivers.kind_open", values, messages, sure="not_decided", rank=20.0,
                 result=result.kind)
        )  # fmt: skip
    return tuple(shown)


def _kind(
    row: Any,
    cells: dict[tuple[str, str], Any],
    result: AsymmetryResult,
    labels: Labels,
    messages: Messages,
) -> Finding:
    """Say what kind of driver it is; "hardly" only where the weaker side may be nothing."""
    penalty, reward = cells[row.term, "penalty"], cells[row.term, "reward"]
    weaker = reward if row.kind == "basic" else penalty
    form = row.kind
    if form != "performance" and not weaker.conf_low <= 0 <= weaker.conf_high:
        form = f"{form}_more"
    chance = getattr(row, f"prob_{row.kind}")
    values = name_values(row.term, labels, messages) | {
        "outcome": column_label(result.outcome, labels, messages),
        "penalty": penalty.estimate,
        "reward": reward.estimate,
        "chance": chance,
    }
    one_sided = row.kind != "performance"
    return told(
        f"findings.drivers.kind_{form}",
        values,
        messages,
        sure=sure_of(chance),
        rank=(65.0 if one_sided else 35.0) + row.range / (1 + row.range),
        result=result.kind,
        term=row.term,
        group="asymmetry",
    )


# ── more is not always better ─────────────────────────────────────────────────────────────


@findings.register
def _(
    result: ResponseShapeResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    outcome = {"outcome": column_label(result.outcome, labels, messages)}
    found: list[Finding] = []
    for place, shape in enumerate(("diminishing", "increasing", "curved")):
        terms = list(result.shapes.loc[result.shapes["shape"] == shape, "term"])
        if terms:
            values = outcome | other_values(terms, labels, messages)
            found.append(
                told(f"findings.drivers.shape_{shape}", values, messages, sure="clear",
                     rank=38.0 - place, result=result.kind)
            )  # fmt: skip
    if not found and len(result.estimates):
        found.append(
            told("findings.drivers.shape_none", outcome, messages, sure="not_decided",
                 rank=18.0, result=result.kind)
        )  # fmt: skip
    return tuple(found[:limit])


# ── necessary conditions ──────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: NecessityResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    groups = list(dict.fromkeys(result.estimates["group"]))
    ceiling = "ce_fdh" if "ce_fdh" in groups else groups[0]
    table = result.estimates[result.estimates["group"] == ceiling]
    needed = table[
        (table["estimate"] >= _NECESSARY) & (table["p_adjusted"] < 1 - result.confidence_level)
    ].sort_values("estimate", ascending=False, kind="stable")
    values = other_values(needed["term"], labels, messages) | {
        "outcome": column_label(result.outcome, labels, messages),
        "effect": float(needed["estimate"].max()) if len(needed) else None,
    }
    return (
        told(
            "findings.drivers.necessary" if len(needed) else "findings.drivers.necessary_none",
            values,
            messages,
            sure="clear" if len(needed) else "not_decided",
            rank=30.0 if len(needed) else 15.0,
            result=result.kind,
            term=str(needed["term"].iloc[0]) if len(needed) else "",
            group=ceiling,
        ),
    )


# ── what if ───────────────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: WhatIfResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    return tuple(_what_if_actions(result, labels, Messages(language)))


def _what_if_actions(
    result: WhatIfResult, labels: Labels, messages: Messages
) -> Iterator[Finding]:
    """Tell the largest gains that leave out zero, one a driver, each with the caution."""
    ordered = result.estimates.sort_values("rank", kind="stable")
    gains: dict[str, Any] = {}
    for row in each(ordered):
        if not missing(row.estimate) and row.conf_low > 0:
            gains.setdefault(row.term, row)
    for place, row in enumerate([*gains.values()][:MOST_ACTIONS]):
        yield _gain(row, result, labels, messages, rank=4.0 - place / 10)
    if not gains:
        yield told(
            "findings.drivers.gain_none",
            {"outcome": column_label(result.outcome, labels, messages)},
            messages,
            sure="not_decided",
            rank=1.0,
            result=result.kind,
            topic="action",
        )


def _gain(
    row: Any, result: WhatIfResult, labels: Labels, messages: Messages, *, rank: float
) -> Finding:
    binary = result.model == "binary"
    values = name_values(row.term, labels, messages) | {
        "outcome": column_label(result.outcome, labels, messages),
        "amount": abs(row.amount),
        "lifted": row.amount,
        "below": row.below,
        "to": row.to,
        "estimate": row.estimate,
        "conf_low": row.conf_low,
        "conf_high": row.conf_high,
        "confidence_level": result.confidence_level,
        "percentage_points": binary,
        "decimals": 1 if binary else change_decimals(result.estimates),
    }
    change = "lift" if row.group == "lift" else "rise" if row.amount > 0 else "fall"
    unit = "share" if binary else "points"
    return told(
        f"findings.drivers.gain_{change}_{unit}",
        values,
        messages,
        sure="clear" if row.p_value < 1 - result.confidence_level else "likely",
        rank=rank,
        result=result.kind,
        topic="action",
        term=row.term,
        group=row.group,
        estimate=row.estimate,
        conf_low=row.conf_low,
        conf_high=row.conf_high,
        unit=messages.text("findings.points_unit"),
    )
