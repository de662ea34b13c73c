"""Many runs: side by side, cell by cell, on a cluster; one that fails touches no other."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from cxresearch.catalogue import find_run, index_filings, verify_run
from cxresearch.catalogue.batch import Task, TaskOutcome, run_batch
from cxresearch.catalogue.cells import CellTooSmallError, study_cells
from cxresearch.catalogue.cluster import run_on_cluster
from cxresearch.catalogue.comparison import cell_findings, compare_cells
from cxresearch.catalogue.pipeline import run_study
from cxresearch.cli import main
from cxresearch.errors import CxError, StudyError
from cxresearch.runs import KernelOptions
from cxresearch.runs.parent import end_parents
from cxresearch.study import load_study

_spec = importlib.util.spec_from_file_location(
    "small_study", Path(__file__).with_name("small_study.py")
)
small: Any = importlib.util.module_from_spec(_spec)  # type: ignore[arg-type]
_spec.loader.exec_module(small)  # type: ignore[union-attr]

pytestmark = pytest.mark.notebook
EACH_BRANCH = "for_each: {branch: all}\n"


@pytest.fixture(scope="module", autouse=True)
def end_of_parents() -> Iterator[None]:
    yield
    end_parents()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return Path(small.small_workspace(tmp_path / "work"))


def call(workspace: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--workspace", str(workspace), "run", *words])


def tasks(workspace: Path, *names: str, **options: Any) -> list[Task]:
    options.setdefault("kernel", KernelOptions(warm=True))
    return [Task(study=name, workspace=workspace, **options) for name in names]


def statuses(outcomes: list[TaskOutcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


def test_all_studies_run_side_by_side_and_one_that_fails_touches_no_other(
    workspace: Path,
) -> None:
    small.write_study(workspace, "second")
    broken = small.write_study(workspace, "third")
    (broken / "responses.csv").write_text("id,branch,E1,E2,P1,P2\n1,1,99,6,5,5\n")
    result = call(workspace, "--all", "--jobs", "2")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert sorted(line[:5] for line in lines[:3]) == ["[1/3]", "[2/3]", "[3/3]"]
    assert "left)" in lines[0]
    assert "left)" not in lines[2]
    assert any("third" in line and "failed" in line for line in lines[:3])
    table = {line.split()[0]: line.split()[1] for line in result.stdout.splitlines() if line}
    assert table["small"] == table["second"] == "completed"
    assert table["third"] == "failed"
    assert "2 of 3 runs done, 1 failed" in result.stdout
    for study in ("small", "second"):
        assert find_run(workspace / "reports", study).report.is_file()
    assert "second" in (workspace / "reports" / "index.html").read_text(encoding="utf-8")


def test_an_unchanged_study_is_skipped_unless_forced(workspace: Path) -> None:
    assert statuses(run_batch(tasks(workspace, "small"), jobs=1)) == ["completed"]
    assert statuses(run_batch(tasks(workspace, "small"), jobs=1)) == ["unchanged"]
    assert statuses(run_batch(tasks(workspace, "small", force=True), jobs=1)) == ["completed"]


@pytest.mark.skipif(sys.platform != "linux", reason="kills a process")
def test_a_run_whose_process_dies_is_told_and_filed_as_failed_and_the_others_go_on(
    workspace: Path,
) -> None:
    small.write_study(workspace, "dies", more="description: dies\n")
    small.write_template(
        workspace,
        small.SETUP,
        "import os, pathlib, signal, time\n"
        "if study_name == 'dies':\n"
        "    folder = pathlib.Path(os.environ['CXRESEARCH_RUN_FOLDER'])\n"
        "    owner = __import__('json').loads(folder.with_suffix('.lock').read_text())\n"
        "    os.kill(owner['pid'], signal.SIGKILL); time.sleep(30)",
        small.TELL,
    )
    outcomes = run_batch(tasks(workspace, "dies", "small"), jobs=2)
    assert statuses(outcomes) == ["failed", "completed"]
    assert "ended without a word" in outcomes[0].message
    (filing,) = index_filings(workspace / "reports", "dies")
    assert filing.status == "failed"


@pytest.mark.skipif(sys.platform != "linux", reason="sends a signal")
def test_ctrl_c_ends_every_run_in_order(workspace: Path) -> None:
    small.write_study(workspace, "second")
    small.write_template(workspace, small.SETUP, "import time\ntime.sleep(60)")
    command = [sys.executable, "-m", "cxresearch", "--workspace", str(workspace)]
    process = subprocess.Popen(
        [*command, "run", "--all", "--jobs", "2"], stderr=subprocess.PIPE, text=True
    )
    staging = workspace / "reports" / ".staging"
    until = time.monotonic() + 60
    while len(list(staging.glob("*/outputs.json"))) < 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in told
    assert list(staging.iterdir()) == []
    assert index_filings(workspace / "reports") == []


def test_a_study_is_run_for_each_cell_and_the_cells_are_compared_once(workspace: Path) -> None:
    small.write_study(workspace, "each", more=EACH_BRANCH)
    result = call(workspace, "each")
    assert result.exit_code == 0, result.output
    reports = workspace / "reports"
    cells = index_filings(reports / "each" / "cells")
    assert [(c.study, c.status, c.analysed) for c in cells] == [
        ("branch=North", "completed", 12),
        ("branch=South", "completed", 9),
        ("branch=West", "completed", 8),
    ]
    record = json.loads((cells[0].folder / "run.json").read_text(encoding="utf-8"))
    assert record["cell"] == {"branch": "North"}
    assert record["parameters"]["study_name"] == "each[branch=North]"
    assert record["respondents"]["steps"][0]["rule"] == "other_cell"
    assert record["respondents"]["steps"][0]["excluded"] == 17
    (comparison,) = index_filings(reports, "each")
    assert [verify_run(filing) for filing in (comparison, *cells)] == [(), (), (), ()]
    page = comparison.report.read_text(encoding="utf-8")
    assert all(f"../cells/{c.study}/{c.run}/report.html" in page for c in cells)
    assert comparison.headline
    table = pd.read_csv(comparison.folder / "tables" / "cells.csv")
    assert table["cell"].tolist() == ["branch: North", "branch: South", "branch: West"]
    assert (comparison.folder / "figures" / "cells.svg").is_file()
    assert (comparison.folder / "figures" / "cells_pooled.svg").is_file()
    again = call(workspace, "each")
    assert again.output.count("unchanged") >= 3
    assert len(index_filings(reports, "each")) == 1
    index = (reports / "index.html").read_text(encoding="utf-8")
    assert "branch=North" not in index


def test_small_cells_are_refused_with_the_reason_and_told_in_the_comparison(
    workspace: Path,
) -> None:
    sizes = {1: 12, 2: 9, 3: 4}
    small.write_study(workspace, "each", more=EACH_BRANCH, sizes=sizes)
    result = call(workspace, "each", "--json")
    assert result.exit_code == 0
    told = {one["study"]: one for one in json.loads(result.stdout)}
    assert told["each[branch=West]"]["status"] == "refused"
    assert "4 respondents; groups of fewer than 5" in told["each[branch=West]"]["message"]
    assert not (workspace / "reports" / "each" / "cells" / "branch=West").exists()
    page = find_run(workspace / "reports", "each").report.read_text(encoding="utf-8")
    assert "groups of fewer than 5 are not" in page
    with pytest.raises(CellTooSmallError, match="cell branch: West has 4 respondents"):
        run_study(load_study("each[branch=West]", workspace=workspace))


def test_cells_of_several_columns_are_all_combinations(workspace: Path) -> None:
    more = "for_each: {branch: [North, 2]}\n"
    small.write_study(workspace, "each", more=more)
    study = load_study("each", workspace=workspace)
    assert study.for_each == {"branch": ("North", "South")}
    cells = study_cells(study, "each")
    assert [(c.study, c.n) for c in cells] == [
        ("each[branch=North]", 12),
        ("each[branch=South]", 9),
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("for_each: {shop: all}\n", "for_each, shop: is no segment column; there are branch"),
        ("for_each: {branch: [Nord]}\n", "has no value 'Nord'; it has North, South, West"),
        ("for_each: {branch: [North, 1]}\n", "names a value twice"),
        ("for_each: {branch: {a: 1}}\n", "must be all, or a list of values"),
        ("for_each: {wave: all}\n", "is no segment column"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(workspace: Path, more: str, told: str) -> None:
    small.write_study(workspace, "each", more=more)
    with pytest.raises(StudyError) as caught:
        load_study("each", workspace=workspace)
    assert told in str(caught.value)


def test_partial_pooling_draws_a_small_cell_further_than_a_large_one(workspace: Path) -> None:
    sizes = {1: 60, 2: 40, 3: 5}
    small.write_study(workspace, "each", more=EACH_BRANCH, sizes=sizes)
    outcomes = run_batch(
        tasks(workspace, *(f"each[branch={b}]" for b in ("North", "South", "West"))), jobs=2
    )
    runs = {
        f"branch={b}": o.run for b, o in zip(("North", "South", "West"), outcomes, strict=True)
    }
    frame = compare_cells("each", runs, workspace=workspace)
    assert frame["n"].tolist() == [60, 40, 5]
    width = frame["conf_high_pooled"] - frame["conf_low_pooled"]
    assert (width < 1.05 * (frame["conf_high"] - frame["conf_low"])).all()
    found = cell_findings(frame)
    assert [finding.sure for finding in found] == ["clear"]
    ends = "lowest in branch: North, highest in branch: West"
    assert ends in found[0].text.translate(dict.fromkeys(range(0x2066, 0x206A)))
    shift = (frame["estimate_pooled"] - frame["estimate"]).abs()
    assert shift.idxmax() == 2
    only_one = compare_cells(
        "each", {"branch=North": runs["branch=North"]}, workspace=workspace
    )
    assert only_one["estimate_pooled"].isna().all()


def test_no_scheduler_ends_in_one_line(workspace: Path) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(CxError, match="no Dask scheduler answers at 'nowhere'"):
        run_on_cluster(tasks(workspace, "small"), "nowhere")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="kills a worker")
@pytest.mark.filterwarnings("ignore")
def test_on_a_cluster_a_lost_worker_costs_nothing_and_every_run_is_filed_once(
    workspace: Path,
) -> None:
    distributed = pytest.importorskip("distributed")
    names = ["small", *(f"study{number}" for number in range(3))]
    for name in names[1:]:
        small.write_study(workspace, name)
    small.write_template(workspace, small.SETUP, "import time\ntime.sleep(1.5)", small.TELL)
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        worker_dashboard_address=None,
    ) as cluster:
        killer = threading.Thread(target=_kill_a_worker, args=(workspace,))
        killer.start()
        done: list[TaskOutcome] = []
        outcomes = run_on_cluster(
            tasks(workspace, *names, force=True), cluster.scheduler_address, on_done=done.append
        )
        killer.join()
    assert statuses(outcomes) == ["completed"] * 4, [o.message for o in outcomes]
    assert len(done) == 4
    for name in names:
        filings = index_filings(workspace / "reports", name)
        assert [f.status for f in filings if f.status == "completed"] == ["completed"]
    assert list((workspace / "reports" / ".staging").iterdir()) == []


def _kill_a_worker(workspace: Path) -> None:
    staging = workspace / "reports" / ".staging"
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for folder in staging.glob("*/outputs.json"):
            lock = folder.parent.with_suffix(".lock")
            try:
                os.kill(int(json.loads(lock.read_text())["pid"]), signal.SIGKILL)
            except (OSError, ValueError):
                continue
            return
        time.sleep(0.05)
