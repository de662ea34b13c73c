"""The report in a browser: nothing leaves the page, all widths and depths, keyboard, print."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cxresearch.reports import write_report

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = [
    pytest.mark.browser,
    # On a user's machine without Chromium these are skipped; in CI they must run.
    pytest.mark.skipif(
        not CHROMIUM and os.environ.get("CI") != "true", reason="no Chromium is installed"
    ),
]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

MakeRun = Callable[..., Path]
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Open]:
    """Return a function that opens a file; afterwards no request and no complaint is left."""
    said: list[str] = []
    contexts: list[Any] = []

    def note_request(request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            said.append(request.url)

    def open_it(path: Path, *, width: int = 1280, hash_: str = "", **options: Any) -> Any:
        size = {"width": width, "height": 800}
        contexts.append(chromium.new_context(viewport=size, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", note_request)
        page.goto(f"file://{path}{hash_}")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def report(make_run: MakeRun, given: Any) -> Path:
    extra = given.cells(
        ("m", "## For analysts\n\nWords.", ["analyst"]),
        ("m", "## For students\n\nWords.", ["student"]),
    )
    values = (given.figure(), given.table("A label of an item " * 9), given.findings)
    return write_report(make_run(*values, extra=extra, description="word" * 60))


def test_the_depth_switch_works_by_mouse_and_keyboard_and_is_kept_in_the_address(
    report: Path, open_page: Open
) -> None:
    page = open_page(report)
    heading = page.locator("#for-analysts")
    assert not heading.is_visible()
    page.get_by_text("Analyst", exact=True).click()
    assert heading.is_visible()
    assert page.url.endswith("#depth=analyst")
    page.keyboard.press("ArrowRight")
    assert page.locator("#for-students").is_visible()
    assert page.url.endswith("#depth=student")


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
    report: Path, open_page: Open, hash_: str, depth: str
) -> None:
    page = open_page(report, hash_=hash_)
    assert page.locator("input:checked").get_attribute("value") == depth


def test_without_javascript_everything_can_be_read(report: Path, open_page: Open) -> None:
    page = open_page(report, java_script_enabled=False)
    page.get_by_text("Student", exact=True).click()
    assert page.locator("#for-students").is_visible()


@pytest.mark.parametrize("depth", ["manager", "analyst", "student"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_but_tables_and_code_scrolls_sideways(
    report: Path, open_page: Open, depth: str, width: int
) -> None:
    page = open_page(report, width=width, hash_=f"#depth={depth}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_layout_of_a_figure_follows_the_width(report: Path, open_page: Open) -> None:
    for width, shown in ((1280, "wide"), (360, "narrow")):
        figure = open_page(report, width=width).locator("figure svg:visible")
        assert figure.get_attribute("class") == shown


def test_text_of_a_figure_is_large_enough_on_a_phone(report: Path, open_page: Open) -> None:
    page = open_page(report, width=360)
    scale = page.evaluate(
        "(() => { const svg = document.querySelector('figure svg.narrow');"
        "return svg.getBoundingClientRect().width / svg.viewBox.baseVal.width; })()"
    )
    assert 12 * scale >= 11


def test_a_table_is_downloaded_as_csv(report: Path, open_page: Open, tmp_path: Path) -> None:
    page = open_page(report, hash_="#depth=analyst", accept_downloads=True)
    with page.expect_download() as waiting:
        page.get_by_text("Download CSV").click()
    assert waiting.value.suggested_filename == "gaps_by_item.csv"
    target = tmp_path / "saved.csv"
    waiting.value.save_as(target)
    assert target.read_bytes().startswith(b"\xef\xbb\xbfitem,gap\n")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(
    report: Path, open_page: Open, scheme: str
) -> None:
    page = open_page(report, hash_="#depth=student", color_scheme=scheme)
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
    report: Path, open_page: Open
) -> None:
    page = open_page(report)
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
