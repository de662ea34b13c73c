"""A filed run, loaded back."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import cxresearch as cx
from cxresearch.catalogue import run_study
from cxresearch.errors import CatalogueError
from cxresearch.runs.template import read_template
from cxresearch.study import load_study

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "bank-branches"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("opened")
    shutil.copytree(SAMPLE, folder / "data" / SAMPLE.name)
    run_study(
        load_study(SAMPLE.name, workspace=folder), workspace=folder, settings=["min_cell=12"]
    )
    return folder


@pytest.fixture(scope="module")
def opened(workspace: Path) -> cx.OpenedRun:
    return cx.open_run(SAMPLE.name, workspace=workspace)


def test_results_come_back_as_the_objects_they_were(opened: cx.OpenedRun) -> None:
    gaps = opened.results["servqual_gaps"]
    assert isinstance(gaps, cx.ServqualGapsResult)
    again = cx.servqual_gaps(
        cx.load_study(SAMPLE).responses(), segments=gaps.segments, min_cell=12
    )
    pd.testing.assert_frame_equal(gaps.tidy(), again.tidy(), rtol=1e-12)
    assert opened["servqual_gaps"] is gaps


def test_tables_figures_findings_and_parameters_come_back(opened: cx.OpenedRun) -> None:
    assert opened.parameters["min_cell"] == 12
    assert opened.tables["flow"].shown.iloc[-1, 0] == "Analysed"
    assert len(opened.tables["gaps_by_dimension"].data) == 5
    assert all("<svg" in figure.svg and figure.alt_text for figure in opened.figures.values())
    ranks = [finding.rank for finding in opened.findings]
    assert ranks == sorted(ranks, reverse=True)
    assert opened.findings[0].text in opened._repr_html_()


def test_what_was_not_recorded_is_named_with_what_was(opened: cx.OpenedRun) -> None:
    with pytest.raises(CatalogueError, match=r"'servqual_gap'; it has .*did you mean"):
        opened["servqual_gap"]


def test_a_run_that_is_not_there_is_refused(workspace: Path) -> None:
    with pytest.raises(CatalogueError, match="no run named '2020'"):
        cx.open_run(SAMPLE.name, "2020", workspace=workspace)


def test_the_notebook_can_be_had_to_edit_with_its_parameters_in_place(
    opened: cx.OpenedRun, tmp_path: Path
) -> None:
    path = opened.save_notebook(tmp_path / "mine.ipynb")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    defaults = {p.name: p.default for p in read_template(path).parameters}
    assert defaults == dict(opened.parameters)
    declared = next(c for c in notebook.cells if "parameters" in c.metadata.tags).source
    assert "min_cell: int = 12  # Groups with fewer" in declared
    with pytest.raises(CatalogueError, match="exists already"):
        opened.save_notebook(path)
    with pytest.raises(CatalogueError, match=r"named \*\.ipynb"):
        opened.save_notebook(tmp_path / "mine.txt")
