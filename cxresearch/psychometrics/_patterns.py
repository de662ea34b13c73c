"""Answers grouped by which items were answered: likelihood and moments with missing answers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cxresearch._matrix import correlation_of
from cxresearch._types import FloatArray, IntArray
from cxresearch.errors import EstimationError
from cxresearch.psychometrics._cfa_fit import check_positive_definite

EM_STEPS = 3000
_EM_STOPS_BELOW = 1e-9
_SHRINKING_BELOW = 1e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Patterns:
    """n respondents with p items, in K patterns of what was answered; K = 1 if all was.

    Attributes
    ----------
    answers : ndarray, shape (n, p)
        0 where there is no answer.
    pattern : ndarray of int, shape (n,)
    observed : ndarray of bool, shape (K, p)
    counts : ndarray, shape (K,)
    means : ndarray, shape (K, p)
    scatter : ndarray, shape (K, p, p)
        Covariances within a pattern, divisor its count; 0 where not observed, as the means.
    clusters : ndarray of int, shape (n,), or None
        Who was sampled together, 0 … C − 1.
    """

    answers: FloatArray
    pattern: IntArray
    observed: NDArray[np.bool_]
    counts: FloatArray
    means: FloatArray
    scatter: FloatArray
    clusters: IntArray | None = None

    @property
    def n(self) -> int:
        """Respondents."""
        return len(self.answers)

    @property
    def complete(self) -> bool:
        """Whether everybody answered everything."""
        return bool(self.observed.all())


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pull:
    """The likelihood at some moments, and where it pulls them.

    Attributes
    ----------
    log_likelihood : float
        ``-inf`` where the covariances are not positive definite; then all else is empty.
    weights : ndarray, shape (K, p, p)
        Inverse covariances of what was answered, 0 elsewhere.
    distances : ndarray, shape (K, p)
        Mean answers of a pattern less expected ones, 0 where not observed.
    on_covariance : ndarray, shape (p, p)
        ``G = Σ n_k W (M − Σ) W``: a change dΣ raises the log likelihood by ``½ tr(G dΣ)``.
    on_mean : ndarray, shape (p,)
        ``g = Σ n_k W d``: a change dμ raises it by ``gᵀ dμ``.
    """

    log_likelihood: float
    weights: FloatArray
    distances: FloatArray
    on_covariance: FloatArray
    on_mean: FloatArray


def patterns_of(answers: FloatArray, clusters: IntArray | None = None) -> Patterns:
    """Group respondents by what they answered; those without any answer must be left out."""
    answered = np.isfinite(answers)
    observed, pattern = np.unique(answered, axis=0, return_inverse=True)
    pattern = pattern.reshape(-1)
    filled = np.where(answered, answers, 0.0)
    counts = np.bincount(pattern, minlength=len(observed)).astype(float)
    means = np.zeros(observed.shape)
    np.add.at(means, pattern, filled)
    means /= counts[:, None]
    centred = np.where(answered, filled - means[pattern], 0.0)
    scatter = np.zeros((len(observed), answers.shape[1], answers.shape[1]))
    many = np.flatnonzero(counts > 1)
    for k in many:
        own = centred[pattern == k]
        scatter[k] = own.T @ own / counts[k]
    return Patterns(
        answers=filled,
        pattern=pattern.astype(np.int64),
        observed=observed,
        counts=counts,
        means=means,
        scatter=scatter,
        clusters=clusters,
    )


def pull_of(data: Patterns, mean: FloatArray, covariance: FloatArray) -> Pull:
    """Evaluate the casewise normal likelihood at a mean and a covariance matrix."""
    both = data.observed[:, :, None] & data.observed[:, None, :]
    p = len(mean)
    # A unit variance stands in for what was not answered: it adds nothing to the determinant.
    padded = np.where(both, covariance, 0.0)
    padded[:, np.arange(p), np.arange(p)] += ~data.observed
    try:
        root = np.linalg.cholesky(padded)
    except np.linalg.LinAlgError:
        nothing = np.zeros((0, p))
        return Pull(
            log_likelihood=-math.inf, weights=nothing, distances=nothing,
            on_covariance=nothing, on_mean=nothing,
        )  # fmt: skip
    weights = np.where(both, np.linalg.inv(padded), 0.0)
    logdet = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    distances = np.where(data.observed, data.means - mean, 0.0)
    second = data.scatter + distances[:, :, None] * distances[:, None, :]
    constant = data.observed.sum(axis=1) * math.log(2 * math.pi)
    trace = np.sum(weights * second, axis=(1, 2))
    pulled = weights @ second @ weights - weights
    return Pull(
        log_likelihood=-0.5 * float(data.counts @ (constant + logdet + trace)),
        weights=weights,
        distances=distances,
        on_covariance=np.tensordot(data.counts, pulled, axes=1),
        on_mean=np.einsum("k,kab,kb->a", data.counts, weights, distances),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Moments:
    """Means and covariances without a model, at the maximum of the likelihood.

    Attributes
    ----------
    mean : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        Divisor n.
    log_likelihood, log_likelihood_independent : float
        The second is of the model in which no items correlate.
    mean_independent, variance_independent : ndarray, shape (p,)
    """

    mean: FloatArray
    covariance: FloatArray
    log_likelihood: float
    mean_independent: FloatArray
    variance_independent: FloatArray
    log_likelihood_independent: float


def saturated_moments(data: Patterns, items: tuple[str, ...]) -> Moments:
    """Estimate means and covariances from all answers, by EM where some are missing.

    Raises
    ------
    EstimationError
        Two items were never answered by the same respondent, the covariances are not positive
        definite, or EM did not converge.
    """
    _check_pairs(data, items)
    answered = data.observed[data.pattern]
    count = answered.sum(axis=0)
    alone = data.answers.sum(axis=0) / count
    spread = np.sum(np.where(answered, data.answers - alone, 0.0) ** 2, axis=0) / count
    mean, covariance = alone, np.diag(spread)
    independent = pull_of(data, mean, covariance).log_likelihood
    if data.complete:
        mean, covariance = data.means[0], data.scatter[0]
        check_positive_definite(correlation_of(covariance), items)
        value = pull_of(data, mean, covariance).log_likelihood
    else:
        mean, covariance, value = _em(data, mean, covariance, items)
        check_positive_definite(correlation_of(covariance), items)
    return Moments(
        mean=mean,
        covariance=covariance,
        log_likelihood=value,
        mean_independent=alone,
        variance_independent=spread,
        log_likelihood_independent=independent,
    )


def _em(
    data: Patterns, mean: FloatArray, covariance: FloatArray, items: tuple[str, ...]
) -> tuple[FloatArray, FloatArray, float]:
    """One step of EM is a step along the pull: ``Σ + Σ G Σ/n − δδᵀ`` with ``δ = Σ g/n``."""
    sd = np.sqrt(np.diag(covariance))
    for step in range(EM_STEPS):
        if step % 25 == 24:
            _check_shrinking(covariance, items)
        pull = pull_of(data, mean, covariance)
        if not math.isfinite(pull.log_likelihood):
            _check_shrinking(covariance, items)
            break
        shift = covariance @ pull.on_mean / data.n
        change = covariance @ pull.on_covariance @ covariance / data.n
        change -= np.outer(shift, shift)
        mean, covariance = mean + shift, covariance + (change + change.T) / 2
        moved = max(np.abs(shift / sd).max(), np.abs(change / np.outer(sd, sd)).max())
        if moved < _EM_STOPS_BELOW:
            return mean, covariance, pull_of(data, mean, covariance).log_likelihood
    raise EstimationError(
        f"means and covariances with missing answers did not converge in {EM_STEPS} steps: "
        "too few respondents answered the same items; leave out the items that few answered, "
        "or use missing='listwise'"
    )


def _check_shrinking(covariance: FloatArray, items: tuple[str, ...]) -> None:
    """Refuse covariances on their way to an eigenvalue of 0, which EM never reaches."""
    roots, vectors = np.linalg.eigh(correlation_of(covariance))
    if roots[0] > _SHRINKING_BELOW:
        return
    behind = [items[i] for i in np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)]
    raise EstimationError(
        f"the covariances are not positive definite (smallest eigenvalue {roots[0]:.3g}): "
        f"among {behind} one item is a combination of others, or too few respondents answered "
        "them together; leave an item out"
    )


def _check_pairs(data: Patterns, items: tuple[str, ...]) -> None:
    seen = data.observed.astype(float)
    together = (seen * data.counts[:, None]).T @ seen
    first, second = np.nonzero(np.triu(together < 2))
    if len(first):
        pairs = [(items[i], items[j]) for i, j in zip(first[:3], second[:3], strict=True)]
        raise EstimationError(
            f"missing answers: {len(first)} pair(s) of items were answered together by fewer "
            f"than 2 respondents, e.g. {pairs[0] if len(pairs) == 1 else pairs}; their "
            "covariance cannot be estimated. Leave one item of each pair out"
        )
