"""Strata and clusters: errors, tests and intervals are those of R survey."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch._sign_flips import max_t_p_values
from cxresearch._survey import domain_df, linearised_errors, survey_design
from cxresearch.codebook.model import Column
from cxresearch.errors import CxError, ResponseError
from cxresearch.responses.model import Responses
from cxresearch.results import Result
from cxresearch.servqual import servqual_gaps

Read = Callable[[str], Responses]
Golden = Callable[[str], Any]
Make = Callable[..., Responses]
NUMBERS = (
    "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "n", "d_z",
    "d_z_low", "d_z_high",
)  # fmt: skip
TESTS = (
    "statistic", "df", "df_denominator", "p_value", "estimate", "std_error", "conf_low",
    "conf_high",
)  # fmt: skip


def sampled(responses: Responses, **columns: Any) -> Responses:
    """The responses with columns of role stratum or cluster."""
    codebook = responses.codebook
    more = tuple(
        Column(name=role, column=role, role=role, label=role)  # type: ignore[arg-type]
        for role in columns
    )
    texts = {
        role: pd.array([None if v is None else str(v) for v in values], dtype=object)
        for role, values in columns.items()
    }
    return replace(
        responses,
        codebook=replace(codebook, columns=(*codebook.columns, *more)),
        frame=responses.frame.assign(**texts),
    )


@pytest.mark.parametrize("number", range(4))
def test_estimates_and_differences_agree_with_r_survey(
    number: int, read_answers: Read, golden: Golden
) -> None:
    values = golden("servqual_design.json")["values"]
    case = values["cases"][number]
    columns = {}
    if case["strata"]:
        columns["stratum"] = values["stratum"]
    if case["clusters"]:
        columns["cluster"] = values["cluster"]
    responses = sampled(read_answers("data/servqual_faults.csv"), **columns)
    found = servqual_gaps(
        responses, segments=["segment"], weighted=case["weighted"], p_adjust="none"
    )
    rows = found.estimates.set_index(["term", "group"])
    for expected in [*({**row, "group": "all"} for row in case["all"]), *case["groups"]]:
        row = rows.loc[(expected["term"], expected["group"])]
        for name in NUMBERS:
            assert row[name] == pytest.approx(expected[name], rel=1e-9), (expected, name)
    tests = found.differences.set_index("term")
    for expected in case["differences"]:
        for name in ("statistic", "df", "df_denominator", "p_value"):
            assert tests.loc[expected["term"], name] == pytest.approx(expected[name], rel=1e-8)
    if case["strata"] and case["clusters"]:
        assert "lonely_strata:1" in found.notes
    assert found.sampling_units == (38 if case["clusters"] else found.n)


@pytest.mark.parametrize("number", range(4))
def test_the_difference_of_two_groups_agrees_with_r_survey(
    number: int, read_answers: Read, golden: Golden
) -> None:
    values = golden("servqual_design.json")["values"]
    case = values["cases"][number]
    columns = {}
    if case["strata"]:
        columns["stratum"] = values["stratum"]
    if case["clusters"]:
        columns["cluster"] = values["cluster"]
    responses = sampled(read_answers("data/servqual_faults.csv"), **columns)
    two = responses.frame["segment"].where(responses.frame["segment"] != "corporate", None)
    responses = replace(responses, frame=responses.frame.assign(segment=two))
    found = servqual_gaps(
        responses, segments=["segment"], weighted=case["weighted"], p_adjust="none"
    ).differences.set_index("term")
    for expected in case["two"]:
        for name in TESTS:
            assert found.loc[expected["term"], name] == pytest.approx(
                expected[name], rel=1e-8
            ), name


def test_without_a_design_everything_stays_as_it_was(
    read_answers: Read, golden: Golden
) -> None:
    values = golden("servqual_design.json")["values"]
    plain = read_answers("data/servqual_faults.csv")
    responses = sampled(plain, cluster=values["cluster"])
    pd.testing.assert_frame_equal(
        servqual_gaps(responses, design="none").estimates, servqual_gaps(plain).estimates
    )
    found = servqual_gaps(responses)
    assert (found.clusters, found.strata) == ("cluster", "")
    wider = found.estimates["std_error"] / servqual_gaps(plain).estimates["std_error"]
    assert wider.max() > 1.01


def test_clusters_of_one_respondent_change_nothing(read_answers: Read) -> None:
    plain = read_answers("data/servqual.csv")
    responses = sampled(plain, cluster=list(range(plain.n)))
    own, simple = servqual_gaps(responses, weighted=False), servqual_gaps(plain, weighted=False)
    for name in ("estimate", "std_error", "df", "p_value", "conf_low"):
        np.testing.assert_allclose(own.estimates[name], simple.estimates[name], rtol=1e-9)


def test_branches_that_are_the_clusters_are_compared_by_their_respondents(
    make_responses: Make,
) -> None:
    rng = np.random.default_rng(3)
    answers = {"E01": rng.integers(5, 8, 90) * 1.0, "P01": rng.integers(3, 8, 90) * 1.0}
    branch = np.repeat(["City", "Town"], 45)
    responses = sampled(make_responses(answers | {"branch": branch}), cluster=list(branch))
    found = servqual_gaps(responses, segments=["branch"])
    assert "clusters_are_groups:branch" in found.notes
    simple = servqual_gaps(responses, segments=["branch"], design="none")
    groups, plain = (r.estimates.query("segment == 'branch'") for r in (found, simple))
    np.testing.assert_allclose(groups["estimate"], plain["estimate"])
    assert groups["df"].tolist() == [44.0] * 4
    assert found.estimates.query("segment == ''")["df"].tolist() == [1.0] * 3
    assert found.differences["p_value"].notna().all()


def test_one_cluster_says_nothing_about_spread(make_responses: Make) -> None:
    answers = {"E01": [7.0, 6.0, 5.0], "P01": [5.0, 5.0, 5.0]}
    found = servqual_gaps(sampled(make_responses(answers), cluster=["a", "a", "a"]))
    row = found.estimates.iloc[0]
    assert row["note"] == "one_cluster"
    assert row["estimate"] == pytest.approx(-1.0)
    assert np.isnan([row["std_error"], row["p_value"], row["conf_low"], row["d_z_low"]]).all()


def test_respondents_without_a_cluster_are_left_out_and_counted(make_responses: Make) -> None:
    answers = {"E01": [7.0, 6.0, 5.0, 7.0], "P01": [5.0, 5.0, 5.0, 1.0]}
    found = servqual_gaps(
        sampled(make_responses(answers), cluster=["a", "b", "c", None], stratum=["x"] * 4)
    )
    assert found.n == 3
    assert "cluster_missing:1" in found.notes


def test_a_cluster_in_two_strata_is_refused(make_responses: Make) -> None:
    answers = {"E01": [7.0, 6.0, 5.0, 7.0], "P01": [5.0, 5.0, 5.0, 1.0]}
    responses = sampled(
        make_responses(answers), cluster=["a", "a", "b", "b"], stratum=["x", "y", "x", "x"]
    )
    with pytest.raises(ResponseError, match="lie in more than one stratum"):
        servqual_gaps(responses)
    with pytest.raises(CxError, match="design must be one of"):
        servqual_gaps(responses, design="yes")  # type: ignore[arg-type]


def test_degrees_of_freedom_are_clusters_less_strata() -> None:
    design = survey_design(
        np.ones(6), clusters=np.array([0, 0, 1, 2, 3, 4]), strata=np.array([0, 0, 0, 1, 1, 1])
    )
    inside = np.array([[True], [True], [True], [True], [True], [False]])
    assert domain_df(inside, design).tolist() == [2.0]


def test_a_cluster_bootstrap_gives_the_same_error() -> None:
    rng = np.random.default_rng(5)
    cluster = np.repeat(np.arange(60), 8)
    values = rng.normal(size=60)[cluster] + rng.normal(size=480)
    design = survey_design(np.ones(480), clusters=cluster)
    linear = linearised_errors(((values - values.mean()) / 480)[:, None], design)[0]
    means = values.reshape(60, 8).mean(axis=1)
    drawn = means[rng.integers(0, 60, size=(4000, 60))].mean(axis=1)
    assert drawn.std() == pytest.approx(linear, rel=4 / np.sqrt(2 * 4000) + 1 / 60)


# ── max-T ─────────────────────────────────────────────────────────────────────────────────


def test_all_flips_give_the_exact_p_values_of_r(golden: Golden) -> None:
    values = golden("servqual_max_t.json")["values"]
    data = np.array(values["data"], dtype=float)
    np.testing.assert_allclose(max_t_p_values(data), values["p"], rtol=1e-12)


def test_max_t_lies_between_the_raw_p_and_holm(read_answers: Read) -> None:
    responses = read_answers("data/servqual.csv")
    few = replace(responses, frame=responses.frame.head(40))
    found = servqual_gaps(few, weighted=False, p_adjust="max_t", seed=4)
    holm = servqual_gaps(few, weighted=False)
    items = found.estimates["level"] == "item"
    p, raw, other = (
        found.estimates.loc[items, "p_adjusted"], found.estimates.loc[items, "p_value"],
        holm.estimates.loc[items, "p_adjusted"],
    )  # fmt: skip
    middling = (raw > 0.01) & (raw < 0.5)
    assert middling.any()
    assert (p[middling] > raw[middling] * 0.8).all()
    assert (p[middling] <= np.minimum(other[middling], 1) + 0.03).all()
    assert (found.flips, found.seed) == (4999, 4)
    again = servqual_gaps(few, weighted=False, p_adjust="max_t", seed=4)
    pd.testing.assert_frame_equal(found.estimates, again.estimates)


def test_max_t_serves_weights_clusters_and_segments(read_answers: Read, golden: Golden) -> None:
    clusters = golden("servqual_design.json")["values"]["cluster"]
    responses = sampled(read_answers("data/servqual_faults.csv"), cluster=clusters)
    found = servqual_gaps(responses, segments=["segment"], p_adjust="max_t", flips=499)
    tested = found.estimates["p_value"].notna()
    assert found.estimates.loc[tested, "p_adjusted"].between(0, 1).all()
    assert found.estimates.loc[~tested, "p_adjusted"].isna().all()
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Result.from_dict(payload).to_dict() == found.to_dict()


def test_max_t_holds_the_family_wise_error_rate() -> None:
    rng = np.random.default_rng(11)
    false_alarms = 0
    for number in range(400):
        values = 0.7 * rng.normal(size=(30, 1)) + 0.7 * rng.normal(size=(30, 12))
        false_alarms += max_t_p_values(values, flips=199, seed=number).min() <= 0.05
    assert false_alarms / 400 == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 400))


def test_a_column_without_spread_has_no_max_t() -> None:
    values = np.column_stack([np.ones(20), np.random.default_rng(1).normal(size=20)])
    p = max_t_p_values(np.where(np.arange(2) == 0, np.nan, values))
    assert np.isnan(p[0])
    assert 0 < p[1] <= 1
