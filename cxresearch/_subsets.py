"""R² of every subset of drivers in one pass, and what is read off it.

The sweep holds, after k drivers, the conditional covariance matrices of all variables that
remain given each of the 2^k subsets so far. Taking in one more driver doubles the set: left
out, its row is dropped; taken in, it is swept. Work is about 6·2^p multiplications and memory
some 2^p numbers, against 2^p separate solutions of p³.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, factorial

import numpy as np

from cxresearch._matrix import ALIASED_BELOW, check_covariance
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import CxError

MAX_EXACT = 22
"""Most players whose subsets are all visited; 22 take some seconds, each more twice as long."""
TIE = 1e-12
"""Two R² closer than this are equal: the last digits of a sweep are rounding."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SubsetR2:
    """R² of all subsets.

    Attributes
    ----------
    r2 : ndarray, shape (..., 2^p)
        Bit j of the position says whether player j is in the model; position 0 is the empty
        one.
    aliased : ndarray of bool, shape (..., p)
        The player has a column that others, or its own, imply in some subset; there it gains 0.
    """

    r2: FloatArray
    aliased: BoolArray


def subset_r2(
    covariance: FloatArray,
    *,
    blocks: Sequence[int] | None = None,
    total: FloatArray | float | None = None,
) -> SubsetR2:
    """Return R² for every subset of the drivers, by doubling.

    Parameters
    ----------
    covariance : ndarray, shape (..., q + 1, q + 1)
        Covariances or correlations, **the outcome last**; leading axes are replicates.
    blocks : sequence of int, optional
        Columns of each player, in order (a factor's dummies, a group of drivers); 1 each
        otherwise.
    total : float or ndarray, optional
        Variance of the outcome that R² is a share of; by default the one in `covariance`.
        Differs where controls were partialled out of `covariance`.

    Returns
    -------
    SubsetR2

    Raises
    ------
    CxError
        The matrix is not a covariance matrix, the blocks do not fit it, the outcome has no
        variance, or there are more than 22 players.

    Notes
    -----
    ``R²(A) = s_yA S_AA⁻¹ s_Ay / s_yy``; agrees with R's ``summary(lm(...))$r.squared`` on each
    subset to about 1e-15.

    Examples
    --------
    >>> matrix = np.array([[1.0, 0.5, 0.6], [0.5, 1.0, 0.3], [0.6, 0.3, 1.0]])
    >>> subset_r2(matrix).r2.round(3).tolist()
    [0.0, 0.36, 0.09, 0.36]
    """
    matrix = check_covariance(covariance)
    sizes = [1] * (matrix.shape[-1] - 1) if blocks is None else [int(size) for size in blocks]
    _check_blocks(sizes, matrix.shape[-1] - 1)
    lead = matrix.shape[:-2]
    batch = matrix.reshape(-1, *matrix.shape[-2:])
    own = batch[:, -1, -1]
    whole = np.broadcast_to(own if total is None else np.asarray(total, dtype=float), own.shape)
    if not np.all(whole > 0):
        raise CxError("the outcome has no variance: there is nothing to explain")
    left, aliased = sweep_all(batch, sizes, keep=1)
    r2 = (own - left[0, 0] * own) / whole
    np.maximum(r2, 0.0, out=r2)
    return SubsetR2(r2=r2.T.reshape(*lead, -1), aliased=aliased.reshape(*lead, len(sizes)))


def _check_blocks(sizes: Sequence[int], columns: int) -> None:
    if min(sizes, default=0) < 1 or sum(sizes) != columns:
        raise CxError(
            f"blocks must be positive and sum to the {columns} driver columns; "
            f"got {list(sizes)}"
        )
    if len(sizes) > MAX_EXACT:
        raise CxError(
            f"{len(sizes)} drivers have 2^{len(sizes)} subsets; all are visited for at most "
            f"{MAX_EXACT}: put drivers into groups, or draw orders at random"
        )


