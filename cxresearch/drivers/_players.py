"""Who shares R²: drivers, whole factors, groups, interactions after their main effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxresearch._subsets import (
    Allocation,
    merged_allocation,
    ordered_allocation,
    owen_allocation,
)
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_names
from cxresearch.drivers._model_data import ModelData
from cxresearch.errors import CxError

MAX_UNION = 16
"""Exact Owen values: members of the largest union plus number of unions."""

Groups = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Players:
    """The players of the game whose worth is R².

    Attributes
    ----------
    names : tuple of str, length p
        Driver, interaction or group.
    columns : tuple of tuples of int
        Columns of the model that each player brings.
    controls : tuple of int
        Columns that are always in.
    groups : tuple of str, length p
        Group of the player in a decomposition inside groups, ``""`` where there is none.
    unions : tuple of tuples of int
        Partition of the players that enter one after another (Owen); empty otherwise.
    after : tuple of tuples of int
        Players that must be in before each one (the main effects of an interaction).
    """

    names: tuple[str, ...]
    columns: tuple[tuple[int, ...], ...]
    controls: tuple[int, ...]
    groups: tuple[str, ...]
    unions: tuple[tuple[int, ...], ...]
    after: tuple[tuple[int, ...], ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Columns of each player."""
        return tuple(len(columns) for columns in self.columns)

    @property
    def ordered(self) -> bool:
        """Whether some players must come after others."""
        return any(self.after)

    @property
    def may_enter_first(self) -> BoolArray:
        """Players that need no other."""
        return np.array([not needs for needs in self.after])

    @property
    def may_enter_last(self) -> BoolArray:
        """Players that no other needs."""
        needed = {player for needs in self.after for player in needs}
        return np.array([player not in needed for player in range(len(self.names))])

    @property
    def single(self) -> bool:
        """Whether each player is one column, free to enter at any place."""
        return max(self.sizes) == 1 and not self.ordered


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PointShares:
    """Shares in the sample, arrays of shape (p,).

    Attributes
    ----------
    shares, adjusted : ndarray
        Shares of R², and of adjusted R² (nan where that is not defined).
    mc_error : ndarray
        Monte-Carlo standard error; 0 where all subsets were visited.
    first, last : ndarray
        What each player adds to the controls alone, and to everything else (nan where an
        interaction, or what it needs, cannot enter there).
    slopes : ndarray
        Coefficient in the full model, units of the data; nan for players of several columns.
    unstable : ndarray of bool
        The mean coefficient over models of the same size changes sign with the size.
    worth, worth_of_controls : float
        R² of all drivers and controls; of the controls alone.
    adjusted_worth : float
    """

    shares: FloatArray
    adjusted: FloatArray
    mc_error: FloatArray
    first: FloatArray
    last: FloatArray
    slopes: FloatArray
    unstable: BoolArray
    worth: float
    worth_of_controls: float
    adjusted_worth: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Draws:
    """Replicates.

    Attributes
    ----------
    shares, slopes : ndarray, shape (B, p)
        Slopes are nan for players of several columns.
    controls : ndarray, shape (B,)
        R² of the controls alone.
    """

    shares: FloatArray
    controls: FloatArray
    slopes: FloatArray


def players_from(data: ModelData, *, groups: Groups | None, method: str) -> Players:
    """Return the players of a prepared model.

    Raises
    ------
    CxError
        A group is empty or unknown, a driver is in two, groups meet interactions, or ``"owen"``
        is asked for without groups.
    """
    known = set(data.levels) | {term for term in data.x.terms if ":" not in term}
    after = [_main_effects(term, data.drivers, known) for term in data.drivers]
    for term in data.controls:
        free = _main_effects(term, data.drivers, known)
        if free:
            raise CxError(
                f"control {term!r} is an interaction of driver {data.drivers[free[0]]!r}; what "
                "is always in has its main effects always in: make both controls, or drivers"
            )
    if groups is None:
        if method == "owen":
            raise CxError(
                "method 'owen' shares R² out inside groups; name them with groups={...}"
            )
        return _plain(data, tuple(after))
    _check_groups(groups, data.drivers, ordered=any(after))
    grouped = {driver: name for name, members in groups.items() for driver in members}
    labels = [grouped.get(driver, driver) for driver in data.drivers]
    order = list(dict.fromkeys(labels))
    if method != "owen":
        return _merged(data, labels, order)
    unions = [tuple(i for i, label in enumerate(labels) if label == name) for name in order]
    return Players(
        names=data.drivers,
        columns=tuple(_columns_of(data, [driver]) for driver in data.drivers),
        controls=_columns_of(data, data.controls),
        groups=tuple(grouped.get(driver, "") for driver in data.drivers),
        unions=tuple(unions),
        after=tuple(() for _ in data.drivers),
    )


def _plain(data: ModelData, after: tuple[tuple[int, ...], ...]) -> Players:
    return Players(
        names=data.drivers,
        columns=tuple(_columns_of(data, [driver]) for driver in data.drivers),
        controls=_columns_of(data, data.controls),
        groups=tuple("" for _ in data.drivers),
        unions=(),
        after=after,
    )


