"""Tables of a driver model: coefficients, joint tests, measures of fit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from cxresearch._matrix import covariance_of
from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import FloatArray, IntArray, PAdjust
from cxresearch.drivers._model_data import ModelData
from cxresearch.drivers._model_errors import (
    Covariance,
    critical_value,
    two_sided_p,
    wald_test,
)
from cxresearch.drivers._model_fits import Fit


def slope_positions(data: ModelData) -> IntArray:
    """Return where the slopes stand among the parameters of the model."""
    first = 0 if data.outcome.model == "ordinal" else 1
    return np.arange(first, first + len(data.x.names), dtype=np.int64)


def coefficient_table(
    data: ModelData,
    fit: Fit,
    covariance: Covariance,
    *,
    p_adjust: PAdjust,
    confidence_level: float,
) -> pd.DataFrame:
    """Return one row a parameter, in the order of the covariance."""
    errors = np.sqrt(np.diag(covariance.matrix))
    statistic = fit.params / errors
    reach = critical_value(confidence_level, covariance.df) * errors
    places = slope_positions(data)
    owner = np.full(len(fit.params), "", dtype=object)
    owner[places] = data.x.terms
    group = np.array([_group_of(name, data) for name in owner], dtype=object)
    p_value = two_sided_p(statistic, covariance.df)
    table = pd.DataFrame(
        {
            "term": _parameter_names(data, fit), "group": group, "estimate": fit.params,
            "std_error": errors, "statistic": statistic, "df": covariance.df,
            "p_value": p_value,
            "p_adjusted": _adjusted_within(p_value, group == "driver", p_adjust),
            "conf_low": fit.params - reach, "conf_high": fit.params + reach, "n": data.n,
            "driver": owner,
        }
    )  # fmt: skip
    return table.join(_standing(data, fit, places))


def _group_of(owner: str, data: ModelData) -> str:
    if owner in data.drivers:
        return "driver"
    if owner in data.controls:
        return "control"
    return "threshold" if data.outcome.model == "ordinal" else "intercept"


def _parameter_names(data: ModelData, fit: Fit) -> list[str]:
    """Thresholds are named by the classes they part: ``"passive|promoter"`` (as polr does)."""
    if data.outcome.model != "ordinal":
        return list(fit.names)
    classes = data.outcome.classes
    cuts = [f"{low}|{high}" for low, high in pairwise(classes)]
    return [*data.x.names, *cuts]


def _adjusted_within(p_value: FloatArray, family: np.ndarray, method: PAdjust) -> FloatArray:
    adjusted = np.full(len(p_value), np.nan)
    adjusted[family] = adjust_p_values(p_value[family], method=method)
    return adjusted


def _standing(data: ModelData, fit: Fit, places: np.ndarray) -> pd.DataFrame:
    """Standardised coefficient, correlation with the outcome, and what the two signs say."""
    x, k = data.x.values, len(fit.params)
    joint = covariance_of(np.column_stack([x, data.y]), data.w)
    sd = np.sqrt(np.diag(joint))
    slopes = fit.params[places]
    if data.outcome.model == "linear":
        sd_outcome = sd[-1]
    else:
        # Latent answer: spread explained by the drivers plus that of the standard logistic.
        sd_outcome = np.sqrt(slopes @ joint[:-1, :-1] @ slopes + np.pi**2 / 3)
    standardized, correlation = np.full(k, np.nan), np.full(k, np.nan)
    standardized[places] = slopes * sd[:-1] / sd_outcome
    correlation[places] = joint[:-1, -1] / (sd[:-1] * sd[-1])
    sign = np.full(k, "", dtype=object)
    sign[places] = np.where(
        slopes * correlation[places] < 0, "changes", np.where(slopes < 0, "negative", "")
    )
    return pd.DataFrame(
        {"standardized": standardized, "correlation": correlation, "sign": sign}
    )


def block_table(
    data: ModelData, fit: Fit, covariance: Covariance, *, p_adjust: PAdjust
) -> pd.DataFrame:
    """Return joint Wald tests of every driver and control, and of all drivers together."""
    owners = np.array(data.x.terms, dtype=object)
    places = slope_positions(data)
    blocks = [(term, owners == term) for term in (*data.drivers, *data.controls)]
    blocks.append(("all_drivers", np.isin(owners, data.drivers)))
    rows = []
    for term, members in blocks:
        chosen = places[members]
        test = wald_test(
            fit.params[chosen], covariance.matrix[np.ix_(chosen, chosen)], covariance.df
        )
        rows.append((term, test.statistic, test.df, test.p_value, test.df_denominator))
    table = pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value", "df_denominator"])
    family = np.isin(table["term"].to_numpy(dtype=object), data.drivers)
    table.insert(
        4, "p_adjusted", _adjusted_within(table["p_value"].to_numpy(), family, p_adjust)
    )
    table.insert(5, "n", data.n)
    return table


def fit_measures(data: ModelData, fit: Fit) -> dict[str, float]:
    """Return R² in its kinds, σ, log-likelihood and AIC."""
    p, n = len(data.x.names), data.n
    own, null = fit.log_likelihood, fit.log_likelihood_null
    parameters = len(fit.params) + (data.outcome.model == "linear")
    shared = {"log_likelihood": own, "aic": 2 * parameters - 2 * own}
    if data.outcome.model != "linear":
        top = -np.expm1(2 / n * null)
        return {
            "r2": 1 - own / null,
            "r2_adjusted": 1 - (own - p) / null,
            "r2_nagelkerke": float(-np.expm1(2 / n * (null - own)) / top),
            "sigma": float("nan"),
            **shared,
        }
    centre = np.average(data.y, weights=data.w)
    r2 = 1 - float(data.w @ (data.y - fit.expected) ** 2) / float(
        data.w @ (data.y - centre) ** 2
    )
    return {
        "r2": r2,
        "r2_adjusted": 1 - (1 - r2) * (n - 1) / (n - p - 1),
        "r2_nagelkerke": float("nan"),
        "sigma": float(np.sqrt(fit.dispersion)),
        **shared,
    }
