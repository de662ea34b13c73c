"""What an experiment found: findings on conditions, crossovers and choices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch._validate import check_choice
from cxresearch.codebook.model import Codebook
from cxresearch.peak_end import (
    AlwaysValidResult,
    ChoiceDifferenceResult,
    ChoiceResult,
    ConditionsResult,
    CrossoverResult,
    MixedModelResult,
    SequentialResult,
)
from cxresearch.planned import AnalysisPlan
from cxresearch.results import Result
from cxresearch.sentences._base import check_limit, findings, sureness, told
from cxresearch.sentences._smallest_effect import Reach, planned_smallest, reach
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.labels import clean
from cxresearch.wording.peak_end import Labels, level_name, paired_levels, rating_decimals

HigherIs = Literal["better", "worse"]
Looks = SequentialResult | AlwaysValidResult
_REACHES: dict[str, Reach] = {"beyond": "beyond", "within": "within", "open": "open"}
_RANKS: dict[Sureness, float] = {"clear": 95, "likely": 56, "not_decided": 34}
_CHOICE_RANKS: dict[Sureness, float] = {"clear": 85, "likely": 54, "not_decided": 33}


@findings.register
def _(  # noqa: PLR0913 - options of one kind of sentence
    result: ConditionsResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
    randomized: bool = False,
    higher_is: HigherIs = "better",
    plan: AnalysisPlan | None = None,
    looks: Looks | None = None,
    method: str = "",
) -> tuple[Finding, ...]:
    method = method or ("lin" if result.covariates else "welch")
    check_choice("method", method, tuple(dict.fromkeys(result.estimates["term"])))
    levels = [str(level) for level in result.conditions["condition"]]
    rows = result.estimates[result.estimates["term"] == method]
    scale = rating_decimals([*result.conditions["mean"], *rows["estimate"]])
    say = _Arms(
        result, labels, Messages(language), condition=result.condition, levels=levels,
        randomized=randomized, plan=plan, looks=looks, decimals=scale,
    )  # fmt: skip
    return say.all(rows, limit, higher_is)


@findings.register
def _(  # noqa: PLR0913 - options of one kind of sentence
    result: MixedModelResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
    randomized: bool = False,
    higher_is: HigherIs = "better",
    plan: AnalysisPlan | None = None,
    looks: Looks | None = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages, rows = Messages(language), result.contrasts
    warned = list(_mixed_warnings(result, messages))
    if not len(rows):
        return tuple(warned)
    say = _Arms(
        result, labels, messages, condition=result.compared, levels=(),
        randomized=randomized, plan=plan, looks=looks,
        decimals=rating_decimals(rows["estimate"]),
    )  # fmt: skip
    return (*say.all(rows, limit, higher_is), *warned)


@findings.register
def _(  # noqa: PLR0913 - options of one kind of sentence
    result: CrossoverResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
    randomized: bool = False,
    higher_is: HigherIs = "better",
    plan: AnalysisPlan | None = None,
    looks: Looks | None = None,
) -> tuple[Finding, ...]:
    messages = Messages(language)
    say = _Arms(
        result, labels, messages, condition="condition", levels=(result.first, result.second),
        randomized=randomized, plan=plan, looks=looks,
        decimals=rating_decimals(result.means["mean"]),
    )  # fmt: skip
    rows = result.estimates[result.estimates["term"] == "condition"]
    rows = rows.assign(group=f"{result.second} − {result.first}", p_adjusted=rows["p_value"])
    return (*say.all(rows, limit, higher_is), *_carry_over(result, messages))


@findings.register
def _(
    result: ChoiceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
    option: str = "",
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    exact: Any = rows_of(result.estimates)[0]
    apart = [end - result.against for end in (exact.conf_low, exact.conf_high)]
    sure = sureness(exact.p_value, *apart, confidence_level=result.confidence_level)
    if sure != "clear":
        # The interval and the exact test can differ at the edge: then nothing is claimed.
        sure, message = "not_decided", "choice_not_decided"
    else:
        message = "choice_more" if exact.estimate > result.against else "choice_less"
    return (
        told(
            f"findings.peak_end.{message}",
            {
                "estimate": exact.estimate,
                "conf_low": exact.conf_low,
                "conf_high": exact.conf_high,
                "chosen": result.chosen,
                "asked": result.n,
                "against": result.against,
                "option": _label(option, labels),
                "confidence_level": result.confidence_level,
            },
            messages,
            sure=sure,
            rank=_CHOICE_RANKS[sure],
            result=result.kind,
            term="exact",
            # Told around the share it is compared with, as the small picture has zero marked.
            estimate=exact.estimate - result.against,
            conf_low=apart[0],
            conf_high=apart[1],
            unit=messages.text("findings.peak_end.share_unit"),
        ),
    )


@findings.register
def _(
    result: ChoiceDifferenceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
    option: str = "",
    first: str = "",
    second: str = "",
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    row: Any = rows_of(result.estimates)[0]
    level = result.confidence_level
    sure = sureness(result.p_exact, row.conf_low, row.conf_high, confidence_level=level)
    sure = sure if sure == "clear" else "not_decided"
    message = "choices_higher" if row.estimate > 0 else "choices_lower"
    return (
        told(
            f"findings.peak_end.{message if sure == 'clear' else 'choices_not_decided'}",
            {
                "estimate": row.estimate,
                "conf_low": row.conf_low,
                "conf_high": row.conf_high,
                "first_share": result.first_share,
                "second_share": result.second_share,
                "turned": sure == "clear" and row.estimate < 0,
                "open": sure != "clear",
                "option": _label(option, labels),
                "base": _label(first, labels),
                "arm": _label(second, labels),
                "confidence_level": level,
            },
            messages,
            sure=sure,
            rank=_CHOICE_RANKS[sure],
            result=result.kind,
            term=row.term,
            estimate=row.estimate,
            conf_low=row.conf_low,
            conf_high=row.conf_high,
            unit=messages.text("findings.peak_end.share_unit"),
        ),
    )


def _label(name: str, labels: Labels) -> str:
    return clean((labels or {}).get(name, "")) or clean(name)


class _Arms:
    """Sentences on the differences between conditions, causal only where chance assigned."""

    def __init__(  # noqa: PLR0913 - what all its sentences share
        self,
        result: ConditionsResult | CrossoverResult | MixedModelResult,
        labels: Labels,
        messages: Messages,
        *,
        condition: str,
        levels: Iterable[str],
        randomized: bool,
        plan: AnalysisPlan | None,
        looks: Looks | None,
        decimals: int,
    ) -> None:
        self.result: Result = result
        self.level = result.confidence_level
        self.memory = clean((labels or {}).get(result.outcome, ""))
        self.labels = labels
        self.messages = messages
        self.condition = condition
        self.levels = list(levels)
        self.randomized = randomized
        self.smallest = planned_smallest(plan, result.outcome)
        self.looks = looks
        self.decimals = decimals

    def all(
        self, rows: pd.DataFrame, limit: int | None, higher_is: HigherIs
    ) -> tuple[Finding, ...]:
        """Return a finding for each difference, the surest and widest first, and an action."""
        check_limit(limit)
        check_choice("higher_is", higher_is, ("better", "worse"))
        every = rows_of(rows)
        ranked = sorted((self._finding(row) for row in every), key=lambda f: -f.rank)
        return (*ranked[:limit], *self._action(every, higher_is))

    def _finding(self, row: Any) -> Finding:
        sure = self._sure(row)
        if self.looks is not None:
            # Its interval takes the data as looked at once: what was planned decides.
            return self._told("condition_looked_at", row, sure="not_decided", rank=19.0)
        size = 0.0 if math.isnan(row.estimate) else abs(row.estimate)
        rank = _RANKS[sure] + size / (1 + size)
        return self._told(self._message(row, sure), row, sure=sure, rank=rank)

    def _message(self, row: Any, sure: Sureness) -> str:
        if math.isnan(row.conf_low):
            return "condition_no_interval"
        if sure == "not_decided":
            return "condition_not_decided"
        causal, plain = ("raised", "higher") if row.estimate > 0 else ("lowered", "lower")
        likely = "_likely" if sure == "likely" else ""
        return f"condition_{causal if self.randomized else plain}{likely}"

    def _action(self, rows: list[Any], higher_is: HigherIs) -> Iterator[Finding]:
        """Name the condition that clearly improves on another and on which none improves."""
        if not self.randomized or (self.looks is not None and not self.looks.stopped_at):
            return
        sign = 1 if higher_is == "better" else -1
        clear = [row for row in rows if self._sure(row) == "clear"]
        beaten = {
            paired_levels(str(row.group), self.levels)[0 if sign * row.estimate > 0 else 1]
            for row in clear
        }
        home = paired_levels(str(rows[0].group), self.levels)[0] if rows else ""
        for row in sorted(clear, key=lambda row: -abs(row.estimate)):
            base, arm = paired_levels(str(row.group), self.levels)
            adopt = sign * row.estimate > 0
            if (arm if adopt else base) not in beaten:
                # "Stay with" is for what others are compared with; else both change places.
                turned = not adopt and base != home
                yield self._advice(row, adopt=adopt or turned, turned=turned)
                return

    def _advice(self, row: Any, *, adopt: bool, turned: bool) -> Finding:
        """Advise a condition; with care where it need not be better by as much as matters."""
        message, how = "action_adopt" if adopt else "action_avoid", self._reach(row)
        if self.looks is not None:
            how = _REACHES.get(self.looks.against_sesoi)
            message = f"{message}_looks"
        if how == "within" or (how == "open" and adopt):
            message = f"{message}_{how}"
        unsure = self.looks is not None or (how == "open" and adopt)
        sure: Sureness = "likely" if unsure else "clear"
        return self._told(message, row, sure=sure, rank=5.0, topic="action", turned=turned)

    def _reach(self, row: Any) -> Reach | None:
        return reach(row.conf_low, row.conf_high, self.smallest)

    def _sure(self, row: Any) -> Sureness:
        ends = (row.conf_low, row.conf_high)
        return sureness(row.p_adjusted, *ends, confidence_level=self.level)

    def _matters(self, row: Any, topic: str) -> dict[str, Any]:
        """Return what is needed to hold a difference against the smallest that matters."""
        if self.looks is not None:
            return {"smallest": self.looks.sesoi} if topic == "action" else {}
        how = self._reach(row)
        told_beside = {"matters": how} if topic == "finding" else {}
        return {"smallest": self.smallest} | told_beside if how is not None else {}

    def _told(
        self,
        message: str,
        row: Any,
        *,
        sure: Sureness,
        rank: float,
        topic: Literal["finding", "action"] = "finding",
        turned: bool = False,
    ) -> Finding:
        first, second = paired_levels(str(row.group), self.levels)
        if turned:
            first, second = second, first
        arm = level_name(self.condition, second, self.labels)
        return told(
            f"findings.peak_end.{message}",
            {
                "arm": arm,
                "base": level_name(self.condition, first, self.labels),
                "label": arm,
                "memory": self.memory,
                "estimate": row.estimate,
                "conf_low": row.conf_low,
                "conf_high": row.conf_high,
                "confidence_level": self.level,
                "decimals": self.decimals,
                "p_adjusted": row.p_adjusted,
            }
            | self._matters(row, topic),
            self.messages,
            sure=sure,
            rank=rank,
            result=self.result.kind,
            term=row.term,
            group=row.group,
            estimate=row.estimate,
            conf_low=row.conf_low,
            conf_high=row.conf_high,
            unit=self.messages.text("findings.peak_end.points_unit"),
            topic=topic,
        )


def _carry_over(result: CrossoverResult, messages: Messages) -> Iterator[Finding]:
    """Warn of carry-over where it shows; elsewhere say that its test is weak."""
    row: Any = rows_of(result.estimates[result.estimates["term"] == "carry_over"])[0]
    if math.isnan(row.conf_low):
        return
    shows = row.conf_low > 0 or row.conf_high < 0
    yield told(
        f"quality.peak_end.carry_over_{'warning' if shows else 'untold'}",
        {
            "estimate": row.estimate,
            "conf_low": row.conf_low,
            "conf_high": row.conf_high,
            "confidence_level": result.confidence_level,
        },
        messages,
        sure="clear" if shows else "not_decided",
        rank=2.2 if shows else 1.1,
        result=result.kind,
        term="carry_over",
        topic="quality",
    )


def _mixed_warnings(result: MixedModelResult, messages: Messages) -> Iterator[Finding]:
    warnings = (
        ("convergence_warning", not result.converged),
        ("mixed_warning", result.singular),
    )
    for message, shows in warnings:
        if shows:
            yield told(
                f"quality.peak_end.{message}",
                {},
                messages,
                sure="clear",
                rank=2.3,
                result=result.kind,
                topic="quality",
            )
