from __future__ import annotations

import math

import pandas as pd
import pytest

from cxresearch.codebook.model import (
    Battery,
    Codebook,
    Column,
    Item,
    ResponseScale,
    Scale,
)
from cxresearch.psychometrics import ScaleReliabilityResult
from cxresearch.responses.model import Flow, FlowStep, Responses
from cxresearch.shown import DisplayTable
from cxresearch.tables import (
    display_flow,
    display_missing,
    display_quality,
    display_reliability,
)


def battery(name: str = "desk") -> Battery:
    items = (Item(key=1, text="Polite <b>"), Item(key=2, text="Quick"))
    return Battery(
        name=name, scale=ResponseScale(name="agree7", low=1, high=7),
        parts={"expectation": "E{item}", "perception": "P{item}"},
        scales=(Scale(name="staff", label="Staff", items=items),),
    )  # fmt: skip


def responses(*, flow: Flow, batteries: tuple[Battery, ...] = ()) -> Responses:
    columns = (
        Column(name="id", column="ID", role="id", label="Respondent"),
        Column(name="time", column="T", role="duration", label="Minutes"),
    )
    quality = pd.DataFrame(
        {
            "id": ["a", "b", "a", "c"],
            "duplicated_id": [False, False, True, False],
            "duration": [3.5, 8.0, math.nan, 9.0],
            "missing_share_desk": [0.0, 0.25, 0.0, 0.0],
            "longest_string_desk_expectation": [2, 1, 1, 1],
            "longest_string_desk_perception": [1, 1, 1, 1],
            "variability_desk_expectation": [0.0, math.nan, 1.4, 0.7],
            "equal_parts_desk": [True, False, False, False],
            "excluded": ["", "", "duplicated", ""],
        }
    )
    missing = pd.DataFrame(
        {
            "E1": ["", "", ""],
            "P1": ["", "empty", "not_used"],
            "E2": ["", "", ""],
            "P2": [""] * 3,
        }
    )
    return Responses(
        codebook=Codebook(survey="Desk", columns=columns, batteries=batteries),
        frame=pd.DataFrame(index=range(3)), missing=missing, quality=quality, flow=flow,
        sources=(),
    )  # fmt: skip


FLOW = Flow(
    read=412,
    steps=(
        FlowStep(rule="duplicated", detail="column id", excluded=9),
        FlowStep(rule="odd_rule", detail="<x>", excluded=12),
    ),
)


def test_the_flow_goes_from_read_to_analysed() -> None:
    table = display_flow(FLOW)
    assert table.shown.to_numpy().tolist() == [
        ["Answers read", "–", "–", "412"],
        ["Duplicates", "column id", "9", "403"],
        ["Rule odd_rule", "<x>", "12", "391"],
        ["Analysed", "–", "–", "391"],
    ]
    assert table.numeric == ("Left out", "Remaining")
    assert "&lt;x&gt;" in table.to_html()


def test_a_flow_without_exclusions_says_that_nothing_was_left_out() -> None:
    table = display_flow(responses(flow=Flow(read=4)), language="es")
    assert table.notes == ("No se excluyó nada.",)
    assert table.shown.iloc[-1].tolist() == ["Analizadas", "–", "–", "4"]


def test_signs_of_careless_answers_are_counted_over_everyone_read() -> None:
    table = display_quality(responses(flow=FLOW, batteries=(battery(),)))
    shown = table.shown.set_index("Sign")
    assert shown.loc["Id that occurred before"].tolist() == ["1", "25.0%", "–", "–"]
    assert shown.loc["Duration (Minutes)"].tolist() == ["–", "–", "8", "3.5"]
    assert shown.loc["Questions left empty"].tolist() == ["1", "25.0%", "0.0%", "25.0%"]
    runs = shown.loc["Longest run of one answer, expected"]
    assert runs.tolist() == ["1", "25.0%", "1", "2"]
    spread = shown.loc["Spread of the answers, expected"]
    assert spread.tolist() == ["1", "25.0%", "0.70", "0.00"]
    assert shown.loc["Received equal to expected in every item"].tolist()[:2] == ["1", "25.0%"]
    assert len(table.notes) == 3


