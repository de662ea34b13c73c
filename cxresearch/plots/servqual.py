"""Figures of a SERVQUAL gap analysis."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cxresearch._validate import check_choice
from cxresearch.codebook.model import Codebook
from cxresearch.plots._draw import drawn
from cxresearch.plots._rows import Chart, Interval, Pair, Row, Sign
from cxresearch.plots._select import (
    by_segment,
    dimensions_in_order,
    each,
    of_all,
    widest_first,
)
from cxresearch.plots._words import alternative, gap_decimals, scale_ends, whom
from cxresearch.servqual import ServqualGapsResult
from cxresearch.shown import Figure
from cxresearch.wording import Formats
from cxresearch.wording.labels import clean, file_stem, name_of, segment_label, shortened

_LONGEST_NAME = 60


def plot_dimensions(gaps: ServqualGapsResult, *, language: str = "en") -> Figure:
    """Draw what was expected and what was received, dimension by dimension.

    Parameters
    ----------
    gaps : ServqualGapsResult
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Means in response-scale units, the dimension with the widest shortfall first, the gap as
        a number at the right.
    """
    formats = Formats.of(language)
    shown = widest_first(of_all(gaps, "dimension"))
    rows = tuple(_pair_row(row, gaps, formats) for row in each(shown))
    lead = formats.messages.text(
        "figures.alt_dimensions", n=len(shown), **scale_ends(gaps, formats)
    )
    return drawn(
        _pair_chart(rows, gaps, formats),
        name="expected_received_by_dimension",
        alt_text=alternative(lead, _pair_entries(shown, gaps, formats), formats),
        caption=_pair_caption(gaps, shown, formats),
    )


def plot_items(gaps: ServqualGapsResult, *, language: str = "en") -> Figure:
    """Draw what was expected and what was received, item by item, grouped by dimension.

    Parameters
    ----------
    gaps : ServqualGapsResult
    language : str
        Language of the words in the figure; item texts stay as the codebook has them.

    Returns
    -------
    Figure
        Dimensions and the items in them with the widest shortfall first.
    """
    formats = Formats.of(language)
    items = of_all(gaps, "item")
    rows: list[Row] = []
    order: list[pd.DataFrame] = []
    for name, heading in dimensions_in_order(gaps, items, formats):
        members = widest_first(items[items["dimension"] == name])
        rows.append(Row(label=heading, heading=True))
        rows.extend(_pair_row(row, gaps, formats) for row in each(members))
        order.append(members)
    shown = widest_first(pd.concat(order)) if order else items
    ends = scale_ends(gaps, formats)
    return drawn(
        _pair_chart(tuple(rows), gaps, formats, ragged=True),
        name="expected_received_by_item",
        alt_text=alternative(
            formats.messages.text("figures.alt_items", n=len(shown), **ends),
            _pair_entries(shown, gaps, formats),
            formats,
        ),
        caption=_pair_caption(gaps, shown, formats),
    )


def plot_gaps(gaps: ServqualGapsResult, *, language: str = "en") -> Figure:
    """Draw the gap of each dimension and of the overall scores with its interval.

    Parameters
    ----------
    gaps : ServqualGapsResult
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure
        Gaps in response-scale units around a line at zero; a point is filled where the interval
        leaves out zero and open where it does not.

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
    >>> plot_gaps(gaps).alt_text.split(". ")[0]
    'Gap with 95% interval for 1 dimension'
    """
    formats = Formats.of(language)
    dimensions = widest_first(of_all(gaps, "dimension"))
    overall = of_all(gaps, "overall")
    shown = pd.concat([dimensions, overall])
    rows = tuple(
        _gap_row(row, name_of(row.term, row.label, formats.messages), gaps, formats)
        for row in each(shown)
    )
    lead = formats.messages.text(
        "figures.alt_gaps", n=len(dimensions), level=formats.level(gaps.confidence_level)
    )
    return drawn(
        _gap_chart(rows, gaps, formats),
        name="gaps_by_dimension",
        alt_text=alternative(lead, _gap_entries(shown, gaps, formats), formats),
        caption=_gap_caption(gaps, shown, formats),
    )


def plot_segments(
    gaps: ServqualGapsResult,
    segment: str | None = None,
    *,
    codebook: Codebook | None = None,
    language: str = "en",
) -> Figure | None:
    """Draw the gap of each group, dimension by dimension.

    Parameters
    ----------
    gaps : ServqualGapsResult
    segment : str, optional
        Name of a segment column; without one all that the gaps were computed by.
    codebook : Codebook, optional
        Gives the column its label; without it the name of the column is shown.
    language : str
        Language of the words in the figure.

    Returns
    -------
    Figure or None
        One row for each group; a group too small to show is named and not drawn. None where the
        gaps were not computed by any segment: there is nothing to show.

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
    labels = [segment_label(name, formats.messages, codebook) for name in segments]
    called = formats.messages.listed(labels)
    parts = [by_segment(gaps, name) for name in segments]
    rows: list[Row] = []
    for label, part in zip(labels, parts, strict=True):
        rows += _group_rows(part, label if len(segments) > 1 else "", gaps, formats)
    shown = pd.concat(parts)
    level = formats.level(gaps.confidence_level)
    number = shown.loc[shown["level"] == "dimension", "term"].nunique()
    lead = formats.messages.text("figures.alt_segments", n=number, level=level, segment=called)
    return drawn(
        _gap_chart(tuple(rows), gaps, formats),
        name=f"gaps_by_{file_stem(segments[0]) if len(segments) == 1 else 'segment'}",
        alt_text=alternative(lead, _gap_entries(shown, gaps, formats, grouped=True), formats),
        caption=_segment_caption(gaps, shown, formats),
    )


