"""Estimates of a study over its runs."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxresearch.plots._draw import drawn
from cxresearch.plots._rows import Chart, Interval, Row
from cxresearch.plots._select import each
from cxresearch.plots._words import alternative
from cxresearch.shown import Figure
from cxresearch.wording import Formats
from cxresearch.wording.labels import capital


def plot_trends(trends: pd.DataFrame, *, language: str = "en") -> Figure | None:
    """Draw estimates with their intervals, run after run, an estimate under the other.

    Parameters
    ----------
    trends : DataFrame
        label, unit, when, estimate, conf_low, conf_high; the rows of a label oldest first. All
        of one unit: estimates of different units share no axis.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure or None
        None without rows.

    Examples
    --------
    >>> rows = [("Staff", "points", day, gap, gap - 0.2, gap + 0.2)
    ...         for day, gap in (("2026-03-01", -0.6), ("2026-09-01", -0.4))]
    >>> names = ["label", "unit", "when", "estimate", "conf_low", "conf_high"]
    >>> plot_trends(pd.DataFrame(rows, columns=names)).alt_text
    'Estimates over time. Staff, 2026-03-01: −0.60; Staff, 2026-09-01: −0.40.'
    """
    if trends.empty:
        return None
    formats = Formats.of(language)
    rows: list[Row] = []
    for label, own in trends.groupby("label", sort=False):
        rows.append(Row(label=capital(str(label)), heading=True))
        rows += [_row(point, formats) for point in each(own)]
    unit = str(trends["unit"].iloc[0])
    chart = Chart(
        rows=tuple(rows),
        formats=formats,
        axis_title=unit,
        legend=(
            ("excludes_zero", formats.messages.text("figures.interval_excludes_zero")),
            ("includes_zero", formats.messages.text("figures.interval_includes_zero")),
        ),
        zero=True,
    )
    entries = [f"{p.label}, {p.when}: {formats.number(p.estimate)}" for p in each(trends)]
    return drawn(
        chart,
        name="trends",
        alt_text=alternative(formats.messages.text("catalogue.trend_alt"), entries, formats),
        caption=formats.messages.text("catalogue.trend_explained"),
    )


def _row(point: Any, formats: Formats) -> Row:
    return Row(
        label=str(point.when),
        marks=Interval(point.estimate, point.conf_low, point.conf_high),
        number=formats.number(point.estimate),
        aside=formats.brackets(point.conf_low, point.conf_high),
    )
