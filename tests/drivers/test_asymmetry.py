"""Penalty–reward contrasts: R's numbers, the trap of noise, and error rates by simulation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers.asymmetry import AsymmetryResult, penalty_reward
from cxresearch.errors import CxError, ResponseError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
ATT = ["att1", "att2", "att3", "att4"]


def prca() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "drivers_models_prca.csv")


def contrast(frame: pd.DataFrame, **options: Any) -> AsymmetryResult:
    return penalty_reward(
        frame, **({"outcome": "Y", "drivers": ATT, "low": 3, "high": 6} | options)
    )


def test_penalties_rewards_and_indices_equal_r() -> None:
    text = (REFERENCE / "expected" / "drivers_models_asymmetry.json").read_text(
        encoding="utf-8"
    )
    want = json.loads(text)
    found = contrast(prca(), std_errors="classical")
    for name in ("estimates", "classes"):
        expected, got = pd.DataFrame(want["values"][name]), getattr(found, name)
        for column in expected:
            if expected[column].dtype.kind in "if":
                np.testing.assert_allclose(
                    got[column].to_numpy(dtype=float),
                    expected[column],
                    rtol=1e-8,
                    err_msg=column,
                )
            else:
                assert got[column].tolist() == expected[column].tolist(), column
    for name in set(want["values"]) - {"estimates", "classes"}:
        got = getattr(found, name)
        value = list(got) if isinstance(got, tuple) else got
        assert value == (
            pytest.approx(want["values"][name])
            if name in ("r2", "cut")
            else want["values"][name]
        )


def test_noise_is_not_called_a_basic_factor() -> None:
    classes = contrast(prca()).classes.set_index("term")
    assert classes.loc["att4", "asymmetry_index"] < -0.29
    assert classes.loc["att4", "class"] == "not_classifiable"
    assert classes["class"].tolist()[:3] == ["basic", "excitement", "performance"]


def test_bootstrap_classes_equal_a_loop_within_monte_carlo_error() -> None:
    frame = prca()
    found = contrast(frame, replicates=2000).classes.set_index("term")
    rng, draws = np.random.default_rng(99), 600
    hits = np.zeros((4, 3))
    low, high = (frame[ATT] <= 3).to_numpy(float), (frame[ATT] >= 6).to_numpy(float)
    x, y = np.column_stack([np.ones(600), low, high]), frame["Y"].to_numpy()
    for _ in range(draws):
        rows = rng.integers(0, 600, 600)
        b = np.linalg.lstsq(x[rows], y[rows], rcond=None)[0]
        penalty, reward = np.maximum(-b[1:5], 0), np.maximum(b[5:], 0)
        basic, excitement = penalty > 2 * reward, reward > 2 * penalty
        neither = ~basic & ~excitement & (penalty + reward > 0)
        hits += np.column_stack([basic, neither, excitement])
    share = hits / draws
    got = found[["prob_basic", "prob_performance", "prob_excitement"]].to_numpy()
    error = np.sqrt(share * (1 - share) * (1 / draws + 1 / 2000)) + 1 / draws
    assert (np.abs(got - share) <= 4 * error).all()


def test_the_same_seed_gives_the_same_classes_and_another_seed_other_probabilities() -> None:
    one, two, other = (contrast(prca(), seed=s, replicates=200) for s in (3, 3, 4))
    pd.testing.assert_frame_equal(one.classes, two.classes)
    assert not one.classes["prob_basic"].equals(other.classes["prob_basic"])


def test_a_side_nobody_is_on_leaves_the_index_undefined_with_a_note() -> None:
    frame = prca()
    frame["att1"] = frame["att1"].clip(lower=4)
    found = contrast(frame)
    row = found.classes.set_index("term").loc["att1"]
    assert (row["note"], row["class"]) == ("no_low_ratings", "not_classifiable")
    assert np.isnan(row["asymmetry_index"])
    penalty = found.estimates.iloc[0]
    assert np.isnan(penalty["estimate"])
    assert penalty["n"] == 0


def test_cut_points_by_driver_and_weights_times_ten_change_nothing() -> None:
    frame = prca().assign(w=lambda d: 1 + d["att2"] / 5)
    one = contrast(frame, weights="w", low=dict.fromkeys(ATT, 3.0))
    ten = contrast(frame.assign(w=frame["w"] * 10), weights="w")
    np.testing.assert_allclose(
        one.estimates["std_error"], ten.estimates["std_error"], rtol=1e-9
    )
    pd.testing.assert_frame_equal(one.classes, ten.classes)


def test_reversing_the_scales_turns_the_index_around() -> None:
    frame = prca()
    mirrored = frame.assign(Y=-frame["Y"], **{name: 8 - frame[name] for name in ATT})
    one = contrast(frame)
    two = contrast(mirrored, low=2, high=5)
    np.testing.assert_allclose(
        one.classes["asymmetry_index"], -two.classes["asymmetry_index"], rtol=1e-9
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 6, "high": 6}, "driver 'att1': low 6 must be below high 6"),
        ({"low": {"att1": 3}}, "low: no cut point for \\['att2', 'att3', 'att4'\\]"),
        ({"low": -5, "high": 99}, "no driver has a low or a high rating"),
        ({"cut": 1.2}, "cut must be a number between 0 and 1"),
        ({"weights": "att1", "std_errors": "classical"}, "read sampling weights as counts"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CxError, match=message):
        contrast(prca(), **options)


def test_a_text_driver_is_refused() -> None:
    with pytest.raises(ResponseError, match="column 'att1': numbers are needed"):
        contrast(prca().assign(att1=lambda d: d["att1"].map("rated {}".format)))


@pytest.mark.slow
def test_error_rates_of_the_asymmetry_test_and_of_the_classes() -> None:
    """Symmetric effects: 5 % rejected. No effect at all: a class is named in at most 5 %."""
    rng = np.random.default_rng(21)
    runs, rejected, named = 600, 0, 0
    for _ in range(runs):
        x = rng.integers(1, 8, (150, 2))
        y = 0.5 * ((x[:, 0] >= 6) * 1.0 - (x[:, 0] <= 2)) + rng.normal(size=150)
        frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "Y": y})
        found = penalty_reward(
            frame,
            outcome="Y",
            drivers=["a", "b"],
            low=2,
            high=6,
            p_adjust="none",
            replicates=100,
        )
        rows = found.estimates.set_index(["term", "group"])["p_value"]
        rejected += rows["a", "asymmetry"] < 0.05
        named += found.classes["class"].iloc[1] != "not_classifiable"
    assert 0.03 <= rejected / runs <= 0.075
    assert named / runs <= 0.05
