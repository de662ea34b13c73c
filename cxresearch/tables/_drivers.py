"""Columns and notes that the tables of a driver analysis share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cxresearch.tables._build import Column, degrees_of_freedom
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import column_label

Labels = Mapping[str, str] | None


def name_column(
    heading: str, labels: Labels, formats: Formats, *, source: str = "term"
) -> Column:
    """Return the column that names a driver, from `source` of the rows."""
    return Column(
        formats.messages.text(heading),
        lambda row: column_label(str(getattr(row, source)), labels, formats.messages),
        numeric=False,
    )


def number_column(heading: str, source: str, formats: Formats, decimals: int = 2) -> Column:
    """Return a column of numbers."""
    return Column(
        formats.messages.text(heading),
        lambda row: formats.number(getattr(row, source), decimals),
    )


def count_column(heading: str, source: str, formats: Formats) -> Column:
    """Return a column of whole numbers."""
    return Column(
        formats.messages.text(heading), lambda row: formats.count(getattr(row, source))
    )


def chance_column(heading: str, source: str, formats: Formats) -> Column:
    """Return a column of resampled probabilities."""
    return Column(
        formats.messages.text(heading), lambda row: formats.chance(getattr(row, source))
    )


def percent_column(heading: str, source: str, formats: Formats, decimals: int = 1) -> Column:
    """Return a column of shares, in percent."""
    return Column(
        formats.messages.text(heading),
        lambda row: formats.percent(getattr(row, source), decimals),
    )


def share_column(heading: str, source: str, formats: Formats) -> Column:
    """Return a column of shares that come in percent already (0 to 100)."""
    return Column(
        formats.messages.text(heading),
        lambda row: formats.percent(getattr(row, source) / 100, 1),
    )


def share_interval_column(
    formats: Formats, level: float, source: str, *, heading: str = "tables.interval"
) -> Column:
    """Return the column of the interval of a `share_column`."""
    return Column(
        formats.messages.text(heading, level=formats.level(level)),
        lambda row: formats.percent_interval(
            getattr(row, f"{source}_low") / 100, getattr(row, f"{source}_high") / 100, 1
        ),
    )


def p_column(heading: str, source: str, formats: Formats) -> Column:
    """Return a column of p-values."""
    return Column(formats.messages.text(heading), lambda row: formats.p(getattr(row, source)))


def interval_column(
    formats: Formats,
    level: float,
    *,
    heading: str = "tables.interval",
    low: str = "conf_low",
    high: str = "conf_high",
    decimals: int = 2,
    signed: bool = False,
) -> Column:
    """Return the column of an interval at a confidence level."""
    return Column(
        formats.messages.text(heading, level=formats.level(level)),
        lambda row: formats.interval(
            getattr(row, low), getattr(row, high), decimals, signed=signed
        ),
    )


def df_text(value: float, formats: Formats) -> str:
    """Return degrees of freedom; a dash where the test has none (z)."""
    return UNDEFINED if math.isnan(value) else degrees_of_freedom(value, formats)


def p_heading(p_adjust: str) -> str:
    """Return the key of the heading of p-values."""
    return "tables.p_plain" if p_adjust == "none" else "tables.p_adjusted"


def family_note(p_adjust: str, formats: Formats) -> str:
    """Return the sentence on the family of tests that p is adjusted over."""
    return formats.messages.text(f"tables.drivers.notes.family_{p_adjust}")


def design_notes(result: Any, formats: Formats) -> list[str]:
    """Return the sentences on weights and sampling design."""
    text = formats.messages.text
    notes = [text("tables.notes.weighted")] if getattr(result, "weights", "") else []
    if getattr(result, "clusters", "") or getattr(result, "strata", ""):
        notes.append(text("tables.drivers.notes.design"))
    return notes


def errors_note(std_errors: str, formats: Formats) -> str:
    """Return the sentence on the kind of standard error."""
    kind = std_errors if std_errors in ("classical", "cluster", "design") else "robust"
    return formats.messages.text(f"tables.drivers.notes.errors_{kind}", kind=std_errors.upper())
