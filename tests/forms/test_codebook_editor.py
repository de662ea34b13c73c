"""A codebook, proposed and edited with its faults beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxresearch as cx
from cxresearch.errors import CxError, ResponseError


@pytest.fixture
def export(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    names = [f"{part}{i:02d}" for part in "EP" for i in range(1, 23)]
    answers = pd.DataFrame(rng.integers(1, 8, size=(60, 44)), columns=names)
    answers.insert(0, "RespID", range(1, 61))
    answers["email"] = [f"p{i}@example.org" for i in range(60)]
    path = tmp_path / "export.csv"
    answers.to_csv(path, index=False)
    return path


def test_a_proposal_fits_its_data_and_is_saved_beside_them(export: Path) -> None:
    editor = cx.edit_codebook(export)
    assert "servqual" in editor.text
    assert "personal" in editor.text
    assert editor.faults() == ()
    assert "No faults" in editor._said.value
    assert repr(editor).endswith("codebook.yaml', 0 faults)")
    saved = editor.save()
    assert saved == export.with_name("codebook.yaml")
    assert cx.load_codebook(saved).batteries
    assert "Saved" in editor._said.value


def test_faults_are_shown_as_they_are_written(export: Path) -> None:
    editor = cx.edit_codebook(export)
    editor.text = editor.text.replace("range: [1, 7]", "range: [1, 5]")
    assert any("outside 1–5" in str(fault) for fault in editor.faults())
    assert "outside 1–5" in editor._said.value
    editor.text = "survey: [x"
    assert "1 fault" in editor._said.value


def test_a_codebook_that_is_there_is_opened(export: Path) -> None:
    first = cx.edit_codebook(export)
    first.text = first.text.replace("survey: ", "survey: My ")
    first.save()
    assert cx.edit_codebook(export).text == first.text


def test_data_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ResponseError, match=r"none\.csv"):
        cx.edit_codebook(tmp_path / "none.csv")


def test_a_study_of_moments_is_checked_in_both_tables(tmp_path: Path) -> None:
    rows = [(p, v, t, 3 + (p + v + t) % 5) for p in range(6) for v in (1, 2) for t in range(4)]
    moments = pd.DataFrame(rows, columns=["person", "visit", "minute", "pain"])
    moments.to_csv(tmp_path / "moments.csv", index=False)
    episodes = moments[["person", "visit"]].drop_duplicates().assign(memory=range(12))
    episodes.to_csv(tmp_path / "episodes.csv", index=False)
    with pytest.raises(CxError, match="cxresearch new NAME --method peak_end"):
        cx.edit_codebook(tmp_path / "moments.csv", method="peak_end")
    (tmp_path / "codebook.yaml").write_text(
        """
survey: Visits
response_scales:
  ten: {range: [0, 10]}
  twelve: {range: [0, 12]}
columns:
  person: {role: participant}
  visit: {role: episode}
  minute: {role: time}
  pain: {role: rating, scale: ten, direction: unpleasant, higher_is: worse}
  memory: {role: retrospective, scale: twelve}
""",
        encoding="utf-8",
    )
    editor = cx.edit_codebook(tmp_path / "moments.csv")
    assert editor.faults() == ()
    editor.text = editor.text.replace("memory:", "memori:")
    assert any("memori" in str(fault) for fault in editor.faults())
