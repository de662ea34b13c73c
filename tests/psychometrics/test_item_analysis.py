"""Item–rest correlations and alpha without an item agree with psych."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.psychometrics.items import ItemAnalysisResult, item_analysis

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
FOUR = {"staff": ["a", "b", "c", "d"]}


def answers(seed: int = 1, n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, 1)) + rng.normal(size=(n, 4)), columns=list("abcd"))


def test_every_field_agrees_with_psych() -> None:
    path = REFERENCE / "expected" / "psychometrics_items_bfi.json"
    golden = json.loads(path.read_text(encoding="utf-8"))
    found = item_analysis(pd.read_csv(REFERENCE / golden["data"]), **golden["options"])
    values, rtol = golden["values"], golden["tolerance"]["rtol"]
    for field in ("estimates", "scales"):
        own, expected = getattr(found, field), pd.DataFrame(values.pop(field))
        assert set(own.columns) == set(expected.columns)
        for column in expected:
            if own[column].dtype == object:
                assert own[column].tolist() == expected[column].tolist()
            else:
                np.testing.assert_allclose(
                    own[column], expected[column].astype(float), rtol=rtol, atol=1e-13
                )
    for field, value in values.items():
        own = getattr(found, field)
        assert (list(own) if isinstance(own, tuple) else own) == value, field


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(list("abcd")), shift=st.floats(-9, 9))
def test_order_and_origin_of_items_change_nothing(
    seed: int, order: list[str], shift: float
) -> None:
    frame = answers(seed)
    before = item_analysis(frame, FOUR).estimates.set_index("term")
    changed = item_analysis(frame + shift, {"staff": order}).estimates.set_index("term")
    columns = ["estimate", "alpha_if_dropped", "conf_low", "sd"]
    np.testing.assert_allclose(changed.loc[list("abcd"), columns], before[columns], rtol=1e-8)


def test_an_item_that_was_not_reversed_is_noted() -> None:
    found = item_analysis(answers().assign(c=lambda f: -f["c"]), FOUR)
    assert "negative_item_rest:staff:c" in found.notes
    assert "alpha_rises_without:staff:c" in found.notes
    assert found.glance()["lowest_item_rest"].item() < 0


def test_two_items_leave_no_alpha_without_one() -> None:
    rows = item_analysis(answers(), {"pair": ["a", "b"]}).estimates
    assert rows["alpha_if_dropped"].isna().all()
    assert rows["estimate"][0] == pytest.approx(rows["estimate"][1])


def test_result_survives_json() -> None:
    found = item_analysis(answers(), FOUR)
    back = ItemAnalysisResult.from_dict(json.loads(json.dumps(found.to_dict())))
    pd.testing.assert_frame_equal(back.tidy(), found.tidy())


class TestRefusals:
    def test_a_scale_of_one_item_or_none(self) -> None:
        with pytest.raises(CxError, match="scale 'price' must list at least 2 items"):
            item_analysis(answers(), {"price": ["a"]})
        with pytest.raises(CxError, match="at least one scale"):
            item_analysis(answers(), {})

    def test_too_few_respondents_or_a_constant_item(self) -> None:
        with pytest.raises(ResponseError, match="3 of 3 respondents answered all of 4 items"):
            item_analysis(answers(n=3), FOUR)
        with pytest.raises(EstimationError, match=r"item\(s\) \['a'\] have the same answer"):
            item_analysis(answers().assign(a=1.0), FOUR)


def bfi_agreeableness() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "data" / "psychometrics_bfi.csv.gz")
    frame = frame[[f"A{i}" for i in range(1, 6)]]
    return frame.assign(A1=7 - frame["A1"])


def test_complete_and_pairwise_alpha_are_told_apart_as_psych_has_them() -> None:
    frame = bfi_agreeableness()
    model = {"A": list(frame.columns)}
    complete = item_analysis(frame, model)
    pairwise = item_analysis(frame, model, missing="pairwise")
    one, two = (found.scales.iloc[0] for found in (complete, pairwise))
    assert one["estimate"] == pytest.approx(0.703755894374836, rel=1e-12)
    assert two["estimate"] == pytest.approx(0.703018446057304, rel=1e-12)
    assert two["alpha_standardized"] == pytest.approx(0.713028578671272, rel=1e-12)
    answered = frame.notna().sum(axis=1)
    assert (one["n"], two["n"]) == (2709, (answered > 1).sum())
    np.testing.assert_allclose(
        pairwise.estimates["alpha_if_dropped"],
        [0.718517357026915, 0.617180037046592, 0.600259578765486, 0.68580565233796,
         0.642952960071292], rtol=1e-12,
    )  # fmt: skip
    assert (complete.missing, pairwise.missing) == ("complete", "pairwise")
    expected = frame.cov().loc["A1"].drop("A1").sum()
    assert expected > 0


def test_without_missing_answers_both_ways_agree() -> None:
    frame = bfi_agreeableness().dropna()
    model = {"A": list(frame.columns)}
    one, two = (item_analysis(frame, model, missing=how) for how in ("complete", "pairwise"))
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
    pd.testing.assert_frame_equal(one.scales, two.scales)


def test_whole_case_weights_repeat_respondents_but_intervals_do_not() -> None:
    frame = bfi_agreeableness().dropna().iloc[:200]
    model = {"A": list(frame.columns)}
    weight = np.tile([1.0, 3.0], 100)
    found = item_analysis(frame.assign(w=weight), model, weights="w").scales.iloc[0]
    repeated = frame.loc[frame.index.repeat(weight.astype(int))]
    expected = item_analysis(repeated, model).scales.iloc[0]
    assert found["estimate"] == pytest.approx(expected["estimate"], rel=1e-10)
    assert found["n"] == 200
    assert found["conf_high"] - found["conf_low"] > expected["conf_high"] - expected["conf_low"]
    with pytest.raises(CxError, match="weights go with missing='complete'"):
        item_analysis(frame.assign(w=weight), model, weights="w", missing="pairwise")
