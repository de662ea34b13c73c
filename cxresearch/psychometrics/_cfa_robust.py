"""Sandwich standard errors and the scaling of χ² when answers are not normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray, IntArray
from cxresearch.errors import EstimationError
from cxresearch.psychometrics._cfa_model import (
    FactorModel,
    directions,
    observed_information,
    structure_at,
)
from cxresearch.psychometrics._clusters import gathered


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Robust:
    """What fourth moments say about the precision of estimates and the size of χ².

    Attributes
    ----------
    covariance : ndarray, shape (k, k)
        Of the estimates: ``A⁻¹ B A⁻¹ / n``, A the observed information of one respondent and B
        the mean outer product of casewise scores (Huber–White).
    scaling, baseline_scaling : float
        Yuan and Bentler's scaling factors of χ² in the form of Mplus.
    """

    covariance: FloatArray
    scaling: float
    baseline_scaling: float


def robust_of(
    model: FactorModel,
    values: FloatArray,
    centred: FloatArray,
    weights: FloatArray | None = None,
    clusters: IntArray | None = None,
) -> Robust:
    """Return robust covariances and scaling factors at the maximum of the likelihood.

    The scaling factor is ``(tr B₁A₁⁻¹ − tr B A⁻¹)/df``; the first trace, of the saturated
    model, is ``½(mean squared Mahalanobis distance² − p)``. lavaan: ``estimator = "MLR"``.
    Case weights (sum n) multiply every respondent's score, as lavaan's ``sampling.weights`` do.
    With clusters, scores are summed over each of them, and the means are part of the model, as
    in lavaan's ``cluster``: their spread between clusters is in the scaling factors.

    Raises
    ------
    EstimationError
        The observed information is not positive definite.
    """
    n, p = centred.shape
    w = np.ones(n) if weights is None else weights
    observed = (centred * w[:, None]).T @ centred / n
    at = structure_at(model, values)
    left, right = directions(at, model.free)
    inverse = _inverse(observed_information(model, values, observed))
    scores = casewise_scores(centred, left, right, np.linalg.inv(at.implied))
    scores = gathered(scores * w[:, None], clusters)
    meat = scores.T @ scores / n
    trace = float(np.sum(meat * inverse))
    free = _free_traces(centred, w, observed, clusters)
    saturated, independent = free.saturated, free.independent
    if clusters is not None:
        means = gathered(centred * w[:, None], clusters)
        spread = means.T @ means / n
        trace += float(np.sum(spread * np.linalg.inv(at.implied)))
        saturated += float(np.sum(spread * np.linalg.inv(observed)))
        independent += float(np.sum(np.diag(spread) / np.diag(observed)))
    return Robust(
        covariance=inverse @ meat @ inverse / n,
        scaling=(saturated - trace) / model.df if model.df else 1.0,
        baseline_scaling=(saturated - independent) / (p * (p - 1) // 2),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traces:
    """``tr B A⁻¹`` of covariances without a model, and of variances only."""

    saturated: float
    independent: float


def _free_traces(
    centred: FloatArray, w: FloatArray, observed: FloatArray, clusters: IntArray | None
) -> _Traces:
    n, p = centred.shape
    standard = gathered(w[:, None] * (centred**2 / np.diag(observed) - 1), clusters)
    independent = 0.5 * float(np.sum(standard**2)) / n
    inverse = np.linalg.inv(observed)
    if clusters is None:
        distance = np.sum((centred @ inverse) * centred, axis=1)
        saturated = 0.5 * float(np.mean(w**2 * (distance**2 - 2 * distance + p)))
        return _Traces(saturated=saturated, independent=independent)
    # ½ tr(E²) with E the cluster's sum of w (S^-½ d dᵀ S^-½ − I), its upper triangle once.
    white = centred @ np.linalg.cholesky(inverse)
    row, column = np.triu_indices(p)
    sums = gathered(w[:, None] * (white[:, row] * white[:, column] - (row == column)), clusters)
    twice = np.where(row == column, 1.0, 2.0)
    saturated = 0.5 * float(np.sum(sums**2 * twice)) / n
    return _Traces(saturated=saturated, independent=independent)


def casewise_scores(
    centred: FloatArray, left: FloatArray, right: FloatArray, weight: FloatArray
) -> FloatArray:
    """Return each respondent's derivatives of the log likelihood, shape (n, k).

    ``½ tr(W (d dᵀ − W⁻¹) W ∂Σ)`` with ``∂Σ = l rᵀ + r lᵀ`` is ``(lᵀWd)(rᵀWd) − lᵀWr``.
    """
    lw, rw = left @ weight, right @ weight
    scores: FloatArray = (centred @ lw.T) * (centred @ rw.T) - np.sum(lw * right, axis=1)
    return scores


def _inverse(matrix: FloatArray) -> FloatArray:
    scale = 1 / np.sqrt(np.abs(np.diag(matrix)))
    scaled = matrix * np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < 1e-10:
        raise EstimationError(
            "the observed information is not positive definite at the solution: the likelihood "
            "is flat or has a saddle there; use estimator='ml' or a simpler model"
        )
    result: FloatArray = np.linalg.inv(scaled) * np.outer(scale, scale)
    return result
