"""Locking a plan, drawing assignment lists and taking a design from a plan, from the shell."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

import cxresearch as cx

Command = Callable[..., Result]
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "call-endings"
LOCK = "analysis-plan.lock.json"


@pytest.fixture
def calls(workspace: Path) -> Path:
    """A copy of the sample experiment whose plan is not locked yet."""
    folder = workspace / "data" / "calls"
    shutil.copytree(SAMPLE, folder)
    (folder / LOCK).unlink()
    return folder


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_plan_is_locked_once_and_amended_with_a_reason(calls: Path, command: Command) -> None:
    assert "analysis-plan.yaml is not locked" in command("check", "calls").output
    first = command("plan", "lock", "calls")
    assert first.exit_code == 0, first.output
    assert "plan of calls locked: version 1" in first.output
    assert "there already: moments.csv, episodes.csv" in first.output
    again = command("plan", "lock", "calls")
    assert again.exit_code == 1
    assert "is locked already" in again.output
    replace_in(calls / "analysis-plan.yaml", "control: Usual close", "control: Friendly close")
    assert "has changed since" in command("check", "calls").output
    silent = command("plan", "lock", "calls")
    assert silent.exit_code == 1
    assert '--amend "reason"' in silent.output
    done = command("plan", "lock", "calls", "--amend", "The other one is the usual.")
    assert done.exit_code == 0, done.output
    assert "parameter control: Usual close → Friendly close" in done.output
    kept = json.loads((calls / LOCK).read_text(encoding="utf-8"))
    assert [version["reason"] for version in kept["versions"]] == [
        "",
        "The other one is the usual.",
    ]


def test_a_plan_is_locked_before_the_data(calls: Path, command: Command) -> None:
    for name in ("moments.csv", "episodes.csv"):
        (calls / name).unlink()
    locked = json.loads(command("plan", "lock", "calls", "--json").stdout)
    assert (locked["before_data"], locked["data"], locked["version"]) == (True, {}, 1)


def test_a_planned_parameter_that_is_none_is_a_fault(calls: Path, command: Command) -> None:
    replace_in(calls / "analysis-plan.yaml", "control: Usual close", "controll: Usual close")
    done = command("check", "calls")
    assert done.exit_code == 1
    assert "analysis-plan.yaml, parameters" in done.output
    assert "did you mean 'control'" in done.output


def test_a_list_for_a_study_takes_what_is_planned_and_is_kept_in_its_lock(
    calls: Path, command: Command
) -> None:
    done = command("plan", "assign", "calls", "--seed", "7")
    assert done.exit_code == 0, done.output
    assert "200 participants, blocked, seed 7" in done.output
    rows = rows_of(calls / "assignment.csv")
    assert {row["condition"] for row in rows} == {"Usual close", "Friendly close"}
    drawn = [row["condition"] for row in rows]
    assert abs(drawn.count("Usual close") - 100) <= 2
    kept = json.loads((calls / LOCK).read_text(encoding="utf-8"))["assignments"][0]
    assert (kept["seed"], kept["method"], kept["n"]) == (7, "blocked", 200)
    assert kept["sha256"] in done.output
    again = command("plan", "assign", "calls", "--seed", "8")
    assert again.exit_code == 1
    assert "assignment.csv is there already and is never written over" in again.output
    assert rows_of(calls / "assignment.csv") == rows
    # The list does not stand in the way of locking the plan, and does not count as data.
    assert command("plan", "lock", "calls").exit_code == 0


def test_the_same_seed_draws_the_same_list(tmp_path: Path, command: Command) -> None:
    texts = []
    for number, seed in enumerate(("3", "3", "4")):
        out = tmp_path / f"{number}.csv"
        options = ("--conditions", "A,B", "--n", "40", "--method", "simple", "--seed", seed)
        assert command("plan", "assign", "--out", str(out), *options).exit_code == 0
        texts.append(out.read_text(encoding="utf-8"))
    assert texts[0] == texts[1] != texts[2]


def test_strata_are_drawn_each_for_itself(tmp_path: Path, command: Command) -> None:
    people = tmp_path / "people.csv"
    names = [f"{k},{'town' if k % 3 else 'city'}" for k in range(60)]
    people.write_text("person,branch\n" + "\n".join(names) + "\n", encoding="utf-8")
    out = tmp_path / "list.csv"
    done = command(
        "plan", "assign", "--out", str(out), "--conditions", "A,B", "--method", "stratified",
        "--strata", f"{people}:branch", "--seed", "1",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    rows = rows_of(out)
    for stratum, size in (("city", 20), ("town", 40)):
        own = [row["condition"] for row in rows if row["stratum"] == stratum]
        assert len(own) == size
        assert abs(own.count("A") - size / 2) <= 2


def test_counterbalanced_people_meet_every_condition(tmp_path: Path, command: Command) -> None:
    out = tmp_path / "list.csv"
    done = command(
        "plan", "assign", "--out", str(out), "--conditions", "A,B,C", "--n", "12", "--seed",
        "1", "--method", "counterbalanced", "--json",
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert told["participants"] == 12
    assert {row["n"] for row in told["counts"]} == {4}
    met: dict[str, set[str]] = {}
    for row in rows_of(out):
        met.setdefault(row["participant"], set()).add(row["condition"])
    assert set(map(frozenset, met.values())) == {frozenset("ABC")}


def test_a_list_cannot_be_taken_for_a_formula(tmp_path: Path, command: Command) -> None:
    out = tmp_path / "list.csv"
    options = ("--conditions", "=1+1,B", "--n", "8", "--seed", "1")
    assert command("plan", "assign", "--out", str(out), *options).exit_code == 0
    assert {row["condition"] for row in rows_of(out)} == {"'=1+1", "B"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--n", "8"), "which conditions? give --conditions A,B"),
        (("--conditions", "A"), "how many participants"),
        (("--conditions", "A", "--n", "8"), "at least 2 are needed"),
        (("--conditions", "A,A", "--n", "8"), "every name is allowed once"),
        (("--conditions", "A,B", "--n", "1"), "--n must be at least 2; got 1"),
        (("--conditions", "A,B", "--n", "8", "--method", "stratified"), "needs --strata"),
        (("--conditions", "A,B", "--strata", "people"), "--strata is FILE:COLUMN"),
        (("--conditions", "A,B", "--strata", "people.csv:brnch"), "did you mean 'branch'"),
        (
            ("--conditions", "A,B", "--strata", "twice.csv:branch"),
            "participants stand twice: a",
        ),
        (("--conditions", "A,B", "--strata", "gap.csv:branch"), "or stratum is empty"),
        (
            ("--conditions", "A,B", "--n", "9", "--strata", "people.csv:branch"),
            "--n is 9, and the file of strata has 2 people",
        ),
    ],
)
def test_a_list_that_cannot_be_drawn_says_why(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, rows in (
        ("people", "a,city\nb,town"),
        ("twice", "a,city\na,town"),
        ("gap", "a,city\nb,"),
    ):
        text = f"person,branch\n{rows}\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    out = tmp_path / "list.csv"
    done = command("plan", "assign", "--out", str(out), "--seed", "1", *arguments)
    assert done.exit_code == 1
    assert message in done.output
    assert not out.exists()


def test_conditions_beside_those_of_the_plan_are_refused(calls: Path, command: Command) -> None:
    done = command("plan", "assign", "calls", "--conditions", "A,B", "--seed", "1")
    assert done.exit_code == 1
    assert "the plan has Usual close, Friendly close" in done.output


def test_lists_are_drawn_and_tested_in_the_ratio_of_the_plan(
    calls: Path, command: Command
) -> None:
    replace_in(calls / "analysis-plan.yaml", "{Usual close: 1,", "{Usual close: 3,")
    done = command("plan", "assign", "calls", "--ratio", "2,1", "--seed", "1")
    assert done.exit_code == 1
    assert "--ratio says Usual close : Friendly close = 2 : 1; the plan has" in done.output
    done = command("plan", "assign", "calls", "--ratio", "6:2", "--seed", "1")
    assert done.exit_code == 0, done.output
    drawn = [row["condition"] for row in rows_of(calls / "assignment.csv")]
    assert (drawn.count("Usual close"), drawn.count("Friendly close")) == (150, 50)
    kept = json.loads((calls / LOCK).read_text(encoding="utf-8"))["assignments"][0]
    assert kept["ratio"] == [6.0, 2.0]


def test_the_ratio_of_a_list_is_the_one_that_people_are_tested_against(
    calls: Path, command: Command
) -> None:
    (calls / "analysis-plan.yaml").unlink()
    names = ("--conditions", "Usual close,Friendly close", "--n", "30", "--seed", "1")
    assert command("plan", "assign", "calls", *names, "--ratio", "2,1").exit_code == 0
    ratio = cx.assignment_ratio(cx.load_study(calls))
    assert ratio == {"Usual close": 2.0, "Friendly close": 1.0}
    (calls / "assignment.csv").unlink()
    other = ("--conditions", "A,B", "--n", "30", "--seed", "1")
    assert command("plan", "assign", "calls", *other).exit_code == 0
    assert cx.assignment_ratio(cx.load_study(calls)) == ratio


@pytest.mark.parametrize(
    ("ratio", "message"),
    [
        ("2,x", "--ratio is a number for each condition, as in 2,1"),
        ("2,1,1", "has 3 parts; conditions are A, B"),
        ("2,0", "every part must be above 0"),
    ],
)
def test_ratios_that_say_nothing_are_refused(
    ratio: str, message: str, tmp_path: Path, command: Command
) -> None:
    out = tmp_path / "list.csv"
    asked = ("--conditions", "A,B", "--n", "8", "--seed", "1", "--ratio", ratio)
    done = command("plan", "assign", "--out", str(out), *asked)
    assert done.exit_code == 1
    assert message in done.output
    assert not out.exists()


def test_a_list_needs_a_study_or_a_file(command: Command) -> None:
    done = command("plan", "assign", "--conditions", "A,B", "--n", "8", "--seed", "1")
    assert done.exit_code == 2
    assert "name the study, or give --out FILE" in done.output


def test_power_is_taken_from_a_plan(calls: Path, command: Command) -> None:
    options = ("--set", "allocation=between", "--set", "episodes=1", "--studies", "100")
    done = command("plan", "peak-end", "--from-plan", "calls", *options)
    assert done.exit_code == 0, done.output
    assert (
        "from the analysis plan: participants 200, direct_effect 0.4, scale_low 1, scale_high "
        "10, confidence_level 0.95"
    ) in done.output
    assert "closed form (t test, 200 people): " in done.output
    told = json.loads(
        command("plan", "peak-end", "--from-plan", "calls", "--json", *options).stdout
    )
    assert told["fields"]["design"]["direct_effect"] == 0.4


@pytest.mark.parametrize(
    ("study", "old", "new", "message"),
    [
        ("calls", "sample_size: 200\n", "", "the plan of calls states no sample_size"),
        ("bank-branches", "", "", "study bank-branches has no analysis-plan.yaml"),
    ],
)
def test_a_plan_without_what_is_needed_gives_no_design(
    study: str, old: str, new: str, message: str, calls: Path, command: Command
) -> None:
    replace_in(calls / "analysis-plan.yaml", old, new)
    done = command("plan", "peak-end", "--from-plan", study)
    assert done.exit_code == 1
    assert message in done.output


def test_help_and_schema_name_the_road(command: Command) -> None:
    told = command("plan", "--help").output
    assert all(name in told for name in ("assign", "lock", "peak-end", "drivers"))
    schema = json.loads(command("schema", "plan").stdout)
    assert schema["title"] == "cxresearch analysis plan"
