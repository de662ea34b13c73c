from __future__ import annotations

import dataclasses
import importlib.util
import math
import re
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from cxresearch.plots import plot_imputed_importance, plot_segment_importance
from cxresearch.plots._labels import overlap
from cxresearch.plots._measure import text_width
from cxresearch.shown import Figure

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script> $\\frac{1}{2}$ {0.__class__} مرحبا \u202e " + "word " * 40


@pytest.fixture(scope="module")
def drivers() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "driver_results.py"
    spec = importlib.util.spec_from_file_location("driver_results", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("driver_results", module)
    spec.loader.exec_module(module)
    return module


def every_figure(drivers: ModuleType, **options: object) -> list[Figure]:
    return [
        plot_segment_importance(drivers.segments(), **options),
        plot_segment_importance(drivers.alike(), **options),
        plot_imputed_importance(drivers.imputed(), **options),
    ]


@pytest.fixture(scope="module")
def figures(drivers: ModuleType) -> list[Figure]:
    return every_figure(drivers, labels=drivers.LABELS | {"trip": "Purpose of the trip"})


@pytest.fixture(scope="module")
def hostile(drivers: ModuleType) -> list[Figure]:
    labels = dict.fromkeys([*drivers.LABELS, "trip", "wave"], HOSTILE)
    return every_figure(drivers, labels=labels)


def pictures(figure: Figure) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(source) for source in (figure.svg, figure.svg_narrow)]


def texts(root: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


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


def test_nothing_to_show_is_none() -> None:
    assert plot_segment_importance(None) is None
    assert plot_imputed_importance(None) is None


def test_figures_have_two_layouts_a_caption_and_words(figures: list[Figure]) -> None:
    for figure in figures:
        wide, narrow = pictures(figure)
        assert wide.get("viewBox").split()[2] == "720"
        assert narrow.get("viewBox").split()[2] == "360"
        assert 60 < len(figure.alt_text) <= 500
        assert wide.get("aria-label") == figure.alt_text
        assert "what goes together" in figure.caption
        assert not re.search(r"\b(drives|because|causes|leads to)\b", figure.caption)
        assert "nan" not in figure.svg + figure.alt_text


def test_texts_stay_inside_and_do_not_overlap(
    figures: list[Figure], hostile: list[Figure]
) -> None:
    for figure in [*figures, *hostile]:
        for root in pictures(figure):
            _, _, width, height = (float(n) for n in root.get("viewBox").split())
            shown = boxes(root)
            for place, one in enumerate(shown):
                assert one[0] >= -1, figure.name
                assert one[1] <= width + 1, figure.name
                assert one[3] <= height + 3, figure.name
                assert not any(overlap(one, other) for other in shown[place + 1 :])


def test_hostile_labels_are_shown_and_not_run(hostile: list[Figure]) -> None:
    for figure in hostile:
        assert "<script" not in figure.svg + figure.svg_narrow
        assert "\u202e" not in figure.svg + figure.alt_text + figure.caption
        assert len(figure.alt_text) <= 500


def test_every_group_stands_under_each_driver(figures: list[Figure]) -> None:
    for root in pictures(figures[0]):
        shown = texts(root)
        assert shown.index("Friendly staff") < shown.index("Wi-Fi")
        assert sum(text.startswith("Business") for text in shown) == 7
        assert sum(text.startswith("Leisure") for text in shown) == 7
        assert "Leisure (negative)" in shown
        assert any("share of what the drivers explain" in text for text in shown)


def test_groups_left_out_are_named_and_not_drawn(figures: list[Figure]) -> None:
    figure = figures[0]
    assert figure.name == "importance_by_trip"
    assert not any("Crew" in text for root in pictures(figure) for text in texts(root))
    assert "Not shown, fewer than 50 complete answers: Crew." in figure.caption
    assert "Respondents: Business (n = 200) and Leisure (n = 185)." in figure.caption


def test_a_group_in_which_a_rating_does_not_vary_is_named(drivers: ModuleType) -> None:
    found = drivers.segments()
    table = found.segments.copy()
    table.loc[table["group"] == "Crew", "note"] = "constant_or_copied_driver"
    figure = plot_segment_importance(dataclasses.replace(found, segments=table))
    assert "does not vary there or copies another one: Crew." in figure.caption


def test_shares_of_groups_are_told_instead_of_the_figure(figures: list[Figure]) -> None:
    assert figures[0].alt_text.startswith(
        "Shares of what 7 drivers explain of overall satisfaction in each group by purpose of "
        "the trip, with 95% intervals. Friendly staff: Business 77.3% ("
    )


def test_groups_without_resamples_have_no_interval(drivers: ModuleType) -> None:
    groups = {"Room": ["clean", "comfort"]}
    figure = plot_segment_importance(
        drivers.segments(n_boot=0, n_permutations=0, groups=groups)
    )
    assert "95%" not in figure.alt_text + figure.svg
    assert "Without resamples no interval can be given" in figure.caption
    assert "no single direction" in figure.svg


def test_a_group_in_which_nothing_is_explained_says_so(drivers: ModuleType) -> None:
    found = drivers.segments()
    table = found.estimates.copy()
    table.loc[table["group"] == "Leisure", ["percent", "percent_low", "percent_high"]] = (
        math.nan
    )
    figure = plot_segment_importance(dataclasses.replace(found, estimates=table))
    assert texts(pictures(figure)[0]).count("the drivers explain nothing") == 7


def test_many_groups_are_counted_together(drivers: ModuleType) -> None:
    frame = drivers.hotel().assign(branch=[f"branch {i % 10}" for i in range(drivers.N)])
    from cxresearch.drivers.segments import importance_by_segment

    found = importance_by_segment(
        frame, outcome="osat", drivers=["staff", "clean"], segment="branch", min_cell=30,
        n_boot=20, n_permutations=0,
    )  # fmt: skip
    figure = plot_segment_importance(found)
    assert "420 respondents." in figure.caption
    assert "n = " not in figure.caption


def test_treated_shares_stand_beside_those_of_complete_respondents(
    drivers: ModuleType, figures: list[Figure]
) -> None:
    figure = figures[2]
    shown = texts(pictures(figure)[1])
    assert "missing answers filled in (n = 420)" in shown
    assert "only who answered everything (n = 249)" in shown
    assert "against 35%" in figure.alt_text
    assert "filled in 3 times" in figure.caption


def test_without_complete_respondents_the_treated_shares_stand_alone(
    drivers: ModuleType,
) -> None:
    found = drivers.imputed()
    alone = dataclasses.replace(
        found,
        estimates=found.estimates[found.estimates["group"] == "imputation"],
        fits=found.fits[found.fits["group"] == "imputation"],
        notes=("listwise_impossible: nobody",),
    )
    figure = plot_imputed_importance(alone)
    assert "answered everything" not in figure.svg + figure.alt_text + figure.caption
    assert "against" not in figure.alt_text


def test_figures_follow_the_language(drivers: ModuleType) -> None:
    for figure in every_figure(drivers, language="es"):
        assert "respond" not in figure.caption.replace("respondió", "")
        assert re.search(r"\d\u00a0%", figure.svg)
