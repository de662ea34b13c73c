"""Ordinary least squares with what model comparison and robust tests need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LeastSquares:
    """A least-squares fit.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    unscaled : ndarray, shape (p, p)
        ``(X'X)⁻¹``.
    residuals, leverage : ndarray, shape (n,)
    x : ndarray, shape (n, p)
    """

    beta: FloatArray
    unscaled: FloatArray
    residuals: FloatArray
    leverage: FloatArray
    x: FloatArray

    @property
    def df(self) -> int:
        """Residual degrees of freedom."""
        return len(self.x) - len(self.beta)

    @property
    def rss(self) -> float:
        """Residual sum of squares."""
        return float(self.residuals @ self.residuals)

    @property
    def log_likelihood(self) -> float:
        """Normal log-likelihood at its maximum, as R's logLik."""
        n = len(self.residuals)
        return float(-n / 2 * (np.log(2 * np.pi * self.rss / n) + 1))

    def covariance(self, kind: str = "classical") -> FloatArray:
        """Return the covariance of β: "classical", or "hc2", "hc3" for unequal variances."""
        if kind == "classical":
            return self.rss / self.df * self.unscaled
        power = {"hc2": 1, "hc3": 2}[kind]
        # A row fitted exactly (leverage 1) has residual 0: its part is 0, not 0/0.
        room = np.maximum(1 - self.leverage, 1e-12)
        weight = self.residuals**2 / room**power
        covariance: FloatArray = self.unscaled @ (self.x.T * weight) @ self.x @ self.unscaled
        return covariance


def least_squares(x: FloatArray, y: FloatArray) -> LeastSquares:
    """Fit y on the columns of x by an orthogonal decomposition.

    Raises
    ------
    EstimationError
        The columns are linearly dependent, or there are no more rows than columns.
    """
    n, p = x.shape
    if n <= p:
        raise EstimationError(f"{n} rows cannot carry {p} coefficients; more rows are needed")
    q, r = np.linalg.qr(x)
    if (np.abs(np.diag(r)) <= 1e-10 * np.sqrt((x**2).sum(axis=0))).any():
        raise EstimationError("the predictors are linearly dependent; leave one of them out")
    inverse = np.linalg.inv(r)
    beta = inverse @ (q.T @ y)
    return LeastSquares(
        beta=beta,
        unscaled=inverse @ inverse.T,
        residuals=y - x @ beta,
        leverage=(q**2).sum(axis=1),
        x=x,
    )
