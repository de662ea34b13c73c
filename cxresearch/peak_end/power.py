"""Power of t tests in closed form, to check simulated designs against."""

from __future__ import annotations

import math

from scipy import special, stats
from scipy.optimize import brentq

from cxresearch._validate import check_fraction
from cxresearch.errors import CxError


def t_test_power(
    effect_size: float, n: float, *, paired: bool = False, confidence_level: float = 0.95
) -> float:
    r"""Return the power of a two-sided t test.

    ``P(|T| > t_crit)`` with T noncentral t, noncentrality ``d √n`` (paired) or ``d √(n/2)``.

    Parameters
    ----------
    effect_size : float
        d: mean difference over the standard deviation (of differences when `paired`).
    n : float
        Pairs, or people in *each* group; above 1.
    paired : bool
    confidence_level : float
        Between 0 and 1.

    Notes
    -----
    Agrees with R: ``pwr::pwr.t.test(n, d, type =, alternative = "two.sided")`` wherever the far
    tail is negligible; pwr leaves that tail out.

    References
    ----------
    Cohen, J. (1988). Statistical power analysis for the behavioral sciences (2nd ed.).
    https://doi.org/10.4324/9780203771587

    Examples
    --------
    >>> round(t_test_power(0.3, 100), 4)
    0.5601
    """
    check_fraction("confidence_level", confidence_level)
    if not n > 1:
        raise CxError(f"n must be above 1; got {n!r}")
    df = n - 1 if paired else 2 * n - 2
    shift = abs(effect_size) * math.sqrt(n if paired else n / 2)
    return noncentral_power(shift, df, confidence_level=confidence_level)


def noncentral_power(shift: float, df: float, *, confidence_level: float = 0.95) -> float:
    """Return ``P(|T| > t_crit)`` of a noncentral t with noncentrality `shift`.

    Examples
    --------
    >>> round(noncentral_power(0.3 * 50**0.5, 198), 4)
    0.5601
    """
    critical = float(stats.t.ppf((1 + confidence_level) / 2, df))
    above = 1 - float(special.nctdtr(df, abs(shift), critical))
    return above + float(special.nctdtr(df, abs(shift), -critical))


def t_test_sample_size(
    effect_size: float,
    *,
    power: float = 0.8,
    paired: bool = False,
    confidence_level: float = 0.95,
) -> float:
    """Return the n (pairs, or people in each group) at which a t test has the power wanted.

    Parameters
    ----------
    effect_size : float
        d, not 0.
    power : float
        Between ``1 − confidence_level`` and 1.
    paired : bool
    confidence_level : float

    Returns
    -------
    float
        Not rounded; take the next whole number.

    Raises
    ------
    CxError
        The effect is 0 or so small that more than 10 million would be needed.

    Notes
    -----
    Agrees with R: ``pwr::pwr.t.test(d =, power =)``.

    Examples
    --------
    >>> round(t_test_sample_size(0.3), 2), round(t_test_sample_size(0.3, paired=True), 2)
    (175.38, 89.15)
    """
    check_fraction("confidence_level", confidence_level)
    check_fraction("power", power, low=1 - confidence_level)

    def lacking(n: float) -> float:
        return (
            t_test_power(effect_size, n, paired=paired, confidence_level=confidence_level)
            - power
        )

    low, high = 2.0, 4.0
    if lacking(low) >= 0:
        return low
    while lacking(high) < 0:
        high *= 2
        if high > 1e7:
            raise CxError(f"an effect of {effect_size!r} is too small to be found by any study")
    return float(brentq(lacking, low, high, xtol=1e-9))
