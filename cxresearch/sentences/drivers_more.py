"""Whether importance differs by group, bends, or hangs on missing answers: findings."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from cxresearch.codebook.model import Codebook
from cxresearch.drivers.forest import ForestImportanceResult
from cxresearch.drivers.importance import DriverImportanceResult
from cxresearch.drivers.pooled_shares import ImputedImportanceResult
from cxresearch.drivers.segments import SegmentImportanceResult
from cxresearch.sentences._base import check_limit, findings, told
from cxresearch.sentences._drivers import Labels, each, missing, name_values, other_values
from cxresearch.shown import Finding
from cxresearch.wording import Messages
from cxresearch.wording.drivers import largest_first
from cxresearch.wording.labels import clean, column_label, segment_label

_DIFFERS, _SPREAD, _SLOPES, _OPEN, _REST, _NOTHING = 65.0, 45.0, 35.0, 12.0, 11.0, 1.0
_LEADING = ("whole", "first", "tie", "only")
"""Sentences on shares that hold for pooled ones too: none needs a direction."""


@findings.register
def _(
    result: SegmentImportanceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    say = _Groups(result, labels, Messages(language), codebook)
    ranked = sorted(say.importance(), key=lambda finding: -finding.rank)
    return (*ranked[:limit], *say.hidden())


class _Groups:
    """Sentences on whether importance differs between groups."""

    def __init__(
        self,
        result: SegmentImportanceResult,
        labels: Labels,
        messages: Messages,
        codebook: Codebook | None,
    ) -> None:
        self.result, self.labels, self.messages = result, labels, messages
        self.shown = result.estimates[~result.estimates["suppressed"].astype(bool)]
        self.cells: dict[str, dict[str, Any]] = defaultdict(dict)
        for cell in each(self.shown):
            self.cells[cell.term][cell.group] = cell
        self.pairs: dict[str, list[Any]] = defaultdict(list)
        for pair in each(result.differences):
            if pair.measure == "percent":
                self.pairs[pair.term].append(pair)
        self.decisions: dict[str, dict[str, float]] = defaultdict(dict)
        for test in each(result.tests):
            self.decisions[test.group][test.term] = float(test.p_adjusted)
        named = clean((labels or {}).get(result.segment, ""))
        unnamed_wave = result.segment == "wave" and codebook is None
        self.common: dict[str, Any] = {
            "segment": named
            or ("wave" if unnamed_wave else segment_label(result.segment, messages, codebook)),
            "outcome": column_label(result.outcome, labels, messages),
            "confidence_level": result.confidence_level,
            "weighted": bool(result.weights),
            "decimals": 0,
        }

    def importance(self) -> Iterator[Finding]:
        """Say which drivers' shares differ, or once that the data do not show it."""
        result = self.result
        if result.n_segments < 2:
            least = {"least": self._least()}
            yield self._told("segment_too_small", least, rank=_NOTHING)
            return
        untested = all(missing(p) for p in self.decisions["percent"].values())
        if untested and result.differences.empty:
            yield self._told("segment_untested", {}, rank=_NOTHING)
            yield from self._slopes()
        else:
            yield from self._compared()

    def hidden(self) -> Iterator[Finding]:
        """Say how many groups are not shown."""
        result = self.result
        if result.n_suppressed:
            values = {
                "n": result.n_suppressed,
                "groups": result.n_suppressed + result.n_segments,
            }
            yield self._told(
                "segment_hidden",
                values,
                section="quality",
                sure="clear",
                rank=2.2,
                topic="quality",
            )

    def _compared(self) -> Iterator[Finding]:
        uneven = self._uneven()
        told_of, rest = [], []
        for term in largest_first(self.shown):
            finding = self._differs(term)
            if finding is not None:
                told_of.append(finding)
            elif term not in uneven:
                rest.append(term)
        yield from told_of
        yield from self._slopes()
        if rest and (told_of or uneven):
            others = other_values(rest, self.labels, self.messages)
            yield self._told("segment_rest", others, rank=_REST)
        elif rest:
            yield self._open()

    def _differs(self, term: str) -> Finding | None:
        """Return the sentence on a driver where the tests decide, else None.

        Both have to: the permutation test, which also reacts to other differences between the
        groups, and a pair whose interval leaves out zero with all pairs allowed for. More
        groups than pairs are made for have the permutation test alone.
        """
        decided = self.decisions["percent"].get(term, math.nan)
        level = 1 - self.result.confidence_level
        if not missing(decided) and decided >= level:
            return None
        if len(self._shares(term)) < 2:
            return None
        if self.result.differences.empty:
            return None if missing(decided) else self._spread(term)
        clear = [
            pair
            for pair in self.pairs[term]
            if pair.p_adjusted < level
            and (pair.simultaneous_low > 0 or pair.simultaneous_high < 0)
        ]
        if not clear:
            return None
        return self._pair(term, max(clear, key=lambda pair: abs(pair.estimate)))

    def _pair(self, term: str, pair: Any) -> Finding:
        turned = pair.estimate < 0
        high, low = (pair.second, pair.first) if turned else (pair.first, pair.second)
        ends = pair.simultaneous_low, pair.simultaneous_high
        conf_low, conf_high = (-ends[1], -ends[0]) if turned else ends
        size = abs(float(pair.estimate))
        values = self._ends(term, str(high), str(low)) | {
            "estimate": size / 100,
            "conf_low": conf_low / 100,
            "conf_high": conf_high / 100,
            "percentage_points": True,
            "p_adjusted": float(pair.p_adjusted),
        }
        signs = {self.cells[term][group].sign for group in (high, low)}
        message = {1: "segment_more", -1: "segment_more_against"}.get(
            signs.pop() if len(signs) == 1 else 0, "segment_more_unsigned"
        )
        return self._told(
            message,
            values,
            sure="clear",
            rank=_DIFFERS + min(size, 99.0) / 100,
            term=term,
            group=str(high),
            estimate=size,
            conf_low=float(conf_low),
            conf_high=float(conf_high),
        )

    def _spread(self, term: str) -> Finding:
        shares = self._shares(term)
        high, low = max(shares, key=shares.__getitem__), min(shares, key=shares.__getitem__)
        size = shares[high] - shares[low]
        return self._told(
            "segment_spread",
            self._ends(term, high, low),
            sure="likely",
            rank=_SPREAD + min(size, 99.0) / 100,
            term=term,
            group=high,
        )

    def _open(self) -> Finding:
        pairs = self.result.differences
        pairs = pairs[pairs["measure"] == "percent"]
        ends = pairs[["simultaneous_low", "simultaneous_high"]].abs().to_numpy(dtype=float)
        bound = float(np.nanmax(ends)) if np.isfinite(ends).any() else math.nan
        message = "segment_open" if missing(bound) else "segment_open_bound"
        return self._told(message, {"bound": bound}, rank=_OPEN)

    def _slopes(self) -> Iterator[Finding]:
        """Name the drivers whose slopes the data show to differ."""
        uneven = self._uneven()
        if uneven:
            others = other_values(uneven, self.labels, self.messages)
            yield self._told("segment_slopes", others, sure="clear", rank=_SLOPES)

    def _uneven(self) -> list[str]:
        level = 1 - self.result.confidence_level
        decided = self.decisions["coefficient"].items()
        return [str(term) for term, p in decided if term != "all_drivers" and p < level]

    def _shares(self, term: str) -> dict[str, float]:
        """Return the shares of a driver that are known, by group."""
        cells = self.cells[term].values()
        return {str(cell.group): cell.percent for cell in cells if not missing(cell.percent)}

    def _ends(self, term: str, high: str, low: str) -> dict[str, Any]:
        shares = self._shares(term)
        return name_values(term, self.labels, self.messages) | {
            "high_group": clean(high),
            "low_group": clean(low),
            "part": shares[high] / 100,
            "other_part": shares[low] / 100,
        }

    def _least(self) -> int:
        """Return the fewest complete answers a group needs; many drivers need more."""
        codes = [str(note).partition(":") for note in self.result.segments["note"]]
        needed = [int(count) for kind, _, count in codes if kind == "fewer_than"]
        return max(needed, default=self.result.min_cell)

    def _told(
        self, message: str, values: dict[str, Any], *, section: str = "findings", **row: Any
    ) -> Finding:
        row = {"sure": "not_decided", **row}
        if "estimate" in row:
            row["unit"] = self.messages.text("findings.drivers.unit_percent")
        return told(
            f"{section}.drivers.{message}",
            self.common | values,
            self.messages,
            result=self.result.kind,
            **row,
        )


