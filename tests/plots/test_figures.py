from __future__ import annotations

import math
import re
import warnings
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.plots import plot_dimensions, plot_gaps, plot_items, plot_segments
from cxresearch.plots._measure import text_width
from cxresearch.plots.palette import DARK, VARIABLES, css_variables
from cxresearch.shown import Figure

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "$\\frac{1}{2}$ and $x$ and \\alpha",
    "</svg><b>\"quoted\" & 'x'",
    "{braces} %s {0.__class__}",
    "مرحبا بكم في الفرع (رقم 5)",
    "tab\tnew\nline\x00\u202eoverride",
    "お客様の個人情報を安全に保護しているかどうかを確認する「確認」ボタンがわかりやすい",
    "emoji 👩‍👩‍👧‍👦 🇪🇸 👍🏽",
    "word " * 60,
    "x" * 300,
    "",
]


def every_figure(gaps: object) -> list[Figure]:
    drawn = [plot_dimensions(gaps), plot_gaps(gaps), plot_items(gaps), plot_segments(gaps)]
    return [figure for figure in drawn if figure is not None]


def pictures(figure: Figure) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(source) for source in (figure.svg, figure.svg_narrow)]


def texts(root: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in root.iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def figures(made: ModuleType) -> list[Figure]:
    return every_figure(made.bank())


@pytest.fixture(scope="module")
def hostile(made: ModuleType) -> list[Figure]:
    rows = [
        made.row(f"item_{i}", -0.2 * i, level="item", label=text, dimension=f"d{i % 3}")
        for i, text in enumerate(HOSTILE)
    ]
    rows += [made.row(f"d{i}", -0.3 * i, label=HOSTILE[i]) for i in range(3)]
    rows += [made.row("d0", -0.2, label="d", segment="<b>", group=g) for g in HOSTILE]
    return every_figure(made.result(rows, segments=("<b>",)))


def test_every_figure_has_two_layouts_a_caption_and_an_alternative_text(
    figures: list[Figure],
) -> None:
    for figure in figures:
        wide, narrow = pictures(figure)
        assert wide.get("viewBox").split()[:3] == ["0", "0", "720"]
        assert narrow.get("viewBox").split()[:3] == ["0", "0", "360"]
        assert figure.caption
        assert 60 < len(figure.alt_text) <= 500
        assert [root.get("aria-label") for root in (wide, narrow)] == [figure.alt_text] * 2
        assert re.fullmatch(r"[a-z0-9_]+", figure.name)


def test_a_figure_scales_and_carries_nothing_of_the_file_it_was(figures: list[Figure]) -> None:
    for figure in figures:
        for source in (figure.svg, figure.svg_narrow):
            root = ElementTree.fromstring(source)
            assert root.get("width") is None
            assert root.get("height") is None
            assert not source.startswith("<?xml")
            for unwanted in ("DOCTYPE", "<metadata", "<style", "matplotlib", "DejaVu", "xlink"):
                assert unwanted not in source
            assert re.findall(r"https?://[^\"' ]+", source) == ["http://www.w3.org/2000/svg"]


def test_the_same_result_gives_the_same_bytes(made: ModuleType, figures: list[Figure]) -> None:
    for first, second in zip(figures, every_figure(made.bank()), strict=True):
        assert first.svg == second.svg
        assert first.svg_narrow == second.svg_narrow


def test_the_settings_of_a_notebook_change_nothing_and_stay_as_they_are(
    made: ModuleType, figures: list[Figure]
) -> None:
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9, "svg.fonttype": "path"}):
        again = every_figure(made.bank())
        assert mpl.rcParams["font.size"] == 30
        assert mpl.rcParams["svg.fonttype"] == "path"
    assert [figure.svg for figure in again] == [figure.svg for figure in figures]


def test_ids_of_all_figures_of_a_page_differ(figures: list[Figure]) -> None:
    ids = [
        node.get("id")
        for figure in figures
        for root in pictures(figure)
        for node in root.iter()
        if node.get("id")
    ]
    assert len(ids) == len(set(ids)) >= 8