# ── rows and charts ───────────────────────────────────────────────────────────────────────


def _pair_row(row: Any, gaps: ServqualGapsResult, formats: Formats) -> Row:
    label = name_of(row.term, row.label, formats.messages)
    if row.expectation != row.expectation or row.perception != row.perception:
        return Row(label=label, remark=_remark(row, gaps, formats))
    return Row(
        label=label,
        marks=Pair(row.expectation, row.perception),
        number=formats.gap(row.estimate, gap_decimals(gaps)),
    )


def _gap_row(row: Any, label: str, gaps: ServqualGapsResult, formats: Formats) -> Row:
    if row.estimate != row.estimate:
        return Row(label=label, remark=_remark(row, gaps, formats))
    decimals = gap_decimals(gaps)
    return Row(
        label=label,
        marks=Interval(row.estimate, row.conf_low, row.conf_high),
        number=formats.gap(row.estimate, decimals),
        aside=formats.interval(row.conf_low, row.conf_high, decimals),
        strong=row.level == "overall" and not row.segment,
    )


def _group_rows(
    part: pd.DataFrame, segment: str, gaps: ServqualGapsResult, formats: Formats
) -> list[Row]:
    """Return the groups under a heading for each dimension, which also names the segment."""
    rows: list[Row] = []
    for term, cells in part.groupby("term", sort=False):
        heading = name_of(str(term), str(cells["label"].iloc[0]), formats.messages)
        if segment:
            heading = formats.messages.text("figures.by_segment", name=heading, segment=segment)
        rows.append(Row(label=heading, heading=True))
        rows += [_gap_row(row, clean(row.group), gaps, formats) for row in each(cells)]
    return rows


def _remark(row: Any, gaps: ServqualGapsResult, formats: Formats) -> str:
    if not row.suppressed:
        return formats.messages.text("figures.not_estimated")
    if row.note == "suppressed_complementary":
        return formats.messages.text("figures.not_shown_protected")
    return formats.messages.text("figures.not_shown", n=gaps.min_cell)


def _pair_chart(
    rows: tuple[Row, ...], gaps: ServqualGapsResult, formats: Formats, *, ragged: bool = False
) -> Chart:
    text = formats.messages.text
    return Chart(
        rows=rows or (Row(label="", remark=text("figures.nothing_to_show")),),
        formats=formats,
        axis_title=text("figures.axis_mean", **scale_ends(gaps, formats)),
        legend=(("received", text("figures.received")), ("expected", text("figures.expected"))),
        number_heading=text("figures.gap_heading"),
        within=(gaps.scale_low, gaps.scale_high),
        ragged=ragged,
    )


