"""A result as its cell showed it, in the words of the report."""

from __future__ import annotations

import re
from html import escape, unescape

from cxresearch.results import WHOLE
from cxresearch.wording import Messages

_HEAD = re.compile(r"^<p><strong>(.*?)</strong>(, n = [^<,]*)?(?:, in ([^<]*))?</p>")
_MORE = re.compile(r"<p>(\d+) more rows?: \.tidy\(\)</p>")
_NO_WORD = re.compile(r"\W+", re.ASCII)


def retold_result(html: str, kind: str, messages: Messages) -> str:
    """Return what `Result._repr_html_` made, in the language of the report.

    Headings of columns stay: they are names of the package's tables.

    Examples
    --------
    >>> shown = "<p><strong>mixed model</strong>, n = 40</p>"
    >>> retold_result(shown, "mixed_model", Messages("es"))
    '<p><strong>modelo mixto</strong>, n = 40</p>'
    """
    if messages.language == "en":
        return html
    say = messages.text

    def head(found: re.Match[str]) -> str:
        known = f"analysis_plan.kind.{kind}"
        name = escape(say(known) if messages.has(known) else kind)
        unit = unescape(found[3] or "")
        told = f"report.result_unit.{_NO_WORD.sub('_', unit)}"
        in_unit = escape(say(told)) if unit and messages.has(told) else ""
        return f"<p><strong>{name}</strong>{found[2] or ''}{in_unit}</p>"

    def more(found: re.Match[str]) -> str:
        key = "result_more_row" if found[1] == "1" else "result_more_rows"
        return f"<p>{escape(say(f'report.{key}').replace('{left}', found[1]))}</p>"

    retold = _MORE.sub(more, _HEAD.sub(head, html, count=1), count=1)
    return retold.replace(
        f"<summary>{WHOLE}</summary>",
        f"<summary>{escape(say('report.result_whole'))}</summary>",
    )
