"""The difference of two Shapley shares as a function of a covariance matrix, and its error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._subsets import shapley_allocation
from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError

CELLS = 2**22
"""Numbers held at once (32 MB)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ShareDifferences:
    """Of B covariance matrices.

    Attributes
    ----------
    shares : ndarray, shape (B, p)
        Shapley shares of R².
    difference : ndarray, shape (B,)
        Share of one driver less share of another.
    scale : ndarray, shape (B,)
        Standard error of the difference is `scale` over the root of the degrees of freedom of
        the covariance (n − 1), where variables are normal.
    """

    shares: FloatArray
    difference: FloatArray
    scale: FloatArray


def share_differences(covariance: FloatArray, first: int, second: int) -> ShareDifferences:
    r"""Return shares, the difference of two, and its standard error under normality.

    With :math:`D = \sum_A a_A R^2(A)` and :math:`u_A = (-\beta_A, 1)` (zero for drivers outside
    A), the derivative of D by the covariance S is :math:`G = -\sum_A a_A u_A u_A' / s_{yy} +
    e_y e_y' \sum_A a_A \sigma_A^2 / s_{yy}^2`: slopes that minimise :math:`\sigma_A^2 = u_A' S
    u_A` do not move it. For a Wishart matrix :math:`\operatorname{var} D = 2
    \operatorname{tr}(GSGS)/(n-1)`.

    Parameters
    ----------
    covariance : ndarray, shape (B, p + 1, p + 1)
        The outcome last.
    first, second : int

    Returns
    -------
    ShareDifferences

    References
    ----------
    Olkin, I., & Finn, J. D. (1995). Correlations redux. *Psychological Bulletin*, 118, 155–164.
    https://doi.org/10.1037/0033-2909.118.1.155 (the same for two drivers)
    """
    p = covariance.shape[-1] - 1
    rule = shapley_allocation(p).coefficients
    weights = rule[first] - rule[second]
    chunk = max(1, CELLS // (2**p * (p + 1)))
    parts = [
        _differences(covariance[start : start + chunk], rule, weights)
        for start in range(0, len(covariance), chunk)
    ]
    return ShareDifferences(
        shares=np.concatenate([part.shares for part in parts]),
        difference=np.concatenate([part.difference for part in parts]),
        scale=np.concatenate([part.scale for part in parts]),
    )


def _differences(
    covariance: FloatArray, rule: FloatArray, weights: FloatArray
) -> ShareDifferences:
    own = covariance[:, -1, -1]
    left, slopes = _all_models(covariance)
    r2 = 1 - left / own
    used = np.flatnonzero(weights)
    a = weights[used]
    u = np.empty((len(covariance), covariance.shape[-1], len(used)))
    u[:, :-1] = -np.moveaxis(slopes[:, used], -1, 0)
    u[:, -1] = 1.0
    gradient = -(u * a) @ np.swapaxes(u, 1, 2) / own[:, None, None]
    gradient[:, -1, -1] += a @ left[used] / own**2
    product = gradient @ covariance
    variance = 2 * np.einsum("bij,bji->b", product, product)
    return ShareDifferences(
        shares=r2.T @ rule.T, difference=weights @ r2, scale=np.sqrt(np.maximum(variance, 0))
    )


def _all_models(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return residual variances (2^p, B) and slopes (p, 2^p, B) of all subsets, by doubling.

    Beside the conditional covariances of what remains, each remaining variable keeps its
    coefficients on the drivers taken in so far.
    """
    p = covariance.shape[-1] - 1
    state = np.ascontiguousarray(np.moveaxis(covariance, 0, -1))[:, :, None, :]
    slopes = np.empty((p + 1, 0, 1, len(covariance)))
    for _ in range(p):
        factor = state[1:, :1] / state[:1, :1]
        swept = state[1:, 1:] - factor * state[:1, 1:]
        out = np.concatenate([slopes[1:], np.zeros_like(factor)], axis=1)
        taken = np.concatenate([slopes[1:] - factor * slopes[:1], factor], axis=1)
        state = np.concatenate([state[1:, 1:], swept], axis=2)
        slopes = np.concatenate([out, taken], axis=2)
    return state[0, 0], slopes[0]


def wishart_covariances(
    covariance: FloatArray, df: float, count: int, rng: np.random.Generator
) -> FloatArray:
    """Draw sample covariance matrices of normal variables, shape (count, q, q).

    Bartlett's decomposition: with L the Cholesky root, ``L A Aᵀ Lᵀ / df``, where A is lower
    triangular, standard normal below and roots of χ² (df, df − 1 …) on the diagonal.

    Raises
    ------
    EstimationError
        The covariance is not positive definite.
    """
    q = len(covariance)
    try:
        root = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise EstimationError(
            "the covariance of drivers and outcome is not positive definite"
        ) from error
    a = np.tril(rng.standard_normal((count, q, q)), -1)
    diagonal = np.arange(q)
    a[:, diagonal, diagonal] = np.sqrt(rng.chisquare(df - diagonal, size=(count, q)))
    half = root @ a
    return np.asarray(half @ np.swapaxes(half, 1, 2) / df)
