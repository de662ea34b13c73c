"""What the code says about its method: formulas and references of the functions a step calls.

Read from the source of the package, not from imported modules: a page can be made without
loading what only an analysis needs. Of a module only the functions asked for are parsed; a
whole one takes ten times as long.
"""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

_SECTION = re.compile(r"^(?P<name>[A-Z][A-Za-z ]+)\n-{3,}\n", re.MULTILINE)
_DOI = re.compile(r"(?:doi:\s?|https?://(?:dx\.)?doi\.org/)(10\.\d{4,9}/\S+)", re.IGNORECASE)
_AUTHOR = re.compile(r"(?:\.\. \[\d+\] )?(?:v[ao]n |de )?[A-ZÀ-Þ][\w'’\-]+,? [A-Z]\.")
_MATH = re.compile(r"^\.\. math::(?P<tex>.*\n(?:(?:[ \t]+.*)?\n)*)", re.MULTILINE)
_IMPORT = re.compile(
    r"^[ \t]*from (cxresearch\.[\w.]+) import (\([^()]*\)|[^#\n]*)", re.MULTILINE
)
_IMPORTED = re.compile(r"(\w+)(?: as \w+)?")
_END = re.compile(r"\n\n\n(?=\S)|\Z")
"""Where a function ends in source that is formatted as ours is."""

_FOLLOWED = 2
_ROOMS = ("drivers", "peak_end", "psychometrics", "servqual")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A work that a method comes from.

    Attributes
    ----------
    text : str
        Authors, year, title, place; without the DOI.
    doi : str
        ``""`` where the work has none.
    """

    text: str
    doi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodNotes:
    """Formulas (TeX) and references of a step, each once, in the order of the calls.

    Attributes
    ----------
    formulas : tuple of str
    references : tuple of Reference
    analyses : tuple of str
        Functions of an analysis that the step calls.
    """

    formulas: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    analyses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    doc: str
    body: ast.stmt
    module: str

    @property
    def calls(self) -> Iterable[tuple[str, str]]:
        """Functions it calls by their name alone, each with the module that has it."""
        _, imported = _module(self.module)
        called = (node.func for node in ast.walk(self.body) if isinstance(node, ast.Call))
        names = dict.fromkeys(call.id for call in called if isinstance(call, ast.Name))
        return [(imported.get(name, self.module), name) for name in names]


@cache
def notes_of_code(source: str) -> MethodNotes:
    """Return what is known of the methods that the code of a cell calls as ``cx.name(…)``.

    Examples
    --------
    >>> notes = notes_of_code("gaps = cx.servqual_gaps(responses)")
    >>> notes.references[0].text[:11]
    'Parasuraman'
    """
    formulas: dict[str, None] = {}
    references: dict[str, Reference] = {}
    analyses: dict[str, None] = {}
    for name in _called(source):
        module = _public().get(name, "")
        if not module:
            continue
        if module.split(".")[1] in _ROOMS:
            analyses[name] = None
        formulas |= dict.fromkeys(_formulas(name, module))
        references |= {found.text: found for found in _references(module, name, _FOLLOWED)}
    return MethodNotes(
        formulas=tuple(formulas),
        references=tuple(references.values()),
        analyses=tuple(analyses),
    )


def read_references(doc: str) -> tuple[Reference, ...]:
    """Return the entries of the section References of a docstring.

    Examples
    --------
    >>> read_references('''Say.
    ...
    ... References
    ... ----------
    ... Owen, G. (1977). Values. In *Essays*. doi:10.1007/b7
    ... Rao, J. (1988). Resampling.
    ... ''')[0].doi
    '10.1007/b7'
    """
    entries: list[str] = []
    for line in _section(doc, "References").splitlines():
        text = line.strip()
        if not text:
            entries.append("")
        elif not entries or not entries[-1] or _begins(text, entries[-1]):
            entries.append(text)
        else:
            entries[-1] += f" {text}"
    return tuple(_reference(entry) for entry in entries if entry)


def _begins(line: str, before: str) -> bool:
    """Say whether a line opens a new entry: the one before is whole, and an author leads."""
    whole = re.search(r"\(\d{4}[a-z]?\)", before) and (
        before.endswith(".") or _DOI.search(before)
    )
    return bool(whole and _AUTHOR.match(line))


def _reference(entry: str) -> Reference:
    doi = _DOI.search(entry)
    text = _DOI.sub("", entry).replace("*", "").strip()
    text = re.sub(r"^\.\. \[\d+\] ", "", text)
    return Reference(text=text, doi=doi[1].rstrip(".,;") if doi else "")


def _section(doc: str, name: str) -> str:
    heads = list(_SECTION.finditer(doc))
    ends = [*(head.start() for head in heads[1:]), len(doc)]
    for head, end in zip(heads, ends, strict=bool(heads)):
        if head["name"] == name:
            return doc[head.end() : end]
    return ""


def _called(source: str) -> list[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute)
        and isinstance(call.value, ast.Name)
        and call.value.id == "cx"
    ]


@cache
def _public() -> dict[str, str]:
    from cxresearch import _MODULE_OF

    return {name: f"cxresearch.{module}" for name, module in _MODULE_OF.items()}


@cache
def _written_formulas() -> dict[str, list[str]]:
    source = files("cxresearch.reports").joinpath("page", "formulas.toml")
    return {key: list(value) for key, value in tomllib.loads(source.read_text("utf-8")).items()}


def _formulas(name: str, module: str) -> list[str]:
    written = _written_formulas().get(name)
    if written is not None:
        return written
    found = _find(module, name)
    doc = found.doc + "\n" if found else ""
    return [" ".join(match["tex"].split()).rstrip(",.") for match in _MATH.finditer(doc)]


@cache
def _references(module: str, name: str, steps: int) -> tuple[Reference, ...]:
    """Return the references of a function; where it has none, those of what it calls."""
    found = _find(module, name)
    if found is None:
        return ()
    own = read_references(found.doc)
    if own or not steps:
        return own
    called = (_references(place, call, steps - 1) for place, call in found.calls)
    return tuple(dict.fromkeys(reference for some in called for reference in some))


@cache
def _find(module: str, name: str) -> _Function | None:
    """Return a function of the package, through the modules that hand it on."""
    source, imported = _module(module)
    begin = re.search(rf"^def {name}\(", source, re.MULTILINE)
    if begin is None:
        return _find(imported[name], name) if imported.get(name, module) != module else None
    end = next(_END.finditer(source, begin.end()))
    (node,) = ast.parse(source[begin.start() : end.start()]).body
    doc = inspect.cleandoc(ast.get_docstring(node, clean=False) or "")  # type: ignore[arg-type]
    return _Function(doc=doc, body=node, module=module)


@cache
def _module(module: str) -> tuple[str, dict[str, str]]:
    """Return the source of a module and where it has its names from."""
    base = Path(str(files("cxresearch"))).joinpath(*module.split(".")[1:])
    path = (
        base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
    )
    if not path.is_file():
        return "", {}
    source = path.read_text(encoding="utf-8")
    # A room that imports a name when it is first used lists its names in a stub.
    stub = path.with_suffix(".pyi")
    listed = stub.read_text(encoding="utf-8") if stub.is_file() else ""
    imports = [*_IMPORT.findall(source), *_IMPORT.findall(listed)]
    return source, {n: place for place, names in imports for n in _IMPORTED.findall(names)}
