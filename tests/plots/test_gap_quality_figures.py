"""Figures of response surfaces and zones of tolerance: complete, inside the frame, harmless."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest

from cxresearch.plots import plot_response_surface, plot_zone
from cxresearch.plots._labels import overlap
from cxresearch.plots._measure import text_width
from cxresearch.servqual import (
    ResponseSurfaceResult,
    ZoneResult,
    response_surface,
    zone_of_tolerance,
)
from cxresearch.shown import Figure

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script> & " + "very long name " * 12


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "gap_quality_results.py"
    spec = importlib.util.spec_from_file_location("gap_quality_results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def surface(made: ModuleType) -> ResponseSurfaceResult:
    return response_surface(made.answers(), n_boot=200)


@pytest.fixture(scope="module")
def zone(made: ModuleType) -> ZoneResult:
    return zone_of_tolerance(made.answers(), segments=["region"])


@pytest.fixture(scope="module")
def hostile(made: ModuleType) -> list[Figure]:
    labels = dict.fromkeys(made.LABELS, HOSTILE)
    responses = made.answers(labels=labels, outcome=HOSTILE)
    return [
        plot_response_surface(response_surface(responses, n_boot=100)),
        plot_zone(zone_of_tolerance(responses)),
    ]


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def boxes(root: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    found = []
    for node in root.iter(f"{SVG}text"):
        style, x, y = node.get("style"), float(node.get("x")), float(node.get("y"))
        size = float(re.search(r"font-size: ([\d.]+)px", style).group(1))
        room = 0.9 * text_width(node.text or "", size, bold="font-weight" in style)
        anchor = re.search(r"text-anchor: (\w+)", style)
        left = x - {"end": 1.0, "middle": 0.5}.get(anchor.group(1) if anchor else "", 0) * room
        found.append((left, left + room, y - 0.72 * size, y + 0.2 * size))
    return found


def assert_tidy(figure: Figure) -> None:
    """Every text stands inside the picture and on no other."""
    for svg in (figure.svg, figure.svg_narrow):
        root = ElementTree.fromstring(svg)
        _, _, width, height = (float(n) for n in root.get("viewBox").split())
        shown = boxes(root)
        assert len(shown) > 4
        for place, one in enumerate(shown):
            assert one[0] >= -1, figure.name
            assert one[1] <= width + 1, figure.name
            assert one[3] <= height + 3, figure.name
            assert not any(overlap(one, other) for other in shown[place + 1 :]), figure.name


def test_nothing_to_show_is_none() -> None:
    assert plot_response_surface(None) is None
    assert plot_zone(None) is None


@pytest.mark.parametrize("language", ["en", "es"])
def test_figures_have_two_layouts_a_caption_and_words(
    surface: ResponseSurfaceResult, zone: ZoneResult, language: str
) -> None:
    for figure in (
        plot_response_surface(surface, language=language),
        plot_zone(zone, language=language),
    ):
        for svg in (figure.svg, figure.svg_narrow):
            assert svg.startswith("<svg")
            assert not re.search(r"(?<!, )#[0-9a-f]{6}", svg), "a colour that is no variable"
        assert_tidy(figure)
        assert figure.caption.endswith(".")
        assert 40 < len(figure.alt_text) <= 520


def test_the_same_result_gives_the_same_bytes(
    surface: ResponseSurfaceResult, zone: ZoneResult
) -> None:
    assert plot_response_surface(surface).svg == plot_response_surface(surface).svg
    assert plot_zone(zone).svg == plot_zone(zone).svg


def test_hostile_names_are_shown_and_not_run(hostile: list[Figure]) -> None:
    for figure in hostile:
        assert_tidy(figure)
        assert "<script" not in figure.svg + figure.svg_narrow
    assert any("alert" in text for text in texts(hostile[1].svg))


def test_the_level_point_is_told_only_where_people_are(
    surface: ResponseSurfaceResult, made: ModuleType
) -> None:
    assert surface.stationary == "saddle"
    assert "The cross marks a saddle" in plot_response_surface(surface).caption
    moved = surface.estimates.copy()
    moved.loc[moved["term"] == "x0", "estimate"] = 40.0
    far = replace(surface, estimates=moved)
    assert "cross" not in plot_response_surface(far).caption


def test_the_first_axis_is_drawn_only_where_its_slope_is_known_to_rise(
    surface: ResponseSurfaceResult,
) -> None:
    assert "first principal axis" in texts(plot_response_surface(surface).svg)
    loose = surface.estimates.copy()
    loose.loc[loose["term"] == "p11", "boot_low"] = -2.0
    figure = plot_response_surface(replace(surface, estimates=loose))
    assert "first principal axis" not in texts(figure.svg)


def test_lines_carry_levels_of_the_predicted_outcome(surface: ResponseSurfaceResult) -> None:
    numbers = {t for t in texts(plot_response_surface(surface).svg) if re.fullmatch(r"\d", t)}
    value = surface.values()
    middle = value["b0"]
    assert str(int(np.floor(middle))) in numbers


def test_a_scale_with_few_people_can_be_drawn(surface: ResponseSurfaceResult) -> None:
    sparse = surface.density.assign(n=np.nan)
    assert plot_response_surface(replace(surface, density=sparse)).svg.startswith("<svg")


def test_zones_come_lowest_first_with_their_places(zone: ZoneResult) -> None:
    shown = texts(plot_zone(zone).svg)
    names = [t for t in shown if t in ("Tangibles", "Reliability", "Responsiveness")]
    assert names == ["Reliability", "Tangibles", "Responsiveness"]
    own = zone.zones[(zone.zones["segment"] == "") & (zone.zones["level"] == "dimension")]
    assert shown.count("within the zone") >= (own["zone"] == "within").sum()
    assert ("received, place not decided" in shown) == (own["zone"] == "not_decided").any()


def test_no_zone_at_all_says_so(zone: ZoneResult) -> None:
    levels = ["minimum", "desired", "perception"]
    empty = zone.zones.assign(**dict.fromkeys(levels, np.nan))
    figure = plot_zone(replace(zone, zones=empty))
    assert any("Nothing to show" in text for text in texts(figure.svg))
