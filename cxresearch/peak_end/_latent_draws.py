"""What the ratings tell of the latent course of each episode: its expectation, and draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.stats import qmc

from cxresearch._types import FloatArray
from cxresearch.peak_end._latent import Courses, LatentFit, mean_columns

DRAWS = 512
"""Courses drawn for each episode."""
_MOST_AT_ONCE = 400
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class KnownCourses:
    """Latent courses of N episodes at G places, given all ratings.

    Attributes
    ----------
    mean : ndarray, shape (N, G)
    covariance : ndarray, shape (N, G, G)
        With the uncertainty of the person's line and of the mean course; variances as if known.
    """

    mean: FloatArray
    covariance: FloatArray

    def draws(self, normal: FloatArray) -> FloatArray:
        """Return courses made of normal numbers (D, G), shape (N, D, G).

        The first numbers serve the direction in which a course is least certain.
        """
        spread, turn = np.linalg.eigh(self.covariance)
        scaled = (turn * np.sqrt(np.maximum(spread, 0.0))[:, None, :])[..., ::-1]
        drawn: FloatArray = self.mean[:, None, :] + normal @ scaled.transpose(0, 2, 1)
        return drawn


def read_courses(
    courses: Courses,
    fit: LatentFit,
    value: Callable[[FloatArray], FloatArray],
    *,
    span: FloatArray,
    places: int,
    confidence_level: float = 0.95,
    draws: int = DRAWS,
) -> tuple[FloatArray, FloatArray]:
    """Return the expected course of each episode, and a value of it with limits.

    Parameters
    ----------
    courses : Courses
    fit : LatentFit
    value : callable
        Turns courses (…, G) into numbers (…).
    span : ndarray, shape (N,)
        Time from the first to the last moment.
    places : int
        G places from start to end.
    confidence_level : float
    draws : int
        Courses drawn for each episode, a power of 2.

    Returns
    -------
    tuple of ndarray
        Expected course (N, G); expectation, lower and upper limit of the value (N, 3).
    """
    points = qmc.Sobol(places, scramble=True, rng=20260101).random(draws)
    normal = special.ndtri(np.clip(points, 1e-9, 1 - 1e-9))
    tail = (1 - confidence_level) / 2
    positions = np.linspace(0.0, 1.0, places)
    count, longest = courses.there.shape
    step = max(1, min(_MOST_AT_ONCE, _MOST_CELLS // longest**2))
    means, values = [], []
    for start in range(0, count, step):
        rows = slice(start, start + step)
        times = positions * span[rows, None]
        known = known_courses(
            courses.taken(rows),
            fit,
            positions=np.broadcast_to(positions, times.shape),
            times=times,
        )
        found = value(known.draws(normal))
        low, high = np.quantile(found, [tail, 1 - tail], axis=1)
        means.append(known.mean)
        values.append(np.column_stack([found.mean(axis=1), low, high]))
    return np.concatenate(means), np.concatenate(values)


def known_courses(
    courses: Courses, fit: LatentFit, *, positions: FloatArray, times: FloatArray
) -> KnownCourses:
    """Return the latent course of each episode at places of shape (N, G), given all ratings."""
    own, there = fit.variances, courses.there
    at, then = courses.positions, courses.times
    pairs = there[:, :, None] & there[:, None, :]
    seen = own.between(at, then, at, then) * pairs + np.eye(there.shape[1])
    reach = own.between(positions, times, at, then) * there[:, None, :]
    held = np.linalg.solve(seen, reach.transpose(0, 2, 1)).transpose(0, 2, 1)
    columns = courses.columns()
    ahead = mean_columns(positions)
    rest = columns[..., 3] - columns[..., :3] @ fit.beta
    line = fit.lines[courses.people][..., None]
    mean = ahead @ fit.beta + (ahead[..., :2] @ line)[..., 0]
    mean += (held @ (rest[..., None] - columns[..., :2] @ line))[..., 0]
    by_line = ahead[..., :2] - held @ columns[..., :2]
    by_beta = ahead - held @ columns[..., :3] - by_line @ fit.line_reach[courses.people]
    covariance = own.between(positions, times, positions, times)
    covariance -= held @ reach.transpose(0, 2, 1)
    covariance += by_line @ fit.line_covariance[courses.people] @ by_line.transpose(0, 2, 1)
    covariance += by_beta @ fit.beta_covariance @ by_beta.transpose(0, 2, 1)
    return KnownCourses(mean=mean, covariance=fit.noise * covariance)
