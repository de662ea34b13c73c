"""Forest and linear model on shared folds, and exchanges of answers among alike respondents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._matrix import correlation_of, covariance_of
from cxresearch._types import FloatArray, IntArray
from cxresearch.drivers._model_data import ModelData
from cxresearch.drivers._model_fits import fit_linear, with_intercept

_ROWS = 50_000
"""Rows predicted at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of `forest_importance`."""

    n_trees: int
    rows_a_tree: int
    min_leaf: int
    repeats: int
    min_stratum: int
    threshold: float
    seed: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FoldModel:
    """What was fitted to all folds but one: a forest, coefficients, the mean of the outcome."""

    forest: Any
    params: FloatArray
    centre: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A mean loss as a share of the outcome's variance, its standard error, df."""

    estimate: float
    std_error: float
    df: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Losses:
    """Squared errors of each respondent out of fold, arrays of shape (n,).

    Attributes
    ----------
    forest, linear, null : ndarray
        Of the forest, the linear model and the mean.
    w : ndarray
        Case weights.
    unit : ndarray of int
        Cluster of each respondent, or the respondent.
    """

    forest: FloatArray
    linear: FloatArray
    null: FloatArray
    w: FloatArray
    unit: IntArray

    @classmethod
    def of(cls, data: ModelData, fold: IntArray, models: Sequence[FoldModel]) -> Losses:
        """Return the losses of fitted models."""
        forest, linear = predictions(data.x.values, fold, models)
        centre = np.array([model.centre for model in models])[fold]
        unit = np.unique(data.design.unit[data.rows], return_inverse=True)[1]
        return cls(
            forest=(data.y - forest) ** 2, linear=(data.y - linear) ** 2,
            null=(data.y - centre) ** 2, w=data.w, unit=unit.astype(np.int64),
        )  # fmt: skip

    def share_of(self, loss: FloatArray) -> Share:
        """Return ``Σwℓ / Σwℓ₀`` and the standard error of that ratio, clusters kept whole."""
        whole = float(self.w @ self.null)
        estimate = float(self.w @ loss) / whole
        influence = self.w * (loss - estimate * self.null) / whole
        sums = np.bincount(self.unit, weights=influence)
        units = len(sums)
        error = float(np.sqrt(units / (units - 1) * (sums @ sums)))
        return Share(estimate=estimate, std_error=error, df=float(units - 1))


def fit_folds(data: ModelData, fold: IntArray, settings: Settings) -> list[FoldModel]:
    """Fit both models to all folds but one, for each fold."""
    # scikit-learn takes a second to import; most driver studies never ask for a forest.
    from sklearn.ensemble import RandomForestRegressor

    models = []
    for part in range(int(fold.max()) + 1):
        kept = fold != part
        x, y = data.x.values[kept], data.y[kept]
        w = data.w[kept] / data.w[kept].mean()
        forest = RandomForestRegressor(
            n_estimators=settings.n_trees, max_features=1 / 3, n_jobs=1,
            min_samples_leaf=settings.min_leaf, max_samples=min(settings.rows_a_tree, len(y)),
            random_state=(settings.seed * 1000 + part) % 2**32,
        )  # fmt: skip
        forest.fit(x, y, sample_weight=w)
        params = fit_linear(y, x, w, data.x.names).params
        centre = float(np.average(y, weights=w))
        models.append(FoldModel(forest=forest, params=params, centre=centre))
    return models


def predictions(
    x: FloatArray, fold: IntArray, models: Sequence[FoldModel]
) -> tuple[FloatArray, FloatArray]:
    """Predict each row by the forest and the linear model that have not seen its fold."""
    forest, linear = np.empty(len(x)), np.empty(len(x))
    for part, model in enumerate(models):
        held = fold == part
        forest[held] = model.forest.predict(x[held])
        linear[held] = with_intercept(x[held]) @ model.params
    return forest, linear


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Strata:
    """Groups of respondents alike in the drivers given: code (n,), number of groups."""

    code: IntArray
    count: int
    given: tuple[str, ...]


