from __future__ import annotations

import math
from types import ModuleType

import pandas as pd
import pytest

from cxresearch.codebook.model import Codebook, Column
from cxresearch.errors import CxError
from cxresearch.shown import DisplayTable
from cxresearch.tables import display_differences, display_gaps, display_segments

NAN = math.nan


def every_table(gaps: object, language: str = "en") -> list[DisplayTable]:
    levels = [
        display_gaps(gaps, level, language=language)
        for level in ("dimension", "item", "overall")
    ]
    by_group = [
        display_segments(gaps, language=language),
        display_differences(gaps, language=language),
    ]
    return [*levels, *(table for table in by_group if table is not None)]


def first_row(table: DisplayTable) -> dict[str, str]:
    return table.shown.iloc[0].to_dict()


def test_the_dimension_table_shows_rounded_text_over_full_numbers(made: ModuleType) -> None:
    table = display_gaps(made.bank())
    row = table.shown.set_index("Dimension").loc["Reliability"].to_dict()
    assert row == {
        "Expected": "6.31", "Received": "5.49", "Gap": "−0.82",
        "95% interval": "−0.95 to −0.69", "t": "−12.36", "df": "390", "p, adjusted": "< .001",
        "d_z": "−0.82", "95% interval of d_z": "−0.95 to −0.69", "n": "391",
        "Importance": "31.2",
    }  # fmt: skip
    assert table.data.loc[1, "estimate"] == pytest.approx(-0.82, abs=1e-15)
    assert table.name == "gaps_by_dimension"


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_cell_is_text_and_every_heading_is_its_own(
    made: ModuleType, language: str
) -> None:
    for table in every_table(made.bank(), language):
        assert table.shown.map(lambda cell: isinstance(cell, str)).all().all()
        assert table.shown.columns.is_unique
        assert set(table.numeric) < set(table.shown.columns)
        assert table.shown.columns[0] not in table.numeric
        assert len(table.shown) == len(table.data) > 0
        assert table.caption
        assert len(table.notes) >= 3


def test_columns_of_a_table_keep_their_place_in_every_language(made: ModuleType) -> None:
    for one, other in zip(
        every_table(made.bank()), every_table(made.bank(), "es"), strict=True
    ):
        assert one.shown.shape == other.shown.shape
        assert one.name == other.name
        assert one.caption != other.caption


def test_notes_tell_units_family_level_and_what_d_z_is(made: ModuleType) -> None:
    notes = " ".join(display_gaps(made.bank()).notes)
    for told in (
        "scale from 1 to 7",
        "Intervals at the 95% level",
        "p after Holm, over the 5 dimensions together",
        "d_z: mean gap divided by the standard deviation of the gaps",
        "at least 50% of its items",
        "100 points customers divided",
    ):
        assert told in notes
    assert "over the 22 items together" in " ".join(display_gaps(made.bank(), "item").notes)
    assert "tested by itself" in " ".join(display_gaps(made.bank(), "overall").notes)


@pytest.mark.parametrize(
    ("method", "heading", "told"),
    [
        ("holm", "p, adjusted", "p after Holm"),
        ("bh", "p, adjusted", "p after Benjamini–Hochberg"),
        ("none", "p", "p not adjusted for the number of dimensions"),
    ],
)
def test_the_adjustment_is_named(
    made: ModuleType, method: str, heading: str, told: str
) -> None:
    table = display_gaps(made.bank(p_adjust=method))
    assert heading in table.shown
    assert any(note.startswith(told) for note in table.notes)
    for other in every_table(made.bank(p_adjust=method)):
        assert other.notes


def test_overall_scores_have_their_names_and_their_note(made: ModuleType) -> None:
    table = display_gaps(made.bank(), "overall")
    assert table.shown["Score"].tolist() == ["All dimensions", "All dimensions, by importance"]
    assert any(note.startswith("By importance:") for note in table.notes)


def test_items_name_their_dimension(made: ModuleType) -> None:
    row = first_row(display_gaps(made.bank(), "item"))
    assert (row["Item"], row["Dimension"]) == ("Modern-looking equipment", "Tangibles")


def test_a_level_that_does_not_exist_is_refused(made: ModuleType) -> None:
    with pytest.raises(CxError, match="level must be one of 'dimension', 'item', 'overall'"):
        display_gaps(made.bank(), "items")


