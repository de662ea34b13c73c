"""Weighted maximum likelihood of the driver models: linear, binary and cumulative logit.

statsmodels fits the linear and the binary model. Its ordinal model knows no weights and reports
log-increments in place of thresholds, so that one is fitted here. Its standard errors are not
used: it takes sampling weights for counts. All three fits hand out the same parts (scores and
curvature), from which every kind of standard error is made in one place.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError

MAX_ITERATIONS = 60
SEPARATED = 200.0
"""A standard error, in logits per standard deviation of the driver, that no data give."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Fit:
    """A fitted model, k parameters.

    Attributes
    ----------
    params : ndarray, shape (k,)
        Intercept and slopes; ordinal: slopes, then thresholds.
    names : tuple of str, length k
    bread : ndarray, shape (k, k)
        Inverse of the information (linear: of X'WX).
    scores : ndarray, shape (n, k)
        Weighted score of each respondent (linear: w · x · residual).
    hat : ndarray, shape (n,) or None
        Leverages; None where they are not defined (ordinal).
    dispersion : float
        σ² of a linear model, 1 otherwise.
    log_likelihood, log_likelihood_null : float
    expected : ndarray, shape (n,) or (n, K)
        Fitted values, or the probabilities of the classes.
    """

    params: FloatArray
    names: tuple[str, ...]
    bread: FloatArray
    scores: FloatArray
    hat: FloatArray | None
    dispersion: float
    log_likelihood: float
    log_likelihood_null: float
    expected: FloatArray


def with_intercept(x: FloatArray) -> FloatArray:
    """Return `x` with a column of ones in front."""
    return np.column_stack([np.ones(len(x)), x])


def fit_model(
    model: str,
    y: FloatArray,
    x: FloatArray,
    w: FloatArray,
    names: Sequence[str],
    classes: int = 0,
) -> Fit:
    """Fit a model of the given kind; `x` (n, p) has no intercept, `w` sums to n."""
    if model == "linear":
        return fit_linear(y, x, w, names)
    if model == "binary":
        return fit_binary(y, x, w, names)
    return fit_ordinal(y, x, w, names, classes)


def fit_linear(y: FloatArray, x: FloatArray, w: FloatArray, names: Sequence[str]) -> Fit:
    """Weighted least squares (`statsmodels.WLS`)."""
    from statsmodels.regression.linear_model import WLS

    full = with_intercept(x)
    # An exact fit has a logarithm of zero in its likelihood, which comes back as infinite.
    with np.errstate(divide="ignore"):
        found = WLS(y, full, weights=w).fit(method="qr")
        log_likelihood = float(found.llf)
        centre = np.average(y, weights=w)
        null = float(found.model.loglike(np.r_[centre, np.zeros(x.shape[1])]))
    residuals = y - full @ found.params
    bread = np.asarray(found.normalized_cov_params)
    return Fit(
        params=np.asarray(found.params),
        names=("(intercept)", *names),
        bread=bread,
        scores=full * (w * residuals)[:, None],
        hat=w * np.einsum("ij,jk,ik->i", full, bread, full),
        dispersion=float(w @ residuals**2) / (len(y) - full.shape[1]),
        log_likelihood=log_likelihood if np.isfinite(log_likelihood) else float("nan"),
        log_likelihood_null=null if np.isfinite(null) else float("nan"),
        expected=full @ np.asarray(found.params),
    )


