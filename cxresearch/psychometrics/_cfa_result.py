"""The fields of a fitted factor model, whatever the estimator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cxresearch._matrix import correlation_of
from cxresearch._types import FloatArray
from cxresearch.psychometrics._cfa_fit import FitOfModel
from cxresearch.psychometrics._cfa_indices import (
    ChiSquare,
    Indices,
    independence_discrepancy,
    log_likelihood_of,
    robust_indices,
    scaled_indices,
    srmr_of,
)
from cxresearch.psychometrics._cfa_model import PATH, FactorModel
from cxresearch.psychometrics._cfa_ordinal import OrdinalSample, OrdinalTest
from cxresearch.psychometrics._cfa_robust import Robust
from cxresearch.psychometrics._cfa_tables import standardized_values


def matrix_fields(model: FactorModel, fit: FitOfModel, observed: FloatArray) -> dict[str, Any]:
    """Return the fields that hold names and matrices."""
    first, at = model.n_first, fit.at
    standardized = standardized_values(model, fit.values)
    above = np.zeros((first, len(model.factors) - first))
    own = model.free.matrix == PATH
    above[model.free.row[own], model.free.column[own] - first] = standardized[own].real
    factors = np.asarray(at.factors[:first, :first], dtype=float)
    loadings = np.asarray(at.loadings[:, :first], dtype=float)
    item, factor = np.sqrt(np.diag(at.implied)), np.sqrt(np.diag(factors))
    return {
        "items": model.items,
        "factors": model.factors[:first],
        "second_order_factors": model.factors[first:],
        "loadings": loadings,
        "standardized_loadings": loadings * factor / item[:, None],
        "factor_covariances": factors,
        "factor_correlations": correlation_of(factors),
        "second_order_loadings": above,
        "residual_covariances": at.residuals,
        "observed_covariance": observed,
        "implied_covariance": at.implied,
    }


def likelihood_fields(
    model: FactorModel, fit: FitOfModel, observed: FloatArray, n: int, robust: Robust | None
) -> dict[str, Any]:
    """Return the fields that say how well a model fits by maximum likelihood."""
    p, k = len(model.items), model.free.count
    scaling = robust.scaling if robust else 1.0
    test = ChiSquare(
        chi2=n * fit.discrepancy if model.df else 0.0,
        df=model.df,
        baseline=n * independence_discrepancy(observed),
        baseline_df=p * (p - 1) // 2,
        n=n,
        scaling=scaling,
        baseline_scaling=robust.baseline_scaling if robust else 1.0,
    )
    plain = scaled_indices(ChiSquare(
        chi2=test.chi2, df=test.df, baseline=test.baseline, baseline_df=test.baseline_df, n=n
    ))  # fmt: skip
    log_likelihood = log_likelihood_of(observed, fit.at.implied, n)
    return {
        "chi2": test.chi2,
        "df": model.df,
        "p_value": plain.p_value,
        **index_fields(plain, ""),
        "rmsea_p_close": plain.rmsea_p_close,
        "srmr": srmr_of(observed, fit.at.implied),
        "baseline_chi2": test.baseline,
        "baseline_df": test.baseline_df,
        "scaling": scaling,
        "baseline_scaling": test.baseline_scaling,
        "shift": 0.0,
        "baseline_shift": 0.0,
        "chi2_scaled": test.chi2 / scaling,
        "p_value_scaled": scaled_indices(test).p_value,
        **index_fields(scaled_indices(test), "_scaled"),
        **index_fields(robust_indices(test), "_robust"),
        "log_likelihood": log_likelihood,
        "aic": -2 * log_likelihood + 2 * k,
        "bic": -2 * log_likelihood + math.log(n) * k,
        "n_parameters": k,
    }


def index_fields(indices: Indices, suffix: str) -> dict[str, Any]:
    """Return indices under their field names, with ``"_scaled"`` or ``"_robust"`` added."""
    names = ("cfi", "tli", "rmsea", "rmsea_low", "rmsea_high")
    return {name + suffix: getattr(indices, name) for name in names}


def ordinal_fields(
    model: FactorModel, fit: FitOfModel, sample: OrdinalSample, test: OrdinalTest
) -> dict[str, Any]:
    """Return the fields that say how well a model fits by weighted least squares."""
    plain = scaled_indices(test.plain)
    chi2 = test.plain.chi2 / test.scaling + test.shift
    scaled = scaled_indices(ChiSquare(
        chi2=chi2,
        df=test.plain.df,
        baseline=test.plain.baseline / test.baseline_scaling + test.baseline_shift,
        baseline_df=test.plain.baseline_df,
        n=test.plain.n,
    ))  # fmt: skip
    undefined = Indices(**dict.fromkeys(Indices.__dataclass_fields__, math.nan))
    robust = undefined if test.normal is None else robust_indices(test.normal)
    thresholds = len(sample.thresholds)
    return {
        "chi2": test.plain.chi2,
        "df": test.plain.df,
        "p_value": plain.p_value,
        **index_fields(plain, ""),
        "rmsea_p_close": plain.rmsea_p_close,
        "srmr": srmr_of(sample.correlations, fit.at.implied),
        "baseline_chi2": test.plain.baseline,
        "baseline_df": test.plain.baseline_df,
        "scaling": test.scaling,
        "baseline_scaling": test.baseline_scaling,
        "shift": test.shift,
        "baseline_shift": test.baseline_shift,
        "chi2_scaled": chi2,
        "p_value_scaled": scaled.p_value,
        **index_fields(scaled, "_scaled"),
        **index_fields(robust, "_robust"),
        **dict.fromkeys(("log_likelihood", "aic", "bic"), math.nan),
        "n_parameters": model.free.count - len(model.items) + thresholds,
    }


def solution_notes(model: FactorModel, fit: FitOfModel) -> tuple[str, ...]:
    """Return what is improper or odd about a solution."""
    first = model.n_first
    notes = [
        f"heywood:{item}"
        for item, value in zip(model.items, np.diag(fit.at.residuals), strict=True)
        if value <= 0
    ]
    correlations = correlation_of(np.asarray(fit.at.factors[:first, :first]))
    notes += [
        f"correlation_above_1:{model.factors[i]}:{model.factors[j]}"
        for i in range(first)
        for j in range(i + 1, first)
        if abs(correlations[i, j]) > 1
    ]
    if np.linalg.eigvalsh(correlations)[0] < 0:
        notes.append("factor_covariances_not_positive_definite")
    if model.df == 0:
        notes.append("saturated")
    return tuple(notes + _against_the_rest(model, np.asarray(fit.at.loadings, dtype=float)))


def _against_the_rest(model: FactorModel, loadings: FloatArray) -> list[str]:
    """Name items of one factor only whose loading has not the sign of most others."""
    own = (loadings != 0).sum(axis=1) == 1
    notes = []
    for k in range(model.n_first):
        column = np.where(own, loadings[:, k], 0.0)
        positive, negative = (column > 0).sum(), (column < 0).sum()
        odd = column < 0 if negative <= positive else column > 0
        if min(positive, negative):
            notes += [
                f"negative_loading:{model.factors[k]}:{model.items[i]}"
                for i in np.flatnonzero(odd)
            ]
    return notes
