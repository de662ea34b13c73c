"""Markdown cells as HTML: headings in order that can be linked to, nothing that runs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from cxresearch._imports import without_slow_imports
from cxresearch.reports.clean import clean_html
from cxresearch.reports.formulas import formula_html

with without_slow_imports():
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_MARK = "\ue000"
_ASIDE = re.compile(rf"{_MARK}(\d+){_MARK}")
_HEADING = re.compile(r"(<h[2-6] id=\"([^\"]+)\">.*?)(</h[2-6]>)", re.DOTALL)


@dataclass(slots=True)
class Outline:
    """Headings of a page so far: gives each its level and an id of its own.

    Attributes
    ----------
    top : int
        Level that ``##`` of a notebook gets.
    last : int
        Level of the heading before; no level is skipped on the way down.
    """

    top: int = 2
    last: int = 1
    taken: set[str] = field(default_factory=set)

    def place(self, level: int) -> int:
        """Return the level a heading of a notebook gets on the page."""
        wanted = max(level, 2) - 2 + self.top
        self.last = min(wanted, self.last + 1, 6)
        return self.last

    def name(self, text: str) -> str:
        """Return an id made from a heading, different from all before."""
        plain = unicodedata.normalize("NFKC", text).lower()
        stem = re.sub(r"[^\w]+", "-", plain).strip("-")[:60] or "section"
        name, number = stem, 1
        while name in self.taken:
            number += 1
            name = f"{stem}-{number}"
        self.taken.add(name)
        return name


class _Renderer(IPythonRenderer):
    """nbconvert's renderer; headings go through the outline, formulas become MathML.

    Formulas are kept aside until the rest has been cleaned: each leaves a mark that no text of
    the cell can hold.
    """

    def __init__(self, outline: Outline, attachments: dict[str, Any]) -> None:
        super().__init__(escape=False, attachments=attachments, exclude_anchor_links=True)
        self.outline = outline
        self.formulas: list[str] = []

    def heading(self, text: str, level: int, **_: Any) -> str:
        plain = re.sub(r"<[^>]+>", "", text)
        placed = self.outline.place(level)
        return f'<h{placed} id="{self.outline.name(plain)}">{text}</h{placed}>\n'

    def block_math(self, body: str) -> str:
        return self._aside(formula_html(body, block=True))

    def inline_math(self, body: str) -> str:
        return self._aside(formula_html(body))

    def _aside(self, html: str) -> str:
        self.formulas.append(html)
        return f"{_MARK}{len(self.formulas) - 1}{_MARK}"


def render_markdown(
    source: str, outline: Outline, *, where: str, attachments: dict[str, Any] | None = None
) -> str:
    """Return a markdown cell as clean HTML.

    Raises
    ------
    CxError
        A picture has no alternative text; `where` names the cell.
    """
    renderer = _Renderer(outline, attachments or {})
    html = MarkdownWithMath(renderer=renderer).render(source.replace(_MARK, ""))
    shown = clean_html(html, where=where).replace("<p></p>", "")
    return _ASIDE.sub(lambda mark: renderer.formulas[int(mark[1])], shown)


def with_anchors(html: str) -> str:
    """Return HTML in which each heading with an id ends in a link to itself."""
    return _HEADING.sub(lambda found: f"{found[1]}{anchor(found[2])}{found[3]}", html)


def anchor(name: str) -> str:
    """Return the link at the end of a heading; keyboards have the table of contents."""
    return f' <a class="anchor" href="#{name}" aria-hidden="true" tabindex="-1">#</a>'
