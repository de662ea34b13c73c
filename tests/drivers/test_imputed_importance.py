"""Pooled shares of imputed data sets: R's numbers, what must hold, bias and coverage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.drivers._imputed_shares import (
    SetShares,
    differences,
    pooled_table,
)
from cxresearch.drivers.importance import driver_importance
from cxresearch.drivers.pooled_shares import imputed_importance
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
WANT = json.loads((REFERENCE / "expected" / "drivers_more_imputed.json").read_text("utf-8"))
QUICK: dict[str, Any] = {"imputations": 3, "n_boot": 30, "iterations": 3}
ASKED: dict[str, Any] = {"outcome": "y", "drivers": ["q0", "q1", "q2"]}
few = settings(deadline=None, max_examples=10)


def stays() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "drivers_models_stays.csv")


def ratings(n: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    halo = rng.normal(size=n)
    frame = pd.DataFrame({f"q{j}": halo + rng.normal(size=n) for j in range(3)})
    frame["y"] = frame["q0"] + 0.5 * frame["q1"] + 1.2 * rng.normal(size=n)
    return frame


def gappy(n: int = 300, seed: int = 0, share: float = 0.5) -> pd.DataFrame:
    """`q0` is missing more often where the outcome is high (missing at random)."""
    frame = ratings(n, seed)
    rng = np.random.default_rng([seed, 1])
    high = frame["y"] > frame["y"].median()
    frame.loc[high & (rng.random(n) < share), "q0"] = np.nan
    return frame


def test_shares_with_a_touchpoint_not_used_equal_lm() -> None:
    frame = stays().dropna(subset=["overall", "room", "staff", "price"])
    away = frame["pool_used"].eq(0).to_numpy()
    found = imputed_importance(frame, **WANT["options"], not_used={"pool": away}, n_boot=20)
    for name in ("estimates", "fits", "available"):
        want, got = pd.DataFrame(WANT["values"][name]), getattr(found, name)
        got = got[got["group"] == "imputation"] if name == "estimates" else got
        for column in want.columns:
            if pd.api.types.is_numeric_dtype(want[column]):
                np.testing.assert_allclose(
                    got[column].to_numpy(float), want[column].to_numpy(float),
                    rtol=1e-9, atol=1e-12,
                )  # fmt: skip
            else:
                assert got[column].tolist() == want[column].tolist()
    for name in set(WANT["values"]) - {"estimates", "fits", "available"}:
        got = getattr(found, name)
        assert (list(got) if isinstance(got, tuple) else got) == WANT["values"][name], name


@few
@given(seed=st.integers(0, 10_000))
def test_with_nothing_missing_it_is_plain_importance(seed: int) -> None:
    frame = ratings(200, seed)
    found = imputed_importance(frame, **ASKED, n_boot=100, seed=seed)
    plain = driver_importance(frame, **ASKED, n_boot=100, seed=seed)
    assert found.notes == ("nothing_to_impute",)
    assert found.imputations == 0
    for group in ("imputation", "listwise"):
        rows = found.estimates[found.estimates["group"] == group]
        for name in ("estimate", "percent", "std_error", "rank", "p_top1"):
            np.testing.assert_allclose(rows[name], plain.estimates[name], rtol=1e-9)
    np.testing.assert_allclose(found.fits["r2"], plain.r2)
    assert (found.estimates["riv"].dropna() < 1e-9).all()


@few
@given(seed=st.integers(0, 10_000))
def test_shares_sum_to_the_mean_r2_and_intervals_stay_between_0_and_1(seed: int) -> None:
    found = imputed_importance(gappy(120, seed), **ASKED, **QUICK)
    pooled = found.estimates[found.estimates["group"] == "imputation"]
    assert pooled["estimate"].sum() == pytest.approx(found.fits["r2"][0], rel=1e-9)
    assert pooled["percent"].sum() == pytest.approx(100)
    assert pooled["conf_low"].between(0, 1).all()
    assert pooled["conf_high"].between(0, 1).all()
    assert pooled["percent_high"].le(100).all()
    assert (pooled["conf_low"] <= pooled["estimate"]).all()
    assert (pooled["estimate"] <= pooled["conf_high"]).all()
    assert pooled["p_top1"].sum() == pytest.approx(1)


def test_differences_are_pooled_by_rubins_rules() -> None:
    found = imputed_importance(gappy(), **ASKED, **QUICK)
    pooled = found.estimates[found.estimates["group"] == "imputation"].set_index("term")
    for row in found.differences.itertuples():
        gap = pooled.loc[row.term, "estimate"] - pooled.loc[row.other, "estimate"]
        assert row.estimate == pytest.approx(gap, abs=1e-12)
    assert (found.differences["p_adjusted"] >= found.differences["p_value"]).all()


def test_more_missing_means_more_missing_information_and_wider_intervals() -> None:
    little, much = (
        imputed_importance(gappy(400, 3, share), **ASKED, imputations=20, n_boot=50)
        for share in (0.1, 0.9)
    )
    one, two = (
        r.estimates[r.estimates["group"] == "imputation"].set_index("term").loc["q0"]
        for r in (little, much)
    )
    assert one["fmi"] < two["fmi"]
    assert one["riv"] < two["riv"]
    assert one["df"] > two["df"]


def test_drivers_behind_one_filter_share_what_no_use_explains() -> None:
    """Two copies of a touchpoint behind one filter get the same share, whichever is first."""
    rng = np.random.default_rng(5)
    frame = ratings(400)
    away = rng.random(400) < 0.4
    frame["y"] -= 2 * away
    spa = frame["q2"] + rng.normal(size=400)
    for order in (["pool", "slide", "q0"], ["slide", "pool", "q0"]):
        table = frame.assign(pool=spa.mask(away), slide=spa.mask(away) + 0.0)
        table["slide"] += rng.normal(size=400) * 1e-3
        found = imputed_importance(
            table, outcome="y", drivers=order, not_used={"pool": away, "slide": away}, n_boot=20
        )
        shares = found.estimates.set_index("term")["estimate"]
        assert shares["pool"].iloc[0] == pytest.approx(shares["slide"].iloc[0], rel=0.02)
        assert shares["pool"].iloc[0] > 0.05


def test_missing_by_design_leaves_nobody_complete_and_says_so() -> None:
    frame = ratings(400)
    away = np.arange(400) % 2 == 0
    frame["pool"] = frame["q2"].mask(away)
    frame["bar"] = frame["q1"].mask(~away)
    found = imputed_importance(
        frame, outcome="y", drivers=["q0", "pool", "bar"],
        not_used={"pool": away, "bar": ~away}, n_boot=20,
    )  # fmt: skip
    assert found.notes[1].startswith("listwise_impossible: 0 of 400 respondents")
    assert set(found.estimates["group"]) == {"imputation"}
    assert found.available["n_listwise"].tolist() == [0, 0, 0]
    assert np.isnan(found.glance()["r2_listwise"][0])


def test_respondents_without_an_outcome_are_in_no_set() -> None:
    frame = gappy()
    frame.loc[:39, "y"] = np.nan
    away = np.arange(300) < 20
    frame.loc[away, "q2"] = np.nan
    found = imputed_importance(frame, **ASKED, **QUICK, not_used={"q2": away})
    assert (found.n, found.n_asked) == (260, 300)
    assert found.available.set_index("term").loc["q2", "n_not_used"] == 20
    assert not found.estimates["not_used"].any()


def test_controls_weights_and_clusters_enter_every_set() -> None:
    rng = np.random.default_rng(2)
    frame = gappy().assign(
        weight=rng.uniform(0.5, 2, 300), hotel=rng.integers(0, 30, 300),
        region=rng.choice(["a", "b"], 300),
    )  # fmt: skip
    frame["region"] = np.where(frame["hotel"] < 15, "a", "b")
    found = imputed_importance(
        frame, outcome="y", drivers=["q0", "q1"], controls=["q2"], weights="weight",
        clusters="hotel", strata="region", **QUICK,
    )  # fmt: skip
    assert found.fits["r2_controls"].gt(0).all()
    pooled = found.estimates[found.estimates["group"] == "imputation"]
    assert (pooled["df"] < 29).all()
    plain = imputed_importance(
        frame, outcome="y", drivers=["q0", "q1"], controls=["q2"], **QUICK
    )
    assert found.fits["r2"][0] != plain.fits["r2"][0]


def test_the_same_seed_gives_the_same_numbers_and_row_labels_do_not_matter() -> None:
    frame = gappy(150)
    one, two = (
        imputed_importance(f, **ASKED, **QUICK)
        for f in (frame, frame.set_axis(np.zeros(150, dtype=int)))
    )
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
    again = Result.from_dict(json.loads(json.dumps(one.to_dict())))
    pd.testing.assert_frame_equal(again.tidy(), one.tidy(), check_dtype=False)


def test_what_cannot_be_meant_is_refused() -> None:
    frame = gappy(150)
    with pytest.raises(CxError, match="interactions have no imputed importance"):
        imputed_importance(frame, outcome="y", drivers=["q0", "q1", "q0:q1"])
    with pytest.raises(CxError, match="n_boot must be a whole number of at least 20"):
        imputed_importance(frame, **ASKED, n_boot=0)
    with pytest.raises(ResponseError, match="no respondent answered"):
        imputed_importance(frame.assign(q1=np.nan), **ASKED)


def test_rubins_rules_see_the_spread_between_sets() -> None:
    """Two sets a known distance apart: T = W + 1.5 B."""
    rng = np.random.default_rng(1)
    draws = 0.3 + 0.01 * rng.normal(size=(2, 500, 2))
    shares = SetShares(
        names=("a", "b"), shares=np.array([[0.3, 0.2], [0.4, 0.2]]), controls=np.zeros(2),
        draws=draws, n=100, df=97.0, imputed=True,
    )  # fmt: skip
    frame = pd.DataFrame({"a": [False], "b": [False]})
    ask: Any = type("Ask", (), {"not_used": frame, "confidence_level": 0.95})
    table = pooled_table(shares, ask)
    within = draws[:, :, 0].var(axis=1, ddof=1).mean()
    assert table["std_error"][0] ** 2 == pytest.approx(within + 1.5 * 0.005, rel=1e-9)
    assert table["conf_high"][0] - table["conf_low"][0] > 10 * np.sqrt(within)
    assert differences(shares, ask)["estimate"].tolist() == pytest.approx([0.15])


@pytest.mark.slow
def test_it_covers_at_its_level_and_comes_closer_than_listwise() -> None:
    truth = driver_importance(ratings(400_000, 99), **ASKED, n_boot=0).estimates["estimate"][0]
    runs, hits, pooled, bent = 200, 0, [], []
    for seed in range(runs):
        found = imputed_importance(
            gappy(300, seed), **ASKED, imputations=10, iterations=5, n_boot=100
        ).estimates.set_index(["group", "term"])
        row = found.loc[("imputation", "q0")]
        hits += row["conf_low"] <= truth <= row["conf_high"]
        pooled.append((row["estimate"] - truth) ** 2)
        bent.append((found.loc[("listwise", "q0"), "estimate"] - truth) ** 2)
    assert np.mean(pooled) < np.mean(bent)
    assert 0.90 <= hits / runs <= 0.99
