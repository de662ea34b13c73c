"""Tables on what gaps can bear: reliability, validity, response surface, ways of summing up."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.servqual.gap_quality_result import GapQualityResult
from cxresearch.servqual.servperf_result import ServperfResult
from cxresearch.servqual.surface_result import ResponseSurfaceResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, degrees_of_freedom, display_table
from cxresearch.wording import Formats, decimals_for
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean, name_of


@or_nothing
def display_gap_quality(quality: GapQualityResult, *, language: str = "en") -> DisplayTable:
    """Show how reliable each gap is, and what restricts it; None shows nothing.

    Parameters
    ----------
    quality : GapQualityResult or None
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    level = formats.level(quality.confidence_level)
    columns = [
        _name(formats),
        _coefficient("tables.gap_quality.lord", "estimate", formats),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.coefficient_interval(row.conf_low, row.conf_high),
        ),
        _coefficient("tables.gap_quality.alpha_perception", "alpha_perception", formats),
        _coefficient("tables.gap_quality.alpha_expectation", "alpha_expectation", formats),
        _coefficient("tables.gap_quality.alpha_gap", "alpha_gap", formats),
        _coefficient("tables.gap_quality.r", "r", formats),
        Column(
            text("tables.gap_quality.variance_ratio"),
            lambda row: formats.number(row.variance_ratio),
        ),
        Column(text("tables.gap_quality.ceiling"), lambda row: formats.percent(row.ceiling)),
        _coefficient("tables.gap_quality.r_gap", "r_gap_perception", formats),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    return display_table(
        quality.estimates,
        columns,
        name="gap_reliability",
        caption=text("tables.gap_quality.reliability"),
        notes=_quality_notes(quality, formats),
    )


