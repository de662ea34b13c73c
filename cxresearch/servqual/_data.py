"""Who is analysed, with which weights, points and scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cxresearch._survey import SurveyDesign
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_choice
from cxresearch.codebook.model import Battery
from cxresearch.errors import CxError, ResponseError
from cxresearch.responses.model import Responses
from cxresearch.servqual._design import (
    NO_DESIGN,
    DesignColumns,
    UseDesign,
    build_design,
    design_columns,
    known_places,
)
from cxresearch.servqual._estimates import Term, battery_terms
from cxresearch.servqual._points import ImportancePoints, importance_points
from cxresearch.servqual._scores import GapScores, score_gaps

Weighted = bool | Literal["auto", "yes", "no"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapData:
    """What every table of the analysis is made from.

    Attributes
    ----------
    scores : GapScores
        Of the respondents that are analysed, one column for each of `terms`.
    weights : ndarray, shape (n,), or None
        Their case weights.
    design : SurveyDesign or None
        Strata and clusters; None where every respondent was sampled alone.
    columns : DesignColumns
        Where they stand.
    points : ImportancePoints or None
    analysed : ndarray of bool
        Which rows of the responses they are.
    """

    terms: tuple[Term, ...]
    scores: GapScores
    weights: FloatArray | None
    design: SurveyDesign | None
    columns: DesignColumns
    points: ImportancePoints | None
    analysed: BoolArray
    notes: tuple[str, ...]

    @property
    def above_items(self) -> IntArray:
        """Positions of the terms that segments are compared on: dimensions and overall."""
        return np.array([i for i, t in enumerate(self.terms) if t.level != "item"], dtype=int)


def gap_data(
    responses: Responses,
    battery: Battery,
    *,
    min_answered: float,
    weighted: Weighted,
    design: UseDesign = "none",
) -> GapData:
    """Return scores, weights and design of the respondents that can be analysed."""
    columns = design_columns(responses, design)
    analysed, weights, notes = analysed_respondents(
        responses, weighted=weighted, columns=columns
    )
    points = _points(responses, battery, analysed)
    sampled = build_design(responses, columns, analysed=analysed, weights=weights)
    if sampled is not None and sampled.lonely:
        notes = (*notes, f"lonely_strata:{sampled.lonely}")
    return GapData(
        terms=battery_terms(battery, by_importance=points is not None),
        scores=battery_scores(
            *_parts(responses, battery, analysed),
            battery,
            min_answered=min_answered,
            points=points,
        ),
        weights=weights,
        design=sampled,
        columns=columns,
        points=points,
        analysed=analysed,
        notes=notes if points is None else (*notes, *points.notes),
    )


def analysed_respondents(
    responses: Responses, *, weighted: Weighted, columns: DesignColumns = NO_DESIGN
) -> tuple[BoolArray, FloatArray | None, tuple[str, ...]]:
    """Return who is analysed, their weights if weights are used, and notes."""
    check_choice("weighted", weighted, ("auto", "yes", "no", True, False))
    weighted = {"yes": True, "no": False}.get(str(weighted), weighted)
    weights = responses.weights() if weighted else None
    if weighted is True and weights is None:
        raise CxError(
            "weighted=True: the codebook names no column of role weight; give it one, or use "
            "weighted='auto'"
        )
    analysed, notes = known_places(responses, columns)
    if weights is not None:
        usable, more = _usable_weights(weights)
        analysed, notes = analysed & usable, (*more, *notes)
        weights = weights[analysed]
    if analysed.sum() < 2:
        of = f" with a weight, of {responses.n}" if weights is not None else ""
        raise ResponseError(
            f"gap analysis: {int(analysed.sum())} respondents{of}; at least 2 are needed. See "
            "responses.flow for those that were excluded"
        )
    return analysed, weights, notes


def _usable_weights(weights: FloatArray) -> tuple[BoolArray, tuple[str, ...]]:
    negative = int((weights < 0).sum())
    if negative:
        raise ResponseError(
            f"case weights: {negative} of {len(weights)} are negative; a weight is the number "
            "of people a respondent stands for. Correct the column, or use weighted=False"
        )
    counts = {"weight_missing": ~np.isfinite(weights), "weight_zero": weights == 0}
    notes = tuple(f"{code}:{int(hit.sum())}" for code, hit in counts.items() if hit.any())
    return np.isfinite(weights) & (weights > 0), notes


def _points(
    responses: Responses, battery: Battery, analysed: BoolArray
) -> ImportancePoints | None:
    if not battery.points:
        return None
    columns = [battery.points_column(scale) for scale in battery.scales]
    return importance_points(responses.frame.loc[analysed, columns].to_numpy(dtype=float))


def _parts(
    responses: Responses, battery: Battery, analysed: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Return expectations and perceptions of the respondents analysed."""
    expectation, perception = (
        responses.answers(part, battery=battery.name).to_numpy(dtype=float)[analysed]
        for part in ("expectation", "perception")
    )
    return expectation, perception


def battery_scores(
    expectation: FloatArray,
    perception: FloatArray,
    battery: Battery,
    *,
    min_answered: float,
    points: ImportancePoints | None,
) -> GapScores:
    """Return the scores of answers (n, k) to all items, in the order of the battery."""
    sizes = [len(scale.items) for scale in battery.scales]
    return score_gaps(
        expectation,
        perception,
        dimensions=np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1]),
        min_answered=min_answered,
        shares=None if points is None else points.points / 100,
    )
