"""Group-sequential boundaries by recursive numerical integration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special
from scipy.optimize import brentq

from cxresearch._types import FloatArray

Spending = Literal["obrien_fleming", "pocock"]
SPENDINGS: tuple[Spending, ...] = ("obrien_fleming", "pocock")

_REACH = 10.0
"""Standard deviations on either side of the mean at which a density counts as zero."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


def spent_by(fraction: float, error_rate: float, spending: Spending) -> float:
    r"""Return the share of the error rate that may be spent up to a fraction of information.

    O'Brien–Fleming type ``2 − 2 Φ(z_{α/2}/√t)``, Pocock type ``α log(1 + (e − 1) t)``.
    """
    t = min(fraction, 1.0)
    if spending == "obrien_fleming":
        z = -float(special.ndtri(error_rate / 2))
        return 2 * float(special.ndtr(-z / math.sqrt(t)))
    return error_rate * math.log1p((math.e - 1) * t)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Density:
    """Density of the statistic at a look, of studies still going on: nodes, and mass on each.

    `nodes` are on the scale of ``Z √t``, a Brownian motion at time t.
    """

    nodes: FloatArray
    mass: FloatArray
    time: float

    def above(self, at: float, time: float, drift: float) -> float:
        """Return the probability of going on until now and of ``Z > at`` at the next look."""
        return self._beyond(at, time, drift, 1.0)

    def below(self, at: float, time: float, drift: float) -> float:
        """Return the probability of going on until now and of ``Z < at`` at the next look."""
        return self._beyond(at, time, drift, -1.0)

    def _beyond(self, at: float, time: float, drift: float, sign: float) -> float:
        if math.isinf(at):
            return float(self.mass.sum()) if at * sign < 0 else 0.0
        step = time - self.time
        gap = at * math.sqrt(time) - self.nodes - drift * step
        return float(self.mass @ special.ndtr(-sign * gap / math.sqrt(step)))

    def onward(self, low: float, high: float, time: float, drift: float) -> _Density:
        """Return the density at the next look of studies that end between two bounds."""
        step = time - self.time
        centre, reach = drift * time, _REACH * math.sqrt(time)
        start = max(low * math.sqrt(time), centre - reach)
        stop = max(start, min(high * math.sqrt(time), centre + reach))
        nodes, weights = _rule(start, stop, math.sqrt(step))
        gap = (nodes[:, None] - self.nodes - drift * step) / math.sqrt(step)
        density = np.exp(-0.5 * gap**2) @ self.mass / math.sqrt(2 * math.pi * step)
        return _Density(nodes=nodes, mass=density * weights, time=time)


_AT_START = _Density(nodes=np.zeros(1), mass=np.ones(1), time=0.0)


def _rule(start: float, stop: float, scale: float) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights of Gauss–Legendre panels fitted to the kernel's scale."""
    panels = max(1, math.ceil((stop - start) / (1.5 * scale)))
    edges = np.linspace(start, stop, panels + 1)
    half = np.diff(edges)[:, None] / 2
    centre = (edges[:-1] + edges[1:])[:, None] / 2
    return (centre + half * _NODES).ravel(), (half * _WEIGHTS).ravel()


def boundaries(
    fractions: Sequence[float], spent: Sequence[float], *, two_sided: bool
) -> FloatArray:
    """Return the upper bound of Z at every look.

    Parameters
    ----------
    fractions : sequence of float
        Information at each look over that at the last, increasing.
    spent : sequence of float
        Probability under the null hypothesis of having crossed *above* by then.
    two_sided : bool
        A study also stops at the mirrored lower bound.

    Notes
    -----
    The crossing probability at a look is an integral over the density of the studies that are
    still going on, which is carried from look to look (Armitage, McPherson & Rowe 1969).
    """
    density, bounds, before = _AT_START, [], 0.0
    for time, until in zip(fractions, spent, strict=True):
        bound = _bound(density, time, until - before)
        bounds.append(bound)
        before = until
        density = density.onward(-bound if two_sided else -math.inf, bound, time, 0.0)
    return np.array(bounds)


def _bound(density: _Density, time: float, spend: float) -> float:
    """Return the bound that is crossed with the probability to be spent at a look."""
    if spend <= 1e-300:
        return math.inf
    highest = 40.0

    def short(at: float) -> float:
        return math.log(max(density.above(at, time, 0.0), 1e-320)) - math.log(spend)

    if short(-_REACH) < 0:
        return -_REACH
    return float(brentq(short, -_REACH, highest, xtol=1e-13, rtol=1e-14))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Crossing:
    """Probabilities of stopping at each look; arrays of shape (looks,)."""

    above: FloatArray
    below: FloatArray


def crossing(
    fractions: Sequence[float], bounds: Sequence[float], *, drift: float, two_sided: bool
) -> Crossing:
    """Return the probability of crossing at each look.

    `drift` is the expected Z at information fraction 1.
    """
    density, above, below = _AT_START, [], []
    for time, bound in zip(fractions, bounds, strict=True):
        low = -bound if two_sided else -math.inf
        above.append(density.above(bound, time, drift))
        below.append(density.below(low, time, drift))
        density = density.onward(low, bound, time, drift)
    return Crossing(above=np.array(above), below=np.array(below))


def stagewise_tail(
    fractions: Sequence[float],
    bounds: Sequence[float],
    *,
    statistic: float,
    drift: float,
    two_sided: bool,
) -> float:
    """Return the probability of a result at least as high in the stage-wise order.

    Results are ordered by the look at which a study stopped, then by Z: crossing above early is
    highest, crossing below early lowest. `fractions` run to the look of stopping, `bounds` to
    the one before.
    """
    density, higher = _AT_START, 0.0
    for time, bound in zip(fractions[:-1], bounds, strict=True):
        higher += density.above(bound, time, drift)
        low = -bound if two_sided else -math.inf
        density = density.onward(low, bound, time, drift)
    return higher + density.above(statistic, fractions[-1], drift)
