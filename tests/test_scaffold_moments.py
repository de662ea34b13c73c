"""A codebook proposed for moments and episodes: which column is what, and how sure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.catalogue import check_study
from cxresearch.codebook import load_codebook
from cxresearch.errors import StudyError
from cxresearch.scaffold import init_workspace, new_study
from cxresearch.study import load_study

SAMPLES = Path(__file__).resolve().parents[1] / "data"
REAL = Path(__file__).resolve().parents[2] / "shared" / "realdata" / "peakend_mpathr_esm"


def messy() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Thirty patients with three visits each, as hospitals export them."""
    rng = np.random.default_rng(1)
    moments, episodes = [], []
    for person in range(30):
        for visit in range(1, 4):
            key = {"Patient ID": f"P{person:02d}", "visit_no": visit}
            felt = 5 + rng.normal()
            count = int(rng.integers(4, 9))
            for k in range(count):
                moments.append(
                    {
                        **key,
                        "clock": f"2026-09-{visit:02d} 10:{k:02d}:30",
                        "Pain (0-10)": int(np.clip(round(felt + rng.normal()), 0, 10)),
                        "room": "A" if k % 2 else "B",
                    }
                )
            episodes.append(
                {
                    **key,
                    "Arm": "warm" if person % 2 else "cold",
                    "Remembered pain (0-10)": int(np.clip(round(felt), 0, 10)),
                    "pain_before": int(rng.integers(0, 10)),
                    "would come again": int(rng.random() < 0.5),
                    "finished?": "yes" if rng.random() < 0.9 else "no",
                    "e-mail": f"p{person}@example.org",
                    "length_min": count,
                }
            )
    return pd.DataFrame(moments), pd.DataFrame(episodes)


