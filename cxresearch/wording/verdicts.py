"""Plain words for coefficients that are read against a convention."""

from __future__ import annotations

import math

CONSISTENT, QUESTIONABLE = 0.70, 0.60
"""Alpha from which a dimension counts as consistent, and as questionable; below it is weak."""


def consistency(alpha: float) -> str:
    """Return the plain word for alpha, as a key of ``quality``; ``""`` where undefined.

    The coefficient is judged as it is shown, with two decimals: what reads .70 is consistent.

    Examples
    --------
    >>> consistency(0.697), consistency(0.64), consistency(0.41)
    ('consistent', 'questionable', 'weak')
    """
    if math.isnan(alpha):
        return ""
    shown = round(alpha, 2)
    if shown >= CONSISTENT:
        return "consistent"
    return "questionable" if shown >= QUESTIONABLE else "weak"
