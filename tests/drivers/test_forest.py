"""A forest beside the linear model: shared folds, verdicts, correlated drivers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers._forest_fits import _exchange
from cxresearch.drivers.forest import forest_importance
from cxresearch.drivers.importance import driver_importance
from cxresearch.drivers.models import driver_model
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result

SMALL: dict[str, Any] = {"n_trees": 40}


def straight(n: int = 800, seed: int = 0) -> pd.DataFrame:
    """`twin` has no effect of its own but nearly copies `room`; `staff` is real and apart."""
    rng = np.random.default_rng(seed)
    room, staff = rng.normal(size=n), rng.normal(size=n)
    frame = pd.DataFrame({"room": room, "staff": staff})
    frame["twin"] = 0.9 * room + np.sqrt(1 - 0.81) * rng.normal(size=n)
    frame["y"] = room + 0.4 * staff + rng.normal(size=n)
    frame["hotel"] = rng.integers(0, 40, n)
    frame["weight"] = rng.uniform(0.5, 2, n)
    return frame


ASKED: dict[str, Any] = {"outcome": "y", "drivers": ["room", "twin", "staff"], **SMALL}


def test_the_linear_fit_is_that_of_the_driver_model_on_the_same_folds() -> None:
    frame = straight()
    for design in ({}, {"weights": "weight"}, {"clusters": "hotel"}):
        found = forest_importance(frame, **ASKED, **design, folds=4, seed=7)
        model = driver_model(
            frame, outcome="y", drivers=["room", "twin", "staff"], folds=4, seed=7, **design
        )
        assert found.r2_linear == pytest.approx(model.r2_cv, rel=1e-12)
        assert found.fold_fits["n"].sum() == found.n


def test_a_straight_world_needs_no_forest() -> None:
    found = forest_importance(straight(), **ASKED)
    assert found.verdict == "linear_suffices"
    assert found.difference < 0


def test_a_bent_world_does() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(800, 2)), columns=["queue", "room"])
    frame["y"] = frame["room"] - 2 * frame["queue"].abs() + rng.normal(size=800)
    found = forest_importance(frame, outcome="y", drivers=["queue", "room"], **SMALL)
    assert found.verdict == "nonlinear"
    table = found.estimates.set_index("term")
    assert table.loc["queue", "rank"] == 1
    assert table.loc["queue", "linear"] < 0.02
    assert table.loc["queue", "conf_low"] > 0.1


def test_an_interaction_of_two_drivers_is_seen() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.normal(size=(1000, 2)), columns=["a", "b"])
    frame["y"] = 1.5 * frame["a"] * frame["b"] + rng.normal(size=1000)
    found = forest_importance(frame, outcome="y", drivers=["a", "b"], **SMALL)
    assert found.verdict == "nonlinear"


def test_with_little_evidence_nothing_is_decided() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.normal(size=(100, 2)), columns=["queue", "room"])
    frame["y"] = frame["room"] - 1.2 * frame["queue"].abs() + rng.normal(size=100)
    found = forest_importance(frame, outcome="y", drivers=["queue", "room"], **SMALL)
    assert found.verdict == "undecided"


@pytest.mark.parametrize("seed", range(5))
def test_a_twin_without_an_effect_does_not_rank_above_a_real_driver(seed: int) -> None:
    """Correlation .9 with the strongest driver: the usual permutation importance fails here."""
    table = forest_importance(straight(600, seed), **ASKED).estimates.set_index("term")
    assert table.loc["twin", "estimate"] < 0.5 * table.loc["staff", "estimate"]
    assert table.loc["twin", "given"] == "room"
    assert table.loc["twin", "strata"] > 10
    assert (table.loc["staff", "given"], table.loc["staff", "strata"]) == ("", 1)


def test_under_a_linear_truth_it_is_what_the_driver_adds_last() -> None:
    frame = straight(6000, 1)
    found = forest_importance(frame, **{**ASKED, "repeats": 10}).estimates.set_index("term")
    last = driver_importance(
        frame, outcome="y", drivers=["room", "twin", "staff"], n_boot=0
    ).estimates.set_index("term")["last"]
    np.testing.assert_allclose(found["linear"], last[found.index], atol=0.012)
    assert (found["estimate"] < last[found.index] + 0.02).all()


def test_the_same_seed_gives_the_same_forest_and_another_one_another() -> None:
    one, two, three = (forest_importance(straight(300), **ASKED, seed=s) for s in (5, 5, 6))
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
    assert one.r2_forest == two.r2_forest != three.r2_forest


def test_weights_count_as_ratios() -> None:
    frame = straight(300).assign(more=lambda d: 8 * d["weight"])
    one, two = (forest_importance(frame, **ASKED, weights=w) for w in ("weight", "more"))
    np.testing.assert_allclose(one.estimates["estimate"], two.estimates["estimate"], rtol=1e-9)


def test_clusters_widen_the_error_where_hotels_bend_alike() -> None:
    rng = np.random.default_rng(3)
    frame = straight(800)
    frame["y"] += rng.normal(size=40)[frame["hotel"]] * 1.5
    plain = forest_importance(frame, **ASKED)
    whole = forest_importance(frame, **ASKED, clusters="hotel")
    assert whole.n == plain.n
    assert whole.difference_std_error > 0


def test_factors_and_controls_are_taken_whole() -> None:
    frame = straight(500)
    frame["trip"] = np.where(frame["room"] > 0.4, "a", np.where(frame["staff"] > 0, "b", "c"))
    found = forest_importance(
        frame, outcome="y", drivers=["staff", "trip"], controls=["room"], **SMALL
    ).estimates.set_index("term")
    assert set(found.index) == {"staff", "trip"}
    assert set(found.loc["trip", "given"].split(", ")) == {"staff", "room"}


def test_an_exchange_stays_within_strata_and_gives_each_answer_once() -> None:
    rng = np.random.default_rng(1)
    code = rng.integers(0, 5, 200)
    drawn = _exchange(code, rng)
    assert sorted(drawn) == list(range(200))
    assert (code[drawn] == code).all()
    assert (drawn != np.arange(200)).mean() > 0.8


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(CxError, match="leave interactions out: a forest finds them"):
        forest_importance(straight(), outcome="y", drivers=["room", "staff", "room:staff"])
    with pytest.raises(ResponseError, match="at least 60 complete respondents; there are 50"):
        forest_importance(straight(50), **ASKED)
    with pytest.raises(CxError, match="threshold must be a number from 0 to 1"):
        forest_importance(straight(), **ASKED, threshold=2)


def test_the_result_survives_json_and_tells_the_whole_in_one_row() -> None:
    found = forest_importance(straight(200), **ASKED)
    again = Result.from_dict(found.to_dict())
    pd.testing.assert_frame_equal(again.tidy(), found.tidy(), check_dtype=False)
    assert found.glance()["verdict"][0] == found.verdict


@pytest.mark.slow
def test_the_interval_of_the_difference_covers_its_large_sample_value() -> None:
    """Under a straight truth the forest loses; about 95 % of intervals hold the mean loss."""
    runs = [forest_importance(straight(400, seed), **ASKED) for seed in range(100)]
    centre = np.mean([run.difference for run in runs])
    held = np.mean([run.difference_low <= centre <= run.difference_high for run in runs])
    assert held >= 0.85
    assert not any(run.verdict == "nonlinear" for run in runs)
