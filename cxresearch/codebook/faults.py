"""What pydantic found, said as a tired researcher would like to read it."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cxresearch._validate import did_you_mean
from cxresearch._yaml import Document, TextPath, quote_hint
from cxresearch.codebook.file import FileModel
from cxresearch.errors import Fault

Shapes = Mapping[tuple[str, ...], type[FileModel]]
Place = tuple[Any, ...]

Form = TypeVar("Form", bound=BaseModel)

_GONE = object()
# A repair can uncover the next fault: a bad role is taken out, then the role is missing.
_REPAIRS = 5
_CODES = ("values", "anchors", "missing")
_SECTIONS = ("response_scales", "columns", "batteries")
_COMPARED = {
    "greater_than": ("gt", "above"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "below"),
    "less_than_equal": ("le", "at most"),
}


def check_form(
    model: type[Form], document: Document, shapes: Shapes
) -> tuple[Form | None, list[Fault], set[TextPath]]:
    """Check a document against a form, and go on with what is well formed.

    What is faulty is taken out (or read as the text that was meant), so that the checks across
    keys can run on the rest and the researcher sees all faults in one go.

    Parameters
    ----------
    model : type
        The form of the whole file.
    document : Document
    shapes : mapping
        Which form stands where: path (``"*"`` for any name) → model. Used to list allowed keys.

    Returns
    -------
    form : model or None
        The well-formed rest; None where too little is left.
    faults : list of Fault
    repaired : set of path
        Places with a fault.
    """
    faults: list[Fault] = []
    repaired: set[TextPath] = set()
    data: Any = document.data
    for _ in range(_REPAIRS):
        try:
            return model.model_validate(data), faults, repaired
        except ValidationError as error:
            found = error.errors(include_url=False)
        if not repaired:
            data = copy.deepcopy(data)  # what is taken out stays in the document
            telling = [details for details in found if not _is_typing_error(details, found)]
            faults = [
                fault for details in telling for fault in _faults(details, document, shapes)
            ]
        for details in found:
            place = place_of(details)
            path = tuple(str(part) for part in place)
            repaired.add(path)
            wanted = place[:-1] if details["type"] == "missing" else place
            _mend(data, wanted, details, document.raw.get(path, ""))
        data = _sweep(data)
    return None, faults, repaired


def _is_typing_error(details: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Tell whether a missing key is written under a nearly right name: one fault, not two."""
    if details["type"] != "missing":
        return False
    place = place_of(details)
    return any(
        other["type"] == "extra_forbidden"
        and place_of(other)[:-1] == place[:-1]
        and bool(did_you_mean(place_of(other)[-1], [place[-1]]))
        for other in found
    )


def _faults(details: ErrorDetails, document: Document, shapes: Shapes) -> Iterator[Fault]:
    place = place_of(details)
    if tuple(str(part) for part in place) not in document.faults:
        yield document.fault(place, _Wording(document, shapes).message(details))


def _mend(data: dict[Any, Any], place: Place, details: ErrorDetails, raw: str) -> None:
    """Take out the faulty entry; where a required key is missing, what needs it."""
    if not place:
        data.setdefault(str(details["loc"][-1]), "?")
        return
    outer = _at(data, place[:-1])
    if isinstance(outer, dict):
        key = next((key for key in outer if str(key) == str(place[-1])), None)
        is_value = details["type"] == "string_type" and details["loc"][-1] != "[key]"
        if is_value and raw and outer.get(key) is not None:
            outer[key] = raw
        else:
            outer.pop(key, None)
    elif isinstance(outer, list):
        outer[place[-1]] = _GONE
    else:
        _mend(data, place[:-1], details, "")


def _sweep(data: Any) -> Any:
    """Remove the entries of lists that were marked as gone."""
    if isinstance(data, list):
        return [_sweep(entry) for entry in data if entry is not _GONE]
    if isinstance(data, dict):
        return {key: _sweep(value) for key, value in data.items()}
    return data


def _at(data: Any, place: Place) -> Any:
    for part in place:
        if isinstance(data, dict):
            data = next((value for key, value in data.items() if str(key) == str(part)), None)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def place_of(details: ErrorDetails) -> Place:
    """Return the path of an error in the file: without the forms that pydantic tried."""
    parts = [part for part in details["loc"] if not str(part).startswith("form:")]
    return tuple(part for part in parts if part != "[key]")


