"""Templates: notebooks with typed parameters, of the workspace or shipped with the package."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cxresearch
from cxresearch._files import sha256_file
from cxresearch._types import Json
from cxresearch._validate import did_you_mean
from cxresearch.errors import CxError, Fault, TemplateError
from cxresearch.runs._notebook_file import read_cells
from cxresearch.runs.values import TYPES, Parameter, value_fault

STUDY_PARAMETER = "study_name"
"""The parameter a run fills in itself: which study to load."""

METHOD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_RANGE = re.compile(r"\{\s*(-?[\d.eE+-]*?)\s*\.\.\s*(-?[\d.eE+-]*)\s*\}\s*$")
_CHOICES = re.compile(r"\{([^{}]*\|[^{}]*)\}\s*$")
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A notebook that carries out one method.

    Attributes
    ----------
    name : str
        File stem; the ``method`` of a study.
    title : str
        First heading.
    steps : tuple of str
        Heading that each code cell stands under, in the order of the code cells.
    parameters : tuple of Parameter
        In the order of the parameters cell.
    """

    name: str
    path: Path
    sha256: str
    title: str
    parameters: tuple[Parameter, ...]
    steps: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Code of each code cell."""
        return tuple(_source(c) for c in read_cells(self.path) if c["cell_type"] == "code")


def read_template(path: Path) -> Template:
    """Read a template: its title, its steps and its typed parameters.

    Raises
    ------
    TemplateError
        The file is no notebook, has no cell tagged ``parameters`` or several, or a line of that
        cell is not ``name: type = default  # help {low..high}``. All faults are listed.
    """
    cells = read_cells(path)
    tagged = [cell for cell in cells if "parameters" in _tags(cell)]
    if len(tagged) != 1:
        found = "no cell" if not tagged else f"{len(tagged)} cells"
        raise TemplateError(
            f"template {path.name} has {found} tagged 'parameters'; exactly one is needed"
        )
    parameters = parse_parameters(_source(tagged[0]), subject=f"template {path.name}")
    headings = _HEADING.findall(
        "\n".join(_source(c) for c in cells if c["cell_type"] == "markdown")
    )
    return Template(
        name=path.stem,
        path=path,
        sha256=sha256_file(path),
        title=_plain(headings[0][1]) if headings else path.stem,
        parameters=parameters,
        steps=tuple(_steps(cells)),
    )


def find_template(method: str, workspace: Path | None = None) -> Template:
    """Return the template of a method; one in the workspace wins over the one shipped.

    Raises
    ------
    TemplateError
        No template has that name; the message lists those there are.
    """
    for folder in template_folders(workspace):
        path = folder / f"{method}.ipynb"
        if METHOD_NAME.fullmatch(method) and path.is_file():
            return read_template(path)
    known = list_templates(workspace)
    raise TemplateError(
        f"method {method!r} has no template; there are {known}{did_you_mean(method, known)}"
    )


def list_templates(workspace: Path | None = None) -> list[str]:
    """Return the names of all templates, those of the workspace included."""
    folders = template_folders(workspace)
    return sorted({path.stem for folder in folders for path in folder.glob("*.ipynb")})


def parse_parameters(source: str, *, subject: str) -> tuple[Parameter, ...]:
    """Read the parameters cell, ``name: type = default  # help {low..high}`` or ``{a|b}``.

    Raises
    ------
    TemplateError
        With every line that is not of that form, or whose default its own rules refuse.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        fault = Fault(where=f"parameters cell, line {error.lineno}", message=str(error.msg))
        raise TemplateError(subject, [fault]) from error
    comments = dict(_comments(source))
    faults: list[Fault] = []
    parameters: list[Parameter] = []
    for node in tree.body:
        try:
            parameters.append(_parameter(node, comments.get(node.end_lineno or 0, "")))
        except CxError as error:
            where = f"parameters cell, line {node.lineno}"
            faults.append(Fault(where=where, message=str(error)))
    names = [parameter.name for parameter in parameters]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(Fault(where="parameters cell", message=f"{name} is given twice"))
    if faults:
        raise TemplateError(subject, faults)
    return tuple(parameters)


def _parameter(node: ast.stmt, comment: str) -> Parameter:
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        raise CxError("every line must be 'name: type = default  # help'")
    name, kind = node.target.id, ast.unparse(node.annotation)
    if kind not in TYPES:
        raise CxError(f"{name} has type {kind}; allowed are {', '.join(TYPES)}")
    if node.value is None:
        raise CxError(f"{name} has no default")
    try:
        default = ast.literal_eval(node.value)
    except ValueError as error:
        raise CxError(
            f"{name}: the default must be a plain value, not a calculation"
        ) from error
    text, low, high, choices = _rules(name, comment)
    parameter = Parameter(
        name=name, type=kind, default=default, help=text, low=low, high=high, choices=choices
    )
    problem = value_fault(parameter, default)
    if problem:
        raise CxError(f"{name}: the default {problem}")
    return parameter


def _rules(name: str, comment: str) -> tuple[str, float | None, float | None, tuple[str, ...]]:
    if match := _CHOICES.search(comment):
        choices = tuple(part.strip() for part in match[1].split("|"))
        return comment[: match.start()].strip(), None, None, choices
    if match := _RANGE.search(comment):
        try:
            low, high = (float(text) if text else None for text in match.groups())
        except ValueError as error:
            raise CxError(f"{name}: the range {match[0]} is not two numbers") from error
        return comment[: match.start()].strip(), low, high, ()
    return comment.strip(), None, None, ()


def _comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("#").strip()


def template_folders(workspace: Path | None) -> list[Path]:
    """Return where templates lie: the workspace's own folder first, then those shipped."""
    package = Path(cxresearch.__file__).parent
    # In the wheel the templates lie inside the package, in a checkout beside it.
    shipped = [package / "_templates", package.parent / "templates"]
    own = [] if workspace is None else [workspace / "templates"]
    return [folder for folder in [*own, *shipped] if folder.is_dir()]


def _steps(cells: list[Json]) -> Iterator[str]:
    heading = ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            found = _HEADING.findall(_source(cell))
            heading = _plain(found[-1][1]) if found else heading
        elif cell["cell_type"] == "code":
            yield heading


def _plain(heading: str) -> str:
    return re.sub(r"[*_`]", "", heading).strip()


def _source(cell: Json) -> str:
    return str(cell["source"])


def _tags(cell: Json) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))
