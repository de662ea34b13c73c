"""A hierarchical model of courses: person, episode, slow drift, noise; maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import EstimationError

_MOST_MOMENTS = 200_000
"""Padded moments up to which everybody enters the search for the variances."""
_NAMES = ("level", "slope", "drift", "memory", "person_level", "person_slope")
_DRIFT, _MEMORY = 2, 3
_PEOPLE = ("person_level", "person_slope")
_SLOPES = ("slope", "person_slope")
_DRIFTS = ("drift", "memory")
_STARTS = ((0.0, -2.0, -1.0, -1.0, -3.0), (0.0, -6.0, -6.0, 0.0, -6.0))
"""Logarithms of the five variances to start from: much drift, and hardly any."""
_STEP = 1e-20
_NUDGE, _LARGEST_ERROR = 1e-4, 2.0
_ROUGH, _FINE = 1e-8, 1e-13
"""Relative change of the likelihood at which the search for the model, and for it, stop."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Courses:
    """N episodes of at most M rated moments, padded; the episodes of a person stand together.

    Attributes
    ----------
    ratings, times, positions : ndarray, shape (N, M)
        0 where there is no moment; positions run from 0 (first moment) to 1 (last).
    there : ndarray of bool, shape (N, M)
        Moments first, padding after them.
    people : ndarray of int, shape (N,)
        Number of the person, 0 … P − 1, not decreasing.
    """

    ratings: FloatArray
    times: FloatArray
    positions: FloatArray
    there: BoolArray
    people: IntArray

    @property
    def repeated(self) -> bool:
        """Whether somebody has several episodes, so that people can be told from episodes."""
        return bool(len(self.people) > self.people[-1] + 1)

    def taken(self, rows: BoolArray | slice) -> Courses:
        """Return some of the episodes, people by their old numbers."""
        return Courses(
            ratings=self.ratings[rows],
            times=self.times[rows],
            positions=self.positions[rows],
            there=self.there[rows],
            people=self.people[rows],
        )

    def thinned(self) -> Courses:
        """Return the episodes of as many people, evenly chosen, as a search can go through."""
        share = _MOST_MOMENTS / self.there.size
        if share >= 1:
            return self
        persons = int(self.people[-1]) + 1
        chosen = np.linspace(0, persons - 1, max(2, int(persons * share)))
        return self.taken(np.isin(self.people, chosen.round().astype(np.int64)))

    def columns(self) -> FloatArray:
        """Return 1, x − ½, x² and the ratings, shape (N, M, 4)."""
        both = np.concatenate([mean_columns(self.positions), self.ratings[..., None]], axis=2)
        return both * self.there[..., None]

    def by_person(self, values: Any) -> Any:
        """Return sums over the episodes of each person: (K, N, …) → (K, P, …)."""
        first = np.flatnonzero(np.diff(self.people, prepend=-1))
        return np.add.reduceat(values, first, axis=1)


