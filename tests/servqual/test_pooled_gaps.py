"""Many branches: shrunken gaps are those of R, and chance names no worst branch."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cxresearch._partial_pooling import partial_pool
from cxresearch.codebook.model import Column
from cxresearch.errors import CxError, ResponseError
from cxresearch.responses.model import Responses
from cxresearch.results import Result
from cxresearch.servqual import PooledGapsResult, pooled_gaps

Read = Callable[[str], Responses]
Golden = Callable[[str], Any]
Make = Callable[..., Responses]


def with_office(responses: Responses, office: Any) -> Responses:
    """The responses with a segment column named office."""
    column = Column(name="office", column="office", role="segment", label="Office")
    codebook = replace(responses.codebook, columns=(*responses.codebook.columns, column))
    return replace(
        responses, codebook=codebook, frame=responses.frame.assign(office=list(office))
    )


def shifted(responses: Responses, values: dict[str, Any]) -> Responses:
    """The responses of the golden: perceptions moved by office."""
    frame = responses.frame.copy()
    received = [name for name in frame if name[0] == "P" and name[1:].isdigit()]
    frame[received] = frame[received].add(np.array(values["shift"]), axis=0)
    return with_office(replace(responses, frame=frame), values["branch"])


def offices(
    make: Make, rng: np.random.Generator, *, tau: float, groups: int = 12, n: int = 20
) -> Responses:
    truth = np.repeat(rng.normal(0, tau, groups), n)
    e = rng.normal(6, 0.7, groups * n)
    p = 5.5 + truth + rng.normal(0, 1.0, groups * n)
    responses = make({"E01": e, "P01": p})
    return with_office(responses, np.repeat([f"B{i:02d}" for i in range(groups)], n))


def pooled(responses: Responses, *arguments: Any, **options: Any) -> PooledGapsResult:
    found = pooled_gaps(responses, *arguments, **options)
    assert found is not None
    return found


@pytest.mark.parametrize("variances", ["pooled", "own"])
def test_shrunken_gaps_agree_with_metafor(
    variances: str, read_answers: Read, golden: Golden
) -> None:
    values = golden("servqual_pooling.json")["values"]
    responses = shifted(read_answers("data/servqual_faults.csv"), values)
    found = pooled(responses, "office", weighted=False, variances=variances, min_cell=2)
    for expected in values["pools"]:
        rows = found.estimates[found.estimates["term"] == expected["term"]].set_index("group")
        rows = rows.loc[expected["groups"]]
        spread = found.spread.set_index("term").loc[expected["term"]]
        np.testing.assert_allclose(rows["gap"], expected["mean"], rtol=1e-10)
        np.testing.assert_allclose(rows["n"], expected["n"])
        fit = expected[variances]
        assert spread["estimate"] ** 2 == pytest.approx(fit["tau2"], rel=1e-6, abs=1e-8)
        assert spread["mean"] == pytest.approx(fit["mu"], rel=1e-7)
        assert spread["mean_std_error"] == pytest.approx(fit["se"], rel=1e-6)
        assert spread["statistic"] == pytest.approx(fit["q"], rel=1e-9)
        np.testing.assert_allclose(rows["estimate"], fit["pred"], rtol=1e-6)
        np.testing.assert_allclose(rows["std_error"], fit["blup_se"], rtol=1e-5)


def test_pooled_variances_come_close_to_lme4(read_answers: Read, golden: Golden) -> None:
    values = golden("servqual_pooling.json")["values"]
    responses = shifted(read_answers("data/servqual_faults.csv"), values)
    found = pooled(responses, "office", weighted=False, min_cell=2)
    for expected in values["pools"]:
        rows = found.estimates[found.estimates["term"] == expected["term"]].set_index("group")
        np.testing.assert_allclose(
            rows.loc[expected["groups"], "estimate"], expected["lme4"]["pred"], atol=0.004
        )


def test_reml_agrees_with_the_published_meta_analysis() -> None:
    # metafor's dat.bcg: log relative risks and variances (Colditz et al. 1994).
    yi = [-0.8893113339202054, -1.5853886572014306, -1.3480731482996933, -1.4415511900213054,
          -0.2175473222112957, -0.786115585818864, -1.6208982235983924, 0.011952333523841173,
          -0.4694176487381487, -1.3713448034727846, -0.33935882833839015, 0.4459134005713783,
          -0.017313948216879493]  # fmt: skip
    vi = [0.325584765007444, 0.19458112139814387, 0.4153679653679654, 0.020010031902247573,
          0.0512101721696309, 0.0069056184559087574, 0.22301724757231517,
          0.003961579297773274, 0.056434210463248966, 0.07302479361302891,
          0.012412213971175914, 0.5325058452001528, 0.0714046596839863]  # fmt: skip
    found = partial_pool(np.array(yi), np.array(vi), method="reml")
    assert found.tau**2 == pytest.approx(0.313243325980895, rel=1e-6)
    assert found.mean == pytest.approx(-0.714532348365101, rel=1e-6)
    assert found.mean_std_error == pytest.approx(0.179781531780361, rel=1e-6)


def test_chance_alone_names_no_worst_branch(make_responses: Make) -> None:
    rng = np.random.default_rng(8)
    named = [
        pooled(offices(make_responses, rng, tau=0.0), draws=1000)
        .estimates.query("term == 'staff'")["p_worst"].max()
        for _ in range(40)
    ]  # fmt: skip
    assert np.mean(np.array(named) >= 0.8) <= 0.05


def test_intervals_of_pooled_gaps_cover(make_responses: Make) -> None:
    rng = np.random.default_rng(9)
    hits: list[bool] = []
    for _ in range(40):
        truth = rng.normal(-0.5, 0.3, 12)
        own = rng.normal(0, 1.2, (12, 20)) + truth[:, None]
        responses = with_office(
            make_responses({"E01": np.zeros(240), "P01": own.ravel()}),
            np.repeat([f"B{i:02d}" for i in range(12)], 20),
        )
        rows = pooled(responses, draws=1000).estimates.query("term == 'staff'")
        hits += list((rows["conf_low"] <= truth) & (truth <= rows["conf_high"]))
    assert np.mean(hits) == pytest.approx(0.95, abs=0.03)


def test_a_branch_far_out_is_named(make_responses: Make) -> None:
    rng = np.random.default_rng(2)
    office = np.repeat(["A", "B", "C", "D", "E", "F"], 60)
    p = 5.0 + rng.normal(0, 0.5, 360) - 2.0 * (office == "C")
    responses = with_office(make_responses({"E01": np.full(360, 6.0), "P01": p}), office)
    rows = pooled(responses).estimates.query("term == 'staff'").set_index("group")
    assert rows.loc["C", "p_worst"] > 0.99
    assert (rows.loc["C", "rank_low"], rows.loc["C", "rank_high"]) == (1, 1)
    # Drawn towards the mean, never past it.
    assert rows.loc["C", "gap"] < rows.loc["C", "estimate"] < rows["gap"].mean()


def test_probabilities_of_ranks_sum_to_one(make_responses: Make) -> None:
    found = pooled(offices(make_responses, np.random.default_rng(1), tau=0.3))
    ranks = found.ranks.query("term == 'staff'")
    assert ranks.groupby("rank")["estimate"].sum().to_numpy() == pytest.approx(np.ones(12))
    assert ranks.groupby("group")["estimate"].sum().to_numpy() == pytest.approx(np.ones(12))
    payload = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Result.from_dict(payload).to_dict() == found.to_dict()


def test_small_groups_are_hidden_together_with_another_and_not_pooled(
    make_responses: Make,
) -> None:
    rng = np.random.default_rng(4)
    responses = offices(make_responses, rng, tau=0.3, groups=8, n=30)
    keep = (responses.frame["office"] != "B03") | (np.arange(240) % 10 == 0)
    small = replace(responses, frame=responses.frame[keep], missing=responses.missing[keep])
    found = pooled(small)
    hidden = found.estimates[found.estimates["suppressed"]]
    # One hidden branch could be had from the total by subtraction: a second goes with it.
    assert hidden.groupby("term")["group"].nunique().tolist() == [2, 2]
    numbers = hidden.select_dtypes("number")
    assert numbers.isna().all().all()
    assert found.groups == 6
    shown = set(found.estimates.loc[~found.estimates["suppressed"], "group"])
    without = small.frame["office"].isin(shown)
    alone = pooled(replace(small, frame=small.frame[without], missing=small.missing[without]))
    np.testing.assert_allclose(found.spread["mean"], alone.spread["mean"])


def test_weights_and_clusters_reach_the_pool(read_answers: Read, golden: Golden) -> None:
    values = golden("servqual_pooling.json")["values"]
    responses = shifted(read_answers("data/servqual_faults.csv"), values)
    plain = pooled(responses, "office", weighted=False)
    weighted = pooled(responses, "office", weighted=True)
    assert weighted.weighted
    assert not np.allclose(
        plain.estimates["estimate"], weighted.estimates["estimate"], equal_nan=True
    )


def test_without_a_segment_of_many_groups_there_is_nothing_to_pool(
    read_answers: Read, make_responses: Make
) -> None:
    assert pooled_gaps(read_answers("data/servqual.csv")) is None
    with pytest.raises(CxError, match="segment must be one of"):
        pooled_gaps(read_answers("data/servqual.csv"), "nowhere")
    two = with_office(
        make_responses({"E01": np.arange(40) % 3 + 4.0, "P01": np.arange(40) % 4 + 3.0}),
        ["A", "B"] * 20,
    )
    with pytest.raises(ResponseError, match=r"2 of 2 groups have at least 10 .* needs 3"):
        pooled_gaps(two, "office")


def test_nothing_hidden_can_be_had_by_subtraction(make_responses: Make) -> None:
    # S18: from the totals of all respondents and the cells that are shown, at most the mean of
    # all hidden groups together can be worked out, never that of one.
    rng = np.random.default_rng(12)
    responses = offices(make_responses, rng, tau=0.5, groups=6, n=30)
    keep = (responses.frame["office"] != "B02") | (np.arange(180) % 30 < 7)
    small = replace(responses, frame=responses.frame[keep], missing=responses.missing[keep])
    found = pooled(small, "office")
    rows = found.estimates.query("term == 'staff'").set_index("group")
    hidden = rows.index[rows["suppressed"]]
    assert len(hidden) == 2
    gap = (small.frame["P01"] - small.frame["E01"]).to_numpy()
    shown = rows[~rows["suppressed"]]
    rest = (gap.sum() - (shown["gap"] * shown["n"]).sum()) / (len(gap) - shown["n"].sum())
    own = {name: gap[(small.frame["office"] == name).to_numpy()].mean() for name in hidden}
    assert all(abs(rest - value) > 0.01 for value in own.values())
    ranked = set(found.ranks["group"])
    assert not ranked & set(hidden)
