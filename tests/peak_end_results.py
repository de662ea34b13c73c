"""Peak-end results from small seeded data, for the tests of what readers see."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from cxresearch.peak_end import (
    AttritionResult,
    BalanceResult,
    ConditionsResult,
    CrossoverResult,
    DurationNeglectResult,
    EpisodeFeaturesResult,
    MemoryModelsResult,
    MixedModelResult,
    PeakEndSensitivityResult,
    attrition,
    balance_test,
    compare_conditions,
    compare_memory_models,
    crossover,
    duration_neglect,
    episode_features,
    mixed_model,
    peak_end_sensitivity,
)

ROLES = {"retrospective": "memory", "participant": "person"}


@cache
def visits(
    people: int = 60, times: int = 2, seed: int = 7
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Moments and episodes of visits remembered by their peak and, more, by their end."""
    rng = np.random.default_rng(seed)
    moments, episodes = [], []
    for person in range(people):
        level = 5.5 + 0.6 * rng.normal()
        for visit in range(times):
            count = int(rng.integers(6, 13))
            course = level + np.cumsum(rng.normal(0, 0.8, count)) + rng.normal(0, 0.5, count)
            rating = np.clip(np.round(course), 0, 10)
            time = np.sort(rng.choice(np.arange(1.0, 60.0), count, replace=False))
            time[0] = 0.0
            close = "warm" if (person + visit) % 2 else "plain"
            rating[-1] = min(10.0, rating[-1] + (1.5 if close == "warm" else 0.0))
            memory = 0.5 + 0.3 * rating.max() + 0.55 * rating[-1] + rng.normal(0, 1.0)
            moments.append(
                pd.DataFrame({"person": person, "visit": visit, "time": time, "rating": rating})
            )
            episodes.append((person, visit, close, round(memory, 1), level))
    names = ["person", "visit", "close", "memory", "before"]
    return pd.concat(moments, ignore_index=True), pd.DataFrame(episodes, columns=names)


@cache
def features() -> EpisodeFeaturesResult:
    """Features of the visits."""
    return episode_features(
        visits()[0], participant="person", episode="visit", time="time", rating="rating"
    )


@cache
def table() -> pd.DataFrame:
    """One row a visit, features and memory."""
    return features().with_episodes(visits()[1])


@cache
def models() -> MemoryModelsResult:
    """Rivals, peak and end clearly ahead."""
    return compare_memory_models(table(), **ROLES)


@cache
def noise_models(seed: int = 3, people: int = 40) -> MemoryModelsResult:
    """Rivals where memory hangs on nothing."""
    rng = np.random.default_rng(seed)
    names = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend"]
    frame = pd.DataFrame(rng.normal(size=(people, 8)), columns=names)
    frame["duration"], frame["person"] = rng.normal(size=people), range(people)
    frame["memory"] = rng.normal(size=people)
    return compare_memory_models(frame, **ROLES)


@cache
def average_models() -> MemoryModelsResult:
    """Rivals where memory is the average."""
    rng = np.random.default_rng(5)
    names = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend"]
    frame = pd.DataFrame(rng.normal(size=(120, 8)), columns=names)
    frame["duration"], frame["person"] = rng.normal(size=120), range(120)
    frame["memory"] = frame["mean"] + 0.5 * rng.normal(size=120)
    return compare_memory_models(frame, **ROLES)


def neglect(
    effect: float = 0.0, *, n: int = 900, seed: int = 5, **own: float
) -> DurationNeglectResult:
    """Duration with a known effect; n decides how much is known."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        rng.normal(size=(n, 4)), columns=["peak", "end", "tw_mean", "duration"]
    ).assign(person=range(n))
    score = frame["peak"] + frame["end"] + effect * frame["duration"]
    frame["memory"] = score + rng.normal(size=n)
    for name, weight in own.items():
        frame[name] = frame["peak"] + weight * frame["duration"]
    return duration_neglect(frame, **ROLES)


@cache
def sensitivity() -> PeakEndSensitivityResult:
    """Every rule on the visits."""
    return peak_end_sensitivity(table(), **ROLES)


def arms(
    effects: dict[str, float], *, n: int = 40, seed: int = 11, covariate: bool = False
) -> ConditionsResult:
    """Conditions with these effects, n people in each."""
    rng = np.random.default_rng(seed)
    names = list(effects)
    arm = np.repeat(names, n)
    before = rng.normal(size=len(arm))
    memory = 6 + np.array([effects[a] for a in arm]) + 0.7 * before + rng.normal(size=len(arm))
    people = pd.DataFrame(
        {"arm": pd.Categorical(arm, categories=names), "before": before, "memory": memory}
    )
    known = {"before": "before"} if covariate else None
    return compare_conditions(people, outcome="memory", condition="arm", covariates=known)


@cache
def mixed() -> MixedModelResult:
    """Two visits a person, the close compared."""
    return mixed_model(
        visits()[1], outcome="memory", fixed=["close"], groups="person", compare="close"
    )


def crossed(*, carry: float = 0.0, effect: float = 1.0, seed: int = 2) -> CrossoverResult:
    """Both closes met by everybody, in either order."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(40):
        order = ("plain", "warm") if person % 2 else ("warm", "plain")
        level = 6 + rng.normal(0, 0.5) + carry * (person % 2)
        for period, close in enumerate(order, start=1):
            memory = level + effect * (close == "warm") + rng.normal(0, 0.7)
            rows.append((person, period, close, memory))
    frame = pd.DataFrame(rows, columns=["person", "period", "close", "memory"])
    return crossover(
        frame, outcome="memory", condition="close", period="period", participant="person"
    )


def balanced(shift: float = 0.0) -> BalanceResult:
    """Two covariates before, one of them shifted in an arm."""
    rng = np.random.default_rng(1)
    people = pd.DataFrame(rng.normal(size=(80, 2)), columns=["age", "visits_before"])
    people["arm"] = ["plain", "warm"] * 40
    people.loc[people["arm"] == "warm", "age"] += shift
    return balance_test(
        people, condition="arm", covariates=["age", "visits_before"], permutations=199
    )


def losses(plain: int, warm: int, n: int = 50) -> AttritionResult:
    """So many of n people lost in each arm."""
    people = pd.DataFrame(
        {
            "arm": ["plain"] * n + ["warm"] * n,
            "gone": [i < plain for i in range(n)] + [i < warm for i in range(n)],
        }
    )
    return attrition(people, condition="arm", lost="gone")
