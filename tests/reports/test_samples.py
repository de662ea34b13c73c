"""The reports of all sample studies in a browser: accessible, quiet, whole at every width."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cxresearch.reports import write_report
from cxresearch.reports.pdf import find_chromium

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
expect = playwright.expect  # waits: a page answers a key in its own time

pytestmark = pytest.mark.browser
STUDIES = ("bank-branches", "branch-network", "call-endings", "clinic-visits", "hotel-stays")
DEPTHS = ("manager", "analyst", "student")
MOST_BYTES = 600_000
MOST_PAINT, MOST_LOADS = 1000, 5
"""Milliseconds until something is to be seen, and how often that is tried."""

FIRST_PAINT = (
    "(performance.getEntriesByName('first-contentful-paint')[0] || {startTime: 0}).startTime"
)
WINDOW = {"width": 1280, "height": 800}

MakeRun = Callable[..., Path]


@pytest.fixture(scope="module")
def opened(
    sample_reports: dict[str, Path], chromium: Any
) -> Iterator[Callable[[str], tuple[Any, list[str]]]]:
    """Return a function that opens a study's report once for all tests that leave it alone."""
    pages: dict[str, tuple[Any, list[str]]] = {}

    def open_once(study: str) -> tuple[Any, list[str]]:
        if study not in pages:
            said: list[str] = []
            page = chromium.new_context(viewport=WINDOW).new_page()
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("request", lambda r: r.url[:5] in ("file:", "data:") or said.append(r.url))
            page.goto(f"file://{sample_reports[study]}")
            pages[study] = page, said
        return pages[study]

    yield open_once
    for page, _ in pages.values():
        page.context.close()


@pytest.fixture
def page(opened: Any, study: str) -> Iterator[Any]:
    """The report of a study as it opens; nothing may be asked of the net or complained of."""
    shown, said = opened(study)
    yield shown
    shown.set_viewport_size(WINDOW)
    shown.emulate_media(color_scheme="light")
    choose(shown, "manager")
    assert said == []


def choose(page: Any, depth: str) -> None:
    page.evaluate(f"document.getElementById('depth-{depth}').click()")


FAULTS = {"resultTypes": ["violations"]}
# What depends on colours; all other rules say the same of the dark page as of the light one.
IN_DARK = {**FAULTS, "runOnly": ["color-contrast", "link-in-text-block"]}


def faults(page: Any, options: dict[str, Any]) -> list[tuple[str, str]]:
    found = axe.Axe().run(page, options=options).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("study", STUDIES)
