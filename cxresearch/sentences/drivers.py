"""What goes with the outcome: findings on driver importance and its margin over chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cxresearch.codebook.model import Codebook
from cxresearch.drivers.importance import DriverImportanceResult
from cxresearch.drivers.margin import RandomDriverMarginResult
from cxresearch.sentences._base import check_limit, findings, sureness, told
from cxresearch.sentences._drivers import Labels, each, missing, name_values, other_values
from cxresearch.shown import Finding, Sureness
from cxresearch.wording import Messages
from cxresearch.wording.drivers import direction_of
from cxresearch.wording.labels import column_label

_FIRST: dict[Sureness, float] = {"clear": 95, "likely": 92, "not_decided": 90}
_WHOLE, _TIE, _NEXT, _MARKED = 88.0, 86.0, 70.0, 60.0
_SECOND_TIE = 69.75  # right after the sentence on the second driver
_SETTLED, _LEANING = 0.975, 0.90
"""Share of resamples with the sign of the estimate from which a direction is clear, likely."""


@findings.register
def _(
    result: DriverImportanceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    ordered = result.estimates.sort_values("estimate", ascending=False, kind="stable")
    rows = [row for row in each(ordered) if not missing(row.percent)]
    say = _Share(result, labels, messages)
    told_of = [say.whole(), *say.first(rows), *say.next(rows), *say.marked(rows[1:])]
    ranked = sorted(told_of, key=lambda finding: -finding.rank)
    return (*ranked[:limit], *say.sample())


class _Share:
    """Sentences on the shares of one result."""

    def __init__(
        self, result: DriverImportanceResult, labels: Labels, messages: Messages
    ) -> None:
        self.result = result
        self.labels = labels
        self.messages = messages
        self.pairs = {
            frozenset((pair.term, pair.other)): pair for pair in each(result.differences)
        }

    def whole(self) -> Finding:
        """Say how much of the outcome the drivers account for, in plain words."""
        result, message = self.result, "findings.drivers.whole"
        linear = result.criterion == "r2"
        if not linear:
            message = "findings.drivers.whole_criterion"
        elif result.controls:
            message = "findings.drivers.whole_controls"
        known = not missing(result.r2_low)
        return self._told(
            message if known or not linear else f"{message}_point",
            {
                "part": result.r2,
                "part_low": result.r2_low,
                "part_high": result.r2_high,
                "held": result.r2_controls,
                "fit": result.r2,
                "criterion": result.criterion,
                "decimals": 2,
            },
            sure="clear" if known else "not_decided",
            rank=_WHOLE,
            estimate=100 * result.r2,
            conf_low=100 * result.r2_low,
            conf_high=100 * result.r2_high,
        )

    def first(self, rows: list[Any]) -> Iterator[Finding]:
        """Name the driver with the largest share, and those the data do not tell from it."""
        if not rows or len(self.result.estimates) < 2:
            yield from (self._row("only", row, sure="not_decided", rank=80.0) for row in rows)
            return
        foremost = rows[0]
        judged = {row.term: self._pair(foremost.term, row.term) for row in rows[1:]}
        sure: Sureness = min(judged.values(), key=_LEAST.index, default="not_decided")
        known = not missing(foremost.p_top1)
        form = f"first_{direction_of(foremost)}" if known else "first_unsure"
        if form in ("first_same", "first_unsigned") and sure == "not_decided":
            form = "first_open"
        yield self._row(form, foremost, sure=sure, rank=_FIRST[sure], chance=foremost.p_top1)
        if known:
            yield from self._ties(rows)

    def _ties(self, rows: list[Any]) -> Iterator[Finding]:
        """Say whom the data do not tell from the first driver, or else from the second."""
        for place, row in enumerate(rows[:2]):
            tied = [
                other
                for other in rows[place + 1 :]
                if self._pair(row.term, other.term) == "not_decided"
            ]
            if tied:
                yield self._tie(row, tied, rank=_TIE if place == 0 else _SECOND_TIE)
                return

    def _tie(self, foremost: Any, tied: list[Any], *, rank: float) -> Finding:
        terms = [row.term for row in tied]
        values = name_values(foremost.term, self.labels, self.messages)
        values |= other_values(terms, self.labels, self.messages)
        values |= {"part": foremost.percent / 100, "other_part": tied[0].percent / 100}
        values["other"] = column_label(terms[0], self.labels, self.messages)
        return self._told(
            "findings.drivers.tie" if len(tied) == 1 else "findings.drivers.tie_many",
            values,
            sure="not_decided",
            rank=rank,
            term=foremost.term,
        )

    def next(self, rows: list[Any]) -> Iterator[Finding]:
        """Say the shares of the drivers after the first."""
        for place, row in enumerate(rows[1:], start=2):
            if direction_of(row) in ("against", "turning"):
                continue  # told by a sentence on its direction
            known = not missing(row.p_top3)
            sure: Sureness = "not_decided"
            if known:
                sure = (
                    "clear"
                    if row.p_top3 >= _SETTLED
                    else "likely"
                    if row.p_top3 >= _LEANING
                    else sure
                )
            rank = _NEXT - min(place, 90) / 10
            message = "next" if known else "next_unsure"
            yield self._row(message, row, sure=sure, rank=rank, chance=row.p_top3)

    def marked(self, rows: list[Any]) -> Iterator[Finding]:
        """Mark drivers, the first aside, whose direction is negative or hangs on the others."""
        for row in rows:
            direction = direction_of(row)
            if direction not in ("against", "turning"):
                continue
            same = row.p_same_sign
            settled = not missing(same) and same >= _LEANING and direction == "against"
            sure: Sureness = "not_decided"
            if settled:
                sure = "clear" if same >= _SETTLED else "likely"
            message = direction if settled or direction == "turning" else "direction_open"
            rank = _MARKED + min(row.percent, 99.0) / 100
            yield self._row(message, row, sure=sure, rank=rank, chance=same)

    def sample(self) -> Iterator[Finding]:
        """Say how many respondents the shares rest on, and whether they are weighted."""
        result = self.result
        message = "sample_all" if result.n == result.n_asked else "sample"
        if "from_correlations" in result.notes:
            message = "sample_printed"
        yield self._told(
            f"quality.drivers.{message}",
            {"n": result.n, "asked": result.n_asked},
            sure="clear",
            rank=2.4,
            topic="quality",
        )
        if result.weights:
            yield self._told(
                "quality.drivers.weighted",
                {"n": round(result.n_effective)},
                sure="clear",
                rank=2.3,
                topic="quality",
            )

    def _row(
        self,
        message: str,
        row: Any,
        *,
        sure: Sureness,
        rank: float,
        chance: float = float("nan"),
    ) -> Finding:
        values = name_values(row.term, self.labels, self.messages) | {
            "part": row.percent / 100,
            "part_low": row.percent_low / 100,
            "part_high": row.percent_high / 100,
            "chance": chance,
        }
        return self._told(
            f"findings.drivers.{message}",
            values,
            sure=sure,
            rank=rank,
            term=row.term,
            estimate=row.percent,
            conf_low=row.percent_low,
            conf_high=row.percent_high,
        )

    def _told(self, message: str, values: dict[str, Any], **row: Any) -> Finding:
        result = self.result
        common = {
            "outcome": column_label(result.outcome, self.labels, self.messages),
            "confidence_level": result.confidence_level,
            "weighted": bool(result.weights),
        }
        row = {"unit": self.messages.text("findings.drivers.unit_percent"), **row}
        return told(message, common | values, self.messages, result=result.kind, **row)

    def _pair(self, one: str, other: str) -> Sureness:
        """Return how far the data decide that the first driver's share is the larger one."""
        pair = self.pairs.get(frozenset((one, other)))
        if pair is None:
            return "not_decided"
        level = self.result.confidence_level
        return sureness(pair.p_adjusted, pair.conf_low, pair.conf_high, confidence_level=level)


_LEAST: tuple[Sureness, ...] = ("not_decided", "likely", "clear")


@findings.register
def _(
    result: RandomDriverMarginResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    table: pd.DataFrame = result.estimates
    idle = list(table.loc[~table["exceeds"].astype(bool), "term"])
    values = {
        **other_values(idle, labels, messages),
        "outcome": column_label(result.outcome, labels, messages),
    }
    message = f"findings.drivers.margin_{result.twin}"
    finding = told(
        message if idle else f"{message}_none",
        values,
        messages,
        sure="not_decided" if idle else "clear",
        rank=40.0,
        result=result.kind,
    )
    return (finding,)
