"""Polynomial regression of an outcome on perception and expectation, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError

COEFFICIENTS = ("b0", "b1", "b2", "b3", "b4", "b5")
SHAPE = ("a1", "a2", "a3", "a4", "a5")
PLACES = ("x0", "y0", "p10", "p11", "p20", "p21")
TERMS = (*COEFFICIENTS, *SHAPE, *PLACES)

SHAPE_WEIGHTS = np.array(
    [
        [0, 1, 1, 0, 0, 0],
        [0, 0, 0, 1, 1, 1],
        [0, 1, -1, 0, 0, 0],
        [0, 0, 0, 1, -1, 1],
        [0, 0, 0, 1, 0, -1],
    ],
    dtype=float,
)
"""a1 … a5 from b0 … b5: slope and curvature along P = E, then along P = −E, then b3 − b5."""

_SINGULAR = 1e-12
_STEP = 1e-30


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fit:
    """A (weighted) least-squares fit.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        As `std_errors` asks.
    rss, tss : float
        Weighted sums of squares, residual and about the mean; weights sum to n.
    n, df : int
    """

    beta: FloatArray
    covariance: FloatArray
    rss: float
    tss: float
    n: int
    df: int

    @property
    def r2(self) -> float:
        """Share of the outcome's variance."""
        return 1 - self.rss / self.tss

    @property
    def aicc(self) -> float:
        """Akaike's criterion for small samples; parameters are coefficients and variance."""
        k = len(self.beta) + 1
        if self.n - k - 1 <= 0 or not self.rss > 0:
            return float("nan")
        log_likelihood = -self.n / 2 * (np.log(2 * np.pi * self.rss / self.n) + 1)
        return float(-2 * log_likelihood + 2 * k + 2 * k * (k + 1) / (self.n - k - 1))


def surface_design(perception: FloatArray, expectation: FloatArray) -> FloatArray:
    """Return the columns 1, P, E, P², PE, E², shape (..., 6)."""
    p, e = perception, expectation
    return np.stack([np.ones_like(p), p, e, p * p, p * e, e * e], axis=-1)


def fit(x: FloatArray, y: FloatArray, weights: FloatArray | None, *, std_errors: str) -> Fit:
    """Fit y on the columns of x.

    Parameters
    ----------
    x : ndarray, shape (n, p)
    y : ndarray, shape (n,)
    weights : ndarray, shape (n,), or None
        Case weights; only their ratios matter.
    std_errors : {"hc3", "classical"}
        HC3 is ``(X'WX)⁻¹ X' diag((w e/(1 − h))²) X (X'WX)⁻¹``, h the weighted leverage. R:
        ``sandwich::vcovHC(lm(y ~ x, weights = w), type = "HC3")``.

    Raises
    ------
    EstimationError
        The columns are linearly dependent, or there are no more rows than columns.
    """
    n, p = x.shape
    if n <= p:
        raise EstimationError(f"{n} respondents cannot carry {p} coefficients")
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    root = np.sqrt(w)
    q, r = np.linalg.qr(x * root[:, None])
    size = np.sqrt(((x * root[:, None]) ** 2).sum(axis=0))
    if (np.abs(np.diag(r)) <= 1e-9 * size).any():
        raise EstimationError(
            "perceptions and expectations take too few values for a curved surface: its terms "
            "are linearly dependent"
        )
    inverse = np.linalg.inv(r)
    beta = inverse @ (q.T @ (root * y))
    residuals = y - x @ beta
    bread = inverse @ inverse.T
    rss = float(w @ residuals**2)
    if std_errors == "classical":
        covariance = rss / (n - p) * bread
    else:
        room = np.maximum(1 - (q**2).sum(axis=1), 1e-12)
        scores = x * (w * residuals / room)[:, None]
        covariance = bread @ (scores.T @ scores) @ bread
    centred = y - np.average(y, weights=w)
    return Fit(
        beta=beta, covariance=covariance, rss=rss, tss=float(w @ centred**2), n=n, df=n - p
    )


