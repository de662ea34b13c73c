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
    display_asymmetry,
    display_diagnostics,
    display_dominance,
    display_importance,
    display_map,
    display_margin,
    display_missing_treatment,
    display_model,
    display_necessity,
    display_rank_probabilities,
    display_response,
    display_what_if,
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
    shares = drivers.importance(40)
    return [
        display_importance(shares, **options),
        display_rank_probabilities(shares, **options),
        display_margin(drivers.margin(), **options),
        display_margin(drivers.margin(twin="conditional"), **options),
        display_dominance(drivers.dominance(), **options),
        display_model(drivers.model(), **options),
        display_diagnostics(drivers.diagnostics(), **options),
        display_missing_treatment(drivers.missing(), **options),
        display_what_if(drivers.what_if(), **options),
        display_map(drivers.placed(), **options),
        display_asymmetry(drivers.asymmetry(), **options),
        display_necessity(drivers.necessity(), **options),
        display_response(drivers.shape(), **options),
    ]


@pytest.fixture(scope="module")
def tables(drivers: ModuleType) -> list[DisplayTable]:
    return every_table(drivers, labels=drivers.LABELS)


def row_of(table: DisplayTable, name: str) -> dict[str, str]:
    heading = table.shown.columns[0]
    return dict(table.shown[table.shown[heading] == name].iloc[0])


def test_cells_are_text_and_the_data_keep_full_precision(tables: list[DisplayTable]) -> None:
    for table in tables:
        assert len(table.shown) == len(table.data) > 0
        assert all(isinstance(cell, str) and cell for cell in table.shown.to_numpy().ravel())
        assert set(table.numeric) <= set(table.shown.columns)
        assert len(set(table.shown.columns)) == len(table.shown.columns)
        assert table.notes
        assert "nan" not in table.to_html()
    assert tables[0].data["estimate"].iloc[0] != round(tables[0].data["estimate"].iloc[0], 6)


def test_drivers_are_called_by_their_labels(tables: list[DisplayTable]) -> None:
    for table in tables:
        shown = table.shown.to_numpy().ravel()
        assert any("Wi-Fi" in cell for cell in shown), table.name


def test_without_labels_the_names_of_the_columns_are_shown(drivers: ModuleType) -> None:
    table = display_importance(drivers.with_shares({"wifi": 1.0, "staff": 3.0}))
    assert table.shown["Driver"].tolist() == ["staff", "wifi"]


def test_shares_stand_in_percent_with_interval_rank_and_direction(drivers: ModuleType) -> None:
    shares = drivers.with_shares({"a": 3.0, "b": 1.0}, half=4.0)
    row = row_of(display_importance(drivers.changed(shares, "estimates", "a", sign=-1)), "a")
    assert (row["Share"], row["95% interval"]) == ("75.0%", "71.0% to 79.0%")
    assert row["Share of R²"] == "0.458"
    assert row["Direction"] == "higher with lower (negative)"
    assert (row["Rank"], row["First in"]) == ("1", "78%")


def test_what_the_whole_model_explains_and_what_is_held_are_noted(drivers: ModuleType) -> None:
    shares = drivers.importance(
        20, drivers=["staff", "clean"], controls=["queue"], weights="weight"
    )
    notes = " ".join(display_importance(shares, labels=drivers.LABELS).notes)
    assert re.search(r"R² of the whole model: 0\.\d{3} \(95% interval", notes)
    assert "Held constant: Length of the queue" in notes
    assert "is no test" in notes
    assert "weights" in notes


def test_the_criterion_of_other_models_is_noted(drivers: ModuleType) -> None:
    shares = drivers.importance(0, kind="binary", top_box=8, drivers=["staff", "clean"])
    notes = " ".join(display_importance(shares).notes)
    assert "McFadden's R² of the whole model" in notes
    assert "resamples" not in notes


def test_groups_of_drivers_have_a_column(drivers: ModuleType) -> None:
    shares = drivers.importance(
        0, method="owen", groups={"Room": ["clean", "comfort"], "Service": ["staff", "arrival"]}
    )
    assert row_of(display_importance(shares), "clean")["Group"] == "Room"


def test_ranks_have_a_column_each(drivers: ModuleType) -> None:
    table = display_rank_probabilities(drivers.with_shares({"a": 1.0, "b": 3.0, "c": 2.0}))
    assert list(table.shown.columns) == ["Driver", "1", "2", "3"]
    assert table.shown["Driver"].tolist() == ["b", "c", "a"]
    assert row_of(table, "b")["1"] == ">\u00a099%"


def test_ranks_without_resamples_are_dashes(drivers: ModuleType) -> None:
    table = display_rank_probabilities(drivers.importance(0))
    assert set(table.shown["1"]) == {"–"}
    assert table.notes[0] == "Without resamples nothing can be said about ranks."