def describe(place: Place) -> str:
    """Name a place in words: ``"branch: label of code 1"``, ``"servqual: parts"``."""
    if place[-2:-1] == ("range",) and isinstance(place[-1], int):
        return f"{describe(place[:-1])}, number {place[-1] + 1},"
    if not place:
        return "the file"
    if place[0] in _SECTIONS and len(place) > 1:
        inner = _describe_inside(place[2:])
        return f"{place[1]}: {inner}" if inner else str(place[1])
    if place[0] == "hypotheses" and len(place) > 1 and isinstance(place[1], int):
        return " ".join([f"hypothesis {place[1] + 1}:", *map(str, place[2:])]).rstrip(":")
    if place[0] == "exclude" and len(place) > 1 and isinstance(place[1], int):
        rule = f"exclude, rule {place[1] + 1}"
        return " ".join([f"{rule}:", *map(str, place[2:])]) if place[2:] else rule
    return ": ".join(map(str, place))


def _describe_inside(place: Place) -> str:
    if len(place) > 1 and place[0] in _CODES:
        what = "kind" if place[-1] == "kind" else "label"
        language = (
            f" in {place[2]}" if len(place) > 2 and place[2] not in ("label", "kind") else ""
        )
        return f"{what} of code {place[1]}{language}"
    if place[:1] == ("dimensions",) and len(place) > 1:
        rest = tuple(part for part in place[2:] if part != "items")
        if rest and rest[0] != "label":
            return f"text of item {rest[0]} in {place[1]}"
        return f"dimension {place[1]}" + (" label" if rest else "")
    return " ".join(map(str, place))


