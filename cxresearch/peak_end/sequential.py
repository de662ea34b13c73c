"""Looks at a study before its end: group-sequential bounds, tests and estimates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import special, stats
from scipy.optimize import brentq

from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_fraction
from cxresearch.errors import CxError
from cxresearch.peak_end._boundaries import (
    SPENDINGS,
    Spending,
    boundaries,
    spent_by,
    stagewise_tail,
)
from cxresearch.peak_end.looks import check_looks
from cxresearch.results import Result, in_tidy_order

Alternative = Literal["two_sided", "greater", "less"]
ALTERNATIVES: tuple[Alternative, ...] = ("two_sided", "greater", "less")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SequentialBoundsResult(Result):
    """How large an effect must look at each planned look for a study to stop.

    Attributes
    ----------
    bounds : DataFrame
        One row a look: term ("look_1", …), estimate (bound of ``|Z|``, or of Z in the direction
        of a one-sided test), fraction (of the planned information), p_nominal (p below which
        the study stops), spent (error rate spent until then).
    spending : str
        "obrien_fleming" or "pocock".
    alternative : str
        "two_sided", "greater" or "less".
    confidence_level : float
        1 less the error rate over all looks.
    n : int
        Looks.
    """

    bounds: pd.DataFrame
    spending: str
    alternative: str
    confidence_level: float
    n: int

    def tidy(self) -> pd.DataFrame:
        """Return one row a look."""
        return in_tidy_order(self.bounds)

    def glance(self) -> pd.DataFrame:
        """Return the plan, one row."""
        return pd.DataFrame(
            {
                "n": [self.n],
                "spending": [self.spending],
                "alternative": [self.alternative],
                "confidence_level": [self.confidence_level],
            }
        )


def sequential_bounds(
    fractions: Sequence[float],
    *,
    spending: Spending = "obrien_fleming",
    alternative: Alternative = "two_sided",
    confidence_level: float = 0.95,
) -> SequentialBoundsResult:
    r"""Return the bounds at planned looks that keep the error rate over all of them.

    With α the error rate of one side (half of ``1 − confidence_level`` when two-sided), so much
    is spent until the fraction t of the information:

    - O'Brien–Fleming type: ``2 − 2 Φ(z_{α/2}/√t)``, strict early, close to a single test late;
    - Pocock type: ``α log(1 + (e − 1) t)``, about even.

    Parameters
    ----------
    fractions : sequence of float
        Planned information at each look over the planned total (people, as a rule), increasing,
        above 0, at most 1.
    spending : {"obrien_fleming", "pocock"}
    alternative : {"two_sided", "greater", "less"}
    confidence_level : float
        Between 0.5 and 1.

    Returns
    -------
    SequentialBoundsResult

    Raises
    ------
    CxError
        Fractions are empty, do not increase or leave 0 to 1; an option is not allowed.

    Notes
    -----
    Agrees with R: ``rpact::getDesignGroupSequential(typeOfDesign = "asOF")``, ``"asP"``; also
    ldbounds and gsDesign. The recursion is integrated to about 1e-10.

    References
    ----------
    Lan, K. K. G., & DeMets, D. L. (1983). Discrete sequential boundaries for clinical trials.
    Biometrika 70, 659–663. https://doi.org/10.1093/biomet/70.3.659

    Armitage, P., McPherson, C. K., & Rowe, B. C. (1969). Repeated significance tests on
    accumulating data. Journal of the Royal Statistical Society A 132, 235–244.
    https://doi.org/10.2307/2343787

    Examples
    --------
    >>> found = sequential_bounds([0.2, 0.4, 0.6, 0.8, 1.0])
    >>> found.bounds["estimate"].round(3).tolist()
    [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    check_choice("spending", spending, SPENDINGS)
    check_choice("alternative", alternative, ALTERNATIVES)
    check_fraction("confidence_level", confidence_level, low=0.5)
    planned = check_looks_planned(fractions)
    rule = _Rule(spending=spending, alternative=alternative)
    error_rate = 1 - confidence_level
    bounds = rule.bounds(planned, error_rate)
    return SequentialBoundsResult(
        bounds=pd.DataFrame(
            {
                "term": _names(len(planned)),
                "estimate": bounds,
                "fraction": planned,
                "p_nominal": rule.sides * special.ndtr(-bounds),
                "spent": rule.sides * np.array(rule.spent(planned, error_rate)),
            }
        ),
        spending=spending,
        alternative=alternative,
        confidence_level=confidence_level,
        n=len(planned),
    )


def check_looks_planned(fractions: Sequence[float]) -> FloatArray:
    """Return planned fractions of information when they increase between 0 and 1.

    Raises
    ------
    CxError
        They do not.
    """
    planned = np.asarray(fractions, dtype=float).ravel()
    told = [float(value) for value in planned]
    if not len(planned):
        raise CxError("fractions: no look is planned; give e.g. [0.5, 1.0]")
    if not (np.isfinite(planned).all() and planned[0] > 0 and planned[-1] <= 1):
        raise CxError(f"fractions must lie above 0 and be at most 1; got {told}")
    if (np.diff(planned) <= 0).any():
        raise CxError(f"fractions must increase from look to look; got {told}")
    return planned


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SequentialResult(Result):
    """A study that was looked at several times.

    Attributes
    ----------
    looks : DataFrame
        One row a look: term ("look_1", …), estimate, std_error, statistic (Z of the same p),
        df, p_value (of that look alone), p_adjusted (repeated p: the smallest error rate over
        all looks at which the study would stop here), conf_low, conf_high (repeated interval:
        holds at all looks together), n, fraction, bound, p_nominal, spent, crossed.
    final : DataFrame
        One row where the study is over: term "difference", estimate (median unbiased),
        p_value and conf_low, conf_high in the stage-wise order, n; empty while it goes on.
    verdict : str
        "stopped" (a bound was crossed), "not_crossed" (all looks are done and none was) or
        "going_on".
    stopped_at : int
        Look at which a bound was crossed, from 1; 0 for none.
    spending, alternative : str
    confidence_level : float
        1 less the error rate over all looks.
    n : int
        Looks.
    notes : tuple of str
        Codes: "looks_after_stop:n", "more_than_planned", "less_than_planned".
    """

    looks: pd.DataFrame
    final: pd.DataFrame
    verdict: str
    stopped_at: int
    spending: str
    alternative: str
    confidence_level: float
    n: int
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Return one row a look."""
        return in_tidy_order(self.looks)

    def glance(self) -> pd.DataFrame:
        """Return the decision and the estimate at the end, one row."""
        final = self.final.iloc[0] if len(self.final) else None
        return pd.DataFrame(
            {
                "n": [self.n],
                "verdict": [self.verdict],
                "stopped_at": [self.stopped_at],
                "estimate": [math.nan if final is None else final["estimate"]],
                "p_value": [math.nan if final is None else final["p_value"]],
            }
        )


def sequential_test(
    looks: pd.DataFrame,
    *,
    planned_n: float | None = None,
    finished: bool = False,
    spending: Spending = "obrien_fleming",
    alternative: Alternative = "two_sided",
    confidence_level: float = 0.95,
) -> SequentialResult:
    r"""Test an effect that was looked at several times, at one error rate over all looks.

    At each look the p-value of the data so far is compared with a bound that spends a part of
    the error rate (`sequential_bounds`). Beside it:

    - the *repeated* interval ``estimate ± b_k se``, which covers at all looks together,
      whatever makes the study stop;
    - once the study is over, p-value, median-unbiased estimate and interval in the *stage-wise*
      order: stopping early counts as stronger than stopping late. The plain estimate of a study
      that stopped early is too large.

    Parameters
    ----------
    looks : DataFrame
        One row a look, each on *all* data so far: ``estimate``, ``std_error``, ``fraction``
        (of the planned information) or ``n`` with `planned_n`; optional ``df`` of a t test.
        `interim_looks` makes it from the data.
    planned_n : float, optional
        People planned in all; then ``fraction = n/planned_n``.
    finished : bool
        The study is over although less was gathered than planned: the last look spends all
        that is left of the error rate.
    spending : {"obrien_fleming", "pocock"}
    alternative : {"two_sided", "greater", "less"}
    confidence_level : float
        Between 0.5 and 1.

    Returns
    -------
    SequentialResult
        Looks after the bound was crossed are kept, and play no part.

    Raises
    ------
    CxError
        A column is missing, fractions do not increase, a standard error is not positive, an
        option is not allowed.

    Notes
    -----
    Agrees with R: rpact's ``getRepeatedConfidenceIntervals``, ``getRepeatedPValues``,
    ``getFinalConfidenceInterval`` and ``getFinalPValue``; two-sided with ``mvtnorm::pmvnorm``.
    A t statistic enters as the normal quantile of its p-value. With 20 looks at no effect the
    test rejects in 5.1% of 20,000 simulated studies (Pocock type 5.2%), naive tests in 25.2%;
    of 1,000 studies with five looks and an effect of 0.3 the final interval covers in 96.6%
    (``benchmarks/sequential.py``).

    References
    ----------
    Jennison, C., & Turnbull, B. W. (1999). Group sequential methods with applications to
    clinical trials. Chapman & Hall. https://doi.org/10.1201/9780367805326

    Tsiatis, A. A., Rosner, G. L., & Mehta, C. R. (1984). Exact confidence intervals following a
    group sequential test. Biometrics 40, 797–803. https://doi.org/10.2307/2530924

    Examples
    --------
    >>> looks = pd.DataFrame({
    ...     "estimate": [0.9, 0.8], "std_error": [0.36, 0.25], "n": [60, 120],
    ... })
    >>> found = sequential_test(looks, planned_n=120)
    >>> found.verdict, found.stopped_at
    ('stopped', 2)
    """
    check_choice("spending", spending, SPENDINGS)
    check_choice("alternative", alternative, ALTERNATIVES)
    check_fraction("confidence_level", confidence_level, low=0.5)
    table = check_looks(looks, planned_n=planned_n)
    rule = _Rule(spending=spending, alternative=alternative, finished=finished)
    error_rate = 1 - confidence_level
    fractions = table["fraction"].to_numpy()
    bounds = rule.bounds(fractions, error_rate)
    statistic = _as_normal(table)
    crossed = rule.toward(statistic) >= bounds
    stopped_at = int(np.argmax(crossed)) + 1 if crossed.any() else 0
    told = _told_looks(table, statistic, rule, bounds, error_rate)
    over = finished or fractions[-1] >= 1
    verdict = "stopped" if stopped_at else "not_crossed" if over else "going_on"
    last = stopped_at or len(table)
    return SequentialResult(
        looks=told,
        final=_final(told, rule, bounds, error_rate, last) if verdict != "going_on" else _NONE,
        verdict=verdict,
        stopped_at=stopped_at,
        spending=spending,
        alternative=alternative,
        confidence_level=confidence_level,
        n=len(table),
        notes=_notes(fractions, last, finished=finished),
    )


_NONE = pd.DataFrame(
    columns=["term", "estimate", "p_value", "conf_low", "conf_high", "n"], dtype=float
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Rule:
    """How the error rate is spent, and on which side."""

    spending: Spending
    alternative: Alternative
    finished: bool = False

    @property
    def sides(self) -> int:
        return 2 if self.alternative == "two_sided" else 1

    def spent(self, fractions: FloatArray, error_rate: float) -> list[float]:
        """Return what is spent on one side until each look."""
        own = error_rate / self.sides
        spent = [spent_by(float(t), own, self.spending) for t in fractions]
        return [*spent[:-1], own] if self.finished else spent

    def bounds(self, fractions: FloatArray, error_rate: float) -> FloatArray:
        """Return the bound of each look."""
        spent = self.spent(fractions, error_rate)
        return boundaries(list(fractions), spent, two_sided=self.sides == 2)

    def toward(self, statistic: FloatArray) -> FloatArray:
        """Return the statistic so that large values speak for the alternative."""
        if self.alternative == "two_sided":
            return np.abs(statistic)
        return statistic if self.alternative == "greater" else -statistic


def _names(count: int) -> list[str]:
    return [f"look_{number}" for number in range(1, count + 1)]


def _as_normal(table: pd.DataFrame) -> FloatArray:
    """Return the normal quantile that has the p-value of each look's t statistic."""
    t = (table["estimate"] / table["std_error"]).to_numpy()
    upper = stats.t.logsf(np.abs(t), table["df"].to_numpy())
    normal: FloatArray = np.sign(t) * -special.ndtri_exp(upper)
    return normal


def _told_looks(
    table: pd.DataFrame,
    statistic: FloatArray,
    rule: _Rule,
    bounds: FloatArray,
    error_rate: float,
) -> pd.DataFrame:
    df, fractions = table["df"].to_numpy(), table["fraction"].to_numpy()
    level = special.ndtr(-bounds)
    half = stats.t.isf(level, df) * table["std_error"].to_numpy()
    estimate = table["estimate"].to_numpy()
    low, high = estimate - half, estimate + half
    toward = rule.toward(statistic)
    return in_tidy_order(
        pd.DataFrame(
            {
                "term": _names(len(table)),
                "estimate": estimate,
                "std_error": table["std_error"].to_numpy(),
                "statistic": statistic,
                "df": df,
                "p_value": rule.sides * special.ndtr(-toward),
                "p_adjusted": _repeated_p(fractions, toward, rule),
                "conf_low": -math.inf if rule.alternative == "less" else low,
                "conf_high": math.inf if rule.alternative == "greater" else high,
                "n": table["n"].to_numpy(),
                "fraction": fractions,
                "bound": bounds,
                "p_nominal": rule.sides * level,
                "spent": rule.sides * np.array(rule.spent(fractions, error_rate)),
                "crossed": toward >= bounds,
            }
        )
    )


def _repeated_p(fractions: FloatArray, toward: FloatArray, rule: _Rule) -> FloatArray:
    """Return at each look the error rate whose bound the statistic would just reach."""
    found = np.full(len(fractions), np.nan)
    for look in range(len(fractions)):
        early = fractions[: look + 1]
        whole = rule.finished and look + 1 < len(fractions)
        own = _Rule(spending=rule.spending, alternative=rule.alternative) if whole else rule

        def short(
            logit: float, early: FloatArray = early, own: _Rule = own, at: float = toward[look]
        ) -> float:
            return float(own.bounds(early, float(special.expit(logit)))[-1]) - at

        found[look] = _root(short)
    return found


def _root(short: Callable[[float], float]) -> float:
    """Return the error rate at which a decreasing function of its logit is 0."""
    low, high = -30.0, 14.0
    if short(low) < 0:
        return 0.0
    if not short(high) < 0:
        return 1.0
    return float(special.expit(brentq(short, low, high, xtol=1e-9)))


def _final(
    told: pd.DataFrame, rule: _Rule, bounds: FloatArray, error_rate: float, last: int
) -> pd.DataFrame:
    """Return estimate, interval and p of a study that is over, in the stage-wise order."""
    row = told.iloc[last - 1]
    flip = -1.0 if rule.alternative == "less" else 1.0
    fractions = told["fraction"].to_numpy()[:last]
    z = flip * float(row["statistic"])
    # On this scale of the error the statistic is the estimate's own, also with few people.
    error = flip * float(row["estimate"]) / z if abs(z) > 1e-6 else float(row["std_error"])

    def tail(drift: float) -> float:
        return stagewise_tail(
            list(fractions), list(bounds[: last - 1]), statistic=z, drift=drift,
            two_sided=rule.sides == 2,
        )  # fmt: skip

    upper = tail(0.0)
    p_value = upper if rule.sides == 1 else min(1.0, 2 * min(upper, 1 - upper))
    scale = error * math.sqrt(fractions[-1])
    middle, low, high = (
        scale * _drift(tail, level, z / math.sqrt(fractions[-1]))
        for level in (0.5, error_rate / rule.sides, 1 - error_rate / rule.sides)
    )
    if rule.sides == 1:
        high = math.inf
    ends = sorted((flip * low, flip * high))
    return pd.DataFrame(
        {
            "term": ["difference"],
            "estimate": [flip * middle],
            "p_value": [p_value],
            "conf_low": [ends[0]],
            "conf_high": [ends[1]],
            "n": [float(row["n"])],
        }
    )


def _drift(tail: Callable[[float], float], level: float, near: float) -> float:
    """Return the drift at which results at least as high have the probability `level`."""
    reach = 6.0
    while tail(near - reach) > level:
        reach *= 2
    low, reach = near - reach, 6.0
    while tail(near + reach) < level:
        reach *= 2
    return float(brentq(lambda drift: tail(drift) - level, low, near + reach, xtol=1e-10))


def _notes(fractions: FloatArray, last: int, *, finished: bool) -> tuple[str, ...]:
    notes = [f"looks_after_stop:{len(fractions) - last}"] if last < len(fractions) else []
    if fractions[-1] > 1:
        notes.append("more_than_planned")
    if finished and fractions[-1] < 1:
        notes.append("less_than_planned")
    return tuple(notes)
