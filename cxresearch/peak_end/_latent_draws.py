"""What the ratings tell of the latent course of each episode: its expectation, and draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special
from scipy.stats import qmc

from cxresearch._types import FloatArray, IntArray
from cxresearch.peak_end._latent import Courses, LatentFit, mean_columns

DRAWS, FEW = 512, 128
"""Courses drawn for each episode, and for what is seen by comparison; powers of 2."""
_MOST_AT_ONCE = 50
_MOST_CELLS = 4_000_000

Value = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CoursesRead:
    """Latent courses of N episodes at G places, and a value of each.

    Attributes
    ----------
    mean : ndarray, shape (N, G)
        Expected course.
    value, low, high : ndarray, shape (N,)
        Expected value, and its limits.
    value_off, end_off : ndarray, shape (N, K)
        By how much the expected value and the expected end move in K other fits.
    """

    mean: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    value_off: FloatArray
    end_off: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class KnownCourses:
    """Latent courses of N episodes at G places, given all ratings and the variances.

    Attributes
    ----------
    told : ndarray, shape (N, G)
        What the ratings add to the course.
    by_mean : ndarray, shape (N, G, 3)
        By how much a course rises with the weights of 1, x − ½, x².
    people : ndarray of int, shape (N,)
    covariance : ndarray, shape (N, G, G)
        With the uncertainty of the person's line and of the mean course; variances as if known.
    """

    told: FloatArray
    by_mean: FloatArray
    people: IntArray
    covariance: FloatArray

    def mean(self, fit: LatentFit) -> FloatArray:
        """Return the expected courses (N, G) under a fit that has these variances."""
        weights = np.tile(fit.beta, (len(self.people), 1))
        weights[:, :2] += fit.lines[self.people]
        mean: FloatArray = self.told + (self.by_mean @ weights[..., None])[..., 0]
        return mean

    def drawn_off(self, normal: FloatArray) -> FloatArray:
        """Return how courses made of normal numbers (G, D) leave the mean, (N, G, D).

        The last numbers serve the direction in which a course is least certain.
        """
        spread, turn = np.linalg.eigh(self.covariance)
        # An eigenvector may come with either sign, which hangs on rounding: each rises here.
        slant = np.exp(np.linspace(0.0, 1.0, len(normal)))
        turn *= np.where(slant @ turn < 0, -1.0, 1.0)[:, None, :]
        drawn: FloatArray = (turn * np.sqrt(np.maximum(spread, 0.0))[:, None, :]) @ normal
        return drawn


def read_courses(
    courses: Courses,
    fits: Sequence[LatentFit],
    value: Value,
    *,
    span: FloatArray,
    places: int,
    confidence_level: float = 0.95,
) -> CoursesRead:
    """Return the expected course of each episode, and a value of it with limits.

    Parameters
    ----------
    courses : Courses
    fits : sequence of LatentFit
        The fit, then others a little beside it.
    value : callable
        Turns D courses of each episode, (N, G, D), into numbers (N, D).
    span : ndarray, shape (N,)
        Time from the first to the last moment.
    places : int
        G places from start to end.
    confidence_level : float
    """
    points = qmc.Sobol(places, scramble=True, rng=20260101).random(DRAWS)
    normal = special.ndtri(np.clip(points, 1e-9, 1 - 1e-9)).T[::-1].copy()  # best numbers last
    tail = (1 - confidence_level) / 2
    count, longest = courses.there.shape
    step = max(1, min(_MOST_AT_ONCE, _MOST_CELLS // longest**2))
    parts = [slice(start, start + step) for start in range(0, count, step)]
    read = [
        _read(courses.taken(rows), span[rows], fits, value, normal=normal, tail=tail)
        for rows in parts
    ]
    return CoursesRead(
        **{
            name: np.concatenate([getattr(part, name) for part in read])
            for name in CoursesRead.__slots__
        }
    )


def _read(
    courses: Courses,
    span: FloatArray,
    fits: Sequence[LatentFit],
    value: Value,
    *,
    normal: FloatArray,
    tail: float,
) -> CoursesRead:
    """Do what `read_courses` does, with normal numbers (G, D) and the tail below a limit."""
    fit, *others = fits
    positions = np.linspace(0.0, 1.0, len(normal))
    places = {
        "positions": np.broadcast_to(positions, (len(span), len(normal))),
        "times": positions * span[:, None],
    }
    known = known_courses(courses, fit, **places)
    mean, off = known.mean(fit), known.drawn_off(normal)
    found = value(mean[..., None] + off)
    low, high = np.quantile(found, [tail, 1 - tail], axis=1)
    few = found[:, :FEW].mean(axis=1)
    value_off, end_off = [], []
    for other in others:
        if other.variances == fit.variances:
            moved, off_moved = known.mean(other), off[..., :FEW]
        else:
            beside = known_courses(courses, other, **places)
            moved, off_moved = beside.mean(other), beside.drawn_off(normal[:, :FEW])
        value_off.append(value(moved[..., None] + off_moved).mean(axis=1) - few)
        end_off.append(moved[:, -1] - mean[:, -1])
    return CoursesRead(
        mean=mean,
        value=found.mean(axis=1),
        low=low,
        high=high,
        value_off=np.column_stack(value_off),
        end_off=np.column_stack(end_off),
    )


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
    rated = held @ courses.columns()
    by_mean = mean_columns(positions) - rated[..., :3]
    by_line = by_mean[..., :2]
    by_beta = by_mean - by_line @ fit.line_reach[courses.people]
    covariance = own.between(positions, times, positions, times)
    covariance -= held @ reach.transpose(0, 2, 1)
    covariance += by_line @ fit.line_covariance[courses.people] @ by_line.transpose(0, 2, 1)
    covariance += by_beta @ fit.beta_covariance @ by_beta.transpose(0, 2, 1)
    return KnownCourses(
        told=rated[..., 3], by_mean=by_mean, people=courses.people,
        covariance=fit.noise * covariance,
    )  # fmt: skip
