"""The single checks behind `driver_diagnostics`; pure numbers, no verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch import _matrix
from cxresearch._types import FloatArray
from cxresearch.drivers._model_fits import Fit, with_intercept


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: a size, and its test where it has one (nan otherwise)."""

    estimate: float
    statistic: float = float("nan")
    df: float = float("nan")
    df_denominator: float = float("nan")
    p_value: float = float("nan")


def correlation_of(z: FloatArray, w: FloatArray) -> FloatArray:
    """Return the weighted correlations (p, p) of the columns of `z`."""
    return _matrix.correlation_of(_matrix.covariance_of(z, w))


def variance_inflation(x: FloatArray, w: FloatArray, terms: Sequence[str]) -> dict[str, float]:
    """Return VIF by term; a factor's q dummies together as GVIF^(1/q).

    Fox & Monette (1992): GVIF = det R₁₁ det R₂₂ / det R.
    """
    r = correlation_of(x, w)
    total = np.linalg.slogdet(r)[1]
    owners = np.array(list(terms), dtype=object)
    found = {}
    for term in dict.fromkeys(terms):
        mine = owners == term
        inner = np.linalg.slogdet(r[np.ix_(mine, mine)])[1]
        outer = np.linalg.slogdet(r[np.ix_(~mine, ~mine)])[1] if (~mine).any() else 0.0
        found[term] = float(np.exp((inner + outer - total) / mine.sum()))
    return found


def condition_table(x: FloatArray, w: FloatArray, names: Sequence[str]) -> pd.DataFrame:
    """Return Belsley's condition indices and variance proportions, by dimension and column.

    Columns of X, intercept included, are scaled to length 1 and not centred.
    """
    full = with_intercept(x) * np.sqrt(w)[:, None]
    full = full / np.sqrt((full**2).sum(axis=0))
    _, size, vt = np.linalg.svd(full, full_matrices=False)
    parts = (vt.T / size) ** 2
    shares = parts / parts.sum(axis=1, keepdims=True)
    columns = ["(intercept)", *names]
    return pd.DataFrame(
        {
            "dimension": np.repeat(np.arange(1, len(size) + 1), len(columns)),
            "condition_index": np.repeat(size[0] / size, len(columns)),
            "term": columns * len(size),
            "variance_proportion": shares.T.ravel(),
        }
    )


def reset_test(y: FloatArray, fit: Fit, x: FloatArray, w: FloatArray) -> Check:
    """Ramsey's RESET with the square and cube of the fitted values; size = R² they add."""
    root = np.sqrt(w)
    fitted = fit.expected - np.average(fit.expected, weights=w)
    fitted = fitted / np.sqrt(np.average(fitted**2, weights=w))
    more = np.column_stack([with_intercept(x), fitted**2, fitted**3]) * root[:, None]
    residuals = (y - fit.expected) * root
    left = residuals - more @ np.linalg.lstsq(more, residuals, rcond=None)[0]
    rss, rss_more = float(residuals @ residuals), float(left @ left)
    tss = float(w @ (y - np.average(y, weights=w)) ** 2)
    df = len(y) - more.shape[1]
    if df < 1 or rss_more <= 0:
        return Check(estimate=(rss - rss_more) / tss)
    statistic = ((rss - rss_more) / 2) / (rss_more / df)
    return Check(
        estimate=(rss - rss_more) / tss, statistic=statistic, df=2, df_denominator=df,
        p_value=float(stats.f.sf(statistic, 2, df)),
    )  # fmt: skip


def breusch_pagan_test(y: FloatArray, fit: Fit, x: FloatArray, w: FloatArray) -> Check:
    """Test with Koenker's n R² of the squared residuals on the drivers."""
    square = w * (y - fit.expected) ** 2
    full = with_intercept(x)
    explained = full @ np.linalg.lstsq(full, square, rcond=None)[0]
    centre = square.mean()
    r2 = float(((explained - centre) ** 2).sum() / ((square - centre) ** 2).sum())
    statistic, df = len(y) * r2, x.shape[1]
    return Check(
        estimate=r2, statistic=statistic, df=df, p_value=float(stats.chi2.sf(statistic, df))
    )


def durbin_watson(y: FloatArray, fit: Fit, w: FloatArray) -> float:
    """Return Durbin–Watson's d over the rows in their order."""
    residuals = (y - fit.expected) * np.sqrt(w)
    return float((np.diff(residuals) ** 2).sum() / (residuals**2).sum())


def influence_table(y: FloatArray, fit: Fit, w: FloatArray, rows: FloatArray) -> pd.DataFrame:
    """Return leverage, studentised residual and Cook's distance of each respondent."""
    n, k = fit.scores.shape
    hat = fit.hat if fit.hat is not None else np.full(n, np.nan)
    residuals = (y - fit.expected) * np.sqrt(w)
    left = np.maximum(1 - hat, 1e-12)
    inner = residuals / np.sqrt(fit.dispersion * left)
    spread = np.maximum(n - k - inner**2, 1e-12)
    return pd.DataFrame(
        {
            "row": rows, "fitted": fit.expected, "residual": y - fit.expected, "leverage": hat,
            "studentized": inner * np.sqrt(np.maximum(n - k - 1, 0) / spread),
            "cooks_distance": inner**2 * hat / left / k,
        }
    )  # fmt: skip


def outlier_p(studentized: FloatArray, parameters: int) -> float:
    """Return Bonferroni's p of the largest studentised residual (df = n − k − 1)."""
    n = len(studentized)
    df = n - parameters - 1
    if df < 1:
        return float("nan")
    return float(min(1.0, n * 2 * stats.t.sf(np.abs(studentized).max(), df)))


def first_factor_share(z: FloatArray, w: FloatArray) -> Check:
    """Return Harman's share λ₁/p; statistic (λ₁ − 1)/(p − 1), 0 for unrelated columns."""
    p = z.shape[1]
    largest = float(np.linalg.eigvalsh(correlation_of(z, w))[-1])
    return Check(estimate=largest / p, statistic=(largest - 1) / (p - 1))


def marker_adjusted(correlation: FloatArray, marker: float) -> FloatArray:
    """Return Lindell & Whitney's correlations free of the common method, (r − m) / (1 − m)."""
    return np.asarray((correlation - marker) / (1 - marker))


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """Cinelli & Hazlett's sensitivity of one coefficient."""

    partial_r2: float
    value: float
    value_at_level: float


def robustness(t_value: float, df: float, confidence_level: float) -> Robustness:
    """Return partial R² and how strong an unmeasured driver must be to explain the effect away.

    `value`: share of the residual variance of both driver and outcome that brings the estimate
    to zero; `value_at_level`: that makes it lose significance at 1 − `confidence_level`.
    """
    f = abs(t_value) / np.sqrt(df)
    tail = (1 + confidence_level) / 2
    critical = float(stats.t.ppf(tail, df - 1) / np.sqrt(df - 1)) if df > 1 else float("inf")
    return Robustness(
        partial_r2=t_value**2 / (t_value**2 + df),
        value=_robustness_of(f),
        value_at_level=_robustness_at(f, critical),
    )


def _robustness_of(f: float) -> float:
    # ½(√(f⁴ + 4f²) − f²), written so that a large f does not cancel.
    return float(2 / (1 + np.sqrt(1 + 4 / f**2))) if f > 0 else 0.0


def _robustness_at(f: float, critical: float) -> float:
    if f <= critical:
        return 0.0
    if f > 1 / critical:
        return float((f**2 - critical**2) / (1 + f**2))
    return _robustness_of(f - critical)
