"""Estimates of the cells of a study: a forest plot."""

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


def plot_cells(
    cells: pd.DataFrame, *, pooled: bool = False, language: str = "en"
) -> Figure | None:
    """Draw the key estimates of each cell with their intervals, those of one unit.

    Parameters
    ----------
    cells : DataFrame
        As `compare_cells` returns it: label, unit, cell, n, estimate, conf_low, conf_high and
        the same three ending in ``_pooled``. Of several units, the first is drawn.
    pooled : bool
        Draw the estimates drawn towards their mean.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure or None
        None without estimates; with `pooled` also where nothing was pooled.

    Examples
    --------
    >>> rows = [("Staff", "points", cell, 90.0, gap, gap - 0.2, gap + 0.2)
    ...         for cell, gap in (("branch: North", -0.6), ("branch: South", -0.1))]
    >>> names = ["label", "unit", "cell", "n", "estimate", "conf_low", "conf_high"]
    >>> plot_cells(pd.DataFrame(rows, columns=names)).alt_text
    'Estimates by cell. Staff, branch: North: −0.60; Staff, branch: South: −0.10.'
    """
    ending = "_pooled" if pooled else ""
    drawable = (
        cells.dropna(subset=[f"estimate{ending}"])
        if f"estimate{ending}" in cells
        else cells[:0]
    )
    if drawable.empty:
        return None
    unit = str(drawable["unit"].iloc[0])
    drawable = drawable[drawable["unit"] == unit]
    formats = Formats.of(language)
    rows: list[Row] = []
    for label, own in drawable.groupby("label", sort=False):
        rows.append(Row(label=capital(str(label)), heading=True))
        rows += [_row(point, ending, formats) for point in each(own)]
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
    entries = [
        f"{p.label}, {p.cell}: {formats.number(getattr(p, f'estimate{ending}'))}"
        for p in each(drawable)
    ]
    words = formats.messages.section("cells")
    return drawn(
        chart,
        name=f"cells{ending}",
        alt_text=alternative(words["alt_pooled" if pooled else "alt"], entries, formats),
        caption=words["pooled_explained" if pooled else "own_explained"],
    )


def _row(point: Any, ending: str, formats: Formats) -> Row:
    estimate, low, high = (
        getattr(point, f"{name}{ending}") for name in ("estimate", "conf_low", "conf_high")
    )
    return Row(
        label=str(point.cell),
        marks=Interval(estimate, low, high),
        number=formats.number(estimate),
        aside=formats.brackets(low, high),
    )
