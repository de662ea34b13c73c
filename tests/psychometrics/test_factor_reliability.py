"""Omega, AVE and distinctness agree with lavaan's delta method and semTools."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.psychometrics.cfa import confirmatory_factors
from cxresearch.psychometrics.cfa_result import CfaResult
from cxresearch.psychometrics.omega import (
    FactorReliabilityResult,
    factor_reliability,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
GOLDENS = sorted(
    p.name for p in (REFERENCE / "expected").glob("psychometrics_reliability_*.json")
)


@pytest.mark.parametrize("name", GOLDENS)
def test_every_field_agrees_with_lavaan_and_semtools(name: str) -> None:
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    frame = pd.read_csv(REFERENCE / golden["data"])
    options, values, limits = golden["options"], golden["values"], golden["tolerance"]
    found = factor_reliability(confirmatory_factors(frame, options.pop("model"), **options))
    for field in ("estimates", "pairs", "hierarchical"):
        own, expected = getattr(found, field), pd.DataFrame(values.pop(field))
        assert len(own) == len(expected)
        for column in expected:
            if own[column].dtype in (object, bool):
                assert own[column].tolist() == expected[column].tolist()
                continue
            error = column.endswith(("error", "low", "high"))
            limit = limits["std_error"] if error else limits["estimates"]
            np.testing.assert_allclose(
                own[column], expected[column], rtol=limit, err_msg=column
            )
        assert not len(expected) or set(own.columns) == set(expected.columns)
    assert {field: getattr(found, field) for field in values} == values


def answers(loadings: list[float], *, n: int = 2000, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = np.array(loadings)
    x = rng.normal(size=(n, 1)) * size + np.sqrt(1 - size**2) * rng.normal(size=(n, len(size)))
    return pd.DataFrame(x, columns=[f"q{i}" for i in range(len(size))])


def fitted(frame: pd.DataFrame) -> CfaResult:
    return confirmatory_factors(frame, {"A": list(frame.columns)})


def test_one_factor_has_nothing_to_be_distinct_from() -> None:
    found = factor_reliability(fitted(answers([0.7] * 4)))
    row = found.estimates.iloc[0]
    assert np.isnan(row["largest_correlation"])
    assert (row["nearest"], row["distinct"]) == ("", True)
    assert len(found.pairs) == len(found.hierarchical) == 0
    assert np.isnan(found.glance()["omega_hierarchical"].item())


def test_correlated_residuals_lower_omega() -> None:
    rng = np.random.default_rng(2)
    frame = answers([0.7] * 5)
    same_wording = rng.normal(size=len(frame))
    frame["q0"] += 0.6 * same_wording
    frame["q1"] += 0.6 * same_wording
    without = factor_reliability(fitted(frame)).estimates["estimate"].item()
    cfa = confirmatory_factors(
        frame, {"A": list(frame.columns)}, correlated_residuals=[("q0", "q1")]
    )
    assert factor_reliability(cfa).estimates["estimate"].item() < without


def test_an_item_that_was_not_reversed_is_named() -> None:
    frame = answers([0.7] * 5).assign(q3=lambda f: -f["q3"])
    with pytest.raises(
        CxError, match=r"factor 'A': item\(s\) \['q3'\] load against the others"
    ):
        factor_reliability(fitted(frame))


def test_the_first_item_not_reversed_is_the_one_named() -> None:
    frame = answers([0.7] * 5).assign(q0=lambda f: -f["q0"])
    with pytest.raises(CxError, match=r"item\(s\) \['q0'\] load against"):
        factor_reliability(fitted(frame))


def test_the_interval_of_omega_covers_the_true_value() -> None:
    size = np.array([0.5, 0.6, 0.7, 0.8])
    true = size.sum() ** 2 / (size.sum() ** 2 + (1 - size**2).sum())
    hits = 0
    for seed in range(200):
        row = factor_reliability(fitted(answers(list(size), n=200, seed=seed))).estimates.iloc[
            0
        ]
        hits += row["conf_low"] <= true <= row["conf_high"]
    assert abs(hits / 200 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 200)


def test_a_confidence_level_of_its_own_widens_the_interval() -> None:
    cfa = fitted(answers([0.7] * 4))
    narrow, wide = (factor_reliability(cfa, confidence_level=x).estimates for x in (0.8, 0.99))
    assert wide["conf_low"].item() < narrow["conf_low"].item()
    with pytest.raises(CxError, match="confidence_level must be a number between 0 and 1"):
        factor_reliability(cfa, confidence_level=95)


def test_result_survives_json() -> None:
    found = factor_reliability(fitted(answers([0.7] * 4)))
    back = FactorReliabilityResult.from_dict(json.loads(json.dumps(found.to_dict())))
    pd.testing.assert_frame_equal(back.tidy(), found.tidy())
