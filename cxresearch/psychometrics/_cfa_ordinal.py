"""Diagonally weighted least squares on polychoric correlations, with robust tests (WLSMV)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import EstimationError, ResponseError
from cxresearch.psychometrics._cfa_fit import (
    MAX_STEPS,
    FitOfModel,
    oriented_values,
    start_values,
    unidentified_message,
)
from cxresearch.psychometrics._cfa_indices import ChiSquare
from cxresearch.psychometrics._cfa_model import (
    RESIDUAL,
    FactorModel,
    Places,
    Structure,
    directions,
    structure_at,
)
from cxresearch.psychometrics._clusters import gathered
from cxresearch.psychometrics._polychoric import (
    LARGEST,
    Categories,
    Pairs,
    casewise_influence,
    categories_of,
    two_step,
)
from cxresearch.psychometrics.polychoric import MAX_CATEGORIES, threshold_table

_SINGULAR_BELOW = 1e-10


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrdinalSample:
    """What two steps say about ordered answers.

    Attributes
    ----------
    correlations : ndarray, shape (p, p)
        Polychoric.
    row, column : ndarray of int, shape (q,)
        Of the q different correlations.
    acov : ndarray, shape (q, q)
        Γ: covariance of the correlations times n, thresholds' estimation included.
    weight : ndarray, shape (q,)
        Diagonal of the weight matrix.
    thresholds : pandas.DataFrame
    n : int
    notes : tuple of str
    """

    correlations: FloatArray
    row: IntArray
    column: IntArray
    acov: FloatArray
    weight: FloatArray
    thresholds: pd.DataFrame
    n: int
    notes: tuple[str, ...]

    @property
    def observed(self) -> FloatArray:
        """The q correlations."""
        return np.asarray(self.correlations[self.row, self.column])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrdinalTest:
    """χ² of WLSMV and of the model without correlations.

    Attributes
    ----------
    plain : ChiSquare
        Not scaled, divisor n − 1.
    scaling, shift, baseline_scaling, baseline_shift : float
        Scaled χ² is ``χ²/scaling + shift`` (Asparouhov & Muthén's scaled and shifted).
    normal : ChiSquare or None
        Likelihood χ² of the polychoric correlations at these estimates, with its scaling:
        what the robust indices rest on; None where the correlations are not positive definite.
    """

    plain: ChiSquare
    scaling: float
    shift: float
    baseline_scaling: float
    baseline_shift: float
    normal: ChiSquare | None


def ordinal_sample(
    answers: FloatArray, items: tuple[str, ...], clusters: IntArray | None = None
) -> OrdinalSample:
    """Return thresholds, polychoric correlations and their covariances.

    With clusters what respondents add is summed over each of them first; the weights of least
    squares stay those of single respondents, so that clusters change errors, not estimates.

    Raises
    ------
    ResponseError
        An item takes too many values.
    EstimationError
        A correlation went to ±1, or scoring did not converge.
    """
    given = categories_of(answers)
    many = [name for name, k in zip(items, given.counts, strict=True) if k > MAX_CATEGORIES]
    if many:
        raise ResponseError(
            f"item(s) {many} take more than {MAX_CATEGORIES} different values; estimator "
            "'wlsmv' is for a few ordered steps: use 'mlr'"
        )
    pairs = two_step(given)
    _check_boundary(pairs, items)
    n = len(answers)
    influence = casewise_influence(given, pairs)
    # As lavaan has it: Γ with n here, and n − 1 wherever Γ is divided again.
    together = gathered(influence, clusters)
    acov = together.T @ together * n
    correlations = pairs.matrix(len(items))
    notes = _sample_notes(given, correlations, items)
    return OrdinalSample(
        correlations=correlations,
        row=pairs.first,
        column=pairs.second,
        acov=acov,
        weight=1 / (np.sum(influence**2, axis=0) * n),
        thresholds=threshold_table(items, given, clusters),
        n=n,
        notes=notes,
    )


def _check_boundary(pairs: Pairs, items: tuple[str, ...]) -> None:
    at = np.flatnonzero(np.abs(pairs.correlations) >= LARGEST)
    if len(at):
        names = [(items[pairs.first[i]], items[pairs.second[i]]) for i in at[:5]]
        raise EstimationError(
            f"the polychoric correlation of {names} goes to ±1: their cross table has empty "
            "cells. Merge answers hardly anybody chose, leave one of the items out, or use "
            "estimator 'mlr'"
        )


def _sample_notes(
    given: Categories, correlations: FloatArray, items: tuple[str, ...]
) -> tuple[str, ...]:
    notes = []
    for j, item in enumerate(items):
        fewest = int(np.bincount(given.codes[:, j]).min())
        if fewest < 5:
            notes.append(f"rare_answer:{item}:{fewest}")
    if np.linalg.eigvalsh(correlations)[0] < 1e-8:
        notes.append("polychoric_not_positive_definite")
    return tuple(notes)


def is_variance(free: Places) -> BoolArray:
    """Return which parameters are residual variances."""
    found: BoolArray = (free.matrix == RESIDUAL) & (free.row == free.column)
    return found


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrdinalFit:
    """Where weighted least squares arrived.

    Attributes
    ----------
    fit : FitOfModel
        Residual variances are what is left to 1; `information` is that of the free parameters.
    jacobian : ndarray, shape (q, f)
        Of the correlations in the free parameters (all but residual variances).
    bread : ndarray, shape (f, f)
        ``(Δᵀ W Δ)⁻¹``.
    covariance : ndarray, shape (k, k)
        Sandwich covariance of all parameters; that of residual variances by the delta method.
    test : OrdinalTest
    """

    fit: FitOfModel
    jacobian: FloatArray
    bread: FloatArray
    covariance: FloatArray
    test: OrdinalTest


def fit_ordinal(
    model: FactorModel, sample: OrdinalSample, *, max_steps: int = MAX_STEPS
) -> OrdinalFit:
    """Minimise ``Σ (r − ρ(θ))²/var(r)`` over the correlations.

    Thresholds are free, so they fit exactly and leave the problem.

    Raises
    ------
    EstimationError
        The model is not identified, or the fit did not converge.
    """
    start = start_values(model, sample.correlations)
    values, steps = _gauss_newton(model, sample, start, max_steps)
    values = _completed(model, oriented_values(model, values))
    at = structure_at(model, values)
    jacobian = _jacobian(model, at, sample)
    weight = sample.weight
    crossed = jacobian.T @ (jacobian * weight[:, None])
    bread: FloatArray = np.asarray(np.linalg.inv(crossed), dtype=float)
    influence: FloatArray = bread @ (jacobian * weight[:, None]).T
    inner = influence @ sample.acov @ influence.T / (sample.n - 1)
    onto = _onto_all(model, at)
    misfit = float(
        np.sum(weight * (sample.observed - at.implied[sample.row, sample.column]) ** 2)
    )
    return OrdinalFit(
        fit=FitOfModel(
            values=values, at=at, information=crossed, discrepancy=misfit, steps=steps
        ),
        jacobian=jacobian,
        bread=bread,
        covariance=onto @ inner @ onto.T,
        test=_test(sample, at, jacobian, influence, misfit),
    )


def _gauss_newton(
    model: FactorModel, sample: OrdinalSample, values: FloatArray, max_steps: int
) -> tuple[FloatArray, int]:
    free = ~is_variance(model.free)
    now, residual = _misfit(model, values, sample)
    for step in range(1, max_steps + 1):
        jacobian = _jacobian(model, structure_at(model, values), sample)
        gradient = jacobian.T @ (sample.weight * residual)
        change = np.zeros(len(values))
        change[free] = _solved(
            model, jacobian.T @ (jacobian * sample.weight[:, None]), gradient
        )
        if float(gradient @ change[free]) < 1e-18 * max(1.0, now):
            return values, step
        share = 1.0
        while share > 1e-8:
            value, rest = _misfit(model, values + share * change, sample)
            if value <= now * (1 + 1e-14):
                break
            share /= 2
        else:
            return values, step
        values, now, residual = values + share * change, value, rest
    raise EstimationError(
        f"weighted least squares did not converge in {max_steps} steps: the data do not "
        "support the model (a factor with hardly related items, too many factors, or too few "
        "respondents); look at the polychoric correlations and name fewer factors"
    )


def _solved(model: FactorModel, crossed: FloatArray, gradient: FloatArray) -> FloatArray:
    diagonal = np.diag(crossed)
    scale = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    scaled = crossed * np.outer(scale, scale)
    roots, vectors = np.linalg.eigh(scaled)
    if roots[0] < _SINGULAR_BELOW:
        place = np.flatnonzero(~is_variance(model.free))[int(np.abs(vectors[:, 0]).argmax())]
        raise EstimationError(unidentified_message(model, int(place)))
    return np.asarray(scale * np.linalg.solve(scaled, scale * gradient))


def _misfit(
    model: FactorModel, values: FloatArray, sample: OrdinalSample
) -> tuple[float, FloatArray]:
    implied = structure_at(model, values).implied[sample.row, sample.column]
    residual = sample.observed - implied
    return float(np.sum(sample.weight * residual**2)), residual


def _jacobian(model: FactorModel, at: Structure, sample: OrdinalSample) -> FloatArray:
    left, right = directions(at, model.free)
    moved = left[:, sample.row] * right[:, sample.column]
    moved = moved + right[:, sample.row] * left[:, sample.column]
    return np.asarray(moved[~is_variance(model.free)].T)


def _completed(model: FactorModel, values: FloatArray) -> FloatArray:
    """Return the parameters with residual variances that make every item's variance 1."""
    variance = is_variance(model.free)
    complete = values.copy()
    complete[variance] = 0.0
    explained = np.diag(structure_at(model, complete).implied)
    complete[variance] = 1 - explained[model.free.row[variance]]
    return complete


def _onto_all(model: FactorModel, at: Structure) -> FloatArray:
    """Return derivatives of all parameters in the free ones, shape (k, f)."""
    variance = is_variance(model.free)
    left, right = directions(at, model.free)
    onto = np.zeros((model.free.count, int((~variance).sum())))
    onto[~variance] = np.eye(onto.shape[1])
    diagonal = 2 * left[~variance] * right[~variance]
    onto[variance] = -diagonal[:, model.free.row[variance]].T
    return onto


def _test(
    sample: OrdinalSample,
    at: Structure,
    jacobian: FloatArray,
    influence: FloatArray,
    misfit: float,
) -> OrdinalTest:
    weight, q = sample.weight, len(sample.row)
    df = q - jacobian.shape[1]
    rest = np.eye(q) - jacobian @ influence
    projected = (weight[:, None] * rest) @ sample.acov
    scaling, shift = _scaled_shifted(projected, df)
    base_scaling, base_shift = _scaled_shifted(weight[:, None] * sample.acov, q)
    plain = ChiSquare(
        chi2=(sample.n - 1) * misfit if df else 0.0,
        df=df,
        baseline=(sample.n - 1) * float(np.sum(weight * sample.observed**2)),
        baseline_df=q,
        n=sample.n - 1,
    )
    return OrdinalTest(
        plain=plain,
        scaling=scaling,
        shift=shift,
        baseline_scaling=base_scaling,
        baseline_shift=base_shift,
        normal=_normal_test(sample, at, rest, df),
    )


def _scaled_shifted(projected: FloatArray, df: int) -> tuple[float, float]:
    """Return c and b of ``χ²/c + b``: mean and variance those of χ² with df degrees."""
    if df == 0:
        return 1.0, 0.0
    trace, squares = float(np.trace(projected)), float(np.sum(projected * projected.T))
    factor = math.sqrt(df / squares)
    return 1 / factor, df - factor * trace


def _normal_test(
    sample: OrdinalSample, at: Structure, rest: FloatArray, df: int
) -> ChiSquare | None:
    """Return the likelihood χ² that robust indices rest on (Savalei 2021)."""
    implied = np.asarray(at.implied, dtype=float)
    if min(np.linalg.eigvalsh(m)[0] for m in (sample.correlations, implied)) < 1e-8 or df == 0:
        return None
    inverse = np.linalg.inv(implied)
    logdet, own = (float(np.linalg.slogdet(m)[1]) for m in (implied, sample.correlations))
    row, column = sample.row, sample.column
    crossed = inverse[np.ix_(row, row)] * inverse[np.ix_(column, column)]
    crossed += inverse[np.ix_(row, column)] * inverse[np.ix_(column, row)]
    fitted = logdet - own + float(np.trace(inverse @ sample.correlations)) - len(implied)
    trace = float(np.sum((rest.T @ crossed @ rest) * sample.acov))
    return ChiSquare(
        chi2=sample.n * fitted,
        df=df,
        baseline=-sample.n * own,
        baseline_df=len(row),
        n=sample.n - 1,
        scaling=trace / df,
        baseline_scaling=float(np.trace(sample.acov)) / len(row),
    )
