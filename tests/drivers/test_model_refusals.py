"""What no driver model can be fitted to is refused with a clear word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.drivers.models import driver_model
from cxresearch.errors import CxError, EstimationError, ResponseError


def answers(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(1, 8, (n, 3)).astype(float), columns=["q1", "q2", "q3"])
    frame["y"] = frame["q1"] + rng.normal(size=n)
    frame["w"] = 1.0
    return frame


def fit(frame: pd.DataFrame, **options: Any) -> None:
    driver_model(frame, **({"outcome": "y", "drivers": ["q1", "q2", "q3"]} | options))


class TestAnswers:
    def test_a_constant_driver(self) -> None:
        with pytest.raises(
            ResponseError, match="driver 'q2': all 60 respondents have 4; a constant"
        ):
            fit(answers().assign(q2=4.0))

    def test_a_factor_with_one_level(self) -> None:
        with pytest.raises(ResponseError, match="driver 'q2': everybody has \\['yes'\\]"):
            fit(answers().assign(q2="yes"))

    def test_a_copied_driver(self) -> None:
        frame = answers().assign(q3=lambda d: 8 - d["q1"])
        with pytest.raises(
            ResponseError, match="'q3' is an exact copy of 'q1' \\(up to scale\\)"
        ):
            fit(frame)

    def test_a_driver_that_is_the_sum_of_others(self) -> None:
        frame = answers().assign(q3=lambda d: d["q1"] + d["q2"])
        with pytest.raises(
            ResponseError, match="'q3' is an exact combination of \\['q1', 'q2'\\]"
        ):
            fit(frame)

    def test_more_drivers_than_respondents(self) -> None:
        rng = np.random.default_rng(2)
        frame = pd.DataFrame(rng.normal(size=(6, 8)), columns=list("abcdefgy"))
        with pytest.raises(
            ResponseError, match=r"6 of 6 respondents answered .* all 7 drivers"
        ):
            driver_model(frame, outcome="y", drivers=list("abcdefg"))

    def test_a_driver_nobody_answered(self) -> None:
        with pytest.raises(
            ResponseError, match="\\['q2'\\]: no respondent answered; leave them out"
        ):
            fit(answers().assign(q2=np.nan))

    def test_an_outcome_nobody_answered(self) -> None:
        with pytest.raises(ResponseError, match="outcome 'y': no respondent answered it"):
            fit(answers().assign(y=np.nan))

    def test_an_outcome_without_differences(self) -> None:
        with pytest.raises(ResponseError, match="outcome 'y': everybody answered 5"):
            fit(answers().assign(y=5.0))

    def test_an_empty_nps_class(self) -> None:
        frame = answers().assign(y=np.where(np.arange(60) % 2, 7, 9))
        with pytest.raises(
            ResponseError, match="no respondent in \\['detractor'\\] \\(detractor: 0"
        ):
            fit(frame, kind="nps")

    def test_an_empty_class_of_an_ordered_outcome(self) -> None:
        coded = pd.Categorical.from_codes([0, 2] * 30, ["low", "mid", "high"], ordered=True)
        with pytest.raises(ResponseError, match="no respondent in \\['mid'\\]"):
            fit(answers().assign(y=coded), kind="ordinal")

    def test_a_class_that_is_empty_among_complete_respondents(self) -> None:
        frame = answers().assign(y=np.arange(60) % 3 * 1.0)
        frame.loc[frame["y"] == 2, "q1"] = np.nan
        with pytest.raises(ResponseError, match="no respondent in \\['2'\\]"):
            fit(frame, kind="ordinal")

    def test_nps_answers_outside_of_0_to_10(self) -> None:
        with pytest.raises(ResponseError, match=r"are not whole numbers from 0 to 10, e.g. 11"):
            fit(answers().assign(y=[11.0, *range(10)] * 5 + [0.0] * 5), kind="nps")

    def test_a_top_box_nobody_reaches(self) -> None:
        with pytest.raises(ResponseError, match="no respondent in \\['99 and above'\\]"):
            fit(answers(), top_box=99)

    def test_a_binary_model_of_many_answers(self) -> None:
        with pytest.raises(
            ResponseError, match="60 different answers; kind 'binary' needs two"
        ):
            fit(answers(), kind="binary")

    def test_an_ordinal_model_of_a_continuous_outcome(self) -> None:
        with pytest.raises(
            ResponseError, match="60 different answers are too many for an ordinal"
        ):
            fit(answers(), kind="ordinal")

    def test_text_without_an_order(self) -> None:
        frame = answers().assign(y=np.where(np.arange(60) % 2, "good", "bad"))
        with pytest.raises(ResponseError, match="text has no order; bring numbers"):
            fit(frame)

    def test_text_in_a_linear_model(self) -> None:
        frame = answers().assign(y=np.where(np.arange(60) % 2, "good", "bad"))
        with pytest.raises(ResponseError, match="column 'y': numbers are needed, found"):
            fit(frame, kind="linear")

    def test_infinite_answers(self) -> None:
        with pytest.raises(ResponseError, match="column 'q1': 60 infinite value"):
            fit(answers().assign(q1=np.inf))

    @pytest.mark.parametrize("kind", ["binary", "ordinal"])
    def test_a_driver_that_separates_the_classes(self, kind: str) -> None:
        frame = answers()
        frame["y"] = (frame["q1"] > 3) * 1.0
        if kind == "ordinal":
            frame["y"] += frame["q1"] > 5
        with pytest.raises(EstimationError, match=r"separated perfectly by .*q1"):
            fit(frame, kind=kind)

    def test_a_driver_that_separates_one_class_only(self) -> None:
        frame = answers()
        frame["y"] = ((frame["q1"] > 3) & (np.arange(60) % 2 == 0)) * 1.0
        frame["q1"] = (frame["q1"] > 3) * 1.0
        with pytest.raises(EstimationError, match=r"separated perfectly by .*'q1'"):
            fit(frame, kind="binary")


class TestDesign:
    @pytest.mark.parametrize("weight", [0.0, -1.0])
    def test_weights_that_are_not_positive(self, weight: float) -> None:
        frame = answers()
        frame.loc[[3, 4], "w"] = weight
        with pytest.raises(
            ResponseError, match=r"weights 'w': 2 respondent.s. with a weight that is zero"
        ):
            fit(frame, weights="w")

    def test_a_missing_weight(self) -> None:
        frame = answers()
        frame.loc[3, "w"] = np.nan
        with pytest.raises(
            ResponseError, match=r"weights 'w': 1 respondent.s. without a value"
        ):
            fit(frame, weights="w")

    def test_classical_errors_with_weights(self) -> None:
        with pytest.raises(CxError, match="read sampling weights as counts of people"):
            fit(answers(), weights="w", std_errors="classical")

    def test_cluster_errors_without_clusters(self) -> None:
        with pytest.raises(CxError, match="'cluster' needs clusters"):
            fit(answers(), std_errors="cluster")

    def test_one_cluster(self) -> None:
        with pytest.raises(ResponseError, match="all respondents are in one cluster"):
            fit(answers().assign(h=1), clusters="h", std_errors="cluster")

    def test_a_stratum_with_one_unit(self) -> None:
        frame = answers().assign(s=[1] + [2] * 59)
        with pytest.raises(ResponseError, match=r"stratum number 1 .* one sampling unit"):
            fit(frame, strata="s")

    def test_fewer_clusters_than_coefficients(self) -> None:
        frame = answers().assign(h=np.arange(60) % 4)
        with pytest.raises(
            ResponseError, match="4 sampling units in 1 strata leave no degrees"
        ):
            fit(frame, clusters="h")

    def test_a_population_below_the_sample(self) -> None:
        with pytest.raises(
            ResponseError, match="population: a stratum with 60 sampling units has size"
        ):
            fit(answers().assign(size=30), weights="w", population="size")

    def test_leverages_of_an_ordinal_model(self) -> None:
        frame = answers().assign(y=np.arange(60) % 3)
        with pytest.raises(CxError, match="'hc3' needs leverages, which an ordinal model"):
            fit(frame, kind="ordinal", std_errors="hc3")


class TestNames:
    def test_an_unknown_driver_with_a_hint(self) -> None:
        with pytest.raises(CxError, match=r"drivers: \['q11'\] not found; .*did you mean 'q1'"):
            fit(answers(), drivers=["q11"])

    def test_no_drivers(self) -> None:
        with pytest.raises(CxError, match="drivers is empty"):
            fit(answers(), drivers=[])

    def test_a_driver_named_twice(self) -> None:
        with pytest.raises(CxError, match="\\['q1'\\] named more than once"):
            fit(answers(), controls=["q1"])

    def test_the_outcome_as_driver(self) -> None:
        with pytest.raises(CxError, match="'y' is the outcome; it cannot explain itself"):
            fit(answers(), drivers=["q1", "y"])

    def test_an_interaction_without_its_main_effects(self) -> None:
        with pytest.raises(
            CxError, match=r"interaction 'q1:q2' needs its main effects .* \['q2'\]"
        ):
            fit(answers(), drivers=["q1", "q1:q2"])

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("kind", "probit"),
            ("std_errors", "hc9"),
            ("p_adjust", "sidak"),
            ("confidence_level", 95),
        ],
    )
    def test_an_option_that_is_not_known(self, option: str, value: Any) -> None:
        with pytest.raises(CxError, match=f"{option} must be"):
            fit(answers(), **{option: value})
