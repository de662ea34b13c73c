"""Whether groups use a scale alike, in one sentence."""

from __future__ import annotations

from typing import Any

from cxresearch.codebook.model import Codebook
from cxresearch.psychometrics import InvarianceResult
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.labels import clean, segment_label

_MOST_ITEMS = 3


@findings.register
def _(
    result: InvarianceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    message, items, sure = _what(result)
    wave = result.group == "wave"
    values: dict[str, Any] = {
        "segment": "wave" if wave else segment_label(result.group, messages, codebook),
        "item_list": messages.text("format.comma").join(items),
        "n": len(items),
    }
    if message.startswith("differently_two"):
        values |= {
            "first_group": clean(result.names[0]), "second_group": clean(result.names[1])
        }  # fmt: skip
    return (
        told(
            f"quality.invariance.{message}",
            values,
            messages,
            sure=sure,
            rank=2.2,
            result=result.kind,
            topic="quality",
        ),
    )


def _what(result: InvarianceResult) -> tuple[str, list[str], Sureness]:
    """Return the message, the items it names and how sure it is."""
    freed = list(dict.fromkeys(clean(entry.partition(":")[2]) for entry in result.freed))
    if result.ladder.empty:
        return "too_little_warning", [], "not_decided"
    if result.verdict == "comparable":
        levels = "_levels" if "loadings_not_tested" in result.notes else ""
        return f"alike{levels}", [], "likely"
    if result.verdict == "comparable_partial":
        searched = "_searched" if result.searched else ""
        return f"alike_partly{searched}_warning", freed, "likely"
    if result.verdict == "not_comparable":
        if any(note.startswith("coarse_skewed:") for note in result.notes):
            return "differently_coarse_warning", [], "likely"
        worst = _worst(result)
        two = "_two" if len(result.names) == 2 else ""
        return f"differently{two}{'_items' if worst else ''}_warning", worst, "clear"
    structure = any(reason.startswith(("configural", "common")) for reason in result.reasons)
    return ("structure_warning" if structure else "undecided_warning"), [], "not_decided"


def _worst(result: InvarianceResult) -> list[str]:
    """Return the items whose equality fits worst on the rung that fails, if significantly."""
    outcomes = result.ladder.set_index("term")["outcome"]
    kind = "intercept" if outcomes.get("metric", "holds") == "holds" else "loading"
    rows = result.releases[result.releases["parameter"] == kind]
    clear = rows[rows["p_value"] < (1 - result.confidence_level) / max(len(rows), 1)]
    return [clean(term) for term in clear["term"].head(_MOST_ITEMS)]
