"""Driver models against R, statsmodels and closed forms."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.miscmodels.ordinal_model import OrderedModel

from cxresearch.drivers.models import DriverModelResult, driver_model
from cxresearch.results import Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
TABLE = ["estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]


def golden(name: str) -> dict[str, Any]:
    text = (REFERENCE / "expected" / f"drivers_models_{name}.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"drivers_models_{name}.csv")


def assert_table(
    got: pd.DataFrame, rows: list[dict[str, Any]], columns: list[str], rtol: float
) -> None:
    want = pd.DataFrame(rows)
    assert got["term"].tolist() == want["term"].tolist()
    for column in columns:
        left = got[column].to_numpy(dtype=float)
        right = want[column].to_numpy(dtype=float)
        np.testing.assert_allclose(left, right, rtol=rtol, atol=1e-14, err_msg=column)


def simulated(n: int = 300, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    halo = rng.normal(size=n)
    frame = pd.DataFrame(
        {f"q{j}": np.clip(np.round(4 + halo + rng.normal(size=n)), 1, 7) for j in range(4)}
    )
    latent = 0.5 * frame["q0"] + 0.3 * frame["q1"] + 0.1 * frame["q2"] + rng.normal(size=n)
    frame["y"] = latent
    frame["nps"] = np.clip(np.round(2 * latent + 1), 0, 10)
    frame["weight"] = rng.uniform(0.5, 2, n)
    frame["hotel"] = rng.integers(0, 25, n)
    return frame


Q = ["q0", "q1", "q2", "q3"]


class TestAgainstR:
    def test_a_linear_model_equals_lm_in_every_field(self) -> None:
        want = golden("attitude")
        found = driver_model(data("attitude"), **want["options"])
        values = want["values"]
        shared = [*TABLE, "df", "n", "p_adjusted", "standardized", "correlation"]
        assert_table(found.estimates, values["estimates"], shared, 1e-10)
        for column in ("group", "driver", "sign"):
            assert found.estimates[column].tolist() == [r[column] for r in values["estimates"]]
        columns = ["statistic", "df", "df_denominator", "p_value", "p_adjusted", "n"]
        assert_table(found.blocks, values["blocks"], columns, 1e-10)
        assert_table(
            found.available, values["available"], ["n_answered", "n_missing", "n_used"], 0
        )
        np.testing.assert_allclose(found.covariance, values["covariance"], rtol=1e-9)
        for name in ("r2", "r2_adjusted", "sigma", "log_likelihood", "aic"):
            assert getattr(found, name) == pytest.approx(values[name], rel=1e-10)
        for name in set(values) - {
            "estimates", "blocks", "available", "covariance", "r2", "r2_adjusted", "sigma",
            "log_likelihood", "aic",
        }:  # fmt: skip
            got = getattr(found, name)
            assert (list(got) if isinstance(got, tuple) else got) == values[name], name

    @pytest.mark.parametrize("std_errors", ["hc0", "hc1", "hc2", "hc3", "hc4"])
    def test_robust_errors_equal_sandwich(self, std_errors: str) -> None:
        want = golden("diagnostics")["hc_se"][std_errors.upper()]
        found = driver_model(
            data("attitude"), outcome="rating", drivers=list(want)[1:], std_errors=std_errors
        )
        np.testing.assert_allclose(
            found.estimates["std_error"], list(want.values()), rtol=1e-10
        )
        assert found.std_errors == std_errors

    @pytest.mark.parametrize(
        ("case", "sample", "design"),
        [
            ("reg_strat", "apistrat", {"strata": "stype", "population": "fpc"}),
            ("reg_clus", "apiclus1", {"clusters": "dnum", "population": "fpc"}),
            ("reg_wo", "apistrat", {}),
        ],
    )
    def test_sampling_weights_and_designs_equal_svyglm(
        self, case: str, sample: str, design: dict[str, str]
    ) -> None:
        want = golden("api")[case]
        found = driver_model(
            data(sample), outcome="api00", drivers=["ell", "meals", "mobility"], weights="pw",
            **design,
        )  # fmt: skip
        assert_table(found.estimates, want["estimates"], TABLE[:4], 1e-9)
        assert found.estimates["df"].unique().tolist() == [want["df"]]
        np.testing.assert_allclose(
            found.estimates[["conf_low", "conf_high"]], want["confint"], rtol=1e-10
        )
        assert found.std_errors == "design"

    def test_a_weighted_logit_equals_svyglm(self) -> None:
        frame = data("apistrat").assign(wide=lambda d: d["sch.wide"] == "Yes")
        found = driver_model(
            frame, outcome="wide", drivers=["ell", "meals"], weights="pw", strata="stype",
            population="fpc",
        )  # fmt: skip
        assert_table(found.estimates, golden("api")["logit"]["estimates"], TABLE[:4], 2e-6)

    @pytest.mark.parametrize(
        ("case", "options"),
        [
            ("linear", {"outcome": "overall", "population": "population"}),
            ("linear_without_population", {"outcome": "overall"}),
            ("binary", {"outcome": "overall", "population": "population", "top_box": 5}),
        ],
    )
    def test_missing_answers_factors_and_interactions_in_a_design_equal_svyglm(
        self, case: str, options: dict[str, Any]
    ) -> None:
        want = golden("survey")[case]
        found = driver_model(
            data("stays"), drivers=["room", "staff", "price", "trip", "room:price"],
            weights="weight", strata="stratum", clusters="hotel", **options,
        )  # fmt: skip
        rtol = 1e-8 if case == "binary" else 1e-9
        assert_table(found.estimates, want["estimates"], [*TABLE, "df"], rtol)
        for term, test in want["tests"].items():
            row = found.blocks.set_index("term").loc[term]
            for name, value in test.items():
                assert row[name] == pytest.approx(value, rel=1e-7), (term, name)

    def test_a_weighted_ordinal_model_equals_svyolr(self) -> None:
        found = driver_model(
            data("stays"), outcome="recommend", drivers=["room", "staff", "price"], kind="nps",
            weights="weight", strata="stratum", clusters="hotel", population="population",
        )  # fmt: skip
        want = golden("survey")["ordinal"]["estimates"]
        assert_table(found.estimates, want, ["estimate"], 1e-4)
        assert_table(found.estimates, want, ["std_error"], 1e-3)
        assert found.classes == ("detractor", "passive", "promoter")

    def test_a_cumulative_logit_equals_polr_with_thresholds_and_not_increments(self) -> None:
        want = golden("ordinal")
        table = data("housing")
        frame = table.loc[table.index.repeat(table["Freq"])].reset_index(drop=True)
        orders = {
            "Sat": ["Low", "Medium", "High"], "Infl": ["Low", "Medium", "High"],
            "Type": ["Tower", "Apartment", "Atrium", "Terrace"], "Cont": ["Low", "High"],
        }  # fmt: skip
        for name, order in orders.items():
            frame[name] = pd.Categorical(frame[name], order, ordered=True)
        found = driver_model(frame, **want["options"])
        values = want["values"]
        assert_table(found.estimates, values["estimates"], ["estimate"], 1e-4)
        assert_table(found.estimates, values["estimates"], ["std_error"], 1e-3)
        for name in ("log_likelihood", "aic", "r2", "r2_adjusted", "r2_nagelkerke"):
            assert getattr(found, name) == pytest.approx(values[name], rel=1e-6)
        assert (found.n, found.model, list(found.classes)) == (
            values["n"], values["model"], values["classes"],
        )  # fmt: skip

    def test_a_binary_logit_equals_glm_with_all_kinds_of_errors(self) -> None:
        want = golden("binary")
        frame, values = data("stays"), want["values"]
        found = driver_model(frame, **want["options"])
        assert_table(found.estimates, values["estimates"], TABLE, 1e-8)
        for name in ("n", "log_likelihood", "aic", "r2", "r2_adjusted", "r2_nagelkerke"):
            assert getattr(found, name) == pytest.approx(values[name], rel=1e-10)
        for kind, errors in want["std_errors"].items():
            other = driver_model(frame, **(want["options"] | {"std_errors": kind}))
            np.testing.assert_allclose(other.estimates["std_error"], errors, rtol=1e-8)

    @pytest.mark.parametrize(("kind", "top_box"), [("linear", None), ("binary", 5.0)])
    def test_clustered_errors_equal_cr1(self, kind: str, top_box: float | None) -> None:
        want = golden("binary")["cluster"]
        found = driver_model(
            data("stays"), outcome="overall", drivers=["room", "staff", "trip"], kind=kind,
            top_box=top_box, clusters="hotel", std_errors="cluster",
        )  # fmt: skip
        np.testing.assert_allclose(found.estimates["std_error"], want[kind], rtol=1e-9)
        assert found.estimates["df"].iloc[0] == want["clusters"] - 1


class TestAgainstStatsmodels:
    def test_unweighted_models_equal_ols_and_logit(self) -> None:
        frame = simulated()
        x = sm.add_constant(frame[Q])
        found = driver_model(frame, outcome="y", drivers=Q, std_errors="hc3")
        ols = sm.OLS(frame["y"], x).fit(cov_type="HC3", use_t=True)
        np.testing.assert_allclose(found.coefficients, ols.params, rtol=1e-10)
        np.testing.assert_allclose(found.estimates["p_value"], ols.pvalues, rtol=1e-8)
        top = (frame["y"] > 4).astype(float)
        logit = sm.Logit(top, x).fit(disp=0)
        mine = driver_model(
            frame.assign(top=top), outcome="top", drivers=Q, std_errors="classical"
        )
        np.testing.assert_allclose(mine.coefficients, logit.params, rtol=1e-7)
        np.testing.assert_allclose(mine.estimates["std_error"], logit.bse, rtol=1e-6)
        assert mine.r2 == pytest.approx(logit.prsquared, rel=1e-9)

    def test_thresholds_are_repaired_where_statsmodels_reports_increments(self) -> None:
        frame = simulated()
        found = driver_model(
            frame, outcome="nps", drivers=Q, kind="nps", std_errors="classical"
        )
        coded = pd.cut(frame["nps"], [-1, 6, 8, 10], labels=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = OrderedModel(coded, frame[Q], distr="logit").fit(method="bfgs", disp=0)
        increments = np.asarray(theirs.params)[4:]
        thresholds = [increments[0], increments[0] + np.exp(increments[1])]
        np.testing.assert_allclose(found.coefficients[4:], thresholds, rtol=1e-3)
        assert found.estimates["term"].tolist()[4:] == ["detractor|passive", "passive|promoter"]

    def test_cross_validated_r2_is_a_loop_over_seeded_folds(self) -> None:
        from cxresearch.drivers._model_cv import make_folds
        from cxresearch.drivers._model_data import prepare

        frame = simulated()
        found = driver_model(frame, outcome="y", drivers=Q, folds=5, seed=9)
        prepared = prepare(frame, outcome="y", drivers=Q)
        fold = make_folds(prepared, 5, np.random.default_rng(9))
        loss = null = 0.0
        for part in range(5):
            train, test = frame[fold != part], frame[fold == part]
            fit = sm.OLS(train["y"], sm.add_constant(train[Q])).fit()
            error = test["y"] - fit.predict(sm.add_constant(test[Q]))
            loss += float((error**2).sum())
            null += float(((test["y"] - train["y"].mean()) ** 2).sum())
        assert found.r2_cv == pytest.approx(1 - loss / null, rel=1e-10)


class TestFacts:
    def test_weights_times_ten_change_nothing(self) -> None:
        frame = simulated()
        for kind in ("linear", "nps"):
            outcome = "y" if kind == "linear" else "nps"
            one = driver_model(frame, outcome=outcome, drivers=Q, kind=kind, weights="weight")
            ten = driver_model(
                frame.assign(weight=frame["weight"] * 10), outcome=outcome, drivers=Q,
                kind=kind,
                weights="weight",
            )  # fmt: skip
            np.testing.assert_allclose(one.covariance, ten.covariance, rtol=1e-8)
            assert one.r2 == pytest.approx(ten.r2, rel=1e-10)

    def test_ignoring_clusters_understates_the_error_of_a_cluster_level_driver(self) -> None:
        rng = np.random.default_rng(2)
        hotel = np.repeat(np.arange(20), 20)
        frame = pd.DataFrame({"hotel": hotel, "pool": rng.normal(size=20)[hotel]})
        frame["y"] = rng.normal(size=20)[hotel] + rng.normal(size=400)
        plain = driver_model(frame, outcome="y", drivers=["pool"])
        clustered = driver_model(frame, outcome="y", drivers=["pool"], clusters="hotel")
        assert (
            clustered.estimates["std_error"].iloc[1] > 2 * plain.estimates["std_error"].iloc[1]
        )

    def test_a_suppressor_is_marked_and_not_ranked_silently(self) -> None:
        found = driver_model(
            data("attitude"), outcome="rating",
            drivers=["complaints", "privileges", "learning", "raises", "critical", "advance"],
        ).estimates.set_index("term")  # fmt: skip
        assert found["sign"]["privileges"] == "changes"
        assert found["sign"]["complaints"] == ""

    def test_the_fit_of_noise_is_near_zero_out_of_fold(self) -> None:
        rng = np.random.default_rng(4)
        frame = pd.DataFrame(
            rng.normal(size=(60, 21)), columns=[*(f"x{j}" for j in range(20)), "y"]
        )
        found = driver_model(frame, outcome="y", drivers=list(frame.columns[:20]))
        assert found.r2 > 0.2
        assert found.r2_cv < 0.05
        assert found.r2_adjusted < found.r2

    def test_a_fold_without_a_class_leaves_the_out_of_fold_fit_undefined(self) -> None:
        frame = simulated(60)
        frame["rare"] = (np.arange(60) == 7).astype(float)
        found = driver_model(frame, outcome="rare", drivers=["q0"], std_errors="hc0")
        assert np.isnan(found.r2_cv)

    def test_auto_takes_the_kind_from_the_answers(self) -> None:
        frame = simulated()
        frame["two"] = np.where(frame["y"] > 4, 5, 3)
        frame["text"] = pd.Categorical(
            np.where(frame["y"] > 5, "good", np.where(frame["y"] > 3, "fair", "bad")),
            ["bad", "fair", "good"], ordered=True,
        )  # fmt: skip
        kinds = {name: driver_model(frame, outcome=name, drivers=Q).model for name in
                 ("y", "two", "text")}  # fmt: skip
        assert kinds == {"y": "linear", "two": "binary", "text": "ordinal"}
        assert driver_model(frame, outcome="text", drivers=Q).std_errors == "hc1"

    def test_a_binary_outcome_gives_the_same_as_an_ordinal_one_with_two_classes(self) -> None:
        frame = simulated().assign(top=lambda d: (d["y"] > 4) * 1.0)
        binary = driver_model(frame, outcome="top", drivers=Q, kind="binary")
        ordinal = driver_model(frame, outcome="top", drivers=Q, kind="ordinal")
        assert ordinal.model == "binary"
        np.testing.assert_array_equal(binary.coefficients, ordinal.coefficients)

    def test_controls_are_in_the_model_and_outside_of_the_family_of_tests(self) -> None:
        frame = simulated()
        found = driver_model(frame, outcome="y", drivers=["q0", "q1"], controls=["q2", "q3"])
        both = driver_model(frame, outcome="y", drivers=Q)
        np.testing.assert_allclose(found.coefficients, both.coefficients, rtol=1e-12)
        assert found.estimates["p_adjusted"].notna().tolist() == [
            False,
            True,
            True,
            False,
            False,
        ]

    def test_it_survives_json(self) -> None:
        found = driver_model(data("stays"), outcome="overall", drivers=["room", "trip"])
        payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        back = Result.from_dict(payload)
        assert isinstance(back, DriverModelResult)
        pd.testing.assert_frame_equal(back.tidy(), found.tidy(), check_dtype=False)
        np.testing.assert_array_equal(back.covariance, found.covariance)
        assert back.levels == found.levels == {"trip": ("business", "couple", "family")}

    @settings(max_examples=15, deadline=None)
    @given(
        shift=st.floats(-50, 50), scale=st.floats(0.1, 20), seed=st.integers(0, 1000),
        kind=st.sampled_from(["linear", "binary", "nps"]),
    )  # fmt: skip
    def test_recoding_a_driver_or_shuffling_rows_leaves_the_fit(
        self, shift: float, scale: float, seed: int, kind: str
    ) -> None:
        frame = simulated(150, seed)
        outcome = {"linear": "y", "binary": "y", "nps": "nps"}[kind]
        options: dict[str, Any] = {"outcome": outcome, "drivers": Q[:3], "kind": kind}
        if kind == "binary":
            options["top_box"] = float(frame["y"].median())
        one = driver_model(frame, **options)
        other = frame.assign(q1=frame["q1"] * scale + shift).sample(frac=1, random_state=seed)
        two = driver_model(other, **options)
        a, b = one.estimates.set_index("term"), two.estimates.set_index("term")
        slopes = ["q0", "q1", "q2"]
        np.testing.assert_allclose(a["statistic"][slopes], b["statistic"][slopes], rtol=1e-5)
        np.testing.assert_allclose(
            a["standardized"][slopes], b["standardized"][slopes], rtol=1e-5, atol=1e-9
        )
        assert one.r2 == pytest.approx(two.r2, rel=1e-8)


@pytest.mark.slow
class TestBySimulation:
    def test_hc3_intervals_cover_at_their_level_with_unequal_spread(self) -> None:
        rng = np.random.default_rng(11)
        runs, hits = 1000, 0
        for _ in range(runs):
            x = rng.normal(size=(80, 2))
            y = x[:, 0] + rng.normal(size=80) * (0.5 + np.abs(x[:, 0]))
            frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y})
            row = driver_model(frame, outcome="y", drivers=["a", "b"], folds=2).estimates.iloc[
                1
            ]
            hits += row["conf_low"] <= 1 <= row["conf_high"]
        assert 0.93 <= hits / runs <= 0.975

    def test_design_intervals_cover_the_population_slope(self) -> None:
        rng = np.random.default_rng(12)
        size = 40_000
        stratum = rng.integers(0, 2, size)
        x = rng.normal(size=size)
        y = np.where(stratum == 0, 1.0, 0.2) * x + rng.normal(size=size)
        slope = float(np.polyfit(x, y, 1)[0])
        share = np.bincount(stratum)
        runs, hits = 600, 0
        for _ in range(runs):
            rows = np.concatenate(
                [
                    rng.choice(np.flatnonzero(stratum == s), (150, 50)[s], replace=False)
                    for s in (0, 1)
                ]
            )
            frame = pd.DataFrame({"x": x[rows], "y": y[rows], "s": stratum[rows]})
            frame["w"] = np.where(frame["s"] == 0, share[0] / 150, share[1] / 50)
            row = driver_model(
                frame, outcome="y", drivers=["x"], weights="w", strata="s", folds=2
            ).estimates.iloc[1]
            hits += row["conf_low"] <= slope <= row["conf_high"]
        assert 0.92 <= hits / runs <= 0.975
