"""Features of padded traces: arithmetic only, one vectorised pass over all episodes."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import integrate
from scipy.special import gammaln, ndtr

from cxresearch._types import FloatArray, IntArray

Features = dict[str, FloatArray]


@lru_cache(maxsize=4096)
def expected_maximum(draws: int) -> float:
    r"""Return the expected maximum of `draws` independent standard normal numbers.

    ``E_m = ∫ x · m · φ(x) · Φ(x)^{m−1} dx``: what a peak gains from the number of moments
    alone, in standard deviations of the moments.

    Parameters
    ----------
    draws : int
        1 or more.

    References
    ----------
    Harter, H. L. (1961). Expected values of normal order statistics. Biometrika 48, 151–165.
    https://doi.org/10.1093/biomet/48.1-2.151

    Examples
    --------
    >>> [round(expected_maximum(m), 3) for m in (1, 2, 5, 10, 20, 50)]
    [0.0, 0.564, 1.163, 1.539, 1.867, 2.249]
    """
    if draws <= 1:
        return 0.0

    def weighted(x: float) -> float:
        density = math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        return float(x * draws * density * ndtr(x) ** (draws - 1))

    value, _ = integrate.quad(weighted, -9.0, 9.0, epsabs=1e-13, epsrel=1e-13, limit=200)
    return float(value)


def trace_features(
    ratings: FloatArray, times: FloatArray, *, last_k: int, last_share: float
) -> Features:
    """Return the features of N traces that do not depend on the peak rule.

    Parameters
    ----------
    ratings, times : ndarray, shape (N, M)
        Sorted in time, nan after the last moment of a row; every row has at least one.
    last_k : int
        Moments averaged in ``end``.
    last_share : float
        Share of the rated time averaged in ``end_share``.

    Returns
    -------
    dict of str to ndarray, shape (N,)
    """
    there = np.isfinite(ratings)
    count = there.sum(axis=1)
    filled = np.where(there, ratings, 0.0)
    clock = np.where(there, times - times[:, :1], 0.0)
    mean = filled.sum(axis=1) / count
    deviation = np.where(there, filled - mean[:, None], 0.0)
    squares = (deviation**2).sum(axis=1)
    integral, span = _trapezoid(filled, clock, there), clock.max(axis=1)
    features: Features = {
        "start": ratings[:, 0],
        "mean": mean,
        "tw_mean": integral / np.where(span > 0, span, np.nan),
        "integral": np.where(span > 0, integral, np.nan),
        "trend": _slope(deviation, clock, there, count),
        "variability": np.sqrt(squares / np.where(count > 1, count - 1, np.nan)),
        "maximum": np.where(there, ratings, -np.inf).max(axis=1),
        "minimum": np.where(there, ratings, np.inf).min(axis=1),
        "n_moments": count.astype(float),
    }
    for k in sorted({1, 2, 3, last_k}):
        features[f"end_{k}"] = _last_mean(filled, there, count, k)
    late = there & (clock >= (1 - last_share) * span[:, None])
    features["end_share"] = (filled * late).sum(axis=1) / late.sum(axis=1)
    features["end"] = features[f"end_{last_k}"]
    return features


def _trapezoid(filled: FloatArray, clock: FloatArray, there: np.ndarray) -> FloatArray:
    step = np.where(there[:, 1:], np.diff(clock, axis=1), 0.0)
    return np.asarray((step * (filled[:, 1:] + filled[:, :-1]) / 2).sum(axis=1))


def _slope(
    deviation: FloatArray, clock: FloatArray, there: np.ndarray, count: IntArray
) -> FloatArray:
    centred = np.where(there, clock - (clock.sum(axis=1) / count)[:, None], 0.0)
    spread = (centred**2).sum(axis=1)
    slope: FloatArray = (centred * deviation).sum(axis=1) / np.where(spread > 0, spread, np.nan)
    return slope


def _last_mean(filled: FloatArray, there: np.ndarray, count: IntArray, k: int) -> FloatArray:
    position = np.arange(filled.shape[1])
    late = there & (position >= (count - k)[:, None])
    average: FloatArray = (filled * late).sum(axis=1) / late.sum(axis=1)
    return average


def peak_features(
    ratings: FloatArray, times: FloatArray, intensity: FloatArray, *, reference: int
) -> Features:
    """Return peak and trough under one rule, and the peak freed from the number of moments.

    Parameters
    ----------
    ratings, times : ndarray, shape (N, M)
    intensity : ndarray, shape (N, M)
        How intense each moment is under the rule; nan after the last moment.
    reference : int
        Moments a peak is rarefied to.
    """
    there = np.isfinite(ratings)
    rows = np.arange(len(ratings))
    # argmax takes the first of equal moments: a tie goes to the earliest, as R's which.max.
    top = np.where(there, intensity, -np.inf).argmax(axis=1)
    low = np.where(there, intensity, np.inf).argmin(axis=1)
    span = np.nanmax(times, axis=1) - times[:, 0]
    elapsed = times[rows, top] - times[:, 0]
    return {
        "peak": ratings[rows, top],
        "trough": ratings[rows, low],
        "peak_time": times[rows, top],
        "peak_index": top + 1.0,
        "peak_position": elapsed / np.where(span > 0, span, np.nan),
        "peak_rarefied": rarefied(ratings, intensity, reference),
    }


def rarefied(ratings: FloatArray, intensity: FloatArray, reference: int) -> FloatArray:
    """Return the expected rating of the most intense of `reference` moments drawn from each.

    With the m ratings in order of intensity, ``Σ_j y_(j) C(j − 1, r − 1)/C(m, r)``: the peak an
    episode would have shown on average had it been rated r times. nan where m < r.
    """
    last = np.where(np.isfinite(intensity), intensity, np.inf)
    order = np.argsort(last, axis=1, kind="stable")
    ordered = np.take_along_axis(ratings, order, axis=1)
    count = np.isfinite(ratings).sum(axis=1)
    rank = np.arange(1, ratings.shape[1] + 1)
    usable = (rank >= reference) & (rank <= count[:, None]) & (count >= reference)[:, None]
    log_share = _log_choose(np.maximum(rank, reference) - 1, reference - 1) - _log_choose(
        np.maximum(count, reference), reference
    ).reshape(-1, 1)
    share = np.where(usable, np.exp(log_share), 0.0)
    total: FloatArray = (share * np.where(usable, ordered, 0.0)).sum(axis=1)
    # The shares sum to 1; dividing removes the rounding of the log-gamma function.
    return total / np.where(count >= reference, share.sum(axis=1), np.nan)


def _log_choose(of: IntArray, take: int) -> FloatArray:
    chosen: FloatArray = gammaln(of + 1.0) - gammaln(take + 1.0) - gammaln(of - take + 1.0)
    return chosen


def pooled_sd(features: Features) -> float:
    """Return the standard deviation of moments within episodes, pooled over episodes."""
    df = features["n_moments"] - 1
    squares = np.where(df > 0, np.nan_to_num(features["variability"]) ** 2 * df, 0.0).sum()
    return float(np.sqrt(squares / df.sum())) if df.sum() > 0 else float("nan")
