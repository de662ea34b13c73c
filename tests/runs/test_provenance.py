"""Provenance: the key of a run, and what is written down about its surroundings."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cxresearch
from cxresearch.planned import PlanLock
from cxresearch.responses.model import Flow, FlowStep, Source
from cxresearch.runs import (
    Template,
    code_sha256,
    describe_environment,
    describe_inputs,
    describe_repository,
    describe_responses,
    run_key,
)


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Any]:
    data = tmp_path / "responses.csv"
    data.write_text("a\n1\n")
    study = SimpleNamespace(
        name="bank",
        title="T",
        description="",
        method="m",
        population="P",
        sample="",
        contact="",
        language="en",
        layout="waves",
        sha256="11",
        codebook=SimpleNamespace(path=str(tmp_path / "codebook.yaml"), sha256="22"),
        data={"": data},
        plan=SimpleNamespace(sha256="44"),
        plan_lock=PlanLock(),
    )
    template = Template(
        name="m", path=tmp_path / "m.ipynb", sha256="33", title="M", parameters=(), steps=()
    )
    parameters = {"study_name": "bank", "seed": 5}
    return describe_inputs(study, template, parameters, settings={"seed": 5})  # type: ignore[arg-type]


def test_only_names_of_files_are_kept_with_their_hashes(
    inputs: dict[str, Any], tmp_path: Path
) -> None:
    assert inputs["codebook"] == {"file": "codebook.yaml", "sha256": "22"}
    assert inputs["data"][0]["file"] == "responses.csv"
    assert len(inputs["data"][0]["sha256"]) == 64
    assert inputs["seed"] == 5
    assert str(tmp_path) not in str(inputs)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("study_sha256",), "x"),
        (("codebook", "sha256"), "x"),
        (("data", 0, "sha256"), "x"),
        (("template", "sha256"), "x"),
        (("parameters", "seed"), 6),
        (("package", "version"), "9"),
        (("plan", "sha256"), "x"),
        (("package", "code_sha256"), "x"),
    ],
)
def test_the_key_changes_with_everything_the_results_depend_on(
    inputs: dict[str, Any], where: tuple[Any, ...], value: object
) -> None:
    changed = copy.deepcopy(inputs)
    place = changed
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = value
    assert run_key(changed) != run_key(inputs)


def test_the_key_does_not_depend_on_words_or_on_how_the_study_is_reached(
    inputs: dict[str, Any],
) -> None:
    changed = {**inputs, "contact": "somebody else", "settings": {}}
    changed["parameters"] = {**inputs["parameters"], "study_name": "./elsewhere/bank"}
    assert run_key(changed) == run_key(inputs)


def test_the_flow_and_the_reading_of_the_answers_are_kept_without_paths() -> None:
    source = Source(file="/secret/folder/a.csv", sha256="ab", rows=9, columns=3, format="csv")
    flow = Flow(read=9, steps=(FlowStep(rule="duplicated", detail="id", excluded=2),))
    told = describe_responses(SimpleNamespace(flow=flow, sources=(source,)))  # type: ignore[arg-type]
    assert (told["read"], told["analysed"]) == (9, 7)
    assert told["sources"][0]["file"] == "a.csv"
    assert "secret" not in str(told)


def test_versions_of_all_dependencies_are_written_down() -> None:
    told = describe_environment()
    assert {"numpy", "pandas", "papermill", "nbconvert"} <= set(told["packages"])
    assert "missing" not in told["packages"].values()
    assert told["python"].count(".") == 2


def test_the_hash_of_the_code_is_one_for_the_whole_package() -> None:
    assert len(code_sha256()) == 64
    assert code_sha256() == code_sha256()
    assert Path(cxresearch.__file__).is_file()


def test_a_git_commit_is_named_with_whether_files_differ_from_it(tmp_path: Path) -> None:
    assert describe_repository(tmp_path) is None

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=n", "-c", "user.email=e@x"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *arguments], check=True)

    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-q", "-m", "m")
    told = describe_repository(tmp_path)
    assert told is not None
    assert (len(told["commit"]), told["dirty"]) == (40, False)
    (tmp_path / "a").write_text("2")
    assert describe_repository(tmp_path) == {"commit": told["commit"], "dirty": True}
