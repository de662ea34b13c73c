"""The looks that a study of two conditions had planned, from its table of episodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._validate import check_choice, check_count, check_names
from cxresearch.errors import CxError
from cxresearch.peak_end.anytime import AlwaysValidResult, always_valid
from cxresearch.peak_end.looks import interim_looks
from cxresearch.peak_end.sequential import SequentialResult, sequential_test
from cxresearch.peak_end.spending import check_looks_planned
from cxresearch.peak_end.table import PeakEndTable

Stopping = Literal["obrien_fleming", "pocock", "always_valid"]
STOPPINGS: tuple[Stopping, ...] = ("obrien_fleming", "pocock", "always_valid")
SequentialEffect = SequentialResult | AlwaysValidResult


def sequential_effect(  # noqa: PLR0913 - each option is one decision of the plan
    table: PeakEndTable,
    *,
    looks: Sequence[float],
    planned_people: int = 0,
    stopping: Stopping = "obrien_fleming",
    tau: float = 0.0,
    arrival: str = "",
    finished: bool = False,
    sesoi: float = 0.0,
    confidence_level: float = 0.95,
) -> SequentialEffect | None:
    """Test the difference of two conditions at the looks that were planned.

    The outcome is a person's mean remembered rating; in a within design the difference of the
    person's means, second condition less first.

    Parameters
    ----------
    table : PeakEndTable
    looks : sequence of float
        Planned looks as shares of the planned people, increasing, e.g. ``[0.5, 1.0]``; none
        where no looks were planned.
    planned_people : int
        People planned with an outcome; 0 for those there are.
    stopping : {"obrien_fleming", "pocock", "always_valid"}
        How the plan keeps the error rate.
    tau : float
        Of `always_valid`: about the size of effect hoped for, rating units.
    arrival : str
        Column of the episodes by which people came; by default the order of the rows.
    finished : bool
        The study ended with fewer people than planned: all there are is the last look.
    sesoi : float
        Smallest effect of interest, rating units; 0 for none.
    confidence_level : float
        Between 0.5 and 1.

    Returns
    -------
    SequentialResult, AlwaysValidResult or None
        None without looks or without conditions.

    Raises
    ------
    CxError
        There are more than two conditions, an option is not allowed, or "always_valid" comes
        without `tau`.
    ResponseError
        Too few people at the first look.
    """
    check_choice("stopping", stopping, STOPPINGS)
    check_count("planned_people", planned_people)
    if not len(looks) or not table.conditions:
        return None
    shares = check_looks_planned(looks)
    if stopping == "always_valid" and not tau > 0:
        raise CxError("stopping 'always_valid' needs tau, about the size of effect hoped for")
    people = _people(table, arrival)
    planned = planned_people or len(people)
    at = [int(count) for count in np.unique(np.ceil(shares * planned - 1e-9))]
    if finished and len(people) < at[-1]:
        at = [*(count for count in at if count < len(people)), len(people)]
    seen = interim_looks(
        people,
        outcome="outcome",
        at=at,
        condition="" if table.design == "within" else "condition",
        order="arrival",
    )
    if stopping == "always_valid":
        return always_valid(
            seen, tau=tau, sesoi=sesoi or math.nan, confidence_level=confidence_level
        )
    return sequential_test(
        seen,
        planned_n=planned,
        finished=finished,
        spending=stopping,
        sesoi=sesoi or math.nan,
        confidence_level=confidence_level,
    )


def _people(table: PeakEndTable, arrival: str) -> pd.DataFrame:
    """Return outcome, condition and place of arrival, one row a person."""
    if len(table.conditions) != 2:
        raise CxError(
            f"looks compare two conditions; the study has {list(table.conditions)}. Plan the "
            "looks for one pair"
        )
    frame = table.frame
    if arrival:
        check_names("arrival", [arrival], [str(c) for c in frame.columns], of="columns")
    placed = frame.assign(
        arrival=frame[arrival] if arrival else np.arange(len(frame), dtype=float)
    )
    known = placed.dropna(subset=["retrospective", "condition", "arrival"])
    by = known.groupby("participant", sort=False)
    people = pd.DataFrame(
        {"arrival": by["arrival"].min(), "condition": by["condition"].first()}
    )
    if table.design == "within":
        means = known.pivot_table(
            index="participant", columns="condition", values="retrospective", observed=False
        )
        first, second = table.conditions
        people["outcome"] = means[second] - means[first]
        return people.dropna(subset=["outcome"]).reset_index(drop=True)
    people["outcome"] = by["retrospective"].mean()
    return people.reset_index(drop=True)
