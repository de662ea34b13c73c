"""Figures of a driver analysis that are rows on an axis: shares, two-sidedness, what if."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cxresearch.drivers.asymmetry import AsymmetryResult
from cxresearch.drivers.importance import DriverImportanceResult
from cxresearch.drivers.what_if import WhatIfResult
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
from cxresearch.wording.drivers import (
    change_decimals,
    change_text,
    direction_of,
    interval_text,
    scenario_text,
)
from cxresearch.wording.labels import clean, shortened


def plot_importance(
    importance: DriverImportanceResult, *, labels: Labels = None, language: str = "en"
) -> Figure:
    """Draw each driver's share of what the drivers explain, with its interval.

    Parameters
    ----------
    importance : DriverImportanceResult
    labels : mapping of str to str, optional
        Column → text; without it the names of the columns are shown.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Shares in percent of what the drivers explain, the largest first. A driver that goes
        against the outcome, or whose direction depends on the others, has its own sign and a
        word beside its name. Members of a group stand under it (Owen values).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from cxresearch.drivers.importance import driver_importance
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(400, 2)), columns=["room", "staff"])
    >>> stay["overall"] = stay["room"] + 0.5 * stay["staff"] + rng.normal(size=400)
    >>> asked = {"outcome": "overall", "drivers": ["room", "staff"]}
    >>> shares = driver_importance(stay, **asked, n_boot=50)
    >>> plot_importance(shares, labels={"overall": "Satisfaction"}).alt_text.split(". ")[0]
    'Shares of what 2 drivers explain of satisfaction, with 95% intervals'
    """
    formats = Formats.of(language)
    ordered = importance.estimates.sort_values("estimate", ascending=False, kind="stable")
    decimals = share_decimals((ordered["percent"] / 100).tolist())
    shown = {row.term: share_row(row, labels, formats, decimals) for row in each(ordered)}
    text = formats.messages.text
    level = formats.level(importance.confidence_level)
    chart = Chart(
        rows=_grouped(ordered, shown, formats, decimals),
        formats=formats,
        axis_title=text("figures.drivers.axis_share"),
        legend=direction_legend(shown.values(), formats),
        number_heading=text("figures.drivers.share_heading"),
        aside_heading=text("figures.interval_heading", level=level)
        if importance.n_boot
        else "",
        zero=True,
        percent=True,
    )
    return drawn(
        chart,
        name="driver_importance",
        alt_text=_share_alternative(importance, ordered, labels, formats, decimals),
        caption=_share_caption(importance, labels, formats),
    )


def plot_asymmetry(
    asymmetry: AsymmetryResult, *, labels: Labels = None, language: str = "en"
) -> Figure:
    """Draw the penalty of a low rating and the reward of a high one, driver by driver.

    Parameters
    ----------
    asymmetry : AsymmetryResult
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Both effects with intervals, in units of the outcome, the widest range first; the class
        of a driver is named only where the data decide it.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    ordered = asymmetry.classes.rename(columns={"class": "kind"}).sort_values(
        "range", ascending=False, kind="stable", na_position="last"
    )
    cells = _by_group(asymmetry.estimates)
    rows = tuple(_sides_row(row, cells, labels, formats) for row in each(ordered))
    outcome = outcome_name(asymmetry.outcome, labels, formats)
    chart = Chart(
        rows=rows,
        formats=formats,
        axis_title=text("figures.drivers.axis_effect", outcome=outcome),
        axis_ends=(text("figures.drivers.axis_lower"), text("figures.drivers.axis_higher")),
        legend=(
            ("against", text("figures.drivers.penalty")),
            ("excludes_zero", text("figures.drivers.reward")),
        ),
        aside_heading=text("figures.drivers.class_heading"),
        zero=True,
    )
    caption = [
        text(
            "figures.drivers.asymmetry_explained",
            level=formats.level(asymmetry.confidence_level),
        ),
        text("figures.drivers.class_explained", chance=formats.percent(asymmetry.decision)),
        *people(asymmetry.n, asymmetry.weights, formats),
    ]
    return drawn(
        chart,
        name="penalty_and_reward",
        alt_text=alternative(
            text("figures.drivers.alt_asymmetry", n=len(ordered), outcome=outcome),
            [_sides_entry(row, cells, labels, formats) for row in each(ordered)],
            formats,
        ),
        caption=" ".join(caption),
    )


