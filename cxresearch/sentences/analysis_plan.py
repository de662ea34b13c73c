"""What became of the analysis plan, and which findings it named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.planned import PlanComparisonResult
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.shown import Finding
from cxresearch.wording import Messages

_WARNED = {
    "changed_after_warning": ("changed", "after_data", 3.4),
    "changed_unstated_warning": ("changed", "not_stated", 3.4),
    "not_done_warning": ("not_done", "", 3.2),
    "changed_before": ("changed", "before_data", 1.7),
    "exploratory": ("exploratory", "", 1.65),
}
"""Sentence → status and time of the elements it lists, and its rank."""


@findings.register
def _(
    result: PlanComparisonResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    found = [_quality(name, values, messages, rank) for name, values, rank in _said(result)]
    return tuple(sorted(found, key=lambda finding: -finding.rank))


def _said(result: PlanComparisonResult) -> Iterator[tuple[str, dict[str, Any], float]]:
    elements = rows_of(result.estimates)
    planned = [one for one in elements if one.group != "analysis"]
    kept = sum(one.status == "planned" for one in planned)
    counts = {"kept": kept, "elements": len(planned), "locked": result.locked}
    if not result.locked:
        yield "unlocked_warning", counts, 3.8
    elif not result.before_data:
        yield "late_warning", counts, 3.8
    else:
        yield "locked", counts, 1.8
    for name, (status, when, rank) in _WARNED.items():
        listed = [
            f"{one.group}\t{one.term}"
            for one in elements
            if one.status == status and one.when == when
        ]
        if listed:  # one text, that can be told again in another language
            yield name, {"listed": "\n".join(listed)}, rank


def _quality(name: str, values: dict[str, Any], messages: Messages, rank: float) -> Finding:
    return told(
        f"quality.analysis_plan.{name}",
        values,
        messages,
        sure="clear",
        rank=rank,
        result=PlanComparisonResult.kind,
        topic="quality",
    )


def mark_planned(
    found: Iterable[Finding], comparison: PlanComparisonResult | None
) -> tuple[Finding, ...]:
    """Mark findings that the analysis plan named before the data, and those it did not.

    Parameters
    ----------
    found : iterable of Finding
    comparison : PlanComparisonResult or None
        From `compare_with_plan`; without a plan nothing is marked.

    Returns
    -------
    tuple of Finding
        Findings and actions with `Finding.planned`: "confirmatory" where they rest on the row
        of a result that answers a confirmatory hypothesis, else "exploratory". Sentences on
        the quality of the data are not marked.
    """
    if comparison is None:
        return tuple(found)
    confirms = comparison.confirms()
    return tuple(
        one
        if one.topic == "quality"
        else replace(
            one,
            planned="confirmatory"
            if confirms(one.result, one.term, one.group)
            else "exploratory",
        )
        for one in found
    )
