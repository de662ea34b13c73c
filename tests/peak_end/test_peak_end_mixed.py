"""Mixed models: equal to lme4 and lmerTest, honest with few people, clear when impossible."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.errors import CxError, EstimationError, ResponseError
from cxresearch.peak_end import MixedModelResult, mixed_model
from cxresearch.results import Result

VARIANTS = {
    "random_slope": {"random": ["Days"]},
    "random_intercept": {},
    "uncorrelated": {"random": ["Days"], "correlated": False},
    "random_slope_ML": {"random": ["Days"], "reml": False},
}


@pytest.fixture
def sleepstudy(reference_data) -> pd.DataFrame:
    return reference_data("sleepstudy")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_model_equals_lmer_and_lmertest(golden, sleepstudy, variant) -> None:
    expected = golden("mixed_model")
    values, close = expected["values"], expected["tolerance"]
    model = mixed_model(
        sleepstudy, outcome="Reaction", fixed=["Days"], groups="Subject", **VARIANTS[variant]
    )
    theirs = pd.DataFrame(values["estimates"][variant])
    ours = model.estimates
    assert ours["term"].tolist() == theirs["term"].tolist()
    np.testing.assert_allclose(ours["estimate"], theirs["estimate"], rtol=close["estimate"])
    for name in ("std_error", "statistic"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=close["std_error"])
    np.testing.assert_allclose(ours["df"], theirs["df"], rtol=close["df"])
    np.testing.assert_allclose(ours["p_value"], theirs["p_value"], rtol=0.01)
    components = values["variance_components"][variant]
    np.testing.assert_allclose(
        model.variance_components[["estimate", "sd"]],
        [[row["vcov"], row["sdcor"]] for row in components],
        rtol=close["variance"],
    )
    first = pd.DataFrame(values["random_effects"][variant])
    np.testing.assert_allclose(
        model.random_effects[first.columns].head(3), first, rtol=1e-4, atol=2e-4
    )
    for name in ("log_likelihood", "aic", "bic"):
        assert getattr(model, name) == pytest.approx(
            values[name][variant], rel=close["log_likelihood"]
        )
    for name in ("icc", "r2_marginal", "r2_conditional"):
        if variant in values[name]:
            assert getattr(model, name) == pytest.approx(values[name][variant], rel=close["r2"])
    assert (model.n, model.n_groups) == (values["n"], values["n_groups"])
    assert model.converged is values["converged"][variant]
    assert model.singular is values["singular"][variant]


@pytest.mark.parametrize("variant", list(VARIANTS)[:3])
def test_kenward_and_rogers_tests_equal_pbkrtests(golden, sleepstudy, variant) -> None:
    expected = golden("mixed_model")
    theirs = pd.DataFrame(expected["values"]["kenward_roger"][variant])
    model = mixed_model(
        sleepstudy, outcome="Reaction", fixed=["Days"], groups="Subject",
        df_method="kenward_roger", **VARIANTS[variant],
    )  # fmt: skip
    close = expected["tolerance"]
    ours = model.estimates
    np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=close["std_error"])
    np.testing.assert_allclose(ours["df"], theirs["df"], rtol=1e-6)
    assert model.df_method == "kenward_roger"
    with pytest.raises(CxError, match="'kenward_roger' needs reml"):
        mixed_model(
            sleepstudy, outcome="Reaction", fixed=["Days"], groups="Subject", reml=False,
            df_method="kenward_roger",
        )  # fmt: skip


def test_unbalanced_people_widen_kenward_and_rogers_errors_as_the_dense_formula_says() -> None:
    table = repeated(7, 6, spread=1, seed=9).drop(index=[0, 1, 2, 3, 8, 9, 15, 30, 31, 32, 33])
    table["late"] = (np.arange(len(table)) % 3 == 0) * 1.0
    options = {"outcome": "y", "fixed": ["x", "late"], "groups": "person", "random": ["x"]}
    plain = mixed_model(table, **options)
    model = mixed_model(table, df_method="kenward_roger", **options)
    person = table["person"].to_numpy()
    same = person[:, None] == person[None, :]
    s = table["x"].to_numpy()
    x = np.column_stack([np.ones(len(table)), s, table["late"]])
    parts = [same * 1.0, same * (s[:, None] + s[None, :]), same * np.outer(s, s)]
    parts.append(np.eye(len(table)))
    v = {tuple(r[:2]): r[2] for r in model.variance_components.to_numpy()}
    weights = [v["intercept", ""], v["intercept", "x"], v["x", ""], v["residual", ""]]
    inverse = np.linalg.inv(sum(w * g for w, g in zip(weights, parts, strict=True)))
    phi = np.linalg.inv(x.T @ inverse @ x)
    first = [-x.T @ inverse @ g @ inverse @ x for g in parts]
    second = [[x.T @ inverse @ g @ inverse @ h @ inverse @ x for h in parts] for g in parts]
    information = np.array(
        [
            [
                np.trace(inverse @ g @ inverse @ h)
                - 2 * np.trace(phi @ second[a][b])
                + np.trace(phi @ first[a] @ phi @ first[b])
                for b, h in enumerate(parts)
            ]
            for a, g in enumerate(parts)
        ]
    )
    spread = 2 * np.linalg.inv(information)
    middle = sum(
        spread[a, b] * (second[a][b] - first[a] @ phi @ first[b])
        for a in range(4)
        for b in range(4)
    )
    adjusted = phi + 2 * phi @ middle @ phi
    np.testing.assert_allclose(
        model.estimates["std_error"], np.sqrt(np.diag(adjusted)), rtol=1e-8
    )
    slopes = np.array([np.diag(phi @ p @ phi) for p in first])
    df = 2 * np.diag(phi) ** 2 / np.einsum("kp,kl,lp->p", slopes, spread, slopes)
    np.testing.assert_allclose(model.estimates["df"], df, rtol=1e-7)
    assert (model.estimates["std_error"] > plain.estimates["std_error"]).all()


def test_eighteen_people_give_seventeen_degrees_of_freedom(sleepstudy) -> None:
    model = mixed_model(
        sleepstudy, outcome="Reaction", fixed=["Days"], groups="Subject", random=["Days"]
    )
    days = model.estimates.iloc[1]
    assert days["df"] == pytest.approx(17, abs=1e-6)
    assert days["p_value"] == pytest.approx(3.264e-6, rel=1e-3)


def test_the_likelihood_ratio_of_nested_models_equals_rs(golden, sleepstudy) -> None:
    fits = [
        mixed_model(
            sleepstudy, outcome="Reaction", fixed=fixed, groups="Subject", random=["Days"],
            reml=False,
        )
        for fixed in ([], ["Days"])
    ]  # fmt: skip
    chisq = 2 * (fits[1].log_likelihood - fits[0].log_likelihood)
    assert chisq == pytest.approx(
        golden("mixed_model")["values"]["lrt_days"]["chisq"], rel=1e-6
    )


def test_unequal_episodes_equal_lmertest(golden, reference_data) -> None:
    expected = golden("mixed_moments")
    moments = reference_data("moments")
    moments["arm_moment"] = moments["arm"] * moments["moment"]
    model = mixed_model(
        moments, outcome="rating", fixed=["arm", "moment", "arm_moment"], groups="id"
    )
    theirs = pd.DataFrame(expected["values"]["estimates"])
    assert model.estimates["term"].tolist() == theirs["term"].tolist()
    for name in ("estimate", "std_error", "df"):
        np.testing.assert_allclose(
            model.estimates[name], theirs[name], rtol=expected["tolerance"][name]
        )


def test_pairs_of_conditions_equal_the_exact_tests_of_a_balanced_design(
    golden, reference_data
) -> None:
    expected = golden("mixed_contrasts")
    model = mixed_model(
        reference_data("three_conditions"),
        outcome="rating", fixed=["condition"], groups="person", compare="condition",
    )  # fmt: skip
    assert model.contrasts["group"].tolist() == ["B − A", "C − A", "C − B"]
    rtol = expected["tolerance"]["rtol"]
    for name, theirs in expected["values"]["contrasts"].items():
        np.testing.assert_allclose(model.contrasts[name], theirs, rtol=max(rtol, 1e-6))
    assert model.log_likelihood == pytest.approx(expected["values"]["log_likelihood"], rel=rtol)
    assert model.tidy()["term"].tolist()[-1] == "condition"


def repeated(people: int, episodes: int, *, spread: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), episodes)
    x = rng.normal(size=people * episodes)
    y = 5 + spread * rng.normal(size=people)[person] + rng.normal(size=people * episodes)
    return pd.DataFrame({"person": person, "x": x, "y": y})


def test_the_deeper_of_two_minima_is_found(golden, reference_data) -> None:
    expected = golden("two_minima")
    model = mixed_model(
        reference_data("two_minima"), outcome="y", fixed=["x", "w"], groups="g", random=["x"]
    )
    theirs = expected["values"]
    assert model.log_likelihood >= theirs["log_likelihood"] - 1e-6
    for name, value in theirs["estimates"].items():
        np.testing.assert_allclose(
            model.estimates[name], value, rtol=expected["tolerance"]["rtol"]
        )


def dense_log_likelihood(
    y: np.ndarray, x: np.ndarray, same: np.ndarray, ratio: float, *, reml: bool
) -> float:
    whole = np.eye(len(y)) + ratio * same
    inverse = np.linalg.inv(whole)
    known = x.T @ inverse @ x
    rest = y - x @ np.linalg.solve(known, x.T @ inverse @ y)
    df = len(y) - (x.shape[1] if reml else 0)
    deviance = np.linalg.slogdet(whole)[1]
    deviance += df * (1 + np.log(2 * np.pi * (rest @ inverse @ rest) / df))
    return float(-(deviance + (np.linalg.slogdet(known)[1] if reml else 0)) / 2)


@pytest.mark.parametrize(("seed", "reml"), [(995, True), (995, False), (3, True), (3, False)])
def test_no_ratio_of_the_variances_is_more_likely_than_the_one_found(seed, reml) -> None:
    """Seed 995 has a minimum at a variance of zero, too, which is not the deepest by REML."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(6), rng.integers(1, 8, 6))
    x = np.column_stack([np.ones(len(group)), rng.normal(size=len(group))])
    frame = pd.DataFrame({"g": group, "x": x[:, 1], "y": rng.normal(size=len(group))})
    model = mixed_model(frame, outcome="y", fixed=["x"], groups="g", reml=reml)
    same = (group[:, None] == group).astype(float)
    y = frame["y"].to_numpy()
    variances = model.variance_components["estimate"].to_numpy()
    found, *others = (
        dense_log_likelihood(y, x, same, ratio, reml=reml)
        for ratio in (variances[0] / variances[1], *np.linspace(0, 20, 401))
    )
    assert model.log_likelihood == pytest.approx(found, rel=1e-12)
    assert found >= max(others) - 1e-9
    assert model.singular == (variances[0] == 0)


