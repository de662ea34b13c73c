"""The course behind the ratings: equal to nlme's, and blind to the number of moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end import (
    LatentCoursesResult,
    duration_neglect,
    episode_features,
    latent_courses,
    peak_end_sensitivity,
)
from cxresearch.peak_end._latent import Courses, Variances, evaluate

KEYS = {"participant": "person", "episode": "visit", "time": "time", "rating": "rating"}
Golden = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]


def level_only(episodes: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Constant latent levels, 3 to 29 noisy moments, memory of the level."""
    rng = np.random.default_rng(seed)
    count = rng.integers(3, 30, episodes)
    level = rng.normal(size=episodes)
    person = np.repeat(np.arange(episodes), count)
    moments = pd.DataFrame(
        {
            "person": person,
            "visit": 1,
            "time": np.concatenate([np.arange(m, dtype=float) for m in count]),
            "rating": level[person] + rng.normal(size=len(person)),
        }
    )
    return moments, pd.Series(level + 0.5 * rng.normal(size=episodes), name="memory")


def fitted(moments: pd.DataFrame, **options: Any) -> LatentCoursesResult:
    return latent_courses(moments, episode_features(moments, **KEYS, **options))


def test_variances_and_latent_peaks_equal_those_of_nlme(
    golden: Golden, reference_data: Data
) -> None:
    expected = golden("latent")
    values, tolerance = expected["values"], expected["tolerance"]
    moments = reference_data("moments").assign(visit=1)
    names = {**KEYS, "participant": "id"}
    found = latent_courses(moments, episode_features(moments, **names))
    assert found.log_likelihood == pytest.approx(
        values["log_likelihood"], abs=tolerance["log_likelihood"]
    )
    ours = found.components.set_index("term")["estimate"]
    for term, variance in values["components"].items():
        assert ours[term] == pytest.approx(variance, rel=tolerance["rtol"], abs=1e-5)
    assert found.memory == pytest.approx(values["memory"], rel=tolerance["rtol"])
    np.testing.assert_allclose(
        found.mean_course["estimate"], values["mean_course"], atol=tolerance["latent"]
    )
    episodes = found.episodes.set_index("id")
    for row in values["episodes"]:
        for name in ("peak_latent", "end_latent", "mean_latent"):
            own = episodes.loc[row["id"], name]
            assert own == pytest.approx(row[name], abs=tolerance["latent"])
    counts = (found.n, found.n_participants, found.n_moments)
    assert counts == (values["n"], values["n_participants"], values["n_moments"])
    assert (found.peak_rule, found.participant, found.episode) == ("maximum", "id", "visit")


def test_the_slopes_of_the_likelihood_are_its_differences() -> None:
    rng = np.random.default_rng(3)
    there = np.arange(6) < rng.integers(2, 7, 15)[:, None]
    times = np.where(there, np.cumsum(rng.uniform(0.5, 2, (15, 6)), axis=1), 0.0)
    times = np.where(there, times - times[:, :1], 0.0)
    courses = Courses(
        ratings=np.where(there, rng.normal(size=(15, 6)), 0.0),
        times=times,
        positions=times / times.max(axis=1, keepdims=True),
        there=there,
    )
    point = np.log([0.7, 0.4, 0.5, 2.0])

    def at(log_values: np.ndarray) -> float:
        level, slope, drift, memory = np.exp(log_values)
        own = Variances(level=level, slope=slope, drift=drift, memory=memory)
        return evaluate(courses, own).log_likelihood

    level, slope, drift, memory = np.exp(point)
    own = Variances(level=level, slope=slope, drift=drift, memory=memory)
    steps = np.eye(4) * 1e-5
    numeric = [(at(point + step) - at(point - step)) / 2e-5 for step in steps]
    np.testing.assert_allclose(evaluate(courses, own).slopes, numeric, rtol=1e-6, atol=1e-6)


def test_a_plain_peak_makes_duration_matter_and_a_latent_one_does_not() -> None:
    """P6: memory knows nothing of duration; the plain peak grows with the moments."""
    moments, memory = level_only(1500, seed=6)
    known = episode_features(moments, **KEYS)
    found = latent_courses(moments, known)
    frame = found.with_features(known.features).assign(memory=memory)
    neglect = duration_neglect(frame, retrospective="memory", participant="person")
    rows = neglect.estimates.set_index("group")
    assert rows.loc["peak", "statistic"] < -6
    assert abs(rows.loc["peak_latent", "statistic"]) < 3
    assert rows.loc["peak_latent", "p_equivalence"] < 0.05
    components = found.components.set_index("term")["estimate"]
    assert components["level"] == pytest.approx(1, abs=0.15)
    assert components["noise"] == pytest.approx(1, abs=0.05)


def test_the_peak_follows_the_direction_of_the_study() -> None:
    moments, _ = level_only(60, seed=8)
    low = fitted(moments, direction="unpleasant", higher_is="better").episodes
    assert (low["peak_latent"] <= low["mean_latent"] + 1e-9).all()
    far = fitted(moments, direction="bipolar", neutral=0.0).episodes
    assert (far["peak_latent"].abs() >= far["mean_latent"].abs() - 1e-9).all()


def test_adding_a_constant_moves_every_latent_value_by_it() -> None:
    moments, _ = level_only(60, seed=9)
    plain = fitted(moments).episodes
    moved = fitted(moments.assign(rating=moments["rating"] + 3)).episodes
    names = ["peak_latent", "end_latent", "mean_latent"]
    np.testing.assert_allclose(moved[names], plain[names] + 3, atol=1e-4)


def test_too_few_or_constant_episodes_are_refused() -> None:
    moments, _ = level_only(9, seed=1)
    with pytest.raises(ResponseError, match="9 episodes have two moments or more"):
        fitted(moments)
    many, _ = level_only(20, seed=1)
    with pytest.raises(ResponseError, match="do not vary within any episode"):
        fitted(many.assign(rating=4.0))


def test_latent_columns_are_added_once() -> None:
    moments, _ = level_only(20, seed=2)
    known = episode_features(moments, **KEYS)
    found = latent_courses(moments, known)
    table = found.with_features(known.features)
    assert len(table) == 20
    with pytest.raises(CxError, match="are there already"):
        found.with_features(table)
    assert found.glance()["moments"].item() == len(moments)
    assert found.augment().columns[0] == "person"


def test_the_latent_peak_is_one_more_rule_of_the_sensitivity_table() -> None:
    moments, memory = level_only(60, seed=3)
    features = episode_features(moments, **KEYS)
    episodes = features.features.assign(memory=memory)
    courses = latent_courses(moments, features)
    roles = {"retrospective": "memory", "participant": "person"}

    without = peak_end_sensitivity(episodes, **roles)
    found = peak_end_sensitivity(episodes, **roles, latent=courses)

    row = found.estimates.query("term == 'peak_latent' and group == 'end_1'").iloc[0]
    both = courses.with_features(episodes)
    expected = np.corrcoef((both["peak_latent"] + both["end_1"]) / 2, memory)[0, 1]
    assert "peak_latent" not in set(without.estimates["term"])
    assert row["estimate"] == pytest.approx(expected, rel=1e-12)
    assert found.n == without.n
