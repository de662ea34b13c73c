"""YAML files that people write: read as plain values, every fault with its line.

YAML 1.1 is kept on purpose: it reads an unquoted ``Yes`` as true and ``010`` as 8. Such a value
is refused with the hint to quote it; nothing is guessed.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cxresearch._validate import did_you_mean
from cxresearch._yaml_syntax import explain_syntax
from cxresearch.errors import Fault, FaultyInputError

MAX_BYTES = 5_000_000
MAX_NODES = 100_000
MAX_DEPTH = 40
# A double holds every whole number up to here; codes and options beyond it are typing errors.
MAX_WHOLE = 2**53

TextPath = tuple[str, ...]

_TAG = "tag:yaml.org,2002:"
_TRUE = ("yes", "true", "on")
_FALSE = ("no", "false", "off")
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(
    r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A YAML file as plain values, with the line each of them was written in.

    Attributes
    ----------
    name : str
        File name as the researcher knows it.
    data : dict
        Text, numbers, booleans, None, dates, lists and dicts. Keys are text or numbers.
    sha256 : str
        Hash of the bytes that were read.
    lines : mapping of path to int
        Line of each key or list entry, counted from 1; path parts are text.
    raw : mapping of path to str
        What was written where YAML read something else than text: ``"Yes"`` for True.
    faults : mapping of path to Fault
        What is wrong with the file itself, but did not stop the reading: a key written twice.
    """

    name: str
    data: dict[Any, Any]
    sha256: str
    lines: Mapping[TextPath, int]
    raw: Mapping[TextPath, str]
    faults: Mapping[TextPath, Fault]

    def line(self, path: Sequence[object]) -> int:
        """Return the line of `path`, or of the nearest thing around it that has one."""
        parts = tuple(str(part) for part in path)
        while parts and parts not in self.lines:
            parts = parts[:-1]
        return self.lines.get(parts, 1)

    def fault(self, path: Sequence[object], message: str) -> Fault:
        """Return a fault that points at `path`."""
        return Fault(message=message, where=f"line {self.line(path)}", file=self.name)


class _StopError(Exception):
    """Reading cannot go on; becomes the caller's kind of error."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def read_yaml(
    path: Path, *, error: type[FaultyInputError], subject: str, name: str = ""
) -> Document:
    """Read a YAML file whose top level is a mapping.

    Parameters
    ----------
    path : pathlib.Path
    error : type
        Class of the error that is raised, `StudyError` or `CodebookError`.
    subject : str
        What cannot be used, for the first line of the message.
    name : str, optional
        File name as the researcher knows it; by default the last part of `path`.

    Raises
    ------
    FaultyInputError
        Of class `error`: not there, larger than 5 MB, not UTF-8, empty, not YAML. Faults that
        do not stop the reading are in `Document.faults`, to be raised with later ones.
    """
    name = name or path.name
    try:
        data = _bytes(path)
    except _StopError as stop:
        raise error(subject, [Fault(message=stop.message, file=name)]) from stop
    return parse_yaml(data, error=error, subject=subject, name=name)


def parse_yaml(
    data: bytes, *, error: type[FaultyInputError], subject: str, name: str
) -> Document:
    """Read YAML that is at hand already; see `read_yaml`."""
    try:
        root = _compose(_text(data))
        reader = _Reader(name)
        values = reader.root(root)
    except _StopError as stop:
        where = f"line {stop.line}" if stop.line else ""
        raise error(subject, [Fault(message=stop.message, where=where, file=name)]) from stop
    sha256 = hashlib.sha256(data).hexdigest()
    return Document(name, values, sha256, reader.lines, reader.raw, reader.faults)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _StopError(_not_found(path))
        if path.stat().st_size > MAX_BYTES:
            raise _StopError(
                f"is larger than {MAX_BYTES // 1_000_000} MB; this is not a file to read here"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise _StopError(
            f"cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error


def _not_found(path: Path) -> str:
    if path.is_dir():
        return "is a folder, not a file"
    folder = path.parent
    if not folder.is_dir():
        return f"is not there: no folder {folder}"
    near = sorted(p.name for p in folder.iterdir() if p.suffix in (".yaml", ".yml"))[:10]
    listed = (
        f"; the folder has {', '.join(near)}{did_you_mean(path.name, near)}" if near else ""
    )
    return f"is not there: not found in {folder}{listed}"


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _StopError("is saved as UTF-16; save it as UTF-8", 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _StopError(
            f"byte 0x{data[error.start]:02X} is not UTF-8 (an accented letter saved as "
            "Windows-1252?); save the file as UTF-8",
            line,
        ) from error
    if not text.strip():
        raise _StopError("is empty")
    # YAML ends the line here and editors show nothing: texts are cut, lines miscounted.
    hidden = re.search("[\x85\u2028\u2029]", text)
    if hidden:
        line = text.count("\n", 0, hidden.start()) + 1
        raise _StopError(f"character {hidden[0]!a} is a hidden line break; delete it", line)
    return text


class _Composer(yaml.composer.Composer):
    """Counts, so that a hostile or broken file ends in a message."""

    nodes = 0
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.nodes += 1
        self.depth += 1
        if self.nodes > MAX_NODES:
            message = f"has more than {MAX_NODES:,} values; this is not a file to read here"
            raise _StopError(message, self._line())
        if self.depth > MAX_DEPTH:
            raise _StopError(f"is nested more than {MAX_DEPTH} levels deep", self._line())
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _line(self) -> int:
        return int(self.peek_event().start_mark.line) + 1  # type: ignore[attr-defined]


class _Loader(_Composer, yaml.SafeLoader):
    """Reads by PyYAML's own parser, whose messages can be explained."""


