"""Tables of a driver model: coefficients, checks, missing answers, what if."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.drivers.diagnostics import DriverDiagnosticsResult
from cxresearch.drivers.missing_answers import MissingAnswersResult
from cxresearch.drivers.models import DriverModelResult
from cxresearch.drivers.what_if import WhatIfResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, beside, display_table
from cxresearch.tables._drivers import (
    Labels,
    chance_column,
    count_column,
    design_notes,
    df_text,
    errors_note,
    family_note,
    interval_column,
    name_column,
    number_column,
    p_column,
    p_heading,
    percent_column,
)
from cxresearch.wording import Formats
from cxresearch.wording.drivers import (
    change_decimals,
    change_text,
    interval_text,
    scenario_text,
)
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import column_label

_UNSCALED = ("durbin_watson", "vif", "condition", "influence", "marker")
_VERDICTS = ("problem", "watch", "ok")


def display_model(
    model: DriverModelResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show the coefficients of a driver model.

    Parameters
    ----------
    model : DriverModelResult
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = model.estimates
    columns = [
        name_column("tables.drivers.column", labels, formats),
        Column(
            text("tables.drivers.role"),
            lambda row: text(f"tables.drivers.role_{row.group}"),
            numeric=False,
        ),
        Column(text("tables.drivers.coefficient"), lambda row: formats.number(row.estimate)),
        interval_column(formats, model.confidence_level),
        number_column("tables.drivers.std_error", "std_error", formats, 3),
        number_column(
            "tables.drivers.z" if _has_no_df(data) else "tables.statistic", "statistic", formats
        ),
        Column(text("tables.df"), lambda row: df_text(row.df, formats)),
        p_column("tables.p_plain", "p_value", formats),
        *([p_column(p_heading(model.p_adjust), "p_adjusted", formats)]
          if model.p_adjust != "none" else []),
        number_column("tables.drivers.standardized", "standardized", formats),
        number_column("tables.drivers.correlation", "correlation", formats),
        Column(
            text("tables.drivers.sign"),
            lambda row: text(f"tables.drivers.sign_{row.sign}") if row.sign else UNDEFINED,
            numeric=False,
        ),
    ]  # fmt: skip
    return display_table(
        data,
        columns,
        name="driver_model",
        caption=text(f"tables.drivers.model_{model.model}"),
        notes=_model_notes(model, formats),
    )


def display_diagnostics(
    diagnostics: DriverDiagnosticsResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show the checks of a driver model, each with its verdict first.

    Parameters
    ----------
    diagnostics : DriverDiagnosticsResult
    labels : mapping of str to str, optional
    language : str
    """
    formats = Formats.of(language)
    text = formats.messages.text
    order = {verdict: place for place, verdict in enumerate(_VERDICTS)}
    data = diagnostics.checks
    data = data.iloc[data["verdict"].map(order).argsort(kind="stable")]

    def whom(row: Any) -> str:
        if row.group == "all":
            return text("tables.drivers.whole_model")
        return column_label(row.group, labels, formats.messages)

    columns = [
        Column(
            text("tables.drivers.verdict"),
            lambda row: text(f"tables.drivers.verdict_{row.verdict}"),
            numeric=False,
        ),
        Column(
            text("tables.drivers.check"),
            lambda row: text(f"tables.drivers.check_{row.term}"),
            numeric=False,
        ),
        Column(text("tables.drivers.concerns"), whom, numeric=False),
        Column(text("tables.drivers.size"), lambda row: _size(row.estimate, row.term, formats)),
        Column(text("tables.drivers.watched_from"), lambda row: _limit(row, formats)),
        p_column("tables.p_plain", "p_value", formats),
        count_column("tables.n", "n", formats),
    ]
    notes = [text(f"tables.drivers.notes.verdict_{diagnostics.verdict}")]
    notes += [text("tables.drivers.notes.verdicts"), text("tables.drivers.notes.halo")]
    if diagnostics.n_flagged:
        notes.append(text("tables.drivers.notes.flagged", n=diagnostics.n_flagged))
    return display_table(
        data,
        columns,
        name="driver_diagnostics",
        caption=text("tables.drivers.diagnostics"),
        notes=[*notes, *design_notes(diagnostics, formats)],
    )


