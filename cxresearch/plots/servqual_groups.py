"""Figures of many groups and of several waves."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxresearch._validate import check_choice
from cxresearch.codebook.model import Codebook
from cxresearch.plots._draw import drawn
from cxresearch.plots._rows import Chart, Interval, Row, Several, Sign
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.servqual import GapChangesResult, PooledGapsResult
from cxresearch.shown import Figure, or_nothing
from cxresearch.wording import Formats, decimals_for
from cxresearch.wording.labels import clean, name_of, segment_label, shortened

MOST_GROUPS = 40
"""More rows cannot be read; the middle ones are left out and counted."""
_NAN = float("nan")


@or_nothing
def plot_caterpillar(
    pooled: PooledGapsResult,
    term: str | None = None,
    *,
    codebook: Codebook | None = None,
    language: str = "en",
) -> Figure:
    """Draw the pooled gap of each group with its interval, the widest shortfall first.

    Parameters
    ----------
    pooled : PooledGapsResult or None
    term : str, optional
        A dimension or ``"overall"``; without it the foremost.
    codebook : Codebook, optional
        Gives the segment its label.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Points are pooled gaps, filled where the interval leaves out the mean over the groups;
        diamonds are the groups' own means. Groups too small to show are named.

    Raises
    ------
    CxError
        The term is unknown.
    """
    terms = pooled.spread["term"].tolist()
    term = pooled.foremost if term is None else check_choice("term", term, terms)
    formats = Formats.of(language)
    spread: Any = pooled.spread.set_index("term").loc[term]
    rows = pooled.estimates[pooled.estimates["term"] == term]
    ordered = rows.sort_values("estimate", kind="stable", na_position="last")
    kept, left_out = _ends(ordered)
    decimals = decimals_for(pooled.scale_low, pooled.scale_high)
    centre = float(spread["mean"])
    text = formats.messages.text
    lines = [_group_row(row, centre, pooled, formats, decimals) for row in each(kept)]
    name = name_of(str(term), clean(spread["label"]), formats.messages)
    called = segment_label(pooled.segment, formats.messages, codebook)
    entries = [
        text(
            "figures.alt_gap", name=shortened(clean(row.group), 60),
            gap=formats.gap(row.estimate, decimals),
            interval=formats.interval(row.conf_low, row.conf_high, decimals),
        )
        if row.estimate == row.estimate
        else text("figures.alt_hidden", name=shortened(clean(row.group), 60))
        for row in each(kept)
    ]  # fmt: skip
    lead = text("figures.gap_groups.alt_caterpillar", name=name, segment=called)
    return drawn(
        _caterpillar(lines, pooled, formats),
        name=f"pooled_gaps_{term}",
        alt_text=alternative(lead, entries, formats),
        caption=_pooled_caption(pooled, spread, left_out, formats, decimals),
    )


def _ends(ordered: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return the groups that are drawn: all, or those at both ends."""
    over = len(ordered) - MOST_GROUPS
    if over <= 0:
        return ordered, 0
    half = MOST_GROUPS // 2
    known = ordered[ordered["estimate"].notna()]
    return pd.concat([known.head(half), known.tail(half)]), len(ordered) - 2 * half


def _group_row(
    row: Any, centre: float, pooled: PooledGapsResult, formats: Formats, decimals: int
) -> Row:
    label = clean(row.group)
    if row.estimate != row.estimate:
        key = "not_estimated"
        if row.suppressed:
            protected = row.note == "suppressed_complementary"
            key = "not_shown_protected" if protected else "not_shown"
        values = {"n": pooled.min_cell} if key == "not_shown" else {}
        return Row(label=label, remark=formats.messages.text(f"figures.{key}", **values))
    sign: Sign = "includes_zero" if row.conf_low <= centre <= row.conf_high else "excludes_zero"
    return Row(
        label=label,
        marks=Several(
            (
                Interval(row.estimate, row.conf_low, row.conf_high, marked=sign),
                Interval(row.gap, _NAN, _NAN, marked="turning"),
            )
        ),
        number=formats.gap(row.estimate, decimals),
        aside=formats.interval(row.conf_low, row.conf_high, decimals),
    )


def _caterpillar(rows: list[Row], pooled: PooledGapsResult, formats: Formats) -> Chart:
    text = formats.messages.text
    signs = {mark.intervals[0].sign for row in rows if isinstance(mark := row.marks, Several)}
    legend: list[tuple[Sign, str]] = [
        ("excludes_zero", text("figures.gap_groups.leaves_out_mean")),
        ("includes_zero", text("figures.gap_groups.holds_mean")),
    ]
    entries = [entry for entry in legend if entry[0] in signs]
    if signs:
        entries.append(("turning", text("figures.gap_groups.own_mean")))
    return Chart(
        rows=tuple(rows) or (Row(label="", remark=text("figures.nothing_to_show")),),
        formats=formats,
        axis_title=text("figures.axis_gap"),
        axis_ends=(text("figures.axis_less"), text("figures.axis_more")),
        legend=tuple(entries),
        number_heading=text("figures.gap_heading"),
        aside_heading=text(
            "figures.interval_heading", level=formats.level(pooled.confidence_level)
        ),
        zero=True,
    )


