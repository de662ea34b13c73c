"""Alpha and omega of every scale of a battery, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_choice, check_count, check_fraction
from cxresearch.codebook.model import Battery, Scale
from cxresearch.psychometrics._answers import table_of
from cxresearch.psychometrics._scale_coefficients import (
    ScaleCoefficients,
    coefficients_of,
    log_interval,
    replicated_covariances,
    replicates_of,
)
from cxresearch.psychometrics._scale_moments import ROUNDING, ScaleMoments, scale_moments
from cxresearch.psychometrics._scale_respondents import (
    Respondents,
    UseDesign,
    Weighted,
    scale_respondents,
)
from cxresearch.psychometrics.coefficient_alpha import feldt_interval
from cxresearch.psychometrics.items import MISSING_PAIRS, MissingPairs
from cxresearch.responses.model import Responses
from cxresearch.results import Result, in_tidy_order

GAP = "gap"
_BASIS = {"complete": "complete cases", "pairwise": "pairwise"}
_FEW = 0.01
_SEEN_IN_ROW = ("", "one_item", "two_items", "too_few", "constant")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScaleReliabilityResult(Result):
    """Alpha and omega of every scale, for each part of a battery.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row for each scale and part, see `scale_reliability`.
    n : int
        Respondents analysed; each row's own `n` is those its covariances rest on.
    battery : str
    confidence_level : float
    basis : str
        Respondents an alpha rests on: ``"complete cases"`` or ``"pairwise"``.
    notes : tuple of str
        Codes of what the analyst must know: ``"negative_item_rest:staff:perception:item_3"`` is
        an item that correlates negatively with the rest of its scale, often one that should
        have been reverse-keyed; ``"omega_undefined:staff:gap:heywood"`` (a negative residual
        variance; or ``not_converged``, ``not_positive_definite``);
        ``"replicates_failed:staff:gap:12"`` (of omega, where more than one in a hundred);
        ``"weight_missing:3"``, ``"weight_zero:3"``, ``"stratum_missing:3"``,
        ``"cluster_missing:3"`` (left out); ``"lonely_strata:2"`` (strata with a single unit,
        drawn together with others).
    interval : str
        Of raw alpha: ``"feldt"`` or ``"bootstrap"`` (with weights, strata or clusters).
    weights, strata, clusters : str
        Columns that were used; ``""`` for none.
    n_boot, seed : int
    """

    estimates: pd.DataFrame
    n: int
    battery: str
    confidence_level: float
    basis: str
    notes: tuple[str, ...]
    interval: str = "feldt"
    weights: str = ""
    strata: str = ""
    clusters: str = ""
    n_boot: int = 0
    seed: int = 1

    def tidy(self) -> pd.DataFrame:
        """One row a scale and part."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: the weakest scale."""
        rows = self.estimates
        return pd.DataFrame(
            {
                "battery": [self.battery],
                "n": [self.n],
                "scales": [rows["term"].nunique()],
                "parts": [rows["group"].nunique()],
                "lowest_alpha": [rows["estimate"].min()],
                "lowest_omega": [rows["omega"].min() if "omega" in rows else math.nan],
                "basis": [self.basis],
                "confidence_level": [self.confidence_level],
            }
        )