class _Wording:
    """Messages for the errors of one file."""

    def __init__(self, document: Document, shapes: Shapes) -> None:
        self.document, self.shapes = document, shapes
        self._by_type: dict[str, Callable[[ErrorDetails, Place], str]] = {
            "missing": self._missing,
            "extra_forbidden": self._unknown_key,
            "string_type": self._not_text,
            "literal_error": self._not_a_choice,
            "item": self._not_an_item,
            "answer": self._not_an_answer,
            "model_type": self._no_mapping,
            "dict_type": self._no_mapping,
            "list_type": self._no_list,
        }

    def message(self, details: ErrorDetails) -> str:
        """Return the message of one error."""
        place, kind = place_of(details), details["type"]
        if details["loc"] and details["loc"][-1] == "[key]":
            return self._bad_name(details, place)
        if kind in self._by_type:
            return self._by_type[kind](details, place)
        return f"{describe(place)} {self._plain(details, place)}"

    def _plain(self, details: ErrorDetails, place: Place) -> str:
        kind, context, shown = (
            details["type"],
            details.get("ctx", {}),
            self.shown(details, place),
        )
        if kind in _COMPARED:
            key, words = _COMPARED[kind]
            return f"is {shown}; it must be {words} {context[key]:g}"
        if kind in ("float_type", "int_type", "int_from_float"):
            whole = "" if kind == "float_type" else "whole "
            return f"is {shown}, not a {whole}number"
        if kind == "bool_type":
            return f"is {shown}; write true or false"
        if kind in ("string_too_short", "too_short", "too_long"):
            return self._length(details, place)
        if kind == "string_pattern_mismatch":
            return f"is {shown}; write a language code such as en, es or ko"
        return details["msg"]

    def _length(self, details: ErrorDetails, place: Place) -> str:
        context = details.get("ctx", {})
        least, most = context.get("min_length", 0), context.get("max_length", 0)
        if place[-1:] == ("range",):
            return "needs two numbers, lowest and highest answer: [1, 7]"
        if details["type"] == "too_long":
            return f"has {context.get('actual_length')} entries; {most} are allowed"
        return "is empty" if least == 1 else f"needs at least {least} entries"

    def _bad_name(self, details: ErrorDetails, place: Place) -> str:
        outer, name = place[:-1], place[-1]
        if details["type"] == "literal_error":
            allowed = _listed(details)
            kind = "part" if outer[-1:] == ("parts",) else "key"
            return (
                f"{describe(outer)}: unknown {kind} {name!r}; allowed are "
                f"{', '.join(allowed)}{did_you_mean(name, allowed)}"
            )
        if details["type"] == "string_type":
            return f"{describe(outer)}: the name {name} is a number; begin it with a letter"
        if details["type"] == "string_pattern_mismatch":
            return (
                f"{describe(outer)}: {name!r} is not a language code such as en, es or ko; a "
                "text that holds ': ' or braces must be in quotes"
            )
        return f"{describe(outer)}: the name {name!r} {self._plain(details, place)}"

    def _missing(self, details: ErrorDetails, place: Place) -> str:
        outer, name = place[:-1], str(place[-1])
        model = self._model(outer)
        fields = model.model_fields if model else {}
        field = next((f for key, f in fields.items() if name in (key, f.alias)), None)
        choices = get_args(field.annotation) if field and _is_literal(field.annotation) else ()
        if choices:
            hint = f"; allowed are {', '.join(map(str, choices))}"
        else:
            hint = f". {field.description}" if field and field.description else ""
        return f"{_describe_holder(outer)}key {name!r} is missing{hint}"

    def _unknown_key(self, details: ErrorDetails, place: Place) -> str:
        outer, name = place[:-1], place[-1]
        model = self._model(outer)
        allowed = list(model.model_fields) if model else []
        meant = did_you_mean(name, allowed) or (model.unknown_hint if model else "")
        hint = f"{', '.join(allowed)}{meant}"
        return f"{_describe_holder(outer)}unknown key {name!r}; allowed are {hint}"

    def _model(self, place: Place) -> type[FileModel] | None:
        for shape, model in self.shapes.items():
            if len(shape) == len(place) and all(
                part in ("*", str(got)) for part, got in zip(shape, place, strict=True)
            ):
                return model
        return None

    def _not_text(self, details: ErrorDetails, place: Place) -> str:
        value, raw = details["input"], self.raw(place)
        start = describe(place)
        if value is None:
            comma = (
                "; a text with a comma must be in quotes inside { }" if _is_label(place) else ""
            )
            return f"{start} is empty{comma}"
        if isinstance(value, dict) and len(value) == 1 and next(iter(value.values())) is None:
            return f"{start}: a pattern that starts with {{ must be in quotes"
        if raw and isinstance(value, bool | datetime.date | int | float):
            hint = quote_hint(value, raw)
            return f"{start} is {self.shown(details, place)}, not text: {hint}"
        return f"{start} is {self.shown(details, place)}, not text"

    def _not_a_choice(self, details: ErrorDetails, place: Place) -> str:
        allowed = _listed(details)
        hint = did_you_mean(details["input"], allowed)
        shown = self.shown(details, place)
        return f"{describe(place)} is {shown}; allowed are {', '.join(allowed)}{hint}"

    def _not_an_item(self, details: ErrorDetails, place: Place) -> str:
        value, raw = details["input"], self.raw(place)
        if isinstance(value, bool) and raw:
            return f"{describe(place[:-1])}: {quote_hint(value, raw)}"
        outer = describe(place[:-1]) if isinstance(place[-1], int) else describe(place)
        if value is None:
            return f"{outer} has no items; write {{1: text, 2: text}}, [1, 2, 5-7] or 1-4"
        return f"{outer}: {self.shown(details, place)} is not an item; write 5, 5-7 or a name"

    def _not_an_answer(self, details: ErrorDetails, place: Place) -> str:
        value, raw = details["input"], self.raw(place) or self.raw(place[:-1])
        if isinstance(value, bool | datetime.date) and raw:
            return f"{describe(place[:-1])}: {quote_hint(value, raw)}"
        return f"{describe(place[:-1])}: {self.shown(details, place)} is not an answer"

    def _no_mapping(self, details: ErrorDetails, place: Place) -> str:
        model = self._model(place)
        needed = [n for n, f in model.model_fields.items() if f.is_required()] if model else []
        keys = ", ".join(f"{name}: …" for name in needed) or "name: value"
        example = (model.example if model else "") or f"{{{keys}}}"
        least = "at least " if details["input"] is None and needed else ""
        return f"{describe(place)} is {self.shown(details, place)}; write {least}{example}"

    def _no_list(self, details: ErrorDetails, place: Place) -> str:
        example = "[1, 7]" if place[-1:] == ("range",) else "[first, second]"
        shown = self.shown(details, place)
        return f"{describe(place)} is {shown}; it must be a list: {example}, or lines with '- '"

    def raw(self, place: Place) -> str:
        """Return what was written at a place that YAML did not read as text."""
        path: TextPath = tuple(str(part) for part in place)
        return self.document.raw.get(path, "")

    def shown(self, details: ErrorDetails, place: Place) -> str:
        """Return the value found, as it may stand in a message."""
        value = details["input"]
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None:
            return "empty"
        if isinstance(value, dict | list):
            return "a mapping" if isinstance(value, dict) else "a list"
        if isinstance(value, str):
            return repr(value if len(value) <= 60 else f"{value[:59]}…")
        return self.raw(place) or str(value)


def _describe_holder(place: Place) -> str:
    """Name the entry that keys belong to, as the start of a message."""
    return f"{describe(place).replace('label of code', 'code')}: " if place else ""


def _is_label(place: Place) -> bool:
    return any(part in place for part in (*_CODES, "dimensions"))


def _is_literal(annotation: Any) -> bool:
    return get_origin(annotation) is Literal


def _listed(details: ErrorDetails) -> list[str]:
    """Return the choices of a literal: ``"'a', 'b' or 'c'"`` → a, b, c."""
    expected = str(details.get("ctx", {}).get("expected", ""))
    return [part.strip(" '") for part in expected.replace(" or ", ", ").split(",")]
