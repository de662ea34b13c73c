"""Importance–performance map: R on stored resamples, quadrants only as sure as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxresearch._ellipse import ellipse
from cxresearch.drivers.map import QUADRANTS, importance_performance
from cxresearch.errors import CxError, ResponseError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def stored(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"drivers_models_{name}.csv")


def ratings(n: int = 300, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    means = {"a": 5.5, "b": 3.0, "c": 4.25, "d": 4.25}
    return pd.DataFrame(
        {k: np.clip(np.round(m + rng.normal(size=n)), 1, 7) for k, m in means.items()}
    )


IMPORTANCE = {"a": 0.4, "b": 0.35, "c": 0.05, "d": 0.2}


def test_points_intervals_quadrants_and_ellipses_equal_r() -> None:
    text = (REFERENCE / "expected" / "drivers_models_map.json").read_text(encoding="utf-8")
    want = json.loads(text)
    found = importance_performance(
        stored("stays").head(60), importance=want["importance"], weights="weight",
        importance_replicates=stored("map_importance").to_numpy(),
        indices=stored("map_indices").to_numpy(),
    )  # fmt: skip
    for name in ("estimates", "positions"):
        expected, got = pd.DataFrame(want["values"][name]), getattr(found, name)
        assert got["term"].tolist() == expected["term"].tolist()
        for column in expected.columns.drop(["term", "group"], errors="ignore"):
            np.testing.assert_allclose(got[column], expected[column], rtol=1e-9, err_msg=column)
    for name in set(want["values"]) - {"estimates", "positions"}:
        got = getattr(found, name)
        got = list(got) if isinstance(got, tuple) else got
        assert got == pytest.approx(want["values"][name]), name


def test_a_driver_on_the_cross_hair_has_no_quadrant_of_its_own() -> None:
    frame = ratings()
    middle = float(frame["c"].mean())
    draws = np.random.default_rng(2).normal([0.4, 0.35, 0.2, 0.1], 0.05, (500, 4))
    found = importance_performance(
        frame, importance={"a": 0.4, "b": 0.35, "c": 0.2, "d": 0.1},
        importance_replicates=draws, cuts=(middle, 0.2),
    ).positions.set_index("term")  # fmt: skip
    chances = found.loc["c", [f"prob_{name}" for name in QUADRANTS]].to_numpy(dtype=float)
    assert chances.max() < 0.5
    assert chances.min() > 0.1
    assert not found.loc["c", "decided"]
    assert found.loc["b", ["quadrant", "decided"]].tolist() == ["concentrate", True]
    assert found.loc["a", "quadrant"] == "keep_up"


def test_probabilities_sum_to_one_and_the_cross_hair_is_stated() -> None:
    found = importance_performance(ratings(), importance=IMPORTANCE, cuts="median")
    chances = found.positions[[f"prob_{name}" for name in QUADRANTS]]
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert found.cut_importance == pytest.approx(0.275)
    assert (found.cuts, found.importance_varies, found.paired) == ("median", False, False)
    rows = found.estimates[found.estimates["group"] == "importance"]
    assert rows["std_error"].isna().all()


def test_standard_errors_are_those_of_a_mean_and_of_a_share() -> None:
    frame = ratings()
    mean = importance_performance(frame, importance=IMPORTANCE, replicates=4000).estimates
    error = frame["a"].std() / np.sqrt(300)
    assert mean["std_error"][0] == pytest.approx(error, rel=0.06)
    box = importance_performance(
        frame, importance=IMPORTANCE, performance="top_two_box", top_two_from=6, replicates=4000
    ).estimates
    share = (frame["a"] >= 6).mean()
    assert box["estimate"][0] == pytest.approx(share)
    assert box["std_error"][0] == pytest.approx(np.sqrt(share * (1 - share) / 300), rel=0.06)
    by_driver = importance_performance(
        frame, importance=IMPORTANCE, performance="top_two_box",
        top_two_from={"a": 5, "b": 6, "c": 6, "d": 6},
    ).estimates  # fmt: skip
    assert by_driver["estimate"][0] == pytest.approx((frame["a"] >= 5).mean())


def test_clusters_widen_and_unanswered_ratings_are_left_out_by_driver() -> None:
    frame = ratings().assign(h=np.arange(300) // 15)
    frame["b"] += np.random.default_rng(3).normal(size=20)[frame["h"]]
    plain, clustered = (
        importance_performance(frame, importance=IMPORTANCE, clusters=c).estimates
        for c in (None, "h")
    )
    assert clustered["std_error"][1] > 2 * plain["std_error"][1]
    frame.loc[:99, "c"] = np.nan
    found = importance_performance(frame, importance=IMPORTANCE).estimates
    assert found["n"].tolist()[:4] == [300, 300, 200, 300]
    assert found["estimate"][2] == pytest.approx(frame["c"].mean())


def test_an_ellipse_holds_its_share_of_normal_points() -> None:
    draws = np.random.default_rng(4).multivariate_normal([0, 0], [[2, 0.9], [0.9, 1]], 40_000)
    reach = float(stats.chi2.ppf(0.9, 2))
    shape = ellipse(draws[:, 0], draws[:, 1], reach)
    angle = np.radians(shape["ellipse_angle"])
    along = draws @ [np.cos(angle), np.sin(angle)] / shape["ellipse_major"]
    across = draws @ [-np.sin(angle), np.cos(angle)] / shape["ellipse_minor"]
    assert ((along**2 + across**2) <= 1).mean() == pytest.approx(0.9, abs=0.01)


def test_a_subset_of_rows_is_what_the_indices_number() -> None:
    frame = ratings()
    rows = np.arange(300) < 200
    indices = np.random.default_rng(1).integers(0, 200, (150, 200))
    draws = np.tile(list(IMPORTANCE.values()), (150, 1))
    found = importance_performance(
        frame, importance=IMPORTANCE, importance_replicates=draws, indices=indices, rows=rows
    ).estimates
    means = frame["a"].to_numpy()[indices].mean(axis=1)
    assert found["std_error"][0] == pytest.approx(means.std(ddof=1), rel=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"importance": {"a": 1.0}}, "a map needs at least 2 drivers"),
        ({"importance": {"a": 1.0, "z": 2.0}}, "importance: \\['z'\\] not found"),
        (
            {"importance": {"a": 1.0, "b": np.nan}},
            "importance of \\['b'\\] is not a finite number",
        ),
        ({"cuts": "mode"}, "cuts must be one of"),
        ({"cuts": (1.0,)}, "cuts must be 'mean', 'median' or two numbers"),
        ({"performance": "top_two_box"}, "needs top_two_from"),
        (
            {"performance": "top_two_box", "top_two_from": {"a": 6}},
            "no code for \\['b', 'c', 'd'\\]",
        ),
        (
            {"importance_replicates": np.ones((9, 3))},
            "of shape \\(replicates, 4\\); got \\(9, 3\\)",
        ),
        ({"indices": np.ones((9, 3), dtype=int)}, "indices belong to importance_replicates"),
        ({"rows": np.ones(3, dtype=bool)}, "rows must be true or false for each of the 300"),
        (
            {"importance_replicates": np.ones((9, 4)), "indices": np.ones((8, 3), dtype=int)},
            "indices has 8 replicates and importance_replicates 9",
        ),
    ],
)
def test_input_that_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CxError, match=message):
        importance_performance(ratings(), **({"importance": IMPORTANCE} | options))


def test_a_driver_nobody_rated_is_refused() -> None:
    with pytest.raises(ResponseError, match="\\['b'\\]: no respondent rated them"):
        importance_performance(ratings().assign(b=np.nan), importance=IMPORTANCE)
