"""Pictures for paper: the layout of a phone with less white between its rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from xml.etree import ElementTree

from cxresearch.reports.svg import parsed_svg

Span = tuple[float, float]

_LEAST, _KEPT = 3.0, 0.4
"""Units that stay of white between two rows, and the share of it."""

_WORTH = 0.94
_KNOWN = frozenset(["svg", "defs", "g", "path", "text", "use"])
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_POINT = re.compile(rf"({_NUMBER.pattern})([\s,]+|(?=-))({_NUMBER.pattern})")
_COMMANDS = re.compile(r"[MLCz\s\d.,-]*")
_SIZE = re.compile(r"\bfont(?:-size)?: ?(?:[\w ]*? )?([\d.]+)px")
_STROKE, _ABOVE, _BELOW = 1.0, 0.76, 0.24


def closer_rows(source: str) -> str:
    """Return a picture with less white between its rows.

    What is drawn stays as large as it is and moves up; letters on paper can so be as large with
    more figures on a page. Nothing that is drawn across the rows is bent: there is no white.

    Parameters
    ----------
    source : str
        A whole SVG file, such as a recorded figure in its layout for a phone.

    Returns
    -------
    str
        SVG source; ``""`` where little would be won, or the picture is of another kind than
        those this package draws.

    Raises
    ------
    CxError
        The source is not SVG, or declares entities.

    Examples
    --------
    >>> import re
    >>> rows = "".join(f'<text style="font-size: 10px" y="{y}">a</text>' for y in (10, 90))
    >>> closer = closer_rows(f'<svg viewBox="0 0 60 100">{rows}</svg>')
    >>> re.findall(r'viewBox="([^"]*)"| y="([^"]*)"', closer)
    [('0 0 60 53.44', ''), ('', '10'), ('', '48')]
    """
    root = parsed_svg(source, "figure")
    box = [float(number) for number in _NUMBER.findall(root.get("viewBox", ""))]
    shapes = list(_drawn(root))
    if len(box) != 4 or not shapes or not all(map(_is_known, root.iter())):
        return ""
    markers = {f"#{e.get('id')}": _span_of(e, {}) for e in root.iter("{*}path") if e.get("id")}
    spans = [_span_of(shape, markers) for shape in shapes]
    up = _shift(spans, box[1], box[1] + box[3])
    height = box[3] - up(box[1] + box[3])
    if height > _WORTH * box[3]:
        return ""
    for shape, (low, _) in zip(shapes, spans, strict=True):
        _move(shape, low, up)
    root.set("viewBox", " ".join(f"{number:.6g}" for number in (*box[:3], height)))
    return ElementTree.tostring(root, encoding="unicode")


def _drawn(element: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield what is drawn where it stands; what is defined is drawn where it is used."""
    for child in element:
        if _tag(child) == "g":
            yield from _drawn(child)
        elif _tag(child) != "defs":
            yield child


def _is_known(element: ElementTree.Element) -> bool:
    plain = "transform" not in element.attrib and _tag(element) in _KNOWN
    return plain and _COMMANDS.fullmatch(element.get("d", "")) is not None


def _span_of(shape: ElementTree.Element, markers: dict[str, Span]) -> Span:
    """Return from where to where a shape reaches, down the page."""
    y = float(shape.get("y", "0"))
    if _tag(shape) == "text":
        size = _SIZE.search(shape.get("style", ""))
        letters = float(size[1]) if size else 16.0
        return (y - _ABOVE * letters, y + _BELOW * letters)
    if _tag(shape) == "use":
        low, high = markers.get(_target(shape), (0.0, 0.0))
        return (y + low, y + high)
    down = [float(y) for _, _, y in _POINT.findall(shape.get("d", ""))] or [0.0]
    return (min(down) - _STROKE, max(down) + _STROKE)


def _shift(spans: Iterable[Span], top: float, bottom: float) -> Callable[[float], float]:
    """Return how far up everything at a height moves."""
    rows = [[top, top]]
    for low, high in sorted([*spans, (bottom, bottom)]):
        if low <= rows[-1][1]:
            rows[-1][1] = max(rows[-1][1], high)
        else:
            rows.append([low, high])
    whites = [(after[0], after[0] - row[1]) for row, after in pairwise(rows)]
    spared = [
        (start, white - min(white, max(_LEAST, _KEPT * white))) for start, white in whites
    ]

    def up(y: float) -> float:
        return sum(room for start, room in spared if start <= y + 1e-9)

    return up


def _move(shape: ElementTree.Element, low: float, up: Callable[[float], float]) -> None:
    if "d" in shape.attrib:
        distance = up(low)

        def moved(point: re.Match[str]) -> str:
            x, space, y = point.groups()
            return f"{x}{space}{float(y) - distance:.6g}"

        shape.set("d", _POINT.sub(moved, shape.attrib["d"]))
    elif "y" in shape.attrib:
        y = float(shape.attrib["y"])
        shape.set("y", f"{y - up(y):.6g}")


def _target(shape: ElementTree.Element) -> str:
    return next((v for k, v in shape.attrib.items() if k.rpartition("}")[2] == "href"), "")


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
