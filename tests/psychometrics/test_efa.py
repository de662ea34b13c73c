"""Exploratory factors agree with psych; each fault of factor_analyzer is still there."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from factor_analyzer import FactorAnalyzer, Rotator
from hypothesis import given, settings
from hypothesis import strategies as st

from cxresearch.errors import CxError, EstimationError
from cxresearch.psychometrics._factor_analyzer import extract
from cxresearch.psychometrics._oblimin import oblimin
from cxresearch.psychometrics.efa import (
    EfaResult,
    exploratory_factors,
    factors_from_correlation,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
GOLDENS = sorted(
    path.name for path in (REFERENCE / "expected").glob("psychometrics_efa_*.json")
)


def bfi() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / "psychometrics_bfi.csv.gz")


def fitted(frame: pd.DataFrame, options: dict[str, object]) -> EfaResult:
    if options.pop("pairwise"):
        return factors_from_correlation(
            frame.corr().to_numpy(),
            items=list(frame.columns),
            n=len(frame),
            **options,  # type: ignore[arg-type]
        )
    return exploratory_factors(frame, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", GOLDENS)
def test_every_field_agrees_with_psych(name: str) -> None:
    golden = json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))
    found = fitted(bfi(), golden["options"])
    values, limits = golden["values"], golden["tolerance"]
    for field in ("estimates", "variance"):
        own, expected = getattr(found, field), pd.DataFrame(values.pop(field))
        assert set(own.columns) == set(expected.columns)
        for column in expected:
            if own[column].dtype == object:
                assert own[column].tolist() == expected[column].tolist()
            else:
                np.testing.assert_allclose(
                    own[column], expected[column], atol=limits["loadings"], err_msg=column
                )
    for field, value in values.items():
        own = getattr(found, field)
        if isinstance(own, np.ndarray):
            np.testing.assert_allclose(own, value, atol=limits["loadings"], err_msg=field)
        elif isinstance(own, float):
            wanted = np.nan if value is None else value
            assert own == pytest.approx(wanted, rel=limits["fit"], nan_ok=True), field
        else:
            assert (list(own) if isinstance(own, tuple) else own) == value, field


def items_of(factors: int, seed: int, n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n, factors)) + 0.7 * rng.normal(size=(n, 1))
    answers = np.repeat(mixed, range(3, 3 + factors), axis=1)
    return pd.DataFrame(answers + rng.normal(size=answers.shape)).rename(columns="q{}".format)


@pytest.mark.parametrize("rotation", ["oblimin", "promax", "varimax", "none"])
@pytest.mark.parametrize("extraction", ["minres", "ml", "principal"])
def test_structure_is_pattern_times_correlations_and_variance_adds_up(
    extraction: str, rotation: str
) -> None:
    found = exploratory_factors(items_of(3, 1), 3, extraction=extraction, rotation=rotation)  # type: ignore[arg-type]
    loadings, phi = found.loadings, found.factor_correlations
    np.testing.assert_allclose(found.structure, loadings @ phi)
    np.testing.assert_allclose(np.diag(phi), 1)
    np.testing.assert_allclose(np.diag(loadings @ phi @ loadings.T), found.communalities)
    assert found.variance["share"].is_monotonic_decreasing
    oblique = rotation in ("oblimin", "promax")
    assert (np.abs(phi - np.eye(3)).max() > 0.1) == oblique
    assert (loadings.sum(axis=0) >= 0).all()


def test_polychoric_correlations_undo_what_few_steps_do_to_loadings() -> None:
    under = items_of(2, 4, n=2000)
    coarse = (under > 1).astype(float)
    full, rough, mended = (
        exploratory_factors(frame, 2, correlation=kind)  # type: ignore[arg-type]
        for frame, kind in ((under, "pearson"), (coarse, "pearson"), (coarse, "polychoric"))
    )
    assert rough.communalities.mean() < 0.8 * full.communalities.mean()
    assert mended.communalities.mean() == pytest.approx(full.communalities.mean(), abs=0.05)
    assert mended.correlation == "polychoric"


def test_rotation_leaves_communalities_and_fit() -> None:
    one, two = (
        exploratory_factors(items_of(3, 2), 3, rotation=r) for r in ("oblimin", "varimax")
    )
    np.testing.assert_allclose(one.communalities, two.communalities, atol=1e-6)
    assert one.chi2 == pytest.approx(two.chi2, rel=1e-6)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), order=st.permutations(range(7)))
def test_order_and_units_of_items_change_nothing(seed: int, order: list[int]) -> None:
    frame = items_of(2, seed)
    changed = (5 + 3 * frame).iloc[:, order]
    before, after = exploratory_factors(frame, 2), exploratory_factors(changed, 2)
    np.testing.assert_allclose(after.loadings, before.loadings[order], atol=2e-3)


@pytest.mark.parametrize("factors", [2, 3, 4])
def test_oblimin_ends_where_the_rounds_of_the_library_end(factors: int) -> None:
    frame = items_of(factors, 5)
    unrotated = exploratory_factors(frame, factors, rotation="none").loadings
    library = Rotator(method="oblimin", tol=1e-9, max_iter=2000)
    pattern, phi = oblimin(unrotated)
    # Below this, rounding decides which steps are taken.
    np.testing.assert_allclose(pattern, library.fit_transform(unrotated), atol=1e-7)
    np.testing.assert_allclose(phi, library.phi_, atol=1e-7)


def test_one_factor_needs_no_rotation() -> None:
    found = exploratory_factors(bfi()[["N1", "N2", "N3", "N4", "N5"]], 1)
    assert found.factor_correlations.tolist() == [[1.0]]
    assert found.df == 5


def test_items_that_are_nearly_one_are_a_heywood_case() -> None:
    frame = items_of(2, 3)
    rng = np.random.default_rng(1)
    frame["twin"] = frame["q0"] + 0.02 * rng.normal(size=len(frame))
    found = exploratory_factors(frame, 3)
    assert any(note.startswith("heywood:") for note in found.notes)


def test_result_survives_json() -> None:
    found = exploratory_factors(items_of(2, 1), 2)
    back = EfaResult.from_dict(json.loads(json.dumps(found.to_dict())))
    pd.testing.assert_frame_equal(back.tidy(), found.tidy())
    assert back.glance()["factors"].item() == 2


class TestRefusals:
    def test_too_many_factors(self) -> None:
        with pytest.raises(CxError, match="5 factors have more parameters than 7 items"):
            exploratory_factors(items_of(2, 1), 5)

    def test_an_unknown_extraction_or_rotation(self) -> None:
        with pytest.raises(CxError, match="extraction must be one of"):
            exploratory_factors(items_of(2, 1), 2, extraction="pca")  # type: ignore[arg-type]
        with pytest.raises(CxError, match="rotation must be one of"):
            exploratory_factors(items_of(2, 1), 2, rotation="turn")  # type: ignore[arg-type]

    def test_a_covariance_matrix(self) -> None:
        with pytest.raises(CxError, match="unit diagonal"):
            factors_from_correlation(2 * np.eye(4), 1, items=list("abcd"), n=100)

    def test_items_that_repeat_each_other(self) -> None:
        frame = items_of(2, 1)
        with pytest.raises(EstimationError, match="not positive definite"):
            exploratory_factors(frame.assign(copy=frame["q0"]), 2)

    def test_an_extraction_that_does_not_converge(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def warn(*_: object) -> None:
            warnings.warn("Failed to converge: too hard", stacklevel=1)

        monkeypatch.setattr(FactorAnalyzer, "_fit_factor_analysis", warn)
        with pytest.raises(EstimationError, match="2 factors by 'minres': Failed to converge"):
            exploratory_factors(items_of(2, 1), 2)


@pytest.mark.filterwarnings("ignore:'force_all_finite' was renamed:FutureWarning")
class TestFaultsOfFactorAnalyzer:
    """Each fails when the library is repaired: then its work-around can go."""

    def analyzer(self, data: object, **options: object) -> FactorAnalyzer:
        analyzer = FactorAnalyzer(**{"n_factors": 3, "rotation": "oblimin", **options})
        analyzer.fit(data)
        return analyzer

    def test_factor_correlations_come_in_another_order_than_loadings(self) -> None:
        answers = bfi().dropna()
        found = self.analyzer(answers, n_factors=5)
        assert np.abs(found.loadings_ @ found.phi_ - found.structure_).max() > 0.01
        ours = extract(answers.corr().to_numpy(), 5, extraction="minres", rotation="oblimin")
        np.testing.assert_allclose(ours.loadings @ ours.correlations, ours.structure)
        np.testing.assert_allclose(
            np.sort(np.abs(ours.structure).ravel()),
            np.sort(np.abs(found.structure_).ravel()),
            atol=2e-3,
        )

    def test_missing_answers_become_medians_without_a_word(self) -> None:
        frame = items_of(3, 1)
        frame.loc[:50, "q0"] = np.nan
        assert np.isfinite(self.analyzer(frame).loadings_).all()

    def test_communalities_ignore_factor_correlations(self) -> None:
        found = self.analyzer(bfi().dropna(), n_factors=5)
        right = np.sum(found.loadings_ * found.structure_, axis=1)
        assert np.abs(found.get_communalities() - right).max() > 0.05

    def test_principal_components_refuse_a_correlation_matrix(self) -> None:
        frame = items_of(3, 1)
        options = {"method": "principal", "rotation": None}
        with pytest.raises(ValueError, match="only implemented using the full data set"):
            self.analyzer(frame.corr(), is_corr_matrix=True, **options)

    def test_principal_components_are_approximate(self) -> None:
        options = {"n_factors": 5, "method": "principal", "rotation": None}
        rough = self.analyzer(bfi().dropna(), **options).loadings_
        given = bfi().dropna().corr().to_numpy()
        exact = extract(given, 5, extraction="principal", rotation="none").loadings
        np.testing.assert_allclose(
            np.sum(exact**2, axis=0), np.linalg.eigvalsh(given)[:-6:-1], rtol=1e-10
        )
        assert np.abs(np.abs(rough) - np.abs(exact)).max() > 5e-4
        many = self.analyzer(bfi().dropna(), svd_method="lapack", **options).loadings_
        assert many.shape == (25, 25)

    def test_fit_rewrites_its_constructor_arguments(self) -> None:
        assert self.analyzer(items_of(3, 1), method="MINRES").method == "minres"

    def test_it_passes_an_argument_scikit_learn_renamed(self) -> None:
        with pytest.warns(FutureWarning, match="force_all_finite"):
            self.analyzer(items_of(3, 1))
