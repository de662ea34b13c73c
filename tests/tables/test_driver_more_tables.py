from __future__ import annotations

import dataclasses
import importlib.util
import math
import re
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from cxresearch.shown import DisplayTable
from cxresearch.tables import (
    display_forest,
    display_imputed_importance,
    display_plan,
    display_segment_importance,
    display_segment_tests,
)


@pytest.fixture(scope="module")
def drivers() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "driver_results.py"
    spec = importlib.util.spec_from_file_location("driver_results", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault("driver_results", module)
    spec.loader.exec_module(module)
    return module


def every_table(drivers: ModuleType, **options: object) -> list[DisplayTable]:
    return [
        display_segment_importance(drivers.segments(), **options),
        display_segment_tests(drivers.segments(), **options),
        display_forest(drivers.forest(), **options),
        display_imputed_importance(drivers.imputed(), **options),
        display_plan(drivers.plan(), **options),
    ]


@pytest.fixture(scope="module")
def tables(drivers: ModuleType) -> list[DisplayTable]:
    return every_table(drivers, labels=drivers.LABELS | {"trip": "Purpose of the trip"})


def row_of(table: DisplayTable, name: str) -> dict[str, str]:
    heading = table.shown.columns[0]
    return dict(table.shown[table.shown[heading] == name].iloc[0])


def test_nothing_to_show_is_none() -> None:
    for display in (
        display_segment_importance, display_segment_tests, display_forest,
        display_imputed_importance, display_plan,
    ):  # fmt: skip
        assert display(None) is None


def test_cells_are_text_and_the_data_keep_full_precision(
    drivers: ModuleType, tables: list[DisplayTable]
) -> None:
    for table in [*tables, *every_table(drivers, language="es")]:
        assert len(table.shown) == len(table.data) > 0
        assert all(isinstance(cell, str) and cell for cell in table.shown.to_numpy().ravel())
        assert set(table.numeric) <= set(table.shown.columns)
        assert table.shown.columns.is_unique
        assert table.notes
        assert not re.search(r"\bnan\b", table.to_html())
    assert len({table.name for table in tables}) == len(tables)


def test_hostile_labels_stay_text(drivers: ModuleType) -> None:
    labels = dict.fromkeys([*drivers.LABELS, "trip"], "<script>alert(1)</script> {0}")
    for table in every_table(drivers, labels=labels):
        assert "<script" not in table.to_html()


# ── by group ──────────────────────────────────────────────────────────────────────────────


def test_shares_stand_group_by_group_under_the_largest_driver(
    tables: list[DisplayTable],
) -> None:
    shown = tables[0].shown
    assert tables[0].caption == "Shares of what the drivers explain, by purpose of the trip"
    assert shown["Driver"].tolist()[:3] == ["Friendly staff"] * 3
    assert shown["Group"].tolist()[:3] == ["Business", "Crew", "Leisure"]
    first = dict(shown.iloc[0])
    assert (first["Share"], first["95% interval"]) == ("77.3%", "66.4% to 83.6%")
    assert first["n"] == "200"


def test_a_group_too_small_has_dashes_and_how_many_it_lacks(
    tables: list[DisplayTable],
) -> None:
    row = dict(tables[0].shown[tables[0].shown["Group"] == "Crew"].iloc[0])
    assert row.pop("n") == "< 50"
    assert {row[name] for name in ("Share", "95% interval", "Coefficient", "Rank")} == {"–"}


def test_r2_of_each_group_is_noted(tables: list[DisplayTable]) -> None:
    assert tables[0].notes[1].startswith("R² by purpose of the trip: Business .85 (.81 to .90)")


def test_shares_drawn_to_the_mean_have_columns_of_their_own(drivers: ModuleType) -> None:
    table = display_segment_importance(drivers.segments(pooling="paule_mandel"))
    assert {"Drawn to the mean", "95% interval, drawn"} <= set(table.shown.columns)
    assert any("drawn towards the mean" in note for note in table.notes)


def test_a_group_in_which_a_rating_does_not_vary_is_named_with_its_n(
    drivers: ModuleType,
) -> None:
    found = drivers.segments()
    segments, estimates = found.segments.copy(), found.estimates.copy()
    segments.loc[segments["group"] == "Crew", "note"] = "constant_or_copied_driver"
    estimates.loc[estimates["group"] == "Crew", "n"] = 62.0
    flat = dataclasses.replace(found, segments=segments, estimates=estimates)
    table = display_segment_importance(flat)
    assert table.shown.loc[table.shown["Group"] == "Crew", "n"].tolist() == ["62"] * 7
    assert any("copies another one: Crew." in note for note in table.notes)


def test_rows_that_were_dropped_and_weights_are_noted(drivers: ModuleType) -> None:
    found = dataclasses.replace(
        drivers.segments(), weights="weight", notes=("rows_dropped:17",)
    )
    notes = " ".join(display_segment_importance(found).notes)
    assert "17 respondents did not answer everything" in notes
    assert "case weights" in notes


def test_groups_are_told_from_each_other_driver_by_driver(
    tables: list[DisplayTable],
) -> None:
    row = row_of(tables[1], "Friendly staff")
    assert (row["Largest in"], row["Smallest in"]) == ("Business (77.3%)", "Leisure (34.4%)")
    assert row["Difference (points)"] == "42.9"
    assert row["95% interval"].startswith("+")
    assert (row["p, share"], row["p, slopes"]) == (".035", "< .001")
    whole = row_of(tables[1], "All drivers together")
    assert (whole["Largest in"], whole["p, share"]) == ("–", "–")
    assert whole["df"] == "7; 369"
    assert any("does not show that importance is the same" in n for n in tables[1].notes)


def test_the_difference_is_the_largest_less_the_smallest_share(drivers: ModuleType) -> None:
    data = display_segment_tests(drivers.segments()).data.dropna(subset="gap")
    gap = data["largest_percent"] - data["smallest_percent"]
    assert gap.tolist() == pytest.approx(data["gap"].tolist())
    assert (data["gap_low"] <= data["gap"]).all()
    assert (data["gap"] <= data["gap_high"]).all()


def test_tests_that_were_not_made_have_no_columns(drivers: ModuleType) -> None:
    table = display_segment_tests(drivers.segments(n_boot=0, n_permutations=0))
    assert not {"p, share", "Difference (points)"} & set(table.shown.columns)
    untested = dataclasses.replace(
        drivers.segments(),
        tests=drivers.segments().tests.query("group != 'coefficient'"),
        notes=("coefficients_untested:few clusters", "differences_left_out:31"),
    )
    shown = display_segment_tests(untested)
    assert "F, slopes" not in shown.shown.columns
    assert "All drivers together" not in shown.shown["Driver"].tolist()
    assert any("too few clusters" in note for note in shown.notes)
    assert any("With 31 groups no pairs" in note for note in shown.notes)


def test_a_single_group_has_nothing_to_test(drivers: ModuleType) -> None:
    assert display_segment_tests(drivers.segments(min_cell=190)) is None


def test_a_driver_that_explains_nothing_anywhere_has_dashes(drivers: ModuleType) -> None:
    found = drivers.segments()
    nothing = dataclasses.replace(found, estimates=found.estimates.assign(percent=math.nan))
    table = display_segment_tests(nothing)
    assert set(table.shown["Largest in"]) == {"–"}


# ── a forest, missing answers, planning ───────────────────────────────────────────────────


def test_a_forest_stands_beside_the_linear_model(tables: list[DisplayTable]) -> None:
    table = tables[2]
    assert table.shown["Rank"].tolist() == [str(i) for i in range(1, 8)]
    assert row_of(table, "Wi-Fi")["Held"] == "–"
    assert "Breakfast" in row_of(table, "Friendly staff")["Held"]
    assert table.notes[0].startswith("R² on respondents not used for fitting: forest .604,")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("linear_suffices", "Straight lines are enough"),
        ("nonlinear", "Straight lines are not enough"),
        ("undecided", "Not decided"),
    ],
)
def test_the_verdict_on_straight_lines_is_noted(
    drivers: ModuleType, verdict: str, said: str
) -> None:
    table = display_forest(dataclasses.replace(drivers.forest(), verdict=verdict))
    assert table.notes[1].startswith(said)


