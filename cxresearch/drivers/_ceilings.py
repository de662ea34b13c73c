"""Ceiling lines of necessary condition analysis, for one outcome order or thousands at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from cxresearch._types import BoolArray, FloatArray

CHUNK = 500
_ACROSS = 200
"""Groups of x, over chunks, that are held at once."""
LEVELS_AT_MOST = 60
"""Codes of the outcome up to which shuffles are drawn code by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The rectangle in which a ceiling is judged."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    @property
    def area(self) -> float:
        """Scope in units of x times units of y."""
        return (self.x_high - self.x_low) * (self.y_high - self.y_low)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ceiling:
    """A ceiling: a step line through its peers, or a straight line.

    Attributes
    ----------
    x, y : ndarray, shape (peers,)
        Upper-left cases, from left to right.
    slope, intercept : float
        Straight line; nan for the step line.
    """

    x: FloatArray
    y: FloatArray
    slope: float = float("nan")
    intercept: float = float("nan")

    @property
    def straight(self) -> bool:
        """Whether the ceiling is a straight line."""
        return bool(np.isfinite(self.slope))


def step_maxima(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the distinct x in order, and the largest y up to each; `y` (B, n) gives (B, u)."""
    order = np.argsort(x, kind="stable")
    distinct, start = np.unique(x[order], return_index=True)
    last = np.append(start[1:], len(x)) - 1
    return distinct, np.maximum.accumulate(y[..., order], axis=-1)[..., last]


def peers(x: FloatArray, y: FloatArray) -> Ceiling:
    """Return the CE-FDH ceiling: the cases at which the largest y so far rises."""
    distinct, top = step_maxima(x, y)
    rises = _rises(top)
    return Ceiling(x=distinct[rises], y=top[rises])


def _rises(top: FloatArray) -> BoolArray:
    first = np.ones((*top.shape[:-1], 1), dtype=bool)
    return np.concatenate([first, np.diff(top, axis=-1) > 0], axis=-1)


def regress_peers(step: Ceiling) -> Ceiling:
    """Return the CR-FDH ceiling: least squares through the peers (nan with a single peer)."""
    if len(step.x) < 2:
        return step
    slope, intercept = np.polyfit(step.x - step.x.mean(), step.y, 1)
    return Ceiling(
        x=step.x,
        y=step.y,
        slope=float(slope),
        intercept=float(intercept - slope * step.x.mean()),
    )


def lowest_line(step: Ceiling) -> Ceiling:
    """Return the C-LP ceiling: of the lines with no peer above, the one nearest to all peers.

    Its optimum is an edge of the upper hull of the peers: the one over their mean x.
    """
    if len(step.x) < 2:
        return step
    hull: list[int] = []
    for i in range(len(step.x)):
        while len(hull) > 1 and _turns_left(step, hull[-2], hull[-1], i):
            hull.pop()
        hull.append(i)
    corner = np.array(hull)
    left = int(np.clip(np.searchsorted(step.x[corner], step.x.mean()) - 1, 0, len(corner) - 2))
    a, b = corner[left], corner[left + 1]
    slope = float((step.y[b] - step.y[a]) / (step.x[b] - step.x[a]))
    return Ceiling(
        x=step.x, y=step.y, slope=slope, intercept=float(step.y[a] - slope * step.x[a])
    )


def _turns_left(step: Ceiling, a: int, b: int, c: int) -> bool:
    x, y = step.x, step.y
    return bool((x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a]) >= 0)


def step_zone(distinct: FloatArray, top: FloatArray, scope: Scope) -> FloatArray:
    """Return the area above the step line inside the scope; `top` may be (B, u)."""
    edges = np.clip(np.append(distinct, scope.x_high), scope.x_low, scope.x_high)
    widths = np.diff(edges)
    empty = (edges[0] - scope.x_low) * (scope.y_high - scope.y_low)
    heights = scope.y_high - np.clip(top, scope.y_low, scope.y_high)
    return np.asarray(empty + heights @ widths)


def line_zone(slope: FloatArray, intercept: FloatArray, scope: Scope) -> FloatArray:
    """Return the area above straight lines inside the scope; only rising lines have a zone."""
    slope, intercept = np.asarray(slope, dtype=float), np.asarray(intercept, dtype=float)
    rising = slope > 0
    safe = np.where(rising, slope, 1.0)
    left = np.clip((scope.y_low - intercept) / safe, scope.x_low, scope.x_high)
    right = np.clip((scope.y_high - intercept) / safe, scope.x_low, scope.x_high)
    below = (left - scope.x_low) * (scope.y_high - scope.y_low)
    middle = (right - left) * (scope.y_high - intercept - safe * (left + right) / 2)
    return np.where(rising, below + middle, 0.0)


def zone_of(ceiling: Ceiling, scope: Scope) -> float:
    """Return the ceiling zone of one ceiling."""
    if ceiling.straight:
        return float(line_zone(np.array(ceiling.slope), np.array(ceiling.intercept), scope))
    return float(step_zone(ceiling.x, ceiling.y, scope))


def permuted_zones(
    x: FloatArray, y: FloatArray, scope: Scope, *, permutations: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Return the CE-FDH and CR-FDH zones (permutations,) after shuffling y against x."""
    few = len(np.unique(y)) <= LEVELS_AT_MOST
    at_once = CHUNK * max(1, _ACROSS // len(np.unique(x))) if few else CHUNK
    steps, lines = [], []
    for start in range(0, permutations, at_once):
        size = min(at_once, permutations - start)
        if few:
            distinct, top = drawn_maxima(x, y, size, rng)
        else:
            shuffled = rng.permuted(np.broadcast_to(y, (size, len(y))), axis=1)
            distinct, top = step_maxima(x, shuffled)
        steps.append(step_zone(distinct, top, scope))
        lines.append(_regressed_zones(distinct, top, scope))
    return np.concatenate(steps), np.concatenate(lines)


def drawn_maxima(
    x: FloatArray, y: FloatArray, size: int, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw `step_maxima` of shuffled answers, code by code instead of answer by answer.

    Hand out the places from the best code of y down. Of the R places left, none of the m
    answers with the next code falls into the L places of the lowest x groups with probability
    C(R − L, m) / C(R, m), as long as those are all empty, and before that nothing more need be
    known: one uniform number says how far to the left the code reaches.
    """
    distinct, sizes = np.unique(x, return_counts=True)
    codes, counts = np.unique(y, return_counts=True)
    left = np.cumsum(sizes)[:-1].astype(float)
    codes, counts = codes[::-1], counts[::-1]
    places = float(len(y)) - np.append(0, np.cumsum(counts)[:-1])
    none_there = np.array(
        [
            np.exp(_log_choose(of - left, count) - _log_choose(of, count))
            for of, count in zip(places, counts, strict=True)
        ]
    )
    # One chunk after the other: what is drawn does not depend on how many are drawn at once.
    parts = [min(CHUNK, size - start) for start in range(0, size, CHUNK)]
    uniform = np.concatenate([rng.random((len(codes), part)) for part in parts], axis=1)
    group = np.zeros(uniform.shape, dtype=np.int64)
    for chance in none_there.T:
        group += uniform < chance[:, None]
    reached = np.minimum.accumulate(group, axis=0)
    top = np.empty((size, len(distinct)))
    for position in range(len(distinct)):
        top[:, position] = codes[(reached > position).sum(axis=0)]
    return distinct, top


def _log_choose(n: FloatArray | float, k: int) -> FloatArray:
    """Return log C(n, k), −inf where n < k."""
    n = np.asarray(n, dtype=float)
    safe = np.maximum(n, k)
    return np.where(n >= k, gammaln(safe + 1) - gammaln(k + 1) - gammaln(safe - k + 1), -np.inf)


def _regressed_zones(distinct: FloatArray, top: FloatArray, scope: Scope) -> FloatArray:
    """CR-FDH zones of many step lines (B, u) by weighted sums over their peers."""
    member = _rises(top).astype(float)
    count = member.sum(axis=1)
    x = distinct - distinct.mean()
    x_mean, y_mean = member @ x / count, (member * top).sum(axis=1) / count
    spread = member @ x**2 - count * x_mean**2
    together = (member * top) @ x - count * x_mean * y_mean
    several = count > 1
    slope = np.where(several, together / np.where(several, spread, 1.0), 0.0)
    intercept = y_mean - slope * (x_mean + distinct.mean())
    return line_zone(slope, intercept, scope)


def required_x(ceiling: Ceiling, y: FloatArray, scope: Scope) -> FloatArray:
    """Return the smallest x that allows each y; −inf not necessary, nan beyond the scope."""
    y = np.asarray(y, dtype=float)
    if ceiling.straight:
        if ceiling.slope <= 0:
            return np.full(len(y), -np.inf)
        needed = (y - ceiling.intercept) / ceiling.slope
    else:
        place = np.searchsorted(ceiling.y, y - 1e-12 * abs(scope.y_high), side="left")
        beyond = place >= len(ceiling.x)
        needed = np.where(beyond, np.inf, ceiling.x[np.minimum(place, len(ceiling.x) - 1)])
    needed = np.where(needed <= scope.x_low, -np.inf, needed)
    return np.where(needed > scope.x_high * (1 + 1e-12), np.nan, needed)
