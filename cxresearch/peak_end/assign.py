"""Assignment lists: who meets which condition, drawn before the study and kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._validate import check_choice, check_count, check_names
from cxresearch.errors import CxError

Assignment = Literal["simple", "blocked", "counterbalanced"]
ASSIGNMENTS: tuple[Assignment, ...] = ("simple", "blocked", "counterbalanced")
_LARGEST_BLOCK = 60


def assign_conditions(
    participants: Sequence[str],
    conditions: Sequence[str],
    *,
    method: Assignment = "blocked",
    ratio: Mapping[str, float] | None = None,
    strata: Mapping[str, str] | None = None,
    seed: int,
) -> pd.DataFrame:
    """Draw an assignment list.

    - *simple*: every participant independently, conditions as likely as their parts in `ratio`;
    - *blocked*: in blocks that hold every condition once or twice its part in `ratio`,
      shuffled; block sizes vary so that the last of a block cannot be guessed;
    - *counterbalanced*: everybody meets all conditions, in orders of a Latin square in which
      every condition follows every other equally often (its mirror added for odd numbers);
      `ratio` says how many begin with each condition.

    Parameters
    ----------
    participants : sequence of str
        In order of arrival, each once.
    conditions : sequence of str
        Two or more, each once.
    method : {"simple", "blocked", "counterbalanced"}
    ratio : mapping of str to float, optional
        Condition → its part, as in ``{"plain": 2, "warm": 1}``; equal parts by default. What
        `sample_ratio` takes, so that people are tested against the ratio they were drawn with.
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
        Names occur twice, fewer than two conditions, a participant without a stratum; parts
        that are missing, not above 0, or make blocks of more than 60 people.

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
    >>> uneven = assign_conditions(people[:6], ["plain", "warm"], ratio={"plain": 2, "warm": 1},
    ...                            seed=1)
    >>> uneven["condition"].value_counts().to_dict()
    {'plain': 4, 'warm': 2}
    """
    check_choice("method", method, ASSIGNMENTS)
    check_count("seed", seed)
    for name, values in (("participants", participants), ("conditions", conditions)):
        if len(set(values)) < len(values):
            raise CxError(f"{name}: every name is allowed once")
    if len(conditions) < 2:
        raise CxError(f"conditions: at least 2 are needed; got {list(conditions)}")
    parts = _parts(conditions, ratio, method)
    known = dict.fromkeys(participants, "") if strata is None else dict(strata)
    without = [person for person in participants if person not in known]
    if without:
        raise CxError(f"strata: no stratum for {without[:5]}")
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[int]] = {}
    for stratum in sorted({known[person] for person in participants}):
        people = [person for person in participants if known[person] == stratum]
        orders = _orders(len(people), parts, method, rng)
        drawn |= dict(zip(people, orders, strict=True))
    rows = [
        (person, known[person], period, conditions[k])
        for person in participants
        for period, k in enumerate(drawn[person], start=1)
    ]
    return pd.DataFrame(rows, columns=["participant", "stratum", "period", "condition"])


def _parts(
    conditions: Sequence[str], ratio: Mapping[str, float] | None, method: Assignment
) -> list[Fraction]:
    """Return the part of each condition as whole numbers without a common factor."""
    if ratio is None:
        return [Fraction(1)] * len(conditions)
    check_names("ratio", list(ratio), conditions, of="conditions")
    without = [name for name in conditions if name not in ratio]
    if without:
        raise CxError(f"ratio: no part for {without}")
    wrong = {k: part for k, part in ratio.items() if not (math.isfinite(part) and part > 0)}
    if wrong:
        raise CxError(f"ratio: every part must be above 0; got {wrong}")
    exact = [Fraction(ratio[name]).limit_denominator(1000) for name in conditions]
    unit = Fraction(
        math.gcd(*(part.numerator for part in exact)),
        math.lcm(*(part.denominator for part in exact)),
    )
    parts = [part / unit for part in exact]
    if method != "simple" and sum(parts) > _LARGEST_BLOCK:
        told = " : ".join(str(part) for part in parts)
        raise CxError(
            f"ratio {told} makes blocks of {sum(parts)} people, at most {_LARGEST_BLOCK} are "
            "possible; round it, or draw with method simple"
        )
    return parts


def _orders(
    people: int, parts: list[Fraction], method: Assignment, rng: np.random.Generator
) -> list[list[int]]:
    """Return the conditions each person meets, in order."""
    count = len(parts)
    if method == "simple":
        if len(set(parts)) == 1:
            return [[int(k)] for k in rng.integers(0, count, people)]
        shares = [float(part / sum(parts)) for part in parts]
        return [[int(k)] for k in rng.choice(count, people, p=shares)]
    sizes = [int(part) for part in parts]
    if method == "blocked":
        block = np.repeat(np.arange(count), sizes)
        drawn: list[int] = []
        while len(drawn) < people:
            drawn += [int(k) for k in rng.permutation(np.tile(block, int(rng.integers(1, 3))))]
        return [[k] for k in drawn[:people]]
    square = williams_square(count)
    every = [order for order in square for _ in range(sizes[order[0]])]
    orders: list[list[int]] = []
    while len(orders) < people:
        orders += [every[int(k)] for k in rng.permutation(len(every))]
    return orders[:people]


def williams_square(count: int) -> list[list[int]]:
    """Return orders in which every condition follows every other equally often."""
    zigzag = [(k + 1) // 2 if k % 2 else (count - k // 2) % count for k in range(count)]
    rows = [[(start + step) % count for step in zigzag] for start in range(count)]
    return rows if count % 2 == 0 else rows + [row[::-1] for row in rows]
