"""The calls are what their script makes, and the analysis recovers the effect of the close."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import cxresearch as cx

STUDY = Path(__file__).resolve().parents[2] / "data" / "call-endings"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_call_endings", STUDY / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table() -> cx.PeakEndTable:
    return cx.peak_end_table(cx.load_study(STUDY).episodes())


def test_the_files_in_the_repository_are_what_the_script_makes(script: ModuleType) -> None:
    for name, made in script.make_tables().items():
        kept = (STUDY / f"{name}.csv").read_text(encoding="utf-8")
        assert script.to_csv(made) == kept


def test_who_hung_up_has_no_end_and_stays_in_the_flow(
    table: cx.PeakEndTable, script: ModuleType
) -> None:
    assert (table.data.flow.read, table.data.n) == (203, script.CALLERS)
    assert table.features.n_dropped_out == script.HUNG_UP
    assert table.frame["end"].isna().sum() == script.HUNG_UP
    assert table.data.unit == "seconds"


def test_the_effect_on_the_memory_is_recovered(
    table: cx.PeakEndTable, script: ModuleType
) -> None:
    effect = cx.condition_effect(table, control="Usual close")
    assert isinstance(effect, cx.ConditionsResult)
    assert effect.covariates == ("mood_before", "calls_before")
    for row in effect.tidy().itertuples():
        assert abs(row.estimate - script.EFFECT) < 3 * row.std_error
        assert row.p_value < 0.01
    lin = effect.tidy().set_index("term").loc["lin"]
    assert lin["conf_low"] < script.EFFECT < lin["conf_high"]


def test_what_was_measured_before_makes_the_estimate_sharper(table: cx.PeakEndTable) -> None:
    effect = cx.condition_effect(table)
    assert isinstance(effect, cx.ConditionsResult)
    errors = effect.tidy().set_index("term")["std_error"]
    assert errors["lin"] < errors["welch"]
    assert effect.variance_reduction > 0.1


def test_the_change_was_felt_at_the_end(table: cx.PeakEndTable, script: ModuleType) -> None:
    felt = cx.condition_check(table)
    assert isinstance(felt, cx.ConditionsResult)
    welch = felt.tidy().iloc[0]
    assert abs(welch["estimate"] - script.LIFT_OF_THE_END) < 3 * welch["std_error"]


def test_the_experiment_ran_as_planned(table: cx.PeakEndTable) -> None:
    sizes, balance = cx.condition_sizes(table), cx.condition_balance(table)
    lost = cx.condition_attrition(table)
    assert sizes is not None
    assert sizes.estimates["n"].tolist() == [100, 100]
    assert balance is not None
    assert balance.p_value > 0.05
    assert lost is not None
    assert lost.estimates["lost"].sum() == 14
    assert lost.p_value > 0.05


def test_a_friendly_close_makes_people_call_again(table: cx.PeakEndTable) -> None:
    choice = cx.choice_effect(table)
    assert isinstance(choice, cx.ChoiceDifferenceResult)
    assert choice.n == 186
    assert choice.second_share > choice.first_share


def test_the_lock_is_what_the_script_makes(script: ModuleType) -> None:
    tables = {name: script.to_csv(made) for name, made in script.make_tables().items()}
    plan = (STUDY / "analysis-plan.yaml").read_text(encoding="utf-8")
    kept = (STUDY / "analysis-plan.lock.json").read_text(encoding="utf-8")
    assert script.AMENDMENT in plan
    assert script.make_lock(plan, tables) == kept


def test_both_hypotheses_were_planned_and_one_exclusion_came_after_the_data(
    table: cx.PeakEndTable,
) -> None:
    study = cx.load_study(STUDY)
    effect, choice = cx.condition_effect(table), cx.choice_effect(table)
    models = cx.compare_memory_models(table.frame, **table.asked, n_folds=2)
    told = cx.compare_with_plan(study, [effect, choice, models], sample=table.data)
    assert told is not None
    assert told.confirmatory == ("H1", "H2")
    assert (told.count("changed", when="after_data"), told.count("changed")) == (1, 1)
    assert told.tidy().query("status == 'exploratory'")["term"].tolist() == ["memory_models"]
