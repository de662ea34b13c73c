from __future__ import annotations

import re
from collections import Counter
from math import nan
from xml.etree import ElementTree

import numpy as np

from cxresearch.plots._canvas import Canvas, Line
from cxresearch.plots._draw import picture
from cxresearch.plots._place import WIDE
from cxresearch.plots.palette import LINE

SVG = "{http://www.w3.org/2000/svg}"


def parts(canvas: Canvas) -> ElementTree.Element:
    return ElementTree.fromstring(picture(canvas, name="p", alt_text="a"))


def starts(path: ElementTree.Element) -> list[tuple[float, float]]:
    found = re.findall(r"M(-?[\d.]+) (-?[\d.]+)", path.get("d", ""))
    return [(float(x), float(y)) for x, y in found]


def test_points_of_a_cloud_are_few_elements_and_none_covers_another_of_its_own() -> None:
    rng = np.random.default_rng(1)
    places = np.round(rng.uniform(0, 150, (400, 2)), 2)
    canvas = Canvas(layout=WIDE, height=200, points=list(map(tuple, places.tolist())))
    paths = [starts(path) for path in parts(canvas).iter(f"{SVG}path")]
    assert Counter(place for path in paths for place in path) == Counter(canvas.points)
    assert 4 <= len(paths) <= 32
    for path in paths:
        apart = np.linalg.norm(np.array(path)[:, None] - np.array(path), axis=2)
        assert apart[np.triu_indices(len(path), 1)].min(initial=9) >= 5.19


def test_points_at_one_place_are_darker_up_to_eight() -> None:
    for number, layers in ((1, 1), (3, 3), (8, 8), (20, 8)):
        canvas = Canvas(layout=WIDE, height=200, points=[(30.0, 40.0)] * number)
        assert len(list(parts(canvas).iter(f"{SVG}path"))) == layers


def test_what_has_no_place_is_no_dot_and_breaks_a_line() -> None:
    canvas = Canvas(layout=WIDE, height=200, points=[(1.0, 1.0), (nan, 1.0)])
    canvas.dots = [(3.0, 3.0, "received"), (nan, 1.0, "received"), (1.0, nan, "against")]
    points = ((0.0, 0.0), (1.0, 1.0), (nan, 3.0), (5.0, 5.0), (6.0, 6.0))
    canvas.lines = [Line(points=points, colour=LINE)]
    root = parts(canvas)
    assert len(list(root.iter(f"{SVG}use"))) == 1
    line, *_ = root.iter(f"{SVG}path")
    assert starts(line) == [(0, 0), (5, 5)]
    assert "nan" not in picture(canvas, name="p", alt_text="a")


def test_every_place_of_a_sign_uses_one_mark() -> None:
    canvas = Canvas(layout=WIDE, height=200)
    canvas.dots = [(10.0 * i, 7.5, "turning") for i in range(5)] + [(1.0, 2.0, "against")]
    root = parts(canvas)
    uses = list(root.iter(f"{SVG}use"))
    used = Counter(use.get("href", "")[1:] for use in uses)
    assert set(used) == {mark.get("id") for mark in root.iter(f"{SVG}path")}
    assert sorted(used.values()) == [1, 5]
    places = {(float(use.get("x", nan)), float(use.get("y", nan))) for use in uses}
    assert places == {(x, y) for x, y, _ in canvas.dots}
