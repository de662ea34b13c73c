"""The documentation site: Sphinx with MyST notebooks, built offline."""

from __future__ import annotations

import inspect
import shutil
import sys
from pathlib import Path
from typing import Any

import click
import latex2mathml.converter
from docutils.nodes import SkipNode

import cxresearch
from cxresearch.cli import main as command_line

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
EXECUTED = ROOT / "build" / "notebooks"
MADE = HERE / "made"

project = "cxresearch"
author = "The cxresearch authors"
copyright = author
version = release = cxresearch.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
html_theme = "furo"
html_title = "cxresearch"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
exclude_patterns = ["build", "plan-an-experiment.md"]
myst_enable_extensions = ["dollarmath", "amsmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "off"
"""Notebooks come executed from `make notebooks`: each runs once, for the site and for CI."""
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
suppress_warnings = ["mystnb.unknown_mime_type"]
html_math_renderer = "mathml"
"""Formulas are rendered here, as the browsers show them; no script from elsewhere."""

ROOMS = {
    "study": "Studies",
    "codebook": "Codebooks",
    "responses": "Responses",
    "servqual": "SERVQUAL",
    "psychometrics": "Psychometrics",
    "drivers": "Drivers",
    "peak_end": "Peak-end",
    "survey": "Survey means",
    "plots": "Figures",
    "tables": "Tables",
    "sentences": "Findings",
    "catalogue": "Filed runs",
    "course": "Course",
}


def setup(app: Any) -> None:
    """Make the pages that follow from the code, before Sphinx reads the sources."""
    app.add_html_math_renderer("mathml", (write_inline, None), (write_block, None))
    app.connect("config-inited", lambda *_: make_pages())


def write_inline(translator: Any, node: Any) -> None:
    """Write a formula in a line as MathML."""
    translator.body.append(latex2mathml.converter.convert(node.astext()))
    raise SkipNode


def write_block(translator: Any, node: Any) -> None:
    """Write a formula on its own line as MathML."""
    translator.body.append(latex2mathml.converter.convert(node.astext(), display="block"))
    raise SkipNode


def make_pages() -> None:
    """Write the reference of the package and of the command line, and copy the notebooks."""
    shutil.rmtree(MADE, ignore_errors=True)
    (MADE / "api").mkdir(parents=True)
    for room, title in ROOMS.items():
        (MADE / "api" / f"{room}.rst").write_text(api_page(room, title), encoding="utf-8")
    (MADE / "cli.md").write_text(cli_page(), encoding="utf-8")
    if EXECUTED.is_dir():
        shutil.copytree(EXECUTED, MADE / "notebooks", dirs_exist_ok=True)


def api_page(room: str, title: str) -> str:
    """Return a page of the public names of a room."""
    lines = [title, "=" * len(title), "", ".. currentmodule:: cxresearch", ""]
    names = [
        name for name, module in cxresearch._MODULE_OF.items() if module.split(".")[0] == room
    ]
    for name in sorted(names, key=str.casefold):
        kind = "autoclass" if inspect.isclass(getattr(cxresearch, name)) else "autofunction"
        lines += [f".. {kind}:: {name}", ""]
    return "\n".join(lines)


def cli_page() -> str:
    """Return the help of every command."""
    lines = ["# The command line", ""]
    for path, command in commands("cxresearch", command_line):
        context = click.Context(command, info_name=path, max_content_width=90)
        lines += [f"## `{path}`", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(lines)


def commands(path: str, command: click.Command) -> list[tuple[str, click.Command]]:
    """Return a command and all below it, by what is typed."""
    found = [(path, command)]
    if isinstance(command, click.Group):
        for name, inner in sorted(command.commands.items()):
            found += commands(f"{path} {name}", inner)
    return found


sys.path.insert(0, str(ROOT))
