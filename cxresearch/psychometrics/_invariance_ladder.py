"""The rungs of measurement invariance: what groups share, fitted, and compared."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError
from cxresearch.psychometrics._cfa_fit import fit_by_scoring
from cxresearch.psychometrics._cfa_indices import (
    ChiSquare,
    Indices,
    robust_indices,
    scaled_indices,
)
from cxresearch.psychometrics._cfa_model import (
    FACTOR,
    LOADING,
    RESIDUAL,
    FactorModel,
    structure_at,
)
from cxresearch.psychometrics._mean_slopes import (
    INTERCEPT,
    MEAN,
    casewise,
    mean_at,
    observed_information_of,
)
from cxresearch.psychometrics._mean_structure import (
    Layout,
    MeanFit,
    crossed_scores,
    fit_with_means,
    independence_trace,
    saturated_trace,
    with_means,
)
from cxresearch.psychometrics._patterns import Moments, Patterns, pull_of

LEVELS = ("configural", "metric", "scalar", "strict")
Freed = frozenset[tuple[int, int]]
"""Parameters that may differ between groups: (LOADING, INTERCEPT or RESIDUAL; item)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sample:
    """The answers of G groups and their moments.

    Attributes
    ----------
    names : tuple of str
    data : tuple of Patterns
    moments : tuple of Moments
    baseline : float
        χ² of the model in which no items correlate.
    baseline_scaling : float
    saturated : float
        ``tr B A⁻¹`` of the model without restrictions; 0 where not robust.
    robust : bool
    """

    names: tuple[str, ...]
    data: tuple[Patterns, ...]
    moments: tuple[Moments, ...]
    baseline: float
    baseline_scaling: float
    saturated: float
    robust: bool

    @property
    def n(self) -> int:
        """Respondents in all groups."""
        return sum(group.n for group in self.data)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rung:
    """A fitted rung.

    Attributes
    ----------
    level : str
    freed : frozenset
    fit : MeanFit
    chi2, scaling : float
        χ² not scaled, and what it is divided by.
    df : int
    indices : Indices
    srmr : float
    """

    level: str
    freed: Freed
    fit: MeanFit
    chi2: float
    df: int
    scaling: float
    indices: Indices
    srmr: float


def sample_of(
    names: Sequence[str],
    data: Sequence[Patterns],
    moments: Sequence[Moments],
    items: tuple[str, ...],
    *,
    robust: bool,
) -> Sample:
    """Gather groups and the χ² of no correlations."""
    p = len(items)
    worst = sum(m.log_likelihood - m.log_likelihood_independent for m in moments)
    saturated, scaling = 0.0, 1.0
    if robust:
        pairs = list(zip(data, moments, strict=True))
        saturated = sum(saturated_trace(d, m, items) for d, m in pairs)
        independent = sum(independence_trace(d, m, items) for d, m in pairs)
        scaling = (saturated - independent) / (len(pairs) * p * (p - 1) / 2)
    return Sample(
        names=tuple(names),
        data=tuple(data),
        moments=tuple(moments),
        baseline=2 * worst,
        baseline_scaling=scaling,
        saturated=saturated,
        robust=robust,
    )


def layout_of(model: FactorModel, groups: int, level: str, freed: Freed) -> Layout:
    """Return what G groups share on a rung; `model` with means and factor moments."""
    free, k = model.free, model.free.count
    rung = LEVELS.index(level)
    variance = free.row == free.column
    kinds = np.select(
        [
            free.matrix == LOADING,
            free.matrix == INTERCEPT,
            (free.matrix == RESIDUAL) & variance,
        ],
        [1, 2, 3],
        default=9,
    )
    named = np.array(
        [(int(m), int(r)) in freed for m, r in zip(free.matrix, free.row, strict=True)]
    )
    shared = (kinds <= rung) & ~named
    index, fixed = np.full((groups, k), -1), np.zeros((groups, k))
    spread = (free.matrix == FACTOR) & variance
    fixed[:, spread] = 1.0
    count = 0
    for g in range(groups):
        held = spread if g == 0 or rung < 1 else np.zeros(k, dtype=bool)
        held = held | ((free.matrix == MEAN) & (g == 0 or rung < 2))
        for j in np.flatnonzero(~held):
            if shared[j] and g > 0:
                index[g, j] = index[0, j]
            else:
                index[g, j], count = count, count + 1
    fixed[index >= 0] = 0.0
    return Layout(model=model, index=index.astype(np.int64), fixed=fixed)


