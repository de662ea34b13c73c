from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from cxresearch.codebook import Codebook, load_codebook
from cxresearch.errors import CodebookError, CxError

Load = Callable[..., Codebook]

SHORT = """
survey: Short
response_scales: {agree5: {range: [1, 5]}}
batteries: {q: {scale: agree5, column: "Q{item}", dimensions: {all_items: DIMENSION}}}
"""


def test_a_battery_gives_the_columns_of_each_part(load: Load, good: str) -> None:
    battery = load(good).find_battery("servqual")
    assert battery.columns("expectation", "tangibles") == ["E01", "E02", "E03"]
    assert battery.columns("perception", "empathy") == ["P07", "P08", "P09", "P10"]
    assert [battery.points_column(scale) for scale in battery.scales] == [
        "imp_tangibles", "imp_reliability", "imp_empathy",
    ]  # fmt: skip


def test_a_column_pattern_alone_is_the_part_rating(load: Load, good: str) -> None:
    battery = load(good).find_battery("waiting")
    assert battery.parts == {"rating": "q_{item}"}
    assert battery.columns("rating") == ["q_phone", "q_counter"]
    assert [item.text for item in battery.items] == ["Phone", "Counter"]


def test_items_listed_as_reverse_keyed_are_so_and_no_others(load: Load, good: str) -> None:
    items = load(good).find_battery("servqual").items
    assert [item.key for item in items if item.reverse_keyed] == [2, 5, 6]


def test_items_without_text_are_called_by_their_number(load: Load, good: str) -> None:
    items = load(good).find_battery("servqual").find_scale("reliability").items
    assert [item.text for item in items] == ["Item 4", "Item 5", "Item 6"]


def test_names_become_labels_where_none_is_written(load: Load, good: str) -> None:
    codebook = load(good)
    assert [scale.label for scale in codebook.find_battery("servqual").scales] == [
        "Tangibles", "Reliability", "Care",
    ]  # fmt: skip
    assert codebook.find_battery("waiting").scales[0].label == "All items"
    assert codebook.find_column("respondent").label == "Respondent"


def test_a_column_is_known_by_its_name_and_by_its_name_in_the_file(
    load: Load, good: str
) -> None:
    codebook = load(good)
    assert codebook.find_column("respondent").column == "RespID"
    assert codebook.find_column("email").column == "email"
    assert codebook.find_column("osat").scale is codebook.response_scales[0]


def test_missing_codes_keep_their_kind_and_are_refused_where_none_is_given(
    load: Load, good: str
) -> None:
    scale = load(good).response_scales[0]
    assert [(code.value, code.label, code.kind) for code in scale.missing] == [
        (98, "Did not use", "not_used"),
        (99, "Do not know", "refused"),
    ]


def test_scales_keep_range_anchors_and_whether_fractions_are_answers(
    load: Load, good: str
) -> None:
    agree, points = load(good).response_scales
    assert (agree.low, agree.high, agree.whole, agree.points) == (1, 7, True, 7)
    assert [(code.value, code.label) for code in agree.anchors] == [
        (1, "Strongly disagree"),
        (7, "Strongly agree"),
    ]
    assert (points.low, points.high, points.whole) == (0, 100, False)


def test_codes_keep_their_type(load: Load) -> None:
    codes = '{1: One, "02": Two, 2.5: Half, b: B}'
    text = f"survey: x\ncolumns:\n  a: {{role: segment, values: {codes}}}\n"
    values = load(text).find_column("a").values
    assert [code.value for code in values] == [1, "02", 2.5, "b"]


def test_texts_are_given_in_the_language_asked_for_and_else_in_that_of_the_codebook(
    load: Load,
    good: str,
) -> None:
    assert load(good, language="es-MX").find_column("branch").label == "Tipo de sucursal"
    spanish = load(good, language="es")
    assert spanish.language == "es"
    assert spanish.find_column("branch").label == "Tipo de sucursal"
    assert [item.text for item in spanish.find_battery("servqual").items[1:3]] == [
        "Appealing premises", "Personal",
    ]  # fmt: skip
    assert load(good).find_column("branch").label == "Kind of branch"


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        ("1-3", [1, 2, 3]),
        ('"1-3, 5"', [1, 2, 3, 5]),
        ("[1, 3-4]", [1, 3, 4]),
        ("4", [4]),
        ("{1: a, wait: b}", [1, "wait"]),
        ("{label: All, items: 1-2}", [1, 2]),
        ("{items: {1: a}}", [1]),
        ("{label: {en: All, es: Todo}, items: [wait]}", ["wait"]),
    ],
)
def test_dimensions_may_be_written_in_short_forms(
    load: Load, form: str, keys: list[int | str]
) -> None:
    battery = load(SHORT.replace("DIMENSION", form)).find_battery()
    assert [item.key for item in battery.items] == keys


def test_the_file_is_identified_by_name_hash_and_lines(
    load: Load, good: str, tmp_path: Path
) -> None:
    codebook = load(good)
    assert codebook.path == "codebook.yaml"
    assert (
        codebook.sha256 == hashlib.sha256((tmp_path / "codebook.yaml").read_bytes()).hexdigest()
    )
    assert codebook.find_column("osat").line == 18
    assert codebook.lines["batteries.servqual"] == codebook.find_battery("servqual").line == 22
    assert load(good, name="../shared/codebook.yaml").path == "../shared/codebook.yaml"


def test_a_codebook_is_frozen(load: Load, good: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="survey"):
        load(good).survey = "another"  # type: ignore[misc]


def test_a_codebook_shows_itself_with_every_text_escaped(load: Load, good: str) -> None:
    shown = load(good.replace("Overall satisfaction", "<b>Overall"))._repr_html_()
    assert "&lt;b&gt;Overall" in shown
    assert "10 items in 3 dimensions" in shown


def test_sections_may_be_left_empty(load: Load) -> None:
    codebook = load("survey: x\nresponse_scales:\nbatteries:\ncolumns:\n  a: {role: id}\n")
    assert codebook.batteries == codebook.response_scales == ()


def test_asking_for_what_is_not_there_names_what_is(load: Load, good: str) -> None:
    codebook = load(good)
    with pytest.raises(CxError, match=r"battery must be one of 'servqual', 'waiting'"):
        codebook.find_battery("servqal")
    with pytest.raises(CxError, match="name the battery: the codebook has"):
        codebook.find_battery()


def test_a_codebook_that_is_not_there_is_an_error_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match=r"no folder .*nowhere"):
        load_codebook(tmp_path / "nowhere" / "codebook.yaml")
