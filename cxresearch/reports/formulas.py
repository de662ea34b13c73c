"""Formulas as MathML, made when the page is made: nothing has to be loaded to read them."""

from __future__ import annotations

from functools import cache
from html import escape
from xml.etree import ElementTree

_TAGS = frozenset(
    ["math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "mfrac",
     "msqrt", "mroot", "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle",
     "mpadded", "mphantom", "mmultiscripts", "mprescripts", "ms"]
)  # fmt: skip
_ATTRIBUTES = frozenset(
    ["display", "displaystyle", "scriptlevel", "accent", "accentunder", "stretchy", "fence",
     "form", "separator", "lspace", "rspace", "minsize", "maxsize", "linethickness", "width",
     "mathvariant", "columnalign", "rowspacing", "columnspacing", "largeop", "movablelimits"]
)  # fmt: skip
_STACKED = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_SUMS = ("∑", "∏", "max", "min")


def formula_html(tex: str, *, block: bool = False) -> str:
    r"""Return TeX as MathML; where that cannot be made, the TeX itself as readable text.

    Parameters
    ----------
    tex : str
        Without the dollar signs.
    block : bool
        The formula stands on lines of its own.

    Examples
    --------
    >>> formula_html("a_1")
    '<math><msub><mi>a</mi><mn>1</mn></msub></math>'
    >>> print(formula_html(r"a < \nothing"))
    <code class="math">a &lt; \nothing</code>
    """
    return _html(" ".join(tex.split()), block=block)


@cache
def _html(source: str, *, block: bool) -> str:
    root = _parsed(source)
    if root is None:
        return f'<code class="math">{escape(source, quote=False)}</code>'
    if block:
        _put_limits_below(root)
    inside = "".join(_element(child) for child in root)
    if not block:
        return f"<math>{inside}</math>"
    return f'<span class="formula" tabindex="0"><math display="block">{inside}</math></span>'


def _parsed(tex: str) -> ElementTree.Element | None:
    """Return the row of MathML elements, or None where the TeX is not understood."""
    from latex2mathml.converter import convert

    try:
        root = ElementTree.fromstring(convert(tex))
    except Exception:  # the library raises whatever its parser trips over
        return None
    row = root[0] if len(root) == 1 and _local(root[0].tag) == "mrow" else root
    # An unknown command comes back as an identifier that still has its backslash.
    texts = (node.text or "" for node in root.iter())
    return None if any("\\" in text for text in texts) or not len(row) else row


def _put_limits_below(root: ElementTree.Element) -> None:
    """Set the limits of sums below and above the sign, as formulas on their own line do."""
    for node in root.iter():
        placed = _STACKED.get(_local(node.tag))
        if placed and len(node) and (node[0].text or "") in _SUMS:
            node.tag = placed


def _element(node: ElementTree.Element) -> str:
    tag = _local(node.tag)
    inside = escape(node.text or "", quote=False) + "".join(_element(child) for child in node)
    if tag not in _TAGS:
        return inside
    attributes = "".join(
        f' {key}="{escape(value)}"' for key, value in node.attrib.items() if key in _ATTRIBUTES
    )
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
