"""The verdict on distinct dimensions is the right one on data whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxresearch.errors import CxError
from cxresearch.psychometrics.verdict import distinct_scales
from cxresearch.psychometrics.verdict_result import DistinctnessResult
from cxresearch.results import Result

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SIZES = {"TAN": 4, "REL": 5, "RES": 4, "ASS": 4, "EMP": 5}
ITEMS = iter(f"P{i:02d}" for i in range(1, 23))
MODEL = {name: [next(ITEMS) for _ in range(size)] for name, size in SIZES.items()}


def equal(correlation: float) -> np.ndarray:
    return np.full((5, 5), correlation) + (1 - correlation) * np.eye(5)


def answers(
    phi: np.ndarray, *, n: int = 400, seed: int = 1, steps: int = 7, mean: float = 5.0
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    of_item = np.repeat(np.arange(5), list(SIZES.values()))
    loadings = rng.uniform(0.6, 0.85, 22)
    factors = rng.multivariate_normal(np.zeros(5), phi, n, method="eigh")
    noise = rng.normal(size=(n, 22)) * np.sqrt(1 - loadings**2)
    x = mean + 1.2 * (factors[:, of_item] * loadings + noise)
    columns = [item for items in MODEL.values() for item in items]
    return pd.DataFrame(np.clip(np.round(x), 1, steps), columns=columns)


def verdict_of(phi: np.ndarray, **options: float) -> DistinctnessResult:
    return distinct_scales(answers(phi, **options), MODEL, n_boot=99)  # type: ignore[arg-type]


def test_every_field_agrees_with_lavaan_semtools_and_psych() -> None:
    golden = json.loads(
        (REFERENCE / "expected" / "psychometrics_distinctness_servqual.json").read_text("utf-8")
    )
    frame = pd.read_csv(REFERENCE / golden["data"])
    options, values = golden["options"], golden["values"]
    found = distinct_scales(frame, options["model"], estimator=options["estimator"])
    for field in ("estimates", "models"):
        own, expected = getattr(found, field), pd.DataFrame(values.pop(field))
        own, expected = (
            t.set_index(["term", "group"][: 1 + ("group" in t)]) for t in (own, expected)
        )
        assert sorted(own.index) == sorted(expected.index)
        for column in expected:
            theirs = expected[column].loc[own.index]
            if theirs.dtype in (object, bool) or column == "status":
                assert own[column].tolist() == theirs.tolist()
            else:
                np.testing.assert_allclose(own[column], theirs, rtol=1e-3, atol=1e-5)
    for field, value in values.items():
        own = getattr(found, field)
        assert (list(own) if isinstance(own, tuple) else own) == value, field
    items = found.empirical.pivot_table(index="term", columns="group", values="estimate")
    mine = np.abs(items.loc[MODEL["RES"]].sum())
    expected = mine / np.sqrt(4 * (items**2).sum())
    row = found.congruence[found.congruence["term"] == "RES"].set_index("group")["estimate"]
    np.testing.assert_allclose(row, expected.loc[row.index])


@pytest.mark.parametrize("seed", [1, 2])
def test_data_of_one_factor_are_called_one_factor_and_nothing_crashes(seed: int) -> None:
    found = verdict_of(equal(1.0), seed=seed)
    assert found.verdict == "one_factor"
    assert found.groups == ("TAN+REL+RES+ASS+EMP",)
    assert "one_factor_fits_as_well" in found.reasons
    assert found.empirical_factors == 1
    assert set(found.models["status"]) <= {"ok", "improper", "not_converged"}


@pytest.mark.parametrize("seed", [1, 2])
def test_well_separated_factors_are_distinct(seed: int) -> None:
    found = verdict_of(equal(0.4), seed=seed)
    assert found.verdict == "distinct"
    assert found.groups == tuple(MODEL)
    assert found.reasons == ()
    assert found.empirical_factors == 5
    assert (found.scales["congruence"] > 0.9).all()


def test_four_dimensions_that_are_one_are_named() -> None:
    phi = np.full((5, 5), 0.5)
    phi[1:, 1:] = 0.96
    np.fill_diagonal(phi, 1)
    found = verdict_of(phi, n=600)
    assert found.verdict == "partly"
    assert found.groups == ("TAN", "REL+RES+ASS+EMP")
    named = {reason for reason in found.reasons if reason.startswith("not_distinct:")}
    assert "not_distinct:REL:RES" in named
    assert not any("TAN" in reason for reason in named)
    assert found.empirical_factors == 2
    assert found.glance()["dimensions"].item() == 2


def test_few_respondents_or_a_correlation_near_the_cutoff_settle_nothing() -> None:
    found = verdict_of(equal(0.4), n=80)
    assert found.verdict == "unclear"
    assert "few_respondents:80" in found.reasons
    assert found.groups == ()
    near = verdict_of(equal(0.76), n=150, seed=4)
    assert near.verdict in ("unclear", "partly")
    assert (near.estimates["verdict"] == "unclear").any()


def test_a_wrong_model_is_not_called_distinct() -> None:
    frame = answers(equal(0.2), n=600)
    columns = list(frame.columns)
    mixed = dict(zip(columns, columns[::2] + columns[1::2], strict=True))
    wrong = {name: [mixed[i] for i in items] for name, items in MODEL.items()}
    assert distinct_scales(frame, wrong, n_boot=50).verdict != "distinct"


def test_few_skewed_steps_are_fitted_as_ordered_answers() -> None:
    frame = answers(equal(0.4), steps=4, mean=3.4, n=500)
    found = distinct_scales(frame, MODEL, n_boot=50)
    assert found.estimator == "wlsmv"
    assert found.verdict == "distinct"
    assert distinct_scales(frame, MODEL, estimator="mlr", n_boot=50).estimator == "mlr"


def test_scales_of_two_items_have_no_bifactor_model_and_it_is_said() -> None:
    frame = answers(equal(0.4))
    model = {name: items[:2] for name, items in MODEL.items()}
    found = distinct_scales(frame, model, n_boot=50)
    status = found.models.set_index("term")["status"]
    assert status["bifactor"] == "not_possible"
    assert "bifactor_needs_three_items:TAN" in found.notes
    assert np.isnan(found.omega_hierarchical)


def test_an_item_not_reversed_neither_crashes_nor_counts_as_distinct_quietly() -> None:
    frame = answers(equal(0.4))
    frame["P03"] = 8 - frame["P03"]
    found = distinct_scales(frame, MODEL, n_boot=50)
    assert "negative_loading:TAN:P03" in found.notes


def test_permuting_respondents_or_scales_leaves_the_verdict_and_a_seed_repeats_it() -> None:
    frame = answers(equal(0.9))
    found = distinct_scales(frame, MODEL, n_boot=50)
    other = distinct_scales(frame, dict(reversed(MODEL.items())), n_boot=50)
    assert found.verdict == other.verdict
    again = distinct_scales(frame, MODEL, n_boot=50)
    pd.testing.assert_frame_equal(found.estimates, again.estimates)
    restored = Result.from_dict(json.loads(json.dumps(found.to_dict())))
    assert isinstance(restored, DistinctnessResult)
    assert restored.groups == found.groups


def test_case_weights_are_used() -> None:
    frame = pd.concat([answers(equal(1.0)), answers(equal(0.3), seed=2)], ignore_index=True)
    frame["w"] = np.repeat([0.0, 1.0], 400)
    found = distinct_scales(frame, MODEL, weights="w", n_boot=50)
    assert (found.verdict, found.n, found.estimator) == ("distinct", 400, "mlr")


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ({"A": ["P01", "P02"]}, {}, "at least two scales"),
        ({"A": ["P01", "P02"], "B": ["P02", "P03"]}, {}, "belong to two scales"),
        (MODEL, {"estimator": "uls"}, "estimator must be one of"),
        (MODEL, {"cutoff": 1.2}, "cutoff must be a number between 0 and 1"),
        (MODEL, {"n_boot": 3}, "n_boot"),
    ],
)
def test_refusals(model: dict[str, list[str]], options: dict, message: str) -> None:
    with pytest.raises(CxError, match=message):
        distinct_scales(answers(equal(0.5), n=100), model, **options)
