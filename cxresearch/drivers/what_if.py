"""What if: the change in the outcome that goes with a change in a driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from cxresearch._types import FloatArray
from cxresearch._validate import check_count, check_names
from cxresearch.drivers._model_columns import build_columns, numbers
from cxresearch.drivers._model_data import positive_weights
from cxresearch.drivers._model_errors import critical_value, two_sided_p
from cxresearch.drivers._model_fits import with_intercept
from cxresearch.drivers.models import DriverModelResult
from cxresearch.errors import CxError
from cxresearch.results import Result, in_tidy_order

DRAWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Everybody rates a driver `by` points higher (lower if negative), up to the end."""

    driver: str
    by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """A `share` of those who rate a driver `below` or lower come to rate it `to`."""

    driver: str
    below: float
    to: float
    share: float = 0.5


Scenario = Shift | Lift


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WhatIfResult(Result):
    """Expected change of the outcome in each scenario.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a scenario: term (driver), group (``shift`` or ``lift``), estimate (change of
        the mean outcome: its units; share of the event, binary; NPS points or class values,
        ordinal), std_error, statistic, df, p_value, conf_low, conf_high, n; then amount (points
        shifted, or the share lifted), below, to (nan for a shift), driver_before, driver_after,
        outcome_before, outcome_after, changed (share of respondents whose rating changes), rank
        (1 = largest gain), prob_first (probability of the largest gain, given the model) and
        note (``"capped_at_scale_end"``).
    outcome, model, n, std_errors, confidence_level, seed
    """

    estimates: pd.DataFrame
    outcome: str
    model: str
    n: int
    std_errors: str
    confidence_level: float
    seed: int

    def tidy(self) -> pd.DataFrame:
        """One row a scenario."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the scenario with the largest gain."""
        best = self.estimates.sort_values("rank").iloc[0]
        return pd.DataFrame(
            [
                {
                    "outcome": self.outcome, "model": self.model, "n": self.n,
                    "scenarios": len(self.estimates), "first": best["term"],
                    "gain": float(best["estimate"]), "prob_first": float(best["prob_first"]),
                }
            ]
        )  # fmt: skip


def expected_change(
    model: DriverModelResult,
    frame: pd.DataFrame,
    *,
    limits: Mapping[str, Sequence[float]],
    scenarios: Sequence[Scenario] | None = None,
    seed: int = 1,
) -> WhatIfResult:
    r"""Expect the change of the mean outcome when ratings of one driver change.

    .. math:: \Delta = \tfrac{1}{\sum w} \sum_i w_i \{E(y \mid x_i^*) - E(y \mid x_i)\}, \quad
        \operatorname{Var}\Delta = g^\top V g, \; g = \partial\Delta/\partial\beta

    Parameters
    ----------
    model : DriverModelResult
    frame : pandas.DataFrame
        The frame the model was fitted to.
    limits : mapping of column to (low, high)
        Ends of the response scale, from the codebook: of every driver in a scenario, and of the
        outcome where its mean must not pass the end. Ratings are never moved beyond them.
    scenarios : sequence of Shift or Lift, optional
        Without: every numeric driver with limits shifted by +0.5.
    seed : int
        Draws for the probability of the largest gain.

    Returns
    -------
    WhatIfResult

    Raises
    ------
    CxError
        A scenario on a driver that is not in the model, is a factor or has no limits; or a
        frame that is not the model's.

    Notes
    -----
    Delta method with the covariance of the model (robust or design-based, as chosen there),
    given the respondents at hand. A shift of respondents who already stand at the end is no
    shift, so the gain is smaller than coefficient × shift. The answers are observed, not
    assigned: that people with better ratings are more satisfied does not show that better
    ratings would make them so.

    R: ``marginaleffects::avg_comparisons`` (binary); ``lincom``-style contrasts (linear).

    References
    ----------
    Oehlert, G. W. (1992). A note on the delta method. *The American Statistician*, 46, 27–29.
    https://doi.org/10.1080/00031305.1992.10475842

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from cxresearch.drivers.models import driver_model
    >>> rng = np.random.default_rng(1)
    >>> stay = pd.DataFrame({"staff": rng.integers(1, 6, 300).astype(float)})
    >>> stay["overall"] = 1 + 0.6 * stay["staff"] + rng.normal(0, 0.5, 300)
    >>> model = driver_model(stay, outcome="overall", drivers=["staff"])
    >>> plan = [Shift(driver="staff", by=1)]
    >>> gain = expected_change(model, stay, limits={"staff": (1, 5)}, scenarios=plan)
    >>> gain.tidy()[["term", "group", "estimate"]].round(1).to_dict("records")
    [{'term': 'staff', 'group': 'shift', 'estimate': 0.5}]
    """
    check_count("seed", seed)
    asked = _default(model, limits) if scenarios is None else list(scenarios)
    base = _Base.of(model, frame)
    found = [_examine(scenario, base, limits) for scenario in asked]
    return WhatIfResult(
        estimates=_table(found, base, limits, seed), outcome=model.outcome, model=model.model,
        n=model.n, std_errors=model.std_errors, confidence_level=model.confidence_level,
        seed=seed,
    )  # fmt: skip


