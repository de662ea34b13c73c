"""Dominance analysis against domir and dominanceanalysis, and what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch._subsets import complete_dominance, subset_r2
from cxresearch.drivers.dominance import DominanceResult, _findings, dominance_analysis
from cxresearch.drivers.importance import driver_importance
from cxresearch.errors import CxError, EstimationError
from cxresearch.results import Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def golden(name: str) -> dict[str, Any]:
    text = (REFERENCE / "expected" / f"drivers_{name}.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"drivers_{name}.csv")


def square(result: DominanceResult, column: str = "estimate") -> np.ndarray:
    table = result.estimates.pivot_table(
        index="term", columns="other", values=column, sort=False
    )
    names = result.general["term"].tolist()
    return table.reindex(index=names, columns=names).to_numpy(dtype=float)


SWISS = golden("dominance_swiss")


@pytest.fixture(scope="module")
def swiss() -> DominanceResult:
    return dominance_analysis(data("swiss"), **SWISS["options"], n_boot=200)


def test_swiss_agrees_with_domir(swiss: DominanceResult) -> None:
    want = np.array(SWISS["values"]["estimates"]["won"], dtype=float)
    np.testing.assert_allclose(square(swiss), want, atol=1e-15)
    np.testing.assert_allclose(
        swiss.general["estimate"], SWISS["values"]["general"], rtol=1e-10
    )
    conditional = swiss.conditional["estimate"].to_numpy().reshape(5, 5)
    np.testing.assert_allclose(conditional, SWISS["values"]["conditional"], rtol=1e-10)
    assert swiss.conditional["others"].tolist() == [0, 1, 2, 3, 4] * 5
    assert swiss.r2 == pytest.approx(SWISS["values"]["r2"], rel=1e-10)
    assert (swiss.n, swiss.n_asked, swiss.n_boot, swiss.seed) == (47, 47, 200, 1)
    assert (swiss.outcome, swiss.model, swiss.criterion) == ("Fertility", "linear", "r2")
    assert swiss.drivers == tuple(SWISS["options"]["drivers"])
    assert (swiss.controls, swiss.r2_controls) == ((), 0.0)
    assert (swiss.weights, swiss.clusters, swiss.strata) == ("", "", "")


def test_azen_and_budescu_find_the_published_relations() -> None:
    want = golden("dominance_matrices")["azen_budescu"]
    found = _findings(subset_r2(np.array(want["matrix_outcome_last"])).r2)
    # dominanceanalysis writes 1 for "dominates", 0 for "is dominated", 0.5 for undecided.
    for level, key in (
        ("complete", "complete"), ("conditional", "conditional"), ("general", "general_matrix")
    ):  # fmt: skip
        relation = found.relations[level]
        coded = np.where(relation, 1.0, np.where(relation.T, 0.0, 0.5))
        np.testing.assert_array_equal(coded, np.array(want[key]))


def test_the_trap_is_conditional_but_not_complete() -> None:
    trap = golden("dominance_matrices")["trap"]
    found = _findings(subset_r2(np.array(trap["S"])).r2)
    assert found.relations["conditional"][1].tolist() == [True, False, True, True]
    assert found.relations["complete"][1].tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("criterion", "index"), [("mcfadden", "r2.m"), ("nagelkerke", "r2.n"), ("estrella", "r2.e")]
)
def test_logit_dominance_agrees_with_dominanceanalysis(criterion: str, index: str) -> None:
    logit = golden("dominance_logit")
    result = dominance_analysis(
        data("birthwt"), outcome="low", drivers=logit["drivers"], kind="binary",
        criterion=criterion, n_boot=0,
    )  # fmt: skip
    want = logit["indices"][index]
    np.testing.assert_allclose(result.general["estimate"], want["general"], rtol=1e-8)
    by_size = result.conditional["estimate"].to_numpy().reshape(6, 6)
    np.testing.assert_allclose(by_size, want["by_level"], rtol=1e-8)
    complete = np.nan_to_num(square(result, "complete"), nan=0.0).astype(bool)
    coded = np.where(complete, 1.0, np.where(complete.T, 0.0, 0.5))
    np.testing.assert_array_equal(coded, np.array(want["complete"]))


def test_ordinal_dominance_agrees_with_domir_over_polr() -> None:
    want = golden("dominance_ordinal")
    frame = data("housing")
    frame["Sat"] = pd.Categorical(frame["Sat"], ["Low", "Medium", "High"], ordered=True)
    result = dominance_analysis(
        frame, outcome="Sat", drivers=["Infl", "Type", "Cont"], kind="ordinal", weights="Freq",
        n_boot=0,
    )  # fmt: skip
    by_size = result.conditional["estimate"].to_numpy().reshape(3, 3)
    np.testing.assert_allclose(by_size, want["conditional"], rtol=1e-6, atol=5e-9)
    np.testing.assert_allclose(square(result), np.array(want["complete"], dtype=float))


def test_general_dominance_is_the_shapley_share(swiss: DominanceResult) -> None:
    shares = driver_importance(data("swiss"), **SWISS["options"], n_boot=0).estimates[
        "estimate"
    ]
    np.testing.assert_allclose(swiss.general["estimate"], shares, atol=1e-14)
    means = swiss.conditional.groupby("term", sort=False)["estimate"].mean()
    np.testing.assert_allclose(means, shares, atol=1e-14)


def test_the_strongest_relation_is_named_and_its_reproduction_counted(
    swiss: DominanceResult,
) -> None:
    table = swiss.estimates.set_index(["term", "other"])
    assert table.loc[("Education", "Agriculture"), "strongest"] == "complete"
    assert table.loc[("Education", "Catholic"), "strongest"] == "complete"
    assert table.loc[("Agriculture", "Education"), "strongest"] == "none"
    reproduced = table.filter(like="reproduced_")
    assert ((reproduced >= 0) & (reproduced <= 1)).all(axis=None)
    assert table.loc[("Education", "Agriculture"), "reproduced_general"] > 0.9


def test_a_replicate_equal_to_the_sample_reproduces_everything() -> None:
    frame = data("attitude")
    drivers = ["complaints", "learning", "raises"]
    same = np.tile(np.arange(30), (20, 1))
    result = dominance_analysis(frame, outcome="rating", drivers=drivers, indices=same)
    assert (result.estimates.filter(like="reproduced_") == 1).all(axis=None)
    classes = dominance_analysis(
        frame.assign(top=(frame["rating"] > 65).astype(int)), outcome="top", drivers=drivers,
        kind="binary", indices=same,
    )  # fmt: skip
    assert (classes.estimates.filter(like="reproduced_") == 1).all(axis=None)


def test_groups_and_controls_can_be_compared() -> None:
    result = dominance_analysis(
        data("attitude"), outcome="rating", drivers=["complaints", "learning", "raises"],
        controls=["critical"], groups={"work": ["learning", "raises"]}, n_boot=0,
    )  # fmt: skip
    assert result.general["term"].tolist() == ["complaints", "work"]
    assert result.general["estimate"].sum() == pytest.approx(result.r2 - result.r2_controls)
    assert result.estimates["reproduced_general"].isna().all()


def test_the_result_survives_json_and_shows_its_counts(swiss: DominanceResult) -> None:
    again = Result.from_dict(json.loads(json.dumps(swiss.to_dict())))
    assert isinstance(again, DominanceResult)
    pd.testing.assert_frame_equal(again.tidy(), swiss.tidy(), check_dtype=False)
    glance = swiss.glance()
    assert glance["pairs_complete"][0] == swiss.estimates["complete"].sum()
    assert glance["pairs_general"][0] == 10


def test_books_that_do_not_balance_are_refused(swiss: DominanceResult) -> None:
    payload = swiss.to_dict()
    payload["fields"]["r2"] = 0.1
    with pytest.raises(EstimationError, match="does not sum to the R²"):
        Result.from_dict(payload)


def test_a_pair_without_a_winner_in_any_model_has_no_dominance() -> None:
    matrix = np.array([[1.0, 0.3, 0.5], [0.3, 1.0, 0.5], [0.5, 0.5, 1.0]])
    assert (np.nan_to_num(complete_dominance(subset_r2(matrix).r2)) == 0).all()


@pytest.mark.parametrize("drivers", [["learning"], ["learning", "raises", "learning:raises"]])
def test_one_driver_or_an_interaction_cannot_be_compared(drivers: list[str]) -> None:
    with pytest.raises(CxError, match="needs 2 to 22 drivers"):
        dominance_analysis(data("attitude"), outcome="rating", drivers=drivers, n_boot=0)


def test_tjur_has_no_replicates() -> None:
    frame = data("birthwt")
    options = {"outcome": "low", "drivers": ["age", "lwt"], "kind": "binary"}
    with pytest.raises(CxError, match="not offered for criterion 'tjur'"):
        dominance_analysis(frame, **options, criterion="tjur")
    assert dominance_analysis(frame, **options, criterion="tjur", n_boot=0).criterion == "tjur"
