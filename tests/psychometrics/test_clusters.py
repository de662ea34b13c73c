"""Factor models, HTMT and the verdict allow for respondents who were sampled together."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.codebook.model import Battery, Codebook, Column, Item, ResponseScale, Scale
from cxresearch.errors import CxError, ResponseError
from cxresearch.psychometrics import (
    confirmatory_factors,
    distinct_dimensions,
    distinct_scales,
    htmt,
    measurement_invariance,
    study_distinctness,
)
from cxresearch.psychometrics.cfa import CfaEstimator
from cxresearch.responses.model import Flow, Responses
from cxresearch.tables import display_cfa, display_fit, display_htmt, display_invariance

DATA = Path(__file__).resolve().parents[1] / "reference" / "data"
MODEL = {"staff": ["q1", "q2", "q3"], "room": ["q4", "q5", "q6"]}
ITEMS = [item for items in MODEL.values() for item in items]


def branches() -> pd.DataFrame:
    return pd.read_csv(DATA / "psychometrics_branches.csv")


def coarse(frame: pd.DataFrame) -> pd.DataFrame:
    steps = np.digitize(frame[ITEMS], [3.5, 4.5, 5.5]).astype(float)
    return frame.assign(**dict(zip(ITEMS, steps.T, strict=True)))


def errors(frame: pd.DataFrame, estimator: CfaEstimator, clusters: str | None) -> np.ndarray:
    found = confirmatory_factors(frame, MODEL, estimator=estimator, clusters=clusters)
    return found.estimates["std_error"].to_numpy()


def sampled(clusters: np.ndarray | list[str]) -> Responses:
    frame = branches()
    answers = frame[ITEMS].set_axis([f"P{k}" for k in range(1, 7)], axis=1)
    frame = answers.assign(branch=clusters)
    items = tuple(Item(key=k, text=f"Question {k}") for k in range(1, 7))
    battery = Battery(
        name="service",
        scale=ResponseScale(name="points", low=0, high=10),
        parts={"perception": "P{item}"},
        scales=(
            Scale(name="staff", label="Staff", items=items[:3]),
            Scale(name="room", label="Room", items=items[3:]),
        ),
    )
    return Responses(
        codebook=Codebook(
            survey="Desk",
            batteries=(battery,),
            columns=(Column(name="branch", column="branch", role="cluster", label="Branch"),),
        ),
        frame=frame,
        missing=frame.isna(),
        quality=pd.DataFrame(),
        flow=Flow(read=len(frame)),
        sources=(),
    )


@pytest.mark.parametrize("estimator", ["mlr", "wlsmv"])
def test_everybody_alone_is_no_clusters_but_for_the_small_sample_factor(
    estimator: CfaEstimator,
) -> None:
    frame = coarse(branches())
    n = len(frame)
    alone = errors(frame.assign(own=np.arange(n)), estimator, "own")
    plain = errors(frame, estimator, None)
    np.testing.assert_allclose(alone, plain * np.sqrt(n / (n - 1)), rtol=1e-8)


@pytest.mark.parametrize("estimator", ["mlr", "wlsmv"])
def test_errors_are_near_those_of_leaving_out_one_branch_after_the_other(
    estimator: CfaEstimator,
) -> None:
    frame = coarse(branches())
    names = frame["branch"].unique()
    left_out = np.array(
        [
            confirmatory_factors(frame[frame["branch"] != name], MODEL, estimator=estimator)
            .estimates["estimate"]
            .to_numpy()
            for name in names
        ]
    )
    count = len(names)
    jackknife = np.sqrt((count - 1) * left_out.var(axis=0))
    own, plain = (
        np.abs(np.log(errors(frame, estimator, clusters) / jackknife))
        for clusters in ("branch", None)
    )
    # Leaving out a branch also changes the weights of least squares.
    assert own.max() < (0.05 if estimator == "mlr" else 0.16)
    assert own.mean() < 0.6 * plain.mean()


def test_clusters_change_errors_and_tests_but_not_estimates() -> None:
    frame = coarse(branches())
    for estimator in ("mlr", "wlsmv"):
        with_clusters, without = (
            confirmatory_factors(frame, MODEL, estimator=estimator, clusters=clusters)  # type: ignore[arg-type]
            for clusters in ("branch", None)
        )
        np.testing.assert_allclose(with_clusters.loadings, without.loadings)
        assert with_clusters.chi2 == pytest.approx(without.chi2)
        assert with_clusters.chi2_scaled != pytest.approx(without.chi2_scaled, rel=1e-3)
        assert (with_clusters.clusters, with_clusters.n_clusters) == ("branch", 40)


def test_thresholds_vary_with_branches_too() -> None:
    frame = coarse(branches())
    own, plain = (
        confirmatory_factors(frame, MODEL, estimator="wlsmv", clusters=clusters).thresholds
        for clusters in ("branch", None)
    )
    np.testing.assert_allclose(own["estimate"], plain["estimate"])
    assert np.mean(own["std_error"] > plain["std_error"]) > 0.8


def test_respondents_without_a_branch_are_left_out_and_few_branches_named() -> None:
    frame = branches()
    few = frame[frame["branch"] < "b10"].copy()
    few.loc[few.index[:4], "branch"] = None
    for missing in ("listwise", "fiml"):
        found = confirmatory_factors(
            few, MODEL, estimator="mlr", clusters="branch", missing=missing
        )
        assert found.n == len(few) - 4
        assert found.notes[:3] == ("rows_dropped:4", "cluster_missing:4", "few_clusters:9")
    ratio = htmt(few, MODEL, clusters="branch", n_boot=50)
    assert ratio.notes == ("rows_dropped:4", "cluster_missing:4", "few_clusters:9")


def test_full_information_with_all_answers_is_the_same_as_without() -> None:
    full, plain = (
        confirmatory_factors(
            branches(), MODEL, estimator="mlr", clusters="branch", missing=missing
        )  # type: ignore[arg-type]
        for missing in ("fiml", "listwise")
    )
    assert full.chi2_scaled == pytest.approx(plain.chi2_scaled, rel=1e-5)
    assert full.baseline_scaling == pytest.approx(plain.baseline_scaling, rel=1e-5)


def test_branches_drawn_whole_widen_the_interval_of_htmt() -> None:
    frame = branches()
    together, alone = (
        htmt(frame, MODEL, clusters=clusters, n_boot=2000).estimates["std_error"].item()
        for clusters in ("branch", None)
    )
    assert together > 1.05 * alone


def test_a_verdict_uses_the_clusters_of_the_codebook_and_says_so() -> None:
    responses = sampled(branches()["branch"].to_numpy())
    found = study_distinctness(responses)
    assert found is not None
    assert (found.clusters, found.n_clusters, found.glance()["clusters"].item()) == (
        "branch", 40, 40,
    )  # fmt: skip
    same = distinct_scales(
        branches(), MODEL, clusters="branch", n_boot=found.n_boot
    ).estimates  # fmt: skip
    np.testing.assert_allclose(found.estimates["conf_low"], same["conf_low"])
    np.testing.assert_allclose(found.estimates["htmt_low"], same["htmt_low"])
    without = distinct_dimensions(responses, design="none")
    assert (without.clusters, without.n_clusters) == ("", 0)
    assert without.estimates["std_error"].item() < found.estimates["std_error"].item()


def test_one_branch_only_is_no_cluster_of_a_study() -> None:
    found = distinct_dimensions(sampled(["b01"] * len(branches())), n_boot=50)
    assert (found.clusters, found.notes[0]) == ("", "one_cluster:branch")


def test_tables_say_that_intervals_allow_for_clusters() -> None:
    responses = sampled(branches()["branch"].to_numpy())
    found = distinct_dimensions(responses, n_boot=50)
    said = "allow for the sampling in 40 clusters (branch)"
    for table in (display_fit(found), display_htmt(found)):
        assert said in " ".join(table.notes)
    few = replace(found, n_clusters=12, notes=("cluster_missing:1", "few_clusters:12"))
    words = " ".join(display_htmt(few).notes)
    assert "1 respondent belongs to no cluster" in words
    assert "12 clusters are few" in words
    cfa = confirmatory_factors(branches(), MODEL, estimator="mlr", clusters="branch")
    assert "40 conglomerados (branch)" in " ".join(display_cfa(cfa, language="es").notes)
    plain = confirmatory_factors(branches(), MODEL, estimator="mlr")
    assert "clusters" not in " ".join(display_cfa(plain).notes)


def regions() -> pd.DataFrame:
    frame = branches()
    even = frame["branch"].str[1:].astype(int) % 2 == 0
    return frame.assign(region=np.where(even, "even", "odd"))


class TestInvariance:
    """Rungs and means of groups allow for clusters, within groups or across them."""

    def test_rungs_and_means_agree_with_lavaan(self) -> None:
        path = DATA.parent / "expected" / "psychometrics_clusters_invariance.json"
        golden = json.loads(path.read_text(encoding="utf-8"))
        options, values = golden["options"], golden["values"]
        found = measurement_invariance(regions(), options.pop("model"), **options)
        for field in ("ladder", "means"):
            expected = pd.DataFrame(values[field]).set_index("term")
            ours = getattr(found, field).set_index("term").loc[expected.index]
            for column in expected.columns.difference(["group", "reference"]):
                np.testing.assert_allclose(
                    ours[column].astype(float), expected[column].astype(float),
                    rtol=golden["tolerance"][field], atol=1e-5, err_msg=column,
                )  # fmt: skip
        assert (found.n, found.clusters) == (values["n"], values["clusters"])
        assert "sampling in clusters (branch)" in " ".join(display_invariance(found).notes)

    def test_branches_in_both_waves_take_their_own_level_out_of_the_difference(self) -> None:
        frame = branches()
        waves = frame.assign(wave=np.arange(len(frame)) % 2)
        waves["apart"] = waves["branch"] + waves["wave"].astype(str)
        within, across = (
            measurement_invariance(waves, MODEL, group="wave", clusters=name, search=False)
            .means["std_error"]
            .to_numpy()
            for name in ("branch", "apart")
        )
        assert (within < 0.9 * across).all()

    def test_a_group_of_one_branch_is_left_out_and_one_without_a_branch_unknown(self) -> None:
        frame = regions()
        frame.loc[(frame["region"] == "odd") & (frame["branch"] != "b01"), "branch"] = None
        found = measurement_invariance(
            frame, MODEL, group="region", clusters="branch", min_group=5
        )
        assert found.verdict == "unclear"
        assert "group_left_out:odd:one_cluster" in found.notes
        assert "odd (one cluster only)" in " ".join(display_invariance(found).notes)


class TestRefusals:
    def test_an_estimator_that_does_not_know_clusters(self) -> None:
        with pytest.raises(CxError, match="clusters need estimator='mlr' or 'wlsmv'"):
            confirmatory_factors(branches(), MODEL, clusters="branch")
        with pytest.raises(CxError, match="clusters need estimator='mlr'"):
            measurement_invariance(
                regions(), MODEL, group="region", clusters="branch", estimator="ml"
            )

    def test_an_unknown_column(self) -> None:
        with pytest.raises(CxError, match="clusters: "):
            htmt(branches(), MODEL, clusters="region")

    def test_one_cluster(self) -> None:
        frame = branches().assign(branch="b01")
        with pytest.raises(ResponseError, match="all respondents used are of one cluster"):
            confirmatory_factors(frame, MODEL, estimator="mlr", clusters="branch")