def sweep_all(
    covariance: FloatArray, sizes: Sequence[int], *, keep: int
) -> tuple[FloatArray, BoolArray]:
    """Condition the last `keep` variables on every subset of the blocks before them.

    Parameters
    ----------
    covariance : ndarray, shape (B, q, q)
    sizes : sequence of int
        Columns of each block, summing to q − keep.
    keep : int

    Returns
    -------
    left : ndarray, shape (keep, keep, 2^p, B)
        Conditional covariances, in units of the variables' own variances.
    aliased : ndarray of bool, shape (B, p)
    """
    variances = np.diagonal(covariance, axis1=1, axis2=2)
    scale = 1 / np.sqrt(np.where(variances > 0, variances, 1.0))
    scaled = covariance * scale[:, :, None] * scale[:, None, :]
    state = np.ascontiguousarray(np.moveaxis(scaled, 0, -1))[:, :, None, :]
    aliased = np.zeros((len(covariance), len(sizes)), dtype=bool)
    for player, size in enumerate(sizes):
        q, _, subsets, replicates = state.shape
        grown = np.empty((q - size, q - size, 2 * subsets, replicates))
        grown[:, :, :subsets] = state[size:, size:]
        swept = state
        for _ in range(size):
            swept = _sweep_first(swept, aliased[:, player])
        grown[:, :, subsets:] = swept
        state = grown
    return state, aliased


def _sweep_first(state: FloatArray, aliased: BoolArray) -> FloatArray:
    pivot = state[0, 0]
    usable = pivot > ALIASED_BELOW
    if not usable.all():
        aliased |= ~usable.all(axis=0)
    row = state[0, 1:]
    scaled = row * np.where(usable, 1 / np.where(usable, pivot, 1.0), 0.0)
    swept = row[:, None] * scaled[None, :]
    np.subtract(state[1:, 1:], swept, out=swept)
    return swept


def subset_sizes(players: int, sizes: Sequence[int] | None = None) -> IntArray:
    """Return how many players (columns, given their `sizes`) each subset holds; (2^p,)."""
    counts = np.zeros(1, dtype=np.int64)
    for size in [1] * players if sizes is None else sizes:
        counts = np.concatenate([counts, counts + size])
    return counts


def shapley_weights(players: int) -> FloatArray:
    """Return ``s! (p − 1 − s)! / p!`` for s = 0 … p − 1: the weight of a subset of s others."""
    p = players
    return np.array([factorial(s) * factorial(p - 1 - s) / factorial(p) for s in range(p)])


def shapley_from_subsets(values: FloatArray) -> FloatArray:
    """Return the Shapley value of each player from the worth of all subsets.

    ``φ_j = Σ_{A∌j} |A|!(p−|A|−1)!/p! · [v(A∪j) − v(A)]``.

    Parameters
    ----------
    values : ndarray, shape (..., 2^p)
        Worth of each subset, laid out as in `SubsetR2`.

    Returns
    -------
    ndarray, shape (..., p)
        Sums to ``v(all) − v(none)``.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. In *Contributions to the Theory of Games
    II* (pp. 307–317). doi:10.1515/9781400881970-018

    Examples
    --------
    >>> shapley_from_subsets(np.array([0.0, 0.36, 0.09, 0.40])).round(3).tolist()
    [0.335, 0.065]
    """
    p = players_of(values)
    weights = shapley_weights(p)
    # With player j the worth counts with w(s − 1), without it with −w(s); writing the second as
    # a sum over all subsets leaves one weighted table whose halves are added up, bit by bit.
    inside = np.append(0.0, weights) + np.append(weights, 0.0)
    sizes = subset_sizes(p)
    without = values @ np.append(weights, 0.0)[sizes]
    table = values * inside[sizes]
    shares = np.empty((*values.shape[:-1], p))
    for player in reversed(range(p)):
        half = table.shape[-1] // 2
        shares[..., player] = table[..., half:].sum(axis=-1) - without
        table = table[..., :half] + table[..., half:]
    return shares


