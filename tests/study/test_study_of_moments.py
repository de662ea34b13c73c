"""A study that reads two tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxresearch.errors import StudyError
from cxresearch.responses import DroppedOut, Duplicated, FewMoments
from cxresearch.study import load_study

CODEBOOK = """\
survey: Visits
response_scales: {mood: {range: [-5, 5]}, ten: {range: [1, 10]}}
columns:
  person: {role: participant}
  visit: {role: episode}
  t: {role: time}
  mood: {role: rating, scale: mood, direction: bipolar, neutral: 0}
  memory: {role: retrospective, scale: ten}
  length: {role: duration}
"""
STUDY = """\
title: What is remembered?
method: peak_end
data: {moments: moments.csv, episodes: episodes.csv}
"""


@pytest.fixture
def folder(workspace: Path) -> Path:
    folder = workspace / "data" / "visits"
    folder.mkdir(parents=True)
    (folder / "codebook.yaml").write_text(CODEBOOK)
    (folder / "study.yaml").write_text(STUDY)
    (folder / "moments.csv").write_text(
        "person,visit,t,mood\na,1,0,2\na,1,9,3\nb,1,0,1\nb,1,5,4\n"
    )
    (folder / "episodes.csv").write_text("person,visit,memory,length\na,1,7,9\nb,1,5,20\n")
    return folder


def test_moments_and_episodes_are_read(folder: Path) -> None:
    study = load_study(folder)
    assert study.layout == "tables"
    assert study.episodes().n == 2
    with pytest.raises(StudyError, match="its data are the tables moments, episodes"):
        study.responses()


def test_rules_on_moments_become_exclusions(folder: Path) -> None:
    rules = (
        "exclude:\n  - duplicated: visit\n  - few_moments: {below: 3, reason: no course}\n"
        "  - dropped_out: {tolerance: 0.1}\n"
    )
    (folder / "study.yaml").write_text(STUDY + rules)
    assert load_study(folder).exclusions == (
        Duplicated(column="visit"),
        FewMoments(below=3, reason="no course"),
        DroppedOut(tolerance=0.1),
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("few_moments: {below: 1}", "few_moments below is 1; it must be at least 2"),
        ("dropped_out: {tolerance: 1}", "dropped_out tolerance is 1; it must be below 1"),
        ("dropped_out: {after: 1}", "unknown key 'after'; allowed are reason, tolerance"),
        ("duplicated: mood", "column mood has the role rating, not id; write visit or t"),
    ],
)
def test_a_rule_that_is_not_well_formed_is_a_fault(folder: Path, rule: str, said: str) -> None:
    (folder / "study.yaml").write_text(f"{STUDY}exclude:\n  - {rule}\n")
    with pytest.raises(StudyError) as caught:
        load_study(folder)
    assert said in str(caught.value)


def test_drop_out_cannot_be_known_without_duration_or_end(folder: Path) -> None:
    codebook = CODEBOOK.replace("  length: {role: duration}\n", "")
    (folder / "codebook.yaml").write_text(codebook)
    (folder / "study.yaml").write_text(f"{STUDY}exclude:\n  - dropped_out: {{}}\n")
    with pytest.raises(StudyError, match="needs a column with the role duration or ended"):
        load_study(folder)


def test_one_table_holds_no_episodes(load: Callable[..., object]) -> None:
    with pytest.raises(StudyError, match="its data are one table of answers; moments and"):
        load().episodes()  # type: ignore[attr-defined]
