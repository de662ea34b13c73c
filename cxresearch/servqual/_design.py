"""Strata and clusters of a gap analysis, from the roles in the codebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from cxresearch._survey import SurveyDesign, survey_design
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_choice
from cxresearch.responses.model import Responses

UseDesign = Literal["auto", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignColumns:
    """Names of the columns that say how respondents were sampled; ``""``: there is none."""

    strata: str = ""
    clusters: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """The columns there are."""
        return tuple(name for name in (self.strata, self.clusters) if name)


NO_DESIGN = DesignColumns()


def design_columns(responses: Responses, design: UseDesign) -> DesignColumns:
    """Return the columns of role stratum and cluster that are to be used."""
    check_choice("design", design, get_args(UseDesign))
    if design == "none":
        return NO_DESIGN
    named = [responses.codebook.columns_with_role(role) for role in ("stratum", "cluster")]
    strata, clusters = (columns[0].name if columns else "" for columns in named)
    return DesignColumns(strata=strata, clusters=clusters)


def known_places(
    responses: Responses, columns: DesignColumns
) -> tuple[BoolArray, tuple[str, ...]]:
    """Return who has a stratum and a cluster, and how many lack one, as codes."""
    known = np.ones(responses.n, dtype=bool)
    notes = []
    for kind, name in (("stratum", columns.strata), ("cluster", columns.clusters)):
        if not name:
            continue
        here = responses.frame[name].notna().to_numpy(dtype=bool)
        if not here.all():
            notes.append(f"{kind}_missing:{int((~here).sum())}")
        known &= here
    return known, tuple(notes)


def build_design(
    responses: Responses,
    columns: DesignColumns,
    *,
    analysed: BoolArray,
    weights: FloatArray | None,
) -> SurveyDesign | None:
    """Return the design of the respondents analysed; None for a simple sample."""
    if not columns.named:
        return None
    codes = {name: _codes(responses.frame.loc[analysed, name]) for name in columns.named}
    return survey_design(
        np.ones(int(analysed.sum())) if weights is None else weights,
        clusters=codes.get(columns.clusters),
        strata=codes.get(columns.strata),
    )


def _codes(column: pd.Series) -> IntArray:
    return np.asarray(pd.factorize(column.astype(str))[0], dtype=np.int64)


def without_clusters(design: SurveyDesign) -> SurveyDesign:
    """Return the design with every respondent a unit, strata kept."""
    return survey_design(design.weights, strata=design.stratum[design.unit])


def spans_clusters(members: BoolArray, design: SurveyDesign) -> bool:
    """Whether a group holds respondents of at least two units."""
    return len(np.unique(design.unit[members])) > 1
