"""How gaps changed from wave to wave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, IntArray, PAdjust
from cxresearch._validate import check_choice, check_count, check_fraction, check_share
from cxresearch.responses.model import Responses
from cxresearch.results import Result, in_tidy_order
from cxresearch.servqual._battery import check_battery
from cxresearch.servqual._data import GapData, Weighted, gap_data
from cxresearch.servqual._design import UseDesign
from cxresearch.servqual._segments import (
    SHOWN,
    SUPPRESSION_NOTES,
    Segment,
    split_by_segment,
    suppressed_cells,
)
from cxresearch.servqual._waves import (
    Change,
    Comparison,
    WavePair,
    change_of,
    check_comparison,
    pair_correlation,
    wave_pair,
)

COMPARISONS = ("auto", "paired", "independent", "overlapping")
_UNRELATED = 0.2
"""Answers of the same person a wave apart correlate by more than this."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapChangesResult(Result):
    """Changes of gaps between waves.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row for each term and pair of waves: term, group (``"spring → autumn"``), estimate
        (gap of the later wave less gap of the earlier one; positive is an improvement),
        std_error, statistic, df, p_value, p_adjusted, conf_low, conf_high, n, level, label,
        dimension, first, last (names of the waves), gap_first, gap_last (means of those who are
        compared), change_expectation, change_perception (their difference is the change of the
        gap), n_first, n_last, suppressed, note (``""``, ``too_few``, ``constant``,
        ``suppressed``, ``suppressed_complementary``).
    pairs : pandas.DataFrame
        One row a pair of waves: group, first, last, comparison (``"paired"``: the same people;
        ``"independent"``: others; ``"overlapping"``: some answered twice), people (who answered
        in both), n_first, n_last, correlation (of their overall gaps).
    waves : tuple of str
        In the order of the study's files.
    battery : str
    n : int
        Answers analysed, over all waves.
    scale_low, scale_high : float
    confidence_level : float
    p_adjust : str
    min_answered : float
    min_cell : int
    weighted : bool
    strata, clusters : str
    notes : tuple of str
        ``"waves_unrelated:spring → autumn"``: ids stand in both waves, but their answers hardly
        correlate; are they the same people?
    """

    unit: ClassVar[str] = "points of the response scale"

    estimates: pd.DataFrame
    pairs: pd.DataFrame
    waves: tuple[str, ...]
    battery: str
    n: int
    scale_low: float
    scale_high: float
    confidence_level: float
    p_adjust: str
    min_answered: float
    min_cell: int
    weighted: bool
    strata: str
    clusters: str
    notes: tuple[str, ...]

    @property
    def told_overall(self) -> bool:
        """Whether the overall gap says more than the only dimension does."""
        dimensions = self.estimates.loc[self.estimates["level"] == "dimension", "term"]
        return dimensions.nunique() != 1

    def tidy(self) -> pd.DataFrame:
        """One row a term and pair of waves."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the overall change from the first wave to the last."""
        rows = self.estimates[self.estimates["term"] == "overall"]
        whole = rows[(rows["first"] == self.waves[0]) & (rows["last"] == self.waves[-1])]
        row = whole.iloc[0]
        kind = self.pairs.loc[self.pairs["group"] == row["group"], "comparison"].iloc[0]
        return pd.DataFrame(
            [
                {
                    "group": row["group"], "estimate": row["estimate"],
                    "std_error": row["std_error"], "p_value": row["p_value"],
                    "conf_low": row["conf_low"], "conf_high": row["conf_high"], "n": self.n,
                    "waves": len(self.waves), "comparison": kind, "weighted": self.weighted,
                }
            ]
        )  # fmt: skip


