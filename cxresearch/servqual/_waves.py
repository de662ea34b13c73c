"""Two waves side by side: the same respondents, others, or some of both."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._moments import column_moments
from cxresearch._survey import SurveyDesign, survey_design
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.errors import CxError, ResponseError
from cxresearch.servqual._differences import joint_means
from cxresearch.servqual._estimates import gap_moments

Comparison = Literal["paired", "independent", "overlapping"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Change:
    """Later minus earlier of one score; nan where it cannot be estimated."""

    estimate: float
    std_error: float
    df: float
    n: int
    n_first: int
    n_last: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WavePair:
    """Who answered in two waves.

    Attributes
    ----------
    first, last : ndarray of bool, shape (n,)
        Respondents analysed in the earlier and the later wave.
    partner : ndarray of int, shape (n,)
        For a respondent of the later wave the row of the same person in the earlier one, else
        −1.
    """

    first: BoolArray
    last: BoolArray
    partner: IntArray

    @property
    def both(self) -> BoolArray:
        """Rows of the later wave whose person answered in the earlier one too."""
        return self.last & (self.partner >= 0)

    @property
    def told(self) -> Comparison:
        """What the ids say: a panel if everybody of the smaller wave is in the larger one."""
        people = int(self.both.sum())
        if people == 0:
            return "independent"
        smaller = min(int(self.first.sum()), int(self.last.sum()))
        return "paired" if people == smaller else "overlapping"


def wave_pair(
    ids: pd.Series | None, first: BoolArray, last: BoolArray, *, names: tuple[str, str]
) -> WavePair:
    """Match two waves by the ids of their respondents.

    Raises
    ------
    ResponseError
        An id stands twice in a wave.
    """
    partner = np.full(len(first), -1, dtype=np.int64)
    if ids is None:
        return WavePair(first=first, last=last, partner=partner)
    texts = ids.astype(object).where(ids.notna(), None).to_numpy()
    place: dict[str, int] = {}
    for members, name in zip((first, last), names, strict=True):
        own = [str(texts[row]) for row in np.flatnonzero(members) if texts[row] is not None]
        repeated = sorted(value for value, count in Counter(own).items() if count > 1)
        if repeated:
            raise ResponseError(
                f"wave {name!r}: {len(repeated)} id(s) stand for more than one respondent, "
                f"e.g. {repeated[0]!r}; a person answers once a wave. Exclude duplicates in "
                "study.yaml, or say comparison='independent'"
            )
        if members is first:
            place = {
                str(texts[row]): int(row)
                for row in np.flatnonzero(members)
                if texts[row] is not None
            }
    for row in np.flatnonzero(last):
        if texts[row] is not None:
            partner[row] = place.get(str(texts[row]), -1)
    return WavePair(first=first, last=last, partner=partner)


def check_comparison(pair: WavePair, wanted: str, names: tuple[str, str]) -> Comparison:
    """Return how two waves are compared.

    Raises
    ------
    CxError
        A pairing is asked for and nobody answered in both waves.
    """
    if wanted == "auto":
        return pair.told
    if wanted in ("paired", "overlapping") and not pair.both.any():
        raise CxError(
            f"comparison={wanted!r}: no id stands in both waves {names[0]!r} and {names[1]!r}; "
            "use comparison='independent', or name the column of role id that identifies people"
        )
    return wanted  # type: ignore[return-value]


def change_of(
    values: FloatArray,
    pair: WavePair,
    comparison: Comparison,
    *,
    weights: FloatArray | None,
    design: SurveyDesign | None,
) -> Change:
    """Return the change of a score (n,) from the earlier wave to the later one."""
    answered = np.isfinite(values)
    if comparison == "paired":
        return _paired(values, pair, weights, design)
    first, last = pair.first & answered, pair.last & answered
    sizes = int(first.sum()), int(last.sum())
    if min(sizes) < 2:
        return _nothing(0, *sizes)
    if comparison == "independent" and weights is None and design is None:
        return _welch(values[first], values[last])
    sampled = design if design is not None else _simple(values, weights)
    if comparison == "overlapping" and design is None:
        sampled = survey_design(sampled.weights, clusters=_people(pair))
    joint = joint_means(values, (first, last), sampled)
    return Change(
        estimate=float(joint.mean[1] - joint.mean[0]),
        std_error=joint.error_of_two() if joint.df > 1 else math.nan,
        df=joint.df - 1 if joint.df > 1 else math.nan,
        n=sum(sizes), n_first=sizes[0], n_last=sizes[1],
    )  # fmt: skip


def _paired(
    values: FloatArray,
    pair: WavePair,
    weights: FloatArray | None,
    design: SurveyDesign | None,
) -> Change:
    """Return the mean of the persons' differences, weighted as in the later wave."""
    difference = np.full(len(values), np.nan)
    rows = np.flatnonzero(pair.both)
    difference[rows] = values[rows] - values[pair.partner[rows]]
    n = int(np.isfinite(difference).sum())
    if n < 2:
        return _nothing(n, n, n)
    if weights is not None and design is None:
        w = np.where(pair.last, weights, 0.0)
        inside = pair.last
        moments = gap_moments(difference[inside, None], weights=w[inside])
    else:
        moments = gap_moments(difference[:, None], weights=weights, design=design)
    spread = moments.sd[0] > 0
    return Change(
        estimate=float(moments.mean[0]),
        std_error=float(moments.std_error[0]) if spread else math.nan,
        df=float(moments.df[0]), n=n, n_first=n, n_last=n,
    )  # fmt: skip


def _welch(first: FloatArray, last: FloatArray) -> Change:
    moments = [column_moments(sample[:, None]) for sample in (first, last)]
    parts = [float(m.std_error[0]) ** 2 for m in moments]
    total = sum(parts)
    sizes = len(first), len(last)
    if not total > 0:
        estimate = float(moments[1].mean[0] - moments[0].mean[0])
        return Change(estimate=estimate, std_error=math.nan, df=math.nan, n=sum(sizes),
                      n_first=sizes[0], n_last=sizes[1])  # fmt: skip
    df = total**2 / sum(v**2 / (n - 1) for v, n in zip(parts, sizes, strict=True))
    return Change(
        estimate=float(moments[1].mean[0] - moments[0].mean[0]),
        std_error=math.sqrt(total), df=df, n=sum(sizes), n_first=sizes[0], n_last=sizes[1],
    )  # fmt: skip


def _simple(values: FloatArray, weights: FloatArray | None) -> SurveyDesign:
    return survey_design(np.ones(len(values)) if weights is None else weights)


def _people(pair: WavePair) -> IntArray:
    """One code a person: both rows of somebody who answered twice have the same."""
    rows = np.arange(len(pair.partner))
    return np.where(pair.both, pair.partner, rows)


def _nothing(n: int, n_first: int, n_last: int) -> Change:
    nan = math.nan
    return Change(estimate=nan, std_error=nan, df=nan, n=n, n_first=n_first, n_last=n_last)


def pair_correlation(values: FloatArray, pair: WavePair) -> float:
    """Return how the two answers of the same persons correlate; nan below 4 pairs."""
    rows = np.flatnonzero(pair.both)
    x, y = values[pair.partner[rows]], values[rows]
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 4 or np.ptp(x[known]) == 0 or np.ptp(y[known]) == 0:
        return math.nan
    return float(stats.pearsonr(x[known], y[known])[0])
