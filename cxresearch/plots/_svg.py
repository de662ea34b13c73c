"""From a matplotlib figure to SVG that can stand inline in a page.

Matplotlib's file has a size in points, a document type, metadata, a style rule for every
element of the page it is put into, and ids that collide with those of the next figure. What
leaves here scales by its ``viewBox``, carries its alternative text, takes its colours from CSS
variables and its font from the reader, and is the same, byte for byte, whenever it is drawn
again.
"""

from __future__ import annotations

import gc
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure as MplFigure

from cxresearch.plots._place import Text
from cxresearch.plots.palette import VARIABLES

FONT_STACK = 'system-ui,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif'
_NAMESPACE = "http://www.w3.org/2000/svg"
_DECIMAL = re.compile(r"-?\d+\.\d+")
_COLOUR = re.compile("|".join(VARIABLES), re.IGNORECASE)
_REFERENCE = re.compile(r"#([\w.-]+)")
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}
_GEOMETRY = ("d", "x", "y", "transform", "width", "height", "points")


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults and ours, whatever the notebook has set."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({"svg.hashsalt": "cxresearch"})
        # A drawing is thousands of small objects: collecting among them takes longer than it.
        collects = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collects:
                gc.enable()


def finished_svg(figure: MplFigure, texts: Sequence[Text], *, name: str, alt_text: str) -> str:
    """Return the figure as inline SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Drawn inside `own_settings`.
    texts : sequence of Text
        Written on top of it, for the reader's own font to draw: nothing here measures them.
    name : str
        Prefix of every id; different for every picture of a page.
    alt_text : str
        What the picture shows, in words.
    """
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    # The source is matplotlib's own output of this moment, not a file from elsewhere.
    root = ElementTree.fromstring(buffer.getvalue())
    _strip(root)
    _flatten(root)
    _rename_ids(root, name)
    for element in root.iter():
        _restyle(element)
    _gather(root)
    root.extend(_written(text) for text in texts)
    root.attrib = _root_attributes(root, name, alt_text)
    return ElementTree.tostring(root, encoding="unicode")


def _strip(element: ElementTree.Element) -> None:
    """Drop metadata, style rules, namespaces and the white space between elements."""
    element.tag = element.tag.rpartition("}")[2]
    element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    for child in list(element):
        if child.tag.rpartition("}")[2] in ("metadata", "style"):
            element.remove(child)
            continue
        _strip(child)
        child.tail = None
    if element.tag != "text":
        element.text = None


def _flatten(element: ElementTree.Element) -> None:
    """Replace groups that group nothing by what is in them."""
    kept: list[ElementTree.Element] = []
    for child in list(element):
        _flatten(child)
        named = set(child.attrib) - {"id"}
        if child.tag in ("g", "defs") and (not len(child) or (child.tag == "g" and not named)):
            kept.extend(child)
        elif child.tag == "path" and child.get("style") == "fill: none":
            continue  # the figure's own background, invisible
        else:
            kept.append(child)
    element[:] = kept


def _rename_ids(root: ElementTree.Element, name: str) -> None:
    """Keep only ids that something refers to, numbered under the figure's name."""
    used: dict[str, str] = {}
    for element in root.iter():
        for key in ("href", "clip-path"):
            for target in _REFERENCE.findall(element.get(key, "")):
                used.setdefault(target, f"{name}-{len(used) + 1}")
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own in used:
            element.set("id", used[own])
        for key in ("href", "clip-path"):
            if key in element.attrib:
                renamed = _REFERENCE.sub(lambda m: f"#{used[m.group(1)]}", element.attrib[key])
                element.set(key, renamed)


def _gather(root: ElementTree.Element) -> None:
    """Say once, of the dots of a cloud, how they look."""
    for parent in list(root.iter()):
        children = list(parent)
        parent[:] = []
        for (tag, style), alike in groupby(children, lambda e: (e.tag, e.get("style", ""))):
            several = list(alike)
            if tag == "use" and style and len(several) > 1:
                group = ElementTree.SubElement(parent, "g", style=style)
                for element in several:
                    del element.attrib["style"]
                group.extend(several)
            else:
                parent.extend(several)


def _written(text: Text) -> ElementTree.Element:
    bold = "font-weight: 700; " if text.bold else ""
    style = (
        f"{bold}font-size: {text.size:g}px; text-anchor: {_ANCHORS[text.anchor]}; "
        f"fill: {_variable(text.colour)}"
    )
    place = {"x": _short(text.x), "y": _short(text.y), "style": style}
    element = ElementTree.Element("text", place)
    element.text = text.text
    return element


def _restyle(element: ElementTree.Element) -> None:
    for key in _GEOMETRY:
        if key in element.attrib:
            plain = " ".join(element.attrib[key].split())
            element.set(key, _DECIMAL.sub(_rounded, plain))
    style = element.get("style")
    if style is not None:
        element.set("style", _COLOUR.sub(lambda found: _variable(found[0]), style).strip())


def _rounded(match: re.Match[str]) -> str:
    return _short(float(match.group()))


def _short(number: float) -> str:
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _variable(colour: str) -> str:
    known = colour.lower()
    return f"var({VARIABLES[known]}, {known})"


def _root_attributes(root: ElementTree.Element, name: str, alt_text: str) -> dict[str, str]:
    return {
        "xmlns": _NAMESPACE,
        "id": name,
        "viewBox": root.get("viewBox", ""),
        "role": "img",
        "aria-label": alt_text,
        "style": f"font-family:{FONT_STACK};stroke-linejoin:round",
    }
