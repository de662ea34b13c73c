"""Items that cannot be analysed are refused by every analysis, in words that name them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import EstimationError, ResponseError
from cxresearch.psychometrics import (
    confirmatory_factors,
    exploratory_factors,
    factor_adequacy,
    htmt,
    item_analysis,
    number_of_factors,
    ordinal_reliability,
    polychoric_correlations,
)

MODEL = {"A": list("abc"), "B": list("def")}
Analysis = Callable[[pd.DataFrame], Any]


def answers(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], n)
    under = np.repeat(factors, 3, axis=1) * 0.8 + 0.6 * rng.normal(size=(n, 6))
    steps = np.searchsorted([-1.2, -0.4, 0.4, 1.2], under) + 1.0
    return pd.DataFrame(steps, columns=list("abcdef"))


MODELS: dict[str, Analysis] = {
    "ml": lambda frame: confirmatory_factors(frame, MODEL),
    "mlr": lambda frame: confirmatory_factors(frame, MODEL, estimator="mlr"),
    "fiml": lambda frame: confirmatory_factors(frame, MODEL, missing="fiml"),
    "bifactor": lambda frame: confirmatory_factors(frame, MODEL, bifactor="g"),
    "minres": lambda frame: exploratory_factors(frame, 2),
    "efa_ml": lambda frame: exploratory_factors(frame, 2, extraction="ml"),
    "principal": lambda frame: exploratory_factors(frame, 2, extraction="principal"),
    "adequacy": factor_adequacy,
    "number": number_of_factors,
}
ORDERED: dict[str, Analysis] = {
    "wlsmv": lambda frame: confirmatory_factors(frame, MODEL, estimator="wlsmv"),
    "ordinal": lambda frame: ordinal_reliability(frame, MODEL),
}
PAIRWISE: dict[str, Analysis] = {
    "htmt": lambda frame: htmt(frame, MODEL, n_boot=200),
    "items": lambda frame: item_analysis(frame, MODEL),
    "polychoric": polychoric_correlations,
}


@pytest.mark.parametrize("name", MODELS)
def test_an_item_twice_or_reversed_is_named(name: str) -> None:
    for twin in (answers()["a"], 6 - answers()["a"]):
        with pytest.raises(
            EstimationError, match=r"not positive definite .*among \['a', 'b'\]"
        ):
            MODELS[name](answers().assign(b=twin))


@pytest.mark.parametrize("name", MODELS)
def test_an_item_that_is_the_sum_of_others_is_named(name: str) -> None:
    frame = answers()
    with pytest.raises(EstimationError, match=r"among \['a', 'b', 'c'\]"):
        MODELS[name](frame.assign(c=frame["a"] + frame["b"]))


@pytest.mark.parametrize("name", ORDERED)
def test_an_ordered_item_twice_is_named_with_its_twin(name: str) -> None:
    with pytest.raises(EstimationError, match=r"correlation of \[\('a', 'b'\)\] goes to ±1"):
        ORDERED[name](answers().assign(b=lambda frame: frame["a"]))


@pytest.mark.parametrize("name", [*MODELS, *ORDERED, *PAIRWISE])
def test_an_item_everybody_answered_alike_is_named(name: str) -> None:
    analysis = {**MODELS, **ORDERED, **PAIRWISE}[name]
    with pytest.raises(EstimationError, match=r"item\(s\) \['a'\] have the same answer"):
        analysis(answers().assign(a=3.0))


@pytest.mark.parametrize("name", [*MODELS, *ORDERED])
def test_no_more_respondents_than_items_are_refused_with_both_numbers(name: str) -> None:
    with pytest.raises(ResponseError, match=r"6 of 6 respondents .* 6 items; at least 7"):
        {**MODELS, **ORDERED}[name](answers(6))


def test_factors_of_polychorics_say_which_items_are_one() -> None:
    frame = answers().assign(b=lambda frame: frame["a"])
    found = exploratory_factors(frame, 2, correlation="polychoric")
    assert {"heywood:a", "heywood:b", "boundary:a:b"} <= set(found.notes)
    assert "boundary:a:b" in number_of_factors(frame, correlation="polychoric").notes


def test_six_respondents_have_no_interval_of_htmt_and_no_warning() -> None:
    found = htmt(answers(6), MODEL, n_boot=200)
    assert "interval_undefined:A:B" in found.notes
