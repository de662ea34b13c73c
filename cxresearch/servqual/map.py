"""Where to act first: gaps against importance, with the uncertainty of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._validate import check_choice, check_count, check_fraction, check_share
from cxresearch.codebook.model import Battery
from cxresearch.errors import CxError
from cxresearch.responses.model import Responses
from cxresearch.results import Result, in_tidy_order
from cxresearch.servqual._battery import check_battery
from cxresearch.servqual._data import Weighted, gap_data
from cxresearch.servqual._design import UseDesign
from cxresearch.servqual._map_points import (
    drawn_maps,
    map_estimates,
    map_factors,
    map_points,
    map_positions,
)
from cxresearch.servqual._outcome import find_outcome, first_outcome

IMPORTANCE = ("auto", "stated", "derived", "both")
SCORES = ("perception", "gap")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GapMapResult(Result):
    """Gaps against importance, with the probability of each quadrant.

    Attributes
    ----------
    estimates : pandas.DataFrame
        Rows for each dimension: term, group (``"gap"``, ``"stated"``, ``"derived"``), estimate
        (gap in response-scale units; importance as a share, summing to 1 over the dimensions),
        std_error, conf_low, conf_high (bootstrap percentiles), n, label.
    positions : pandas.DataFrame
        One row for each kind of importance and dimension: importance, term, label, gap, share,
        quadrant (``concentrate``: wide shortfall and important; ``keep_up``: important, no wide
        shortfall; ``low_priority``: wide shortfall, not important; ``possible_overkill``:
        neither), prob_<quadrant>, decided (the probability of its quadrant reaches `decision`),
        priority (share times shortfall, 0 without one), p_first (probability of the highest
        priority), ellipse_major, ellipse_minor, ellipse_angle, ellipse_covariance.
    crosshair : pandas.DataFrame
        One row for each kind of importance: importance, gap, share (where the lines stand), n.
    cuts : str
        ``"mean"``, ``"median"`` (over the dimensions, anew in each resample) or ``"given"``.
    outcome, outcome_label : str
        Of the derived importance; ``""`` without.
    scores : str
        What the outcome was explained by: ``"perception"`` or ``"gap"``.
    r2 : float
        Share of the outcome's variance explained; nan without.
    battery : str
    n : int
    scale_low, scale_high : float
    decision : float
    replicates, seed : int
    confidence_level : float
    min_answered : float
    weighted : bool
    strata, clusters : str
    notes : tuple of str
    """

    estimates: pd.DataFrame
    positions: pd.DataFrame
    crosshair: pd.DataFrame
    cuts: str
    outcome: str
    outcome_label: str
    scores: str
    r2: float
    battery: str
    n: int
    scale_low: float
    scale_high: float
    decision: float
    replicates: int
    seed: int
    confidence_level: float
    min_answered: float
    weighted: bool
    strata: str
    clusters: str
    notes: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of importance on the map."""
        return tuple(self.crosshair["importance"])

    def tidy(self) -> pd.DataFrame:
        """One row a dimension and quantity."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: how many dimensions have a decided place."""
        decided = self.positions["decided"].sum()
        return pd.DataFrame(
            [
                {
                    "n": self.n, "dimensions": int(self.positions["term"].nunique()),
                    "importance": ", ".join(self.kinds), "outcome": self.outcome,
                    "r2": self.r2, "cuts": self.cuts, "decided": int(decided),
                    "replicates": self.replicates, "weighted": self.weighted,
                }
            ]
        )  # fmt: skip


