"""Many small groups: one covariance matrix, and whether levels of items follow the factors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError
from cxresearch.psychometrics._cfa_fit import (
    FitOfModel,
    check_positive_definite,
    fit_by_scoring,
)
from cxresearch.psychometrics._cfa_indices import (
    ChiSquare,
    log_likelihood_of,
    robust_indices,
    scaled_indices,
)
from cxresearch.psychometrics._cfa_model import FACTOR, FactorModel, structure_at
from cxresearch.psychometrics._invariance_ladder import (
    Difference,
    Freed,
    Rung,
    Sample,
    collected,
    srmr_of_moments,
    trace_at,
)
from cxresearch.psychometrics._invariance_release import anchored, score_tests
from cxresearch.psychometrics._invariance_steps import (
    Climb,
    Step,
    outcome_of,
    structure_outcome,
)
from cxresearch.psychometrics._mean_slopes import INTERCEPT, MEAN, mean_at
from cxresearch.psychometrics._mean_structure import Layout, MeanFit, fit_with_means, with_means
from cxresearch.psychometrics._patterns import patterns_of


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Within:
    """Groups, and what is common to them without a model.

    Attributes
    ----------
    sample : Sample
        `baseline` and traces are those of one covariance matrix and a mean for each group.
    covariance : ndarray, shape (p, p)
        Within groups, divisor n.
    means : ndarray, shape (G, p)
    log_likelihood : float
        Of that covariance matrix and those means.
    """

    sample: Sample
    covariance: FloatArray
    means: FloatArray
    log_likelihood: float


def within_of(
    names: tuple[str, ...], answers: list[FloatArray], items: tuple[str, ...], *, robust: bool
) -> Within:
    """Gather groups of complete answers.

    Raises
    ------
    EstimationError
        The covariances within groups are not positive definite.
    """
    counts = np.array([len(own) for own in answers], dtype=float)
    means = np.array([own.mean(axis=0) for own in answers])
    centred = np.concatenate([own - mean for own, mean in zip(answers, means, strict=True)])
    n, p = centred.shape
    covariance = centred.T @ centred / n
    variance = np.diag(covariance)
    if variance.min() <= 0:
        raise EstimationError("an item has the same answer from everybody of each group")
    correlations = covariance / np.sqrt(np.outer(variance, variance))
    check_positive_definite(correlations, items)
    distance = np.sum((centred @ np.linalg.inv(covariance)) * centred, axis=1)
    standard = centred**2 / variance
    share = np.repeat(1 / counts, counts.astype(int))
    saturated = 0.5 * (float(np.mean(distance**2)) - p) + float(share @ distance)
    independent = 0.5 * float(np.sum(np.mean((standard - 1) ** 2, axis=0)))
    independent += float(share @ standard.sum(axis=1))
    sample = Sample(
        names=names,
        data=tuple(patterns_of(own) for own in answers),
        moments=(),
        baseline=-n * float(np.linalg.slogdet(correlations)[1]),
        baseline_scaling=(saturated - independent) / (p * (p - 1) / 2) if robust else 1.0,
        saturated=saturated if robust else 0.0,
        robust=robust,
    )
    return Within(
        sample=sample,
        covariance=covariance,
        means=means,
        log_likelihood=log_likelihood_of(covariance, covariance, n),
    )


def climb_levels(
    model: FactorModel, within: Within, named: Freed, *, search: bool, level: float
) -> Climb:
    """Compare levels that are free in each group with levels that follow the factors."""
    climb, plain = Climb(), fit_by_scoring(model, within.covariance)
    common = _fit(model, within, plain, freed=None)
    climb.steps["common"] = Step(
        name="common", against="", rung=common, wider=None, difference=None,
        outcome=structure_outcome(common),
    )  # fmt: skip
    scalar = _fit(model, within, plain, freed=frozenset())
    _add(climb, "scalar", scalar, level)
    if named or (search and not climb.holds("scalar")):
        partial = (
            _fit(model, within, plain, freed=named)
            if named
            else _searched(model, within, plain, scalar, climb, level)
        )
        if partial is not None:
            _add(climb, "partial_scalar", partial, level)
    return climb


def _searched(
    model: FactorModel,
    within: Within,
    plain: FitOfModel,
    rung: Rung,
    climb: Climb,
    level: float,
) -> Rung | None:
    """Free the worst level, one at a time, while two items of each factor stay alike."""
    common = climb.steps["common"].rung
    if common is None:
        return None
    while True:
        worst = next(
            (
                release.item
                for release in score_tests(rung, within.sample, INTERCEPT)
                if release.p_value < 0.05
                and anchored(model, rung.freed | {(INTERCEPT, release.item)})
            ),
            None,
        )
        if worst is None:
            return None
        rung = _fit(model, within, plain, freed=rung.freed | {(INTERCEPT, worst)})
        if outcome_of(rung, common, _difference(rung, common), level) == "holds":
            climb.searched = True
            return rung


def _add(climb: Climb, name: str, rung: Rung, level: float) -> None:
    common = climb.steps["common"].rung
    if common is None:
        return
    gap = _difference(rung, common)
    climb.steps[name] = Step(
        name=name, against="common", rung=rung, wider=common, difference=gap,
        outcome=outcome_of(rung, common, gap, level),
    )  # fmt: skip


def _difference(rung: Rung, wider: Rung) -> Difference:
    """Return the χ² difference, scaled as Satorra and Bentler's of 2001 where they are."""
    df = rung.df - wider.df
    scaling = (rung.df * rung.scaling - wider.df * wider.scaling) / df
    statistic = max(rung.chi2 - wider.chi2, 0.0) / scaling if scaling > 0 else math.nan
    scaled = rung.scaling != 1.0 or wider.scaling != 1.0
    return Difference(
        statistic=statistic, df=df, p_value=float(stats.chi2.sf(statistic, df)),
        method="satorra_bentler_2001" if scaled else "likelihood_ratio",
    )  # fmt: skip


