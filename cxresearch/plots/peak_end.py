"""Figures of a peak-end study that are rows on an axis: rules, conditions, sensitivity."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cxresearch.peak_end import (
    ConditionsResult,
    CrossoverResult,
    MemoryModelsResult,
    MixedModelResult,
    PeakEndSensitivityResult,
)
from cxresearch.peak_end.gains import BASELINE, gains_over_average
from cxresearch.plots._comparison import Comparison, compared
from cxresearch.plots._draw import drawn, pictured
from cxresearch.plots._rows import Chart, Interval, Row, Sign
from cxresearch.plots._select import each
from cxresearch.plots._stacked import stacked
from cxresearch.plots._words import alternative
from cxresearch.shown import Figure, or_nothing
from cxresearch.wording import Formats
from cxresearch.wording.labels import capital, shortened
from cxresearch.wording.peak_end import (
    Labels,
    end_rule,
    known_term,
    memory_name,
    rating_decimals,
    span_text,
)

_LONGEST_NAME = 60


def plot_memory_models(
    found: MemoryModelsResult, *, labels: Labels = None, language: str = "en"
) -> Figure:
    """Draw how much better or worse than the average each rule predicts what is remembered.

    Parameters
    ----------
    found : MemoryModelsResult
    labels : mapping of str to str, optional
        Column → text; the remembered rating is called by its label.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        The rule with the smallest prediction error first: gain over the average in squared
        error with its interval, the typical error as a number. The average itself stands at
        zero with a sign of its own.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from cxresearch.peak_end import compare_memory_models
    >>> rng = np.random.default_rng(1)
    >>> names = ["peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend"]
    >>> episodes = pd.DataFrame(rng.normal(size=(60, 8)), columns=names)
    >>> episodes["duration"], episodes["person"] = rng.normal(size=60), range(60)
    >>> episodes["memory"] = episodes["peak"] + episodes["end"] + rng.normal(size=60)
    >>> found = compare_memory_models(episodes, retrospective="memory", participant="person")
    >>> plot_memory_models(found).alt_text.split(". ")[0]
    'How well 12 rules predict the remembered rating, the best first'
    """
    formats = Formats.of(language)
    text = formats.messages.text
    ordered = _best_first(found)
    decimals = rating_decimals(ordered["cv_rmse"])
    rows = tuple(_rule_row(row, formats, decimals) for row in each(ordered))
    level = formats.level(found.confidence_level)
    memory = memory_name(found.retrospective, labels, formats.messages)
    chart = Chart(
        rows=rows,
        formats=formats,
        axis_title=text("figures.peak_end.axis_gain"),
        axis_ends=(text("figures.peak_end.axis_worse"), text("figures.peak_end.axis_better")),
        legend=_legend(rows, formats),
        number_heading=text("figures.peak_end.error_heading"),
        aside_heading=text("figures.peak_end.gain_heading", level=level),
        zero=True,
    )
    caption = [
        text("figures.peak_end.gain_explained", memory=memory, level=level),
        text("figures.peak_end.episodes_of", n=found.n, people=str(found.n_participants)),
        text(
            "figures.peak_end.rules_alike",
            r=formats.coefficient(found.correlation_peak_end_mean),
        ),
    ]
    return drawn(
        chart,
        name="memory_models",
        alt_text=alternative(
            text("figures.peak_end.alt_models", n=len(ordered), memory=memory),
            [_rule_entry(row, formats, decimals) for row in each(ordered)],
            formats,
        ),
        caption=" ".join(caption),
    )


@or_nothing
def plot_conditions(
    result: ConditionsResult | CrossoverResult | MixedModelResult,
    *,
    method: str = "",
    labels: Labels = None,
    language: str = "en",
) -> Figure:
    """Draw the remembered rating by condition, and below it the differences.

    Parameters
    ----------
    result : ConditionsResult, CrossoverResult or MixedModelResult
        A mixed model gives the differences of the column it compared, not the means.
    method : str
        Which estimates of a `ConditionsResult`: "welch", "pooled", "ancova", "lin" or "cuped";
        by default "lin" where there are covariates, else "welch".
    labels : mapping of str to str, optional
        Column, ``"condition[level]"`` or level → text.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Means with intervals of their own above; differences with theirs around zero below.

    Raises
    ------
    CxError
        The method was not computed, or the mixed model compared nothing.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    comparison = compared(result, method=method, labels=labels, messages=formats.messages)
    level = formats.level(comparison.confidence_level)
    charts = []
    if len(comparison.means):
        title = text("figures.peak_end.means_title", memory=comparison.memory)
        charts.append((capital(title), _means_chart(comparison, formats)))
    title = text("figures.peak_end.differences_title")
    charts.append((title, _differences_chart(comparison, formats)))
    drawn_means = "conditions" if len(comparison.means) else "differences"
    lead = text(
        f"figures.peak_end.alt_{drawn_means}",
        n=len(comparison.differences),
        memory=comparison.memory,
        level=level,
    )
    return pictured(
        lambda layout: stacked(charts, layout),
        name=comparison.name,
        alt_text=alternative(lead, _condition_entries(comparison, formats), formats),
        caption=_conditions_caption(comparison, formats),
    )


