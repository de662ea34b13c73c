"""Tables beside driver importance: a forest, missing answers, planning."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.drivers.forest import ForestImportanceResult
from cxresearch.drivers.planning import DriverPlanResult
from cxresearch.drivers.pooled_shares import ImputedImportanceResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, beside, display_table
from cxresearch.tables._drivers import (
    Labels,
    chance_column,
    count_column,
    design_notes,
    interval_column,
    name_column,
    number_column,
    percent_column,
    share_column,
    share_interval_column,
)
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import column_label

_QUESTIONS = ("interval_excludes_zero", "ranked_first")


def display_forest(
    forest: ForestImportanceResult | None, *, labels: Labels = None, language: str = "en"
) -> DisplayTable | None:
    """Show what each driver adds to a forest and to the linear model on the same folds.

    Parameters
    ----------
    forest : ForestImportanceResult, optional
    labels : mapping of str to str, optional
    language : str
    """
    if forest is None:
        return None
    formats = Formats.of(language)
    text = formats.messages.text

    def held(row: Any) -> str:
        names = [name for name in str(row.given).split(", ") if name]
        return (
            formats.messages.text("format.comma").join(
                column_label(name, labels, formats.messages) for name in names
            )
            or UNDEFINED
        )

    columns = [
        name_column("tables.drivers.driver", labels, formats),
        number_column("tables.drivers.forest_adds", "estimate", formats, 3),
        interval_column(formats, forest.confidence_level, decimals=3, signed=True),
        number_column("tables.drivers.linear_adds", "linear", formats, 3),
        count_column("tables.drivers.rank", "rank", formats),
        Column(text("tables.drivers.held"), held, numeric=False),
        count_column("tables.n", "n", formats),
    ]
    return display_table(
        forest.estimates.sort_values("rank", kind="stable"),
        columns,
        name="forest_importance",
        caption=text("tables.drivers.forest"),
        notes=_forest_notes(forest, formats),
    )


def display_imputed_importance(
    imputed: ImputedImportanceResult | None, *, labels: Labels = None, language: str = "en"
) -> DisplayTable | None:
    """Show shares with missing answers treated and listwise, side by side.

    Parameters
    ----------
    imputed : ImputedImportanceResult, optional
    labels : mapping of str to str, optional
    language : str

    Returns
    -------
    DisplayTable or None
        One row a driver, the largest pooled share first, with who answered, who did not use it
        and who is missing otherwise. None where there is no result.
    """
    if imputed is None:
        return None
    formats = Formats.of(language)
    text, level = formats.messages.text, imputed.confidence_level
    data = _beside_listwise(imputed)
    treated = "imputation" if imputed.imputations else "not_used"
    columns = [
        name_column("tables.drivers.driver", labels, formats),
        share_column(f"tables.drivers.treatment_{treated}", "percent", formats),
        share_interval_column(
            formats, level, "percent", heading="tables.drivers.interval_treated"
        ),
    ]
    if "listwise_percent" in data:
        columns += [
            share_column("tables.drivers.treatment_listwise", "listwise_percent", formats),
            share_interval_column(
                formats, level, "listwise_percent", heading="tables.drivers.interval_listwise"
            ),
        ]
    columns.append(chance_column("tables.drivers.first_chance", "p_top1", formats))
    if imputed.imputations:
        columns.append(percent_column("tables.drivers.fmi", "fmi", formats, 0))
    counts = ("n_answered", "n_not_used", "n_missing", "n_used", "n_listwise")
    columns += [count_column(f"tables.drivers.{count}", count, formats) for count in counts]
    return display_table(
        data,
        columns,
        name="imputed_importance",
        caption=text("tables.drivers.imputed"),
        notes=_imputed_notes(imputed, formats),
    )


def display_plan(
    plan: DriverPlanResult | None, *, labels: Labels = None, language: str = "en"
) -> DisplayTable | None:
    """Show how likely the first driver is told from the second, by number of respondents.

    Parameters
    ----------
    plan : DriverPlanResult, optional
    labels : mapping of str to str, optional
        Column → text, of the drivers of a pilot.
    language : str
    """
    if plan is None:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    cells = ["estimate", "conf_low", "conf_high"]
    parts = [
        plan.estimates[plan.estimates["term"] == question]
        .set_index("n")[cells]
        .add_prefix(f"{question}_")
        for question in _QUESTIONS
    ]
    data = pd.concat(parts, axis=1).reset_index()
    level = formats.level(0.95)  # of the simulation, whatever level is planned for
    columns = [count_column("tables.respondents", "n", formats)]
    for question, name in zip(_QUESTIONS, ("told_apart", "comes_first"), strict=True):
        columns += [
            chance_column(f"tables.drivers.{name}", f"{question}_estimate", formats),
            _percents(
                text(f"tables.drivers.{name}_interval", level=level),
                f"{question}_conf_low",
                f"{question}_conf_high",
                formats,
            ),
        ]
    return display_table(
        data,
        columns,
        name="driver_plan",
        caption=text("tables.drivers.plan"),
        notes=_plan_notes(plan, labels, formats),
    )


# ── columns and rows ────────────────────────────────────────────────────────────────────────


def _percents(heading: str, low: str, high: str, formats: Formats) -> Column:
    return Column(
        heading, lambda row: formats.percent_interval(getattr(row, low), getattr(row, high))
    )


def _beside_listwise(imputed: ImputedImportanceResult) -> pd.DataFrame:
    rows = imputed.estimates
    pooled = rows[rows["group"] == "imputation"]
    data = pooled.sort_values("estimate", ascending=False, kind="stable")
    counts = [name for name in imputed.available.columns if name != "term"]
    data = beside(data, imputed.available, {name: name for name in counts})
    other = rows[rows["group"] == "listwise"]
    if other.empty:
        return data
    kept = ("estimate", "percent", "percent_low", "percent_high", "rank")
    return beside(data, other, {name: f"listwise_{name}" for name in kept})


# ── notes ───────────────────────────────────────────────────────────────────────────────────


def _forest_notes(forest: ForestImportanceResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    margin = formats.coefficient(forest.margin)
    known = {} if forest.verdict == "nonlinear" else {"margin": margin}
    return [
        text(
            "tables.drivers.notes.forest_fit",
            forest=formats.coefficient(forest.r2_forest, 3),
            linear=formats.coefficient(forest.r2_linear, 3),
            difference=formats.gap(forest.difference, 3),
            level=formats.level(forest.confidence_level),
            interval=formats.interval(forest.difference_low, forest.difference_high, 3),
        ),
        text(f"tables.drivers.notes.forest_{forest.verdict}", **known),
        text(
            "tables.drivers.notes.forest_columns",
            threshold=formats.coefficient(forest.threshold),
        ),
        text("tables.drivers.notes.forest_errors"),
        text("tables.drivers.notes.unseen", n=forest.folds),
        text("tables.drivers.notes.n_of", n=forest.n, asked=formats.count(forest.n_asked)),
        *design_notes(forest, formats),
    ]


def _imputed_notes(imputed: ImputedImportanceResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    treated = "imputation" if imputed.imputations else "not_used"
    notes = [text(f"tables.drivers.notes.treatment_{treated}")]
    fits: list[Any] = rows_of(imputed.fits)
    for row in fits:
        group = treated if row.group == "imputation" else "listwise"
        notes.append(
            text(
                "tables.drivers.notes.fit_of",
                treatment=text(f"tables.drivers.treatment_{group}"),
                n=int(row.n),
                fit=formats.coefficient(row.r2),
            )
        )
    if imputed.imputations:
        notes.append(
            text(
                "tables.drivers.notes.imputations_share",
                n=imputed.imputations,
                resamples=formats.count(imputed.n_boot),
            )
        )
    else:
        notes.append(text("tables.drivers.notes.nothing_to_impute"))
    notes.append(text("tables.drivers.notes.share_no_test"))
    if any(note.startswith("listwise_impossible") for note in imputed.notes):
        notes.append(text("tables.drivers.notes.listwise_impossible"))
    return [*notes, *design_notes(imputed, formats)]


def _plan_notes(plan: DriverPlanResult, labels: Labels, formats: Formats) -> list[str]:
    text = formats.messages.text
    notes = [_assumed(plan, labels, formats), *_needed(plan, formats)]
    notes.append(text("tables.drivers.notes.plan_samples", n=plan.n_sims))
    if plan.design_effect != 1:
        size = formats.number(plan.design_effect)
        notes.append(text("tables.drivers.notes.plan_design", size=size))
    if "pilot_difference_optimistic" in plan.notes:
        notes.append(text("tables.drivers.notes.plan_optimistic"))
    return notes


def _assumed(plan: DriverPlanResult, labels: Labels, formats: Formats) -> str:
    text, fit = formats.messages.text, formats.coefficient(plan.r2)
    if plan.source == "structure":
        return text(
            "tables.drivers.notes.plan_structure",
            n=plan.n_drivers,
            correlation=formats.coefficient(plan.correlation),
            fit=fit,
            ratio=formats.number(plan.ratio),
        )
    percent = plan.shares.set_index("term")["percent"] / 100
    return text(
        "tables.drivers.notes.plan_pilot",
        n=plan.n_pilot,
        fit=fit,
        first=column_label(plan.first, labels, formats.messages),
        first_share=formats.percent(float(percent[plan.first]), 1),
        second=column_label(plan.second, labels, formats.messages),
        second_share=formats.percent(float(percent[plan.second]), 1),
    )


def _needed(plan: DriverPlanResult, formats: Formats) -> list[str]:
    """Return what the two columns ask, and the respondents that each needs for the power."""
    text = formats.messages.text
    needed = plan.required.set_index("term")["estimate"]
    values: dict[str, str] = {"chance": formats.percent(plan.power)}
    apart = values | {
        "level": formats.level(plan.confidence_level),
        "theory": formats.count(math.ceil(plan.n_asymptotic)),
    }
    sentences = []
    for question, key, filled in (
        (_QUESTIONS[0], "told_apart", apart),
        (_QUESTIONS[1], "first", values),
    ):
        size = float(needed[question])
        message = f"tables.drivers.notes.plan_{key}"
        if math.isnan(size):
            sentences.append(text(f"{message}_open", **filled))
        else:
            sentences.append(text(message, **filled, needed=formats.count(math.ceil(size))))
    return sentences
