"""SVG that may stand inside a page: no scripts, no addresses, no ids of another picture."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from xml.etree import ElementTree

from cxresearch.errors import CxError

_TAGS = frozenset(
    ["svg", "g", "path", "defs", "clipPath", "rect", "circle", "ellipse", "line", "polyline",
     "polygon", "text", "tspan", "use", "title", "desc", "marker", "linearGradient",
     "radialGradient", "stop", "pattern", "image", "mask", "symbol"]
)  # fmt: skip
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
_FOREIGN = re.compile(r"url\((?!\s*['\"]?#)|@import|expression\s*\(|javascript:", re.IGNORECASE)
_UNIVERSAL = re.compile(r"^\s*\*\s*\{([^{}]*)\}\s*$")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*>")
_SIZE = re.compile(r"\s*([\d.]+)\s*(?:px|pt)?\s*")
_PICTURE = re.compile(r"<svg .*?</svg>", re.DOTALL)
_STYLE = re.compile(r' style="([\w\s:;.,()#%-]+)"')
_SPACE = re.compile(r"\s*([:;,])\s*")
_AT_COMMAND = re.compile(r"\s+(?:(?=[A-Za-z])|(?<=[A-Za-z]\s))")


def inline_svg(source: str, *, name: str, alt_text: str, css_class: str = "") -> str:
    """Return SVG source as an element to put into a page.

    Parameters
    ----------
    source : str
        A whole SVG file.
    name : str
        Put before every id, so that pictures of one page do not share them.
    alt_text : str
        What the picture shows; becomes its accessible name.
    css_class : str
        Class of the element.

    Raises
    ------
    CxError
        The source is not SVG, or declares entities.

    Examples
    --------
    >>> source = '<svg viewBox="0 0 9 9"><script/><g id="a"/></svg>'
    >>> inline_svg(source, name="f", alt_text="A g")
    '<svg viewBox="0 0 9 9" role="img" aria-label="A g"><g id="f-1"/></svg>'
    """
    root = parsed_svg(source, name)
    size = _view_box(root)
    writer = _Writer(root, name)
    styles = [node.text or "" for node in root.iter() if _local(node.tag) == "style"]
    inherited = ";".join(
        match[1].strip(" ;\n") for s in styles if (match := _UNIVERSAL.match(s))
    )
    style = ";".join(part for part in (inherited, writer.safe(root.get("style", ""))) if part)
    attributes = {"class": css_class, "viewBox": size, "role": "img", "aria-label": alt_text}
    attributes["style"] = style
    opening = "".join([f' {key}="{escape(v)}"' for key, v in attributes.items() if v])
    return f"<svg{opening}>{''.join(map(writer.element, root))}</svg>"


def share_styles(html: str) -> tuple[str, str]:
    """Return a page whose pictures name their styles by class, and the rules of these classes.

    A figure repeats the same few styles hundreds of times; said once they take a third less.

    Examples
    --------
    >>> share_styles('<svg ><g style="fill: red"/><g style="fill: red"/></svg>')
    ('<svg ><g class="q0"/><g class="q0"/></svg>', '.q0{fill:red}')
    """
    names: dict[str, str] = {}

    @cache
    def name_of(style: str) -> str:
        return names.setdefault(_SPACE.sub(r"\1", style).strip(" ;"), f"q{len(names)}")

    def named(found: re.Match[str]) -> str:
        return f' class="{name_of(found[1])}"'

    shared = _PICTURE.sub(lambda picture: _STYLE.sub(named, picture[0]), html)
    return shared, "".join(f".{name}{{{style}}}" for style, name in names.items())


def parsed_svg(source: str, name: str) -> ElementTree.Element:
    """Return the root of SVG source that can do no harm to who reads it.

    Parameters
    ----------
    source, name : str
        A whole SVG file, and what it is called in an error.

    Raises
    ------
    CxError
        The source is not SVG, or declares entities.
    """
    text = _DOCTYPE.sub("", source)
    if "<!" in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL):
        raise CxError(f"figure {name!r} declares entities; draw it again without them")
    try:
        root = ElementTree.fromstring(text)  # entities, the danger of this parser, are out
    except ElementTree.ParseError as error:
        raise CxError(f"figure {name!r} is not well-formed SVG: {error}") from error
    if _local(root.tag) != "svg":
        raise CxError(f"figure {name!r} is not SVG but {_local(root.tag)!r}")
    return root


def _view_box(root: ElementTree.Element) -> str:
    if root.get("viewBox"):
        return str(root.get("viewBox"))
    sides = [_SIZE.fullmatch(root.get(side, "")) for side in ("width", "height")]
    return " ".join(["0 0", *(side[1] for side in sides if side)]) if all(sides) else ""


class _Writer:
    """Writes the elements of a picture as far as they may stand inside a page.

    Every id becomes a number after the name: pictures of one page do not share them, and a
    scatter names the id of its mark many times.
    """

    def __init__(self, root: ElementTree.Element, name: str) -> None:
        known = [own for node in root.iter() if (own := node.get("id"))]
        self.ids = {own: f"{name}-{number}" for number, own in enumerate(known, start=1)}
        self.name = name
        self.values: dict[str, str] = {}

    def element(self, node: ElementTree.Element) -> str:
        """Return an element with all that is in it, and the text after it."""
        tag = _local(node.tag) if isinstance(node.tag, str) else ""
        tail = escape(node.tail, quote=False).strip("\n") if node.tail else ""
        if tag not in _TAGS:
            return tail
        inside = escape(node.text, quote=False) if node.text else ""
        inside += "".join(map(self.element, node))
        attributes = {_local(key): value for key, value in node.attrib.items()}
        kept = [
            f' {key}="{quoted}"'
            for key, value in attributes.items()
            if (quoted := self._attribute(key, value))
        ]
        opening = f"<{tag}{''.join(kept)}"
        return (f"{opening}>{inside}</{tag}>" if inside.strip() else f"{opening}/>") + tail

    def safe(self, value: str) -> str:
        """Return a value that names no address outside the page; "" for one that does."""
        if _FOREIGN.search(value):
            return ""
        return _REFERENCE.sub(lambda m: f"url(#{self._id(m[1])})", value)

    def _attribute(self, key: str, value: str) -> str:
        """Return a value as it stands between quotation marks."""
        if key == "id":
            return escape(self._id(value))
        if key == "d":
            return escape(_AT_COMMAND.sub("", value))
        if key == "href":
            return escape(self._target(value))
        if key.lower().startswith("on"):
            return ""
        if value not in self.values:  # styles and places occur again and again
            self.values[value] = escape(self.safe(value))
        return self.values[value]

    def _target(self, value: str) -> str:
        if value.startswith("#"):
            return f"#{self._id(value[1:])}"
        return value if value.startswith(("data:image/png", "data:image/jpeg")) else ""

    def _id(self, own: str) -> str:
        return self.ids.get(own, f"{self.name}-{own}")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
