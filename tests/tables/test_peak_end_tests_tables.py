"""Tables of looks, rivals, courses, choices, equivalence and power."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from cxresearch.peak_end import (
    PeakEndDesign,
    always_valid,
    compare_rivals,
    episode_features,
    equivalence_test,
    latent_courses,
    plan_peak_end,
    sequential_bounds,
    sequential_test,
)
from cxresearch.tables import (
    display_choice_model,
    display_equivalence,
    display_features,
    display_latent,
    display_power,
    display_rivals,
    display_sequential,
)

LOOKS = pd.DataFrame(
    {"estimate": [0.9, 0.6, 0.7], "std_error": [0.5, 0.36, 0.25], "n": [40, 80, 120]}
)


@pytest.fixture(scope="module")
def made() -> ModuleType:
    path = Path(__file__).resolve().parents[1] / "peak_end_results.py"
    spec = importlib.util.spec_from_file_location("peak_end_results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_looks_show_bound_decision_and_the_final_estimate() -> None:
    table = display_sequential(sequential_test(LOOKS, planned_n=120))
    assert table.shown["Decision"].tolist() == ["go on", "go on", "stop"]
    assert table.shown["Bound"].tolist() == ["3.71", "2.51", "1.99"]
    assert any("median-unbiased estimate +0.66" in note for note in table.notes)
    on = display_sequential(sequential_test(LOOKS.head(2), planned_n=120))
    assert any("the study goes on" in note for note in on.notes)
    early = sequential_test(LOOKS.assign(estimate=[2.5, 1, 1]), planned_n=120)
    assert any("2 looks after the stop" in note for note in display_sequential(early).notes)


def test_one_sided_looks_and_always_valid_ones_have_their_own_words() -> None:
    one = display_sequential(sequential_test(LOOKS, planned_n=120, alternative="greater"))
    assert one.shown.iloc[-1, 3].startswith("at least +")
    less = display_sequential(sequential_test(LOOKS, planned_n=120, alternative="less"))
    assert less.shown.iloc[-1, 3].startswith("at most +")
    always = display_sequential(always_valid(LOOKS, tau=0.5), language="es")
    assert "Límite" not in always.shown.columns
    assert "0,50 puntos" in always.notes[0]


def test_bounds_are_shown_and_nothing_of_nothing() -> None:
    assert display_sequential(sequential_bounds([0.5, 1])).shown["Of the plan"].tolist() == [
        "50%",
        "100%",
    ]
    assert display_sequential(None) is None
    assert display_latent(None) is None
    assert display_choice_model(None) is None


def test_rivals_show_three_tests_and_why_one_is_missing(made: ModuleType) -> None:
    found = compare_rivals(made.table(), made.models(), participant="person")
    table = display_rivals(found)
    assert len(table.shown) == 33
    assert "Average" not in table.shown["Rule"].tolist()
    nested = table.shown[table.shown["Remark"].str.startswith("contains")]
    assert nested["Rule"].tolist() == ["Average and trend"]


def test_courses_equivalence_and_power_are_shown(made: ModuleType) -> None:
    courses = display_latent(latent_courses(made.visits()[0], made.features()))
    assert courses.shown["Component"].tolist()[-1] == "Noise of a single moment"
    same = equivalence_test([5, 6, 7, 8], [5, 6, 8, 7], bound=2, paired=True)
    shown = display_equivalence(same)
    assert shown.shown["Test"].tolist() == ["different from 0?", "above −2.00?", "below +2.00?"]
    assert "too small to matter" in shown.notes[0]
    power = display_power(plan_peak_end(PeakEndDesign(participants=8, moments=4), n_studies=20))
    assert power.shown["What is tested"].tolist()[0] == "Effect of the condition"


def test_a_bipolar_peak_has_no_row_of_dashes() -> None:
    rng = np.random.default_rng(1)
    moments = pd.DataFrame(
        {"person": np.repeat(np.arange(12), 4), "visit": 1, "time": np.tile(np.arange(4), 12)}
    ).assign(rating=rng.integers(-3, 4, 48).astype(float))
    found = episode_features(
        moments, participant="person", episode="visit", time="time", rating="rating",
        direction="bipolar", neutral=0.0,
    )  # fmt: skip
    table = display_features(found)
    assert not table.shown["Feature"].str.contains("corrected").any()
    assert any("no correction for the number of moments" in note for note in table.notes)


def test_a_look_after_the_stop_is_told_as_such() -> None:
    early = sequential_test(LOOKS.assign(estimate=[2.5, 1, 1]), planned_n=120)
    shown = display_sequential(early).shown["Decision"].tolist()
    assert shown == ["stop", "stopped before", "stopped before"]
