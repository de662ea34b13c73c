"""Coefficient alpha agrees with psych on complete cases, and n is what the interval counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cxresearch._types import Role
from cxresearch.codebook.model import Battery, Codebook, Column, Item, ResponseScale, Scale
from cxresearch.errors import CxError, ResponseError
from cxresearch.psychometrics.coefficient_alpha import alpha_from_covariance, feldt_interval
from cxresearch.psychometrics.reliability import ScaleReliabilityResult, scale_reliability
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
GOLDENS = sorted(path.name for path in (REFERENCE / "expected").glob("scale_reliability*.json"))
PAIRED = {"expectation": "E{item:02d}", "perception": "P{item:02d}"}


def responses_of(
    frame: pd.DataFrame,
    scales: dict[str, Sequence[int]],
    parts: dict[str, str],
    name: str = "servqual",
    roles: Mapping[str, Role] | None = None,
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
        codebook=Codebook(
            survey="Test",
            batteries=(battery,),
            columns=tuple(
                Column(name=column, column=column, role=role, label=column)
                for column, role in (roles or {}).items()
            ),
        ),
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
    if "bfi" in str(read_golden(name)["data"]):
        frame = frame.astype(float).assign(A1=7 - frame["A1"])
        roles: dict[str, Role] = {}
        if read_golden(name)["values"]["weights"]:
            frame["w"], roles = 1.0 + np.arange(len(frame)) % 3, {"w": "weight"}
        return responses_of(frame, {"A": range(1, 6)}, {"rating": "A{item}"}, "bfi", roles)
    return responses_of(frame, SERVQUAL, PAIRED)


RESAMPLED = {"standardized_low", "standardized_high", "omega_low", "omega_high"}


@pytest.mark.parametrize("name", GOLDENS)
def test_every_field_agrees_with_psych_and_lavaan(name: str) -> None:
    golden = read_golden(name)
    found = scale_reliability(golden_responses(name), **golden["options"])
    values, tolerance = golden["values"], golden["tolerance"]
    expected = pd.DataFrame(values.pop("estimates"))
    resampled = RESAMPLED | ({"conf_low", "conf_high"} if found.weights else set())
    assert set(found.estimates.columns) - resampled == set(expected.columns)
    for column in expected:
        if found.estimates[column].dtype == object:
            assert found.estimates[column].tolist() == expected[column].tolist()
        else:
            np.testing.assert_allclose(
                found.estimates[column],
                expected[column],
                rtol=tolerance["omega" if column == "omega" else "rtol"],
                err_msg=str(column),
            )
    for field, value in values.items():
        own = getattr(found, field)
        assert (list(own) if isinstance(own, tuple) else own) == value, field


def test_complete_cases_give_the_listwise_alpha_and_not_the_pairwise_one() -> None:
    row = scale_reliability(golden_responses("scale_reliability_bfi.json")).estimates.iloc[0]
    assert round(row["estimate"], 6) == 0.703756
    assert row["n"] == 2709


def test_pairwise_alpha_is_the_one_psych_gives_without_being_asked() -> None:
    name = "scale_reliability_pairwise.json"
    row = scale_reliability(golden_responses(name), missing="pairwise").estimates.iloc[0]
    assert round(row["estimate"], 6) == 0.703018
    assert 2709 < row["n"] <= 2800


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


def with_correlations(correlations: np.ndarray, n: int = 60) -> np.ndarray:
    """Return answers whose sample correlations are exactly these."""
    draws = np.random.default_rng(2).normal(size=(n, len(correlations)))
    draws -= draws.mean(axis=0)
    white = draws @ np.linalg.inv(np.linalg.cholesky(np.cov(draws.T))).T
    answers: np.ndarray = white @ np.linalg.cholesky(correlations).T
    return answers


class TestOmegaThatCannotBe:
    def test_two_items_have_an_alpha_and_no_omega(self) -> None:
        found = scale_reliability(ratings(with_correlations(np.array([[1, 0.5], [0.5, 1]]))))
        row = found.estimates.iloc[0]
        assert (row["note"], row["omega_note"], found.notes) == ("", "two_items", ())
        assert row["estimate"] == pytest.approx(2 / 3)
        assert row[["omega", "omega_low", "omega_high"]].isna().all()
        assert row["standardized_low"] < 2 / 3 < row["standardized_high"]

    def test_a_heywood_case_is_said(self) -> None:
        correlations = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]])
        found = scale_reliability(ratings(with_correlations(correlations)))
        row = found.estimates.iloc[0]
        assert row["omega_note"] == "heywood"
        assert found.notes == ("omega_undefined:A:rating:heywood",)
        assert row[["omega", "omega_low", "omega_high"]].isna().all()
        assert np.isfinite(row[["estimate", "conf_low", "conf_high"]].astype(float)).all()

    def test_an_item_that_is_the_sum_of_others_is_said(self) -> None:
        answers = with_correlations(np.eye(3) * 0.5 + 0.5)
        found = scale_reliability(ratings(np.column_stack([answers, answers.sum(axis=1)])))
        assert found.estimates["omega_note"].item() == "not_positive_definite"

    def test_items_that_do_not_hang_together_never_crash(self) -> None:
        rng = np.random.default_rng(4)
        for n in (4, 8, 30):
            row = scale_reliability(ratings(rng.normal(size=(n, 4))), n_boot=50).estimates.iloc[
                0
            ]
            assert np.isfinite(row["omega"]) or row["omega_note"]


def branches(seed: int, between: float, n: int = 400) -> tuple[pd.DataFrame, Responses]:
    """Answers whose common part is partly that of 20 branches, and weights of 1 to 3."""
    rng = np.random.default_rng(seed)
    branch = np.repeat(np.arange(20), n // 20)
    halo = np.sqrt(between) * rng.standard_t(4, 20)[branch] + rng.normal(size=n)
    frame = pd.DataFrame(halo[:, None] + rng.normal(size=(n, 4)), columns=list("abcd"))
    frame.columns = pd.Index([f"Q{i}" for i in range(1, 5)])
    frame = frame.assign(branch=branch, region=branch % 2, w=1.0 + np.arange(n) % 3)
    roles: dict[str, Role] = {"branch": "cluster", "region": "stratum", "w": "weight"}
    return frame, responses_of(frame, {"A": range(1, 5)}, {"rating": "Q{item}"}, roles=roles)


class TestDesign:
    def test_clusters_that_differ_make_the_interval_wider(self) -> None:
        _, responses = branches(1, 3.0)
        found = scale_reliability(responses)
        alone = scale_reliability(responses, design="none")
        assert (found.interval, found.clusters, found.strata) == (
            "bootstrap",
            "branch",
            "region",
        )
        assert (alone.clusters, alone.strata, alone.weights) == ("", "", "w")
        widths = [
            float(r["conf_high"] - r["conf_low"])
            for r in (found.estimates.iloc[0], alone.estimates.iloc[0])
        ]
        assert widths[0] > 1.5 * widths[1]
        assert found.estimates["estimate"].item() == alone.estimates["estimate"].item()

    def test_whole_weights_are_as_good_as_repeated_respondents(self) -> None:
        frame, responses = branches(2, 0.0)
        again = frame.loc[frame.index.repeat(frame["w"].astype(int))].reset_index(drop=True)
        weighted = scale_reliability(responses, design="none").estimates.iloc[0]
        repeated = scale_reliability(
            responses_of(again, {"A": range(1, 5)}, {"rating": "Q{item}"})
        ).estimates.iloc[0]
        for column in ("estimate", "alpha_standardized", "omega"):
            assert weighted[column] == pytest.approx(repeated[column], rel=1e-8)
        assert weighted["n"] == len(frame)

    def test_the_bootstrap_of_a_simple_sample_is_about_as_wide_as_feldt(self) -> None:
        frame, _ = branches(3, 0.0)
        plain = responses_of(frame, {"A": range(1, 5)}, {"rating": "Q{item}"})
        row = scale_reliability(plain, n_boot=2000).estimates.iloc[0]
        feldt = row["conf_high"] - row["conf_low"]
        assert row["standardized_high"] - row["standardized_low"] == pytest.approx(
            feldt, rel=0.2
        )

    def test_a_seed_repeats_it_and_another_does_not(self) -> None:
        _, responses = branches(4, 0.5)
        one, two, other = (scale_reliability(responses, n_boot=99, seed=s) for s in (1, 1, 2))
        pd.testing.assert_frame_equal(one.estimates, two.estimates)
        assert one.estimates["omega_low"].item() != other.estimates["omega_low"].item()

    def test_respondents_without_weight_or_branch_are_counted_and_left_out(self) -> None:
        frame, _ = branches(5, 0.5)
        frame.loc[:2, "w"] = np.nan
        frame.loc[3, "w"] = 0.0
        frame["branch"] = frame["branch"].astype(object)
        frame.loc[[10, 11], "branch"] = None
        roles: dict[str, Role] = {"branch": "cluster", "w": "weight"}
        found = scale_reliability(
            responses_of(frame, {"A": range(1, 5)}, {"rating": "Q{item}"}, roles=roles)
        )
        assert found.n == 394
        assert found.notes == ("weight_missing:3", "weight_zero:1", "cluster_missing:2")

    def test_a_stratum_of_one_branch_is_drawn_with_another(self) -> None:
        frame, _ = branches(6, 0.5)
        frame.loc[frame["branch"] == 0, "region"] = 9
        roles: dict[str, Role] = {"branch": "cluster", "region": "stratum"}
        found = scale_reliability(
            responses_of(frame, {"A": range(1, 5)}, {"rating": "Q{item}"}, roles=roles)
        )
        assert found.notes == ("lonely_strata:1",)
        assert np.isfinite(found.estimates["conf_low"].item())

    def test_refusals(self) -> None:
        frame, responses = branches(7, 0.5)
        plain = responses_of(frame, {"A": range(1, 5)}, {"rating": "Q{item}"})
        with pytest.raises(CxError, match="no column of role weight"):
            scale_reliability(plain, weighted=True)
        with pytest.raises(CxError, match="missing must be one of"):
            scale_reliability(plain, missing="all")  # type: ignore[arg-type]
        frame["w"] = -1.0
        with pytest.raises(ResponseError, match="400 of 400 are negative"):
            scale_reliability(responses)


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