def test_small_cells_show_a_bound_and_no_number(made: ModuleType) -> None:
    rows = [
        made.row("a", -0.5, segment="s", group="A"),
        made.hidden("a", segment="s", group="B"),
        made.hidden("a", segment="s", group="C", note="suppressed_complementary"),
    ]
    table = display_segments(made.result(rows, segments=("s",)), "s")
    assert table.shown["n"].tolist() == ["391", "< 10", "hidden"]
    assert table.shown["Gap"].tolist() == ["−0.50", "–", "–"]
    assert any("fewer than 10 answers" in note for note in table.notes)
    assert not any("too few answers for an estimate" in note for note in table.notes)
    assert table.data["estimate"].isna().tolist() == [False, True, True]


def test_one_segment_or_all_can_be_shown(made: ModuleType) -> None:
    one = display_segments(made.bank(), "branch")
    assert one.name == "gaps_by_branch"
    assert set(one.shown["Group"]) == {"City", "Town"}
    every = display_segments(made.bank())
    assert every.name == "gaps_by_segment"
    assert every.shown["Groups by"].drop_duplicates().tolist() == ["branch", "region"]
    assert every.caption == "Gaps by dimension and branch and region"


def test_a_run_without_segments_has_no_such_tables(made: ModuleType) -> None:
    assert display_segments(made.bank(segments=())) is None
    assert display_differences(made.bank(segments=())) is None


def test_an_unknown_segment_is_refused(made: ModuleType) -> None:
    with pytest.raises(CxError, match="got 'brunch'; did you mean 'branch'"):
        display_segments(made.bank(), "brunch")


def test_respondents_without_a_group_are_told(made: ModuleType) -> None:
    gaps = made.bank(notes=("segment_unknown:branch:3", "points_rescaled:1"))
    assert "3 respondents belong to no group of branch." in display_segments(gaps).notes
    assert (
        "The importance points of 1 respondent did not sum to 100 and were rescaled."
        in display_gaps(gaps).notes
    )


def test_differences_name_groups_and_degrees_of_freedom(made: ModuleType) -> None:
    codebook = Codebook(
        survey="s",
        columns=(Column(name="branch", column="B", role="segment", label="Kind of branch"),),
    )
    table = display_differences(made.bank(), codebook=codebook)
    row = table.shown[table.shown["Dimension"] == "Responsiveness"].iloc[0].to_dict()
    assert row == {
        "Dimension": "Responsiveness", "Groups by": "Kind of branch", "Lowest": "City",
        "Highest": "Town", "Groups": "City − Town", "Difference": "−0.40",
        "95% interval": "−0.60 to −0.20", "F": "9.10", "df": "1; 301.2", "p, adjusted": ".001",
        "n": "391",
    }  # fmt: skip
    last = table.shown.iloc[-1].to_dict()
    assert (last["Difference"], last["Groups"]) == ("–", "–")
    assert any(note.startswith("Welch's F") for note in table.notes)
    weighted = display_differences(made.bank(weighted=True))
    assert "Wald's F with the case weights." in weighted.notes


def test_what_cannot_be_estimated_is_a_dash_with_a_note(made: ModuleType) -> None:
    table = display_gaps(made.result([made.row("a", -0.4, NAN)]))
    row = first_row(table)
    assert (row["Gap"], row["95% interval"], row["p, adjusted"]) == ("−0.40", "–", "–")
    assert any("A dash" in note for note in table.notes)


def test_weighted_results_say_so(made: ModuleType) -> None:
    for table in every_table(made.bank(weighted=True)):
        assert any("case weights" in note for note in table.notes)


def test_a_wide_response_scale_is_shown_with_one_decimal(made: ModuleType) -> None:
    row = made.row("a", -8.26, 2.0, expectation=71.0)
    shown = first_row(display_gaps(made.result([row], scale_low=0.0, scale_high=100.0)))
    assert (shown["Expected"], shown["Gap"]) == ("71.0", "−8.3")


def test_hostile_names_are_escaped_in_html_and_whole_in_the_cell(made: ModuleType) -> None:
    table = display_gaps(made.result([made.row("a", -0.4, label="<b>{x}</b>\x00")]))
    assert first_row(table)["Dimension"] == "<b>{x}</b>"
    assert "&lt;b&gt;{x}&lt;/b&gt;" in table.to_html()


def test_an_empty_result_gives_empty_tables(made: ModuleType) -> None:
    for table in every_table(made.result([])):
        assert table.shown.empty
        assert isinstance(table.shown, pd.DataFrame)
