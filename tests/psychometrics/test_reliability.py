"""Coefficient alpha agrees with psych on complete cases, and n is what the interval counts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cxresearch.codebook.model import Battery, Codebook, Item, ResponseScale, Scale
from cxresearch.errors import CxError, ResponseError
from cxresearch.psychometrics.reliability import (
    ScaleReliabilityResult,
    alpha_from_covariance,
    feldt_interval,
    scale_reliability,
)
from cxresearch.responses.model import Flow, Responses
from cxresearch.results import Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SERVQUAL = {
    "TAN": range(1, 5),
    "REL": range(5, 10),
    "RES": range(10, 14),
    "ASS": range(14, 18),
    "EMP": range(18, 23),
}
PAIRED = {"expectation": "E{item:02d}", "perception": "P{item:02d}"}


def responses_of(
    frame: pd.DataFrame,
    scales: dict[str, Sequence[int]],
    parts: dict[str, str],
    name: str = "servqual",
) -> Responses:
    battery = Battery(
        name=name,
        scale=ResponseScale(name="agree", low=1, high=7),
        parts=parts,  # type: ignore[arg-type]
        scales=tuple(
            Scale(
                name=scale,
                label=f"Text of {scale}",
                items=tuple(Item(key=key, text=f"Item {key}") for key in keys),
            )
            for scale, keys in scales.items()
        ),
    )
    return Responses(
        codebook=Codebook(survey="Test", batteries=(battery,)),
        frame=frame,
        missing=frame.isna(),
        quality=pd.DataFrame(),
        flow=Flow(read=len(frame)),
        sources=(),
    )


def ratings(answers: np.ndarray, **scales: Sequence[int]) -> Responses:
    frame = pd.DataFrame(answers, columns=[f"Q{i + 1}" for i in range(answers.shape[1])])
    return responses_of(
        frame, scales or {"A": range(1, answers.shape[1] + 1)}, {"rating": "Q{item}"}
    )


def read_golden(name: str) -> Any:
    return json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))


def golden_responses(name: str) -> Responses:
    frame = pd.read_csv(REFERENCE / read_golden(name)["data"])
    if name == "scale_reliability_bfi.json":
        frame = frame.astype(float).assign(A1=7 - frame["A1"])
        return responses_of(frame, {"A": range(1, 6)}, {"rating": "A{item}"}, "bfi")
    return responses_of(frame, SERVQUAL, PAIRED)


@pytest.mark.parametrize(
    "name",
    ["scale_reliability.json", "scale_reliability_faults.json", "scale_reliability_bfi.json"],
)
def test_every_field_agrees_with_psych(name: str) -> None:
    golden = read_golden(name)
    found = scale_reliability(golden_responses(name), **golden["options"])
    values, rtol = golden["values"], golden["tolerance"]["rtol"]
    expected = pd.DataFrame(values.pop("estimates"))
    assert set(found.estimates.columns) == set(expected.columns)
    for column in expected:
        if found.estimates[column].dtype == object:
            assert found.estimates[column].tolist() == expected[column].tolist()
        else:
            np.testing.assert_allclose(
                found.estimates[column], expected[column], rtol=rtol, err_msg=str(column)
            )
    for field, value in values.items():
        own = getattr(found, field)
        assert (list(own) if isinstance(own, tuple) else own) == value, field


def test_complete_cases_give_the_listwise_alpha_and_not_the_pairwise_one() -> None:
    row = scale_reliability(golden_responses("scale_reliability_bfi.json")).estimates.iloc[0]
    assert round(row["estimate"], 6) == 0.703756
    assert row["n"] == 2709


def test_the_interval_counts_the_respondents_in_the_covariances() -> None:
    rng = np.random.default_rng(5)
    answers = rng.normal(size=(12, 1)) + rng.normal(size=(12, 3))
    answers[:3, 0] = np.nan
    columns = ["estimate", "conf_low", "conf_high", "n"]
    with_gaps = scale_reliability(ratings(answers)).estimates[columns]
    complete = scale_reliability(ratings(answers[3:])).estimates[columns]
    pd.testing.assert_frame_equal(with_gaps, complete)
    assert with_gaps["n"].item() == 9


def test_a_battery_of_perceptions_has_no_gap() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(rng.normal(size=(9, 4)), columns=[f"P{i:02d}" for i in range(1, 5)])
    responses = responses_of(frame, {"A": range(1, 5)}, {"perception": "P{item:02d}"})
    assert scale_reliability(responses).estimates["group"].tolist() == ["perception"]


def test_an_item_that_was_not_reversed_is_named() -> None:
    frame = pd.read_csv(REFERENCE / "data" / "bfi_agreeableness.csv").astype(float)
    found = scale_reliability(responses_of(frame, {"A": range(1, 6)}, {"rating": "A{item}"}))
    assert found.notes == ("negative_item_rest:A:rating:item_1",)
    assert found.estimates["estimate"].item() < 0.5


class TestUndefined:
    def row(self, answers: np.ndarray) -> pd.Series:
        return scale_reliability(ratings(answers)).estimates.iloc[0]

    def test_one_item_has_no_alpha(self) -> None:
        row = self.row(np.array([[1.0], [2.0], [3.0]]))
        assert row["note"] == "one_item"
        assert row[["estimate", "conf_low", "conf_high", "alpha_standardized"]].isna().all()

    def test_one_complete_respondent_is_too_few(self) -> None:
        row = self.row(np.array([[1.0, 2.0], [np.nan, 3.0]]))
        assert (row["note"], row["n"]) == ("too_few", 1)

    def test_nobody_complete_is_too_few(self) -> None:
        row = self.row(np.array([[1.0, np.nan], [np.nan, 3.0]]))
        assert (row["note"], row["n"]) == ("too_few", 0)

    def test_constant_answers_have_no_alpha(self) -> None:
        row = self.row(np.full((7, 3), 0.1 + 0.2))
        assert row["note"] == "constant"
        assert np.isnan(row["estimate"])

    def test_items_that_cancel_have_no_alpha(self) -> None:
        x = np.array([1.0, 2.0, 5.0])
        assert self.row(np.column_stack([x, -x]))["note"] == "constant"

    def test_a_constant_item_leaves_raw_alpha_and_takes_the_standardised_one(self) -> None:
        x = np.array([1.0, 2.0, 5.0, 4.0])
        row = self.row(np.column_stack([x, x, np.full(4, 3.0)]))
        assert row["estimate"] == pytest.approx(0.75)
        assert np.isnan(row["alpha_standardized"])

    def test_an_interval_without_alpha_is_undefined(self) -> None:
        assert np.isnan(feldt_interval(np.nan, n=10, items=3)).all()
        assert np.isnan(feldt_interval(0.5, n=1, items=3)).all()


class TestRefusals:
    def test_one_respondent(self) -> None:
        with pytest.raises(ResponseError, match="1 respondents; at least 2 are needed"):
            scale_reliability(ratings(np.array([[1.0, 2.0]])))

    def test_a_confidence_level_in_percent(self) -> None:
        with pytest.raises(CxError, match="confidence_level must be a number between 0 and 1"):
            scale_reliability(ratings(np.eye(3)), confidence_level=95)

    def test_a_matrix_that_is_not_square_not_finite_or_not_symmetric(self) -> None:
        with pytest.raises(CxError, match="not finite; leave out missing answers"):
            alpha_from_covariance(np.full((2, 2), np.nan))
        with pytest.raises(CxError, match="must be a square matrix"):
            alpha_from_covariance(np.ones((2, 3)))
        with pytest.raises(CxError, match="must be symmetric"):
            alpha_from_covariance(np.array([[1.0, 0.5], [0.1, 1.0]]))


matrices = hnp.arrays(float, (10, 4), elements=st.integers(1, 7).map(float))


@settings(max_examples=60, deadline=None)
@given(answers=matrices, shift=st.integers(-5, 5), seed=st.integers(0, 99))
def test_a_constant_and_the_order_of_rows_and_items_leave_alpha(
    answers: np.ndarray, shift: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    other = answers[rng.permutation(10)][:, rng.permutation(4)] + shift
    columns = ["estimate", "conf_low", "conf_high", "n", "alpha_standardized"]
    before, after = (scale_reliability(ratings(a)).estimates[columns] for a in (answers, other))
    pd.testing.assert_frame_equal(before, after, rtol=1e-8, atol=1e-8)


@settings(max_examples=60, deadline=None)
@given(answers=matrices)
def test_alpha_is_at_most_one_and_lies_in_its_interval(answers: np.ndarray) -> None:
    row = scale_reliability(ratings(answers)).estimates.iloc[0]
    if np.isfinite(row["estimate"]):
        assert row["conf_low"] <= row["estimate"] <= row["conf_high"] <= 1 + 1e-12


def test_identical_items_have_an_alpha_of_one() -> None:
    assert alpha_from_covariance(np.ones((3, 3))) == pytest.approx(1)


def test_a_result_survives_json() -> None:
    found = scale_reliability(golden_responses("scale_reliability_faults.json"))
    back = Result.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert isinstance(back, ScaleReliabilityResult)
    pd.testing.assert_frame_equal(back.estimates, found.estimates)
    assert len(found.glance()) == 1