def plot_sensitivity(
    sensitivity: PeakEndSensitivityResult, *, labels: Labels = None, language: str = "en"
) -> Figure:
    """Draw how the weight of peak and end hangs on what is called the peak and the end.

    Parameters
    ----------
    sensitivity : PeakEndSensitivityResult
    labels : mapping of str to str, optional
        Not needed; rules have their own words.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Correlation of memory with the mean of peak and end under each pair of rules, beside
        that with the average.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    rows: list[Row] = []
    entries: list[str] = []
    frame = sensitivity.estimates
    for rule, cells in frame.groupby("term", sort=False):
        heading = known_term("peak_rule", str(rule), formats.messages)
        rows.append(Row(label=capital(heading), heading=True))
        for cell in each(cells):
            row = _pair_row(cell, formats)
            rows.append(row)
            entries.append(f"{heading}, {row.label}: {row.number} ({row.aside})")
    rows.append(Row(label=text("figures.peak_end.for_comparison"), heading=True))
    for name, value in sensitivity.reference.items():
        label = known_term("memory_rule", name, formats.messages)
        number = formats.coefficient(value)
        marks = None if math.isnan(value) else Interval(value, math.nan, math.nan, "turning")
        rows.append(Row(label=label, marks=marks, number=number))
        entries.append(f"{label}: {number}")
    level = formats.level(sensitivity.confidence_level)
    chart = Chart(
        rows=tuple(rows),
        formats=formats,
        axis_title=text("figures.peak_end.axis_correlation"),
        legend=(
            ("excludes_zero", text("figures.peak_end.peak_and_end")),
            ("turning", text("figures.peak_end.average_only")),
        ),
        number_heading="r",
        aside_heading=text("figures.interval_heading", level=level),
        within=(-1.0, 1.0),
    )
    return drawn(
        chart,
        name="peak_end_sensitivity",
        alt_text=alternative(
            text("figures.peak_end.alt_sensitivity", n=len(frame)), entries, formats
        ),
        caption=" ".join(
            [
                text("figures.peak_end.sensitivity_explained", level=level),
                text(
                    "figures.peak_end.episodes_of",
                    n=sensitivity.n,
                    people=str(sensitivity.n_participants),
                ),
            ]
        ),
    )


# ── rules of memory ───────────────────────────────────────────────────────────────────────


def _best_first(found: MemoryModelsResult) -> pd.DataFrame:
    gains = gains_over_average(found)
    errors = found.models.set_index("term")["cv_rmse"]
    table = gains.assign(cv_rmse=gains["term"].map(errors))
    return table.sort_values("cv_rmse", kind="stable", na_position="last")


def _rule_row(row: Any, formats: Formats, decimals: int) -> Row:
    label = known_term("memory_rule", row.term, formats.messages)
    if math.isnan(row.cv_rmse):
        return Row(label=label, remark=formats.messages.text("figures.peak_end.constant"))
    average = row.term == BASELINE
    marks = Interval(
        0.0 if average else row.estimate,
        row.conf_low,
        row.conf_high,
        "turning" if average else None,
    )
    return Row(
        label=label,
        marks=marks,
        number=formats.number(row.cv_rmse, decimals),
        aside="" if average else formats.interval(row.conf_low, row.conf_high, decimals),
        strong=average,
    )


def _legend(rows: tuple[Row, ...], formats: Formats) -> tuple[tuple[Sign, str], ...]:
    text = formats.messages.text
    shown = {row.marks.sign for row in rows if isinstance(row.marks, Interval)}
    every: tuple[tuple[Sign, str], ...] = (
        ("excludes_zero", text("figures.interval_excludes_zero")),
        ("includes_zero", text("figures.interval_includes_zero")),
        ("turning", text("figures.peak_end.the_average")),
    )
    return tuple(entry for entry in every if entry[0] in shown)


def _rule_entry(row: Any, formats: Formats, decimals: int) -> str:
    name = known_term("memory_rule", row.term, formats.messages)
    if math.isnan(row.cv_rmse):
        return formats.messages.text("figures.alt_hidden", name=name)
    error = formats.number(row.cv_rmse, decimals)
    if row.term == BASELINE or math.isnan(row.conf_low):
        return f"{name} {error}"
    return formats.messages.text(
        "figures.peak_end.alt_rule",
        name=name,
        error=error,
        gain=formats.gap(row.estimate, decimals),
        interval=formats.interval(row.conf_low, row.conf_high, decimals),
    )


# ── conditions ────────────────────────────────────────────────────────────────────────────


def _means_chart(comparison: Comparison, formats: Formats) -> Chart:
    text, decimals = formats.messages.text, comparison.decimals
    level = formats.level(comparison.confidence_level)
    rows = tuple(
        Row(
            label=row.label,
            marks=Interval(row.estimate, row.conf_low, row.conf_high, "excludes_zero"),
            number=formats.number(row.estimate, decimals),
            aside=""
            if math.isnan(row.conf_low)
            else span_text(row.conf_low, row.conf_high, formats, decimals),
        )
        for row in each(comparison.means)
    )
    known = bool(comparison.means["conf_low"].notna().any())
    return Chart(
        rows=rows,
        formats=formats,
        axis_title=text("figures.peak_end.axis_memory"),
        number_heading=text("figures.peak_end.mean_heading"),
        aside_heading=text("figures.interval_heading", level=level) if known else "",
    )


def _differences_chart(comparison: Comparison, formats: Formats) -> Chart:
    text, decimals = formats.messages.text, comparison.decimals
    rows = []
    for row in each(comparison.differences):
        if math.isnan(row.estimate) or math.isnan(row.conf_low):
            rows.append(Row(label=row.label, remark=text("figures.peak_end.no_spread")))
            continue
        rows.append(
            Row(
                label=row.label,
                marks=Interval(row.estimate, row.conf_low, row.conf_high),
                number=formats.gap(row.estimate, decimals),
                aside=formats.interval(row.conf_low, row.conf_high, decimals),
            )
        )
    level = formats.level(comparison.confidence_level)
    return Chart(
        rows=tuple(rows),
        formats=formats,
        axis_title=text("figures.peak_end.axis_difference"),
        axis_ends=(text("figures.peak_end.axis_lower"), text("figures.peak_end.axis_higher")),
        legend=_legend(tuple(rows), formats),
        number_heading=text("figures.peak_end.difference_heading"),
        aside_heading=text("figures.interval_heading", level=level),
        zero=True,
    )


def _condition_entries(comparison: Comparison, formats: Formats) -> list[str]:
    decimals = comparison.decimals
    entries = [
        f"{shortened(row.label, _LONGEST_NAME)} {formats.number(row.estimate, decimals)}"
        for row in each(comparison.means)
    ]
    for row in each(comparison.differences):
        gap = formats.gap(row.estimate, decimals)
        interval = formats.interval(row.conf_low, row.conf_high, decimals)
        entries.append(f"{shortened(row.label, 2 * _LONGEST_NAME)} {gap} ({interval})")
    return entries


def _conditions_caption(comparison: Comparison, formats: Formats) -> str:
    text = formats.messages.text
    level = formats.level(comparison.confidence_level)
    sentences = [text(f"figures.peak_end.method_{comparison.method}", level=level)]
    if len(comparison.differences) > 1:
        sentences.append(text("figures.peak_end.each_by_itself"))
    counted = "ratings" if comparison.method == "mixed" else "people"
    sentences.append(text(f"figures.peak_end.{counted}", n=comparison.n))
    return " ".join(sentences)


# ── sensitivity ───────────────────────────────────────────────────────────────────────────


def _pair_row(cell: Any, formats: Formats) -> Row:
    label = end_rule(cell.group, formats.messages)
    if math.isnan(cell.estimate):
        return Row(label=label, remark=formats.messages.text("figures.not_estimated"))
    return Row(
        label=label,
        marks=Interval(cell.estimate, cell.conf_low, cell.conf_high, "excludes_zero"),
        number=formats.coefficient(cell.estimate),
        aside=formats.coefficient_interval(cell.conf_low, cell.conf_high),
    )
