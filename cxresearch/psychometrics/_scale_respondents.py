"""Whom the reliability of a battery's scales rests on: weights, strata and clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from cxresearch._resample import Units, units_of
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_choice
from cxresearch.errors import CxError, ResponseError
from cxresearch.responses.model import Responses

Weighted = bool | Literal["auto"]
UseDesign = Literal["auto", "none"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Respondents:
    """Who is analysed, what each counts, and what is drawn in a bootstrap.

    Attributes
    ----------
    used : ndarray of bool, shape (asked,)
    counts : ndarray, shape (n,)
        Case weights with mean 1.
    units : Units
        Clusters within strata; respondents where there are none.
    weights, strata, clusters : str
        Columns; ``""`` for none.
    """

    used: BoolArray
    counts: FloatArray
    units: Units
    weights: str
    strata: str
    clusters: str
    notes: tuple[str, ...]

    @property
    def simple(self) -> bool:
        """Everybody counts the same and was sampled alone."""
        return not (self.weights or self.strata or self.clusters)


def scale_respondents(
    responses: Responses, *, weighted: Weighted, design: UseDesign
) -> Respondents:
    """Return whom to analyse, from the roles of the codebook.

    Raises
    ------
    CxError
        Weights are asked for and there are none.
    ResponseError
        A weight is negative, a cluster lies in two strata, or fewer than 2 respondents.
    """
    check_choice("weighted", weighted, ("auto", True, False))
    check_choice("design", design, get_args(UseDesign))
    weights = _column(responses, "weight") if weighted else ""
    if weighted is True and not weights:
        raise CxError(
            "weighted=True: the codebook names no column of role weight; give it one, or use "
            "weighted='auto'"
        )
    strata, clusters = (
        _column(responses, role) if design == "auto" else "" for role in ("stratum", "cluster")
    )
    used = np.ones(responses.n, dtype=bool)
    notes: list[str] = []
    counts = responses.weights() if weights else None
    if counts is not None:
        used, notes = _weighing(counts)
    for kind, name in (("stratum", strata), ("cluster", clusters)):
        known = responses.frame[name].notna().to_numpy(dtype=bool) if name else used
        lacking = int((used & ~known).sum())
        notes += [f"{kind}_missing:{lacking}"] if lacking else []
        used = used & known
    if used.sum() < 2:
        raise ResponseError(
            f"reliability: {int(used.sum())} respondents; at least 2 are needed. See "
            "responses.flow for those that were excluded"
        )
    frame = responses.frame.loc[used]
    units, lonely = _units(frame, strata, clusters)
    own = np.ones(len(frame)) if counts is None else counts[used]
    return Respondents(
        used=used,
        counts=own * (len(own) / own.sum()),
        units=units,
        weights=weights,
        strata=strata,
        clusters=clusters,
        notes=(*notes, *((f"lonely_strata:{lonely}",) if lonely else ())),
    )


def _column(responses: Responses, role: Literal["weight", "stratum", "cluster"]) -> str:
    named = responses.codebook.columns_with_role(role)
    return named[0].name if named else ""


def _weighing(weights: FloatArray) -> tuple[BoolArray, list[str]]:
    negative = int((weights < 0).sum())
    if negative:
        raise ResponseError(
            f"case weights: {negative} of {len(weights)} are negative; a weight is the number "
            "of people a respondent stands for. Correct the column, or use weighted=False"
        )
    counts = {"weight_missing": ~np.isfinite(weights), "weight_zero": weights == 0}
    notes = [f"{code}:{int(hit.sum())}" for code, hit in counts.items() if hit.any()]
    return np.isfinite(weights) & (weights > 0), notes


def _units(frame: pd.DataFrame, strata: str, clusters: str) -> tuple[Units, int]:
    """Return the units and how many strata of a single unit were put with others."""
    unit = _codes(frame[clusters]) if clusters else np.arange(len(frame))
    if clusters and len(np.unique(unit)) < 2:
        raise ResponseError(
            f"reliability: all respondents are of one cluster ({clusters}); nothing is known "
            "about the spread between clusters. Use design='none'"
        )
    if not strata:
        return units_of(unit), 0
    stratum = _codes(frame[strata])
    pairs = np.unique(np.column_stack([stratum, unit]), axis=0)
    sizes = np.bincount(pairs[:, 0])
    lonely = np.flatnonzero(sizes == 1)
    if len(lonely) and len(sizes) > 1:
        others = np.flatnonzero(sizes > 1)
        # Lonely strata are drawn together; one alone goes with the smallest other stratum.
        host = others[np.argmin(sizes[others])] if len(lonely) == 1 else lonely[0]
        stratum = np.where(np.isin(stratum, lonely), host, stratum)
    return units_of(unit, stratum), len(lonely)


def _codes(column: pd.Series) -> IntArray:
    return np.asarray(pd.factorize(column.astype(str))[0], dtype=np.int64)
