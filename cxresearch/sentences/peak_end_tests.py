"""What looks, rival rules, courses, choices and plans of a peak-end study say."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.peak_end import (
    AlwaysValidResult,
    ChoiceModelResult,
    EquivalenceResult,
    LatentCoursesResult,
    PeakEndPowerResult,
    RivalRulesResult,
    SequentialResult,
)
from cxresearch.sentences._base import check_limit, findings, sureness, told
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.labels import clean
from cxresearch.wording.peak_end import Labels

_RANKS: dict[Sureness, float] = {"clear": 55, "likely": 40, "not_decided": 20}
_LOOKS_RANK = 97.0
"""Where looks were planned they are the answer of the experiment: it is told first."""


@findings.register
def _(
    result: SequentialResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
    first: str = "",
    second: str = "",
) -> tuple[Finding, ...]:
    check_limit(limit)
    last = result.stopped_at or result.n
    row = result.counts
    over: Any = result.final.iloc[0] if len(result.final) else row
    values = {
        "look": last,
        "looks": result.n,
        **_compared(first, second, labels),
        "seen": row["n"],
        "estimate": over["estimate"],
        "conf_low": over["conf_low"],
        "conf_high": over["conf_high"],
        "p_value": over["p_value"],
        "confidence_level": result.confidence_level,
        **_matters(result),
    }
    sure: Sureness = "clear" if result.verdict == "stopped" else "not_decided"
    ended = sure == "clear" and row["fraction"] >= 1
    verdict = "at_last_look" if ended else result.verdict
    return (_told(f"sequential_{verdict}", values, result, Messages(language), sure),)


@findings.register
def _(
    result: AlwaysValidResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
    first: str = "",
    second: str = "",
) -> tuple[Finding, ...]:
    check_limit(limit)
    row: Any = result.looks.iloc[-1]
    values = {
        "look": result.stopped_at,
        **_compared(first, second, labels),
        "estimate": row["estimate"],
        "conf_low": row["conf_low"],
        "conf_high": row["conf_high"],
        "p_value": row["p_adjusted"],
        "confidence_level": result.confidence_level,
        **_matters(result),
    }
    sure: Sureness = "clear" if result.stopped_at else "not_decided"
    message = "always_valid_crossed" if result.stopped_at else "always_valid_open"
    return (_told(message, values, result, Messages(language), sure),)


@findings.register
def _(
    result: RivalRulesResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    tests = result.tests[result.tests["test"] == "prediction"].dropna(subset=["p_value"])
    decided = tests[tests["p_adjusted"] < 1 - result.confidence_level]
    values = {
        "tested": len(tests),
        "against": result.against,
        "better": _joined(decided[decided["estimate"] > 0]),
        "worse": _joined(decided[decided["estimate"] < 0]),
    }
    message = "rivals_decided" if len(decided) else "rivals_open"
    sure: Sureness = "clear" if len(decided) else "not_decided"
    return (
        told(
            f"findings.peak_end.{message}",
            values,
            Messages(language),
            sure=sure,
            rank=_RANKS[sure],
            result=result.kind,
        ),
    )


@findings.register
def _(
    result: LatentCoursesResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    share = result.components.set_index("term")["share"]
    return (
        told(
            "quality.peak_end.latent",
            {"noise_share": share["noise"], "drift_share": share["drift"]},
            Messages(language),
            sure="clear",
            rank=1.1,
            result=result.kind,
            topic="quality",
        ),
    )


@findings.register
def _(
    result: ChoiceModelResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    rows: list[Any] = rows_of(result.estimates)
    made = [_choice(row, result, messages, labels) for row in rows]
    return tuple(sorted(made, key=lambda finding: -finding.rank)[:limit])


@findings.register
def _(
    result: EquivalenceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    row: Any = result.estimates.iloc[0]
    values = {
        "estimate": row["estimate"],
        "conf_low": row["conf_low"],
        "conf_high": row["conf_high"],
        "equivalence_low": result.equivalence_low,
        "equivalence_high": result.equivalence_high,
        "margin": result.bound,
        "confidence_level": result.confidence_level,
    }
    sure: Sureness = "not_decided" if result.verdict == "inconclusive" else "clear"
    return (_told(f"equivalence_{result.verdict}", values, result, Messages(language), sure),)


@findings.register
def _(
    result: PeakEndPowerResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    rows = result.estimates[result.estimates["term"] == "condition"]
    enough = rows["participants"] == result.sufficient
    row: Any = (rows[enough] if enough.any() else rows.nlargest(1, "participants")).iloc[0]
    values = {
        "planned": int(row["participants"]),
        "estimate": row["estimate"],
        "conf_low": row["conf_low"],
        "conf_high": row["conf_high"],
        "wanted": result.target_power,
        "confidence_level": result.confidence_level,
    }
    message = "power_enough" if enough.any() else "power_short"
    made = told(
        f"findings.peak_end.{message}",
        values,
        messages,
        sure="likely" if enough.any() else "not_decided",
        rank=_RANKS["likely"],
        result=result.kind,
        term="condition",
    )
    beliefs = told(
        "quality.peak_end.power_beliefs",
        {},
        messages,
        sure="clear",
        rank=1.0,
        result=result.kind,
        topic="quality",
    )
    return made, beliefs


def _matters(result: SequentialResult | AlwaysValidResult) -> dict[str, Any]:
    """Return what is needed to hold the repeated interval against the smallest effect."""
    if not result.against_sesoi:
        return {}
    return {
        "matters": f"looks_{result.against_sesoi}",
        "smallest": result.sesoi,
        "looks_low": result.counts["conf_low"],
        "looks_high": result.counts["conf_high"],
    }


def _compared(first: str, second: str, labels: Labels) -> dict[str, str]:
    """Return whom a difference is of: the second less the first."""
    known = labels or {}
    return {
        "base": clean(known.get(first, "")) or clean(first),
        "arm": clean(known.get(second, "")) or clean(second),
    }


def _joined(rows: pd.DataFrame) -> str:
    return "|".join(str(term) for term in rows["term"])


def _choice(row: Any, result: ChoiceModelResult, messages: Messages, labels: Labels) -> Finding:
    sure = sureness(
        row.p_value, row.conf_low, row.conf_high, confidence_level=result.confidence_level
    )
    kind = "first" if row.term == "shown_first" else "odds"
    way = "open" if sure == "not_decided" else "more" if row.estimate > 0 else "less"
    return told(
        f"findings.peak_end.choice_{kind}_{way}",
        {
            "feature": row.term,
            "label": clean((labels or {}).get(row.term, "")),
            "odds_ratio": row.odds_ratio,
            "odds_low": row.odds_low,
            "odds_high": row.odds_high,
            "confidence_level": result.confidence_level,
        },
        messages,
        sure=sure,
        rank=_RANKS[sure],
        result=result.kind,
        term=row.term,
        estimate=row.estimate,
        conf_low=row.conf_low,
        conf_high=row.conf_high,
        unit=messages.text("findings.peak_end.log_odds_unit"),
    )


def _told(
    message: str,
    values: dict[str, Any],
    result: SequentialResult | AlwaysValidResult | EquivalenceResult,
    messages: Messages,
    sure: Sureness,
) -> Finding:
    return told(
        f"findings.peak_end.{message}",
        values,
        messages,
        sure=sure,
        rank=_RANKS[sure] if isinstance(result, EquivalenceResult) else _LOOKS_RANK,
        result=result.kind,
        term="difference",
        estimate=values["estimate"],
        conf_low=values["conf_low"],
        conf_high=values["conf_high"],
        unit=messages.text("findings.peak_end.points_unit"),
    )
