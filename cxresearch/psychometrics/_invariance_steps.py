"""Climbing the ladder: which rung holds, what is freed where one does not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from cxresearch._validate import check_names
from cxresearch.errors import CxError
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._cfa_model import LOADING, RESIDUAL, FactorModel
from cxresearch.psychometrics._invariance_ladder import (
    Difference,
    Freed,
    Rung,
    Sample,
    difference_of,
    try_rung,
)
from cxresearch.psychometrics._invariance_release import score_tests, search_partial
from cxresearch.psychometrics._mean_slopes import (
    INTERCEPT,
)

Outcome = Literal["holds", "fails", "unclear", "not_estimated"]
Verdict = Literal["comparable", "comparable_partial", "not_comparable", "unclear"]
LEAST_CFI, MOST_RMSEA = 0.90, 0.10
CHANGE_CFI, CHANGE_RMSEA = -0.010, 0.015
CHANGE_SRMR = {"metric": 0.030, "scalar": 0.010, "strict": 0.010}
KIND_NAMES = {LOADING: "loading", INTERCEPT: "intercept", RESIDUAL: "residual"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Step:
    """A rung beside the one it is compared with."""

    name: str
    against: str
    rung: Rung | None
    wider: Rung | None
    difference: Difference | None
    outcome: Outcome


@dataclass(slots=True)
class Climb:
    """What was found on the way up.

    Attributes
    ----------
    steps : dict of str to Step
    searched : bool
        Whether what is freed was found in the same data.
    """

    steps: dict[str, Step] = field(default_factory=dict)
    searched: bool = False

    def rung(self, name: str) -> Rung | None:
        """Return a fitted rung, None where there is none."""
        step = self.steps.get(name)
        return step.rung if step else None

    def holds(self, name: str) -> bool:
        """Whether a rung was fitted and holds."""
        step = self.steps.get(name)
        return step is not None and step.outcome == "holds"

    @property
    def best_scalar(self) -> Rung | None:
        """The rung on which means can be compared, None where they cannot."""
        # What is equal beyond an equality that failed says nothing.
        if self.holds("metric") and self.holds("scalar"):
            return self.rung("scalar")
        if self.loadings_hold and self.holds("partial_scalar"):
            return self.rung("partial_scalar")
        return None

    @property
    def loadings_hold(self) -> bool:
        """Whether loadings are equal, at least all but the freed ones."""
        return self.holds("metric") or self.holds("partial_metric")


def freed_from(partial: Sequence[str], model: FactorModel) -> Freed:
    """Read ``"x3"`` or ``"intercept:x3"``, ``"loading:x3"``, ``"residual:x3"``.

    Raises
    ------
    CxError
        The item is not in the model.
    """
    if isinstance(partial, str):
        raise CxError(f"partial must be a sequence of items, e.g. ('{partial}',)")
    of = {name: kind for kind, name in KIND_NAMES.items()}
    found = set()
    for entry in partial:
        kind, colon, item = entry.partition(":")
        if not colon or kind not in of:
            kind, item = "intercept", entry
        check_names("partial", [item], list(model.items), of="items of the model")
        found.add((of[kind], model.items.index(item)))
    return frozenset(found)


def climb_ladder(
    model: FactorModel, sample: Sample, named: Freed, *, search: bool, level: float
) -> Climb:
    """Fit the rungs one after the other, and a partial one where one does not hold."""
    climb = Climb()
    first = try_rung(model, sample, "configural")
    climb.steps["configural"] = Step(
        name="configural", against="", rung=first, wider=None, difference=None,
        outcome=structure_outcome(first),
    )  # fmt: skip
    metric = _add(
        climb, "metric", "configural", try_rung(model, sample, "metric"), sample, level
    )
    freed = frozenset(f for f in named if f[0] == LOADING)
    base = "metric"
    if metric.rung is not None and (freed or metric.outcome != "holds"):
        partial = _partial(
            model, sample, metric, freed, climb, level, search=search and not named
        )
        if partial is not None:
            _add(climb, "partial_metric", "configural", partial, sample, level)
            base = "partial_metric"
            freed = partial.freed
    scalar = _add(climb, "scalar", "metric", try_rung(model, sample, "scalar"), sample, level)
    top = "scalar"
    wanted = freed | frozenset(f for f in named if f[0] != RESIDUAL)
    if scalar.rung is not None and (wanted or scalar.outcome != "holds"):
        partial = _partial(
            model, sample, replace(scalar, wider=climb.rung(base)), wanted, climb, level,
            search=search and not named,
        )  # fmt: skip
        if partial is not None:
            _add(climb, "partial_scalar", base, partial, sample, level)
            top = "partial_scalar"
    found = climb.rung(top)
    all_freed = frozenset(named) | (found.freed if found else frozenset())
    strict = try_rung(model, sample, "strict", all_freed if top != "scalar" else named)
    _add(climb, "strict", top, strict, sample, level)
    return climb


def _partial(
    model: FactorModel, sample: Sample, failed: Step, freed: Freed, climb: Climb, level: float,
    *, search: bool,
) -> Rung | None:  # fmt: skip
    """Free what is named; else what score tests point at until the rung holds."""
    tight, wider = failed.rung, failed.wider
    if tight is None or wider is None:
        return None
    start = try_rung(model, sample, tight.level, freed) if freed else tight
    if not search:
        return start if freed else None

    def good(rung: Rung) -> bool:
        difference = difference_of(rung, wider, sample)
        return outcome_of(rung, wider, difference, level) == "holds"

    if start is None or (freed and good(start)):
        return start
    kind = LOADING if tight.level == "metric" else INTERCEPT
    found = search_partial(model, sample, start, kind=kind, good=good)
    if found is not None:
        climb.searched = True
    return found


def _add(
    climb: Climb, name: str, against: str, rung: Rung | None, sample: Sample, level: float
) -> Step:
    wider = climb.rung(against)
    difference = None
    outcome: Outcome = "not_estimated"
    if rung is not None and wider is not None and rung.df > wider.df:
        difference = difference_of(rung, wider, sample)
        outcome = outcome_of(rung, wider, difference, level)
    step = Step(
        name=name, against=against, rung=rung, wider=wider, difference=difference,
        outcome=outcome,
    )  # fmt: skip
    climb.steps[name] = step
    return step


def structure_outcome(rung: Rung | None) -> Outcome:
    """Whether the factors describe the answers at all."""
    if rung is None:
        return "not_estimated"
    good = rung.indices.cfi >= LEAST_CFI and rung.indices.rmsea <= MOST_RMSEA
    return "holds" if good else "fails"


def outcome_of(rung: Rung, wider: Rung, difference: Difference, level: float) -> Outcome:
    """Whether the χ² difference and the fall of CFI say the same."""
    if not math.isfinite(difference.p_value):
        return "unclear"
    rejected = difference.p_value < 1 - level
    worse = rung.indices.cfi - wider.indices.cfi <= CHANGE_CFI
    if rejected and worse:
        return "fails"
    return "unclear" if rejected or worse else "holds"


def verdict_of(climb: Climb) -> tuple[Verdict, tuple[str, ...]]:
    """Return whether means can be compared, and the codes that say why."""
    steps = climb.steps
    reasons = [
        f"{name}_{step.outcome}" for name, step in steps.items()
        if step.outcome != "holds" and name != "strict"
    ]  # fmt: skip
    if steps["configural"].outcome != "holds":
        return "unclear", tuple(reasons)
    best = climb.best_scalar
    if best is not None:
        return ("comparable_partial" if best.freed else "comparable"), tuple(reasons)
    tried = (
        ("metric", "partial_metric")
        if not climb.loadings_hold
        else ("scalar", "partial_scalar")
    )
    last = [steps[name].outcome for name in tried if name in steps]
    return ("not_comparable" if last[-1] == "fails" else "unclear"), tuple(reasons)


def ladder_table(climb: Climb, sample: Sample) -> pd.DataFrame:
    """Return one row a rung, see `InvarianceResult.ladder`."""
    rows = [_row(step, sample) for step in climb.steps.values()]
    return table_of({name: [row[name] for row in rows] for name in rows[0]})


def _row(step: Step, sample: Sample) -> dict[str, Any]:
    rung, wider, gap = step.rung, step.wider, step.difference
    nan = math.nan
    log_likelihood = rung.fit.log_likelihood if rung else nan
    count = rung.fit.layout.count if rung else nan
    both = rung is not None and wider is not None
    change = {
        name: _index(rung, name) - _index(wider, name) if both else nan
        for name in ("cfi", "rmsea", "srmr")
    }
    most = CHANGE_SRMR.get(step.name.removeprefix("partial_"), nan)
    return {
        "term": step.name,
        "group": step.against,
        "statistic": gap.statistic if gap else nan,
        "df": float(gap.df) if gap else nan,
        "p_value": gap.p_value if gap else nan,
        "n": float(sample.n),
        "chi2": rung.chi2 / rung.scaling if rung else nan,
        "chi2_df": float(rung.df) if rung else nan,
        "chi2_p_value": rung.indices.p_value if rung else nan,
        "scaling": rung.scaling if rung else nan,
        "cfi": _index(rung, "cfi"),
        "tli": _index(rung, "tli"),
        "rmsea": _index(rung, "rmsea"),
        "rmsea_low": _index(rung, "rmsea_low"),
        "rmsea_high": _index(rung, "rmsea_high"),
        "srmr": _index(rung, "srmr"),
        "aic": -2 * log_likelihood + 2 * count,
        "bic": -2 * log_likelihood + math.log(sample.n) * count,
        "change_cfi": change["cfi"],
        "change_rmsea": change["rmsea"],
        "change_srmr": change["srmr"],
        "worse_cfi": bool(change["cfi"] <= CHANGE_CFI),
        "worse_rmsea": bool(change["rmsea"] >= CHANGE_RMSEA),
        "worse_srmr": bool(change["srmr"] >= most),
        "method": gap.method if gap else "",
        "outcome": step.outcome,
    }


def _index(rung: Rung | None, name: str) -> float:
    if rung is None:
        return math.nan
    return rung.srmr if name == "srmr" else float(getattr(rung.indices, name))


def release_table(climb: Climb, model: FactorModel, sample: Sample) -> pd.DataFrame:
    """Return the score test of each equality, see `InvarianceResult.releases`."""
    columns = ("term", "group", "statistic", "df", "p_value", "n", "parameter", "freed")
    rows: list[tuple[Any, ...]] = []
    found = climb.best_scalar or climb.rung("partial_scalar")
    freed = found.freed if found is not None else frozenset()
    for name, kind in (("metric", LOADING), ("scalar", INTERCEPT)):
        rung = climb.rung(name)
        for test in score_tests(rung, sample, kind) if rung is not None else ():
            factor = model.factors[test.factor] if test.factor >= 0 else ""
            tested = (test.statistic, float(test.df), test.p_value, float(sample.n))
            is_freed = (kind, test.item) in freed
            rows.append((model.items[test.item], factor, *tested, KIND_NAMES[kind], is_freed))
    return table_of({c: [row[i] for row in rows] for i, c in enumerate(columns)})


def heywood_notes(rung: Rung | None, names: Sequence[str]) -> list[str]:
    """Return ``"heywood:Q3:B"`` for residual variances that are not positive."""
    if rung is None:
        return []
    free = rung.fit.layout.model.free
    own = np.flatnonzero((free.matrix == RESIDUAL) & (free.row == free.column))
    items = rung.fit.layout.model.items
    return [
        f"heywood:{items[free.row[j]]}:{name}"
        for name, values in zip(names, rung.fit.full, strict=True)
        for j in own
        if values[j] <= 0
    ]
