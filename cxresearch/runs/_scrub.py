"""What an executed notebook must not carry: paths of this machine, colours, random ids."""

from __future__ import annotations

import re
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cxresearch

_Rule = tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]
"""A text without which the pattern is not found, the pattern, and what is put in its place."""

_EVERYWHERE: tuple[_Rule, ...] = (
    ("\x1b", re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]"), ""),
    ("ipykernel_", re.compile(r"[^\s\"'<>]*ipykernel_\d+[/\\]\d+\.py"), "<cell>"),
    (".py, line ", re.compile(r"\(\d+\.py, line (\d+)\)"), r"(line \1)"),
)
_PICTURES = ("image/png", "image/jpeg")
_PAPERMILL_KEPT = ("parameters", "start_time", "end_time", "duration", "exception", "version")
_ERROR_MARK = "papermill-error-cell-tag"


def text_scrubber(workspace: Path, folder: Path) -> Callable[[str], str]:
    """Return a function that makes paths relative and takes colours out of a text.

    Files of the workspace and of the run stand as the researcher writes them, installed
    packages as ``site-packages/…``, the rest of the home folder as ``~/…``.
    """
    rules: list[_Rule] = [*_EVERYWHERE]
    for path, shown in _known_places(workspace, folder):
        pattern = re.compile(rf"(?<![\w.~-]){re.escape(path)}(/|(?![\w.-]))")
        rules.append((path, pattern, partial(_shorter, shown)))

    def scrub(text: str) -> str:
        for needed, pattern, replacement in rules:
            if needed in text:  # a pattern takes a hundred times longer to find nothing
                text = pattern.sub(replacement, text)
        return text

    return scrub


def _shorter(shown: str, found: re.Match[str]) -> str:
    return (f"{shown}/" if shown else "") if found[1] else shown or "."


def scrub_notebook(notebook: Any, scrub: Callable[[str], str], *, template: str) -> None:
    """Take out of an executed notebook, in place, whatever belongs to this machine only."""
    notebook.cells = [
        c for c in notebook.cells if _ERROR_MARK not in c.metadata.get("tags", [])
    ]
    about = notebook.metadata.get("papermill", {})
    kept = {key: about[key] for key in _PAPERMILL_KEPT if key in about}
    notebook.metadata["papermill"] = {"template": template, **kept}
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"  # papermill gives it a new random one each time
        timing = ("start_time", "end_time", "duration", "exception", "status")
        own = cell.metadata.get("papermill", {})
        cell.metadata["papermill"] = {key: own[key] for key in timing if key in own}
        if cell.cell_type == "code":
            cell["outputs"] = [_scrubbed(output, scrub) for output in cell.outputs]


def _scrubbed(value: Any, scrub: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        for key in value:
            if key not in _PICTURES:
                value[key] = _scrubbed(value[key], scrub)
        return value
    if isinstance(value, list):
        return [_scrubbed(item, scrub) for item in value]
    return scrub(value) if isinstance(value, str) else value


def _known_places(workspace: Path, folder: Path) -> list[tuple[str, str]]:
    home = Path.home()
    places = [
        (folder, ""),
        (workspace, ""),
        (Path(cxresearch.__file__).parents[1], ""),
        (Path(sysconfig.get_path("purelib")), "site-packages"),
        (Path(sysconfig.get_path("platlib")), "site-packages"),
        (Path(sysconfig.get_path("stdlib")), "python"),
        (Path(tempfile.gettempdir()), "<temporary>"),
        (home, "~"),
    ]
    spelled = {name: shown for path, shown in places for name in _spellings(path, home)}
    return sorted(spelled.items(), key=lambda place: -len(place[0]))


def _spellings(path: Path, home: Path) -> Iterator[str]:
    for form in (path.absolute(), path.resolve()):
        if len(form.parts) < 2:  # "/" would match everywhere
            continue
        yield str(form)
        if form != home and form.is_relative_to(home):
            yield str(Path("~") / form.relative_to(home))  # IPython shortens tracebacks so
