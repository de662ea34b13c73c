"""Tables of driver importance by group: the shares, and whether they differ."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from cxresearch._rows import rows_of
from cxresearch.drivers.segments import SegmentImportanceResult
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, display_table
from cxresearch.tables._drivers import (
    Labels,
    count_column,
    design_notes,
    df_text,
    family_note,
    interval_column,
    name_column,
    number_column,
    p_column,
    share_column,
    share_interval_column,
)
from cxresearch.wording import Formats
from cxresearch.wording.drivers import grouping_name, largest_first
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean, file_stem, in_sentence

_ALL = "all_drivers"
_END_COLUMNS = (
    "term", "largest", "largest_percent", "smallest", "smallest_percent", "gap", "gap_low",
    "gap_high",
)  # fmt: skip


def display_segment_importance(
    segments: SegmentImportanceResult | None, *, labels: Labels = None, language: str = "en"
) -> DisplayTable | None:
    """Show each driver's share of what the drivers explain, group by group.

    Parameters
    ----------
    segments : SegmentImportanceResult, optional
    labels : mapping of str to str, optional
        Column → text, of the drivers and of the column by which respondents are grouped.
    language : str
        Language of headings and notes.

    Returns
    -------
    DisplayTable or None
        One row a driver and group, the driver with the largest mean share first; a group too
        small to show has dashes. None where there is no result.
    """
    if segments is None:
        return None
    formats = Formats.of(language)
    text, level = formats.messages.text, segments.confidence_level
    shown = segments.estimates
    places = {term: place for place, term in enumerate(largest_first(shown))}
    data = shown.iloc[shown["term"].map(places).argsort(kind="stable")]
    needed = {str(r.group): str(r.note) for r in rows_of(segments.segments)}
    columns = [
        name_column("tables.drivers.driver", labels, formats),
        Column(text("tables.group"), lambda row: clean(row.group), numeric=False),
        share_column("tables.drivers.share", "percent", formats),
        share_interval_column(formats, level, "percent"),
    ]
    if segments.pooling != "none":
        columns += [
            share_column("tables.drivers.pooled_share", "pooled_percent", formats),
            share_interval_column(
                formats, level, "pooled_percent", heading="tables.drivers.pooled_interval"
            ),
        ]
    columns += [
        number_column("tables.drivers.share_r2", "estimate", formats, 3),
        number_column("tables.drivers.coefficient", "coefficient", formats),
        count_column("tables.drivers.rank", "rank", formats),
        Column(text("tables.n"), lambda row: _group_n(row, needed[row.group], formats)),
    ]
    return display_table(
        data,
        columns,
        name=f"importance_by_{file_stem(segments.segment)}",
        caption=text(
            "tables.drivers.segment_importance", segment=_grouping(segments, labels, formats)
        ),
        notes=_segment_notes(segments, labels, formats),
    )


def display_segment_tests(
    segments: SegmentImportanceResult | None, *, labels: Labels = None, language: str = "en"
) -> DisplayTable | None:
    """Show whether importance differs between groups, driver by driver.

    Parameters
    ----------
    segments : SegmentImportanceResult, optional
    labels : mapping of str to str, optional
    language : str

    Returns
    -------
    DisplayTable or None
        One row a driver: the groups with its largest and smallest share, their difference, and
        the tests; last, all drivers together. None where there is no result, or fewer than two
        groups.
    """
    if segments is None or segments.n_segments < 2:
        return None
    formats = Formats.of(language)
    text = formats.messages.text
    data = _test_rows(segments)
    columns = [
        name_column("tables.drivers.driver", labels, formats),
        _end_column("largest", formats),
        _end_column("smallest", formats),
    ]
    if len(segments.differences):
        level = segments.confidence_level
        columns += [
            Column(text("tables.drivers.share_gap"), lambda row: formats.number(row.gap, 1)),
            interval_column(
                formats, level, low="gap_low", high="gap_high", decimals=1, signed=True
            ),
        ]
    for measure in ("percent", "share"):
        if f"p_{measure}" in data:
            columns.append(p_column(f"tables.drivers.p_{measure}", f"p_{measure}", formats))
    if "p_coefficient" in data:
        columns += [
            number_column("tables.drivers.slopes_f", "statistic", formats),
            Column(text("tables.df_pair"), lambda row: _df_pair(row, formats)),
            p_column("tables.drivers.p_slopes", "p_coefficient", formats),
        ]
    return display_table(
        data,
        columns,
        name=f"tests_by_{file_stem(segments.segment)}",
        caption=text(
            "tables.drivers.segment_tests", segment=_grouping(segments, labels, formats)
        ),
        notes=_test_notes(segments, data, formats),
    )


# ── columns and rows ────────────────────────────────────────────────────────────────────────


def _group_n(row: Any, note: str, formats: Formats) -> str:
    if not math.isnan(row.n):
        return formats.count(row.n)
    return formats.messages.text("tables.fewer_than", n=int(note.partition(":")[2]))


def _named_share(row: Any, end: str, formats: Formats) -> str:
    """Return a group and the driver's share in it; a dash for all drivers together."""
    group = getattr(row, end)
    if not group:
        return UNDEFINED
    percent = getattr(row, f"{end}_percent")
    return f"{clean(group)} ({formats.percent(percent / 100, 1)})"


def _end_column(end: str, formats: Formats) -> Column:
    return Column(
        formats.messages.text(f"tables.drivers.{end}_in"),
        lambda row: _named_share(row, end, formats),
        numeric=False,
    )


def _df_pair(row: Any, formats: Formats) -> str:
    if math.isnan(row.df):
        return UNDEFINED
    return "; ".join(df_text(df, formats) for df in (row.df, row.df_denominator))


