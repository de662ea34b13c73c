"""The report: complete, in order, harmless, and nothing in it that is loaded from elsewhere."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cxresearch.errors import CxError
from cxresearch.reports import render_report, write_report

MakeRun = Callable[..., Path]
VOID = {"meta", "input", "img", "br", "hr", "link", "col"}


class Page(HTMLParser):
    """Elements of a page in order, and whether they are nested as they should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "li", "dt", "dd") and self.open[-1] != tag:
            return
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script", "title"):
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


@pytest.fixture
def html(make_run: MakeRun, given: Any) -> str:
    return render_report(make_run(given.figure(), given.table(), given.findings))


@pytest.fixture
def page(html: str) -> Page:
    return Page(html)


def test_the_first_screen_answers_what_was_asked_found_to_do_and_how_good(page: Page) -> None:
    order = [
        "SERVQUAL gap analysis",
        "391 answers",
        "by Quality team",
        "filed 2026-11-21",
        "Where do our branches fall short?",
        "What we found",
        "Reliability falls short by −0.82.",
        "how sure: clear",
        "Responsiveness falls short",
        "What to do first",
        "Begin with promises",
        "How good are the data",
        "412 answered, 391 analysed.",
        "Customers of September 2026",
        "Answers are consistent.",
        "Gap is received minus expected.",
        "Part 1",
        "Means of 391 customers.",
        "How the data were treated",
        "412 answers read → 9 duplicates, 12 straight-liners → 391 analysed",
        "Every 20th visitor",
        "412 < 500",
        "Parameters",
        "Level of every interval",
        "Provenance",
        "20261121T174210Z-3f9ac",
        "cxresearch run bank-branches --set level=0.9",
        "cxresearch report bank-branches 20261121T174210Z-3f9ac",
    ]
    text, place = page.words, 0
    for part in order:
        assert part in text[place:], f"{part!r} is missing or out of order"
        place = text.index(part, place) + len(part)


def test_the_thing_a_finding_is_about_is_bold_and_its_interval_is_drawn(html: str) -> None:
    assert "<b>Reliability</b> falls short" in html
    sparks = re.findall(r'<svg class="spark".*?</svg>', html)
    assert len(sparks) == 2
    first = [float(value) for value in re.findall(r'c?x[12]?="([\d.]+)"', sparks[0])]
    zero, _, low, high, estimate = first
    assert (low, zero) == (10.0, 190.0)
    assert low < estimate < high < zero


def test_nothing_is_loaded_from_anywhere(html: str, page: Page) -> None:
    for tag, attributes in page.elements:
        for key in ("src", "srcset", "action", "poster", "data"):
            assert attributes.get(key, "data:").startswith("data:"), (tag, attributes)
        if tag != "a":
            assert attributes.get("href", "#").startswith("#"), (tag, attributes)
        assert tag not in ("link", "iframe", "object", "embed", "base")
    style = "".join(re.findall(r"<style>(.*?)</style>", html, re.DOTALL))
    assert "@import" not in style
    assert "http" not in re.sub(r'\[href\^="http"\]', "", style)
    assert re.findall(r"url\((?!#)", html) == []


