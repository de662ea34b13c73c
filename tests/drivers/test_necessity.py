"""Necessary conditions: an example by hand, R's NCA where its data lie, permutations."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.drivers._ceilings import (
    Scope,
    drawn_maxima,
    line_zone,
    lowest_line,
    peers,
    permuted_zones,
    regress_peers,
    step_maxima,
    zone_of,
)
from cxresearch.drivers.necessity import necessary_conditions
from cxresearch.errors import CxError, ResponseError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "goldens" / "nca"

HAND = pd.DataFrame({"x": [0, 1, 2, 3, 4, 4, 2], "y": [1, 1, 3, 2, 4, 0, 2]})
"""Scope 4 × 4 = 16. Peers (0, 1), (2, 3), (4, 4): step area 2·3 + 2·1 = 8, so d = .5.
Least squares through the peers: y = 7/6 + 3x/4; area above: ∫(4 − y)dx up to x = 34/9, that is
½ · (17/6) · (34/9) = 289/54, d = 289/864. Lowest line over the peers: edge (0, 1)–(2, 3), as
the mean x of the peers is 2; y = 1 + x, area ½ · 3 · 3 = 4.5, d = .28125."""


class TestByHand:
    def test_effect_sizes(self) -> None:
        found = necessary_conditions(
            HAND, outcome="y", conditions=["x"], ceilings=["ce_fdh", "cr_fdh", "c_lp"],
            permutations=0,
        )  # fmt: skip
        table = found.estimates.set_index("group")
        assert table["estimate"].to_dict() == pytest.approx(
            {"ce_fdh": 0.5, "cr_fdh": 289 / 864, "c_lp": 0.28125}, rel=1e-12
        )
        assert table["class"].tolist() == ["very_large", "large", "medium"]
        assert table["peers"].tolist() == [3, 3, 3]
        assert table["p_value"].isna().all()
        assert table.loc["cr_fdh", "slope"] == pytest.approx(0.75)
        assert table.loc["cr_fdh", "intercept"] == pytest.approx(7 / 6)
        assert table.loc["cr_fdh", "above"] == 1
        assert table.loc["cr_fdh", "accuracy"] == pytest.approx(6 / 7)
        assert table.loc["c_lp", "above"] == 0
        assert found.ceilings[["x", "y"]].to_numpy().tolist() == [[0, 1], [2, 3], [4, 4]]
        assert found.limits.to_dict("records") == [
            {"term": "x", "x_low": 0.0, "x_high": 4.0, "y_low": 0.0, "y_high": 4.0}
        ]

    def test_bottlenecks(self) -> None:
        found = necessary_conditions(HAND, outcome="y", conditions=["x"], permutations=0)
        table = found.bottlenecks.set_index(["group", "level"])
        assert table.loc[("ce_fdh", 20.0), "status"] == "not_necessary"
        assert table.loc[("ce_fdh", 30.0), "required"] == 50.0
        assert table.loc[("ce_fdh", 100.0), "required"] == 100.0
        assert table.loc[("cr_fdh", 50.0), "required"] == pytest.approx(100 * (2 - 7 / 6) / 3)

    def test_a_scale_wider_than_the_answers_makes_the_theoretical_scope(self) -> None:
        found = necessary_conditions(
            HAND,
            outcome="y",
            conditions=["x"],
            limits={"x": (0, 8), "y": (0, 4)},
            permutations=0,
        )
        assert found.estimates["scope"].tolist() == [32.0, 32.0]
        assert found.estimates["estimate"].iloc[0] == pytest.approx(8 / 32)

    def test_one_peer_makes_no_zone(self) -> None:
        frame = pd.DataFrame({"x": [1, 2, 3, 1], "y": [5, 5, 1, 2]})
        found = necessary_conditions(frame, outcome="y", conditions=["x"], permutations=200)
        assert found.estimates["estimate"].tolist() == [0, 0]
        assert found.estimates["p_value"].tolist() == [1, 1]
        assert set(found.bottlenecks["status"]) == {"not_necessary"}

    def test_a_line_that_asks_for_more_than_the_scale_has_is_not_available(self) -> None:
        frame = pd.DataFrame({"x": [0.0, 1, 2, 2.1, 10], "y": [0.0, 2, 3, 3.5, 4]})
        found = necessary_conditions(frame, outcome="y", conditions=["x"], permutations=0)
        rows = found.bottlenecks[found.bottlenecks["group"] == "cr_fdh"]
        slope, intercept = np.polyfit(frame["x"], frame["y"], 1)
        beyond = (4 - intercept) / slope > 10
        assert (rows["status"].iloc[-1] == "not_available") == beyond


@pytest.mark.realdata
@pytest.mark.skipif(not SHARED.is_dir(), reason="NCA's example lies outside of the repository")
class TestAgainstNca:
    def run(self, permutations: int = 10_000) -> Any:
        frame = pd.read_csv(SHARED / "nca_example.csv", index_col=0)
        return necessary_conditions(
            frame, outcome="Innovation performance",
            conditions=["Individualism", "Risk taking"], ceilings=["ce_fdh", "cr_fdh", "c_lp"],
            permutations=permutations,
        )  # fmt: skip

    def test_every_number_of_the_ceilings(self) -> None:
        want = self.golden()["values"]
        found = self.run(0)
        table = found.estimates.set_index(["term", "group"])
        names = {
            "Ceiling zone": ("ceiling_zone", 1), "Effect size": ("estimate", 1),
            "# above": ("above", 1), "Slope": ("slope", 1), "Intercept": ("intercept", 1),
            "Fit": ("fit", 100), "Ceiling accuracy": ("accuracy", 100),
            "Condition ineff.": ("condition_inefficiency", 100),
            "Outcome ineff.": ("outcome_inefficiency", 100),
        }  # fmt: skip
        for term, numbers in want["estimates"].items():
            for name, (column, scale) in names.items():
                for group, value in numbers[name].items():
                    if value is not None:
                        got = table.loc[(term, group), column] * scale
                        assert got == pytest.approx(value, rel=1e-10, abs=1e-9), (term, name)
        for row in found.limits.to_dict("records"):
            assert list(row.values())[1:] == want["limits"][row["term"]]

    def test_p_values_within_monte_carlo_error(self) -> None:
        table = self.run().estimates.set_index(["term", "group"])
        for term, numbers in self.golden()["values"]["estimates"].items():
            for group in ("ce_fdh", "cr_fdh"):
                p = numbers["p-value"][group]
                error = np.sqrt(p * (1 - p) * (1 / 1000 + 1 / 10_000))
                assert abs(table.loc[(term, group), "p_value"] - p) < 4 * error

    def test_bottleneck_table(self) -> None:
        found = self.run(0).bottlenecks
        for group, columns in self.golden()["values"]["bottlenecks"].items():
            for term, printed in columns.items():
                rows = found[(found["group"] == group) & (found["term"] == term)]
                want = np.array(printed, dtype=float)
                np.testing.assert_allclose(rows["required"], want, atol=0.0501)

    @staticmethod
    def golden() -> dict[str, Any]:
        file = REFERENCE / "expected" / "drivers_models_nca.json"
        return json.loads(file.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


class TestNumbers:
    @settings(max_examples=40, deadline=None)
    @given(seed=st.integers(0, 10_000), n=st.integers(3, 40), few=st.booleans())
    def test_the_step_area_equals_a_fine_grid_and_lines_keep_their_order(
        self, seed: int, n: int, few: bool
    ) -> None:
        rng = np.random.default_rng(seed)
        x, y = (rng.integers(0, 6, n) if few else rng.normal(size=n) for _ in range(2))
        x, y = np.append(x, [x.min(), x.max() + 1]), np.append(y, [y.min() - 1, y.min()])
        scope = Scope(x_low=x.min(), x_high=x.max(), y_low=y.min(), y_high=y.max())
        step = peers(x, y)
        grid = np.linspace(scope.x_low, scope.x_high, 20_001)[:-1] + 1e-9
        height = np.array([y[x <= g].max() for g in grid])
        area = float((scope.y_high - height).mean()) * (scope.x_high - scope.x_low)
        assert zone_of(step, scope) == pytest.approx(area, rel=1e-3, abs=1e-3 * scope.area)
        if len(step.x) > 1:
            assert 0 <= zone_of(lowest_line(step), scope) <= zone_of(step, scope) + 1e-12
            assert 0 <= zone_of(regress_peers(step), scope) <= scope.area

    def test_the_area_above_a_line_equals_a_fine_grid(self) -> None:
        scope = Scope(x_low=1, x_high=5, y_low=0, y_high=10)
        grid = np.linspace(1, 5, 400_001)
        for slope, intercept in (
            (2.0, 1.0),
            (0.5, 3.0),
            (8.0, -20.0),
            (1.0, -30.0),
            (2.0, 40.0),
        ):
            area = (10 - np.clip(intercept + slope * grid, 0, 10)).mean() * 4
            assert line_zone(np.array(slope), np.array(intercept), scope) == pytest.approx(
                area, rel=1e-4, abs=1e-4
            )
        assert line_zone(np.array(-1.0), np.array(0.0), scope) == 0

    def test_shuffled_zones_equal_a_loop(self) -> None:
        rng = np.random.default_rng(3)
        x, y = rng.integers(1, 8, 80) * 1.0, rng.normal(size=80)
        scope = Scope(x_low=x.min(), x_high=x.max(), y_low=y.min(), y_high=y.max())
        steps, lines = permuted_zones(
            x, y, scope, permutations=40, rng=np.random.default_rng(8)
        )
        shuffled = np.random.default_rng(8).permuted(np.broadcast_to(y, (40, 80)), axis=1)
        for i in range(40):
            step = peers(x, shuffled[i])
            assert steps[i] == pytest.approx(zone_of(step, scope), rel=1e-12)
            line = regress_peers(step)
            want = zone_of(line, scope) if line.straight else 0.0
            assert lines[i] == pytest.approx(want, rel=1e-9, abs=1e-9)

    def test_drawing_code_by_code_has_the_distribution_of_all_shuffles(self) -> None:
        x, y = np.array([1.0, 1, 2, 3, 3, 4]), np.array([1.0, 2, 2, 3, 4, 4])
        every = np.array(list(itertools.permutations(y)))
        want = pd.Series(list(map(tuple, step_maxima(x, every)[1]))).value_counts(
            normalize=True
        )
        draws = 40_000
        top = drawn_maxima(x, y, draws, np.random.default_rng(1))[1]
        got = pd.Series(list(map(tuple, top))).value_counts(normalize=True)
        assert set(got.index) <= set(want.index)
        error = np.sqrt(want * (1 - want) / draws)
        assert (got.reindex(want.index, fill_value=0) - want).abs().le(4 * error).all()

    def test_a_true_ceiling_is_found_and_noise_is_not(self) -> None:
        rng = np.random.default_rng(5)
        x = rng.uniform(1, 7, 300)
        frame = pd.DataFrame(
            {"x": x, "z": rng.uniform(1, 7, 300), "y": x * rng.uniform(0, 1, 300)}
        )
        found = necessary_conditions(
            frame, outcome="y", conditions=["x", "z"], permutations=999
        )
        p = found.estimates.set_index(["term", "group"])["p_adjusted"]
        assert p["x", "ce_fdh"] < 0.01
        assert p["z", "ce_fdh"] > 0.05
        assert found.glance()["necessary"].iloc[0] == 1

    def test_a_condition_more_leaves_the_others_p_values(self) -> None:
        rng = np.random.default_rng(6)
        frame = pd.DataFrame(rng.normal(size=(40, 3)), columns=["a", "b", "y"])
        one = necessary_conditions(frame, outcome="y", conditions=["a"], permutations=300)
        two = necessary_conditions(frame, outcome="y", conditions=["a", "b"], permutations=300)
        assert one.estimates["p_value"].tolist() == two.estimates["p_value"].tolist()[:2]

    def test_missing_answers_are_left_out_by_condition(self) -> None:
        frame = pd.concat([HAND, pd.DataFrame({"x": [np.nan], "y": [4.0]})], ignore_index=True)
        found = necessary_conditions(frame, outcome="y", conditions=["x"], permutations=0)
        assert found.estimates["n"].tolist() == [7, 7]


@pytest.mark.slow
def test_permutation_p_values_are_uniform_without_a_ceiling() -> None:
    rng = np.random.default_rng(31)
    p = []
    for _ in range(300):
        frame = pd.DataFrame({"x": rng.normal(size=30), "y": rng.normal(size=30)})
        found = necessary_conditions(frame, outcome="y", conditions=["x"], permutations=199)
        p.append(found.estimates["p_value"].iloc[0])
    assert 0.02 <= np.mean(np.array(p) <= 0.05) <= 0.09


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (HAND.assign(x=2), {}, "'x': all 7 respondents gave 2; there is no scope"),
        (HAND.iloc[:2], {}, "2 respondent.s. answered it and the outcome; at least 3"),
        (
            HAND,
            {"limits": {"x": (1, 7)}},
            "limits of 'x': 1 to 7, but the answers go from 0 to 4",
        ),
        (
            HAND,
            {"conditions": ["y"]},
            "conditions must be different columns and not the outcome",
        ),
        (HAND, {"ceilings": ["qr"]}, "ceilings must be one of"),
    ],
)
def test_bad_input_is_refused(
    frame: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises((CxError, ResponseError), match=message):
        necessary_conditions(frame, **({"outcome": "y", "conditions": ["x"]} | options))
