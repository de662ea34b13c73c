"""The sample study is what its script makes, and the analyses recover its truth."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import cxresearch as cx

STUDY = Path(__file__).resolve().parents[2] / "data" / "branch-network"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_branch_network", STUDY / "make_data.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def responses() -> cx.Responses:
    return cx.load_study(STUDY).responses()


@pytest.fixture(scope="module")
def population(script: ModuleType) -> dict[str, pd.DataFrame]:
    """Gaps of the dimensions of many customers a wave, with their weights."""
    rng = np.random.default_rng(5)
    gaps = {}
    for wave in script.WAVES:
        frame = script.draw_wave(rng, 40_000, wave)
        table = pd.DataFrame(
            {
                name: np.mean([frame[f"P{i:02d}"] - frame[f"E{i:02d}"] for i in items], axis=0)
                for name, (items, *_) in script.TRUTH.items()
            }
        )
        gaps[wave] = table.assign(weight=frame["weight"], branch=frame["branch"])
    return gaps


def mean(table: pd.DataFrame, name: str) -> float:
    return float(np.average(table[name], weights=table["weight"]))


def test_the_files_in_the_repository_are_what_the_script_makes(script: ModuleType) -> None:
    for wave, made in script.make_responses().items():
        text = made.to_csv(index=False, lineterminator="\n")
        assert text == (STUDY / f"{wave}.csv").read_text(encoding="utf-8")


def test_weighted_gaps_recover_the_truth(
    responses: cx.Responses, population: dict[str, pd.DataFrame], script: ModuleType
) -> None:
    rows = cx.servqual_gaps(responses).estimates.set_index("term")
    both = pd.concat(population.values())
    for name in script.TRUTH:
        row = rows.loc[name]
        assert abs(row["estimate"] - mean(both, name)) < 4 * row["std_error"]


def test_only_responsiveness_changed(
    responses: cx.Responses, population: dict[str, pd.DataFrame], script: ModuleType
) -> None:
    found = cx.gap_changes(responses)
    assert found is not None
    assert found.pairs["comparison"].tolist() == ["independent"]
    rows = found.estimates.set_index("term")
    for name in script.TRUTH:
        truth = mean(population["autumn"], name) - mean(population["spring"], name)
        assert abs(rows.loc[name, "estimate"] - truth) < 4 * rows.loc[name, "std_error"]
    clear = rows.index[(rows["level"] == "dimension") & (rows["p_adjusted"] < 0.01)]
    assert clear.tolist() == ["responsiveness"]


def test_harbour_is_the_branch_to_look_at(responses: cx.Responses) -> None:
    pooled = cx.pooled_gaps(responses, draws=2000)
    assert pooled is not None
    assert (pooled.segment, pooled.groups) == ("branch", 12)
    rows = pooled.estimates.query("term == 'overall'").set_index("group")
    assert rows.loc["Harbour", "p_worst"] > 0.99
    assert rows.drop("Harbour")["p_best"].max() < 0.8
    texts = [finding.text for finding in cx.findings(pooled)]
    assert any("Harbour has the lowest gap of the 12 groups" in text for text in texts)


def test_reliability_comes_first_on_the_map(responses: cx.Responses) -> None:
    placed = cx.gap_map(responses, replicates=300)
    assert placed is not None
    assert placed.kinds == ("stated", "derived")
    first = placed.positions.sort_values("p_first").groupby("importance")["term"].last()
    assert first.tolist() == ["reliability", "reliability"]


def test_answers_missing_at_random_change_nothing(responses: cx.Responses) -> None:
    found = cx.imputed_gaps(responses, imputations=2, iterations=1)
    assert found is not None
    assert found.missing_share == pytest.approx(0.03, abs=0.005)
    dimensions = found.shifts().query("level == 'dimension'")
    assert dimensions["shift"].abs().max() < 0.05