def _layout(model: FactorModel, groups: int, freed: Freed | None) -> Layout:
    """Share all but levels; `freed` None leaves all levels free, without means of factors."""
    means = with_means(model, factor_moments=True)
    free = means.free
    spread = (free.matrix == FACTOR) & (free.row == free.column)
    own = np.array(
        [
            matrix == INTERCEPT and (freed is None or (INTERCEPT, row) in freed)
            for matrix, row in zip(free.matrix.tolist(), free.row.tolist(), strict=True)
        ]
    )
    index, count = np.full((groups, free.count), -1), 0
    for g in range(groups):
        for j in np.flatnonzero(~spread):
            if free.matrix[j] == MEAN:
                if g == 0 or freed is None:
                    continue
            elif g > 0 and not own[j]:
                index[g, j] = index[0, j]
                continue
            index[g, j], count = count, count + 1
    fixed = np.zeros(index.shape)
    fixed[:, spread] = 1.0
    return Layout(model=means, index=index.astype(np.int64), fixed=fixed)


def _fit(model: FactorModel, within: Within, plain: FitOfModel, *, freed: Freed | None) -> Rung:
    sample = within.sample
    groups, p, k = len(sample.data), len(model.items), model.free.count
    layout = _layout(model, groups, freed)
    fit = fit_with_means(layout, sample.data, _start(layout, within, plain, freed))
    chi2 = max(2 * (within.log_likelihood - fit.log_likelihood), 0.0)
    held = 0 if freed is None else (groups - 1) * (p - len(model.factors) - len(freed))
    df = p * (p + 1) // 2 - k + held
    trace = trace_at(layout, fit.values, sample) if sample.robust else 0.0
    scaling = (sample.saturated - trace) / df if sample.robust and df else 1.0
    test = ChiSquare(
        chi2=chi2,
        df=df,
        baseline=sample.baseline,
        baseline_df=p * (p - 1) // 2,
        n=sample.n,
        scaling=scaling,
        baseline_scaling=sample.baseline_scaling,
    )
    return Rung(
        level="common" if freed is None else "scalar",
        freed=freed or frozenset(),
        fit=fit,
        chi2=chi2,
        df=df,
        scaling=scaling,
        indices=robust_indices(test) if sample.robust else scaled_indices(test),
        srmr=_srmr(within, fit),
    )


def _start(
    layout: Layout, within: Within, plain: FitOfModel, freed: Freed | None
) -> FloatArray:  # fmt: skip
    """Start from the fit to what varies within groups, and factor means by least squares."""
    free, k = layout.model.free, len(plain.values)
    full = np.array(layout.fixed)
    full[:, :k] = plain.values
    levels = within.means
    if freed is not None:
        loadings = np.asarray(plain.at.loadings, dtype=float)
        solved = np.linalg.lstsq(loadings, (within.means - within.means[0]).T, rcond=None)[0].T
        full[:, free.matrix == MEAN] = solved
        levels = np.tile(within.means[0], (len(full), 1))
        for _, item in freed:
            levels[:, item] = within.means[:, item] - solved @ loadings[item]
    full[:, free.matrix == INTERCEPT] = levels
    return collected(layout, full)


def _srmr(within: Within, fit: MeanFit) -> float:
    """Return the groups' SRMR, of common covariances and own means, weighted by their sizes."""
    model, total = fit.layout.model, 0.0
    for own, mean, group in zip(fit.full, within.means, within.sample.data, strict=True):
        at = structure_at(model, own)
        expected, _ = mean_at(model, at, own)
        found = srmr_of_moments(mean, within.covariance, at.implied, expected)
        total += group.n / within.sample.n * found
    return total