def test_a_variance_of_zero_is_said_and_leaves_ordinary_least_squares() -> None:
    table = repeated(30, 4, spread=0, seed=1)
    table["y"] = table["y"] - table.groupby("person")["y"].transform("mean")
    model = mixed_model(table, outcome="y", fixed=["x"], groups="person")
    assert model.singular
    assert model.notes == ("singular",)
    assert model.icc == pytest.approx(0, abs=1e-8)
    slope, _ = np.polyfit(table["x"], table["y"], 1)
    assert model.estimates["estimate"].iloc[1] == pytest.approx(slope, rel=1e-9)
    assert model.estimates["df"].iloc[1] == pytest.approx(118, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    shift=st.sampled_from([-1e6, 0.0, 250.0]),
    scale=st.sampled_from([1e-3, 1.0, 1e4]),
)
def test_the_model_moves_with_the_units_of_the_outcome(seed, shift, scale) -> None:
    table = repeated(12, 5, spread=1, seed=seed)
    plain = mixed_model(table, outcome="y", fixed=["x"], groups="person", random=["x"])
    moved = mixed_model(
        table.assign(y=shift + scale * table["y"], x=table["x"] * 100),
        outcome="y", fixed=["x"], groups="person", random=["x"],
    )  # fmt: skip
    before, after = plain.estimates.iloc[1], moved.estimates.iloc[1]
    assert after["estimate"] == pytest.approx(
        before["estimate"] * scale / 100, rel=1e-3, abs=1e-9
    )
    assert after["std_error"] == pytest.approx(before["std_error"] * scale / 100, rel=1e-3)
    assert moved.log_likelihood == pytest.approx(
        plain.log_likelihood - 58 * np.log(scale) - np.log(100), abs=1e-3
    )


