"""Real people: ten days of ten beeps, and what they remembered of the day in the evening."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.peak_end import (
    compare_memory_models,
    duration_neglect,
    episode_features,
    mixed_model,
    peak_end_sensitivity,
)

SHARED = (
    Path(__file__).resolve().parents[2] / ".." / "shared" / "realdata" / "peakend_mpathr_esm"
)

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not SHARED.exists(), reason="the m-Path data are not here"),
]


def episodes(emotion: str) -> pd.DataFrame:
    """From raw beeps to days; the last answered beep stands for the end, as in the README."""
    beeps = pd.read_csv(SHARED / "esm_beeps_1980.csv", parse_dates=["sent"])
    asked = beeps[beeps["questionnaire"] == "main_questionnaire"]
    answered = asked[asked[f"slider_{emotion}"].notna()]
    found = episode_features(
        answered, participant="participant", episode="day_n", time="sent",
        rating=f"slider_{emotion}", direction="pleasant", scale=(0, 100),
    )  # fmt: skip
    evening = beeps[beeps["questionnaire"] == "evening_questionnaire"]
    known = evening[["participant", "day_n", f"evening_slider_{emotion}"]]
    return found.with_episodes(known.rename(columns={f"evening_slider_{emotion}": "memory"}))


def days(emotion: str) -> pd.DataFrame:
    table = episodes(emotion)
    kept = pd.read_csv(SHARED / "person_day_emotion_episodes.csv").query("emotion == @emotion")
    return table.merge(
        kept[["participant", "day", "n_moments", "mean", "peak", "end", "retrospective"]],
        left_on=["participant", "day_n"], right_on=["participant", "day"],
        suffixes=("", "_stored"), validate="one_to_one",
    )  # fmt: skip


def test_features_from_raw_beeps_equal_the_stored_episodes() -> None:
    table = days("anxious")
    assert len(table) == 137
    assert (table["n_moments"] == table["n_moments_stored"]).all()
    for name in ("mean", "peak", "end"):
        np.testing.assert_allclose(table[name], table[f"{name}_stored"], atol=1e-3)
    assert (table["memory"] == table["retrospective"]).all()


@pytest.mark.parametrize(
    ("emotion", "mean", "peak", "end"),
    [
        ("anxious", 0.8512, 0.8453, 0.6960),
        ("angry", 0.5162, 0.5674, 0.5294),
        ("energetic", 0.6892, 0.5259, 0.4388),
    ],
)
def test_memory_correlates_with_the_day_as_computed_elsewhere(emotion, mean, peak, end) -> None:
    table = days(emotion)
    ours = [table["memory"].corr(table[name]) for name in ("mean", "peak", "end")]
    assert ours == pytest.approx([mean, peak, end], abs=5e-5)


def test_the_random_intercept_model_has_the_known_coefficients() -> None:
    model = mixed_model(
        days("anxious"), outcome="memory", fixed=["mean", "peak", "end"], groups="participant"
    )
    known = [-0.3707, 0.5182, 0.3447, 0.0832]
    assert model.estimates["estimate"].tolist() == pytest.approx(known, abs=5e-5)
    # Few people: nowhere near the infinitely many degrees of freedom of a z test.
    assert model.estimates["df"].between(20, 140).all()


def test_the_mean_is_never_far_behind_peak_and_end() -> None:
    table = days("anxious")
    found = compare_memory_models(table, retrospective="memory", participant="participant")
    assert found.mixed
    assert found.correlation_peak_end_mean > 0.9
    assert any(note.startswith("moments_vary") for note in found.notes)
    sensitivity = peak_end_sensitivity(table, retrospective="memory", participant="participant")
    assert 0.5 < sensitivity.lowest < sensitivity.highest < 0.95
    neglect = duration_neglect(table, retrospective="memory", participant="participant")
    assert neglect.verdict != "matters"
