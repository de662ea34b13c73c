"""How far a driver model can be trusted: checks, unseen respondents, missing answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cxresearch.codebook.model import Codebook
from cxresearch.drivers.diagnostics import DriverDiagnosticsResult
from cxresearch.drivers.missing_answers import MissingAnswersResult
from cxresearch.drivers.models import DriverModelResult
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.sentences._drivers import Labels, missing, other_values
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.labels import column_label

_MOST_REASONS = 4
_FALLS_OFF = 0.05
"""How much lower R² on unseen respondents may be before it is told as a caution."""


@findings.register
def _(
    result: DriverDiagnosticsResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    return tuple(_checks(result, labels, messages))


def _checks(
    result: DriverDiagnosticsResult, labels: Labels, messages: Messages
) -> Iterator[Finding]:
    """Say the verdict first, then each doubt with its reason, problems before what to watch."""
    checks = result.checks
    doubted = checks[checks["verdict"] != "ok"]
    kinds = list(dict.fromkeys(checks["term"]))
    message = {"ok": "checks_none", "watch": "checks_warning_watch"}.get(
        result.verdict, "checks_warning_problem"
    )
    yield told(
        f"quality.drivers.{message}",
        {"n": doubted["term"].nunique() if len(doubted) else len(kinds), "checks": len(kinds)},
        messages,
        sure="clear",
        rank=2.9,
        result=result.kind,
        topic="quality",
    )
    order = [
        (verdict, term)
        for verdict in ("problem", "watch")
        for term in dict.fromkeys(doubted.loc[doubted["verdict"] == verdict, "term"])
    ]
    for place, (verdict, term) in enumerate(order[:_MOST_REASONS]):
        rows = doubted[(doubted["verdict"] == verdict) & (doubted["term"] == term)]
        yield _reason(term, rows, verdict, result, labels, messages, rank=2.8 - place / 100)


def _reason(
    term: str,
    rows: pd.DataFrame,
    verdict: str,
    result: DriverDiagnosticsResult,
    labels: Labels,
    messages: Messages,
    *,
    rank: float,
) -> Finding:
    named = [group for group in rows["group"] if group != "all"]
    values = other_values(named, labels, messages) | {
        "verdict": verdict,
        "largest": float(rows["estimate"].max()),
        "decimals": 1 if term in ("vif", "condition") else 3 if term == "reset" else 2,
        "flagged": result.n_flagged,
    }
    return told(
        f"quality.drivers.warning_{term}",
        values,
        messages,
        sure="clear" if verdict == "problem" else "likely",
        rank=rank,
        result=result.kind,
        topic="quality",
        term=term,
        group=str(rows["group"].iloc[0]),
    )


@findings.register
def _(
    result: DriverModelResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    linear = result.model == "linear"
    unknown = missing(result.r2_cv)
    falls = not unknown and result.r2 - result.r2_cv > _FALLS_OFF
    message = "unseen_unknown" if unknown else "unseen_warning" if falls else "unseen"
    values: dict[str, Any] = {
        "outcome": column_label(result.outcome, labels, messages),
        "part": result.r2,
        "unseen": max(result.r2_cv, 0.0),
        "fit": result.r2,
        "fit_unseen": result.r2_cv,
        "n": result.n,
    }
    if not linear and not unknown:
        message = f"{message}_criterion"
    return (
        told(
            f"quality.drivers.{message}",
            values,
            messages,
            sure="not_decided" if unknown else "clear",
            rank=2.2,
            result=result.kind,
            topic="quality",
        ),
    )


@findings.register
def _(
    result: MissingAnswersResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    return tuple(_treated(result, labels, messages))


def _treated(
    result: MissingAnswersResult, labels: Labels, messages: Messages
) -> Iterator[Finding]:
    """Say how many are used and how, and for which drivers the treatment changes the answer."""
    complete = int(result.available["n_listwise"].iloc[0]) if len(result.available) else 0
    if complete == result.n_asked:  # nothing was missing
        return
    values = {"n": result.n, "asked": result.n_asked, "complete": complete}
    impossible = any(note.startswith("listwise_impossible") for note in result.notes)
    message = f"treatment_{result.treatment}"
    if impossible:
        message = f"{message}_impossible"
    yield _quality(
        f"quality.drivers.{message}", values, result, messages, rank=2.1, sure="clear"
    )
    turned = _turned(result)
    if turned:
        listed = other_values(turned, labels, messages)
        yield _quality(
            "quality.drivers.treatment_warning", listed, result, messages, rank=2.05,
            sure="not_decided",
        )  # fmt: skip


def _quality(
    message: str,
    values: dict[str, Any],
    result: MissingAnswersResult,
    messages: Messages,
    *,
    rank: float,
    sure: Sureness,
) -> Finding:
    return told(
        message, values, messages, sure=sure, rank=rank, result=result.kind, topic="quality"
    )


def _turned(result: MissingAnswersResult) -> list[str]:
    """Return the drivers that only one of the two treatments decides."""
    drivers = result.estimates[result.estimates["role"] == "driver"]
    chosen = drivers[drivers["group"] == result.treatment].set_index("term")["p_adjusted"]
    other = drivers[drivers["group"] == "listwise"].set_index("term")["p_adjusted"]
    level = 1 - result.confidence_level
    both = [term for term in chosen.index if term in other.index]
    return [str(t) for t in both if (chosen[t] < level) != (other[t] < level)]
