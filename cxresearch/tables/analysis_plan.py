"""The table of what was planned, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cxresearch.planned import PlanComparisonResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, display_table
from cxresearch.wording import Formats, Messages
from cxresearch.wording.analysis_plan import day_of, element_name, planned_words, status_name
from cxresearch.wording.labels import clean

_SHORT_HASH = 12
_TELLING = ("changed", "not_done")
"""Of these it is said what was done; else the status says it all."""


@or_nothing
def display_analysis_plan(
    comparison: PlanComparisonResult, *, language: str = "en"
) -> DisplayTable:
    """Show what was planned before the data and what became of it; nothing without a plan.

    Parameters
    ----------
    comparison : PlanComparisonResult or None
        From `compare_with_plan`.
    language : str
        Language of headings and notes; what is planned stays as it was written.

    Examples
    --------
    >>> from cxresearch.planned import AnalysisPlan, Done, compare_plan
    >>> plan = AnalysisPlan(hypotheses=(), primary_outcome="remembered")
    >>> table = display_analysis_plan(compare_plan(plan, Done()))
    >>> table.shown["What became of it"].tolist()
    ['not done', 'as planned', 'as planned']
    """
    formats = Formats.of(language)
    messages = formats.messages
    text = messages.text
    columns = [
        Column(
            text("analysis_plan.element"),
            lambda row: _element(row, messages),
            numeric=False,
        ),
        Column(
            text("analysis_plan.became"),
            lambda row: status_name(row.status, row.when, messages),
            numeric=False,
        ),
        Column(
            text("analysis_plan.planned"),
            lambda row: _tested(row.planned, row.group, formats.messages),
            numeric=False,
        ),
        Column(
            text("analysis_plan.done"),
            lambda row: (
                _tested(row.done, row.group, formats.messages) if row.status in _TELLING else ""
            ),
            numeric=False,
        ),
        Column(text("analysis_plan.reason"), lambda row: clean(row.reason), numeric=False),
    ]
    return display_table(
        comparison.tidy(),
        columns,
        name="analysis_plan",
        caption=text("analysis_plan.caption"),
        notes=_notes(comparison, formats),
    )


def _element(row: Any, messages: Messages) -> str:
    """Return the name of an element; of a hypothesis also what it states."""
    name = element_name(row.group, row.term, messages)
    stated = (row.planned or row.done).rpartition(" [")[0] if row.group == "hypothesis" else ""
    return f"{name}: {clean(stated)}" if stated else name


def _tested(words: str, group: str, messages: Messages) -> str:
    """Return a planned value; of a hypothesis how it is tested, without what it states."""
    return planned_words(group, words, messages) if words else ""


def _notes(comparison: PlanComparisonResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    if not comparison.locked:
        return [text("analysis_plan.note_unlocked")]
    places = {
        "day": day_of(comparison.locked, formats.messages),
        "hash": comparison.plan_sha256[:_SHORT_HASH],
    }
    told = (
        text("analysis_plan.note_locked", **places)
        if comparison.before_data
        else text("analysis_plan.note_late", **places)
    )
    edited = [text("analysis_plan.note_edited")] if comparison.edited else []
    return [told, *edited, *_proof(comparison, formats)]


def _proof(comparison: PlanComparisonResult, formats: Formats) -> Iterator[str]:
    """Yield what the lock can prove and what it cannot."""
    text = formats.messages.text
    clock = f"{comparison.locked[11:16]} UTC"
    if comparison.offset:
        clock = f"{clock} ({text('analysis_plan.clock', offset=comparison.offset)})"
    yield text("analysis_plan.note_clock", time=clock)
    if comparison.commit:
        yield text(
            "analysis_plan.note_commit",
            commit=comparison.commit[:_SHORT_HASH],
            day=day_of(comparison.committed, formats.messages),
        )
    yield text("analysis_plan.note_proof")
