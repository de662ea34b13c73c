"""A study of moments and episodes, from its folder to a filed report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cxresearch.catalogue import run_study
from cxresearch.catalogue.checking import check_study
from cxresearch.study import load_study

pytestmark = pytest.mark.notebook

SAMPLES = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(params=["clinic-visits", "call-endings"])
def name(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    shutil.copytree(SAMPLES / request.param, tmp_path / "data" / request.param)
    return str(request.param)


def test_one_template_serves_studies_with_and_without_conditions(
    name: str, tmp_path: Path
) -> None:
    seen: list[Any] = []
    outcome = run_study(load_study(name, workspace=tmp_path), on_read=seen.append)
    assert (outcome.filing.status, outcome.filing.unit) == ("completed", "episodes")
    assert seen[0].n == outcome.filing.analysed
    assert outcome.filing.waves == ()
    record = json.loads((outcome.filing.folder / "run.json").read_text(encoding="utf-8"))
    read = record["respondents"]
    assert read["unit"] == "episodes"
    assert read["moments_read"] == seen[0].moments_read
    assert [source["table"] for source in read["sources"]] == ["moments", "episodes"]
    assert [source["rows"] for source in read["sources"]] == [
        seen[0].moments_read,
        read["read"],
    ]
    outputs = json.loads((outcome.filing.folder / "outputs.json").read_text(encoding="utf-8"))
    names = {(entry["kind"], entry["name"]) for entry in outputs["outputs"]}
    course = "trajectories_by_condition" if name == "call-endings" else "trajectories"
    assert {("result", "memory_models"), ("figure", course)} <= names
    experiment = {("result", "conditions"), ("table", "conditions"), ("figure", "conditions")}
    assert experiment <= names if name == "call-endings" else not experiment & names
    again = run_study(load_study(name, workspace=tmp_path))
    assert again.unchanged


def test_the_report_counts_episodes_and_names_no_person(name: str, tmp_path: Path) -> None:
    outcome = run_study(load_study(name, workspace=tmp_path))
    report = outcome.filing.report.read_text(encoding="utf-8")
    assert f"{outcome.filing.analysed} episodes" in report
    assert "episodes read" in report
    assert "+44 20" not in report
    kept = "".join(
        path.read_text(encoding="utf-8")
        for path in outcome.filing.folder.rglob("*")
        if path.suffix in (".json", ".csv", ".html", ".ipynb")
    )
    assert "+44 20" not in kept
    assert "Kind nurse" not in kept


def test_a_check_tells_faults_of_both_tables(name: str, tmp_path: Path) -> None:
    assert check_study(name, workspace=tmp_path).can_run
    moments = tmp_path / "data" / name / "moments.csv"
    text = moments.read_text(encoding="utf-8")
    moments.write_text(text + text.splitlines()[1] + "\n", encoding="utf-8")
    episodes = tmp_path / "data" / name / "episodes.csv"
    lines = episodes.read_text(encoding="utf-8").splitlines()
    episodes.write_text("\n".join(lines[:-5]) + "\n", encoding="utf-8")
    found = check_study(name, workspace=tmp_path)
    assert not found.can_run
    assert found.to_dict()["read"] is None
