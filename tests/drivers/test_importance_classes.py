"""Importance for outcomes of two or more classes: pseudo-R² shared out, one-step replicates."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxresearch._resample import acceleration_of, draw_indices, factors_from
from cxresearch.drivers import _likelihood
from cxresearch.drivers._cumulative import (
    Answers,
    fit_subset,
    gradient_of,
    information_of,
    look_at,
    scores_of,
)
from cxresearch.drivers._game import Question, prepare_game
from cxresearch.drivers._likelihood import LikelihoodGame, columns_of
from cxresearch.drivers.importance import driver_importance
from cxresearch.errors import CxError, EstimationError

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
INDEX = {"mcfadden": "r2.m", "cox_snell": "r2.cs", "nagelkerke": "r2.n", "estrella": "r2.e"}


def golden(name: str) -> dict[str, Any]:
    text = (REFERENCE / "expected" / f"drivers_{name}.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


LOGIT, ORDINAL = golden("dominance_logit"), golden("dominance_ordinal")


def births() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "drivers_birthwt.csv")


def housing() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "data" / "drivers_housing.csv")
    frame["Sat"] = pd.Categorical(frame["Sat"], ["Low", "Medium", "High"], ordered=True)
    return frame


def stays(n: int = 400, p: int = 3, classes: int = 2, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) + 0.7 * rng.normal(size=(n, 1))
    frame = pd.DataFrame(x, columns=[f"q{i}" for i in range(p)])
    latent = x @ np.linspace(0.8, 0.1, p) + rng.logistic(size=n)
    frame["y"] = np.digitize(latent, [0.0] if classes == 2 else [-1.0, 0.0, 1.0])
    return frame


def asked(p: int = 3, **options: Any) -> dict[str, Any]:
    return {"outcome": "y", "drivers": [f"q{i}" for i in range(p)], **options}


@pytest.mark.parametrize("criterion", INDEX)
def test_logit_shares_agree_with_dominanceanalysis(criterion: str) -> None:
    result = driver_importance(
        births(), outcome="low", drivers=LOGIT["drivers"], kind="binary", criterion=criterion,
        n_boot=0,
    )  # fmt: skip
    want = LOGIT["indices"][INDEX[criterion]]
    np.testing.assert_allclose(result.estimates["estimate"], want["general"], rtol=1e-8)
    by_level = np.array(want["by_level"])
    np.testing.assert_allclose(result.estimates["first"], by_level[:, 0], rtol=1e-8)
    np.testing.assert_allclose(result.estimates["last"], by_level[:, -1], rtol=1e-8)
    assert (result.model, result.criterion, result.n) == ("binary", criterion, 189)


def test_ordinal_shares_agree_with_domir_over_polr() -> None:
    result = driver_importance(
        housing(), outcome="Sat", drivers=["Infl", "Type", "Cont"], kind="ordinal",
        weights="Freq", n_boot=0,
    )  # fmt: skip
    want = list(ORDINAL["general"].values())
    np.testing.assert_allclose(result.estimates["estimate"], want, rtol=1e-6)
    assert result.r2 == pytest.approx(ORDINAL["worth"], rel=1e-6)
    assert result.criterion == "mcfadden"


def test_tjur_is_the_difference_of_mean_chances_and_has_no_intervals() -> None:
    frame = births()
    options = {"outcome": "low", "drivers": LOGIT["drivers"], "kind": "binary"}
    result = driver_importance(frame, **options, criterion="tjur", n_boot=0)
    prepared = prepare_game(frame, Question(**options))
    game = prepared.game
    assert isinstance(game, LikelihoodGame)
    fit = game.fits[2**6 - 1]
    chance = 1 / (1 + np.exp(fit.thresholds[0] - game.x @ fit.slopes))
    low = frame["low"] == 1
    assert result.r2 == pytest.approx(chance[low].mean() - chance[~low].mean())
    assert result.estimates["estimate"].sum() == pytest.approx(result.r2)
    with pytest.raises(CxError, match="not offered for criterion 'tjur'"):
        driver_importance(frame, **options, criterion="tjur")


def test_coefficients_are_in_the_units_of_the_data() -> None:
    result = driver_importance(
        births(), outcome="low", drivers=LOGIT["drivers"], kind="binary", n_boot=0
    )
    found = result.estimates.set_index("term")["coefficient"]
    assert found["lwt"] == pytest.approx(-0.0143184481812298, rel=1e-7)
    assert found["ht"] == pytest.approx(1.86363968476701, rel=1e-7)


def test_mcfaddens_adjustment_takes_a_column_off_the_likelihood() -> None:
    result = driver_importance(
        births(), outcome="low", drivers=LOGIT["drivers"], kind="binary", n_boot=0
    )
    null = LOGIT["log_likelihood"] / (1 - result.r2)
    assert result.r2_adjusted == pytest.approx(1 - (LOGIT["log_likelihood"] - 6) / null)
    assert result.estimates["adjusted"].sum() == pytest.approx(result.r2_adjusted)


@pytest.mark.parametrize("classes", [2, 4])
def test_gradient_and_information_are_the_derivatives_of_the_likelihood(classes: int) -> None:
    frame = stays(classes=classes)
    x = frame[["q0", "q1", "q2"]].to_numpy()
    weights = np.linspace(0.5, 2, len(x))
    answers = Answers(code=frame["y"].to_numpy(), weights=weights, classes=classes)
    cuts = classes - 1
    at = np.concatenate([answers.thresholds(), [0.3, -0.2, 0.1]])

    def slope(params: np.ndarray) -> np.ndarray:
        return gradient_of(answers, x, look_at(answers, x @ params[cuts:], params[:cuts]))

    def value(params: np.ndarray) -> float:
        return float(weights @ look_at(answers, x @ params[cuts:], params[:cuts]).log_p)

    steps = np.eye(len(at)) * 1e-6
    numeric = [(value(at + step) - value(at - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(slope(at), numeric, atol=1e-6)
    state = look_at(answers, x @ at[cuts:], at[:cuts])
    np.testing.assert_allclose(scores_of(answers, x, state).sum(axis=0), slope(at), atol=1e-10)
    curvature = [-(slope(at + step) - slope(at - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(information_of(answers, x, state), curvature, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 4])
def test_one_step_replicates_are_close_to_fitting_again(classes: int) -> None:
    frame = stays(n=600, classes=classes)
    question = Question(**asked(kind="binary" if classes == 2 else "ordinal"))
    prepared = prepare_game(frame, question)
    game = prepared.game
    assert isinstance(game, LikelihoodGame)
    drawn = draw_indices(prepared.units, 40, np.random.default_rng(1))
    factors = factors_from(drawn, prepared.units)
    found = game.draws(factors, visit_all=True)
    again = np.array([fitted_again(game, row) for row in factors])
    assert ((found.shares - again).std(axis=0) < 0.05 * again.std(axis=0)).all()
    assert (found.shares >= 0).all()


def fitted_again(game: LikelihoodGame, weights: np.ndarray) -> np.ndarray:
    answers = replace(game.answers, weights=np.maximum(weights, 1e-200))
    fits = {
        mask: fit_subset(
            answers,
            np.ascontiguousarray(game.x[:, columns_of(game.players, mask)]),
            thresholds=fit.thresholds,
            slopes=fit.slopes,
        )
        for mask, fit in game.fits.items()
    }
    moved = replace(game, answers=answers, fits=fits)
    return game.allocation.coefficients @ moved.worth(game.allocation.masks)


@pytest.mark.parametrize("criterion", INDEX)
def test_influence_values_are_the_jackknife_without_fitting_again(criterion: str) -> None:
    prepared = prepare_game(stays(n=150), Question(**asked(kind="binary", criterion=criterion)))
    game = prepared.game
    assert isinstance(game, LikelihoodGame)
    left_out = []
    for i in range(0, 150, 10):
        weights = np.ones(150)
        weights[i] = 1e-200
        left_out.append(fitted_again(game, weights))
    exact = -150 * (np.array(left_out) - game.point().shares)
    limit = game.influence()[::10, :-1] * 150
    assert np.corrcoef(exact.ravel(), limit.ravel())[0, 1] > 0.99
    np.testing.assert_allclose(game.influence().sum(axis=0), 0.0, atol=1e-6)
    assert (np.abs(acceleration_of(game.influence())) < 0.2).all()


def test_bca_and_percentile_are_offered_and_named() -> None:
    for interval in ("percentile", "bca"):
        result = driver_importance(
            stays(), **asked(kind="binary", n_boot=200, interval=interval)
        )
        table = result.estimates
        assert (table["conf_low"] < table["estimate"]).all()
        assert (table["estimate"] < table["conf_high"]).all()
        assert result.replicates == "one_step"
    assert result.acceleration == "infinitesimal"


def test_beyond_the_limit_orders_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = stays(p=5)
    exact = driver_importance(frame, **asked(5, kind="binary", n_boot=0)).estimates
    monkeypatch.setattr(_likelihood, "MAX_EXACT_FITS", 3)
    drawn = driver_importance(frame, **asked(5, kind="binary", n_boot=50, n_orders=60))
    assert (drawn.exact, drawn.n_orders) == (False, 60)
    deviation = (drawn.estimates["estimate"] - exact["estimate"]).abs()
    assert (deviation <= 4 * drawn.estimates["mc_error"]).all()
    assert drawn.estimates["estimate"].sum() == pytest.approx(drawn.r2)


def test_the_linear_model_takes_most_of_the_error_of_drawing_orders_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frame = stays(p=6, n=800)
    options = asked(6, kind="binary", n_boot=0, n_orders=60)
    monkeypatch.setattr(_likelihood, "MAX_EXACT_FITS", 3)
    helped = driver_importance(frame, **options)
    monkeypatch.setattr(
        _likelihood, "explained_deviations", lambda gains, linear: np.zeros_like(gains)
    )
    alone = driver_importance(frame, **options)
    assert (5 * helped.estimates["mc_error"] < alone.estimates["mc_error"]).all()
    assert helped.estimates["estimate"].sum() == pytest.approx(helped.r2)


def test_more_than_sixty_drivers_of_classes_are_refused() -> None:
    with pytest.raises(CxError, match="at most 60 are possible"):
        driver_importance(stays(p=61), **asked(61, kind="binary", n_boot=0))


def test_controls_groups_and_interactions_work_for_classes() -> None:
    frame = stays(p=4)
    kind = {"kind": "binary", "n_boot": 0}
    with_control = driver_importance(
        frame, outcome="y", drivers=["q0", "q1"], controls=["q2"], **kind
    )
    assert with_control.r2_controls > 0
    explained = with_control.r2 - with_control.r2_controls
    assert with_control.estimates["estimate"].sum() == pytest.approx(explained)
    groups = {"a": ["q0", "q3"]}
    owen = driver_importance(frame, **asked(4, groups=groups, method="owen", **kind)).estimates
    whole = driver_importance(frame, **asked(4, groups=groups, **kind)).estimates
    assert owen["estimate"][[0, 3]].sum() == pytest.approx(whole["estimate"][0])
    crossed = driver_importance(
        frame, outcome="y", drivers=["q0", "q1", "q0:q1"], **kind
    ).estimates
    assert np.isnan(crossed["first"][2])
    assert crossed["estimate"].sum() == pytest.approx(
        driver_importance(frame, outcome="y", drivers=["q0", "q1", "q0:q1"], **kind).r2
    )


def test_multiplying_weights_by_ten_changes_nothing() -> None:
    frame = stays(classes=4).assign(w=np.linspace(0.5, 2, 400))
    one, ten = (
        driver_importance(f, **asked(kind="ordinal", weights="w", n_boot=40))
        for f in (frame, frame.assign(w=10 * frame["w"]))
    )
    pd.testing.assert_frame_equal(one.estimates, ten.estimates, rtol=1e-8)


def test_a_driver_that_gives_the_class_away_is_refused() -> None:
    frame = stays().assign(q1=lambda d: d["y"] * 3.0 + 0.01 * d["q2"])
    with pytest.raises(EstimationError, match="separate the classes"):
        driver_importance(frame, **asked(kind="binary", n_boot=0))


def test_an_empty_class_and_a_method_for_numbers_are_refused() -> None:
    frame = stays()
    frame["y"] = pd.Categorical(
        np.where(frame["y"] == 1, "b", "a"), ["a", "b", "c"], ordered=True
    )
    with pytest.raises(CxError, match=r"c"):
        driver_importance(frame, **asked(kind="ordinal", n_boot=0))
    with pytest.raises(CxError, match="defined for a linear outcome"):
        driver_importance(stays(), **asked(kind="binary", method="car", n_boot=0))
    with pytest.raises(CxError, match="one of 'mcfadden'"):
        driver_importance(stays(classes=4), **asked(kind="ordinal", criterion="tjur", n_boot=0))
