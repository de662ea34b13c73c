"""Assignment lists: who meets which condition, drawn before the study and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._validate import check_choice, check_count
from cxresearch.errors import CxError

Assignment = Literal["simple", "blocked", "counterbalanced"]
ASSIGNMENTS: tuple[Assignment, ...] = ("simple", "blocked", "counterbalanced")


def assign_conditions(
    participants: Sequence[str],
    conditions: Sequence[str],
    *,
    method: Assignment = "blocked",
    strata: Mapping[str, str] | None = None,
    seed: int,
) -> pd.DataFrame:
    """Draw an assignment list.

    - *simple*: every participant independently, all conditions equally likely;
    - *blocked*: in blocks of one or two times the number of conditions, each with every
      condition equally often, shuffled; block sizes vary so that the last of a block cannot be
      guessed;
    - *counterbalanced*: everybody meets all conditions, in orders of a Latin square in which
      every condition follows every other equally often (its mirror added for odd numbers).

    Parameters
    ----------
    participants : sequence of str
        In order of arrival, each once.
    conditions : sequence of str
        Two or more, each once.
    method : {"simple", "blocked", "counterbalanced"}
    strata : mapping of str to str, optional
        Participant → stratum (site, segment): the list is drawn within each.
    seed : int
        Kept with the study: the list can be drawn again.

    Returns
    -------
    DataFrame
        participant, stratum, period (1, or 1 … conditions when counterbalanced), condition.

    Raises
    ------
    CxError
        Names occur twice, fewer than two conditions, or a participant without a stratum.

    References
    ----------
    Williams, E. J. (1949). Experimental designs balanced for the estimation of residual effects
    of treatments. Australian Journal of Scientific Research A 2, 149–168.
    https://doi.org/10.1071/CH9490149

    Examples
    --------
    >>> people = [f"p{k}" for k in range(8)]
    >>> table = assign_conditions(people, ["plain", "warm"], seed=1)
    >>> table["condition"].value_counts().tolist()
    [4, 4]
    """
    check_choice("method", method, ASSIGNMENTS)
    check_count("seed", seed)
    for name, values in (("participants", participants), ("conditions", conditions)):
        if len(set(values)) < len(values):
            raise CxError(f"{name}: every name is allowed once")
    if len(conditions) < 2:
        raise CxError(f"conditions: at least 2 are needed; got {list(conditions)}")
    known = dict.fromkeys(participants, "") if strata is None else dict(strata)
    without = [person for person in participants if person not in known]
    if without:
        raise CxError(f"strata: no stratum for {without[:5]}")
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[int]] = {}
    for stratum in sorted({known[person] for person in participants}):
        people = [person for person in participants if known[person] == stratum]
        orders = _orders(len(people), len(conditions), method, rng)
        drawn |= dict(zip(people, orders, strict=True))
    rows = [
        (person, known[person], period, conditions[k])
        for person in participants
        for period, k in enumerate(drawn[person], start=1)
    ]
    return pd.DataFrame(rows, columns=["participant", "stratum", "period", "condition"])


def _orders(
    people: int, count: int, method: Assignment, rng: np.random.Generator
) -> list[list[int]]:
    """Return the conditions each person meets, in order."""
    if method == "simple":
        return [[int(k)] for k in rng.integers(0, count, people)]
    if method == "blocked":
        drawn: list[int] = []
        while len(drawn) < people:
            block = np.tile(np.arange(count), int(rng.integers(1, 3)))
            drawn += [int(k) for k in rng.permutation(block)]
        return [[k] for k in drawn[:people]]
    square = williams_square(count)
    orders: list[list[int]] = []
    while len(orders) < people:
        orders += [square[int(k)] for k in rng.permutation(len(square))]
    return orders[:people]


def williams_square(count: int) -> list[list[int]]:
    """Return orders in which every condition follows every other equally often."""
    zigzag = [(k + 1) // 2 if k % 2 else (count - k // 2) % count for k in range(count)]
    rows = [[(start + step) % count for step in zigzag] for start in range(count)]
    return rows if count % 2 == 0 else rows + [row[::-1] for row in rows]