def players_of(values: FloatArray) -> int:
    """Return p when the last axis holds 2^p values.

    Raises
    ------
    CxError
        It does not.
    """
    count = values.shape[-1]
    if count < 2 or count & (count - 1):
        raise CxError(f"values must hold one number for each of 2^p subsets; got {count}")
    return int(count).bit_length() - 1


def contributions_by_size(values: FloatArray) -> FloatArray:
    """Return mean gains over the subsets of each size (conditional dominance).

    Returns
    -------
    ndarray, shape (..., p, p)
        ``C[j, s]``: mean over the subsets A of s others of ``v(A ∪ j) − v(A)``. Its mean over s
        is the Shapley value.
    """
    p = players_of(values)
    others = subset_sizes(p - 1)
    order = np.argsort(others, kind="stable")
    starts = np.searchsorted(others[order], np.arange(p))
    counts = np.array([comb(p - 1, s) for s in range(p)], dtype=float)
    table = np.empty((*values.shape[:-1], p, p))
    for player in range(p):
        pairs = values.reshape(*values.shape[:-1], -1, 2, 2**player)
        gains = (pairs[..., 1, :] - pairs[..., 0, :]).reshape(*values.shape[:-1], -1)
        table[..., player, :] = np.add.reduceat(gains[..., order], starts, axis=-1) / counts
    return table


def complete_dominance(values: FloatArray) -> FloatArray:
    """Return the share of subsets of the others to which player i adds more than player j.

    Returns
    -------
    ndarray, shape (..., p, p)
        ``D[i, j]`` over the 2^(p−2) subsets without i and j; 1 means complete dominance. Ties
        count for neither, and the diagonal is nan.
    """
    p = players_of(values)
    lead = values.shape[:-1]
    table = np.full((*lead, p, p), np.nan)
    for low in range(p):
        for high in range(low + 1, p):
            cube = values.reshape(*lead, -1, 2, 2 ** (high - low - 1), 2, 2**low)
            lead_of_high = cube[..., 1, :, 0, :] - cube[..., 0, :, 1, :]
            table[..., high, low] = (lead_of_high > TIE).mean(axis=(-3, -2, -1))
            table[..., low, high] = (lead_of_high < -TIE).mean(axis=(-3, -2, -1))
    return table


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Allocation:
    """A linear rule that shares the worth of subsets out: shares = coefficients @ v[masks].

    Attributes
    ----------
    masks : ndarray of int, shape (m,)
        Subsets whose worth is needed; bit j is player j.
    coefficients : ndarray, shape (p, m)
    """

    masks: IntArray
    coefficients: FloatArray


def shapley_allocation(players: int) -> Allocation:
    """Return the rule of `shapley_from_subsets` as coefficients of all 2^p subsets."""
    sizes = subset_sizes(players)
    weights = shapley_weights(players)
    gain, loss = np.append(0.0, weights)[sizes], np.append(weights, 0.0)[sizes]
    masks = np.arange(2**players, dtype=np.int64)
    member = (masks[None, :] >> np.arange(players)[:, None]) & 1
    return Allocation(masks=masks, coefficients=np.where(member, gain, -loss))


