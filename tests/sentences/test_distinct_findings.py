"""What is said about distinct dimensions is what the data bear, in both languages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxresearch.psychometrics import DistinctnessResult, distinct_scales
from cxresearch.sentences import findings, retell

MODEL = {name: [f"{name}{i}" for i in range(4)] for name in ("staff", "room", "food", "price")}


def verdict(phi: list[list[float]], *, n: int = 500, seed: int = 1) -> DistinctnessResult:
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal(np.zeros(4), phi, n, method="eigh")
    x = 0.75 * np.repeat(factors, 4, axis=1) + 0.66 * rng.normal(size=(n, 16))
    columns = [item for items in MODEL.values() for item in items]
    found = distinct_scales(pd.DataFrame(np.round(4 + x), columns=columns), MODEL, n_boot=99)
    return replace(found, part="perception")


def equal(correlation: float) -> list[list[float]]:
    return [[1.0 if i == j else correlation for j in range(4)] for i in range(4)]


def first(result: DistinctnessResult, language: str = "en") -> str:
    return findings(result, language=language)[0].text


def test_one_factor_leads_to_the_overall_result() -> None:
    found = verdict(equal(1.0))
    assert first(found).startswith(
        "Customers do not tell the 4 dimensions apart in what they received"
    )
    assert "read the overall result first" in first(found)
    assert "resultado global" in first(found, "es")


def test_distinct_dimensions_are_said_with_the_closest_pair() -> None:
    found = verdict(equal(0.4))
    told = findings(found)[0]
    assert told.text.startswith("Customers tell the 4 dimensions apart in what they received: ")
    rows = found.estimates
    top = rows.loc[rows["estimate"].idxmax()]
    assert f"{top['term']} and {top['group']}, the two most alike" in told.text
    assert told.sure == "clear"


def test_dimensions_that_are_one_are_named_and_the_others_are_not() -> None:
    phi = equal(0.4)
    phi[0][1] = phi[1][0] = 0.97
    text = first(verdict(phi, n=900))
    assert "staff and room apart" in text
    assert "food" not in text


def test_a_point_above_the_cutoff_is_only_told_as_possible() -> None:
    found = verdict(equal(1.0))
    rows = found.estimates.assign(htmt_low=0.5)
    text = first(replace(found, estimates=rows))
    assert text.startswith("Customers may not tell the 4 dimensions apart")


@pytest.mark.parametrize(
    ("reasons", "text"),
    [
        (("few_respondents:500",), "500 complete answers are too few"),
        (("intended_misfits",), "the answers do not follow the intended dimensions."),
        (("intended_not_fitted",), "could not be fitted"),
    ],
)
def test_what_is_not_decided_is_never_told_as_distinct(
    reasons: tuple[str, ...], text: str
) -> None:
    found = replace(verdict(equal(0.4)), verdict="unclear", reasons=reasons, groups=())
    told = findings(found)[0]
    assert text in told.text
    assert "is not decided" in told.text
    assert told.sure == "not_decided"


def test_pairs_that_are_not_decided_are_named() -> None:
    found = verdict(equal(0.4))
    rows = found.estimates.assign(verdict=["unclear"] + ["distinct"] * 5)
    changed = replace(found, verdict="unclear", groups=(), reasons=(), estimates=rows)
    assert "is not decided: staff and room." in first(changed)


def test_the_general_factor_and_other_numbers_of_factors_are_quality() -> None:
    told = findings(verdict(equal(1.0)))
    topics = {finding.message: finding.topic for finding in told}
    assert topics["quality.distinct.empirical"] == "quality"
    general = findings(verdict(equal(0.5)))
    assert any("A general impression carries" in finding.text for finding in general)


def test_items_against_the_others_are_asked_about() -> None:
    found = replace(verdict(equal(0.4)), notes=("negative_loading:staff:staff2",))
    assert any("1 question runs against" in finding.text for finding in findings(found))


@pytest.mark.parametrize("correlation", [0.4, 1.0])
def test_every_sentence_can_be_told_again(correlation: float) -> None:
    for finding in findings(verdict(equal(correlation)), language="en"):
        assert retell(finding.to_dict(), "en") == finding.text
        assert retell(finding.to_dict(), "es") != finding.text
