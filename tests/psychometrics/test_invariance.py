"""Measurement invariance agrees with lavaan, and its verdict says no more than the rungs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError, ResponseError
from cxresearch.psychometrics.invariance import InvarianceResult, measurement_invariance

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
GOLDENS = sorted(
    path.name for path in (REFERENCE / "expected").glob("psychometrics_invariance_*.json")
)
HOLZINGER = {
    "visual": ["x1", "x2", "x3"],
    "textual": ["x4", "x5", "x6"],
    "speed": ["x7", "x8", "x9"],
}
KEYS = {
    "ladder": ["term"],
    "releases": ["parameter", "term"],
    "means": ["term", "group", "reference"],
    "groups": ["term"],
}
# Changes of indices and score tests are differences of numbers that agree to 1e-5.
LIMITS = {"ladder": 2e-4, "releases": 1e-3, "means": 1e-3, "groups": 0.0}


def read_golden(name: str) -> Any:
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    return golden, pd.read_csv(REFERENCE / golden["data"])


def schools() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "psychometrics_holzinger_school.csv")


@pytest.mark.parametrize("name", GOLDENS)
def test_every_field_agrees_with_lavaan(name: str) -> None:
    golden, frame = read_golden(name)
    options, values = golden["options"], golden["values"]
    found = measurement_invariance(
        frame, options.pop("model"), search="partial" in options, **options
    )
    for field, keys in KEYS.items():
        expected = pd.DataFrame(values.pop(field)).set_index(keys)
        ours = getattr(found, field).set_index(keys).loc[expected.index, expected.columns]
        for column in expected:
            theirs = expected[column]
            if column == "group":
                assert ours[column].tolist() == theirs.tolist()
                continue
            np.testing.assert_allclose(
                ours[column].astype(float),
                theirs.astype(float),
                rtol=LIMITS[field],
                atol=1e-5,
                err_msg=f"{field} {column}",
            )
    for field, value in values.items():
        own = getattr(found, field)
        assert (list(own) if isinstance(own, tuple) else own) == value, field


def test_scalar_invariance_fails_between_the_schools_and_two_items_are_why() -> None:
    found = measurement_invariance(schools(), HOLZINGER, group="school", estimator="ml")
    ladder = found.ladder.set_index("term")
    assert ladder.loc["scalar", "p_value"] == pytest.approx(4.43456618042075e-07, rel=1e-4)
    assert ladder.loc["partial_scalar", "p_value"] == pytest.approx(0.250577811750863, rel=1e-4)
    assert ladder["outcome"].tolist()[:4] == ["holds", "holds", "fails", "holds"]
    assert (found.verdict, found.reasons) == ("comparable_partial", ("scalar_fails",))
    assert (found.freed, found.searched) == (("intercept:x3", "intercept:x7"), True)
    assert found.means_comparable


def test_without_search_means_that_cannot_be_compared_are_not_compared() -> None:
    found = measurement_invariance(
        schools(), HOLZINGER, group="school", estimator="ml", search=False
    )
    assert (found.verdict, found.reasons) == ("not_comparable", ("scalar_fails",))
    assert len(found.means) == 0
    assert list(found.means.columns)[:4] == ["term", "group", "reference", "estimate"]
    assert not found.means_comparable


def two_groups(
    seed: int = 1, n: int = 300, *, shift: float = 0.0, loading: float = 0.8, mean: float = 0.3
) -> pd.DataFrame:
    """Two factors of four items; in group B item d is shifted and e loads otherwise."""
    rng = np.random.default_rng(seed)
    frames = []
    for name in "AB":
        b = name == "B"
        factors = rng.multivariate_normal([mean * b, 0], [[1, 0.5], [0.5, 1]], n)
        load = np.full(8, 0.8)
        load[4] = loading if b else 0.8
        answers = np.repeat(factors, 4, axis=1) * load + 0.6 * rng.normal(size=(n, 8)) + 5
        answers[:, 3] += shift * b
        frames.append(pd.DataFrame(answers, columns=list("abcdefgh")).assign(branch=name))
    return pd.concat(frames, ignore_index=True)


TWO = {"F": list("abcd"), "G": list("efgh")}


def test_groups_that_use_the_scale_alike_are_comparable_and_their_means_found() -> None:
    found = measurement_invariance(two_groups(), TWO, group="branch")
    assert (found.verdict, found.reasons, found.freed) == ("comparable", (), ())
    means = found.means.set_index("term")
    assert means.loc["F", "conf_low"] < 0.3 < means.loc["F", "conf_high"]
    assert means.loc["G", "conf_low"] < 0.0 < means.loc["G", "conf_high"]


def test_a_shifted_item_is_named_and_the_mean_rests_on_the_others() -> None:
    found = measurement_invariance(two_groups(2, shift=0.8), TWO, group="branch")
    assert (found.verdict, found.freed) == ("comparable_partial", ("intercept:d",))
    top = found.releases[found.releases["parameter"] == "intercept"].iloc[0]
    assert (top["term"], bool(top["freed"])) == ("d", True)
    row = found.means.set_index("term").loc["F"]
    assert row["conf_low"] < 0.3 < row["conf_high"]


def test_an_item_that_loads_otherwise_is_freed_with_its_intercept() -> None:
    found = measurement_invariance(two_groups(3, loading=0.2), TWO, group="branch")
    assert found.verdict == "comparable_partial"
    assert found.freed == ("loading:e", "intercept:e")
    terms = found.ladder["term"].tolist()
    assert terms == [
        "configural",
        "metric",
        "partial_metric",
        "scalar",
        "partial_scalar",
        "strict",
    ]


def test_the_order_of_rows_and_columns_and_the_units_change_nothing() -> None:
    frame = two_groups(4)
    before = measurement_invariance(frame, TWO, group="branch")
    shuffled = frame[[*"hgfedcba", "branch"]].sample(frac=1, random_state=1)
    shuffled["b"] = 100 * shuffled["b"] - 7
    after = measurement_invariance(shuffled, TWO, group="branch")
    np.testing.assert_allclose(before.ladder["chi2"], after.ladder["chi2"], rtol=1e-5)
    np.testing.assert_allclose(before.means["estimate"], after.means["estimate"], atol=1e-5)


def test_the_reference_group_turns_the_sign_and_leaves_the_fit() -> None:
    frame = two_groups(5)
    before = measurement_invariance(frame, TWO, group="branch", estimator="ml")
    after = measurement_invariance(frame, TWO, group="branch", estimator="ml", reference="B")
    np.testing.assert_allclose(before.ladder["chi2"], after.ladder["chi2"], atol=1e-5)
    assert after.names == ("B", "A")
    assert np.sign(after.means["estimate"].iloc[0]) == -np.sign(
        before.means["estimate"].iloc[0]
    )


def test_complete_answers_give_the_same_by_full_information() -> None:
    frame = two_groups(6)
    listwise = measurement_invariance(frame, TWO, group="branch", estimator="ml")
    full = measurement_invariance(frame, TWO, group="branch", estimator="ml", missing="fiml")
    np.testing.assert_allclose(listwise.ladder["chi2"], full.ladder["chi2"], atol=1e-6)


def test_every_answer_counts_with_full_information() -> None:
    frame = two_groups(7)
    frame.loc[::5, "a"] = np.nan
    listwise = measurement_invariance(frame, TWO, group="branch")
    full = measurement_invariance(frame, TWO, group="branch", missing="fiml")
    assert (listwise.n, full.n) == (480, 600)
    assert listwise.notes == ("rows_dropped:120",)
    assert full.notes == ()


def test_groups_that_are_too_small_are_left_out_and_said() -> None:
    frame = two_groups(8)
    frame.loc[frame.index[:20], "branch"] = "C"
    found = measurement_invariance(frame, TWO, group="branch")
    assert found.names == ("A", "B")
    assert "group_left_out:C:too_small" in found.notes
    row = found.groups.set_index("term").loc["C"]
    assert (row["n"], row["used"], row["note"]) == (20, False, "too_small")


def test_an_item_constant_in_a_group_is_named_with_the_group() -> None:
    frame = two_groups(9)
    frame.loc[frame["branch"] == "B", "c"] = 4.0
    found = measurement_invariance(frame, TWO, group="branch")
    assert (found.verdict, found.reasons) == ("unclear", ("one_group",))
    assert found.notes == ("group_left_out:B:constant:c",)
    assert len(found.ladder) == 0
    assert found.tidy().empty


def test_a_group_with_an_item_twice_is_left_out() -> None:
    frame = two_groups(9)
    frame.loc[frame["branch"] == "B", "c"] = frame["d"]
    found = measurement_invariance(frame, TWO, group="branch")
    assert found.notes == ("group_left_out:B:not_positive_definite",)


def test_unrelated_items_end_in_unclear_and_not_in_an_error() -> None:
    rng = np.random.default_rng(10)
    frame = pd.DataFrame(rng.normal(size=(300, 8)), columns=list("abcdefgh"))
    frame["branch"] = np.repeat(["A", "B"], 150)
    found = measurement_invariance(frame, TWO, group="branch")
    assert found.verdict == "unclear"
    assert any(reason.startswith("configural") for reason in found.reasons)
    assert len(found.means) == 0


def test_respondents_without_a_group_are_left_out_and_counted() -> None:
    frame = two_groups(11)
    frame.loc[:9, "branch"] = None
    found = measurement_invariance(frame, TWO, group="branch")
    assert "group_unknown:10" in found.notes
    assert found.n == 590


def test_three_groups_have_three_differences_of_each_mean() -> None:
    third = two_groups(13, mean=0.9)
    frame = pd.concat([two_groups(12), third[third["branch"] == "B"].assign(branch="C")])
    found = measurement_invariance(frame.reset_index(drop=True), TWO, group="branch")
    rows = found.means[found.means["term"] == "F"].set_index(["group", "reference"])["estimate"]
    assert rows["C", "A"] == pytest.approx(rows["B", "A"] + rows["C", "B"])
    assert len(found.means) == 6


def test_negative_residual_variances_are_noted_with_their_group() -> None:
    # Factors of three items of which one carries all: its residual variance falls below zero.
    correlations = np.array([[1, 0.9, 0.8], [0.9, 1, 0.6], [0.8, 0.6, 1]])
    rng = np.random.default_rng(1)
    z = rng.normal(size=(200, 3))
    z = (z - z.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    odd = pd.DataFrame(z @ np.linalg.cholesky(correlations).T, columns=list("abc"))
    plain = two_groups(14)[["a", "b", "c"]] - 5
    frame = pd.concat([odd.assign(g="odd"), plain.assign(g="plain")], ignore_index=True)
    found = measurement_invariance(frame, {"F": list("abc")}, group="g")
    assert "heywood:a:odd" in found.notes


def test_result_survives_json() -> None:
    found = measurement_invariance(two_groups(), TWO, group="branch")
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    back = InvarianceResult.from_dict(payload)
    assert isinstance(back, InvarianceResult)
    assert back.verdict == found.verdict
    pd.testing.assert_frame_equal(back.ladder, found.ladder, check_dtype=False)
    assert found.glance()["verdict"].item() == "comparable"


def test_difference_tests_hold_their_level_and_intervals_cover() -> None:
    metric, scalar, covered = [], [], []
    for seed in range(120):
        found = measurement_invariance(
            two_groups(seed + 100, n=200), TWO, group="branch", estimator="ml", search=False
        )
        p_value = found.ladder.set_index("term")["p_value"]
        metric.append(p_value["metric"] < 0.05)
        scalar.append(p_value["scalar"] < 0.05)
        if len(found.means):
            row = found.means.iloc[0]
            covered.append(row["conf_low"] < 0.3 < row["conf_high"])
    error = 4 * np.sqrt(0.05 * 0.95 / 120)
    assert abs(np.mean(metric) - 0.05) < error
    assert abs(np.mean(scalar) - 0.05) < error
    assert len(covered) > 80
    assert abs(np.mean(covered) - 0.95) < error


class TestRefusals:
    def test_a_frame_without_a_model(self) -> None:
        with pytest.raises(CxError, match="model must name the factors"):
            measurement_invariance(two_groups(), group="branch")

    def test_a_model_beside_a_battery(self) -> None:
        with pytest.raises(CxError, match="not both"):
            measurement_invariance(two_groups(), TWO, group="branch", battery="desk")

    def test_a_group_that_is_no_column(self) -> None:
        with pytest.raises(CxError, match=r"group: \['region'\] not found"):
            measurement_invariance(two_groups(), TWO, group="region")

    def test_a_reference_that_is_no_group(self) -> None:
        with pytest.raises(CxError, match="reference must be one of 'A', 'B'; got 'Z'"):
            measurement_invariance(two_groups(), TWO, group="branch", reference="Z")

    def test_a_partial_item_that_is_not_in_the_model(self) -> None:
        with pytest.raises(CxError, match=r"partial: \['z'\] not found"):
            measurement_invariance(two_groups(), TWO, group="branch", partial=("loading:z",))
        with pytest.raises(CxError, match="partial must be a sequence"):
            measurement_invariance(two_groups(), TWO, group="branch", partial="a")

    def test_items_that_are_text(self) -> None:
        frame = two_groups().assign(a="often")
        with pytest.raises(ResponseError, match=r"column\(s\) \['a'\] do not hold numbers"):
            measurement_invariance(frame, TWO, group="branch")

    def test_an_unknown_estimator(self) -> None:
        with pytest.raises(CxError, match="estimator must be one of 'ml', 'mlr'"):
            measurement_invariance(two_groups(), TWO, group="branch", estimator="wlsmv")
