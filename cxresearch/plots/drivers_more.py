"""Figures of shares in several versions: by group of respondents, by treatment of gaps."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cxresearch.drivers.pooled_shares import ImputedImportanceResult
from cxresearch.drivers.segments import SegmentImportanceResult
from cxresearch.plots._draw import drawn
from cxresearch.plots._drivers import (
    LONGEST_NAME,
    Labels,
    direction_legend,
    driver_label,
    outcome_name,
    people,
    share_decimals,
    share_row,
    spoken,
)
from cxresearch.plots._rows import Chart, Interval, Row, Several, Sign
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.shown import Figure
from cxresearch.wording import Formats
from cxresearch.wording.drivers import grouping_name, largest_first
from cxresearch.wording.labels import clean, file_stem, in_sentence, shortened

_Cells = dict[str, list[Any]]
"""The rows of the groups of each driver."""

_MOST_COUNTS = 8
"""Groups whose numbers of respondents the caption names one by one."""


def plot_segment_importance(
    segments: SegmentImportanceResult | None, *, labels: Labels = None, language: str = "en"
) -> Figure | None:
    """Draw each driver's share of what the drivers explain, group by group.

    Parameters
    ----------
    segments : SegmentImportanceResult, optional
    labels : mapping of str to str, optional
        Column → text, of the drivers and of the column by which respondents are grouped.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure or None
        Under each driver a share in percent with its interval for every group, the driver with
        the largest mean share first. Groups that are too small are named in the caption and not
        drawn. None where there is no result: nothing to show.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from cxresearch.drivers.segments import importance_by_segment
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(400, 2)), columns=["room", "staff"])
    >>> stay["trip"] = np.where(np.arange(400) < 200, "Business", "Leisure")
    >>> stay["overall"] = stay["room"] + 0.5 * stay["staff"] + rng.normal(size=400)
    >>> asked = {"outcome": "overall", "drivers": ["room", "staff"], "segment": "trip"}
    >>> found = importance_by_segment(stay, **asked, n_boot=50, n_permutations=0)
    >>> plot_segment_importance(found).alt_text.split(". ")[0]
    'Shares of what 2 drivers explain of overall in each group by trip, with 95% intervals'
    """
    if segments is None:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    # The direction is that of each group; whether it hangs on other drivers is not looked into.
    shown = segments.estimates.assign(sign_changes=False)
    shown = shown[~shown["suppressed"].astype(bool)]
    decimals = share_decimals((shown["percent"] / 100).tolist())
    cells: _Cells = {term: [] for term in largest_first(shown)}
    for term, cell in zip(shown["term"], each(shown.assign(term=shown["group"])), strict=True):
        cells[term].append(cell)
    rows: list[Row] = []
    for term, part in cells.items():
        rows.append(Row(label=driver_label(term, labels, formats), heading=True))
        rows += [share_row(cell, None, formats, decimals) for cell in part]
    level = formats.level(segments.confidence_level)
    chart = Chart(
        rows=tuple(rows),
        formats=formats,
        axis_title=text("figures.drivers.axis_share"),
        legend=direction_legend(rows, formats),
        number_heading=text("figures.drivers.share_heading"),
        aside_heading=text("figures.interval_heading", level=level) if segments.n_boot else "",
        zero=True,
        percent=True,
    )
    return drawn(
        chart,
        name=f"importance_by_{file_stem(segments.segment)}",
        alt_text=_segment_alternative(segments, cells, labels, formats, decimals),
        caption=_segment_caption(segments, labels, formats),
    )


def plot_imputed_importance(
    imputed: ImputedImportanceResult | None, *, labels: Labels = None, language: str = "en"
) -> Figure | None:
    """Draw shares with missing answers treated beside those of complete respondents.

    Parameters
    ----------
    imputed : ImputedImportanceResult, optional
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure or None
        Two shares with intervals a driver, the largest first; one where nobody or too few
        answered everything. None where there is no result.
    """
    if imputed is None:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    pooled, listwise = _treatments(imputed)
    decimals = share_decimals((imputed.estimates["percent"] / 100).tolist())
    level = formats.level(imputed.confidence_level)
    treated = "imputation" if imputed.imputations else "everyone"
    counts = {str(row.group): int(row.n) for row in each(imputed.fits)}
    legend: list[tuple[Sign, str]] = [
        (
            "excludes_zero",
            text(f"figures.drivers.legend_{treated}", n=counts["imputation"]),
        )
    ]
    if listwise:
        listwise_text = text("figures.drivers.legend_listwise", n=counts["listwise"])
        legend.append(("includes_zero", listwise_text))
    chart = Chart(
        rows=tuple(
            _treated_row(row, listwise.get(row.term), labels, formats, decimals)
            for row in each(pooled)
        ),
        formats=formats,
        axis_title=text("figures.drivers.axis_share"),
        legend=tuple(legend),
        number_heading=text("figures.drivers.share_heading"),
        aside_heading=text("figures.interval_heading", level=level),
        zero=True,
        percent=True,
    )
    return drawn(
        chart,
        name="imputed_importance",
        alt_text=_treated_alternative(imputed, labels, formats, decimals),
        caption=" ".join(_treated_caption(imputed, formats, beside=bool(listwise))),
    )


# ── by group ──────────────────────────────────────────────────────────────────────────────


def _segment_alternative(
    segments: SegmentImportanceResult,
    cells: _Cells,
    labels: Labels,
    formats: Formats,
    decimals: int,
) -> str:
    text = formats.messages.text
    lead = text(
        "figures.drivers.alt_segments"
        if segments.n_boot
        else "figures.drivers.alt_segments_plain",
        n=len(cells),
        outcome=outcome_name(segments.outcome, labels, formats),
        segment=_grouping(segments, labels, formats),
        **({"level": formats.level(segments.confidence_level)} if segments.n_boot else {}),
    )
    comma = text("format.comma")
    entries = [
        text(
            "figures.drivers.alt_driver",
            name=spoken(term, labels, formats),
            shares=comma.join(
                _spoken_share(cell, cell.group, formats, decimals) for cell in part
            ),
        )
        for term, part in cells.items()
    ]
    return alternative(lead, entries, formats)


def _spoken_share(row: Any, name: str, formats: Formats, decimals: int) -> str:
    """Return ``Business 25% (20% to 31%)``."""
    told = formats.messages.text(
        "figures.drivers.group_share",
        name=shortened(clean(name), LONGEST_NAME),
        share=formats.percent(row.percent / 100, decimals),
    )
    if math.isnan(row.percent_low):
        return told
    interval = formats.percent_interval(row.percent_low / 100, row.percent_high / 100, decimals)
    return f"{told} ({interval})"


def _segment_caption(
    segments: SegmentImportanceResult, labels: Labels, formats: Formats
) -> str:
    text, level = formats.messages.text, formats.level(segments.confidence_level)
    sentences = [
        text("figures.drivers.share_explained"),
        text(
            "figures.drivers.by_segment_explained", segment=_grouping(segments, labels, formats)
        ),
        text("figures.drivers.bar_explained", level=level)
        if segments.n_boot
        else text("figures.drivers.no_interval"),
        *_left_out(segments.segments, formats),
        *_counts(segments, formats),
        text("figures.drivers.together_only"),
    ]
    return " ".join(sentences)


def _grouping(segments: SegmentImportanceResult, labels: Labels, formats: Formats) -> str:
    name = grouping_name(segments.segment, labels, formats.messages)
    return in_sentence(shortened(name, LONGEST_NAME), formats.messages)


def _left_out(table: pd.DataFrame, formats: Formats) -> list[str]:
    """Return the sentences that name the groups which are not drawn, reason by reason."""
    hidden = table[table["suppressed"].astype(bool)]
    sentences = []
    for note, part in hidden.groupby("note", sort=False):
        names = formats.messages.listed(
            [shortened(clean(group), LONGEST_NAME) for group in part["group"]]
        )
        kind, _, least = str(note).partition(":")
        if kind == "fewer_than":
            sentences.append(
                formats.messages.text(
                    "figures.drivers.groups_small", names=names, least=int(least)
                )
            )
        else:
            sentences.append(formats.messages.text("figures.drivers.groups_flat", names=names))
    return sentences


def _counts(segments: SegmentImportanceResult, formats: Formats) -> list[str]:
    """Return how many respondents each group has, or all together where there are many."""
    whole, *weighted = people(segments.n, segments.weights, formats)
    known = segments.segments[~segments.segments["suppressed"].astype(bool)]
    if len(known) > _MOST_COUNTS:
        return [whole, *weighted]
    names = [
        formats.messages.text(
            "figures.drivers.group_count",
            name=shortened(clean(row.group), LONGEST_NAME),
            n=int(row.n),
        )
        for row in each(known)
    ]
    counts = formats.messages.text(
        "figures.drivers.people_by_group", counts=formats.messages.listed(names)
    )
    return [counts, *weighted]


# ── by treatment of missing answers ───────────────────────────────────────────────────────


def _treatments(imputed: ImputedImportanceResult) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the pooled rows, the largest first, and those of complete respondents by name."""
    pooled = imputed.estimates[imputed.estimates["group"] == "imputation"]
    listwise = imputed.estimates[imputed.estimates["group"] == "listwise"]
    ordered = pooled.sort_values("estimate", ascending=False, kind="stable")
    return ordered, {str(row.term): row for row in each(listwise)}