@or_nothing
def display_gap_validity(
    quality: GapQualityResult, *, language: str = "en"
) -> DisplayTable | None:
    """Show whether the gap or what was received goes with the outcome more closely.

    Parameters
    ----------
    quality : GapQualityResult or None
    language : str
        Language of headings and notes.

    Returns
    -------
    DisplayTable or None
        None without an outcome.
    """
    if quality.validity.empty:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    level = formats.level(quality.confidence_level)
    columns = [
        _name(formats),
        _coefficient("tables.gap_quality.r_outcome_received", "r_perception", formats),
        _coefficient("tables.gap_quality.r_outcome_gap", "r_gap", formats),
        Column(text("tables.difference"), lambda row: formats.gap(row.estimate)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high),
        ),
        Column(text("tables.statistic"), lambda row: formats.number(row.statistic)),
        Column(text("tables.df"), lambda row: degrees_of_freedom(row.df, formats)),
        Column(text("tables.p_adjusted"), lambda row: formats.p(row.p_adjusted)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    read = (
        text("tables.gap_quality.notes.validity_weighted")
        if quality.weighted
        else text("tables.gap_quality.notes.validity", level=level, boot=quality.n_boot)
    )
    notes = [read, text("tables.gap_quality.notes.holm")]
    return display_table(
        quality.validity,
        columns,
        name="gap_validity",
        caption=text("tables.gap_quality.validity", outcome=clean(quality.outcome_label)),
        notes=notes,
    )


@or_nothing
def display_response_surface(
    surface: ResponseSurfaceResult, *, language: str = "en"
) -> DisplayTable:
    """Show coefficients, shape, level point and axes of a surface; None shows nothing.

    Parameters
    ----------
    surface : ResponseSurfaceResult or None
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    level = formats.level(surface.confidence_level)
    columns = [
        Column(
            text("tables.gap_quality.term"),
            lambda row: text(f"terms.surface_term.{row.term}"),
            numeric=False,
        ),
        Column(text("tables.gap_quality.estimate"), lambda row: formats.number(row.estimate)),
        Column(text("tables.gap_quality.error"), lambda row: formats.number(row.std_error)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, signed=False),
        ),
        Column(
            text("tables.gap_quality.bootstrap", level=level),
            lambda row: formats.interval(row.boot_low, row.boot_high, signed=False),
        ),
        Column(text("tables.statistic"), lambda row: formats.number(row.statistic)),
        Column(text("tables.p_plain"), lambda row: formats.p(row.p_value)),
    ]
    return display_table(
        surface.estimates,
        columns,
        name="response_surface",
        caption=text("tables.gap_quality.surface", outcome=clean(surface.outcome_label)),
        notes=_surface_notes(surface, formats),
    )


@or_nothing
def display_surface_models(
    surface: ResponseSurfaceResult, *, language: str = "en"
) -> DisplayTable:
    """Show the gap beside freer models, and the tests against them; None shows nothing.

    Parameters
    ----------
    surface : ResponseSurfaceResult or None
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    tests = {row.term: row for row in rows_of(surface.comparisons)}

    def test_of(row: Any) -> Any:
        return tests.get(f"difference_{row.term}")

    def compared(row: Any) -> str:
        test = test_of(row)
        if test is None:
            return UNDEFINED
        df = (degrees_of_freedom(x, formats) for x in (test.df, test.df_denominator))
        return f"{formats.number(test.statistic)} ({'; '.join(df)})"

    def p_of(row: Any) -> str:
        test = test_of(row)
        return UNDEFINED if test is None else formats.p(test.p_adjusted)

    columns = [
        Column(
            text("tables.gap_quality.model"),
            lambda row: text(f"terms.surface_model.{row.term}"),
            numeric=False,
        ),
        _coefficient("tables.gap_quality.r2", "r2", formats),
        _coefficient("tables.gap_quality.r2_adjusted", "r2_adjusted", formats),
    ]
    if not surface.weighted:
        columns += [
            Column(text("tables.gap_quality.aicc"), lambda row: formats.number(row.aicc, 1)),
            _coefficient("tables.gap_quality.akaike", "aicc_weight", formats),
        ]
    columns += [
        Column(f"{text('tables.gap_quality.f')} ({text('tables.df')})", compared),
        Column(text("tables.p_adjusted"), p_of),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    return display_table(
        surface.models,
        columns,
        name="gap_as_summary",
        caption=text("tables.gap_quality.models", outcome=clean(surface.outcome_label)),
        notes=[
            text("tables.gap_quality.notes.tests"),
            text(f"tables.gap_quality.notes.verdict_{surface.verdict}"),
        ],
    )


@or_nothing
def display_servperf(perf: ServperfResult, *, language: str = "en") -> DisplayTable:
    """Show the overall scores in every way of summing up; None shows nothing.

    Parameters
    ----------
    perf : ServperfResult or None
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    level = formats.level(perf.confidence_level)
    # One more than usual: the ways differ by little.
    decimals = decimals_for(perf.scale_low, perf.scale_high) + 1
    wide = pd.DataFrame({"term": list(dict.fromkeys(perf.overall["term"]))})
    for group, rows in perf.overall.groupby("group", sort=False):
        own = rows.drop(columns="group").set_index("term").add_suffix(f"_{group}")
        wide = wide.join(own, on="term")
    columns = [
        Column(
            text("tables.score"),
            lambda row: text(f"terms.score_way.{row.term}"),
            numeric=False,
        )
    ]
    for group, heading in (("perception", "tables.received"), ("gap", "tables.gap")):
        if (perf.overall["group"] == group).any():
            columns += _way_columns(group, text(heading), level, decimals, formats)
    columns.append(Column(text("tables.n"), lambda row: formats.count(row.n_perception)))
    notes = [text("tables.gap_quality.notes.ways_items")]
    if (perf.overall["term"] == "own_points").any():
        notes.append(text("tables.gap_quality.notes.ways_points"))
    if perf.weighted:
        notes.append(text("tables.notes.weighted"))
    return display_table(
        wide,
        columns,
        name="ways_of_summing_up",
        caption=text("tables.gap_quality.servperf"),
        notes=notes,
    )


# ── columns and notes ─────────────────────────────────────────────────────────────────────


def _name(formats: Formats) -> Column:
    return Column(
        formats.messages.text("tables.dimension"),
        lambda row: name_of(row.term, row.label, formats.messages),
        numeric=False,
    )


def _coefficient(key: str, field: str, formats: Formats) -> Column:
    return Column(
        formats.messages.text(key), lambda row: formats.coefficient(getattr(row, field))
    )


def _way_columns(
    group: str, heading: str, level: str, decimals: int, formats: Formats
) -> list[Column]:
    signed = group == "gap"

    def mean(row: Any) -> str:
        value = getattr(row, f"estimate_{group}")
        return formats.number(value, decimals, signed=signed)

    def interval(row: Any) -> str:
        ends = getattr(row, f"conf_low_{group}"), getattr(row, f"conf_high_{group}")
        return formats.interval(*ends, decimals, signed=signed)

    span = formats.messages.text("tables.interval", level=level)
    return [Column(heading, mean), Column(f"{heading}, {span}", interval)]


def _quality_notes(quality: GapQualityResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    level = formats.level(quality.confidence_level)
    rows = quality.estimates
    notes = [
        text("tables.gap_quality.notes.lord", level=level, boot=quality.n_boot),
        text("tables.gap_quality.notes.alpha_gap"),
        text("tables.gap_quality.notes.complete"),
    ]
    warned = rows[rows["warning"] != ""]
    if len(warned):
        names = [
            name_of(term, label, formats.messages)
            for term, label in zip(warned["term"], warned["label"], strict=True)
        ]
        listed = formats.messages.listed(names)
        notes.append(text("tables.gap_quality.notes.ceiling", names=listed))
    if (rows["note"] == "one_item").any():
        notes.append(text("tables.gap_quality.notes.one_item"))
    if quality.weighted:
        notes.append(text("tables.notes.weighted"))
    if rows["note"].isin(("too_few", "constant")).any():
        notes.append(text("tables.notes.not_estimated"))
    return notes


def _surface_notes(surface: ResponseSurfaceResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    errors = "HC3" if surface.std_errors == "hc3" else text("tables.gap_quality.classical")
    notes = [
        text("tables.gap_quality.notes.surface_centre", centre=formats.points(surface.centre)),
        text("tables.gap_quality.notes.surface_errors", kind=errors),
        text("tables.gap_quality.notes.surface_kind_none")
        if surface.stationary == "none"
        else text(
            "tables.gap_quality.notes.surface_kind",
            kind=text(f"terms.surface_kind.{surface.stationary}"),
        ),
        text(f"tables.gap_quality.notes.verdict_{surface.verdict}"),
        text(f"tables.gap_quality.notes.congruence_{surface.congruence}"),
    ]
    return [*notes, text("tables.notes.weighted")] if surface.weighted else notes