@findings.register
def _(
    result: ForestImportanceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    messages = Messages(language)
    message = "warning_nonlinear" if result.verdict == "nonlinear" else result.verdict
    values = {
        "outcome": column_label(result.outcome, labels, messages),
        "part": max(result.r2_linear, 0.0),
        "unseen": max(result.r2_forest, 0.0),
        "estimate": 100 * result.difference,
        "conf_low": 100 * result.difference_low,
        "conf_high": 100 * result.difference_high,
        "confidence_level": result.confidence_level,
        "weighted": bool(result.weights),
        "decimals": 1,
    }
    finding = told(
        f"quality.drivers.forest_{message}",
        values,
        messages,
        sure="not_decided" if result.verdict == "undecided" else "clear",
        rank=2.5,
        result=result.kind,
        topic="quality",
    )
    return (finding,)


@findings.register
def _(
    result: ImputedImportanceResult,
    *,
    language: str = "en",
    limit: int | None = 5,
    codebook: Codebook | None = None,
    labels: Labels = None,
) -> tuple[Finding, ...]:
    check_limit(limit)
    every = findings(_pooled(result), language=language, limit=None, labels=labels)
    leading = [
        dataclasses.replace(finding, result=result.kind)
        for finding in every
        if finding.message.startswith(tuple(f"findings.drivers.{name}" for name in _LEADING))
    ]
    return (*leading[:limit], *_treatment(result, labels, Messages(language)))


def _pooled(result: ImputedImportanceResult) -> DriverImportanceResult:
    """Return the pooled shares as those of one data set, for the sentences on shares.

    Directions, and ranks but the first, are not pooled and stay unknown.
    """
    fit = next(row for row in each(result.fits) if row.group == "imputation")
    pooled = result.estimates[result.estimates["group"] == "imputation"]
    return DriverImportanceResult(
        estimates=pooled.assign(
            block=pooled["term"], sign=0, sign_changes=False, p_same_sign=np.nan, p_top3=np.nan
        ),
        differences=result.differences, ranks=pd.DataFrame(), outcome=result.outcome,
        drivers=result.drivers, controls=result.controls, groups={}, model="linear",
        criterion="r2", method="shapley", r2=float(fit.r2), r2_low=float(fit.r2_low),
        r2_high=float(fit.r2_high), r2_controls=float(fit.r2_controls),
        r2_adjusted=math.nan, n=result.n, n_asked=result.n_asked, n_effective=float(result.n),
        exact=True, n_orders=0, interval="percentile", acceleration="none", replicates="none",
        n_boot=result.n_boot, confidence_level=result.confidence_level, weights=result.weights,
        clusters=result.clusters, strata=result.strata, seed=result.seed, notes=(),
    )  # fmt: skip


def _treatment(
    result: ImputedImportanceResult, labels: Labels, messages: Messages
) -> Iterator[Finding]:
    """Say what was done about missing answers, and whether the first driver hangs on it."""
    impossible = any(note.startswith("listwise_impossible") for note in result.notes)
    treatment = "imputation" if result.imputations else "not_used"
    complete = int(result.available["n_listwise"].iloc[0])
    values: dict[str, Any] = {"n": result.n, "asked": result.n_asked, "complete": complete}
    if complete == result.n:  # nothing was missing, whatever would have been done about it
        message = "sample_all" if result.n == result.n_asked else "sample"
    else:
        message = f"treatment_{treatment}" + ("_impossible" if impossible else "")
    shared: dict[str, Any] = {"result": result.kind, "topic": "quality"}
    yield told(f"quality.drivers.{message}", values, messages, sure="clear", rank=2.4, **shared)
    first = result.estimates[result.estimates["rank"] == 1].set_index("group")["term"]
    if first.get("listwise", first["imputation"]) != first["imputation"]:
        yield told(
            "quality.drivers.imputed_warning_first",
            name_values(first["imputation"], labels, messages)
            | {"other": column_label(first["listwise"], labels, messages)},
            messages,
            sure="not_decided",
            rank=2.35,
            term=first["imputation"],
            **shared,
        )
