from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.responses._episode_join import Joined, with_quality

PEOPLE = st.sampled_from(["A", "B", "C"])
NAMES = st.sampled_from(["1", "2"])
RATINGS = st.one_of(st.just(math.nan), st.integers(0, 3).map(float))
MOMENTS = st.lists(
    st.tuples(PEOPLE, NAMES, st.integers(0, 9).map(float), RATINGS), min_size=1, max_size=15
)
EPISODES = st.lists(st.tuples(PEOPLE, NAMES), min_size=1, max_size=5)


def joined(moments: list[tuple], episodes: list[tuple]) -> Joined:
    columns = ["participant", "episode", "time", "rating"]
    rows = pd.DataFrame(moments, columns=columns)
    listed = pd.DataFrame(episodes, columns=columns[:2]).assign(retrospective=1.0)
    return Joined.of(rows, listed)


@settings(deadline=None)
@given(MOMENTS, EPISODES)
def test_rows_belong_to_the_episode_they_name(
    moments: list[tuple], episodes: list[tuple]
) -> None:
    both = joined(moments, episodes)
    own = [row[:2] for row in moments]
    assert both.strange_moments.tolist() == [pair not in episodes for pair in own]
    assert both.empty_episodes.tolist() == [pair not in own for pair in episodes]
    assert both.repeated_episodes.tolist() == [
        pair in episodes[:place] for place, pair in enumerate(episodes)
    ]
    times = [row[:3] for row in moments]
    assert both.repeated_moments.tolist() == [
        time in times[:place] for place, time in enumerate(times)
    ]


@settings(deadline=None)
@given(MOMENTS, EPISODES)
def test_moments_are_put_in_order_and_those_that_were_not_are_counted(
    moments: list[tuple], episodes: list[tuple]
) -> None:
    both = joined(moments, episodes)
    ordered = both.in_order()
    found = ordered.moments.drop(columns="rating").itertuples(index=False, name=None)
    assert list(found) == sorted(row[:3] for row in moments)
    courses: dict[tuple, list[float]] = {}
    for person, name, time, _ in moments:
        courses.setdefault((person, name), []).append(time)
    assert both.backwards == sum(times != sorted(times) for times in courses.values())
    starts = [min(courses[row[:2]]) for row in sorted(moments, key=lambda row: row[:3])]
    assert (ordered.times - ordered.from_start()).tolist() == starts


@settings(deadline=None)
@given(MOMENTS, EPISODES)
def test_what_is_known_of_an_episode_is_that_of_its_own_moments(
    moments: list[tuple], episodes: list[tuple]
) -> None:
    moments = list({row[:3]: row for row in moments}.values())
    read = with_quality(joined(moments, episodes).in_order())
    for row, pair in zip(read.itertuples(), episodes, strict=True):
        own = sorted(moment[2:] for moment in moments if moment[:2] == pair)
        rated = [(time, rating) for time, rating in own if not math.isnan(rating)]
        assert row.n_moments == len(rated)
        assert row.constant == (len(rated) > 1 and len({rating for _, rating in rated}) == 1)
        last = rated[-1][0] if rated else math.nan
        assert np.array_equal(row.last_time, last, equal_nan=True)
        assert row.last_rated == (bool(rated) and own[-1] == rated[-1])


@settings(deadline=None)
@given(MOMENTS, EPISODES)
def test_moments_stay_with_the_episodes_that_are_kept(
    moments: list[tuple], episodes: list[tuple]
) -> None:
    both = joined(moments, episodes)
    rows = np.arange(len(episodes)) % 2 == 0
    kept = both.of_listed(rows)
    assert (
        list(zip(kept.episodes["participant"], kept.episodes["episode"], strict=True))
        == (episodes[::2])
    )
    assert len(kept.moments) == sum(row[:2] in episodes[::2] for row in moments)
    assert not kept.strange_moments.any()
