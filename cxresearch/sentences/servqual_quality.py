"""What gaps can bear: which predicts better, how reliable, a fair summary, inside the zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from cxresearch.codebook.model import Codebook
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.sentences._drivers import each, other_values
from cxresearch.servqual.gap_quality_result import GapQualityResult
from cxresearch.servqual.servperf_result import ServperfResult
from cxresearch.servqual.surface_result import ResponseSurfaceResult
from cxresearch.servqual.zone_result import ZoneResult
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages, decimals_for
from cxresearch.wording.labels import clean, name_of

RELIABLE = 0.7
"""Below it a gap is told as not reliable: the usual least for research in its first stages."""

_TOLD_FROM = 2.5
"""Ways of summing up that differ by fewer units of the last decimal shown are not told."""


@findings.register
def _(
    result: GapQualityResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    told_of = [*_predicting(result, messages)][:limit]
    return (*told_of, *_reliability(result, messages), *_restriction(result, messages))


def _predicting(quality: GapQualityResult, messages: Messages) -> Iterator[Finding]:
    """Say whether what was received or the gap goes with the outcome more closely."""
    if quality.validity.empty:
        yield told("findings.gap_quality.no_outcome", {}, messages, sure="not_decided",
                   rank=2.0, result=quality.kind, topic="quality")  # fmt: skip
        return
    row = quality.validity.iloc[-1]
    if not np.isfinite(row["estimate"]) or not np.isfinite(row["conf_low"]):
        return
    excluded = row["conf_low"] > 0 or row["conf_high"] < 0
    rejected = row["p_value"] < 1 - quality.confidence_level
    sure: Sureness = (
        "clear" if excluded and rejected else "likely" if excluded else "not_decided"
    )
    lead = "received_more" if row["estimate"] > 0 else "gap_more"
    form = {"clear": lead, "likely": f"{lead}_likely", "not_decided": "predict_open"}[sure]
    values = {
        "outcome": clean(quality.outcome_label),
        "r_received": row["r_perception"],
        "r_gap": row["r_gap"],
    }
    yield told(
        f"findings.gap_quality.{form}",
        values,
        messages,
        sure=sure,
        rank=62.0 if sure == "clear" else 32.0,
        result=quality.kind,
        term=row["term"],
        group=row["group"],
        estimate=row["estimate"],
        conf_low=row["conf_low"],
        conf_high=row["conf_high"],
    )


def _reliability(quality: GapQualityResult, messages: Messages) -> Iterator[Finding]:
    """Name the gaps that are not reliable, or say how reliable the least reliable is."""
    rows = quality.estimates
    known = rows[(rows["level"] == "dimension") & rows["conf_low"].notna()]
    if known.empty:
        return
    surely = known[known["conf_high"] < RELIABLE]
    maybe = known[(known["estimate"] < RELIABLE) & ~known.index.isin(surely.index)]
    told_parts = ((surely, "unreliable", "clear"), (maybe, "unreliable_likely", "likely"))
    for part, form, sure in told_parts:
        if len(part):
            values = _names(part, messages) | {"reliability": part["estimate"].max()}
            yield _quality(f"findings.gap_quality.{form}", values, messages, sure, quality)
    if len(surely) + len(maybe) == 0:
        least: dict[str, Any] = {"reliability": known["estimate"].min()}
        open_rows = known[known["conf_low"] < RELIABLE]
        if open_rows.empty:
            yield _quality("findings.gap_quality.reliable", least, messages, "clear", quality)
            return
        least |= _names(open_rows, messages)
        yield _quality(
            "findings.gap_quality.reliable_likely", least, messages, "likely", quality
        )


def _restriction(quality: GapQualityResult, messages: Messages) -> Iterator[Finding]:
    rows = quality.estimates
    warned = rows[(rows["warning"] != "") & (rows["level"] == "dimension")]
    if len(warned):
        values = _names(warned, messages)
        yield _quality("findings.gap_quality.ceiling", values, messages, "clear", quality)


def _quality(
    message: str, values: dict[str, Any], messages: Messages, sure: str, result: Any
) -> Finding:
    level: Sureness = "clear" if sure == "clear" else "likely"
    return told(
        message, values, messages, sure=level, rank=3.0, result=result.kind, topic="quality"
    )


def _names(rows: pd.DataFrame, messages: Messages) -> dict[str, Any]:
    labels = {
        str(term): name_of(str(term), str(label), messages)
        for term, label in zip(rows["term"], rows["label"], strict=True)
    }
    return other_values(labels, labels, messages)


# ── response surface ──────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: ResponseSurfaceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    values = {"outcome": clean(result.outcome_label), "n": result.n}
    told_of = [
        told(f"findings.gap_quality.surface_{_verdict(result)}", values, messages,
             sure="clear" if result.verdict == "refuted" else "not_decided",
             rank=58.0 if result.verdict == "refuted" else 24.0, result=result.kind,
             term=result.dimension)
    ]  # fmt: skip
    if result.congruence == "supported":
        told_of.append(
            told("findings.gap_quality.congruence", values, messages, sure="likely",
                 rank=40.0, result=result.kind, term=result.dimension)
        )  # fmt: skip
    return tuple(told_of[:limit])


def _verdict(result: ResponseSurfaceResult) -> str:
    """Return which sentence the verdict has: a bend is told where the surface shows one."""
    if result.verdict != "refuted":
        return result.verdict
    p = dict(zip(result.comparisons["term"], result.comparisons["p_value"], strict=True))
    return "curved" if p["linear_surface"] < 1 - result.confidence_level else "linear"


# ── zone of tolerance ─────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: ZoneResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    told_of = sorted(_zone_findings(result, messages), key=lambda finding: -finding.rank)
    shown = told_of[:limit]
    if result.misordered:
        values = {"n": result.misordered}
        shown.append(
            _quality("findings.gap_quality.misordered", values, messages, "clear", result)
        )
    return tuple(shown)


def _zone_findings(zone: ZoneResult, messages: Messages) -> Iterator[Finding]:
    own = zone.zones[(zone.zones["segment"] == "") & (zone.zones["level"] == "dimension")]
    for row in each(own[own["zone"].isin(("below", "above"))]):
        yield _outside(row, zone, messages)
    inside = own[own["zone"] == "within"]
    if len(inside):
        sure = _least(zone, inside["term"])
        key = "zone_within" if sure == "clear" else "zone_within_likely"
        yield told(f"findings.gap_quality.{key}", _names(inside, messages), messages,
                   sure=sure, rank=54.0, result=zone.kind)  # fmt: skip
    # A dimension without answers is neither inside nor undecided: nothing is told of it.
    unsure = own[(own["zone"] == "not_decided") & own["perception"].notna()]
    if len(unsure):
        yield told("findings.gap_quality.zone_open", _names(unsure, messages), messages,
                   sure="not_decided", rank=22.0, result=zone.kind)  # fmt: skip


def _outside(row: Any, zone: ZoneResult, messages: Messages) -> Finding:
    """Say that a dimension lies below the minimum or above the desired level."""
    measure = "adequacy" if row.zone == "below" else "superiority"
    gap = next(iter(each(_of_all(zone, measure, [row.term]))))
    sure: Sureness = "clear" if gap.p_adjusted < 1 - zone.confidence_level else "likely"
    values = {
        "name": clean(row.label),
        "term": row.term,
        "estimate": gap.estimate,
        "conf_low": gap.conf_low,
        "conf_high": gap.conf_high,
        "confidence_level": zone.confidence_level,
        "decimals": decimals_for(zone.scale_low, zone.scale_high),
        "scale_low": zone.scale_low,
        "scale_high": zone.scale_high,
        "weighted": zone.weighted,
    }
    size = abs(gap.estimate) / (1 + abs(gap.estimate))
    return told(
        f"findings.gap_quality.zone_{row.zone}{'' if sure == 'clear' else '_likely'}",
        values,
        messages,
        sure=sure,
        rank=(85.0 if sure == "clear" else 56.0) + size - (8.0 if row.zone == "above" else 0.0),
        result=zone.kind,
        term=row.term,
        group=row.group,
        estimate=gap.estimate,
        conf_low=gap.conf_low,
        conf_high=gap.conf_high,
        unit=messages.text("findings.points_unit"),
    )


def _of_all(zone: ZoneResult, measure: str, terms: Iterable[str]) -> pd.DataFrame:
    rows = zone.estimates
    own = (rows["segment"] == "") & (rows["measure"] == measure)
    return rows[own & rows["term"].isin(list(terms))]


def _least(zone: ZoneResult, terms: Iterable[str]) -> Sureness:
    """Return whether both gaps of all dimensions stand after the adjustment."""
    names = list(terms)
    p = pd.concat([_of_all(zone, m, names)["p_adjusted"] for m in ("adequacy", "superiority")])
    return "clear" if (p < 1 - zone.confidence_level).all() else "likely"


# ── ways of summing up ────────────────────────────────────────────────────────────────────


@findings.register
def _(
    result: ServperfResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    """Say so where the overall score depends on how it is summed up, as far as it shows."""
    check_limit(limit)
    group = "gap" if (result.overall["group"] == "gap").any() else "perception"
    own = result.overall[result.overall["group"] == group]
    value = dict(zip(own["term"], own["estimate"].astype(float), strict=True))
    decimals = decimals_for(result.scale_low, result.scale_high)
    first, second = value["over_dimensions"], value["over_items"]
    if not np.isfinite(first + second) or abs(first - second) < _TOLD_FROM * 10.0**-decimals:
        return ()
    values = {"first_mean": first, "second_mean": second, "decimals": decimals}
    return (
        _quality("findings.gap_quality.ways", values, Messages(language), "clear", result),
    )[:limit]
