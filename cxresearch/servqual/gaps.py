"""SERVQUAL gap analysis: from validated answers to estimates by item, dimension and segment."""

from __future__ import annotations

from collections.abc import Sequence

from cxresearch._validate import (
    check_choice,
    check_count,
    check_fraction,
    check_names,
    check_share,
)
from cxresearch.responses.model import Responses
from cxresearch.servqual._battery import check_battery
from cxresearch.servqual._data import Weighted, gap_data
from cxresearch.servqual._design import UseDesign
from cxresearch.servqual._segments import segment_names, split_by_segment
from cxresearch.servqual._tables import (
    GAP_ADJUST,
    GapAdjust,
    clusters_are_groups,
    gap_tables,
    importance_table,
)
from cxresearch.servqual.result import ServqualGapsResult


def servqual_gaps(  # noqa: PLR0913 - options of one analysis, all by keyword
    responses: Responses,
    *,
    battery: str | None = None,
    segments: Sequence[str] = (),
    confidence_level: float = 0.95,
    p_adjust: GapAdjust = "holm",
    min_answered: float = 0.5,
    min_cell: int = 10,
    weighted: Weighted = "auto",
    design: UseDesign = "auto",
    flips: int = 4999,
    seed: int = 1,
) -> ServqualGapsResult:
    r"""Estimate gaps, perception − expectation, per item, per dimension and overall.

    The gap of a respondent on an item needs both answers. On a dimension it is the mean over
    the items with both answered, ``g = Σ (P − E)/m``, where ``m ≥ ceil(min_answered · items)``;
    overall it is the mean over *all* dimensions (not over the items), and with importance
    points also ``Σ_d w_d g_d``, ``w_d`` being that respondent's points/100. Negative is a
    shortfall.

    Parameters
    ----------
    responses : Responses
    battery : str, optional
        Name of the battery; not needed when the codebook has one. It must have the parts
        expectation and perception.
    segments : sequence of str
        Columns of role segment, or ``"wave"``.
    confidence_level : float
        Between 0 and 1.
    p_adjust : {"holm", "bh", "none", "max_t"}
        Adjustment within families: all items; all dimensions; each overall score alone. Within
        a segment: dimensions × groups, and each overall score over the groups; for the
        differences, the terms of a segment. ``"max_t"`` throws the signs of the respondents'
        (clusters') gaps and compares with the largest ``|t|`` of the family, which uses how
        gaps hang together; the differences between groups are then adjusted by Holm.
    min_answered : float
        Share of a dimension's items a respondent must have answered, 0 to 1.
    min_cell : int
        A group, or a cell of a group, with fewer respondents is not shown.
    weighted : bool or {"auto", "yes", "no"}
        Use the codebook's column of case weights; ``"auto"`` does when there is one.
    design : {"auto", "none"}
        Use the codebook's columns of role stratum and cluster, where there are any.
    flips, seed : int
        Random flips of ``p_adjust="max_t"``, and their seed.

    Returns
    -------
    ServqualGapsResult
        ``estimates`` has one row for each term and group. Shared columns: ``term`` (``item_5``,
        the dimension's name, ``overall``, ``overall_weighted``), ``group`` (``"all"`` or the
        segment's label), ``estimate`` (the gap), ``std_error``, ``statistic`` (paired t),
        ``df``, ``p_value`` (gap = 0), ``p_adjusted``, ``conf_low``, ``conf_high``, ``n``. Own
        columns: ``level``, ``label``, ``dimension``, ``segment``, ``expectation`` and
        ``perception`` (means of the same respondents), ``sd`` of the gap, ``d_z`` with
        ``d_z_low`` and ``d_z_high`` (gap in sds of the gap), ``d_av`` (gap in mean sds of the
        answers), ``suppressed``, ``note`` (``""``, ``too_few``, ``constant``, ``one_cluster``
        (nothing is known about the spread of clusters), ``suppressed``,
        ``suppressed_complementary``). ``differences`` tests dimensions and overall between the
        groups that are shown.

    Raises
    ------
    CxError
        An argument is not allowed, the battery lacks a part, or a segment is unknown.
    ResponseError
        Fewer than 2 respondents can be analysed, or a weight is negative.

    Notes
    -----
    *Unweighted*: paired t, ``df = n − 1``; interval of d_z from the noncentral t; groups by
    Welch's test. R: ``t.test(P, E, paired = TRUE)``, ``oneway.test``.

    *Weighted*: Taylor-linearised errors, every respondent a sampling unit, no strata; the
    design is all respondents analysed, those who answered are a domain in it; ``df = n − 1``
    with n the respondents of the domain; d_z is weighted mean over weighted sd with a
    linearised interval; groups by a Wald test with ``n − K`` df. R survey: ``svymean``,
    ``svycontrast``, ``svyttest``, ``regTermTest``. A respondent without a weight, or with
    weight 0, is left out and counted in ``notes``.

    *With strata or clusters*: the same with clusters as sampling units within strata; degrees
    of freedom are clusters less strata in the domain, and the groups' covariance through shared
    clusters enters their Wald test. R survey: ``svydesign(ids = ~cluster, strata = ~stratum,
    weights = ~w)``. A stratum with a single cluster counts by its distance from the whole
    (``survey.lonely.psu = "adjust"``) and is noted (``lonely_strata:1``). Where a group of a
    segment *is* one cluster, as when branches are compared, respondents are the units within it
    and a note says so (``clusters_are_groups:branch``).

    Measured by ``benchmarks/coverage_servqual_groups.py`` with clusters of 5 to 35 and a
    correlation of .1 within: 95% intervals cover 94.1% with 12 clusters and 94.5% with 40 (75.0
    and 73.5% if the clusters were ignored).

    A term with fewer than 2 respondents has nan and the note ``too_few``; one whose gap is the
    same for everybody has no test, no interval and no d_z, and the note ``constant``.

    Points that sum to 98–102 are rescaled to 100, other sums are refused; both are counted in
    ``notes`` (``points_rescaled:7``, ``points_rejected:2``). Segments hide cells below
    `min_cell` and, where one hidden cell could be had by subtraction, the next smallest too.

    Measured by ``benchmarks/coverage_servqual.py`` on 7-point answers, expectations piled up at
    the top, n = 50 and 200: 95% intervals of the gap cover 94.5 to 95.3% unweighted and 93.3 to
    94.7% with weights that vary by half their mean; those of d_z 94.8 to 95.8% and 94.0 to
    94.9%. Of true hypotheses at 5% Welch's test rejects 4.9%, and the Wald test 5.1% with
    groups of 60 and more but 8% where the smallest and most varied group has 15 members.

    References
    ----------
    Parasuraman, A., Zeithaml, V. A., & Berry, L. L. (1988). SERVQUAL: a multiple-item scale for
    measuring consumer perceptions of service quality. Journal of Retailing 64, 12–40.

    Parasuraman, A., Zeithaml, V. A., & Berry, L. L. (1985). A conceptual model of service
    quality and its implications for future research. Journal of Marketing 49(4), 41–50.
    https://doi.org/10.1177/002224298504900403

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.codebook.model import Battery, Codebook, Item, ResponseScale, Scale
    >>> from cxresearch.responses.model import Flow, Responses
    >>> staff = Scale(name="staff", label="Staff", items=(Item(key=1, text="Polite"),))
    >>> desk = Battery(
    ...     name="desk",
    ...     scale=ResponseScale(name="agree7", low=1, high=7),
    ...     parts={"expectation": "E{item}", "perception": "P{item}"},
    ...     scales=(staff,),
    ... )
    >>> answers = pd.DataFrame({"E1": [7.0, 6.0, 7.0, 5.0], "P1": [5.0, 5.0, 6.0, 5.0]})
    >>> responses = Responses(
    ...     codebook=Codebook(survey="Desk", batteries=(desk,)),
    ...     frame=answers,
    ...     missing=answers.isna(),
    ...     quality=pd.DataFrame(),
    ...     flow=Flow(read=4),
    ...     sources=(),
    ... )
    >>> gaps = servqual_gaps(responses)
    >>> gaps.tidy().loc[1, ["term", "estimate", "n"]].to_dict()
    {'term': 'staff', 'estimate': -1.0, 'n': 4.0}
    """
    check_fraction("confidence_level", confidence_level)
    check_choice("p_adjust", p_adjust, GAP_ADJUST)
    check_share("min_answered", min_answered)
    check_count("min_cell", min_cell)
    check_count("flips", flips, at_least=99)
    chosen = check_battery(responses.battery(battery))
    names = _check_segments(responses, segments)
    data = gap_data(
        responses, chosen, min_answered=min_answered, weighted=weighted, design=design
    )
    split = [split_by_segment(responses, name, data.analysed) for name in names]
    estimates, differences = gap_tables(
        data,
        split,
        confidence_level=confidence_level,
        min_cell=int(min_cell),
        method=p_adjust,
        flips=int(flips),
        seed=int(seed),
    )
    own = tuple(
        f"clusters_are_groups:{part.name}" for part in split if clusters_are_groups(data, part)
    )
    return ServqualGapsResult(
        estimates=estimates,
        differences=differences,
        importance=importance_table(data, chosen, confidence_level=confidence_level),
        n=int(data.analysed.sum()),
        battery=chosen.name,
        scale_low=float(chosen.scale.low),
        scale_high=float(chosen.scale.high),
        confidence_level=float(confidence_level),
        p_adjust=p_adjust,
        min_answered=float(min_answered),
        min_cell=int(min_cell),
        weighted=data.weights is not None,
        segments=tuple(names),
        strata=data.columns.strata,
        clusters=data.columns.clusters,
        sampling_units=0 if data.design is None else data.design.units,
        flips=int(flips) if p_adjust == "max_t" else 0,
        seed=int(seed) if p_adjust == "max_t" else 0,
        notes=(*data.notes, *(note for segment in split for note in segment.notes), *own),
    )


def _check_segments(responses: Responses, segments: Sequence[str]) -> list[str]:
    known = segment_names(responses)
    names = check_names("segments", segments, known, of="segment columns")
    return list(dict.fromkeys(names))
