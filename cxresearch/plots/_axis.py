"""Axes with round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of the number line, its ticks and the decimals they need."""

    low: float
    high: float
    ticks: tuple[float, ...]
    decimals: int

    def share(self, value: float) -> float:
        """Return where a value lies, 0 at the low end and 1 at the high end."""
        return (value - self.low) / (self.high - self.low)


def round_axis(
    low: float, high: float, *, most_ticks: int, within: tuple[float, float] | None = None
) -> Axis:
    """Return an axis from one round number to another that holds `low` and `high`.

    Parameters
    ----------
    low, high : float
        Smallest and largest value shown, in axis units.
    most_ticks : int
        At most so many ticks.
    within : tuple of float, optional
        Ends of the response scale: a mean cannot lie outside, so the axis does not either.
    """
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    step = _step((high - low) / (most_ticks - 1))
    start, end = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    while end - start + 1 > most_ticks:
        step = _step(step * 1.01)
        start, end = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ends = (start * step, end * step)
    if within is not None:
        ends = (max(ends[0], within[0]), min(ends[1], within[1]))
    ticks = tuple(
        value
        for value in (round(number * step, 10) for number in range(start, end + 1))
        if ends[0] - 1e-9 <= value <= ends[1] + 1e-9
    )
    return Axis(ends[0], ends[1], ticks, _decimals(step))


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in _STEPS if power * factor >= least * (1 - 1e-9))


def _decimals(step: float) -> int:
    return next(d for d in range(10) if abs(round(step, d) - step) < 1e-9)
