"""`check` on broken studies of moments: one clear word each, and where to look."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result

Command = Callable[..., Result]
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "call-endings"


@pytest.fixture
def calls(workspace: Path) -> Path:
    folder = workspace / "data" / "calls"
    shutil.copytree(SAMPLE, folder)
    return folder


def read(calls: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(calls / f"{table}.csv", dtype=str, keep_default_na=False)


def write(calls: Path, table: str, frame: pd.DataFrame) -> None:
    frame.to_csv(calls / f"{table}.csv", index=False)


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def one_moment_an_episode(calls: Path) -> None:
    write(calls, "moments", read(calls, "moments").drop_duplicates("call"))


def duplicated_times(calls: Path) -> None:
    moments = read(calls, "moments")
    write(calls, "moments", pd.concat([moments, moments.iloc[[4]]]))


def no_rating_is_remembered(calls: Path) -> None:
    write(calls, "episodes", read(calls, "episodes").assign(remembered=""))


def a_condition_with_one_person(calls: Path) -> None:
    episodes = read(calls, "episodes")
    write(calls, "episodes", episodes.assign(close=["1"] + ["0"] * (len(episodes) - 1)))


def one_condition_only(calls: Path) -> None:
    write(calls, "episodes", read(calls, "episodes").assign(close="0"))


def all_moments_rated_alike(calls: Path) -> None:
    write(calls, "moments", read(calls, "moments").assign(feeling="3"))


def all_memories_alike(calls: Path) -> None:
    write(calls, "episodes", read(calls, "episodes").assign(remembered="7"))


def moments_without_an_episode(calls: Path) -> None:
    write(calls, "episodes", read(calls, "episodes").iloc[3:])


def episodes_named_otherwise(calls: Path) -> None:
    episodes = read(calls, "episodes")
    write(calls, "episodes", episodes.assign(caller="X" + episodes["caller"]))


def mixed_time_formats(calls: Path) -> None:
    moments = read(calls, "moments")
    moments.loc[3, "at"] = "14:05:00"
    moments.loc[9, "at"] = "120"
    write(calls, "moments", moments)


def a_date_that_is_two_dates(calls: Path) -> None:
    moments = read(calls, "moments")
    moments.loc[2, "at"] = "03/04/2026 09:00"
    write(calls, "moments", moments)


def an_empty_time(calls: Path) -> None:
    moments = read(calls, "moments")
    moments.loc[2, "at"] = ""
    write(calls, "moments", moments)


def a_rating_outside_the_scale(calls: Path) -> None:
    moments = read(calls, "moments")
    moments.loc[2, "feeling"] = "50"
    write(calls, "moments", moments)


def looks_that_do_not_increase(calls: Path) -> None:
    plan = calls / "analysis-plan.yaml"
    replace_in(plan, "spending: none", "spending: pocock\nlooks: [100, 80, 200]")


def a_planned_outcome_that_is_not_there(calls: Path) -> None:
    plan = calls / "analysis-plan.yaml"
    replace_in(plan, "outcome: remembered\n    contrast", "outcome: rememberd\n    contrast")


FAULTS: dict[Callable[[Path], None], str] = {
    one_moment_an_episode: "every episode has one moment with a rating: peak, end and mean are "
    "the same; is it the table of moments?",
    duplicated_times: "moments.csv, column at: 1 moment stands more than once: "
    "C3001/K001/2026-09-21 ",
    no_rating_is_remembered: "episodes.csv, column remembered: there is no rating at all",
    a_condition_with_one_person: "condition 'Friendly close' has one person; a comparison "
    "needs at least 2: is it a typing error?",
    one_condition_only: "only the condition 'Usual close' occurs; nothing can be compared",
    all_moments_rated_alike: "ratings are 3: nothing can be estimated; is it a test export?",
    all_memories_alike: "ratings are 7: nothing can be estimated; is it a test export?",
    moments_without_an_episode: "of 3 episodes that episodes.csv does not list: C3001/K001",
    episodes_named_otherwise: "no participant is in both tables: are they named alike?",
    mixed_time_formats: "are mixed; write all times in one way",
    a_date_that_is_two_dates: "03/04/2026 09:00",
    an_empty_time: "moments.csv, column at: 1 cell is empty: row 4",
    a_rating_outside_the_scale: "moments.csv, column feeling: 1 answer outside -5 to 5: row 4",
    looks_that_do_not_increase: "looks are 100, 80, 200; each must be later than the one "
    "before",
    a_planned_outcome_that_is_not_there: "hypothesis H1: outcome rememberd is not there; the "
    "codebook has remembered, again",
}


@pytest.mark.parametrize("spoil", FAULTS, ids=lambda spoil: spoil.__name__)
def test_what_keeps_a_study_from_running_is_said(
    spoil: Callable[[Path], None], calls: Path, command: Command
) -> None:
    spoil(calls)
    done = command("check", "calls")
    assert done.exit_code == 1
    assert FAULTS[spoil] in done.output, done.output
    assert "Traceback" not in done.output


def unsorted(calls: Path) -> None:
    write(calls, "moments", read(calls, "moments").sample(frac=1, random_state=1))


def time_going_back(calls: Path) -> None:
    moments = read(calls, "moments")
    moments.loc[[2, 3], "at"] = moments.loc[[3, 2], "at"].to_numpy()
    write(calls, "moments", moments)


def an_episode_without_memory(calls: Path) -> None:
    episodes = read(calls, "episodes")
    episodes.loc[0, "remembered"] = ""
    write(calls, "episodes", episodes)


def episodes_without_moments(calls: Path) -> None:
    moments = read(calls, "moments")
    write(calls, "moments", moments[moments["call"] != "K001"])


def one_episode_with_one_moment(calls: Path) -> None:
    moments = read(calls, "moments")
    later = moments.duplicated("call") & (moments["call"] == "K001")
    write(calls, "moments", moments[~later])


NOTES: dict[Callable[[Path], None], str] = {
    unsorted: "moments of 200 episodes not in order of time: sorted",
    time_going_back: "moments of 1 episode not in order of time: sorted",
    an_episode_without_memory: "15 episodes without a remembered rating: kept, not modelled",
    episodes_without_moments: "1 episode has no moments: C3001/K001; remembered ratings are "
    "kept, features cannot be computed",
    one_episode_with_one_moment: "1 episode has one moment with a rating: peak and end are the "
    "same there",
}


@pytest.mark.parametrize("spoil", NOTES, ids=lambda spoil: spoil.__name__)
def test_what_can_be_lived_with_is_told(
    spoil: Callable[[Path], None], calls: Path, command: Command
) -> None:
    spoil(calls)
    done = command("check", "calls")
    assert done.exit_code == 0, done.output
    assert NOTES[spoil] in done.output, done.output
