"""The tables of a gap analysis: everybody, the groups of segments, differences, importance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._sign_flips import max_t_p_values
from cxresearch._survey import SurveyDesign
from cxresearch._types import BoolArray, FloatArray
from cxresearch.codebook.model import Battery
from cxresearch.servqual._data import GapData
from cxresearch.servqual._design import spans_clusters, without_clusters
from cxresearch.servqual._differences import (
    JointMeans,
    compare_groups,
    differences_frame,
    joint_means,
)
from cxresearch.servqual._estimates import (
    NUMBERS,
    adjust_families,
    estimate_terms,
    families,
    gap_moments,
)
from cxresearch.servqual._segments import SHOWN, SUPPRESSION_NOTES, Segment, suppressed_cells

GapAdjust = Literal["holm", "bh", "none", "max_t"]
GAP_ADJUST: tuple[GapAdjust, ...] = ("holm", "bh", "none", "max_t")


def gap_tables(
    data: GapData,
    split: Sequence[Segment],
    *,
    confidence_level: float,
    min_cell: int,
    method: GapAdjust,
    flips: int = 4999,
    seed: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `estimates` and `differences`."""
    tables = [
        estimate_terms(
            data.scores,
            data.terms,
            weights=data.weights,
            design=data.design,
            confidence_level=confidence_level,
        )
    ]
    rows: list[dict[str, object]] = []
    for segment in split:
        if not segment.labels:
            continue
        cells = segment_cells(data, segment, confidence_level, min_cell)
        tables.append(cells)
        rows += _segment_differences(data, segment, cells, confidence_level)
    estimates = pd.concat(tables, ignore_index=True)
    if method == "max_t":
        adjusted = _max_t_adjusted(data, split, estimates, flips=flips, seed=seed)
        return adjusted, differences_frame(rows, method="holm")
    return adjust_families(estimates, method=method), differences_frame(rows, method=method)


def _max_t_adjusted(
    data: GapData, split: Sequence[Segment], estimates: pd.DataFrame, *, flips: int, seed: int
) -> pd.DataFrame:
    """Return the estimates with p-values by sign flipping, family by family."""
    place = {term.name: column for column, term in enumerate(data.terms)}
    members = {
        (segment.name, label): inside
        for segment in split
        for label, inside in zip(segment.labels, segment.members, strict=True)
    }
    everybody = np.ones(len(data.scores.gap), dtype=bool)
    gap = data.scores.gap
    p_adjusted = np.full(len(estimates), np.nan)
    for rows in families(estimates):
        part = estimates.iloc[rows]
        tested = part["p_value"].notna().to_numpy()
        if not tested.any():
            continue
        cells = part.loc[tested, ["segment", "group", "term"]].astype(str)
        columns = [
            np.where(members.get((row[0], row[1]), everybody), gap[:, place[row[2]]], np.nan)
            for row in cells.itertuples(index=False, name=None)
        ]
        design = segment_design(data, split, part["segment"].iloc[0])
        p_adjusted[rows[tested]] = max_t_p_values(
            np.column_stack(columns),
            weights=data.weights,
            unit=None if design is None else design.unit,
            flips=flips,
            seed=seed,
        )
    return estimates.assign(p_adjusted=p_adjusted)


def segment_design(data: GapData, split: Sequence[Segment], name: str) -> SurveyDesign | None:
    """Return the design for the groups of a segment.

    Where a group is one cluster (branches compared with each other), the question is about
    these very clusters: respondents are the units within them.
    """
    if data.design is None:
        return None
    for segment in split:
        if segment.name == name and clusters_are_groups(data, segment):
            return without_clusters(data.design)
    return data.design


def clusters_are_groups(data: GapData, segment: Segment) -> bool:
    """Whether some group of a segment is one cluster."""
    if data.design is None or not data.columns.clusters:
        return False
    return not all(spans_clusters(members, data.design) for members in segment.members)


def segment_cells(
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
            design=segment_design(data, (segment,), segment.name),
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
    design = segment_design(data, (segment,), segment.name)
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
                joint=_joint(gap[:, position], segment, design),
            )
        )
    return rows


def _joint(
    values: FloatArray, segment: Segment, design: SurveyDesign | None
) -> Callable[[BoolArray], JointMeans] | None:
    if design is None:
        return None

    def of_shown(shown: BoolArray) -> JointMeans:
        groups = [m for m, is_shown in zip(segment.members, shown, strict=True) if is_shown]
        return joint_means(values, groups, design)

    return of_shown


def importance_table(
    data: GapData, battery: Battery, *, confidence_level: float
) -> pd.DataFrame:
    """Return the mean points of each dimension, with t intervals."""
    dimensions = battery.scales if data.points is not None else ()
    none = np.empty((int(data.analysed.sum()), 0))
    points = none if data.points is None else data.points.points
    moments = gap_moments(points, weights=data.weights, design=data.design)
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
