"""Expected change of the outcome: R's delta method, the ends of the scales."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxresearch.drivers.models import DriverModelResult, driver_model
from cxresearch.drivers.what_if import Lift, Shift, expected_change
from cxresearch.errors import CxError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
LIMITS = {"room": (1, 7), "staff": (1, 7), "price": (1, 7)}
PLAN = [Shift(driver="room", by=1), Lift(driver="staff", below=4, to=6, share=0.5)]


def stays() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "drivers_models_stays.csv")


def fitted(**options: Any) -> DriverModelResult:
    return driver_model(
        stays(), **({"outcome": "overall", "drivers": ["room", "staff"]} | options)
    )


@pytest.mark.parametrize(
    ("kind", "options", "rtol"),
    [
        ("linear", {}, 1e-7),
        ("binary", {"top_box": 5.0}, 1e-6),
        ("ordinal", {"outcome": "recommend", "kind": "nps"}, 2e-3),
    ],
)
def test_changes_and_intervals_equal_the_delta_method_in_r(
    kind: str, options: dict[str, Any], rtol: float
) -> None:
    text = (REFERENCE / "expected" / "drivers_models_what_if.json").read_text(encoding="utf-8")
    want = json.loads(text)
    model = fitted(std_errors="classical", **options)
    found = expected_change(model, stays(), limits=LIMITS, scenarios=PLAN)
    expected = pd.DataFrame(want["values"]["estimates"][kind])
    for column in expected:
        np.testing.assert_allclose(found.estimates[column], expected[column], rtol=rtol)
    np.testing.assert_allclose(
        found.estimates["driver_after"], want["driver_after"], rtol=1e-12
    )
    for name in ("n", "std_errors", "confidence_level", "seed"):
        assert getattr(found, name) == want["values"][name]
    assert found.model in want["values"]["model"]
    assert found.outcome in want["values"]["outcome"]


def test_ratings_never_pass_the_end_of_the_scale() -> None:
    found = expected_change(
        fitted(), stays(), limits=LIMITS, scenarios=[Shift(driver="room", by=99)]
    )
    row = found.estimates.iloc[0]
    assert 6.999999 < row["driver_after"] <= 7
    assert row["changed"] < 1
    down = expected_change(
        fitted(), stays(), limits=LIMITS, scenarios=[Shift(driver="room", by=-99)]
    )
    assert 1 <= down.estimates["driver_after"].iloc[0] < 1.000001
    assert down.estimates["estimate"].iloc[0] < 0


def test_the_mean_outcome_never_passes_the_end_of_its_scale() -> None:
    limits = LIMITS | {"overall": (0, 5.0)}
    found = expected_change(
        fitted(), stays(), limits=limits, scenarios=[Shift(driver="room", by=6)]
    )
    row = found.estimates.iloc[0]
    assert row["outcome_after"] == 5.0
    assert row["note"] == "capped_at_scale_end"
    assert row["outcome_before"] + row["conf_high"] <= 5.0


def test_the_outcome_before_is_its_mean_and_respects_weights() -> None:
    model = fitted(weights="weight")
    frame = stays()
    used = frame.dropna(subset=["room", "staff", "overall"])
    found = expected_change(model, frame, limits=LIMITS, scenarios=PLAN).estimates
    mean = np.average(used["overall"], weights=used["weight"])
    assert found["outcome_before"].iloc[0] == pytest.approx(mean, rel=1e-12)
    np.testing.assert_allclose(found["outcome_after"], mean + found["estimate"], rtol=1e-12)


def test_a_lift_of_everybody_is_twice_the_lift_of_half() -> None:
    plan = [Lift(driver="staff", below=4, to=6, share=s) for s in (0.5, 1.0)]
    for options in ({}, {"top_box": 5.0}):
        found = expected_change(
            fitted(**options), stays(), limits=LIMITS, scenarios=plan
        ).estimates
        half, whole = found["estimate"]
        assert whole == pytest.approx(2 * half, rel=1e-12)


def test_an_interaction_moves_with_its_driver() -> None:
    model = fitted(drivers=["room", "price", "room:price"])
    found = expected_change(
        model, stays(), limits=LIMITS, scenarios=[Shift(driver="room", by=-0.5)]
    )
    used = stays().dropna(subset=["room", "price", "overall"])
    moved = np.maximum(used["room"] - 0.5, 1) - used["room"]
    b = model.estimates.set_index("term")["estimate"]
    want = (moved * (b["room"] + b["room:price"] * used["price"])).mean()
    assert found.estimates["estimate"].iloc[0] == pytest.approx(want, rel=1e-10)


def test_without_scenarios_every_rated_driver_goes_up_by_half_a_point() -> None:
    model = fitted(drivers=["room", "staff", "price", "trip"])
    found = expected_change(model, stays(), limits=LIMITS)
    assert found.estimates["term"].tolist() == ["room", "staff", "price"]
    assert found.estimates["amount"].tolist() == [0.5] * 3
    assert sorted(found.estimates["rank"]) == [1, 2, 3]
    assert found.estimates["prob_first"].sum() == pytest.approx(1)
    assert found.glance()["first"].iloc[0] == found.estimates.set_index("rank").loc[1, "term"]


def test_the_probability_of_the_larger_gain_is_the_normal_one() -> None:
    model = fitted()
    found = expected_change(model, stays(), limits=LIMITS, scenarios=PLAN).estimates
    used = stays().dropna(subset=["room", "staff", "overall"])
    moves = np.zeros((2, 3))
    moves[0, 1] = (np.minimum(used["room"] + 1, 7) - used["room"]).mean()
    moves[1, 2] = (0.5 * np.where(used["staff"] <= 4, 6 - used["staff"], 0)).mean()
    contrast = moves[0] - moves[1]
    error = np.sqrt(contrast @ model.covariance @ contrast)
    want = stats.norm.cdf(contrast @ model.coefficients / error)
    assert found["prob_first"].iloc[0] == pytest.approx(want, abs=4 * np.sqrt(0.25 / 10_000))


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Shift(driver="spa", by=1), "scenario: \\['spa'\\] not found; the numeric drivers are"),
        (Shift(driver="trip", by=1), "scenario: \\['trip'\\] not found"),
        (Lift(driver="staff", below=6, to=5), "below must be under to"),
        (Lift(driver="staff", below=4, to=9), "both within the scale 1 to 7"),
        (Lift(driver="staff", below=4, to=6, share=0), "share of .* must be above 0"),
    ],
)
def test_scenarios_that_cannot_be_are_refused(scenario: Shift | Lift, message: str) -> None:
    model = fitted(drivers=["room", "staff", "trip"])
    with pytest.raises(CxError, match=message):
        expected_change(model, stays(), limits=LIMITS, scenarios=[scenario])


def test_missing_and_wrong_limits_and_frames_are_refused() -> None:
    model = fitted()
    with pytest.raises(CxError, match="no scale ends for 'room'"):
        expected_change(model, stays(), limits={}, scenarios=PLAN)
    with pytest.raises(CxError, match="limits names no numeric driver"):
        expected_change(model, stays(), limits={})
    with pytest.raises(CxError, match="limits of 'room': 1 to 5, but the answers go"):
        expected_change(model, stays(), limits={"room": (1, 5)}, scenarios=PLAN[:1])
    with pytest.raises(
        CxError, match=r"rests on 288 respondents and the frame has [0-9] complete"
    ):
        expected_change(model, stays().head(9), limits=LIMITS)
