"""Means and totals of a survey agree with R's survey package, and refuse what cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result
from cxresearch.survey import survey_means

REFERENCE = Path(__file__).parent / "reference"
GOLDEN = json.loads((REFERENCE / "expected" / "survey_means.json").read_text(encoding="utf-8"))
NUMBERS = ["estimate", "std_error", "df", "conf_low", "conf_high", "n", "population"]


def schools(name: str) -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "data" / f"drivers_models_api{name}.csv")
    if name == "clus1":
        frame.loc[[2, 39, 40], "api00"] = np.nan
    return frame


def without_most_high_schools() -> pd.DataFrame:
    frame = schools("strat")
    high = frame[frame["stype"] == "H"]
    return pd.concat([frame[frame["stype"] != "H"], high.iloc[:1]], ignore_index=True)


CLUSTERS = {"weights": "pw", "clusters": "dnum"}
DESIGNS = {
    "clusters": (schools("clus1"), {**CLUSTERS, "population": "fpc"}),
    "clusters_infinite": (schools("clus1"), CLUSTERS),
    "strata": (schools("strat"), {"weights": "pw", "strata": "stype", "population": "fpc"}),
    "lonely": (without_most_high_schools(), {"weights": "pw", "strata": "stype"}),
    "plain": (schools("strat"), {}),
}


@pytest.mark.parametrize("statistic", ["mean", "total"])
@pytest.mark.parametrize("design", DESIGNS)
def test_estimates_agree_with_survey(design: str, statistic: str) -> None:
    frame, options = DESIGNS[design]
    asked = {**options, "statistic": statistic}
    everybody = survey_means(frame, ["api00", "enroll"], **asked)
    by_type = survey_means(frame, ["api00", "enroll"], **asked, by="stype")
    found = pd.concat([everybody.tidy(), by_type.tidy()])
    expected = pd.DataFrame(GOLDEN["values"]["estimates"][design][statistic])
    assert found[["term", "group"]].to_numpy().tolist() == (
        expected[["term", "group"]].to_numpy().tolist()
    )
    np.testing.assert_allclose(
        found[NUMBERS].to_numpy(dtype=float),
        expected[NUMBERS].to_numpy(dtype=float),
        rtol=GOLDEN["tolerance"]["rtol"],
        atol=1e-9,
    )
    assert everybody.n == len(frame)
    assert everybody.notes == (("lonely_strata:1",) if design == "lonely" else ())


def test_a_result_says_its_design_and_survives_json() -> None:
    frame, options = DESIGNS["clusters"]
    result = survey_means(frame, "api00", **options)
    assert (result.units, result.layers, result.n) == (15, 1, 183)
    again = Result.from_dict(result.to_dict()).tidy()
    pd.testing.assert_frame_equal(again, result.tidy(), check_dtype=False)


def test_equal_weights_give_the_plain_standard_error() -> None:
    frame = schools("strat")
    row = survey_means(frame, "enroll").tidy().iloc[0]
    assert row["std_error"] == pytest.approx(frame["enroll"].sem(), rel=1e-12)
    assert row["df"] == len(frame) - 1


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"pw": [-1.0, 2.0, 1.0]}, {"weights": "pw"}, "1 of 'pw' are not above 0"),
        ({"pw": [np.nan, 2.0, 1.0]}, {"weights": "pw"}, "weights: 1 respondent"),
        ({"place": ["a", None, "b"]}, {"clusters": "place"}, "clusters: 1 respondent"),
        ({"layer": [1, 2, 2], "place": [1, 1, 2]}, {"clusters": "place", "strata": "layer"},
         "more than one stratum"),
        ({"size": [2, 2, 2]}, {"population": "size"}, "one size for each stratum"),
        ({"y": ["a", "b", "c"]}, {}, "does not hold numbers"),
    ],
)  # fmt: skip
def test_a_design_that_cannot_be_is_refused(
    change: dict[str, list[object]], options: dict[str, str], said: str
) -> None:
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0]}).assign(**change)
    with pytest.raises(ResponseError, match=said):
        survey_means(frame, "y", **options)


def test_an_unknown_column_is_named() -> None:
    with pytest.raises(CxError, match=r"\['ost'\] not found"):
        survey_means(pd.DataFrame({"osat": [1.0, 2.0]}), "ost")


def test_a_group_of_one_cluster_has_no_standard_error() -> None:
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 5.0], "g": list("aabb"), "c": [1, 1, 2, 3]})
    rows = survey_means(frame, "y", clusters="c", by="g").tidy().set_index("group")
    assert np.isnan(rows.loc["a", ["std_error", "conf_low"]].to_numpy(dtype=float)).all()
    assert rows.loc["a", "estimate"] == 1.5


@pytest.mark.parametrize("statistic", ["mean", "total"])
def test_intervals_cover_at_their_level(statistic: str) -> None:
    rng = np.random.default_rng(5)
    held, samples, branches = 0, 150, 12
    for _ in range(samples):
        effect = np.repeat(rng.normal(7, 1, branches), 10)
        frame = pd.DataFrame(
            {
                "y": effect + rng.normal(0, 1, 10 * branches),
                "branch": np.repeat(np.arange(branches), 10),
            }
        )
        truth = 7.0 if statistic == "mean" else 7.0 * len(frame)
        row = survey_means(frame, "y", clusters="branch", statistic=statistic).tidy().iloc[0]
        held += row["conf_low"] <= truth <= row["conf_high"]
    assert abs(held / samples - 0.95) < 4 * np.sqrt(0.95 * 0.05 / samples)
