"""Importance by segment or wave: each one's own shares, and whether they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._partial_pooling import METHODS
from cxresearch._types import FloatArray, IntArray, PAdjust
from cxresearch._validate import check_choice, check_count, check_fraction, check_names
from cxresearch.drivers import _segment_tables as tables
from cxresearch.drivers._model_data import (
    Design,
    ModelData,
    prepare,
    read_design,
    refuse_weights_as_counts,
)
from cxresearch.drivers._model_errors import STD_ERRORS
from cxresearch.drivers._players import Groups, players_from
from cxresearch.drivers._segment_cells import Cells, cells_of
from cxresearch.drivers.importance import check_n_boot
from cxresearch.errors import CxError, ResponseError
from cxresearch.results import Result, in_tidy_order

POOLINGS = ("auto", "none", *METHODS)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SegmentImportanceResult(Result):
    """Driver importance by segment, and tests that it differs.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row a segment and driver: term, group (segment), estimate (Shapley share, R² units
        of the segment), std_error, conf_low, conf_high (bootstrap percentiles), n; percent of
        what the drivers explain with percent_low, percent_high; explained (share times variance
        of the outcome in the segment: squared units of the outcome, comparable where R² is
        not); coefficient (units of the data), sign, rank; pooled, pooled_std_error, pooled_low,
        pooled_high (share drawn towards the mean of the segments), own_weight (how much of it
        is the segment's own), pooled_percent, pooled_percent_low, pooled_percent_high; all
        pooled columns nan without pooling. suppressed: too few respondents, numbers nan.
    segments : pandas.DataFrame
        One row a segment: group, n, n_effective, r2, r2_low, r2_high, r2_adjusted, r2_controls,
        outcome_mean, outcome_variance, suppressed, note (``"fewer_than:50"``,
        ``"constant_or_copied_driver"`` or ``""``).
    tests : pandas.DataFrame
        One row a driver and measure: term, group (``"share"``, ``"percent"``: permutation of
        segment labels; ``"coefficient"``: F test that slopes are equal; term ``"all_drivers"``
        tests all slopes at once), statistic, df, df_denominator, p_value, p_adjusted (over the
        drivers, each measure a family of its own), n.
    differences : pandas.DataFrame
        One row a driver, measure (``"share"``, ``"percent"``) and pair of segments: term, group
        (``"A − B"``), estimate, std_error, p_value, p_adjusted (max-t over all drivers and
        pairs of a measure), conf_low, conf_high, n, measure, first, second, simultaneous_low,
        simultaneous_high.
    variation : pandas.DataFrame
        One row a driver and measure where pooled: term, group (measure), estimate (mean of the
        segments), std_error, statistic (Cochran's Q), df, n (segments), tau (standard deviation
        of the true values between segments).
    outcome, segment : str
    drivers, controls : tuple of str
    groups : dict
        Members of each group of drivers; empty without groups.
    n, n_asked : int
        Respondents of the segments shown; respondents in the frame.
    n_segments, n_suppressed : int
        Segments shown; segments left out.
    min_cell : int
    pooling : str
        ``"paule_mandel"``, ``"dersimonian_laird"`` or ``"none"``.
    std_errors : str
        Kind of standard error in the tests of coefficients.
    p_adjust : str
    n_boot, n_permutations : int
    exact : bool
        Replicates visited all subsets (else they followed fixed orders of entering).
    confidence_level : float
    weights, clusters : str
        Design columns, ``""`` where there are none.
    seed : int
    notes : tuple of str
        Codes: ``"rows_dropped:17"``, ``"differences_left_out:31"`` (more segments than pairs
        are made for), ``"coefficients_untested:…"``.
    """

    estimates: pd.DataFrame
    segments: pd.DataFrame
    tests: pd.DataFrame
    differences: pd.DataFrame
    variation: pd.DataFrame
    outcome: str
    segment: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    n: int
    n_asked: int
    n_segments: int
    n_suppressed: int
    min_cell: int
    pooling: str
    std_errors: str
    p_adjust: str
    n_boot: int
    n_permutations: int
    exact: bool
    confidence_level: float
    weights: str
    clusters: str
    seed: int
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        sums = self.estimates.groupby("group", sort=False)["estimate"].sum()
        known = self.segments[~self.segments["suppressed"]].set_index("group")
        gap = sums[known.index] - (known["r2"] - known["r2_controls"])
        if float(gap.abs().max()) > 1e-8:
            raise CxError("shares of a segment do not sum to the R² its drivers explain")

    def tidy(self) -> pd.DataFrame:
        """One row a segment and driver."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: sizes, options, and the smallest adjusted p of each measure."""
        names = (
            "outcome", "segment", "n", "n_asked", "n_segments", "n_suppressed", "pooling",
            "std_errors", "n_boot", "n_permutations",
        )  # fmt: skip
        row = {name: getattr(self, name) for name in names}
        smallest = {
            f"p_{measure}": float(part["p_adjusted"].min())
            for measure, part in self.tests.groupby("group", sort=False)
        }
        return pd.DataFrame([{**row, **smallest}])


def importance_by_segment(  # noqa: PLR0913 - one entrance, each option with a default
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    segment: str,
    controls: Sequence[str] = (),
    groups: Groups | None = None,
    weights: str | None = None,
    clusters: str | None = None,
    min_cell: int = 50,
    pooling: str = "auto",
    std_errors: str = "auto",
    p_adjust: PAdjust = "holm",
    n_boot: int = 500,
    n_permutations: int = 499,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> SegmentImportanceResult:
    r"""Share R² out among drivers in every segment or wave, and test whether it differs.

    In each segment g the Shapley shares of the segment's own covariance matrix,
    :math:`\sum_j \varphi_{gj} = R_g^2`. Nothing is standardised by segment before slopes are
    compared.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent. Rows with a missing answer, or no segment, are left out.
    outcome : str
        Column to explain, taken as a number.
    drivers, controls, groups, weights
        As in `driver_importance`.
    segment : str
        Column of the segment or wave; any values.
    clusters : str, optional
        Resampled whole; they may lie within segments or reach over them (the same hotels in two
        waves).
    min_cell : int
        Segments with fewer complete respondents (or fewer than columns of the model + 10) are
        suppressed.
    pooling : {"auto", "none", "paule_mandel", "dersimonian_laird", "reml"}
        Partial pooling; ``auto`` is Paule–Mandel from 5 segments on. Needs replicates.
    std_errors : str
        Of the slopes compared, as in `driver_model`.
    p_adjust : {"holm", "bh", "none"}
        Over the drivers of a measure.
    n_boot, n_permutations : int
        Replicates (0: no intervals, no differences) and permutations (0: none).
    confidence_level : float
    seed : int

    Returns
    -------
    SegmentImportanceResult

    Raises
    ------
    CxError
        A name or option is unknown.
    ResponseError
        No segment has enough respondents, or the data do not allow the model.

    Notes
    -----
    Three questions, three tests. ``coefficient``: does a point more of the driver go with the
    same change in the outcome everywhere? It does not react to segments that merely vary more
    or less. ``share`` and ``percent``: does the driver account for the same part of R², or of
    what is explained? Both also depend on how much drivers vary and correlate in the segment,
    and `share` on R² itself, so over waves `percent` is the one to read first. Labels are
    exchanged after centring every variable within its segment; the test is of equal
    covariances, as far as the driver's share shows, and exact but for the centring.
    ``differences`` assume nothing of the kind: each segment is resampled by itself. With equal
    shares in three segments some simultaneous interval of 12 leaves 0 out in 9 % of samples of
    100 a segment and in 6 % of 500 (5 % meant); the permutation tests in 4 %.

    Shares of small segments are too large, by about the number of drivers over n in all; the
    permutation test allows for it, the pooled shares do not.

    References
    ----------
    Good, P. I. (2005). *Permutation, Parametric and Bootstrap Tests of Hypotheses* (3rd ed.).
    Springer. https://doi.org/10.1007/b138696

    Chow, G. C. (1960). Tests of equality between sets of coefficients in two linear
    regressions. *Econometrica*, 28, 591–605. https://doi.org/10.2307/1910133

    DerSimonian, R., & Laird, N. (1986). Meta-analysis in clinical trials. *Controlled Clinical
    Trials*, 7, 177–188. https://doi.org/10.1016/0197-2456(86)90046-2

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(600, 2)), columns=["room", "staff"])
    >>> stay["trip"] = np.where(np.arange(600) < 300, "business", "leisure")
    >>> leisure = stay["trip"] == "leisure"
    >>> stay["overall"] = stay["room"] * np.where(leisure, 1.0, 0.2) + 0.5 * stay["staff"]
    >>> stay["overall"] += rng.normal(size=600)
    >>> found = importance_by_segment(
    ...     stay, outcome="overall", drivers=["room", "staff"], segment="trip", n_boot=100,
    ...     n_permutations=99,
    ... )
    >>> found.tidy()[["term", "group", "percent"]].round(0).values.tolist()[:2]
    [['room', 'business', 10.0], ['staff', 'business', 90.0]]
    >>> (found.tests.set_index(["term", "group"])["p_adjusted"] < 0.05).loc["room"].to_dict()
    {'share': True, 'percent': True, 'coefficient': True}
    """
    check_choice("pooling", pooling, POOLINGS)
    check_choice("std_errors", std_errors, STD_ERRORS)
    check_fraction("confidence_level", confidence_level)
    check_count("min_cell", min_cell, at_least=2)
    permutations = check_n_boot(n_permutations)
    count = check_n_boot(n_boot)
    cells, labels, reasons, counts = _cells(
        frame, outcome=outcome, drivers=drivers, segment=segment, controls=controls,
        groups=groups, min_cell=min_cell, seed=check_count("seed", seed),
        design=_design(frame, segment, weights, clusters, std_errors),
    )  # fmt: skip
    shown, data = len(cells.names), cells.data
    ask = tables.Ask(
        n_boot=count, n_permutations=permutations, std_errors=std_errors, p_adjust=p_adjust,
        pooling=_pooling(pooling, shown, count), confidence_level=confidence_level,
        seed=seed,
    )  # fmt: skip
    found = tables.segment_tables(cells, ask)
    every = tables.with_suppressed(found, labels, reasons, counts)
    dropped = len(frame) - int(counts.sum())
    return SegmentImportanceResult(
        estimates=every.estimates, segments=every.segments, tests=found.tests,
        differences=found.differences, variation=found.variation, outcome=outcome,
        segment=segment, drivers=data.drivers, controls=data.controls,
        groups={name: tuple(members) for name, members in (groups or {}).items()},
        n=data.n, n_asked=len(frame), n_segments=shown,
        n_suppressed=len(labels) - shown, min_cell=min_cell, pooling=ask.pooling,
        std_errors=found.std_errors, p_adjust=p_adjust, n_boot=count,
        n_permutations=permutations,
        exact=cells.visits_all(max(count, permutations + 1)), confidence_level=confidence_level,
        weights=weights or "", clusters=clusters or "", seed=seed,
        notes=(*((f"rows_dropped:{dropped}",) if dropped else ()), *found.notes),
    )  # fmt: skip


def _design(
    frame: pd.DataFrame, segment: str, weights: str | None, clusters: str | None, errors: str
) -> Design:
    check_names("segment", [segment], [str(name) for name in frame.columns], of="columns")
    named = frame[frame[segment].notna()]
    design = read_design(named, weights=weights, clusters=clusters)
    refuse_weights_as_counts(design, errors)
    return design


def _cells(  # noqa: PLR0913 - a model, its segments, its design
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    segment: str,
    controls: Sequence[str],
    groups: Groups | None,
    min_cell: int,
    design: Design,
    seed: int,
) -> tuple[Cells, list[str], list[str], IntArray]:
    """Cells shown; label of every segment, why it is not shown, and its respondents."""
    if segment in (outcome, *drivers, *controls):
        raise CxError(
            f"{segment!r} is the segment; it cannot be outcome, driver or control too"
        )
    named = frame[frame[segment].notna()]
    data = prepare(named, outcome=outcome, drivers=drivers, controls=controls, design=design)
    players = players_from(data, groups=groups, method="shapley")
    if players.ordered:
        raise CxError("segments already interact with every driver; leave interactions out")
    # Over all respondents, so that a segment nobody of which is complete is shown as left out.
    labels, everybody = _segments_of(named[segment])
    code = everybody[data.rows]
    reasons = _reasons(data, labels, code, min_cell)
    shown = [i for i, reason in enumerate(reasons) if not reason]
    if not shown:
        why = dict(zip(labels, reasons, strict=True))
        raise ResponseError(f"segment {segment!r}: no segment can be shown; {why}")
    recode = np.full(len(labels), -1, dtype=np.int64)
    recode[shown] = np.arange(len(shown))
    kept = [labels[i] for i in shown]
    cells = cells_of(data, players, recode[code], kept, seed=seed)
    return cells, labels, reasons, np.bincount(code, minlength=len(labels))


def _segments_of(column: pd.Series[Any]) -> tuple[list[str], IntArray]:
    """Labels in category order, or sorted, and the code of each respondent."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        kept = column.cat.remove_unused_categories()
        labels = [str(label) for label in kept.cat.categories]
        return labels, np.asarray(kept.cat.codes, dtype=np.int64)
    found, place = np.unique(column.to_numpy(), return_inverse=True)
    return [str(label) for label in found], np.asarray(place, dtype=np.int64)


def _reasons(
    data: ModelData, labels: Sequence[str], code: IntArray, min_cell: int
) -> list[str]:
    """Why each segment cannot be shown; ``""`` where it can."""
    needed = max(min_cell, data.x.values.shape[1] + 10)
    reasons = []
    for segment in range(len(labels)):
        inside = code == segment
        if inside.sum() < needed:
            reasons.append(f"fewer_than:{needed}")
        elif not _full_rank(data.x.values[inside], data.y[inside]):
            reasons.append("constant_or_copied_driver")
        else:
            reasons.append("")
    return reasons


def _full_rank(x: FloatArray, y: FloatArray) -> bool:
    spread = x.std(axis=0)
    if spread.min() <= 1e-12 * np.abs(x).max() or y.std() == 0:
        return False
    scaled = (x - x.mean(axis=0)) / spread
    return bool(np.linalg.matrix_rank(scaled, tol=1e-8 * np.sqrt(len(x))) == x.shape[1])


def _pooling(asked: str, segments: int, n_boot: int) -> str:
    if n_boot == 0 or segments < 2:
        return "none"
    if asked == "auto":
        return "paule_mandel" if segments >= 5 else "none"
    return asked
