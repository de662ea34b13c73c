"""Bad input of driver importance: each with a clear word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers.importance import driver_importance
from cxresearch.errors import CxError, ResponseError


def stays(n: int = 300, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    halo = rng.normal(size=n)
    frame = pd.DataFrame(
        {name: halo + rng.normal(size=n) for name in ("room", "food", "staff")}
    )
    frame["region"] = rng.choice(["North", "South", "West"], n)
    frame["satisfaction"] = frame["room"] + 0.5 * frame["staff"] + rng.normal(size=n)
    frame["weight"] = rng.uniform(0.5, 3, n)
    frame["hotel"] = rng.integers(0, 20, n)
    frame["country"] = frame["hotel"] // 5
    return frame


STAY: dict[str, Any] = {"outcome": "satisfaction", "drivers": ["room", "food", "staff"]}


def refused(
    frame: pd.DataFrame, message: str, error: type[CxError] = CxError, **options: Any
) -> None:
    with pytest.raises(error, match=message):
        driver_importance(frame, **{**STAY, "n_boot": 0, **options})


class TestRefusals:
    def test_a_constant_driver(self) -> None:
        refused(stays().assign(food=3.0), "'food'.*constant", ResponseError)

    def test_a_constant_outcome(self) -> None:
        refused(stays().assign(satisfaction=5.0), "'satisfaction'", ResponseError)

    def test_a_duplicated_driver(self) -> None:
        frame = stays()
        refused(frame.assign(food=2 * frame["room"] + 1), "'food' is an exact copy of 'room'")

    def test_more_drivers_than_respondents(self) -> None:
        refused(stays(4), "4 of 4 respondents.*at least 5", ResponseError)

    def test_a_driver_nobody_answered(self) -> None:
        refused(
            stays().assign(food=np.nan), r"\['food'\]: no respondent answered", ResponseError
        )

    @pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
    def test_weights_that_are_not_positive(self, bad: float) -> None:
        frame = stays()
        frame.loc[3, "weight"] = bad
        refused(frame, "weights 'weight': 1 respondent", ResponseError, weights="weight")

    def test_an_infinite_answer(self) -> None:
        frame = stays()
        frame.loc[3, "room"] = np.inf
        refused(frame, "'room': 1 infinite value", ResponseError)

    def test_unknown_names(self) -> None:
        refused(stays(), "did you mean 'room'", drivers=["rom", "food"])
        refused(stays(), "method must be one of", method="lmg")
        refused(stays(), "interval must be one of", interval="basic")
        refused(stays(), "kind must be one of", kind="gaussian")
        refused(stays(), "criterion .* must be one of 'r2'", criterion="mcfadden")

    def test_a_control_that_is_an_interaction_of_drivers(self) -> None:
        refused(stays(), "make both controls", controls=["room:food"])

    def test_a_driver_that_is_a_control_too(self) -> None:
        refused(stays(), "named more than once", controls=["room"])

    def test_groups_that_overlap_are_empty_or_unknown(self) -> None:
        refused(stays(), "in groups 'a' and 'b'", groups={"a": ["room"], "b": ["room"]})
        refused(stays(), "is empty", groups={"a": []})
        refused(stays(), "did you mean 'room'", groups={"a": ["rom"]})
        refused(stays(), "names of drivers", groups={"staff": ["room", "food"]})
        refused(stays(), "name them with groups", method="owen")

    def test_groups_with_interactions(self) -> None:
        drivers = ["room", "food", "room:food"]
        refused(stays(), "cannot be combined", drivers=drivers, groups={"a": ["room"]})

    def test_relative_weights_of_a_factor(self) -> None:
        drivers = ["room", "region"]
        refused(stays(), "not defined for factors", drivers=drivers, method="relative_weight")

    def test_too_few_replicates(self) -> None:
        refused(stays(), "0 \\(no intervals\\) or at least 20; got 5", n_boot=5)
        refused(stays(), "confidence_level must be", confidence_level=95)

    def test_indices_of_other_respondents(self) -> None:
        refused(stays(), "name units 0 … 299", indices=np.full((30, 300), 300))
