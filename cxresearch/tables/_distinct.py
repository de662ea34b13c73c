"""What a verdict on dimensions offers beside them: a general factor and empirical ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cxresearch.codebook.model import Codebook
from cxresearch.psychometrics import CfaResult, DistinctnessResult, HtmtResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, code_notes, display_table
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean, isolated

Names = Callable[[str], str]
Labels = Mapping[str, str] | None


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


def cluster_notes(
    found: CfaResult | HtmtResult | DistinctnessResult, formats: Formats
) -> list[str]:
    """Say that intervals allow for clusters, and where these are few or not known."""
    if not found.clusters:
        return []
    count, names = formats.count(found.n_clusters), clean(found.clusters)
    first = formats.messages.text("tables.factors.notes.clusters", n=count, clusters=names)
    return [
        first,
        *code_notes(found.notes, formats, wanted=("cluster_missing", "few_clusters")),
    ]


def shown_term(term: str, labels: Labels) -> str:
    """Return the text of an item or scale, or its name."""
    return isolated(clean((labels or {}).get(term, term)) or clean(term))


def scale_names(found: HtmtResult | DistinctnessResult, labels: Labels) -> Names:
    """Return what gives a scale its text; a verdict on a battery knows them."""
    known = dict(labels or {})
    if isinstance(found, DistinctnessResult):
        own = dict(zip(found.scales["term"], found.scales["label"], strict=True))
        known = own | known
    return lambda term: shown_term(str(term), known)


def solution_notes(codes: tuple[str, ...], labels: Labels, formats: Formats) -> list[str]:
    """Say what is improper or odd about a solution."""
    found = []
    for code in codes:
        kind, *parts = code.split(":")
        if kind in ("heywood", "negative_loading"):
            key = "heywood" if kind == "heywood" else "against"
            question = shown_term(parts[-1], labels)
            found.append(
                formats.messages.text(f"tables.factors.notes.{key}", question=question)
            )
    return found


def _loadings(factor: str, formats: Formats) -> Column:
    return Column(factor, lambda row: formats.coefficient(getattr(row, factor)))
