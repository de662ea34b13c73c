"""One widget a parameter, made from its type, choices and range."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets

from cxresearch.runs.values import Parameter, parse_value, value_fault

_WIDE = {"description_width": "12em"}
_NONE = "(none)"


class Field:
    """A parameter as a widget with its help and, when its value will not do, why.

    Parameters
    ----------
    parameter : Parameter
    value : object
        What it starts with.
    suggestions : sequence of str
        What may be typed, for a text or a list of texts.
    """

    def __init__(
        self, parameter: Parameter, value: Any, suggestions: tuple[str, ...] = ()
    ) -> None:
        self.parameter = parameter
        self.suggestions = suggestions
        self.input = self._widget(value)
        self.fault = widgets.HTML()
        shown = f"{parameter.help} <em>({escape(parameter.allowed)}{self._how()})</em>"
        if suggestions:
            shown += f"; here: {escape(', '.join(suggestions))}"
        self.box = widgets.VBox(
            [self.input, widgets.HTML(f"<small>{shown}</small>"), self.fault]
        )
        self.input.observe(lambda _: self.check(), names="value")

    def _how(self) -> str:
        """Say how a value is typed where that is not plain to see."""
        if not isinstance(self.input, widgets.Text):
            return ""
        if self.parameter.type.startswith("list["):
            return ", with commas between; empty for none"
        return "; empty for none" if self.parameter.type == "str | None" else ""

    def value(self) -> Any:
        """Return the value as the template takes it; a text that is none is handed on as is."""
        given = self.input.value
        if isinstance(self.input, widgets.Text):
            return parse_value(self.parameter.type, given)
        return None if given == _NONE else given

    def check(self) -> str:
        """Show and return what is wrong with the value, ``""`` when nothing is."""
        problem = value_fault(self.parameter, self.value())
        told = escape(f"{self.parameter.name} {problem}")
        self.fault.value = f'<span style="color:#b3261e">{told}</span>' if problem else ""
        return problem

    def _widget(self, value: Any) -> widgets.DOMWidget:
        parameter = self.parameter
        common = {"description": parameter.name, "style": _WIDE, "layout": {"width": "40em"}}
        if parameter.type == "bool":
            return widgets.Checkbox(value=bool(value), **common)
        if parameter.choices and not parameter.type.startswith("list["):
            options = [*([_NONE] if parameter.type == "str | None" else []), *parameter.choices]
            shown = _NONE if value is None else str(value)
            return widgets.Dropdown(options=options, value=shown, **common)
        bounded = parameter.low is not None and parameter.high is not None
        if parameter.type == "int" and bounded:
            return widgets.BoundedIntText(
                value=value, min=int(parameter.low or 0), max=int(parameter.high or 0), **common
            )
        if parameter.type == "float" and bounded:
            return widgets.BoundedFloatText(
                value=value, min=parameter.low, max=parameter.high, step=0.01, **common
            )
        return widgets.Text(value=_as_text(value), placeholder=parameter.allowed, **common)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