def test_rows_in_another_order_give_the_same_model() -> None:
    table = repeated(15, 4, spread=1, seed=2)
    straight = mixed_model(table, outcome="y", fixed=["x"], groups="person")
    shuffled = mixed_model(
        table.sample(frac=1, random_state=1), outcome="y", fixed=["x"], groups="person"
    )
    np.testing.assert_allclose(straight.estimates["df"], shuffled.estimates["df"], rtol=1e-8)
    np.testing.assert_allclose(
        straight.estimates["estimate"], shuffled.estimates["estimate"], rtol=1e-10
    )


def test_impossible_models_are_refused_in_clear_words() -> None:
    table = repeated(10, 3, spread=1, seed=3)
    with pytest.raises(ResponseError, match="30 rows in 30 groups of 'row'"):
        mixed_model(table.assign(row=range(30)), outcome="y", fixed=["x"], groups="row")
    with pytest.raises(EstimationError, match="linearly dependent"):
        mixed_model(
            table.assign(z=2 * table["x"]), outcome="y", fixed=["x", "z"], groups="person"
        )
    with pytest.raises(EstimationError, match="the outcome does not vary"):
        mixed_model(table.assign(y=5.0), outcome="y", fixed=["x"], groups="person")
    with pytest.raises(ResponseError, match="column 'x' has one value only"):
        mixed_model(table.assign(x=1.0), outcome="y", fixed=["x"], groups="person")
    with pytest.raises(CxError, match="column 'y' must be numeric; it holds 'a'"):
        mixed_model(table.assign(y="a"), outcome="y", fixed=["x"], groups="person")
    with pytest.raises(CxError, match="names a column twice"):
        mixed_model(table, outcome="y", fixed=["x", "x"], groups="person")
    with pytest.raises(CxError, match="compare: 'x' is numeric"):
        mixed_model(table, outcome="y", fixed=["x"], groups="person", compare="x")


