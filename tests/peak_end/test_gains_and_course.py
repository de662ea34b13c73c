"""What rules gain over the average, slopes with intervals, and the mean course."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxresearch.errors import CxError
from cxresearch.peak_end import compare_memory_models, episode_features
from cxresearch.peak_end.course import mean_course
from cxresearch.peak_end.gains import feature_slopes, gains_over_average

NAMES = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend", "duration"]


def episodes(people: int = 60, times: int = 1, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(people * times, 9)), columns=NAMES)
    table["person"] = np.repeat(np.arange(people), times)
    level = rng.normal(size=people)[table["person"]] if times > 1 else 0.0
    noise = rng.normal(size=len(table))
    return table.assign(memory=table["peak"] + 0.5 * table["end"] + level + noise)


def test_the_gain_is_tested_with_people_as_units() -> None:
    found = compare_memory_models(episodes(), retrospective="memory", participant="person")
    gains = gains_over_average(found).set_index("term")
    row = found.models.set_index("term").loc["peak_plus_end"]
    assert gains.loc["peak_plus_end", "df"] == 59
    half = stats.t.ppf(0.975, 59) * row["cv_gain_se"]
    assert gains.loc["peak_plus_end", "conf_low"] == pytest.approx(row["cv_gain"] - half)
    average = gains.loc["mean"]
    assert average["estimate"] == pytest.approx(0)
    assert average[["conf_low", "p_value", "p_adjusted"]].isna().all()
    tested = gains.drop(index="mean")
    assert (tested["p_adjusted"] >= tested["p_value"]).all()


def test_slopes_equal_those_of_least_squares_with_their_interval() -> None:
    table = episodes()
    found = compare_memory_models(table, retrospective="memory", participant="person")
    slopes = feature_slopes(found).set_index("term")
    x = np.column_stack([np.ones(60), table["peak"], table["end"]])
    beta, rss, *_ = np.linalg.lstsq(x, table["memory"], rcond=None)
    error = np.sqrt(rss[0] / 57 * np.diag(np.linalg.inv(x.T @ x)))
    assert slopes["estimate"].tolist() == pytest.approx(beta[1:].tolist())
    assert slopes.loc["end", "conf_high"] == pytest.approx(
        beta[2] + stats.t.ppf(0.975, 57) * error[2]
    )
    with pytest.raises(CxError, match=r"model: \['peaks'\] not found"):
        feature_slopes(found, "peaks")


def test_repeated_episodes_count_people() -> None:
    table = episodes(people=20, times=3)
    found = compare_memory_models(table, retrospective="memory", participant="person")
    assert found.mixed
    assert feature_slopes(found)["df"].tolist() == [17.0, 17.0]


def course(moments: pd.DataFrame, **ends: str):
    features = episode_features(
        moments, participant="p", episode="e", time="t", rating="y", **ends
    )
    return mean_course(moments, features, time="t", rating="y")


def test_each_person_counts_alike_in_the_mean_course() -> None:
    rows = [(1, e, t, y) for e in (1, 2, 3) for t, y in ((0, 2.0), (10, 4.0))]
    rows += [(2, 1, 0, 6.0), (2, 1, 5, 8.0)]
    found = course(pd.DataFrame(rows, columns=["p", "e", "t", "y"]))
    assert found.mean["estimate"].iloc[[0, 20, 40]].tolist() == pytest.approx([4.0, 5.0, 6.0])
    half = stats.t.ppf(0.975, 1) * np.std([2.0, 6.0], ddof=1) / np.sqrt(2)
    assert found.mean["conf_high"].iloc[0] == pytest.approx(4 + half)
    assert (found.n, found.n_participants, found.n_left_out) == (4, 2, 0)


def test_episodes_without_a_known_end_are_left_out_of_the_course() -> None:
    rows = [(1, 1, 0, 2.0), (1, 1, 1, 4.0), (2, 1, 0, 9.0), (2, 1, 1, np.nan), (3, 1, 0, 5.0)]
    found = course(pd.DataFrame(rows, columns=["p", "e", "t", "y"]))
    assert (found.n, found.n_left_out) == (1, 2)
    assert found.mean["conf_low"].isna().all()


def test_episodes_that_were_never_rated_do_not_stop_the_course() -> None:
    rated = pd.DataFrame(
        {"who": ["a", "a", "b", "b"], "ep": 1, "t": [0, 9] * 2, "y": [4, 8, 6, 6.0]}
    )
    silent = pd.DataFrame({"who": ["a", "a"], "ep": 2, "t": [0, 9], "y": [np.nan, np.nan]})
    names = {"participant": "who", "episode": "ep", "time": "t", "rating": "y"}
    features = episode_features(rated, **names)
    both = pd.concat([rated, silent], ignore_index=True)
    found = mean_course(both, features, time="t", rating="y")
    expected = mean_course(rated, features, time="t", rating="y")
    pd.testing.assert_frame_equal(found.mean, expected.mean)
    assert (found.n, found.n_left_out) == (2, 0)


def test_a_course_of_nothing_is_undefined() -> None:
    rows = [(1, 1, 0, 2.0), (2, 1, 0, 4.0)]
    found = course(pd.DataFrame(rows, columns=["p", "e", "t", "y"]))
    assert found.mean["estimate"].isna().all()
    assert found.n == 0