def plot_what_if(
    what_if: WhatIfResult, *, labels: Labels = None, language: str = "en"
) -> Figure:
    """Draw the change of the outcome that each scenario would go with.

    Parameters
    ----------
    what_if : WhatIfResult
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Expected changes with intervals, the largest first. The caption says that the answers
        are observations.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    ordered = what_if.estimates.sort_values("rank", kind="stable")
    outcome = outcome_name(what_if.outcome, labels, formats)
    level = formats.level(what_if.confidence_level)
    signs = {row.sign for row in map(_change_marks, each(ordered))}
    legend: tuple[tuple[Sign, str], ...] = (
        ("excludes_zero", text("figures.interval_excludes_zero")),
        ("includes_zero", text("figures.interval_includes_zero")),
    )
    chart = Chart(
        rows=tuple(_change_row(row, what_if, labels, formats) for row in each(ordered)),
        formats=formats,
        axis_title=text(f"figures.drivers.axis_change_{what_if.model}", outcome=outcome),
        legend=tuple(entry for entry in legend if entry[0] in signs),
        number_heading=text("figures.drivers.change_heading"),
        aside_heading=text("figures.interval_heading", level=level),
        zero=True,
        percent=what_if.model == "binary",
    )
    return drawn(
        chart,
        name="what_if",
        alt_text=alternative(
            text("figures.drivers.alt_what_if", n=len(ordered), outcome=outcome, level=level),
            [_change_entry(row, what_if, labels, formats) for row in each(ordered)],
            formats,
        ),
        caption=" ".join(
            [
                text("figures.drivers.what_if_explained", outcome=outcome, level=level),
                text("figures.drivers.observed_only"),
                text("figures.drivers.people", n=what_if.n),
            ]
        ),
    )


# ── shares ────────────────────────────────────────────────────────────────────────────────


def _grouped(
    ordered: pd.DataFrame, shown: dict[str, Row], formats: Formats, decimals: int
) -> tuple[Row, ...]:
    """Return the rows, under a heading for each group where there are groups."""
    blocks = ordered.groupby("block", sort=False)["percent"].sum()
    if len(blocks) < 2 or not (ordered["block"] != ordered["term"]).any():
        return tuple(shown.values())
    rows: list[Row] = []
    for block, percent in blocks.sort_values(ascending=False, kind="stable").items():
        members = ordered.loc[ordered["block"] == block, "term"]
        label = formats.messages.text(
            "figures.drivers.of_group",
            name=clean(str(block)) or formats.messages.text("figures.drivers.other_drivers"),
            share=formats.percent(percent / 100, decimals),
        )
        rows.append(Row(label=label, heading=True))
        rows += [shown[term] for term in members]
    return tuple(rows)


def _share_alternative(
    importance: DriverImportanceResult,
    ordered: pd.DataFrame,
    labels: Labels,
    formats: Formats,
    decimals: int,
) -> str:
    text, entries = formats.messages.text, []
    for row in each(ordered):
        name, direction = spoken(row.term, labels, formats), direction_of(row)
        if direction in ("against", "turning"):
            name = text(f"figures.drivers.marked_{direction}", name=name)
        share = formats.percent(row.percent / 100, decimals)
        interval = formats.percent_interval(
            row.percent_low / 100, row.percent_high / 100, decimals
        )
        known = "" if math.isnan(row.percent_low) else f" ({interval})"
        entries.append(f"{name} {share}{known}")
    lead = text(
        "figures.drivers.alt_importance" if importance.n_boot else "figures.drivers.alt_shares",
        n=len(ordered),
        outcome=outcome_name(importance.outcome, labels, formats),
        **({"level": formats.level(importance.confidence_level)} if importance.n_boot else {}),
    )
    return alternative(lead, entries, formats)


def _share_caption(importance: DriverImportanceResult, labels: Labels, formats: Formats) -> str:
    text = formats.messages.text
    explained = importance.r2 - importance.r2_controls
    linear = importance.criterion == "r2"
    sentences = [
        text("figures.drivers.share_explained"),
        text("figures.drivers.bar_explained", level=formats.level(importance.confidence_level))
        if importance.n_boot
        else text("figures.drivers.no_interval"),
        text(
            "figures.drivers.whole" if linear else "figures.drivers.whole_criterion",
            share=formats.percent(explained) if linear else formats.coefficient(explained),
            criterion=text(f"terms.criterion.{importance.criterion}"),
            outcome=outcome_name(importance.outcome, labels, formats),
        ),
        *people(importance.n, importance.weights, formats),
        text("figures.drivers.together_only"),
    ]
    return " ".join(sentences)


# ── penalty and reward ────────────────────────────────────────────────────────────────────


def _by_group(estimates: pd.DataFrame) -> dict[tuple[str, str], Any]:
    return {(row.term, row.group): row for row in each(estimates)}


def _sides_row(
    row: Any, cells: dict[tuple[str, str], Any], labels: Labels, formats: Formats
) -> Row:
    text = formats.messages.text
    signs: dict[str, Sign] = {"penalty": "against", "reward": "excludes_zero"}
    found = [(cells.get((row.term, group)), sign) for group, sign in signs.items()]
    label = driver_label(row.term, labels, formats)
    marks = tuple(
        Interval(
            cell.estimate if cell is not None else math.nan,
            cell.conf_low if cell is not None else math.nan,
            cell.conf_high if cell is not None else math.nan,
            sign,
        )
        for cell, sign in found
    )
    if all(math.isnan(mark.estimate) for mark in marks):
        return Row(label=label, remark=text("figures.not_estimated"))
    return Row(label=label, marks=Several(marks), aside=_class_name(row, formats))


def _class_name(row: Any, formats: Formats) -> str:
    return formats.messages.text(f"terms.asymmetry.{row.note or row.kind}")


def _sides_entry(
    row: Any, cells: dict[tuple[str, str], Any], labels: Labels, formats: Formats
) -> str:
    penalty, reward = (cells[row.term, group].estimate for group in ("penalty", "reward"))
    return formats.messages.text(
        "figures.drivers.alt_sides",
        name=spoken(row.term, labels, formats),
        penalty=formats.gap(penalty),
        reward=formats.gap(reward),
        kind=_class_name(row, formats),
    )


# ── what if ───────────────────────────────────────────────────────────────────────────────


def _change_marks(row: Any) -> Interval:
    return Interval(row.estimate, row.conf_low, row.conf_high)


def _change_row(row: Any, what_if: WhatIfResult, labels: Labels, formats: Formats) -> Row:
    label = scenario_text(row, driver_label(row.term, labels, formats), formats)
    if math.isnan(row.estimate):
        return Row(label=label, remark=formats.messages.text("figures.not_estimated"))
    decimals = change_decimals(what_if.estimates)
    return Row(
        label=label,
        marks=_change_marks(row),
        number=change_text(row.estimate, what_if.model, formats, decimals),
        aside=interval_text(row.conf_low, row.conf_high, what_if.model, formats, decimals),
    )


def _change_entry(row: Any, what_if: WhatIfResult, labels: Labels, formats: Formats) -> str:
    name = shortened(driver_label(row.term, labels, formats), LONGEST_NAME)
    decimals = change_decimals(what_if.estimates)
    change = change_text(row.estimate, what_if.model, formats, decimals)
    interval = interval_text(row.conf_low, row.conf_high, what_if.model, formats, decimals)
    return formats.messages.text(
        "figures.drivers.alt_change",
        scenario=scenario_text(row, name, formats),
        change=change,
        interval=interval,
    )