def test_the_control_is_what_the_other_levels_are_compared_with() -> None:
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "person": np.repeat(range(20), 3),
            "arm": ["a", "b", "c"] * 20,
            "y": rng.normal(size=60),
        }
    )
    options = {"outcome": "y", "fixed": ["arm"], "groups": "person", "compare": "arm"}
    every = mixed_model(table, **options).contrasts.set_index("group")
    two = mixed_model(table, control="b", **options).contrasts
    assert two["group"].tolist() == ["a − b", "c − b"]
    np.testing.assert_allclose(
        two["estimate"], [-every.loc["b − a", "estimate"], every.loc["c − b", "estimate"]]
    )
    with pytest.raises(CxError, match=r"control: \['d'\] not found; the levels of arm are"):
        mixed_model(table, control="d", **options)
    small = pd.DataFrame({"y": [1.0, 2, 3], "x": [1.0, 2, 4], "z": [1.0, 0, 0]})
    with pytest.raises(EstimationError, match="3 rows cannot carry 3 fixed effects"):
        mixed_model(
            small.assign(person=[1, 1, 2]), outcome="y", fixed=["x", "z"], groups="person"
        )


def test_rows_with_a_gap_are_left_out_and_counted() -> None:
    table = repeated(10, 3, spread=1, seed=4)
    table.loc[[0, 5], "y"] = np.nan
    model = mixed_model(table, outcome="y", fixed=["x"], groups="person")
    assert (model.n, model.n_omitted) == (28, 2)
    assert "rows_omitted:2" in model.notes
    empty = table.assign(y=np.nan)
    with pytest.raises(ResponseError, match="no row has a value in all of"):
        mixed_model(empty, outcome="y", fixed=["x"], groups="person")


@pytest.mark.parametrize("people", [12, 100])
def test_a_condition_without_effect_is_rejected_at_its_level(people) -> None:
    rng = np.random.default_rng(people)
    rejected, covered, runs = 0, 0, 300 if people == 12 else 120
    arm = np.repeat(np.arange(people) % 2, 4).astype(float)
    for _ in range(runs):
        person = np.repeat(np.arange(people), 4)
        y = rng.normal(size=people)[person] + rng.normal(size=4 * people)
        table = pd.DataFrame({"person": person, "arm": arm, "y": y})
        row = mixed_model(table, outcome="y", fixed=["arm"], groups="person").estimates.iloc[1]
        rejected += row["p_value"] < 0.05
        covered += row["conf_low"] <= 0 <= row["conf_high"]
    error = 4 * np.sqrt(0.05 * 0.95 / runs)
    assert abs(rejected / runs - 0.05) < error
    assert covered == runs - rejected


def test_the_result_survives_json(sleepstudy) -> None:
    model = mixed_model(sleepstudy, outcome="Reaction", fixed=["Days"], groups="Subject")
    back = Result.from_dict(model.to_dict())
    assert isinstance(back, MixedModelResult)
    pd.testing.assert_frame_equal(back.tidy(), model.tidy(), check_dtype=False)
    assert len(model.glance()) == 1
    assert len(model.augment()) == 18
