"""Moments and episodes: read, held against each other, and left out as declared."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cxresearch.codebook.model import Code, Codebook, Column, ResponseScale
from cxresearch.errors import ResponseError
from cxresearch.responses import (
    AnsweredValue,
    DroppedOut,
    Duplicated,
    EpisodeInspection,
    Exclusion,
    FewMoments,
    ShortDuration,
    inspect_episodes,
    inspect_responses,
    load_episodes,
)
from cxresearch.responses._clock import FlagCoding, TimeCoding

MOOD = ResponseScale(name="mood", low=-5, high=5)
TEN = ResponseScale(name="ten", low=1, high=10)


def column(name: str, role: Any, file: str = "", **more: Any) -> Column:
    return Column(name=name, column=file or name, role=role, label=name.title(), **more)


BASE = (
    column("person", "participant", "PersonID"),
    column("visit", "episode"),
    column("t", "time"),
    column("mood", "rating", scale=MOOD, direction="bipolar", neutral=0),
    column("memory", "retrospective", scale=TEN),
    column("mail", "personal"),
)
CLOSE = column("close", "condition", values=(Code(0, "Usual"), Code(1, "Friendly")))
Tables = dict[str, pd.DataFrame]


@pytest.fixture
def tables() -> Tables:
    """Six people, one visit each, three moments a visit."""
    people = [f"P{k}" for k in range(6)]
    moments = pd.DataFrame(
        [(p, 1, t, (k + t) % 5 - 2) for k, p in enumerate(people) for t in (0, 10, 25)],
        columns=["PersonID", "visit", "t", "mood"],
    )
    episodes = pd.DataFrame(
        {
            "PersonID": people,
            "visit": 1,
            "memory": [3, 7, 5, 6, 8, 4],
            "close": [0, 1, 0, 1, 0, 1],
            "length": 25,
            "whole": "yes",
            "mail": "a@example.org",
        }
    )
    return {"moments": moments.astype(object), "episodes": episodes.astype(object)}


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., EpisodeInspection]:
    def look(
        tables: Tables, *extra: Column, rules: Sequence[Exclusion] = (), base: Any = BASE
    ) -> EpisodeInspection:
        files = {}
        for name, frame in tables.items():
            files[name] = tmp_path / f"{name}.csv"
            frame.to_csv(files[name], index=False)
        return inspect_episodes(files, Codebook(survey="S", columns=(*base, *extra)), rules)

    return look


Look = Callable[..., EpisodeInspection]


def faults_of(found: EpisodeInspection) -> list[str]:
    assert found.episodes is None
    return [str(fault) for fault in found.faults]


# --- reading -------------------------------------------------------------------------------


def test_columns_get_the_names_of_their_roles(look: Look, tables: Tables) -> None:
    data = look(tables, CLOSE, column("length", "duration")).episodes
    assert data is not None
    assert list(data.moments) == ["participant", "episode", "time", "rating"]
    assert list(data.episodes) == [
        "participant", "episode", "retrospective", "condition", "duration",
    ]  # fmt: skip
    assert (data.n, data.n_participants, data.n_moments) == (6, 6, 18)
    assert data.episodes["condition"].cat.categories.tolist() == ["Usual", "Friendly"]
    assert data.labels["retrospective"] == "Memory"
    assert data.limits == {"rating": (-5, 5), "retrospective": (1, 10)}
    assert (data.direction, data.neutral, data.design) == ("bipolar", 0, "between")
    assert data.flow.unit == "episodes"
    assert "mail" not in data.episodes


def test_moments_in_any_order_are_sorted_and_told(look: Look, tables: Tables) -> None:
    sorted_first = look(tables).episodes
    tables["moments"] = tables["moments"].sample(frac=1.0, random_state=1)
    shuffled = look(tables)
    assert shuffled.episodes is not None
    assert sorted_first is not None
    pd.testing.assert_frame_equal(shuffled.episodes.moments, sorted_first.moments)
    assert any("not in order of time: sorted" in note for note in shuffled.notes)


@pytest.mark.parametrize(
    ("unit", "stated", "expected"),
    [("seconds", None, 25.0), ("minutes", "minutes", 25 / 60), ("hours", "hours", 25 / 3600)],
)
def test_timestamps_count_from_the_first_moment(
    look: Look, tables: Tables, unit: str, stated: Any, expected: float
) -> None:
    start = datetime.datetime(2026, 9, 1, 14, 0, 0)
    tables["moments"]["t"] = [
        str(start + datetime.timedelta(days=k // 3, seconds=t))
        for k, t in enumerate(tables["moments"]["t"])
    ]
    base = tuple(replace(c, unit=stated) if c.role == "time" else c for c in BASE)
    found = look(tables, base=base)
    assert found.episodes is not None
    assert found.episodes.unit == unit
    assert found.episodes.moments["time"].max() == pytest.approx(expected)
    assert f"timestamps count in {unit} from the first moment of each episode" in found.notes


def test_times_that_count_on_by_one_are_an_order(look: Look, tables: Tables) -> None:
    tables["moments"]["t"] = [1, 2, 3] * 6
    found = look(tables)
    assert found.episodes is not None
    assert found.episodes.unit == "order"
    assert any("times count the order of the moments" in note for note in found.notes)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (12.5, 12.5), ("12,5", 12.5), ("00:01:30", 90.0), ("2:05", 125.0),
        (datetime.time(0, 1, 1), 61.0), (datetime.timedelta(minutes=2), 120.0),
        ("1970-01-01 00:01:00", 60.0), (datetime.datetime(1970, 1, 2), 86400.0),
        ("1970-01-01T01:00:00+01:00", 0.0),
    ],
)  # fmt: skip
def test_times_are_read_in_every_form(written: Any, code: float) -> None:
    assert TimeCoding(decimal=",").read(written).code == code


@pytest.mark.parametrize("written", ["3/4/2026 14:00", "soon", True, "25.12.2026"])
def test_times_that_could_mean_two_things_are_refused(written: Any) -> None:
    assert TimeCoding().read(written).problem == "time"


def test_yes_and_no_are_read_in_words_codes_and_the_codebooks_labels() -> None:
    coding = FlagCoding((Code(1, "Would call"), Code(0, "Would write")))
    said = ["yes", "NO", True, 0, "1", "would call", "Would write", "true"]
    assert [coding.read(value).code for value in said] == [1, 0, 1, 0, 1, 1, 0, 1]
    assert coding.read("maybe").problem == "flag"
    assert coding.read("").kind == "empty"


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("ja", "nein"),
        ("Oui", "Non"),
        ("sí", "no"),
        ("예", "아니요"),
        ("sim", "não"),
        ("WAHR", "FALSCH"),
    ],
)
def test_yes_and_no_are_read_in_the_languages_exports_come_in(yes: str, no: str) -> None:
    assert (FlagCoding(()).read(yes).code, FlagCoding(()).read(no).code) == (1.0, 0.0)


# --- faults --------------------------------------------------------------------------------


def test_faults_of_both_tables_are_told_at_once(look: Look, tables: Tables) -> None:
    tables["moments"].loc[2, "mood"] = 9
    tables["moments"].loc[3, "t"] = "later"
    tables["episodes"].loc[1, "memory"] = 77
    told = faults_of(look(tables))
    assert told == [
        "moments.csv, column t: 1 cell is not a time: row 5 holds 'later'; write a number, "
        "2026-09-01 14:05:00 or 14:05:00",
        "moments.csv, column mood: 1 answer outside -5 to 5: row 4 holds 9",
        "episodes.csv, column memory: 1 answer outside 1–10: row 3 holds 77",
    ]


def test_a_moment_without_person_or_time_is_refused(look: Look, tables: Tables) -> None:
    tables["moments"].loc[0, "PersonID"] = ""
    tables["moments"].loc[1, "t"] = ""
    assert faults_of(look(tables)) == [
        "moments.csv, column PersonID: 1 cell is empty: row 2",
        "moments.csv, column t: 1 cell is empty: row 3",
    ]


def test_two_moments_at_one_time_need_a_rule(look: Look, tables: Tables) -> None:
    tables["moments"].loc[1, "t"] = 0
    (told,) = faults_of(look(tables))
    assert told == (
        "moments.csv, column t: 1 moment stands more than once: P0/1/0 (rows 2, 3); declare "
        "`- duplicated: t` under exclude in study.yaml to keep the first of each, or correct "
        "the file"
    )
    data = look(tables, rules=[Duplicated(column="t")]).episodes
    assert data is not None
    assert (data.n_moments, data.flow.read, data.n) == (17, 6, 6)


def test_an_episode_that_stands_twice_needs_a_rule(look: Look, tables: Tables) -> None:
    again = pd.concat([tables["episodes"], tables["episodes"].iloc[:1]])
    tables["episodes"] = again.reset_index(drop=True)
    (told,) = faults_of(look(tables))
    assert "1 episode stands more than once: P0/1 (rows 2, 8)" in told
    data = look(tables, rules=[Duplicated(column="visit")]).episodes
    assert data is not None
    assert [(s.rule, s.excluded) for s in data.flow.steps] == [("duplicated", 1)]
    assert (data.flow.read, data.n) == (7, 6)


def test_moments_of_an_episode_that_is_not_listed_are_refused(
    look: Look, tables: Tables
) -> None:
    tables["episodes"] = tables["episodes"].iloc[:-1]
    (told,) = faults_of(look(tables))
    assert told == ("moments.csv: 3 moments of 1 episode that episodes.csv does not list: P5/1")


def test_people_named_differently_in_both_tables_are_suspected(
    look: Look, tables: Tables
) -> None:
    tables["moments"]["PersonID"] = tables["moments"]["PersonID"].str.lower()
    assert (
        "no participant is in both tables: are they named alike?" in faults_of(look(tables))[0]
    )


def test_an_episode_without_moments_is_kept_and_told(look: Look, tables: Tables) -> None:
    tables["moments"] = tables["moments"].iloc[3:]
    found = look(tables)
    assert found.episodes is not None
    assert (found.episodes.n, found.episodes.quality["n_moments"].iloc[0]) == (6, 0)
    assert any("1 episode has no moments: P0/1" in note for note in found.notes)


def test_an_episode_without_a_remembered_rating_is_kept_and_told(
    look: Look, tables: Tables
) -> None:
    tables["episodes"].loc[0, "memory"] = ""
    found = look(tables)
    assert found.episodes is not None
    assert found.episodes.episodes["retrospective"].isna().sum() == 1
    assert "1 episode without a remembered rating: kept, not modelled" in found.notes


def test_one_moment_an_episode_throughout_is_refused(look: Look, tables: Tables) -> None:
    tables["moments"] = tables["moments"].iloc[::3]
    (told,) = faults_of(look(tables))
    assert "every episode has one moment with a rating: peak, end and mean are the same" in told


def test_one_moment_in_some_episodes_is_told(look: Look, tables: Tables) -> None:
    tables["moments"] = tables["moments"].drop([1, 2])
    note = "1 episode has one moment with a rating: peak and end are the same there"
    assert note in look(tables).notes


def test_a_condition_with_one_person_is_refused(look: Look, tables: Tables) -> None:
    tables["episodes"]["close"] = [0, 0, 0, 0, 0, 1]
    (told,) = faults_of(look(tables, CLOSE))
    assert told.startswith(
        "episodes.csv, column close: condition 'Friendly' has one person; a comparison needs at"
    )


def test_one_condition_only_is_refused(look: Look, tables: Tables) -> None:
    tables["episodes"]["close"] = 0
    (told,) = faults_of(look(tables, CLOSE))
    assert "only the condition 'Usual' occurs; nothing can be compared" in told


def test_ratings_that_are_all_equal_are_refused(look: Look, tables: Tables) -> None:
    tables["moments"]["mood"] = 3
    tables["episodes"]["memory"] = 5
    assert faults_of(look(tables)) == [
        "moments.csv, column mood: all 18 ratings are 3: nothing can be estimated; is it a "
        "test export?",
        "episodes.csv, column memory: all 6 ratings are 5: nothing can be estimated; is it a "
        "test export?",
    ]


def test_durations_in_another_unit_are_suspected(look: Look, tables: Tables) -> None:
    tables["episodes"]["length"] = 1
    (told,) = faults_of(look(tables, column("length", "duration")))
    assert (
        "6 of 6 durations are shorter than the time of the last moment: do both count" in told
    )


def test_numbers_and_timestamps_in_one_column_are_refused(look: Look, tables: Tables) -> None:
    tables["moments"].loc[0, "t"] = "2026-09-01 14:00:00"
    assert "numbers and timestamps are mixed" in faults_of(look(tables))[0]


def test_other_tables_than_the_two_are_refused(tmp_path: Path) -> None:
    codebook = Codebook(survey="S", columns=BASE)
    found = inspect_episodes({"moments": tmp_path / "a.csv"}, codebook)
    assert (
        "a study of moments needs data: {moments: moments.csv, episodes" in faults_of(found)[0]
    )


def test_a_codebook_of_answers_describes_no_moments(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("moments", "episodes")}
    with pytest.raises(ResponseError, match="describes no moments: name the columns"):
        load_episodes(files, Codebook(survey="S", path="codebook.yaml"))


def test_a_codebook_of_moments_is_not_read_as_one_table(tmp_path: Path) -> None:
    found = inspect_responses({"": tmp_path / "a.csv"}, Codebook(survey="S", columns=BASE))
    assert "describes moments and episodes, two tables" in str(found.faults[0])


# --- exclusions ----------------------------------------------------------------------------


def test_drop_out_is_told_apart_from_an_end(look: Look, tables: Tables) -> None:
    length, whole = column("length", "duration"), column("whole", "ended")
    tables["episodes"].loc[0, "length"] = 60
    tables["episodes"].loc[1, "whole"] = "no"
    tables["moments"].loc[8, "mood"] = ""
    data = look(tables, length, whole).episodes
    assert data is not None
    assert data.quality["dropped_out"].tolist() == [True, True, True, False, False, False]
    kept = look(tables, length, whole, rules=[DroppedOut()]).episodes
    assert kept is not None
    assert kept.episodes["participant"].tolist() == ["P3", "P4", "P5"]
    assert set(kept.moments["participant"]) == {"P3", "P4", "P5"}
    assert kept.flow.steps[0].excluded == 3


def test_ended_may_be_marked_at_the_last_moment(look: Look, tables: Tables) -> None:
    tables["episodes"] = tables["episodes"].drop(columns="whole")
    tables["moments"]["whole"] = ["", "", "yes"] * 5 + ["", "", ""]
    data = look(tables, column("whole", "ended")).episodes
    assert data is not None
    assert data.quality["dropped_out"].tolist() == [False] * 5 + [True]


def test_each_episode_counts_under_the_first_rule_that_it_breaks(
    look: Look, tables: Tables
) -> None:
    tables["moments"] = tables["moments"].drop([1, 2])
    tables["episodes"].loc[[0, 1], "length"] = 5
    rules = [
        FewMoments(below=2),
        ShortDuration(below=10),
        AnsweredValue(column="close", values=("Friendly",)),
    ]
    data = look(tables, CLOSE, column("length", "duration"), rules=rules[:2]).episodes
    assert data is not None
    assert [step.excluded for step in data.flow.steps] == [1, 1]
    assert data.quality["excluded"].tolist() == ["few_moments", "duration", "", "", "", ""]
    assert data.quality.loc[data.quality["excluded"] == "", "participant"].tolist() == [
        "P2", "P3", "P4", "P5",
    ]  # fmt: skip
    only_usual = faults_of(look(tables, CLOSE, column("length", "duration"), rules=rules))
    assert "only the condition 'Usual' occurs" in only_usual[0]


def test_rules_that_cannot_be_applied_are_refused(look: Look, tables: Tables) -> None:
    told = faults_of(look(tables, rules=[DroppedOut(), Duplicated(column="memory")]))
    assert "dropped_out: needs a column with the role duration or ended" in told[0]
    assert "column memory has the role retrospective, not id; write visit or t" in told[1]
    answered = AnsweredValue(column="t", values=(0,))
    assert "whole episodes are left out" in faults_of(look(tables, rules=[answered]))[0]


def test_too_few_episodes_left_are_told_with_the_rules(look: Look, tables: Tables) -> None:
    (told,) = faults_of(look(tables, rules=[FewMoments(below=9)]))
    assert "no episode of 6 is left; excluded were 6 by few_moments (below 9)" in told


def test_conditions_met_by_the_same_people_are_within(look: Look, tables: Tables) -> None:
    for name in tables:
        second = tables[name].assign(visit=2)
        if name == "episodes":
            second["close"] = 1 - second["close"]
        tables[name] = pd.concat([tables[name], second], ignore_index=True)
    data = look(tables, CLOSE).episodes
    assert data is not None
    assert data.design == "within"
