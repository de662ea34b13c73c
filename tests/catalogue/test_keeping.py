"""Filed runs: whole, repeatable, handed on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rocrate.rocrate import ROCrate

from cxresearch.catalogue import Filing, find_run, run_study, verify_run
from cxresearch.catalogue.export import package_wheel
from cxresearch.cli import main
from cxresearch.study import load_study

SAMPLES = Path(__file__).resolve().parents[2] / "data"
Cli = Callable[..., Result]


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with one run of a study that has personal columns."""
    folder = tmp_path_factory.mktemp("keeping")
    shutil.copytree(SAMPLES / "bank-branches", folder / "data" / "bank-branches")
    study = load_study("bank-branches", workspace=folder)
    run_study(study, workspace=folder, settings=["confidence_level=0.9"])
    return folder


@pytest.fixture
def workspace(filed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(filed, tmp_path / "w")


@pytest.fixture
def cli(workspace: Path) -> Cli:
    return lambda *words: CliRunner().invoke(main, ["--workspace", str(workspace), *words])


def run_of(workspace: Path) -> Filing:
    return find_run(workspace / "reports", "bank-branches")


def test_a_filed_run_matches_its_record(workspace: Path, cli: Cli) -> None:
    assert verify_run(run_of(workspace)) == ()
    outcome = cli("verify")
    assert (outcome.exit_code, outcome.output) == (0, "1 of 1 runs match their records\n")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda f: (f / "results/servqual_gaps.json").write_text("{}"), "json was changed"),
        (lambda f: (f / "executed.ipynb").unlink(), "executed.ipynb is missing"),
        (lambda f: (f / "tables/new.csv").write_text("1"), "tables/new.csv is not in the rec"),
        (lambda f: (f / "report.html").unlink(), "report.html is missing"),
        (lambda f: (f / "inputs/study.yaml").write_text("x"), "is not the file of the run"),
        (lambda f: (f / "run.json").write_text("{"), "run.json cannot be read"),
        (lambda f: edit(f, study_sha256="0" * 64), "the inputs it names are not those"),
        (lambda f: edit(f, run="20200101T000000Z-00000"), "is the record of 20200101T000000Z"),
    ],
)
def test_whatever_was_changed_after_filing_is_found(
    workspace: Path, cli: Cli, harm: Callable[[Path], Any], told: str
) -> None:
    harm(run_of(workspace).folder)
    outcome = cli("verify", "bank-branches")
    assert outcome.exit_code == 1
    assert told in outcome.output
    assert "0 of 1 runs match" in outcome.output


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("report.html", "report.html is not what SHA256SUMS has"),
        ("ro-crate-metadata.json", "ro-crate-metadata.json is not what SHA256SUMS has"),
        ("run.json", "run.json"),
        ("SHA256SUMS", "SHA256SUMS"),
        ("executed.ipynb", "executed.ipynb was changed"),
        ("outputs.json", "outputs.json was changed"),
        ("figures/distinct_dimensions.svg", "distinct_dimensions.svg was changed"),
        ("inputs/codebook.yaml", "inputs/codebook.yaml is not the file of the run"),
    ],
)
@pytest.mark.parametrize("at", [0.3, 0.6, 0.99])
def test_one_byte_changed_in_any_file_is_found(
    workspace: Path, name: str, told: str, at: float
) -> None:
    filing = run_of(workspace)
    path = filing.folder / name
    content = bytearray(path.read_bytes())
    place = int(at * len(content))
    # A letter of a text, so that a record stays one that can be read.
    while not (chr(content[place]).isalpha() and chr(content[place - 1]).isalpha()):
        place -= 1
    content[place] ^= 2
    path.write_bytes(bytes(content))
    faults = verify_run(filing)
    assert any(told in fault for fault in faults), faults


def test_other_tools_read_the_list_of_hashes(workspace: Path) -> None:
    folder = run_of(workspace).folder
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    assert listed == {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }


def test_a_list_of_hashes_that_was_taken_away_is_missed(workspace: Path) -> None:
    filing = run_of(workspace)
    (filing.folder / "SHA256SUMS").unlink()
    assert verify_run(filing) == ("SHA256SUMS is missing",)
    record = json.loads((filing.folder / "run.json").read_text(encoding="utf-8"))
    del record["sums"]  # a run of before there were such lists
    (filing.folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert verify_run(filing) == ()


def test_a_report_that_is_rendered_again_matches(workspace: Path, cli: Cli) -> None:
    outcome = cli("report", "bank-branches", "--language", "es")
    assert outcome.exit_code == 0, outcome.output
    assert verify_run(run_of(workspace)) == ()


def edit(folder: Path, **changes: Any) -> None:
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps(record | changes), encoding="utf-8")


def test_a_study_nobody_ran_cannot_be_verified(cli: Cli) -> None:
    outcome = cli("verify", "bank-branch")
    assert outcome.exit_code == 1
    assert "did you mean 'bank-branches'" in outcome.output


def test_a_filed_run_is_an_ro_crate(workspace: Path) -> None:
    folder = run_of(workspace).folder
    crate = ROCrate(folder)
    assert crate.root_dataset["conformsTo"]["@id"].startswith("https://w3id.org/ro/wfrun/proc")
    action = crate.dereference("#run")
    assert action.type == "CreateAction"
    assert action["actionStatus"] in (
        "http://schema.org/CompletedActionStatus",
        {"@id": "http://schema.org/CompletedActionStatus"},
    ) or action["actionStatus"].id.endswith("CompletedActionStatus")
    assert action["instrument"]["name"] == "cxresearch"
    listed = {part.id for part in crate.root_dataset["hasPart"]}
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "ro-crate-metadata.json"
    }
    assert listed == there
    values = {p["name"]: p["value"] for p in crate.get_entities() if p.type == "PropertyValue"}
    assert values["confidence_level"] == 0.9
    assert not any("responses.csv" in name for name in there)


