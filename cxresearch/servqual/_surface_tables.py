"""The tables of a response surface, from answers that are complete."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._multiplicity import adjust_p_values
from cxresearch._resample import draw_indices, factors_from, units_of
from cxresearch._types import FloatArray
from cxresearch.servqual._replicates import resampled_interval
from cxresearch.servqual._surface_fit import (
    PLACES,
    TERMS,
    Fit,
    constraint_test,
    delta_errors,
    fit,
    resampled_coefficients,
    surface_design,
    terms_of,
)

LINEAR = np.array([[0.0, 1.0, 1.0, 0.0, 0.0, 0.0]])
CURVED = np.eye(6)[3:]
MODELS = ("difference", "perception", "linear", "surface")
_LEAST_SHOWN = 3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SurfaceData:
    """Complete answers of respondents, perception and expectation from the midpoint.

    Attributes
    ----------
    perception, expectation, outcome : ndarray, shape (n,)
    weights : ndarray, shape (n,), or None
    """

    perception: FloatArray
    expectation: FloatArray
    outcome: FloatArray
    weights: FloatArray | None

    def design(self, model: str) -> FloatArray:
        """Return the columns of a model."""
        x = surface_design(self.perception, self.expectation)
        if model == "difference":
            return np.column_stack([x[:, 0], x[:, 1] - x[:, 2]])
        return x[:, : {"perception": 2, "linear": 3, "surface": 6}[model]]

    def fitted(self, model: str, *, std_errors: str) -> Fit:
        """Return the fit of a model."""
        return fit(self.design(model), self.outcome, self.weights, std_errors=std_errors)


def estimates_table(
    data: SurfaceData, surface: Fit, *, confidence_level: float, n_boot: int, seed: int
) -> pd.DataFrame:
    """Return coefficients, shape and places with delta and bootstrap intervals."""
    estimate = terms_of(surface.beta)
    error = delta_errors(terms_of, surface.beta, surface.covariance)
    error = np.where(np.isfinite(estimate), error, np.nan)
    statistic = estimate / np.where(error > 0, error, np.nan)
    half = stats.t.ppf((1 + confidence_level) / 2, surface.df) * error
    p_value = np.asarray(2 * stats.t.sf(np.abs(statistic), surface.df))
    drawn = _resampled(data, n_boot=n_boot, seed=seed)
    interval = resampled_interval(drawn, confidence_level)
    frame = pd.DataFrame(
        {
            "term": list(TERMS),
            "group": ["coefficient"] * 6 + ["shape"] * 5 + ["place"] * 6,
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "df": float(surface.df),
            "p_value": p_value,
            "conf_low": estimate - half,
            "conf_high": estimate + half,
            "n": float(surface.n),
            "boot_low": interval.low,
            "boot_high": interval.high,
        }
    )
    # A place on the plane has no natural zero to be tested against.
    frame.loc[frame["group"] == "place", ["statistic", "df", "p_value"]] = np.nan
    return frame


def _resampled(data: SurfaceData, *, n_boot: int, seed: int) -> FloatArray:
    x = data.design("surface")
    n = len(x)
    weights = np.ones(n) if data.weights is None else data.weights * (n / data.weights.sum())
    units = units_of(np.arange(n))
    counts = factors_from(draw_indices(units, n_boot, np.random.default_rng(seed)), units)
    return terms_of(resampled_coefficients(x, data.outcome, weights, counts))


def comparisons_table(surface: Fit, linear: Fit) -> pd.DataFrame:
    """Return the F tests of the gap, and of nothing at all, against freer models."""
    tests = {
        "null_linear": constraint_test(linear, np.eye(3)[1:]),
        "null_surface": constraint_test(surface, np.eye(6)[1:]),
        "difference_linear": constraint_test(linear, LINEAR[:, :3]),
        "difference_surface": constraint_test(surface, np.vstack([LINEAR, CURVED])),
        "linear_surface": constraint_test(surface, CURVED),
    }
    frame = pd.DataFrame(
        {
            "term": list(tests),
            "statistic": [test.statistic for test in tests.values()],
            "df": [test.df for test in tests.values()],
            "df_denominator": [test.df_denominator for test in tests.values()],
            "p_value": [test.p_value for test in tests.values()],
            "p_adjusted": np.nan,
            "n": float(surface.n),
        }
    )
    # Two tests can refute the gap: they are one family.
    own = frame["term"].str.startswith("difference")
    frame.loc[own, "p_adjusted"] = adjust_p_values(frame.loc[own, "p_value"], method="holm")
    return frame


def models_table(data: SurfaceData, *, std_errors: str) -> pd.DataFrame:
    """Return size, fit and, without weights, AICc of each model."""
    fits = {model: data.fitted(model, std_errors=std_errors) for model in MODELS}
    aicc = np.array([found.aicc for found in fits.values()])
    if data.weights is not None:
        aicc[:] = np.nan  # a weighted sum of squares is no likelihood
    delta = aicc - np.nanmin(aicc) if np.isfinite(aicc).any() else aicc
    share = np.exp(-delta / 2)
    r2 = np.array([found.r2 for found in fits.values()])
    predictors = np.array([len(found.beta) - 1 for found in fits.values()])
    n = len(data.outcome)
    return pd.DataFrame(
        {
            "term": list(fits),
            "n": float(n),
            "predictors": predictors.astype(float),
            "r2": r2,
            "r2_adjusted": 1 - (1 - r2) * (n - 1) / (n - predictors - 1),
            "aicc": aicc,
            "delta_aicc": delta,
            "aicc_weight": share / np.nansum(share) if np.isfinite(share).any() else share,
        }
    )


def conditions_table(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the four conditions under which meeting expectations exactly is best.

    a4 < 0 and a3 = 0 by their t intervals; the first principal axis is the line of congruence
    (p10 = 0, p11 = 1) by bootstrap intervals, the delta method failing for ratios.
    """
    columns: dict[str, dict[str, float]] = {
        name: dict(zip(estimates["term"], estimates[name].astype(float), strict=True))
        for name in ("estimate", "conf_low", "conf_high", "boot_low", "boot_high")
    }
    found = []
    for term, target in (("a4", 0.0), ("p10", 0.0), ("p11", 1.0), ("a3", 0.0)):
        ends = ("boot_low", "boot_high") if term in PLACES else ("conf_low", "conf_high")
        estimate, low, high = (columns[name][term] for name in ("estimate", *ends))
        known = np.isfinite(low) and np.isfinite(high)
        if term == "a4":
            state = "met" if high < target else "contradicted" if low > target else "not_shown"
        else:
            state = "met" if low <= target <= high else "contradicted"
        found.append(
            {
                "term": term,
                "estimate": estimate,
                "conf_low": low,
                "conf_high": high,
                "target": target,
                "state": state if known else "not_shown",
            }
        )
    return pd.DataFrame(found)


def density_table(data: SurfaceData, *, centre: float, low: float, high: float) -> pd.DataFrame:
    """Return how many respondents lie in each square of the scale, one point wide."""
    step = max((high - low) / 6, 1e-9) if high - low > 20 else 1.0
    count = max(1, int(np.ceil((high - low) / step - 1e-9)))
    places = [
        np.clip(np.floor((values + centre - low) / step + 1e-9), 0, count - 1)
        for values in (data.perception, data.expectation)
    ]
    frame = pd.DataFrame({"perception": places[0], "expectation": places[1]})
    cells = frame.groupby(["perception", "expectation"]).size().reset_index(name="n")
    cells["n"] = cells["n"].where(cells["n"] >= _LEAST_SHOWN).astype(float)
    cells["perception"] = low + step * cells["perception"]
    cells["expectation"] = low + step * cells["expectation"]
    return cells
