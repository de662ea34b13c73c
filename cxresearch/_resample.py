"""Resampling: who is drawn, and what replicates say about intervals, differences, ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import CxError, ResponseError

_BLOCK = 32
"""Replicates counted at once: few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Units:
    """What is drawn in a resample: respondents, or clusters of them, within strata.

    Attributes
    ----------
    of_row : ndarray of int, shape (n,)
        Unit of each respondent, 0 … U − 1.
    stratum : ndarray of int, shape (U,)
        Stratum of each unit, 0 … H − 1.
    stratified : bool
        Strata were named: units are drawn within them by Rao and Wu's rule.
    """

    of_row: IntArray
    stratum: IntArray
    stratified: bool

    @property
    def count(self) -> int:
        """Number of units."""
        return len(self.stratum)

    def total(self, rows: FloatArray) -> FloatArray:
        """Sum the rows of each unit, shape (U, k); respondents in order come back as is."""
        if self.count == len(rows) and np.array_equal(self.of_row, np.arange(len(rows))):
            return rows
        sums = np.zeros((self.count, rows.shape[1]))
        np.add.at(sums, self.of_row, rows)
        return sums


def units_of(unit: IntArray, stratum: IntArray | None = None) -> Units:
    """Return the units to draw from, given the cluster (or row number) of each respondent.

    Raises
    ------
    ResponseError
        A cluster lies in two strata, a stratum has one unit only, or there are fewer than two.
    """
    codes, first, of_row = np.unique(unit, return_index=True, return_inverse=True)
    if len(codes) < 2:
        raise ResponseError("resampling needs at least 2 respondents or clusters; there is 1")
    if stratum is None:
        return Units(
            of_row=of_row.astype(np.int64),
            stratum=np.zeros(len(codes), dtype=np.int64),
            stratified=False,
        )
    _, strata = np.unique(stratum, return_inverse=True)
    if np.any(strata[first][of_row] != strata):
        raise ResponseError("a cluster lies in two strata; each cluster belongs to one stratum")
    sizes = np.bincount(strata[first])
    if sizes.min() < 2:
        raise ResponseError(
            f"{int(np.sum(sizes < 2))} stratum(s) with a single cluster or respondent: "
            "its variance cannot be estimated; merge it with a similar stratum"
        )
    return Units(
        of_row=of_row.astype(np.int64), stratum=strata[first].astype(np.int64), stratified=True
    )


def draw_indices(units: Units, n_boot: int, rng: np.random.Generator) -> IntArray:
    """Draw units with replacement.

    Parameters
    ----------
    units : Units
    n_boot : int
        Replicates.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n_boot, k)
        Positions of the units drawn: U of U, or, within strata, n_h − 1 of the n_h units of
        each (Rao & Wu 1988), so that the variance is right even with two units a stratum.
    """
    if not units.stratified:
        return rng.integers(0, units.count, size=(n_boot, units.count))
    drawn = []
    for stratum in range(int(units.stratum.max()) + 1):
        members = np.flatnonzero(units.stratum == stratum)
        drawn.append(members[rng.integers(0, len(members), size=(n_boot, len(members) - 1))])
    return np.concatenate(drawn, axis=1)


def factors_from(indices: IntArray, units: Units) -> FloatArray:
    """Return what each unit counts in each replicate, shape (B, U).

    Without strata the number of times it was drawn; with strata that number times
    ``n_h / (n_h − 1)``.

    Raises
    ------
    CxError
        The indices name units that are not there.
    """
    drawn = np.asarray(indices)
    if drawn.ndim != 2 or drawn.size == 0 or drawn.min() < 0 or drawn.max() >= units.count:
        raise CxError(
            f"indices must have shape (replicates, draws) and name units 0 … {units.count - 1}"
        )
    count = units.count
    counts = np.empty((len(drawn), count))
    places = count * np.arange(_BLOCK)[:, None]
    for start in range(0, len(drawn), _BLOCK):
        block = drawn[start : start + _BLOCK]
        own = (block + places[: len(block)]).ravel()
        flat = np.bincount(own, minlength=len(block) * count)
        counts[start : start + _BLOCK] = flat.reshape(len(block), count)
    if units.stratified:
        sizes = np.bincount(units.stratum)[units.stratum]
        counts *= sizes / (sizes - 1)
    return counts


