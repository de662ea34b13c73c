"""A recorded finding as the page shows it: its words, its picture, what stands behind it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from cxresearch._types import Json
from cxresearch.reports.evidence import Evidence, EvidenceIndex
from cxresearch.reports.glossary import Glossary
from cxresearch.wording import Messages
from cxresearch.wording.analysis_plan import analysis_name
from cxresearch.wording.labels import capital

Scale = tuple[float, float]

_GOOD = re.compile(r"consistent$|none$|_kept$|\.distinct$|\.alike$|\.reliable$")
_CAUTION = re.compile(r"questionable|weak|unknown|warning|unreliable|unclear|ceiling")
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
    evidence: Evidence
    verdict: str = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Makes findings ready for the page, in the words of one language.

    Attributes
    ----------
    scales : mapping
        Axis of the small picture for each unit, zero on it.
    """

    messages: Messages
    glossary: Glossary
    index: EvidenceIndex
    scales: Mapping[str, Scale] = field(default_factory=dict)

    def evidence(self, finding: Json) -> Evidence:
        """Return what stands behind a finding; a result without a table by its words."""
        found = self.index.of(finding)
        if not found.place.startswith("result-"):
            return found
        kind = str(finding.get("result", ""))
        return replace(found, table=capital(analysis_name(kind, self.messages)))

    def tell(self, finding: Json) -> Told:
        """Return a finding with its emphasis, its interval and its evidence."""
        return Told(
            html=self._emphasised(finding["text"], finding.get("values") or {}),
            sure=sure_words(finding, self.messages),
            sure_key=str(finding["sure"]),
            spark=_spark(finding, self.scales.get(_scale_key(finding))),
            evidence=self.evidence(finding),
            verdict=verdict_of(finding),
        )

    def _emphasised(self, text: str, values: dict[str, Any]) -> str:
        """Return the sentence with the thing it is about in bold and its terms linked."""
        for key in _EMPHASISED:
            name = values.get(key)
            if isinstance(name, str) and name.strip():
                found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
                if found:
                    before = self.glossary.sentence(text[: found.start()])
                    after = self.glossary.sentence(text[found.end() :])
                    return f"{before}<b>{escape(found[0])}</b>{after}"
        return self.glossary.sentence(text)


def sure_words(finding: Json, messages: Messages) -> str:
    """Return how sure a finding is and, where a plan says so, whether it was planned."""
    planned = finding.get("planned")
    words = [f"sure.{finding['sure']}", *([f"analysis_plan.{planned}"] if planned else [])]
    return " · ".join(messages.text(key) for key in words)


def verdict_of(finding: Json) -> str:
    """Return whether a finding on the data is good news, a caution or neither."""
    message = str(finding.get("message", ""))
    if _CAUTION.search(message):
        return "caution"
    return "good" if _GOOD.search(message) else "plain"


def axes_of(findings: Iterable[Json]) -> dict[str, Scale]:
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


def _spark(finding: Json, scale: Scale | None) -> str:
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
