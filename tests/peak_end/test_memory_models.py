"""Rival models of memory, duration neglect and the rules they hang on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.peak_end import (
    DurationNeglectResult,
    MemoryModelsResult,
    PeakEndSensitivityResult,
    compare_memory_models,
    duration_neglect,
    episode_features,
    jzs_bayes_factor,
    peak_end_sensitivity,
    regression_bayes_factor,
)
from cxresearch.peak_end.memory import NEEDED
from cxresearch.results import Result

ROLES = {"retrospective": "retro", "participant": "id"}


@pytest.fixture
def episodes(reference_data) -> pd.DataFrame:
    found = episode_features(
        reference_data("moments").assign(visit=1),
        participant="id", episode="visit", time="time", rating="rating",
    )  # fmt: skip
    known = reference_data("episodes")[["id", "arm", "retro"]].assign(visit=1)
    return found.with_episodes(known)


def test_twelve_models_equal_rs(golden, episodes) -> None:
    expected = golden("memory_models")
    values, close = expected["values"], expected["tolerance"]
    found = compare_memory_models(episodes, **ROLES)
    models = found.models.set_index("term")
    assert list(models.index) == list(values["models"])
    for name, theirs in values["models"].items():
        for column, value in theirs.items():
            rtol = close["weights"] if column.endswith("weight") else close["rtol"]
            assert models.loc[name, column] == pytest.approx(value, rel=rtol), (name, column)
        own = found.coefficients[found.coefficients["term"] == name].set_index("group")
        for predictor, value in values["coefficients"][name].items():
            assert own.loc[predictor, "estimate"] == pytest.approx(value, rel=1e-9)
    for table, key in ((found.vif, "vif"), (found.shares, "shares")):
        ours = dict(zip(table["term"], table["estimate"], strict=True))
        assert ours == pytest.approx(values[key], rel=close["rtol"])
    for column, value in values["equal_weights"].items():
        assert found.equal_weights[column].item() == pytest.approx(value, rel=1e-9)
    for name in ("n", "n_participants", "correlation_peak_end_mean"):
        assert getattr(found, name) == pytest.approx(values[name], rel=close["rtol"])


def test_left_out_people_are_predicted_from_a_model_fitted_without_them(episodes) -> None:
    found = compare_memory_models(episodes, **ROLES, n_folds=7)
    complete = episodes.dropna(subset=["retro", *NEEDED]).reset_index(drop=True)
    x = np.column_stack([np.ones(len(complete)), complete[["peak", "end"]]])
    y = complete["retro"].to_numpy(dtype=float)
    for fold in range(7):
        out = found.predictions["fold"].to_numpy() == fold
        beta = np.linalg.lstsq(x[~out], y[~out], rcond=None)[0]
        predicted = found.predictions.loc[out, "peak_plus_end"]
        np.testing.assert_allclose(predicted, x[out] @ beta, rtol=1e-10)


def test_a_feature_that_varies_in_one_fold_only_is_refused(episodes) -> None:
    known = episodes["retro"].notna()
    episodes["trend"] = 0.0
    episodes.loc[known.idxmax(), "trend"] = 1.0
    with pytest.raises(EstimationError, match="the predictors are linearly dependent"):
        compare_memory_models(episodes, **ROLES)


def test_repeated_episodes_get_a_random_intercept_as_in_lmer(golden, episodes) -> None:
    expected = golden("memory_models")
    values, rtol = expected["values"], expected["tolerance"]["mixed"]
    repeated = episodes.assign(person=np.arange(240) % 60)
    found = compare_memory_models(repeated, retrospective="retro", participant="person")
    models = found.models.set_index("term")
    both = values["mixed_peak_plus_end"]
    assert found.mixed
    assert models.loc["peak_plus_end", "bic"] == pytest.approx(both["BIC"], rel=rtol)
    assert models.loc["peak_plus_end", "log_likelihood"] == pytest.approx(
        both["logLik"], rel=rtol
    )
    assert models.loc["mean", "aic"] == pytest.approx(values["mixed_mean"]["AIC"], rel=rtol)
    own = found.coefficients[found.coefficients["term"] == "peak_plus_end"]
    np.testing.assert_allclose(own["estimate"], both["coef"], rtol=1e-6)
    alone = compare_memory_models(
        repeated, retrospective="retro", participant="person", within="independent"
    )
    assert "episodes_taken_as_independent" in alone.notes


def test_shapley_shares_sum_to_the_r2_of_the_full_model(episodes) -> None:
    found = compare_memory_models(episodes, **ROLES)
    full = found.models.set_index("term").loc["full", "estimate"]
    assert found.shares["estimate"].sum() == pytest.approx(full, rel=1e-12)


def test_a_participant_is_never_in_training_and_test_fold() -> None:
    # Peak and memory vary between people only: leaving out one episode of twenty hides nothing.
    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(12), 20)
    names = [
        "peak",
        "trough",
        "end",
        "start",
        "mean",
        "tw_mean",
        "integral",
        "trend",
        "duration",
    ]
    table = pd.DataFrame(rng.normal(size=(240, 9)), columns=names).assign(person=person)
    table["peak"] = rng.normal(size=12)[person]
    table["memory"] = rng.normal(size=12)[person] + 0.1 * rng.normal(size=240)
    found = compare_memory_models(table, retrospective="memory", participant="person")
    peak = found.models.set_index("term").loc["peak"]
    assert peak["cv_rmse"] > 1.05 * peak["loo_rmse"]
    assert found.n_folds == 10


def test_the_same_seed_gives_the_same_folds_and_order_does_not_matter_without_them(
    episodes,
) -> None:
    first = compare_memory_models(episodes, **ROLES, seed=4)
    again = compare_memory_models(episodes, **ROLES, seed=4)
    pd.testing.assert_frame_equal(first.models, again.models, check_exact=True)
    shuffled = compare_memory_models(episodes.sample(frac=1, random_state=2), **ROLES)
    np.testing.assert_allclose(shuffled.models["aic"], first.models["aic"], rtol=1e-12)


def test_all_models_rest_on_the_same_episodes(episodes) -> None:
    gaps = episodes.copy()
    gaps.loc[3, "trend"] = np.nan
    gaps.loc[[5, 6], "retro"] = np.nan
    found = compare_memory_models(gaps, **ROLES)
    assert found.models["n"].eq(237).all()
    assert "without_retrospective:2" in found.notes
    assert "incomplete:1" in found.notes
    assert found.notes[-1] == "moments_vary:5-12"


def test_a_duration_that_never_varies_is_left_out_and_said(episodes) -> None:
    found = compare_memory_models(episodes.assign(duration=60.0), **ROLES)
    models = found.models.set_index("term")
    assert np.isnan(models.loc["mean_plus_duration", "aic"])
    assert models.loc["mean_plus_duration", "note"] == "constant_feature"
    assert models.loc["full", "parameters"] == 6
    assert "constant:duration" in found.notes
    assert found.models["akaike_weight"].sum() == pytest.approx(1)
    with pytest.raises(ResponseError, match="duration is the same in every episode"):
        duration_neglect(episodes.assign(duration=60.0), **ROLES)


def test_memory_that_cannot_be_modelled_is_refused(episodes) -> None:
    with pytest.raises(ResponseError, match=r"0 of 240 episodes .* \(240 lack the rating\)"):
        compare_memory_models(episodes.assign(retro=np.nan), **ROLES)
    with pytest.raises(ResponseError, match="'retro' is 5 in every episode"):
        compare_memory_models(episodes.assign(retro=5.0), **ROLES)
    with pytest.raises(CxError, match=r"columns: \['memory'\] not found"):
        compare_memory_models(episodes, retrospective="memory", participant="id")
    with pytest.raises(CxError, match="column 'retro' must be numeric"):
        compare_memory_models(episodes.assign(retro="good"), **ROLES)
    with pytest.raises(CxError, match="within 'mixed' needs participants with several"):
        compare_memory_models(episodes, **ROLES, within="mixed")
    flat = episodes.assign(peak=5.0, end=5.0, mean=5.0)
    with pytest.raises(CxError, match=r"\['peak', 'end', 'mean'\] do not vary"):
        compare_memory_models(flat, **ROLES)
    with pytest.raises(CxError, match="nothing to hold constant"):
        duration_neglect(flat, **ROLES)


def test_a_memory_computed_from_a_feature_or_of_one_person_is_refused(episodes) -> None:
    with pytest.raises(EstimationError, match="model 'peak_plus_end' predicts the"):
        compare_memory_models(episodes.assign(retro=2 * episodes["peak"] + 1), **ROLES)
    with pytest.raises(ResponseError, match="all episodes are of one participant"):
        compare_memory_models(episodes.assign(id=1), **ROLES)


def test_duration_neglect_equals_rs_two_one_sided_tests(golden, episodes) -> None:
    expected = golden("duration_neglect")
    found = duration_neglect(episodes, **ROLES, sesoi=expected["values"]["sesoi"])
    row = found.estimates.set_index("group").loc["peak"]
    for name, value in expected["values"]["estimates"].items():
        assert row[name] == pytest.approx(value, rel=1e-9), name
    assert row["verdict"] == "neglected"
    assert (found.n, found.n_participants) == (240, 240)
    assert found.duration_mean == pytest.approx(episodes["duration"].mean())
    assert found.duration_sd == pytest.approx(episodes["duration"].std())


def test_not_significant_with_thirty_episodes_is_inconclusive(episodes) -> None:
    found = duration_neglect(episodes.sample(30, random_state=1), **ROLES)
    assert found.estimates.set_index("group").loc["peak", "p_value"] > 0.05
    assert found.verdict == "inconclusive"


def test_a_memory_that_counts_duration_is_seen_under_every_rule(episodes) -> None:
    counted = episodes.assign(retro=episodes["retro"] + 0.1 * episodes["duration"])
    assert duration_neglect(counted, **ROLES).verdict == "matters"


def test_small_yet_certain_slopes_are_trivial() -> None:
    rng = np.random.default_rng(6)
    names = ["peak", "end", "tw_mean", "duration"]
    table = pd.DataFrame(rng.normal(size=(20_000, 4)), columns=names).assign(id=range(20_000))
    table["retro"] = table["peak"] + table["end"] + 0.06 * table["duration"]
    table["retro"] += rng.normal(size=20_000)
    assert duration_neglect(table, **ROLES).verdict == "trivial"


def test_varying_moments_make_a_naive_analysis_blame_duration_and_ours_not() -> None:
    # Memory is the latent level: no peak rule, no duration effect. 3 to 29 moments.
    naive = ours = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        counts = rng.integers(3, 30, 400)
        person = np.repeat(np.arange(400), counts)
        level = rng.normal(5, 1, 400)
        moments = pd.DataFrame(
            {
                "id": person,
                "visit": 1,
                "time": np.concatenate([np.arange(m) for m in counts]),
                "rating": level[person] + rng.normal(0, 1, len(person)),
            }
        )
        table = episode_features(
            moments, participant="id", episode="visit", time="time", rating="rating"
        ).augment()
        table["retro"] = level + rng.normal(0, 0.5, 400)
        found = duration_neglect(table, **ROLES)
        rows = found.estimates.set_index("group")
        naive += rows.loc["peak", "p_value"] < 0.05
        ours += found.verdict == "matters"
        assert rows.loc["peak_rarefied", "estimate"] > rows.loc["peak", "estimate"] + 0.1
    assert naive == 20
    assert ours <= 1


def test_repeated_episodes_judge_duration_by_a_mixed_model(episodes) -> None:
    repeated = episodes.assign(id=np.arange(240) % 60)
    found = duration_neglect(repeated, **ROLES)
    row = found.estimates.iloc[0]
    assert found.mixed
    assert np.isnan(row["bf01_jzs"])
    assert row["bf01_bic"] == pytest.approx(10.3, abs=0.5)


def test_sensitivity_equals_rs_correlations_and_slopes(golden, episodes) -> None:
    values = golden("sensitivity")["values"]
    found = peak_end_sensitivity(episodes, **ROLES)
    plain = found.estimates[found.estimates["term"] == "peak"].set_index("group")
    for k, theirs in enumerate(values["estimates"], start=1):
        row = plain.loc[f"end_{k}"]
        assert row["estimate"] == pytest.approx(theirs["r"], rel=1e-10)
        assert [row["conf_low"], row["conf_high"]] == pytest.approx(theirs["ci"], rel=1e-10)
        assert row["r2"] == pytest.approx(theirs["r2"], rel=1e-10)
        assert [row["peak_slope"], row["end_slope"]] == pytest.approx(
            theirs["slopes"], rel=1e-9
        )
        errors = [row["peak_slope_error"], row["end_slope_error"]]
        assert errors == pytest.approx(theirs["se"], rel=1e-9)
    assert found.reference == pytest.approx(values["reference"], rel=1e-10)
    assert found.lowest == found.estimates["estimate"].min()
    assert len(found.estimates) == 12


def test_bayes_factors_equal_those_of_bayesfactor(golden) -> None:
    pingouin = pytest.importorskip("pingouin")
    values = golden("equivalence")["values"]["bayes_factors"]
    assert jzs_bayes_factor(values["t_paired"], n=10) == pytest.approx(
        values["paired"], rel=1e-9
    )
    assert jzs_bayes_factor(values["t_paired"], n=10, scale=1) == pytest.approx(
        values["paired_wide"], rel=1e-9
    )
    two = jzs_bayes_factor(values["t_two"], n=10, n_second=10)
    assert two == pytest.approx(values["two"], rel=1e-9)
    theirs = pingouin.bayesfactor_ttest(2.2, 40, 35, r=np.sqrt(0.5))
    assert jzs_bayes_factor(2.2, n=40, n_second=35) == pytest.approx(float(theirs), rel=1e-6)


def test_the_regression_bayes_factor_equals_the_printed_one_of_attitude(golden) -> None:
    printed = golden("duration_neglect")["values"]["attitude_complaints_bf10"]
    # R² of rating ~ complaints in R's attitude.
    ours = regression_bayes_factor(0.6813141956, n=30, predictors=1)
    assert ours == pytest.approx(printed, rel=1e-5)


def test_bayes_factors_of_impossible_input_are_refused() -> None:
    assert np.isnan(jzs_bayes_factor(np.inf, n=10))
    with pytest.raises(CxError, match="scale must be above 0"):
        jzs_bayes_factor(1.0, n=10, scale=0)
    with pytest.raises(CxError, match="r_squared must be at least 0 and below 1"):
        regression_bayes_factor(1.0, n=10, predictors=1)


def test_bayes_factors_of_many_people_do_not_overflow_into_errors() -> None:
    assert jzs_bayes_factor(0.0, n=100_000) < 0.01
    assert 1e100 < jzs_bayes_factor(30.0, n=100_000) < np.inf
    assert jzs_bayes_factor(60.0, n=100_000) == np.inf


def test_results_survive_json(episodes) -> None:
    for found, kind in (
        (compare_memory_models(episodes, **ROLES), MemoryModelsResult),
        (duration_neglect(episodes, **ROLES), DurationNeglectResult),
        (peak_end_sensitivity(episodes, **ROLES), PeakEndSensitivityResult),
    ):
        back = Result.from_dict(found.to_dict())
        assert isinstance(back, kind)
        pd.testing.assert_frame_equal(back.tidy(), found.tidy(), check_dtype=False)
        assert len(back.glance()) == 1
