"""The analyses a study gets from its design, and none where it has no such part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxresearch as cx
from cxresearch.codebook.model import Codebook
from cxresearch.errors import CxError
from cxresearch.peak_end import PeakEndDesign, simulate_study
from cxresearch.responses.model import Flow

Make = Callable[..., cx.EpisodeData]


def data_of(moments: pd.DataFrame, episodes: pd.DataFrame, **more: Any) -> cx.EpisodeData:
    if "condition" in episodes:
        levels = sorted(episodes["condition"].unique())
        condition = pd.Categorical(episodes["condition"], categories=levels)
        episodes = episodes.assign(condition=condition)
    quality = episodes.assign(
        excluded="", no_retrospective=episodes["retrospective"].isna(), n_moments=1
    )
    fields: dict[str, Any] = {
        "codebook": Codebook(survey="Simulated"), "moments": moments, "episodes": episodes,
        "quality": quality, "flow": Flow(read=len(episodes), unit="episodes"), "sources": (),
        "covariates": (), "labels": {}, "limits": {}, "direction": "pleasant",
        "higher_is": None, "neutral": None, "unit": "order", "moments_read": len(moments),
        "participants_read": episodes["participant"].nunique(),
    }  # fmt: skip
    return cx.EpisodeData(**(fields | more))


@pytest.fixture
def make() -> Make:
    def make(**design: Any) -> cx.EpisodeData:
        more = design.pop("more", {})
        moments, episodes = simulate_study(PeakEndDesign(**design), seed=7)
        episodes = episodes.rename(columns={"memory": "retrospective"})
        kept = [
            c for c in episodes if c in ("participant", "episode", "retrospective", "condition")
        ]
        return data_of(
            moments[["participant", "episode", "time", "rating"]], episodes[kept], **more
        )

    return make


def test_two_conditions_in_two_episodes_are_a_crossover(make: Make) -> None:
    data = make(participants=60, episodes=2, moments=6, end_effect=2.0)
    assert data.design == "within"
    effect = cx.condition_effect(cx.peak_end_table(data))
    assert isinstance(effect, cx.CrossoverResult)
    assert (effect.n, effect.estimates["estimate"].iloc[0] > 0) == (60, True)


def test_more_episodes_of_a_person_need_a_mixed_model_with_the_period(make: Make) -> None:
    table = cx.peak_end_table(make(participants=40, episodes=4, moments=6, end_effect=2.0))
    effect = cx.condition_effect(table)
    assert isinstance(effect, cx.MixedModelResult)
    assert "period" in effect.estimates["term"].tolist()
    assert len(effect.contrasts) == 1
    felt = cx.condition_check(table)
    assert isinstance(felt, cx.MixedModelResult)
    assert felt.outcome == "end"


def test_repeated_episodes_in_one_condition_need_a_mixed_model(make: Make) -> None:
    table = cx.peak_end_table(
        make(participants=40, episodes=3, moments=6, allocation="between", end_effect=2.0)
    )
    effect = cx.condition_effect(table)
    assert isinstance(effect, cx.MixedModelResult)
    assert "period" not in effect.estimates["term"].tolist()
    assert cx.choice_effect(table) is None


def test_the_plan_of_the_sizes_must_fit_the_conditions(make: Make) -> None:
    data = make(participants=40, episodes=1, moments=6, allocation="between")
    table = cx.peak_end_table(data)
    sizes = cx.condition_sizes(table, planned=[1, 1])
    assert sizes is not None
    assert sizes.n == 40
    with pytest.raises(CxError, match="planned has 3 parts, the conditions are"):
        cx.condition_sizes(table, planned=[1, 1, 1])
    uneven = cx.condition_sizes(table, planned={"treated": 1.0, "plain": 4.0})
    assert uneven is not None
    assert uneven.estimates["expected"].tolist() == [32.0, 8.0]
    third = cx.condition_sizes(table, planned={"plain": 1.0, "treated": 1.0, "other": 1.0})
    assert third is not None
    assert third.estimates["n"].tolist() == [20.0, 20.0, 0.0]
    assert third.mismatch


def test_a_category_measured_before_enters_as_a_flag(make: Make) -> None:
    data = make(participants=40, episodes=1, moments=6, allocation="between")
    episodes = data.episodes.assign(kind=["new", "new", "old", "old"] * 10)
    table = cx.peak_end_table(replace(data, episodes=episodes, covariates=("kind",)))
    assert table.covariates == ("kind[old]",)
    effect = cx.condition_effect(table)
    assert isinstance(effect, cx.ConditionsResult)
    assert effect.covariates == ("kind[old]",)


def test_choices_within_people_count_the_second_condition(make: Make) -> None:
    data = make(participants=30, episodes=2, moments=6)
    second = data.episodes["condition"].cat.categories[1]
    chosen = (data.episodes["condition"] == second).astype(float)
    table = cx.peak_end_table(replace(data, episodes=data.episodes.assign(choice=chosen)))
    choice = cx.choice_effect(table)
    assert isinstance(choice, cx.ChoiceResult)
    assert (choice.chosen, choice.n) == (30, 30)
    assert table.choice_words == {"option": str(second)}


def test_choices_without_conditions_are_a_share(make: Make) -> None:
    data = make(participants=30, episodes=1, moments=6, allocation="between")
    plain = data.episodes.drop(columns="condition").assign(choice=[1.0, 0.0, np.nan] * 10)
    table = cx.peak_end_table(replace(data, episodes=plain))
    choice = cx.choice_effect(table)
    assert isinstance(choice, cx.ChoiceResult)
    assert (choice.chosen, choice.n) == (10, 20)
    assert table.choice_words == {"option": "choice"}


def test_episodes_that_last_alike_say_nothing_about_duration(make: Make) -> None:
    assert cx.duration_effect(cx.peak_end_table(make(participants=40, episodes=2))) is None


def test_people_with_one_episode_show_no_differences_between_people(make: Make) -> None:
    assert (
        cx.person_differences(
            cx.peak_end_table(make(participants=40, episodes=1, allocation="between"))
        )
        is None
    )


def test_two_episodes_a_person_give_no_slope_of_ones_own(make: Make) -> None:
    model = cx.person_differences(cx.peak_end_table(make(participants=40, episodes=2)))
    assert model is not None
    assert model.variance_components["term"].tolist() == ["intercept", "residual"]


def test_episodes_without_a_rated_moment_have_no_features(make: Make) -> None:
    data = make(participants=20, episodes=1, moments=5, allocation="between")
    first = data.moments["participant"] == data.moments["participant"].iloc[0]
    silent = data.moments.assign(rating=data.moments["rating"].mask(first))
    table = cx.peak_end_table(replace(data, moments=silent))
    assert (len(table.frame), table.data.n) == (19, 20)


def test_a_duration_that_is_not_known_ends_with_the_last_moment(make: Make) -> None:
    data = make(participants=20, episodes=1, moments=5, allocation="between")
    duration = [100.0, np.nan] + [float(data.moments["time"].max())] * 18
    table = cx.peak_end_table(replace(data, episodes=data.episodes.assign(duration=duration)))
    assert table.frame["dropped_out"].tolist() == [True] + [False] * 19


def test_results_of_parts_that_are_not_there_show_nothing() -> None:
    assert cx.plot_conditions(None) is None
    assert cx.display_condition_effect(None) is None
    assert cx.display_effect_means(None) is None
    assert cx.display_choice(None) is None
    assert cx.display_balance(None) is None
    assert cx.display_duration_neglect(None) is None
    assert cx.display_person_differences(None) is None
    assert cx.findings(None, randomized=True) == ()
