"""Simulated studies: the batch equals the single model, power equals closed forms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.peak_end import (
    PeakEndDesign,
    PeakEndPowerResult,
    episode_features,
    mixed_model,
    plan_peak_end,
    simulate_study,
    t_test_power,
    t_test_sample_size,
)
from cxresearch.peak_end._batch import fit_random_intercepts
from cxresearch.peak_end.plan import analyse_draws
from cxresearch.peak_end.simulate import draw_studies
from cxresearch.results import Result

KEYS = {"participant": "participant", "episode": "episode", "time": "time", "rating": "rating"}


def test_closed_form_power_equals_rs_pwr(golden) -> None:
    expected = golden("power")
    values, close = expected["values"]["closed_form"], expected["tolerance"]["rtol"]
    assert t_test_sample_size(0.3) == pytest.approx(values["two_d.3_80"], rel=close)
    paired = t_test_sample_size(0.3, paired=True)
    assert paired == pytest.approx(values["paired_d.3_80"], rel=close)
    assert t_test_power(0.3, 100) == pytest.approx(values["two_n100_d.3"], rel=close)
    assert t_test_power(0, 50) == pytest.approx(0.05)
    assert t_test_sample_size(9) == 2
    with pytest.raises(CxError, match="is too small to be found by any study"):
        t_test_sample_size(1e-5)
    with pytest.raises(CxError, match="n must be above 1"):
        t_test_power(0.3, 1)


def test_the_batch_equals_the_single_mixed_model_study_by_study() -> None:
    design = PeakEndDesign(participants=24, moments=8, dropout=0.2, end_effect=0.5)
    drawn = draw_studies(design, 4, np.random.default_rng(3))
    fits = analyse_draws(design, drawn)
    person = np.repeat(np.arange(24), 4)
    for study in range(4):
        table = pd.DataFrame(
            {
                "person": person,
                "memory": drawn.memory[study].ravel(),
                "condition": design.treated().ravel().astype(float),
                "peak": drawn.ratings[study].max(axis=-1).ravel(),
                "end": drawn.ratings[study][..., -1].ravel(),
            }
        )
        for fit, fixed in ((fits[0], ["condition"]), (fits[1], ["peak", "end"])):
            single = mixed_model(table, outcome="memory", fixed=fixed, groups="person")
            rows = single.estimates.iloc[1:]
            np.testing.assert_allclose(fit.estimate[study], rows["estimate"], rtol=1e-8)
            np.testing.assert_allclose(fit.std_error[study], rows["std_error"], rtol=1e-8)
            np.testing.assert_allclose(fit.df[study], rows["df"], rtol=1e-6)
            np.testing.assert_allclose(
                fit.p_value[study], rows["p_value"], rtol=1e-5, atol=1e-12
            )


def test_a_study_without_variance_between_people_is_ordinary_regression() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(1, 20, 4, 1))
    y = rng.normal(size=(1, 20, 4))
    y -= y.mean(axis=2, keepdims=True)
    fit = fit_random_intercepts(y, x, np.ones((1, 20, 4), dtype=bool))
    assert fit.ratio[0] == 0
    assert fit.df[0, 0] == 78
    assert fit.estimate[0, 0] == pytest.approx(np.polyfit(x.ravel(), y.ravel(), 1)[0])


def test_simulated_tables_give_the_features_the_simulation_uses() -> None:
    design = PeakEndDesign(participants=10, episodes=3, moments=7, dropout=0.3)
    moments, episodes = simulate_study(design, seed=6)
    found = episode_features(moments, **KEYS, ended="ended")
    table = found.with_episodes(episodes)
    drawn = draw_studies(design, 1, np.random.default_rng(6))
    kept = np.isfinite(drawn.memory[0]).ravel()
    assert found.n_dropped_out == (~kept).sum() > 0
    assert (table["dropped_out"].to_numpy() == ~kept).all()
    np.testing.assert_array_equal(
        table.loc[kept, "peak"], drawn.ratings[0].max(axis=-1).ravel()[kept]
    )
    np.testing.assert_array_equal(
        table.loc[kept, "end"], drawn.ratings[0][..., -1].ravel()[kept]
    )
    assert table["retrospective"].isna().sum() == (~kept).sum()
    again = simulate_study(design, seed=6)[0]
    pd.testing.assert_frame_equal(moments, again, check_exact=True)


def test_drawn_moments_have_the_planned_spread_and_autocorrelation() -> None:
    design = PeakEndDesign(
        participants=100, rounded=False, person_sd=0.8, episode_sd=0.5, noise_sd=1.0,
        autocorrelation=0.6,
    )  # fmt: skip
    ratings = draw_studies(design, 30, np.random.default_rng(7)).ratings
    noise = ratings - ratings.mean(axis=-1, keepdims=True)
    assert ratings.std() == pytest.approx(np.sqrt(0.8**2 + 0.5**2 + 1), rel=0.03)
    step = np.diff(noise, axis=-1).var()
    assert step == pytest.approx(2 * (1 - 0.6), rel=0.02)
    rounded = draw_studies(PeakEndDesign(), 2, np.random.default_rng(8)).ratings
    assert set(np.unique(rounded)) <= set(range(11))


def test_simulated_power_equals_the_closed_form_of_a_two_sample_test() -> None:
    # d = .3 with 100 in each arm: power .560.
    design = PeakEndDesign(
        participants=200, episodes=1, moments=3, allocation="between", direct_effect=0.3,
        memory_peak=0, memory_end=0, memory_mean=0, memory_person_sd=0.6, memory_noise_sd=0.8,
        rounded=False,
    )  # fmt: skip
    plan = plan_peak_end(design, n_studies=2000, seed=9)
    row = plan.estimates.iloc[0]
    assert row["mean_effect"] == pytest.approx(0.3, abs=4 * row["sd_effect"] / np.sqrt(2000))
    assert abs(row["estimate"] - 0.560059) < 4 * row["std_error"]
    assert abs(plan.closed_form - 0.560059) < 0.04


def test_simulated_power_of_crossed_people_equals_a_paired_test() -> None:
    # Two episodes each, one in either condition: the mixed model is the paired t test.
    design = PeakEndDesign(
        participants=90, episodes=2, moments=3, direct_effect=0.3 * 0.8 * np.sqrt(2),
        memory_peak=0, memory_end=0, memory_mean=0, memory_noise_sd=0.8, rounded=False,
    )  # fmt: skip
    plan = plan_peak_end(design, n_studies=2000, seed=10)
    row = plan.estimates.iloc[0]
    expected = t_test_power(0.3, 90, paired=True)
    assert abs(row["estimate"] - expected) < 4 * row["std_error"]


@pytest.mark.parametrize(
    ("people", "allocation"), [(12, "within"), (12, "between"), (100, "between")]
)
def test_a_condition_without_effect_is_found_at_the_error_rate(people, allocation) -> None:
    design = PeakEndDesign(participants=people, moments=5, allocation=allocation, dropout=0.1)
    plan = plan_peak_end(design, n_studies=2000, seed=11)
    assert abs(plan.estimates["estimate"].iloc[0] - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 2000)
    assert plan.estimates["mean_df"].iloc[0] < 100 * 4
    assert np.isnan(plan.closed_form)


def test_power_equals_that_of_the_same_study_looped_with_lme4(golden) -> None:
    theirs = golden("power")["values"]["estimates"]["lme4_loop_power"]
    plan = plan_peak_end(PeakEndDesign(end_effect=0.4), n_studies=1000, seed=14)
    error = np.sqrt(2 * theirs * (1 - theirs) / 1000)
    assert abs(plan.estimates["estimate"].iloc[0] - theirs) < 4 * error


def test_power_grows_with_people_and_the_smallest_sufficient_number_is_said() -> None:
    design = PeakEndDesign(moments=6, end_effect=1.0)
    plan = plan_peak_end(design, participants=(60, 12, 30), n_studies=200, seed=12)
    power = plan.estimates.query("term == 'condition'")
    assert power["participants"].tolist() == [12, 30, 60]
    assert power["estimate"].is_monotonic_increasing
    enough = power.loc[power["estimate"] >= 0.8, "participants"].min()
    assert plan.sufficient == enough
    assert np.isnan(
        plan_peak_end(design, participants=(12,), n_studies=20, target_power=0.99).sufficient
    )


def test_the_same_seed_gives_the_same_plan_and_progress_is_told() -> None:
    design = PeakEndDesign(participants=100, moments=20)
    told: list[tuple[int, int]] = []
    first = plan_peak_end(
        design, n_studies=300, seed=13, progress=lambda done, of: told.append((done, of))
    )
    again = plan_peak_end(design, n_studies=300, seed=13)
    pd.testing.assert_frame_equal(first.estimates, again.estimates, check_exact=True)
    assert told[-1] == (300, 300)
    assert len(told) > 1


def test_designs_that_cannot_be_are_refused() -> None:
    with pytest.raises(CxError, match="allocation must be one of 'within', 'between'"):
        PeakEndDesign(allocation="random")  # type: ignore[arg-type]
    with pytest.raises(CxError, match="episodes must be a whole number of at least 2"):
        PeakEndDesign(episodes=1)
    with pytest.raises(CxError, match="autocorrelation must be 0 to below 1"):
        PeakEndDesign(autocorrelation=1)
    with pytest.raises(CxError, match=r"\['noise_sd'\] must not be negative"):
        PeakEndDesign(noise_sd=-1)
    with pytest.raises(CxError, match="dropout must leave at least a tenth"):
        PeakEndDesign(dropout=0.95)
    with pytest.raises(CxError, match="scale_low 10 must be below 10"):
        PeakEndDesign(scale_low=10)
    with pytest.raises(CxError, match="n_studies must be a whole number of at least 10"):
        plan_peak_end(PeakEndDesign(), n_studies=5)


def test_a_plan_survives_json() -> None:
    plan = plan_peak_end(PeakEndDesign(participants=10, moments=4), n_studies=10)
    back = Result.from_dict(plan.to_dict())
    assert isinstance(back, PeakEndPowerResult)
    assert back.design["participants"] == 10
    assert len(back.glance()) == 1
