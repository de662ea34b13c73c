"""Whether the scales of a battery are distinct: one verdict from several looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.psychometrics._answers import check_varying, dropped_note
from cxresearch.psychometrics._battery_answers import battery_answers
from cxresearch.psychometrics._clusters import Answered, answered_of
from cxresearch.psychometrics._decision import (
    decide,
    empirical_factors,
    empirical_tables,
    pair_rows,
    scale_rows,
)
from cxresearch.psychometrics._rival_models import Rivals, chosen_estimator, fit_rivals
from cxresearch.psychometrics._scale_respondents import UseDesign
from cxresearch.psychometrics.distinctness import HtmtResult, htmt
from cxresearch.psychometrics.efa import EfaResult
from cxresearch.psychometrics.verdict_result import DistinctnessResult
from cxresearch.responses.model import Responses

DistinctEstimator = Literal["auto", "mlr", "wlsmv"]
DISTINCT_ESTIMATORS: tuple[DistinctEstimator, ...] = ("auto", "mlr", "wlsmv")
DistinctPart = Literal["perception", "expectation", "gap"]
DISTINCT_PARTS: tuple[DistinctPart, ...] = ("perception", "expectation", "gap")


def distinct_dimensions(  # noqa: PLR0913 - options of one analysis
    responses: Responses,
    *,
    battery: str | None = None,
    part: DistinctPart = "perception",
    estimator: DistinctEstimator = "auto",
    design: UseDesign = "auto",
    cutoff: float = 0.85,
    n_boot: int = 500,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> DistinctnessResult:
    """Ask whether respondents tell the dimensions of a battery apart.

    Parameters
    ----------
    responses : Responses
        Case weights of the codebook are used (with ``"mlr"``).
    battery : str, optional
        Not needed when the codebook has one.
    part : {"perception", "expectation", "gap"}
    design : {"auto", "none"}
        Allow for the clusters (branches) of the codebook, if it names some, or not. Strata are
        not used: where they matter, intervals are a little too wide.
    estimator, cutoff, n_boot, confidence_level, seed
        See `distinct_scales`.

    Returns
    -------
    DistinctnessResult

    Raises
    ------
    CxError, ResponseError, EstimationError
        As `distinct_scales`; a part that the battery does not have.

    See Also
    --------
    distinct_scales : the same on a data frame, with what the verdict means.
    """
    check_choice("part", part, DISTINCT_PARTS)
    check_choice("design", design, get_args(UseDesign))
    chosen = responses.battery(battery)
    given = battery_answers(responses, chosen, part, with_clusters=design == "auto")
    asked = _Asked(
        battery=chosen.name,
        part=part,
        labels={scale.name: scale.label for scale in chosen.scales},
        weights=given.weights,
        clusters=given.clusters,
        cluster_name=given.cluster_name,
        estimator=estimator,
        cutoff=cutoff,
        n_boot=n_boot,
        level=confidence_level,
        seed=seed,
        n_asked=responses.n,
        notes=given.notes,
    )
    return _decided(given.frame, given.model, asked)


def distinct_scales(  # noqa: PLR0913 - options of one analysis
    frame: pd.DataFrame,
    model: Mapping[str, Sequence[str]],
    *,
    estimator: DistinctEstimator = "auto",
    weights: str | None = None,
    clusters: str | None = None,
    cutoff: float = 0.85,
    n_boot: int = 500,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> DistinctnessResult:
    """Ask whether scales are distinct: correlations of factors, HTMT, rival models, ω_h.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent, reverse-keyed items already reversed.
    model : mapping
        Scale → its items, at least two scales of two items.
    estimator : {"auto", "mlr", "wlsmv"}
        ``"auto"``: ``"wlsmv"`` for answers on at most 4 steps, or on at most 7 when they pile
        up at one end (median ``|skewness|`` ≥ 1) and n ≥ 200; otherwise ``"mlr"``. Where
        ``"wlsmv"`` fails ``"mlr"`` takes its place, and a note says so.
    weights : str, optional
        Column of case weights (``"mlr"`` and HTMT).
    clusters : str, optional
        Column of clusters, e.g. the branches at which respondents were sampled: all intervals
        and χ² allow for respondents of one cluster being alike.
    cutoff : float
        Two scales are distinct when the upper ends of the intervals of their latent correlation
        and of HTMT are below it; 0.90 for constructs that are alike.
    n_boot : int
        Bootstrap replicates of HTMT, at least 20.
    confidence_level : float
    seed : int

    Returns
    -------
    DistinctnessResult
        ``"distinct"`` when all pairs are; ``"one_factor"`` when no pair is, or when one factor
        fits about as well (CFI at most .01 lower) and at least one pair is not distinct;
        ``"partly"`` when some pairs are not; ``"unclear"`` when no pair is shown not to be
        distinct but not all are shown to be, or the intended model misfits (CFI < .90 and
        RMSEA > .08) or could not be fitted, or n < 100.

    Raises
    ------
    CxError
        Fewer than two scales, an item in two scales, an option out of range.
    ResponseError
        Too few respondents answered everything.
    EstimationError
        An item has the same answer from everybody.

    Notes
    -----
    Models that do not converge are rows with a status, not errors. "Not distinct" is a finding
    about these respondents and items, not about the constructs. Measured by
    ``benchmarks/coverage_reliability.py`` on 22 seven-point items of five factors at n = 400,
    200 replicates each: factors that correlate .55 came out ``"distinct"`` always, .70 in 89.5%
    (else ``"unclear"``), .95 or 1 ``"one_factor"`` always; .85, at the cut-off itself,
    ``"partly"`` in 92.5%, ``"unclear"`` in 4.5% and ``"one_factor"`` in 3.0%.

    References
    ----------
    Rönkkö, M., & Cho, E. (2022). An updated guideline for assessing discriminant validity.
    Organizational Research Methods 25, 6–47. https://doi.org/10.1177/1094428120968614

    Henseler, J., Ringle, C. M., & Sarstedt, M. (2015). A new criterion for assessing
    discriminant validity in variance-based structural equation modeling. Journal of the Academy
    of Marketing Science 43, 115–135. https://doi.org/10.1007/s11747-014-0403-8

    Rhemtulla, M., Brosseau-Liard, P. É., & Savalei, V. (2012). When can categorical variables
    be treated as continuous? Psychological Methods 17, 354–373.
    https://doi.org/10.1037/a0029315

    Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient as a
    meaningful index of factor similarity. Methodology 2, 57–64.
    https://doi.org/10.1027/1614-2241.2.2.57

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> halo = rng.normal(size=(400, 1)) + rng.normal(size=(400, 9))
    >>> model = {"staff": list("abc"), "room": list("def"), "food": list("ghi")}
    >>> found = distinct_scales(pd.DataFrame(halo, columns=list("abcdefghi")), model, n_boot=99)
    >>> found.verdict, found.groups
    ('one_factor', ('staff+room+food',))
    """
    asked = _Asked(
        battery="",
        part="",
        labels={name: name for name in model},
        weights=weights,
        clusters=clusters,
        cluster_name=clusters or "",
        estimator=estimator,
        cutoff=cutoff,
        n_boot=n_boot,
        level=confidence_level,
        seed=seed,
        n_asked=len(frame),
        notes=(),
    )
    return _decided(frame, {name: list(items) for name, items in model.items()}, asked)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Asked:
    battery: str
    part: str
    labels: Mapping[str, str]
    weights: str | None
    clusters: str | None
    cluster_name: str
    estimator: str
    cutoff: float
    n_boot: int
    level: float
    seed: int
    n_asked: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Looks:
    """What every look at the answers found."""

    ratios: HtmtResult
    rivals: Rivals
    factors: EfaResult | None
    factor_count: int
    given: Answered


def _decided(
    frame: pd.DataFrame, model: dict[str, list[str]], asked: _Asked
) -> DistinctnessResult:
    check_choice("estimator", asked.estimator, DISTINCT_ESTIMATORS)
    check_fraction("confidence_level", asked.level)
    check_fraction("cutoff", asked.cutoff)
    check_count("n_boot", asked.n_boot, at_least=20)
    looks = _looked(frame, model, asked)
    rivals, n = looks.rivals, len(looks.given.answers)
    pairs = pair_rows(looks.ratios, rivals, asked.cutoff)
    empirical, congruence = empirical_tables(looks.factors, model)
    verdict, reasons, groups = decide(pairs, rivals, list(model), n)
    bifactor = None if rivals.bifactor is None else rivals.bifactor.estimates.iloc[0]
    omega, ecv = (
        np.nan if bifactor is None else float(bifactor[name]) for name in ("estimate", "ecv")
    )
    return DistinctnessResult(
        estimates=pairs,
        models=rivals.table,
        scales=scale_rows(model, asked.labels, rivals, congruence),
        empirical=empirical,
        congruence=congruence,
        empirical_factors=looks.factor_count,
        verdict=verdict,
        reasons=reasons,
        groups=groups,
        omega_hierarchical=omega,
        ecv=ecv,
        battery=asked.battery,
        part=asked.part,
        estimator=rivals.estimator,
        clusters=asked.cluster_name,
        n_clusters=looks.given.n_clusters,
        cutoff=float(asked.cutoff),
        n_boot=asked.n_boot,
        n=n,
        n_asked=asked.n_asked,
        confidence_level=float(asked.level),
        seed=asked.seed,
        notes=_notes(looks, pairs, asked),
    )


def _looked(frame: pd.DataFrame, model: dict[str, list[str]], asked: _Asked) -> _Looks:
    """Compare correlations, fit rival models, and look for factors without a model."""
    ratios = htmt(
        frame,
        model,
        cutoff=asked.cutoff,
        n_boot=asked.n_boot,
        confidence_level=asked.level,
        seed=asked.seed,
        weights=asked.weights,
        clusters=asked.clusters,
    )
    items = [item for members in model.values() for item in members]
    given = answered_of(
        frame, items, weights=asked.weights, clusters=asked.clusters, at_least=len(items) + 1
    )
    check_varying(given.answers, items)
    estimator = asked.estimator
    if estimator == "auto":
        weighted = asked.weights is not None
        estimator = "mlr" if weighted else chosen_estimator(given.answers)
    rivals = fit_rivals(
        frame,
        model,
        estimator=estimator,
        weights=asked.weights,
        clusters=asked.clusters,
        confidence_level=asked.level,
    )
    found, count = empirical_factors(frame, items, rivals.estimator, asked.seed)
    return _Looks(ratios=ratios, rivals=rivals, factors=found, factor_count=count, given=given)


def _notes(looks: _Looks, pairs: pd.DataFrame, asked: _Asked) -> tuple[str, ...]:
    shared = tuple(
        f"fornell_larcker:{a}:{b}"
        for a, b, good in zip(
            pairs["term"], pairs["group"], pairs["fornell_larcker"], strict=True
        )
        if not good
    )
    failed = ("empirical_factors_failed",) if looks.factors is None else ()
    dropped = dropped_note(asked.n_asked, len(looks.given.answers))
    sampled = asked.notes + looks.given.notes
    return dropped + sampled + looks.rivals.notes + shared + failed
