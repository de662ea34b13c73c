"""HTML that needs no cleaning, such as the tables of results, told from all other."""

from __future__ import annotations

import re
from xml.etree import ElementTree

_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_WORDS = frozenset(["strong", "em", "code"])
_INSIDE = {
    "div": frozenset(["p", "table", "details", *_HEADINGS, *_WORDS]),
    "details": frozenset(["summary", "p", "table", *_WORDS]),
    "table": frozenset(["thead", "tbody"]),
    "thead": frozenset(["tr"]),
    "tbody": frozenset(["tr"]),
    "tr": frozenset(["th", "td"]),
    **dict.fromkeys(["p", "th", "td", "summary", *_HEADINGS, *_WORDS], _WORDS),
}
_WITHOUT_TEXT = frozenset(["table", "thead", "tbody", "tr"])
_PLAIN = re.compile(
    r"(?:[^<>&\r]++|&(?:amp|lt|gt|quot|#39|#x27);"
    r"|</?(?:p|h[2-6]|strong|em|code|details|summary|table|thead|tbody|tr|th|td)>"
    r"|<(?:p|table) class=\"[\w -]*\">|<h[2-6] id=\"[\w-]*\">|<th scope=\"(?:row|col)\">)*+"
)


def is_plain(html: str) -> bool:
    """Say whether cleaning would leave HTML as it is; this takes a hundredth of its time.

    It is text and a few tags with at most a class, an id or a scope, so there is nothing in it
    that could do anything; and every tag is closed and stands where it may, so there is nothing
    that a browser would put elsewhere.

    Examples
    --------
    >>> is_plain("<p>a <em>b</em> &lt; c</p>"), is_plain("<p>a <em>b</p>")
    (True, False)
    """
    if not _PLAIN.fullmatch(html):
        return False
    try:
        root = ElementTree.fromstring(f"<div>{html}</div>")
    except (ElementTree.ParseError, ValueError):
        return False
    return all(map(_stands_right, root.iter()))


def _stands_right(element: ElementTree.Element) -> bool:
    if not {child.tag for child in element} <= _INSIDE[element.tag]:
        return False
    if element.tag not in _WITHOUT_TEXT:
        return True
    texts = [element.text or "", *(child.tail or "" for child in element)]
    return not "".join(texts).strip(" \n\t")
