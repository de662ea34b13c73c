"""What the importance result says: books, options, factors, groups, designs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers._game import bootstrap_indices
from cxresearch.drivers.importance import DriverImportanceResult, driver_importance
from cxresearch.errors import EstimationError
from cxresearch.results import Result


def stays(n: int = 300, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    halo = rng.normal(size=n)
    frame = pd.DataFrame(
        {name: halo + rng.normal(size=n) for name in ("room", "food", "staff")}
    )
    frame["region"] = rng.choice(["North", "South", "West"], n)
    frame["satisfaction"] = frame["room"] + 0.5 * frame["staff"] + rng.normal(size=n)
    frame["weight"] = rng.uniform(0.5, 3, n)
    frame["hotel"] = rng.integers(0, 20, n)
    frame["country"] = frame["hotel"] // 5
    return frame


STAY: dict[str, Any] = {"outcome": "satisfaction", "drivers": ["room", "food", "staff"]}


class TestWhatTheResultSays:
    def test_shares_percents_and_ranks_balance(self) -> None:
        result = driver_importance(stays(), **STAY, n_boot=200)
        table = result.estimates
        assert table["estimate"].sum() == pytest.approx(result.r2)
        assert table["percent"].sum() == pytest.approx(100)
        assert table["adjusted"].sum() == pytest.approx(result.r2_adjusted)
        assert table["p_top1"].sum() == pytest.approx(1)
        assert table["p_top3"].tolist() == pytest.approx([1, 1, 1])
        assert result.ranks.groupby("term")["estimate"].sum().tolist() == pytest.approx([1] * 3)
        assert result.ranks.groupby("rank")["estimate"].sum().tolist() == pytest.approx([1] * 3)
        assert sorted(table["rank"]) == [1, 2, 3]
        assert (table["mc_error"] == 0).all()

    @pytest.mark.parametrize("interval", ["percentile", "bca"])
    def test_intervals_stay_inside_what_is_possible(self, interval: Any) -> None:
        result = driver_importance(stays(60), **STAY, n_boot=300, interval=interval)
        table = result.estimates
        assert (table["conf_low"] >= 0).all()
        assert (table["conf_high"] <= 1).all()
        assert (table["percent_low"] >= 0).all()
        assert (table["percent_high"] <= 100).all()
        assert (table["conf_low"] < table["conf_high"]).all()

    def test_it_survives_json(self) -> None:
        result = driver_importance(
            stays(), **STAY, n_boot=50, groups={"people": ["staff"]}, method="owen"
        )
        again = Result.from_dict(json.loads(json.dumps(result.to_dict())))
        assert isinstance(again, DriverImportanceResult)
        pd.testing.assert_frame_equal(again.estimates, result.estimates, check_dtype=False)
        assert again.groups == {"people": ("staff",)}
        assert result.glance()["n"].tolist() == [300]
        assert result.tidy().columns[:6].tolist() == [
            "term", "estimate", "std_error", "conf_low", "conf_high", "n",
        ]  # fmt: skip

    def test_shares_that_do_not_sum_to_r2_are_refused(self) -> None:
        payload = driver_importance(stays(), **STAY, n_boot=0).to_dict()
        payload["fields"]["r2"] = 0.9
        with pytest.raises(EstimationError, match="shares sum to"):
            Result.from_dict(payload)

    def test_without_replicates_there_are_no_intervals(self) -> None:
        result = driver_importance(stays(), **STAY, n_boot=0)
        assert (result.interval, result.replicates, result.n_boot) == ("none", "none", 0)
        assert result.estimates["conf_low"].isna().all()
        assert result.differences["p_adjusted"].isna().all()
        assert result.differences["estimate"].notna().all()
        assert result.ranks["estimate"].isna().all()

    def test_rows_with_a_missing_answer_are_dropped_and_said_so(self) -> None:
        frame = stays()
        frame.loc[:59, "food"] = np.nan
        result = driver_importance(frame, **STAY, n_boot=50)
        assert (result.n, result.n_asked) == (240, 300)
        assert "rows_dropped:60" in result.notes
        assert result.estimates["n_answered"].tolist() == [300, 240, 300]
        assert (result.estimates["n"] == 240).all()

    def test_stored_indices_repeat_the_bootstrap_of_a_seed(self) -> None:
        drawn = bootstrap_indices(300, n_boot=60, seed=9)
        first = driver_importance(stays(), **STAY, n_boot=60, seed=9)
        second = driver_importance(stays(), **STAY, indices=drawn)
        pd.testing.assert_frame_equal(first.estimates, second.estimates)
        assert second.n_boot == 60

    def test_the_same_seed_gives_the_same_result_and_another_does_not(self) -> None:
        first, again, other = (
            driver_importance(stays(), **STAY, n_boot=60, seed=seed) for seed in (1, 1, 2)
        )
        pd.testing.assert_frame_equal(first.estimates, again.estimates)
        assert not np.allclose(first.estimates["std_error"], other.estimates["std_error"])

    def test_replicates_on_one_side_leave_bca_undefined_and_named(self) -> None:
        drawn = np.tile(np.arange(300), (25, 1))
        result = driver_importance(stays(), **STAY, indices=drawn, interval="bca")
        assert result.estimates["conf_low"].isna().all()
        assert result.interval == "bca"
        assert "interval_undefined:room" in result.notes

    def test_one_driver_has_all_of_r2_and_no_differences(self) -> None:
        result = driver_importance(stays(), outcome="satisfaction", drivers="room", n_boot=40)
        assert result.estimates["estimate"].tolist() == pytest.approx([result.r2])
        assert result.differences.empty


class TestFactorsGroupsInteractions:
    def test_a_factor_is_one_driver(self) -> None:
        result = driver_importance(
            stays(), outcome="satisfaction", drivers=["room", "region"], n_boot=40
        )
        row = result.estimates.set_index("term").loc["region"]
        assert row["columns"] == 2
        assert row["sign"] == 0
        assert np.isnan(row["coefficient"])
        assert np.isnan(row["relative_weight"])
        assert np.isfinite(row["pratt"])
        assert result.estimates["pratt"].sum() == pytest.approx(result.r2)

    def test_the_reference_level_of_a_factor_does_not_matter(self) -> None:
        frame = stays()
        other = frame.assign(region=pd.Categorical(frame["region"], ["West", "South", "North"]))
        asked = {"outcome": "satisfaction", "drivers": ["room", "region"], "n_boot": 0}
        first, second = (driver_importance(f, **asked) for f in (frame, other))
        np.testing.assert_allclose(
            first.estimates["estimate"], second.estimates["estimate"], atol=1e-12
        )

    def test_owen_shares_inside_a_group_sum_to_the_groups_share(self) -> None:
        groups = {"physical": ["room", "food"]}
        asked = {**STAY, "groups": groups, "n_boot": 0}
        inside = driver_importance(stays(), **asked, method="owen").estimates
        whole = driver_importance(stays(), **asked).estimates.set_index("term")["estimate"]
        assert inside["block"].tolist() == ["physical", "physical", ""]
        assert inside["estimate"][:2].sum() == pytest.approx(whole["physical"])
        assert inside["estimate"][2] == pytest.approx(whole["staff"])

    def test_an_interaction_leaves_main_effects_invariant_to_centring(self) -> None:
        frame = stays()
        asked = {"outcome": "satisfaction", "drivers": ["room", "staff", "room:staff"]}
        first = driver_importance(frame, **asked, n_boot=0)
        moved = frame.assign(room=frame["room"] * 3 + 50, staff=frame["staff"] - 9)
        second = driver_importance(moved, **asked, n_boot=0)
        np.testing.assert_allclose(
            first.estimates["estimate"], second.estimates["estimate"], atol=1e-9
        )
        table = first.estimates.set_index("term")
        assert np.isnan(table.loc["room:staff", "first"])
        assert np.isnan(table.loc["room", "last"])
        both = driver_importance(frame, outcome="satisfaction", drivers=["room", "staff"])
        assert table["estimate"][:2].tolist() == pytest.approx(
            both.estimates["estimate"].tolist()
        )

    def test_car_shares_can_be_asked_for(self) -> None:
        result = driver_importance(stays(), **STAY, method="car", n_boot=60)
        np.testing.assert_allclose(result.estimates["estimate"], result.estimates["car"])
        assert result.estimates["estimate"].sum() == pytest.approx(result.r2)


class TestDesign:
    def test_multiplying_weights_by_ten_changes_nothing(self) -> None:
        frame = stays()
        one, ten = (
            driver_importance(f, **STAY, weights="weight", n_boot=60, interval="bca")
            for f in (frame, frame.assign(weight=frame["weight"] * 10))
        )
        pd.testing.assert_frame_equal(one.estimates, ten.estimates, rtol=1e-9)
        assert one.n_effective == pytest.approx(ten.n_effective)
        assert one.n_effective < one.n

    def test_clusters_are_resampled_whole_and_widen_the_interval(self) -> None:
        rng = np.random.default_rng(2)
        hotel = np.repeat(np.arange(15), 20)
        frame = pd.DataFrame(
            {"a": rng.normal(size=15)[hotel] + 0.3 * rng.normal(size=300), "hotel": hotel}
        )
        frame["b"] = rng.normal(size=300)
        frame["y"] = frame["a"] + rng.normal(size=15)[hotel] + rng.normal(size=300)
        asked = {"outcome": "y", "drivers": ["a", "b"], "n_boot": 300}
        alone = driver_importance(frame, **asked).estimates["std_error"]
        whole = driver_importance(frame, **asked, clusters="hotel").estimates["std_error"]
        assert whole[0] > 1.5 * alone[0]

    def test_strata_are_resampled_apart(self) -> None:
        result = driver_importance(
            stays(), **STAY, clusters="hotel", strata="country", weights="weight", n_boot=60,
            interval="bca",
        )  # fmt: skip
        assert (result.clusters, result.strata) == ("hotel", "country")
        assert (result.estimates["conf_low"] < result.estimates["conf_high"]).all()