def test_signs_name_the_battery_where_there_are_several() -> None:
    both = (battery(), battery("other"))
    signs = display_quality(responses(flow=FLOW, batteries=both)).shown["Sign"].tolist()
    assert "Questions left empty (desk)" in signs


def test_a_study_without_batteries_or_answers_has_a_table_too() -> None:
    bare = Responses(
        codebook=Codebook(survey="s"), frame=pd.DataFrame(), missing=pd.DataFrame(),
        quality=pd.DataFrame(), flow=Flow(read=0), sources=(),
    )  # fmt: skip
    assert display_quality(bare).shown.empty
    assert display_missing(bare).shown.empty


def test_missing_answers_are_counted_by_question_and_kind() -> None:
    table = display_missing(responses(flow=FLOW, batteries=(battery(),)))
    assert table.shown.columns.tolist() == [
        "Question", "Item", "Part", "Answered", "Empty", "Not used", "Without answer",
    ]  # fmt: skip
    row = table.shown.set_index("Question").loc["P1"].tolist()
    assert row == ["Polite <b>", "Received", "1", "1", "1", "66.7%"]
    assert table.data["refused"].sum() == 0


def reliability(
    rows: list[dict[str, object]], notes: tuple[str, ...]
) -> ScaleReliabilityResult:
    return ScaleReliabilityResult(
        estimates=pd.DataFrame(rows), n=391, battery="desk", confidence_level=0.9,
        basis="complete cases", notes=notes, n_boot=1000,
    )  # fmt: skip


ALPHA = {
    "term": "staff", "group": "perception", "estimate": 0.8149, "conf_low": 0.75,
    "conf_high": 0.86, "n": 1380.0, "label": "Staff", "alpha_standardized": 0.82,
    "omega": 0.8204,
    "omega_low": 0.76, "omega_high": 0.87, "items": 4, "note": "", "omega_note": "",
}  # fmt: skip


def test_reliability_is_shown_with_interval_and_a_plain_word() -> None:
    nothing = {
        "group": "gap", "estimate": math.nan, "conf_low": math.nan, "conf_high": math.nan,
        "omega": math.nan, "omega_low": math.nan, "omega_high": math.nan,
        "omega_note": "two_items",
    }  # fmt: skip
    table = display_reliability(reliability([ALPHA, ALPHA | nothing], ()))
    assert table.shown.iloc[0].to_dict() == {
        "Dimension": "Staff", "Part": "Received", "Items": "4", "Alpha": ".81",
        "90% interval": ".75 to .86", "Omega": ".82",
        "90% interval of omega": ".76 to .87", "n": "1,380", "Read as": "consistent",
    }  # fmt: skip
    assert table.shown.iloc[1].tolist()[1:7] == ["Gap", "4", "–", "–", "–", "–"]
    assert table.notes[1] == "Interval of alpha: Feldt's. Of omega: 1,000 draws of respondents."
    assert "Two items have no omega." in table.notes
    assert any("A dash" in note for note in table.notes)
    assert any("Gap: alpha of the differences" in note for note in table.notes)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("negative_item_rest:staff:perception:item_3", "Item 3 (Received) runs against"),
        ("omega_undefined:staff:gap:heywood", "Staff, Gap: no omega, an item has no variance"),
        ("omega_undefined:staff:gap:not_converged", "Staff, Gap: one factor cannot be fitted"),
        ("replicates_failed:staff:perception:31", "Staff, Received: omega could not be found"),
        ("something_new:7", "Note: something_new:7"),
    ],
)
def test_notes_of_the_result_are_told(code: str, told: str) -> None:
    table = display_reliability(reliability([ALPHA], (code,)))
    assert any(note.startswith(told) for note in table.notes)


def test_columns_of_sentences_wrap_and_numbers_and_short_names_do_not() -> None:
    shown = pd.DataFrame(
        {
            "Element": ["Sample size"],
            "Planned": ["once the second of the two conditions has been met"],
            "Interval": ["[0.356657, 1.073583] of 1000 draws"],
            "Status": ["as planned"],
        }
    )
    html = DisplayTable(
        name="plan", caption="Plan", shown=shown, data=shown, numeric=("Interval",)
    ).to_html()
    assert '<td class="text wrap">once the second' in html
    assert '<td class="num">[0.356657' in html
    assert '<td class="text">as planned' in html
    assert '<th scope="row" class="text">Sample size' in html
