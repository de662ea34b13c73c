"""What elements of an analysis plan, and what became of them, are called."""

from __future__ import annotations

from cxresearch.wording.labels import clean
from cxresearch.wording.messages import Messages


def element_name(group: str, term: str, messages: Messages) -> str:
    """Return the name of a planned element, or of an analysis that was not planned.

    Examples
    --------
    >>> element_name("parameter", "control", Messages("en"))
    'Parameter control'
    >>> element_name("analysis", "memory_models", Messages("en"))
    'Analysis: rules of memory compared'
    """
    shown = analysis_name(term, messages) if group == "analysis" else clean(term)
    return messages.text(f"analysis_plan.group_{group}", term=shown)


def analysis_name(term: str, messages: Messages) -> str:
    """Return our word for a kind of result; ``"conditions: end"`` names the outcome too."""
    kind, _, outcome = term.partition(": ")
    key = f"analysis_plan.kind.{kind}"
    name = messages.text(key) if messages.has(key) else clean(kind)
    feature = f"terms.feature.{outcome}"
    about = messages.text(feature) if messages.has(feature) else clean(outcome)
    return f"{name} ({about})" if outcome else name


def status_name(status: str, when: str, messages: Messages) -> str:
    """Return what became of an element, in words.

    Examples
    --------
    >>> status_name("changed", "after_data", Messages("en"))
    'changed after the data'
    """
    key = f"{status}_{when}" if status == "changed" else status
    return messages.text(f"analysis_plan.status_{key}")


def day_of(stamp: str, messages: Messages) -> str:
    """Return the day of a time such as ``"2026-09-01T08:00:00+00:00"``."""
    year, month, day = stamp[:10].split("-")
    return messages.text("format.date", year=year, month=month, day=day)
