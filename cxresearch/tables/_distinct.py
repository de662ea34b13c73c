"""What a verdict on dimensions offers beside them: a general factor and empirical ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cxresearch.codebook.model import Codebook
from cxresearch.psychometrics import DistinctnessResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, display_table
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean, isolated

Names = Callable[[str], str]


def beside_the_general(
    found: DistinctnessResult, names: Names, formats: Formats
) -> DisplayTable | None:
    """Show each intended dimension beside the general factor and the empirical ones."""
    if found.scales[["omega", "omega_specific", "congruence"]].isna().all(axis=None):
        return None
    text = formats.messages.text
    known = bool(np.isfinite(found.omega_hierarchical))
    own = [Column(text("tables.factors.own"), lambda r: formats.coefficient(r.omega_specific))]
    columns = [
        Column(text("tables.dimension"), lambda r: names(r.term), numeric=False),
        Column(text("tables.items"), lambda r: formats.number(r.items, 0)),
        Column(text("tables.factors.omega"), lambda r: formats.coefficient(r.omega)),
        Column(text("tables.factors.ave"), lambda r: formats.coefficient(r.ave)),
        *(own if known else []),
        Column(
            text("tables.factors.most_like"),
            lambda r: isolated(clean(r.congruent)) or UNDEFINED,
            numeric=False,
        ),
        Column(text("tables.factors.congruence"), lambda r: formats.coefficient(r.congruence)),
    ]
    notes = [text("tables.factors.notes.reliability")]
    if known:
        general = formats.coefficient(found.omega_hierarchical)
        ecv = formats.coefficient(found.ecv)
        notes.append(text("tables.factors.notes.general", general=general, ecv=ecv))
    else:
        notes.append(text("tables.factors.notes.no_general"))
    return display_table(
        found.scales,
        columns,
        name="factor_reliability",
        caption=text("tables.factors.beside"),
        notes=[*notes, text("tables.factors.notes.congruence")],
    )


def empirical(
    found: DistinctnessResult, names: Names, texts: Names, *, formats: Formats
) -> DisplayTable | None:
    """Show the loadings on the factors that the answers suggest, beside what was intended."""
    rows = found.empirical
    if rows.empty:
        return None
    text = formats.messages.text
    factors = list(dict.fromkeys(rows["group"]))
    data = rows.pivot(index="term", columns="group", values="estimate")[factors]
    size = data.abs().to_numpy(dtype=float)
    order = np.lexsort((-size.max(axis=1), size.argmax(axis=1)))
    data.insert(0, "intended", rows.drop_duplicates("term").set_index("term")["intended"])
    columns = [
        Column(text("tables.factors.item"), lambda r: texts(r.term), numeric=False),
        Column(text("tables.factors.intended"), lambda r: names(r.intended), numeric=False),
        *(_loadings(name, formats) for name in factors),
    ]
    return display_table(
        data.iloc[order].reset_index(),
        columns,
        name="empirical_factors",
        caption=text("tables.factors.empirical", n=len(factors)),
        notes=[text("tables.factors.notes.empirical")],
    )


def item_texts(found: DistinctnessResult, codebook: Codebook | None) -> dict[str, str]:
    """Return what the items of a battery ask."""
    if codebook is None or not found.battery:
        return {}
    return {item.term: item.text for item in codebook.find_battery(found.battery).items}


def _loadings(factor: str, formats: Formats) -> Column:
    return Column(factor, lambda row: formats.coefficient(getattr(row, factor)))
