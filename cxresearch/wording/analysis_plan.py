"""What elements of an analysis plan, and what became of them, are called."""

from __future__ import annotations

import re

from cxresearch.wording.labels import clean
from cxresearch.wording.messages import Messages

_NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])")
_DETAIL = re.compile(r"(?<![\w])(?:column|battery|scale|below|above|at least|tolerance)(?= )")


def element_name(group: str, term: str, messages: Messages) -> str:
    """Return the name of a planned element, or of an analysis that was not planned.

    Examples
    --------
    >>> element_name("parameter", "control", Messages("en"))
    'Parameter control'
    >>> element_name("analysis", "memory_models", Messages("en"))
    'Analysis: rules of memory compared'
    """
    if group == "analysis":
        shown = analysis_name(term, messages)
    elif group == "exclusion":
        shown = exclusion_words(term, messages)
    else:
        shown = clean(term)
    return messages.text(f"analysis_plan.group_{group}", term=shown)


def analysis_name(term: str, messages: Messages) -> str:
    """Return our word for a kind of result; ``"conditions: end"`` names the outcome too."""
    kind, _, outcome = term.partition(": ")
    key = f"analysis_plan.kind.{kind}"
    name = messages.text(key) if messages.has(key) else clean(kind)
    feature = f"terms.feature.{outcome}"
    about = messages.text(feature) if messages.has(feature) else clean(outcome)
    return f"{name} ({about})" if outcome else name


def planned_words(group: str, words: str, messages: Messages) -> str:
    """Return what was planned or done for an element, without the codes of the plan file.

    Examples
    --------
    >>> planned_words("looks", "obrien_fleming: 0.5, 1", Messages("en"))
    'O’Brien–Fleming: 0.5, 1'
    >>> planned_words("alpha", "0.05", Messages("es"))
    '0,05'
    """
    if group == "exclusion":
        return exclusion_words(words, messages)
    if group == "hypothesis":
        tested, _, expected = words.rpartition(" [")[2].rstrip("]").rpartition(", ")
        return f"{clean(tested)}, {_known('expected', expected, messages)}"
    if group == "looks":
        spending, sign, at = words.partition(": ")
        return f"{_known('spending', spending, messages)}{sign}{_numbers(at, messages)}"
    return _known("value", _numbers(words, messages), messages)


def exclusion_words(rule: str, messages: Messages) -> str:
    """Return a rule of exclusion in words.

    Examples
    --------
    >>> exclusion_words("few_moments: below 3", Messages("en"))
    'Too few moments rated: below 3'
    """
    name, sign, detail = rule.partition(": ")
    key = f"flow.step.{name}"
    named = messages.text(key) if messages.has(key) else clean(name)
    return f"{named}{sign}{detail_words(detail, messages)}"


def detail_words(detail: str, messages: Messages) -> str:
    """Return the arguments of a rule of exclusion in the words of a language.

    Examples
    --------
    >>> detail_words("battery P, at least 8", Messages("es"))
    'batería P, al menos 8'
    """
    told = _DETAIL.sub(
        lambda found: messages.text(f"flow.detail.{found[0].replace(' ', '_')}"), clean(detail)
    )
    return _numbers(told, messages)


def _known(table: str, code: str, messages: Messages) -> str:
    key = f"analysis_plan.{table}.{code}"
    return messages.text(key) if messages.has(key) else clean(code)


def _numbers(words: str, messages: Messages) -> str:
    """Return words with the numbers in them as the language writes them."""
    sign = messages.text("format.decimal_sign")
    return _NUMBER.sub(lambda found: found[0].replace(".", sign), clean(words))


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
