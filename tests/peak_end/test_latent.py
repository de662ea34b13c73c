"""The course behind the ratings: equal to nlme's, and blind to the number of moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end import (
    LatentCoursesResult,
    duration_neglect,
    episode_features,
    latent_courses,
    peak_end_sensitivity,
)
from cxresearch.peak_end._latent import Courses, Variances
from cxresearch.peak_end._latent_draws import KnownCourses
from cxresearch.peak_end._latent_likelihood import Likelihood

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


@pytest.mark.parametrize("name", ["latent", "latent_people"])
def test_variances_and_latent_peaks_equal_those_of_nlme(
    name: str, golden: Golden, reference_data: Data
) -> None:
    expected = golden(name)
    values, tolerance = expected["values"], expected["tolerance"]
    if name == "latent":
        moments = reference_data("moments").rename(columns={"id": "person"}).assign(visit=1)
    else:
        moments = reference_data("courses")
    found = fitted(moments)
    assert found.log_likelihood == pytest.approx(
        values["log_likelihood"], abs=tolerance["log_likelihood"]
    )
    ours = found.components.set_index("term")["estimate"]
    assert list(ours.index) == list(values["components"])
    for term, variance in values["components"].items():
        assert ours[term] == pytest.approx(variance, rel=tolerance["rtol"], abs=1e-5)
    assert found.memory == pytest.approx(values["memory"], rel=tolerance["rtol"])
    np.testing.assert_allclose(
        found.mean_course["estimate"], values["mean_course"], atol=tolerance["latent"]
    )
    theirs = pd.DataFrame(values["episodes"])
    both = theirs.merge(found.episodes, on=["person", "visit"], suffixes=("_r", ""))
    assert len(both) == 12
    for column, kind in {
        "end_latent": "latent", "mean_latent": "latent", "peak_latent": "peak",
        "peak_low": "limit", "peak_high": "limit",
    }.items():  # fmt: skip
        np.testing.assert_allclose(both[column], both[f"{column}_r"], atol=tolerance[kind])
    counts = (found.n, found.n_participants, found.n_moments)
    assert counts == (values["n"], values["n_participants"], values["n_moments"])
    told = (found.peak_rule, found.participant, found.episode, found.clock)
    assert told == ("maximum", "person", "visit", "time")
    assert found.confidence_level == 0.95


def few_courses(seed: int = 3) -> Courses:
    """Fifteen episodes of six people, 2 to 6 moments each."""
    rng = np.random.default_rng(seed)
    there = np.arange(6) < rng.integers(2, 7, 15)[:, None]
    times = np.where(there, np.cumsum(rng.uniform(0.5, 2, (15, 6)), axis=1), 0.0)
    times = np.where(there, times - times[:, :1], 0.0)
    return Courses(
        ratings=np.where(there, rng.normal(size=(15, 6)), 0.0),
        times=times,
        positions=times / times.max(axis=1, keepdims=True),
        there=there,
        people=np.sort(np.arange(15) % 6),
    )


NAMES = ("level", "slope", "drift", "memory", "person_level", "person_slope")
SOME = dict(zip(NAMES, (0.7, 0.4, 0.5, 2.0, 0.9, 0.3), strict=True))


@pytest.mark.parametrize(
    "zero", [(), ("drift",), ("person_level", "person_slope"), ("level", "slope")]
)
def test_the_likelihood_is_that_of_the_whole_covariance(zero: tuple[str, ...]) -> None:
    courses, own = few_courses(), {**SOME, **dict.fromkeys(zero, 0.0)}
    fit = Likelihood.of(courses).at(Variances(**own))
    mean = [fit.beta[0] - fit.beta[1] / 2, fit.beta[1], fit.beta[2]]
    total = 0.0
    for person in range(6):
        rows, columns = np.nonzero(courses.there & (courses.people == person)[:, None])
        x, t = courses.positions[rows, columns], courses.times[rows, columns]
        tilt = np.outer(x - 0.5, x - 0.5)
        drift = own["drift"] * np.exp(-np.abs(t[:, None] - t) / own["memory"])
        within = own["level"] + own["slope"] * tilt + drift
        between = own["person_level"] + own["person_slope"] * tilt
        covariance = between + within * (rows[:, None] == rows) + np.eye(len(x))
        centre = mean[0] + mean[1] * x + mean[2] * x**2
        total += stats.multivariate_normal.logpdf(
            courses.ratings[rows, columns], centre, fit.noise * covariance
        )
    assert fit.log_likelihood == pytest.approx(total, rel=1e-12)
    assert [name for name, slope in zip(NAMES, fit.slopes, strict=True) if slope == 0] == [
        name for name in NAMES if name in zero or (name == "memory" and "drift" in zero)
    ]


def test_the_slopes_of_the_likelihood_are_its_differences() -> None:
    likelihood, point = Likelihood.of(few_courses()), np.log(list(SOME.values()))

    def at(log_values: np.ndarray) -> float:
        own = Variances(**dict(zip(NAMES, np.exp(log_values).tolist(), strict=True)))
        return likelihood.at(own).log_likelihood

    steps = np.eye(6) * 1e-5
    numeric = [(at(point + step) - at(point - step)) / 2e-5 for step in steps]
    found = likelihood.at(Variances(**SOME)).slopes
    np.testing.assert_allclose(found, numeric, rtol=1e-6, atol=1e-6)


def test_a_plain_peak_makes_duration_matter_and_a_latent_one_does_not() -> None:
    """P6: memory knows nothing of duration; the plain peak grows with the moments."""
    moments, memory = level_only(1000, seed=6)
    known = episode_features(moments, **KEYS)
    found = latent_courses(moments, known)
    frame = found.with_features(known.features).assign(memory=memory)
    neglect = duration_neglect(frame, retrospective="memory", participant="person")
    rows = neglect.estimates.set_index("group")
    assert rows.loc["peak", "statistic"] < -6
    assert abs(rows.loc["peak_latent", "statistic"]) < 3
    assert rows.loc["peak_latent", "p_equivalence"] < 0.05
    components = found.components.set_index("term")["estimate"]
    assert list(components.index) == ["level", "slope", "drift", "noise"]
    assert components["level"] == pytest.approx(1, abs=0.15)
    assert components["noise"] == pytest.approx(1, abs=0.05)


def people_with_courses(people: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Four episodes a person of 3 to 29 moments, and the true peak of each."""
    rng = np.random.default_rng(seed)
    number = 4 * people
    count = rng.integers(3, 30, number)
    x = np.linspace(0, 1, 21)
    lines = np.repeat(rng.normal(size=(people, 2)) * [0.8, 0.6], 4, axis=0)
    lines = lines + rng.normal(size=(number, 2)) * [0.6, 0.9]
    course = 5 + x - x**2 + lines[:, :1] + lines[:, 1:] * (x - 0.5)
    row = np.repeat(np.arange(number), count)
    time = np.concatenate([np.arange(m) for m in count])
    at = [np.interp(t / (count[i] - 1), x, course[i]) for i, t in zip(row, time, strict=True)]
    moments = pd.DataFrame({"person": row // 4, "visit": row % 4, "time": time})
    return moments.assign(rating=at + rng.normal(size=len(row))), course.max(axis=1)


def test_latent_peaks_are_right_on_average_and_covered_whatever_the_moments() -> None:
    moments, truth = people_with_courses(100, seed=4)
    known = episode_features(moments, **KEYS)
    episodes = latent_courses(moments, known).episodes
    error = episodes["peak_latent"] - truth
    plain = known.features["peak"].to_numpy() - truth
    held = (episodes["peak_low"] <= truth) & (truth <= episodes["peak_high"])
    for low, high in ((3, 8), (9, 17), (18, 29)):
        own = episodes["n_moments"].between(low, high).to_numpy()
        assert abs(error[own].mean()) < 4 * error[own].std() / np.sqrt(own.sum())
        assert plain[own].mean() > 0.3
        assert held[own].mean() == pytest.approx(0.95, abs=4 * np.sqrt(0.0475 / own.sum()))


def test_short_episodes_learn_from_the_others_of_their_person() -> None:
    moments, _ = people_with_courses(40, seed=5)
    found = fitted(moments)
    alone = fitted(moments.assign(person=moments["person"] * 4 + moments["visit"]))
    width = {}
    for name, result in (("shared", found), ("alone", alone)):
        short = result.episodes[result.episodes["n_moments"] <= 5]
        width[name] = (short["peak_high"] - short["peak_low"]).mean()
    assert width["shared"] < 0.95 * width["alone"]
    assert found.components["term"].tolist()[:2] == ["person_level", "person_slope"]


def test_drawn_courses_do_not_hang_on_rounding() -> None:
    rng, places = np.random.default_rng(4), np.linspace(0.0, 1.0, 21)
    apart = np.abs(places[:, None] - places)
    reach = rng.uniform(0.05, 5.0, 200)[:, None, None]
    exact = np.exp(-apart / reach)
    rounded = exact * (1 + 1e-15 * rng.integers(-1, 2, exact.shape))
    normal = rng.standard_normal((len(places), 8))
    drawn = [
        KnownCourses(
            told=np.zeros((200, 21)),
            by_mean=np.zeros((200, 21, 3)),
            people=np.arange(200),
            covariance=(c + c.transpose(0, 2, 1)) / 2,
        ).drawn_off(normal)
        for c in (exact, rounded)
    ]
    assert np.abs(drawn[0]).max() > 1
    np.testing.assert_allclose(drawn[1], drawn[0], atol=1e-9)


def test_wider_limits_are_asked_for() -> None:
    moments, _ = people_with_courses(20, seed=6)
    known = episode_features(moments, **KEYS)
    narrow = latent_courses(moments, known, confidence_level=0.8)
    wide = latent_courses(moments, known)
    assert narrow.confidence_level == 0.8
    own, other = (r.episodes["peak_high"] - r.episodes["peak_low"] for r in (narrow, wide))
    assert (own < other).all()
    with pytest.raises(CxError, match="confidence_level"):
        latent_courses(moments, known, confidence_level=95)


def test_drift_may_be_forgotten_over_the_way_from_start_to_end() -> None:
    rng = np.random.default_rng(7)
    rows = []
    for episode in range(120):
        count = int(rng.integers(8, 30))
        x = np.linspace(0, 1, count)
        bend = 2 * np.sin(2 * np.pi * (x + rng.uniform()))
        rating = rng.normal() + bend + 0.5 * rng.normal(size=count)
        rows.append(
            pd.DataFrame(
                {"person": episode, "visit": 1, "time": np.arange(count), "rating": rating}
            )
        )
    found = fitted(pd.concat(rows, ignore_index=True))
    assert found.clock == "position"
    assert found.components.set_index("term").loc["drift", "estimate"] > 0.5


def test_the_peak_follows_the_direction_of_the_study() -> None:
    moments, _ = level_only(60, seed=8)
    low = fitted(moments, direction="unpleasant", higher_is="better").episodes
    assert (low["peak_latent"] <= low["mean_latent"] + 1e-9).all()
    far = fitted(moments, direction="bipolar", neutral=0.0).episodes
    clear = far[far["mean_latent"].abs() > 0.5]  # on which side of neutral is not in doubt
    assert (clear["peak_latent"].abs() >= clear["mean_latent"].abs()).all()


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