def gap_map(  # noqa: PLR0913 - two axes, a cross-hair and a survey design
    responses: Responses,
    *,
    battery: str | None = None,
    importance: str = "auto",
    outcome: str | None = None,
    scores: str = "perception",
    cuts: str | Sequence[float] = "mean",
    decision: float = 0.8,
    replicates: int = 1000,
    seed: int = 1,
    confidence_level: float = 0.95,
    min_answered: float = 0.5,
    weighted: Weighted = "auto",
    design: UseDesign = "auto",
) -> GapMapResult | None:
    r"""Place dimensions by gap and importance, and say how sure the place is.

    Parameters
    ----------
    responses : Responses
    battery, min_answered, weighted, design
        As in `servqual_gaps`.
    importance : {"auto", "stated", "derived", "both"}
        *Stated*: mean share of the 100 points respondents divided. *Derived*: Shapley (LMG)
        shares of R² of the outcome on the dimensions, as parts of their sum. ``"auto"``: what
        the study has.
    outcome : str, optional
        Column of role outcome; the first one when not given.
    scores : {"perception", "gap"}
        What explains the outcome.
    cuts : {"mean", "median"} or (gap, share)
        Where the cross-hair stands: over the dimensions, or two fixed values.
    decision : float
        Probability from which a quadrant is called decided.
    replicates, seed : int
        Bootstrap of respondents, or of clusters within strata.
    confidence_level : float
        Of intervals and ellipses.

    Returns
    -------
    GapMapResult or None
        None with ``importance="auto"`` where there are neither points nor an outcome, or fewer
        than two dimensions.

    Raises
    ------
    CxError
        The importance asked for cannot be had, an unknown option.
    ResponseError
        Too few complete answers, an outcome or a dimension that does not vary.

    Notes
    -----
    Gaps and both importances come from the same resample, so that ellipses show how they vary
    together. Cut points that are means of the dimensions move with them: a dimension near the
    cross-hair has no quadrant of its own, and its probabilities say so. Derived importance is
    what the outcome goes along with, not what it is caused by; stated importance is what people
    say matters.

    Shares agree with ``relaimpo::calc.relimp(…, type = "lmg", rela = TRUE)``.

    References
    ----------
    Martilla, J. A., & James, J. C. (1977). Importance–performance analysis. Journal of
    Marketing 41, 77–79. https://doi.org/10.1177/002224297704100112
    """
    check_choice("importance", importance, IMPORTANCE)
    check_choice("scores", scores, SCORES)
    check_fraction("decision", decision)
    check_fraction("confidence_level", confidence_level)
    check_share("min_answered", min_answered)
    check_count("replicates", replicates, at_least=100)
    chosen = check_battery(responses.battery(battery))
    kinds = _kinds(responses, chosen, importance, outcome)
    if not _can_be_drawn(chosen, kinds, importance):
        return None
    data = gap_data(
        responses, chosen, min_answered=min_answered, weighted=weighted, design=design
    )
    told = (
        find_outcome(responses, outcome or first_outcome(responses))
        if ("derived" in kinds)
        else None
    )
    points = map_points(data, kinds, told, scores)
    factors = map_factors(data, int(replicates), int(seed))
    drawn = drawn_maps(points, factors)
    once = np.ones((1, len(points.gap)))
    found = {kind: points.shares(kind, once)[0] for kind in kinds}
    middle = points.gaps(once)[0]
    parts = [
        map_positions(
            chosen,
            kind,
            (middle, found[kind]),
            (drawn["gap"], drawn[kind]),
            cuts=cuts,
            decision=decision,
            confidence_level=confidence_level,
            n=points.count(kind),
        )
        for kind in kinds
    ]
    estimates = map_estimates(chosen, {"gap": middle, **found}, drawn, points, confidence_level)
    return GapMapResult(
        estimates=estimates,
        positions=pd.concat([part[0] for part in parts], ignore_index=True),
        crosshair=pd.DataFrame([part[1] for part in parts]),
        cuts=cuts if isinstance(cuts, str) else "given",
        outcome="" if told is None else told.name,
        outcome_label="" if told is None else told.label,
        scores=scores, r2=points.r2(), battery=chosen.name, n=int(data.analysed.sum()),
        scale_low=float(chosen.scale.low), scale_high=float(chosen.scale.high),
        decision=float(decision), replicates=int(replicates), seed=int(seed),
        confidence_level=float(confidence_level), min_answered=float(min_answered),
        weighted=data.weights is not None, strata=data.columns.strata,
        clusters=data.columns.clusters, notes=data.notes,
    )  # fmt: skip


def _can_be_drawn(chosen: Battery, kinds: Sequence[str], importance: str) -> bool:
    """Whether there are two dimensions and an importance; refuse where it was asked for."""
    if len(chosen.scales) > 1 and kinds:
        return True
    if importance == "auto":
        return False
    raise CxError(
        f"battery {chosen.name!r}: a map needs at least 2 dimensions"
        if kinds
        else f"importance={importance!r}: the battery has no importance points"
    )


def _kinds(
    responses: Responses, battery: Battery, importance: str, outcome: str | None
) -> tuple[str, ...]:
    has_outcome = outcome is not None or first_outcome(responses) is not None
    if importance in ("derived", "both") and not has_outcome:
        raise CxError(
            f"importance={importance!r}: the codebook names no column of role outcome; give "
            "the overall rating that role, or use importance='stated'"
        )
    if importance == "both" and not battery.points:
        raise CxError(
            f"importance='both': battery {battery.name!r} has no importance points; use "
            "importance='derived'"
        )
    stated = bool(battery.points) and importance in ("auto", "stated", "both")
    derived = has_outcome and importance in ("auto", "derived", "both")
    return (*(("stated",) if stated else ()), *(("derived",) if derived else ()))