def gap_changes(  # noqa: PLR0913 - options of one analysis, all by keyword
    responses: Responses,
    *,
    battery: str | None = None,
    comparison: str = "auto",
    confidence_level: float = 0.95,
    p_adjust: PAdjust = "holm",
    min_answered: float = 0.5,
    min_cell: int = 10,
    weighted: Weighted = "auto",
    design: UseDesign = "auto",
) -> GapChangesResult | None:
    """Estimate how gaps changed from each wave to the next, and from the first to the last.

    Parameters
    ----------
    responses : Responses
        With a column ``wave``, as a study of several files has it.
    battery, confidence_level, min_answered, min_cell, weighted, design
        As in `servqual_gaps`.
    comparison : {"auto", "paired", "independent", "overlapping"}
        Whether waves hold the same people. ``"auto"`` looks at the column of role id: no id in
        both waves is a repeated cross-section (independent); everybody of the smaller wave in
        the larger one is a panel (paired, those who answered once left out); anything else
        overlaps.
    p_adjust : {"holm", "bh", "none"}
        Families: all items over all pairs of waves; all dimensions over all pairs; each overall
        score over the pairs.

    Returns
    -------
    GapChangesResult or None
        None where there are not two waves.

    Raises
    ------
    CxError
        An unknown option, or a pairing where no id stands in both waves.
    ResponseError
        An id stands twice in a wave.

    Notes
    -----
    *Independent*: Welch's t; with weights, strata or clusters the difference of two domains of
    one design, ``df = clusters − strata − 1`` (clusters surveyed in both waves covary). R:
    ``t.test(later, earlier)``; survey: ``svyttest(gap ~ wave, design)``.

    *Paired*: paired t of those who answered in both waves, weighted as in the later one. R:
    ``t.test(later, earlier, paired = TRUE)``.

    *Overlapping*: everybody counts, each person is a cluster: ``svydesign(ids = ~person)``, or
    the clusters of the design where there are any.

    Measured by ``benchmarks/coverage_servqual_groups.py`` with waves of 60 and 50: 95%
    intervals cover 95.6% (others), 95.1% (the same people) and 94.9% (25 of the same).

    A change of gaps says nothing where the questions changed their meaning between waves: test
    invariance first. A wave below `min_cell`, or one from which it could be worked out, is
    hidden, and with it every change that uses it.

    References
    ----------
    Kish, L. (1965). Survey sampling, chapter 12.4. Wiley.

    Welch, B. L. (1947). The generalization of "Student's" problem when several different
    population variances are involved. Biometrika 34, 28–35.
    https://doi.org/10.1093/biomet/34.1-2.28
    """
    check_choice("comparison", comparison, COMPARISONS)
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_fraction("confidence_level", confidence_level)
    check_share("min_answered", min_answered)
    check_count("min_cell", min_cell)
    chosen = check_battery(responses.battery(battery))
    if "wave" not in responses.frame:
        return None
    data = gap_data(
        responses, chosen, min_answered=min_answered, weighted=weighted, design=design
    )
    split = split_by_segment(responses, "wave", data.analysed)
    if len(split.labels) < 2:
        return None
    state = _hidden(data, split, int(min_cell))
    rows: list[dict[str, Any]] = []
    pairs: list[dict[str, Any]] = []
    notes = list(data.notes)
    for earlier, later in _steps(len(split.labels)):
        pair, kind, told = _compared(responses, data, split, (earlier, later), comparison)
        pairs.append(told)
        if _looks_unrelated(told):
            notes.append(f"waves_unrelated:{told['group']}")
        for place in range(len(data.terms)):
            rows.append(
                _row(data, place, pair, kind, told, confidence_level=confidence_level)
                if state[[earlier, later], place].max() == SHOWN
                else _hidden_row(data, place, told, int(state[[earlier, later], place].max()))
            )
    estimates = _hide_few_pairs(pd.DataFrame(rows), int(min_cell))
    return GapChangesResult(
        estimates=_adjusted(estimates, p_adjust),
        pairs=pd.DataFrame(pairs), waves=split.labels, battery=chosen.name,
        n=int(data.analysed.sum()) - split.unknown, scale_low=float(chosen.scale.low),
        scale_high=float(chosen.scale.high), confidence_level=float(confidence_level),
        p_adjust=p_adjust, min_answered=float(min_answered), min_cell=int(min_cell),
        weighted=data.weights is not None, strata=data.columns.strata,
        clusters=data.columns.clusters, notes=(*notes, *split.notes),
    )  # fmt: skip


def _steps(waves: int) -> list[tuple[int, int]]:
    """Each wave and the next, then the first and the last."""
    steps = [(place, place + 1) for place in range(waves - 1)]
    return steps if waves == 2 else [*steps, (0, waves - 1)]


def _hidden(data: GapData, split: Segment, min_cell: int) -> IntArray:
    """Return which waves are shown on which terms, items and all."""
    answered = np.isfinite(data.scores.gap)
    sizes = np.array([int(members.sum()) for members in split.members])
    counts = np.array([answered[members].sum(axis=0) for members in split.members])
    overall = np.flatnonzero([term.level == "overall" for term in data.terms])
    return suppressed_cells(sizes, counts, min_cell=min_cell, overall=overall)


def _compared(
    responses: Responses,
    data: GapData,
    split: Segment,
    step: tuple[int, int],
    wanted: str,
) -> tuple[WavePair, Comparison, dict[str, Any]]:
    names = (split.labels[step[0]], split.labels[step[1]])
    ids = responses.codebook.columns_with_role("id")
    people = None
    if ids and wanted != "independent" and ids[0].name in responses.frame:
        people = responses.frame.loc[data.analysed, ids[0].name].reset_index(drop=True)
    pair = wave_pair(people, split.members[step[0]], split.members[step[1]], names=names)
    kind = check_comparison(pair, wanted, names)
    overall = [term.name for term in data.terms].index("overall")
    told = {
        "group": f"{names[0]} → {names[1]}", "first": names[0], "last": names[1],
        "comparison": kind, "people": int(pair.both.sum()), "n_first": int(pair.first.sum()),
        "n_last": int(pair.last.sum()),
        "correlation": pair_correlation(data.scores.gap[:, overall], pair),
    }  # fmt: skip
    return pair, kind, told


