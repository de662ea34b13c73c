"""Curvature of the response: R's splines, shapes of made data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers.shape import (
    response_shape,
    spline_basis,
    spline_knots,
    weighted_median,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def made(kind: str, n: int = 800, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.integers(1, 8, (n, 2)), columns=["a", "b"])
    bent = {
        "straight": frame["a"],
        "diminishing": frame["a"].clip(upper=4),
        "increasing": frame["a"].clip(lower=4),
        "wave": (frame["a"] - 4) ** 3 / 6,
    }
    frame["y"] = bent[kind] + frame["b"] + rng.normal(size=n)
    return frame


def test_tests_curve_and_slopes_equal_splines_of_r() -> None:
    text = (REFERENCE / "expected" / "drivers_models_shape.json").read_text(encoding="utf-8")
    want = json.loads(text)
    frame = pd.read_csv(REFERENCE / "data" / "drivers_models_prca.csv")
    found = response_shape(frame, **want["options"])
    for name in ("estimates", "curve", "shapes"):
        expected = pd.DataFrame(want["values"][name])
        table = getattr(found, name)
        got = table[table["term"] == "att1"].reset_index(drop=True)
        for column in expected.columns:
            if expected[column].dtype.kind in "if":
                np.testing.assert_allclose(
                    got[column].to_numpy(dtype=float),
                    expected[column],
                    rtol=1e-8,
                    err_msg=column,
                )
            else:
                assert got[column].tolist() == expected[column].tolist()
    for name in set(want["values"]) - {"estimates", "curve", "shapes"}:
        got = getattr(found, name)
        assert (list(got) if isinstance(got, tuple) else got) == want["values"][name], name


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("straight", "no_curvature_found"), ("diminishing", "diminishing"),
        ("increasing", "increasing"), ("wave", "curved"),
    ],
)  # fmt: skip
def test_made_shapes_are_recognised(kind: str, shape: str) -> None:
    found = response_shape(made(kind), outcome="y", drivers=["a", "b"]).shapes
    assert found["shape"].tolist() == [shape, "no_curvature_found"]


def test_factors_and_two_answers_are_not_tested_and_say_why() -> None:
    frame = made("straight").assign(
        yes=lambda d: d["a"] > 4, trip=lambda d: d["b"].map("t{}".format)
    )
    found = response_shape(frame, outcome="y", drivers=["yes", "trip"])
    assert found.shapes["shape"].tolist() == ["not_tested", "not_tested"]
    assert found.shapes["note"].tolist() == ["fewer_than_three_answers", "not_a_rating"]
    assert found.estimates.empty
    assert found.curve.empty


def test_a_continuous_driver_gets_a_grid_and_no_steps() -> None:
    frame = made("straight").assign(
        a=lambda d: d["a"] + np.random.default_rng(1).normal(size=800)
    )
    curve = response_shape(frame, outcome="y", drivers=["a", "b"]).curve
    assert curve.loc[curve["term"] == "a", "group"].unique().tolist() == ["spline"]
    assert curve.loc[curve["term"] == "a", "n"].isna().all()


def test_a_natural_spline_is_straight_beyond_its_outer_knots() -> None:
    knots = np.array([1.0, 2.0, 4.0, 6.0])
    outside = spline_basis(np.array([6.0, 7.0, 8.0, 9.0]), knots)
    np.testing.assert_allclose(np.diff(outside, 2, axis=0), 0, atol=1e-12)


@pytest.mark.parametrize(
    "values",
    [[1, 2, 3] * 5, [1, 2, 3, 4, 5] * 4, [1] * 50 + [2, 3, 4, 5, 6, 7], list(range(100))],
)
def test_knots_are_different_and_rising(values: list[float]) -> None:
    knots = spline_knots(np.array(values, dtype=float))
    assert (np.diff(knots) > 0).all()
    assert len(knots) in (3, 4)


def test_the_weighted_median_has_half_of_the_weight_below() -> None:
    values, w = np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 5.0])
    assert weighted_median(values, w) == 2.0
    assert weighted_median(values, np.ones(3)) == 2.0


@pytest.mark.parametrize(
    "options", [{"weights": "w"}, {"clusters": "h"}, {"std_errors": "hc1"}]
)
def test_designs_keep_the_estimate_of_equal_weights(options: dict[str, Any]) -> None:
    frame = made("diminishing").assign(w=3.0, h=np.arange(800) % 40)
    plain = response_shape(frame, outcome="y", drivers=["a", "b"])
    other = response_shape(frame, outcome="y", drivers=["a", "b"], **options)
    np.testing.assert_allclose(
        plain.estimates["estimate"], other.estimates["estimate"], rtol=1e-8
    )
