"""The narrated part of a report: the executed notebook as sections, each at its depth."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from cxresearch._types import Json
from cxresearch.errors import CxError
from cxresearch.reports.blocks import Block, OutputShower
from cxresearch.reports.code import code_block
from cxresearch.reports.markdown import Outline, render_markdown
from cxresearch.reports.source import DEPTHS, RunFiles
from cxresearch.reports.telling import Told
from cxresearch.shown import Depth
from cxresearch.wording.templates import narration

_FIRST_TITLE = re.compile(r"\A\s*#\s+[^\n]*\n?")
_HEADING_ONLY = re.compile(r"\A(?:\s*<h[2-6][^>]*>.*?</h[2-6]>)+\s*\Z", re.DOTALL)
_SHOWS = re.compile(r"\b(?:display|plot)_\w+\(")
_HEADING = re.compile(r"<h([2-6]) id=\"([^\"]+)\">(.*?)</h\1>", re.DOTALL)


@dataclass(slots=True, kw_only=True)
class Section:
    """A markdown cell and what the code cells after it show.

    Attributes
    ----------
    html : str
        The markdown cell.
    name, title : str
        Id and text of its first heading; ``""`` without one.
    depth : {"manager", "analyst", "student"}
        Of the markdown cell.
    data : bool
        It is about how the data were treated (tag ``data``), and stands in that chapter.
    language : str
        Of the markdown cell, where it is another than the page's.
    checks : list of Told
        Verdicts, where the section checks what later results need; its tables and figures are
        the evidence behind them.
    meant_to_show : bool
        Its code calls for a table or a figure; there is none where a study lacks what it takes.
    """

    html: str = ""
    name: str = ""
    title: str = ""
    depth: Depth = "manager"
    data: bool = False
    language: str = ""
    blocks: list[Block] = field(default_factory=list)
    checks: list[Told] = field(default_factory=list)
    meant_to_show: bool = False

    @property
    def heading_only(self) -> bool:
        """Whether the markdown cell holds nothing but headings."""
        return not self.html.strip() or bool(_HEADING_ONLY.match(self.html))

    @property
    def empty(self) -> bool:
        """Whether nobody but a reader of code would find anything here."""
        return self.heading_only and all(block.kind == "code" for block in self.blocks)

    @property
    def outer_depth(self) -> Depth:
        """Depth at which any of it shows: text for analysts does not hide a figure for all."""
        return min((self.depth, *(block.depth for block in self.blocks)), key=DEPTHS.index)

    @property
    def shows_nothing(self) -> bool:
        """Whether code that calls for a table or a figure had nothing to make it from."""
        return self.meant_to_show and all(block.kind == "code" for block in self.blocks)

    def settle_depth(self) -> None:
        """Show a heading only at a depth at which something stands under it.

        A text over code that had nothing to show, as where a study has no conditions, is for
        readers of code.
        """
        nothing_shown = all(block.kind == "code" for block in self.blocks)
        if self.blocks and (self.heading_only or nothing_shown):
            shallowest = min(DEPTHS.index(block.depth) for block in self.blocks)
            self.depth = DEPTHS[max(DEPTHS.index(self.depth), shallowest)]


def read_sections(shower: OutputShower) -> list[Section]:
    """Return the notebook as sections; those about the data last, below one common heading.

    Raises
    ------
    CxError
        A cell shows a picture without alternative text; the message names the cell.
    """
    cells = [] if shower.files.notebook is None else shower.files.notebook.cells
    about_data = [_is_data(cell) for cell in cells]
    # Headings are numbered off in the order of the page, not of the notebook.
    upper, lower = Outline(top=2), Outline(top=3, last=2)
    lower.taken = upper.taken
    sections: list[Section] = []
    number = 0
    for cell, data in zip(cells, about_data, strict=True):
        if cell.cell_type == "markdown":
            source, other = _in_language(cell.source, shower)
            outline = lower if data else upper
            section = _opened(cell, source, outline, data=data, first=not sections)
            section.language = other
            sections.append(section)
        elif cell.cell_type == "code" and not _has_tag(cell, "injected-parameters"):
            number += 1
            if not sections or sections[-1].data != data:
                sections.append(Section(depth=_depth(cell), data=data))
            sections[-1].blocks += _code_cell(cell, shower, number)
            sections[-1].meant_to_show |= bool(_SHOWS.search(cell.source))
    sections.append(Section(blocks=list(_left_over(shower, cells))))
    for section in sections:
        section.checks = [shower.teller.tell(f) for f in _verdicts(section, shower.files)]
        section.settle_depth()
        if section.shows_nothing and not shower.files.failed:
            section.blocks.insert(0, _nothing_here(section, shower))
    return [section for section in sections if not section.empty or _has_code(section)]


def _in_language(source: str, shower: OutputShower) -> tuple[str, str]:
    """Return a text in the page's language and ``""``, or as it is and the language it has."""
    wanted, own = shower.messages.language, shower.files.narrated_in
    if own == wanted:
        return source, ""
    translated = narration(source, wanted)
    return (source, own) if translated is None else (translated, "")


def _opened(cell: Any, text: str, outline: Outline, *, data: bool, first: bool) -> Section:
    source = _FIRST_TITLE.sub("", text) if first else text
    attachments = dict(cell.get("attachments", {}))
    where = (
        f"the text cell {cell.source.strip().splitlines()[0]!r}" if cell.source.strip() else ""
    )
    html = render_markdown(source, outline, where=where, attachments=attachments)
    heading = _HEADING.search(html)
    return Section(
        html=html,
        name=heading[2] if heading else "",
        title=heading[3] if heading else "",
        depth=_depth(cell),
        data=data,
    )


def _code_cell(cell: Any, shower: OutputShower, number: int) -> Iterator[Block]:
    if _has_tag(cell, "parameters"):  # the table of parameters says it better
        return
    yield from shower.of_cell(cell, where=f"cell {number}", depth=_depth(cell))
    if cell.source.strip():
        yield code_block(cell.source, shower.files, shower.messages)


def _nothing_here(section: Section, shower: OutputShower) -> Block:
    words = escape(shower.messages.text("report.nothing_here"))
    return Block(kind="text", html=f'<p class="note">{words}</p>', depth=section.depth)


def _left_over(shower: OutputShower, cells: list[Any]) -> Iterator[Block]:
    """Yield what was recorded without being shown in a cell: nothing recorded gets lost."""
    from cxresearch.record import MIME_TYPE

    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    marks = [output.get("data", {}).get(MIME_TYPE) for output in outputs]
    shown = {(mark["kind"], mark["name"]) for mark in marks if mark}
    for kind, name in shower.files.outputs:
        if kind in ("figure", "table") and (kind, name) not in shown:
            try:
                block = shower.recorded(kind, name, depth="analyst")
            except CxError:
                if not shower.files.failed:
                    raise
                continue
            if block is not None:
                yield block


def _verdicts(section: Section, files: RunFiles) -> list[Json]:
    """Return the findings of a section that does nothing but check; else nothing."""
    kinds = {block.result for block in section.blocks if block.result}
    told = [finding for finding in files.findings if finding.get("result") in kinds]
    only_checks = all(finding.get("topic") == "quality" for finding in told)
    return told if only_checks else []


def _has_code(section: Section) -> bool:
    return any(block.kind == "code" for block in section.blocks)


def _depth(cell: Any) -> Depth:
    return next((depth for depth in DEPTHS if _has_tag(cell, depth)), "manager")


def _is_data(cell: Any) -> bool:
    return _has_tag(cell, "data")


def _has_tag(cell: Any, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])
