"""The first screen: what was found, what to do first, how good the data are."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from cxresearch._types import Json
from cxresearch.reports.telling import Teller, Told, axes_of

SHOWN_FINDINGS = 5
SHOWN_ACTIONS = 4
SHOWN_QUALITY = 4

_SAID_ELSEWHERE = ("quality.flow", "quality.flow_all")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstScreen:
    """What a manager reads in two minutes; of the data the cautions come first."""

    findings: tuple[Told, ...]
    more: tuple[Told, ...]
    actions: tuple[Told, ...]
    quality: tuple[Told, ...]


def first_screen(findings: Iterable[Json], teller: Teller) -> FirstScreen:
    """Sort the findings of a run into the boxes of the first screen, most important first."""
    ranked = sorted(findings, key=lambda finding: -float(finding.get("rank") or 0.0))
    teller = dataclasses.replace(teller, scales=axes_of(ranked))
    told: dict[str, list[Told]] = {"finding": [], "action": [], "quality": []}
    for finding in ranked:
        # The box has a line of its own for the flow.
        if finding.get("message") not in _SAID_ELSEWHERE:
            told[finding.get("topic", "finding")].append(teller.tell(finding))
    return FirstScreen(
        findings=tuple(told["finding"][:SHOWN_FINDINGS]),
        more=tuple(told["finding"][SHOWN_FINDINGS:]),
        actions=tuple(told["action"][:SHOWN_ACTIONS]),
        quality=tuple(sorted(told["quality"], key=lambda one: one.verdict != "caution")),
    )


def headline(findings: Iterable[Json]) -> Json | None:
    """Return the most important finding, for the catalogue and the command line."""
    told = [finding for finding in findings if finding.get("topic", "finding") == "finding"]
    return max(told, key=lambda finding: float(finding.get("rank") or 0.0), default=None)
