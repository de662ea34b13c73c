"""HTML from notebooks, reduced to what a report may show; everything else is shown as text."""

from __future__ import annotations

import re
from functools import cache
from itertools import count
from typing import Any

import bleach  # type: ignore[import-untyped]

from cxresearch.errors import CxError
from cxresearch.reports.plain import is_plain

_TAGS = frozenset(
    ["a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del",
     "details", "div", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd",
     "li", "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub", "summary", "sup",
     "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var"]
)  # fmt: skip
_ATTRIBUTES: dict[str, Any] = {
    "*": ["class", "title", "lang", "dir"],
    "a": ["href"],
    "img": lambda _, key, value: (
        key == "alt" or (key == "src" and value.startswith("data:image/"))
    ),
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
    "ol": ["start"],
    **{f"h{level}": ["id"] for level in range(2, 7)},
}
_ROW_OF_PANDAS = '<tr style="text-align: right;">'
_STYLE = re.compile(r"<style\b.*?</style\s*>", re.DOTALL | re.IGNORECASE)
_NO_ALT = re.compile(r"<img(?![^>]*\balt=\"[^\"]*\S[^\"]*\")[^>]*>")
_OUTWARD = re.compile(r'<a href="(?=https?:)')
_BARE_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)


def clean_html(html: str, *, where: str, label: str = "") -> str:
    """Return HTML that can do nothing but show: no scripts, no styles, nothing that is loaded.

    Tags that are not allowed appear as text. Tables get a frame that scrolls by itself.

    Parameters
    ----------
    html : str
    where : str
        Named in the error, e.g. ``"cell 7"``.
    label : str
        Accessible name of the frame of a table.

    Raises
    ------
    CxError
        A picture has no alternative text.
    """
    plain = html.replace(_ROW_OF_PANDAS, "<tr>")  # styles are taken out
    shown = plain if is_plain(plain) else _cleaner().clean(_STYLE.sub("", html))
    if _NO_ALT.search(shown):
        raise CxError(
            f"{where} shows a picture without alternative text; record a figure instead"
        )
    shown = _OUTWARD.sub('<a rel="noreferrer" href="', shown)
    numbers = count(1)

    def framed(table: re.Match[str]) -> str:
        # Frames of one output are told apart by their number.
        name = f' role="region" aria-label="{label} ({next(numbers)})"' if label else ""
        return f'<div class="scroll plain" tabindex="0"{name}>{table[0]}</div>'

    return _BARE_TABLE.sub(framed, shown)


@cache
def _cleaner() -> bleach.Cleaner:
    return bleach.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        protocols={"http", "https", "mailto", "data"},
        strip=False,
        strip_comments=True,
    )
