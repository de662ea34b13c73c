"""Notebooks of the course as pages that are read offline: formulas as MathML, no scripts."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from cxresearch.reports.formulas import formula_html

_unpacked = ExitStack()
atexit.register(_unpacked.close)


class LessonExporter(HTMLExporter):
    """nbconvert's page of a notebook, with its formulas rendered and nothing to be loaded.

    Choose it by name: ``jupyter nbconvert --to cxresearch.reports.lesson.LessonExporter FILE``.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(extra_template_basedirs=[_templates()], **options)  # type: ignore[no-untyped-call]

    def _template_name_default(self) -> str:
        return "cxlesson"

    def from_notebook_node(self, nb: Any, *args: Any, **options: Any) -> Any:
        """Return the page of a notebook; widgets, which need a kernel, leave their text."""
        metadata = {key: value for key, value in nb.metadata.items() if key != "widgets"}
        plain = type(nb)({**nb, "metadata": type(nb)(metadata)})
        return super().from_notebook_node(plain, *args, **options)

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return a markdown cell as HTML."""
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = _Renderer(escape=False, attachments=attachments)
        return str(MarkdownWithMath(renderer=renderer).render(source))


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, formulas as MathML."""

    def block_math(self, body: str) -> str:
        return formula_html(body, block=True)

    def inline_math(self, body: str) -> str:
        return formula_html(body)


@cache
def _templates() -> str:
    return str(_unpacked.enter_context(as_file(files("cxresearch.reports").joinpath("page"))))
