"""Tables of mixed models: fixed effects, differences, and how people differ."""

from __future__ import annotations

import math
from typing import Any

from cxresearch.peak_end import MixedModelResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, display_table
from cxresearch.tables._peak_end import code_sentences, columns_of_test
from cxresearch.wording import Formats
from cxresearch.wording.labels import column_label
from cxresearch.wording.peak_end import Labels, pair_name, rating_decimals


def display_mixed(
    result: MixedModelResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show fixed effects, and the differences between the levels that were compared.

    Parameters
    ----------
    result : MixedModelResult
    labels : mapping of str to str, optional
        Column, ``"condition[level]"`` or level → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = result.tidy()
    if "group" not in data:
        data.insert(1, "group", "")
    if "p_adjusted" not in data:
        data["p_adjusted"] = math.nan
    data["group"] = data["group"].fillna("")
    decimals = rating_decimals(data["estimate"])
    adjusted = bool(len(result.contrasts)) and result.p_adjust != "none"

    def term(row: Any) -> str:
        if row.group:
            return pair_name(row.group, result.compared, (), labels)
        if row.term == "intercept":
            return text("terms.effect.intercept")
        return column_label(row.term, labels, formats.messages)

    columns = [
        Column(text("tables.peak_end.term"), term, numeric=False),
        *columns_of_test(formats, result.confidence_level, decimals, p_adjust="none"),
    ]
    if adjusted:
        columns.append(Column(text("tables.p_adjusted"), lambda row: formats.p(row.p_adjusted)))
    columns.append(Column(text("tables.n"), lambda row: formats.count(row.n)))
    return display_table(
        data,
        columns,
        name="mixed_model",
        caption=text("tables.peak_end.mixed"),
        notes=_mixed_notes(result, formats),
    )


def display_variances(
    result: MixedModelResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show how people differ from each other, and the rest.

    Parameters
    ----------
    result : MixedModelResult
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text

    def name(term: str) -> str:
        if term in ("intercept", "residual"):
            return text(f"terms.effect.{term}")
        return column_label(term, labels, formats.messages)

    columns = [
        Column(
            text("tables.peak_end.component"),
            lambda row: (
                f"{name(row.term)} × {name(row.group)}" if row.group else name(row.term)
            ),
            numeric=False,
        ),
        Column(text("tables.peak_end.variance"), lambda row: formats.number(row.estimate, 3)),
        Column(text("tables.peak_end.sd_or_correlation"), lambda row: formats.number(row.sd)),
    ]
    return display_table(
        result.variance_components,
        columns,
        name="variance_components",
        caption=text("tables.peak_end.variances"),
        notes=_mixed_notes(result, formats),
    )


def _mixed_notes(result: MixedModelResult, formats: Formats) -> list[str]:
    text = formats.messages.text
    method = {"satterthwaite": "Satterthwaite", "kenward_roger": "Kenward–Roger"}
    note = text(
        "tables.peak_end.notes.mixed" if result.reml else "tables.peak_end.notes.mixed_ml",
        df=method.get(result.df_method, result.df_method),
        icc=formats.percent(result.icc),
        marginal=formats.coefficient(result.r2_marginal),
        conditional=formats.coefficient(result.r2_conditional),
    )
    return [note, *code_sentences(result.notes, formats)]