def _default(model: DriverModelResult, limits: Mapping[str, Sequence[float]]) -> list[Scenario]:
    rated = [name for name in model.drivers if name in limits and name not in model.levels]
    if not rated:
        raise CxError(
            "limits names no numeric driver of the model; give the ends of their scales"
        )
    return [Shift(driver=name, by=0.5) for name in rated]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Base:
    """The model and its respondents as they are; weights w (n,) sum to 1."""

    model: DriverModelResult
    rows: pd.DataFrame
    w: FloatArray
    expected: FloatArray
    slopes_of: Callable[[FloatArray], tuple[FloatArray, FloatArray]]

    @classmethod
    def of(cls, model: DriverModelResult, frame: pd.DataFrame) -> _Base:
        terms = (*model.drivers, *model.controls)
        used = [model.outcome, *model.available["term"], *filter(None, [model.weights])]
        check_names("frame", used, [str(c) for c in frame.columns], of="columns")
        x = build_columns(frame, terms, model.levels).values
        complete = ~np.isnan(x).any(axis=1) & frame[model.outcome].notna().to_numpy()
        if int(complete.sum()) != model.n:
            raise CxError(
                f"the model rests on {model.n} respondents and the frame has "
                f"{int(complete.sum())} "
                "complete ones; bring the frame the model was fitted to"
            )
        rows = frame[complete]
        w = positive_weights(rows, model.weights) if model.weights else np.ones(model.n)
        expect = _expectation(model)
        return cls(
            model=model,
            rows=rows,
            w=w / w.sum(),
            expected=expect(x[complete])[0],
            slopes_of=expect,
        )


