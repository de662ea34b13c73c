"""Shares against those of a random driver: what each twin asks, level and power."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers.margin import RandomDriverMarginResult, random_driver_margin
from cxresearch.drivers.shares import shapley_shares
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result


def stays(n: int = 200, seed: int = 0) -> pd.DataFrame:
    """`wifi` has no effect of its own but goes with `room`; `art` is noise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"room": rng.normal(size=n), "art": rng.normal(size=n)})
    frame["wifi"] = 0.7 * frame["room"] + rng.normal(size=n)
    frame["y"] = 0.8 * frame["room"] + rng.normal(size=n)
    frame["region"] = rng.choice(["a", "b", "c"], n)
    frame["hotel"] = rng.integers(0, 25, n)
    return frame


ASKED: dict[str, Any] = {"outcome": "y", "drivers": ["room", "wifi", "art"]}


def test_a_driver_that_goes_with_a_real_one_exceeds_noise_but_not_its_own_twin() -> None:
    frame = stays(600)
    independent = random_driver_margin(frame, **ASKED, n_draws=300)
    conditional = random_driver_margin(frame, **ASKED, n_draws=300, twin="conditional")
    assert independent.estimates["exceeds"].tolist() == [True, True, False]
    assert conditional.estimates["exceeds"].tolist() == [True, False, False]
    assert independent.question == "more_than_an_unrelated_driver"
    assert conditional.question == "more_than_its_correlations_with_other_drivers_give"


def test_the_margin_is_the_share_less_the_twins() -> None:
    for twin in ("independent", "conditional"):
        result = random_driver_margin(stays(), **ASKED, n_draws=60, twin=twin)
        table = result.estimates
        np.testing.assert_allclose(table["estimate"], table["share"] - table["share_of_twin"])
        assert (result.n, result.n_asked, result.n_draws) == (200, 200, 60)
    assert (table["p_value"] >= 1 / 61).all()
    matrix = np.cov(stays()[["room", "wifi", "art", "y"]].to_numpy().T)
    np.testing.assert_allclose(table["share"], shapley_shares(matrix), rtol=1e-9)


def test_a_noise_driver_gets_about_one_over_n() -> None:
    result = random_driver_margin(stays(500), **ASKED, n_draws=400)
    assert result.estimates["share_of_twin"][0] == pytest.approx(1 / 500, rel=0.8)


def test_a_conditional_twin_keeps_what_the_driver_shares_with_others() -> None:
    result = random_driver_margin(stays(3000), **ASKED, n_draws=100, twin="conditional")
    wifi = result.estimates.set_index("term").loc["wifi"]
    assert wifi["share_of_twin"] == pytest.approx(wifi["share"], rel=0.05)
    assert wifi["share"] > 0.03


def test_the_false_alarm_rate_of_a_null_driver_keeps_the_level() -> None:
    rejected = {"wifi": 0, "art": 0}
    noise = 0
    samples = 200
    for seed in range(samples):
        frame = stays(80, seed)
        table = random_driver_margin(
            frame, **ASKED, n_draws=60, twin="conditional", seed=seed
        ).estimates.set_index("term")
        for name in rejected:
            rejected[name] += bool(table.loc[name, "exceeds"])
        independent = random_driver_margin(frame, **ASKED, n_draws=60, seed=seed)
        noise += bool(independent.estimates["exceeds"][2])
    limit = samples * 0.05 + 3 * np.sqrt(samples * 0.05 * 0.95)
    assert rejected["wifi"] <= limit
    assert rejected["art"] <= limit
    assert noise <= limit


def test_factors_controls_weights_and_clusters_are_possible() -> None:
    frame = stays().assign(w=np.linspace(1, 3, 200))
    asked = {
        "outcome": "y",
        "drivers": ["room", "region"],
        "controls": ["wifi"],
        "weights": "w",
    }
    for twin in ("independent", "conditional"):
        table = random_driver_margin(frame, **asked, n_draws=80, twin=twin).estimates
        assert table["exceeds"].tolist() == [True, False]
    clustered = random_driver_margin(frame, **ASKED, clusters="hotel", n_draws=80)
    assert clustered.clusters == "hotel"
    alone = random_driver_margin(
        frame, outcome="y", drivers=["room"], twin="conditional", n_draws=80
    )
    assert alone.estimates["exceeds"].tolist() == [True]


def test_multiplying_weights_by_ten_changes_nothing() -> None:
    frame = stays().assign(w=np.linspace(1, 3, 200))
    for twin in ("independent", "conditional"):
        one, ten = (
            random_driver_margin(f, **ASKED, weights="w", n_draws=40, twin=twin).estimates
            for f in (frame, frame.assign(w=10 * frame["w"]))
        )
        pd.testing.assert_frame_equal(one, ten, rtol=1e-8)


def test_the_same_seed_gives_the_same_result() -> None:
    first, again = (
        random_driver_margin(stays(), **ASKED, n_draws=40, seed=3) for _ in range(2)
    )
    pd.testing.assert_frame_equal(first.estimates, again.estimates)


def test_the_result_survives_json() -> None:
    result = random_driver_margin(stays(), **ASKED, n_draws=40)
    again = Result.from_dict(json.loads(json.dumps(result.to_dict())))
    assert isinstance(again, RandomDriverMarginResult)
    pd.testing.assert_frame_equal(again.tidy(), result.tidy(), check_dtype=False)
    assert result.glance()["exceeding"][0] == result.estimates["exceeds"].sum()


def test_margins_that_do_not_balance_are_refused() -> None:
    payload = random_driver_margin(stays(), **ASKED, n_draws=40).to_dict()
    columns = payload["fields"]["estimates"]["__frame__"]
    next(c for c in columns if c["name"] == "share")["values"][0] = 0.9
    with pytest.raises(CxError, match="the share less the share of the twin"):
        Result.from_dict(payload)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"twin": "shadow"}, "twin must be one of"),
        ({"n_draws": 0}, "at least 20"),
        ({"twin": "conditional", "clusters": "hotel"}, "cannot keep clusters"),
        ({"drivers": ["room", "wifi", "room:wifi"]}, "free of interactions"),
        ({"drivers": ["rom"]}, "did you mean 'room'"),
        ({"confidence_level": 2}, "confidence_level must be"),
    ],
)
def test_what_cannot_be_asked_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CxError, match=message):
        random_driver_margin(stays(), **{**ASKED, **options})


def test_a_constant_driver_is_refused() -> None:
    with pytest.raises(ResponseError, match=r"'art'.*constant"):
        random_driver_margin(stays().assign(art=1.0), **ASKED)
