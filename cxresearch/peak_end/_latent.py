"""A hierarchical model of courses: level, slope, slow drift, noise; maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from cxresearch._types import BoolArray, FloatArray
from cxresearch.errors import EstimationError

_MOST_WORK = 2e7
"""Episodes × moments³ up to which all episodes enter the search for the variances."""
_FEWEST_SEARCHED = 100


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Courses:
    """N episodes of at most M rated moments, padded.

    Attributes
    ----------
    ratings, times, positions : ndarray, shape (N, M)
        0 where there is no moment; positions run from 0 (first moment) to 1 (last).
    there : ndarray of bool, shape (N, M)
    """

    ratings: FloatArray
    times: FloatArray
    positions: FloatArray
    there: BoolArray

    def thinned(self) -> Courses:
        """Return as many episodes, evenly chosen, as a search can go through."""
        count, longest = self.there.shape
        wanted = max(_FEWEST_SEARCHED, int(_MOST_WORK / longest**3))
        if count <= wanted:
            return self
        rows = np.linspace(0, count - 1, wanted).round().astype(np.int64)
        return Courses(
            ratings=self.ratings[rows],
            times=self.times[rows],
            positions=self.positions[rows],
            there=self.there[rows],
        )

    def pairs(self) -> BoolArray:
        """Return which pairs of places both hold a moment, shape (N, M, M)."""
        return self.there[:, :, None] & self.there[:, None, :]

    def design(self) -> FloatArray:
        """Return the mean course's columns: 1, x, x²; shape (N, M, 3)."""
        x = self.positions
        return np.stack([np.ones_like(x), x, x**2], axis=2) * self.there[..., None]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Variances:
    """Variances as multiples of the noise's, and the time over which drift is forgotten."""

    level: float
    slope: float
    drift: float
    memory: float

    def covariance(self, courses: Courses) -> FloatArray:
        """Return the covariance of moments over the noise variance, shape (N, M, M)."""
        course = self.between(courses.positions, courses.times, courses)
        covariance: FloatArray = course * courses.pairs() + np.eye(courses.there.shape[1])
        return covariance

    def between(self, positions: FloatArray, times: FloatArray, courses: Courses) -> FloatArray:
        """Return the covariance of the latent course at places with its moments."""
        apart = np.abs(times[:, :, None] - courses.times[:, None, :])
        tilt = (positions - 0.5)[:, :, None] * (courses.positions - 0.5)[:, None, :]
        return self.level + self.slope * tilt + self.drift * np.exp(-apart / self.memory)

    def slopes(self, courses: Courses, weights: FloatArray) -> FloatArray:
        """Return ``Σ weights ∂covariance/∂log θ`` of the four parameters, shape (4,)."""
        apart = np.abs(courses.times[:, :, None] - courses.times[:, None, :]) / self.memory
        centred = courses.positions - 0.5
        weights = weights * courses.pairs()
        fading = weights * np.exp(-apart)
        return np.array(
            [
                self.level * weights.sum(),
                self.slope * np.einsum("ni,nij,nj->", centred, weights, centred),
                self.drift * fading.sum(),
                self.drift * (fading * apart).sum(),
            ]
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LatentFit:
    """Estimates, and the slopes of the log-likelihood in the logarithms of the variances.

    Attributes
    ----------
    variances : Variances
    noise : float
        Noise variance.
    beta : ndarray, shape (3,)
        Mean course.
    log_likelihood : float
    slopes : ndarray, shape (4,)
    """

    variances: Variances
    noise: float
    beta: FloatArray
    log_likelihood: float
    slopes: FloatArray


def evaluate(courses: Courses, variances: Variances) -> LatentFit:
    """Return mean course and noise variance that are most likely, given the other variances.

    With ``V`` the covariance over the noise variance: generalised least squares,
    ``σ² = r'V⁻¹r/n``, ``−2 log L = n (log 2πσ² + 1) + log|V|``, and by the envelope theorem
    ``∂ log L/∂θ = ½ Σ (V⁻¹r r'V⁻¹/σ² − V⁻¹) ∂V/∂θ``.
    """
    covariance = variances.covariance(courses)
    _, log_determinants = np.linalg.slogdet(covariance)
    inverse = np.linalg.inv(covariance)
    x, y = courses.design(), courses.ratings
    white = inverse @ x
    information = np.einsum("nij,nik->jk", white, x)
    beta = np.linalg.solve(information, np.einsum("nij,ni->j", white, y))
    residuals = y - x @ beta
    weights = (inverse @ residuals[..., None])[..., 0]
    n = int(courses.there.sum())
    noise = float((weights * residuals).sum()) / n
    deviance = n * (math.log(2 * math.pi * noise) + 1) + float(log_determinants.sum())
    pull = weights[:, :, None] * weights[:, None, :] / noise - inverse
    return LatentFit(
        variances=variances,
        noise=noise,
        beta=beta,
        log_likelihood=-0.5 * deviance,
        slopes=0.5 * variances.slopes(courses, pull),
    )


def fit_latent(courses: Courses, *, shortest: float, longest: float) -> LatentFit:
    """Find the variances; drift is forgotten over a time between `shortest` and `longest`.

    Raises
    ------
    EstimationError
        No maximum was found.
    """
    few = courses.thinned()
    count = int(few.there.sum())

    def at(point: FloatArray) -> Variances:
        level, slope, drift, memory = (float(value) for value in np.exp(point))
        return Variances(level=level, slope=slope, drift=drift, memory=memory)

    def loss(point: FloatArray) -> tuple[float, FloatArray]:
        found = evaluate(few, at(point))
        return -found.log_likelihood / count, -found.slopes / count

    bounds = [(-12.0, 7.0)] * 3 + [(math.log(shortest), math.log(longest))]
    middle = 0.5 * (math.log(shortest) + math.log(longest))
    found = [
        minimize(
            loss, np.array([*start, middle]), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"ftol": 1e-13, "gtol": 1e-8},
        )
        for start in ((0.0, -2.0, -1.0), (0.0, -6.0, -6.0))
    ]  # fmt: skip
    best = min(found, key=lambda one: float(one.fun))
    if not np.isfinite(best.fun):
        raise EstimationError("no maximum was found for the hierarchical model of courses")
    return evaluate(courses, at(best.x))


def latent_courses_at(
    courses: Courses, fit: LatentFit, *, positions: FloatArray, times: FloatArray
) -> FloatArray:
    """Return the expected latent course of each episode at places of shape (N, G)."""
    residuals = courses.ratings - courses.design() @ fit.beta
    covariance = fit.variances.covariance(courses)
    weights = np.linalg.solve(covariance, residuals[..., None])[..., 0]
    reach = fit.variances.between(positions, times, courses)
    mean = np.stack([np.ones_like(positions), positions, positions**2], axis=2) @ fit.beta
    course: FloatArray = mean + np.einsum(
        "ngm,nm->ng", reach, np.where(courses.there, weights, 0.0)
    )
    return course