def scale_reliability(
    responses: Responses,
    *,
    battery: str | None = None,
    missing: MissingPairs = "complete",
    weighted: Weighted = "auto",
    design: UseDesign = "auto",
    n_boot: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> ScaleReliabilityResult:
    """Estimate alpha and omega of every scale, for each part and for the gap.

    ``α = k/(k − 1) · (1 − tr S / Σ S)``; ``ω = (Σλ)²/((Σλ)² + Σθ)`` with loadings λ and
    residual variances θ of one factor, fitted to the scale's own items by maximum likelihood.

    Parameters
    ----------
    responses : Responses
    battery : str, optional
        Name of the battery; not needed when the codebook has one.
    missing : {"complete", "pairwise"}
        Respondents who answered the whole scale in that part, or for each covariance all who
        answered both items.
    weighted : bool or "auto"
        Weigh the covariances by the codebook's column of role weight; ``"auto"`` where there is
        one.
    design : {"auto", "none"}
        Draw clusters within strata where the codebook has such columns.
    n_boot : int
        Replicates; 0 leaves out the intervals that need them.
    confidence_level : float
        Between 0 and 1.
    seed : int

    Returns
    -------
    ScaleReliabilityResult
        ``estimates`` has the columns ``term`` (scale), ``group`` (the part: ``expectation``,
        ``perception`` …, and ``gap`` where the battery has both), ``estimate`` (raw alpha, from
        covariances), ``conf_low``, ``conf_high``, ``n`` (respondents in the covariances:
        pairwise those with two answers or more), ``label``, ``alpha_standardized`` (from
        correlations) with ``standardized_low``, ``standardized_high``, ``omega`` (total,
        congeneric items) with ``omega_low``, ``omega_high``, ``items``, ``note`` (``""``,
        ``one_item``, ``too_few``, ``constant``: why there is no alpha), ``omega_note`` (also
        ``two_items``, ``heywood``, ``not_converged``, ``not_positive_definite``: why there is
        no omega).

    Raises
    ------
    CxError
        The battery is unknown or an option is not allowed.
    ResponseError
        Fewer than 2 respondents, a negative weight, or a cluster in two strata.

    Notes
    -----
    Raw alpha has Feldt's interval; it counts the respondents that are in the covariances, with
    ``"pairwise"`` those of the pair answered least: pingouin's ``nan_policy="listwise"`` and
    psych's ``use = "complete.obs"`` count all rows and are too narrow. With weights, strata or
    clusters, and for standardised alpha and omega always, the interval is from the bootstrap of
    respondents (clusters within strata, drawn with their weights), symmetric in
    ``log(1 − coefficient)``, with the t quantile of as many degrees of freedom as there are
    units less strata. A bootstrap of clusters needs some 20 or more of them.

    R: ``psych::alpha(na.omit(x))`` with ``psych::alpha.ci(alpha, n.obs, n.var)``, pairwise
    ``psych::alpha(x)``, weighted ``psych::alpha(cov.wt(x, w)$cov)``; omega
    ``semTools::compRelSEM(lavaan::cfa("f =~ x1 + x2 + x3", x, std.lv = TRUE), obs.var =
    FALSE)``, pairwise and weighted with ``sample.cov``.

    Measured by ``benchmarks/coverage_reliability.py`` on five seven-point items, 95% intervals
    of raw alpha, standardised alpha and omega (1,000 replicates each, Monte-Carlo error 0.7
    points): 96.6% (Feldt), 95.3% and 95.8% at n = 100, 95.8%, 95.3% and 95.6% at n = 400; piled
    up at the top 95.3%, 95.3% and 94.8%, and 95.6%, 95.8% and 95.7%; with case weights of .5, 1
    and 3 93.4%, 93.5% and 93.3%, and 95.1%, 95.2% and 94.8%; 20 clusters 93.7%, 93.6% and
    94.2%, and 92.0%, 92.4% and 92.1%.

    Alpha assumes that the items measure one thing, equally well, and omega that they measure
    one thing; neither shows it. Alpha or omega of a gap is not the reliability of the gap that
    Lord's formula gives.

    References
    ----------
    McDonald, R. P. (1999). *Test Theory: A Unified Treatment*. Erlbaum.

    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika
    16, 297–334. https://doi.org/10.1007/BF02310555

    Feldt, L. S. (1965). The approximate sampling distribution of Kuder-Richardson reliability
    coefficient twenty. Psychometrika 30, 357–370. https://doi.org/10.1007/BF02289499

    Kelley, K., & Pornprasertmanit, S. (2016). Confidence intervals for population reliability
    coefficients. Psychological Methods 21, 69–92. https://doi.org/10.1037/a0040086

    Examples
    --------
    >>> from cxresearch.codebook.model import Codebook, Item, ResponseScale
    >>> from cxresearch.responses.model import Flow
    >>> items = (Item(key=1, text="Polite"), Item(key=2, text="Quick"))
    >>> desk = Battery(
    ...     name="desk",
    ...     scale=ResponseScale(name="agree7", low=1, high=7),
    ...     parts={"perception": "P{item}"},
    ...     scales=(Scale(name="staff", label="Staff", items=items),),
    ... )
    >>> answers = pd.DataFrame({"P1": [2.0, 4.0, 6.0, 6.0], "P2": [3.0, 4.0, 7.0, 5.0]})
    >>> responses = Responses(
    ...     codebook=Codebook(survey="Desk", batteries=(desk,)),
    ...     frame=answers,
    ...     missing=answers.isna(),
    ...     quality=pd.DataFrame(),
    ...     flow=Flow(read=4),
    ...     sources=(),
    ... )
    >>> scale_reliability(responses).tidy()["estimate"].round(4).tolist()
    [0.9252]
    """
    check_fraction("confidence_level", confidence_level)
    check_choice("missing", missing, MISSING_PAIRS)
    check_count("n_boot", n_boot)
    chosen = responses.battery(battery)
    people = scale_respondents(responses, weighted=weighted, design=design)
    places = [
        (scale, part, scale_moments(answers, people.counts, pairwise=missing == "pairwise"))
        for scale in chosen.scales
        for part, answers in _parts(responses, chosen, scale, people)
    ]
    moments = [own for _, _, own in places]
    replicates = replicated_covariances(moments, people.units, n_boot=n_boot, seed=seed)
    rows: list[dict[str, object]] = []
    notes: list[str] = list(people.notes)
    for (scale, part, own), drawn in zip(places, replicates, strict=True):
        found = coefficients_of(own)
        again = replicates_of(drawn, found)
        name = f"{scale.name}:{part}"
        rows.append(
            {"term": scale.name, "group": part, "label": scale.label}
            | _row(own, found, again, people, confidence_level)
        )
        notes += _notes(name, scale, own, found, again)
    return ScaleReliabilityResult(
        estimates=_as_frame(rows),
        n=int(people.used.sum()),
        battery=chosen.name,
        confidence_level=float(confidence_level),
        basis=_BASIS[missing],
        notes=tuple(notes),
        interval="feldt" if people.simple else "bootstrap",
        weights=people.weights,
        strata=people.strata,
        clusters=people.clusters,
        n_boot=n_boot,
        seed=seed,
    )


def _parts(
    responses: Responses, battery: Battery, scale: Scale, people: Respondents
) -> Iterator[tuple[str, FloatArray]]:
    """Answers of a scale part by part, and the gap where it can be made."""
    answers: dict[str, FloatArray] = {
        part: responses.frame.loc[people.used, battery.columns(part, scale.name)].to_numpy(
            dtype=float
        )
        for part in battery.parts
    }
    yield from answers.items()
    if {"expectation", "perception"} <= answers.keys():
        yield GAP, answers["perception"] - answers["expectation"]


def _row(
    moments: ScaleMoments,
    found: ScaleCoefficients,
    replicates: FloatArray,
    people: Respondents,
    level: float,
) -> dict[str, Any]:
    df = people.units.count - int(people.units.stratum.max()) - 1
    ends = [
        log_interval(float(value), column, df=df, level=level)
        for value, column in zip(found.values, replicates.T, strict=True)
    ]
    alpha, standardized, omega = (float(value) for value in found.values)
    if people.simple:
        counted = int(moments.pairs.min())
        ends[0] = feldt_interval(alpha, n=counted, items=moments.items, confidence_level=level)
    undefined = "" if math.isfinite(alpha) else "constant"
    too_few = moments.pairs.min() < 2
    return {
        "estimate": alpha,
        "conf_low": ends[0][0],
        "conf_high": ends[0][1],
        "n": float(moments.n),
        "alpha_standardized": standardized,
        "standardized_low": ends[1][0],
        "standardized_high": ends[1][1],
        "omega": omega,
        "omega_low": ends[2][0],
        "omega_high": ends[2][1],
        "items": moments.items,
        "note": "one_item" if moments.items < 2 else "too_few" if too_few else undefined,
        "omega_note": found.omega_note,
    }


def _notes(
    name: str,
    scale: Scale,
    moments: ScaleMoments,
    found: ScaleCoefficients,
    replicates: FloatArray,
) -> Iterator[str]:
    for i in _items_against_the_rest(moments):
        yield f"negative_item_rest:{name}:{scale.items[i].term}"
    if found.omega_note not in _SEEN_IN_ROW:
        yield f"omega_undefined:{name}:{found.omega_note}"
    elif len(replicates) and math.isfinite(found.values[2]):
        failed = int(np.isnan(replicates[:, 2]).sum())
        if failed > _FEW * len(replicates):
            yield f"replicates_failed:{name}:{failed}"


def _items_against_the_rest(moments: ScaleMoments) -> list[int]:
    """Positions of items whose covariance with the sum of the others is negative."""
    if moments.items < 3 or moments.pairs.min() < 3:
        return []
    covariance = moments.covariance
    rest = covariance.sum(axis=0) - np.diag(covariance)
    return [int(i) for i in np.flatnonzero(rest < -ROUNDING * np.abs(covariance).max())]


def _as_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    order = [
        "term", "group", "estimate", "conf_low", "conf_high", "n", "label",
        "alpha_standardized", "standardized_low", "standardized_high", "omega", "omega_low",
        "omega_high", "items", "note", "omega_note",
    ]  # fmt: skip
    return table_of({name: [row[name] for row in rows] for name in order})
