"""The sample study is what its script makes, and the analysis recovers the truth behind it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import cxresearch as cx

STUDY = Path(__file__).resolve().parents[2] / "data" / "bank-branches"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_bank_branches", STUDY / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def responses() -> cx.Responses:
    return cx.load_study(STUDY).responses()


@pytest.fixture(scope="module")
def gaps(responses: cx.Responses) -> cx.ServqualGapsResult:
    return cx.servqual_gaps(responses, segments=["branch", "customer"])


def test_the_file_in_the_repository_is_what_the_script_makes(script: ModuleType) -> None:
    made = script.make_responses().to_csv(index=False, lineterminator="\n")
    assert made == (STUDY / "responses.csv").read_text(encoding="utf-8")


def test_the_declared_exclusions_remove_the_rows_that_were_spoilt(
    responses: cx.Responses, script: ModuleType
) -> None:
    removed = [(step.rule, step.excluded) for step in responses.flow.steps]
    assert removed == [
        ("duplicated", script.DUPLICATES),
        ("longest_string", script.STRAIGHT),
        ("missing_share", script.INCOMPLETE),
    ]
    assert responses.n == script.GENUINE


def test_the_gaps_lie_within_four_standard_errors_of_the_truth(
    gaps: cx.ServqualGapsResult, script: ModuleType
) -> None:
    rows = gaps.tidy().query("level == 'dimension' and group == 'all'").set_index("term")
    truth = script.true_gaps().set_index("dimension")
    z = (rows["estimate"] - truth["gap"]) / rows["std_error"]
    assert np.abs(z).max() < 4
    assert ((rows["conf_low"] < truth["gap"]) & (truth["gap"] < rows["conf_high"])).sum() >= 4


@pytest.mark.parametrize(("label", "column"), [("City", "city"), ("Town", "town")])
def test_the_gaps_of_each_kind_of_branch_recover_their_truth(
    gaps: cx.ServqualGapsResult, script: ModuleType, label: str, column: str
) -> None:
    rows = gaps.tidy().query("level == 'dimension' and group == @label").set_index("term")
    truth = script.true_gaps().set_index("dimension")
    assert (np.abs(rows["estimate"] - truth[column]) / rows["std_error"]).max() < 4


def test_branches_differ_where_the_truth_differs_and_kinds_of_customer_do_not(
    gaps: cx.ServqualGapsResult,
) -> None:
    differences = gaps.differences.set_index(["group", "term"])["p_adjusted"]
    assert differences["branch", "responsiveness"] < 0.001
    assert differences["branch", "reliability"] < 0.05
    assert differences["customer"].min() > 0.05


def test_mean_points_recover_the_stated_importance(
    gaps: cx.ServqualGapsResult, script: ModuleType
) -> None:
    points = gaps.importance.set_index("term")
    for name, truth in script.TRUTH.items():
        assert abs(points.loc[name, "estimate"] - truth[-1]) < 4 * points.loc[name, "std_error"]
