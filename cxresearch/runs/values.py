"""Values that may cross into a notebook: plain, typed and within the rules of the template."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from cxresearch._validate import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a template.

    Attributes
    ----------
    type : str
        As written: ``"int"``, ``"float"``, ``"str"``, ``"bool"``, ``"str | None"``,
        ``"list[str]"``, ``"list[int]"`` or ``"list[float]"``.
    help : str
        The comment beside it, without the rule.
    low, high : float or None
        Smallest and largest value allowed, ends included.
    choices : tuple of str
        The values allowed, as text; empty when all are.
    """

    name: str
    type: str
    default: Any
    help: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What may be given, in words: ``"a number from 0.5 to 0.999"``."""
        return f"{_WORDS[self.type]}{self._limits()}"

    def _limits(self) -> str:
        if self.choices:
            return f", one of {', '.join(self.choices)}"
        if self.low is not None and self.high is not None:
            return f" from {self.low:.12g} to {self.high:.12g}"
        if self.low is not None:
            return f" of at least {self.low:.12g}"
        return "" if self.high is None else f" of at most {self.high:.12g}"


_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "str | None": "text or none",
    "list[str]": "a list of texts",
    "list[int]": "a list of whole numbers",
    "list[float]": "a list of numbers",
}
TYPES = tuple(_WORDS)


def value_fault(parameter: Parameter, value: Any) -> str:
    """Return what is wrong with a value for this parameter, or ``""``."""
    if not _has_type(parameter.type, value):
        return f"must be {parameter.allowed}; got {value!r}"
    for item in value if isinstance(value, (list, tuple)) else [value]:
        if item is None:
            continue
        if parameter.choices and str(item) not in parameter.choices:
            hint = did_you_mean(item, parameter.choices)
            return f"must be {parameter.allowed}; got {item!r}{hint}"
        if not _in_range(parameter, item):
            return f"must be {parameter.allowed}; got {item!r}"
    return ""


def plain_value(kind: str, value: Any) -> Any:
    """Return a value that `value_fault` accepts as the plain type that papermill writes right.

    papermill turns ``np.int64(5)`` into the text ``"5"`` and a tuple into ``"('a', 'b')"``.
    """
    if kind.startswith("list["):
        return [plain_value(kind[5:-1], item) for item in value]
    if value is None:
        return None
    plain: dict[str, Callable[[Any], Any]] = {
        "int": int,
        "float": float,
        "str": str,
        "bool": bool,
        "str | None": str,
    }
    return plain[kind](value)


def parse_value(kind: str, text: str) -> Any:
    """Return the value a text stands for, ``"a, b"`` for a list; the text itself if none.

    What it cannot read it hands on unchanged, so that `value_fault` names it.
    """
    text = text.strip()
    if kind.startswith("list["):
        parts = [part.strip() for part in text.split(",")] if text else []
        return [parse_value(kind[5:-1], part) for part in parts]
    if kind == "str | None" and text.lower() in ("", "none", "null"):
        return None
    if kind == "bool":
        known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        return known.get(text.lower(), text)
    if kind in ("int", "float"):
        try:
            return int(text) if kind == "int" else float(text)
        except ValueError:
            return text
    return text


def _has_type(kind: str, value: Any) -> bool:
    if kind.startswith("list["):
        return isinstance(value, (list, tuple)) and all(_has_type(kind[5:-1], v) for v in value)
    if kind == "str | None":
        return value is None or isinstance(value, str)
    if kind == "str":
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "int":
        return isinstance(value, Integral)
    return isinstance(value, Real) and math.isfinite(float(value))


def _in_range(parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return True
    low_enough = parameter.high is None or float(value) <= parameter.high
    return low_enough and (parameter.low is None or float(value) >= parameter.low)
