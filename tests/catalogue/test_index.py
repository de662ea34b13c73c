"""The pages of the catalogue: a card a study, a page a study, fast and harmless."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from cxresearch.catalogue import index as index_module
from cxresearch.catalogue import write_index
from cxresearch.errors import CatalogueError

File = Callable[..., Path]
EARLY, LATE, LAST = (f"2026112{day}T174210Z-3f9ac" for day in (1, 2, 3))
FAILED = {"status": "failed", "error": {"message": "ZeroDivisionError: <x>"}, "headline": None}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


def cards(path: Path) -> list[str]:
    html = path.read_text(encoding="utf-8")
    return re.findall(r'<li class="card study.*?</li>', html, re.DOTALL)


def test_a_card_shows_the_latest_completed_run_and_links_to_it(
    file: File, reports: Path
) -> None:
    file("a", EARLY)
    file("a", LATE)
    file("a", LAST, **FAILED)
    (card,) = cards(write_index(reports))
    assert f'href="a/{LATE}/report.html"' in card
    for part in (
        "SERVQUAL gap analysis",
        "2026-11-21",
        f"Finding of {LATE}.",
        "391 answers",
        "3 runs",
        "1 failed run since",
    ):
        assert part in card


def test_studies_stand_newest_first_and_failed_and_damaged_ones_are_visible(
    file: File, reports: Path
) -> None:
    file("old", EARLY)
    file("broken", LATE, **FAILED)
    (file("hurt", LAST) / "run.json").write_text("{")
    shown = cards(write_index(reports))
    assert [re.findall(r"<code>(\w+)</code>", card)[0] for card in shown] == [
        "hurt",
        "broken",
        "old",
    ]
    assert "damaged" in shown[0]
    assert "ZeroDivisionError: &lt;x&gt;" in shown[1]


def test_the_page_of_a_study_lists_all_runs_and_the_parameters_that_changed(
    file: File, reports: Path
) -> None:
    file("a", EARLY)
    file("a", LATE, parameters={"level": 0.9, "segments": []})
    write_index(reports)
    html = unescape((reports / "a" / "index.html").read_text(encoding="utf-8"))
    assert html.index(LATE) < html.index(EARLY)
    assert f'href="{LATE}/report.html"' in html
    assert "level: 0.95 → 0.9" in html
    assert "segments: branch → –" in html


def test_an_empty_catalogue_says_so(reports: Path) -> None:
    assert "No study has been run yet." in write_index(reports).read_text(encoding="utf-8")


def test_a_run_without_its_report_is_listed_without_a_link(file: File, reports: Path) -> None:
    (file("a", EARLY) / "report.html").unlink()
    (card,) = cards(write_index(reports))
    assert "report.html" not in card


def test_words_follow_the_language(file: File, reports: Path) -> None:
    file("a", EARLY)
    html = write_index(reports, language="es").read_text(encoding="utf-8")
    assert '<html lang="es">' in html
    assert "1 ejecución" in html


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7 * 7 }}"]
)
def test_hostile_text_is_escaped(file: File, reports: Path, text: str) -> None:
    told = {"text": text, "sure": "clear"}
    file("a", EARLY, title=text, method_title=text, headline=told, parameters={"x": "y"})
    file("a", LATE, title=text, method_title=text, headline=told, parameters={"x": text})
    write_index(reports)
    for path in (reports / "index.html", reports / "a" / "index.html"):
        html = path.read_text(encoding="utf-8")
        body = re.sub(r"<(script|style)>.*?</\1>", "", html, flags=re.DOTALL)
        assert escape(text, quote=False) in body.replace("&#34;", '"').replace("&#39;", "'")
        assert "<script" not in body
        assert "<img" not in body


def test_a_folder_name_with_signs_is_linked_right(file: File, reports: Path) -> None:
    file('a b#?"&', EARLY)
    (card,) = cards(write_index(reports))
    assert f'href="a%20b%23%3F%22%26/{EARLY}/report.html"' in card


def test_a_second_writing_changes_nothing(file: File, reports: Path) -> None:
    file("a", EARLY)
    index = write_index(reports)
    before = index.stat().st_mtime_ns
    write_index(reports)
    assert index.stat().st_mtime_ns == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(CatalogueError, match=r"catalogue in .* cannot be written"):
        write_index(tmp_path / "reports")


def test_five_hundred_entries_take_less_than_three_seconds(file: File, reports: Path) -> None:
    for study in range(250):
        for run in (EARLY, LATE):
            file(f"study-{study:03d}", run)
    began = time.perf_counter()
    index = write_index(reports)
    assert time.perf_counter() - began < 3
    assert len(cards(index)) == 250
    assert index.stat().st_size < 400_000


def tell(folder: Path, *gaps: float, unit: str = "points") -> None:
    """Write findings with an estimate each into a run."""
    told = [
        {
            "message": "findings.shortfall",
            "text": f"Gap {gap}.",
            "sure": "clear",
            "rank": 10.0 - place,
            "result": "servqual_gaps",
            "values": {"name": f"Dimension {place}"},
            "term": f"d{place}",
            "group": "all",
            "estimate": gap,
            "conf_low": gap - 0.2,
            "conf_high": gap + 0.2,
            "unit": unit,
            "topic": "finding",
        }
        for place, gap in enumerate(gaps)
    ]
    (folder / "results").mkdir()
    (folder / "results" / "findings.json").write_text(json.dumps(told), encoding="utf-8")


def data(digest: str, wave: str = "") -> list[dict[str, str]]:
    return [{"wave": wave, "file": "responses.csv", "sha256": digest}]


def test_key_estimates_are_shown_over_runs_on_different_data(file: File, reports: Path) -> None:
    tell(file("a", EARLY, data=data("x", "spring"), ended="2026-03-01T10:00:00+00:00"), -0.9)
    tell(file("a", LATE, data=data("y"), ended="2026-09-01T10:00:00+00:00"), -0.4, 1)
    write_index(reports)
    html = (reports / "a" / "index.html").read_text(encoding="utf-8")
    assert "Over time" in html
    rows = re.findall(r'<th scope="row" class="text">Dimension.*?</tr>', html)
    assert [re.sub(r"<.*?>", " ", row).split() for row in rows] == [
        ["Dimension", "0", "spring", "−0.90", "[−1.10,", "−0.70]", "391"],
        ["Dimension", "0", "2026-09-01", "−0.40", "[−0.60,", "−0.20]", "391"],
    ]
    assert 'aria-label="Estimates over time. Dimension 0, spring: −0.90;' in html
    assert html.count("<svg") == 2


def test_runs_on_the_same_data_and_failed_ones_make_no_trend(file: File, reports: Path) -> None:
    for run in (EARLY, LATE):
        tell(file("a", run, data=data("x")), -0.9)
    tell(file("a", LAST, data=data("y"), **FAILED), -0.1)
    write_index(reports)
    assert "Over time" not in (reports / "a" / "index.html").read_text(encoding="utf-8")


def test_estimates_of_different_units_share_no_axis(file: File, reports: Path) -> None:
    for run, digest in ((EARLY, "x"), (LATE, "y")):
        folder = file("a", run, data=data(digest))
        tell(folder, -0.9, 40.0)
        findings = json.loads((folder / "results" / "findings.json").read_text())
        findings[1]["unit"] = "%"
        (folder / "results" / "findings.json").write_text(json.dumps(findings))
    write_index(reports)
    html = (reports / "a" / "index.html").read_text(encoding="utf-8")
    assert html.count("<figure>") == 2


def test_findings_that_cannot_be_read_leave_the_page_without_a_trend(
    file: File, reports: Path
) -> None:
    for run, digest in ((EARLY, "x"), (LATE, "y")):
        folder = file("a", run, data=data(digest))
        (folder / "results").mkdir()
        (folder / "results" / "findings.json").write_text("[3, null]")
    write_index(reports)
    assert LATE in (reports / "a" / "index.html").read_text(encoding="utf-8")


def test_the_page_of_a_study_is_made_again_only_when_its_runs_change(
    file: File, reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = index_module.study_page
    monkeypatch.setattr(
        index_module, "study_page", lambda card, m: made.append(card.study) or real(card, m)
    )
    file("a", EARLY)
    file("b", EARLY)
    write_index(reports)
    file("b", LATE)
    write_index(reports)
    write_index(reports, language="es")
    assert made[:3] in (["a", "b", "b"], ["b", "a", "b"])
    assert sorted(made[3:]) == ["a", "b"]


@pytest.fixture
def page(file: File, reports: Path) -> Iterator[Any]:
    """Open the catalogue of two studies on a phone; no request and no complaint may be left."""
    playwright = pytest.importorskip("playwright.sync_api")
    tell(file("branches", EARLY, title="Where do we fall short?", data=data("x")), -0.9, -0.2)
    tell(
        file("branches", LATE, title="Where do our branches fall short?", data=data("y")),
        -0.3,
        0.4,
    )
    file(
        "hotel",
        LATE,
        title="한국어 " + "Hotel" * 40,
        respondents={"analysed": 40},
        method_title="Driver analysis",
        ended="2026-09-01T10:00:00+00:00",
    )
    file("broken", LAST, title="Broken", **FAILED)
    index, said = write_index(reports), []
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        opened = browser.new_page(viewport={"width": 360, "height": 740})
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on(
            "request", lambda r: None if r.url.startswith("file:") else said.append(r.url)
        )
        opened.goto(f"file://{index}")
        yield opened
        browser.close()
    assert said == []


BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed"),
]


def browser_test(test: Callable[..., None]) -> Callable[..., None]:
    for mark in BROWSER:
        test = mark(test)
    return test


def titles(page: Any) -> list[str]:
    return [text[:6] for text in page.locator(".study:visible h2").all_text_contents()]


@browser_test
def test_the_search_finds_by_every_word_and_nothing_scrolls_sideways(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.get_by_role("searchbox")
    box.fill("SHORT branches")
    assert page.locator(".study:visible").count() == 1
    assert page.url.endswith("#search=SHORT+branches")
    assert page.locator("#count").text_content() == "1 / 3 studies"
    box.fill("nowhere")
    assert page.get_by_text("No study matches.").is_visible()
    box.fill("")
    assert page.locator(".study:visible").count() == 3


@browser_test
def test_studies_are_filtered_and_sorted_and_the_address_keeps_it(
    page: Any,
) -> None:
    page.get_by_label("Method").select_option("Driver analysis")
    assert titles(page) == ["한국어 Ho"]
    page.get_by_label("Method").select_option("")
    page.get_by_label("Status").select_option("failed")
    assert titles(page) == ["Broken"]
    page.get_by_label("Status").focus()
    page.keyboard.press("Home")
    page.get_by_label("Since").fill("2026-10-01")
    assert titles(page) == ["Broken", "Where "]
    page.get_by_label("Since").fill("")
    page.get_by_label("Sort by").select_option("answers")
    assert titles(page)[-1] == "한국어 Ho"
    page.get_by_label("Sort by").select_option("title")
    assert titles(page)[0] == "Broken"
    page.reload()
    assert page.url.endswith("#sort=title")
    assert titles(page)[0] == "Broken"


@browser_test
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("where", ["", "branches"])
def test_catalogue_pages_have_no_accessibility_violation(
    page: Any, scheme: str, where: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.emulate_media(color_scheme=scheme)
    if where:
        page.goto(page.url.replace("index.html", f"{where}/index.html"))
        assert page.locator("figure svg:visible").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = axe.run(page)
    assert found.violations_count == 0, found.generate_report()