def owen_allocation(unions: Sequence[Sequence[int]]) -> Allocation:
    """Return the rule of Owen: orders in which the members of a union come one after another.

    Parameters
    ----------
    unions : sequence of sequences of int
        A partition of the players 0 … p − 1.

    Notes
    -----
    For player i of union k: ``Σ_H Σ_T h!(g−1−h)!/g! · t!(m−1−t)!/m! · [v(H∪T∪i) − v(H∪T)]``
    over sets H of other unions (each whole) and T of other members of k. The shares of a
    union's members sum to the union's Shapley value among the unions.

    References
    ----------
    Owen, G. (1977). Values of games with a priori unions. In *Mathematical Economics and Game
    Theory* (pp. 76–88). Springer. doi:10.1007/978-3-642-45494-3_7
    """
    players = sum(len(union) for union in unions)
    outer = shapley_weights(len(unions))
    masks, columns = [], []
    for union in unions:
        whole = [sum(1 << i for i in other) for other in unions if other is not union]
        around = _sums_of_subsets(whole)
        within = _sums_of_subsets([1 << i for i in union])
        inner = shapley_weights(len(union))
        block = np.zeros((players, len(around), len(within)))
        h, t = subset_sizes(len(whole)), subset_sizes(len(union))
        for place, player in enumerate(union):
            member = (np.arange(len(within)) >> place) & 1
            gain = np.where(member, np.append(0.0, inner)[t], -np.append(inner, 0.0)[t])
            block[player] = outer[h][:, None] * gain[None, :]
        masks.append((around[:, None] + within[None, :]).ravel())
        columns.append(block.reshape(players, -1))
    return merged_allocation(np.concatenate(masks), np.concatenate(columns, axis=1))


def _sums_of_subsets(parts: Sequence[int]) -> IntArray:
    sums = np.zeros(1, dtype=np.int64)
    for part in parts:
        sums = np.concatenate([sums, sums + part])
    return sums


def merged_allocation(masks: IntArray, coefficients: FloatArray) -> Allocation:
    """Return the rule with each subset named once, its coefficients (p, m) added up."""
    unique, inverse = np.unique(masks, return_inverse=True)
    merged = np.zeros((len(coefficients), len(unique)))
    for row, values in zip(merged, coefficients, strict=True):
        row += np.bincount(inverse, weights=values, minlength=len(unique))
    return Allocation(masks=unique, coefficients=merged)


def ordered_allocation(after: Sequence[Sequence[int]]) -> Allocation:
    """Return the rule that averages over the orders in which some players come after others.

    Parameters
    ----------
    after : sequence of sequences of int
        For each player those that must be in the model before it (the main effects of an
        interaction). All orders that respect this count the same.

    Raises
    ------
    CxError
        More than 16 players: the orders are counted subset by subset.

    References
    ----------
    Faigle, U., & Kern, W. (1992). The Shapley value for cooperative games under precedence
    constraints. *International Journal of Game Theory, 21*, 249–266. doi:10.1007/BF01258278
    """
    players = len(after)
    if players > 16:
        raise CxError(f"interactions are possible with at most 16 terms; there are {players}")
    needs = [sum(1 << i for i in before) for before in after]
    size, masks = subset_sizes(players), np.arange(2**players, dtype=np.int64)
    feasible = np.ones(2**players, dtype=bool)
    for player, need in enumerate(needs):
        feasible &= ((masks >> player) & 1 == 0) | (masks & need == need)
    ways_in, ways_out = np.zeros(2**players), np.zeros(2**players)
    ways_in[0], ways_out[-1] = 1.0, 1.0
    for level in range(players):
        up = masks[feasible & (size == level)]
        down = masks[feasible & (size == players - level)]
        for player in range(players):
            bit = 1 << player
            grown = up[(up & bit == 0)]
            grown = grown[feasible[grown | bit]]
            ways_in[grown | bit] += ways_in[grown]
            shrunk = down[(down & bit) != 0]
            shrunk = shrunk[feasible[shrunk ^ bit]]
            ways_out[shrunk ^ bit] += ways_out[shrunk]
    coefficients = np.zeros((players, 2**players))
    for player in range(players):
        bit = 1 << player
        before = masks[feasible & (masks & bit == 0)]
        before = before[feasible[before | bit]]
        share = ways_in[before] * ways_out[before | bit] / ways_in[-1]
        coefficients[player, before] -= share
        coefficients[player, before | bit] += share
    return Allocation(masks=masks[feasible], coefficients=coefficients[:, feasible])