def mean_columns(positions: FloatArray) -> FloatArray:
    """Return 1, x − ½, x² at positions of shape (N, G); shape (N, G, 3)."""
    return np.stack([np.ones_like(positions), positions - 0.5, positions**2], axis=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variances:
    """Variances as multiples of the noise's, and the time over which drift is forgotten."""

    level: float
    slope: float
    drift: float
    memory: float
    person_level: float = 0.0
    person_slope: float = 0.0

    def between(
        self, positions: FloatArray, times: FloatArray, others: FloatArray, then: FloatArray
    ) -> FloatArray:
        """Return the covariance of an episode's course at places with that at other places.

        The person's line is taken as known; shapes (N, G) and (N, H) give (N, G, H).
        """
        apart = np.abs(times[:, :, None] - then[:, None, :])
        tilt = (positions - 0.5)[:, :, None] * (others - 0.5)[:, None, :]
        return self.level + self.slope * tilt + self.drift * np.exp(-apart / self.memory)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LatentFit:
    """Estimates, and the slopes of the log-likelihood in the logarithms of the variances.

    Attributes
    ----------
    variances : Variances
    noise : float
        Noise variance.
    beta : ndarray, shape (3,)
        Mean course: weights of 1, x − ½, x².
    beta_covariance : ndarray, shape (3, 3)
        Over the noise variance.
    lines : ndarray, shape (P, 2)
        Expected level and slope of each person beside the mean course.
    line_covariance : ndarray, shape (P, 2, 2)
        Their covariance given the ratings and beta, over the noise variance.
    line_reach : ndarray, shape (P, 2, 3)
        By how much the lines fall as beta rises.
    log_likelihood : float
    slopes : ndarray, shape (6,)
        In the order level, slope, drift, memory, person_level, person_slope.
    """

    variances: Variances
    noise: float
    beta: FloatArray
    beta_covariance: FloatArray
    lines: FloatArray
    line_covariance: FloatArray
    line_reach: FloatArray
    log_likelihood: float
    slopes: FloatArray

    @property
    def aic(self) -> float:
        """Akaike's criterion, for fits with the same mean course."""
        own = self.variances
        parts = (own.level, own.slope, own.drift, own.drift, own.person_level, own.person_slope)
        return 2 * sum(part > 0 for part in parts) - 2 * self.log_likelihood


def evaluate(courses: Courses, variances: Variances) -> LatentFit:
    """Return mean course and noise variance that are most likely, given the other variances.

    With ``V`` the covariance over the noise variance and ``A = [X y]``, all that is needed is
    ``A'V⁻¹A`` and ``log|V|``: ``σ² = r'V⁻¹r/n``, ``−2 log L = n (log 2πσ² + 1) + log|V|``.
    Drift and noise are taken out of A by Kalman's filter, in time linear in the moments; the
    lines of episodes, then of people by Woodbury's identity. Slopes are complex-step
    derivatives: exact, for all steps are analytic.

    References
    ----------
    Squire, W., & Trapp, G. (1998). Using complex variables to estimate derivatives of real
    functions. SIAM Review 40, 110–112. https://doi.org/10.1137/S003614459631241X
    """
    known = np.array([getattr(variances, name) for name in _NAMES])
    free = _free(known)
    theta = known * np.exp(1j * _STEP * np.eye(len(_NAMES))[free])
    crossed, logs = _without_drifts(courses, theta, free)
    crossed, level_logs, _ = _without_lines(crossed, theta[:, :2])
    logs = logs + level_logs.sum(axis=1)
    mine = courses.by_person(crossed)
    left, person_logs, m = _without_lines(mine, theta[:, 4:])
    total = left.sum(axis=1)
    logs = logs + person_logs.sum(axis=1)
    beta = np.linalg.solve(total[:, :3, :3], total[:, :3, 3:])
    n = int(courses.there.sum())
    noise = (total[:, 3, 3] - (total[:, 3:, :3] @ beta)[:, 0, 0]) / n
    log_likelihood = -0.5 * (n * (np.log(2 * math.pi * noise) + 1) + logs)
    reach = (m @ mine[:, :, :2, :3])[0].real
    seen = (m @ mine[:, :, :2, 3:])[0, ..., 0].real
    return LatentFit(
        variances=variances,
        noise=float(noise[0].real),
        beta=beta[0, :, 0].real,
        beta_covariance=np.linalg.inv(total[0, :3, :3].real),
        lines=seen - reach @ beta[0, :, 0].real,
        line_covariance=m[0].real,
        line_reach=reach,
        log_likelihood=float(log_likelihood[0].real),
        slopes=_spread(log_likelihood.imag / _STEP, free),
    )


def _free(known: FloatArray) -> list[int]:
    """Return which have a slope: variances above zero, and memory where there is drift."""
    free = [i for i in range(len(_NAMES)) if known[i] > 0 and i != _MEMORY]
    return sorted([*free, _MEMORY]) if _DRIFT in free else free or [0]


def _spread(values: FloatArray, places: list[int]) -> FloatArray:
    spread = np.zeros(len(_NAMES))
    spread[places] = values
    return spread


def _without_drifts(courses: Courses, theta: Any, free: list[int]) -> tuple[Any, Any]:
    """Return what `_without_drift` does for every row of `theta`; few move the drift."""
    if _DRIFT not in free:
        columns = courses.columns()
        plain = (columns.transpose(0, 2, 1) @ columns).astype(complex)
        return np.repeat(plain[None], len(free), axis=0), np.zeros(len(free), dtype=complex)
    moved = [free.index(_DRIFT), free.index(_MEMORY)]
    within, within_logs = _without_drift(courses, theta[moved, _DRIFT : _MEMORY + 1])
    crossed = np.repeat(within[:1].real.astype(complex), len(free), axis=0)
    logs = np.repeat(within_logs[:1].real.astype(complex), len(free))
    crossed[moved], logs[moved] = within, within_logs
    return crossed, logs


def _without_drift(courses: Courses, theta: Any) -> tuple[Any, Any]:
    """Return ``A'B⁻¹A`` of each episode, (K, N, 4, 4), and ``Σ log|B|``, (K,).

    B is the covariance of drift and noise; `theta` holds K pairs of drift and memory. One step
    of the filter: what was expected of the drift is taken away, and learnt from the rest.
    """
    columns, there = courses.columns(), courses.there
    drift, memory = theta[:, :1], theta[:, 1:]
    gaps = np.diff(courses.times, axis=1) * there[:, 1:]
    expected = np.zeros((len(theta), len(there), 4), dtype=complex)
    spread = np.broadcast_to(drift, (len(theta), len(there)))
    white = np.empty((*expected.shape[:2], 4, there.shape[1]), dtype=complex)
    logs = np.zeros(len(theta), dtype=complex)
    for k in range(there.shape[1]):
        rest = columns[:, k] - expected
        whole = spread + 1
        white[..., k] = rest * (there[:, k] / np.sqrt(whole))[..., None]
        logs += (np.log(whole) * there[:, k]).sum(axis=1)
        if k < gaps.shape[1]:
            kept = np.exp(-gaps[:, k] / memory)
            gain = spread / whole
            expected = kept[..., None] * (expected + gain[..., None] * rest)
            spread = kept**2 * gain + drift * (1 - kept**2)
    return white @ white.transpose(0, 1, 3, 2), logs


def _without_lines(crossed: Any, theta: Any) -> tuple[Any, Any, Any]:
    """Take lines of random level and slope out of ``A'B⁻¹A``, (K, N, 4, 4).

    Returns ``A'(B + ZDZ')⁻¹A``, ``log|I + Z'B⁻¹Z D|``, and ``M = D (I + Z'B⁻¹Z D)⁻¹``, the
    covariance of the lines given the data; Z are the first two columns, `theta` (K, 2) holds D.
    """
    if not theta.any():  # no lines to take out
        return crossed, np.zeros(crossed.shape[:2]), np.zeros((*crossed.shape[:2], 2, 2))
    d = theta[:, None, :]
    inner = np.eye(2) + crossed[..., :2, :2] * d[..., None, :]
    det = inner[..., 0, 0] * inner[..., 1, 1] - inner[..., 0, 1] * inner[..., 1, 0]
    m = np.empty_like(inner)
    m[..., 0, 0], m[..., 1, 1] = inner[..., 1, 1], inner[..., 0, 0]
    m[..., 0, 1], m[..., 1, 0] = -inner[..., 0, 1], -inner[..., 1, 0]
    m = m * (d / det[..., None])[..., None]
    return crossed - crossed[..., :2] @ (m @ crossed[..., :2, :]), np.log(det), m


def fit_latent(courses: Courses, *, shortest: float, longest: float) -> LatentFit:
    """Find the variances; drift is forgotten over a time between `shortest` and `longest`.

    Where nobody has two episodes, the variances of people are zero: what differs between
    people and what differs between episodes is then the same. Slopes, drift or both are left
    out where Akaike's criterion is lower without them.

    Raises
    ------
    EstimationError
        No maximum was found.
    """
    few = courses.thinned()
    limits = _limits(shortest, longest)
    middle = 0.5 * sum(limits["memory"])
    people = () if courses.repeated else _PEOPLE
    starts = [dict(zip(_NAMES, (*s[:3], middle, *s[3:]), strict=True)) for s in _STARTS]
    full = [_search(few, _without(start, people), limits, _ROUGH) for start in starts]
    found = [min(full, key=lambda one: one[0])]
    for left_out in (_SLOPES, _DRIFTS, (*_SLOPES, *_DRIFTS)):
        found.append(_search(few, _without(found[0][1], left_out), limits, _ROUGH))
    least, values = min(found, key=lambda one: one[0] + len(one[1]))
    if not np.isfinite(least):
        raise EstimationError("no maximum was found for the hierarchical model of courses")
    return evaluate(courses, _variances(_search(few, values, limits, _FINE)[1]))


def fits_beside(
    courses: Courses, fit: LatentFit, *, shortest: float, longest: float
) -> list[LatentFit]:
    """Return fits with variances or mean course one standard error off, each in one direction.

    The directions of the variances are the axes of the likelihood's curvature over their
    logarithms; a standard error is at most 2, and limits are kept.
    """
    limits = _limits(shortest, longest)
    own = {name: float(getattr(fit.variances, name)) for name in _NAMES}
    names = [name for name in _NAMES if own[name] > 0]
    names = [name for name in names if own["drift"] > 0 or name != "memory"]
    free = [_NAMES.index(name) for name in names]
    point = np.log([own[name] for name in names])

    def at(moved: FloatArray) -> LatentFit:
        return evaluate(courses, _variances(dict(zip(names, moved.tolist(), strict=True))))

    steps = _NUDGE * np.eye(len(names))
    bent = [(at(point + step).slopes - at(point - step).slopes)[free] for step in steps]
    curvature = -np.array(bent) / (2 * _NUDGE)
    sharp, axes = np.linalg.eigh((curvature + curvature.T) / 2)
    errors = 1 / np.sqrt(np.maximum(sharp, 1 / _LARGEST_ERROR**2))
    low, high = np.transpose([limits[name] for name in names])
    spread, turn = np.linalg.eigh(fit.noise * fit.beta_covariance)
    moved = (turn * np.sqrt(np.maximum(spread, 0.0))).T
    return [at(np.clip(point + step, low, high)) for step in (axes * errors).T] + [
        replace(fit, beta=fit.beta + step, lines=fit.lines - fit.line_reach @ step)
        for step in moved
    ]


def _limits(shortest: float, longest: float) -> dict[str, tuple[float, float]]:
    """Return between which logarithms each variance, and the drift's memory, is looked for."""
    return {
        **dict.fromkeys(_NAMES, (-12.0, 7.0)),
        "memory": (math.log(shortest), math.log(longest)),
    }


def _without(values: dict[str, float], names: tuple[str, ...]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name not in names}


def _search(
    courses: Courses,
    start: dict[str, float],
    limits: dict[str, tuple[float, float]],
    tolerance: float,
) -> tuple[float, dict[str, float]]:
    """Return the least −log L over the logarithms of some variances, and where it is."""
    names = list(start)
    count = int(courses.there.sum())
    free = [_NAMES.index(name) for name in names]

    def loss(point: FloatArray) -> tuple[float, FloatArray]:
        found = evaluate(courses, _variances(dict(zip(names, point.tolist(), strict=True))))
        return -found.log_likelihood / count, -found.slopes[free] / count

    bounds = [limits[name] for name in names]
    found = minimize(
        loss, list(start.values()), jac=True, method="L-BFGS-B", bounds=bounds,
        options={"ftol": tolerance, "gtol": 1e-8},
    )  # fmt: skip
    return float(found.fun) * count, dict(zip(names, found.x.tolist(), strict=True))


def _variances(logs: dict[str, float]) -> Variances:
    """Return variances from some logarithms; the others are zero."""
    nothing = {"slope": 0.0, "drift": 0.0, "memory": 1.0}
    return Variances(**{**nothing, **{name: math.exp(value) for name, value in logs.items()}})
