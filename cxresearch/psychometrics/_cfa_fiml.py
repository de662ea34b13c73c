"""Factor models with missing answers: full-information maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._cfa_fit import FitOfModel, fit_by_scoring
from cxresearch.psychometrics._cfa_indices import (
    ChiSquare,
    robust_indices,
    scaled_indices,
)
from cxresearch.psychometrics._cfa_model import (
    FactorModel,
    structure_at,
)
from cxresearch.psychometrics._cfa_result import index_fields
from cxresearch.psychometrics._cfa_tables import (
    estimate_table,
    held_places,
    score_test_table,
    standard_units,
)
from cxresearch.psychometrics._clusters import Answered
from cxresearch.psychometrics._invariance_ladder import srmr_with_means
from cxresearch.psychometrics._mean_slopes import (
    casewise,
    expected_information,
    mean_at,
    observed_information_of,
    slopes_at,
)
from cxresearch.psychometrics._mean_structure import (
    MeanFit,
    covariance_from,
    crossed_scores,
    fit_with_means,
    independence_model,
    meat_of,
    one_group,
    saturated_model,
    saturated_values,
    total_information,
    with_means,
)
from cxresearch.psychometrics._patterns import (
    Moments,
    Patterns,
    patterns_of,
    pull_of,
    saturated_moments,
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FimlFit:
    """A factor model fitted to all answers.

    Attributes
    ----------
    data : Patterns
    moments : Moments
        Without a model.
    fit : MeanFit
    plain : FitOfModel
        The same point, without the intercepts.
    information : ndarray, shape (k, k)
        Observed, of all respondents.
    covariance : ndarray, shape (k, k)
        Of the estimates, intercepts last.
    meat : ndarray, shape (k, k)
        Sum of outer products of casewise scores.
    robust : bool
    """

    data: Patterns
    moments: Moments
    fit: MeanFit
    plain: FitOfModel
    information: FloatArray
    covariance: FloatArray
    meat: FloatArray
    robust: bool


def fit_fiml(model: FactorModel, given: Answered, *, robust: bool) -> FimlFit:
    """Maximise ``Σᵢ −½[log|Σᵢ| + dᵢᵀ Σᵢ⁻¹ dᵢ]``, Σᵢ of what respondent i answered.

    Raises
    ------
    EstimationError
        Moments cannot be estimated, the model is not identified or did not converge.
    """
    data = patterns_of(given.answers, given.clusters)
    moments = saturated_moments(data, model.items)
    start = fit_by_scoring(model, moments.covariance).values
    layout = one_group(with_means(model))
    fit = fit_with_means(layout, [data], np.concatenate([start, moments.mean]))
    information = total_information(layout, fit.values, [data], fit.pulls, kind="observed")
    inverse = covariance_from(information)
    meat = meat_of(fit, [data])
    k = model.free.count
    at = structure_at(model, fit.values[:k])
    plain = FitOfModel(
        values=fit.values[:k], at=at, information=information[:k, :k] / data.n,
        discrepancy=0.0, steps=fit.steps,
    )  # fmt: skip
    return FimlFit(
        data=data,
        moments=moments,
        fit=fit,
        plain=plain,
        information=information,
        covariance=inverse @ meat @ inverse if robust else inverse,
        meat=meat,
        robust=robust,
    )


def fiml_estimates(model: FactorModel, found: FimlFit, *, level: float) -> pd.DataFrame:
    """Return `estimate_table` with a row for each intercept below it."""
    k, n = model.free.count, found.data.n
    above = estimate_table(
        model, found.plain, found.covariance[:k, :k], n=n, confidence_level=level
    )
    z = float(stats.norm.ppf((1 + level) / 2))
    values = found.fit.values[k:]
    error = np.sqrt(np.diag(found.covariance)[k:])
    standard, spread = _standard_intercepts(model, found)
    below = table_of(
        {
            "term": list(model.items),
            "group": [""] * len(values),
            "estimate": values,
            "std_error": error,
            "statistic": values / error,
            "p_value": 2 * stats.norm.sf(np.abs(values / error)),
            "conf_low": values - z * error,
            "conf_high": values + z * error,
            "n": np.full(len(values), float(n)),
            "parameter": ["intercept"] * len(values),
            "standardized": standard,
            "standardized_error": spread,
            "standardized_low": standard - z * spread,
            "standardized_high": standard + z * spread,
        }
    )
    return pd.concat([above, below], ignore_index=True)


def _standard_intercepts(model: FactorModel, found: FimlFit) -> tuple[FloatArray, FloatArray]:
    """``ν/√σᵢᵢ`` with its standard error by the delta method."""
    k, step = model.free.count, 1e-20
    points = found.fit.values + 1j * step * np.eye(len(found.fit.values))
    implied = structure_at(model, points[:, :k]).implied
    variance = np.diagonal(implied, axis1=-2, axis2=-1)
    standard = points[:, k:] / np.sqrt(variance)
    jacobian = standard.imag.T / step
    spread = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, found.covariance, jacobian))
    return np.asarray(standard[0].real), np.asarray(spread)


def fiml_modification(model: FactorModel, found: FimlFit) -> pd.DataFrame:
    """Return the score test of every parameter held at 0, with expected information."""
    candidates = held_places(model)
    wide, values = found.fit.layout.model, found.fit.values
    where = wide.free.joined(candidates)
    pull, k = found.fit.pulls[0], wide.free.count
    slopes = slopes_at(wide, values, where)
    score = slopes.score(pull)[k:]
    whole = expected_information(found.data, pull, slopes)
    cross, own = whole[k:, :k], np.diag(whole)[k:]
    inverse = np.linalg.inv(whole[:k, :k])
    rest = own - np.sum(cross @ inverse * cross, axis=1)
    return score_test_table(
        model,
        candidates,
        score=score,
        own=own,
        rest=rest,
        n=found.data.n,
        times=1,
        units=standard_units(found.plain, candidates),
    )


def fiml_fields(model: FactorModel, found: FimlFit) -> dict[str, Any]:
    """Return the fields that say how well a model fits, means counted among the parameters."""
    moments, n, p = found.moments, found.data.n, len(model.items)
    count = found.fit.layout.count
    scaling, baseline_scaling = _scalings(model, found)
    test = ChiSquare(
        chi2=max(2 * (moments.log_likelihood - found.fit.log_likelihood), 0.0)
        if model.df
        else 0.0,
        df=model.df,
        baseline=2 * (moments.log_likelihood - moments.log_likelihood_independent),
        baseline_df=p * (p - 1) // 2,
        n=n,
        scaling=scaling,
        baseline_scaling=baseline_scaling,
    )
    plain = scaled_indices(ChiSquare(
        chi2=test.chi2, df=test.df, baseline=test.baseline, baseline_df=test.baseline_df, n=n
    ))  # fmt: skip
    mean, _ = mean_at(found.fit.layout.model, found.plain.at, found.fit.values)
    return {
        "chi2": test.chi2,
        "df": model.df,
        "p_value": plain.p_value,
        **index_fields(plain, ""),
        "rmsea_p_close": plain.rmsea_p_close,
        "srmr": srmr_with_means(moments, found.plain.at.implied, mean),
        "baseline_chi2": test.baseline,
        "baseline_df": test.baseline_df,
        "scaling": scaling,
        "baseline_scaling": baseline_scaling,
        "shift": 0.0,
        "baseline_shift": 0.0,
        "chi2_scaled": test.chi2 / scaling,
        "p_value_scaled": scaled_indices(test).p_value,
        **index_fields(scaled_indices(test), "_scaled"),
        **index_fields(robust_indices(_as_if_complete(model, found, test)), "_robust"),
        "log_likelihood": found.fit.log_likelihood,
        "aic": -2 * found.fit.log_likelihood + 2 * count,
        "bic": -2 * found.fit.log_likelihood + math.log(n) * count,
        "n_parameters": count,
    }


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Saturated:
    """The model without restrictions: observed information and outer products of scores."""

    information: FloatArray
    complete: FloatArray
    meat: FloatArray


def _saturated(model: FactorModel, found: FimlFit) -> _Saturated:
    free = saturated_model(model.items)
    values = saturated_values(found.moments)
    pull = pull_of(found.data, found.moments.mean, found.moments.covariance)
    scores = casewise(found.data, free, values, pull)
    n = found.data.n
    whole = Patterns(
        answers=np.zeros((n, len(model.items))),
        pattern=np.zeros(n, dtype=np.int64),
        observed=np.ones((1, len(model.items)), dtype=bool),
        counts=np.array([float(n)]),
        means=found.moments.mean[None, :],
        scatter=found.moments.covariance[None, :, :],
    )
    slopes = slopes_at(free, values)
    as_complete = pull_of(whole, found.moments.mean, found.moments.covariance)
    return _Saturated(
        information=observed_information_of(free, values, found.data, pull),
        complete=expected_information(whole, as_complete, slopes),
        meat=crossed_scores([scores], [found.data]),
    )


def _scalings(model: FactorModel, found: FimlFit) -> tuple[float, float]:
    """Return Yuan and Bentler's scaling factors in the form of Mplus; 1 where not robust."""
    if not found.robust:
        return 1.0, 1.0
    saturated = _saturated(model, found)
    most = float(np.trace(np.linalg.solve(saturated.information, saturated.meat)))
    own = float(np.trace(np.linalg.solve(found.information, found.meat)))
    alone, values = _independence(model, found)
    pull = pull_of(found.data, found.moments.mean_independent,
                   np.diag(found.moments.variance_independent))  # fmt: skip
    information = observed_information_of(alone, values, found.data, pull)
    alone_meat = crossed_scores([casewise(found.data, alone, values, pull)], [found.data])
    least = float(np.trace(np.linalg.solve(information, alone_meat)))
    p = len(model.items)
    scaling = (most - own) / model.df if model.df else 1.0
    return scaling, (most - least) / (p * (p - 1) / 2)


