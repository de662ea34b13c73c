"""Two printed pages for the manager: figures that can be read, none cut, none lost unsaid."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from cxresearch.reports.closer import closer_rows
from cxresearch.reports.packing import packed
from cxresearch.reports.paper import (
    COLUMN,
    READABLE,
    FigureSize,
    Part,
    columns_after,
    figure_size,
    fit_figures,
)
from cxresearch.reports.pdf import PAPERS, at_depth, write_pdf
from cxresearch.reports.render import render_report

MakeRun = Callable[..., Path]
STUDIES = ("bank-branches", "branch-network", "call-endings", "clinic-visits", "hotel-stays")
LONG = (
    "the time until somebody answers a question that was asked at the counter or by telephone"
)

SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {} {}'>"
    "<text x='4' y='20' style='font: 13.5px sans-serif'>a</text></svg>"
)

# What a printed page shows of figures: their letters in points, and where they lie.
DRAWN = """() => [...document.querySelectorAll('.steps figure')].filter(e => e.offsetParent)
  .flatMap(e => [...e.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().width)
  .map(s => ({name: e.id, pieces: e.closest('.step').getClientRects().length,
    letters: Math.min(...[...s.querySelectorAll('text')].map(
      t => parseFloat(getComputedStyle(t).fontSize) * 0.75 *
        s.getBoundingClientRect().width / s.viewBox.baseVal.width))})))"""


LEAST = FigureSize(height=1.0).least


def part(height: float, *, text: float = 10.0, rest: float = 0.0) -> Part:
    """A part with one figure that is so high when it is small."""
    return Part(text=text, figures=[FigureSize(height=height / LEAST)], rest=rest)


def test_figures_that_matter_more_stay_whatever_their_height() -> None:
    chosen = fit_figures([part(200), part(300), part(200)], [330.0, 270.0], order=[1, 2])
    assert [bool(width) for width in chosen.widths] == [False, True, True]


def test_a_figure_that_does_not_fit_lets_the_next_one_in() -> None:
    chosen = fit_figures([part(2000), part(100)], [300.0], order=[0])
    assert [bool(width) for width in chosen.widths] == [False, True]


def test_two_that_matter_go_before_all_others_and_then_as_many_as_there_is_room_for() -> None:
    parts = [part(100), part(100), part(500), part(100), part(100)]
    layout = fit_figures(parts, [600.0], order=[0, 1, 2])
    assert [bool(width) for width in layout.widths] == [True, True, False, True, True]
    layout = fit_figures(parts, [600.0], order=[2])
    assert layout.widths[2]


def test_a_part_goes_where_there_is_room_and_what_is_always_printed_has_its_place() -> None:
    layout = fit_figures([part(500), part(180)], [250.0, 600.0], end=[40.0])
    assert all(layout.widths)
    assert layout.order.index(1) < layout.order.index(0)
    assert sorted(layout.order) == [0, 1, 2, 3]
    assert fit_figures([part(500)], [600.0], end=[90.0]).widths == (0,)


def test_figures_grow_while_there_is_room_and_never_beyond_the_column() -> None:
    narrow, wide = (fit_figures([part(400)], [room]).widths[0] for room in (430.0, 480.0))
    assert LEAST <= narrow < wide < COLUMN
    assert fit_figures([part(400)], [2000.0]).widths == (COLUMN,)


def test_pieces_are_moved_until_all_fit_and_a_text_runs_on_where_nothing_else_helps() -> None:
    heights = [50.0, 60.0, 40.0, 50.0]
    assert packed(heights, [100.0, 100.0], order=range(4)) == (0, 3, 1, 2, 4)
    assert packed([80.0, 80.0], [200.0, 100.0], order=[0, 1], flowing=120.0) == (0, 2, 1)
    assert packed([80.0, 80.0], [180.0, 80.0], order=[0, 1], flowing=120.0) is None


def test_a_first_screen_longer_than_a_page_takes_room_from_the_second() -> None:
    page = 985.0
    assert columns_after(page + 100.0, page) == (0.0, 0.0, page - 100.0, page - 100.0)
    assert columns_after(3 * page, page) == (0.0, 0.0, 0.0, 0.0)


def test_letters_decide_how_small_a_figure_may_be() -> None:
    svg = (
        '<svg viewBox="0 0 720 200"></svg>'
        '<svg viewBox="0 0 360 200"><text style="font: {}px x">a</text></svg>'
    )
    for letters in (13.5, 12.42, 11.0):
        least = figure_size(svg.format(letters)).least
        assert READABLE <= letters * 0.75 * least / 360 < READABLE + 0.03
    assert figure_size(svg.format(9)).least == COLUMN
    one_layout = '<svg viewBox="0 0 720 200"><text style="font: 40px x">a</text></svg>'
    assert figure_size(one_layout).least == COLUMN


def drawing(*parts: str, height: int = 200) -> str:
    """SVG source in the plain form of this package's figures."""
    return f'<svg viewBox="0 0 360 {height}">{"".join(parts)}</svg>'


