"""How good the data are, in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.psychometrics import ScaleReliabilityResult
from cxresearch.responses.model import Responses
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.labels import clean
from cxresearch.wording.verdicts import CONSISTENT, QUESTIONABLE, consistency

_MOST_ENTRIES = 4


@findings.register
def _(
    result: ScaleReliabilityResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    return (_reliability(result, messages), *_reverse_warning(result, messages))


@findings.register
def _(
    result: Responses,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    return (_flow(result, messages), *_missing(result, messages))


def _reliability(result: ScaleReliabilityResult, messages: Messages) -> Finding:
    frame = result.estimates
    known = frame[frame["estimate"].notna()]
    verdicts = known["estimate"].map(consistency)
    weak, questionable = known[verdicts == "weak"], known[verdicts == "questionable"]
    if known.empty:
        message, shown = "reliability_unknown", known
    elif len(weak):
        message, shown = "reliability_weak", weak
    elif len(questionable) == len(known):
        message, shown = "reliability_all_questionable", known
    elif len(questionable):
        message, shown = "reliability_questionable", questionable
    else:
        message, shown = "reliability_consistent", known
    return told(
        f"quality.{message}",
        _reliability_values(shown, result),
        messages,
        sure=_reliability_sure(shown, message),
        rank=3.0,
        result=result.kind,
        topic="quality",
    )


def _reliability_values(shown: pd.DataFrame, result: ScaleReliabilityResult) -> dict[str, Any]:
    lowest_first = shown.sort_values("estimate", kind="stable")
    values: dict[str, Any] = {
        "low": shown["estimate"].min() if len(shown) else math.nan,
        "high": shown["estimate"].max() if len(shown) else math.nan,
        "entries": min(len(shown), _MOST_ENTRIES),
        "more": max(0, len(shown) - _MOST_ENTRIES),
    }
    named: Iterable[Any] = rows_of(lowest_first.head(_MOST_ENTRIES))
    for number, row in enumerate(named, start=1):
        values[f"name_{number}"] = clean(getattr(row, "label", "")) or clean(row.term)
        values[f"part_{number}"] = row.group
        values[f"alpha_{number}"] = row.estimate
    return values


def _reliability_sure(shown: pd.DataFrame, message: str) -> Sureness:
    """Return whether the verdict also holds at the nearer end of the intervals."""
    if shown.empty:
        return "not_decided"
    if message == "reliability_consistent":
        return "clear" if (shown["conf_low"] >= CONSISTENT).all() else "likely"
    ceiling = QUESTIONABLE if message == "reliability_weak" else CONSISTENT
    return "clear" if (shown["conf_high"] < ceiling).any() else "likely"


def _reverse_warning(result: ScaleReliabilityResult, messages: Messages) -> Iterator[Finding]:
    """Name the questions that correlate negatively with the rest of their dimension."""
    rows = result.estimates
    labels = dict(zip(rows["term"], rows["label"], strict=True)) if "label" in rows else {}
    codes = [note.split(":") for note in result.notes if note.startswith("negative_item_rest:")]
    named = dict.fromkeys((code[-1].removeprefix("item_"), code[1]) for code in codes)
    questions = [
        f"{clean(item)} ({clean(labels.get(scale, '')) or clean(scale)})"
        for item, scale in named
    ]
    if questions:
        yield told(
            "quality.reverse_warning",
            {"n": len(questions), "questions": messages.text("format.comma").join(questions)},
            messages,
            sure="likely",
            rank=2.5,
            result=result.kind,
            topic="quality",
        )


def _flow(responses: Responses, messages: Messages) -> Finding:
    flow = responses.flow
    return told(
        "quality.flow" if flow.excluded else "quality.flow_all",
        {"read": flow.read, "analysed": flow.analysed, "n": flow.read},
        messages,
        sure="clear",
        rank=2.0,
        result="flow",
        topic="quality",
    )


def _missing(responses: Responses, messages: Messages) -> Iterator[Finding]:
    missing = responses.missing
    if missing.empty:
        return
    empty = (missing != "").mean()
    share, worst = float(empty.mean()), str(empty.idxmax())
    yield told(
        "quality.missing" if share else "quality.missing_none",
        {"share": share, "question": worst, "worst": float(empty[worst])},
        messages,
        sure="clear",
        rank=1.0,
        result="responses",
        topic="quality",
    )
