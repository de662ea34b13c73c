"""Hostile text in titles, labels and cells is shown, not run; the page stays whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from cxresearch.errors import CxError
from cxresearch.reports import clean, render_report
from cxresearch.reports.clean import clean_html
from cxresearch.reports.markdown import Outline, render_markdown
from cxresearch.reports.svg import inline_svg

MakeRun = Callable[..., Path]
HOSTILE = [
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "\"'><svg onload=alert(1)>",
    "=cmd|' /C calc'!A0",
    "\u202eright to left\u202c 한국어 🙂 ' \"",
    "x" * 300,
    "]]> --> &amp; &#60;",
]


TAGS = ["p", "h2", "em", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"]
OPENED = [
    *(f"<{tag}>" for tag in TAGS),
    '<table class="dataframe">',
    '<h2 id="a-1">',
    '<th scope="row">',
    '<tr style="text-align: right;">',
    '<p title="a>b">',
    "<em onclick='x'>",
    "<script>",
    "<BR/>",
]
TEXTS = [
    *("a", " \n ", "&amp;", "&lt;", "&#x27;", "&nbsp;", "&#9;", "&#60;", "&", ">", "<", "]]>"),
    *("<!-- x -->", "<![CDATA[<p>]]>", "<?x?>", "\r", "\x00", "\x0c", "\xa0", "\ufeff", "</p>"),
]
WHOLE = [
    "<p>a <em>b</em></p>",
    "<table>\n<thead><tr><th>a</th></tr></thead> <tbody><tr><td>b</td></tr></tbody></table>",
    "<details><summary>a</summary><p>b</p></details>",
]
PAGES = st.recursive(
    st.sampled_from([*TEXTS, *WHOLE]),
    lambda inner: st.builds(
        lambda tag, parts: f"{tag}{''.join(parts)}</{re.findall('[a-zA-Z0-9]+', tag)[0]}>",
        st.sampled_from(OPENED),
        st.lists(inner, max_size=4),
    ),
)


@settings(max_examples=300, deadline=None)
@drawn(st.lists(PAGES, max_size=3).map("".join))
def test_what_is_not_cleaned_is_what_cleaning_leaves_as_it_is(html: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clean, "is_plain", lambda _: False)
        cleaned = clean_html(html, where="c")
    assert clean_html(html, where="c") == cleaned


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_study_labels_and_findings_is_escaped_everywhere(
    make_run: MakeRun, given: Any, text: str
) -> None:
    told = given.finding(text, 9.0, values={"name": text}, term=text, group=text)
    action = given.finding(text, 1.0, topic="action")
    figure = given.figure(label=escape(text), alt_text=text, caption=text)
    folder = make_run(
        figure,
        given.table(text),
        [told, action],
        title=text,
        description=text,
        method_title=text,
        population=text,
        sample=text,
        contact=text,
        study=text,
        parameters={"segments": [text]},
        parameter_help={"segments": text},
        settings={"segments": [text]},
        data=[{"wave": text, "file": text, "sha256": "ab" * 32}],
    )
    html = render_report(folder)
    body = re.sub(r"<(script|style)>.*?</\1>", "", html, flags=re.DOTALL)
    assert "<script" not in body
    assert "onerror=alert" not in re.sub(
        r"&lt;img src=x onerror=alert|<[^>]*aria-label=\"[^\"]*\"[^>]*>", "", body
    )
    assert not re.search(r"<[^>\"]*\son(error|load)=", body)
    assert "49" not in re.findall(r"<h1[^>]*>(.*?)</h1>", html)[0]
    assert escape(text, quote=False) in body.replace("&#34;", '"').replace("&#39;", "'")
    assert html.rstrip().endswith("</html>")
    if text.startswith("="):
        import base64

        data = re.search(r"base64,([A-Za-z0-9+/=]+)", html)
        assert data is not None
        assert f"'{text}" in base64.b64decode(data[1]).decode("utf-8-sig")


def test_html_of_a_cell_is_reduced_to_what_may_be_shown(make_run: MakeRun, given: Any) -> None:
    hostile = (
        "<style>*{display:none}</style>"
        "<table onclick=x><tr><td style='x'>kept</td></tr></table>"
        "<script>alert(1)</script><iframe src='https://evil'></iframe>"
        "<a href='javascript:alert(1)'>link</a><form action='https://evil'><input></form>"
    )
    extra = given.cells(("c", "x", [given.display({"text/html": hostile})]))
    html = render_report(make_run(extra=extra))
    body = re.sub(r"<(script|style)>.*?</\1>", "", html, flags=re.DOTALL)
    assert "<td>kept</td>" in body
    for banned in ("<script", "<iframe", "<form", "javascript:", "display:none", "onclick="):
        assert banned not in body
    assert "&lt;script&gt;alert(1)" in body


def test_javascript_and_unknown_output_is_not_shown(make_run: MakeRun, given: Any) -> None:
    output = given.display({"application/javascript": "alert(1)", "application/x": "y"})
    assert "alert(1)" not in render_report(make_run(extra=given.cells(("c", "x", [output]))))


def test_plain_text_output_is_escaped(make_run: MakeRun, given: Any) -> None:
    output = given.display({"text/plain": "<b>1</b>"})
    html = render_report(make_run(extra=given.cells(("c", "x", [output]))))
    assert "&lt;b&gt;1&lt;/b&gt;</pre>" in html


def markdown(source: str, **options: Any) -> str:
    return render_markdown(source, Outline(), where="cell 1", **options)


def test_markdown_keeps_structure_and_drops_what_runs() -> None:
    html = markdown(
        "## A **b**\n\nH<sub>2</sub>O [doi](https://doi.org/10.1/x) "
        "[bad](javascript:alert(1))\n\n"
        "<b onclick=x>b</b><script>alert(1)</script>\n\n| a |\n|---|\n| 1 |\n"
    )
    assert '<h2 id="a-b">A <strong>b</strong></h2>' in html
    assert "H<sub>2</sub>O" in html
    assert '<a rel="noreferrer" href="https://doi.org/10.1/x">doi</a>' in html
    assert "javascript" not in html
    assert "<b>b</b>&lt;script&gt;" in html
    assert '<div class="scroll plain" tabindex="0"><table>' in html


def test_formulas_stay_readable_without_anything_loaded() -> None:
    html = markdown("Inline $a_1 < b_2$ and\n\n$$\ngap = P - E\n$$\n")
    assert "<math><msub><mi>a</mi><mn>1</mn></msub><mo>&lt;</mo>" in html
    assert '<span class="formula" tabindex="0"><math display="block"><mi>g</mi>' in html
    assert '<code class="math">a &lt; \\nothing</code>' in markdown(r"Unknown: $a < \nothing$.")


def test_formulas_carry_no_address_style_or_script() -> None:
    html = markdown(
        r"$\href{javascript:alert(1)}{x} \style{color:red}{y}$ and \ue0000\ue000 $z$"
    )
    assert "javascript" not in html
    assert "style" not in html
    assert html.count("<math>") == 2


def test_headings_get_their_own_names_and_no_level_is_skipped() -> None:
    outline = Outline()
    html = "".join(
        render_markdown(text, outline, where="c")
        for text in ("# Gaps", "#### Gaps", "## 격차", "## !")
    )
    assert re.findall(r'<h(\d) id="([^"]+)">', html) == [
        ("2", "gaps"),
        ("3", "gaps-2"),
        ("2", "격차"),
        ("2", "section"),
    ]


def test_pictures_in_text_cells_need_a_description() -> None:
    attachments = {"a.png": {"image/png": "aaaa"}}
    shown = markdown("![A plot](attachment:a.png)", attachments=attachments)
    assert 'src="data:image/png;base64,aaaa"' in shown
    assert 'alt="A plot"' in shown
    with pytest.raises(CxError, match="cell 1 shows a picture without alternative text"):
        markdown("![](attachment:a.png)", attachments=attachments)


def test_a_remote_picture_is_not_loaded() -> None:
    assert "https" not in clean_html('<img src="https://x/y.png" alt="far">', where="c")


def test_svg_loses_scripts_events_addresses_and_foreign_elements() -> None:
    svg = inline_svg(
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://x/y.dtd">'
        '<svg xmlns="http://www.w3.org/2000/svg" width="10pt" height="5pt" onload="alert(1)">'
        "<metadata>secret</metadata><style>*{stroke-linecap: butt}</style>"
        '<script>alert(1)</script><foreignObject><b xmlns="http://www.w3.org/1999/xhtml"/>'
        '</foreignObject><a href="javascript:alert(1)"><text>kept?</text></a>'
        '<image href="https://x/y.png" width="3"/><use href="#m"/><path id="m" onclick="x" '
        'd="M 0 0" style="fill: url(https://x)" clip-path="url(#m)"/>'
        "<text>a &lt; b</text></svg>",
        name="f1",
        alt_text='A "b" <c>',
    )
    assert svg == (
        '<svg viewBox="0 0 10 5" role="img" aria-label="A &quot;b&quot; &lt;c&gt;" '
        'style="stroke-linecap: butt"><image width="3"/><use href="#f1-1"/>'
        '<path id="f1-1" d="M0 0" clip-path="url(#f1-1)"/><text>a &lt; b</text></svg>'
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("<svg><g></svg>", "is not well-formed SVG"),
        ("<html/>", "is not SVG but 'html'"),
        ('<!DOCTYPE s [<!ENTITY a "b">]><svg>&a;</svg>', "declares entities"),
    ],
)
def test_what_is_no_svg_is_refused(source: str, message: str) -> None:
    with pytest.raises(CxError, match=message):
        inline_svg(source, name="f", alt_text="x")
