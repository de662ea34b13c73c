from __future__ import annotations

import dataclasses
import importlib.util
import math
import re
import sys
import warnings
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import numpy as np
import pytest

from cxresearch.errors import CxError
from cxresearch.plots import (
    plot_asymmetry,
    plot_importance,
    plot_map,
    plot_ranks,
    plot_response,
    plot_what_if,
)
from cxresearch.plots._labels import overlap, spots
from cxresearch.plots._measure import text_width
from cxresearch.shown import Figure

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "$\\frac{1}{2}$ and {braces} %s {0.__class__}",
    "مرحبا بكم في الفرع (رقم 5)",
    "tab\tnew\nline\x00\u202eoverride",
    "お客様の個人情報を安全に保護しているかどうかを確認する「確認」ボタンがわかりやすい",
    "word " * 60,
    "x" * 300,
]


def load(name: str) -> ModuleType:
    path = Path(__file__).resolve().parents[1] / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def drivers() -> ModuleType:
    return load("driver_results")


@pytest.fixture(scope="module")
def results(drivers: ModuleType) -> dict[str, object]:
    return {
        "importance": drivers.importance(),
        "map": drivers.placed(),
        "asymmetry": drivers.asymmetry(),
        "response": drivers.shape(),
        "what_if": drivers.what_if(),
    }


def every_figure(results: dict[str, object], **options: object) -> list[Figure]:
    return [
        plot_importance(results["importance"], **options),
        plot_ranks(results["importance"], **options),
        plot_map(results["map"], **options),
        plot_asymmetry(results["asymmetry"], **options),
        plot_response(results["response"], **options),
        plot_what_if(results["what_if"], **options),
    ]


@pytest.fixture(scope="module")
def figures(drivers: ModuleType, results: dict[str, object]) -> list[Figure]:
    return every_figure(results, labels=drivers.LABELS)


@pytest.fixture(scope="module")
def hostile(drivers: ModuleType, results: dict[str, object]) -> list[Figure]:
    labels = dict(zip(drivers.DRIVERS, HOSTILE, strict=True)) | {"osat": HOSTILE[0]}
    return every_figure(results, labels=labels)


def pictures(figure: Figure) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(source) for source in (figure.svg, figure.svg_narrow)]


def texts(root: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


def boxes(root: ElementTree.Element, part: float) -> list[tuple[float, float, float, float]]:
    """Left, right, top and bottom of every text, in a font of `part` of the usual width."""
    found = []
    for node in root.iter(f"{SVG}text"):
        style, x, y = node.get("style"), float(node.get("x")), float(node.get("y"))
        size = float(re.search(r"font-size: ([\d.]+)px", style).group(1))
        room = part * text_width(node.text or "", size, bold="font-weight" in style)
        anchor = re.search(r"text-anchor: (\w+)", style)
        shift = {"end": 1.0, "middle": 0.5}.get(anchor.group(1) if anchor else "", 0.0)
        left = x - shift * room
        found.append((left, left + room, y - 0.72 * size, y + 0.2 * size))
    return found


def test_every_driver_figure_has_two_layouts_a_caption_and_words(figures: list[Figure]) -> None:
    for figure in figures:
        wide, narrow = pictures(figure)
        assert wide.get("viewBox").split()[:3] == ["0", "0", "720"]
        assert narrow.get("viewBox").split()[:3] == ["0", "0", "360"]
        assert figure.caption
        assert 60 < len(figure.alt_text) <= 500
        assert [root.get("aria-label") for root in (wide, narrow)] == [figure.alt_text] * 2
    assert len({figure.name for figure in figures}) == len(figures)


def test_the_same_result_gives_the_same_bytes(
    drivers: ModuleType, results: dict[str, object], figures: list[Figure]
) -> None:
    for first, second in zip(
        figures, every_figure(results, labels=drivers.LABELS), strict=True
    ):
        assert (first.svg, first.svg_narrow) == (second.svg, second.svg_narrow)


def test_every_colour_of_a_driver_figure_is_a_variable(figures: list[Figure]) -> None:
    for figure in figures:
        for source in (figure.svg, figure.svg_narrow):
            plain = re.sub(r"var\(--[a-z]+, #[0-9a-f]{6}\)", "", source)
            assert not re.findall(r"#[0-9a-fA-F]{6}\b", plain)


def test_no_text_is_too_small_for_a_phone(figures: list[Figure]) -> None:
    for figure in figures:
        for root, least in zip(pictures(figure), (13.0, 13.5), strict=True):
            for node in root.iter(f"{SVG}text"):
                size = re.search(r"font-size: ([\d.]+)px", node.get("style"))
                assert float(size.group(1)) >= least


def test_texts_stay_inside_and_do_not_overlap(
    figures: list[Figure], hostile: list[Figure]
) -> None:
    for figure in [*figures, *hostile]:
        for root in pictures(figure):
            _, _, width, height = (float(n) for n in root.get("viewBox").split())
            shown = boxes(root, 0.9)
            for left, right, top, bottom in shown:
                assert left >= -1, figure.name
                assert right <= width + 1, figure.name
                assert top >= 0, figure.name
                assert bottom <= height + 3, figure.name
            for place, one in enumerate(shown):
                for other, text in zip(
                    shown[place + 1 :], texts(root)[place + 1 :], strict=True
                ):
                    assert not overlap(one, other), (figure.name, texts(root)[place], text)


def test_hostile_names_are_shown_and_not_run(hostile: list[Figure]) -> None:
    for figure in hostile:
        for source, root in zip((figure.svg, figure.svg_narrow), pictures(figure), strict=True):
            assert "<script" not in source
            assert "\u202e" not in source
            assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
                "svg", "g", "path", "text", "use", "defs", "clipPath", "rect",
            }  # fmt: skip


