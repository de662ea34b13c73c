"""Importance and dominance from a printed matrix are those of the answers behind it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxresearch as cx
from cxresearch.drivers import (
    dominance_analysis,
    dominance_from_correlation,
    driver_importance,
    importance_from_correlation,
)
from cxresearch.errors import CxError, EstimationError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SWISS = pd.read_csv(REFERENCE / "data" / "drivers_swiss.csv").select_dtypes("number")
MATRICES = json.loads(
    (REFERENCE / "expected" / "drivers_dominance_matrices.json").read_text(encoding="utf-8")
)
DRIVERS = [name for name in SWISS if name != "Fertility"]
POPULATION = np.array(
    [[1.0, 0.5, 0.3, 0.6], [0.5, 1.0, 0.4, 0.5], [0.3, 0.4, 1.0, 0.3], [0.6, 0.5, 0.3, 1.0]]
)
ASKED = {"outcome": "x4", "n": 200}


@pytest.mark.parametrize("method", ["shapley", "relative_weight", "car"])
def test_shares_equal_those_of_the_answers(method: str) -> None:
    options = {"outcome": "Fertility", "drivers": DRIVERS, "method": method, "n_boot": 0}
    of_answers = driver_importance(SWISS, **options)
    of_matrix = importance_from_correlation(SWISS.corr(), n=len(SWISS), **options)
    columns = ["estimate", "percent", "first", "last", "pratt", "adjusted", "rank"]
    np.testing.assert_allclose(
        of_matrix.tidy()[columns].astype(float), of_answers.tidy()[columns].astype(float),
        rtol=1e-9,
    )  # fmt: skip
    assert of_matrix.r2 == pytest.approx(of_answers.r2, rel=1e-12)
    assert of_matrix.r2_adjusted == pytest.approx(of_answers.r2_adjusted, rel=1e-12)
    assert (of_matrix.n, of_matrix.replicates, of_matrix.interval) == (47, "none", "none")


def test_controls_and_groups_mean_what_they_mean_for_answers() -> None:
    options = {
        "outcome": "Fertility", "drivers": DRIVERS[1:], "controls": DRIVERS[:1],
        "groups": {"school": ["Examination", "Education"]}, "n_boot": 0,
    }  # fmt: skip
    of_answers = driver_importance(SWISS, **options).tidy()
    of_matrix = importance_from_correlation(SWISS.corr(), n=47, **options).tidy()
    assert of_matrix["term"].tolist() == of_answers["term"].tolist()
    np.testing.assert_allclose(of_matrix["estimate"], of_answers["estimate"], rtol=1e-9)


def test_dominance_agrees_with_dominanceanalysis() -> None:
    case = MATRICES["azen_budescu"]
    matrix = pd.DataFrame(
        case["matrix_outcome_last"], columns=[*case["names"], "y"], index=[*case["names"], "y"]
    )
    found = dominance_from_correlation(matrix, outcome="y", n=200, n_boot=0)
    answers = (
        dominance_analysis(SWISS, outcome="Fertility", drivers=DRIVERS, n_boot=0),
        dominance_from_correlation(SWISS.corr(), outcome="Fertility", n=47, n_boot=0),
    )
    pd.testing.assert_frame_equal(answers[0].tidy(), answers[1].tidy())
    general = found.general.set_index("term")["estimate"]
    np.testing.assert_allclose(general[case["names"]], case["general"], rtol=1e-10)
    assert found.tidy()["reproduced_complete"].isna().all()


def test_a_triangle_in_any_order_of_rows_is_enough() -> None:
    whole = SWISS.corr()
    lower = whole.where(np.tri(len(whole), dtype=bool)).sample(frac=1, random_state=1)
    asked = {"outcome": "Fertility", "n": 47, "n_boot": 0}
    pd.testing.assert_frame_equal(
        importance_from_correlation(lower, **asked).tidy(),
        importance_from_correlation(whole, **asked).tidy(),
    )


def test_intervals_cover_at_their_level_when_answers_are_normal() -> None:
    truth = importance_from_correlation(POPULATION, **ASKED, n_boot=0).tidy()["estimate"]
    rng, held, samples = np.random.default_rng(2), np.zeros(3), 80
    for sample in range(samples):
        people = rng.multivariate_normal(np.zeros(4), POPULATION, size=200)
        rows = importance_from_correlation(
            np.corrcoef(people.T), **ASKED, n_boot=200, seed=sample
        ).tidy()
        held += ((rows["conf_low"] <= truth) & (truth <= rows["conf_high"])).to_numpy()
    assert (held / samples > 0.95 - 4 * np.sqrt(0.95 * 0.05 / samples)).all()


def test_drawn_matrices_are_those_of_normal_answers() -> None:
    drawn = importance_from_correlation(POPULATION, **ASKED, n_boot=1000)
    people = np.random.default_rng(3).multivariate_normal(np.zeros(4), POPULATION, size=200)
    frame = pd.DataFrame(people, columns=["x1", "x2", "x3", "x4"])
    resampled = driver_importance(frame, outcome="x4", drivers=["x1", "x2", "x3"], n_boot=1000)
    ratio = drawn.tidy()["std_error"] / resampled.tidy()["std_error"]
    assert ratio.between(0.6, 1.6).all()
    assert drawn.replicates == "normal"
    assert drawn.ranks.groupby("term")["estimate"].sum().tolist() == pytest.approx([1, 1, 1])


def test_readers_are_told_that_no_answers_were_seen() -> None:
    found = importance_from_correlation(POPULATION, **ASKED, n_boot=100)
    notes = " ".join(cx.display_importance(found).notes)
    assert "100 correlation matrices drawn as if answers were normal" in notes
    told = " ".join(finding.text for finding in cx.findings(found))
    assert "Only the correlations of 200 respondents are known" in told
    assert "answered everything" not in told


def test_how_often_dominance_comes_out_again_is_told() -> None:
    found = dominance_from_correlation(POPULATION, **ASKED, n_boot=300).tidy()
    clear = found.query("term == 'x1' and other == 'x3'").iloc[0]
    assert clear["strongest"] == "complete"
    assert clear["reproduced_complete"] > 0.9


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n": 4}, "4 respondents are too few for 3 drivers"),
        ({"outcome": "y"}, r"\['y'\] not found"),
        ({"drivers": ["x1", "z"]}, r"\['z'\] not found"),
        ({"method": "dominance"}, "method"),
        ({"n_boot": 5}, "n_boot must be 0"),
    ],
)
def test_a_question_that_does_not_fit_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(CxError, match=said):
        importance_from_correlation(POPULATION, **{**ASKED, **change})


@pytest.mark.parametrize(
    ("cell", "value", "said"),
    [
        ((0, 1), 1.2, "x1 with x2 is beyond ±1"),
        ((0, 1), 0.4, "x1 with x2 differs from the other side"),
        ((2, 2), 0.8, "x3 with x3 must be 1"),
    ],
)
def test_a_mistyped_cell_is_named(cell: tuple[int, int], value: float, said: str) -> None:
    matrix = POPULATION.copy()
    matrix[cell] = value
    with pytest.raises(CxError, match=said):
        importance_from_correlation(matrix, **ASKED)


def test_correlations_that_nobody_can_have_are_refused() -> None:
    matrix = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    with pytest.raises(EstimationError, match="not positive definite"):
        importance_from_correlation(matrix, outcome="x3", n=100)