def _pooled_caption(
    pooled: PooledGapsResult, spread: Any, left_out: int, formats: Formats, decimals: int
) -> str:
    text = formats.messages.text
    sentences = [
        text("figures.drivers.people", n=pooled.n),
        text(
            "figures.gap_groups.pooled",
            mean=formats.gap(float(spread["mean"]), decimals),
            groups=formats.count(float(spread["groups"])),
        ),
        text("figures.gap_groups.pooled_note"),
    ]
    if left_out:
        sentences.append(text("figures.gap_groups.middle_left_out", n=left_out))
    return " ".join(sentences + ([text("figures.weighted")] if pooled.weighted else []))


@or_nothing
def plot_changes(changes: GapChangesResult, *, language: str = "en") -> Figure:
    """Draw how the gap of each dimension changed between waves, with intervals.

    Parameters
    ----------
    changes : GapChangesResult or None
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        One part for each pair of waves; a point is filled where the interval leaves out zero.
    """
    formats = Formats.of(language)
    text, decimals = (
        formats.messages.text,
        decimals_for(changes.scale_low, changes.scale_high),
    )
    levels = ["dimension", *(["overall"] if changes.told_overall else [])]
    shown = changes.estimates[
        changes.estimates["level"].isin(levels)
        & (changes.estimates["term"] != "overall_weighted")
    ]
    rows: list[Row] = []
    for group, part in shown.groupby("group", sort=False):
        if len(changes.pairs) > 1:
            rows.append(Row(label=clean(str(group)), heading=True))
        rows += [_change_row(row, changes, formats, decimals) for row in each(part)]
    filled = {row.marks.sign for row in rows if isinstance(row.marks, Interval)}
    legend: list[tuple[Sign, str]] = [
        ("excludes_zero", text("figures.interval_excludes_zero")),
        ("includes_zero", text("figures.interval_includes_zero")),
    ]
    level = formats.level(changes.confidence_level)
    waves = formats.messages.listed([clean(group) for group in changes.pairs["group"]])
    lead = text("figures.gap_groups.alt_changes", waves=waves, level=level)
    return drawn(
        Chart(
            rows=tuple(rows),
            formats=formats,
            axis_title=text("figures.gap_groups.axis_change"),
            axis_ends=(
                text("figures.gap_groups.axis_worse"), text("figures.gap_groups.axis_better")
            ),
            legend=tuple(entry for entry in legend if entry[0] in filled),
            number_heading=text("figures.gap_groups.change_heading"),
            aside_heading=text("figures.interval_heading", level=level),
            zero=True,
        ),
        name="gap_changes",
        alt_text=alternative(lead, _change_entries(shown, formats, decimals), formats),
        caption=" ".join(_changes_caption(changes, formats)),
    )  # fmt: skip


def _change_row(row: Any, changes: GapChangesResult, formats: Formats, decimals: int) -> Row:
    label = name_of(row.term, row.label, formats.messages)
    if row.estimate != row.estimate:
        text = formats.messages.text
        if not row.suppressed:
            return Row(label=label, remark=text("figures.not_estimated"))
        protected = row.note == "suppressed_complementary"
        remark = (
            text("figures.not_shown_protected")
            if protected
            else text("figures.not_shown", n=changes.min_cell)
        )
        return Row(label=label, remark=remark)
    return Row(
        label=label,
        marks=Interval(row.estimate, row.conf_low, row.conf_high),
        number=formats.gap(row.estimate, decimals),
        aside=formats.interval(row.conf_low, row.conf_high, decimals),
        strong=row.level == "overall",
    )


def _change_entries(shown: pd.DataFrame, formats: Formats, decimals: int) -> list[str]:
    entries = []
    for row in each(shown):
        name = f"{name_of(row.term, row.label, formats.messages)}, {clean(row.group)}"
        if row.estimate != row.estimate:
            entries.append(formats.messages.text("figures.alt_hidden", name=name))
            continue
        entries.append(
            formats.messages.text(
                "figures.alt_gap",
                name=name,
                gap=formats.gap(row.estimate, decimals),
                interval=formats.interval(row.conf_low, row.conf_high, decimals),
            )
        )
    return entries


def _changes_caption(changes: GapChangesResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    sentences = [
        text(
            "figures.gap_groups.change_explained",
            level=formats.level(changes.confidence_level),
            low=formats.points(changes.scale_low),
            high=formats.points(changes.scale_high),
        )
    ]
    for row in each(changes.pairs):
        values: dict[str, Any] = {"waves": clean(row.group)}
        if row.comparison != "independent":
            values["n"] = int(row.people)
        sentences.append(text(f"figures.gap_groups.compared_{row.comparison}", **values))
    return sentences + ([text("figures.weighted")] if changes.weighted else [])
