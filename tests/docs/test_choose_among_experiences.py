"""The page on choices among experiences: its data, codebook and code are the sample's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cxresearch as cx

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "choose-among-experiences.md").read_text(encoding="utf-8")
STUDY = ROOT / "data" / "clinic-visits"


def test_the_page_shows_the_data_and_the_codebook_of_the_sample() -> None:
    shown = re.search(r"^PatientID.*?(?=```)", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    head = (STUDY / "episodes.csv").read_text(encoding="utf-8").splitlines()[:4]
    assert shown[0].splitlines() == [",".join(line.split(",")[:6]) for line in head]
    (role,) = [line for line in PAGE.splitlines() if line.startswith("  again:")]
    codebook = (STUDY / "codebook.yaml").read_text(encoding="utf-8")
    assert role.split() in [line.split() for line in codebook.splitlines()]


def test_the_code_of_the_page_runs() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    chosen = names["chosen"]
    assert isinstance(chosen, cx.ChoiceModelResult)
    assert chosen.tidy()["term"].tolist() == ["peak", "end", "duration"]


def test_the_page_names_a_section_that_the_report_has() -> None:
    cells = json.loads((ROOT / "templates" / "peak_end.ipynb").read_text(encoding="utf-8"))
    titles = [c["source"][0].strip() for c in cells["cells"] if c["cell_type"] == "markdown"]
    (named,) = re.findall(r"The section \*(.*?)\*", PAGE)
    assert f"## {named}" in titles
