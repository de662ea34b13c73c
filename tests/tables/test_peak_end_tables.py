from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from cxresearch.peak_end import (
    choice_share,
    compare_choices,
    compare_conditions,
    duration_neglect,
    mixed_model,
    sample_ratio,
)
from cxresearch.shown import DisplayTable
from cxresearch.tables import (
    display_balance,
    display_choice,
    display_condition_means,
    display_conditions,
    display_crossover,
    display_duration_neglect,
    display_features,
    display_memory_features,
    display_memory_models,
    display_mixed,
    display_sensitivity,
    display_variances,
)

HOSTILE = "<script>alert('x')</script>"


def load(name: str) -> ModuleType:
    path = Path(__file__).resolve().parents[1] / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made() -> ModuleType:
    return load("peak_end_results")


def every_table(made: ModuleType, **options: object) -> list[DisplayTable]:
    arms = made.arms({"plain": 0.0, "warm": 0.8, "cold": 0.1}, covariate=True)
    return [
        display_features(made.features(), **options),
        display_memory_models(made.models(), **options),
        display_memory_features(made.models(), **options),
        display_duration_neglect(made.neglect(n=100), **options),
        display_sensitivity(made.sensitivity(), **options),
        display_conditions(arms, **options),
        display_condition_means(arms, **options),
        display_crossover(made.crossed(), **options),
        display_choice(choice_share(22, 32), **options),
        display_choice(compare_choices((17, 21), (5, 11)), **options),
        display_mixed(made.mixed(), **options),
        display_variances(made.mixed(), **options),
        display_balance(sample_ratio({"plain": 821, "warm": 679}), **options),
        display_balance(made.balanced(), **options),
        display_balance(made.losses(3, 5), **options),
    ]


def first_row(table: DisplayTable) -> dict[str, str]:
    return {str(k): v for k, v in table.shown.iloc[0].to_dict().items()}


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_table_has_text_cells_a_row_of_data_a_row_and_a_name_of_its_own(
    made: ModuleType, language: str
) -> None:
    tables = every_table(made, language=language)
    for table in tables:
        assert len(table.shown) == len(table.data) > 0
        assert all(isinstance(cell, str) and cell for cell in table.shown.to_numpy().ravel())
        assert set(table.numeric) <= set(table.shown.columns)
        assert table.caption
        assert "nan" not in table.shown.to_numpy().ravel().tolist()
    assert len({table.name for table in tables}) == len(tables)


def test_features_say_which_rule_made_the_peak_and_that_moments_vary(made: ModuleType) -> None:
    table = display_features(made.features())
    mean = made.features().features["peak"].mean()
    assert first_row(table)["Mean"] == f"{mean:.2f}"
    assert "Peak: the highest rating of an episode." in table.notes
    assert any(note.startswith("Episodes have 6 to 12 moments") for note in table.notes)


def test_the_best_rule_comes_first_with_its_gain(made: ModuleType) -> None:
    table = display_memory_models(made.models())
    errors = table.data["cv_rmse"].tolist()
    assert errors == sorted(errors)
    shown = table.shown.set_index("Rule")
    assert shown.loc["Average", "95% interval"] == "–"
    assert shown.loc["Peak and end", "Gain"].startswith("+")
    assert any("level of its own for each person" in note for note in table.notes)
    assert any("the data do not tell which weighs more" in note for note in table.notes)


def test_slopes_shares_and_overlap_stand_side_by_side(made: ModuleType) -> None:
    table = display_memory_features(made.models())
    assert table.data["share"].sum() == pytest.approx(made.models().shares["estimate"].sum())
    assert len(table.shown) == 5


def test_duration_is_decided_by_the_narrow_interval(made: ModuleType) -> None:
    table = display_duration_neglect(made.neglect(0.0, n=900))
    row = first_row(table)
    assert row["Verdict"] == "no effect of any size that matters"
    assert "90% interval" in row
    assert "95% interval" in row
    assert any("not significant decides nothing" in note for note in table.notes)
    repeated = duration_neglect(made.table(), **made.ROLES)
    assert first_row(display_duration_neglect(repeated))["BF₀₁"] != "–"


