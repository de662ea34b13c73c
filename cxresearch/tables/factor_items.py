"""Tables of single items: exploratory loadings, and what each question does for its scale."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxresearch.codebook.model import Codebook
from cxresearch.psychometrics import DistinctnessResult, EfaResult, ItemAnalysisResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, display_table
from cxresearch.tables._distinct import (
    Labels,
    empirical,
    item_texts,
    scale_names,
    shown_term,
    solution_notes,
)
from cxresearch.wording import Formats


@or_nothing
def display_efa(
    efa: EfaResult | DistinctnessResult,
    *,
    labels: Labels = None,
    codebook: Codebook | None = None,
    language: str = "en",
) -> DisplayTable | None:
    """Show the loadings of exploratory factors, items in the order of their factor.

    Parameters
    ----------
    efa : EfaResult or DistinctnessResult
        The latter adds the dimension that was intended; nothing where no factor was found.
    labels : mapping of str to str, optional
        Item → text.
    codebook : Codebook, optional
        Gives the items of a verdict on a battery their texts.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    if isinstance(efa, DistinctnessResult):
        texts = item_texts(efa, codebook) | dict(labels or {})
        names = scale_names(efa, labels)
        return empirical(efa, names, lambda term: shown_term(term, texts), formats=formats)
    text = formats.messages.text
    best = np.abs(efa.loadings).argmax(axis=1)
    size = np.abs(efa.loadings).max(axis=1)
    order = np.lexsort((-size, best))
    data = pd.DataFrame(efa.loadings, columns=list(efa.factors))
    data.insert(0, "term", list(efa.items))
    data["communality"] = efa.communalities
    columns = [
        Column(
            text("tables.factors.item"), lambda r: shown_term(r.term, labels), numeric=False
        ),
        *(_loading_column(name, formats) for name in efa.factors),
        Column(
            text("tables.factors.communality"), lambda r: formats.coefficient(r.communality)
        ),
    ]
    return display_table(
        data.iloc[order],
        columns,
        name="efa_loadings",
        caption=text("tables.factors.efa"),
        notes=[text("tables.factors.notes.efa"), *solution_notes(efa.notes, labels, formats)],
    )


def _loading_column(factor: str, formats: Formats) -> Column:
    return Column(factor, lambda row: formats.coefficient(getattr(row, factor)))


def display_item_analysis(
    found: ItemAnalysisResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show what each question does for its dimension.

    Parameters
    ----------
    found : ItemAnalysisResult
    labels : mapping of str to str, optional
        Item or scale → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    columns = [
        Column(text("tables.dimension"), lambda r: shown_term(r.group, labels), numeric=False),
        Column(
            text("tables.factors.item"), lambda r: shown_term(r.term, labels), numeric=False
        ),
        Column(text("tables.factors.mean"), lambda r: formats.number(r.mean)),
        Column(text("tables.factors.sd"), lambda r: formats.number(r.sd)),
        Column(text("tables.factors.item_rest"), lambda r: formats.coefficient(r.estimate)),
        Column(
            text("tables.interval", level=formats.level(found.confidence_level)),
            lambda r: formats.coefficient_interval(r.conf_low, r.conf_high),
        ),
        Column(
            text("tables.factors.alpha_dropped"),
            lambda r: formats.coefficient(r.alpha_if_dropped),
        ),
        Column(text("tables.n"), lambda r: formats.count(r.n)),
    ]
    against = [note.split(":")[-1] for note in found.notes if note.startswith("negative_item")]
    notes = [text("tables.factors.notes.items")]
    notes += [
        text("tables.factors.notes.against", question=shown_term(term, labels))
        for term in against
    ]
    return display_table(
        found.estimates,
        columns,
        name="item_analysis",
        caption=text("tables.factors.items"),
        notes=notes,
    )