ROLES = {
    "Patient ID": "participant",
    "visit_no": "episode",
    "clock": "time",
    "Pain (0-10)": "rating",
    "room": "segment",
    "Arm": "condition",
    "Remembered pain (0-10)": "retrospective",
    "pain_before": "covariate",
    "would come again": "choice",
    "finished?": "ended",
    "e-mail": "personal",
    "length_min": "duration",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return init_workspace(tmp_path / "w")


def write(tmp_path: Path, **tables: pd.DataFrame) -> list[Path]:
    paths = []
    for name, table in tables.items():
        path = tmp_path / f"{name}.csv"
        table.to_csv(path, index=False)
        paths.append(path)
    return paths


@pytest.mark.parametrize("order", ["moments first", "episodes first", "one table"])
def test_every_column_gets_the_role_it_has_and_the_study_can_run(
    order: str, tmp_path: Path, workspace: Path
) -> None:
    moments, episodes = messy()
    wide = moments.merge(episodes, on=["Patient ID", "visit_no"])
    paths = {
        "moments first": write(tmp_path, beeps=moments, visits=episodes),
        "episodes first": write(tmp_path, beeps=moments, visits=episodes)[::-1],
        "one table": write(tmp_path, wide=wide),
    }[order]
    folder = new_study(workspace, "visits", method="peak_end", data=paths)
    codebook = load_codebook(folder / "codebook.yaml")
    assert {column.column: column.role for column in codebook.columns} == ROLES
    found = check_study("visits", workspace=workspace)
    assert found.faults == ()
    study = load_study("visits", workspace=workspace)
    data = study.episodes()
    assert (data.n, data.n_moments, data.n_participants) == (90, len(moments), 30)
    assert (data.direction, data.higher_is) == ("unpleasant", "worse")
    assert data.limits["rating"] == (0, 10)
    # Minutes of the episode count what the timestamps count.
    assert data.episodes["duration"].tolist() == [60 * k for k in episodes["length_min"]]
    assert [p.name for p in sorted((folder / "source").iterdir())] == sorted(
        p.name for p in paths
    )


def test_each_guess_says_how_sure_it_is(tmp_path: Path, workspace: Path) -> None:
    moments, episodes = messy()
    paths = write(tmp_path, beeps=moments, visits=episodes)
    folder = new_study(workspace, "visits", method="peak_end", data=paths)
    lines = (folder / "codebook.yaml").read_text(encoding="utf-8").splitlines()
    guesses = [line for line in lines if "{role:" in line]
    assert len(guesses) == len(ROLES)
    assert all(
        ("# sure: " in line or "# likely: " in line or "# guess: " in line) for line in guesses
    )
    assert any("is the direction right?" in line for line in guesses)
    assert any("were they drawn at random?" in line for line in guesses)


def test_a_column_of_one_value_never_names_the_people(tmp_path: Path, workspace: Path) -> None:
    moments, episodes = messy()
    tables = {
        "beeps": moments.assign(
            visit_no=moments["Patient ID"] + moments["visit_no"].astype(str)
        ),
        "visits": episodes.assign(
            visit_no=episodes["Patient ID"] + episodes["visit_no"].astype(str)
        ),
    }
    tables = {
        name: frame.rename(columns={"Patient ID": "code"}) for name, frame in tables.items()
    }
    for frame in tables.values():
        frame.insert(0, "client", "North clinic")
    folder = new_study(workspace, "visits", method="peak_end", data=write(tmp_path, **tables))
    codebook = load_codebook(folder / "codebook.yaml")
    assert [c.column for c in codebook.columns_with_role("participant")] == ["code"]
    assert "1 people" not in (folder / "codebook.yaml").read_text(encoding="utf-8")


def test_a_choice_in_words_is_a_choice(tmp_path: Path, workspace: Path) -> None:
    moments, episodes = messy()
    words = episodes["would come again"].map({1: "ja", 0: "nein"})
    paths = write(tmp_path, m=moments, e=episodes.assign(**{"would come again": words}))
    new_study(workspace, "visits", method="peak_end", data=paths)
    read = load_study("visits", workspace=workspace).episodes().episodes
    assert read["choice"].tolist() == episodes["would come again"].tolist()


def test_ratings_with_fractions_are_proposed_as_they_are(
    tmp_path: Path, workspace: Path
) -> None:
    moments, episodes = messy()
    moments["Pain (0-10)"] = (moments["Pain (0-10)"] - 0.25).clip(lower=0)
    folder = new_study(
        workspace, "visits", method="peak_end", data=write(tmp_path, m=moments, e=episodes)
    )
    text = (folder / "codebook.yaml").read_text(encoding="utf-8")
    assert "from_0_to_10_any: {range: [0, 10], whole: false}" in text
    assert "from_0_to_10: {range: [0, 10]}" in text  # of the remembered pain, in whole numbers
    assert not check_study("visits", workspace=workspace).faults


@pytest.mark.parametrize("name", ["clinic-visits", "call-endings"])
def test_the_sample_studies_are_proposed_as_they_are(name: str, workspace: Path) -> None:
    paths = [SAMPLES / name / f"{table}.csv" for table in ("moments", "episodes")]
    folder = new_study(workspace, "again", method="peak_end", data=paths)
    known = load_codebook(SAMPLES / name / "codebook.yaml")
    found = load_codebook(folder / "codebook.yaml")
    roles = {column.column: column.role for column in found.columns}
    needed = ("participant", "episode", "time", "rating", "retrospective", "duration")
    for role in needed:
        wanted = [column.column for column in known.columns_with_role(role)]
        assert [column for column, own in roles.items() if own == role] == wanted, role


def test_what_nothing_speaks_for_is_a_line_to_fill_in(tmp_path: Path, workspace: Path) -> None:
    moments, episodes = messy()
    paths = write(
        tmp_path,
        beeps=moments.drop(columns="clock"),
        visits=episodes.drop(columns=["Remembered pain (0-10)", "pain_before"]),
    )
    folder = new_study(workspace, "visits", method="peak_end", data=paths)
    text = (folder / "codebook.yaml").read_text(encoding="utf-8")
    assert "time: {role: time}  # to do: when, in moments.csv" in text
    assert "# to do: in episodes.csv" in text
    messages = [str(fault) for fault in check_study("visits", workspace=workspace).faults]
    assert messages == [
        "moments.csv: column time is missing",
        "episodes.csv: column retrospective is missing",
    ]


def test_moments_that_are_counted_are_an_order(tmp_path: Path, workspace: Path) -> None:
    moments, episodes = messy()
    counted = moments.drop(columns="clock").assign(
        beep=moments.groupby(["Patient ID", "visit_no"]).cumcount() + 1
    )
    paths = write(tmp_path, beeps=counted, visits=episodes.drop(columns="length_min"))
    new_study(workspace, "visits", method="peak_end", data=paths)
    assert load_study("visits", workspace=workspace).episodes().unit == "order"


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ("strange", r"share no column that names participant or episode: one has who, clock"),
        ("alone", "no two columns named like a participant and an episode repeat"),
        ("three", "peak_end reads two tables, or one to split; got 3 files"),
    ],
)
def test_files_that_do_not_go_together_are_refused(
    tables: str, message: str, tmp_path: Path, workspace: Path
) -> None:
    moments, episodes = messy()
    renamed = moments.rename(columns={"Patient ID": "who"}).drop(columns="visit_no")
    strange, visits = write(tmp_path, strange=renamed, visits=episodes)
    paths = {
        "strange": [strange, visits],
        "alone": [strange],
        "three": [strange, visits, visits],
    }[tables]
    with pytest.raises(StudyError, match=message):
        new_study(workspace, "visits", method="peak_end", data=paths)
    assert not (workspace / "data" / "visits").exists()


def test_other_methods_read_one_table(tmp_path: Path, workspace: Path) -> None:
    paths = write(tmp_path, a=pd.DataFrame({"x": [1]}), b=pd.DataFrame({"x": [1]}))
    with pytest.raises(StudyError, match="servqual reads one table; got 2 files"):
        new_study(workspace, "bank", method="servqual", data=paths)


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason="real data are not here")
def test_real_beeps_of_one_table_are_split_into_days(workspace: Path) -> None:
    file = REAL / "esm_beeps_1980.csv"
    folder = new_study(workspace, "esm", method="peak_end", data=file)
    found = check_study("esm", workspace=workspace)
    assert found.can_run
    codebook = load_codebook(folder / "codebook.yaml")
    roles = {column.role: column.column for column in codebook.columns}
    assert (roles["participant"], roles["episode"], roles["time"]) == (
        "participant",
        "day_n",
        "sent",
    )
    assert roles["rating"].startswith("slider_")
    assert roles["retrospective"].startswith("evening_slider_")
    assert load_study("esm", workspace=workspace).episodes().n == 180
