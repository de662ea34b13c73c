"""The pages of the catalogue: a card a study, a page a study, fast and harmless."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cxresearch.catalogue import index as index_module
from cxresearch.catalogue import write_index
from cxresearch.errors import CatalogueError

File = Callable[..., Path]
EARLY, LATE, LAST = (f"2026112{day}T174210Z-3f9ac" for day in (1, 2, 3))
FAILED = {"status": "failed", "error": {"message": "ZeroDivisionError: <x>"}, "headline": None}


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
    began = time.process_time()
    index = write_index(reports)
    assert time.process_time() - began < 3
    assert len(cards(index)) == 250
    assert index.stat().st_size < 400_000


def cell(folder: str, name: str, run: str = "", **told: Any) -> dict[str, Any]:
    """What the record of a comparison tells of a cell."""
    one = {"cell": name, "folder": folder, "n": 12, "status": "completed", "run": run}
    return {**one, "message": "", **told}


def file_matrix(file: File, reports: Path) -> None:
    """A study with five cells: done, failed since, failed, damaged, and one kept back."""
    for folder, run, changes in (
        ("branch=North", EARLY, {}),
        ("branch=North", LATE, {}),
        ("branch=South", EARLY, {}),
        ("branch=South", LATE, FAILED),
        ("branch=East", EARLY, FAILED),
        ("branch=Hurt", EARLY, {}),
        ("branch=New", LAST, {"cell": {"branch": "New & old"}}),
    ):
        file(f"each/cells/{folder}", run, **changes)
    (reports / "each" / "cells" / "branch=Hurt" / EARLY / "run.json").write_text("{")
    told = [
        cell("branch=South", "branch: South", EARLY),
        cell("branch=North", "branch: North", LATE),
        cell("branch=East", "branch: East", EARLY, status="failed"),
        cell("branch=West", "branch: West", status="refused", n=3, message="fewer than 5"),
    ]
    file("each", LAST, comparison=told)
    file("plain", EARLY)


def test_a_study_of_cells_tells_how_many_and_which_failed(file: File, reports: Path) -> None:
    file_matrix(file, reports)
    each, plain = cards(write_index(reports))
    assert '<a href="each/index.html#cells">6 cells</a>' in each
    assert "3 cells failed" in each
    assert 'data-status="completed damaged failed"' in each
    assert f'href="each/{LAST}/report.html"' in each
    assert "branch=North" not in each
    assert "cell" not in plain.replace("cells failed", "")


def test_the_page_of_a_study_lists_its_cells_with_their_latest_reports(
    file: File, reports: Path
) -> None:
    file_matrix(file, reports)
    write_index(reports)
    html = (reports / "each" / "index.html").read_text(encoding="utf-8")
    table = html.partition('<h2 id="cells">')[2].partition("</table>")[0]
    rows = [row.split("</tr>")[0] for row in table.split("<tr>")[2:]]
    told = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]
    assert [one[:16] for one in told] == [
        "branch: South 39", "branch: North 39", "branch: East 391", "branch: West – –",
        "branch=Hurt – – ", "branch: New &amp",
    ]  # fmt: skip
    links = [re.findall(r'href="([^"]+)"', row) for row in rows]
    assert links[1] == [f"cells/branch%3DNorth/{LATE}/report.html"]
    assert links[0] == [f"cells/branch%3DSouth/{EARLY}/report.html"]
    assert links[3] == []
    assert all((reports / "each" / unquote(link)).is_file() for own in links for link in own)
    assert "completed 1 failed run since" in told[0]
    assert "failed ZeroDivisionError" in told[2]
    assert told[3].endswith("not shown fewer than 5")
    assert "damaged" in told[4]
    plain = (reports / "plain" / "index.html").read_text(encoding="utf-8")
    assert 'id="cells"' not in plain


def test_cells_that_nothing_compares_yet_are_shown(file: File, reports: Path) -> None:
    file("each/cells/branch=North", EARLY, cell={"branch": "North"}, title="Branch by branch")
    file("each/cells/branch=South", EARLY, cell={"branch": "South"}, **FAILED)
    (card,) = cards(write_index(reports))
    assert "Branch by branch" in card
    assert "2 cells" in card
    assert "1 cell failed" in card
    html = (reports / "each" / "index.html").read_text(encoding="utf-8")
    assert f"cells/branch%3DNorth/{EARLY}/report.html" in html
    assert 'id="runs"' not in html


def test_the_page_of_a_study_follows_its_cells(file: File, reports: Path) -> None:
    file_matrix(file, reports)
    write_index(reports)
    page = reports / "each" / "index.html"
    before = page.read_bytes()
    write_index(reports)
    assert page.read_bytes() == before
    file("each/cells/branch=East", LAST)
    write_index(reports)
    assert f"cells/branch%3DEast/{LAST}/report.html" in page.read_text(encoding="utf-8")


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


def test_runs_of_one_day_are_told_apart_by_the_minute(file: File, reports: Path) -> None:
    for run, digest, hour in ((EARLY, "x", 9), (LATE, "y", 14)):
        tell(file("a", run, data=data(digest), ended=f"2026-03-01T{hour:02}:05:00+00:00"), -0.9)
    write_index(reports)
    html = (reports / "a" / "index.html").read_text(encoding="utf-8")
    assert "Dimension 0, 2026-03-01 09:05 UTC: −0.90; " in html
    assert "2026-03-01 14:05 UTC" in html


def test_a_number_without_a_unit_makes_no_trend(file: File, reports: Path) -> None:
    for run, digest in ((EARLY, "x"), (LATE, "y")):
        tell(file("a", run, data=data(digest)), -0.9, unit="")
    write_index(reports)
    assert "Over time" not in (reports / "a" / "index.html").read_text(encoding="utf-8")


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


Visit = Callable[..., Any]


@pytest.fixture
def phone(visit: Visit) -> Visit:
    """Return a function that opens a file on a phone."""
    return partial(visit, width=360, height=740)


@pytest.fixture
def page(file: File, reports: Path, phone: Visit) -> Any:
    """The catalogue of three studies on a phone."""
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
    return phone(write_index(reports))


def expect(what: Any) -> Any:
    """Wait for what a page does in its own time."""
    return pytest.importorskip("playwright.sync_api").expect(what)


def titles(page: Any) -> list[str]:
    return [text[:6] for text in page.locator(".study:visible h2").all_text_contents()]


@pytest.mark.browser
def test_the_search_finds_by_every_word_and_nothing_scrolls_sideways(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.get_by_role("searchbox")
    box.fill("SHORT branches")
    expect(page.locator(".study:visible")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"#search=SHORT\+branches$"))
    expect(page.locator("#count")).to_have_text("1 / 3 studies")
    box.fill("nowhere")
    expect(page.get_by_text("No study matches.")).to_be_visible()
    box.fill("")
    expect(page.locator(".study:visible")).to_have_count(3)


@pytest.mark.browser
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
    expect(page).to_have_url(re.compile("#sort=title$"))
    assert titles(page)[0] == "Broken"


@pytest.mark.browser
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


HOSTILE = (
    "=<img src=x onerror=alert(1)>\"'&{{7*7}} +cmd|'/C calc'!A0 \u202eעברית\u202c 🙂 한국어 "
    + "m" * 300
)


@pytest.mark.browser
def test_hostile_texts_leave_the_pages_whole_on_a_phone(
    file: File, reports: Path, phone: Visit
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    told = {"text": HOSTILE, "sure": "clear"}
    words = {"title": HOSTILE, "method_title": HOSTILE, "headline": told}
    words |= {"data": [{"wave": HOSTILE, "file": "x.csv", "sha256": "x"}]}
    for run, value in ((EARLY, "x"), (LATE, HOSTILE)):
        tell(file("a", run, **words, parameters={HOSTILE: value}), -0.9)
    cells = [
        cell("branch=A", HOSTILE, EARLY),
        cell("branch=B", HOSTILE, status="refused", message=HOSTILE),
    ]
    file("a/cells/branch=A", EARLY, **words)
    file("a", LAST, **words, comparison=cells)
    index = write_index(reports)
    for path in (index, reports / "a" / "index.html"):
        page = phone(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 360, path
        assert page.locator("img").count() == 0
        assert page.locator("h1, h2 a").last.inner_text()
        assert HOSTILE in page.locator("main").text_content()
        assert axe.run(page).response["violations"] == []


TIMED = """([name, before, after]) => {
  const form = document.getElementById("finder");
  const set = (value) => {
    form.elements[name].value = value;
    form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
    return document.body.offsetHeight; // styles and layout belong to it
  };
  form.reset();
  set(before);
  const began = performance.now();
  set(after);
  return performance.now() - began;
}"""


@pytest.mark.browser
def test_five_hundred_studies_are_searched_filtered_and_sorted_at_once(
    file: File, reports: Path, visit: Visit
) -> None:
    methods = ("SERVQUAL gap analysis", "Driver analysis", "Peak-end analysis")
    sentence = (
        "Reliability falls short of what is expected by −0.82 points (95% interval −0.95 "
    )
    sentence += "to −0.69), more than any other dimension."
    for number in range(500):
        record: dict[str, Any] = {"headline": {"text": sentence, "sure": "clear"}}
        file(
            f"study-{number:03d}",
            EARLY,
            title=f"Where do we fall short in region {number}?",
            method_title=methods[number % 3],
            respondents={"analysed": 100 + number * 7 % 501},
            **(record | (FAILED if number % 50 == 9 else {})),
        )
    index = write_index(reports)
    assert index.stat().st_size < 1_000_000
    page = visit(index, width=1280)
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    shown = page.locator(".study:visible")
    for name, before, value, left in (
        ("search", "", "region 499?", 1),
        ("search", "nowhere", "region", 500),
        ("method", "", "Driver analysis", 167),
        ("status", "", "failed", 10),
        ("status", "failed", "", 500),
        ("sort", "", "answers", 500),
        ("sort", "", "title", 500),
        ("sort", "title", "", 500),
        ("since", "", "2026-11-22", 0),
    ):
        # The fastest of three: what else the machine does at that moment is not the page's.
        took = min(page.evaluate(TIMED, [name, before, value]) for _ in range(3))
        assert shown.count() == left, (name, value)
        assert took < 100, f"{name}={value!r} took {took:.0f} ms"
    page.evaluate(TIMED, ["since", "", ""])
    assert shown.count() == 500
    found = axe.run(page, options={"resultTypes": ["violations"]})
    assert found.response["violations"] == []