def test_the_policy_forbids_the_network_and_allows_this_script_only(
    html: str, page: Page
) -> None:
    (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv")]
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert not any(key.startswith("on") for _, attrs in page.elements for key in attrs)


def test_elements_are_nested_and_ids_and_headings_are_in_order(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert sorted(ids) == sorted(set(ids))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    targets = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert set(targets) <= set(ids)
    labelled = [a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a]
    assert set(labelled) <= set(ids)
    assert page.all("html") == [{"lang": "en"}]
    assert page.elements[-1][0] == "script"


def test_a_figure_is_inline_in_both_layouts_with_its_alternative_text(page: Page) -> None:
    figures = [a for a in page.all("svg") if a.get("role") == "img"]
    assert [a["class"] for a in figures] == ["wide", "narrow"]
    assert {a["aria-label"] for a in figures} == {"The widest gap is reliability, −0.82."}
    assert {a["viewbox"] for a in figures} == {"0 0 720 90", "0 0 360 90"}


def test_a_table_scrolls_by_itself_and_can_be_downloaded_in_full(page: Page) -> None:
    (link,) = [a for a in page.all("a") if "download" in a]
    assert link["download"] == "gaps_by_item.csv"
    csv = base64.b64decode(link["href"].partition("base64,")[2]).decode("utf-8-sig")
    assert csv == "item,gap\nReliability,-0.8200000000000001\n"
    regions = [a for a in page.all("div") if a.get("class") == "scroll"]
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in regions)


def test_code_is_there_for_students_and_folded(html: str) -> None:
    folds = re.findall(
        r'<div class="method student"><details class="code">.*?</details>', html, re.DOTALL
    )
    assert any("record" in fold and "value_1" in fold for fold in folds)
    assert "study_name: str" not in html


@pytest.mark.parametrize("depth", ["manager", "analyst", "student"])
def test_tags_of_cells_decide_the_depth(make_run: MakeRun, given: Any, depth: str) -> None:
    extra = given.cells(("m", "## Deep\n\nWords for some.", [depth]))
    html = render_report(make_run(extra=extra))
    (classes,) = re.findall(r'<section class="step (\w+)"[^>]* aria-labelledby="deep"', html)
    assert classes == depth


def test_a_text_for_analysts_does_not_hide_what_managers_are_shown(
    make_run: MakeRun, given: Any
) -> None:
    extra = given.cells(
        ("m", "## For all\n\nShort.", ["manager"]),
        ("m", "Long.", ["analyst"]),
        ("c", "x", [given.display({"text/plain": "told"})], ["manager"]),
    )
    html = render_report(make_run(extra=extra))
    (section,) = re.findall(
        r'<section class="step (?:(?!</section>).)*Long.*?</section>', html, re.S
    )
    assert section.startswith('<section class="step manager"')
    assert '<div class="prose analyst"><p>Long.</p>' in section
    assert re.search(r'<div class="\w+ manager">(?:(?!</div>).)*told', section, re.S)


def test_a_bare_heading_shows_only_where_something_stands_under_it(
    make_run: MakeRun, given: Any
) -> None:
    text = given.display({"text/plain": "told"})
    extra = given.cells(
        ("m", "## For analysts below", ["manager"]),
        ("c", "x", [text], ["analyst"]),
        ("m", "## Nothing below", ["manager"]),
        ("c", "record(None)", (), ["manager"]),
        ("m", "## Nothing at all", ["manager"]),
    )
    html = render_report(make_run(extra=extra))
    assert re.search(r'class="step analyst" aria-labelledby="for-analysts-below"', html)
    assert re.search(r'class="step student" aria-labelledby="nothing-below"', html)
    assert "Nothing at all" not in html


def test_a_step_that_has_nothing_to_show_says_so(make_run: MakeRun, given: Any) -> None:
    text = given.display({"text/plain": "told"})
    extra = given.cells(
        ("m", "## Looks\n\nAt each look.", ["analyst"]),
        ("c", "record(cx.display_sequential(interim))", (), ["analyst"]),
        ("m", "## Read\n\nTwo tables.", ["analyst"]),
        ("c", "record(flow)", (), ["analyst"]),
        ("m", "## Shown\n\nThis one.", ["analyst"]),
        ("c", "record(cx.plot_looks(interim))", [text], ["analyst"]),
    )
    html = render_report(make_run(extra=extra))
    parts = {
        name: re.search(
            rf'<section class="step [^>]*aria-labelledby="{name}".*?</section>', html, re.S
        )
        for name in ("looks", "read", "shown")
    }
    said = {name: "nothing to show here" in part[0] for name, part in parts.items()}
    assert said == {"looks": True, "read": False, "shown": False}
    assert parts["looks"][0].startswith('<section class="step student"')


def test_cells_about_the_data_stand_in_their_own_chapter(html: str) -> None:
    assert html.index('id="treated"') < html.index('<h3 id="study-and-answers">')
    assert html.index('<h2 id="part-3">') < html.index('id="treated"')


def test_what_was_recorded_without_being_shown_is_not_lost(
    make_run: MakeRun, given: Any
) -> None:
    folder = make_run(given.figure())
    from cxresearch.record import Recorder

    Recorder(folder)(given.figure("silent", label="Quietly kept"))
    assert "Quietly kept" in render_report(folder)


def test_a_result_is_folded_and_names_its_file(make_run: MakeRun, given: Any) -> None:
    folder = make_run()
    listing = folder / "outputs.json"
    entry = {"kind": "result", "name": "gaps", "file": "results/gaps.json", "result": "gaps"}
    listing.write_text(json.dumps({"schema": 1, "outputs": [entry]}), encoding="utf-8")
    mark = {"application/vnd.cxresearch.output+json": {"kind": "result", "name": "gaps"}}
    output = given.display({**mark, "text/html": "<table><tr><td>0.1</td></tr></table>"})
    import nbformat

    book = nbformat.read(folder / "executed.ipynb", as_version=4)
    book.cells += given.cells(("c", "record(gaps)", [output]))
    nbformat.write(book, folder / "executed.ipynb")
    html = render_report(folder)
    assert re.search(r'<details class="fold analyst"><summary>Results in full: gaps', html)
    assert "<code>results/gaps.json</code>" in html


def test_parameters_that_differ_from_the_template_are_marked(html: str) -> None:
    rows = re.findall(r"<tr><th.*?<code>(\w+)</code>.*?</tr>", html)
    marked = re.findall(r"<code>(\w+)</code></th><td[^>]*>[^<]* <span class=\"mark\">", html)
    assert {"level", "segments"} <= set(rows)
    assert marked == ["level"]


def test_a_report_is_small_and_rendering_twice_gives_the_same(
    make_run: MakeRun, given: Any
) -> None:
    folder = make_run(given.figure(), given.table(), given.findings)
    first = write_report(folder).read_bytes()
    assert write_report(folder).read_bytes() == first
    assert len(first) < 60_000


def test_headings_labels_and_findings_follow_the_language(
    make_run: MakeRun, given: Any
) -> None:
    values = {"read": 412, "analysed": 391}
    told = given.finding("412 respondieron, 391 se analizan.", 1.0, values=values)
    told = dataclasses.replace(told, message="quality.flow")
    folder = make_run([told], language="es-MX")
    html = render_report(folder)
    assert '<html lang="es">' in html
    assert "Qué hemos encontrado" in html
    again = render_report(folder, language="en")
    assert '<html lang="en">' in again
    assert "What we found" in again
    assert "412 answered, 391 analysed.</th>" in again


def test_a_verdict_on_the_data_is_marked_by_what_it_says(make_run: MakeRun, given: Any) -> None:
    told = [
        dataclasses.replace(
            given.finding(f"Verdict {message}.", 1.0, topic="quality"),
            message=f"quality.{message}",
        )
        for message in ("reliability_consistent", "reliability_weak", "missing", "flow")
    ]
    box = (
        render_report(make_run(told))
        .partition('<ul class="verdicts">')[2]
        .partition("</ul>")[0]
    )
    assert re.findall(r'<li dir="auto" class="(\w+)">Verdict (\w+)\.', box) == [
        ("caution", "reliability_weak"),
        ("good", "reliability_consistent"),
        ("plain", "missing"),
    ]


def test_more_than_five_findings_are_behind_a_fold(make_run: MakeRun, given: Any) -> None:
    told = [given.finding(f"Finding number {n}.", n) for n in range(1, 9)]
    html = render_report(make_run(told))
    first, _, rest = html.partition("<summary>3 more findings</summary>")
    assert "Finding number 8." in first
    assert "Finding number 3." not in first
    assert "Finding number 3." in rest


def test_a_failed_run_gets_a_page_with_what_failed_and_what_was_recorded(
    make_run: MakeRun, given: Any
) -> None:
    error = {
        "cell": 7,
        "of": 9,
        "step": "Gaps & more",
        "message": "EstimationError: <no> variance",
        "source": "gaps = f('<b>')",
        "traceback": "Traceback: <here>",
    }
    unlabelled = given.display({"image/png": "aaaa"})
    extra = given.cells(("c", "plot()", [unlabelled]))
    folder = make_run(
        given.figure(), extra=extra, status="failed", error=error, respondents=None
    )
    page = Page(render_report(folder))
    assert "This run failed" in page.words
    assert "The step “Gaps & more” stopped: EstimationError: <no> variance" in page.words
    assert "gaps = f('<b>')" in page.words
    assert "Means of 391 customers." in page.words
    assert page.all("img") == []


def test_a_run_whose_kernel_never_started_gets_a_page(make_run: MakeRun) -> None:
    folder = make_run(status="failed", error={"step": "", "message": "no kernel"})
    (folder / "executed.ipynb").unlink()
    (folder / "outputs.json").unlink()
    assert (
        "The run stopped before its first step: no kernel" in Page(render_report(folder)).words
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", None, "run.json of 20261121T174210Z-3f9ac cannot be read"),
        ("run.json", "{", "run.json of 20261121T174210Z-3f9ac cannot be read"),
        ("run.json", "[]", "is not a record"),
        ("figures/gaps.svg", None, "figures/gaps.svg of run .* cannot be read"),
        ("executed.ipynb", "{", "executed.ipynb of run .* cannot be read"),
        (
            "executed.ipynb",
            '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}',
            "executed.ipynb of run .* cannot be read",
        ),
    ],
)
def test_a_damaged_run_folder_is_named(
    make_run: MakeRun, given: Any, name: str, content: str | None, message: str
) -> None:
    folder = make_run(given.figure())
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(CxError, match=message):
        render_report(folder)