def _looks_unrelated(told: dict[str, Any]) -> bool:
    """Whether even the upper end of the interval of the correlation is small."""
    r, people = told["correlation"], told["people"]
    if told["comparison"] == "independent" or people < 30 or not math.isfinite(r):
        return False
    return bool(math.tanh(math.atanh(r) + 1.96 / math.sqrt(people - 3)) < _UNRELATED)


def _base(data: GapData, place: int, told: dict[str, Any]) -> dict[str, Any]:
    term = data.terms[place]
    nan = math.nan
    return {
        "term": term.name, "group": told["group"], "estimate": nan, "std_error": nan,
        "statistic": nan, "df": nan, "p_value": nan, "p_adjusted": nan, "conf_low": nan,
        "conf_high": nan, "n": nan, "level": term.level, "label": term.label,
        "dimension": term.dimension, "first": told["first"], "last": told["last"],
        "gap_first": nan, "gap_last": nan, "change_expectation": nan,
        "change_perception": nan, "n_first": nan, "n_last": nan, "suppressed": False,
        "note": "",
    }  # fmt: skip


def _hidden_row(data: GapData, place: int, told: dict[str, Any], code: int) -> dict[str, Any]:
    return _base(data, place, told) | {"suppressed": True, "note": SUPPRESSION_NOTES[code]}


def _row(
    data: GapData,
    place: int,
    pair: WavePair,
    kind: Comparison,
    told: dict[str, Any],
    *,
    confidence_level: float,
) -> dict[str, Any]:
    def change(values: np.ndarray) -> Change:
        return change_of(values, pair, kind, weights=data.weights, design=data.design)

    gap = data.scores.gap[:, place]
    found = change(gap)
    few = min(found.n_first, found.n_last) < 2
    half = float(stats.t.ppf((1 + confidence_level) / 2, found.df)) * found.std_error
    statistic = found.estimate / found.std_error if found.std_error > 0 else math.nan
    first, last = _means(gap, pair, kind, data)
    return _base(data, place, told) | {
        "estimate": found.estimate, "std_error": found.std_error, "statistic": statistic,
        "df": found.df, "p_value": float(2 * stats.t.sf(abs(statistic), found.df)),
        "conf_low": found.estimate - half, "conf_high": found.estimate + half, "n": found.n,
        "gap_first": first, "gap_last": last,
        "change_expectation": change(data.scores.expectation[:, place]).estimate,
        "change_perception": change(data.scores.perception[:, place]).estimate,
        "n_first": found.n_first, "n_last": found.n_last,
        "note": "too_few" if few else "constant" if math.isnan(statistic) else "",
    }  # fmt: skip


def _means(
    values: np.ndarray, pair: WavePair, kind: Comparison, data: GapData
) -> tuple[float, float]:
    """Return the means of both waves that the change is the difference of."""
    w = np.ones(len(values)) if data.weights is None else data.weights
    if kind == "paired":
        rows = np.flatnonzero(pair.both)
        before = pair.partner[rows]
        known = np.isfinite(values[rows]) & np.isfinite(values[before])
        rows, before = rows[known], before[known]
        if not len(rows):
            return math.nan, math.nan
        shares = w[rows] / w[rows].sum()
        return float(shares @ values[before]), float(shares @ values[rows])
    means = []
    for members in (pair.first, pair.last):
        inside = members & np.isfinite(values)
        known = inside.any()
        means.append(
            float(np.average(values[inside], weights=w[inside])) if known else math.nan
        )
    return means[0], means[1]


def _hide_few_pairs(rows: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Hide changes that rest on fewer people than a cell must have."""
    few = rows[["n_first", "n_last"]].min(axis=1) < min_cell
    numbers = list(rows.select_dtypes("number").columns)
    rows = rows.astype(dict.fromkeys(numbers, float))
    rows.loc[few, numbers] = math.nan
    rows.loc[few, "suppressed"] = True
    rows.loc[few, "note"] = SUPPRESSION_NOTES[1]
    return rows


def _adjusted(rows: pd.DataFrame, method: PAdjust) -> pd.DataFrame:
    overall = rows["term"].where(rows["level"] == "overall", "")
    grouped = rows.groupby([rows["level"], overall], sort=False)["p_value"]
    return rows.assign(
        p_adjusted=grouped.transform(lambda p: adjust_p_values(p, method=method))
    )
