"""Conditional logit: equal to survival's, and clear words for choices that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special

from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.peak_end import ChoiceModelResult, choice_model

Golden = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]
ATTRIBUTES = ["peak", "end", "duration"]


def fitted(frame: pd.DataFrame, **options: Any) -> ChoiceModelResult:
    given = {"choice": "set", "chosen": "again", "attributes": ATTRIBUTES, "order": "place"}
    return choice_model(frame, **(given | options))


def pairs(count: int, seed: int, *, first: float = 0.0, end: float = 0.8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "set": np.repeat(np.arange(count), 2),
            "place": np.tile([1, 2], count),
            "end": rng.normal(size=2 * count),
        }
    )
    gap = frame["end"].to_numpy()[::2] - frame["end"].to_numpy()[1::2]
    one = rng.random(count) < special.expit(end * gap + first)
    return frame.assign(again=np.column_stack([one, ~one]).ravel().astype(int))


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("plain", {}),
        ("no_order", {"order": ""}),
        ("clustered", {"participant": "person"}),
    ],
)
def test_weights_and_errors_equal_those_of_clogit(
    golden: Golden, reference_data: Data, case: str, options: dict[str, Any]
) -> None:
    expected = golden("choice_model")
    rtol = expected["tolerance"]["rtol"]
    table = pd.DataFrame(expected["values"]["estimates"][case])
    found = fitted(reference_data("pairs"), **options)
    assert found.estimates["term"].tolist() == table["term"].tolist()
    np.testing.assert_allclose(found.estimates["estimate"], table["estimate"], rtol=rtol)
    np.testing.assert_allclose(found.estimates["odds_ratio"], table["odds_ratio"], rtol=rtol)
    small_sample = np.sqrt(60 / 59) if case == "clustered" else 1.0
    np.testing.assert_allclose(
        found.estimates["std_error"], table["std_error"] * small_sample, rtol=rtol
    )
    assert found.robust is (case == "clustered")
    if case == "plain":
        for name in ("log_likelihood", "null_log_likelihood", "n", "n_alternatives"):
            assert getattr(found, name) == pytest.approx(expected["values"][name], rel=rtol)
    if case == "clustered":
        assert found.n_participants == expected["values"]["n_participants"]
        assert found.estimates["df"].tolist() == [59.0] * 4
    assert found.confidence_level == 0.95
    assert found.notes == ()


def test_order_is_not_taken_for_quality() -> None:
    frame = pairs(2000, seed=1, first=1.0, end=0.0)
    assert choice_model(
        frame, choice="set", chosen="again", attributes=["end"], order="place"
    ).estimates.set_index("term").loc["shown_first", "estimate"] == pytest.approx(1, abs=0.15)
    found = choice_model(frame, choice="set", chosen="again", attributes=["end"], order="place")
    assert abs(found.estimates["statistic"].iloc[0]) < 3


def test_pairs_are_logistic_regression_on_differences() -> None:
    frame = pairs(300, seed=3)
    found = choice_model(frame, choice="set", chosen="again", attributes=["end"])
    gap = frame["end"].to_numpy()[::2] - frame["end"].to_numpy()[1::2]
    chosen = frame["again"].to_numpy()[::2]
    beta = found.estimates["estimate"].item()
    # The score of the logistic regression is zero at the same slope.
    assert (gap * (chosen - special.expit(beta * gap))).sum() == pytest.approx(0, abs=1e-8)


def test_intervals_cover_and_tests_keep_their_level() -> None:
    held, flagged = 0, 0
    for seed in range(200):
        row = choice_model(
            pairs(80, seed=seed), choice="set", chosen="again", attributes=["end"]
        ).estimates.iloc[0]
        held += row["conf_low"] <= 0.8 <= row["conf_high"]
        none = choice_model(
            pairs(80, seed=seed, end=0.0), choice="set", chosen="again", attributes=["end"]
        ).estimates.iloc[0]
        flagged += none["p_value"] < 0.05
    assert 180 <= held <= 199
    assert flagged <= 20


def test_incomplete_alternatives_are_left_out_and_counted() -> None:
    frame = pairs(60, seed=4)
    chosen = frame.index[frame["again"] == 1]
    other = frame.index[frame["again"] == 0]
    frame.loc[[chosen[0], other[1]], "end"] = np.nan
    frame["fixed"] = 1.0
    found = choice_model(frame, choice="set", chosen="again", attributes=["end", "fixed"])
    assert found.n == 58
    assert set(found.notes) == {
        "rows_omitted:2", "not_chosen:1", "single_alternative:1", "constant:fixed",
    }  # fmt: skip


def test_choices_that_make_no_sense_are_refused() -> None:
    frame = pairs(40, seed=5)
    options: dict[str, Any] = {"choice": "set", "chosen": "again", "attributes": ["end"]}
    both = frame.assign(again=np.where(frame["set"] == 7, 1, frame["again"]))
    with pytest.raises(ResponseError, match=r"set 7.*2 alternatives are chosen"):
        choice_model(both, **options)
    with pytest.raises(ResponseError, match=r"1 \(chosen\) and 0 only"):
        choice_model(frame.assign(again=frame["again"] * 2), **options)
    with pytest.raises(ResponseError, match="varies within a choice"):
        choice_model(frame.assign(end=1.0), **options)
    with pytest.raises(CxError, match="'end' must be numeric"):
        choice_model(frame.assign(end="high"), **options)
    with pytest.raises(EstimationError, match="decide every choice"):
        choice_model(frame.assign(end=frame["again"] + 0.0), **options)
    twin = frame.assign(twin=2 * frame["end"])
    with pytest.raises(EstimationError, match="linearly dependent"):
        choice_model(twin, **(options | {"attributes": ["end", "twin"]}))
    with pytest.raises(EstimationError, match="1 choices cannot carry 1"):
        choice_model(frame.head(2), **options)
