"""HTMT and HTMT2 agree with semTools, their intervals with boot on the same replicates."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.errors import CxError, EstimationError
from cxresearch.psychometrics.distinctness import HtmtResult, htmt

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
GOLDENS = sorted(
    path.name for path in (REFERENCE / "expected").glob("psychometrics_htmt_*.json")
)
TWO = {"A": ["a", "b", "c"], "B": ["d", "e", "f"]}


def two_scales(seed: int = 1, *, n: int = 300, correlation: float = 0.5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], n)
    answers = np.repeat(factors, 3, axis=1) * 0.8 + 0.6 * rng.normal(size=(n, 6))
    return pd.DataFrame(answers, columns=list("abcdef"))


@pytest.mark.parametrize("name", GOLDENS)
def test_every_field_agrees_with_semtools_and_boot(name: str) -> None:
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    frame = pd.read_csv(REFERENCE / golden["data"])
    indices = np.loadtxt(REFERENCE / golden["indices"], delimiter=",", dtype=np.int64)
    found = htmt(frame, indices=indices, **golden["options"])
    values, rtol = golden["values"], golden["tolerance"]["rtol"]
    expected = pd.DataFrame(values.pop("estimates"))
    assert set(found.estimates.columns) == set(expected.columns)
    for column in expected:
        if found.estimates[column].dtype in (object, bool):
            assert found.estimates[column].tolist() == expected[column].tolist()
        else:
            np.testing.assert_allclose(
                found.estimates[column], expected[column], rtol=rtol, err_msg=column
            )
    for field, value in values.items():
        own = getattr(found, field)
        if isinstance(own, np.ndarray):
            np.testing.assert_allclose(own, value, rtol=rtol)
        else:
            assert (list(own) if isinstance(own, tuple) else own) == value, field


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(list("abcdef")))
def test_order_units_and_direction_change_nothing(seed: int, order: list[str]) -> None:
    frame = two_scales(seed)
    before = htmt(frame, TWO, n_boot=0)
    changed = frame[order].assign(
        a=3 + 2 * frame["a"], d=-frame["d"], e=-frame["e"], f=-frame["f"]
    )
    after = htmt(changed, TWO, n_boot=0)
    np.testing.assert_allclose(after.matrix, before.matrix, rtol=1e-10)
    np.testing.assert_allclose(after.matrix2, before.matrix2, rtol=1e-10)


def test_equal_correlations_within_and_between_make_the_ratio_one() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(50, 6))
    z = (z - z.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(z.T))).T
    target = np.full((6, 6), 0.4) + 0.6 * np.eye(6)
    frame = pd.DataFrame(z @ np.linalg.cholesky(target).T, columns=list("abcdef"))
    found = htmt(frame, TWO, n_boot=0)
    assert found.matrix[0, 1] == pytest.approx(1)
    assert found.matrix2[0, 1] == pytest.approx(1)


def test_scales_that_are_one_thing_are_not_called_distinct() -> None:
    found = htmt(two_scales(correlation=0.98), TWO, n_boot=400)
    assert not found.estimates["distinct"].item()
    assert found.glance()["distinct_pairs"].item() == 0


def test_the_same_seed_gives_the_same_interval() -> None:
    one, same, other = (
        htmt(two_scales(), TWO, n_boot=100, seed=s).estimates for s in (5, 5, 6)
    )
    pd.testing.assert_frame_equal(one, same)
    assert one["conf_low"].item() != other["conf_low"].item()


@pytest.mark.parametrize("interval", ["percentile", "bca"])
def test_intervals_cover_the_true_ratio(interval: str) -> None:
    hits = 0
    for seed in range(150):
        found = htmt(two_scales(seed, n=150), TWO, n_boot=400, interval=interval)  # type: ignore[arg-type]
        row = found.estimates.iloc[0]
        hits += row["conf_low"] <= 0.5 <= row["conf_high"]
    assert abs(hits / 150 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 150)


def test_two_thousand_replicates_of_22_items_take_less_than_three_seconds() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(400, 1)) + rng.normal(size=(400, 22)))
    frame.columns = pd.Index([f"q{i}" for i in range(22)])
    model = {f"s{k}": [f"q{i}" for i in range(k, 22, 5)] for k in range(5)}
    started = time.perf_counter()
    assert htmt(frame, model, n_boot=2000).n_boot == 2000
    assert time.perf_counter() - started < 3


def test_a_scale_of_one_item_has_no_ratio() -> None:
    found = htmt(two_scales(), {"A": ["a", "b"], "price": ["d"]}, n_boot=50)
    assert found.notes == ("one_item:price",)
    assert np.isnan(found.matrix[0, 1])
    assert not found.estimates["distinct"].item()


def test_items_of_a_scale_that_correlate_negatively_are_named() -> None:
    frame = two_scales().assign(b=lambda f: -f["b"])
    found = htmt(frame, TWO, n_boot=0)
    assert found.notes == ("negative_correlation:a:b", "negative_correlation:b:c")


def test_respondents_without_all_answers_are_left_out_and_counted() -> None:
    frame = two_scales()
    frame.loc[:4, "a"] = np.nan
    found = htmt(frame, TWO, n_boot=0)
    assert (found.n, found.n_asked, found.notes) == (295, 300, ("rows_dropped:5",))
    assert found.estimates["conf_low"].isna().all()


def test_result_survives_json() -> None:
    found = htmt(two_scales(), TWO, n_boot=50)
    back = HtmtResult.from_dict(json.loads(json.dumps(found.to_dict())))
    pd.testing.assert_frame_equal(back.tidy(), found.tidy())


class TestRefusals:
    def test_one_scale_or_an_item_in_two(self) -> None:
        with pytest.raises(CxError, match="at least two scales"):
            htmt(two_scales(), {"A": ["a", "b"]})
        with pytest.raises(CxError, match=r"item\(s\) \['b'\] belong to two scales"):
            htmt(two_scales(), {"A": ["a", "b"], "B": ["b", "c"]})

    def test_too_few_replicates(self) -> None:
        with pytest.raises(CxError, match="n_boot must be 0 or at least 20; got 5"):
            htmt(two_scales(), TWO, n_boot=5)

    def test_an_unknown_interval(self) -> None:
        with pytest.raises(CxError, match="interval must be one of 'percentile', 'bca'"):
            htmt(two_scales(), TWO, interval="normal")  # type: ignore[arg-type]

    def test_an_item_everybody_answered_alike(self) -> None:
        with pytest.raises(EstimationError, match=r"item\(s\) \['a'\] have the same answer"):
            htmt(two_scales().assign(a=1.0), TWO)
