"""How the places in sentences on an analysis plan are filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cxresearch.wording import Formats, Messages
from cxresearch.wording.analysis_plan import analysis_name, day_of, element_name
from cxresearch.wording.labels import isolated

Values = Mapping[str, Any]
_MOST = 8


def _elements(values: Values, formats: Formats) -> str:
    pairs = [line.partition("\t") for line in str(values.get("listed", "")).splitlines()]
    names = [isolated(_name(group, term, formats.messages)) for group, _, term in pairs]
    if len(names) > _MOST:
        more = formats.messages.text("quality.reliability_more", n=len(names) - _MOST + 1)
        names = [*names[: _MOST - 1], more]
    return formats.messages.listed(names)


def _name(group: str, term: str, messages: Messages) -> str:
    if group == "analysis":
        return analysis_name(term, messages)
    name = element_name(group, term, messages)
    return name[:1].lower() + name[1:]  # it begins with a word of ours


def _day(values: Values, formats: Formats) -> str:
    return day_of(str(values.get("locked", "")), formats.messages)


ANALYSIS_PLAN_PLACES: dict[str, Callable[[Values, Formats], str]] = {
    "plan_elements": _elements,
    "day": _day,
}