def _treated_row(
    row: Any, other: Any | None, labels: Labels, formats: Formats, decimals: int
) -> Row:
    label = driver_label(row.term, labels, formats)
    if math.isnan(row.percent):
        return Row(
            label=label, remark=formats.messages.text("figures.drivers.nothing_explained")
        )
    versions: list[tuple[Any, Sign]] = [(row, "excludes_zero")]
    if other is not None and not math.isnan(other.percent):
        versions.append((other, "includes_zero"))
    marks = tuple(
        Interval(one.percent / 100, one.percent_low / 100, one.percent_high / 100, sign)
        for one, sign in versions
    )
    return Row(
        label=label,
        marks=Several(marks) if len(marks) > 1 else marks[0],
        number=formats.percent(row.percent / 100, decimals),
        aside=formats.percent_interval(row.percent_low / 100, row.percent_high / 100, decimals),
    )


def _treated_alternative(
    imputed: ImputedImportanceResult, labels: Labels, formats: Formats, decimals: int
) -> str:
    text = formats.messages.text
    pooled, listwise = _treatments(imputed)
    entries = []
    for row in each(pooled):
        name, other = spoken(row.term, labels, formats), listwise.get(row.term)
        told = _spoken_share(row, name, formats, decimals)
        if other is not None:
            told = text(
                "figures.drivers.alt_compared",
                told=told,
                other=formats.percent(other.percent / 100, decimals),
            )
        entries.append(told)
    lead = text(
        "figures.drivers.alt_imputed" if listwise else "figures.drivers.alt_imputed_alone",
        n=len(pooled),
        outcome=outcome_name(imputed.outcome, labels, formats),
        level=formats.level(imputed.confidence_level),
    )
    return alternative(lead, entries, formats)


def _treated_caption(
    imputed: ImputedImportanceResult, formats: Formats, *, beside: bool
) -> list[str]:
    text = formats.messages.text
    sentences = [
        text("figures.drivers.share_explained"),
        text("figures.drivers.lines_explained", level=formats.level(imputed.confidence_level)),
    ]
    if imputed.imputations:
        sentences.append(text("figures.drivers.imputed_explained", n=imputed.imputations))
    if beside:
        sentences.append(text("figures.drivers.listwise_beside"))
    return [
        *sentences,
        *people(imputed.n, imputed.weights, formats),
        text("figures.drivers.together_only"),
    ]