def test_treated_and_listwise_shares_stand_side_by_side(tables: list[DisplayTable]) -> None:
    row = row_of(tables[3], "Breakfast")
    assert (row["Multiple imputation"], row["Listwise"]) == ("4.6%", "6.2%")
    assert (row["Answered"], row["Not used"], row["Missing otherwise"]) == ("278", "142", "0")
    assert (row["n"], row["n, listwise"]) == ("420", "249")
    assert "Listwise: 249 respondents, R² .69." in tables[3].notes


def test_without_listwise_or_imputation_the_columns_are_fewer(drivers: ModuleType) -> None:
    found = drivers.imputed()
    alone = dataclasses.replace(
        found,
        estimates=found.estimates[found.estimates["group"] == "imputation"],
        fits=found.fits[found.fits["group"] == "imputation"],
        imputations=0,
        notes=("nothing_to_impute", "listwise_impossible: nobody"),
    )
    table = display_imputed_importance(alone)
    assert not {"Listwise", "Missing information"} & set(table.shown.columns)
    assert "No answer had to be filled in." in table.notes
    assert any("Listwise is impossible" in note for note in table.notes)


def test_a_plan_says_how_many_respondents_are_needed(
    drivers: ModuleType, tables: list[DisplayTable]
) -> None:
    table = tables[4]
    assert table.shown["Respondents"].tolist()[5] == "1,031"
    assert table.data["n"].is_monotonic_increasing
    assert "together R² .50; the first has 1.50 times" in table.notes[0]
    assert "80% of the samples do so with 1,063 respondents" in table.notes[1]
    assert "design effect" not in " ".join(table.notes)


def test_a_plan_from_a_pilot_names_its_drivers_and_warns(drivers: ModuleType) -> None:
    found = drivers.plan(
        pilot=drivers.hotel(), outcome="osat", drivers=drivers.DRIVERS, design_effect=1.5
    )
    table = display_plan(found, labels=drivers.LABELS)
    assert "From a pilot with 420 complete respondents" in table.notes[0]
    assert "Friendly staff has" in table.notes[0]
    notes = " ".join(table.notes)
    assert "seem further apart than they are" in notes
    assert "design effect of 1.50" in notes


def test_a_plan_that_no_size_reaches_says_so(drivers: ModuleType) -> None:
    table = display_plan(drivers.plan(sizes=[20, 30]))
    assert sum("None of the sizes" in n or "none of the sizes" in n for n in table.notes) == 2


def test_the_data_behind_a_plan_have_a_row_a_size(drivers: ModuleType) -> None:
    found = drivers.plan()
    data = display_plan(found).data
    told = found.estimates.query("term == 'interval_excludes_zero'")
    pd.testing.assert_series_equal(
        data["interval_excludes_zero_estimate"],
        told["estimate"].reset_index(drop=True),
        check_names=False,
    )
