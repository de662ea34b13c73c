"""A hierarchical model of courses: person, episode, slow drift, noise; maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._types import BoolArray, FloatArray, IntArray

_MOST_MOMENTS = 200_000
"""Padded moments up to which everybody enters the search for the variances."""


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
