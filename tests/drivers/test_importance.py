"""Driver importance against relaimpo, yhat and closed forms; what the result says; refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch._matrix import covariance_of, partial_out
from cxresearch._resample import acceleration_of
from cxresearch.drivers._game import Question, prepare_game, replicate
from cxresearch.drivers.importance import DriverImportanceResult, driver_importance
from cxresearch.drivers.shares import (
    average_slopes,
    car_shares,
    first_shares,
    last_shares,
    pratt_shares,
    relative_weights,
    shapley_shares,
    squared_betas,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
METRICS = {
    "lmg": shapley_shares,
    "first": first_shares,
    "last": last_shares,
    "betasq": squared_betas,
    "pratt": pratt_shares,
    "genizi": relative_weights,
    "car": car_shares,
}
RTOL = {"rtol": 1e-10, "atol": 1e-13}


def golden(name: str) -> dict[str, Any]:
    text = (REFERENCE / "expected" / f"drivers_{name}.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"drivers_{name}.csv")


def indices(name: str) -> np.ndarray:
    path = REFERENCE / "data" / f"drivers_{name}_indices.csv.gz"
    return pd.read_csv(path, header=None).to_numpy()


SWISS = golden("importance_swiss")
CASES = golden("importance_cases")
SWISS_DRIVERS = SWISS["options"]["drivers"]
ATTITUDE_DRIVERS = ["complaints", "privileges", "learning", "raises", "critical", "advance"]


def covariance(
    frame: pd.DataFrame, outcome: str, drivers: list[str], **kwargs: Any
) -> np.ndarray:
    return covariance_of(frame[[*drivers, outcome]].to_numpy(dtype=float), **kwargs)


@pytest.fixture(scope="module")
def swiss() -> DriverImportanceResult:
    return driver_importance(
        data("swiss"), outcome="Fertility", drivers=SWISS_DRIVERS, indices=indices("swiss")
    )


class TestAgainstR:
    @pytest.mark.parametrize("row", SWISS["values"]["estimates"], ids=lambda row: row["term"])
    def test_swiss_has_relaimpos_metrics_and_intervals(
        self, swiss: DriverImportanceResult, row: dict[str, Any]
    ) -> None:
        found = swiss.estimates.set_index("term").loc[row["term"]]
        for column, value in row.items():
            if column != "term":
                assert found[column] == pytest.approx(value, rel=1e-10, abs=1e-13), column

    def test_swiss_has_relaimpos_differences(self, swiss: DriverImportanceResult) -> None:
        want = pd.DataFrame(SWISS["values"]["differences"])
        got = swiss.differences
        assert got[["term", "other"]].values.tolist() == want[["term", "other"]].values.tolist()
        for column in ("estimate", "conf_low", "conf_high"):
            np.testing.assert_allclose(got[column], want[column], **RTOL)

    def test_swiss_names_its_options_and_r2(self, swiss: DriverImportanceResult) -> None:
        for field in (
            "r2",
            "n",
            "n_boot",
            "outcome",
            "model",
            "criterion",
            "method",
            "interval",
        ):
            want = SWISS["values"][field]
            assert getattr(swiss, field) == (pytest.approx(want) if field == "r2" else want)
        assert swiss.drivers == tuple(SWISS_DRIVERS)
        assert swiss.exact is SWISS["values"]["exact"]
        assert swiss.replicates == SWISS["values"]["replicates"]
        assert (swiss.controls, swiss.groups, swiss.notes) == ((), {}, ())
        assert (swiss.weights, swiss.clusters, swiss.strata) == ("", "", "")
        assert (swiss.n_asked, swiss.n_orders, swiss.acceleration) == (47, 0, "none")
        assert swiss.confidence_level == 0.95
        assert swiss.r2_adjusted == pytest.approx(1 - (1 - swiss.r2) * 46 / 41)
        assert swiss.r2_low < swiss.r2 < swiss.r2_high

    def test_every_stored_replicate_comes_out_again(self) -> None:
        prepared = prepare_game(
            data("swiss"), Question(outcome="Fertility", drivers=SWISS_DRIVERS)
        )
        drawn = indices("swiss")
        found = replicate(prepared, n_boot=len(drawn), indices=drawn, seed=1)
        want = pd.read_csv(REFERENCE / "data" / "drivers_swiss_replicates.csv.gz")
        np.testing.assert_allclose(found.shares, want[SWISS_DRIVERS], **RTOL)
        np.testing.assert_allclose(found.shares.sum(axis=1), want["r2"], **RTOL)

    def test_swiss_has_relaimpos_mean_coefficients(self) -> None:
        matrix = covariance(data("swiss"), "Fertility", SWISS_DRIVERS)
        np.testing.assert_allclose(average_slopes(matrix), SWISS["average_slopes"], rtol=1e-10)

    def test_a_suppressor_keeps_its_sign_and_is_marked(
        self, swiss: DriverImportanceResult
    ) -> None:
        table = swiss.estimates.set_index("term")
        assert table.loc["Agriculture", "sign"] == -1
        assert table.loc["Agriculture", "sign_changes"]
        assert not table.drop("Agriculture")["sign_changes"].any()
        assert (table["estimate"] >= 0).all()

    @pytest.mark.parametrize("metric", METRICS)
    def test_attitude_has_relaimpos_metrics(self, metric: str) -> None:
        matrix = covariance(data("attitude"), "rating", ATTITUDE_DRIVERS)
        want = list(CASES["attitude"]["metrics"][metric].values())
        np.testing.assert_allclose(METRICS[metric](matrix), want, **RTOL)

    def test_attitude_has_yhats_relative_weights_and_adjusted_r2(self) -> None:
        result = driver_importance(
            data("attitude"), outcome="rating", drivers=ATTITUDE_DRIVERS,
            method="relative_weight", n_boot=0,
        )  # fmt: skip
        want = list(CASES["attitude"]["johnson"].values())
        np.testing.assert_allclose(result.estimates["estimate"], want, **RTOL)
        assert result.r2 == pytest.approx(CASES["attitude"]["r2"], rel=1e-10)
        assert result.r2_adjusted == pytest.approx(CASES["attitude"]["r2_adjusted"], rel=1e-10)

    @pytest.mark.parametrize("metric", METRICS)
    def test_bfi_has_relaimpos_metrics(self, metric: str) -> None:
        drivers = list(CASES["bfi"]["metrics"]["lmg"])
        matrix = covariance(data("bfi"), "y", drivers)
        want = list(CASES["bfi"]["metrics"][metric].values())
        np.testing.assert_allclose(METRICS[metric](matrix), want, **RTOL)

    def test_bfi_weighted_and_grouped_agree_with_relaimpo(self) -> None:
        frame, want = data("bfi"), CASES["bfi"]
        drivers = list(want["metrics"]["lmg"])
        weighted = driver_importance(frame, outcome="y", drivers=drivers, weights="w", n_boot=0)
        columns = {"lmg": "estimate", "last": "last", "first": "first", "betasq": "betasq"}
        for metric, column in (columns | {"pratt": "pratt"}).items():
            numbers = list(want["weighted"][metric].values())
            np.testing.assert_allclose(weighted.estimates[column], numbers, **RTOL)
        groups = {"Agree": drivers[:5], "Consc": drivers[5:]}
        grouped = driver_importance(
            frame, outcome="y", drivers=drivers, groups=groups, n_boot=0
        )
        assert grouped.estimates["term"].tolist() == ["Agree", "Consc"]
        for metric in ("lmg", "last", "first"):
            numbers = list(want["groups"][metric].values())
            np.testing.assert_allclose(grouped.estimates[columns[metric]], numbers, **RTOL)
        assert weighted.n == grouped.n == want["n"]

    def test_controls_are_always_in_and_not_shared_out(self) -> None:
        want = CASES["swiss_always_education"]
        drivers = list(want["lmg"])
        result = driver_importance(
            data("swiss"),
            outcome="Fertility",
            drivers=drivers,
            controls=["Education"],
            n_boot=0,
        )
        for metric, column in (("lmg", "estimate"), ("last", "last"), ("first", "first")):
            numbers = list(want[metric].values())
            np.testing.assert_allclose(result.estimates[column], numbers, **RTOL)
        assert result.r2 == pytest.approx(want["R2"], rel=1e-10)
        assert result.r2 - result.r2_controls == pytest.approx(want["R2_decomp"], rel=1e-10)
        matrix = covariance(data("swiss"), "Fertility", ["Education", *drivers])
        rest = partial_out(matrix, [0])[1:, 1:]
        pratt = pratt_shares(rest, total=matrix[-1, -1])
        np.testing.assert_allclose(result.estimates["pratt"], pratt, **RTOL)

    def test_a_group_enters_at_once(self) -> None:
        want = CASES["swiss_groups"]
        result = driver_importance(
            data("swiss"), outcome="Fertility", drivers=SWISS_DRIVERS, n_boot=0,
            groups={"EduExam": ["Education", "Examination"]},
        )  # fmt: skip
        found = result.estimates.set_index("term")
        for metric, column in (("lmg", "estimate"), ("last", "last"), ("first", "first")):
            for name, number in want[metric].items():
                assert found.loc[name, column] == pytest.approx(number, rel=1e-10)

    def test_weights_weigh_respondents(self) -> None:
        want, frame = CASES["swiss_weighted"], data("swiss")
        weights = np.array(CASES["swiss_weights"], dtype=float)
        matrix = covariance(frame, "Fertility", SWISS_DRIVERS, weights=weights)
        for metric in ("lmg", "last", "first"):
            numbers = list(want[metric].values())
            np.testing.assert_allclose(METRICS[metric](matrix), numbers, **RTOL)
        frame = frame.assign(weight=weights)[weights > 0]
        result = driver_importance(
            frame, outcome="Fertility", drivers=SWISS_DRIVERS, weights="weight", n_boot=0
        )
        assert result.r2 == pytest.approx(want["R2"], rel=1e-10)
        want = CASES["apistrat"]
        result = driver_importance(
            data("apistrat"), outcome="api00", drivers=list(want["lmg"]), weights="pw", n_boot=0
        )
        np.testing.assert_allclose(
            result.estimates["estimate"], list(want["lmg"].values()), **RTOL
        )

    def test_relative_weights_are_the_published_ones_and_sum_to_r2(self) -> None:
        want = CASES["relative_weights"]
        matrix = np.array(want["iopsych"]["R"])
        np.testing.assert_allclose(relative_weights(matrix), want["iopsych"]["eps"], **RTOL)
        np.testing.assert_allclose(
            relative_weights(matrix), want["iopsych"]["doc_eps"], atol=5e-9, rtol=0
        )
        cars = covariance(data("mtcars"), "mpg", want["mtcars"]["iv"])
        np.testing.assert_allclose(relative_weights(cars), want["mtcars"]["yhat"], **RTOL)
        trap = want["equicorr"]
        matrix = np.full((7, 7), trap["rho"])
        np.fill_diagonal(matrix, 1.0)
        matrix[-1, :-1] = matrix[:-1, -1] = trap["r"]
        np.testing.assert_allclose(relative_weights(matrix), trap["eps"], **RTOL)
        assert relative_weights(matrix).sum() == pytest.approx(trap["R2"])

    def test_bca_from_the_exact_jackknife_works_with_fewer_replicates_than_respondents(
        self,
    ) -> None:
        want = golden("importance_bfi_bootstrap")
        frame, drawn = data("bfi").iloc[:800], indices("bfi")
        assert drawn.shape == (300, 800)
        asked = {"outcome": "y", "drivers": want["options"]["drivers"], "indices": drawn}
        bca = driver_importance(frame, **asked, interval="bca")
        np.testing.assert_allclose(bca.estimates["estimate"], want["lmg"], **RTOL)
        np.testing.assert_allclose(bca.estimates["conf_low"], want["bca_low"], **RTOL)
        np.testing.assert_allclose(bca.estimates["conf_high"], want["bca_high"], **RTOL)
        assert (bca.interval, bca.acceleration) == ("bca", "jackknife")
        percentile = driver_importance(frame, **asked)
        np.testing.assert_allclose(
            percentile.estimates["conf_low"], want["percentile_low"], **RTOL
        )
        np.testing.assert_allclose(
            percentile.estimates["conf_high"], want["percentile_high"], **RTOL
        )
        question = Question(outcome="y", drivers=want["options"]["drivers"])
        influence = prepare_game(frame, question).game.influence()
        np.testing.assert_allclose(
            acceleration_of(influence)[:-1], want["acceleration"], rtol=1e-8
        )
