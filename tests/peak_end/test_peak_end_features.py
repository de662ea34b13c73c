"""Features of an episode: R's numbers, order does not matter, the end is not the last seen."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end import EpisodeFeaturesResult, episode_features, expected_maximum
from cxresearch.results import Result

KEYS = {"participant": "person", "episode": "visit", "time": "time", "rating": "rating"}


def moments(ratings: list[float], times: list[float] | None = None) -> pd.DataFrame:
    clock = list(range(len(ratings))) if times is None else times
    return pd.DataFrame({"person": "p", "visit": 1, "time": clock, "rating": ratings})


def features(table: pd.DataFrame, **options: object) -> EpisodeFeaturesResult:
    return episode_features(table, **KEYS, **options)  # type: ignore[arg-type]


def only(table: pd.DataFrame, **options: object) -> pd.Series:
    return features(table, **options).augment().iloc[0]


@pytest.fixture
def simulated(reference_data) -> pd.DataFrame:
    table = reference_data("moments").rename(columns={"id": "person"})
    return table.assign(visit=1)


def test_features_equal_those_of_base_r(golden, reference_data, simulated) -> None:
    expected = golden("features")
    values, rtol = expected["values"], expected["tolerance"]["rtol"]
    episodes = reference_data("episodes")
    found = features(simulated)
    for ours, theirs in values["features"]["columns"].items():
        np.testing.assert_allclose(
            found.features[ours], episodes[theirs], rtol=rtol, atol=1e-12, err_msg=ours
        )
    for name in ("n", "n_participants", "n_moments", "n_missing", "n_dropped_out"):
        assert getattr(found, name) == values[name]
    bipolar = features(simulated, direction="bipolar", neutral=values["features"]["neutral"])
    theirs = episodes[values["features"]["bipolar_peak"]]
    np.testing.assert_array_equal(bipolar.features["peak"], theirs)
    assert found.notes[0] == "moments_vary:5-12"
    assert found.reference_moments == 5


def test_a_shuffled_file_gives_identical_features(simulated) -> None:
    straight = features(simulated).augment()
    shuffled = features(simulated.sample(frac=1, random_state=3)).augment()
    pd.testing.assert_frame_equal(straight, shuffled, check_exact=True)


@pytest.mark.parametrize(
    ("options", "peak", "trough", "rule"),
    [
        ({"direction": "pleasant"}, 9, 2, "maximum"),
        ({"direction": "pleasant", "higher_is": "worse"}, 2, 9, "minimum"),
        ({"direction": "unpleasant", "higher_is": "worse"}, 9, 2, "maximum"),
        ({"direction": "unpleasant", "higher_is": "better"}, 2, 9, "minimum"),
        ({"direction": "bipolar", "neutral": 6}, 2, 7, "farthest from neutral"),
    ],
)
def test_the_peak_is_the_most_intense_moment_in_the_declared_direction(
    options, peak, trough, rule
) -> None:
    found = features(moments([7, 9, 2, 7]), **options)
    row = found.augment().iloc[0]
    assert (row["peak"], row["trough"], found.peak_rule) == (peak, trough, rule)


def test_an_unpleasant_episode_without_the_meaning_of_high_ratings_is_refused() -> None:
    with pytest.raises(CxError, match="needs higher_is: 'worse' for ratings of pain"):
        features(moments([1, 2]), direction="unpleasant")


def test_neutral_belongs_to_bipolar_scales_only() -> None:
    with pytest.raises(CxError, match="direction 'bipolar' needs neutral"):
        features(moments([1, 2]), direction="bipolar")
    with pytest.raises(CxError, match="neutral is for direction 'bipolar' only"):
        features(moments([1, 2]), neutral=3)
    with pytest.raises(CxError, match="direction must be one of 'pleasant'"):
        features(moments([1, 2]), direction="happy")
    with pytest.raises(CxError, match="higher_is must be one of 'better', 'worse'"):
        features(moments([1, 2]), higher_is="more")


def test_the_earliest_of_equal_peaks_is_taken() -> None:
    row = only(moments([3, 8, 5, 8], [0, 10, 20, 40]))
    assert (row["peak_index"], row["peak_time"], row["peak_position"]) == (2, 10, 0.25)


def test_a_moment_measured_twice_as_often_leaves_the_time_weighted_mean() -> None:
    sparse = only(moments([2, 6, 4], [0, 10, 20]))
    dense = only(moments([2, 4, 6, 4], [0, 5, 10, 20]))
    assert sparse["tw_mean"] == dense["tw_mean"] == 4.5
    assert sparse["mean"] == dense["mean"] == 4.0
    assert only(moments([2, 6, 6, 4], [0, 10, 10.001, 20]))["tw_mean"] == pytest.approx(
        4.5, 1e-4
    )


def test_the_end_is_the_mean_of_the_last_k_or_of_the_last_share_of_time() -> None:
    table = moments([1, 2, 3, 4, 9], [0, 10, 20, 30, 40])
    row = only(table, last_k=2, last_share=0.5)
    assert (row["end"], row["end_1"], row["end_2"], row["end_3"]) == (6.5, 9, 6.5, 16 / 3)
    assert row["end_share"] == pytest.approx((3 + 4 + 9) / 3)
    assert only(table, last_k=9)["end"] == pytest.approx(19 / 5)


def test_the_last_rating_of_a_drop_out_is_not_its_end() -> None:
    table = moments([4, 5, 6]).assign(rating=[4, 5, np.nan])
    found = features(table)
    row = found.augment().iloc[0]
    assert np.isnan(row["end"])
    assert (row["last_rating"], row["dropped_out"], row["n_missing"]) == (5, True, 1)
    assert (found.n_dropped_out, found.notes) == (1, ("dropped_out:1",))


@pytest.mark.parametrize(
    ("column", "values", "dropped"),
    [
        ("ended", [False, False, True], False),
        ("ended", [False, False, False], True),
        ("declared_duration", [2.05] * 3, False),
        ("declared_duration", [10.0] * 3, True),
    ],
)
def test_an_end_is_known_from_a_mark_or_a_declared_duration(column, values, dropped) -> None:
    table = moments([4, 5, 6]).assign(mark=values)
    row = only(table, **{column: "mark"})
    assert bool(row["dropped_out"]) is dropped
    assert np.isnan(row["end"]) == dropped


def test_timestamps_count_seconds_from_the_first_moment() -> None:
    stamps = pd.to_datetime(["2026-01-05 10:00:00", "2026-01-05 10:01:00"])
    row = only(moments([2, 4]).assign(time=stamps))
    assert (row["duration"], row["tw_mean"], row["integral"]) == (60, 3, 180)
    assert row["trend"] == pytest.approx(2 / 60, rel=1e-12)


def test_one_moment_has_no_trend_no_variability_and_no_time_weighted_mean() -> None:
    found = features(moments([6]))
    row = found.augment().iloc[0]
    assert row[["trend", "variability", "tw_mean", "integral", "peak_position"]].isna().all()
    assert (row["peak"], row["end"], row["mean"], row["note"]) == (6, 6, 6, "one_moment")
    assert found.notes == ("one_moment:1",)


def test_equal_ratings_are_noted_as_constant() -> None:
    found = features(moments([5, 5, 5]))
    assert found.notes == ("constant:1",)
    assert found.augment().iloc[0]["variability"] == 0


def test_every_fault_of_the_table_is_listed_at_once() -> None:
    table = moments([1, 2, 3, 4], [0, 1, 1, 2]).assign(rating=[1, "good", 3, 40])
    with pytest.raises(ResponseError, match="row 2, column rating: 'good' is not a number"):
        features(table)
    numeric = table.assign(rating=[1, 2, 3, 40])
    with pytest.raises(ResponseError, match="40 is off the scale 0–10"):
        features(numeric, scale=(0, 10))
    with pytest.raises(ResponseError, match="2 moments at time 1; give each its own time"):
        features(numeric)
    with pytest.raises(ResponseError, match="no moment has a rating; leave the episode out"):
        features(moments([np.nan, np.nan]))
    with pytest.raises(ResponseError, match=r"row 1, column person: (None|nan) is missing"):
        features(moments([1, 2]).assign(person=[None, "p"]))
    with pytest.raises(ResponseError, match="row 2, column time: nan is not a time"):
        features(moments([1, 2], [0, np.nan]))
    with pytest.raises(ResponseError, match="mark differs between its moments; give one"):
        features(moments([1, 2]).assign(mark=[3.0, 4.0]), declared_duration="mark")
    with pytest.raises(CxError, match=r"columns: \['score'\] not found"):
        episode_features(moments([1, 2]), **{**KEYS, "rating": "score"})
    with pytest.raises(ResponseError, match="and 10 more faults"):
        features(moments(["x"] * 30))  # type: ignore[list-item]


def test_marks_of_the_end_must_be_true_or_false() -> None:
    with pytest.raises(ResponseError, match="'false' is neither true nor false"):
        features(moments([1, 2]).assign(mark=["false", "true"]), ended="mark")
    with pytest.raises(ResponseError, match="row 1, column mark: 'long' is not a number"):
        features(moments([1, 2]).assign(mark="long"), declared_duration="mark")
    numbers = features(moments([1, 2]).assign(mark=[0, 1]), ended="mark")
    assert numbers.n_dropped_out == 0


def test_tables_that_hold_no_episodes_are_refused() -> None:
    with pytest.raises(ResponseError, match="table of moments: no rows"):
        features(moments([1, 2]).head(0))
    with pytest.raises(CxError, match="'mean' or 'visit' is the name of a feature"):
        episode_features(moments([1, 2]), **{**KEYS, "participant": "mean"})


def test_the_expected_maximum_has_its_published_values() -> None:
    # Harter 1961, table of expected values of normal order statistics.
    published = {2: 0.56419, 3: 0.84628, 5: 1.16296, 10: 1.53875, 20: 1.86748, 50: 2.24907}
    for draws, value in published.items():
        assert expected_maximum(draws) == pytest.approx(value, abs=5e-6)
    assert expected_maximum(2) == pytest.approx(1 / np.sqrt(np.pi), rel=1e-12)


def test_the_rarefied_peak_is_the_mean_peak_over_all_subsets() -> None:
    ratings = [3.0, 9, 4, 7, 1, 6]
    by_hand = np.mean([max(subset) for subset in combinations(ratings, 4)])
    row = only(moments(ratings), reference_moments=4)
    assert row["peak_rarefied"] == pytest.approx(by_hand, rel=1e-12)
    low = only(
        moments(ratings), reference_moments=4, direction="unpleasant", higher_is="better"
    )
    assert low["peak_rarefied"] == pytest.approx(
        np.mean([min(subset) for subset in combinations(ratings, 4)]), rel=1e-12
    )
    assert np.isnan(only(moments(ratings), reference_moments=7)["peak_rarefied"])


def test_corrected_and_rarefied_peaks_do_not_grow_with_the_number_of_moments() -> None:
    rng = np.random.default_rng(11)
    counts = rng.integers(3, 30, 3000)
    person = np.repeat(np.arange(3000), counts)
    level = rng.normal(5, 1, 3000)
    table = pd.DataFrame(
        {
            "person": person,
            "visit": 1,
            "time": np.concatenate([np.arange(m) for m in counts]),
            "rating": level[person] + rng.normal(0, 1, len(person)),
        }
    )
    found = features(table).augment()
    slope = {
        name: np.polyfit(counts, found[name] - level, 1)[0]
        for name in ("peak", "peak_corrected", "peak_rarefied")
    }
    assert slope["peak"] > 0.03
    assert abs(slope["peak_corrected"]) < 0.004
    assert abs(slope["peak_rarefied"]) < 0.004


@settings(max_examples=60, deadline=None)
@given(
    ratings=st.lists(st.integers(0, 10), min_size=2, max_size=12),
    shift=st.integers(-5, 5),
    stretch=st.sampled_from([0.5, 2.0, 60.0]),
)
def test_features_move_with_the_scale_and_the_clock(ratings, shift, stretch) -> None:
    plain = only(moments([float(r) for r in ratings]))
    moved = only(
        moments([float(r + shift) for r in ratings], [i * stretch for i in range(len(ratings))])
    )
    for name in ("peak", "trough", "end", "start", "mean", "tw_mean", "peak_rarefied"):
        assert moved[name] == pytest.approx(plain[name] + shift, abs=1e-9)
    assert moved["variability"] == pytest.approx(plain["variability"], abs=1e-9)
    assert moved["trend"] * stretch == pytest.approx(plain["trend"], abs=1e-9)
    assert plain["trough"] <= plain["tw_mean"] <= plain["peak"]
    assert plain["minimum"] <= plain["peak_rarefied"] <= plain["maximum"]


def test_features_meet_what_is_known_of_the_episodes() -> None:
    found = features(moments([1, 2]))
    episodes = pd.DataFrame({"person": ["p", "q"], "visit": [1, 1], "memory": [7, 8]})
    assert found.with_episodes(episodes)["memory"].tolist() == [7]
    with pytest.raises(ResponseError, match="participant p, episode 1: is listed twice"):
        found.with_episodes(pd.concat([episodes, episodes.head(1)]))
    with pytest.raises(ResponseError, match="has moments but is not listed"):
        found.with_episodes(episodes.tail(1))
    with pytest.raises(CxError, match=r"columns \['end'\] have the names of features"):
        found.with_episodes(episodes.assign(end=1))


def test_the_result_is_tidy_and_survives_json(simulated) -> None:
    found = features(simulated)
    back = Result.from_dict(found.to_dict())
    assert isinstance(back, EpisodeFeaturesResult)
    pd.testing.assert_frame_equal(back.augment(), found.augment(), check_dtype=False)
    assert found.tidy()["term"].iloc[0] == "peak"
    assert len(found.glance()) == 1
    by_episode = simulated.groupby("person")["rating"]
    squares = ((simulated["rating"] - by_episode.transform("mean")) ** 2).sum()
    assert found.moment_sd == pytest.approx(np.sqrt(squares / (len(simulated) - 240)))
