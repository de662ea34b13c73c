"""The search for the variances of a hierarchical model of courses; maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from cxresearch._types import FloatArray
from cxresearch.errors import EstimationError
from cxresearch.peak_end._latent import Courses, LatentFit, Variances
from cxresearch.peak_end._latent_likelihood import Likelihood

_NAMES = ("level", "slope", "drift", "memory", "person_level", "person_slope")
_PEOPLE = ("person_level", "person_slope")
_SLOPES = ("slope", "person_slope")
_DRIFTS = ("drift", "memory")
_STARTS = ((0.0, -2.0, -1.0, -1.0, -3.0), (0.0, -6.0, -6.0, 0.0, -6.0))
"""Logarithms of the five variances to start from: much drift, and hardly any."""
_NUDGE, _LARGEST_ERROR = 1e-4, 2.0
_ROUGH, _FINE = 1e-8, 1e-13
"""Relative change of the likelihood at which the search for the model, and for it, stop."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Clock:
    """Courses on a clock on which drift is forgotten.

    Attributes
    ----------
    name : str
    courses : Courses
    span : ndarray, shape (N,)
        Time from the first to the last moment.
    shortest, longest : float
        Between which times drift may be forgotten.
    """

    name: str
    courses: Courses
    span: FloatArray
    shortest: float
    longest: float

    @property
    def limits(self) -> dict[str, tuple[float, float]]:
        """Between which logarithms each variance, and the drift's memory, is looked for."""
        return {
            **dict.fromkeys(_NAMES, (-12.0, 7.0)),
            "memory": (math.log(self.shortest), math.log(self.longest)),
        }


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Model:
    """Logarithms of the variances that are not zero, on a clock, and the least −log L."""

    clock: Clock
    few: Likelihood
    logs: dict[str, float]
    loss: float

    def without(self, names: tuple[str, ...]) -> _Model:
        """Search again from here, with some variances left out."""
        return _search(self.clock, self.few, _without(self.logs, names), _ROUGH)


def fit_latent(clocks: Sequence[Clock]) -> tuple[Clock, LatentFit, list[LatentFit]]:
    """Find the variances, and the clock on which the courses are most likely.

    Where nobody has two episodes, the variances of people are zero: what differs between
    people and what differs between episodes is then the same. Slopes, drift or both are left
    out where Akaike's criterion is lower without them.

    Returns
    -------
    tuple
        The clock; the fit; fits with variances or mean course one standard error off.

    Raises
    ------
    EstimationError
        No maximum was found.
    """
    full = [_with_everything(clock) for clock in clocks]
    found = [*full, *(model.without(_SLOPES) for model in full)]
    # Without drift the clocks do not matter.
    found += [full[0].without(_DRIFTS), full[0].without((*_SLOPES, *_DRIFTS))]
    best = min(found, key=lambda one: one.loss + len(one.logs))
    if not np.isfinite(best.loss):
        raise EstimationError("no maximum was found for the hierarchical model of courses")
    best = _search(best.clock, best.few, best.logs, _FINE)
    likelihood = Likelihood.of(best.clock.courses)
    fit = likelihood.at(_variances(best.logs))
    return best.clock, fit, _fits_beside(likelihood, fit, best)


def _with_everything(clock: Clock) -> _Model:
    """Return the best model of all variances, from several starts."""
    few = Likelihood.of(clock.courses.thinned())
    middle = 0.5 * sum(clock.limits["memory"])
    left_out = () if clock.courses.repeated else _PEOPLE
    starts = [dict(zip(_NAMES, (*s[:3], middle, *s[3:]), strict=True)) for s in _STARTS]
    models = [_search(clock, few, _without(start, left_out), _ROUGH) for start in starts]
    return min(models, key=lambda one: one.loss)


def _fits_beside(likelihood: Likelihood, fit: LatentFit, best: _Model) -> list[LatentFit]:
    """Return fits with variances or mean course one standard error off, each in one direction.

    The directions of the variances are the axes of the likelihood's curvature over their
    logarithms; a standard error is at most 2, and limits are kept.
    """
    names = [name for name in _NAMES if name in best.logs]
    free = [_NAMES.index(name) for name in names]
    point = np.array([best.logs[name] for name in names])

    def at(moved: FloatArray) -> LatentFit:
        return likelihood.at(_variances(dict(zip(names, moved.tolist(), strict=True))))

    steps = _NUDGE * np.eye(len(names))
    bent = [(at(point + step).slopes - at(point - step).slopes)[free] for step in steps]
    curvature = -np.array(bent) / (2 * _NUDGE)
    sharp, axes = np.linalg.eigh((curvature + curvature.T) / 2)
    errors = 1 / np.sqrt(np.maximum(sharp, 1 / _LARGEST_ERROR**2))
    low, high = np.transpose([best.clock.limits[name] for name in names])
    spread, turn = np.linalg.eigh(fit.noise * fit.beta_covariance)
    moved = (turn * np.sqrt(np.maximum(spread, 0.0))).T
    return [at(np.clip(point + step, low, high)) for step in (axes * errors).T] + [
        replace(fit, beta=fit.beta + step, lines=fit.lines - fit.line_reach @ step)
        for step in moved
    ]


def _without(values: dict[str, float], names: tuple[str, ...]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name not in names}


def _search(clock: Clock, few: Likelihood, start: dict[str, float], tolerance: float) -> _Model:
    """Find the least −log L over the logarithms of some variances."""
    names = list(start)
    count = int(few.there.sum())
    free = [_NAMES.index(name) for name in names]

    def loss(point: FloatArray) -> tuple[float, FloatArray]:
        found = few.at(_variances(dict(zip(names, point.tolist(), strict=True))))
        return -found.log_likelihood / count, -found.slopes[free] / count

    found = minimize(
        loss, list(start.values()), jac=True, method="L-BFGS-B",
        bounds=[clock.limits[name] for name in names],
        options={"ftol": tolerance, "gtol": 1e-8},
    )  # fmt: skip
    logs = dict(zip(names, found.x.tolist(), strict=True))
    return _Model(clock=clock, few=few, logs=logs, loss=float(found.fun) * count)


def _variances(logs: dict[str, float]) -> Variances:
    """Return variances from some logarithms; the others are zero."""
    nothing = {"slope": 0.0, "drift": 0.0, "memory": 1.0}
    return Variances(**{**nothing, **{name: math.exp(value) for name, value in logs.items()}})
