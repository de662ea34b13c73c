"""Two-step polychoric correlations of all pairs of items at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from cxresearch._matrix import correlation_of, covariance_of
from cxresearch._types import FloatArray, IntArray
from cxresearch.errors import EstimationError

FAR = 10.0  # stands for infinity: the normal density there is 0 to double precision
LARGEST = 0.9999
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_MAX_STEPS = 200


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Categories:
    """Answers as category numbers.

    Attributes
    ----------
    codes : ndarray of int, shape (n, p)
        0 … K − 1 of each item, in the order of its answers.
    counts : ndarray of int, shape (p,)
        Categories of each item that somebody chose.
    bounds : ndarray, shape (p, K + 1)
        Thresholds between ∓`FAR`; short items end in several `FAR`.
    """

    codes: IntArray
    counts: IntArray
    bounds: FloatArray

    @property
    def most(self) -> int:
        """Largest number of categories."""
        return int(self.bounds.shape[1]) - 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pairs:
    """Polychoric correlations of q pairs.

    Attributes
    ----------
    first, second : ndarray of int, shape (q,)
    correlations : ndarray, shape (q,)
    std_errors : ndarray, shape (q,)
    influence : ndarray, shape (q, K, K)
        What a respondent in each cell adds to the correlation, thresholds' estimation included.
    """

    first: IntArray
    second: IntArray
    correlations: FloatArray
    std_errors: FloatArray
    influence: FloatArray

    def matrix(self, p: int) -> FloatArray:
        """Return the correlations as a matrix."""
        full = np.eye(p)
        full[self.first, self.second] = full[self.second, self.first] = self.correlations
        return full


def categories_of(answers: FloatArray) -> Categories:
    """Return the category of every answer and the thresholds of every item."""
    n, p = answers.shape
    codes = np.empty((n, p), dtype=np.int64)
    counts = np.empty(p, dtype=np.int64)
    for j, column in enumerate(answers.T):
        values, codes[:, j] = np.unique(column, return_inverse=True)
        counts[j] = len(values)
    bounds = np.full((p, int(counts.max()) + 1), FAR)
    bounds[:, 0] = -FAR
    for j in range(p):
        share = np.cumsum(np.bincount(codes[:, j]))[:-1] / n
        bounds[j, 1 : counts[j]] = ndtri(share)
    return Categories(codes=codes, counts=counts, bounds=bounds)


def two_step(given: Categories) -> Pairs:
    """Estimate every pair's correlation by maximum likelihood at the items' own thresholds.

    Raises
    ------
    EstimationError
        Scoring did not converge.
    """
    p, n = len(given.counts), len(given.codes)
    first, second = np.triu_indices(p, 1)
    tables = _tables(given, first, second)
    h, k = given.bounds[first], given.bounds[second]
    start = correlation_of(covariance_of(given.codes.astype(float)))
    rho = np.clip(start[first, second], -0.9, 0.9)
    for _ in range(_MAX_STEPS):
        cells, slopes = _cells(h, k, rho)
        score = np.sum(tables * slopes / cells, axis=(1, 2))
        expected = n * np.sum(slopes**2 / cells, axis=(1, 2))
        # On Fisher's z a step never leaves (−1, 1); a long one is cut.
        inside = 1 - rho**2
        step = np.clip(score / (expected * inside), -0.5, 0.5)
        moved = np.clip(np.tanh(np.arctanh(rho) + step), -LARGEST, LARGEST)
        change, rho = float(np.abs(moved - rho).max(initial=0.0)), moved
        if change < 1e-10:
            break
    else:
        raise EstimationError(
            f"polychoric correlations did not converge in {_MAX_STEPS} steps; merge answers "
            "that hardly anybody chose"
        )
    influence = _influence(given, tables, (first, second), rho)
    # Divisor n − 1, as lavaan has it for ordered answers.
    spread = np.sqrt(np.sum(tables * influence**2, axis=(1, 2)) * n / (n - 1))
    return Pairs(
        first=first.astype(np.int64),
        second=second.astype(np.int64),
        correlations=rho,
        std_errors=spread,
        influence=influence,
    )


def casewise_influence(given: Categories, pairs: Pairs) -> FloatArray:
    """Return each respondent's influence on each correlation, shape (n, q)."""
    index = np.arange(len(pairs.first))
    a, b = given.codes[:, pairs.first], given.codes[:, pairs.second]
    result: FloatArray = pairs.influence[index, a, b]
    return result


