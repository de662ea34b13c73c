"""A matplotlib renderer that writes what an inline picture needs, and nothing else.

Matplotlib's own SVG has a size in points, metadata, a style rule for every element of the page
it is put into, and ids that collide with those of the next figure. This one writes plain
elements in the units of the ``viewBox``, their colours CSS variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_hex
from matplotlib.path import Path
from matplotlib.transforms import Transform

from cxresearch._types import FloatArray
from cxresearch.plots.palette import VARIABLES

_COMMANDS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
_CAPS = {"projecting": "square", "round": "round"}

PAGE = 720.0
"""Width and height in pixels of the matplotlib figure that is drawn on."""
DPI = 72.0
"""Its pixels are points then, in which matplotlib measures lines and marks."""

Colour = Sequence[float]


class Pen(RendererBase):
    """Writes marks as SVG elements.

    Parameters
    ----------
    name : str
        Prefix of every id; different for every picture of a page.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.elements: list[str] = []
        self._markers = 0

    def draw_path(
        self,
        gc: GraphicsContextBase,
        path: Path,
        transform: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Write a path."""
        path = _known(path)
        shape = _drawn(path.codes, _down(transform.transform(path.vertices)))
        self.elements.append(f'<path d="{shape}" style="{_style(gc, rgbFace)}"/>')

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Write the same mark at several places; one drawn where it stands as a path."""
        if not np.any(path.vertices):
            self.draw_path(gc, marker_path, marker_trans, rgbFace)
            return
        self._markers += 1
        mark = f"{self.name}-{self._markers}"
        corners = marker_trans.transform(marker_path.vertices) * (1, -1)
        places = _down(trans.transform(path.vertices)).round(2) + 0.0
        uses = [f'<use href="#{mark}" x="{x:.9g}" y="{y:.9g}"/>' for x, y in places.tolist()]
        self.elements += [
            f'<defs><path d="{_drawn(marker_path.codes, corners)}" id="{mark}"/></defs>',
            f'<g style="{_style(gc, rgbFace)}">',
            *uses,
            "</g>",
        ]


def _down(places: FloatArray) -> FloatArray:
    """Return places on the page with the origin at its top, not at its bottom."""
    return places * (1, -1) + (0, PAGE)


def variable(colour: str) -> str:
    """Return a colour of the palette as the CSS variable that a page may turn dark."""
    known = colour.lower()
    return f"var({VARIABLES[known]}, {known})" if known in VARIABLES else known


def number(value: float) -> str:
    """Return a number of the drawing with two decimals at most."""
    return f"{round(value, 2) + 0.0:.9g}"


def _known(path: Path) -> Path:
    """Return a path without its places that are nan; it is broken there."""
    if np.isfinite(path.vertices).all():
        return path
    whole: Any = path.cleaned(remove_nans=True)
    return Path(whole.vertices[:-1], whole.codes[:-1])  # the last says that it ends


def _drawn(codes: Any, places: FloatArray) -> str:
    """Return what the attribute ``d`` of a path says; a command goes on until the next one."""
    if codes is None:
        codes = [Path.MOVETO] + [Path.LINETO] * (len(places) - 1)
    else:
        places, codes = places[codes != Path.CLOSEPOLY], codes.tolist()
    pieces, last = [], None
    for code in codes:
        if code == Path.CLOSEPOLY:
            pieces.append("z")
        elif code == last != Path.MOVETO:
            pieces.append(" %.9g %.9g")
        else:
            pieces.append(f"{_COMMANDS[code]}%.9g %.9g")
        last = code
    return "".join(pieces) % tuple((places.round(2) + 0.0).ravel().tolist())


def _style(gc: GraphicsContextBase, face: Colour | None) -> str:
    offset, dashes = cast(tuple[float, Sequence[float] | None], gc.get_dashes())
    width = gc.get_linewidth()
    parts = [f"fill: {'none' if face is None else _colour(*face[:3])}"]
    if face is not None and face[3] != 1:
        parts.append(f"fill-opacity: {face[3]:.6g}")
    if dashes is not None and width:
        parts.append(f"stroke-dasharray: {','.join(f'{dash:.6g}' for dash in dashes)}")
        parts.append(f"stroke-dashoffset: {offset:.6g}")
    if width:
        stroke = gc.get_rgb()
        parts.append(f"stroke: {_colour(*stroke[:3])}")
        if stroke[3] != 1:
            parts.append(f"stroke-opacity: {stroke[3]:.6g}")
        if width != 1:
            parts.append(f"stroke-width: {width:.6g}")
        if gc.get_capstyle() in _CAPS:
            parts.append(f"stroke-linecap: {_CAPS[gc.get_capstyle()]}")
    return "; ".join(parts)


@cache
def _colour(red: float, green: float, blue: float) -> str:
    return variable(to_hex((red, green, blue)))
