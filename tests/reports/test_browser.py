"""The report in a browser: nothing leaves the page, all widths and depths, keyboard, print."""

from __future__ import annotations

import base64
import io
import re
import threading
from collections.abc import Callable, Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxresearch.catalogue import catalogue_server, write_index
from cxresearch.reports import render_report, write_report
from cxresearch.reports.comparison import CHANGES, Comparison

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect  # waits: a page answers in its own time
pytestmark = pytest.mark.browser

MakeRun = Callable[..., Path]
Visit = Callable[..., Any]


@pytest.fixture
def report(make_run: MakeRun, given: Any) -> Path:
    extra = given.cells(
        ("m", "## For analysts\n\nWords.", ["analyst"]),
        ("m", "## For students\n\nWords.", ["student"]),
    )
    values = (given.figure(), given.table("A label of an item " * 9), given.findings)
    return write_report(make_run(*values, extra=extra, description="word" * 60))


def test_the_depth_switch_works_by_mouse_and_keyboard_and_is_kept_in_the_address(
    report: Path, visit: Visit
) -> None:
    page = visit(report)
    heading = page.locator("#for-analysts")
    expect(heading).to_be_hidden()
    page.get_by_text("Analyst", exact=True).click()
    expect(heading).to_be_visible()
    expect(page).to_have_url(re.compile("#depth=analyst$"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#for-students")).to_be_visible()
    expect(page).to_have_url(re.compile("#depth=student$"))


@pytest.mark.parametrize(
    ("hash_", "depth"),
    [
        ("", "manager"),
        ("#depth=student", "student"),
        ("#for-analysts", "analyst"),
        ("#depth=no", "manager"),
    ],
)
def test_a_link_opens_at_the_depth_it_needs(
    report: Path, visit: Visit, hash_: str, depth: str
) -> None:
    page = visit(report, hash_=hash_)
    expect(page.locator("input:checked")).to_have_attribute("value", depth)


def test_without_javascript_everything_can_be_read(report: Path, visit: Visit) -> None:
    page = visit(report, java_script_enabled=False)
    page.get_by_text("Student", exact=True).click()
    expect(page.locator("#for-students")).to_be_visible()


@pytest.mark.parametrize("depth", ["manager", "analyst", "student"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_but_tables_and_code_scrolls_sideways(
    report: Path, visit: Visit, depth: str, width: int
) -> None:
    page = visit(report, width=width, hash_=f"#depth={depth}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_layout_of_a_figure_follows_the_width(report: Path, visit: Visit) -> None:
    for width, shown in ((1280, "wide"), (360, "narrow")):
        figure = visit(report, width=width).locator("figure svg:visible")
        assert figure.get_attribute("class") == shown


def test_text_of_a_figure_is_large_enough_on_a_phone(report: Path, visit: Visit) -> None:
    page = visit(report, width=360)
    scale = page.evaluate(
        "(() => { const svg = document.querySelector('figure svg.narrow');"
        "return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width; })()"
    )
    assert 12 * scale >= 11


def test_a_table_is_downloaded_as_csv(report: Path, visit: Visit, tmp_path: Path) -> None:
    page = visit(report, hash_="#depth=analyst", accept_downloads=True)
    with page.expect_download() as waiting:
        page.get_by_text("Download CSV").click()
    assert waiting.value.suggested_filename == "gaps_by_item.csv"
    target = tmp_path / "saved.csv"
    waiting.value.save_as(target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbfitem,gap\n")


SENTENCE = 'Staff <b>&amp; "quotes"</b> {{x}} \u202eעברית\u202c 🙂: t(597) = −0.44, p = .661'


NO_CLIPBOARD = (
    "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
)


@pytest.fixture
def sentences(make_run: MakeRun, given: Any) -> Path:
    extra = given.cells(("m", "## For analysts\n\nWords.", ["analyst"]))
    values = (given.table(SENTENCE, "apa_gaps"), given.table("Plain"))
    return write_report(make_run(*values, extra=extra))


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
@pytest.mark.parametrize("clipboard", ["new", "old"])
def test_a_sentence_in_apa_style_is_copied_as_it_stands_and_that_is_told(
    sentences: Path, visit: Visit, by: str, clipboard: str
) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    page = visit(sentences, width=360, permissions=allowed)
    if clipboard == "old":  # as where a page is served over plain HTTP
        page.evaluate(NO_CLIPBOARD)
    button = page.get_by_role("button")
    assert button.count() == 1  # none in a table that is not in APA style
    status = page.get_by_role("status")
    assert status.inner_text() == ""
    if by == "mouse":
        button.click()
    else:
        button.focus()
        page.keyboard.press("Enter")
    expect(status).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == SENTENCE
    assert page.evaluate("document.activeElement.className") == "copy"
    expect(button).to_have_text("Copy", timeout=5000)


def test_a_sentence_that_cannot_be_copied_is_selected(sentences: Path, visit: Visit) -> None:
    page = visit(sentences)
    page.evaluate(NO_CLIPBOARD)
    page.evaluate("() => { document.execCommand = () => false; }")
    page.get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("Not copied")
    assert page.evaluate("getSelection().toString()") == SENTENCE


def test_without_javascript_or_on_paper_there_is_no_button(
    sentences: Path, visit: Visit
) -> None:
    assert visit(sentences, java_script_enabled=False).locator("button").count() == 0
    page = visit(sentences)
    page.emulate_media(media="print")
    assert page.locator("button:visible").count() == 0


def test_a_long_caption_is_whole_on_a_phone_and_stays_when_the_table_is_scrolled(
    make_run: MakeRun, given: Any, visit: Visit
) -> None:
    table = given.table()
    object.__setattr__(table, "caption", "Which words of a caption are seen " * 6)
    page = visit(write_report(make_run(table)), width=360)
    place = "(() => { const b = document.querySelector('caption').getBoundingClientRect();"
    place += " return [b.left, b.right]; })()"
    before = page.evaluate(place)
    assert 0 <= before[0] < before[1] <= 360
    page.evaluate("document.querySelector('.scroll').scrollLeft = 150")
    assert page.evaluate("document.querySelector('.scroll').scrollLeft") == 150
    assert page.evaluate(place) == before


@pytest.fixture
def served(report: Path) -> Iterator[str]:
    reports = report.parents[2]
    write_index(reports)
    server = catalogue_server(reports)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{report.relative_to(reports)}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_served_report_works_under_the_policy_of_the_server(
    served: str, visit: Visit, tmp_path: Path
) -> None:
    page = visit(served, accept_downloads=True)
    page.get_by_text("Analyst", exact=True).click()
    expect(page.locator("#for-analysts")).to_be_visible()
    expect(page).to_have_url(f"{served}#depth=analyst")
    with page.expect_download() as waiting:
        page.get_by_text("Download CSV").click()
    waiting.value.save_as(tmp_path / "saved.csv")
    assert (tmp_path / "saved.csv").read_bytes().startswith(b"\xef\xbb\xbfitem,gap\n")
    page.goto(served.partition("/bank-branches/")[0])
    page.get_by_role("searchbox").fill("nowhere")
    expect(page.get_by_text("No study matches.")).to_be_visible()


HOSTILE = (
    "=<img src=x onerror=alert(1)>\"'&{{7*7}} +cmd|'/C calc'!A0 \u202eעברית\u202c 🙂 한국어 "
    + "m" * 300
)


@pytest.fixture
def compared(make_run: MakeRun, given: Any) -> Path:
    """A page of comparison whose every text is hostile."""
    rows = [
        (result, HOSTILE, HOSTILE, 1 / 3, 2 / 3, change, low, high, 391, 402, 0.95)
        for result, change, low, high in (
            ("servqual_gaps", 1 / 3, 0.1, 0.6),
            ("zone", 1 / 7, -0.1, 0.4),
            (HOSTILE, 1 / 3, 0.1, 0.6),
        )
    ]
    folder = make_run(given.findings)
    earlier = {**given.record, "run": HOSTILE, "title": HOSTILE, "data": [{"wave": HOSTILE}]}
    since = Comparison(
        earlier=earlier,
        later=given.record,
        changes=pd.DataFrame(rows, columns=list(CHANGES)),
        parameters=((HOSTILE, [HOSTILE], HOSTILE),),
        data=((HOSTILE, HOSTILE),),
    )
    page = folder.parent / "since.html"
    page.write_text(render_report(folder, since=since, base="x/"), encoding="utf-8")
    return page


def test_each_table_of_changes_has_its_own_file_at_full_precision(compared: Path) -> None:
    html = compared.read_text(encoding="utf-8")
    found = re.findall(r'download="([^"]+)" href="data:[^,]*,([^"]+)"', html)
    names = [unescape(name) for name, _ in found]
    assert names[:3] == [
        "changes_clearest.csv",
        "changes_servqual_gaps.csv",
        "changes_zone.csv",
    ]
    assert len(set(names)) == len(names) == 4
    assert all(re.fullmatch(r"\w{1,80}\.csv", name) for name in names)
    texts = [base64.b64decode(data).decode("utf-8-sig") for _, data in found]
    assert texts[2].splitlines()[0] == ",".join(CHANGES)
    assert f",{1 / 7!r},-0.1,0.4,391,402,0.95" in texts[2]
    for text in texts:
        frame = pd.read_csv(io.StringIO(text))
        assert frame["term"].tolist() == [f"'{HOSTILE}"] * len(frame)
        assert frame["earlier"].tolist() == [1 / 3] * len(frame)


def test_a_comparison_of_hostile_texts_is_whole_on_a_phone(
    compared: Path, visit: Visit, tmp_path: Path
) -> None:
    page = visit(compared, width=360, hash_="#depth=analyst", accept_downloads=True)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("img").count() == 0
    assert HOSTILE in page.locator("#changes").text_content()
    assert page.locator(".changes table:visible").count() == 4
    assert escape(HOSTILE) in compared.read_text(encoding="utf-8")
    with page.expect_download() as waiting:
        page.locator("a[download='changes_zone.csv']").click()
    assert waiting.value.suggested_filename == "changes_zone.csv"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(
    report: Path, visit: Visit, scheme: str
) -> None:
    page = visit(report, hash_="#depth=student", color_scheme=scheme)
    pairs = page.evaluate(
        """() => [...document.querySelectorAll(
          'h1,h2,p,td,th,a,dt,dd,summary,label,figcaption,code')]
        .filter((e) => e.offsetParent && e.innerText.trim()).map((e) => {
          let back = e;
          while (back && /, 0\\)$|transparent/.test(getComputedStyle(back).backgroundColor))
            back = back.parentElement;
          return [getComputedStyle(e).color,
                  getComputedStyle(back || document.body).backgroundColor,
                  e.innerText.slice(0, 30)];
        })"""
    )
    assert len(pairs) > 30
    faint = [(text, fore, back) for fore, back, text in pairs if contrast(fore, back) < 4.5]
    assert faint == []


def test_the_printed_page_leaves_out_what_only_works_on_a_screen(
    report: Path, visit: Visit
) -> None:
    page = visit(report)
    page.emulate_media(media="print")
    for gone in (".depth", ".tools", ".contents"):
        assert page.locator(f"{gone}:visible").count() == 0
    pdf = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) <= 2


def contrast(first: str, second: str) -> float:
    """WCAG contrast of two CSS colours."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    numbers = [float(number) for number in re.findall(r"[\d.]+", colour)][:3]
    if colour.startswith("color(srgb"):
        numbers = [number * 255 for number in numbers]
    parts = [n / 255 for n in numbers]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