def fit_binary(y: FloatArray, x: FloatArray, w: FloatArray, names: Sequence[str]) -> Fit:
    """Binary logit (`statsmodels.GLM`); the standard errors are made from the parts, not taken.

    Raises
    ------
    EstimationError
        No convergence, or a driver separates the classes perfectly.
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    full, labels = with_intercept(x), ("(intercept)", *names)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # separation and non-convergence are told below
        try:
            found = GLM(y, full, family=Binomial(), freq_weights=w).fit(
                maxiter=MAX_ITERATIONS, tol=1e-13
            )
        except (np.linalg.LinAlgError, ValueError) as error:
            raise EstimationError(_separation_text(labels)) from error
        params = np.asarray(found.params)
        mu = expit(full @ params)
        working = w * mu * (1 - mu)
        bread = _inverse((full * working[:, None]).T @ full, labels)
    _refuse_separation(bread, full.std(axis=0), labels)
    if not found.converged:
        raise EstimationError(f"the model did not converge in {MAX_ITERATIONS} steps")
    eta = full @ params
    return Fit(
        params=params,
        names=labels,
        bread=bread,
        scores=full * (w * (y - mu))[:, None],
        hat=working * np.einsum("ij,jk,ik->i", full, bread, full),
        dispersion=1.0,
        log_likelihood=float(w @ (y * eta - np.logaddexp(0, eta))),
        log_likelihood_null=_null_of_classes(y, w, 2),
        expected=np.column_stack([1 - mu, mu]),
    )


def _null_of_classes(y: FloatArray, w: FloatArray, classes: int) -> float:
    totals = np.bincount(y.astype(int), weights=w, minlength=classes)
    totals = totals[totals > 0]
    return float(totals @ np.log(totals / totals.sum()))


def fit_ordinal(
    y: FloatArray, x: FloatArray, w: FloatArray, names: Sequence[str], classes: int
) -> Fit:
    """Cumulative logit, logit P(Y ≤ k) = θ_k − xβ, by Newton's method."""
    p, cuts = x.shape[1], classes - 1
    below = np.cumsum(np.bincount(y.astype(int), weights=w, minlength=classes))[:-1] / w.sum()
    start = np.concatenate([np.zeros(p), np.log(below / (1 - below))])
    upper, lower = _cut_columns(y, x, cuts)

    def look(params: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        if np.any(np.diff(params[p:]) <= 0):
            return np.inf, params, np.eye(len(params))
        probability, scores, information = _ordinal_parts(params, upper, lower, y, cuts, w)
        return -float(w @ np.log(probability)), scores.sum(axis=0), information

    labels = (*names, *[f"threshold {i + 1}" for i in range(cuts)])
    scale = np.concatenate([x.std(axis=0), np.ones(cuts)])
    params, bread = _newton(look, start, scale, labels)
    probability, scores, _ = _ordinal_parts(params, upper, lower, y, cuts, w)
    return Fit(
        params=params,
        names=labels,
        bread=bread,
        scores=scores,
        hat=None,
        dispersion=1.0,
        log_likelihood=float(w @ np.log(probability)),
        log_likelihood_null=_null_of_classes(y, w, classes),
        expected=class_probabilities(x @ params[:p], params[p:]),
    )


def class_probabilities(eta: FloatArray, thresholds: FloatArray) -> FloatArray:
    """Return P(Y = k), shape (n, K), of a cumulative logit from xβ and the thresholds."""
    below = expit(thresholds[None, :] - eta[:, None])
    edges = np.column_stack([np.zeros(len(eta)), below, np.ones(len(eta))])
    return np.diff(edges, axis=1)


def _cut_columns(y: FloatArray, x: FloatArray, cuts: int) -> tuple[FloatArray, FloatArray]:
    """Return the columns that give the edges of a respondent's class, (n, p + K − 1) each."""
    code = y.astype(int)
    above = (code[:, None] == np.arange(cuts)).astype(float)
    under = (code[:, None] - 1 == np.arange(cuts)).astype(float)
    return np.hstack([-x, above]), np.hstack([-x, under])


def _ordinal_parts(
    params: FloatArray,
    upper: FloatArray,
    lower: FloatArray,
    y: FloatArray,
    cuts: int,
    w: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return probability of the class (n,), weighted scores (n, k), information (k, k)."""
    a = np.where(y < cuts, upper @ params, np.inf)
    b = np.where(y > 0, lower @ params, -np.inf)
    top, bottom = expit(a), expit(b)
    # Differences of survival functions where both edges are high keep the small numbers exact.
    probability = np.where(b > 0, expit(-b) - expit(-a), top - bottom)
    probability = np.maximum(probability, 1e-300)
    fa, fb = top * (1 - top), bottom * (1 - bottom)
    ga, gb = fa / probability, -fb / probability
    scores = (ga[:, None] * upper + gb[:, None] * lower) * w[:, None]
    haa = fa * (1 - 2 * top) / probability - ga**2
    hbb = -fb * (1 - 2 * bottom) / probability - gb**2
    hab = -ga * gb
    cross = (upper * (w * hab)[:, None]).T @ lower
    curvature = (upper * (w * haa)[:, None]).T @ upper + (lower * (w * hbb)[:, None]).T @ lower
    return probability, scores, -(curvature + cross + cross.T)


def _newton(
    look: object, start: FloatArray, scale: FloatArray, names: Sequence[str]
) -> tuple[FloatArray, FloatArray]:
    """Maximise by Newton steps, halved while the loss rises; return parameters and curvature⁻¹.

    `look(params)` gives loss, gradient of the log-likelihood and information.

    Raises
    ------
    EstimationError
        No convergence, or a driver separates the classes perfectly.
    """
    params = start
    loss, gradient, information = look(params)  # type: ignore[operator]
    for _ in range(MAX_ITERATIONS):
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError as error:
            raise EstimationError(_separation_text(names)) from error
        if float(gradient @ step) < 1e-20 * (1 + abs(loss)):
            break
        size = 1.0
        for _ in range(40):
            trial = look(params + size * step)  # type: ignore[operator]
            if trial[0] <= loss + 1e-12 * abs(loss):
                break
            size /= 2
        params = params + size * step
        loss, gradient, information = trial
    else:
        raise EstimationError(f"the model did not converge in {MAX_ITERATIONS} steps")
    bread = _inverse(information, names)
    _refuse_separation(bread, scale, names)
    return params, bread


def _inverse(information: FloatArray, names: Sequence[str]) -> FloatArray:
    try:
        return np.asarray(np.linalg.inv(information))
    except np.linalg.LinAlgError as error:
        raise EstimationError(_separation_text(names)) from error


def _refuse_separation(bread: FloatArray, scale: FloatArray, names: Sequence[str]) -> None:
    errors = np.sqrt(np.maximum(np.diag(bread), 0)) * scale
    if not np.all(np.isfinite(errors)) or np.max(errors) > SEPARATED:
        worst = int(np.nanargmax(np.where(np.isfinite(errors), errors, np.inf)))
        raise EstimationError(_separation_text([names[worst]]))


def _separation_text(names: Sequence[str]) -> str:
    return (
        f"the classes of the outcome are separated perfectly by {list(names)}: its coefficient "
        "has no "
        "finite value; merge levels or classes, or leave the driver out"
    )
