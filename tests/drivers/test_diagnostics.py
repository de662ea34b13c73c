"""Diagnostics against R, statsmodels and published numbers; verdicts on made faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import OLSInfluence

from cxresearch.drivers._model_checks import marker_adjusted, robustness, variance_inflation
from cxresearch.drivers.diagnostics import DriverDiagnosticsResult, driver_diagnostics
from cxresearch.errors import CxError, ResponseError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
Q = ["q0", "q1", "q2"]


def golden() -> dict[str, Any]:
    text = (REFERENCE / "expected" / "drivers_models_diagnostics.json").read_text(
        encoding="utf-8"
    )
    return json.loads(text)  # type: ignore[no-any-return]


def attitude() -> DriverDiagnosticsResult:
    frame = pd.read_csv(REFERENCE / "data" / "drivers_models_attitude.csv")
    return driver_diagnostics(frame, outcome="rating", drivers=list(frame.columns[1:]))


def clean(n: int = 400, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=Q)
    frame["y"] = frame["q0"] + 0.6 * frame["q1"] + 0.4 * frame["q2"] + rng.normal(size=n)
    return frame


def verdict(frame: pd.DataFrame, term: str, **options: Any) -> str:
    found = driver_diagnostics(frame, outcome="y", drivers=Q, **options).checks
    return str(found.loc[found["term"] == term, "verdict"].iloc[0])


class TestAgainstR:
    def test_checks_equal_car_and_lmtest(self) -> None:
        want, found = golden()["values"], attitude()
        rows = found.checks.set_index(["term", "group"])
        checks = want["checks"]
        for driver, size in checks["vif"].items():
            assert rows.loc[("vif", driver), "estimate"] == pytest.approx(size, rel=1e-10)
        for term, key, column in (
            ("breusch_pagan", "breusch_pagan", "statistic"),
            ("breusch_pagan", "breusch_pagan_p", "p_value"),
            ("durbin_watson", "durbin_watson", "estimate"),
            ("reset", "reset", "statistic"),
            ("reset", "reset_p", "p_value"),
        ):
            assert rows.loc[(term, "all"), column] == pytest.approx(checks[key], rel=1e-10)
        assert found.r2 == pytest.approx(want["r2"], rel=1e-12)
        for name in ("outcome", "n", "n_flagged", "weights", "marker", "confidence_level"):
            assert getattr(found, name) == want[name]
        assert (list(found.drivers), list(found.controls)) == (
            want["drivers"],
            want["controls"],
        )

    def test_condition_indices_and_proportions_equal_belsley(self) -> None:
        want, table = golden()["values"]["conditions"], attitude().conditions
        wide = table.pivot(index="dimension", columns="term", values="variance_proportion")
        index = table.groupby("dimension")["condition_index"].first()
        np.testing.assert_allclose(index, want["condition_index"], rtol=1e-10)
        order = list(dict.fromkeys(table["term"]))
        np.testing.assert_allclose(wide[order], want["variance_proportions"], rtol=1e-8)
        np.testing.assert_allclose(wide.sum(), 1, rtol=1e-12)

    def test_influence_equals_cook_and_rstudent(self) -> None:
        want, cases = golden()["values"]["cases"], attitude().augment()
        for name, values in want.items():
            np.testing.assert_allclose(cases[name], values, rtol=1e-9, atol=1e-14)

    def test_influence_equals_statsmodels_with_weights(self) -> None:
        frame = clean().assign(w=lambda d: np.exp(d["q0"] / 3))
        cases = driver_diagnostics(frame, outcome="y", drivers=Q, weights="w").cases
        w = frame["w"] * len(frame) / frame["w"].sum()
        # WLS influence there mixes weighted and unweighted residuals: scale the data by √w.
        scaled = sm.add_constant(frame[Q]).mul(np.sqrt(w), axis=0)
        theirs = OLSInfluence(sm.OLS(frame["y"] * np.sqrt(w), scaled).fit())
        np.testing.assert_allclose(cases["cooks_distance"], theirs.cooks_distance[0], rtol=1e-9)
        np.testing.assert_allclose(cases["leverage"], theirs.hat_matrix_diag, rtol=1e-9)


class TestPublished:
    def test_robustness_of_the_darfur_study(self) -> None:
        """Cinelli & Hazlett (2020), table 1: t = 4.18 on 783 df, R² 2.2 %, RV 13.9 %, 7.6 %."""
        found = robustness(4.18, 783, 0.95)
        assert found.partial_r2 == pytest.approx(0.022, abs=0.0005)
        assert found.value == pytest.approx(0.139, abs=0.0005)
        assert found.value_at_level == pytest.approx(0.076, abs=0.0005)

    def test_robustness_is_the_strength_that_brings_the_estimate_to_zero(self) -> None:
        """A confounder with RV as both partial R² has bias = |estimate|: RV/√(1 − RV) = f."""
        for t_value in (0.5, 2.0, 9.0, 60.0):
            f = t_value / np.sqrt(200)
            value = robustness(t_value, 200, 0.95).value
            assert value / np.sqrt(1 - value) == pytest.approx(f, rel=1e-10)

    def test_a_coefficient_of_zero_needs_nothing(self) -> None:
        assert (robustness(0.0, 50, 0.95).value, robustness(1.0, 50, 0.95).value_at_level) == (
            0,
            0,
        )

    def test_a_marker_is_taken_out_of_a_correlation(self) -> None:
        np.testing.assert_allclose(marker_adjusted(np.array([0.5, 0.2]), 0.2), [0.375, 0.0])


class TestVerdicts:
    def test_clean_answers_pass(self) -> None:
        found = driver_diagnostics(clean(), outcome="y", drivers=Q)
        assert found.verdict == "ok"
        assert found.glance()["problem"].iloc[0] == ""

    def test_a_near_copy_is_a_problem_of_collinearity(self) -> None:
        frame = clean()
        frame["q2"] = frame["q0"] + 0.02 * frame["q2"]
        assert verdict(frame, "vif") == "problem"
        assert verdict(frame, "condition") == "problem"

    def test_curvature_is_found(self) -> None:
        frame = clean().assign(y=lambda d: d["y"] + 0.7 * d["q0"] ** 2)
        assert verdict(frame, "reset") == "problem"

    def test_unequal_spread_is_watched(self) -> None:
        noise = np.random.default_rng(5).normal(size=400)
        frame = clean().assign(y=lambda d: d["y"] + noise * (d["q0"] > 0) * 3)
        assert verdict(frame, "breusch_pagan") == "watch"

    def test_one_wild_answer_is_a_problem_and_its_row_is_named(self) -> None:
        frame = clean()
        frame.loc[17, ["q0", "y"]] = [12.0, -40.0]
        found = driver_diagnostics(frame, outcome="y", drivers=Q).checks.set_index("term")
        assert found.loc["influence", "verdict"] == "problem"
        assert found.loc["influence", "note"] == "row:17"

    def test_a_halo_over_all_answers_is_a_problem(self) -> None:
        halo = 3 * np.random.default_rng(6).normal(size=400)
        frame = clean().add(halo, axis=0)
        assert verdict(frame, "halo") == "problem"

    def test_straight_liners_inflate_the_fit_and_are_found(self) -> None:
        frame, rng = clean(), np.random.default_rng(7)
        liners = np.arange(400) < 60
        same = rng.normal(scale=4, size=60)
        frame.loc[liners, [*Q, "y"]] = np.tile(same[:, None], 4)
        found = driver_diagnostics(frame, outcome="y", drivers=Q, flagged=liners)
        row = found.checks.set_index("term").loc["flagged"]
        assert row["verdict"] == "problem"
        r2 = found.flagged.set_index("term").loc["r2"]
        kept = sm.OLS(frame.loc[~liners, "y"], sm.add_constant(frame.loc[~liners, Q])).fit()
        assert r2["without"] == pytest.approx(kept.rsquared, rel=1e-10)
        assert r2["difference"] < -0.05
        assert found.n_flagged == 60

    def test_a_flag_without_effect_is_fine(self) -> None:
        assert verdict(clean(), "flagged", flagged=np.arange(400) < 5) == "ok"

    def test_a_driver_without_effect_has_nothing_to_explain_away(self) -> None:
        frame = clean().assign(q2=np.random.default_rng(8).normal(size=400))
        found = driver_diagnostics(frame, outcome="y", drivers=Q).checks
        row = found[(found["term"] == "robustness") & (found["group"] == "q2")].iloc[0]
        assert (row["verdict"], row["note"]) == ("ok", "no_decided_effect")

    def test_a_marker_that_explains_a_correlation_is_watched(self) -> None:
        rng = np.random.default_rng(9)
        method = rng.normal(size=2000)
        frame = pd.DataFrame(rng.normal(size=(2000, 3)) + method[:, None], columns=Q)
        frame["y"] = method + rng.normal(size=2000) - 0.25 * (frame["q2"] - method)
        frame["marker"] = method + rng.normal(scale=0.3, size=2000)
        found = driver_diagnostics(frame, outcome="y", drivers=Q, marker="marker").checks
        rows = found[found["term"] == "marker"].set_index("group")
        assert rows["verdict"].to_dict() == dict.fromkeys(Q, "watch")

    def test_dummies_of_a_factor_have_one_generalised_inflation(self) -> None:
        rng = np.random.default_rng(1)
        level = rng.integers(0, 3, 300)
        x = np.column_stack([level == 1, level == 2, level + rng.normal(size=300)]).astype(
            float
        )
        found = variance_inflation(x, np.ones(300), ["trip", "trip", "q"])
        r = np.corrcoef(x.T)
        gvif = np.linalg.det(r[:2, :2]) * 1.0 / np.linalg.det(r)
        assert found["trip"] == pytest.approx(gvif**0.5, rel=1e-10)
        assert found["q"] == pytest.approx(gvif, rel=1e-10)


class TestRefusals:
    def test_a_flag_of_another_length(self) -> None:
        with pytest.raises(
            CxError, match="flagged must be true or false for each of the 400 rows"
        ):
            verdict(clean(), "vif", flagged=np.ones(3, dtype=bool))

    def test_everybody_flagged(self) -> None:
        with pytest.raises(ResponseError, match="0 respondents remain without the 400 flagged"):
            verdict(clean(), "vif", flagged=np.ones(400, dtype=bool))

    def test_a_marker_nobody_answered(self) -> None:
        with pytest.raises(ResponseError, match="marker 'm': nobody answered it"):
            verdict(clean().assign(m=np.nan), "vif", marker="m")