def fit_rung(
    model: FactorModel, sample: Sample, level: str, freed: Freed = frozenset()
) -> Rung:
    """Fit a rung; `model` is the factor model without means.

    Raises
    ------
    EstimationError
        The model is not identified, or the estimate did not converge.
    """
    means = with_means(model, factor_moments=True)
    layout = layout_of(means, len(sample.data), level, freed)
    fit = _turned(fit_with_means(layout, sample.data, _start(model, layout, sample, level)))
    chi2 = max(2 * (sum(m.log_likelihood for m in sample.moments) - fit.log_likelihood), 0.0)
    scaling = scaling_at(layout, fit.values, sample) if sample.robust else 1.0
    return Rung(
        level=level,
        freed=freed,
        fit=fit,
        chi2=chi2,
        df=layout.df,
        scaling=scaling,
        indices=_indices(chi2, layout.df, scaling, sample, len(model.items)),
        srmr=_srmr(fit, sample),
    )


def _start(model: FactorModel, layout: Layout, sample: Sample, level: str) -> FloatArray:
    """Start from each group's own fit where loadings differ, else from the pooled one."""
    counts = np.array([group.n for group in sample.data], dtype=float)
    share = counts / counts.sum()
    covariances = [m.covariance for m in sample.moments]
    pooled = sum(w * c for w, c in zip(share, covariances, strict=True))
    common = fit_by_scoring(model, np.asarray(pooled)).values
    intercepts = np.array([m.mean for m in sample.moments])
    free = layout.model.free
    full = np.zeros(layout.index.shape)
    for g, own in enumerate(covariances):
        values = fit_by_scoring(model, own).values if level == "configural" else common
        full[g, : len(values)] = values
        level_mean = intercepts[g] if level in LEVELS[:2] else share @ intercepts
        full[g, free.matrix == INTERCEPT] = level_mean
    full[:, (free.matrix == FACTOR) & (free.row == free.column)] = 1.0
    return collected(layout, full)


def collected(layout: Layout, full: FloatArray) -> FloatArray:
    """Return the estimated parameters from those of all groups, the first group's first."""
    values = np.zeros(layout.count)
    for index, own in zip(layout.index[::-1], full[::-1], strict=True):
        values[index[index >= 0]] = own[index >= 0]
    return values


def _turned(fit: MeanFit) -> MeanFit:
    """Turn each factor so that in the first group its first item loads positively."""
    free = fit.layout.model.free
    signs = np.ones(fit.full.shape)
    for factor in range(len(fit.layout.model.factors)):
        own = np.flatnonzero((free.matrix == LOADING) & (free.column == factor))
        for g in range(len(fit.full)):
            if fit.full[g, own[0]] < 0:
                signs[g, own] *= -1
                signs[g, (free.matrix == MEAN) & (free.row == factor)] *= -1
                covary = (free.matrix == FACTOR) & (free.row != free.column)
                touched = covary & ((free.row == factor) | (free.column == factor))
                signs[g, touched] *= -1
    full = fit.full * signs
    return replace(fit, full=full, values=collected(fit.layout, full))


def scaling_at(layout: Layout, values: FloatArray, sample: Sample) -> float:
    """Return ``(tr B₁A₁⁻¹ − tr B A⁻¹)/df`` at a point, 1 for a saturated model."""
    if layout.df == 0:
        return 1.0
    return (sample.saturated - trace_at(layout, values, sample)) / layout.df


def trace_at(layout: Layout, values: FloatArray, sample: Sample) -> float:
    """Return ``tr B A⁻¹`` of the estimated parameters at a point."""
    q = layout.count
    bread, scores = np.zeros((q, q)), []
    for g, own in enumerate(layout.full(values)):
        at = structure_at(layout.model, own)
        mean, _ = mean_at(layout.model, at, own)
        pull = pull_of(sample.data[g], mean, at.implied)
        chosen = layout.selector(g)
        info = observed_information_of(layout.model, own, sample.data[g], pull)
        bread += chosen.T @ info @ chosen
        scores.append(casewise(sample.data[g], layout.model, own, pull) @ chosen)
    meat = crossed_scores(scores, sample.data)
    return float(np.trace(np.linalg.solve(bread, meat)))


