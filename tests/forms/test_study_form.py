"""A study's parameters as a form."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import cxresearch as cx
from cxresearch.errors import CxError

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "bank-branches"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "data" / SAMPLE.name)
    return tmp_path


@pytest.fixture
def form(workspace: Path) -> cx.StudyForm:
    return cx.study_form(SAMPLE.name, workspace=workspace)


def test_the_form_starts_with_the_values_of_the_study(form: cx.StudyForm) -> None:
    values = form.values()
    assert values["segments"] == list(form.study.parameters["segments"])
    assert (values["confidence_level"], values["p_adjust"]) == (0.95, "holm")
    assert "study_name" not in values
    assert form.faults() == {}
    assert "application/vnd.jupyter.widget-view+json" in form._repr_mimebundle_()
    assert repr(form) == f"StudyForm('bank-branches', {len(values)} parameters)"


def test_a_field_says_how_its_value_is_typed(form: cx.StudyForm) -> None:
    shown = {name: field.box.children[1].value for name, field in form._fields.items()}
    assert "a list of texts, with commas between; empty for none" in shown["segments"]
    assert "text or none; empty for none" in shown["outcome"]
    assert "from 0 to 4294967295" in shown["seed"]


def test_what_is_filled_in_is_run_and_filed(form: cx.StudyForm) -> None:
    form.set_values(confidence_level=0.9, p_adjust="bh", segments=[])
    form.start()
    form.wait(120)
    assert form.outcome is not None
    assert form.outcome.record["settings"] == {
        "confidence_level": 0.9,
        "p_adjust": "bh",
        "segments": [],
    }
    assert form.outcome.filing.report.is_file()
    assert "report.html" in form._said.value
    assert not form._button.disabled


def test_a_value_that_will_not_do_is_told_and_nothing_runs(form: cx.StudyForm) -> None:
    field = form._fields["min_cell"]
    field.input.value = 99999999
    assert field.value() <= 10000  # the widget keeps to the range
    form._fields["p_adjust"].parameter = form._fields["confidence_level"].parameter
    assert "must be a number from 0.5 to 0.999; got" in form._fields["p_adjust"].check()
    form.start()
    assert "Correct first: p_adjust" in form._said.value
    assert form.outcome is None


def test_a_run_that_fails_says_why(form: cx.StudyForm, workspace: Path) -> None:
    (workspace / "data" / SAMPLE.name / "responses.csv").write_text("a,b\n1,2\n")
    form.start()
    form.wait(60)
    assert "responses.csv" in form._said.value
    assert form.outcome is None


def test_a_parameter_that_is_none_is_refused(form: cx.StudyForm) -> None:
    with pytest.raises(CxError, match="no parameter 'level'"):
        form.set_values(level=0.9)