def test_axe_finds_nothing_at_any_depth(page: Any, study: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    for depth in DEPTHS:
        choose(page, depth)
        assert faults(page, FAULTS if scheme == "light" else IN_DARK) == []


def test_the_samples_are_all_looked_at(sample_reports: dict[str, Path]) -> None:
    assert set(sample_reports) == set(STUDIES)


@pytest.mark.parametrize("study", ["call-endings"])
def test_axe_finds_a_fault_where_there_is_one(page: Any) -> None:
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.querySelector('h1').style.color = '#222'")
    found = faults(page, IN_DARK)
    page.evaluate("document.querySelector('h1').style.color = ''")
    assert [name for name, _ in found] == ["color-contrast"]


@pytest.mark.parametrize("study", STUDIES)
def test_the_first_screen_begins_to_answer_every_question(page: Any, study: str) -> None:
    """What was asked, when and by whom; what was found; what to do first; how good the data."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("scrollTo(0, 0)")
    for part in (".eyebrow", "h1", "#found", "#first", "#good"):
        box = page.locator(part).first.bounding_box()
        assert 0 <= box["y"] < box["y"] + box["height"] < 900, part


@pytest.mark.parametrize("study", STUDIES)
def test_on_a_phone_nothing_scrolls_sideways_but_tables_code_and_formulas(
    page: Any, study: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    for depth in DEPTHS:
        choose(page, depth)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        scrolled = page.evaluate(
            "[...document.querySelectorAll('main *')].filter((e) => e.scrollWidth > "
            "e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX))"
            ".map((e) => e.classList[0] || e.tagName)"
        )
        assert set(scrolled) <= {"scroll", "formula", "PRE"}


@pytest.mark.parametrize("study", STUDIES)
def test_a_report_is_small_and_there_at_once(
    sample_reports: dict[str, Path], visit: Any, study: str
) -> None:
    assert sample_reports[study].stat().st_size < MOST_BYTES
    paints: list[float] = []
    # What else the machine has to do may delay some loads; the page is slow if it delays all.
    while len(paints) < MOST_LOADS and min(paints, default=math.inf) >= MOST_PAINT:
        page = visit(sample_reports[study])
        # Not wait_for_function: what the page's policy forbids is waiting for text as code.
        while not (paint := page.evaluate(FIRST_PAINT)):
            page.wait_for_timeout(10)
        paints.append(paint)
    assert min(paints) < MOST_PAINT, f"painted after {paints} ms"


@pytest.mark.parametrize("study", STUDIES)
def test_every_finding_leads_to_its_row_and_to_its_results(
    sample_reports: dict[str, Path], visit: Any, study: str
) -> None:
    page = visit(sample_reports[study])
    links = page.locator(".found a.source")
    assert links.count() >= 3
    target = links.first.get_attribute("href")
    links.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("input:checked")).to_have_attribute("value", "analyst")
    row = page.locator(f"[id='{target[1:]}']")
    row.wait_for(state="visible")
    expect(page.locator(f"[id='{target[1:]}']:target")).to_be_visible()
    files = page.locator(".found .evidence a").evaluate_all(
        "all => all.map((a) => a.getAttribute('href'))"
    )
    assert files
    for file in files:
        assert json.loads((sample_reports[study].parent / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("study", STUDIES)
def test_no_link_of_the_page_leads_nowhere_and_terms_that_are_linked_are_explained(
    page: Any, study: str
) -> None:
    hashes = page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.hash.slice(1))"
    )
    assert any(hash_.startswith("word-") for hash_ in hashes)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    known = set(ids)
    assert [h for h in hashes if unquote(h) not in known] == []
    unused = {i for i in ids if i.startswith("word-")} - set(hashes)
    assert unused == set()


def test_a_row_is_found_without_javascript(sample_reports: dict[str, Path], visit: Any) -> None:
    page = visit(sample_reports["bank-branches"], java_script_enabled=False)
    page.locator(".found a.source").first.click()
    expect(page.locator("tr:target")).to_be_visible()


def test_a_table_is_downloaded_by_keyboard(
    sample_reports: dict[str, Path], visit: Any, tmp_path: Path
) -> None:
    page = visit(sample_reports["hotel-stays"], hash_="#depth=analyst", accept_downloads=True)
    link = page.locator("a[download='driver_importance.csv']")
    link.focus()
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    waiting.value.save_as(tmp_path / "saved.csv")
    assert (tmp_path / "saved.csv").read_bytes().startswith(b"\xef\xbb\xbfterm,")


def test_a_term_leads_to_its_line(sample_reports: dict[str, Path], visit: Any) -> None:
    page = visit(sample_reports["bank-branches"])
    page.locator(".found a.term").first.click()
    expect(page.locator("dl.words > :target")).to_be_visible()


def test_checks_stand_before_results_as_verdicts_with_folded_evidence(
    sample_reports: dict[str, Path], visit: Any
) -> None:
    page = visit(sample_reports["hotel-stays"], hash_="#depth=analyst")
    check = page.locator(".card.check").first
    assert "model holds up" in check.inner_text()
    table = check.locator(".datatable table").first
    expect(table).to_be_hidden()
    check.locator("summary").first.click()
    table.wait_for(state="visible")
    checks = check.bounding_box()["y"]
    assert checks < page.locator("#table-driver-importance").bounding_box()["y"]


def test_students_see_formula_source_and_command_of_a_step(
    sample_reports: dict[str, Path], visit: Any
) -> None:
    page = visit(sample_reports["hotel-stays"], hash_="#depth=student")
    step = page.locator(".method", has_text="cx.driver_importance(").first
    assert step.locator("math munder").count() >= 1
    expect(step.locator("a[href='https://doi.org/10.1198/000313007X188252']")).to_be_visible()
    assert "cxresearch run hotel-stays" in step.inner_text()


def test_no_figure_is_cut_by_the_end_of_a_page(
    sample_reports: dict[str, Path], visit: Any
) -> None:
    """No figure may be broken, and none is higher than the page it is put on."""
    for study in STUDIES:
        page = visit(sample_reports[study], width=703, hash_="#depth=student")
        page.emulate_media(media="print")
        figures = page.evaluate(
            "[...document.querySelectorAll('figure')].filter((e) => e.offsetParent).map((e) => "
            "[getComputedStyle(e).breakInside, e.getBoundingClientRect().height, e.id])"
        )
        assert figures
        assert [name for rule, height, name in figures if rule != "avoid" or height > 960] == []


HOSTILE = (
    "<img src=x onerror=alert(1)>\"'&{{7*7}} =cmd|'/C calc'!A0 \u202eעברית\u202c 🙂 한국어 "
    + "m" * 300
)


def test_hostile_text_leaves_the_page_whole_on_a_phone(
    make_run: MakeRun, given: Any, visit: Any
) -> None:
    told = given.finding(HOSTILE, 9.0, values={"name": HOSTILE}, term=HOSTILE, group=HOSTILE)
    action = given.finding(HOSTILE, 1.0, topic="action", term=HOSTILE)
    quality = given.finding(HOSTILE, 1.0, topic="quality")
    figure = given.figure(label="x", alt_text=HOSTILE, caption=HOSTILE)
    source = [{"wave": HOSTILE, "file": HOSTILE, "sha256": "ab" * 32}]
    texts = ["title", "description", "method_title", "population", "sample", "contact", "study"]
    record: dict[str, Any] = {**dict.fromkeys(texts, HOSTILE), "data": source}
    parameters = {key: {"segments": [HOSTILE]} for key in ("parameters", "settings")}
    folder = make_run(
        figure, given.table(HOSTILE), [told, action, quality], **record, **parameters
    )
    page = visit(write_report(folder), width=360)
    for depth in DEPTHS:
        choose(page, depth)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("img").count() == 0
    assert page.locator("h1").inner_text().startswith("<img src=x")
    expect(page.locator("#provenance")).to_be_visible()
    assert axe.Axe().run(page).response["violations"] == []


def test_chromium_named_by_hand_or_missing_is_told(tmp_path: Path) -> None:
    from cxresearch.errors import CxError

    with pytest.raises(CxError, match=r"none was found; looked for .*chromium"):
        find_chromium({"PATH": str(tmp_path)})
    with pytest.raises(CxError, match="is 'nothing', which is no program"):
        find_chromium({"PATH": str(tmp_path), "CXRESEARCH_CHROMIUM": "nothing"})
    assert shutil.which(find_chromium())
