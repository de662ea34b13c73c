"""The table of zones of tolerance."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxresearch._validate import check_choice
from cxresearch.codebook.model import Codebook
from cxresearch.servqual.zone_result import ZoneResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, display_table
from cxresearch.tables.servqual import LEVELS, Level
from cxresearch.wording import Formats, decimals_for
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean, file_stem, name_of, segment_label


@or_nothing
def display_zone(
    zone: ZoneResult,
    level: Level = "dimension",
    *,
    segment: str | None = None,
    codebook: Codebook | None = None,
    language: str = "en",
) -> DisplayTable:
    """Show minimum, received and desired level, both gaps and the place; None shows nothing.

    Parameters
    ----------
    zone : ZoneResult or None
    level : {"dimension", "item", "overall"}
        Which rows, for everybody.
    segment : str, optional
        Show the dimensions by the groups of this segment instead.
    codebook : Codebook, optional
        Gives the segment its label.
    language : str
        Language of headings and notes.

    Raises
    ------
    CxError
        The level is unknown, or the zones were not computed by this segment.
    """
    check_choice("level", level, LEVELS)
    if segment is not None:
        check_choice("segment", segment, zone.segments)
    formats = Formats.of(language)
    text = formats.messages.text
    data = _wide(zone, level if segment is None else "dimension", segment or "")
    columns = [
        Column(
            text("tables.score" if level == "overall" else f"tables.{level}"),
            lambda row: name_of(row.term, row.label, formats.messages),
            numeric=False,
        )
    ]
    if segment is not None:
        group = Column(text("tables.group"), lambda row: clean(row.group), numeric=False)
        columns.append(group)
    columns += _columns(zone, formats)
    named = "" if segment is None else segment_label(segment, formats.messages, codebook)
    stem = level if segment is None else file_stem(segment)
    return display_table(
        data,
        columns,
        name=f"zone_of_tolerance_by_{stem}",
        caption=text("tables.gap_quality.zone")
        if segment is None
        else text("tables.gap_quality.zone_segment", segment=named),
        notes=_notes(zone, data, formats),
    )


def _wide(zone: ZoneResult, level: str, segment: str) -> pd.DataFrame:
    """Return one row for each term and group, the measures side by side."""
    keys = ["term", "group"]
    zones = zone.zones
    zones = zones[(zones["level"] == level) & (zones["segment"] == segment)]
    data = zones.reset_index(drop=True)
    own = zone.estimates[zone.estimates["segment"] == segment]
    for measure in ("adequacy", "superiority", "position"):
        part = own.loc[own["measure"] == measure, [*keys, "estimate", "conf_low", "conf_high"]]
        names = {
            "estimate": measure, "conf_low": f"{measure}_low", "conf_high": f"{measure}_high"
        }  # fmt: skip
        data = data.merge(part.rename(columns=names), on=keys, how="left")
    return data


def _columns(zone: ZoneResult, formats: Formats) -> list[Column]:
    text, decimals = formats.messages.text, decimals_for(zone.scale_low, zone.scale_high)
    span = text("tables.interval", level=formats.level(zone.confidence_level))

    def level_of(part: str, heading: str) -> Column:
        return Column(heading, lambda row: formats.number(getattr(row, part), decimals))

    def gap_of(measure: str) -> list[Column]:
        heading = text(f"tables.gap_quality.{measure}")

        def ends(row: Any) -> str:
            low, high = getattr(row, f"{measure}_low"), getattr(row, f"{measure}_high")
            return formats.interval(low, high, decimals)

        return [
            Column(heading, lambda row: formats.gap(getattr(row, measure), decimals)),
            Column(f"{heading}, {span}", ends),
        ]

    return [
        level_of("minimum", text("tables.gap_quality.minimum")),
        level_of("perception", text("tables.received")),
        level_of("desired", text("tables.gap_quality.desired")),
        *gap_of("adequacy"),
        *gap_of("superiority"),
        Column(text("tables.gap_quality.position"), lambda row: formats.number(row.position)),
        Column(
            text("tables.gap_quality.place"),
            lambda row: text(f"terms.zone.{row.zone}") if row.zone else UNDEFINED,
            numeric=False,
        ),
        Column(text("tables.n"), lambda row: _count(row, zone, formats)),
    ]


def _count(row: Any, zone: ZoneResult, formats: Formats) -> str:
    if not row.suppressed:
        return formats.count(row.n)
    if row.note == "suppressed_complementary":
        return formats.messages.text("tables.hidden")
    return formats.messages.text("tables.fewer_than", n=zone.min_cell)


def _notes(zone: ZoneResult, data: pd.DataFrame, formats: Formats) -> list[str]:
    text = formats.messages.text
    level = formats.level(zone.confidence_level)
    notes = [
        text("tables.gap_quality.notes.zone", level=level),
        text("tables.gap_quality.notes.zone_p"),
        text("tables.gap_quality.notes.position"),
    ]
    if zone.misordered:
        notes.append(text("tables.gap_quality.notes.misordered", n=zone.misordered))
    if data["suppressed"].astype(bool).any():
        notes.append(text("tables.notes.suppressed", n=zone.min_cell))
    if zone.weighted:
        notes.append(text("tables.notes.weighted"))
    return notes
