"""The visits are what their script makes, and the analysis recovers the truth behind them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import cxresearch as cx

STUDY = Path(__file__).resolve().parents[2] / "data" / "clinic-visits"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_clinic_visits", STUDY / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table() -> cx.PeakEndTable:
    return cx.peak_end_table(cx.load_study(STUDY).episodes())


@pytest.fixture(scope="module")
def models(table: cx.PeakEndTable) -> cx.MemoryModelsResult:
    return cx.compare_memory_models(table.frame, **table.asked)


def test_the_files_in_the_repository_are_what_the_script_makes(script: ModuleType) -> None:
    for name, made in script.make_tables().items():
        kept = (STUDY / f"{name}.csv").read_text(encoding="utf-8")
        assert script.to_csv(made) == kept


def test_what_was_spoilt_is_left_out_or_told(
    table: cx.PeakEndTable, script: ModuleType
) -> None:
    data = table.data
    assert [(step.rule, step.excluded) for step in data.flow.steps] == [
        ("duplicated", script.REPEATED_ROWS),
        ("duplicated", 0),
        ("dropped_out", script.DROPPED_OUT),
    ]
    assert data.n == script.PATIENTS * script.VISITS - script.DROPPED_OUT
    assert len(table.frame) == data.n - script.WITHOUT_MOMENTS
    assert data.episodes["retrospective"].isna().sum() == script.SILENT
    assert not {"initials", "comment", "device"} & {*data.episodes, *data.moments}


def test_choices_among_visits_give_back_their_weights(
    table: cx.PeakEndTable, script: ModuleType
) -> None:
    chosen = cx.study_choices(table)
    assert chosen is not None
    assert chosen.n > 110
    rows = chosen.tidy().set_index("term")
    for term, weight in script.CHOICE_WEIGHTS.items():
        assert abs(rows.loc[term, "estimate"] - weight) < 2 * rows.loc[term, "std_error"]
    assert (rows.loc[["peak", "end"], "conf_high"] < 0).all()
    assert rows.loc["duration", "conf_low"] < 0 < rows.loc["duration", "conf_high"]


def test_peak_and_end_predict_the_memory_better_than_the_average(
    models: cx.MemoryModelsResult,
) -> None:
    rows = models.tidy().set_index("term")
    for name in ("peak_end", "peak_plus_end"):
        assert rows.loc[name, "aic"] < rows.loc["mean", "aic"] - 20
        assert rows.loc[name, "cv_gain"] > 2 * rows.loc[name, "cv_gain_se"]


def test_the_weights_of_peak_and_end_lie_where_they_should(
    models: cx.MemoryModelsResult, script: ModuleType
) -> None:
    slopes = models.coefficients.query("term == 'peak_plus_end'").set_index("group")
    for name in ("peak", "end"):
        off = slopes.loc[name, "estimate"] - script.WEIGHTS[name]
        assert abs(off) < 4 * slopes.loc[name, "std_error"]


def test_the_length_of_the_visit_is_neglected_under_every_peak_rule(
    table: cx.PeakEndTable,
) -> None:
    found = cx.duration_effect(table)
    assert found is not None
    assert found.verdict == "neglected"


def test_people_differ_in_what_they_remember(table: cx.PeakEndTable) -> None:
    model = cx.person_differences(table)
    assert model is not None
    assert model.variance_components["term"].tolist()[:2] == ["intercept", "end_within"]
    assert 0.3 < model.variance_components["sd"].iloc[0] < 1.3


def test_a_study_without_conditions_has_no_experiment(table: cx.PeakEndTable) -> None:
    for part in (
        cx.condition_sizes, cx.condition_balance, cx.condition_attrition, cx.condition_check,
        cx.condition_effect, cx.choice_effect,
    ):  # fmt: skip
        assert part(table) is None
    assert (table.by, table.base_condition) == ("", "")