def test_conditions_have_every_method_and_the_labels_of_the_codebook(made: ModuleType) -> None:
    arms = made.arms({"plain": 0.0, "warm": 0.8}, covariate=True)
    labels = {"arm[warm]": "A friendly close", "plain": "As before", "before": "Mood"}
    table = display_conditions(arms, labels=labels)
    assert set(table.shown["Difference"]) == {"A friendly close − As before"}
    assert len(table.shown) == 5
    assert any("Adjusted for Mood, measured before" in note for note in table.notes)
    assert not any("Welch's F" in note for note in table.notes)
    three = display_conditions(made.arms({"a": 0.0, "b": 1.0, "c": 0.2}))
    assert any("Test that all conditions are alike: Welch's F(2;" in n for n in three.notes)


def test_p_is_called_adjusted_only_where_it_is(made: ModuleType) -> None:
    people = pd.DataFrame({"arm": list("aabb"), "memory": [4.0, 5.0, 6.0, 8.0]})
    bare = compare_conditions(people, outcome="memory", condition="arm", p_adjust="none")
    assert "p" in display_conditions(bare).shown
    assert "p, adjusted" in display_conditions(made.arms({"a": 0.0, "b": 1.0})).shown


def test_a_crossover_names_its_means_by_order_and_warns_of_carry_over(made: ModuleType) -> None:
    table = display_crossover(made.crossed(), labels={"warm": "Warm close"})
    assert any(note.startswith("Condition: Warm close less plain") for note in table.notes)
    assert any("its test is weak" in note for note in table.notes)
    means = display_condition_means(made.crossed())
    assert first_row(means)["Order"] == "plain first"
    assert len(means.shown) == 4


def test_choices_are_shown_by_three_methods(made: ModuleType) -> None:
    shown = display_choice(choice_share(22, 32)).shown
    assert shown["p"].tolist() == [".050", ".035", ".034"]
    assert shown["Share"].tolist() == ["68.8%"] * 3


def test_a_mixed_model_without_a_comparison_has_no_adjusted_p(made: ModuleType) -> None:
    bare = mixed_model(made.visits()[1], outcome="memory", fixed=["before"], groups="person")
    table = display_mixed(bare, labels={"before": "Level before"})
    assert "p, adjusted" not in table.shown
    assert table.shown["Term"].tolist() == ["Intercept", "Level before"]
    singular = dataclasses.replace(bare, notes=("singular", "rows_omitted:2", "odd:1"))
    notes = display_mixed(singular).notes
    assert any("simpler than it was meant" in note for note in notes)
    assert "2 rows without a value are left out." in notes
    assert "Note: odd:1" in notes


def test_checks_say_what_they_rest_on(made: ModuleType) -> None:
    ratio = display_balance(sample_ratio({"plain": 821, "warm": 679}))
    assert "a mismatch is declared below .001" in ratio.notes[0]
    balance = display_balance(made.balanced(), labels={"age": "Age in years"})
    assert first_row(balance)["Measured before"] == "Age in years"
    lost = display_balance(made.losses(0, 0))
    assert first_row(lost)["Share lost"] == "0.0%"


def test_hostile_names_are_escaped(made: ModuleType) -> None:
    people = pd.DataFrame({"arm": [HOSTILE] * 3 + ["b"] * 3, "memory": [1.0, 2, 3, 4, 5, 7]})
    found = compare_conditions(people, outcome="memory", condition="arm")
    for table in (display_conditions(found), display_condition_means(found)):
        assert "<script>" not in table.to_html()
        assert "&lt;script&gt;" in table.to_html()


def test_what_is_not_known_is_a_dash(made: ModuleType) -> None:
    models = made.models().models.copy()
    models.loc[models["term"] == "trough", models.columns.difference(["term", "n", "note"])] = (
        np.nan
    )
    broken = dataclasses.replace(made.models(), models=models, notes=("constant:trough",))
    table = display_memory_models(broken)
    assert table.shown.iloc[-1]["Error"] == "–"
    assert any("is the same in every episode" in note for note in table.notes)


def test_a_small_slope_of_duration_is_not_shown_as_zero(made: ModuleType) -> None:
    found = made.models()
    rows = (found.coefficients["term"] == "full") & (found.coefficients["group"] == "duration")
    scaled = found.coefficients.copy()
    scaled.loc[rows, ["estimate", "std_error"]] = [0.0004, 0.0001]
    table = display_memory_features(dataclasses.replace(found, coefficients=scaled))
    shown = table.shown.set_index("Feature").loc["Duration"]
    assert shown["Slope"] == "+0.00040"
    assert shown["95% interval"] == "+0.00020 to +0.00060"
