"""What needs only printed correlations: their comparison, KMO, and scores that have them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError, EstimationError
from cxresearch.psychometrics import (
    adequacy_from_correlation,
    compare_dependent_correlations,
    factor_adequacy,
    scores_from_correlation,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
COLUMNS = ["estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "n"]


def golden(name: str) -> dict[str, object]:
    path = REFERENCE / "expected" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


COMPARED = golden("dependent_correlations")
BFI = pd.read_csv(REFERENCE / "data" / "psychometrics_bfi.csv.gz").iloc[:, :25]


@pytest.mark.parametrize("case", range(3))
def test_comparisons_agree_with_psych_and_the_papers(case: int) -> None:
    result = compare_dependent_correlations(**COMPARED["cases"][case])
    expected = pd.DataFrame(COMPARED["values"]["estimates"][case]).reindex(columns=COLUMNS)
    found = result.tidy()[COLUMNS].replace(np.inf, np.nan)
    np.testing.assert_allclose(
        found.to_numpy(dtype=float), expected.to_numpy(dtype=float), rtol=1e-10
    )
    assert result.tidy()["df"].tolist()[1] == np.inf
    for field in ("first", "second", "between", "n"):
        assert getattr(result, field) == COMPARED["values"][field][case]


def test_zous_interval_is_the_one_that_cocor_prints() -> None:
    zou = compare_dependent_correlations(0.83, 0.16, 0.19, n=30).tidy().iloc[2]
    assert (round(zou["conf_low"], 2), round(zou["conf_high"], 2)) == (0.32, 1.04)


def test_tests_hold_their_level_and_the_interval_covers() -> None:
    rng, samples = np.random.default_rng(7), 400
    matrix = np.array([[1, 0.5, 0.5], [0.5, 1, 0.4], [0.5, 0.4, 1]])
    people = rng.multivariate_normal(np.zeros(3), matrix, size=(samples, 60))
    rejected = np.zeros(3)
    for one in people:
        r = np.corrcoef(one.T)
        rows = compare_dependent_correlations(r[0, 1], r[0, 2], r[1, 2], n=60).tidy()
        left_out = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
        rejected += np.array([*(rows["p_value"].iloc[:2] < 0.05), left_out.iloc[2]])
    assert np.all(np.abs(rejected / samples - 0.05) < 4 * np.sqrt(0.05 * 0.95 / samples))


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        ({"first": 1.2}, CxError, "beyond ±1"),
        ({"n": 3}, CxError, "n must be"),
        ({"between": 1.0, "second": 0.4}, EstimationError, "not positive definite"),
        ({"first": 0.9, "second": -0.9, "between": 0.9}, EstimationError, "positive definite"),
    ],
)
def test_impossible_correlations_are_refused(
    asked: dict[str, float], kind: type[CxError], said: str
) -> None:
    options = {"first": 0.4, "second": 0.5, "between": 0.1, "n": 100, **asked}
    with pytest.raises(kind, match=said):
        compare_dependent_correlations(**options)  # type: ignore[arg-type]


def test_pairwise_adequacy_agrees_with_psych() -> None:
    expected = golden("psychometrics_adequacy_pairwise")["values"]
    answered = BFI.notna().astype(int)
    n = int((answered.T @ answered).min().min())
    found = adequacy_from_correlation(BFI.corr(), n=n)
    rows = pd.DataFrame(expected["estimates"])
    assert found.tidy()["term"].tolist() == rows["term"].tolist()
    columns = ["estimate", "n", "squared_multiple_correlation"]
    np.testing.assert_allclose(
        found.tidy()[columns].astype(float), rows[columns].astype(float), rtol=1e-10
    )
    for field in ("kmo", "chi2", "df", "determinant", "n"):
        assert getattr(found, field) == pytest.approx(expected[field], rel=1e-10)


def test_adequacy_of_a_matrix_is_that_of_its_answers() -> None:
    complete = BFI.dropna()
    of_answers, of_matrix = (
        factor_adequacy(complete),
        adequacy_from_correlation(complete.corr(), n=len(complete)),
    )
    np.testing.assert_allclose(of_matrix.kmo, of_answers.kmo, rtol=1e-12)
    np.testing.assert_allclose(of_matrix.chi2, of_answers.chi2, rtol=1e-10)
    assert of_matrix.items == of_answers.items


def test_scores_have_exactly_the_correlations_asked_for() -> None:
    matrix = BFI.corr()
    scores = scores_from_correlation(matrix, n=40, seed=3)
    np.testing.assert_allclose(scores.corr(), matrix, atol=1e-12)
    np.testing.assert_allclose(scores.mean(), 0, atol=1e-12)
    np.testing.assert_allclose(scores.std(), 1, rtol=1e-12)
    assert list(scores) == list(matrix)
    assert not scores.equals(scores_from_correlation(matrix, n=40, seed=4))


@pytest.mark.parametrize(
    ("matrix", "names", "said"),
    [
        (np.ones((2, 3)), None, "square"),
        (np.eye(2), ["a"], "2 different names"),
        (np.eye(2), ["a", "a"], "2 different names"),
        (np.array([[1, np.nan], [np.nan, 1]]), ["a", "b"], "a with b is missing on both sides"),
    ],
)
def test_what_is_not_a_correlation_matrix_is_refused(
    matrix: np.ndarray, names: list[str] | None, said: str
) -> None:
    with pytest.raises(CxError, match=said):
        scores_from_correlation(matrix, n=10, names=names)
