"""Tables of a fitted factor model: estimates, standardised estimates, modification indices."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._cfa_fit import FitOfModel
from cxresearch.psychometrics._cfa_model import (
    FACTOR,
    LOADING,
    PATH,
    RESIDUAL,
    FactorModel,
    Numbers,
    Places,
    directions,
    information,
    places,
    structure_at,
)
from cxresearch.psychometrics._cfa_ordinal import OrdinalFit, OrdinalSample

KINDS = {
    LOADING: "loading",
    PATH: "second_order_loading",
    FACTOR: "factor_covariance",
    RESIDUAL: "residual_covariance",
}


def standardized_values(model: FactorModel, values: Numbers) -> Numbers:
    """Return the parameters with every item and every factor scaled to variance 1.

    Residual covariances become correlations of residuals. `values` may be a stack, and complex.
    """
    at = structure_at(model, values)
    free = model.free
    item = np.diagonal(at.implied, axis1=-2, axis2=-1)
    factor = np.diagonal(at.factors, axis1=-2, axis2=-1)
    residual = np.diagonal(at.residuals, axis1=-2, axis2=-1)
    disturbance = np.diagonal(at.disturbances, axis1=-2, axis2=-1)
    variance = free.row == free.column
    result = values.copy()
    for kind, above, below in (
        (LOADING, factor, item),
        (PATH, factor, factor),
    ):
        own = free.matrix == kind
        ratio = above[..., free.column[own]] / below[..., free.row[own]]
        result[..., own] *= np.sqrt(ratio)
    own = (free.matrix == RESIDUAL) & variance
    result[..., own] /= item[..., free.row[own]]
    for kind, scale in ((RESIDUAL, residual), (FACTOR, disturbance)):
        own = (free.matrix == kind) & ~variance
        product = scale[..., free.row[own]] * scale[..., free.column[own]]
        product = np.where(product.real > 0, product, np.nan)
        result[..., own] /= np.sqrt(product)
    return result


def standardized_jacobian(model: FactorModel, values: FloatArray) -> FloatArray:
    """Return the derivatives of `standardized_values`, shape (k, k), by complex steps."""
    step = 1e-20
    points = values + 1j * step * np.eye(len(values))
    jacobian: FloatArray = standardized_values(model, points).imag.T / step
    return jacobian


def estimate_table(
    model: FactorModel,
    fit: FitOfModel,
    covariance: FloatArray,
    *,
    n: int,
    confidence_level: float,
) -> pd.DataFrame:
    """Return one row for each free parameter, see `CfaResult.estimates`."""
    z = float(stats.norm.ppf((1 + confidence_level) / 2))
    std_error = np.sqrt(np.diag(covariance))
    standardized = standardized_values(model, fit.values).real
    jacobian = standardized_jacobian(model, fit.values)
    spread = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian))
    statistic = fit.values / std_error
    term, group = _names(model, model.free)
    variance = (model.free.matrix == RESIDUAL) & (model.free.row == model.free.column)
    return table_of(
        {
            "term": term,
            "group": group,
            "estimate": fit.values,
            "std_error": std_error,
            "statistic": statistic,
            "p_value": 2 * stats.norm.sf(np.abs(statistic)),
            "conf_low": fit.values - z * std_error,
            "conf_high": fit.values + z * std_error,
            "n": float(n),
            "parameter": np.where(variance, "residual_variance", _kinds(model.free)),
            "standardized": standardized,
            "standardized_error": spread,
            "standardized_low": standardized - z * spread,
            "standardized_high": standardized + z * spread,
        }
    )


def modification_table(
    model: FactorModel, fit: FitOfModel, observed: FloatArray, n: int
) -> pd.DataFrame:
    """Return the score test of every parameter held at 0, largest first.

    ``n u² / (I_cc − I_cf I_ff⁻¹ I_fc)`` with expected information; a parameter that would not
    be identified is left out.
    """
    candidates = held_places(model)
    together = model.free.joined(candidates)
    left, right = directions(fit.at, together)
    inverse = np.linalg.inv(fit.at.implied)
    score = np.sum((left @ (inverse @ (observed - fit.at.implied) @ inverse)) * right, axis=1)
    expected = information(left, right, inverse)
    k = model.free.count
    cross = expected[k:, :k]
    own = np.diag(expected)[k:]
    rest = own - np.sum(cross @ np.linalg.inv(expected[:k, :k]) * cross, axis=1)
    return score_test_table(
        model,
        candidates,
        score=score[k:],
        own=own,
        rest=rest,
        n=n,
        times=n,
        units=standard_units(fit, candidates),
    )


def ordinal_modification_table(
    model: FactorModel, found: OrdinalFit, sample: OrdinalSample
) -> pd.DataFrame:
    """Return the same for weighted least squares, with ``Δᵀ W Δ`` in place of information."""
    candidates = held_places(model)
    fit, at = found.fit, found.fit.at
    left, right = directions(at, candidates)
    i, j = sample.row, sample.column
    jacobian = (left[:, i] * right[:, j] + right[:, i] * left[:, j]).T
    weighted = jacobian * sample.weight[:, None]
    residual = sample.observed - at.implied[i, j]
    cross = weighted.T @ found.jacobian
    own = np.sum(jacobian * weighted, axis=0)
    return score_test_table(
        model,
        candidates,
        score=weighted.T @ residual,
        own=own,
        rest=own - np.sum(cross @ found.bread * cross, axis=1),
        n=sample.n,
        times=sample.n - 1,
        units=standard_units(fit, candidates),
    )


def score_test_table(
    model: FactorModel,
    candidates: Places,
    *,
    score: FloatArray,
    own: FloatArray,
    rest: FloatArray,
    n: int,
    times: int,
    units: FloatArray,
) -> pd.DataFrame:
    """Return score tests, largest first; those not identified are left out."""
    usable = rest > 1e-8 * own
    rest = np.where(usable, rest, np.nan)
    change = score / rest
    term, group = _names(model, candidates)
    index = times * score**2 / rest
    table = table_of(
        {
            "term": term,
            "group": group,
            "estimate": change,
            "statistic": index,
            "df": 1.0,
            "p_value": stats.chi2.sf(index, 1),
            "n": float(n),
            "parameter": _kinds(candidates),
            "standardized": change * units,
        }
    )
    order = np.argsort(-index, kind="stable")
    kept: pd.DataFrame = table.iloc[order[usable[order]]].reset_index(drop=True)
    return kept


def held_places(model: FactorModel) -> Places:
    """Return what is held at 0: loadings, covariances of residuals and of disturbances."""
    p = len(model.items)
    taken = model.free.set()
    below = set(model.free.row[model.free.matrix == PATH].tolist())
    inner = [f for f in range(model.n_first) if f in below]
    everything = [(LOADING, i, f) for f in range(model.n_first) for i in range(p)]
    everything += [(FACTOR, i, j) for k, i in enumerate(inner) for j in inner[k + 1 :]]
    everything += [(RESIDUAL, i, j) for i in range(p) for j in range(i + 1, p)]
    return places([place for place in everything if place not in taken])


def standard_units(fit: FitOfModel, where: Places) -> FloatArray:
    """Return what turns a change into a standardised one, the residuals kept as they are."""
    item = np.sqrt(np.diag(fit.at.implied))
    factor = np.sqrt(np.diag(fit.at.factors))
    residual = np.diag(fit.at.residuals)
    units = np.ones(where.count)
    own = where.matrix == LOADING
    units[own] = factor[where.column[own]] / item[where.row[own]]
    own = where.matrix == RESIDUAL
    product = residual[where.row[own]] * residual[where.column[own]]
    units[own] = 1 / np.sqrt(np.where(product > 0, product, np.nan))
    return units


def _kinds(where: Places) -> NDArray[np.object_]:
    return np.array([KINDS[int(kind)] for kind in where.matrix], dtype=object)


def _names(
    model: FactorModel, where: Places
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    items, factors = model.items, model.factors
    lists = {
        LOADING: (items, factors),
        PATH: (factors, factors),
        FACTOR: (factors, factors),
        RESIDUAL: (items, items),
    }
    kinds = where.matrix.tolist()
    term = [lists[k][0][i] for k, i in zip(kinds, where.row.tolist(), strict=True)]
    group = [lists[k][1][i] for k, i in zip(kinds, where.column.tolist(), strict=True)]
    return np.array(term, dtype=object), np.array(group, dtype=object)
