"""An analysis plan: every fault at once, locked with what was there, loaded with its study."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from cxresearch.codebook import load_codebook
from cxresearch.codebook.model import Codebook
from cxresearch.errors import StudyError
from cxresearch.planned import LOCK_FILE
from cxresearch.study import (
    compare_with_plan,
    interim_plan,
    load_plan,
    load_study,
    lock_plan,
    plan_notes,
    plan_schema,
    planned_study,
)
from cxresearch.study._commit import commit_of

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "call-endings"
NOW = datetime(2026, 9, 7, 9, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample study without its lock."""
    made = tmp_path / "data" / "calls"
    shutil.copytree(SAMPLE, made)
    (made / LOCK_FILE).unlink()
    return made


@pytest.fixture
def codebook(folder: Path) -> Codebook:
    return load_codebook(folder / "codebook.yaml")


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_plan_is_loaded_with_its_study(folder: Path) -> None:
    study = load_study(folder)
    assert study.plan is not None
    assert [one.id for one in study.plan.hypotheses] == ["H1", "H2"]
    assert [one.model for one in study.plan.hypotheses] == ["conditions", "choice"]
    assert [one.asked for one in study.plan.hypotheses] == ["retrospective", "choice"]
    assert study.plan.written_on == "2026-09-07"
    assert study.plan.ratio == (1.0, 1.0)
    assert study.plan_lock.versions == ()
    assert plan_notes(study) == (
        "analysis-plan.yaml is not locked: cxresearch plan lock calls",
    )


def test_a_study_without_a_plan_has_none(folder: Path) -> None:
    (folder / "analysis-plan.yaml").unlink()
    study = load_study(folder)
    assert study.plan is None
    assert compare_with_plan(study) is None
    assert plan_notes(study) == ()


FAULTS = {
    "outcome that is not there": (
        "outcome: remembered\n    contrast",
        "outcome: rememberd\n    contrast",
        r"line 8: hypothesis H1: outcome rememberd is not there; the codebook has remembered, "
        r"again, peak.*did you mean 'remembered'",
    ),
    "primary outcome of no hypothesis": (
        "primary_outcome: remembered",
        "primary_outcome: end",
        "primary_outcome end is the outcome of no hypothesis; theirs are remembered, again",
    ),
    "unknown condition in a contrast": (
        "contrast: Friendly close - Usual close\n    direction: greater\n  - id: H2",
        "contrast: Warm close - Usual close\n    direction: greater\n  - id: H2",
        "hypothesis H1: contrast: there is no condition 'Warm close'; the codebook has "
        "Usual close, Friendly close",
    ),
    "contrast of one": (
        "contrast: Friendly close - Usual close\n    direction: greater\n  - id: H2",
        "contrast: Friendly close\n    direction: greater\n  - id: H2",
        "write two conditions: Friendly close - Usual close",
    ),
    "neither contrast nor model": (
        "    contrast: Friendly close - Usual close\n    direction: greater\n  - id: H2",
        "    direction: greater\n  - id: H2",
        "hypothesis H1: write a contrast or a model",
    ),
    "id given twice": ("id: H2", "id: H1", "the id is given twice"),
    "unknown condition": (
        "{Usual close: 1, Friendly close: 1}",
        "{Usual close: 1, Cold close: 1}",
        "conditions: there is no condition 'Cold close'",
    ),
    "looks without spending": (
        "spending: none",
        "looks: [100, 200]",
        "looks are planned, but spending is none",
    ),
    "looks that do not increase": (
        "spending: none",
        "spending: pocock\nlooks: [100, 80, 200]",
        "looks are 100, 80, 200; each must be later than the one before",
    ),
    "looks short of the sample": (
        "spending: none",
        "spending: pocock\nlooks: [100, 150]",
        "looks are 100, 150; the last one must be the sample size, 200",
    ),
    "shares short of the whole": (
        "spending: none",
        "spending: pocock\nlooks: [0.5, 0.9]",
        "as shares the last one must be 1",
    ),
    "spending without looks": (
        "spending: none",
        "spending: obrien_fleming",
        "spending obrien_fleming needs looks",
    ),
    "unknown spending": (
        "spending: none",
        "spending: obrien-fleming",
        "allowed are none, obrien_fleming, pocock, always_valid",
    ),
    "unknown key": ("sample_size", "samplesize", "unknown key 'samplesize'"),
    "alpha too large": ("alpha: 0.05", "alpha: 5", "alpha is 5; it must be below 0.5"),
    "rule on an unknown column": ("- duplicated: call", "- duplicated: cal", "exclude, rule 1"),
}


@pytest.mark.parametrize("case", FAULTS, ids=str)
def test_a_faulty_plan_says_where_and_what(folder: Path, case: str) -> None:
    old, new, message = FAULTS[case]
    replace_in(folder / "analysis-plan.yaml", old, new)
    with pytest.raises(StudyError, match=message):
        load_study(folder)


def test_all_faults_are_told_at_once(folder: Path) -> None:
    plan = folder / "analysis-plan.yaml"
    replace_in(plan, "outcome: remembered\n    contrast", "outcome: rememberd\n    contrast")
    replace_in(plan, "spending: none", "spending: pocock\nlooks: [100, 80, 200]")
    replace_in(plan, "- duplicated: call", "- duplicated: cal")
    with pytest.raises(StudyError) as caught:
        load_study(folder)
    assert len(caught.value.faults) == 4  # the primary outcome is now that of no hypothesis


