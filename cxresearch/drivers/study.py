"""From a driver table to the analyses that need more of it than its columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from cxresearch._resample import draw_indices
from cxresearch._types import KANO_PARTS, PAdjust
from cxresearch._validate import check_choice, check_count
from cxresearch.codebook.model import Battery, Codebook
from cxresearch.drivers._game import Question, prepare_game, replicate
from cxresearch.drivers.importance import DriverImportanceResult, driver_importance
from cxresearch.drivers.kano import KanoResult, kano_classes
from cxresearch.drivers.map import ImportancePerformanceResult, importance_performance
from cxresearch.drivers.segments import SegmentImportanceResult, importance_by_segment
from cxresearch.drivers.table import DriverTable
from cxresearch.drivers.what_if import Lift, Scenario, Shift
from cxresearch.errors import CxError
from cxresearch.responses.model import Responses

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


def study_kano(
    responses: Responses,
    *,
    battery: str | None = None,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> KanoResult | None:
    r"""Classify the features that a survey asked Kano's pairs of questions about.

    Parameters
    ----------
    responses : Responses
    battery : str, optional
        Battery with the parts functional and dysfunctional; by default the only one.
    confidence_level : float
    seed : int

    Returns
    -------
    KanoResult or None
        None where no battery has both parts. Case weights are used where the codebook names
        them; clusters and strata are not.

    Raises
    ------
    CxError
        Several batteries have both parts and none is named, the one that is named has not, or
        its response scale is not 1 to 5 in whole numbers.
    ResponseError
        As in `kano_classes`.

    Notes
    -----
    Answers run from 1 like it to 5 dislike it; ``reverse_keyed`` turns items asked the other
    way round.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from cxresearch.codebook import load_codebook
    >>> from cxresearch.responses.load import load_responses
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "codebook.yaml").write_text(
    ...     "survey: Stays\nresponse_scales: {kano: {range: [1, 5]}}\n"
    ...     "batteries: {stay: {scale: kano, "
    ...     "parts: {functional: 'F{item}', dysfunctional: 'D{item}'}, "
    ...     "dimensions: {features: {1: Wireless internet}}}}\n"
    ... )
    >>> _ = (folder / "stays.csv").write_text("F1,D1\n" + "2,5\n" * 30 + "3,3\n" * 5)
    >>> codebook = load_codebook(folder / "codebook.yaml")
    >>> found = study_kano(load_responses({"": folder / "stays.csv"}, codebook))
    >>> found.labels, found.classes["class"].tolist()
    ({'item_1': 'Wireless internet'}, ['must_be'])
    """
    asked = _kano_battery(responses.codebook, battery)
    if asked is None:
        return None
    names = {item: item.key if isinstance(item.key, str) else item.term for item in asked.items}
    weights = responses.codebook.columns_with_role("weight")
    found = kano_classes(
        responses.frame,
        pairs={
            name: [asked.column(part, item) for part in KANO_PARTS]
            for item, name in names.items()
        },
        weights=weights[0].name if weights else None,
        confidence_level=confidence_level,
        seed=seed,
    )
    return replace(found, labels={name: item.text for item, name in names.items()})


def _kano_battery(codebook: Codebook, name: str | None) -> Battery | None:
    """Return the battery of Kano's pairs, checked; None where there is none."""
    paired = [b for b in codebook.batteries if set(KANO_PARTS) <= set(b.parts)]
    if name is not None:
        found = codebook.find_battery(name)
        if found not in paired:
            raise CxError(
                f"battery {name!r}: Kano's classes need the parts functional and "
                f"dysfunctional; the battery has {list(found.parts)}"
            )
    elif len(paired) > 1:
        raise CxError(
            f"name the battery: {[b.name for b in paired]} have the parts functional and "
            "dysfunctional"
        )
    elif paired:
        found = paired[0]
    else:
        return None
    scale = found.scale
    if (scale.low, scale.high, scale.whole) != (1, 5, True):
        raise CxError(
            f"battery {found.name!r}: Kano's classes need answers 1 (like it) to 5 "
            f"(dislike it) in whole numbers; its response scale {scale.name!r} goes from "
            f"{scale.low:g} to {scale.high:g}{'' if scale.whole else ', whole: false'}"
        )
    return found


def block_importance(
    table: DriverTable,
    *,
    n_boot: int = 1000,
    confidence_level: float = 0.95,
    seed: int = 1,
) -> DriverImportanceResult | None:
    """Share R² out among the blocks of drivers: the dimensions of the codebook.

    The drivers of a block enter together, so that its share does not depend on how many
    questions it was asked with.

    Parameters
    ----------
    table : DriverTable
    n_boot : int
    confidence_level : float
    seed : int

    Returns
    -------
    DriverImportanceResult or None
        One row a block; None where the drivers belong to one dimension.

    Raises
    ------
    CxError, ResponseError
        As in `driver_importance`.
    """
    if not table.blocks:
        return None
    whole = table.with_not_used()
    return driver_importance(
        whole.frame,
        **whole.asked,
        strata=whole.strata,
        groups=whole.blocks,
        kind=whole.outcome_kind,
        n_boot=n_boot,
        confidence_level=confidence_level,
        seed=seed,
    )


def usual_scenarios(table: DriverTable) -> list[Scenario]:
    """Return the usual questions: every driver half a point up, half of its low raters lifted.

    Low raters are lifted to the first rating that is not low (`DriverTable.low_ratings`).

    Parameters
    ----------
    table : DriverTable
    """
    shifts: list[Scenario] = [Shift(driver=name, by=0.5) for name in table.low_ratings]
    lifts = [
        Lift(driver=name, below=low, to=low + 1, share=0.5)
        for name, low in table.low_ratings.items()
    ]
    return [*shifts, *lifts]