def _expectation(
    model: DriverModelResult,
) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    """Return what turns columns (n, p) into expected outcome (n,) and gradient (n, k)."""
    b = model.coefficients
    values = np.array(model.class_values)

    def linear(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        full = with_intercept(x)
        return full @ b, full

    def binary(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        full = with_intercept(x)
        event = expit(full @ b)
        return event, full * (event * (1 - event))[:, None]

    def ordinal(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        p, steps = x.shape[1], np.diff(values)
        below = expit(b[p:] - (x @ b[:p])[:, None])
        weight = below * (1 - below) * steps
        return values[-1] - below @ steps, np.hstack([x * weight.sum(axis=1)[:, None], -weight])

    return {"linear": linear, "binary": binary, "ordinal": ordinal}[model.model]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Gain:
    """One scenario: change, its gradient (k,), and what happens to the driver."""

    scenario: Scenario
    change: float
    gradient: FloatArray
    before: float
    after: float
    changed: float


def _examine(scenario: Scenario, base: _Base, limits: Mapping[str, Sequence[float]]) -> _Gain:
    driver = scenario.driver
    model = base.model
    known = [name for name in model.drivers if name not in model.levels and ":" not in name]
    check_names("scenario", [driver], known, of="numeric drivers")
    if driver not in limits:
        raise CxError(
            f"limits: no scale ends for {driver!r}; give (low, high) from the codebook"
        )
    low, high = (float(end) for end in limits[driver])
    values = numbers(base.rows, driver)
    if values.min() < low or values.max() > high:
        raise CxError(
            f"limits of {driver!r}: {low:g} to {high:g}, but the answers go from "
            f"{values.min():g} to "
            f"{values.max():g}"
        )
    changed, share = _moved(scenario, values, low, high)
    terms = (*model.drivers, *model.controls)
    new, gradient_new = base.slopes_of(
        build_columns(base.rows.assign(**{driver: changed}), terms, model.levels).values
    )
    old, gradient_old = base.slopes_of(build_columns(base.rows, terms, model.levels).values)
    return _Gain(
        scenario=scenario,
        change=share * float(base.w @ (new - old)),
        gradient=share * (base.w @ (gradient_new - gradient_old)),
        before=float(base.w @ values),
        after=float(np.clip(base.w @ (values + share * (changed - values)), low, high)),
        changed=share * float(base.w @ (changed != values)),
    )


def _moved(
    scenario: Scenario, values: FloatArray, low: float, high: float
) -> tuple[FloatArray, float]:
    """Ratings after the change, and the share of respondents it happens to."""
    if isinstance(scenario, Shift):
        return np.clip(values + scenario.by, low, high), 1.0
    if not 0 < scenario.share <= 1:
        raise CxError(f"share of {scenario} must be above 0 and at most 1")
    if not low <= scenario.below < scenario.to <= high:
        raise CxError(
            f"{scenario}: below must be under to, both within the scale {low:g} to {high:g}"
        )
    return np.where(values <= scenario.below, scenario.to, values), scenario.share


def _table(
    found: Sequence[_Gain], base: _Base, limits: Mapping[str, Sequence[float]], seed: int
) -> pd.DataFrame:
    model = base.model
    gradient = np.array([gain.gradient for gain in found])
    change = np.array([gain.change for gain in found])
    covariance = gradient @ model.covariance @ gradient.T
    error = np.sqrt(np.maximum(np.diag(covariance), 0))
    df = float(model.estimates["df"].iloc[0])
    reach = critical_value(model.confidence_level, df) * error
    start = float(base.w @ base.expected)
    room_down, room_up = _room(model, start, limits)
    statistic = np.divide(change, error, out=np.full(len(change), np.nan), where=error > 0)
    capped = np.clip(change, room_down, room_up)
    table = pd.DataFrame([_described(gain) for gain in found])
    table = table.assign(
        estimate=capped, std_error=error, statistic=statistic, df=df,
        p_value=two_sided_p(statistic, df),
        conf_low=np.clip(change - reach, room_down, room_up),
        conf_high=np.clip(change + reach, room_down, room_up), n=model.n, outcome_before=start,
        outcome_after=start + capped, rank=np.argsort(np.argsort(-change, kind="stable")) + 1,
        prob_first=_first(change, covariance, seed),
        note=np.where(capped != change, "capped_at_scale_end", ""),
    )  # fmt: skip
    return in_tidy_order(table)


def _room(
    model: DriverModelResult, start: float, limits: Mapping[str, Sequence[float]]
) -> tuple[float, float]:
    if model.class_values:
        return min(model.class_values) - start, max(model.class_values) - start
    low, high = limits.get(model.outcome, (-np.inf, np.inf))
    return float(low) - start, float(high) - start


def _described(gain: _Gain) -> dict[str, object]:
    scenario = gain.scenario
    lift = isinstance(scenario, Lift)
    return {
        "term": scenario.driver, "group": "lift" if lift else "shift",
        "amount": scenario.share if isinstance(scenario, Lift) else scenario.by,
        "below": scenario.below if isinstance(scenario, Lift) else np.nan,
        "to": scenario.to if isinstance(scenario, Lift) else np.nan,
        "driver_before": gain.before, "driver_after": gain.after, "changed": gain.changed,
    }  # fmt: skip


def _first(change: FloatArray, covariance: FloatArray, seed: int) -> FloatArray:
    """Return how often each gain is the largest when coefficients vary as estimated."""
    rng = np.random.default_rng(seed)
    size, axes = np.linalg.eigh(covariance)
    spread = axes * np.sqrt(np.maximum(size, 0))
    draws = change + rng.standard_normal((DRAWS, len(change))) @ spread.T
    first = draws == draws.max(axis=1, keepdims=True)
    return np.asarray((first / first.sum(axis=1, keepdims=True)).mean(axis=0))
