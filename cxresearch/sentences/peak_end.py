"""What goes with memory: findings on rival rules, on peak and end, and on duration."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.peak_end import DurationNeglectResult, MemoryModelsResult
from cxresearch.peak_end.gains import BASELINE, feature_slopes, gains_over_average
from cxresearch.sentences._base import check_limit, findings, sureness, told
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.labels import clean
from cxresearch.wording.peak_end import Labels, rating_decimals

_RULE = "peak_plus_end"
_ALIKE = 0.8
"""Correlation of the rules from which they are said to agree closely."""
_RULE_RANKS: dict[Sureness, float] = {"clear": 90, "likely": 58, "not_decided": 32}
_WEIGHT_RANKS: dict[Sureness, float] = {"clear": 72, "likely": 48, "not_decided": 12}
_SLOPE_RANKS: dict[Sureness, float] = {"clear": 66, "likely": 46, "not_decided": 16}


@findings.register
def _(
    result: MemoryModelsResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    say = _Memory(result, labels, Messages(language))
    told_of = [*say.rule(), *say.weights(), *say.slopes()]
    ranked = sorted(told_of, key=lambda finding: -finding.rank)
    return (*ranked[:limit], say.action(), *say.quality())


@findings.register
def _(
    result: DurationNeglectResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    return (_duration(result, Messages(language)),)


class _Memory:
    """Sentences on the rivals of one result."""

    def __init__(self, result: MemoryModelsResult, labels: Labels, messages: Messages) -> None:
        self.result = result
        self.messages = messages
        self.label = clean((labels or {}).get(result.retrospective, ""))
        rows: list[Any] = rows_of(result.models)
        self.errors = {str(row.term): float(row.cv_rmse) for row in rows}
        self.decimals = rating_decimals([self.errors[BASELINE]])
        gains = gains_over_average(result)
        self.gain: Any = rows_of(gains[gains["term"] == _RULE])[0]
        slopes = feature_slopes(result, _RULE)
        features: list[Any] = rows_of(slopes)
        self.of: dict[str, Any] = {row.term: row for row in features}
        self.weight: Any = rows_of(result.equal_weights)[0]

    def rule(self) -> Iterator[Finding]:
        """Say whether peak and end or the average predict better, or that it is open."""
        row = self.gain
        if math.isnan(row.estimate):
            return
        sure = self._rule_sure()
        if sure != "not_decided":
            message = "rule_wins" if row.estimate > 0 else "average_wins"
            message += "_likely" if sure == "likely" else ""
        elif self.result.correlation_peak_end_mean >= _ALIKE:
            message = "rule_not_decided_alike"
        else:
            message = "rule_not_decided"
        values = {
            "rmse": self.errors[_RULE],
            "rmse_mean": self.errors[BASELINE],
            "rule_r": self.result.correlation_peak_end_mean,
        }
        unit = self.messages.text("findings.peak_end.squared_unit")
        yield self._told(
            message,
            row,
            values,
            sure=sure,
            rank=_RULE_RANKS[sure],
            unit=unit,
            turned=message.startswith("average_wins"),
        )

    def weights(self) -> Iterator[Finding]:
        """Say which of peak and end weighs more; only where both point the same way."""
        row = self.weight
        if not self._same_way() or math.isnan(row.conf_low):
            return
        sure = self._weight_sure()
        if sure == "not_decided":
            message = "weights_not_decided"
        else:
            message = "end_weighs_more" if self._end_first() else "peak_weighs_more"
        yield self._told(
            message,
            row,
            self._both(),
            sure=sure,
            rank=_WEIGHT_RANKS[sure],
            turned=message == "end_weighs_more" and row.estimate < 0,
        )

    def slopes(self) -> Iterator[Finding]:
        """Say for peak and end whether they go with what is remembered."""
        for place, term in enumerate(("end", "peak")):
            row = self.of.get(term)
            if row is None or math.isnan(row.conf_low):
                continue
            sure = self._slope_sure(row)
            message = f"slope_{term}"
            if sure == "not_decided":
                message = f"{message}_not_decided"
            else:
                message += "_turned" if row.estimate < 0 else ""
                message += "_likely" if sure == "likely" else ""
            rank = _SLOPE_RANKS[sure] - place
            yield self._told(message, row, {}, sure=sure, rank=rank)

    def action(self) -> Finding:
        """Say what to work on first, as far as the data decide it."""
        message, sure = self._action()
        return told(
            f"findings.peak_end.{message}",
            self._both() | {"memory": self.label, "decimals": self.decimals},
            self.messages,
            sure=sure,
            rank=1.0 if message == "action_none" else 3.0,
            result=self.result.kind,
            term=_RULE,
            topic="action",
        )

    def quality(self) -> Iterator[Finding]:
        """Name what the models rest on and what speaks against them."""
        for note in self.result.notes:
            code, _, rest = note.partition(":")
            message = {
                "without_retrospective": "without_memory",
                "episodes_taken_as_independent": "independent_warning",
            }.get(code)
            if message:
                yield told(
                    f"quality.peak_end.{message}",
                    {"n": int(rest)} if rest else {},
                    self.messages,
                    sure="clear",
                    rank=1.2,
                    result=self.result.kind,
                    topic="quality",
                )

    # ── small questions to the result ─────────────────────────────────────────────────────

    def _action(self) -> tuple[str, Sureness]:
        if self._rule_sure() != "not_decided" and self.gain.estimate < 0:
            likely = "_likely" if self._rule_sure() == "likely" else ""
            return f"action_average{likely}", self._rule_sure()
        clear = [term for term, row in self.of.items() if self._slope_sure(row) == "clear"]
        if len(clear) == 2 and self._same_way():
            if self._weight_sure() == "not_decided":
                return "action_both", "clear"
            return ("action_end" if self._end_first() else "action_peak"), self._weight_sure()
        if len(clear) == 1:
            return f"action_{clear[0]}", "likely"
        return "action_none", "not_decided"

    def _both(self) -> dict[str, Any]:
        return {f"{term}_slope": row.estimate for term, row in self.of.items()}

    def _same_way(self) -> bool:
        slopes = [row.estimate for row in self.of.values()]
        return len(slopes) == 2 and bool(slopes[0] * slopes[1] > 0)

    def _end_first(self) -> bool:
        return bool(abs(self.of["end"].estimate) > abs(self.of["peak"].estimate))

    def _rule_sure(self) -> Sureness:
        # As in the table: one of all rules that are compared with the average.
        return self._sure(self.gain, self.gain.p_adjusted)

    def _weight_sure(self) -> Sureness:
        return self._sure(self.weight, self.weight.p_value)

    def _slope_sure(self, row: Any) -> Sureness:
        return self._sure(row, row.p_adjusted)

    def _sure(self, row: Any, p_value: float) -> Sureness:
        level = self.result.confidence_level
        return sureness(p_value, row.conf_low, row.conf_high, confidence_level=level)

    def _told(
        self,
        message: str,
        row: Any,
        values: Mapping[str, Any],
        *,
        sure: Sureness,
        rank: float,
        unit: str = "",
        turned: bool = False,
    ) -> Finding:
        kept = {
            "estimate": row.estimate,
            "conf_low": row.conf_low,
            "conf_high": row.conf_high,
            "confidence_level": self.result.confidence_level,
            "decimals": self.decimals,
            "memory": self.label,
        }
        ends = (row.conf_low, row.conf_high)
        return told(
            f"findings.peak_end.{message}",
            kept | dict(values),
            self.messages,
            sure=sure,
            rank=rank,
            result=self.result.kind,
            term=row.term,
            # What is drawn beside the sentence points the way that the sentence tells.
            estimate=-row.estimate if turned else row.estimate,
            conf_low=-ends[1] if turned else ends[0],
            conf_high=-ends[0] if turned else ends[1],
            unit=unit or self.messages.text("findings.peak_end.points_unit"),
        )


# ── duration ──────────────────────────────────────────────────────────────────────────────


def _duration(result: DurationNeglectResult, messages: Messages) -> Finding:
    of_peaks = result.estimates[result.estimates["group"] != "tw_mean"]
    row = _told_row(result, of_peaks)
    message, sure, rank = _duration_message(result, row, len(of_peaks))
    return told(
        f"findings.peak_end.{message}",
        {
            "estimate": row.estimate,
            "conf_low": row.conf_low,
            "conf_high": row.conf_high,
            "equivalence_low": row.equivalence_low,
            "equivalence_high": row.equivalence_high,
            "sesoi": result.sesoi,
            "confidence_level": result.confidence_level,
            "decimals": 2,
            **_by_rule(of_peaks),
        },
        messages,
        sure=sure,
        rank=rank,
        result=result.kind,
        term="duration",
        group=row.group,
        estimate=row.estimate,
        conf_low=row.conf_low,
        conf_high=row.conf_high,
        unit=messages.text("findings.peak_end.sd_unit"),
    )


def _told_row(result: DurationNeglectResult, of_peaks: pd.DataFrame) -> Any:
    """Return the row that is told: the one that bears the verdict least."""
    if result.verdict == "matters":
        order = of_peaks["estimate"].abs()
    else:
        ends = of_peaks[["equivalence_low", "equivalence_high"]].abs()
        order = -ends.max(axis=1)
    return rows_of(of_peaks.loc[[order.idxmin()]])[0]


def _duration_message(
    result: DurationNeglectResult, row: Any, rules: int
) -> tuple[str, Sureness, float]:
    if result.verdict == "neglected":
        several = "_rules" if rules > 1 else ""
        return f"duration_neglected{several}", "clear", 60.0
    if result.verdict == "trivial":
        return "duration_trivial", "clear", 57.0
    if result.verdict == "matters":
        direction = "higher" if row.estimate > 0 else "lower"
        beyond = min(abs(row.conf_low), abs(row.conf_high)) > result.sesoi
        return f"duration_{direction}{'' if beyond else '_some'}", "clear", 61.0
    if result.verdict == "depends_on_peak":
        return "duration_depends", "not_decided", 30.0
    return "duration_not_decided", "not_decided", 28.0


def _by_rule(of_peaks: pd.DataFrame) -> dict[str, Any]:
    values: dict[str, Any] = {"rules": len(of_peaks)}
    for number, row in enumerate(rows_of(of_peaks), start=1):
        values |= {
            f"rule_{number}": row.group,
            f"effect_{number}": row.estimate,
            f"low_{number}": row.conf_low,
            f"high_{number}": row.conf_high,
        }
    return values
