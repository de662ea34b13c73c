"""The tables of a gap analysis: everybody, the groups of segments, differences, importance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._moments import column_moments
from cxresearch._types import PAdjust
from cxresearch.codebook.model import Battery
from cxresearch.servqual._data import GapData
from cxresearch.servqual._differences import compare_groups, differences_frame
from cxresearch.servqual._estimates import NUMBERS, adjust_families, estimate_terms
from cxresearch.servqual._segments import SHOWN, SUPPRESSION_NOTES, Segment, suppressed_cells


def gap_tables(
    data: GapData,
    split: Sequence[Segment],
    *,
    confidence_level: float,
    min_cell: int,
    method: PAdjust,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `estimates` and `differences`."""
    tables = [
        estimate_terms(
            data.scores,
            data.terms,
            weights=data.weights,
            confidence_level=confidence_level,
        )
    ]
    rows: list[dict[str, object]] = []
    for segment in split:
        if not segment.labels:
            continue
        cells = _segment_cells(data, segment, confidence_level, min_cell)
        tables.append(cells)
        rows += _segment_differences(data, segment, cells, confidence_level)
    estimates = pd.concat(tables, ignore_index=True)
    return adjust_families(estimates, method=method), differences_frame(rows, method=method)


def _segment_cells(
    data: GapData, segment: Segment, confidence_level: float, min_cell: int
) -> pd.DataFrame:
    """Return the estimates of every group of a segment, small cells emptied."""
    columns = data.above_items
    terms = tuple(data.terms[i] for i in columns)
    tables = [
        estimate_terms(
            data.scores.take(columns),
            terms,
            weights=data.weights,
            members=members,
            confidence_level=confidence_level,
        ).assign(group=label, segment=segment.name)
        for label, members in zip(segment.labels, segment.members, strict=True)
    ]
    state = suppressed_cells(
        np.array([int(members.sum()) for members in segment.members]),
        np.array([table["n"] for table in tables]).astype(int),
        min_cell=min_cell,
        overall=np.flatnonzero([term.level == "overall" for term in terms]),
    ).ravel()
    cells = pd.concat(tables, ignore_index=True)
    hidden = state != SHOWN
    cells.loc[hidden, list(NUMBERS)] = np.nan
    cells.loc[hidden, "suppressed"] = True
    cells.loc[hidden, "note"] = [SUPPRESSION_NOTES[int(code)] for code in state[hidden]]
    return cells


def _segment_differences(
    data: GapData, segment: Segment, cells: pd.DataFrame, confidence_level: float
) -> list[dict[str, object]]:
    rows = []
    gap = data.scores.gap
    for position in data.above_items:
        term = data.terms[position]
        if term.name == "overall_weighted":
            continue
        values = [gap[members, position] for members in segment.members]
        rows.append(
            compare_groups(
                cells[cells["term"] == term.name],
                [sample[np.isfinite(sample)] for sample in values],
                weighted=data.weights is not None,
                confidence_level=confidence_level,
            )
        )
    return rows


def importance_table(
    data: GapData, battery: Battery, *, confidence_level: float
) -> pd.DataFrame:
    """Return the mean points of each dimension, with t intervals."""
    dimensions = battery.scales if data.points is not None else ()
    none = np.empty((int(data.analysed.sum()), 0))
    points = none if data.points is None else data.points.points
    moments = column_moments(points, weights=data.weights)
    half = stats.t.ppf((1 + confidence_level) / 2, moments.df) * moments.std_error
    frame = pd.DataFrame(
        {
            "term": [scale.name for scale in dimensions],
            "label": [scale.label for scale in dimensions],
            "estimate": moments.mean,
            "std_error": moments.std_error,
            "conf_low": moments.mean - half,
            "conf_high": moments.mean + half,
            "n": moments.n,
        }
    )
    return frame.astype({"term": object, "label": object})