# PyYAML may have been built without libyaml.
_Libyaml: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _FastLoader(_Composer, _Libyaml):  # type: ignore[misc]
    """Reads by libyaml, in a tenth of the time."""

    def __init__(self, text: str) -> None:
        _Libyaml.__init__(self, text)
        self.anchors: dict[Any, yaml.Node] = {}


def _compose(text: str) -> yaml.Node:
    """Return the tree of a file; what libyaml refuses is read again to say why.

    A tab inside a text is refused by PyYAML only.
    """
    try:
        node = _FastLoader(text).get_single_node() if "\t" not in text else None
    except yaml.YAMLError:
        node = None
    return node or _compose_and_explain(text)


def _compose_and_explain(text: str) -> yaml.Node:
    try:
        node: yaml.Node | None = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _StopError(*explain_syntax(error)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        character = (
            error.character if isinstance(error.character, str) else chr(error.character)
        )
        raise _StopError(
            f"character {character!a} is not allowed in YAML; delete it", line
        ) from error
    except RecursionError as error:
        raise _StopError("is nested too deeply") from error
    if node is None:
        raise _StopError("holds comments only; nothing is set", 1)
    return node


class _Reader:
    """Turns the node tree into plain values and remembers lines, raw texts and faults."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[TextPath, int] = {}
        self.raw: dict[TextPath, str] = {}
        self.faults: dict[TextPath, Fault] = {}
        self._visited = 0
        self._open: set[int] = set()

    def root(self, node: yaml.Node) -> dict[Any, Any]:
        """Return the values of the whole file."""
        values = self.value(node, ())
        if not isinstance(values, dict):
            message = "must consist of lines 'name: value', with a space after the colon"
            raise _StopError(message, 1)
        return values

    def value(self, node: yaml.Node, path: TextPath) -> Any:
        """Return the value of a node and of everything in it."""
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._visited += 1
        if self._visited > MAX_NODES:
            raise _StopError(
                f"its aliases (*name) unfold to more than {MAX_NODES:,} values", line
            )
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if id(node) in self._open:
            raise _StopError("an alias (*name) stands inside the value it names", line)
        self._open.add(id(node))
        value = (
            self._mapping(node, path)
            if isinstance(node, yaml.MappingNode)
            else self._list(node, path)
        )
        self._open.discard(id(node))
        return value

    def _fault(self, path: TextPath, node: yaml.Node, message: str) -> None:
        where = f"line {node.start_mark.line + 1}"
        self.faults.setdefault(path, Fault(message=message, where=where, file=self.name))

    def _list(self, node: yaml.Node, path: TextPath) -> list[Any]:
        if node.tag != f"{_TAG}seq":
            self._fault(path, node, _tag_message(node))
        return [self.value(entry, (*path, str(i))) for i, entry in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: TextPath) -> dict[Any, Any]:
        if node.tag != f"{_TAG}map":
            self._fault(path, node, _tag_message(node))
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            inner, line = (*path, str(key)), key_node.start_mark.line + 1
            if inner in self.lines:
                first = self.lines[inner]
                self._fault(
                    inner, key_node, f"{key} is written twice; the first time in line {first}"
                )
                continue
            self.lines[inner] = line
            result[key] = self.value(value_node, inner)
        return result

    def _key(self, node: yaml.Node, path: TextPath) -> str | int | float | None:
        """Return the key, as text where it is neither text nor a number (with a fault)."""
        if not isinstance(node, yaml.ScalarNode):
            hint = "; put a name with braces or brackets in quotes"
            self._fault(
                (*path, "?"), node, f"a list or mapping stands where a name is needed{hint}"
            )
            return None
        if node.tag == f"{_TAG}merge":
            self._fault(
                (*path, "<<"), node, "merging with << is not possible here; write the lines out"
            )
            return None
        inner = (*path, str(node.value))
        key = self._scalar(node, inner)
        self.raw.pop(inner, None)
        if isinstance(key, float) and key.is_integer():
            return int(key)
        if isinstance(key, str | int | float) and not isinstance(key, bool):
            return key
        text = str(node.value)
        if key is None:
            self._fault(inner, node, "a name is missing before the colon")
        else:
            self._fault(inner, node, f"{text} as a name: {quote_hint(key, text)}")
        return text

    def _scalar(self, node: yaml.ScalarNode, path: TextPath) -> Any:
        tag, text = node.tag.removeprefix(_TAG), str(node.value)
        if tag in ("str", "value"):
            return text
        self.raw[path] = text
        if tag == "null":
            return None
        if tag == "bool" and text.lower() in (*_TRUE, *_FALSE):
            return text.lower() in _TRUE
        if tag in ("int", "float"):
            return self._number(node, path)
        if tag == "timestamp":
            return self._date(node, path)
        self._fault(path, node, _tag_message(node))
        return text

    def _number(self, node: yaml.ScalarNode, path: TextPath) -> int | float | str:
        text = str(node.value)
        if _WHOLE.fullmatch(text):
            if len(text) < 20 and abs(int(text)) <= MAX_WHOLE:
                return int(text)
            self._fault(
                path, node, f"{text[:20]} is too large a number; put an identifier in quotes"
            )
            return text
        if _DECIMAL.fullmatch(text):
            if math.isfinite(float(text)):
                return float(text)
            self._fault(path, node, f"{text} is too large a number")
            return text
        self._fault(path, node, f"{text} is a number only to YAML{_odd_number(node)}")
        return text

    def _date(self, node: yaml.ScalarNode, path: TextPath) -> Any:
        constructor = yaml.constructor.SafeConstructor()
        try:
            return constructor.construct_yaml_timestamp(node)
        except (ValueError, OverflowError, AttributeError):
            text = str(node.value)
            self._fault(
                path, node, f"{text} looks like a date but is none; put a text in quotes"
            )
            return text


def quote_hint(value: object, raw: str) -> str:
    """Say why YAML did not read text, and what to write instead."""
    if isinstance(value, bool):
        word = "true" if value else "false"
        return f'YAML reads an unquoted {raw} as {word}; write "{raw}"'
    if isinstance(value, int | float):
        return f'YAML reads an unquoted {raw} as a number; write "{raw}"'
    return f'YAML reads an unquoted {raw} as a date; write "{raw}"'


def _odd_number(node: yaml.ScalarNode) -> str:
    text = str(node.value)
    plain = text.lstrip("+-")
    if ":" in plain:
        meaning = " (it counts minutes and seconds)"
    elif plain.startswith("0") and plain[1:].isdigit():
        meaning = f" (it reads {int(plain, 8)})"
    else:
        meaning = ""
    shorter = plain.lstrip("0")
    other = f", or {shorter} for the number" if shorter.isdigit() else ""
    return f'{meaning}; write "{text}" for the text{other}'


def _tag_message(node: yaml.Node) -> str:
    tag = node.tag.replace(_TAG, "!!")
    return f"{tag} is not known here; a text that starts with ! must be in quotes"
