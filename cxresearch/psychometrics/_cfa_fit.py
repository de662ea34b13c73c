"""Maximum likelihood for factor models by Fisher scoring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._matrix import correlation_of
from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError
from cxresearch.psychometrics._cfa_model import (
    FACTOR,
    LOADING,
    PATH,
    RESIDUAL,
    FactorModel,
    Structure,
    directions,
    information,
    observed_information,
    structure_at,
)

MAX_STEPS = 300
_NEWTON_AFTER = 15
_SINGULAR_BELOW = 1e-10


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FitOfModel:
    """Where scoring arrived.

    Attributes
    ----------
    values : ndarray, shape (k,)
        Free parameters, units of the items.
    at : Structure
    information : ndarray, shape (k, k)
        Expected information of one respondent.
    discrepancy : float
        ``log|Σ| − log|S| + tr(S Σ⁻¹) − p``.
    steps : int
    """

    values: FloatArray
    at: Structure
    information: FloatArray
    discrepancy: float
    steps: int


def fit_by_scoring(
    model: FactorModel,
    covariance: FloatArray,
    *,
    max_steps: int = MAX_STEPS,
    start: FloatArray | None = None,
    tolerance: float = 1e-20,
) -> FitOfModel:
    """Fit a factor model to a covariance matrix with divisor n.

    Scoring runs on correlations, where starts are good whatever the items' units; the model is
    equivariant, so the answer is scaled back. A resampled fit starts from that of the whole
    sample (`start`) and needs no more digits than its noise bears (`tolerance`).

    Raises
    ------
    EstimationError
        The covariances are not positive definite, the model is not identified, or scoring
        did not converge.
    """
    correlations = correlation_of(covariance)
    check_positive_definite(correlations, model.items)
    units = _units(model, np.sqrt(np.diag(covariance)))
    values = start_values(model, correlations) if start is None else start / units
    values, steps = _score(model, correlations, values, max_steps, tolerance)
    values = oriented_values(model, values)
    values = values * units
    at = structure_at(model, values)
    left, right = directions(at, model.free)
    weight = np.linalg.inv(at.implied)
    return FitOfModel(
        values=values,
        at=at,
        information=information(left, right, weight),
        discrepancy=max(_discrepancy(at.implied, covariance), 0.0),
        steps=steps,
    )


def check_positive_definite(correlations: FloatArray, items: tuple[str, ...]) -> None:
    """Refuse correlations with an eigenvalue of 0, naming the items behind it.

    Raises
    ------
    EstimationError
    """
    roots, vectors = np.linalg.eigh(correlations)
    if roots[0] > _SINGULAR_BELOW:
        return
    behind = [items[i] for i in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)]
    raise EstimationError(
        f"the covariances are not positive definite (smallest eigenvalue {roots[0]:.3g}): "
        f"among {behind} one item is constant or a combination of others, or there are not "
        "more respondents than items; leave an item out"
    )


def start_values(model: FactorModel, correlations: FloatArray) -> FloatArray:
    """Each factor from the first principal axis of its items; factors correlate 0.3."""
    free = model.free
    values = np.zeros(free.count)
    for factor in range(model.n_first):
        own = np.flatnonzero((free.matrix == LOADING) & (free.column == factor))
        rows = free.row[own]
        block = correlations[np.ix_(rows, rows)]
        roots, vectors = np.linalg.eigh(block)
        loading = vectors[:, -1] * np.sqrt(max(roots[-1] - 0.4, 0.3))
        loading = np.clip(loading, -0.85, 0.85)
        values[own] = loading * (np.sign(loading[0]) or 1.0)
    if _has_general(model):
        _start_general(model, correlations, values)
    values[free.matrix == PATH] = 1.0
    values[free.matrix == FACTOR] = 0.3
    if (free.matrix == PATH).any():
        # A disturbance of 1 leaves factors below with a variance of 2: shrink their loadings.
        below = np.unique(free.row[free.matrix == PATH])
        values[(free.matrix == LOADING) & np.isin(free.column, below)] /= np.sqrt(2.0)
    variances = (free.matrix == RESIDUAL) & (free.row == free.column)
    explained = np.diag(structure_at(model, values).implied)
    values[variances] = np.maximum(1.0 - explained[free.row[variances]], 0.2)
    return values


def _has_general(model: FactorModel) -> bool:
    """Whether the last factor has all items and none correlates with it."""
    free = model.free
    last = (free.matrix == LOADING) & (free.column == len(model.factors) - 1)
    alone = not ((free.matrix == FACTOR) | (free.matrix == PATH)).any()
    return alone and len(model.factors) > 1 and int(last.sum()) == len(model.items)


def _start_general(model: FactorModel, correlations: FloatArray, values: FloatArray) -> None:
    """Start a bifactor model: all items on the first axis, what is left on the groups."""
    free = model.free
    roots, vectors = np.linalg.eigh(correlations)
    axis = vectors[:, -1] * np.sqrt(roots[-1]) * (np.sign(vectors[:, -1].sum()) or 1.0)
    loading = np.clip(0.9 * axis, -0.8, 0.8)
    general = (free.matrix == LOADING) & (free.column == len(model.factors) - 1)
    values[general] = loading[free.row[general]]
    group = (free.matrix == LOADING) & ~general
    sign = np.where(loading[free.row[group]] < 0, -1.0, 1.0)
    values[group] = 0.35 * sign


def _score(
    model: FactorModel,
    observed: FloatArray,
    values: FloatArray,
    max_steps: int,
    tolerance: float = 1e-20,
) -> tuple[FloatArray, int]:
    at = structure_at(model, values)
    now = _discrepancy(at.implied, observed)
    for step in range(1, max_steps + 1):
        curvature = None if step <= _NEWTON_AFTER else _convex(model, values, observed)
        change, gradient = _scoring_step(model, at, observed, curvature)
        # The decrement is the drop in F a full step promises, free of units.
        if float(gradient @ change) < tolerance or np.abs(change).max() < 1e-11:
            return values, step
        moved = _line_search(model, observed, values, change, now)
        if moved is None:
            if np.abs(gradient).max() < 1e-7:
                return values, step
            break
        values, at, now = moved
    raise EstimationError(
        f"maximum likelihood did not converge in {max_steps} steps: the data do not support "
        "the model (a factor with hardly related items, too many factors, or too few "
        "respondents); look at the correlations and name fewer factors"
    )


def _convex(model: FactorModel, values: FloatArray, observed: FloatArray) -> FloatArray | None:
    """Return the observed information where positive definite: Newton steps are fewer."""
    hessian = observed_information(model, values, observed)
    diagonal = np.diag(hessian)
    if diagonal.min() <= 0:
        return None
    scale = 1 / np.sqrt(diagonal)
    smallest = np.linalg.eigvalsh(hessian * np.outer(scale, scale))[0]
    return hessian if smallest > _SINGULAR_BELOW else None


def _scoring_step(
    model: FactorModel,
    at: Structure,
    observed: FloatArray,
    curvature: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return the step and the score; `curvature` stands in for the expected information."""
    left, right = directions(at, model.free)
    inverse = np.linalg.inv(at.implied)
    score = np.sum((left @ (inverse @ (observed - at.implied) @ inverse)) * right, axis=1)
    expected = information(left, right, inverse) if curvature is None else curvature
    scale = 1 / np.sqrt(np.diag(expected))
    if not np.isfinite(scale).all():
        raise EstimationError(unidentified_message(model, np.argmax(~np.isfinite(scale))))
    scaled = expected * np.outer(scale, scale)
    try:
        smallest = np.diag(np.linalg.cholesky(scaled)).min() ** 2
    except np.linalg.LinAlgError:
        smallest = 0.0
    if smallest < _SINGULAR_BELOW:
        vector = np.linalg.eigh(scaled)[1][:, 0]
        raise EstimationError(unidentified_message(model, int(np.abs(vector).argmax())))
    change: FloatArray = scale * np.linalg.solve(scaled, scale * score)
    return change, np.asarray(score)


