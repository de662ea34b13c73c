from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxresearch.errors import StudyError
from cxresearch.study import Study, load_study

CODEBOOK = """\
survey: Branches
language: en
response_scales:
  agree7: {range: [1, 7]}
columns:
  respondent: {role: id, column: RespID}
  branch: {role: segment, label: {en: Branch, es: Sucursal}, values: {1: City, 2: Town}}
  seconds: {role: duration}
  email: {role: personal}
batteries:
  servqual:
    scale: agree7
    parts: {expectation: "E{item}", perception: "P{item}"}
    dimensions: {tangibles: 1-3}
"""

STUDY = """\
title: Where do our branches fall short?
method: servqual
codebook: codebook.yaml
data: responses.csv
"""

DATA = """\
RespID,branch,seconds,email,E1,E2,E3,P1,P2,P3
a,1,300,a@example.org,7,6,7,5,5,4
b,2,250,b@example.org,6,6,7,6,5,5
a,1,310,a@example.org,7,6,7,5,5,4
c,2,20,c@example.org,7,7,7,4,4,4
"""

MakeStudy = Callable[..., Path]
Faults = Callable[..., list[str]]


@pytest.fixture(scope="session")
def study_text() -> str:
    """Return a study.yaml without faults."""
    return STUDY


@pytest.fixture(scope="session")
def codebook_text() -> str:
    """Return a codebook without faults."""
    return CODEBOOK


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def make_study(workspace: Path) -> MakeStudy:
    """Write a study into the workspace and return its folder."""

    def make(text: str = STUDY, *, codebook: str | None = CODEBOOK, name: str = "bank") -> Path:
        folder = workspace / "data" / name
        folder.mkdir()
        (folder / "study.yaml").write_text(text, encoding="utf-8")
        (folder / "responses.csv").write_text(DATA, encoding="utf-8")
        if codebook is not None:
            (folder / "codebook.yaml").write_text(codebook, encoding="utf-8")
        return folder

    return make


@pytest.fixture
def load(make_study: MakeStudy, workspace: Path) -> Callable[..., Study]:
    """Write a study and load it."""

    def load_text(text: str = STUDY, **options: str) -> Study:
        make_study(text, **options)
        return load_study("bank", workspace=workspace)

    return load_text


@pytest.fixture
def faults(load: Callable[..., Study]) -> Faults:
    """Load a faulty study and return its faults as text."""

    def faults_of(text: str, **options: str) -> list[str]:
        with pytest.raises(StudyError, match=r"study bank: \d+ fault") as caught:
            load(text, **options)
        return [str(fault) for fault in caught.value.faults]

    return faults_of