def leave_one_out(sums: FloatArray, units: Units) -> FloatArray:
    """Return totals of `sums` (U, k) without each unit in turn, its stratum scaled up again."""
    strata = np.zeros((int(units.stratum.max()) + 1, sums.shape[1]))
    np.add.at(strata, units.stratum, sums)
    sizes = np.bincount(units.stratum)[units.stratum][:, None]
    own = strata[units.stratum]
    result: FloatArray = strata.sum(axis=0) - own + (own - sums) * (sizes / (sizes - 1))
    return result


def influence_from(left_out: FloatArray, units: Units) -> FloatArray:
    """Return jackknife influence ``(n_h − 1)(mean of stratum − left out)``, shape (U, t)."""
    sizes = np.bincount(units.stratum)
    means = np.zeros((len(sizes), left_out.shape[1]))
    np.add.at(means, units.stratum, left_out)
    means /= sizes[:, None]
    result: FloatArray = (sizes[units.stratum][:, None] - 1) * (means[units.stratum] - left_out)
    return result


def acceleration_of(influence: FloatArray) -> FloatArray:
    """Return the acceleration ``Σ L³ / (6 (Σ L²)^1.5)`` of each statistic, shape (t,).

    References
    ----------
    Efron, B. (1987). Better bootstrap confidence intervals. *Journal of the American
    Statistical Association, 82*, 171–185. doi:10.1080/01621459.1987.10478410
    """
    squares = (influence**2).sum(axis=0)
    size = np.where(squares > 0, squares, 1.0) ** 1.5
    result: FloatArray = (influence**3).sum(axis=0) / (6 * size)
    return result


def order_quantile(ordered: FloatArray, levels: FloatArray) -> FloatArray:
    """Return quantiles of replicates, order statistics interpolated on the normal scale.

    Parameters
    ----------
    ordered : ndarray, shape (B, t)
        Replicates of t statistics, each column sorted.
    levels : ndarray, shape (t,)
        Level wanted for each statistic.

    Returns
    -------
    ndarray, shape (t,)
        The ``(B + 1) · level``-th order statistic; between two, linear in normal quantiles.
        Beyond the ends the extreme replicate. `numpy.quantile` differs.

    Notes
    -----
    Agrees with the intervals of R's ``boot::boot.ci`` to the last digits.

    References
    ----------
    Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap Methods and their Application*, equation
    5.8. Cambridge University Press. doi:10.1017/CBO9780511802843
    """
    count, columns = ordered.shape
    level = np.clip(np.nan_to_num(levels, nan=0.5), 1e-300, 1 - 1e-16)
    place = (count + 1) * level
    # (B + 1)·0.025 must be the whole number it is meant to be where B + 1 is a multiple of 40.
    place = np.where(np.abs(place - np.rint(place)) < 1e-9, np.rint(place), place)
    lower = np.clip(np.floor(place).astype(int), 0, count)
    inside = (lower > 0) & (lower < count)
    k = np.where(inside, lower, 1)
    at, column = ordered, np.arange(columns)
    z, z_low, z_high = ndtri(level), ndtri(k / (count + 1)), ndtri((k + 1) / (count + 1))
    part = np.where(place == lower, 0.0, (z - z_low) / (z_high - z_low))
    upper = np.minimum(k, count - 1)
    between = at[k - 1, column] + part * (at[upper, column] - at[k - 1, column])
    ends = np.where(lower <= 0, at[0, column], at[-1, column])
    result = np.where(inside, between, ends)
    return np.where(np.isnan(levels), np.nan, result)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Intervals:
    """Intervals of t statistics; arrays of shape (t,).

    Attributes
    ----------
    low, high : ndarray
        nan where the interval is not defined.
    extreme : ndarray of bool
        An end lies beyond the replicates: more of them are needed.
    """

    low: FloatArray
    high: FloatArray
    extreme: BoolArray


def percentile_interval(replicates: FloatArray, confidence_level: float) -> Intervals:
    """Return percentile intervals of replicates of shape (B, t)."""
    tail = np.full(replicates.shape[1], (1 - confidence_level) / 2)
    return _interval(replicates, tail, 1 - tail)