def _test_rows(segments: SegmentImportanceResult) -> pd.DataFrame:
    """Return a row a driver: ends of its shares, their difference, the tests side by side."""
    known = segments.estimates[~segments.estimates["suppressed"].astype(bool)]
    cells: dict[str, list[Any]] = {term: [] for term in largest_first(known)}
    for cell in rows_of(known[known["percent"].notna()]):
        cells[str(cell.term)].append(cell)
    pairs = {
        (pair.term, pair.first, pair.second): pair
        for pair in rows_of(segments.differences)
        if pair.measure == "percent"
    }
    rows = [_ends(term, shares, pairs) for term, shares in cells.items()]
    tests = segments.tests
    if ((tests["term"] == _ALL) & (tests["group"] == "coefficient")).any():
        rows.append({"term": _ALL, "largest": "", "smallest": ""})
    data = pd.DataFrame(rows, columns=list(_END_COLUMNS))
    for measure in ("percent", "share", "coefficient"):
        part = tests[tests["group"] == measure].set_index("term")
        if len(part):
            # One test of all slopes at once: there is nothing to adjust it for.
            p_values = part["p_adjusted"].fillna(part["p_value"])
            data[f"p_{measure}"] = data["term"].map(p_values)
        if len(part) and measure == "coefficient":
            for column in ("statistic", "df", "df_denominator"):
                data[column] = data["term"].map(part[column])
    return data


def _ends(
    term: str, cells: list[Any], pairs: Mapping[tuple[str, str, str], Any]
) -> dict[str, Any]:
    """Return the largest and the smallest share of a driver, and their difference."""
    row: dict[str, Any] = {"term": term, "largest": "", "smallest": ""}
    if not cells:
        return row
    high = max(cells, key=lambda cell: cell.percent)
    low = min(cells, key=lambda cell: cell.percent)
    row |= {"largest": str(high.group), "largest_percent": high.percent}
    row |= {"smallest": str(low.group), "smallest_percent": low.percent}
    for one, other, sign in ((high, low, 1), (low, high, -1)):
        pair = pairs.get((term, one.group, other.group))
        if pair is not None:
            ends = sign * pair.simultaneous_low, sign * pair.simultaneous_high
            row |= {"gap": sign * pair.estimate, "gap_low": min(ends), "gap_high": max(ends)}
    return row


# ── names and notes ─────────────────────────────────────────────────────────────────────────


def _grouping(segments: SegmentImportanceResult, labels: Labels, formats: Formats) -> str:
    return in_sentence(
        grouping_name(segments.segment, labels, formats.messages), formats.messages
    )


def _segment_notes(
    segments: SegmentImportanceResult, labels: Labels, formats: Formats
) -> list[str]:
    text, table = formats.messages.text, segments.segments
    hidden = table["suppressed"].astype(bool)
    notes = [
        text("tables.drivers.notes.segment_shares"),
        text(
            "tables.drivers.notes.segment_r2",
            segment=_grouping(segments, labels, formats),
            entries=formats.messages.listed(
                [_fit_of(row, formats) for row in rows_of(table[~hidden])]
            ),
        ),
        text("tables.drivers.notes.share_no_test"),
        text("tables.drivers.notes.segment_small_bias"),
    ]
    if segments.n_boot:
        notes.append(text("tables.drivers.notes.segment_percentile", n=segments.n_boot))
    if segments.pooling != "none":
        notes.append(text("tables.drivers.notes.segment_pooled"))
    flat = table[hidden & ~table["note"].astype(str).str.startswith("fewer_than")]
    if len(flat):
        names = formats.messages.listed([clean(group) for group in flat["group"]])
        notes.append(text("tables.drivers.notes.segment_flat", names=names))
    return [*notes, *_dropped(segments, formats), *design_notes(segments, formats)]


def _fit_of(row: Any, formats: Formats) -> str:
    fit = formats.coefficient(row.r2)
    if math.isnan(row.r2_low):
        return f"{clean(row.group)} {fit}"
    return formats.messages.text(
        "tables.drivers.notes.segment_r2_entry",
        name=clean(row.group),
        fit=fit,
        interval=formats.coefficient_interval(row.r2_low, row.r2_high),
    )


def _dropped(segments: SegmentImportanceResult, formats: Formats) -> list[str]:
    counts = [int(n.partition(":")[2]) for n in segments.notes if n.startswith("rows_dropped:")]
    return [formats.messages.text("tables.drivers.notes.rows_dropped", n=n) for n in counts]


def _test_notes(
    segments: SegmentImportanceResult, data: pd.DataFrame, formats: Formats
) -> list[str]:
    text, notes = formats.messages.text, []
    level = formats.level(segments.confidence_level)
    if len(segments.differences):
        notes.append(text("tables.drivers.notes.segment_gap", level=level))
    if "p_percent" in data:
        notes.append(text("tables.drivers.notes.segment_shuffles", n=segments.n_permutations))
    if "p_coefficient" in data:
        notes.append(text("tables.drivers.notes.segment_slopes"))
    for note in segments.notes:
        kind, _, rest = note.partition(":")
        if kind == "differences_left_out":
            notes.append(text("tables.drivers.notes.segment_no_pairs", n=int(rest)))
        elif kind == "coefficients_untested":
            notes.append(text("tables.drivers.notes.segment_no_slopes"))
    if any(name.startswith("p_") for name in data.columns):
        notes.append(family_note(segments.p_adjust, formats))
    notes.append(text("tables.drivers.notes.segment_no_proof"))
    return [*notes, *design_notes(segments, formats)]
