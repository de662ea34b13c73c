"""Table of Kano classes."""

from __future__ import annotations

import pandas as pd

from cxresearch.drivers.kano import KANO_CLASSES, KanoResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, display_table
from cxresearch.tables._drivers import (
    Labels,
    chance_column,
    count_column,
    design_notes,
    interval_column,
    name_column,
    number_column,
    percent_column,
)
from cxresearch.wording import Formats
from cxresearch.wording.labels import capital


def display_kano(
    result: KanoResult | None, *, labels: Labels = None, language: str = "en"
) -> DisplayTable | None:
    """Show the class of each feature, how sure it is, and what the answers were.

    Parameters
    ----------
    result : KanoResult, optional
    labels : mapping of str to str, optional
        Feature → text; by default that of the codebook.
    language : str

    Returns
    -------
    DisplayTable or None
        One row a feature, the largest total strength first. None where there is no result.
    """
    if result is None:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    columns = [
        name_column("tables.drivers.feature", {**result.labels, **(labels or {})}, formats),
        Column(
            text("tables.drivers.kano_class"),
            lambda row: text(f"terms.kano.{row.kind}"),
            numeric=False,
        ),
        chance_column("tables.drivers.kano_chance", "prob_first", formats),
        *(_share(name, formats) for name in KANO_CLASSES),
        percent_column("tables.drivers.total_strength", "total_strength", formats, 0),
    ]
    for side in ("better", "worse"):
        columns += [
            number_column(f"tables.drivers.kano_{side}", side, formats),
            interval_column(
                formats,
                result.confidence_level,
                heading=f"tables.drivers.kano_{side}_interval",
                low=f"{side}_low",
                high=f"{side}_high",
            ),
        ]
    columns.append(count_column("tables.n", "n", formats))
    notes = [
        text(
            "tables.drivers.notes.kano",
            chance=formats.percent(result.decision),
            n=result.replicates,
        ),
        text("tables.drivers.notes.kano_shares"),
        text("tables.drivers.notes.kano_sides"),
        *design_notes(result, formats),
    ]
    return display_table(
        _rows(result),
        columns,
        name="kano_classes",
        caption=text("tables.drivers.kano"),
        notes=notes,
    )


def _share(name: str, formats: Formats) -> Column:
    return Column(
        capital(formats.messages.text(f"terms.kano.{name}")),
        lambda row: formats.percent(getattr(row, f"share_{name}")),
    )


def _rows(result: KanoResult) -> pd.DataFrame:
    data = result.classes.rename(columns={"class": "kind"})
    first = data[[f"prob_{name}" for name in KANO_CLASSES]].max(axis=1)
    data = data.assign(prob_first=first)
    for side in ("better", "worse"):
        part = result.estimates[result.estimates["group"] == side].set_index("term")
        part = part[["estimate", "conf_low", "conf_high"]]
        part = part.set_axis([side, f"{side}_low", f"{side}_high"], axis=1)
        data = data.merge(part, left_on="term", right_index=True, how="left")
    return data.sort_values("total_strength", ascending=False, kind="stable")
