"""Factor models with means, in one group or several, with or without missing answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cxresearch._types import FloatArray, IntArray
from cxresearch.errors import EstimationError
from cxresearch.psychometrics._cfa_model import (
    FACTOR,
    LOADING,
    PATH,
    RESIDUAL,
    FactorModel,
    places,
    structure_at,
)
from cxresearch.psychometrics._clusters import gathered
from cxresearch.psychometrics._mean_slopes import (
    INTERCEPT,
    MEAN,
    casewise,
    expected_information,
    mean_at,
    observed_information_of,
    slopes_at,
)
from cxresearch.psychometrics._patterns import Moments, Patterns, Pull, pull_of

_STEPS = 200
_NEWTON_AFTER = 12
_SINGULAR_BELOW = 1e-10


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Layout:
    """Which of the k parameters of each of G groups are one and the same, and which are fixed.

    Attributes
    ----------
    model : FactorModel
        Its `free` also names intercepts (row an item), means and variances of factors.
    index : ndarray of int, shape (G, k)
        Place among the q estimated parameters; -1 where fixed.
    fixed : ndarray, shape (G, k)
        Values of what is fixed, 0 elsewhere.
    """

    model: FactorModel
    index: IntArray
    fixed: FloatArray

    @property
    def count(self) -> int:
        """Number of estimated parameters, q."""
        return int(self.index.max()) + 1

    @property
    def df(self) -> int:
        """Means, variances and covariances of all groups less estimated parameters."""
        p, groups = len(self.model.items), len(self.index)
        return groups * (p * (p + 3) // 2) - self.count

    def full(self, values: FloatArray) -> FloatArray:
        """Return the parameters of each group, shape (G, k)."""
        spread: FloatArray = np.where(self.index >= 0, values[self.index], self.fixed)
        return spread

    def selector(self, group: int) -> FloatArray:
        """Return the 0/1 matrix from estimated parameters to those of a group, shape (k, q)."""
        chosen = np.zeros((self.index.shape[1], self.count))
        rows = np.flatnonzero(self.index[group] >= 0)
        chosen[rows, self.index[group, rows]] = 1.0
        return chosen


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MeanFit:
    """Where scoring arrived.

    Attributes
    ----------
    layout : Layout
    values : ndarray, shape (q,)
    full : ndarray, shape (G, k)
    pulls : tuple of Pull
    log_likelihood : float
    steps : int
    """

    layout: Layout
    values: FloatArray
    full: FloatArray
    pulls: tuple[Pull, ...]
    log_likelihood: float
    steps: int


def with_means(model: FactorModel, *, factor_moments: bool = False) -> FactorModel:
    """Add intercepts, and where asked means and variances of the factors, to a model."""
    added = [(INTERCEPT, i, i) for i in range(len(model.items))]
    if factor_moments:
        factors = range(len(model.factors))
        added += [(FACTOR, f, f) for f in factors] + [(MEAN, f, f) for f in factors]
    return replace(model, free=model.free.joined(places(added)))


def saturated_model(items: tuple[str, ...]) -> FactorModel:
    """Return the model in which every mean, variance and covariance is free."""
    p = len(items)
    triples = [(RESIDUAL, i, j) for i in range(p) for j in range(i, p)]
    bare = FactorModel(items=items, factors=(), n_first=0, free=places(triples))
    return with_means(bare)


def independence_model(items: tuple[str, ...]) -> FactorModel:
    """Return the model in which no items correlate."""
    triples = [(RESIDUAL, i, i) for i in range(len(items))]
    bare = FactorModel(items=items, factors=(), n_first=0, free=places(triples))
    return with_means(bare)


def one_group(model: FactorModel) -> Layout:
    """Return the layout of one group with every parameter estimated."""
    k = model.free.count
    return Layout(model=model, index=np.arange(k)[None, :], fixed=np.zeros((1, k)))


def _evaluate(
    layout: Layout, values: FloatArray, data: Sequence[Patterns]
) -> tuple[float, tuple[Pull, ...]]:
    pulls = []
    for own, group in zip(layout.full(values), data, strict=True):
        at = structure_at(layout.model, own)
        mean, _ = mean_at(layout.model, at, own)
        pulls.append(pull_of(group, mean, at.implied))
    return sum(pull.log_likelihood for pull in pulls), tuple(pulls)


def total_information(
    layout: Layout, values: FloatArray, data: Sequence[Patterns], pulls: Sequence[Pull],
    *, kind: str,
) -> FloatArray:  # fmt: skip
    """Return the expected or observed information on the q parameters, all respondents."""
    result = np.zeros((layout.count, layout.count))
    for g, own in enumerate(layout.full(values)):
        chosen = layout.selector(g)
        if kind == "expected":
            info = expected_information(data[g], pulls[g], slopes_at(layout.model, own))
        else:
            info = observed_information_of(layout.model, own, data[g], pulls[g])
        result += chosen.T @ info @ chosen
    return result


def total_score(layout: Layout, values: FloatArray, pulls: Sequence[Pull]) -> FloatArray:
    """Return the derivative of the log likelihood by the q parameters."""
    result = np.zeros(layout.count)
    for g, own in enumerate(layout.full(values)):
        result += layout.selector(g).T @ slopes_at(layout.model, own).score(pulls[g])
    return result


def fit_with_means(layout: Layout, data: Sequence[Patterns], start: FloatArray) -> MeanFit:
    """Maximise the likelihood from a start, by scoring and then Newton's steps.

    Raises
    ------
    EstimationError
        The model is not identified, or the steps did not converge.
    """
    values = start
    now, pulls = _evaluate(layout, values, data)
    if not np.isfinite(now):
        raise EstimationError("the start of maximum likelihood is not a covariance matrix")
    curvature, made = np.zeros(0), 0
    for step in range(1, _STEPS + 1):
        if not made or step - made >= 4:
            curvature, made = _curvature(layout, values, data, pulls, step), step
        score = total_score(layout, values, pulls)
        change = _solved(layout, curvature, score)
        if float(score @ change) < 1e-13:
            return MeanFit(
                layout=layout, values=values, full=layout.full(values), pulls=pulls,
                log_likelihood=now, steps=step,
            )  # fmt: skip
        share = 1.0
        while share > 1e-6:
            value, tried = _evaluate(layout, values + share * change, data)
            if value >= now - 1e-11 * abs(now):
                break
            share /= 2
        else:
            break
        values, now, pulls = values + share * change, value, tried
        if share < 1:
            made = 0
    raise EstimationError(
        f"maximum likelihood did not converge in {_STEPS} steps: the data do not support the "
        "model (hardly related items, too few respondents); name fewer factors or items"
    )


def _curvature(
    layout: Layout, values: FloatArray, data: Sequence[Patterns], pulls: Sequence[Pull],
    step: int,
) -> FloatArray:  # fmt: skip
    if step > _NEWTON_AFTER:
        observed = total_information(layout, values, data, pulls, kind="observed")
        diagonal = np.diag(observed)
        if diagonal.min() > 0:
            scale = 1 / np.sqrt(diagonal)
            if np.linalg.eigvalsh(observed * np.outer(scale, scale))[0] > _SINGULAR_BELOW:
                return observed
    return total_information(layout, values, data, pulls, kind="expected")


def _solved(layout: Layout, curvature: FloatArray, score: FloatArray) -> FloatArray:
    diagonal = np.diag(curvature)
    if diagonal.min() <= 0 or not np.isfinite(diagonal).all():
        raise EstimationError(_unidentified(layout, int(np.argmin(diagonal))))
    scale = 1 / np.sqrt(diagonal)
    scaled = curvature * np.outer(scale, scale)
    try:
        smallest = float(np.diag(np.linalg.cholesky(scaled)).min() ** 2)
    except np.linalg.LinAlgError:
        smallest = 0.0
    if smallest < _SINGULAR_BELOW:
        vectors = np.linalg.eigh(scaled)[1]
        raise EstimationError(_unidentified(layout, int(np.abs(vectors[:, 0]).argmax())))
    change: FloatArray = scale * np.linalg.solve(scaled, scale * score)
    return change


def _unidentified(layout: Layout, place: int) -> str:
    free, model = layout.model.free, layout.model
    at = int(np.flatnonzero((layout.index == place).any(axis=0))[0])
    row, column, kind = int(free.row[at]), int(free.column[at]), int(free.matrix[at])
    names = {
        LOADING: lambda: f"the loading of {model.items[row]} on {model.factors[column]}",
        PATH: lambda: f"the loading of {model.factors[row]} on {model.factors[column]}",
        FACTOR: lambda: f"the covariance of {model.factors[row]} and {model.factors[column]}",
        RESIDUAL: lambda: f"the residual of {model.items[row]} with {model.items[column]}",
        INTERCEPT: lambda: f"the intercept of {model.items[row]}",
        MEAN: lambda: f"the mean of {model.factors[row]}",
    }
    return (
        f"the model is not identified: the data cannot tell {names[kind]()} from other "
        "parameters; a factor needs three items (two if it correlates with others), and two "
        "items alike in all groups"
    )


def covariance_from(information: FloatArray) -> FloatArray:
    """Invert an information matrix.

    Raises
    ------
    EstimationError
        It is not positive definite.
    """
    diagonal = np.diag(information)
    scale = 1 / np.sqrt(np.abs(diagonal))
    scaled = information * np.outer(scale, scale)
    if diagonal.min() <= 0 or np.linalg.eigvalsh(scaled)[0] < _SINGULAR_BELOW:
        raise EstimationError(
            "the observed information is not positive definite at the solution: the likelihood "
            "is flat or has a saddle there; use a simpler model"
        )
    result: FloatArray = np.linalg.inv(scaled) * np.outer(scale, scale)
    return result


def meat_of(fit: MeanFit, data: Sequence[Patterns]) -> FloatArray:
    """Return the sum of outer products of casewise scores on the q parameters.

    With clusters, of the sums of each; a cluster of several groups is one.
    """
    scores = [
        casewise(data[g], fit.layout.model, own, fit.pulls[g]) @ fit.layout.selector(g)
        for g, own in enumerate(fit.full)
    ]
    return crossed_scores(scores, data)


def crossed_scores(scores: Sequence[FloatArray], data: Sequence[Patterns]) -> FloatArray:
    """Return ``Σ s sᵀ`` over respondents, or over the sums of clusters, of all groups."""
    together = [gathered(own, group.clusters) for own, group in zip(scores, data, strict=True)]
    if data[0].clusters is None:
        rows = np.concatenate(together)
    else:
        rows = np.zeros((max(map(len, together)), together[0].shape[1]))
        for own in together:
            rows[: len(own)] += own
    result: FloatArray = rows.T @ rows
    return result


def saturated_trace(data: Patterns, moments: Moments, items: tuple[str, ...]) -> float:
    """Return ``tr(B A⁻¹)`` of the model that leaves all moments free, one group."""
    if data.complete and data.clusters is None:
        centred = data.answers - moments.mean
        weighted = centred @ np.linalg.inv(moments.covariance)
        distance = np.sum(weighted * centred, axis=1)
        return 0.5 * (float(np.mean(distance**2)) + len(items))
    model = saturated_model(items)
    return _trace(data, model, saturated_values(moments))


def independence_trace(data: Patterns, moments: Moments, items: tuple[str, ...]) -> float:
    """Return ``tr(B A⁻¹)`` of the model in which no items correlate, one group."""
    values = np.concatenate([moments.variance_independent, moments.mean_independent])
    return _trace(data, independence_model(items), values)


def saturated_values(moments: Moments) -> FloatArray:
    """Return the moments as parameters of `saturated_model`."""
    upper = moments.covariance[np.triu_indices(len(moments.mean))]
    return np.concatenate([upper, moments.mean])


def _trace(data: Patterns, model: FactorModel, values: FloatArray) -> float:
    at = structure_at(model, values)
    mean, _ = mean_at(model, at, values)
    pull = pull_of(data, mean, at.implied)
    information = observed_information_of(model, values, data, pull)
    meat = crossed_scores([casewise(data, model, values, pull)], [data])
    return float(np.trace(np.linalg.solve(information, meat)))