def test_a_run_is_reproduced_although_study_and_template_went_on(
    workspace: Path, cli: Cli
) -> None:
    study = workspace / "data" / "bank-branches" / "study.yaml"
    study.write_text(study.read_text(encoding="utf-8").replace("[branch]", "[]"))
    outcome = cli("reproduce", "bank-branches")
    assert outcome.exit_code == 0, outcome.output
    assert "recorded values, largest relative difference 0.0e+00" in outcome.output
    assert len(list((workspace / "reports" / "bank-branches").glob("2*"))) == 1


def test_a_number_that_does_not_come_out_again_is_told(workspace: Path, cli: Cli) -> None:
    folder = run_of(workspace).folder
    path = folder / "results" / "scale_reliability.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    found["fields"]["confidence_level"] = 0.91
    path.write_text(json.dumps(found), encoding="utf-8")
    outcome = cli("reproduce", "bank-branches")
    assert outcome.exit_code == 1
    assert "scale_reliability.json, fields.confidence_level: 0.91 then, 0.9 now" in (
        outcome.output
    )


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda w: (w / "data/bank-branches/responses.csv").unlink(), "file is missing"),
        (
            lambda w: (w / "data/bank-branches/responses.csv").write_text("a,b\n1,2\n"),
            "responses.csv: it is not the data file of the run",
        ),
        (
            lambda w: (run_of(w).folder / "inputs/servqual.ipynb").write_text("{}"),
            "inputs/servqual.ipynb is not the file of the run",
        ),
    ],
)
def test_nothing_is_run_on_inputs_that_are_not_those_of_the_run(
    workspace: Path, cli: Cli, harm: Callable[[Path], Any], told: str
) -> None:
    harm(workspace)
    outcome = cli("reproduce", "bank-branches")
    assert outcome.exit_code == 1
    assert told in outcome.output
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit)


def test_an_export_is_reproduced_elsewhere_and_holds_no_personal_column(
    workspace: Path, cli: Cli, tmp_path: Path
) -> None:
    target = tmp_path / "out.zip"
    outcome = cli("export", "bank-branches", "-o", str(target))
    assert outcome.exit_code == 0, outcome.output
    assert "left out  responses.csv: " in outcome.output
    elsewhere = tmp_path / "elsewhere"
    with zipfile.ZipFile(target) as archive:
        archive.extractall(elsewhere)
    header = (elsewhere / "data/bank-branches/responses.csv").read_text().splitlines()[0]
    before = (workspace / "data/bank-branches/responses.csv").read_text().splitlines()[0]
    assert set(header.split(",")) < set(before.split(","))
    again = CliRunner().invoke(
        main, ["--workspace", str(elsewhere), "reproduce", "bank-branches"]
    )
    assert again.exit_code == 0, again.output
    assert CliRunner().invoke(main, ["--workspace", str(elsewhere), "verify"]).exit_code == 0


def test_the_same_run_gives_the_same_zip_and_none_is_written_over(
    workspace: Path, cli: Cli, tmp_path: Path
) -> None:
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    for target in (first, second):
        assert cli("export", "bank-branches", "-o", str(target)).exit_code == 0
    assert first.read_bytes() == second.read_bytes()
    again = cli("export", "bank-branches", "-o", str(first))
    assert again.exit_code == 1
    assert "exists already" in again.output


def test_a_bare_export_names_the_data_and_holds_none(
    workspace: Path, cli: Cli, tmp_path: Path
) -> None:
    target = tmp_path / "bare.zip"
    assert cli("export", "bank-branches", "--bare", "-o", str(target)).exit_code == 0
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        told = archive.read("data/bank-branches/PUT-THE-DATA-HERE.txt").decode()
    assert not any(name.endswith("responses.csv") for name in names)
    assert "responses.csv  sha256 " in told


def test_a_run_that_was_changed_is_not_handed_on(
    workspace: Path, cli: Cli, tmp_path: Path
) -> None:
    (run_of(workspace).folder / "results" / "servqual_gaps.json").write_text("{}")
    outcome = cli("export", "bank-branches", "-o", str(tmp_path / "x.zip"))
    assert outcome.exit_code == 1
    assert "is not what was filed" in outcome.output
    assert not (tmp_path / "x.zip").exists()


def test_the_packed_wheel_can_be_installed_and_starts(tmp_path: Path) -> None:
    name, data = package_wheel()
    (tmp_path / name).write_bytes(data)
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run(
        [*pip, "--no-deps", "--no-index", str(tmp_path / name)], check=True, timeout=120
    )
    site = next((tmp_path / "env" / "lib").glob("python*")) / "site-packages"
    assert (site / "cxresearch" / "_templates" / "servqual.ipynb").is_file()
    assert (tmp_path / "env" / "bin" / "cxresearch").is_file()
    code = "import cxresearch; print(cxresearch.__file__)"
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )  # fmt: skip
    assert str(site) in done.stdout


def test_the_notebook_of_a_run_is_saved_to_work_on(
    workspace: Path, cli: Cli, tmp_path: Path
) -> None:
    target = tmp_path / "mine.ipynb"
    outcome = cli("open", "bank-branches", "--notebook", str(target))
    assert outcome.exit_code == 0, outcome.output
    assert "confidence_level: float = 0.9" in target.read_text(encoding="utf-8")
    assert cli("open", "--notebook", str(target)).exit_code == 2
