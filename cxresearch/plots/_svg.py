"""What a picture is apart from its marks: the settings it is drawn with, its texts, its frame.

A picture can stand inline in a page: it scales by its ``viewBox``, carries its alternative
text, takes its colours from CSS variables and its font from the reader, and is the same, byte
for byte, whenever it is drawn again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from xml.sax.saxutils import escape

import matplotlib as mpl

from cxresearch.plots._pen import number, variable
from cxresearch.plots._place import Anchor, Text

FONT_STACK = 'system-ui,"Segoe UI",Roboto,"Noto Sans","Helvetica Neue",Arial,sans-serif'
_NAMESPACE = "http://www.w3.org/2000/svg"
_IN_QUOTES = {'"': "&quot;", "\n": "&#10;"}
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults, whatever the notebook has set."""
    with mpl.rc_context():
        mpl.rcParams.update(
            {
                name: default
                for name, default in mpl.rcParamsDefault.items()
                if name != "backend" and mpl.rcParams[name] != default
            }
        )
        # A drawing is thousands of small objects: collecting among them takes longer than it.
        collects = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collects:
                gc.enable()


def whole_svg(
    elements: Iterable[str], *, size: tuple[float, float], name: str, alt_text: str
) -> str:
    """Return elements as inline SVG.

    Parameters
    ----------
    elements : iterable of str
        SVG source, from the lowest to the topmost.
    size : tuple of float
        Width and height, in the units of the elements.
    name : str
        Id of the picture; different for every picture of a page.
    alt_text : str
        What the picture shows, in words.
    """
    attributes = {
        "xmlns": _NAMESPACE,
        "id": name,
        "viewBox": "0 0 {:.9g} {:.9g}".format(*size),
        "role": "img",
        "aria-label": alt_text,
        "style": f"font-family:{FONT_STACK};stroke-linejoin:round",
    }
    opening = "".join(f' {key}="{escape(v, _IN_QUOTES)}"' for key, v in attributes.items())
    return f"<svg{opening}>{''.join(elements)}</svg>"


def written(text: Text) -> str:
    """Return a line of text, for the reader's own font to draw: nothing here measures it."""
    style = _text_style(text.size, text.colour, text.anchor, bold=text.bold)
    place = f'x="{number(text.x)}" y="{number(text.y)}"'
    return f'<text {place} style="{style}">{escape(text.text)}</text>'


@cache
def _text_style(size: float, colour: str, anchor: Anchor, *, bold: bool) -> str:
    weight = "font-weight: 700; " if bold else ""
    return (
        f"{weight}font-size: {size:g}px; text-anchor: {_ANCHORS[anchor]}; "
        f"fill: {variable(colour)}"
    )