# ── shares ────────────────────────────────────────────────────────────────────────────────


def test_shares_come_sorted_with_their_intervals(drivers: ModuleType) -> None:
    figure = plot_importance(drivers.with_shares({"a": 1.0, "b": 3.0}, half=4.0))
    shown = texts(pictures(figure)[0])
    assert shown.index("b") < shown.index("a")
    assert "75%" in shown
    assert "71% to 79%" in shown
    assert figure.alt_text.startswith(
        "Shares of what 2 drivers explain of osat, with 95% intervals. b 75% (71% to 79%)"
    )
    assert "account for 61% of the differences in osat" in figure.caption


def test_a_negative_driver_is_marked_in_words_and_sign(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"a": 3.0, "price": 1.0})
    plain = plot_importance(shares)
    assert "higher ratings go with a lower outcome" not in plain.svg
    marked = plot_importance(drivers.changed(shares, "estimates", "price", sign=-1))
    assert "price (negative)" in texts(pictures(marked)[0])
    assert "higher ratings go with a lower outcome" in marked.svg
    assert "price (negative) 25%" in marked.alt_text


def test_a_driver_whose_sign_changes_is_marked(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"a": 3.0, "b": 1.0})
    turning = drivers.changed(shares, "estimates", "b", sign_changes=True)
    figure = plot_importance(turning)
    assert "b (direction changes)" in texts(pictures(figure)[1])
    assert "direction depends on the other drivers" in figure.svg_narrow


def test_a_factor_has_no_single_direction(drivers: ModuleType) -> None:
    shares = drivers.changed(
        drivers.with_shares({"a": 3.0, "b": 1.0}), "estimates", "b", sign=0
    )
    assert "no single direction" in plot_importance(shares).svg


def test_groups_are_headings_with_their_shares(drivers: ModuleType) -> None:
    groups = {"Room": ["clean", "comfort"], "Service": ["staff", "arrival", "queue"]}
    figure = plot_importance(drivers.importance(40, method="owen", groups=groups))
    shown = texts(pictures(figure)[0])
    assert [t.split(":")[0] for t in shown if re.fullmatch(r"\w.*: \d+%", t)] == [
        "Service", "Room", "Other drivers",
    ]  # fmt: skip


def test_shares_without_resamples_have_no_interval(drivers: ModuleType) -> None:
    result = drivers.importance(0)
    figure = plot_importance(result)
    assert "95%" not in figure.alt_text + figure.svg
    assert "Without resamples no interval can be given" in figure.caption
    assert plot_ranks(result).alt_text == "Without resamples nothing can be said about ranks."


def test_the_criterion_of_other_models_is_named(drivers: ModuleType) -> None:
    shares = drivers.importance(20, kind="binary", top_box=8, drivers=["staff", "clean"])
    caption = plot_importance(shares).caption
    assert "reach a McFadden's R² of" in caption
    assert "differences" not in caption


def test_weighted_shares_say_so(drivers: ModuleType) -> None:
    shares = drivers.importance(20, drivers=["staff", "clean"], weights="weight")
    assert "Weighted by case weights." in plot_importance(shares).caption


