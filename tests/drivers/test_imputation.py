"""Missing answers: Rubin's rules against mice, the not-used adjustment, chained equations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch._chained import _near_donors
from cxresearch.drivers.imputation import adjust_not_used, impute_answers, not_used_mask
from cxresearch.drivers.missing_answers import driver_model_missing
from cxresearch.drivers.models import driver_model
from cxresearch.drivers.pooling import pool_estimates, pool_r2
from cxresearch.errors import CxError, ResponseError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def golden(name: str) -> dict[str, Any]:
    text = (REFERENCE / "expected" / f"drivers_models_{name}.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def stays() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "drivers_models_stays.csv")


def gappy(n: int = 400, seed: int = 1, share: float = 0.25) -> pd.DataFrame:
    """Ratings of which one is missing more often where another is low (missing at random)."""
    rng = np.random.default_rng(seed)
    halo = rng.normal(size=n)
    frame = pd.DataFrame(
        {f"q{j}": np.clip(np.round(4 + halo + rng.normal(size=n)), 1, 7) for j in range(3)}
    )
    frame["y"] = 0.5 * frame["q0"] + 0.5 * frame["q1"] + rng.normal(size=n)
    gone = rng.random(n) < np.where(frame["y"] > frame["y"].median(), 2 * share, 0.0)
    frame.loc[gone, "q1"] = np.nan
    return frame


class TestPooling:
    def test_rubins_rules_equal_mice(self) -> None:
        want = golden("pooling")
        sets = pd.read_csv(REFERENCE / "data" / "drivers_models_nhanes_imputed.csv")
        fits = [
            driver_model(part, **want["options"], std_errors="classical")
            for _, part in sets.groupby("imputation")
        ]
        pooled = pool_estimates(
            np.array([fit.coefficients for fit in fits]),
            np.array([np.diag(fit.covariance) for fit in fits]),
            terms=["(intercept)", "age", "bmi"], n=25, df_complete=22,
        )  # fmt: skip
        values = want["values"]
        one, two = (pd.DataFrame(values["estimates"][name]) for name in ("pooled", "summary"))
        for column, expected in {
            "estimate": one["estimate"], "within": one["ubar"], "between": one["b"],
            "df": one["df"], "riv": one["riv"], "lambda": one["lambda"], "fmi": one["fmi"],
            "std_error": two["std.error"], "statistic": two["statistic"],
            "p_value": two["p.value"], "conf_low": two["2.5 %"], "conf_high": two["97.5 %"],
        }.items():  # fmt: skip
            np.testing.assert_allclose(pooled.estimates[column], expected, rtol=1e-10)
        for name in ("imputations", "n", "confidence_level"):
            assert getattr(pooled, name) == values[name]
        r2 = pool_r2(np.array([fit.r2 for fit in fits]), n=25)
        assert r2.estimate == pytest.approx(want["r2"]["est"], rel=1e-10)
        assert r2.fmi == pytest.approx(want["r2"]["fmi"], rel=1e-10)
        assert (r2.low, r2.high) == pytest.approx(
            (want["r2"]["lo 95"], want["r2"]["hi 95"]), abs=2e-5
        )

    def test_without_spread_between_imputations_nothing_is_lost(self) -> None:
        same = np.full((5, 1), 0.5)
        pooled = pool_estimates(same, same, terms=["x"], n=100, df_complete=98).estimates.iloc[
            0
        ]
        assert pooled["std_error"] == pytest.approx(np.sqrt(0.5))
        assert pooled["fmi"] < 0.03
        assert pooled["df"] == pytest.approx(98 * 99 / 101, rel=1e-3)

    def test_one_imputation_cannot_be_pooled(self) -> None:
        with pytest.raises(CxError, match="with at least 2 imputations"):
            pool_estimates(np.ones((1, 1)), np.ones((1, 1)), terms=["x"], n=9)


class TestNotUsed:
    def test_with_one_driver_the_slope_is_that_of_the_users(self) -> None:
        frame = stays()
        away = frame["pool_used"].eq(0).to_numpy()
        adjusted, names = adjust_not_used(frame, drivers=["pool"], not_used={"pool": away})
        found = driver_model(
            adjusted, outcome="overall", drivers=["pool"], controls=names, std_errors="hc0"
        ).estimates.set_index("term")
        users = driver_model(
            frame[~away], outcome="overall", drivers=["pool"], std_errors="hc0"
        )
        slope = users.estimates.set_index("term").loc["pool"]
        assert found.loc["pool", "estimate"] == pytest.approx(slope["estimate"], rel=1e-12)
        assert found.loc["pool", "std_error"] == pytest.approx(slope["std_error"], rel=1e-10)
        gap = frame.loc[away, "overall"].mean() - frame.loc[~away, "overall"].mean()
        assert found.loc["pool[not used]", "estimate"] == pytest.approx(gap, rel=1e-10)

    def test_it_beats_the_mean_for_a_touchpoint_that_non_users_did_not_have(self) -> None:
        """Non-users differ in the outcome: the mean in place of nothing bends other slopes."""
        rng = np.random.default_rng(4)
        n = 4000
        room = rng.normal(size=n)
        away = room + rng.normal(size=n) > 0
        pool = np.where(away, np.nan, 0.8 * room + rng.normal(size=n))
        y = room + 0.5 * np.nan_to_num(pool) - 1.5 * away + rng.normal(size=n)
        frame = pd.DataFrame({"room": room, "pool": pool, "y": y})
        found = driver_model_missing(
            frame, outcome="y", drivers=["room", "pool"], treatment="not_used",
            not_used={"pool": away},
        ).estimates.set_index(["group", "term"])  # fmt: skip
        assert found.loc[("not_used", "room"), "estimate"] == pytest.approx(1, abs=0.08)
        assert found.loc[("not_used", "pool"), "estimate"] == pytest.approx(0.5, abs=0.08)
        filled = driver_model(frame.fillna({"pool": np.nanmean(pool)}), outcome="y",
                              drivers=["room", "pool"]).estimates  # fmt: skip
        assert abs(filled["estimate"][1] - 1) > 0.3

    def test_the_model_and_listwise_equal_lm(self) -> None:
        want, frame = golden("missing"), stays()
        found = driver_model_missing(
            frame, **want["options"], not_used={"pool": frame["pool_used"].eq(0).to_numpy()}
        )
        values = want["values"]
        for name in ("estimates", "available", "fits"):
            expected, got = pd.DataFrame(values[name]), getattr(found, name)
            for column in expected.columns:
                if expected[column].dtype.kind in "if":
                    np.testing.assert_allclose(
                        got[column].to_numpy(dtype=float), expected[column], rtol=1e-9
                    )
                else:
                    assert got[column].tolist() == expected[column].tolist()
        for name in set(values) - {"estimates", "available", "fits"}:
            got = getattr(found, name)
            assert (list(got) if isinstance(got, tuple) else got) == values[name], name

    def test_touchpoints_behind_one_filter_share_an_indicator(self) -> None:
        frame = stays().assign(slide=lambda d: d["pool"] + np.arange(300) % 3)
        away = frame["pool_used"].eq(0).to_numpy()
        found = driver_model_missing(
            frame, outcome="overall", drivers=["room", "pool", "slide"], treatment="not_used",
            not_used={"pool": away, "slide": away},
        )  # fmt: skip
        roles = found.estimates.loc[found.estimates["group"] == "not_used", "role"]
        assert roles.tolist().count("not_used") == 1

    def test_missing_by_design_leaves_no_listwise_model_and_says_so(self) -> None:
        frame = stays().assign(bar=lambda d: np.where(d["pool_used"] == 0, d["price"], np.nan))
        away = frame["pool_used"].eq(0).to_numpy()
        found = driver_model_missing(
            frame, outcome="overall", drivers=["room", "pool", "bar"], treatment="not_used",
            not_used={"pool": away, "bar": ~away},
        )  # fmt: skip
        assert found.notes[0].startswith("listwise_impossible: 0 of 300 respondents answered")
        assert set(found.estimates["group"]) == {"not_used"}
        assert found.available["n_listwise"].tolist() == [0, 0, 0]

    def test_the_mask_reads_kinds_of_non_answers(self) -> None:
        frame = pd.DataFrame({"a": [1.0, np.nan, np.nan]})
        kinds = pd.DataFrame({"a": ["", "not_used", "refused"], "other": [""] * 3})
        assert not_used_mask(frame, kinds)["a"].tolist() == [False, True, False]

    def test_contradictions_are_refused(self) -> None:
        frame = pd.DataFrame({"a": [1.0, np.nan], "t": ["x", None]})
        with pytest.raises(
            ResponseError, match=r"'a': 1 respondent.s. marked as not used gave"
        ):
            not_used_mask(frame, {"a": [True, True]})
        with pytest.raises(CxError, match="not_used: \\['b'\\] not found"):
            not_used_mask(frame, {"b": [True, True]})
        with pytest.raises(CxError, match="3,\\) entries for 2 rows"):
            not_used_mask(frame, {"a": [True, False, True]})
        with pytest.raises(
            ResponseError, match="driver 't' is a factor; make 'not used' a level"
        ):
            adjust_not_used(frame, drivers=["t"], not_used={"t": [False, True]})
        with pytest.raises(ResponseError, match="driver 'n': nobody used and rated it"):
            adjust_not_used(frame.assign(n=np.nan), drivers=["n"], not_used={"n": [True, True]})


class TestImputation:
    def test_values_are_answers_somebody_gave_and_known_ones_stay(self) -> None:
        frame = gappy()
        for filled in impute_answers(frame, columns=["q0", "q1", "y"], imputations=3):
            assert filled["q1"].isin(range(1, 8)).all()
            known = frame["q1"].notna()
            pd.testing.assert_series_equal(filled.loc[known, "q1"], frame.loc[known, "q1"])
            pd.testing.assert_series_equal(filled["q2"], frame["q2"])

    def test_the_same_seed_gives_the_same_answers_and_sets_differ(self) -> None:
        frame = gappy()
        options: dict[str, Any] = {"columns": ["q0", "q1", "y"], "imputations": 2}
        one, two = (impute_answers(frame, seed=5, **options) for _ in range(2))
        pd.testing.assert_frame_equal(one[0], two[0])
        assert not one[0]["q1"].equals(one[1]["q1"])

    def test_cells_of_unused_touchpoints_stay_missing(self) -> None:
        frame = stays()
        away = frame["pool_used"].eq(0).to_numpy()
        filled = impute_answers(
            frame, columns=["room", "staff", "price", "pool", "trip", "overall"],
            not_used={"pool": away}, imputations=2,
        )[0]  # fmt: skip
        assert filled["pool"].isna().tolist() == away.tolist()
        assert filled[["staff", "price"]].notna().all(axis=None)

    def test_donors_are_the_nearest_answers_also_at_the_ends(self) -> None:
        known = np.arange(20.0)
        rng = np.random.default_rng(1)
        wanted = np.repeat([-5.0, 7.2, 30.0], 400)
        place = _near_donors(known, wanted, 5, rng).reshape(3, 400)
        assert [sorted(set(row)) for row in place] == [
            [0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [15, 16, 17, 18, 19],
        ]  # fmt: skip
        counts = np.bincount(place[1], minlength=10)[5:]
        assert counts.min() > 50

    def test_with_nothing_missing_all_treatments_agree(self) -> None:
        frame = stays()[["overall", "room"]]
        found = driver_model_missing(frame, outcome="overall", drivers=["room"], imputations=3)
        imputed, listwise = (found.estimates[found.estimates["group"] == g].reset_index()
                             for g in ("imputation", "listwise"))  # fmt: skip
        np.testing.assert_allclose(imputed["estimate"], listwise["estimate"], rtol=1e-12)
        np.testing.assert_allclose(imputed["std_error"], listwise["std_error"], rtol=1e-12)
        assert found.fits["r2"].nunique() == 1 or np.ptp(found.fits["r2"]) < 1e-12

    def test_respondents_without_an_outcome_are_in_no_model(self) -> None:
        frame = gappy()
        frame.loc[:49, "y"] = np.nan
        found = driver_model_missing(frame, outcome="y", drivers=["q0", "q1"], imputations=2)
        assert found.n == 350
        assert found.available["n_used"].tolist() == [350, 350]

    @pytest.mark.parametrize(
        "options", [{"kind": "nps"}, {"weights": "weight", "clusters": "hotel"}]
    )
    def test_other_models_and_designs_are_pooled_too(self, options: dict[str, Any]) -> None:
        outcome = "recommend" if "kind" in options else "overall"
        found = driver_model_missing(
            stays(),
            outcome=outcome,
            drivers=["room", "staff", "price"],
            imputations=3,
            **options,
        )
        rows = found.estimates[found.estimates["group"] == "imputation"]
        assert rows["std_error"].gt(0).all()
        assert found.n == 300
        assert rows.loc[rows["role"] == "driver", "p_adjusted"].notna().all()

    def test_repeated_row_labels_do_no_harm(self) -> None:
        frame = gappy(100)
        twin = frame.set_axis(np.zeros(100, dtype=int))
        options: dict[str, Any] = {"outcome": "y", "drivers": ["q0", "q1"], "imputations": 2}
        one, two = (driver_model_missing(f, **options) for f in (frame, twin))
        pd.testing.assert_frame_equal(one.estimates, two.estimates)

    def test_groups_are_not_imputed(self) -> None:
        frame = stays()
        frame.loc[3, "trip"] = None
        with pytest.raises(
            ResponseError, match=r"column 'trip': 1 group.s. unknown; imputation fills"
        ):
            driver_model_missing(frame, outcome="overall", drivers=["room", "trip"])

    def test_a_column_nobody_answered_is_refused(self) -> None:
        with pytest.raises(ResponseError, match="\\['q1'\\]: no respondent answered"):
            impute_answers(gappy().assign(q1=np.nan), columns=["q0", "q1"])

    @pytest.mark.slow
    def test_it_repairs_what_listwise_bends_and_covers_at_its_level(self) -> None:
        """Answers missing where the outcome is high: listwise flattens, imputation does not."""
        hits, slopes, bent = 0, [], []
        for seed in range(150):
            found = driver_model_missing(
                gappy(300, seed, 0.3), outcome="y", drivers=["q0", "q1"], imputations=10,
                iterations=5, std_errors="classical",
            ).estimates.set_index(["group", "term"])  # fmt: skip
            row = found.loc[("imputation", "q1")]
            hits += row["conf_low"] <= 0.5 <= row["conf_high"]
            slopes.append(row["estimate"])
            bent.append(found.loc[("listwise", "q1"), "estimate"])
        assert abs(np.mean(slopes) - 0.5) < 0.03
        assert abs(np.mean(bent) - 0.5) > abs(np.mean(slopes) - 0.5)
        assert 0.88 <= hits / 150 <= 0.995
