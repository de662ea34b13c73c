"""What customers take for granted, want more of, or are delighted by: Kano's classes."""

from __future__ import annotations

from typing import Any

from cxresearch.codebook.model import Codebook
from cxresearch.drivers.kano import UNDECIDED, KanoResult
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.sentences._drivers import Labels, each, name_values, other_values, sure_of
from cxresearch.shown import Finding
from cxresearch.wording import Messages

_RANKS = {
    "must_be": 63.0, "reverse": 61.0, "performance": 59.0, "attractive": 57.0,
    "questionable": 33.0, "indifferent": 31.0,
}  # fmt: skip
_MOST = 0.5


@findings.register
def _(
    result: KanoResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    names = {**result.labels, **(labels or {})}
    rows = [*each(result.classes.rename(columns={"class": "kind"}))]
    told_of = [_class(row, result, names, messages) for row in rows if row.kind != UNDECIDED]
    told_of.sort(key=lambda finding: -finding.rank)
    shown = told_of[:limit]
    unsure = [row.term for row in rows if row.kind == UNDECIDED]
    if unsure and (limit is None or len(shown) < limit):
        values = other_values(unsure, names, messages)
        shown.append(
            told("findings.drivers.kano_open", values, messages, sure="not_decided", rank=19.0,
                 result=result.kind)
        )  # fmt: skip
    return tuple(shown)


def _class(row: Any, result: KanoResult, labels: Labels, messages: Messages) -> Finding:
    """Say what a feature is; "most" only where more than half gave answers of that class."""
    share, chance = getattr(row, f"share_{row.kind}"), getattr(row, f"prob_{row.kind}")
    form = "most" if share > _MOST else "first"
    values = name_values(row.term, labels, messages) | {
        "kano": row.kind,
        "part": share,
        "chance": chance,
    }
    return told(
        f"findings.drivers.kano_{'contradictory' if row.kind == 'questionable' else form}",
        values,
        messages,
        sure=sure_of(chance),
        rank=_RANKS[row.kind] + share,
        result=result.kind,
        term=row.term,
    )