def _tables(given: Categories, first: IntArray, second: IntArray) -> FloatArray:
    """Return the cross table of each pair, shape (q, K, K): one product of indicators."""
    n, p = given.codes.shape
    most = given.most
    indicators = np.zeros((n, p * most), dtype=np.float32)
    rows = np.arange(n)[:, None]
    indicators[rows, given.codes + most * np.arange(p)] = 1.0
    # Counts up to 2²⁴ are exact in single precision.
    crossed = (indicators.T @ indicators).reshape(p, most, p, most)
    return np.asarray(crossed[first, :, second, :], dtype=float)


def _cells(h: FloatArray, k: FloatArray, rho: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return probabilities of the cells and their slopes in ρ, shape (q, K, K)."""
    x, y = h[:, :, None], k[:, None, :]
    below = ndtr(x) * ndtr(y)
    angle = np.arcsin(rho) / 2
    squares, product = (x**2 + y**2) / 2, x * y
    total = np.zeros_like(below)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        sine = np.sin(angle * (node + 1))[:, None, None]
        total += weight * np.exp((product * sine - squares) / (1 - sine**2))
    below += total * (angle / (2 * np.pi))[:, None, None]
    r = rho[:, None, None]
    rest = 1 - r**2
    density = np.exp((product * r - squares) / rest) / (2 * np.pi * np.sqrt(rest))
    cells = np.diff(np.diff(below, axis=1), axis=2)
    return np.maximum(cells, 1e-14), np.diff(np.diff(density, axis=1), axis=2)


def _influence(
    given: Categories, tables: FloatArray, pair: tuple[IntArray, IntArray], rho: FloatArray
) -> FloatArray:
    """Return ``(∂log π/∂ρ − A₂₁ · influence on thresholds) / A₂₂`` by cell (Olsson; Muthén).

    A₂₁ and A₂₂ are sums of products of scores, as in lavaan.
    """
    h, k = (given.bounds[side] for side in pair)
    cells, slopes = _cells(h, k, rho)
    score = slopes / cells
    curvature = np.sum(tables * score**2, axis=(1, 2))
    on_thresholds = threshold_influence(given)
    weighted = tables * score / cells
    one = _through_thresholds(h, k, rho, weighted, on_thresholds[pair[0]])
    two = _through_thresholds(k, h, rho, np.swapaxes(weighted, 1, 2), on_thresholds[pair[1]])
    moved = score - one[:, :, None] - two[:, None, :]
    result: FloatArray = moved / curvature[:, None, None]
    return result


def _through_thresholds(
    own: FloatArray,
    other: FloatArray,
    rho: FloatArray,
    weighted: FloatArray,
    on_thresholds: FloatArray,
) -> FloatArray:
    """Return what a category of one item does to ρ's score through its thresholds, (q, K)."""
    tau = own[:, 1:-1, None]  # (q, K − 1, 1)
    r = rho[:, None, None]
    given_tau = ndtr((other[:, None, :] - r * tau) / np.sqrt(1 - r**2))
    density = np.exp(-(tau**2) / 2) / np.sqrt(2 * np.pi)
    slopes = density * np.diff(
        given_tau, axis=2
    )  # of the cell below; minus that of the one above
    crossed = np.sum(slopes * (weighted[:, :-1] - weighted[:, 1:]), axis=2)
    result: FloatArray = np.einsum("qt,qct->qc", crossed, on_thresholds)
    return result


def threshold_influence(given: Categories) -> FloatArray:
    """Return what each category adds to each threshold of its item, shape (p, K, K − 1)."""
    p, most = len(given.counts), given.most
    result = np.zeros((p, most, most - 1))
    for j in range(p):
        score = threshold_scores(given, j)
        chosen = np.bincount(given.codes[:, j]).astype(float)
        information = score.T @ (score * chosen[:, None])
        count = int(given.counts[j])
        result[j, :count, : count - 1] = np.linalg.solve(information, score.T).T
    return result


def threshold_scores(given: Categories, item: int) -> FloatArray:
    """Return ∂log P(category)/∂threshold of an item, shape (its categories, thresholds)."""
    count = int(given.counts[item])
    bounds = given.bounds[item, : count + 1].copy()
    share = np.diff(ndtr(bounds))
    density = np.exp(-(bounds[1:-1] ** 2) / 2) / np.sqrt(2 * np.pi)
    step = np.zeros((count, count - 1))
    at = np.arange(count - 1)
    step[at, at] = density
    step[at + 1, at] = -density
    result: FloatArray = step / share[:, None]
    return result
