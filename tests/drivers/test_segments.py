"""Importance by segment: R's numbers, what must hold, and error rates of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch._partial_pooling import partial_pool
from cxresearch.drivers.importance import driver_importance
from cxresearch.drivers.segments import SegmentImportanceResult, importance_by_segment
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
WANT = json.loads((REFERENCE / "expected" / "drivers_more_segments.json").read_text("utf-8"))
QUICK: dict[str, Any] = {"n_boot": 0, "n_permutations": 0}
few = settings(deadline=None, max_examples=15)


def stays() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "drivers_models_stays.csv")


def simulated(n: int = 600, *, groups: int = 3, seed: int = 0, p: int = 3) -> pd.DataFrame:
    """Correlated drivers with the same slopes in all segments; levels differ."""
    rng = np.random.default_rng(seed)
    g = rng.integers(0, groups, n)
    x = rng.normal(size=(n, p)) + rng.normal(size=(n, 1)) + g[:, None]
    frame = pd.DataFrame(x, columns=[f"q{j}" for j in range(p)])
    frame["y"] = x @ np.linspace(1, 0, p) + 2 * g + 1.5 * rng.normal(size=n)
    frame["wave"] = g
    return frame


def asked(p: int = 3, **options: Any) -> dict[str, Any]:
    return {
        "outcome": "y",
        "drivers": [f"q{j}" for j in range(p)],
        "segment": "wave",
        **options,
    }


class TestAgainstR:
    def test_shares_fit_and_slope_tests_equal_lm_and_anova(self) -> None:
        found = importance_by_segment(stays(), **WANT["options"], **QUICK)
        for name in ("estimates", "segments", "tests"):
            want, got = pd.DataFrame(WANT["values"][name]), getattr(found, name)
            for column in want.columns:
                if not pd.api.types.is_numeric_dtype(want[column]):
                    assert got[column].tolist() == want[column].tolist()
                else:
                    np.testing.assert_allclose(
                        got[column].to_numpy(float), want[column].to_numpy(float), rtol=1e-9
                    )
        for name in set(WANT["values"]) - {"estimates", "segments", "tests"}:
            got = getattr(found, name)
            assert (list(got) if isinstance(got, tuple) else got) == WANT["values"][name], name

    def test_robust_slope_tests_equal_a_wald_test_with_hc3(self) -> None:
        options = {**WANT["options"], "std_errors": "auto"}
        found = importance_by_segment(stays(), **options, **QUICK)
        assert found.std_errors == "hc3"
        tests = found.tests.set_index("term")["statistic"]
        for term, statistic in WANT["hc3_statistic"].items():
            assert tests[term] == pytest.approx(statistic, rel=1e-9)

    @pytest.mark.parametrize("method", ["paule_mandel", "dersimonian_laird"])
    def test_partial_pooling_equals_the_textbook_formulas(self, method: str) -> None:
        want = WANT["partial_pooling"]
        found = partial_pool(np.array(want["yi"]), np.array(want["vi"]), method=method)
        assert found.q == pytest.approx(want["q"], rel=1e-10)
        assert found.tau**2 == pytest.approx(want[method]["tau2"], rel=1e-9)
        for name in ("mean", "mean_std_error", "pooled", "std_error"):
            np.testing.assert_allclose(getattr(found, name), want[method][name], rtol=1e-8)

    def test_the_bcg_trials_give_the_printed_variance_between_trials(self) -> None:
        """Log risk ratios of 13 vaccine trials (Colditz et al., 1994): the usual example."""
        cases = np.array([
            (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
            (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619),
            (505, 87886, 499, 87892), (29, 7470, 45, 7232), (17, 1699, 65, 1600),
            (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
        ], dtype=float)  # fmt: skip
        a, b, c, d = cases.T
        log_ratio = np.log(a / (a + b)) - np.log(c / (c + d))
        variance = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
        found = partial_pool(log_ratio, variance, method="dersimonian_laird")
        assert found.tau**2 == pytest.approx(0.3088, abs=5e-5)
        assert (found.mean, found.mean_std_error) == pytest.approx((-0.7141, 0.1787), abs=5e-5)
        assert found.q == pytest.approx(152.2330, abs=5e-5)
        other = partial_pool(log_ratio, variance, method="paule_mandel")
        assert other.tau**2 == pytest.approx(0.3181, abs=5e-5)


class TestProperties:
    @few
    @given(seed=st.integers(0, 10_000), p=st.integers(2, 4))
    def test_each_segment_is_importance_among_its_respondents(self, seed: int, p: int) -> None:
        frame = simulated(300, seed=seed, p=p)
        found = importance_by_segment(frame, **asked(p), **QUICK)
        for wave, part in found.estimates.groupby("group"):
            alone = driver_importance(
                frame[frame["wave"] == int(wave)],
                outcome="y", drivers=[f"q{j}" for j in range(p)], n_boot=0,
            )  # fmt: skip
            np.testing.assert_allclose(
                part[["estimate", "percent", "coefficient", "rank"]].to_numpy(float),
                alone.estimates[["estimate", "percent", "coefficient", "rank"]].to_numpy(float),
                rtol=1e-8,
            )

    def test_one_segment_is_the_whole_and_nothing_is_tested(self) -> None:
        frame = simulated().assign(wave="all")
        found = importance_by_segment(frame, **asked())
        whole = driver_importance(frame, outcome="y", drivers=["q0", "q1", "q2"], n_boot=0)
        np.testing.assert_allclose(found.estimates["estimate"], whole.estimates["estimate"])
        assert found.tests.empty
        assert found.differences.empty
        assert found.estimates["conf_low"].notna().all()

    @few
    @given(seed=st.integers(0, 10_000))
    def test_order_of_drivers_rows_and_names_of_segments_do_not_matter(self, seed: int) -> None:
        frame = simulated(240, seed=seed)
        rng = np.random.default_rng(seed)
        mixed = frame.sample(frac=1, random_state=seed).replace({"wave": {0: 7}})
        order = [f"q{j}" for j in rng.permutation(3)]
        one = importance_by_segment(frame, **asked(), **QUICK, min_cell=30)
        two = importance_by_segment(
            mixed, outcome="y", drivers=order, segment="wave", min_cell=30, **QUICK
        )
        left = one.estimates.assign(group=one.estimates["group"].replace({"0": "7"}))
        key = ["term", "group"]
        joined = left.merge(two.estimates, on=key, suffixes=("", "_two"))
        assert len(joined) == 9
        np.testing.assert_allclose(joined["estimate"], joined["estimate_two"], atol=1e-10)
        tests = one.tests.merge(two.tests, on=key, suffixes=("", "_two"))
        np.testing.assert_allclose(tests["statistic"], tests["statistic_two"], rtol=1e-7)

    def test_segments_that_only_differ_in_spread_have_equal_slopes_and_percents(self) -> None:
        """Twice the spread of all drivers: R² rises, the slopes and the percents stay."""
        frame = simulated(4000, groups=2, seed=5)
        wide = frame["wave"] == 1
        drivers = ["q0", "q1", "q2"]
        noise = frame["y"] - frame[drivers] @ np.linspace(1, 0, 3)
        frame.loc[wide, drivers] *= 2
        frame["y"] = frame[drivers] @ np.linspace(1, 0, 3) + noise
        found = importance_by_segment(frame, **asked())
        p = found.tests.set_index(["group", "term"])["p_adjusted"]
        assert p["coefficient"].drop("all_drivers").min() > 0.05
        assert p["percent"].min() > 0.05
        assert p["share"]["q0"] < 0.05
        r2 = found.segments["r2"]
        assert r2[1] - r2[0] > 0.1

    def test_the_same_seed_gives_the_same_numbers_and_levels_do_not_matter(self) -> None:
        frame = simulated()
        moved = frame.assign(y=frame["y"] + 10 * frame["wave"])
        one, two, three = (
            importance_by_segment(f, **asked(n_boot=100, n_permutations=99))
            for f in (frame, frame, moved)
        )
        pd.testing.assert_frame_equal(one.differences, two.differences)
        pd.testing.assert_frame_equal(one.tests, two.tests)
        pd.testing.assert_frame_equal(one.tests, three.tests, rtol=1e-6)

    def test_weights_count_as_ratios_and_equal_weights_as_none(self) -> None:
        frame = simulated().assign(one=3.0)
        plain = importance_by_segment(frame, **asked(), **QUICK)
        same = importance_by_segment(frame, **asked(weights="one"), **QUICK)
        np.testing.assert_allclose(plain.estimates["estimate"], same.estimates["estimate"])
        assert same.std_errors == "design"

    def test_controls_are_in_every_segment_and_what_they_explain_is_not_shared_out(
        self,
    ) -> None:
        found = importance_by_segment(
            simulated(), outcome="y", drivers=["q0", "q1"], controls=["q2"], segment="wave",
            n_boot=50, n_permutations=20,
        )  # fmt: skip
        sums = found.estimates.groupby("group")["estimate"].sum().to_numpy()
        segments = found.segments
        np.testing.assert_allclose(sums, segments["r2"] - segments["r2_controls"], atol=1e-10)
        assert (segments["r2_low"] < segments["r2"]).all()
        assert (segments["r2"] < segments["r2_high"]).all()


class TestCells:
    def test_small_segments_are_suppressed_and_keep_their_place(self) -> None:
        frame = simulated(400).assign(wave=lambda d: d["wave"].map({0: "a", 1: "b", 2: "c"}))
        frame.loc[frame.index[:30], "wave"] = "aa"
        found = importance_by_segment(frame, **asked(n_boot=50, n_permutations=20))
        assert found.segments["group"].tolist() == ["a", "aa", "b", "c"]
        hidden = found.segments.iloc[1]
        assert (hidden["suppressed"], hidden["note"]) == (True, "fewer_than:50")
        assert np.isnan(hidden["n"])
        rows = found.estimates[found.estimates["group"] == "aa"]
        assert rows["suppressed"].all()
        assert rows[["estimate", "n", "percent", "rank"]].isna().all(axis=None)
        assert (found.n, found.n_segments, found.n_suppressed) == (370, 3, 1)
        assert not found.differences["group"].str.contains("aa").any()
        Result.from_dict(json.loads(json.dumps(found.to_dict())))

    def test_a_driver_without_spread_in_a_segment_suppresses_it_with_the_reason(self) -> None:
        frame = simulated()
        frame.loc[frame["wave"] == 1, "q1"] = 4.0
        found = importance_by_segment(frame, **asked(), **QUICK)
        assert found.segments["note"].tolist() == ["", "constant_or_copied_driver", ""]

    def test_a_segment_without_a_complete_answer_is_named_as_left_out(self) -> None:
        frame = simulated()
        frame.loc[frame["wave"] == 2, "q1"] = np.nan
        found = importance_by_segment(frame, **asked(), **QUICK)
        assert found.segments["suppressed"].tolist() == [False, False, True]

    def test_no_segment_large_enough_is_refused(self) -> None:
        with pytest.raises(ResponseError, match="segment 'wave': no segment can be shown"):
            importance_by_segment(simulated(100), **asked(), **QUICK)

    def test_what_cannot_be_meant_is_refused(self) -> None:
        with pytest.raises(CxError, match="segment: \\['region'\\] not found"):
            importance_by_segment(simulated(), **{**asked(), "segment": "region"})
        with pytest.raises(CxError, match="'q1' is the segment; it cannot be outcome"):
            importance_by_segment(simulated(), **{**asked(), "segment": "q1"})
        with pytest.raises(CxError, match="leave interactions out"):
            importance_by_segment(simulated(), **{**asked(), "drivers": ["q0", "q1", "q0:q1"]})
        with pytest.raises(CxError, match="pooling must be one of"):
            importance_by_segment(simulated(), **asked(pooling="bayes"))

    def test_clusters_may_lie_within_segments_or_reach_over_them(self) -> None:
        rng = np.random.default_rng(1)
        frame = simulated(900)
        inside = frame.assign(hotel=frame["wave"] * 100 + rng.integers(0, 20, 900))
        across = frame.assign(hotel=rng.integers(0, 30, 900))
        for table in (inside, across):
            found = importance_by_segment(
                table, **asked(clusters="hotel", n_boot=60, n_permutations=40)
            )
            assert found.std_errors == "design"
            assert found.estimates["std_error"].gt(0).all()
            assert found.tests["p_value"].between(0, 1).all()

    def test_too_few_clusters_leave_slopes_untested_and_say_so(self) -> None:
        frame = simulated(900).assign(hotel=np.arange(900) % 9)
        found = importance_by_segment(frame, **asked(clusters="hotel", n_boot=0))
        assert found.notes[0].startswith("coefficients_untested:")
        assert set(found.tests["group"]) == {"share", "percent"}


class TestPooling:
    def test_many_segments_are_drawn_towards_their_mean(self) -> None:
        frame = simulated(1600, groups=12, seed=2)
        found = importance_by_segment(frame, **asked(n_permutations=0, n_boot=200))
        assert found.pooling == "paule_mandel"
        for _, part in found.estimates.groupby("term"):
            assert part["pooled"].std() < part["estimate"].std()
            assert part["own_weight"].between(0, 1).all()
        q0 = found.estimates[found.estimates["term"] == "q0"]
        truth = driver_importance(
            simulated(200_000, groups=1, seed=3), outcome="y", drivers=["q0", "q1", "q2"],
            n_boot=0,
        ).estimates["estimate"][0]  # fmt: skip
        raw, pooled = ((q0[c] - truth).abs().mean() for c in ("estimate", "pooled"))
        assert pooled < 0.7 * raw
        assert len(found.variation) == 6

    def test_few_segments_and_no_replicates_are_not_pooled(self) -> None:
        assert importance_by_segment(simulated(), **asked(n_permutations=0)).pooling == "none"
        many = simulated(1200, groups=6)
        assert importance_by_segment(many, **asked(), **QUICK).pooling == "none"

    def test_one_true_value_pools_to_the_weighted_mean(self) -> None:
        found = partial_pool(np.array([0.3, 0.3, 0.3]), np.array([0.1, 0.2, 0.3]))
        assert found.tau == 0
        np.testing.assert_allclose(found.pooled, 0.3)
        assert found.std_error[0] == pytest.approx(found.mean_std_error)

    def test_beyond_twenty_segments_pairs_are_left_out_and_noted(self) -> None:
        frame = simulated(900, groups=22)
        found = importance_by_segment(frame, **asked(min_cell=20, n_boot=20, n_permutations=20))
        assert found.differences.empty
        assert "differences_left_out:22" in found.notes


@pytest.mark.slow
def test_with_no_difference_the_family_is_alarmed_at_most_at_its_level() -> None:
    """All null: equal slopes, levels that differ. Any alarm among 4 drivers, 5 % meant."""
    runs, alarms = 400, {"share": 0, "percent": 0, "coefficient": 0}
    pairs = 0
    for seed in range(runs):
        found = importance_by_segment(
            simulated(300, groups=3, seed=seed, p=4),
            **asked(4, n_permutations=199, n_boot=100, seed=seed),
        )
        smallest = found.tests.groupby("group")["p_adjusted"].min()
        for measure in alarms:
            alarms[measure] += smallest[measure] <= 0.05
        share = found.differences[found.differences["measure"] == "share"]
        pairs += ((share["simultaneous_low"] > 0) | (share["simultaneous_high"] < 0)).any()
    most = 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
    assert {name: count / runs <= most for name, count in alarms.items()} == dict.fromkeys(
        alarms, True
    ), alarms
    assert pairs / runs <= 0.10


def test_a_difference_between_waves_is_found() -> None:
    frame = simulated(1200, groups=2, seed=4)
    later = frame["wave"] == 1
    frame.loc[later, "y"] += 1.5 * (frame["q2"] - frame["q0"])[later]
    found = importance_by_segment(frame, **asked())
    p = found.tests.set_index(["group", "term"])["p_adjusted"]
    for measure in ("share", "percent", "coefficient"):
        assert p[measure]["q2"] < 0.01
    row = found.differences.set_index(["measure", "term"]).loc[("percent", "q2")]
    assert row["simultaneous_high"] < 0
    assert isinstance(found, SegmentImportanceResult)
    assert found.glance()["p_percent"][0] < 0.01