def _indices(chi2: float, df: int, scaling: float, sample: Sample, p: int) -> Indices:
    test = ChiSquare(
        chi2=chi2,
        df=df,
        baseline=sample.baseline,
        baseline_df=len(sample.data) * p * (p - 1) // 2,
        n=sample.n,
        scaling=scaling,
        baseline_scaling=sample.baseline_scaling,
    )
    found = robust_indices(test) if sample.robust else scaled_indices(test)
    # Steiger's correction: with G groups the misfit per degree of freedom is G times as large.
    root = math.sqrt(len(sample.data))
    return replace(
        found,
        rmsea=found.rmsea * root,
        rmsea_low=found.rmsea_low * root,
        rmsea_high=found.rmsea_high * root,
    )


def _srmr(fit: MeanFit, sample: Sample) -> float:
    """Return the groups' SRMR, of covariances and means, weighted by their sizes."""
    model, total = fit.layout.model, 0.0
    for own, moments, group in zip(fit.full, sample.moments, sample.data, strict=True):
        at = structure_at(model, own)
        mean, _ = mean_at(model, at, own)
        total += group.n / sample.n * srmr_with_means(moments, at.implied, mean)
    return total


def srmr_with_means(moments: Moments, implied: FloatArray, mean: FloatArray) -> float:
    """Return the root mean square of standardised residuals, means among them (Bentler)."""
    return srmr_of_moments(moments.mean, moments.covariance, implied, mean)


def srmr_of_moments(
    own: FloatArray, covariance: FloatArray, implied: FloatArray, mean: FloatArray
) -> float:
    """Return the same of own means and covariances against implied ones."""
    sd = np.sqrt(np.diag(covariance))
    residual = (covariance - implied) / np.outer(sd, sd)
    upper = residual[np.triu_indices(len(sd))]
    return float(np.sqrt(np.mean(np.append(upper, (own - mean) / sd) ** 2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The χ² difference of two nested rungs, scaled where they are.

    Attributes
    ----------
    statistic, p_value : float
        nan where the scaling is not positive.
    df : int
    method : str
        ``"likelihood_ratio"``, ``"satorra_bentler_2001"`` or ``"satorra_bentler_2010"``.
    """

    statistic: float
    df: int
    p_value: float
    method: str


def difference_of(restricted: Rung, wider: Rung, sample: Sample) -> Difference:
    """Compare a rung with the one it is nested in."""
    df = restricted.df - wider.df
    plain = max(restricted.chi2 - wider.chi2, 0.0)
    if not sample.robust:
        return Difference(
            statistic=plain, df=df, p_value=float(stats.chi2.sf(plain, df)),
            method="likelihood_ratio",
        )  # fmt: skip
    method = "satorra_bentler_2001"
    scaling = (restricted.df * restricted.scaling - wider.df * wider.scaling) / df
    if scaling <= 0:
        method = "satorra_bentler_2010"
        point = collected(wider.fit.layout, _expressed(restricted.fit, wider.fit.layout))
        between = scaling_at(wider.fit.layout, point, sample)
        scaling = (restricted.df * restricted.scaling - wider.df * between) / df
    statistic = plain / scaling if scaling > 0 else math.nan
    p_value = float(stats.chi2.sf(statistic, df)) if scaling > 0 else math.nan
    return Difference(statistic=statistic, df=df, p_value=p_value, method=method)


def _expressed(fit: MeanFit, target: Layout) -> FloatArray:
    """Say the same moments in a wider rung, where factors may have variance 1 and mean 0."""
    free, full = fit.layout.model.free, fit.full.copy()
    for g, own in enumerate(full):
        for factor in range(len(fit.layout.model.factors)):
            load = (free.matrix == LOADING) & (free.column == factor)
            mean = (free.matrix == MEAN) & (free.row == factor)
            spread = (free.matrix == FACTOR) & (free.row == factor) & (free.column == factor)
            if (target.index[g, mean] < 0).all():
                for j in np.flatnonzero(load):
                    shifted = (free.matrix == INTERCEPT) & (free.row == free.row[j])
                    own[shifted] += own[j] * own[mean]
                own[mean] = 0.0
            if (target.index[g, spread] < 0).all():
                sd = math.sqrt(float(own[spread][0]))
                own[load] *= sd
                touched = (free.matrix == FACTOR) & (free.row != free.column)
                touched &= (free.row == factor) | (free.column == factor)
                own[touched] /= sd
                own[spread] = 1.0
    return full


def try_rung(
    model: FactorModel, sample: Sample, level: str, freed: Collection[tuple[int, int]] = ()
) -> Rung | None:
    """Fit a rung; None where it cannot be estimated."""
    try:
        return fit_rung(model, sample, level, frozenset(freed))
    except (EstimationError, np.linalg.LinAlgError):
        return None