def bca_interval(
    replicates: FloatArray,
    confidence_level: float,
    *,
    estimate: FloatArray,
    acceleration: FloatArray,
) -> Intervals:
    """Return bias-corrected and accelerated intervals.

    Parameters
    ----------
    replicates : ndarray, shape (B, t)
    confidence_level : float
    estimate : ndarray, shape (t,)
        The statistic in the sample.
    acceleration : ndarray, shape (t,)
        See `acceleration_of`; from a jackknife it needs no minimum of replicates.

    Returns
    -------
    Intervals
        nan where all replicates lie on one side of the estimate: the bias cannot be corrected.

    Notes
    -----
    ``α' = Φ(z₀ + (z₀ + z_α)/(1 − a(z₀ + z_α)))`` with ``z₀ = Φ⁻¹(share of replicates below the
    estimate)``. R's ``boot::boot.ci(type = "bca", L = ...)`` given the same influence values.

    References
    ----------
    Efron, B. (1987). Better bootstrap confidence intervals. *Journal of the American
    Statistical Association, 82*, 171–185. doi:10.1080/01621459.1987.10478410
    """
    below = (replicates < estimate).mean(axis=0)
    usable = (below > 0) & (below < 1)
    z0 = ndtri(np.where(usable, below, 0.5))
    tail = ndtri((1 - confidence_level) / 2)
    low, high = (
        np.where(usable, ndtr(z0 + (z0 + z) / (1 - acceleration * (z0 + z))), np.nan)
        for z in (tail, -tail)
    )
    return _interval(replicates, low, high)


def _interval(replicates: FloatArray, low: FloatArray, high: FloatArray) -> Intervals:
    ordered = np.sort(replicates, axis=0)
    count = len(replicates)
    with np.errstate(invalid="ignore"):
        extreme = ((count + 1) * low < 1 - 1e-9) | ((count + 1) * high > count + 1e-9)
    return Intervals(
        low=order_quantile(ordered, low), high=order_quantile(ordered, high), extreme=extreme
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Simultaneous:
    """Intervals that hold for all t statistics together, arrays of shape (t,).

    Attributes
    ----------
    low, high : ndarray
    std_error : ndarray
        Standard deviation of the replicates.
    p_value : ndarray
        Of "the statistic is 0", alone.
    p_adjusted : ndarray
        The same over the whole family (single step).
    critical : float
        Quantile of the largest absolute studentised deviation.
    """

    low: FloatArray
    high: FloatArray
    std_error: FloatArray
    p_value: FloatArray
    p_adjusted: FloatArray
    critical: float


def max_t_intervals(
    estimate: FloatArray, replicates: FloatArray, confidence_level: float
) -> Simultaneous:
    """Return ``estimate ± c · SE``, c from the largest |t| of the family in each replicate.

    Notes
    -----
    Meant for statistics that may have either sign (differences). An interval of this form for a
    quantity that cannot be negative (a share) says nothing about "importance = 0".

    References
    ----------
    Westfall, P. H., & Young, S. S. (1993). *Resampling-Based Multiple Testing*. Wiley.
    """
    std_error = replicates.std(axis=0, ddof=1)
    scale = np.where(std_error > 0, std_error, np.inf)
    deviation = np.abs(replicates - estimate) / scale
    largest = deviation.max(axis=1)
    critical = float(order_quantile(np.sort(largest)[:, None], np.array([confidence_level]))[0])
    observed = np.abs(estimate) / scale
    count = len(replicates)
    exceeded = (largest[:, None] >= observed).sum(axis=0)
    alone = (deviation >= observed).sum(axis=0)
    return Simultaneous(
        low=estimate - critical * std_error,
        high=estimate + critical * std_error,
        std_error=std_error,
        p_value=(alone + 1) / (count + 1),
        p_adjusted=(exceeded + 1) / (count + 1),
        critical=critical,
    )


def rank_shares(replicates: FloatArray) -> FloatArray:
    """Return how often each statistic had each rank, shape (t, t); rank 1 is the largest.

    Examples
    --------
    >>> rank_shares(np.array([[3.0, 1.0], [2.0, 1.0], [1.0, 4.0], [5.0, 1.0]])).tolist()
    [[0.75, 0.25], [0.25, 0.75]]
    """
    count, statistics = replicates.shape
    order = np.argsort(-replicates, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(statistics), order.shape), axis=1)
    table = np.stack([np.bincount(column, minlength=statistics) for column in ranks.T])
    return np.asarray(table / count)
