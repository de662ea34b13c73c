"""What a study's answers allow: are dimensions distinct, are groups comparable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from cxresearch.errors import EstimationError, ResponseError
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics.invariance import InvarianceResult, measurement_invariance
from cxresearch.psychometrics.invariance_levels import level_invariance
from cxresearch.psychometrics.verdict import distinct_dimensions
from cxresearch.psychometrics.verdict_result import DistinctnessResult
from cxresearch.responses.model import Responses


def study_invariance(
    responses: Responses,
    *,
    segments: Sequence[str] = (),
    besides: InvarianceResult | None = None,
    battery: str | None = None,
    confidence_level: float = 0.95,
) -> InvarianceResult | None:
    """Ask whether what was received is measured alike in a study's waves, or else its groups.

    Parameters
    ----------
    responses : Responses
    segments : sequence of str
        Segment columns the study compares; the first is looked at where there are no waves.
    besides : InvarianceResult, optional
        Looked at already: the grouping after it is looked at instead, e.g. the first segment
        after the waves.
    battery : str, optional
        Not needed when the codebook has one.
    confidence_level : float

    Returns
    -------
    InvarianceResult or None
        See `measurement_invariance`; None where nothing is compared. Clusters of the codebook
        are allowed for, unless a group is a single cluster.

    Raises
    ------
    CxError
        A segment is unknown.
    """
    several_waves = "wave" in responses.frame and responses.frame["wave"].nunique() > 1
    groups = [*(("wave",) if several_waves else ()), *segments]
    if besides is not None and besides.group in groups:
        groups = groups[groups.index(besides.group) + 1 :]
    if not groups:
        return None
    return measurement_invariance(
        responses,
        group=groups[0],
        battery=battery,
        clusters=_clusters(responses, groups[0]),
        confidence_level=confidence_level,
    )


def _clusters(responses: Responses, group: str) -> str | None:
    """Return the clusters of the codebook; None where a group is a single one of them."""
    named = responses.codebook.columns_with_role("cluster")
    if not named:
        return None
    by_group = responses.frame[named[0].name].groupby(responses.segment(group))
    return named[0].name if by_group.nunique().min() > 1 else None


class Compared(Protocol):
    """What compares the groups of a segment, such as the result of `pooled_gaps`."""

    @property
    def segment(self) -> str:
        """The column."""


def branches_invariance(
    responses: Responses,
    compared: Compared | None,
    *,
    besides: Sequence[InvarianceResult | None] = (),
    battery: str | None = None,
    confidence_level: float = 0.95,
) -> InvarianceResult | None:
    """Ask whether the many groups of a study, its branches, are measured alike.

    Parameters
    ----------
    responses : Responses
    compared : PooledGapsResult or None
        Whose groups are looked at; None for none.
    besides : sequence of InvarianceResult or None
        Looked at already, and so not looked at again.
    battery : str, optional
        Not needed when the codebook has one.
    confidence_level : float

    Returns
    -------
    InvarianceResult or None
        Of `measurement_invariance` where groups are large enough to hold at least half of the
        respondents; else of `level_invariance`, which needs few in each. None where nothing is
        compared, or it was looked at already.

    Raises
    ------
    CxError
        An unknown battery.
    """
    looked_at = [one.group for one in besides if one is not None]
    if compared is None or compared.segment in looked_at:
        return None
    asked: dict[str, Any] = {
        "group": compared.segment, "battery": battery, "confidence_level": confidence_level
    }  # fmt: skip
    clusters = _clusters(responses, compared.segment)
    full = measurement_invariance(responses, clusters=clusters, **asked)
    if len(full.names) > 1 and full.n >= 0.5 * full.n_asked:
        return full
    try:
        return level_invariance(responses, **asked)
    except EstimationError:
        return full


def study_distinctness(
    responses: Responses,
    *,
    battery: str | None = None,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> DistinctnessResult | None:
    """Ask whether a study's dimensions are distinct; where it cannot be asked, say why.

    Parameters
    ----------
    responses : Responses
    battery : str, optional
        Not needed when the codebook has one.
    confidence_level : float
    seed : int

    Returns
    -------
    DistinctnessResult or None
        See `distinct_dimensions`. None for a battery of one dimension: there is nothing to
        tell apart. Where the answers are too few or do not vary, verdict ``"unclear"``, tables
        without rows, and the reason ``"few_respondents:12"`` or ``"constant"``.

    Raises
    ------
    CxError
        An unknown battery or an option out of range.

    Notes
    -----
    `distinct_dimensions` raises where this returns a reason; a report goes on with the rest.

    References
    ----------
    Rönkkö, M., & Cho, E. (2022). An updated guideline for assessing discriminant validity.
    Organizational Research Methods 25, 6–47. https://doi.org/10.1177/1094428120968614

    Henseler, J., Ringle, C. M., & Sarstedt, M. (2015). A new criterion for assessing
    discriminant validity in variance-based structural equation modeling. Journal of the Academy
    of Marketing Science 43, 115–135. https://doi.org/10.1007/s11747-014-0403-8

    Rodriguez, A., Reise, S. P., & Haviland, M. G. (2016). Evaluating bifactor models:
    Calculating and interpreting statistical indices. Psychological Methods 21, 137–150.
    https://doi.org/10.1037/met0000045
    """
    chosen = responses.battery(battery)
    if len(chosen.scales) < 2:
        return None
    try:
        return distinct_dimensions(
            responses, battery=battery, confidence_level=confidence_level, seed=seed
        )
    except (ResponseError, EstimationError) as error:
        columns = chosen.columns("perception")
        complete = int(responses.frame[columns].notna().all(axis=1).sum())
        constant = isinstance(error, EstimationError)
        return _undecided(
            {scale.name: (scale.label, len(scale.items)) for scale in chosen.scales},
            "constant" if constant else f"few_respondents:{complete}",
            battery=chosen.name,
            n=complete,
            n_asked=responses.n,
            confidence_level=float(confidence_level),
            seed=seed,
        )


def _undecided(
    scales: dict[str, tuple[str, int]],
    reason: str,
    *,
    battery: str,
    n: int,
    n_asked: int,
    confidence_level: float,
    seed: int,
) -> DistinctnessResult:
    """Return a verdict without models: their tables have columns and no rows."""
    pairs = ("term", "group", "estimate", "std_error", "conf_low", "conf_high", "n", "htmt",
             "htmt_low", "htmt_high", "htmt2", "smaller_root_ave", "fornell_larcker",
             "verdict")  # fmt: skip
    models = ("term", "statistic", "df", "p_value", "n", "cfi", "tli", "rmsea", "rmsea_low",
              "rmsea_high", "srmr", "bic", "status")  # fmt: skip
    undefined = np.full(len(scales), np.nan)
    return DistinctnessResult(
        estimates=table_of({name: [] for name in pairs}),
        models=table_of({name: [] for name in models}),
        scales=table_of(
            {
                "term": np.array(list(scales), dtype=object),
                "label": np.array([label for label, _ in scales.values()], dtype=object),
                "items": np.array([count for _, count in scales.values()], dtype=float),
                **dict.fromkeys(("omega", "ave", "omega_specific"), undefined),
                "congruent": np.full(len(scales), "", dtype=object),
                "congruence": undefined,
            }
        ),
        empirical=table_of(
            {name: [] for name in ("term", "group", "estimate", "n", "intended")}
        ),
        congruence=table_of({name: [] for name in ("term", "group", "estimate")}),
        empirical_factors=0,
        verdict="unclear",
        reasons=(reason,),
        groups=(),
        omega_hierarchical=np.nan,
        ecv=np.nan,
        battery=battery,
        part="perception",
        estimator="mlr",
        cutoff=0.85,
        n_boot=500,
        n=n,
        n_asked=n_asked,
        confidence_level=confidence_level,
        seed=seed,
        notes=(),
    )
