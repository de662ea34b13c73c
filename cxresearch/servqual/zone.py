"""Zone of tolerance: what customers get, between what they accept and what they wish."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxresearch._multiplicity import adjust_p_values
from cxresearch._types import P_ADJUST, BoolArray, FloatArray, PAdjust
from cxresearch._validate import (
    check_choice,
    check_count,
    check_fraction,
    check_names,
    check_share,
)
from cxresearch.codebook.model import Battery
from cxresearch.errors import CxError
from cxresearch.responses.model import Responses
from cxresearch.servqual._data import Weighted, analysed_respondents
from cxresearch.servqual._estimates import Term, battery_terms
from cxresearch.servqual._segments import (
    SHOWN,
    SUPPRESSION_NOTES,
    Segment,
    segment_names,
    split_by_segment,
    suppressed_cells,
)
from cxresearch.servqual._zone_scores import ZONE_PARTS, ZoneScores, score_zone
from cxresearch.servqual._zone_tables import NUMBERS, ZONE_NUMBERS, estimate_zones
from cxresearch.servqual.zone_result import ZoneResult


def zone_of_tolerance(
    responses: Responses,
    *,
    battery: str | None = None,
    segments: Sequence[str] = (),
    confidence_level: float = 0.95,
    p_adjust: PAdjust = "holm",
    min_answered: float = 0.5,
    min_cell: int = 10,
    weighted: Weighted = "auto",
) -> ZoneResult:
    r"""Place what customers perceive between the minimum they accept and what they desire.

    Adequacy gap ``P − Min``, superiority gap ``P − Des``, width ``Des − Min`` and position
    ``(P − Min)/(Des − Min)``: 0 at the minimum, 1 at the desired level.

    Parameters
    ----------
    responses : Responses
    battery : str, optional
        Battery with the parts minimum, desired and perception; not needed when only one has.
    segments : sequence of str
        Columns of role segment, or ``"wave"``.
    confidence_level : float
        Between 0 and 1.
    p_adjust : {"holm", "bh", "none"}
        Adjustment of the tests of both gaps: over all items, over all dimensions, over the
        overall score; within a segment over its groups too.
    min_answered : float
        Share of a dimension's items that must be usable, 0 to 1.
    min_cell : int
        A group, or a cell of a group, with fewer respondents is not shown.
    weighted : bool or {"auto", "yes", "no"}
        Use the codebook's column of case weights; ``"auto"`` does when there is one.

    Returns
    -------
    ZoneResult
        ``estimates``: one row for each ``term``, ``group`` and ``measure`` (``adequacy``,
        ``superiority``, ``width``, ``position``) with the paired t test of both gaps.
        ``zones``: ``minimum``, ``desired``, ``perception`` with its interval, ``n``,
        ``misordered`` (item answers left out), ``no_width`` (respondents whose minimum is
        their desired level: they have gaps but no position of their own) and ``zone``:
        ``below`` (the interval of the adequacy gap lies below 0), ``above`` (that of the
        superiority gap lies above 0), ``within`` (adequacy above 0 and superiority below 0),
        else ``not_decided``. ``note`` is ``""``, ``too_few``, ``suppressed`` or
        ``suppressed_complementary``.

    Raises
    ------
    CxError
        An argument is not allowed, no battery has the three parts, or a segment is unknown.
    ResponseError
        Fewer than 2 respondents can be analysed, or a weight is negative.

    Notes
    -----
    An item answer whose minimum lies above the desired level contradicts itself: it is left out
    and counted. The class goes by intervals, not by means: a mean between two bars says nothing
    about how near they are. ``within`` needs both intervals, so it is wrong at most as often as
    either is. The position is a ratio of means with a linearised error (R survey:
    ``svyratio``), nan where the mean width is 0. Gaps: ``t.test(P, Min, paired = TRUE)``;
    weighted ``svymean``.

    Measured by ``benchmarks/coverage_gap_quality.py`` on 7-point answers, n = 30 and 200: where
    the true adequacy gap is 0, people are placed below the minimum in 2.3 and 2.6% of samples,
    within the zone in 2.3 and 2.6%, and not decided in the others; 95% intervals of the
    position cover 94.8 to 95.5%.

    References
    ----------
    Zeithaml, V. A., Berry, L. L., & Parasuraman, A. (1993). The nature and determinants of
    customer expectations of service. Journal of the Academy of Marketing Science 21, 1–12.
    https://doi.org/10.1177/0092070393211001

    Parasuraman, A., Zeithaml, V. A., & Berry, L. L. (1994). Alternative scales for measuring
    service quality. Journal of Retailing 70, 201–230.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.codebook.model import Codebook, Item, ResponseScale, Scale
    >>> from cxresearch.responses.model import Flow
    >>> staff = Scale(name="staff", label="Staff", items=(Item(key=1, text="Polite"),))
    >>> desk = Battery(
    ...     name="desk",
    ...     scale=ResponseScale(name="agree9", low=1, high=9),
    ...     parts={"minimum": "M{item}", "desired": "D{item}", "perception": "P{item}"},
    ...     scales=(staff,),
    ... )
    >>> answers = pd.DataFrame(
    ...     {"M1": [4.0, 5.0, 4.0, 4.0, 6.0], "D1": [8.0, 9, 9, 8, 5], "P1": [6.0, 7, 6, 7, 6]}
    ... )
    >>> responses = Responses(
    ...     codebook=Codebook(survey="Desk", batteries=(desk,)),
    ...     frame=answers,
    ...     missing=answers.isna(),
    ...     quality=pd.DataFrame(),
    ...     flow=Flow(read=5),
    ...     sources=(),
    ... )
    >>> found = zone_of_tolerance(responses)
    >>> found.zones.loc[1, ["term", "zone"]].tolist(), found.misordered
    (['staff', 'within'], 1)
    """
    check_fraction("confidence_level", confidence_level)
    check_choice("p_adjust", p_adjust, P_ADJUST)
    check_share("min_answered", min_answered)
    check_count("min_cell", min_cell)
    chosen = _zone_battery(responses, battery)
    if chosen is None:
        raise CxError(
            "zone of tolerance: no battery has the parts minimum, desired and perception; name "
            "their columns under parts in the codebook"
        )
    known = segment_names(responses)
    names = list(dict.fromkeys(check_names("segments", segments, known, of="segment columns")))
    analysed, weights, notes = analysed_respondents(responses, weighted=weighted)
    scores = _scores(responses, chosen, analysed, min_answered)
    terms = battery_terms(chosen, by_importance=False)
    estimates, zones = [], []
    every = estimate_zones(scores, terms, weights=weights, confidence_level=confidence_level)
    estimates.append(every[0])
    zones.append(every[1])
    split = [split_by_segment(responses, name, analysed) for name in names]
    for segment in (s for s in split if s.labels):
        cells = _segment_cells(scores, terms, segment, weights, confidence_level, int(min_cell))
        estimates.append(cells[0])
        zones.append(cells[1])
    items = len(chosen.items)
    wrong = scores.misordered[:, :items]
    return ZoneResult(
        estimates=_adjusted(pd.concat(estimates, ignore_index=True), p_adjust),
        zones=pd.concat(zones, ignore_index=True),
        n=int(analysed.sum()),
        battery=chosen.name,
        scale_low=float(chosen.scale.low),
        scale_high=float(chosen.scale.high),
        confidence_level=float(confidence_level),
        p_adjust=p_adjust,
        min_answered=float(min_answered),
        min_cell=int(min_cell),
        weighted=weights is not None,
        segments=tuple(names),
        misordered=int(wrong.sum()),
        misordered_respondents=int(wrong.any(axis=1).sum()),
        notes=(*notes, *(note for segment in split for note in segment.notes)),
    )


def study_zone(
    responses: Responses,
    *,
    battery: str | None = None,
    segments: Sequence[str] = (),
    confidence_level: float = 0.95,
    p_adjust: PAdjust = "holm",
    min_cell: int = 10,
    weighted: Weighted = "auto",
) -> ZoneResult | None:
    """Return the zones of tolerance of a study; None where it did not ask for them.

    Parameters
    ----------
    responses : Responses
    battery : str, optional
        The battery that the study analyses; where it lacks a part, the only one that has all.
    segments, confidence_level, p_adjust, min_cell, weighted
        As in `zone_of_tolerance`.

    Returns
    -------
    ZoneResult or None
    """
    named = None if battery is None else responses.battery(battery)
    lacking = named is not None and not set(ZONE_PARTS) <= set(named.parts)
    chosen = _zone_battery(responses, None if lacking else battery)
    if chosen is None:
        return None
    return zone_of_tolerance(
        responses,
        battery=chosen.name,
        segments=segments,
        confidence_level=confidence_level,
        p_adjust=p_adjust,
        min_cell=min_cell,
        weighted=weighted,
    )


def _zone_battery(responses: Responses, name: str | None) -> Battery | None:
    """Return the battery with the three parts; None where there is none."""
    fitting = [b for b in responses.codebook.batteries if set(ZONE_PARTS) <= set(b.parts)]
    if name is not None:
        chosen = responses.battery(name)
        if chosen not in fitting:
            lacking = [part for part in ZONE_PARTS if part not in chosen.parts]
            raise CxError(
                f"battery {name!r}: a zone of tolerance needs the parts minimum, desired and "
                f"perception; {lacking} are missing, the battery has {list(chosen.parts)}"
            )
        return chosen
    if len(fitting) > 1:
        raise CxError(
            f"name the battery: {[b.name for b in fitting]} have the parts minimum, desired "
            "and perception"
        )
    return fitting[0] if fitting else None


def _scores(
    responses: Responses, battery: Battery, analysed: BoolArray, min_answered: float
) -> ZoneScores:
    sizes = [len(scale.items) for scale in battery.scales]
    minimum, desired, perception = (
        responses.answers(part, battery=battery.name).to_numpy(dtype=float)[analysed]
        for part in ZONE_PARTS
    )
    return score_zone(
        minimum,
        desired,
        perception,
        dimensions=np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1]),
        min_answered=min_answered,
    )


def _segment_cells(
    scores: ZoneScores,
    terms: tuple[Term, ...],
    segment: Segment,
    weights: FloatArray | None,
    confidence_level: float,
    min_cell: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the estimates and zones of every group of a segment, small cells emptied."""
    columns = np.array([i for i, term in enumerate(terms) if term.level != "item"])
    kept = tuple(terms[i] for i in columns)
    tables = [
        estimate_zones(
            scores.take(columns).inside(members),
            kept,
            weights=weights,
            confidence_level=confidence_level,
        )
        for members in segment.members
    ]
    state = suppressed_cells(
        np.array([int(members.sum()) for members in segment.members]),
        np.array([zones["n"] for _, zones in tables]).astype(int),
        min_cell=min_cell,
        overall=np.flatnonzero([term.level == "overall" for term in kept]),
    )
    found = []
    for position, numbers in ((0, NUMBERS), (1, ZONE_NUMBERS)):
        rows = []
        for group, label in enumerate(segment.labels):
            table = tables[group][position].assign(group=label, segment=segment.name)
            codes = table["term"].map(
                dict(zip([t.name for t in kept], state[group], strict=True))
            )
            rows.append(_emptied(table, codes, numbers))
        found.append(pd.concat(rows, ignore_index=True))
    return found[0], found[1]


def _emptied(table: pd.DataFrame, codes: pd.Series, numbers: tuple[str, ...]) -> pd.DataFrame:
    """Return the table without the numbers of cells that are hidden."""
    hidden = (codes != SHOWN).to_numpy()
    table.loc[hidden, list(numbers)] = np.nan
    table.loc[hidden, "suppressed"] = True
    table.loc[hidden, "note"] = [SUPPRESSION_NOTES[int(code)] for code in codes[hidden]]
    if "zone" in table:
        table.loc[hidden, "zone"] = ""
    return table


def _adjusted(estimates: pd.DataFrame, method: PAdjust) -> pd.DataFrame:
    family = [estimates["segment"], estimates["level"]]
    adjusted = estimates.groupby(family, sort=False)["p_value"].transform(
        lambda p: adjust_p_values(p, method=method)
    )
    return estimates.assign(p_adjusted=adjusted)