def letters_at(y: float) -> str:
    return f'<text style="font-size: 10px" x="0" y="{y}">a</text>'


def test_white_between_rows_shrinks_and_what_is_drawn_stays_as_it_is() -> None:
    marker = '<defs><path d="M 0 -5 L 5 0 L 0 5 z" id="m"/></defs>'
    use = '<g style="fill: red"><use href="#m" x="70" y="150"/></g>'
    line = '<path d="M 10 140 C 20 145 30 150 40 160"/>'
    closer = closer_rows(drawing(letters_at(20), marker, use, line))
    assert re.findall(r' d="([^"]+)"', closer)[0] == "M 0 -5 L 5 0 L 0 5 z"
    numbers = re.findall(r"-?[\d.]+", re.findall(r' d="([^"]+)"', closer)[1])
    x, y = [float(n) for n in numbers[::2]], [float(n) for n in numbers[1::2]]
    assert x == [10, 20, 30, 40]
    assert [one - y[0] for one in y] == pytest.approx([0, 5, 10, 20])
    moved = re.search(r'<use [^>]*y="([\d.]+)"', closer)
    assert moved
    assert float(moved[1]) - y[0] == pytest.approx(10)
    assert 20 < y[0] < 140
    height = re.search(r'viewBox="0 0 360 ([\d.]+)"', closer)
    assert height
    assert y[-1] < float(height[1]) < 200


@pytest.mark.parametrize(
    "source",
    [
        drawing(letters_at(20), '<path d="M 10 0 L 10 200"/>'),
        drawing(letters_at(20), '<g transform="translate(0 90)"/>'),
        drawing(letters_at(20), '<path d="M 10 150 l 5 5"/>'),
        drawing(letters_at(20), '<text x="0" y="90" transform="rotate(90)">a</text>'),
        drawing(),
        f"<svg>{letters_at(20)}</svg>",
    ],
)
def test_a_picture_without_white_or_of_another_kind_is_left_alone(source: str) -> None:
    assert closer_rows(source) == ""


def printed_figures(chromium: Any, html: str, paper: str = "A4") -> list[dict[str, Any]]:
    """Return what the manager's depth prints of figures, in the columns of a paper."""
    page = chromium.new_page(viewport={"width": 703, "height": 1040})
    page.emulate_media(media="print")
    page.set_content(at_depth(html, "manager", paper))  # type: ignore[arg-type]
    drawn: list[dict[str, Any]] = page.evaluate(DRAWN)
    page.close()
    return drawn


def texts_of(pdf: Path) -> list[str]:
    """Return the text of each printed page."""
    pages = pytest.importorskip("pypdf").PdfReader(pdf).pages
    return [normalize("NFKC", page.extract_text()) for page in pages]  # ligatures


def by_dialog(chromium: Any, html: str, pdf: Path, paper: str) -> list[str]:
    """Return the text of each page as a reader prints it, who chooses the paper."""
    page = chromium.new_page()
    page.set_content(html)
    page.pdf(path=pdf, format=paper)
    page.close()
    return texts_of(pdf)


def squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text)