def _merged(data: ModelData, labels: Sequence[str], order: Sequence[str]) -> Players:
    members = [
        [driver for driver, label in zip(data.drivers, labels, strict=True) if label == name]
        for name in order
    ]
    return Players(
        names=tuple(order),
        columns=tuple(_columns_of(data, group) for group in members),
        controls=_columns_of(data, data.controls),
        groups=tuple("" for _ in order),
        unions=(),
        after=tuple(() for _ in order),
    )


def _columns_of(data: ModelData, terms: Sequence[str]) -> tuple[int, ...]:
    return tuple(i for i, term in enumerate(data.x.terms) if term in terms)


def _main_effects(term: str, drivers: Sequence[str], known: set[str]) -> tuple[int, ...]:
    if term in known or ":" not in term:
        return ()
    return tuple(drivers.index(part) for part in term.split(":") if part in drivers)


def _check_groups(groups: Groups, drivers: Sequence[str], *, ordered: bool) -> None:
    if ordered:
        raise CxError(
            "groups and interactions cannot be combined: an interaction enters after its main "
            "effects, a group enters at once"
        )
    seen: dict[str, str] = {}
    for name, members in groups.items():
        listed = check_names(f"groups[{name!r}]", members, drivers, of="drivers")
        if not listed:
            raise CxError(f"groups[{name!r}] is empty; name at least one driver")
        for driver in listed:
            if driver in seen:
                raise CxError(f"driver {driver!r} is in groups {seen[driver]!r} and {name!r}")
            seen[driver] = name
    clash = [name for name in groups if name in drivers and seen.get(name) != name]
    if clash:
        raise CxError(f"groups: {clash} are names of drivers too; call the groups otherwise")


def exact_allocation(players: Players) -> Allocation | None:
    """Return the rule over subsets, or None where plain Shapley over all subsets is meant.

    The caller has made sure with `is_exact` that the subsets are few enough.
    """
    if players.ordered:
        return ordered_allocation(players.after)
    return owen_allocation(players.unions) if players.unions else None


def is_exact(players: Players, limit: int) -> bool:
    """Return whether all subsets can be visited."""
    if len(players.names) > limit:
        if players.ordered:
            raise CxError(
                f"interactions are possible with at most {limit} terms; there are "
                f"{len(players.names)}"
            )
        return False
    widest = max((len(union) + len(players.unions) - 1 for union in players.unions), default=0)
    return widest <= MAX_UNION


def draw_orders(players: Players, pairs: int, rng: np.random.Generator) -> IntArray:
    """Draw orders of the players in antithetic pairs: each is followed by its reverse.

    Where there are unions, their members stay together. A pair has a smaller Monte-Carlo error
    than two independent orders: who comes early in one comes late in the other.

    Returns
    -------
    ndarray of int, shape (2 · pairs, p)
    """
    p = len(players.names)
    if players.unions:
        drawn = np.empty((pairs, p), dtype=np.int64)
        for order in drawn:
            order[:] = _order_of_unions(players.unions, rng)
    else:
        drawn = rng.permuted(np.tile(np.arange(p), (pairs, 1)), axis=1)
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(2 * pairs, p)


def _order_of_unions(unions: Sequence[Sequence[int]], rng: np.random.Generator) -> IntArray:
    parts = [rng.permutation(np.array(unions[u])) for u in rng.permutation(len(unions))]
    return np.concatenate(parts)


def orders_allocation(orders: IntArray) -> Allocation:
    """Return the rule that averages what each player adds along the given orders (M, p)."""
    count, players = orders.shape
    prefixes = prefixes_of(orders)
    masks = np.concatenate([prefixes[:, 1:].ravel(), prefixes[:, :-1].ravel()])
    coefficients = np.zeros((players, len(masks)))
    place = np.arange(orders.size)
    coefficients[orders.ravel(), place] = 1 / count
    coefficients[orders.ravel(), place + orders.size] = -1 / count
    return merged_allocation(masks, coefficients)


def prefixes_of(orders: IntArray) -> IntArray:
    """Return the subset in the model before each entry and at the end, shape (M, p + 1)."""
    entered = np.cumsum(np.left_shift(1, orders), axis=1)
    return np.column_stack([np.zeros(len(orders), dtype=np.int64), entered])


def pair_error(gains: FloatArray) -> FloatArray:
    """Return the Monte-Carlo standard error of mean gains (orders, p) drawn in pairs."""
    means = (gains[0::2] + gains[1::2]) / 2
    if len(means) < 2:
        return np.full(gains.shape[1], np.nan)
    return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(len(means)))


def changes_sign(slopes: FloatArray) -> BoolArray:
    """Return which rows hold both positive and negative numbers; nan counts as neither."""
    return np.asarray((slopes > 0).any(axis=1) & (slopes < 0).any(axis=1))