def alike(data: ModelData, columns: Sequence[int], settings: Settings) -> Strata:
    """Group respondents who are alike in what a driver correlates with.

    Leaves of a tree that predicts the driver from those terms and from their linear combination
    closest to it; everybody is alike where it correlates with nothing.
    """
    x, own = data.x.values, list(columns)
    correlation = np.abs(correlation_of(covariance_of(x, data.w)))
    near = correlation[own].max(axis=0) >= settings.threshold
    mine = {data.x.terms[column] for column in own}
    given = tuple(
        dict.fromkeys(
            term for term, flag in zip(data.x.terms, near, strict=True)
            if flag and term not in mine
        )
    )  # fmt: skip
    if not given:
        return Strata(code=np.zeros(data.n, dtype=np.int64), count=1, given=())
    from sklearn.tree import DecisionTreeRegressor

    others = x[:, [term in given for term in data.x.terms]]
    full = with_intercept(others)
    closest = full @ np.linalg.lstsq(full, x[:, own], rcond=None)[0]
    known = np.column_stack([closest, others])
    tree = DecisionTreeRegressor(min_samples_leaf=settings.min_stratum, random_state=0)
    leaf = tree.fit(known, x[:, own]).apply(known)
    code = np.unique(leaf, return_inverse=True)[1].astype(np.int64)
    return Strata(code=code, count=int(code.max()) + 1, given=given)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ExchangedLosses:
    """Mean squared errors (drivers, n) after a driver's answers were exchanged."""

    forest: FloatArray
    linear: FloatArray


def exchanged_losses(
    data: ModelData,
    fold: IntArray,
    models: Sequence[FoldModel],
    columns: Sequence[Sequence[int]],
    strata: Sequence[Strata],
    settings: Settings,
) -> ExchangedLosses:
    """Exchange each driver's answers within its strata, several times; losses out of fold."""
    repeats, rng = settings.repeats, np.random.default_rng([settings.seed, 1])
    shape = (len(columns), data.n)
    forest, linear = np.empty(shape), np.empty(shape)
    # Many drivers in one prediction: a forest takes longer to ask than to answer.
    together = max(1, _ROWS // (repeats * data.n))
    for start in range(0, len(columns), together):
        part = slice(start, start + together)
        copies = [
            _exchanged(data.x.values, own, groups.code, repeats=repeats, rng=rng)
            for own, groups in zip(columns[part], strata[part], strict=True)
        ]
        times = repeats * len(copies)
        for table, predicted in zip(
            (forest, linear),
            predictions(np.concatenate(copies), np.tile(fold, times), models),
            strict=True,
        ):
            errors = (np.tile(data.y, times) - predicted) ** 2
            table[part] = errors.reshape(len(copies), repeats, data.n).mean(axis=1)
    return ExchangedLosses(forest=forest, linear=linear)


def _exchanged(
    x: FloatArray,
    columns: Sequence[int],
    code: IntArray,
    *,
    repeats: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return as many copies of x below each other, with answers exchanged in some columns."""
    copies = np.tile(x, (repeats, 1))
    drawn = np.concatenate([_exchange(code, rng) for _ in range(repeats)])
    places = np.array(columns, dtype=np.int64)
    copies[:, places] = x[drawn[:, None], places]
    return copies


def _exchange(code: IntArray, rng: np.random.Generator) -> IntArray:
    """Return for each respondent whose answer it gets: one of its own stratum, each once."""
    home = np.argsort(code, kind="stable")
    mixed = np.argsort(code + rng.random(len(code)), kind="stable")
    drawn = np.empty(len(code), dtype=np.int64)
    drawn[home] = mixed
    return drawn


def fold_table(losses: Losses, fold: IntArray) -> pd.DataFrame:
    """Return R² of both models in each fold."""
    rows = []
    for part in range(int(fold.max()) + 1):
        held = fold == part
        w = losses.w[held]
        whole = float(w @ losses.null[held])
        rows.append(
            {
                "fold": part + 1, "n": int(held.sum()),
                "r2_linear": 1 - float(w @ losses.linear[held]) / whole,
                "r2_forest": 1 - float(w @ losses.forest[held]) / whole,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
