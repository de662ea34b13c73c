"""Tables of gaps by many groups, over waves and on the map."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch._validate import check_choice
from cxresearch.codebook.model import Codebook
from cxresearch.servqual import (
    GapChangesResult,
    GapMapResult,
    GapRanksResult,
    ImputedGapsResult,
    PooledGapsResult,
)
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, code_notes, degrees_of_freedom, display_table
from cxresearch.wording import Formats, decimals_for
from cxresearch.wording.labels import clean, name_of, segment_label

_SMALL = "tables.notes.suppressed"


@or_nothing
def display_pooled_gaps(
    pooled: PooledGapsResult,
    term: str | None = None,
    *,
    codebook: Codebook | None = None,
    language: str = "en",
) -> DisplayTable:
    """Show the gap of each group as it stands and allowing for chance, and its rank.

    Parameters
    ----------
    pooled : PooledGapsResult or None
    term : str, optional
        A dimension or ``"overall"``; without it the foremost.
    codebook : Codebook, optional
        Gives the segment its label.
    language : str
        Language of headings and notes.

    Raises
    ------
    CxError
        The term is unknown.
    """
    terms = pooled.spread["term"].tolist()
    term = pooled.foremost if term is None else check_choice("term", term, terms)
    formats = Formats.of(language)
    text, decimals = formats.messages.text, decimals_for(pooled.scale_low, pooled.scale_high)
    level = formats.level(pooled.confidence_level)
    data = pooled.estimates[pooled.estimates["term"] == term]
    data = data.sort_values("estimate", kind="stable", na_position="last")

    def ranks(row: Any) -> str:
        return formats.interval(row.rank_low, row.rank_high, 0, signed=False)

    columns = [
        Column(text("tables.group"), lambda row: clean(row.group), numeric=False),
        Column(text("tables.gap_groups.own"), lambda row: formats.gap(row.gap, decimals)),
        Column(
            text("tables.gap_groups.pooled_gap"),
            lambda row: formats.gap(row.estimate, decimals),
        ),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, decimals),
        ),
        Column(text("tables.gap_groups.weight"), lambda row: formats.percent(row.weight)),
        Column(text("tables.gap_groups.worst"), lambda row: formats.chance(row.p_worst)),
        Column(text("tables.gap_groups.best"), lambda row: formats.chance(row.p_best)),
        Column(text("tables.gap_groups.ranks", level=level), ranks),
        Column(text("tables.n"), lambda row: _count(row, pooled.min_cell, formats)),
    ]
    spread: Any = pooled.spread.set_index("term").loc[term]
    name = name_of(str(term), clean(spread["label"]), formats.messages)
    caption = text(
        "tables.gap_groups.pooled",
        segment=segment_label(pooled.segment, formats.messages, codebook),
    )
    return display_table(
        data,
        columns,
        name=f"pooled_gaps_{term}",
        caption=f"{caption}: {name}",
        notes=_pooled_notes(pooled, spread, data, formats, decimals),
    )


def _count(row: Any, min_cell: int, formats: Formats) -> str:
    if not row.suppressed:
        return formats.count(row.n)
    if row.note == "suppressed_complementary":
        return formats.messages.text("tables.hidden")
    return formats.messages.text("tables.fewer_than", n=min_cell)


def _pooled_notes(
    pooled: PooledGapsResult, spread: Any, data: pd.DataFrame, formats: Formats, decimals: int
) -> list[str]:
    text = formats.messages.text
    level = formats.level(pooled.confidence_level)
    notes = [
        text("tables.notes.units_gap", **_scale(pooled, formats)),
        text("tables.gap_groups.notes.pooled"),
    ]
    if spread["estimate"] == spread["estimate"]:
        notes.append(
            text(
                "tables.gap_groups.notes.spread_known",
                tau=formats.number(spread["estimate"], decimals),
                level=level,
                interval=formats.interval(
                    spread["conf_low"], spread["conf_high"], decimals, signed=False
                ),
                mean=formats.gap(spread["mean"], decimals),
                p=formats.p(spread["p_value"]),
            )
        )
    notes.append(text("tables.gap_groups.notes.ranks", n=formats.count(pooled.draws)))
    if data["suppressed"].any():
        notes.append(text(_SMALL, n=pooled.min_cell))
    notes += code_notes(pooled.notes, formats, wanted=("segment_unknown",))
    return notes + ([text("tables.notes.weighted")] if pooled.weighted else [])


@or_nothing
def display_changes(changes: GapChangesResult, *, language: str = "en") -> DisplayTable:
    """Show how gaps changed between waves, dimension by dimension.

    Parameters
    ----------
    changes : GapChangesResult or None
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, decimals = formats.messages.text, decimals_for(changes.scale_low, changes.scale_high)
    data = changes.estimates[changes.estimates["level"] != "item"]
    if not changes.told_overall:
        data = data[data["level"] != "overall"]
    level = formats.level(changes.confidence_level)
    columns = [
        Column(text("tables.gap_groups.waves"), lambda row: clean(row.group), numeric=False),
        Column(
            text("tables.dimension"),
            lambda row: name_of(row.term, row.label, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.gap_groups.first"), lambda row: formats.gap(row.gap_first, decimals)
        ),
        Column(text("tables.gap_groups.last"), lambda row: formats.gap(row.gap_last, decimals)),
        Column(
            text("tables.gap_groups.change"), lambda row: formats.gap(row.estimate, decimals)
        ),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, decimals),
        ),
        Column(text("tables.statistic"), lambda row: formats.number(row.statistic, 2)),
        Column(text("tables.df"), lambda row: degrees_of_freedom(row.df, formats)),
        Column(
            text("tables.p_plain" if changes.p_adjust == "none" else "tables.p_adjusted"),
            lambda row: formats.p(row.p_adjusted),
        ),
        Column(text("tables.n"), lambda row: _count(row, changes.min_cell, formats)),
    ]
    notes = [
        text("tables.notes.units_gap", **_scale(changes, formats)),
        *(
            text(f"tables.gap_groups.notes.{row.comparison}", waves=clean(str(row.group)))
            for row in rows_of(changes.pairs)
        ),
        text(f"tables.gap_groups.notes.{changes.p_adjust}"),
    ]
    if data["suppressed"].any():
        notes.append(text(_SMALL, n=changes.min_cell))
    if changes.weighted:
        notes.append(text("tables.notes.weighted"))
    return display_table(
        data,
        columns,
        name="gap_changes",
        caption=text("tables.gap_groups.changes"),
        notes=notes,
    )


