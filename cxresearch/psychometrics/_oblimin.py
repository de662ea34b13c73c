"""Oblimin rotation by gradient projection, until rounding hides what it gains."""

from __future__ import annotations

import numpy as np

from cxresearch._types import FloatArray

_TOLERANCE = 1e-9
_ROUNDS = 2000
_HALVINGS = 11
_LOST_IN_ROUNDING = np.finfo(float).eps


def oblimin(loadings: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return pattern (p, m) and factor correlations (m, m) of rotated loadings (p, m).

    Notes
    -----
    Quartimin (γ = 0), without Kaiser's weights, from the unrotated loadings on. R:
    ``GPArotation::oblimin``. Step by step as in factor_analyzer, which does not notice when the
    gain of a step is lost in rounding and goes on to its limit of rounds.

    References
    ----------
    Jennrich, R. I. (2002). A simple general method for oblique rotation. Psychometrika 67,
    7–19. https://doi.org/10.1007/BF02294706
    """
    turn, step, pattern = np.eye(loadings.shape[1]), 1.0, loadings
    criterion, slope = _oblimin_criterion(pattern)
    ones = np.ones(len(turn))
    for _ in range(_ROUNDS):
        gradient = -(pattern.T @ slope @ np.linalg.inv(turn)).T
        descent = gradient - turn * (ones @ (turn * gradient))
        steepness = np.sqrt(np.trace(descent.T @ descent))
        if steepness < _TOLERANCE or step * steepness < _LOST_IN_ROUNDING:
            break
        step, before = 2 * step, turn
        for _ in range(_HALVINGS):
            turn = before - step * descent
            turn *= 1 / np.sqrt(ones @ turn**2)
            pattern = loadings @ np.linalg.inv(turn).T
            now, slope = _oblimin_criterion(pattern)
            if criterion - now > 0.5 * steepness**2 * step:
                break
            step /= 2
        criterion = now
    return pattern, turn.T @ turn


def _oblimin_criterion(pattern: FloatArray) -> tuple[float, FloatArray]:
    """Return what is made small, and its slope in the loadings."""
    squared = pattern**2
    others = squared @ (1.0 - np.eye(pattern.shape[1]))
    return float((squared * others).sum() / 4), pattern * others
