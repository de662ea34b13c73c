"""A result shows itself over its summary, in the words it is given."""

from __future__ import annotations

from cxresearch.peak_end import choice_share
from cxresearch.results import HtmlWords, result_html
from cxresearch.wording import Messages


def test_a_result_shows_itself_in_english_by_default() -> None:
    shown = choice_share(22, 32)._repr_html_()
    assert "<strong>choice</strong>" in shown
    assert "<summary>the analysis as a whole</summary>" in shown


def test_a_result_shows_itself_in_the_words_of_a_report() -> None:
    say = Messages("es").text
    words = HtmlWords(
        title="<strong>elección</strong>",
        more_rows=say("report.result_more_rows"),
        whole=say("report.result_whole"),
    )
    shown = result_html(choice_share(22, 32), words)
    assert "<summary>el análisis en su conjunto</summary>" in shown
    assert "analysis" not in shown
    assert words.more_rows.replace("{left}", "3") == "3 filas más: .tidy()"
