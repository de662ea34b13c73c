from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cxresearch.codebook import Codebook, load_codebook
from cxresearch.errors import CodebookError

GOOD = """\
survey: Bank branch service quality
language: en

response_scales:
  agree7:
    range: [1, 7]
    anchors: {1: "Strongly disagree", 7: "Strongly agree"}
    missing: {98: {label: Did not use, kind: not_used}, 99: Do not know}
  points: {range: [0, 100], whole: false}

columns:
  respondent: {role: id, column: RespID}
  branch:
    role: segment
    label: {en: Kind of branch, es: Tipo de sucursal}
    values: {1: City, 2: Town}
  w:          {role: weight}
  osat:       {role: outcome, scale: agree7, label: Overall satisfaction}
  email:      {role: personal}

batteries:
  servqual:
    scale: agree7
    parts: {expectation: "E{item:02d}", perception: "P{item:02d}"}
    importance: "imp_{dimension}"
    dimensions:
      tangibles:
        1: Modern-looking equipment
        2: Appealing premises
        3: {en: Neat staff, es: Personal}
      reliability: 4-6
      empathy: {label: Care, items: [7, 8-9, "10"]}
    reverse_keyed: [2, 5-6]
  waiting:
    scale: agree7
    column: "q_{item}"
    dimensions: {all_items: [phone, counter]}
"""

Load = Callable[..., Codebook]
Faults = Callable[[str], list[str]]


@pytest.fixture(scope="session")
def good() -> str:
    """Return a codebook without faults, one of everything."""
    return GOOD


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a codebook and load it."""

    def load_text(text: str, **options: str) -> Codebook:
        path = tmp_path / "codebook.yaml"
        path.write_text(text, encoding="utf-8")
        return load_codebook(path, **options)

    return load_text


@pytest.fixture
def faults(load: Load) -> Faults:
    """Load a faulty codebook and return its faults as text, without the name of the file."""

    def faults_of(text: str) -> list[str]:
        with pytest.raises(
            CodebookError, match=r"codebook codebook\.yaml: \d+ fault"
        ) as caught:
            load(text)
        assert all(fault.file == "codebook.yaml" for fault in caught.value.faults)
        return [str(fault).removeprefix("codebook.yaml, ") for fault in caught.value.faults]

    return faults_of
