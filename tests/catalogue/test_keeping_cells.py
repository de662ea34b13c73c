"""Runs of cells and their comparison: verified, reproduced and handed on like any other."""

from __future__ import annotations

import importlib.util
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rocrate.rocrate import ROCrate

from cxresearch.catalogue import find_run, index_filings, verify_filings
from cxresearch.catalogue.cells import CellTooSmallError, study_cells
from cxresearch.catalogue.pipeline import run_study
from cxresearch.cli import main
from cxresearch.study import load_study

_spec = importlib.util.spec_from_file_location(
    "small_study", Path(__file__).with_name("small_study.py")
)
small: Any = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]
_spec.loader.exec_module(small)  # type: ignore[union-attr]

pytestmark = pytest.mark.notebook
Cli = Callable[..., Result]
NORTH = "each[branch=North]"


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(small.small_workspace(tmp_path_factory.mktemp("cells") / "work"))
    small.write_study(folder, "each", more="for_each: {branch: all}\n")
    outcome = CliRunner().invoke(main, ["--workspace", str(folder), "run", "each"])
    assert outcome.exit_code == 0, outcome.output
    return folder


@pytest.fixture
def workspace(filed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filed, tmp_path / "w")


@pytest.fixture
def cli(workspace: Path) -> Cli:
    return lambda *words: CliRunner().invoke(main, ["--workspace", str(workspace), *words])


def test_cells_and_their_comparison_match_their_records(workspace: Path, cli: Cli) -> None:
    found = verify_filings(workspace / "reports", "each")
    assert len(found) == 4
    assert not any(found.values()), found
    assert sum("/cells/branch=" in name for name in found) == 3
    cell = find_run(workspace / "reports", NORTH)
    (cell.folder / "results" / "findings.json").write_text("[]")
    outcome = cli("verify")
    assert outcome.exit_code == 1
    assert f"each/cells/branch=North/{cell.run}" in outcome.output
    assert "results/findings.json was changed" in outcome.output
    assert cli("verify", NORTH).exit_code == 1
    assert cli("verify", "each[branch=West]").exit_code == 0


def test_a_cell_and_a_comparison_are_ro_crates(workspace: Path) -> None:
    reports = workspace / "reports"
    for filing in (find_run(reports, NORTH), find_run(reports, "each")):
        crate = ROCrate(filing.folder)
        listed = {part.id for part in crate.root_dataset["hasPart"]}
        assert {"run.json", "report.html", "results/findings.json"} <= listed


def test_a_cell_is_reproduced(workspace: Path, cli: Cli) -> None:
    outcome = cli("reproduce", NORTH)
    assert outcome.exit_code == 0, outcome.output
    assert "largest relative difference 0.0e+00" in outcome.output
    assert len(index_filings(workspace / "reports" / "each" / "cells", "branch=North")) == 1


def test_a_comparison_is_reproduced_from_its_cells(workspace: Path, cli: Cli) -> None:
    outcome = cli("reproduce", "each")
    assert outcome.exit_code == 0, outcome.output
    path = find_run(workspace / "reports", NORTH).folder / "results" / "findings.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told[0]["estimate"] += 1
    path.write_text(json.dumps(told), encoding="utf-8")
    outcome = cli("reproduce", "each")
    assert outcome.exit_code == 1
    assert "branch=North/results/findings.json, [0].estimate" in outcome.output


@pytest.mark.parametrize("name", [NORTH, "each"])
def test_a_cell_and_a_comparison_are_handed_on(
    workspace: Path, cli: Cli, tmp_path: Path, name: str
) -> None:
    packed, room = tmp_path / "run.zip", tmp_path / "elsewhere"
    outcome = cli("export", name, "-o", str(packed))
    assert outcome.exit_code == 0, outcome.output
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(room)
    read_me = (room / "README.md").read_text(encoding="utf-8")
    assert "reproduce 'each[branch=North]'" in read_me or name == "each"
    outcome = CliRunner().invoke(main, ["--workspace", str(room), "reproduce", name])
    assert outcome.exit_code == 0, outcome.output


def test_a_small_cell_cannot_be_had_by_subtraction(workspace: Path) -> None:
    sizes = {1: 12, 2: 9, 3: 4}
    small.write_study(workspace, "few", more="for_each: {branch: all}\n", sizes=sizes)
    study = load_study("few", workspace=workspace)
    refused = {cell.study: cell.refused for cell in study_cells(study, "few")}
    assert refused["few[branch=North]"] == ""
    assert "by subtraction" in refused["few[branch=South]"]
    assert "has 4 respondents" in refused["few[branch=West]"]
    with pytest.raises(CellTooSmallError, match="by subtraction from the total"):
        run_study(load_study("few[branch=South]", workspace=workspace))


def test_cells_of_branch_and_wave_are_run_and_kept_back_in_both_directions(
    workspace: Path, cli: Cli
) -> None:
    folder = small.write_study(workspace, "waves", more="for_each: {branch: all, wave: all}\n")
    study = (folder / "study.yaml").read_text(encoding="utf-8")
    waves = "waves: {spring: spring.csv, autumn: autumn.csv}"
    (folder / "study.yaml").write_text(study.replace("data: responses.csv", waves))
    (folder / "spring.csv").write_text(small.answers({1: 12, 2: 9, 3: 3}))
    (folder / "autumn.csv").write_text(small.answers({1: 14, 2: 13, 3: 8}))
    whole = load_study("waves", workspace=workspace)
    cells = study_cells(whole, "waves")
    assert {tuple(c.values.values()) for c in cells if c.refused} == {
        ("West", "spring"), ("South", "spring"), ("West", "autumn"), ("South", "autumn"),
    }  # fmt: skip
    outcome = cli("run", "waves", "--jobs", "2")
    assert outcome.exit_code == 0, outcome.output
    done = index_filings(workspace / "reports" / "waves" / "cells")
    assert [(one.study, one.analysed) for one in done] == [
        ("branch=North,wave=autumn", 14),
        ("branch=North,wave=spring", 12),
    ]
    assert not any(verify_filings(workspace / "reports", "waves").values())