def unidentified_message(model: FactorModel, place: int | np.intp) -> str:
    free = model.free
    matrix, row, column = (int(x[place]) for x in (free.matrix, free.row, free.column))
    names = {
        LOADING: lambda: f"the loading of {model.items[row]} on {model.factors[column]}",
        PATH: lambda: f"the loading of {model.factors[row]} on {model.factors[column]}",
        FACTOR: lambda: f"the covariance of {model.factors[row]} and {model.factors[column]}",
        RESIDUAL: lambda: f"the residual of {model.items[row]} with {model.items[column]}",
    }
    return (
        f"the model is not identified: the data cannot tell {names[matrix]()} from other "
        "parameters; a factor needs three items (two if it correlates with others), a "
        "second-order factor three factors"
    )


def _line_search(
    model: FactorModel,
    observed: FloatArray,
    values: FloatArray,
    change: FloatArray,
    now: float,
) -> tuple[FloatArray, Structure, float] | None:
    """Halve the step until the discrepancy falls; None where no step makes it fall."""
    share = 1.0
    while share > 1e-6:
        candidate = values + share * change
        at = structure_at(model, candidate)
        value = _discrepancy(at.implied, observed)
        if value <= now + 1e-13:
            return candidate, at, value
        share /= 2
    return None


def _discrepancy(implied: FloatArray, observed: FloatArray) -> float:
    """``log|Σ| − log|S| + tr(S Σ⁻¹) − p``; infinite where Σ is not positive definite."""
    try:
        root = np.linalg.cholesky(implied)
    except np.linalg.LinAlgError:
        return float("inf")
    logdet = 2 * float(np.log(np.diag(root)).sum()) - float(np.linalg.slogdet(observed)[1])
    return logdet + float(np.trace(np.linalg.solve(implied, observed))) - len(observed)


def _units(model: FactorModel, sd: FloatArray) -> FloatArray:
    """Return what each parameter is multiplied by to leave the scale of correlations."""
    free = model.free
    units = np.ones(free.count)
    loading, residual = free.matrix == LOADING, free.matrix == RESIDUAL
    units[loading] = sd[free.row[loading]]
    units[residual] = sd[free.row[residual]] * sd[free.column[residual]]
    return units


def oriented_values(model: FactorModel, values: FloatArray) -> FloatArray:
    """Turn each factor so that the first of its items (or factors) loads positively."""
    free = model.free
    signs = np.ones(len(model.factors))
    values = values.copy()
    for factor in range(len(model.factors)):
        kind = LOADING if factor < model.n_first else PATH
        own = (free.matrix == kind) & (free.column == factor)
        first = np.flatnonzero(own)[0]
        turned = values[first] * (signs[free.row[first]] if kind == PATH else 1.0)
        signs[factor] = -1.0 if turned < 0 else 1.0
    for kind, by_row in ((LOADING, False), (PATH, True), (FACTOR, True)):
        own = free.matrix == kind
        values[own] *= signs[free.column[own]]
        if by_row:
            values[own] *= signs[free.row[own]]
    return values