def test_a_listing_that_points_out_of_the_folder_is_refused(
    make_run: MakeRun, given: Any
) -> None:
    folder = make_run(given.figure())
    listing = folder / "outputs.json"
    text = listing.read_text(encoding="utf-8").replace("figures/gaps.svg", "../../../secret")
    listing.write_text(text, encoding="utf-8")
    with pytest.raises(CxError, match="outside the run folder"):
        render_report(folder)


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg", "image/svg+xml"])
def test_a_picture_without_alternative_text_fails_the_build_and_names_the_cell(
    make_run: MakeRun, given: Any, kind: str
) -> None:
    extra = given.cells(("c", "plt.show()", [given.display({kind: "aaaa"})]))
    with pytest.raises(CxError, match="cell 3 shows a picture without alternative text"):
        render_report(make_run(extra=extra))


def test_a_picture_with_alternative_text_is_embedded(make_run: MakeRun, given: Any) -> None:
    alt = {"image/png": {"alt": 'A "plot" <of> gaps'}}
    extra = given.cells(("c", "plt.show()", [given.display({"image/png": "aa\naa"}, **alt)]))
    (image,) = Page(render_report(make_run(extra=extra))).all("img")
    assert image == {"src": "data:image/png;base64,aaaa", "alt": 'A "plot" <of> gaps'}


def test_a_recorded_figure_whose_text_was_lost_fails_the_build(
    make_run: MakeRun, given: Any
) -> None:
    folder = make_run(given.figure())
    listing = folder / "outputs.json"
    payload = json.loads(listing.read_text(encoding="utf-8"))
    payload["outputs"][0]["alt_text"] = " "
    listing.write_text(json.dumps(payload), encoding="utf-8")
    with pytest.raises(CxError, match="figure 'gaps' has no alternative text"):
        render_report(folder)


def test_figures_find_every_colour_they_name_in_the_page_light_and_dark() -> None:
    from cxresearch.plots.palette import css_variables
    from cxresearch.reports import page_file

    light, dark = page_file("report.css").split("@media (prefers-color-scheme:dark)")[:2]
    for dark_page, style in ((False, light), (True, dark.partition("}")[0])):
        for declaration in css_variables(dark=dark_page).split(";"):
            name, _, colour = declaration.partition(":")
            value = re.findall(rf"{name}:(#\w+)", style)[0]
            assert {colour, value} in ({colour}, {"#fff", "#ffffff"}), name
