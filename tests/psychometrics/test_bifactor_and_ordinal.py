"""Bifactor indices, Schmid–Leiman and ordinal omega agree with lavaan, psych and semTools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.psychometrics.bifactor import bifactor_reliability, schmid_leiman
from cxresearch.psychometrics.cfa import confirmatory_factors
from cxresearch.psychometrics.ordinal_omega import ordinal_reliability

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
BFI = {
    "A": ["A2", "A1", "A3", "A4", "A5"],
    "C": [f"C{i}" for i in range(1, 6)],
    "N": [f"N{i}" for i in range(1, 6)],
}


def read_golden(name: str) -> Any:
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    return golden, pd.read_csv(REFERENCE / golden["data"])


def ordered() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "psychometrics_bfi_ordered.csv")


@pytest.mark.parametrize(
    "name", ["psychometrics_bifactor_servqual.json", "psychometrics_bifactor_servqual_mlr.json"]
)
def test_bifactor_indices_agree_with_lavaans_delta_method(name: str) -> None:
    golden, frame = read_golden(name)
    options, values = golden["options"], golden["values"]
    found = bifactor_reliability(confirmatory_factors(frame, options.pop("model"), **options))
    for field in ("estimates", "loadings"):
        own, expected = getattr(found, field), pd.DataFrame(values.pop(field))
        assert set(own.columns) == set(expected.columns)
        for column in expected:
            if own[column].dtype == object:
                assert own[column].tolist() == expected[column].tolist()
            else:
                np.testing.assert_allclose(own[column], expected[column], rtol=1e-3, atol=1e-4)
    assert found.puc == pytest.approx(values.pop("puc"), rel=1e-12)
    assert list(found.notes) == values.pop("notes")
    assert {field: getattr(found, field) for field in values} == values


def test_schmid_leiman_agrees_with_psych() -> None:
    golden, frame = read_golden("psychometrics_schmid_leiman_bfi.json")
    values = golden["values"]
    found = schmid_leiman(frame.corr().to_numpy(), 5, items=list(frame.columns), n=len(frame))
    for field in ("omega_hierarchical", "omega_total", "alpha"):
        assert getattr(found, field) == pytest.approx(values[field], abs=1e-4), field
    sign = np.sign(found.estimates["estimate"] @ np.array(values["general"]))
    np.testing.assert_allclose(
        sign * found.estimates["estimate"], values["general"], atol=golden["tolerance"]["atol"]
    )
    np.testing.assert_allclose(
        found.estimates["communality"], values["communality"], atol=golden["tolerance"]["atol"]
    )
    assert (found.n, found.n_factors, list(found.items)) == (2800, 5, values["items"])
    assert round(found.omega_hierarchical, 4) == 0.4617


def test_two_exploratory_factors_have_no_general_one() -> None:
    with pytest.raises(CxError, match="2 factors do not determine a general factor"):
        schmid_leiman(np.eye(6), 2, items=list("abcdef"), n=100)


def test_ordinal_omega_agrees_with_semtools() -> None:
    golden, frame = read_golden("psychometrics_ordinal_reliability_bfi.json")
    found = ordinal_reliability(frame, golden["options"]["model"])
    expected = pd.DataFrame(golden["values"]["estimates"])
    for column in ("estimate", "omega_implied", "omega_latent", "n", "items"):
        np.testing.assert_allclose(found.estimates[column], expected[column], rtol=1e-4)
    assert found.estimates["term"].tolist() == expected["term"].tolist()
    assert (found.n, found.n_asked, found.confidence_level) == (1200, 1200, 0.95)
    # 1200 of Muthén's example have .7233 on the scale of the answers and .7679 beneath.
    full = found.estimates.iloc[0]
    assert full["conf_low"] < full["estimate"] < full["conf_high"]


def test_an_item_that_was_not_reversed_is_named_and_no_omega_given() -> None:
    frame = ordered()
    for item in ("A1", "C4", "C5"):
        frame[item] = 7 - frame[item]
    with pytest.raises(
        CxError, match=r"factor 'A': item\(s\) \['A1'\] load against the others"
    ):
        ordinal_reliability(frame, BFI)
    with pytest.raises(CxError, match=r"factor 'C': item\(s\) \['C4', 'C5'\] load against"):
        ordinal_reliability(frame, {"C": BFI["C"]})
    fitted = confirmatory_factors(frame, BFI, estimator="wlsmv")
    right = confirmatory_factors(ordered(), BFI, estimator="wlsmv")
    assert fitted.chi2 == pytest.approx(right.chi2, rel=1e-6)  # the fit does not show it
    assert [note for note in fitted.notes if note.startswith("negative")] == [
        "negative_loading:A:A1", "negative_loading:C:C4", "negative_loading:C:C5",
    ]  # fmt: skip


def three_steps(n: int, seed: int, *, loading: float = 0.7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    under = loading * rng.normal(size=(n, 1))
    under = under + np.sqrt(1 - loading**2) * rng.normal(size=(n, 5))
    return pd.DataFrame(np.digitize(under, [-0.6, 0.9]), columns=list("abcde"))


def test_the_error_of_ordinal_omega_is_about_its_spread_over_samples() -> None:
    found = [ordinal_reliability(three_steps(300, s), {"A": list("abcde")}) for s in range(60)]
    rows = pd.concat([f.estimates for f in found])
    assert rows["std_error"].mean() == pytest.approx(rows["estimate"].std(), rel=0.3)
    # The reliability of the sum: correlation of two parallel sums, from a large sample.
    rng = np.random.default_rng(7)
    factor = 0.7 * rng.normal(size=(200_000, 1))
    sums = [
        np.digitize(factor + np.sqrt(0.51) * rng.normal(size=(200_000, 5)), [-0.6, 0.9]).sum(1)
        for _ in range(2)
    ]
    truth = np.corrcoef(sums)[0, 1]
    covered = (rows["conf_low"] < truth) & (truth < rows["conf_high"])
    assert covered.mean() > 0.85


class TestOrderedAnswers:
    def test_names_of_the_steps_do_not_matter(self) -> None:
        frame = three_steps(300, 1)
        other = frame.replace({0: -5, 1: 10, 2: 11})
        one, two = (
            confirmatory_factors(x, {"A": list("abcde")}, estimator="wlsmv")
            for x in (frame, other)
        )
        np.testing.assert_allclose(one.loadings, two.loadings)
        assert one.chi2_scaled == pytest.approx(two.chi2_scaled)

    def test_loadings_are_those_under_the_answers(self) -> None:
        found = confirmatory_factors(
            three_steps(20_000, 2), {"A": list("abcde")}, estimator="wlsmv"
        )
        np.testing.assert_allclose(found.loadings, 0.7, atol=0.03)
        np.testing.assert_allclose(
            found.thresholds["estimate"], np.tile([-0.6, 0.9], 5), atol=0.03
        )
        assert found.n_parameters == 15
        assert np.isnan(found.bic)

    def test_many_steps_are_refused(self) -> None:
        rng = np.random.default_rng(1)
        frame = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd"))
        with pytest.raises(ResponseError, match="take more than 15 different values"):
            confirmatory_factors(frame, {"A": list("abcd")}, estimator="wlsmv")

    def test_a_pair_at_the_boundary_is_named(self) -> None:
        frame = three_steps(200, 3)
        frame["e"] = frame["d"]
        with pytest.raises(EstimationError, match=r"correlation of \[\('d', 'e'\)\] goes to"):
            confirmatory_factors(frame, {"A": list("abcde")}, estimator="wlsmv")

    def test_rare_answers_are_noted_and_two_factors_that_are_one_not_identified(self) -> None:
        frame = three_steps(300, 4)
        frame.loc[0, "a"] = 9
        found = confirmatory_factors(frame, {"A": list("abcde")}, estimator="wlsmv")
        assert "rare_answer:a:1" in found.notes
        with pytest.raises(EstimationError, match="not identified"):
            confirmatory_factors(
                frame, {"A": ["a", "b", "c", "d"], "B": ["e"]}, estimator="wlsmv"
            )


class TestBifactorRefusals:
    def test_a_model_without_a_general_factor(self) -> None:
        cfa = confirmatory_factors(ordered(), BFI)
        with pytest.raises(CxError, match="needs a model with a general factor"):
            bifactor_reliability(cfa)

    @pytest.mark.parametrize(
        ("model", "options", "message"),
        [
            (BFI, {"bifactor": "A"}, "needs a name of its own"),
            (BFI, {"bifactor": "g", "second_order": {"h": list(BFI)}}, "not both"),
            ({"A": ["A1", "A2"], "C": BFI["C"]}, {"bifactor": "g"}, "three items each; check"),
            (BFI | {"D": ["A1", "C1", "N1"]}, {"bifactor": "g"}, "two group factors"),
        ],
    )
    def test_a_model_that_makes_no_sense(self, model: Any, options: Any, message: str) -> None:
        with pytest.raises(CxError, match=message):
            confirmatory_factors(ordered(), model, **options)


class TestWeights:
    def test_whole_weights_give_the_estimates_of_repeated_rows(self) -> None:
        frame = ordered().iloc[:300]
        weight = np.tile([1.0, 2.0], 150)
        repeated = frame.loc[frame.index.repeat(weight.astype(int))]
        weighted = confirmatory_factors(
            frame.assign(w=weight), BFI, estimator="mlr", weights="w"
        )
        expected = confirmatory_factors(repeated, BFI, estimator="mlr")
        np.testing.assert_allclose(weighted.loadings, expected.loadings, rtol=1e-6)
        assert (weighted.n, expected.n) == (300, 450)

    def test_equal_weights_change_nothing_and_weight_0_leaves_out(self) -> None:
        frame = ordered().iloc[:300]
        half = frame.assign(w=np.repeat([3.0, 0.0], 150))
        found = confirmatory_factors(half, BFI, estimator="mlr", weights="w")
        expected = confirmatory_factors(frame.iloc[:150], BFI, estimator="mlr")
        pd.testing.assert_frame_equal(found.estimates, expected.estimates)
        assert found.scaling == pytest.approx(expected.scaling)
        assert (found.n, found.n_asked) == (150, 300)

    def test_other_estimators_refuse_them(self) -> None:
        with pytest.raises(CxError, match="need estimator='mlr'"):
            confirmatory_factors(ordered().assign(w=1.0), BFI, weights="w")

    def test_a_negative_weight_is_refused(self) -> None:
        frame = ordered().assign(w=1.0)
        frame.loc[0, "w"] = -1
        with pytest.raises(ResponseError, match="1 of 1200 case weights in 'w' are missing"):
            confirmatory_factors(frame, BFI, estimator="mlr", weights="w")
