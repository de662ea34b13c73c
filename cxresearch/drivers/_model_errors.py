"""Covariance of the coefficients: classical, robust, clustered, design-based."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxresearch._types import BoolArray, FloatArray
from cxresearch.drivers._model_data import Design
from cxresearch.drivers._model_fits import Fit
from cxresearch.errors import CxError, ResponseError

STD_ERRORS = ("auto", "classical", "hc0", "hc1", "hc2", "hc3", "hc4", "cluster", "design")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Covariance:
    """Covariance of the coefficients (k, k), its kind, its degrees of freedom (nan: z)."""

    matrix: FloatArray
    std_errors: str
    df: float


def choose_std_errors(asked: str, *, model: str, design: Design) -> str:
    """Return what ``auto`` means here: design where declared, else HC3 (ordinal: HC1)."""
    if asked != "auto":
        return asked
    if design.declared:
        return "design"
    return "hc1" if model == "ordinal" else "hc3"


def covariance_of(
    fit: Fit, design: Design, rows: BoolArray, *, std_errors: str, model: str
) -> Covariance:
    """Return the covariance of the coefficients of a fit.

    Raises
    ------
    CxError
        The kind of standard error needs clusters or leverages that are not there.
    ResponseError
        A stratum has one sampling unit only, or there are too few clusters.
    """
    n, k = fit.scores.shape
    z_or_t = float(n - k) if model == "linear" else np.nan
    if std_errors == "classical":
        return Covariance(matrix=fit.dispersion * fit.bread, std_errors=std_errors, df=z_or_t)
    if std_errors == "cluster":
        return _clustered(fit, design, rows)
    if std_errors == "design":
        return _designed(fit, design, rows)
    meat = _robust_scores(fit, std_errors)
    return Covariance(
        matrix=_sandwich(fit.bread, meat.T @ meat), std_errors=std_errors, df=z_or_t
    )


def _sandwich(bread: FloatArray, meat: FloatArray) -> FloatArray:
    matrix = bread @ meat @ bread
    return np.asarray((matrix + matrix.T) / 2)


def _robust_scores(fit: Fit, std_errors: str) -> FloatArray:
    """Scores blown up by leverage (MacKinnon & White 1985; HC4: Cribari-Neto 2004)."""
    n, k = fit.scores.shape
    if std_errors == "hc0":
        return fit.scores
    if std_errors == "hc1":
        return np.asarray(fit.scores * np.sqrt(n / (n - k)))
    if fit.hat is None:
        raise CxError(
            f"std_errors {std_errors!r} needs leverages, which an ordinal model does not have; "
            "use 'hc1', 'hc0', 'cluster' or 'design'"
        )
    left = np.maximum(1 - fit.hat, 1e-12)
    if std_errors == "hc4":
        power = np.minimum(4.0, n * fit.hat / k) / 2
    else:
        power = np.full(n, {"hc2": 0.5, "hc3": 1.0}[std_errors])
    return np.asarray(fit.scores / (left**power)[:, None])


def _clustered(fit: Fit, design: Design, rows: BoolArray) -> Covariance:
    if not design.clustered:
        raise CxError(
            "std_errors 'cluster' needs clusters: name the column that tells them apart"
        )
    n, k = fit.scores.shape
    sums, units = _sums_by(design.unit[rows], fit.scores)
    if units < 2:
        raise ResponseError("all respondents are in one cluster; at least 2 are needed")
    factor = units / (units - 1) * (n - 1) / (n - k)
    return Covariance(
        matrix=_sandwich(fit.bread, factor * sums.T @ sums),
        std_errors="cluster",
        df=float(units - 1),
    )


def _sums_by(codes: np.ndarray, scores: FloatArray) -> tuple[FloatArray, int]:
    found, place = np.unique(codes, return_inverse=True)
    sums = np.zeros((len(found), scores.shape[1]))
    np.add.at(sums, place, scores)
    return sums, len(found)


def _designed(fit: Fit, design: Design, rows: BoolArray) -> Covariance:
    """Taylor linearisation over strata and sampling units, as survey::svyglm has it.

    Respondents outside the model keep their place in the design with a score of zero: a stratum
    does not shrink because somebody left a question empty.
    """
    k = fit.scores.shape[1]
    everybody = np.zeros((len(rows), k))
    everybody[rows] = fit.scores
    meat = np.zeros((k, k))
    for stratum in np.unique(design.stratum):
        members = design.stratum == stratum
        sums, units = _sums_by(design.unit[members], everybody[members])
        if units < 2:
            raise ResponseError(
                f"stratum number {stratum + 1} (in order of appearance) has one sampling unit; "
                "its "
                "spread cannot be known. Merge it with a similar stratum"
            )
        spread = sums - sums.mean(axis=0)
        fraction = _sampled_fraction(design, members, units)
        meat += (1 - fraction) * units / (units - 1) * (spread.T @ spread)
    used_units = len(np.unique(design.unit[rows]))
    used_strata = len(np.unique(design.stratum[rows]))
    df = float(used_units - used_strata - (k - 1))
    if df < 1:
        raise ResponseError(
            f"{used_units} sampling units in {used_strata} strata leave no degrees of freedom "
            "for "
            f"{k} coefficients; take fewer drivers"
        )
    return Covariance(matrix=_sandwich(fit.bread, meat), std_errors="design", df=df)


def _sampled_fraction(design: Design, members: BoolArray, units: int) -> float:
    if design.population is None:
        return 0.0
    sizes = np.unique(design.population[members])
    if len(sizes) > 1 or sizes[0] < units:
        raise ResponseError(
            f"population: a stratum with {units} sampling units has size(s) {sizes.tolist()}; "
            "give one "
            "size for each stratum, not below the units sampled from it"
        )
    return float(units / sizes[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class WaldTest:
    """Joint test of q coefficients: F with q and `df` degrees of freedom (nan: χ²/q)."""

    statistic: float
    df: int
    df_denominator: float
    p_value: float


def wald_test(estimates: FloatArray, covariance: FloatArray, df: float) -> WaldTest:
    """Test that all `estimates` (q,) are zero; nan when their covariance is singular."""
    q = len(estimates)
    size = np.sqrt(np.maximum(np.diag(covariance), 0))
    # Rank of the correlations, not the covariances: drivers may have very different units.
    if (
        q == 0
        or size.min() == 0
        or np.linalg.matrix_rank(covariance / np.outer(size, size)) < q
    ):
        return WaldTest(statistic=np.nan, df=q, df_denominator=df, p_value=np.nan)
    statistic = float(estimates @ np.linalg.solve(covariance, estimates)) / q
    if np.isnan(df):
        p_value = float(stats.chi2.sf(statistic * q, q))
    else:
        p_value = float(stats.f.sf(statistic, q, df))
    return WaldTest(statistic=statistic, df=q, df_denominator=df, p_value=p_value)


def two_sided_p(statistic: FloatArray, df: float) -> FloatArray:
    """Return two-sided p values of t (or z, when `df` is nan)."""
    tails = (
        stats.norm.sf(np.abs(statistic)) if np.isnan(df) else stats.t.sf(np.abs(statistic), df)
    )
    return np.asarray(2 * tails, dtype=float)


def critical_value(confidence_level: float, df: float) -> float:
    """Return the quantile an interval is made with: t, or z when `df` is nan."""
    tail = (1 + confidence_level) / 2
    return float(stats.norm.ppf(tail) if np.isnan(df) else stats.t.ppf(tail, df))
