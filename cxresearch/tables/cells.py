"""Estimates of the cells of a study: a table."""

from __future__ import annotations

import pandas as pd

from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, display_table
from cxresearch.wording import Formats
from cxresearch.wording.labels import capital


def display_cells(cells: pd.DataFrame, *, language: str = "en") -> DisplayTable:
    """Return the key estimates of each cell, by itself and drawn towards the mean, as text.

    Parameters
    ----------
    cells : DataFrame
        As `compare_cells` returns it.
    language : str
        Language of headings and numbers.
    """
    formats = Formats.of(language)
    words = formats.messages.section("cells")

    def told(row: object, ending: str) -> str:
        estimate, low, high = (
            float(getattr(row, f"{name}{ending}"))
            for name in ("estimate", "conf_low", "conf_high")
        )
        if estimate != estimate:
            return ""
        return f"{formats.number(estimate)} {formats.brackets(low, high)}"

    columns = [
        Column(words["estimate_of"], lambda row: capital(str(row.label)), numeric=False),
        Column(words["cell"], lambda row: str(row.cell), numeric=False),
        Column(words["n"], lambda row: formats.count(row.n)),
        Column(words["own"], lambda row: told(row, "")),
        Column(words["pooled"], lambda row: told(row, "_pooled")),
    ]
    return display_table(cells, columns, name="cells", caption=words["table_explained"])
