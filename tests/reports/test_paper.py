"""Two printed pages for the manager: figures that can be read, none cut, none lost unsaid."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from cxresearch.reports.paper import (
    READABLE,
    WIDTHS,
    FigureSize,
    Part,
    columns_after,
    figure_size,
    fit_figures,
)
from cxresearch.reports.pdf import find_chromium, write_pdf
from cxresearch.reports.render import render_report

MakeRun = Callable[..., Path]
PAPERS = ("A4", "Letter")
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


def part(height: float, *, text: float = 10.0, rest: float = 0.0) -> Part:
    """A part with one figure that is so high when it is small."""
    return Part(text=text, figures=[FigureSize(height=height / WIDTHS["small"])], rest=rest)


def test_figures_that_matter_more_stay_whatever_their_height() -> None:
    chosen = fit_figures([part(200), part(300), part(200)], [330.0, 270.0], order=[1, 2])
    assert chosen.sizes == ("left-out", "small", "small")


def test_a_figure_that_does_not_fit_lets_the_next_one_in() -> None:
    chosen = fit_figures([part(2000), part(100)], [300.0], order=[0])
    assert chosen.sizes[0] == "left-out"
    assert chosen.sizes[1] != "left-out"


def test_a_part_goes_where_there_is_room_and_what_is_always_printed_has_its_place() -> None:
    layout = fit_figures([part(500), part(180)], [250.0, 600.0], end=[40.0])
    assert "left-out" not in layout.sizes
    assert layout.order.index(1) < layout.order.index(0)
    assert sorted(layout.order) == [0, 1, 2, 3]
    assert fit_figures([part(500)], [600.0], end=[80.0]).sizes == ("left-out",)


def test_a_first_screen_longer_than_a_page_takes_room_from_the_second() -> None:
    page = columns_after(0.0)[2]
    assert columns_after(page + 100.0) == (0.0, 0.0, page - 100.0, page - 100.0)
    assert columns_after(3 * page) == (0.0, 0.0, 0.0, 0.0)


def test_letters_decide_how_small_a_figure_may_be() -> None:
    svg = (
        '<svg viewBox="0 0 720 200"></svg>'
        '<svg viewBox="0 0 360 200"><text style="font: {}px x">a</text></svg>'
    )
    assert figure_size(svg.format(13.5)).readable("small") == "small"
    assert figure_size(svg.format(12.42)).readable("small") == "medium"
    assert figure_size(svg.format(10)).readable("small") == ""
    one_layout = '<svg viewBox="0 0 720 200"><text style="font: 40px x">a</text></svg>'
    assert figure_size(one_layout).readable("small") == ""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )


def printed_figures(browser: Any, html: str) -> list[dict[str, Any]]:
    """Return what the manager's depth prints of figures, in the columns of A4."""
    page = browser.new_page(viewport={"width": 703, "height": 1040})
    page.emulate_media(media="print")
    page.set_content(html)
    drawn: list[dict[str, Any]] = page.evaluate(DRAWN)
    page.close()
    return drawn


def pages(html: str, folder: Path, paper: Any) -> list[str]:
    """Return the text of each printed page."""
    pypdf = pytest.importorskip("pypdf")
    pdf = pypdf.PdfReader(write_pdf(html, folder / f"{paper}.pdf", paper=paper))
    return [normalize("NFKC", page.extract_text()) for page in pdf.pages]  # ligatures


def for_analysts(run: Path, source: str) -> Path:
    """Hide what a cell shows from managers, as the templates do with lists of findings."""
    notebook = json.loads((run / "executed.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if "".join(cell["source"]) == source:
            cell["metadata"]["tags"] = ["analyst"]
    (run / "executed.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return run


@pytest.mark.parametrize("study", STUDIES)
def test_the_figures_of_the_samples_can_be_read_and_are_in_one_piece(
    sample_reports: dict[str, Path], browser: Any, study: str
) -> None:
    html = sample_reports[study].read_text(encoding="utf-8")
    drawn = printed_figures(browser, html)
    assert len(drawn) >= 2
    assert len({figure["name"] for figure in drawn}) == len(drawn)
    assert [f for f in drawn if f["letters"] < READABLE or f["pieces"] != 1] == []


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("study", STUDIES)
def test_two_pages_hold_every_figure_whole_with_its_heading_and_caption(
    sample_reports: dict[str, Path], tmp_path: Path, study: str, paper: str
) -> None:
    """A figure that is cut has its heading and its caption on different pages."""
    html = sample_reports[study].read_text(encoding="utf-8")
    texts = pages(html, tmp_path, paper)
    assert len(texts) == 2
    body = html[html.index('<div class="steps">') :]
    mark = r'<div class="card figure manager(?! left-out)[^"]*">(.*?)</figure>'
    kept = re.findall(mark, body, re.DOTALL)
    captions = [re.sub(r"<[^>]+>", "", c.split("<figcaption>")[1]) for c in kept]
    assert captions
    squeezed = [re.sub(r"\W+", "", text) for text in texts]
    for caption in captions:
        words = re.sub(r"&#?\w+;", "", caption)
        start = re.sub(r"\W+", "", words)[:40]
        assert sum(start in text for text in squeezed) == 1, caption


def test_what_is_left_out_is_said_in_one_line(sample_reports: dict[str, Path]) -> None:
    html = sample_reports["branch-network"].read_text(encoding="utf-8")
    lines = re.findall(r'<p class="on-screen"[^>]*>(.*?)</p>', html)
    assert len(lines) == 1
    assert lines[0].startswith("More figures on the screen, and in print at the analyst")
    left_out = re.findall(r'<div class="card figure manager left-out">', html)
    assert lines[0].count(" · ") + 1 == len(left_out)


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("label", ["reliability", LONG, LONG * 3])
def test_many_findings_and_long_labels_never_take_a_third_page(
    make_run: MakeRun, given: Any, tmp_path: Path, paper: str, label: str
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
    assert len(pages(html, tmp_path, paper)) <= 2


def test_a_short_report_leaves_nothing_out_and_says_nothing(
    make_run: MakeRun, given: Any
) -> None:
    html = render_report(make_run(given.figure(), given.findings))
    assert "on-screen" not in html[html.index("<body") :]
    assert 'left-out"' not in html[html.index("<body") :]


def test_the_evidence_of_the_first_findings_says_which_figures_matter(
    sample_reports: dict[str, Path], browser: Any
) -> None:
    """The map stands behind the first action; the zone, before it and less high, gives way."""
    html = sample_reports["branch-network"].read_text(encoding="utf-8")
    names = [figure["name"] for figure in printed_figures(browser, html)]
    assert {"figure-gaps-by-dimension", "figure-gap-map-stated"} <= set(names)
    assert "figure-zone-of-tolerance" not in names
