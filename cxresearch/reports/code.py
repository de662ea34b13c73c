"""A step for the student: its formula, its code, where it comes from, how to have it again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from html import escape

from cxresearch._imports import without_slow_imports
from cxresearch.reports.blocks import Block
from cxresearch.reports.facts import repeat_command
from cxresearch.reports.formulas import formula_html
from cxresearch.reports.method_notes import Reference, notes_of_code
from cxresearch.reports.source import RunFiles
from cxresearch.wording import Messages

_DOI = "https://doi.org/"


def code_block(source: str, files: RunFiles, messages: Messages) -> Block:
    """Return the code of a cell with the formulas and references of what it calls."""
    say, notes = messages.text, notes_of_code(source)
    formulas = "".join(formula_html(tex, block=True) for tex in notes.formulas)
    opened = " open" if notes.formulas else ""
    code = (
        f'<details class="code"{opened}><summary>{escape(say("report.show_code"))}</summary>'
        f"{_highlighted(source)}</details>"
    )
    parts = [code]
    if formulas:
        parts.insert(0, f'<p class="part">{escape(say("report.formula"))}</p>{formulas}')
    if notes.references:
        entries = "".join(f"<li>{_reference(entry)}</li>" for entry in notes.references)
        heading = escape(say("report.references_heading"))
        parts.append(f'<p class="part">{heading}</p><ul class="references">{entries}</ul>')
    if notes.formulas or notes.analyses:
        again = escape(say("report.reproduce_step"))
        command = escape(repeat_command(files.record))
        parts.append(f'<p class="part">{again}</p><p><code>{command}</code></p>')
    return Block(kind="code", html="".join(parts), depth="student")


def look_up(source: str) -> None:
    """Have ready what `code_block` will show of a cell."""
    for tex in notes_of_code(source).formulas:
        formula_html(tex, block=True)
    _highlighted(source)


def _reference(reference: Reference) -> str:
    text = escape(reference.text, quote=False)
    if not reference.doi:
        return text
    address = escape(_DOI + reference.doi)
    return f'{text} <a rel="noreferrer" href="{address}">{address}</a>'


@cache
def _highlighted(source: str) -> str:
    return str(_highlighter()(source))


@cache
def _highlighter() -> Callable[[str], str]:
    with without_slow_imports():
        from nbconvert.filters.highlight import Highlight2HTML

    highlight: Callable[[str], str] = Highlight2HTML(pygments_lexer="python")  # type: ignore[no-untyped-call]
    return highlight
