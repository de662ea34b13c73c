"""Reliability of a difference from variances alone, for a sample and for all its resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxresearch._types import FloatArray, IntArray

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PartMoments:
    """Variances of one part (perception, expectation or gap) of a score, shape (...).

    Attributes
    ----------
    total : ndarray
        Variance of the score.
    alpha : ndarray
        Its reliability: coefficient alpha, or stratified alpha of a score made of blocks; nan
        where a block has one item or does not vary.
    """

    total: FloatArray
    alpha: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapReliability:
    """What the variances say of a gap, every array of shape (...).

    Attributes
    ----------
    lord, lord_equal : ndarray
        Reliability of the gap; `lord_equal` takes both variances for equal.
    alpha_perception, alpha_expectation, alpha_gap : ndarray
    r : ndarray
        Correlation of expectation and perception.
    variance_perception, variance_expectation, variance_gap : ndarray
    """

    lord: FloatArray
    lord_equal: FloatArray
    alpha_perception: FloatArray
    alpha_expectation: FloatArray
    alpha_gap: FloatArray
    r: FloatArray
    variance_perception: FloatArray
    variance_expectation: FloatArray
    variance_gap: FloatArray


def part_columns(
    answers: FloatArray, blocks: Sequence[IntArray], shares: FloatArray
) -> FloatArray:
    """Return items, means of blocks and the score of one part, shape (n, K + B + 1).

    Parameters
    ----------
    answers : ndarray, shape (n, K)
        Complete answers.
    blocks : sequence of ndarray of int
        Positions of the items of each block.
    shares : ndarray, shape (B,)
        What each block counts in the score; they sum to 1.
    """
    means = np.stack([answers[:, items].mean(axis=1) for items in blocks], axis=1)
    return np.hstack([answers, means, means @ shares[:, None]])


def variance_sums(columns: FloatArray, weights: FloatArray) -> FloatArray:
    """Return ``w [1, z, z²]`` of each respondent; their totals give all variances."""
    return np.hstack([np.ones((len(columns), 1)), columns, columns**2]) * weights[:, None]


def variances_from(totals: FloatArray, n: int) -> FloatArray:
    """Return variances (divisor n − 1 with Σw = n) from totals of `variance_sums`."""
    count = (totals.shape[-1] - 1) // 2
    moments = totals[..., 1:] / totals[..., :1]
    means, squares = moments[..., :count], moments[..., count:]
    variance = squares - means**2
    # What is left of a constant after subtraction is rounding, not spread.
    noise = _ROUNDING * np.maximum(squares, 1.0)
    result: FloatArray = np.where(variance > noise, variance, 0.0) * n / (n - 1)
    return result


def part_moments(
    variances: FloatArray, blocks: Sequence[IntArray], shares: FloatArray
) -> PartMoments:
    r"""Return the variance of a score and its reliability, from the variances of its columns.

    With blocks b of share a the stratified alpha ``1 − Σ a² σ_b² (1 − α_b) / σ²``; with one
    block it is coefficient alpha, ``k/(k − 1) · (1 − Σσ_i² / (k² σ_b²))``.

    Parameters
    ----------
    variances : ndarray, shape (..., K + B + 1)
        In the order of `part_columns`.
    blocks : sequence of ndarray of int
    shares : ndarray, shape (B,)

    References
    ----------
    Cronbach, L. J., Schönemann, P., & McKie, D. (1965). Alpha coefficients for stratified-
    parallel tests. Educational and Psychological Measurement 25, 291–312.
    https://doi.org/10.1177/001316446502500201
    """
    items = sum(len(block) for block in blocks)
    total = variances[..., -1]
    error = np.zeros_like(total)
    for position, block in enumerate(blocks):
        k, own = len(block), variances[..., items + position]
        safe = np.where(own > 0, own, np.nan)
        if k > 1:
            within = variances[..., block].sum(axis=-1) / (k**2 * safe)
            alpha = k / (k - 1) * (1 - within)
        else:
            alpha = np.full_like(own, np.nan)
        error = error + shares[position] ** 2 * own * (1 - alpha)
    return PartMoments(total=total, alpha=1 - error / np.where(total > 0, total, np.nan))


def gap_reliability(
    perception: PartMoments, expectation: PartMoments, gap: PartMoments
) -> GapReliability:
    r"""Return the reliability of perception − expectation by Lord's formula.

    ``ρ_D = (σ_P² ρ_P + σ_E² ρ_E − 2 r σ_P σ_E) / (σ_P² + σ_E² − 2 r σ_P σ_E)``, and with equal
    variances ``(½(ρ_P + ρ_E) − r) / (1 − r)``.

    References
    ----------
    Lord, F. M. (1963). Elementary models for measuring change. In C. W. Harris (Ed.), Problems
    in measuring change (pp. 21–38). University of Wisconsin Press.

    Peter, J. P., Churchill, G. A., & Brown, T. J. (1993). Caution in the use of difference
    scores in consumer research. Journal of Consumer Research 19, 655–662.
    https://academic.oup.com/jcr/article-abstract/19/4/655/1820183

    Examples
    --------
    >>> received = PartMoments(total=np.array(1.0), alpha=np.array(0.8))
    >>> expected = PartMoments(total=np.array(1.0), alpha=np.array(0.7))
    >>> gap = PartMoments(total=np.array(1.0), alpha=np.array(0.5))
    >>> found = gap_reliability(received, expected, gap)
    >>> float(found.r), float(found.lord)
    (0.5, 0.5)
    """
    both = perception.total + expectation.total
    twice = both - gap.total  # 2 r σ_P σ_E
    spread = np.sqrt(perception.total * expectation.total)
    r = twice / (2 * np.where(spread > 0, spread, np.nan))
    true = perception.total * perception.alpha + expectation.total * expectation.alpha - twice
    unequal = np.where(np.abs(1 - r) > _ROUNDING, 1 - r, np.nan)
    return GapReliability(
        lord=true / np.where(gap.total > 0, gap.total, np.nan),
        lord_equal=((perception.alpha + expectation.alpha) / 2 - r) / unequal,
        alpha_perception=perception.alpha,
        alpha_expectation=expectation.alpha,
        alpha_gap=gap.alpha,
        r=r,
        variance_perception=perception.total,
        variance_expectation=expectation.total,
        variance_gap=gap.total,
    )