def test_one_driver_and_thirty_can_be_drawn(drivers: ModuleType) -> None:
    assert "100%" in plot_importance(drivers.with_shares({"a": 1.0})).svg
    crowd = drivers.crowd(30)
    figure = plot_importance(crowd)
    assert sum(text.startswith("d") for text in texts(pictures(figure)[0])) == 30
    assert len(figure.alt_text) <= 500
    ranks = plot_ranks(crowd)
    assert "15 more drivers are not shown." in ranks.caption
    assert "11 +" in texts(pictures(ranks)[0])
    assert "6 +" in texts(pictures(ranks)[1])


def test_drivers_that_explain_nothing_are_named(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"a": 1.0, "b": 1.0}, r2=0.0)
    nothing = dataclasses.replace(
        shares,
        estimates=shares.estimates.assign(
            percent=math.nan, percent_low=math.nan, percent_high=math.nan
        ),
    )
    assert "the drivers explain nothing" in plot_importance(nothing).svg


def test_ranks_are_percent_of_resamples(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"a": 3.0, "b": 1.0})
    figure = plot_ranks(shares)
    assert texts(pictures(figure)[0]).count("100") == 2
    assert "a first in 78%" in figure.alt_text


# ── the map ───────────────────────────────────────────────────────────────────────────────


def test_a_wide_map_names_its_points_and_a_narrow_one_numbers_them(
    figures: list[Figure],
) -> None:
    wide, narrow = (texts(root) for root in pictures(figures[2]))
    assert "Friendly staff" in wide
    assert "1" not in wide
    assert narrow.count("1") == 2
    assert narrow.count("7") >= 2
    assert "Friendly staff" in narrow


def test_long_names_are_listed_below_the_map(hostile: list[Figure]) -> None:
    for shown in (texts(root) for root in pictures(hostile[2])):
        assert shown.count("1") == 2
        assert any("<script>alert(1)</script>" in text for text in shown)


def test_axes_quadrants_and_cross_hair_are_named(figures: list[Figure]) -> None:
    shown = texts(pictures(figures[2])[0])
    for name in ("Concentrate here", "Keep up", "Low priority", "Possible overkill"):
        assert name in shown
    assert "rating (mean) →" in shown
    assert "↑ importance (share of the differences in the outcome)" in shown
    assert "The dashed lines are the means of the drivers" in figures[2].caption


@pytest.mark.parametrize("shown", [0.021, 0.04, 0.06, 0.1])
def test_the_name_of_a_quadrant_stands_clear_of_points(
    drivers: ModuleType, shown: float
) -> None:
    """Wherever a point lies on the way up from the corner, the name is not close to it."""
    placed = drivers.placed()
    corner = placed.positions["performance"].max()
    importance = [shown, *([0.3] * (len(placed.positions) - 1))]
    positions = placed.positions.assign(importance=importance)
    positions.loc[positions.index[0], "performance"] = corner
    least = float(positions["performance"].min())
    moved = dataclasses.replace(placed, positions=positions, cut_performance=least)
    picture = pictures(plot_map(moved))[1]
    (name,) = (t for t in picture.iter(f"{SVG}text") if t.text == "Possible overkill")
    low, width = float(name.get("y")), text_width("Possible overkill", 13.5, bold=True)
    box = (float(name.get("x")) - width, float(name.get("x")), low - 13.5, low + 4)
    dots = [(float(u.get("x")), float(u.get("y"))) for u in picture.iter(f"{SVG}use")]
    assert [(x, y) for x, y in dots if overlap(box, (x - 12, x + 12, y - 12, y + 12))] == []


def test_places_that_are_not_decided_have_an_open_sign_and_a_question_mark(
    drivers: ModuleType,
) -> None:
    placed = drivers.placed()
    open_ones = dataclasses.replace(placed, positions=placed.positions.assign(decided=False))
    figure = plot_map(open_ones)
    assert "place not decided" in figure.svg
    assert "place decided" not in texts(pictures(figure)[0])
    assert "Concentrate here?" in figure.alt_text


def test_a_map_says_what_its_importance_is(drivers: ModuleType) -> None:
    placed = drivers.placed(importance_replicates=None)
    figure = plot_map(placed, measure="coefficient")
    assert "↑ importance (coefficient)" in texts(pictures(figure)[0])
    assert "The uncertainty of the importance is not in them." in figure.caption
    with pytest.raises(CxError, match="measure must be one of"):
        plot_map(placed, measure="weight")


