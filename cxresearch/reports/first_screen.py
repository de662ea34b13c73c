"""The first screen: what was found, what to do first, how good the data are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from cxresearch._types import Json
from cxresearch.reports.source import RunFiles
from cxresearch.wording import Messages

SHOWN_FINDINGS = 5
SHOWN_ACTIONS = 4

_GOOD = re.compile(r"consistent$|none$")
_CAUTION = re.compile(r"questionable|weak|unknown|warning")
_SAID_ELSEWHERE = ("quality.flow", "quality.flow_all")
_EMPHASISED = ("name", "item", "label", "dimension", "segment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding as the page shows it; every text in `html` and `spark` is escaped.

    Attributes
    ----------
    verdict : {"good", "caution", "plain"}
        For findings on the quality of the data.
    """

    html: str
    sure: str
    sure_key: str
    spark: str
    evidence: str
    verdict: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstScreen:
    """What a manager reads in two minutes."""

    findings: tuple[Told, ...]
    more: tuple[Told, ...]
    actions: tuple[Told, ...]
    quality: tuple[Told, ...]


def first_screen(files: RunFiles, messages: Messages) -> FirstScreen:
    """Sort the findings of a run into the boxes of the first screen, most important first."""
    ranked = sorted(files.findings, key=lambda finding: -float(finding.get("rank") or 0.0))
    scales = _scales(ranked)
    told: dict[str, list[Told]] = {"finding": [], "action": [], "quality": []}
    for finding in ranked:
        if (
            finding.get("message") not in _SAID_ELSEWHERE
        ):  # the box has a line of its own for it
            told[finding.get("topic", "finding")].append(_told(finding, scales, messages))
    return FirstScreen(
        findings=tuple(told["finding"][:SHOWN_FINDINGS]),
        more=tuple(told["finding"][SHOWN_FINDINGS:]),
        actions=tuple(told["action"][:SHOWN_ACTIONS]),
        quality=tuple(told["quality"]),
    )


def headline(findings: Iterable[Json]) -> Json | None:
    """Return the most important finding, for the catalogue and the command line."""
    told = [finding for finding in findings if finding.get("topic", "finding") == "finding"]
    return max(told, key=lambda finding: float(finding.get("rank") or 0.0), default=None)


def _told(finding: Json, scales: dict[str, tuple[float, float]], messages: Messages) -> Told:
    row = [str(finding.get(key) or "") for key in ("result", "term", "group")]
    return Told(
        html=_emphasised(finding["text"], finding.get("values") or {}),
        sure=messages.text(f"sure.{finding['sure']}"),
        sure_key=str(finding["sure"]),
        spark=_spark(finding, scales.get(_scale_key(finding))),
        evidence=" · ".join(part for part in row if part),
        verdict=_verdict(str(finding.get("message", ""))),
    )


def _verdict(message: str) -> str:
    if _CAUTION.search(message):
        return "caution"
    return "good" if _GOOD.search(message) else "plain"


def _emphasised(text: str, values: dict[str, Any]) -> str:
    """Return the sentence with the thing it is about set in bold."""
    for key in _EMPHASISED:
        name = values.get(key)
        if isinstance(name, str) and name.strip():
            found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
            if found:
                before, after = text[: found.start()], text[found.end() :]
                return f"{escape(before)}<b>{escape(found[0])}</b>{escape(after)}"
    return escape(text)


def _scales(findings: list[Json]) -> dict[str, tuple[float, float]]:
    """Return the axis of the small pictures: one for all findings of a unit, zero on it."""
    ends: dict[str, list[float]] = {}
    for finding in findings:
        numbers = _interval(finding)
        if numbers is not None:
            ends.setdefault(_scale_key(finding), [0.0]).extend(numbers)
    return {key: (min(values), max(values)) for key, values in ends.items()}


def _scale_key(finding: Json) -> str:
    return f"{finding.get('topic')}/{finding.get('result')}/{finding.get('unit')}"


def _interval(finding: Json) -> tuple[float, float, float] | None:
    numbers = [finding.get(key) for key in ("conf_low", "estimate", "conf_high")]
    if any(not isinstance(n, (int, float)) or not math.isfinite(n) for n in numbers):
        return None
    low, estimate, high = (float(n) for n in numbers if n is not None)
    return low, estimate, high


def _spark(finding: Json, scale: tuple[float, float] | None) -> str:
    """Return the interval as a small picture; the sentence says the same in words."""
    numbers = _interval(finding)
    if numbers is None or scale is None or scale[0] == scale[1]:
        return ""
    least, most = scale
    low, estimate, high = (10 + (value - least) / (most - least) * 180 for value in numbers)
    zero = 10 + (0 - least) / (most - least) * 180
    return (
        '<svg class="spark" viewBox="0 0 200 26" aria-hidden="true" focusable="false">'
        f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="2" y2="24" class="zero"/>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="13" y2="13" class="ci"/>'
        f'<circle cx="{estimate:.1f}" cy="13" r="5.5" class="pt"/></svg>'
    )