def test_a_lock_keeps_text_hash_time_and_the_data_there_were(
    folder: Path, codebook: Codebook
) -> None:
    data = [folder / "moments.csv", folder / "not-there.csv"]
    lock = lock_plan(folder, codebook, data=data, now=NOW)
    version = lock.versions[0]
    assert (version.locked, version.before_data) == ("2026-09-07T09:00:00+00:00", False)
    assert list(version.data) == ["moments.csv"]
    kept = json.loads((folder / LOCK_FILE).read_text(encoding="utf-8"))
    text = (folder / "analysis-plan.yaml").read_text(encoding="utf-8")
    assert kept["versions"][0]["text"] == text
    plan = load_plan(folder, codebook)
    assert plan is not None
    assert plan.sha256 == version.sha256


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_a_lock_keeps_how_the_clock_was_set(folder: Path, codebook: Codebook) -> None:
    summer = datetime(2026, 9, 7, 9, 0, tzinfo=timezone(timedelta(hours=2)))
    version = lock_plan(folder, codebook, now=summer).versions[0]
    assert (version.locked, version.offset) == ("2026-09-07T07:00:00+00:00", "+02:00")
    told = compare_with_plan(load_study(folder))
    assert told is not None
    assert (told.offset, told.commit, told.committed) == ("+02:00", "", "")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_lock_keeps_the_commit_that_holds_the_plan(
    folder: Path, codebook: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-09-07T10:30:00+02:00")
    git(folder, "init", "-q")
    plan = folder / "analysis-plan.yaml"
    assert commit_of(plan).id == ""
    git(folder, "add", "analysis-plan.yaml")
    git(folder, "commit", "-q", "-m", "Plan")
    version = lock_plan(folder, codebook, now=NOW).versions[0]
    assert version.commit == git(folder, "rev-parse", "HEAD")
    assert version.committed == "2026-09-07T08:30:00+00:00"
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "The rest")
    assert commit_of(plan).id == version.commit
    replace_in(plan, "smallest_effect: 0.4", "smallest_effect: 0.3")
    assert commit_of(plan).id == ""
    assert lock_plan(folder, codebook, amend="A pilot.").versions[1].commit == ""


def test_without_git_no_commit_is_kept(
    folder: Path, codebook: Codebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    version = lock_plan(folder, codebook, now=NOW).versions[0]
    assert (version.commit, version.committed) == ("", "")


def test_a_locked_plan_is_amended_with_a_reason_only(folder: Path, codebook: Codebook) -> None:
    with pytest.raises(StudyError, match="was never locked: there is nothing to amend"):
        lock_plan(folder, codebook, amend="why")
    lock_plan(folder, codebook, now=NOW)
    with pytest.raises(StudyError, match="is locked already, since 2026-09-07T09:00:00"):
        lock_plan(folder, codebook, amend="why")
    replace_in(folder / "analysis-plan.yaml", "smallest_effect: 0.4", "smallest_effect: 0.3")
    assert "has changed since" in plan_notes(load_study(folder))[0]
    with pytest.raises(StudyError, match=r"say why: cxresearch plan lock STUDY --amend"):
        lock_plan(folder, codebook)
    lock = lock_plan(folder, codebook, amend="A pilot.", now=NOW)
    assert [version.reason for version in lock.versions] == ["", "A pilot."]
    told = compare_with_plan(load_study(folder))
    assert told is not None
    effect = told.tidy().set_index("group").loc["smallest_effect"]
    assert effect[["status", "when", "planned", "done"]].tolist() == [
        "changed",
        "before_data",
        "0.4",
        "0.3",
    ]


def test_a_lock_that_was_edited_is_refused(folder: Path, codebook: Codebook) -> None:
    lock_plan(folder, codebook, now=NOW)
    replace_in(folder / LOCK_FILE, "smallest_effect: 0.4", "smallest_effect: 0.2")
    with pytest.raises(StudyError, match="version 1 does not have the hash that was locked"):
        load_study(folder)
    (folder / LOCK_FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(StudyError, match="cannot be read"):
        load_study(folder)


def test_a_plan_is_locked_before_there_are_data(folder: Path) -> None:
    for name in ("moments.csv", "episodes.csv"):
        (folder / name).unlink()
    opened = planned_study(folder)
    assert opened.data == ()
    assert opened.lock_plan().versions[0].before_data


def test_a_study_without_a_plan_cannot_be_locked(folder: Path, codebook: Codebook) -> None:
    (folder / "analysis-plan.yaml").unlink()
    with pytest.raises(StudyError, match=r"has no analysis-plan.yaml; write one"):
        lock_plan(folder, codebook)


@pytest.mark.parametrize(
    ("looks", "fractions"),
    [("[50, 100, 200]", [0.25, 0.5, 1.0]), ("[0.25, 0.5, 1]", [0.25, 0.5, 1.0])],
)
def test_planned_looks_are_handed_on_as_shares(
    folder: Path, looks: str, fractions: list[float]
) -> None:
    replace_in(
        folder / "analysis-plan.yaml", "spending: none", f"spending: pocock\nlooks: {looks}"
    )
    study = load_study(folder)
    assert interim_plan(study, study.episodes()) == {
        "looks": fractions,
        "planned_people": 200,
        "stopping": "pocock",
        "tau": 0.4,
        "finished": True,
        "sesoi": 0.4,
    }
    replace_in(
        folder / "analysis-plan.yaml", "primary_outcome: remembered", "primary_outcome: again"
    )
    study = load_study(folder)
    assert interim_plan(study, study.episodes())["sesoi"] == 0.0


def test_without_looks_nothing_is_looked_at(folder: Path) -> None:
    study = load_study(folder)
    assert interim_plan(study, study.episodes()) == {"looks": []}


def test_the_schema_names_what_a_plan_needs() -> None:
    schema = plan_schema()
    assert schema["required"] == ["hypotheses", "primary_outcome"]
    assert "smallest_effect" in schema["properties"]
