"""The gap × importance map: shares as R has them, quadrants with their probability."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cxresearch.codebook.model import Column
from cxresearch.errors import CxError, ResponseError
from cxresearch.responses.model import Responses
from cxresearch.results import Result
from cxresearch.servqual import GapMapResult, gap_map, servqual_gaps

Read = Callable[[str], Responses]
Golden = Callable[[str], Any]
Make = Callable[..., Responses]
TWO = {"staff": [1, 2], "rooms": [3, 4]}


def rated(responses: Responses, values: Any = None) -> Responses:
    """The responses with an outcome."""
    column = Column(name="osat", column="OSAT", role="outcome", label="Overall")
    codebook = replace(responses.codebook, columns=(*responses.codebook.columns, column))
    given = responses.frame["OSAT"] if values is None else values
    frame = responses.frame.assign(osat=np.asarray(given, dtype=float))
    return replace(responses, codebook=codebook, frame=frame)


def mapped(responses: Responses, **options: Any) -> GapMapResult:
    found = gap_map(responses, **options)
    assert found is not None
    return found


def test_shares_and_gaps_agree_with_r(read_answers: Read, golden: Golden) -> None:
    values = golden("servqual_map.json")["values"]
    responses = rated(read_answers("data/servqual.csv"))
    for expected in values["estimates"]:
        found = mapped(responses, weighted=expected["weighted"], replicates=100)
        rows = found.estimates.set_index(["group", "term"])["estimate"]
        for row in expected["rows"]:
            assert rows["derived", row["term"]] == pytest.approx(row["derived"], rel=1e-9)
            assert rows["stated", row["term"]] == pytest.approx(row["stated"], rel=1e-9)
            assert rows["gap", row["term"]] == pytest.approx(row["gap"], rel=1e-9)
        assert found.r2 == pytest.approx(expected["r2"], rel=1e-9)
        for kind in ("stated", "derived"):
            assert rows[kind].sum() == pytest.approx(1.0)


def test_bootstrap_errors_are_those_of_the_gap_analysis(read_answers: Read) -> None:
    responses = rated(read_answers("data/servqual.csv"))
    found = mapped(responses, weighted=False, replicates=2000)
    gaps = servqual_gaps(responses, weighted=False).estimates.set_index("term")
    rows = found.estimates.query("group == 'gap'").set_index("term")
    np.testing.assert_allclose(
        rows["std_error"], gaps.loc[rows.index, "std_error"], rtol=4 / np.sqrt(2 * 2000)
    )
    stated = found.estimates.query("group == 'stated'").set_index("term")
    points = servqual_gaps(responses, weighted=False).importance.set_index("term")
    np.testing.assert_allclose(
        stated["std_error"], points["std_error"] / 100, rtol=4 / np.sqrt(2 * 2000)
    )


def test_probabilities_of_quadrants_sum_to_one(read_answers: Read) -> None:
    found = mapped(rated(read_answers("data/servqual.csv")), replicates=200)
    chances = found.positions.filter(like="prob_")
    assert chances.sum(axis=1).to_numpy() == pytest.approx(np.ones(10))
    assert found.positions.groupby("importance")["p_first"].sum().to_numpy() == pytest.approx(
        [1.0, 1.0]
    )
    assert found.kinds == ("stated", "derived")
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Result.from_dict(payload).to_dict() == found.to_dict()


def simulated(make: Make, rng: np.random.Generator, *, widest: float) -> Responses:
    n = 300
    common = rng.normal(size=(n, 1))
    p = {f"P0{k}": 5 + common[:, 0] + rng.normal(size=n) for k in range(1, 5)}
    shift = {1: widest, 2: widest, 3: 0.0, 4: 0.0}
    e = {f"E0{k}": p[f"P0{k}"] - shift[k] + rng.normal(size=n) for k in range(1, 5)}
    staff = (p["P01"] + p["P02"]) / 2
    return rated(make({**p, **e}, TWO), staff + rng.normal(size=n))


def test_a_clear_place_is_decided_and_comes_first(make_responses: Make) -> None:
    rng = np.random.default_rng(3)
    found = mapped(simulated(make_responses, rng, widest=-1.0), replicates=300)
    staff = found.positions.set_index("term").loc["staff"]
    assert (staff["quadrant"], staff["decided"]) == ("concentrate", True)
    assert staff["p_first"] > 0.99
    assert found.kinds == ("derived",)
    assert found.crosshair["gap"].iloc[0] == pytest.approx(found.positions["gap"].mean())


def test_a_dimension_on_the_cross_hair_has_no_quadrant(make_responses: Make) -> None:
    rng = np.random.default_rng(4)
    decided = []
    for _ in range(12):
        rows = mapped(simulated(make_responses, rng, widest=0.0), replicates=100).positions
        decided.append(bool(rows["decided"].all()))
    assert np.mean(decided) < 0.6


def test_cross_hairs_can_be_given_or_medians(read_answers: Read) -> None:
    responses = rated(read_answers("data/servqual.csv"))
    given = mapped(responses, cuts=(-0.5, 0.2), replicates=100)
    assert given.cuts == "given"
    assert given.crosshair[["gap", "share"]].to_numpy().tolist() == [[-0.5, 0.2]] * 2
    median = mapped(responses, cuts="median", replicates=100)
    gaps = median.positions.query("importance == 'stated'")["gap"]
    assert median.crosshair["gap"].iloc[0] == pytest.approx(gaps.median())
    with pytest.raises(CxError, match="cuts must be 'mean', 'median' or two numbers"):
        mapped(responses, cuts=(1.0,), replicates=100)


def test_clusters_widen_the_map(read_answers: Read) -> None:
    responses = rated(read_answers("data/servqual.csv"))
    column = Column(name="cluster", column="c", role="cluster", label="Cluster")
    order = responses.frame["P05"].rank(method="first").astype(int) // 20
    grouped = replace(
        responses,
        codebook=replace(responses.codebook, columns=(*responses.codebook.columns, column)),
        frame=responses.frame.assign(cluster=order.astype(str)),
    )
    one, many = (mapped(r, replicates=300).estimates for r in (grouped, responses))
    rel = (one["term"] == "REL") & (one["group"] == "gap")
    assert one.loc[rel, "std_error"].iloc[0] > 1.5 * many.loc[rel, "std_error"].iloc[0]


def test_what_cannot_be_mapped(read_answers: Read, make_responses: Make) -> None:
    plain = make_responses(
        {name: np.arange(30) % 5 + 1.0 for name in ("E01", "P01", "E02", "P02")},
        {"a": [1], "b": [2]},
    )
    assert gap_map(plain) is None
    assert gap_map(make_responses({"E01": [1.0, 2.0, 3.0], "P01": [3.0, 2.0, 2.0]})) is None
    with pytest.raises(CxError, match="has no importance points"):
        gap_map(plain, importance="stated")
    with pytest.raises(CxError, match="names no column of role outcome"):
        gap_map(plain, importance="derived")
    with pytest.raises(CxError, match="has no importance points; use importance='derived'"):
        gap_map(rated(plain, np.arange(30.0)), importance="both")
    with pytest.raises(ResponseError, match="the same value for everybody"):
        gap_map(rated(plain, np.ones(30)), importance="derived")
    few = replace(plain, frame=plain.frame.head(8), missing=plain.missing.head(8))
    with pytest.raises(ResponseError, match="derived importance of 2 dimensions needs 12"):
        gap_map(rated(few, np.arange(8.0)), importance="derived")
