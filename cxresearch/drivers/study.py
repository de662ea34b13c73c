"""From a driver table to the analyses that need more of it than its columns."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cxresearch._resample import draw_indices
from cxresearch._types import PAdjust
from cxresearch._validate import check_choice, check_count
from cxresearch.drivers._game import Question, prepare_game, replicate
from cxresearch.drivers.map import ImportancePerformanceResult, importance_performance
from cxresearch.drivers.segments import SegmentImportanceResult, importance_by_segment
from cxresearch.drivers.table import DriverTable

TOP_TWO = 2


def driver_map(
    table: DriverTable,
    *,
    performance: Literal["mean", "top_two_box"] = "mean",
    n_boot: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> ImportancePerformanceResult:
    """Place the drivers of a table by importance and performance.

    Importance is the Shapley share of R² with touchpoints that were not used kept in
    (`DriverTable.with_not_used`); performance is the mean rating of those who rated, or the
    share of the two best answers. Each bootstrap replicate gives both, so that they vary
    together.

    Parameters
    ----------
    table : DriverTable
    performance : {"mean", "top_two_box"}
    n_boot : int
        Replicates, at least 20.
    confidence_level : float
    seed : int

    Returns
    -------
    ImportancePerformanceResult
        Importance in units of R².

    Raises
    ------
    CxError, ResponseError
        As in `driver_importance` and `importance_performance`.

    Notes
    -----
    The outcome is taken as a number, whatever its kind: the map needs one scale of importance.

    References
    ----------
    Martilla, J. A., & James, J. C. (1977). Importance-performance analysis. *Journal of
    Marketing, 41*, 77–79. doi:10.1177/002224297704100112
    """
    check_choice("performance", performance, ("mean", "top_two_box"))
    check_count("n_boot", n_boot, at_least=20)
    adjusted = table.with_not_used()
    question = Question(**adjusted.asked, strata=adjusted.strata, seed=seed)
    prepared = prepare_game(adjusted.frame, question)
    indices = draw_indices(prepared.units, n_boot, np.random.default_rng(seed))
    draws = replicate(prepared, n_boot=n_boot, indices=indices, seed=seed)
    shares = dict(zip(prepared.players.names, prepared.game.point().shares, strict=True))
    boxes = {name: table.limits[name][1] - TOP_TWO + 1 for name in table.drivers}
    return importance_performance(
        table.frame,
        importance={name: float(shares[name]) for name in table.drivers},
        importance_replicates=draws.shares,
        indices=indices,
        rows=prepared.data.rows,
        performance=performance,
        top_two_from=boxes if performance == "top_two_box" else None,
        weights=table.weights,
        clusters=table.clusters,
        strata=table.strata,
        seed=seed,
        confidence_level=confidence_level,
    )


def compare_importance(
    table: DriverTable,
    segment: str | None,
    *,
    min_cell: int = 50,
    p_adjust: PAdjust = "holm",
    confidence_level: float = 0.95,
    seed: int = 1,
) -> SegmentImportanceResult | None:
    """Share R² out among the drivers in every group of a segment column, or of the waves.

    Parameters
    ----------
    table : DriverTable
    segment : str or None
        Column of role segment, or ``"wave"``; None where nothing is to be compared.
    min_cell : int
        Groups with fewer complete respondents are not shown.
    p_adjust : {"holm", "bh", "none"}
    confidence_level : float
    seed : int

    Returns
    -------
    SegmentImportanceResult or None
        None without a segment.

    Raises
    ------
    CxError, ResponseError
        As in `importance_by_segment`.
    """
    if segment is None:
        return None
    whole = table.with_not_used()
    return importance_by_segment(
        whole.frame,
        **whole.asked,
        segment=segment,
        min_cell=min_cell,
        p_adjust=p_adjust,
        confidence_level=confidence_level,
        seed=seed,
    )
