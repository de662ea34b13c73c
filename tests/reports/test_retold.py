"""A result in full is shown in the language of the report."""

from __future__ import annotations

import pandas as pd
import pytest

from cxresearch.peak_end import choice_share, compare_conditions
from cxresearch.reports.retold import retold_result
from cxresearch.results import Result
from cxresearch.wording import Messages


@pytest.fixture(scope="module")
def result() -> Result:
    return choice_share(22, 32)


def test_an_english_report_shows_it_as_the_cell_did(result: Result) -> None:
    shown = result._repr_html_()
    assert retold_result(shown, result.kind, Messages("en")) == shown


def test_a_spanish_report_has_no_english_around_the_numbers(result: Result) -> None:
    told = retold_result(result._repr_html_(), result.kind, Messages("es"))
    assert told.startswith("<p><strong>elección</strong>, n = 32")
    assert "<summary>el análisis en su conjunto</summary>" in told
    assert "the analysis as a whole" not in told


def test_rows_that_are_left_out_are_counted_in_spanish() -> None:
    arms = [f"c{k}" for k in range(8)]
    frame = pd.DataFrame({"memory": range(48), "arm": arms * 6, "person": range(48)})
    found = compare_conditions(
        frame, outcome="memory", condition="arm", participant="person", covariates={}
    )
    shown = found._repr_html_()
    assert "more rows: .tidy()" in shown
    told = retold_result(shown, found.kind, Messages("es"))
    assert "filas más: .tidy()" in told
    assert "more rows" not in told


def test_units_are_named_in_spanish() -> None:
    head = "<p><strong>servqual gaps</strong>, n = 9, in points of the response scale</p>"
    told = retold_result(head, "servqual_gaps", Messages("es"))
    assert told == "<p><strong>brechas</strong>, n = 9, en puntos de la escala de respuesta</p>"