def places_of(beta: np.ndarray) -> np.ndarray:
    r"""Return stationary point and principal axes, shape (..., 6), of b0 … b5, shape (..., 6).

    ``X₀ = (b₂b₄ − 2b₁b₅)/(4b₃b₅ − b₄²)``, ``Y₀ = (b₁b₄ − 2b₂b₃)/(4b₃b₅ − b₄²)``; slopes of the
    axes ``(b₅ − b₃ ± √((b₃ − b₅)² + b₄²))/b₄`` (first axis: plus), intercepts ``Y₀ − slope ·
    X₀``. Not finite where a denominator is 0.
    """
    _, b1, b2, b3, b4, b5 = np.moveaxis(beta, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        determinant = 4 * b3 * b5 - b4 * b4
        x0 = (b2 * b4 - 2 * b1 * b5) / determinant
        y0 = (b1 * b4 - 2 * b2 * b3) / determinant
        root = np.sqrt((b3 - b5) ** 2 + b4 * b4)
        first, second = (b5 - b3 + root) / b4, (b5 - b3 - root) / b4
        axes = (y0 - first * x0, first, y0 - second * x0, second)
    return np.stack([x0, y0, *axes], axis=-1)


def delta_errors(
    function: Callable[[np.ndarray], np.ndarray], beta: FloatArray, covariance: FloatArray
) -> FloatArray:
    """Return delta-method standard errors of what `function` makes of `beta`.

    The gradient comes from steps along the imaginary axis and is exact to the last digits.
    """
    moved = beta + 1j * _STEP * np.eye(len(beta))
    gradient = np.imag(function(moved)).T / _STEP
    variance = np.einsum("tp,pq,tq->t", gradient, covariance, gradient)
    return np.sqrt(np.where(variance >= 0, variance, np.nan))


def terms_of(beta: np.ndarray) -> np.ndarray:
    """Return b0 … b5, a1 … a5, stationary point and axes, shape (..., 17)."""
    places = places_of(beta)
    return np.concatenate(
        [beta, beta @ SHAPE_WEIGHTS.T, np.where(np.isfinite(places), places, np.nan)], axis=-1
    )


def resampled_coefficients(
    x: FloatArray, y: FloatArray, weights: FloatArray, counts: FloatArray
) -> FloatArray:
    """Return the coefficients of every resample, shape (B, p); nan where x is degenerate.

    Parameters
    ----------
    x, y, weights : ndarray
        As in `fit`.
    counts : ndarray, shape (B, n)
        How often each respondent was drawn.
    """
    p = x.shape[1]
    scale = np.sqrt((x**2).mean(axis=0))
    z = x / np.where(scale > 0, scale, 1.0)
    rows, columns = np.triu_indices(p)
    products = np.hstack([z[:, rows] * z[:, columns], z * y[:, None]]) * weights[:, None]
    sums = counts @ products
    matrix = np.empty((len(counts), p, p))
    matrix[:, rows, columns] = sums[:, : len(rows)]
    matrix[:, columns, rows] = sums[:, : len(rows)]
    roots = np.linalg.eigvalsh(matrix)
    usable = roots[:, 0] > _SINGULAR * np.maximum(roots[:, -1], 1e-300)
    matrix[~usable] = np.eye(p)
    beta = np.linalg.solve(matrix, sums[:, len(rows) :, None])[..., 0]
    return np.where(usable[:, None], beta / np.where(scale > 0, scale, 1.0), np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """An F test of linear constraints on coefficients."""

    statistic: float
    df: float
    df_denominator: float
    p_value: float


def constraint_test(found: Fit, constraints: FloatArray) -> Constraint:
    """Return the Wald F test that ``constraints @ beta`` is 0, shape (c, p).

    With the classical covariance it is the F test of nested models (R: ``anova``); with HC3 it
    is R's ``car::linearHypothesis(model, C, white.adjust = "hc3")``.
    """
    count = len(constraints)
    contrast = constraints @ found.beta
    covariance = constraints @ found.covariance @ constraints.T
    statistic = float(contrast @ np.linalg.solve(covariance, contrast)) / count
    return Constraint(
        statistic=statistic,
        df=float(count),
        df_denominator=float(found.df),
        p_value=float(stats.f.sf(statistic, count, found.df)),
    )


def stationary_kind(beta: FloatArray) -> str:
    """Return what the surface has where it is level: maximum, minimum, saddle or none."""
    curvature = np.array([[2 * beta[3], beta[4]], [beta[4], 2 * beta[5]]])
    roots = np.linalg.eigvalsh(curvature)
    size = np.abs(roots).max(initial=0.0)
    if size == 0 or (np.abs(roots) <= 1e-9 * size).any():
        return "none"
    return "maximum" if (roots < 0).all() else "minimum" if (roots > 0).all() else "saddle"