def test_every_reference_inside_a_figure_has_its_target(figures: list[Figure]) -> None:
    for figure in figures:
        for root in pictures(figure):
            ids = {node.get("id") for node in root.iter()}
            for node in root.iter():
                for key in ("href", "clip-path"):
                    for target in re.findall(r"#([\w.-]+)", node.get(key, "")):
                        assert target in ids


def test_every_colour_is_a_variable_with_its_fallback(figures: list[Figure]) -> None:
    for figure in figures:
        for source in (figure.svg, figure.svg_narrow):
            plain = re.sub(r"var\(--[a-z]+, #[0-9a-f]{6}\)", "", source)
            assert not re.findall(r"#[0-9a-fA-F]{6}\b", plain)
            assert "var(--per, #0b6fa4)" in source


def test_no_text_is_too_small_for_a_phone(figures: list[Figure]) -> None:
    for figure in figures:
        wide, narrow = pictures(figure)
        for root, least in ((wide, 13.0), (narrow, 13.5)):
            for node in root.iter(f"{SVG}text"):
                size = re.search(r"font-size: ([\d.]+)px", node.get("style"))
                assert float(size.group(1)) >= least


def test_texts_stay_inside_the_picture(figures: list[Figure], hostile: list[Figure]) -> None:
    for figure in [*figures, *hostile]:
        for root in pictures(figure):
            _, _, width, height = (float(n) for n in root.get("viewBox").split())
            for node in root.iter(f"{SVG}text"):
                style, x = node.get("style"), float(node.get("x"))
                size = float(re.search(r"font-size: ([\d.]+)px", style).group(1))
                room = text_width(node.text or "", size, bold="font-weight" in style)
                anchor = re.search(r"text-anchor: (\w+)", style)
                shift = {"end": 1.0, "middle": 0.5}.get(anchor.group(1) if anchor else "", 0.0)
                assert x - shift * room >= -1
                assert x + (1 - shift) * room <= width + 1
                assert 0 < float(node.get("y")) <= height


def boxes(root: ElementTree.Element) -> list[tuple[float, float, float, float, str]]:
    """Left, right, top, bottom and text of every line, in a font of usual width."""
    found = []
    for node in root.iter(f"{SVG}text"):
        style, x, y = node.get("style"), float(node.get("x")), float(node.get("y"))
        size = float(re.search(r"font-size: ([\d.]+)px", style).group(1))
        # A real font is narrower than the estimate that reserves the room.
        room = 0.9 * text_width(node.text or "", size, bold="font-weight" in style)
        anchor = re.search(r"text-anchor: (\w+)", style)
        shift = {"end": 1.0, "middle": 0.5}.get(anchor.group(1) if anchor else "", 0.0)
        left = x - shift * room
        found.append((left, left + room, y - 0.75 * size, y + 0.2 * size, node.text or ""))
    return found


def check_apart(figure: Figure) -> None:
    for root in pictures(figure):
        placed = boxes(root)
        for i, one in enumerate(placed):
            for other in placed[i + 1 :]:
                beside = one[1] <= other[0] or other[1] <= one[0]
                below = one[3] <= other[2] or other[3] <= one[2]
                assert beside or below, (figure.name, one, other)


def test_labels_and_numbers_do_not_run_into_each_other(
    figures: list[Figure], hostile: list[Figure]
) -> None:
    for figure in [*figures, *hostile]:
        check_apart(figure)


REALDATA = Path(__file__).resolve().parents[2].parent / "shared" / "realdata" / "kiosk_servqual"


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.is_dir(), reason="the real data are not here")
def test_24_korean_item_texts_are_whole_and_do_not_overlap(made: ModuleType) -> None:
    items = pd.read_csv(REALDATA / "items.csv")["korean_perception"].str.strip().tolist()
    rows = [
        made.row(f"item_{i}", -i / 12, level="item", label=text, dimension="kiosk")
        for i, text in enumerate(items, start=1)
    ]
    figure = plot_items(made.result([*rows, made.row("kiosk", -1.0, label="키오스크")]))
    check_apart(figure)
    for root in pictures(figure):
        shown = "".join(texts(root)).replace(" ", "")
        assert "…" not in shown
        assert all("".join(item.split()) in shown for item in items)


