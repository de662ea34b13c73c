"""Tables on whether groups use a scale alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.codebook.model import Codebook
from cxresearch.psychometrics import InvarianceResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, display_table
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean, segment_label


@or_nothing
def display_invariance(
    invariance: InvarianceResult, *, codebook: Codebook | None = None, language: str = "en"
) -> DisplayTable:
    """Show the ladder of measurement invariance: what is equal in all groups, and what fails.

    Parameters
    ----------
    invariance : InvarianceResult or None
        None shows nothing.
    codebook : Codebook, optional
        Gives the segment its label.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    columns = [
        _word_column("rung", "term", formats),
        _word_column("against", "group", formats),
        Column(_text("chi2", formats), lambda row: formats.number(row.chi2)),
        Column(formats.messages.text("tables.df"), lambda row: _whole(row.chi2_df, formats)),
        Column(_text("change_chi2", formats), lambda row: formats.number(row.statistic)),
        Column(_text("change_df", formats), lambda row: _whole(row.df, formats)),
        Column(formats.messages.text("tables.p_plain"), lambda row: formats.p(row.p_value)),
        *_index_columns(formats),
        Column(
            _text("outcome", formats),
            lambda row: _text(f"outcomes.{row.outcome}", formats),
            numeric=False,
        ),
    ]
    segment = segment_label(invariance.group, formats.messages, codebook)
    return display_table(
        invariance.ladder,
        columns,
        name="invariance",
        caption=_text("caption", formats, segment=segment),
        notes=list(_ladder_notes(invariance, formats)),
    )


@or_nothing
def display_latent_means(
    invariance: InvarianceResult, *, codebook: Codebook | None = None, language: str = "en"
) -> DisplayTable | None:
    """Show how groups differ in the means of the factors; None where means cannot be compared.

    Parameters
    ----------
    invariance : InvarianceResult or None
        None shows nothing.
    codebook : Codebook, optional
        Gives segment and dimensions their labels.
    language : str
        Language of headings and notes.
    """
    if invariance.means.empty:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    labels = _dimension_labels(codebook)
    columns = [
        Column(
            text("tables.dimension"),
            lambda row: clean(labels.get(row.term, "")) or clean(row.term),
            numeric=False,
        ),
        Column(text("tables.group"), lambda row: clean(row.group), numeric=False),
        Column(_text("reference", formats), lambda row: clean(row.reference), numeric=False),
        Column(
            _text("mean_difference", formats),
            lambda row: formats.number(row.estimate, signed=True),
        ),
        Column(
            text("tables.interval", level=formats.level(invariance.confidence_level)),
            lambda row: formats.interval(row.conf_low, row.conf_high),
        ),
        Column(text("tables.p_adjusted"), lambda row: formats.p(row.p_adjusted)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    segment = segment_label(invariance.group, formats.messages, codebook)
    unit = _text("notes.means_unit", formats, group=clean(invariance.names[0]))
    freed = invariance.verdict == "comparable_partial"
    return display_table(
        invariance.means,
        columns,
        name="latent_means",
        caption=_text("means_caption", formats, segment=segment),
        notes=[unit, _text("notes.means_partial", formats) if freed else ""],
    )


def _text(key: str, formats: Formats, **values: str | int) -> str:
    return formats.messages.text(f"tables.invariance.{key}", **values)


def _word_column(heading: str, field: str, formats: Formats) -> Column:
    def cell(row: Any) -> str:
        code = getattr(row, field)
        return _text(f"rungs.{code}", formats) if code else UNDEFINED

    return Column(_text(heading, formats), cell, numeric=False)


def _index_columns(formats: Formats) -> Iterator[Column]:
    for name in ("cfi", "rmsea", "srmr"):
        yield Column(_text(name, formats), _index_cell(name, formats))
        yield Column(_text(f"change_{name}", formats), _index_cell(f"change_{name}", formats))


def _index_cell(field: str, formats: Formats) -> Any:
    return lambda row: formats.coefficient(getattr(row, field), 3)


def _whole(value: float, formats: Formats) -> str:
    return UNDEFINED if pd.isna(value) else formats.count(value)


def _dimension_labels(codebook: Codebook | None) -> dict[str, str]:
    batteries = codebook.batteries if codebook is not None else ()
    return {scale.name: scale.label for battery in batteries for scale in battery.scales}


def _ladder_notes(invariance: InvarianceResult, formats: Formats) -> Iterator[str]:
    if invariance.ladder.empty:
        yield _text("notes.none", formats)
    else:
        names = formats.messages.listed([clean(name) for name in invariance.names])
        yield _text("notes.groups", formats, names=names, total=formats.count(invariance.n))
        yield _text("notes.rule", formats)
        if "loadings_not_tested" in invariance.notes:
            yield _text("notes.levels", formats)
        if invariance.estimator == "mlr":
            yield _text("notes.scaled", formats)
        if invariance.clusters:
            names = clean(invariance.clusters)
            yield formats.messages.text("tables.notes.design_clusters", clusters=names)
    if invariance.freed:
        key = "freed_searched" if invariance.searched else "freed_named"
        freed = [_freed(entry, formats) for entry in invariance.freed]
        yield _text(f"notes.{key}", formats, items=formats.messages.listed(freed))
    left_out = list(_left_out(invariance, formats))
    if left_out:
        yield _text("notes.left_out", formats, items=formats.messages.listed(left_out))
    small = [
        note.split(":")[1:] for note in invariance.notes if note.startswith("small_group:")
    ]
    if small and not invariance.ladder.empty:
        named = [f"{clean(':'.join(parts[:-1]))} ({parts[-1]})" for parts in small]
        yield _text("notes.small", formats, names=formats.messages.listed(named))
    if any(note.startswith("coarse_skewed:") for note in invariance.notes):
        yield _text("notes.coarse_skewed", formats)
    if not invariance.means_comparable and not invariance.ladder.empty:
        yield _text("notes.means_none", formats)


def _freed(entry: str, formats: Formats) -> str:
    kind, _, item = entry.partition(":")
    return _text(f"notes.freed_{kind}", formats, question=clean(item))


def _left_out(invariance: InvarianceResult, formats: Formats) -> Iterator[str]:
    for row in rows_of(invariance.groups):
        if not row.used:
            why, _, items = str(row.note).partition(":")
            yield _text(
                f"notes.left_out_{why}",
                formats,
                group=clean(str(row.term)),
                **({"question": clean(items.replace(",", ", "))} if items else {}),
            )