def test_a_margin_shows_its_interval_or_its_p(drivers: ModuleType) -> None:
    assert "95% interval" in display_margin(drivers.margin()).shown
    conditional = display_margin(drivers.margin(twin="conditional"))
    assert "p" in conditional.shown
    assert any("has nothing of its own" in note for note in conditional.notes)


def test_dominance_names_each_pair_once_the_strongest_finding_first(
    drivers: ModuleType,
) -> None:
    result = drivers.dominance()
    table = display_dominance(result)
    pairs = {frozenset(pair) for pair in table.data[["term", "other"]].to_numpy()}
    assert len(table.data) == len(pairs) == 6
    words = table.shown["Adds more"].tolist()
    order = ["in every model", "on average at every size", "on average overall", "undecided"]
    assert words == sorted(words, key=order.index)


def test_a_tied_pair_is_undecided(drivers: ModuleType) -> None:
    result = drivers.dominance(drivers=["staff", "clean"], n_boot=0)
    tied = result.estimates.assign(
        complete=False, conditional=False, general=False, strongest="none"
    )
    table = display_dominance(dataclasses.replace(result, estimates=tied))
    assert table.shown["Adds more"].tolist() == ["undecided"]


def test_coefficients_have_roles_signs_and_both_p_values(drivers: ModuleType) -> None:
    table = display_model(drivers.model(controls=["queue"], drivers=drivers.DRIVERS[:-1]))
    assert row_of(table, "queue")["Role"] == "held constant"
    assert row_of(table, "queue")["p, adjusted"] == "–"
    assert row_of(table, "queue")["Sign"] == "negative"
    assert row_of(table, "Intercept")["Standardised"] == "–"
    assert "t" in table.shown.columns
    plain = display_model(drivers.model(p_adjust="none"))
    assert "p, adjusted" not in plain.shown.columns


@pytest.mark.parametrize(
    ("kind", "caption", "said"),
    [
        ("binary", "Driver model (logit)", "log odds of the event"),
        ("ordinal", "Driver model (cumulative logit)", "thresholds part the classes"),
    ],
)
def test_other_models_name_their_units(
    drivers: ModuleType, kind: str, caption: str, said: str
) -> None:
    frame = drivers.hotel().copy()
    frame["osat"] = pd.cut(frame["osat"], [0, 5, 7, 10], labels=["low", "mid", "high"])
    from cxresearch.drivers.models import driver_model

    model = (
        drivers.model(kind="binary", top_box=8, drivers=["staff"])
        if kind == "binary"
        else driver_model(frame, outcome="osat", drivers=["staff", "clean"], kind="ordinal")
    )
    table = display_model(model)
    assert table.caption == caption
    assert any(said in note for note in table.notes)
    assert "McFadden's R²" in table.notes[0]
    assert "z" in table.shown.columns
    assert set(table.shown["df"]) == {"–"}
    if kind == "ordinal":
        assert "threshold" in table.shown["Role"].tolist()


def test_verdicts_come_first_and_problems_before_the_rest(drivers: ModuleType) -> None:
    frame = drivers.hotel().assign(copy=lambda f: f["staff"] + 0.01 * f["queue"])
    from cxresearch.drivers.diagnostics import driver_diagnostics

    table = display_diagnostics(
        driver_diagnostics(frame, outcome="osat", drivers=["staff", "copy", "wifi"])
    )
    assert table.shown.columns[0] == "Verdict"
    assert table.shown["Verdict"].iloc[0] == "✗ problem"
    assert table.notes[0] == "At least one check is a problem."
    concerned = table.shown.loc[table.shown["Verdict"] == "✗ problem", "Concerns"].tolist()
    assert {"staff", "copy"} <= set(concerned)


def test_every_check_has_words(drivers: ModuleType) -> None:
    frame = drivers.hotel()
    flagged = frame["staff"].to_numpy() >= 10
    table = display_diagnostics(drivers.diagnostics(flagged=flagged, marker="weight"))
    assert set(table.data["term"]) == {
        "vif", "condition", "reset", "breusch_pagan", "durbin_watson", "influence", "halo",
        "flagged", "robustness", "marker",
    }  # fmt: skip
    assert any("doubted" in note for note in table.notes)


def test_chosen_treatment_and_listwise_stand_side_by_side(drivers: ModuleType) -> None:
    table = display_missing_treatment(drivers.missing(), labels=drivers.LABELS)
    row = row_of(table, "Breakfast")
    assert row["Not used"] == "142"
    assert row["Answered"] == "278"
    assert row["Listwise"] != "–"
    assert row_of(table, "Breakfast: not used")["Listwise"] == "–"
    assert "Listwise: 270 respondents, R² .68." in table.notes


