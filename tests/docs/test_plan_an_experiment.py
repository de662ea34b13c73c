"""The walk through a planned experiment: its files load and its commands do what it says."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from cxresearch.cli import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plan-an-experiment.md"
BLOCK = re.compile(r"^```(console|yaml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EFFECT = 1.2

pytestmark = pytest.mark.notebook


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def commands(text: str) -> list[list[str]]:
    return [shlex.split(line.removeprefix("$ ")) for line in text.splitlines()]


def collect(study: Path) -> None:
    """Collect data: everybody on the list visits once, in the condition that was drawn."""
    rng = np.random.default_rng(5)
    moments, episodes = [], []
    with (study / "assignment.csv").open(encoding="utf-8", newline="") as file:
        drawn = list(csv.DictReader(file))
    for number, row in enumerate(drawn):
        friendly = row["condition"] == "Friendly close"
        key = {"person": row["participant"], "visit": f"V{number}"}
        felt = np.clip(np.round(rng.normal(0.5, 1.5, 6)), -5, 5)
        moments += [{**key, "time": 30 * k, "mood": felt[k]} for k in range(6)]
        memory = 5.5 + EFFECT * friendly + 0.3 * felt[-1] + rng.normal(0, 1)
        episodes.append(
            {
                **key,
                "remembered": int(np.clip(round(memory), 1, 10)),
                "close": int(friendly),
                "before": int(rng.integers(1, 11)),
            }
        )
    pd.DataFrame(moments).to_csv(study / "moments.csv", index=False)
    pd.DataFrame(episodes).to_csv(study / "episodes.csv", index=False)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Result]]:
    """Walk the page from top to bottom: write its files, give its commands."""
    here = tmp_path_factory.mktemp("walk")
    outcomes: dict[str, Result] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here)
        patch.delenv("CXRESEARCH_WORKSPACE", raising=False)
        for kind, text in blocks():
            if kind == "yaml":
                path = Path(text.splitlines()[0].removeprefix("# "))
                assert path.parent.is_dir()
                path.write_text(text, encoding="utf-8")
                if path.name == "study.yaml":
                    collect(path.parent)
                continue
            for command in commands(text):
                if command[0] == "cd":
                    patch.chdir(command[1])
                    continue
                assert command[0] == "cxresearch"
                done = CliRunner().invoke(main, command[1:])
                outcomes[" ".join(command[1:3])] = done
                assert done.exit_code == 0, f"{command}: {done.output}"
    return here / "research", outcomes


def test_the_size_of_the_study_is_found(walked: tuple[Path, dict[str, Result]]) -> None:
    output = walked[1]["plan peak-end"].output
    assert "from the analysis plan: participants 120, direct_effect 0.8" in output
    assert "closed form: " in output


def test_the_list_is_drawn_and_the_plan_locked_before_the_data(
    walked: tuple[Path, dict[str, Result]],
) -> None:
    root, outcomes = walked
    assert "120 participants, blocked, seed 20260901" in outcomes["plan assign"].output
    assert "no data file was there" in outcomes["plan lock"].output
    assert "is not locked" not in outcomes["check visits"].output
    lock = root / "data" / "visits" / "analysis-plan.lock.json"
    kept = json.loads(lock.read_text(encoding="utf-8"))
    assert (len(kept["versions"]), len(kept["assignments"])) == (1, 1)


def test_the_report_says_what_was_planned_and_what_is_exploratory(
    walked: tuple[Path, dict[str, Result]],
) -> None:
    run = next((walked[0] / "reports" / "visits").glob("*/run.json")).parent
    found = json.loads((run / "results" / "findings.json").read_text(encoding="utf-8"))
    told = {one["result"]: one["planned"] for one in found if one["topic"] == "finding"}
    assert told["conditions"] == "confirmatory"
    assert told["memory_models"] == "exploratory"
    result = json.loads((run / "results" / "plan_comparison.json").read_text(encoding="utf-8"))
    columns = {
        column["name"]: column["values"]
        for column in result["fields"]["estimates"]["__frame__"]
    }
    assert set(columns["status"]) == {"planned", "exploratory"}
    looks = json.loads((run / "results" / "sequential.json").read_text(encoding="utf-8"))
    assert len(looks["fields"]["looks"]["__frame__"][0]["values"]) == 2
    report = (run / "report.html").read_text(encoding="utf-8")
    assert "clear · planned" in report
    assert "Planned before the data, and done" in report
    record = json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert len(record["plan"]["versions"][0]["sha256"]) == 64
