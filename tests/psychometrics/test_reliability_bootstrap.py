"""Bootstrap intervals of reliability rest on the right estimates and have the right width."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.psychometrics.cfa import confirmatory_factors
from cxresearch.psychometrics.omega import factor_reliability
from cxresearch.psychometrics.reliability_bootstrap import reliability_bootstrap

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def test_every_estimate_agrees_with_lavaan_semtools_and_psych() -> None:
    golden = json.loads(
        (REFERENCE / "expected" / "psychometrics_bootstrap_reliability.json").read_text("utf-8")
    )
    frame, values = pd.read_csv(REFERENCE / golden["data"]), golden["values"]
    found = reliability_bootstrap(frame, golden["options"].pop("model"), n_boot=20,
                                  **golden["options"])  # fmt: skip
    expected = pd.DataFrame(values.pop("estimates"))
    assert found.estimates[["term", "group"]].to_numpy().tolist() == (
        expected[["term", "group"]].to_numpy().tolist()
    )
    np.testing.assert_allclose(found.estimates["estimate"], expected["estimate"], rtol=1e-4)
    assert {field: getattr(found, field) for field in values} == values
    assert found.n_failed == 0


def answers(n: int = 300, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    x = np.repeat(factors, 4, axis=1) * 0.75 + 0.66 * rng.normal(size=(n, 8))
    return pd.DataFrame(x, columns=list("abcdefgh"))


MODEL = {"staff": list("abcd"), "room": list("efgh")}


@pytest.mark.parametrize("interval", ["percentile", "bca"])
def test_intervals_are_about_those_of_the_delta_method(interval: str) -> None:
    found = reliability_bootstrap(answers(), MODEL, n_boot=300, interval=interval)  # type: ignore[arg-type]
    rows = found.estimates[found.estimates["group"] == "omega"]
    delta = factor_reliability(confirmatory_factors(answers(), MODEL)).estimates
    np.testing.assert_allclose(rows["estimate"], delta["estimate"], rtol=1e-6)
    np.testing.assert_allclose(rows["std_error"], delta["std_error"], rtol=0.25)
    assert (
        (rows["conf_low"] < rows["estimate"]) & (rows["estimate"] < rows["conf_high"])
    ).all()


def test_a_seed_repeats_it_and_weights_of_zero_leave_out() -> None:
    frame = answers()
    one, two = (reliability_bootstrap(frame, MODEL, n_boot=30, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(one.estimates, two.estimates)
    weighted = frame.assign(w=np.repeat([1.0, 0.0], 150))
    found = reliability_bootstrap(weighted, MODEL, n_boot=30, weights="w")
    half = reliability_bootstrap(frame.iloc[:150], MODEL, n_boot=30)
    np.testing.assert_allclose(found.estimates["estimate"], half.estimates["estimate"])
    assert (found.n, found.n_asked) == (150, 300)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ({"A": list("abc"), "B": list("cde")}, {}, "belong to two scales"),
        (MODEL, {"interval": "basic"}, "interval must be one of"),
        (MODEL, {"n_boot": 5}, "n_boot"),
        (MODEL, {"second_order": {}}, "must name one factor"),
    ],
)
def test_refusals(model: dict, options: dict, message: str) -> None:
    with pytest.raises(CxError, match=message):
        reliability_bootstrap(answers(), model, **options)
