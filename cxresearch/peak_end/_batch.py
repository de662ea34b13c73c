"""Random-intercept models of many simulated studies at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cxresearch._types import BoolArray, FloatArray

_GRID = np.concatenate([[0.0], np.linspace(0.02, 0.98, 25), [0.999, 0.99999]])
_HALVINGS = 50


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BatchFit:
    """Slopes of S studies by REML, without the intercept.

    Attributes
    ----------
    estimate, std_error, df, p_value : ndarray, shape (S, p)
    ratio : ndarray, shape (S,)
        Variance between people over residual variance; 0 where it vanished.
    sigma2 : ndarray, shape (S,)
    """

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray
    p_value: FloatArray
    ratio: FloatArray
    sigma2: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Sums:
    """Sums of products of S studies; people pooled by their number m = 1 … E of episodes.

    ``xx (S,p,p), xy (S,p), yy (S), n (S)``; ``a (S,E,p,p), b (S,E,p), c (S,E)`` are sums over
    people of products of their totals, ``people (S,E)`` how many there are, ``m (E,)``.
    """

    xx: FloatArray
    xy: FloatArray
    yy: FloatArray
    n: FloatArray
    a: FloatArray
    b: FloatArray
    c: FloatArray
    people: FloatArray
    m: FloatArray


def fit_random_intercepts(y: FloatArray, x: FloatArray, there: BoolArray) -> BatchFit:
    """Fit ``y ~ 1 + x + (1 | person)`` by REML to every study.

    Parameters
    ----------
    y : ndarray, shape (S, G, E)
        Studies, people, episodes.
    x : ndarray, shape (S, G, E, p)
    there : ndarray of bool, shape (S, G, E)
        Episodes that are analysed.

    Notes
    -----
    The variance ratio is found by bisection of the exact derivative of the restricted
    deviance, all studies in step; degrees of freedom are Satterthwaite's, as in `fit_mixed`.
    """
    sums = _sums(y, x, there)
    ratio = _ratio(sums)
    at = _solve(sums, ratio)
    df_residual = sums.n - sums.xx.shape[1]
    sigma2 = at.rss / df_residual
    variance = sigma2[:, None] * np.einsum("spp->sp", at.covariance)
    df = _satterthwaite(sums, ratio, at, sigma2, variance)
    estimate, error = at.beta, np.sqrt(variance)
    return BatchFit(
        estimate=estimate[:, 1:],
        std_error=error[:, 1:],
        df=df[:, 1:],
        p_value=2 * special.stdtr(df, -np.abs(estimate / error))[:, 1:],
        ratio=ratio,
        sigma2=sigma2,
    )


def _sums(y: FloatArray, x: FloatArray, there: BoolArray) -> _Sums:
    studies, _, episodes = y.shape
    kept = there.astype(float)
    count = kept.sum(axis=(1, 2))
    centre = (x * kept[..., None]).sum(axis=(1, 2)) / count[:, None]
    middle = (y * kept).sum(axis=(1, 2)) / count
    xs = (x - centre[:, None, None, :]) * kept[..., None]
    full = np.concatenate([kept[..., None], xs], axis=-1)
    ys = (y - middle[:, None, None]) * kept
    p = full.shape[-1]
    flat, flat_y = full.reshape(studies, -1, p), ys.reshape(studies, -1)
    of_person, of_y = full.sum(axis=2), ys.sum(axis=2)
    sizes = kept.sum(axis=2)
    m = np.arange(1, episodes + 1, dtype=float)
    a, b = np.empty((studies, episodes, p, p)), np.empty((studies, episodes, p))
    c, people = np.empty((studies, episodes)), np.empty((studies, episodes))
    for k, size in enumerate(m):
        chosen = (sizes == size).astype(float)
        picked = of_person * chosen[..., None]
        a[:, k] = picked.transpose(0, 2, 1) @ of_person
        b[:, k] = np.einsum("sgp,sg->sp", picked, of_y)
        c[:, k] = (of_y**2 * chosen).sum(axis=1)
        people[:, k] = chosen.sum(axis=1)
    return _Sums(
        xx=flat.transpose(0, 2, 1) @ flat,
        xy=np.einsum("snp,sn->sp", flat, flat_y),
        yy=(flat_y**2).sum(axis=1),
        n=count,
        a=a,
        b=b,
        c=c,
        people=people,
        m=m,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Solution:
    """Generalised least squares at one ratio per study."""

    covariance: FloatArray
    beta: FloatArray
    rss: FloatArray
    log_det: FloatArray


def _solve(sums: _Sums, ratio: FloatArray) -> _Solution:
    shrink = ratio[:, None] / (1 + ratio[:, None] * sums.m)
    xvx = sums.xx - np.einsum("se,sepq->spq", shrink, sums.a)
    xvy = sums.xy - np.einsum("se,sep->sp", shrink, sums.b)
    covariance = np.linalg.inv(xvx)
    beta = np.einsum("spq,sq->sp", covariance, xvy)
    log_det = (sums.people * np.log1p(ratio[:, None] * sums.m)).sum(axis=1)
    return _Solution(
        covariance=covariance,
        beta=beta,
        rss=sums.yy - (shrink * sums.c).sum(axis=1) - (beta * xvy).sum(axis=1),
        log_det=log_det + np.linalg.slogdet(xvx)[1],
    )


def _pieces(sums: _Sums, ratio: FloatArray, at: _Solution) -> tuple[FloatArray, ...]:
    """Return the slope of the log determinants, of the residual sum, and of X'V⁻¹X."""
    keep = 1 / (1 + ratio[:, None] * sums.m)
    middle = np.einsum("se,sepq->spq", keep**2, sums.a)
    trace = np.einsum("spq,sqp->s", at.covariance, middle)
    fitted = np.einsum("sep,sp->se", sums.b, at.beta)
    squared = np.einsum("sp,sepq,sq->se", at.beta, sums.a, at.beta)
    fall = (keep**2 * (sums.c - 2 * fitted + squared)).sum(axis=1)
    return (sums.people * sums.m * keep).sum(axis=1) - trace, fall, middle


