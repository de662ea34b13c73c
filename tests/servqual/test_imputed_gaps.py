"""Missing answers: filled in on the response scale, pooled by Rubin's rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch._rubin import pool_by_rubin
from cxresearch.errors import ResponseError
from cxresearch.responses.model import Responses
from cxresearch.results import Result
from cxresearch.servqual import ImputedGapsResult, imputed_gaps, servqual_gaps

Read = Callable[[str], Responses]
Make = Callable[..., Responses]


def imputed(responses: Responses, **options: Any) -> ImputedGapsResult:
    found = imputed_gaps(responses, **options)
    assert found is not None
    return found


def rows(found: ImputedGapsResult, group: str) -> pd.DataFrame:
    return found.estimates[found.estimates["group"] == group].set_index("term")


def test_complete_rows_are_those_of_the_gap_analysis(read_answers: Read) -> None:
    responses = read_answers("data/servqual_faults.csv")
    found = imputed(responses, imputations=3, iterations=2)
    gaps = servqual_gaps(responses).estimates.set_index("term")
    for name in ("estimate", "std_error", "p_adjusted", "conf_low", "n"):
        np.testing.assert_allclose(rows(found, "complete")[name], gaps[name])
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Result.from_dict(payload).to_dict() == found.to_dict()
    again = imputed(responses, imputations=3, iterations=2)
    pd.testing.assert_frame_equal(found.estimates, again.estimates)


def test_rubins_rules_by_hand() -> None:
    estimates, variances = np.array([[1.0], [1.2], [0.8]]), np.array([[0.04], [0.05], [0.03]])
    pooled = pool_by_rubin(estimates, variances, df_complete=48.0)
    assert pooled.estimate[0] == pytest.approx(1.0)
    assert pooled.std_error[0] == pytest.approx(np.sqrt(0.04 + 4 / 3 * 0.04))
    lam = (4 / 3 * 0.04) / (0.04 + 4 / 3 * 0.04)
    old, obs = 2 / lam**2, 49 / 51 * 48 * (1 - lam)
    assert pooled.df[0] == pytest.approx(old * obs / (old + obs))


def test_answers_missing_at_random_are_put_right(make_responses: Make) -> None:
    rng = np.random.default_rng(2)
    n = 600
    e = rng.normal(5, 1, n)
    p1 = e - 0.5 + rng.normal(0, 0.5, n)
    p2 = p1 + rng.normal(0, 0.4, n)
    truth = float((p2 - e).mean())
    gone = rng.random(n) < np.where(p1 < np.median(p1), 0.6, 0.05)
    responses = make_responses(
        {"E01": e, "E02": e, "P01": p1, "P02": np.where(gone, np.nan, p2)}
    )
    responses = replace(
        responses, missing=responses.frame.isna().replace({True: "empty", False: ""})
    )
    found = imputed(responses, imputations=10)
    complete, filled = (rows(found, group).loc["item_2"] for group in ("complete", "imputed"))
    assert abs(filled["estimate"] - truth) < abs(complete["estimate"] - truth) / 3
    assert filled["fmi"] > 0.05
    assert filled["n"] == n
    assert complete["n"] == n - gone.sum()


def test_what_does_not_apply_is_never_filled(make_responses: Make) -> None:
    rng = np.random.default_rng(3)
    frame = {f"{part}0{k}": rng.integers(1, 8, 60) * 1.0 for part in "EP" for k in (1, 2)}
    frame["P02"][:10] = np.nan
    frame["P01"][20:25] = np.nan
    responses = make_responses(frame)
    kinds = responses.frame.isna().replace({True: "empty", False: ""}).astype(object)
    kinds.iloc[:10, list(kinds).index("P02")] = "not_used"
    found = imputed(replace(responses, missing=kinds), imputations=3)
    assert (found.not_used, found.incomplete) == (10, 5)
    assert found.missing_share == pytest.approx(5 / 240)


def test_without_missing_answers_there_is_nothing_to_fill(make_responses: Make) -> None:
    assert (
        imputed_gaps(make_responses({"E01": [1.0, 2.0, 3.0], "P01": [3.0, 2.0, 1.0]})) is None
    )


def test_what_cannot_be_filled_in(make_responses: Make) -> None:
    rng = np.random.default_rng(4)
    frame = {f"{part}01": rng.integers(1, 8, 40) * 1.0 for part in "EP"}
    frame["P01"][:30] = np.nan
    with pytest.raises(ResponseError, match="more than half of the answers are missing"):
        imputed_gaps(make_responses(frame))
    few = {
        f"{part}0{k}": np.array([1.0, 2, 3, 4, np.nan, 5]) for part in "EP" for k in range(1, 5)
    }
    with pytest.raises(ResponseError, match="6 respondents for 8 questions"):
        imputed_gaps(make_responses(few))


def test_intervals_cover_after_filling_in(make_responses: Make) -> None:
    rng = np.random.default_rng(5)
    hits = []
    for _ in range(40):
        p = rng.normal(size=(120, 2)) + rng.normal(size=(120, 1))
        p[rng.random((120, 2)) < 0.2] = np.nan
        responses = make_responses(
            {"E01": np.zeros(120), "E02": np.zeros(120), "P01": p[:, 0], "P02": p[:, 1]}
        )
        row = rows(imputed(responses, imputations=5, iterations=2), "imputed").loc["staff"]
        hits.append(row["conf_low"] <= 0 <= row["conf_high"])
    assert np.mean(hits) == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / 40))