def test_hostile_text_is_shown_and_not_run(hostile: list[Figure]) -> None:
    for figure in hostile:
        for source, root in zip((figure.svg, figure.svg_narrow), pictures(figure), strict=True):
            assert "<script" not in source
            assert {node.tag for node in root.iter()} <= {
                f"{SVG}{tag}"
                for tag in ("svg", "g", "path", "text", "use", "defs", "clipPath", "rect")
            }  # fmt: skip
    shown = texts(pictures(hostile[2])[0])
    assert "<script>alert(1)</script>" in shown
    assert "{braces} %s {0.__class__}" in shown
    assert any("$\\frac{1}{2}$" in text for text in shown)
    assert not any("\u202e" in text for text in shown)


def test_drawing_korean_and_arabic_warns_of_nothing(made: ModuleType) -> None:
    rows = [
        made.row("a", -0.4, label="유형성 (매장의 외관)"),
        made.row("b", 0.1, label="مرحبا"),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plot_gaps(made.result(rows))
    assert "유형성" in figure.svg
    assert "유형성" in figure.alt_text


def test_numbers_of_the_result_stand_in_figure_and_words(figures: list[Figure]) -> None:
    dimensions, gaps, items, segments = figures
    assert texts(pictures(dimensions)[0]).count("−0.82") == 1
    assert "Reliability: expected 6.31, received 5.49, gap −0.82" in dimensions.alt_text
    assert "Reliability −0.82 (−0.95 to −0.69)" in gaps.alt_text
    assert "−0.95 to −0.69" in texts(pictures(gaps)[1])
    assert "All dimensions" in texts(pictures(gaps)[0])
    assert len(re.findall(r"[+−]\d\.\d\d", " ".join(texts(pictures(items)[0])))) == 20
    assert "Means of 391 respondents." in dimensions.caption
    assert "Reliability, City" not in texts(pictures(segments)[0])
    assert segments.alt_text.startswith(
        "Gaps with 95% intervals for 5 dimensions by branch and"
    )


def test_the_widest_shortfall_comes_first(figures: list[Figure]) -> None:
    shown = texts(pictures(figures[0])[0])
    names = [
        t for t in shown if t in ("Reliability", "Responsiveness", "Assurance", "Tangibles")
    ]
    assert names == ["Reliability", "Responsiveness", "Assurance", "Tangibles"]


def test_filled_and_open_signs_tell_whether_the_interval_leaves_out_zero(
    made: ModuleType,
) -> None:
    sure = plot_gaps(made.result([made.row("a", -0.5, 0.1)]))
    unsure = plot_gaps(made.result([made.row("a", -0.05, 0.1)]))
    assert "interval leaves out zero" in sure.svg
    assert "interval includes zero" not in sure.svg
    assert "interval includes zero" in unsure.svg


def test_a_cell_too_small_is_named_and_not_drawn(made: ModuleType) -> None:
    figure = plot_segments(made.bank(), "region")
    assert figure.name == "gaps_by_region"
    shown = texts(pictures(figure)[0])
    assert shown.count("Islands") == 5
    assert shown.count("fewer than 10 answers: not shown") == 5
    assert "1 group is named but not shown" in figure.caption


def test_a_cell_hidden_for_another_is_not_called_small(made: ModuleType) -> None:
    rows = [
        made.row("a", -0.5),
        made.row("a", -0.5, segment="s", group="A"),
        made.hidden("a", segment="s", group="B"),
        made.hidden("a", segment="s", group="C", note="suppressed_complementary"),
    ]
    shown = texts(pictures(plot_segments(made.result(rows, segments=("s",)), "s"))[0])
    assert shown.count("fewer than 10 answers: not shown") == 1
    assert shown.count("not shown, to protect a smaller group") == 1


def test_a_run_without_segments_has_no_such_figure(made: ModuleType) -> None:
    assert plot_segments(made.bank(segments=())) is None


def test_a_segment_is_called_by_its_label(made: ModuleType) -> None:
    from cxresearch.codebook.model import Codebook, Column

    branch = Column(name="branch", column="BR", role="segment", label="Kind of branch")
    codebook = Codebook(survey="s", columns=(branch,))
    figure = plot_segments(made.bank(), "branch", codebook=codebook)
    assert "for 5 dimensions by Kind of branch" in figure.alt_text


def test_an_unknown_segment_is_refused(made: ModuleType) -> None:
    with pytest.raises(
        CxError, match="segment must be one of 'branch', 'region'; got 'brunch'"
    ):
        plot_segments(made.bank(), "brunch")


def test_what_cannot_be_estimated_is_named(made: ModuleType) -> None:
    nan = math.nan
    empty = made.row("a", nan, nan, n=1.0) | {"expectation": nan}
    gaps = made.result([empty, made.row("b", -0.4, nan, n=1.0)])
    figure = plot_gaps(gaps)
    assert "too few answers for an estimate" in figure.svg
    assert "A not shown" in figure.alt_text
    assert "−0.40" in figure.svg
    assert "too few answers" in plot_dimensions(gaps).svg_narrow


def test_a_result_without_any_estimate_can_be_drawn(made: ModuleType) -> None:
    for figure in every_figure(made.result([])):
        assert figure.alt_text
        assert len(pictures(figure)) == 2


def test_one_dimension_and_thirty_can_be_drawn(made: ModuleType) -> None:
    assert plot_gaps(made.result([made.row("a", -0.5)])).svg
    many = made.result([made.row(f"d{i}", -i / 20) for i in range(30)])
    assert texts(pictures(plot_dimensions(many))[0]).count("gap") == 1
    assert len(plot_gaps(many).alt_text) <= 500


def test_sixty_items_can_be_drawn(made: ModuleType) -> None:
    rows = [
        made.row(f"item_{i}", -i / 40, level="item", label=f"Question number {i} of many",
                 dimension="a")
        for i in range(60)
    ]  # fmt: skip
    figure = plot_items(made.result([*rows, made.row("a", -0.7)]))
    assert sum(t.startswith("Question number") for t in texts(pictures(figure)[0])) == 60
    assert len(figure.svg) + len(figure.svg_narrow) < 160_000


def test_words_follow_the_language_and_numbers_too(made: ModuleType) -> None:
    figure = plot_gaps(made.bank(), language="es")
    assert "intervalo del 95\u00a0%" in figure.svg
    assert "−0,82" in figure.svg
    assert "Brecha = recibido − esperado" in figure.caption


def test_weighted_results_say_so(made: ModuleType) -> None:
    assert "Weighted by case weights." in plot_items(made.bank(weighted=True)).caption
    assert "eighted" not in plot_items(made.bank()).caption


def test_a_wide_response_scale_is_shown_with_one_decimal(made: ModuleType) -> None:
    gaps = made.result(
        [made.row("a", -8.26, 2.0, expectation=71.0)], scale_low=0.0, scale_high=100.0
    )
    assert "−8.3" in texts(pictures(plot_dimensions(gaps))[0])


def test_the_dark_palette_has_a_value_for_every_variable() -> None:
    assert set(DARK) == set(VARIABLES.values())
    assert css_variables().startswith("--ink:#1b2430;--soft:")


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_and_signs_stand_out_from_the_page(dark: bool) -> None:
    colours = dict(pair.split(":") for pair in css_variables(dark=dark).split(";"))
    for text in ("--ink", "--soft"):
        assert contrast(colours[text], colours["--card"]) >= 4.5
    for sign in ("--per", "--exp"):
        assert contrast(colours[sign], colours["--card"]) >= 3


def test_with_one_dimension_the_overall_gap_is_not_drawn_beside_it(made: ModuleType) -> None:
    rows = [made.row("service", -0.6, label="Service quality")]
    rows += [made.row("overall", -0.6, level="overall", label="overall")]
    for group in ("City", "Town"):
        rows += [made.row("service", -0.6, segment="branch", group=group)]
        rows += [made.row("overall", -0.6, segment="branch", group=group, level="overall")]
    gaps = made.result(rows, segments=("branch",))
    for figure in (plot_gaps(gaps), plot_segments(gaps)):
        assert figure is not None
        for picture in pictures(figure):
            assert not [text for text in texts(picture) if "All dimensions" in text]
