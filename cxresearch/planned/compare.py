"""A plan against what was done: as planned, changed, not done, or not in the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.planned.lock import PlanVersion
from cxresearch.planned.model import (
    AnalysisPlan,
    ElementKey,
    Hypothesis,
    ratio_words,
    value_words,
)
from cxresearch.results import Result, in_tidy_order

_WHOLE = ("", "all")
"""Groups of rows that are about everybody."""
_SEQUENTIAL = ("sequential", "sequential_test", "always_valid")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlanComparisonResult(Result):
    """Every planned element, and what became of it.

    Attributes
    ----------
    estimates : DataFrame
        One row an element: term (its name), group ("hypothesis", "primary_outcome",
        "conditions", "sample_size", "parameter", "exclusion", "smallest_effect", "alpha",
        "looks", "analysis"), status ("planned", "changed", "not_done", "exploratory"), when
        ("before_data", "after_data", "not_stated"; "" unless changed), planned (in the first
        locked version), done, reason (of the amendment), kinds (of the results that a
        hypothesis or analysis is about) and row (the row of them, or the contrast).
    confirmatory : tuple of str
        Hypotheses that were planned before the data, and tested as planned.
    plan_sha256 : str
        Hash of the plan in force.
    locked : str
        When the first version was locked, UTC; "" where the plan was never locked.
    before_data : bool
        No data file was there when the first version was locked.
    edited : bool
        The plan file differs from the last version that was locked.
    n_versions : int
    offset : str
        How far the clock of the computer was set from UTC then; "" where it was not kept.
    commit, committed : str
        The git commit that held the first version, and its time, UTC; "" for none.
    """

    estimates: pd.DataFrame
    confirmatory: tuple[str, ...]
    plan_sha256: str
    locked: str
    before_data: bool
    edited: bool
    n_versions: int
    offset: str = ""
    commit: str = ""
    committed: str = ""

    def tidy(self) -> pd.DataFrame:
        """Return one row an element."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """Return how many elements were done as planned, changed and so on, one row."""
        return pd.DataFrame(
            {
                "planned": [self.count("planned")],
                "changed": [self.count("changed")],
                "changed_after_data": [self.count("changed", when="after_data")],
                "not_done": [self.count("not_done")],
                "exploratory": [self.count("exploratory")],
                "confirmatory": [len(self.confirmatory)],
                "locked": [self.locked],
                "before_data": [self.before_data],
            }
        )

    def count(self, status: str, *, when: str | None = None) -> int:
        """Return the number of elements with a status."""
        rows = self.estimates[self.estimates["status"] == status]
        return len(rows if when is None else rows[rows["when"] == when])

    def is_confirmatory(self, kind: str, *, term: str = "", group: str = "") -> bool:
        """Tell whether a row of a result answers a confirmatory hypothesis."""
        return self.confirms()(kind, term, group)

    def confirms(self) -> Callable[[str, str, str], bool]:
        """Return `is_confirmatory` as a function of kind, term and group, for many rows."""
        elements = rows_of(self.estimates)
        own = [one for one in elements if one.term in self.confirmatory]
        looked = all(one.status == "planned" for one in elements if one.group == "looks")
        # A sequential test is about the same difference, at the looks that were planned.
        in_time = looked and any("conditions" in one.kinds.split() for one in own)
        named = [
            (str(one.kinds).split(), str(one.row)) for one in own if one.group == "hypothesis"
        ]

        def told(kind: str, term: str, group: str) -> bool:
            if kind in _SEQUENTIAL:
                return in_time
            return any(kind in kinds and _is_row(row, term, group) for kinds, row in named)

        return told


def _is_row(row: str, term: str, group: str) -> bool:
    """Tell whether a row of a result is the one a hypothesis names, whatever its sign."""
    if not row:
        return True
    if " − " in row:
        turned = " − ".join(reversed(group.split(" − ")))
        return " − " not in group or row in (group, turned)
    return row == group or (row == term and group in _WHOLE)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Done:
    """What was done.

    Attributes
    ----------
    results : sequence of Result
        The analyses that are reported.
    parameters : mapping
        Parameters and the values they had.
    exclusions : sequence of str
        Rules that were applied, in words.
    conditions : mapping of str to float
        Conditions that occur, with the planned ratio of the analysis; empty: not looked at.
    participants : int or None
        People (respondents) that were read; None: not looked at.
    """

    results: Sequence[Result] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    exclusions: Sequence[str] = ()
    conditions: Mapping[str, float] = field(default_factory=dict)
    participants: int | None = None


def compare_plan(
    plan: AnalysisPlan,
    done: Done,
    *,
    versions: Sequence[tuple[PlanVersion, AnalysisPlan]] = (),
) -> PlanComparisonResult:
    """Set a plan against what was done.

    Parameters
    ----------
    plan : AnalysisPlan
        The plan in force: the file as it is now.
    done : Done
    versions : sequence of (PlanVersion, AnalysisPlan)
        Every locked version, first to last.

    Returns
    -------
    PlanComparisonResult

    Notes
    -----
    An element is *planned* where the first locked version, the plan in force and what was done
    agree; *changed* where they do not: by an amendment (before or after the data were there, as
    its lock says), or without one (``when`` is "not_stated"). *Not done* is what the plan in
    force names and nobody did; *exploratory* every reported analysis that no hypothesis names.
    A hypothesis is *confirmatory* only where the plan was locked before the data and the
    hypothesis did not change after them.

    References
    ----------
    Nosek, B. A., Ebersole, C. R., DeHaven, A. C., & Mellor, D. T. (2018). The preregistration
    revolution. PNAS 115, 2600–2606. https://doi.org/10.1073/pnas.1708274114

    Examples
    --------
    >>> plan = AnalysisPlan(hypotheses=(), primary_outcome="remembered", alpha=0.05)
    >>> told = compare_plan(plan, Done(parameters={"confidence_level": 0.9}))
    >>> told.estimates.set_index("term").loc["alpha", ["status", "planned", "done"]].tolist()
    ['changed', '0.05', '0.1']
    """
    history = _History(versions, plan)
    carried = _done(plan, done)
    rows = [
        _row(key, history, carried.get(key)) for key in dict.fromkeys([*history.keys, *carried])
    ]
    named = {one.id: one for one in plan.hypotheses}
    for row in rows:
        if row["group"] == "hypothesis" and row["term"] in named:
            row |= _results_of(named[row["term"]])
    rows += [_exploratory(result) for result in done.results if not _named(result, plan)]
    first = versions[0][0] if versions else None
    before = bool(first and first.before_data)
    kept = [r for r in rows if r["group"] == "hypothesis" and _kept(r)]
    return PlanComparisonResult(
        estimates=in_tidy_order(pd.DataFrame(rows)),
        confirmatory=tuple(row["term"] for row in kept) if before else (),
        plan_sha256=plan.sha256,
        locked=first.locked if first else "",
        offset=first.offset if first else "",
        commit=first.commit if first else "",
        committed=first.committed if first else "",
        before_data=before,
        edited=bool(versions) and versions[-1][0].sha256 != plan.sha256,
        n_versions=len(versions),
    )


def _kept(row: Mapping[str, str]) -> bool:
    return row["status"] == "planned" or (
        row["status"] == "changed" and row["when"] == "before_data" and bool(row["done"])
    )


class _History:
    """What each element was, from the first locked version to the plan in force."""

    def __init__(
        self, versions: Sequence[tuple[PlanVersion, AnalysisPlan]], plan: AnalysisPlan
    ) -> None:
        self.locked = [(version, old.elements()) for version, old in versions]
        self.now = plan.elements()
        self.first = self.locked[0][1] if self.locked else self.now
        known = [elements for _, elements in self.locked] + [self.now]
        self.keys = list(dict.fromkeys(key for elements in known for key in elements))

    def changes(self, key: ElementKey) -> list[PlanVersion | None]:
        """Return the amendments that changed an element; None for a change without one."""
        found: list[PlanVersion | None] = []
        before = self.first.get(key)
        for version, elements in self.locked[1:]:
            if elements.get(key) != before:
                found.append(version)
                before = elements.get(key)
        if self.now.get(key) != before:
            found.append(None)
        return found


def _row(key: ElementKey, history: _History, done: str | None) -> dict[str, str]:
    group, term = key
    planned, now = history.first.get(key), history.now.get(key)
    changes = history.changes(key)
    if now is not None and done is None:
        status, when, reason = "not_done", "", ""
    elif not changes and done == planned:
        status, when, reason = "planned", "", ""
    else:
        status = "changed"
        unexplained = done != now or None in changes
        when = "not_stated" if unexplained else _when(changes)
        reason = "; ".join(c.reason for c in changes if c is not None and c.reason)
    return {
        "term": term,
        "group": group,
        "status": status,
        "when": when,
        "planned": planned or "",
        "done": done or "",
        "reason": reason,
        "kinds": "",
        "row": "",
    }


def _when(changes: Iterable[PlanVersion | None]) -> str:
    after = any(change is not None and not change.before_data for change in changes)
    return "after_data" if after else "before_data"


def _done(plan: AnalysisPlan, done: Done) -> dict[ElementKey, str]:
    """Return what was done, element by element, in the words of a plan."""
    now = plan.elements()
    carried: dict[ElementKey, str] = {}
    for one in plan.hypotheses:
        if any(_answers(result, one) for result in done.results):
            carried["hypothesis", one.id] = one.words
    if any(
        one.outcome == plan.primary_outcome and ("hypothesis", one.id) in carried
        for one in plan.hypotheses
    ):
        carried["primary_outcome", "primary_outcome"] = plan.primary_outcome
    for name in plan.parameters:
        if name in done.parameters:
            carried["parameter", name] = value_words(done.parameters[name])
    for rule in done.exclusions:
        carried["exclusion", rule] = rule
    if plan.smallest_effect is not None:
        carried["smallest_effect", "smallest_effect"] = value_words(plan.smallest_effect)
    carried["alpha", "alpha"] = _alpha(plan, done)
    if ("conditions", "conditions") in now and done.conditions:
        carried["conditions", "conditions"] = ratio_words(done.conditions)
    if ("sample_size", "sample_size") in now and done.participants is not None:
        carried["sample_size", "sample_size"] = str(done.participants)
    looked = any(result.kind in _SEQUENTIAL for result in done.results)
    if looked or plan.spending == "none":
        carried["looks", "looks"] = plan.looks_words
    return carried


def _alpha(plan: AnalysisPlan, done: Done) -> str:
    level = done.parameters.get("confidence_level")
    return value_words(plan.alpha if level is None else round(1 - float(level), 10))


def _named(result: Result, plan: AnalysisPlan) -> bool:
    return result.kind in _SEQUENTIAL or any(_answers(result, one) for one in plan.hypotheses)


def _answers(result: Result, hypothesis: Hypothesis) -> bool:
    """Tell whether a result is of the kind, and about the outcome, that a hypothesis names."""
    if result.kind not in hypothesis.kinds:
        return False
    outcome = getattr(result, "outcome", None)
    return outcome is None or outcome in (hypothesis.asked, hypothesis.outcome)


def _results_of(hypothesis: Hypothesis) -> dict[str, str]:
    return {
        "kinds": " ".join(hypothesis.kinds),
        "row": hypothesis.term or " − ".join(hypothesis.contrast),
    }


def _exploratory(result: Result) -> dict[str, str]:
    outcome = getattr(result, "outcome", "")
    return {
        "term": f"{result.kind}: {outcome}"
        if isinstance(outcome, str) and outcome
        else result.kind,
        "group": "analysis",
        "status": "exploratory",
        "when": "",
        "planned": "",
        "done": result.kind,
        "reason": "",
        "kinds": result.kind,
        "row": "",
    }