def _gap_chart(rows: tuple[Row, ...], gaps: ServqualGapsResult, formats: Formats) -> Chart:
    text = formats.messages.text
    filled = {r.marks.excludes_zero for r in rows if isinstance(r.marks, Interval)}
    legend: tuple[tuple[Sign, str], ...] = (
        ("excludes_zero", text("figures.interval_excludes_zero")),
        ("includes_zero", text("figures.interval_includes_zero")),
    )
    level = formats.level(gaps.confidence_level)
    return Chart(
        rows=rows or (Row(label="", remark=text("figures.nothing_to_show")),),
        formats=formats,
        axis_title=text("figures.axis_gap"),
        axis_ends=(text("figures.axis_less"), text("figures.axis_more")),
        legend=tuple(entry for entry in legend if (entry[0] == "excludes_zero") in filled),
        number_heading=text("figures.gap_heading"),
        aside_heading=text("figures.interval_heading", level=level),
        zero=True,
    )


# ── words under and instead of the figure ─────────────────────────────────────────────────


def _pair_caption(gaps: ServqualGapsResult, shown: pd.DataFrame, formats: Formats) -> str:
    text = formats.messages.text
    sentences = [
        *whom(gaps, shown, formats),
        text("figures.scale_and_gap", **scale_ends(gaps, formats)),
        text("figures.widest_first"),
    ]
    means = shown[["expectation", "perception"]]
    if means.min().min() > gaps.scale_low + 1:
        sentences.append(text("figures.axis_cut"))
    return " ".join(sentences)


def _gap_caption(
    gaps: ServqualGapsResult, shown: pd.DataFrame, formats: Formats, *, grouped: bool = False
) -> str:
    explained = formats.messages.text(
        "figures.gap_explained",
        level=formats.level(gaps.confidence_level),
        **scale_ends(gaps, formats),
    )
    return " ".join([*whom(gaps, shown, formats, grouped=grouped), explained])


def _segment_caption(gaps: ServqualGapsResult, shown: pd.DataFrame, formats: Formats) -> str:
    caption = _gap_caption(gaps, shown, formats, grouped=True)
    hidden = int(shown.loc[shown["suppressed"].astype(bool), "group"].nunique())
    if not hidden:
        return caption
    note = formats.messages.text("figures.groups_hidden", n=hidden, least=gaps.min_cell)
    return f"{caption} {note}"


def _pair_entries(shown: pd.DataFrame, gaps: ServqualGapsResult, formats: Formats) -> list[str]:
    decimals = gap_decimals(gaps)
    return [
        formats.messages.text(
            "figures.alt_pair",
            name=_short_name(row, formats),
            expected=formats.number(row.expectation, decimals),
            received=formats.number(row.perception, decimals),
            gap=formats.gap(row.estimate, decimals),
        )
        for row in each(shown)
    ]


def _gap_entries(
    shown: pd.DataFrame, gaps: ServqualGapsResult, formats: Formats, *, grouped: bool = False
) -> list[str]:
    entries, decimals = [], gap_decimals(gaps)
    for row in each(shown):
        name = _short_name(row, formats)
        if grouped:
            name = f"{name}, {shortened(clean(row.group), _LONGEST_NAME)}"
        if row.estimate != row.estimate:
            entries.append(formats.messages.text("figures.alt_hidden", name=name))
            continue
        entries.append(
            formats.messages.text(
                "figures.alt_gap",
                name=name,
                gap=formats.gap(row.estimate, decimals),
                interval=formats.interval(row.conf_low, row.conf_high, decimals),
            )
        )
    return entries


def _short_name(row: Any, formats: Formats) -> str:
    name = name_of(row.term, row.label, formats.messages).rstrip(".:;, ")
    return shortened(name, _LONGEST_NAME)