def for_analysts(run: Path, source: str) -> Path:
    """Hide what a cell shows from managers, as the templates do with lists of findings."""
    notebook = json.loads((run / "executed.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "".join(cell["source"]) == source:
            cell["metadata"]["tags"] = ["analyst"]
    (run / "executed.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return run


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("study", STUDIES)
def test_two_pages_hold_figures_that_can_be_read_whole_with_heading_and_caption(
    sample_reports: dict[str, Path], chromium: Any, tmp_path: Path, study: str, paper: str
) -> None:
    """A figure that is cut has its heading and its caption on different pages."""
    html = sample_reports[study].read_text(encoding="utf-8")
    drawn = printed_figures(chromium, html, paper)
    assert len({figure["name"] for figure in drawn}) == len(drawn)
    assert [f for f in drawn if f["letters"] < READABLE or f["pieces"] != 1] == []
    texts = by_dialog(chromium, html, tmp_path / "r.pdf", paper)
    assert len(texts) == 2
    assert "Download CSV" not in "".join(texts)
    figures = re.findall(r'<figure id="([^"]+)">.*?<figcaption>(.*?)</fig', html, re.DOTALL)
    captions = {name: re.sub(r"<[^>]+>|&#?\w+;", "", caption) for name, caption in figures}
    for figure in drawn:
        start = squeezed(captions[figure["name"]])[:40]
        assert sum(start in squeezed(text) for text in texts) == 1, figure["name"]


@pytest.mark.parametrize(("paper", "least"), [("A4", 17), ("Letter", 15)])
def test_the_pages_are_used_for_figures(
    sample_reports: dict[str, Path], chromium: Any, paper: str, least: int
) -> None:
    """Of the 25 figures for managers in the five samples, two pages each hold 17 and 15."""
    pages = [report.read_text(encoding="utf-8") for report in sample_reports.values()]
    assert sum(len(printed_figures(chromium, html, paper)) for html in pages) >= least


@pytest.mark.parametrize("study", STUDIES)
def test_the_wider_letters_of_another_machine_take_no_third_page(
    sample_reports: dict[str, Path], chromium: Any, tmp_path: Path, study: str
) -> None:
    html = sample_reports[study].read_text(encoding="utf-8")
    wider = html.replace("</style>", "main{letter-spacing:.035em}</style>", 1)
    for paper in PAPERS:
        assert len(by_dialog(chromium, wider, tmp_path / "r.pdf", paper)) == 2


@pytest.mark.parametrize("paper", PAPERS)
def test_a_file_is_printed_as_a_reader_prints_it(
    sample_reports: dict[str, Path], chromium: Any, tmp_path: Path, paper: Any
) -> None:
    html = sample_reports["call-endings"].read_text(encoding="utf-8")
    texts = texts_of(write_pdf(html, tmp_path / "file.pdf", paper=paper))
    assert texts == by_dialog(chromium, html, tmp_path / "dialog.pdf", paper)


@pytest.mark.parametrize("paper", PAPERS)
def test_what_is_left_out_is_said_in_one_line(
    sample_reports: dict[str, Path], paper: str
) -> None:
    html = sample_reports["branch-network"].read_text(encoding="utf-8")
    body = html[html.index("<body") :]
    lines = re.findall(r'<p class="on-screen([^"]*)"[^>]*>(.*?)</p>', body)
    here = [text for absent, text in lines if f"not-{paper}" not in absent]
    assert len(here) == 1
    assert here[0].startswith("More figures on the screen, and in print at the analyst")
    left_out = re.findall(rf'<div class="card figure manager[^"]* not-{paper}[ "]', body)
    assert here[0].count(" · ") + 1 == len(left_out)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("label", ["reliability", LONG, LONG * 3])
def test_many_findings_and_long_labels_never_take_a_third_page(
    make_run: MakeRun, given: Any, chromium: Any, tmp_path: Path, paper: str, label: str
) -> None:
    kinds = ("finding", "action", "quality")
    told = tuple(
        given.finding(f"Number {i}: {label} falls short by −0.82.", 30 - i, topic=kind)
        for kind in kinds
        for i in range(20)
    )
    figures = [
        given.figure(
            f"f{i}", svg=SVG.format(720, 300), svg_narrow=SVG.format(360, 400 + 90 * i)
        )
        for i in range(6)
    ]
    run = make_run(told, *figures, population=label, sample=label)
    html = render_report(for_analysts(run, "record(value_1)"))
    assert len(by_dialog(chromium, html, tmp_path / "r.pdf", paper)) <= 2


def test_a_short_report_leaves_nothing_out_and_says_nothing(
    make_run: MakeRun, given: Any
) -> None:
    html = render_report(make_run(given.figure(), given.findings))
    assert "on-screen" not in html[html.index("<body") :]
    assert "not-" not in html[html.index('<div class="steps">') :]


def test_the_evidence_of_the_first_findings_says_which_figures_matter(
    sample_reports: dict[str, Path], chromium: Any
) -> None:
    """The map stands behind the first action; the zone, before it and less high, gives way."""
    html = sample_reports["branch-network"].read_text(encoding="utf-8")
    names = [figure["name"] for figure in printed_figures(chromium, html, "Letter")]
    assert {"figure-gaps-by-dimension", "figure-gap-map-stated"} <= set(names)
    assert "figure-zone-of-tolerance" not in names