def _independence(model: FactorModel, found: FimlFit) -> tuple[FactorModel, FloatArray]:
    moments = found.moments
    values = np.concatenate([moments.variance_independent, moments.mean_independent])
    return independence_model(model.items), values


def _as_if_complete(model: FactorModel, found: FimlFit, test: ChiSquare) -> ChiSquare:
    """Return the χ² whose indices estimate those of complete answers (Zhang and Savalei).

    Discrepancies of the estimated model from the moments without a model, with the expectation
    under the model as scaling: ``tr(U …)/df``. lavaan's FIML-C, V6 for normal answers, V3 for
    others.
    """
    if not model.df:
        return test
    saturated = _saturated(model, found)
    wide, values = found.fit.layout.model, found.fit.values
    chi2, scaling = _one_complete(found, saturated, wide, values)
    worst, worst_scaling = _one_complete(found, saturated, *_independence(model, found))
    return ChiSquare(
        chi2=chi2,
        df=test.df,
        baseline=worst,
        baseline_df=test.baseline_df,
        n=test.n,
        scaling=scaling / test.df,
        baseline_scaling=worst_scaling / test.baseline_df,
    )


def _one_complete(
    found: FimlFit, saturated: _Saturated, fitted: FactorModel, values: FloatArray
) -> tuple[float, float]:
    at = structure_at(fitted, values)
    mean, _ = mean_at(fitted, at, values)
    moments, n = found.moments, found.data.n
    inverse = np.linalg.inv(at.implied)
    d = moments.mean - mean
    chi2 = n * (
        float(np.linalg.slogdet(at.implied)[1] - np.linalg.slogdet(moments.covariance)[1])
        + float(np.sum(moments.covariance * inverse)) - len(mean) + float(d @ inverse @ d)
    )  # fmt: skip
    delta = _moment_jacobian(fitted, values)
    w = saturated.information
    wd = w @ delta
    u = w - wd @ np.linalg.solve(delta.T @ wd, wd.T)
    wi = np.linalg.inv(w)
    if found.robust:
        gamma = wi @ saturated.meat @ wi
        trace = float(np.trace(u @ wi @ saturated.complete @ wi @ u @ gamma))
    else:
        trace = float(np.trace(saturated.complete @ wi @ u @ wi))
    return chi2, trace


def _moment_jacobian(fitted: FactorModel, values: FloatArray) -> FloatArray:
    """Return the derivatives of the upper triangle of Σ and of μ, shape (p(p + 3)/2, k)."""
    slopes = slopes_at(fitted, values)
    p = slopes.mean.shape[1]
    upper = np.triu_indices(p)
    flat = slopes.covariance.reshape(-1, p, p)[:, upper[0], upper[1]]
    return np.concatenate([flat, slopes.mean], axis=1).T