def display_missing_treatment(
    missing: MissingAnswersResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show coefficients under the chosen treatment of missing answers and listwise.

    Parameters
    ----------
    missing : MissingAnswersResult
    labels : mapping of str to str, optional
    language : str

    Returns
    -------
    DisplayTable
        One row a column of the model: chosen and listwise side by side, and for each driver who
        answered, did not use it, or gave no answer for another reason.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = _side_by_side(missing)
    level = missing.confidence_level
    called = text(f"tables.drivers.treatment_{missing.treatment}")
    columns = [
        name_column("tables.drivers.column", labels, formats),
        Column(called, lambda row: formats.number(row.estimate)),
        interval_column(formats, level, heading="tables.drivers.interval_chosen"),
    ]
    if missing.treatment != "listwise" and "listwise_estimate" in data:
        columns += [
            Column(
                text("tables.drivers.treatment_listwise"),
                lambda row: formats.number(row.listwise_estimate),
            ),
            interval_column(
                formats,
                level,
                heading="tables.drivers.interval_listwise",
                low="listwise_conf_low",
                high="listwise_conf_high",
            ),
        ]
    if missing.imputations:
        columns.append(percent_column("tables.drivers.fmi", "fmi", formats, 0))
    columns += [
        count_column(f"tables.drivers.{source}", source, formats)
        for source in ("n_answered", "n_not_used", "n_missing")
    ]
    return display_table(
        data,
        columns,
        name="missing_treatment",
        caption=text("tables.drivers.missing"),
        notes=_missing_notes(missing, formats),
    )


def display_what_if(
    what_if: WhatIfResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show the change of the outcome that each scenario would go with.

    Parameters
    ----------
    what_if : WhatIfResult
    labels : mapping of str to str, optional
    language : str
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = what_if.estimates.sort_values("rank", kind="stable")
    decimals = change_decimals(data)
    kind = what_if.model

    def outcome(value: float) -> str:
        return (
            formats.percent(value, 1) if kind == "binary" else formats.number(value, decimals)
        )

    columns = [
        Column(
            text("tables.drivers.scenario"),
            lambda row: scenario_text(
                row, column_label(row.term, labels, formats.messages), formats
            ),
            numeric=False,
        ),
        Column(
            text("tables.drivers.change"),
            lambda row: change_text(row.estimate, kind, formats, decimals),
        ),
        Column(
            text("tables.interval", level=formats.level(what_if.confidence_level)),
            lambda row: interval_text(row.conf_low, row.conf_high, kind, formats, decimals),
        ),
        p_column("tables.p_plain", "p_value", formats),
        Column(text("tables.drivers.outcome_after"), lambda row: outcome(row.outcome_after)),
        number_column("tables.drivers.driver_before", "driver_before", formats),
        number_column("tables.drivers.driver_after", "driver_after", formats),
        percent_column("tables.drivers.people_changed", "changed", formats, 0),
        chance_column("tables.drivers.largest_chance", "prob_first", formats),
    ]
    before = float(data["outcome_before"].iloc[0]) if len(data) else math.nan
    notes = [
        text("figures.drivers.observed_only"),
        text(
            "tables.drivers.notes.what_if",
            outcome=column_label(what_if.outcome, labels, formats.messages),
            before=outcome(before),
            n=what_if.n,
        ),
        text(f"tables.drivers.notes.change_{kind}"),
    ]
    if (data["note"] == "capped_at_scale_end").any():
        notes.append(text("tables.drivers.notes.capped"))
    return display_table(
        data,
        columns,
        name="what_if",
        caption=text("tables.drivers.what_if"),
        notes=[*notes, errors_note(what_if.std_errors, formats)],
    )


# ── cells and notes ───────────────────────────────────────────────────────────────────────


def _has_no_df(estimates: pd.DataFrame) -> bool:
    return bool(estimates["df"].isna().all())


def _size(value: float, check: str, formats: Formats) -> str:
    return formats.number(value, 2 if check in _UNSCALED else 3)


def _limit(row: Any, formats: Formats) -> str:
    if row.term in ("breusch_pagan", "marker"):
        return UNDEFINED
    if row.term == "durbin_watson":  # d is 2 without serial correlation, alike on both sides
        low, high = (formats.number(end, 1) for end in (row.limit, 4 - row.limit))
        return formats.messages.text("tables.drivers.outside", low=low, high=high)
    return formats.number(row.limit, 3 if row.limit < 0.01 else 1 if row.limit >= 1 else 2)


def _model_notes(model: DriverModelResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    scaled = "linear" if model.model == "linear" else "latent"
    notes = [
        text(
            f"tables.drivers.notes.fit_{model.model}",
            fit=formats.coefficient(model.r2),
            adjusted=formats.coefficient(model.r2_adjusted),
            unseen=formats.coefficient(model.r2_cv),
            nagelkerke=formats.coefficient(model.r2_nagelkerke),
        ),
        text("tables.drivers.notes.unseen", n=model.folds),
        errors_note(model.std_errors, formats),
        family_note(model.p_adjust, formats),
        text(f"tables.drivers.notes.standardized_{scaled}"),
    ]
    if model.model != "linear":
        notes.append(text(f"tables.drivers.notes.units_{model.model}"))
    if model.estimates["sign"].eq("changes").any():
        notes.append(text("tables.drivers.notes.signs"))
    notes.append(
        text("tables.drivers.notes.n_of", n=model.n, asked=formats.count(model.n_asked))
    )
    return [*notes, *design_notes(model, formats)]


def _side_by_side(missing: MissingAnswersResult) -> pd.DataFrame:
    chosen = missing.estimates[missing.estimates["group"] == missing.treatment]
    counts = [name for name in missing.available.columns if name != "term"]
    data = beside(chosen, missing.available, {name: name for name in counts})
    other = missing.estimates[missing.estimates["group"] == "listwise"]
    if missing.treatment == "listwise" or other.empty:
        return data
    kept = ("estimate", "conf_low", "conf_high", "p_adjusted")
    return beside(data, other, {name: f"listwise_{name}" for name in kept})


def _missing_notes(missing: MissingAnswersResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    notes = [text(f"tables.drivers.notes.treatment_{missing.treatment}")]
    fits = {str(row.group): row for row in rows_of(missing.fits)}
    for group in dict.fromkeys((missing.treatment, "listwise")):
        if group in fits:
            fit: Any = fits[group]
            notes.append(
                text(
                    "tables.drivers.notes.fit_of",
                    treatment=text(f"tables.drivers.treatment_{group}"),
                    n=int(fit.n),
                    fit=formats.coefficient(float(fit.r2)),
                )
            )
    if missing.imputations:
        notes.append(text("tables.drivers.notes.imputations", n=missing.imputations))
    if any(note.startswith("listwise_impossible") for note in missing.notes):
        notes.append(text("tables.drivers.notes.listwise_impossible"))
    return [*notes, errors_note(missing.std_errors, formats), *design_notes(missing, formats)]