def _slope(sums: _Sums, ratio: FloatArray, sigma2: FloatArray | None = None) -> FloatArray:
    """Return the slope of the restricted deviance in the ratio."""
    at = _solve(sums, ratio)
    rise, fall, _ = _pieces(sums, ratio, at)
    held = at.rss / (sums.n - sums.xx.shape[1]) if sigma2 is None else sigma2
    return np.asarray(rise - fall / held)


def _ratio(sums: _Sums) -> FloatArray:
    grid = _GRID / (1 - _GRID)
    studies = len(sums.n)
    deviance = np.empty((len(grid), studies))
    for k, value in enumerate(grid):
        at = _solve(sums, np.full(studies, value))
        deviance[k] = at.log_det + (sums.n - sums.xx.shape[1]) * np.log(at.rss)
    best = deviance.argmin(axis=0)
    low = grid[np.maximum(best - 1, 0)]
    high = grid[np.minimum(best + 1, len(grid) - 1)]
    vanished = (best == 0) & (_slope(sums, np.zeros(studies)) >= 0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rising = _slope(sums, middle) > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return np.where(vanished, 0.0, (low + high) / 2)


def _satterthwaite(
    sums: _Sums, ratio: FloatArray, at: _Solution, sigma2: FloatArray, variance: FloatArray
) -> FloatArray:
    step = 1e-4 * (ratio + 0.01)
    # Below zero the deviance is still smooth for steps this small, so differences are central.
    curve = (_slope(sums, ratio + step, sigma2) - _slope(sums, ratio - step, sigma2)) / (
        2 * step
    )
    _, fall, middle = _pieces(sums, ratio, at)
    df_residual = sums.n - sums.xx.shape[1]
    cross = fall / sigma2
    determinant = curve * df_residual - cross**2
    of_ratio = (
        np.einsum("spq,sqr,srp->sp", at.covariance, middle, at.covariance) * sigma2[:, None]
    )
    spread = (
        of_ratio**2 * df_residual[:, None]
        - 2 * of_ratio * variance * cross[:, None]
        + variance**2 * curve[:, None]
    ) * (2 / determinant)[:, None]
    df = 2 * variance**2 / spread
    # Without variance between people the model is ordinary least squares.
    return np.asarray(np.where((ratio > 0)[:, None], df, df_residual[:, None]))
