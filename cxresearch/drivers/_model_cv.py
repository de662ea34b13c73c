"""Out-of-fold fit of a driver model: what it predicts about respondents it has not seen."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from cxresearch._types import FloatArray, IntArray
from cxresearch.drivers._model_data import ModelData
from cxresearch.drivers._model_fits import Fit, class_probabilities, fit_model, with_intercept
from cxresearch.errors import EstimationError


def cross_validated_r2(data: ModelData, *, folds: int, seed: int) -> float:
    """Return 1 − loss of the model / loss of the mean, both out of fold (nan where undefined).

    Loss is the weighted squared error (linear) or the negative log-likelihood (binary,
    ordinal). Clusters stay whole; classes of the outcome are spread evenly over the folds.
    """
    fold = make_folds(data, folds, np.random.default_rng(seed))
    loss, loss_null = 0.0, 0.0
    for part in range(int(fold.max()) + 1):
        try:
            own, null = _fold_losses(data, fold == part)
        except (EstimationError, np.linalg.LinAlgError):
            # A fold without a level or a class leaves the question open; it is not a fault.
            return float("nan")
        loss, loss_null = loss + own, loss_null + null
    return 1 - loss / loss_null


def make_folds(data: ModelData, folds: int, rng: np.random.Generator) -> IntArray:
    """Return the fold of each respondent in the model, shape (n,)."""
    if data.design.clustered:
        found, place = np.unique(data.design.unit[data.rows], return_inverse=True)
        spread = rng.permutation(len(found)) % min(folds, len(found))
        return np.asarray(spread[place], dtype=np.int64)
    order = rng.permutation(data.n)
    if data.outcome.classes:
        order = order[np.argsort(data.y[order], kind="stable")]
    fold = np.empty(data.n, dtype=np.int64)
    fold[order] = np.arange(data.n) % min(folds, data.n)
    return fold


def _fold_losses(data: ModelData, held: np.ndarray) -> tuple[float, float]:
    kept = ~held
    w = data.w[kept] / data.w[kept].mean()
    model, classes = data.outcome.model, len(data.outcome.classes)
    x, y = data.x.values, data.y
    if model != "linear" and len(np.unique(y[kept])) < classes:
        raise EstimationError("a class of the outcome is not in the training folds")
    fit = fit_model(model, y[kept], x[kept], w, data.x.names, classes)
    if model == "linear":
        predicted = with_intercept(x[held]) @ fit.params
        centre = np.average(y[kept], weights=w)
        errors = (y[held] - predicted) ** 2, (y[held] - centre) ** 2
    else:
        code = y[held].astype(int)
        given = predicted_classes(fit, x[held], model)[np.arange(len(code)), code]
        shares = np.bincount(y[kept].astype(int), weights=w, minlength=classes) / w.sum()
        errors = -np.log(np.maximum(given, 1e-300)), -np.log(shares[code])
    return float(data.w[held] @ errors[0]), float(data.w[held] @ errors[1])


def predicted_classes(fit: Fit, x: FloatArray, model: str) -> FloatArray:
    """Return the probabilities of the classes for other respondents, shape (n, K)."""
    if model == "binary":
        event = expit(with_intercept(x) @ fit.params)
        return np.column_stack([1 - event, event])
    p = x.shape[1]
    return class_probabilities(x @ fit.params[:p], fit.params[p:])
