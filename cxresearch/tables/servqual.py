"""Tables of a SERVQUAL gap analysis."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from cxresearch._validate import check_choice
from cxresearch.codebook.model import Codebook
from cxresearch.servqual import ServqualGapsResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import (
    Column,
    beside,
    code_notes,
    degrees_of_freedom,
    display_table,
)
from cxresearch.wording import Formats, decimals_for
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean, file_stem, name_of, segment_label

Level = Literal["dimension", "item", "overall"]
LEVELS: tuple[Level, ...] = ("dimension", "item", "overall")
_DESIGN_NOTES = ("lonely_strata", "cluster_missing", "stratum_missing")
_POINT_NOTES = ("points_rescaled", "points_rejected", "points_missing")


def display_gaps(
    gaps: ServqualGapsResult, level: Level = "dimension", *, language: str = "en"
) -> DisplayTable:
    """Show what was expected, what was received and the gap with its test.

    Parameters
    ----------
    gaps : ServqualGapsResult
    level : {"dimension", "item", "overall"}
        Which rows: each level is its own family of tests.
    language : str
        Language of headings and notes.

    Raises
    ------
    CxError
        The level is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.codebook.model import Battery, Codebook, Item, ResponseScale, Scale
    >>> from cxresearch.responses.model import Flow, Responses
    >>> from cxresearch.servqual import servqual_gaps
    >>> battery = Battery(
    ...     name="desk",
    ...     scale=ResponseScale(name="agree7", low=1, high=7),
    ...     parts={"expectation": "E{item}", "perception": "P{item}"},
    ...     scales=(Scale(name="staff", label="Staff", items=(Item(key=1, text="Polite"),)),),
    ... )
    >>> answers = pd.DataFrame({"E1": [7.0, 6.0, 7.0, 5.0], "P1": [5.0, 6.0, 4.0, 4.0]})
    >>> responses = Responses(
    ...     codebook=Codebook(survey="Desk", batteries=(battery,)),
    ...     frame=answers,
    ...     missing=answers.isna().replace({True: "empty", False: ""}),
    ...     quality=pd.DataFrame(),
    ...     flow=Flow(read=4),
    ...     sources=(),
    ... )
    >>> gaps = servqual_gaps(responses)
    >>> display_gaps(gaps).shown[["Dimension", "Gap", "n"]].iloc[0].tolist()
    ['Staff', '−1.50', '4']
    """
    check_choice("level", level, LEVELS)
    formats = Formats.of(language)
    frame = gaps.estimates
    data = frame[(frame["level"] == level) & (frame["segment"] == "")]
    data = data.drop(columns=["group", "segment", "suppressed"])
    columns = [_name_column(level, formats)]
    if level == "item":
        columns.append(_dimension_column(gaps, formats))
    columns += [*_mean_columns(gaps, formats), *_test_columns(gaps, formats, level)]
    if level == "dimension" and len(gaps.importance):
        data = beside(data, gaps.importance, {"estimate": "importance"})
        heading = formats.messages.text("tables.importance")
        columns.append(Column(heading, lambda row: formats.number(row.importance, 1)))
    return display_table(
        data,
        columns,
        name=_GAP_NAMES[level],
        caption=formats.messages.text(f"tables.gaps_{level}"),
        notes=_gap_notes(gaps, data, formats, level),
    )


def display_segments(
    gaps: ServqualGapsResult,
    segment: str | None = None,
    *,
    codebook: Codebook | None = None,
    language: str = "en",
) -> DisplayTable | None:
    """Show the gap of each group, dimension by dimension; None where there are no groups.

    Parameters
    ----------
    gaps : ServqualGapsResult
    segment : str, optional
        Name of a segment column; without one all that the gaps were computed by.
    codebook : Codebook, optional
        Gives the column its label.
    language : str
        Language of headings and notes.

    Raises
    ------
    CxError
        The gaps were not computed by this segment.
    """
    segments = gaps.segments if segment is None else (segment,)
    for name in segments:
        check_choice("segment", name, gaps.segments)
    if not segments:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    frame = gaps.estimates
    data = pd.concat([frame[frame["segment"] == name] for name in segments])
    called = [segment_label(name, formats.messages, codebook) for name in segments]
    columns = [_name_column("dimension", formats)]
    if len(segments) > 1:
        columns.append(_segment_column("segment", formats, codebook))
    columns += [
        Column(text("tables.group"), lambda row: clean(row.group), numeric=False),
        *_mean_columns(gaps, formats),
        Column(_p_heading(gaps, formats), lambda row: formats.p(row.p_adjusted)),
        Column(text("tables.n"), lambda row: _n_of_cell(row, gaps, formats)),
    ]
    return display_table(
        data,
        columns,
        name=f"gaps_by_{file_stem(segments[0]) if len(segments) == 1 else 'segment'}",
        caption=text("tables.segments", segment=formats.messages.listed(called)),
        notes=_segment_notes(gaps, data, formats, segments),
    )


def display_differences(
    gaps: ServqualGapsResult, *, codebook: Codebook | None = None, language: str = "en"
) -> DisplayTable | None:
    """Show whether groups differ, dimension by dimension; None where there are no groups.

    Parameters
    ----------
    gaps : ServqualGapsResult
    codebook : Codebook, optional
        Gives segment columns their labels.
    language : str
        Language of headings and notes.
    """
    if not gaps.segments:
        return None
    formats = Formats.of(language)
    text, decimals = formats.messages.text, decimals_for(gaps.scale_low, gaps.scale_high)
    labels = dict(zip(gaps.estimates["term"], gaps.estimates["label"], strict=True))
    level = formats.level(gaps.confidence_level)

    def degrees(row: Any) -> str:
        if row.df != row.df:
            return UNDEFINED
        pair = (degrees_of_freedom(df, formats) for df in (row.df, row.df_denominator))
        return "; ".join(pair)

    columns = [
        Column(
            text("tables.dimension"),
            lambda row: name_of(row.term, labels.get(row.term, ""), formats.messages),
            numeric=False,
        ),
        _segment_column("group", formats, codebook),
        Column(
            text("tables.lowest"), lambda row: clean(row.lowest) or UNDEFINED, numeric=False
        ),
        Column(
            text("tables.highest"), lambda row: clean(row.highest) or UNDEFINED, numeric=False
        ),
        Column(
            text("tables.groups"), lambda row: clean(row.groups) or UNDEFINED, numeric=False
        ),
        Column(text("tables.difference"), lambda row: formats.gap(row.estimate, decimals)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, decimals),
        ),
        Column(text("tables.wald"), lambda row: formats.number(row.statistic, 2)),
        Column(text("tables.df_pair"), degrees),
        Column(_p_heading(gaps, formats), lambda row: formats.p(row.p_adjusted)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    return display_table(
        gaps.differences,
        columns,
        name="differences_between_groups",
        caption=text("tables.differences"),
        notes=_difference_notes(gaps, formats),
    )


_GAP_NAMES: dict[str, str] = {
    "dimension": "gaps_by_dimension",
    "item": "gaps_by_item",
    "overall": "gaps_overall",
}

# ── columns ───────────────────────────────────────────────────────────────────────────────


def _name_column(level: str, formats: Formats) -> Column:
    key = "tables.score" if level == "overall" else f"tables.{level}"
    return Column(
        formats.messages.text(key),
        lambda row: name_of(row.term, row.label, formats.messages),
        numeric=False,
    )


def _segment_column(source: str, formats: Formats, codebook: Codebook | None) -> Column:
    """Return the column that names the way of grouping, from `source` of the rows."""
    return Column(
        formats.messages.text("tables.segment"),
        lambda row: segment_label(getattr(row, source), formats.messages, codebook),
        numeric=False,
    )


def _dimension_column(gaps: ServqualGapsResult, formats: Formats) -> Column:
    frame = gaps.estimates[gaps.estimates["level"] == "dimension"]
    labels = dict(zip(frame["term"], frame["label"], strict=True))
    heading = formats.messages.text("tables.dimension")
    return Column(
        heading,
        lambda row: clean(labels.get(row.dimension, row.dimension)) or UNDEFINED,
        numeric=False,
    )


def _mean_columns(gaps: ServqualGapsResult, formats: Formats) -> list[Column]:
    text, decimals = formats.messages.text, decimals_for(gaps.scale_low, gaps.scale_high)
    level = formats.level(gaps.confidence_level)
    return [
        Column(text("tables.expected"), lambda row: formats.number(row.expectation, decimals)),
        Column(text("tables.received"), lambda row: formats.number(row.perception, decimals)),
        Column(text("tables.gap"), lambda row: formats.gap(row.estimate, decimals)),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, decimals),
        ),
    ]


def _test_columns(gaps: ServqualGapsResult, formats: Formats, level: str) -> list[Column]:
    text = formats.messages.text
    confidence = formats.level(gaps.confidence_level)
    p_heading = text("tables.p_plain") if level == "overall" else _p_heading(gaps, formats)
    return [
        Column(text("tables.statistic"), lambda row: formats.number(row.statistic, 2)),
        Column(text("tables.df"), lambda row: degrees_of_freedom(row.df, formats)),
        Column(p_heading, lambda row: formats.p(row.p_adjusted)),
        Column(text("tables.d_z"), lambda row: formats.number(row.d_z, 2)),
        Column(
            text("tables.d_z_interval", level=confidence),
            lambda row: formats.interval(row.d_z_low, row.d_z_high, signed=False),
        ),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]


def _p_heading(gaps: ServqualGapsResult, formats: Formats) -> str:
    adjusted = gaps.p_adjust != "none"
    return formats.messages.text("tables.p_adjusted" if adjusted else "tables.p_plain")


def _n_of_cell(row: Any, gaps: ServqualGapsResult, formats: Formats) -> str:
    if not row.suppressed:
        return formats.count(row.n)
    if row.note == "suppressed_complementary":
        return formats.messages.text("tables.hidden")
    return formats.messages.text("tables.fewer_than", n=gaps.min_cell)


# ── notes ─────────────────────────────────────────────────────────────────────────────────


def _scale(gaps: ServqualGapsResult, formats: Formats) -> dict[str, str]:
    return {"low": formats.points(gaps.scale_low), "high": formats.points(gaps.scale_high)}


def _interval_note(gaps: ServqualGapsResult, formats: Formats) -> str:
    level = formats.level(gaps.confidence_level)
    return formats.messages.text("tables.notes.interval", level=level)


def _family_note(
    gaps: ServqualGapsResult, formats: Formats, *, family: str, n: int | None = None
) -> str:
    key = f"tables.notes.{gaps.p_adjust}_{family}"
    known = {} if n is None or gaps.p_adjust == "none" else {"n": n}
    return formats.messages.text(key, **known)


def _gap_notes(
    gaps: ServqualGapsResult, data: pd.DataFrame, formats: Formats, level: str
) -> list[str]:
    text = formats.messages.text
    notes = [
        text("tables.notes.units", **_scale(gaps, formats)),
        _interval_note(gaps, formats),
        text("tables.notes.overall_p")
        if level == "overall"
        else _family_note(gaps, formats, family=f"{level}s", n=len(data)),
        text("tables.notes.d_z"),
        text("tables.notes.n_item")
        if level == "item"
        else text("tables.notes.n", share=formats.percent(gaps.min_answered)),
    ]
    if (data["term"] == "overall_weighted").any():
        notes.append(text("tables.notes.points_score"))
    if "importance" in data:
        notes.append(text("tables.notes.importance"))
    if level != "item":
        notes += code_notes(gaps.notes, formats, wanted=_POINT_NOTES)
    return [*notes, *_shared_notes(gaps, data, formats)]


def _segment_notes(
    gaps: ServqualGapsResult, data: pd.DataFrame, formats: Formats, segments: tuple[str, ...]
) -> list[str]:
    text = formats.messages.text
    notes = [
        text("tables.notes.units", **_scale(gaps, formats)),
        _interval_note(gaps, formats),
        _family_note(gaps, formats, family="segments"),
    ]
    if data["suppressed"].astype(bool).any():
        notes.append(text("tables.notes.suppressed", n=gaps.min_cell))
    starts = tuple(f"segment_unknown:{segment}:" for segment in segments)
    codes = [code for code in gaps.notes if code.startswith(starts)]
    notes += code_notes(codes, formats, wanted=("segment_unknown",))
    return [*notes, *_shared_notes(gaps, data, formats)]


def _shared_notes(gaps: ServqualGapsResult, data: pd.DataFrame, formats: Formats) -> list[str]:
    text = formats.messages.text
    notes = [text("tables.notes.weighted")] if gaps.weighted else []
    notes += _design_notes(gaps, formats)
    hidden = data["suppressed"].astype(bool) if "suppressed" in data else False
    if (data["conf_low"].isna() & ~pd.Series(hidden, index=data.index)).any():
        notes.append(text("tables.notes.not_estimated"))
    return notes


def _design_notes(gaps: ServqualGapsResult, formats: Formats) -> list[str]:
    """Return what the table says on strata and clusters."""
    names = {"strata": clean(gaps.strata), "clusters": clean(gaps.clusters)}
    if not any(names.values()):
        return []
    kind = "both" if all(names.values()) else "clusters" if gaps.clusters else "strata"
    used = {name: label for name, label in names.items() if label}
    notes = [formats.messages.text(f"tables.notes.design_{kind}", **used)]
    notes += code_notes(gaps.notes, formats, wanted=_DESIGN_NOTES)
    for note in gaps.notes:
        code, _, segment = note.partition(":")
        if code == "clusters_are_groups":
            notes.append(formats.messages.text(f"tables.notes.{code}", segment=clean(segment)))
    return notes


def _difference_notes(gaps: ServqualGapsResult, formats: Formats) -> list[str]:
    text, rows = formats.messages.text, gaps.differences
    notes = [text("tables.notes.units_gap", **_scale(gaps, formats))]
    if rows["estimate"].notna().any():
        notes.append(text("tables.notes.differences_two"))
    if (rows["estimate"].isna() & rows["statistic"].notna()).any():
        notes.append(text("tables.notes.differences_many"))
    if not (gaps.strata or gaps.clusters):
        kind = "weighted" if gaps.weighted else "welch"
        notes.append(text(f"tables.notes.differences_{kind}"))
    notes += _design_notes(gaps, formats)
    notes += [_family_note(gaps, formats, family="differences"), _interval_note(gaps, formats)]
    if rows["p_value"].isna().any():
        notes.append(text("tables.notes.not_estimated"))
    return notes
