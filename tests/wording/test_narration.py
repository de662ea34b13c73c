"""The words of the shipped templates in other languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cxresearch.runs import read_template
from cxresearch.wording import available_languages
from cxresearch.wording.templates import narration

TEMPLATES = sorted((Path(__file__).resolve().parents[2] / "templates").glob("*.ipynb"))
OTHERS = [language for language in available_languages() if language != "en"]


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_text_of_a_template_is_translated(template: Path, language: str) -> None:
    cells = json.loads(template.read_text(encoding="utf-8"))["cells"]
    texts = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    assert [text for text in texts if narration(text, language) is None] == []


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_parameter_of_a_template_is_explained(template: Path, language: str) -> None:
    helps = [parameter.help for parameter in read_template(template).parameters]
    assert helps
    assert [text for text in helps if narration(text, language) is None] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_translation_keeps_headings_and_years(template: Path) -> None:
    for cell in json.loads(template.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            told = narration(text, "es") or ""
            assert re.findall("^#+ ", told, re.M) == re.findall("^#+ ", text, re.M)
            assert re.findall(r"\d{4}", told) == re.findall(r"\d{4}", text)


def test_a_text_that_was_changed_is_not_taken_for_the_one_translated() -> None:
    assert narration("## Every question\n", "es") == "## Cada pregunta"
    assert narration("## Every question, now", "es") is None
    assert narration("## Every question, now", "en") == "## Every question, now"
