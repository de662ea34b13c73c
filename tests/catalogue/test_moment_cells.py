"""A study of moments and episodes, run for each value of a column of its episodes."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from cxresearch.catalogue import find_run, index_filings, verify_filings
from cxresearch.catalogue.cells import Cell, _protected, _Rule, study_cells
from cxresearch.catalogue.checking import check_study
from cxresearch.catalogue.trends import _label
from cxresearch.cli import main
from cxresearch.errors import ResponseError, StudyError
from cxresearch.study import load_study
from cxresearch.wording import Messages

_spec = importlib.util.spec_from_file_location(
    "small_study", Path(__file__).with_name("small_study.py")
)
small: Any = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]
_spec.loader.exec_module(small)  # type: ignore[union-attr]

pytestmark = pytest.mark.notebook
SAMPLES = Path(__file__).resolve().parents[2] / "data"
CLINICS = ("North", "Harbour", "Hill")
SETUP = small.SETUP.replace("responses()\nrecord(responses)", "episodes()").replace(
    "responses", "data"
)
TELL = small.TELL.replace(
    'responses.frame["P1"].astype(float)', 'data.episodes["retrospective"]'
)


def write_visits(workspace: Path, more: str = "for_each: {clinic: all}\n") -> Path:
    folder = shutil.copytree(SAMPLES / "clinic-visits", workspace / "data" / "visits")
    study = (folder / "study.yaml").read_text(encoding="utf-8")
    study = study.replace("method: peak_end", "method: small").replace("sesoi: 0.1", "seed: 5")
    (folder / "study.yaml").write_text(study + more, encoding="utf-8")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    small.write_template(tmp_path, SETUP, TELL)
    return tmp_path


def call(workspace: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--workspace", str(workspace), *words])


def test_every_clinic_is_run_by_itself_compared_kept_and_reproduced(workspace: Path) -> None:
    write_visits(workspace)
    outcome = call(workspace, "run", "visits")
    assert outcome.exit_code == 0, outcome.output
    reports = workspace / "reports"
    whole = load_study("visits", workspace=workspace).episodes()
    sizes = whole.episodes["clinic"].value_counts()
    cells = index_filings(reports / "visits" / "cells")
    found = {c.study.removeprefix("clinic="): (c.analysed, c.unit) for c in cells}
    assert found == {clinic: (sizes[clinic], "episodes") for clinic in CLINICS}
    record = json.loads((cells[0].folder / "run.json").read_text(encoding="utf-8"))
    assert record["respondents"]["steps"][0]["rule"] == "other_cell"
    north = load_study("visits[clinic=North]", workspace=workspace).episodes()
    assert set(north.episodes["clinic"]) == {"North"}
    assert set(north.moments["participant"]) <= set(north.episodes["participant"])
    comparison = find_run(reports, "visits")
    table = pd.read_csv(comparison.folder / "tables" / "cells.csv")
    assert table["cell"].tolist() == [f"clinic: {clinic}" for clinic in CLINICS]
    assert table["n"].tolist() == [sizes[clinic] for clinic in CLINICS]
    wanted = whole.episodes.groupby("clinic", observed=True)["retrospective"].mean()
    assert table["estimate"].tolist() == pytest.approx([wanted[c] for c in CLINICS])
    assert table["estimate_pooled"].notna().all()
    assert not any(verify_filings(reports, "visits").values())
    outcome = call(workspace, "reproduce", "visits")
    assert outcome.exit_code == 0, outcome.output


def test_cells_are_too_small_by_people_not_by_episodes(workspace: Path) -> None:
    write_visits(workspace)
    study = load_study("visits", workspace=workspace)
    cells = study_cells(study, "visits", {"min_cell": 60})
    assert all(cell.n > 100 for cell in cells)
    assert "has 42 participants; groups of fewer than 60" in cells[0].refused
    outcome = call(workspace, "run", "visits", "--set", "min_cell=60")
    assert "0 of 3 runs done, 0 failed, 3 refused" in outcome.output
    outcome = call(workspace, "run", "visits[clinic=North]", "--set", "min_cell=60")
    assert outcome.exit_code == 1
    assert "has 42 participants" in outcome.output


def test_people_who_are_in_several_cells_are_counted_once() -> None:
    rule = _Rule(fewest=5, noun="participant")

    def cell(name: str, people: range) -> Cell:
        return Cell(
            values={"clinic": name},
            study=name,
            n=3 * len(people),
            people=frozenset(people),
            refused=rule.too_small({"clinic": name}, len(people)),
        )

    cells = [cell("a", range(4)), cell("b", range(4)), cell("c", range(9)), cell("d", range(7))]
    refused = [found.values["clinic"] for found in _protected(cells, rule) if found.refused]
    assert refused == ["a", "b", "d"]


def test_a_column_of_the_moments_would_cut_episodes_up_and_is_refused(workspace: Path) -> None:
    folder = write_visits(workspace, "for_each: {device: all}\n")
    codebook = (folder / "codebook.yaml").read_text(encoding="utf-8")
    segment = "  device:     {role: segment, label: Device}\n  initials:"
    (folder / "codebook.yaml").write_text(codebook.replace("  initials:", segment))
    (fault,) = check_study("visits", workspace=workspace).faults
    assert (fault.file, fault.where) == ("study.yaml", "for_each, device")
    assert "column device is in moments.csv; a study of moments is run for" in fault.message
    with pytest.raises(StudyError, match="whole episodes at a time"):
        study_cells(load_study("visits", workspace=workspace), "visits")
    with pytest.raises(ResponseError, match="whole episodes at a time"):
        load_study("visits[device=phone]", workspace=workspace).episodes()


def test_conditions_are_compared_within_a_run_not_run_one_by_one(workspace: Path) -> None:
    folder = shutil.copytree(SAMPLES / "call-endings", workspace / "data" / "calls")
    with (folder / "study.yaml").open("a") as study:
        study.write("for_each: {close: all}\n")
    with pytest.raises(StudyError, match="close: is the condition, which is compared within"):
        load_study("calls", workspace=workspace)


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("", "Effect of duration on memory"),
        ("peak", "Effect of duration on memory, peak as observed"),
    ],
)
def test_key_estimates_of_memory_have_names(group: str, told: str) -> None:
    finding = {"result": "duration_neglect", "term": "duration", "group": group}
    assert _label(finding, Messages("en")) == told