def test_listwise_alone_has_no_second_column(drivers: ModuleType) -> None:
    table = display_missing_treatment(drivers.missing("listwise"))
    assert table.shown.columns.tolist().count("Listwise") == 1
    assert "95% interval, listwise" not in table.shown.columns


def test_imputation_shows_the_missing_information(drivers: ModuleType) -> None:
    table = display_missing_treatment(drivers.missing("imputation", imputations=2))
    assert "Missing information" in table.shown.columns
    assert any(note.startswith("2 imputed data sets") for note in table.notes)


def test_listwise_that_is_impossible_is_noted(drivers: ModuleType) -> None:
    found = drivers.missing()
    lone = dataclasses.replace(
        found,
        estimates=found.estimates[found.estimates["group"] == "not_used"],
        fits=found.fits[found.fits["group"] == "not_used"],
        notes=("listwise_impossible: nobody",),
    )
    notes = " ".join(display_missing_treatment(lone).notes)
    assert "Listwise is impossible" in notes
    assert "nobody" not in notes


def test_a_what_if_says_first_that_answers_are_observations(drivers: ModuleType) -> None:
    table = display_what_if(drivers.what_if(), labels=drivers.LABELS)
    assert "observations, not an experiment" in table.notes[0]
    assert row_of(table, "Wi-Fi: 50% of those at 5 or lower to 7")["Expected change"] == "+0.13"
    binary = display_what_if(drivers.what_if_binary())
    assert row_of(binary, "staff: +0.5")["Outcome then"].endswith("%")
    assert any("percentage points of the event" in note for note in binary.notes)


def test_a_capped_change_is_noted(drivers: ModuleType) -> None:
    found = drivers.what_if()
    capped = dataclasses.replace(
        found, estimates=found.estimates.assign(note="capped_at_scale_end")
    )
    assert any("ends there" in note for note in display_what_if(capped).notes)


def test_the_map_shows_place_chance_and_decision(drivers: ModuleType) -> None:
    row = row_of(display_map(drivers.placed()), "staff")
    assert (row["Place"], row["Decided"]) == ("Concentrate here", "yes")
    boxes = display_map(drivers.placed(performance="top_two_box", top_two_from=9))
    assert row_of(boxes, "staff")["Top two boxes"].endswith("%")


def test_kinds_are_named_with_their_probabilities(drivers: ModuleType) -> None:
    table = display_asymmetry(drivers.asymmetry())
    row = row_of(table, "wifi")
    assert (row["Kind"], row["Basic"], row["Low rating"]) == ("basic", ">\u00a099%", "−1.26")
    assert row_of(table, "queue")["Kind"] == "not decided"


def test_necessity_shows_both_ceilings(drivers: ModuleType) -> None:
    table = display_necessity(drivers.necessity())
    assert set(table.shown["Ceiling"]) == {"steps (CE-FDH)", "line (CR-FDH)"}
    assert any("not sufficient" in note for note in table.notes)


def test_a_response_shows_slopes_on_both_sides(drivers: ModuleType) -> None:
    row = row_of(display_response(drivers.shape()), "wifi")
    assert row["Found"].startswith("flattens out")
    assert row["p of the bend"] == "< .001"
    factor = drivers.hotel().assign(kind=lambda f: f["weight"].astype(str))
    from cxresearch.drivers import response_shape

    shape = response_shape(factor, outcome="osat", drivers=["staff", "kind"])
    untested = row_of(display_response(shape), "kind")
    assert (untested["Found"], untested["Change of slope"]) == ("not tested", "–")


def test_driver_tables_follow_the_language(drivers: ModuleType) -> None:
    for table in every_table(drivers, labels=drivers.LABELS, language="es"):
        english = ("respondents", "Intervals", "drivers", "The ")
        assert not any(word in " ".join(table.notes) for word in english), table.name
        assert "Driver" not in table.shown.columns


def test_hostile_labels_are_escaped_in_driver_tables(drivers: ModuleType) -> None:
    labels = {"staff": "<script>{x}</script>\x00", "clean": "= cmd"}
    table = display_importance(drivers.with_shares({"staff": 2.0, "clean": 1.0}), labels=labels)
    assert table.shown["Driver"].tolist() == ["<script>{x}</script>", "= cmd"]
    assert "<script>" not in table.to_html()


def test_numbers_that_are_not_defined_are_dashes(drivers: ModuleType) -> None:
    shares = drivers.changed(
        drivers.with_shares({"a": 2.0, "b": 1.0}), "estimates", "b",
        percent_low=math.nan, percent_high=math.nan, p_top1=math.nan, coefficient=math.nan,
    )  # fmt: skip
    row = row_of(display_importance(shares), "b")
    assert (row["95% interval"], row["First in"], row["Coefficient"]) == ("–", "–", "–")