def test_a_top_two_box_map_is_in_percent(drivers: ModuleType) -> None:
    figure = plot_map(drivers.placed(performance="top_two_box", top_two_from=9))
    assert "rating (share of answers in the top two boxes) →" in texts(pictures(figure)[0])
    assert re.search(r"rated \d+%", figure.alt_text)


def test_thirty_points_in_one_place_can_be_drawn(drivers: ModuleType) -> None:
    frame = drivers.hotel()[["staff"] * 30].set_axis([f"d{i}" for i in range(30)], axis=1)
    from cxresearch.drivers.map import importance_performance

    weight = dict.fromkeys(frame.columns, 0.02) | {"d0": 0.03}
    figure = plot_map(importance_performance(frame, importance=weight, replicates=100))
    assert sum(text.startswith("d") for text in texts(pictures(figure)[1])) == 30


def test_labels_find_places_that_are_free() -> None:
    rng = np.random.default_rng(1)
    points = [(float(x), float(y)) for x, y in rng.uniform(50, 350, (12, 2))]
    within = (0.0, 400.0, 0.0, 400.0)
    found = spots(points, [(60.0, 14.0)] * 12, within=within, taken=[], rings=8)
    placed = [spot.box for spot in found if spot is not None]
    assert len(placed) == 12
    for number, one in enumerate(placed):
        assert not any(overlap(one, other) for other in placed[number + 1 :])
    assert spots([(5.0, 5.0)], [(500.0, 14.0)], within=within, taken=[], rings=8) == [None]


# ── penalty and reward, response, what if ─────────────────────────────────────────────────


def test_kinds_are_named_only_where_decided(figures: list[Figure]) -> None:
    shown = texts(pictures(figures[3])[0])
    assert shown.count("basic") == 2
    assert shown.count("not decided") == 2
    assert "Wi-Fi: low −1.26, high +0.14, basic" in figures[3].alt_text


def test_a_driver_without_low_ratings_is_drawn_with_its_reward(drivers: ModuleType) -> None:
    found = drivers.asymmetry(drivers=["staff", "clean"], low={"staff": 5, "clean": 0})
    figure = plot_asymmetry(found)
    assert "no low ratings" in texts(pictures(figure)[0])
    assert "clean: low –, high" in figure.alt_text


def test_curved_responses_come_first_and_at_most_six(
    drivers: ModuleType, results: dict[str, object], figures: list[Figure]
) -> None:
    shown = texts(pictures(figures[4])[0])
    assert shown.index("Wi-Fi") < shown.index("Breakfast")
    assert "1 more driver is not shown." in figures[4].caption
    assert any(text.startswith("flattens out") for text in shown)
    one = plot_response(results["response"], ["staff"], labels=drivers.LABELS)
    assert "Breakfast" not in one.svg
    with pytest.raises(CxError, match="pool"):
        plot_response(results["response"], ["pool"])


def test_a_response_without_any_curve_says_so(drivers: ModuleType) -> None:
    shape = drivers.shape()
    empty = dataclasses.replace(shape, curve=shape.curve[:0])
    figure = plot_response(empty)
    assert figure.alt_text == "No driver has enough different answers to draw a curve."


def test_what_if_is_sorted_and_says_that_answers_are_observations(
    figures: list[Figure],
) -> None:
    figure = figures[5]
    shown = texts(pictures(figure)[0])
    assert shown.index("Friendly staff: +0.5") < shown.index("Breakfast: +0.5")
    assert "observations, not an experiment" in figure.caption
    assert "+0.17 to +0.22" in shown


def test_a_binary_what_if_is_in_percentage_points(drivers: ModuleType) -> None:
    figure = plot_what_if(drivers.what_if_binary())
    assert "percentage points" in figure.svg
    assert "staff: +0.5 goes with +4.6" in figure.alt_text


def test_no_figure_says_that_a_driver_causes_the_outcome(figures: list[Figure]) -> None:
    for figure in figures:
        said = f"{figure.alt_text} {figure.caption} {' '.join(texts(pictures(figure)[0]))}"
        assert not re.search(r"\b(drives|because|causes|leads to|due to)\b", said)


def test_words_and_numbers_follow_the_language(
    drivers: ModuleType, results: dict[str, object]
) -> None:
    for figure in every_figure(results, language="es"):
        assert "respond" not in figure.caption
        assert re.search(r"\d,\d|\d\u00a0%", figure.svg)


def test_drawing_hostile_names_warns_of_nothing(
    drivers: ModuleType, results: dict[str, object]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        every_figure(results, labels=dict(zip(drivers.DRIVERS, HOSTILE, strict=True)))
