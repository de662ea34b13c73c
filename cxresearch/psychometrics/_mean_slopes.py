"""Derivatives of a factor model's moments and of its likelihood, means among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray
from cxresearch.psychometrics._cfa_model import (
    LOADING,
    PATH,
    FactorModel,
    Numbers,
    Places,
    Structure,
    directions,
    structure_at,
)
from cxresearch.psychometrics._patterns import Patterns, Pull

INTERCEPT, MEAN = 4, 5


def mean_at(model: FactorModel, at: Structure, values: Numbers) -> tuple[Numbers, Numbers]:
    """Return expected answers, shape (..., p), and means of factors before paths, (..., m)."""
    free = model.free
    lead, kind = values.shape[:-1], values.dtype
    intercepts = np.zeros((*lead, len(model.items)), dtype=kind)
    means = np.zeros((*lead, len(model.factors)), dtype=kind)
    for matrix, target in ((INTERCEPT, intercepts), (MEAN, means)):
        own = free.matrix == matrix
        target[..., free.row[own]] = values[..., own]
    return intercepts + np.einsum("...pm,...m->...p", at.total, means), means


def mean_directions(
    model: FactorModel, at: Structure, means: Numbers, where: Places | None = None
) -> Numbers:
    """Return the derivative of the expected answers by each place, shape (..., k, p)."""
    where = model.free if where is None else where
    p, m = len(model.items), len(model.factors)
    lead = at.implied.shape[:-2]
    result = np.zeros((*lead, where.count, p), dtype=at.implied.dtype)
    own = where.matrix == INTERCEPT
    result[..., np.flatnonzero(own), where.row[own]] = 1.0
    across = np.swapaxes(at.total, -1, -2)
    own = where.matrix == MEAN
    result[..., own, :] = across[..., where.row[own], :]
    if m and np.any(means):
        through = np.linalg.inv(np.eye(m) - at.paths)
        eta = np.einsum("...ab,...b->...a", through, means)
        own = np.flatnonzero(where.matrix == LOADING)
        result[..., own, where.row[own]] = eta[..., where.column[own]]
        own = np.flatnonzero(where.matrix == PATH)
        result[..., own, :] = across[..., where.row[own], :] * eta[..., where.column[own], None]
    return result


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Slopes:
    """Derivatives of a group's moments by k places: Σ by ``l rᵀ + r lᵀ``, and the mean."""

    left: FloatArray
    right: FloatArray
    mean: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """Return the derivatives of Σ, flattened, shape (k, p²)."""
        outer = self.left[:, :, None] * self.right[:, None, :]
        flat: FloatArray = (outer + np.swapaxes(outer, 1, 2)).reshape(len(outer), -1)
        return flat

    def score(self, pull: Pull) -> FloatArray:
        """Return the derivative of the log likelihood, shape (k,)."""
        on_covariance = np.sum((self.left @ pull.on_covariance) * self.right, axis=1)
        return np.asarray(on_covariance + self.mean @ pull.on_mean)


def slopes_at(model: FactorModel, values: FloatArray, where: Places | None = None) -> Slopes:
    """Return the derivatives of the moments at a point."""
    at = structure_at(model, values)
    left, right = directions(at, model.free if where is None else where)
    _, means = mean_at(model, at, values)
    return Slopes(left=left, right=right, mean=mean_directions(model, at, means, where))


def expected_information(data: Patterns, pull: Pull, slopes: Slopes) -> FloatArray:
    """Return ``Σ n_k [½ tr(W ∂ᵢΣ W ∂ⱼΣ) + ∂ᵢμᵀ W ∂ⱼμ]`` of all respondents, shape (k, k)."""
    p = slopes.left.shape[1]
    flat = pull.weights.reshape(-1, p * p)
    jacobian = slopes.covariance
    pairs = _rearranged(data.counts, flat, flat, p)
    total = np.tensordot(data.counts, pull.weights, axes=1)
    result: FloatArray = 0.5 * jacobian @ pairs @ jacobian.T
    return result + slopes.mean @ total @ slopes.mean.T


def observed_information_of(
    model: FactorModel, values: FloatArray, data: Patterns, pull: Pull
) -> FloatArray:
    """Return minus the second derivatives of the log likelihood, shape (k, k)."""
    slopes = slopes_at(model, values)
    p = slopes.left.shape[1]
    jacobian = slopes.covariance
    second = data.scatter + pull.distances[:, :, None] * pull.distances[:, None, :]
    squeezed = pull.weights @ second @ pull.weights
    flat, flat_squeezed = (x.reshape(-1, p * p) for x in (pull.weights, squeezed))
    pairs = _rearranged(data.counts, flat, flat_squeezed - 0.5 * flat, p)
    total = np.tensordot(data.counts, pull.weights, axes=1)
    aside = np.einsum("kab,kb->ka", pull.weights, pull.distances)
    crossed = (data.counts[:, None] * flat).T @ aside  # (p·p, p): W_ab (W d)_c
    crossed = crossed.reshape(p, p * p)
    mixed = slopes.mean @ crossed @ jacobian.T
    result: FloatArray = jacobian @ pairs @ jacobian.T + mixed + mixed.T
    result = result + slopes.mean @ total @ slopes.mean.T
    result = result - _bend(model, values, pull)
    return (result + result.T) / 2


def _rearranged(
    counts: FloatArray, first: FloatArray, second: FloatArray, p: int
) -> FloatArray:
    """Return ``X[(b, c), (d, a)] = Σ n_k A_ab B_cd``, so that J X Jᵀ holds tr(A ∂ⱼΣ B ∂ᵢΣ)."""
    product = (counts[:, None] * first).T @ second
    result: FloatArray = product.reshape(p, p, p, p).transpose(1, 2, 3, 0).reshape(p * p, p * p)
    return result


def _bend(model: FactorModel, values: FloatArray, pull: Pull) -> FloatArray:
    """``½ tr(G ∂²Σ) + gᵀ∂²μ`` by complex steps, the pull held still."""
    step = 1e-20
    points = values + 1j * step * np.eye(len(values))
    at = structure_at(model, points)
    left, right = directions(at, model.free)
    _, means = mean_at(model, at, points)
    slope = np.sum((left @ pull.on_covariance) * right, axis=-1)
    slope = slope + mean_directions(model, at, means) @ pull.on_mean
    bend: FloatArray = slope.imag / step
    return bend


def casewise(data: Patterns, model: FactorModel, values: FloatArray, pull: Pull) -> FloatArray:
    """Return each respondent's derivatives of the log likelihood, shape (n, k)."""
    slopes = slopes_at(model, values)
    mean, _ = mean_at(model, structure_at(model, values), values)
    distance = np.where(data.observed[data.pattern], data.answers - mean, 0.0)
    if len(data.counts) == 1:
        pulled = distance @ pull.weights[0]
    else:
        pulled = np.einsum("nab,nb->na", pull.weights[data.pattern], distance)
    flat = pull.weights.reshape(len(pull.weights), -1)
    level = 0.5 * flat @ slopes.covariance.T
    scores: FloatArray = (pulled @ slopes.left.T) * (pulled @ slopes.right.T)
    scores += pulled @ slopes.mean.T - level[data.pattern]
    return scores