@or_nothing
def display_gap_map(placed: GapMapResult, *, language: str = "en") -> DisplayTable:
    """Show gap, importance and place of each dimension, the foremost first.

    Parameters
    ----------
    placed : GapMapResult or None
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, decimals = formats.messages.text, decimals_for(placed.scale_low, placed.scale_high)
    data = placed.positions.sort_values(
        ["importance", "priority"], ascending=[False, False], kind="stable"
    )
    columns = [
        Column(
            text("tables.gap_groups.importance_kind"),
            lambda row: text(f"tables.gap_groups.kind_{row.importance}"),
            numeric=False,
        ),
        Column(
            text("tables.dimension"),
            lambda row: name_of(row.term, row.label, formats.messages),
            numeric=False,
        ),
        Column(text("tables.gap"), lambda row: formats.gap(row.gap, decimals)),
        Column(text("tables.share"), lambda row: formats.percent(row.share)),
        Column(
            text("tables.gap_groups.place"),
            lambda row: text(f"terms.quadrant.{row.quadrant}"),
            numeric=False,
        ),
        Column(
            text("tables.gap_groups.place_chance"),
            lambda row: formats.chance(getattr(row, f"prob_{row.quadrant}")),
        ),
        Column(text("tables.gap_groups.comes_first"), lambda row: formats.chance(row.p_first)),
    ]
    notes = [
        text("tables.notes.units_gap", **_scale(placed, formats)),
        text("tables.gap_groups.notes.map"),
        text("tables.gap_groups.notes.quadrants"),
    ]
    if "derived" in placed.kinds:
        notes.append(
            text(
                "tables.gap_groups.notes.derived",
                outcome=clean(placed.outcome_label) or clean(placed.outcome),
                fit=formats.coefficient(placed.r2),
            )
        )
    if placed.weighted:
        notes.append(text("tables.notes.weighted"))
    return display_table(
        data, columns, name="gap_map", caption=text("tables.gap_groups.map"), notes=notes
    )


@or_nothing
def display_imputed_gaps(imputed: ImputedGapsResult, *, language: str = "en") -> DisplayTable:
    """Show gaps of complete answers beside gaps with missing answers filled in.

    Parameters
    ----------
    imputed : ImputedGapsResult or None
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, decimals = formats.messages.text, decimals_for(imputed.scale_low, imputed.scale_high)
    rows = imputed.estimates[imputed.estimates["level"] != "item"]
    kinds = {"complete": "complete", "imputed": "filled"}
    columns = [
        Column(
            text("tables.dimension"),
            lambda row: name_of(row.term, row.label, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.read_as"),
            lambda row: text(f"tables.gap_groups.{kinds[row.group]}"),
            numeric=False,
        ),
        Column(text("tables.gap"), lambda row: formats.gap(row.estimate, decimals)),
        Column(
            text("tables.interval", level=formats.level(imputed.confidence_level)),
            lambda row: formats.interval(row.conf_low, row.conf_high, decimals),
        ),
        Column(
            text("tables.p_plain" if imputed.p_adjust == "none" else "tables.p_adjusted"),
            lambda row: formats.p(row.p_adjusted),
        ),
        Column(text("tables.gap_groups.fmi"), lambda row: formats.percent(row.fmi)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    order = {term: place for place, term in enumerate(rows["term"].unique())}
    data = rows.iloc[rows["term"].map(order).argsort(kind="stable")]
    notes = [
        text("tables.notes.units_gap", **_scale(imputed, formats)),
        text("tables.gap_groups.notes.imputed", m=formats.count(imputed.imputations)),
        text("tables.gap_groups.notes.fmi"),
    ]
    if imputed.weighted:
        notes.append(text("tables.notes.weighted"))
    return display_table(
        data,
        columns,
        name="imputed_gaps",
        caption=text("tables.gap_groups.imputed"),
        notes=notes,
    )


@or_nothing
def display_gap_ranks(ranks: GapRanksResult, *, language: str = "en") -> DisplayTable:
    """Show signed-rank tests of the gaps of dimensions and overall, with effect sizes.

    Parameters
    ----------
    ranks : GapRanksResult or None
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text, decimals = formats.messages.text, decimals_for(ranks.scale_low, ranks.scale_high)
    data = ranks.estimates[ranks.estimates["level"] != "item"]
    columns = [
        Column(
            text("tables.dimension"),
            lambda row: name_of(row.term, row.label, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.gap_groups.pseudo_median"),
            lambda row: formats.gap(row.estimate, decimals),
        ),
        Column(
            text("tables.interval", level=formats.level(ranks.confidence_level)),
            lambda row: formats.interval(row.conf_low, row.conf_high, decimals),
        ),
        Column(
            text("tables.gap_groups.signed_ranks"), lambda row: formats.points(row.statistic)
        ),
        Column(
            text("tables.p_plain" if ranks.p_adjust == "none" else "tables.p_adjusted"),
            lambda row: formats.p(row.p_adjusted),
        ),
        Column(
            text("tables.gap_groups.rank_biserial"),
            lambda row: formats.coefficient(row.rank_biserial),
        ),
        Column(text("tables.gap_groups.g_z"), lambda row: formats.number(row.g_z, 2)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    notes = [
        text("tables.notes.units_gap", **_scale(ranks, formats)),
        text("tables.gap_groups.notes.by_ranks"),
        text("tables.gap_groups.notes.unweighted"),
    ]
    return display_table(
        data,
        columns,
        name="gap_ranks",
        caption=text("tables.gap_groups.by_ranks"),
        notes=notes,
    )


def _scale(
    result: PooledGapsResult
    | GapChangesResult
    | GapMapResult
    | GapRanksResult
    | ImputedGapsResult,
    formats: Formats,
) -> dict[str, str]:
    return {"low": formats.points(result.scale_low), "high": formats.points(result.scale_high)}
