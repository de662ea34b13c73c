"""R² of a linear model as a game: shares, replicates, influence values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cxresearch._matrix import (
    covariances_from_sums,
    effective_n,
    moment_sums,
    partial_out,
    standardized,
)
from cxresearch._resample import Units, influence_from, leave_one_out
from cxresearch._subsets import MAX_EXACT, Allocation, shapley_from_subsets, subset_r2
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.drivers._model_data import ModelData
from cxresearch.drivers._orders import (
    average_slopes_along,
    by_player,
    gains_along,
    mean_gains,
)
from cxresearch.drivers._players import (
    Draws,
    Players,
    PointShares,
    changes_sign,
    draw_orders,
    exact_allocation,
    is_exact,
    pair_error,
)
from cxresearch.drivers.shares import (
    adjusted_r2,
    adjusted_subsets,
    average_slopes,
    car_shares,
    first_shares,
    last_shares,
    pratt_shares,
    relative_weights,
    squared_betas,
)

CLOSED = {"relative_weight": relative_weights, "car": car_shares}
BUDGET = 2**27
"""Subsets times replicates that are visited one by one: some seconds."""
MAX_SLOPES = 16
"""Most drivers whose coefficients are averaged over all subsets; beyond, over drawn orders."""
FOLLOWED_PAIRS = 128
"""Pairs of orders that replicates follow where their subsets are too many."""
STEP = 1e-5
"""Step of the numerical derivative of shares by correlations; the error is of order 1e-10."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LinearGame:
    """A linear model whose R² is shared out.

    Attributes
    ----------
    players : Players
    method : str
        ``"shapley"``, ``"owen"``, ``"relative_weight"`` or ``"car"``.
    units : Units
    sums : ndarray, shape (U, k)
        Moment sums of each unit: controls, the players' columns, the outcome; standardised.
    scale : ndarray, shape (q,)
        Standard deviations of these variables, to hand coefficients back in the data's units.
    n_effective : float
    exact : bool
        All subsets are visited for the shares of the sample.
    orders : ndarray of int, shape (M, p)
        Orders drawn where they are not; else those that replicates follow.
    allocation : Allocation or None
        Rule over the subsets; None is the plain Shapley value.
    """

    players: Players
    method: str
    units: Units
    sums: FloatArray
    scale: FloatArray
    n_effective: float
    exact: bool
    orders: IntArray
    allocation: Allocation | None

    @property
    def variables(self) -> int:
        """Controls, columns of the players, and the outcome."""
        return len(self.scale)

    def covariance(self) -> FloatArray:
        """Return the correlations of the sample, shape (1, q, q)."""
        return covariances_from_sums(self.sums.sum(axis=0, keepdims=True), self.variables)

    def given_controls(self, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return matrices (B, m, m) given the controls, and the outcome's whole variance."""
        held = len(self.players.controls)
        rest = partial_out(covariance, range(held)) if held else covariance
        return rest[:, held:, held:], covariance[:, -1, -1]

    def subsets(self, covariance: FloatArray) -> FloatArray:
        """Return what each subset adds to the controls' R², shape (B, 2^p)."""
        rest, total = self.given_controls(covariance)
        return subset_r2(rest, blocks=self.players.sizes, total=total).r2

    def allocate(self, values: FloatArray) -> FloatArray:
        """Share the worth of all subsets (..., 2^p) out among the players."""
        if self.allocation is None:
            return shapley_from_subsets(values)
        return np.asarray(values[..., self.allocation.masks] @ self.allocation.coefficients.T)

    def visits_all(self, replicates: int) -> bool:
        """Return whether shares of that many matrices come without drawing orders."""
        closed = self.method in CLOSED
        return closed or (self.exact and replicates * 2 ** len(self.players.names) <= BUDGET)

    def shares(self, covariance: FloatArray, *, visit_all: bool = True) -> FloatArray:
        """Return shares (B, p) in R² units for each covariance matrix (B, q, q)."""
        if self.method in CLOSED:
            rest, total = self.given_controls(covariance)
            return np.asarray(CLOSED[self.method](rest, total=total))
        if not visit_all:
            return self._followed_shares(covariance)
        chunk = max(1, 2**18 >> len(self.players.names))
        shares = np.empty((len(covariance), len(self.players.names)))
        for start in range(0, len(covariance), chunk):
            part = slice(start, start + chunk)
            shares[part] = self.allocate(self.subsets(covariance[part]))
        return shares

    def _followed_shares(self, covariance: FloatArray) -> FloatArray:
        """Return the sample's shares plus the change along fixed orders.

        Sample and replicate walk the same orders, so the error of drawing them
        cancels in the difference.
        """
        rest, total = self.given_controls(np.concatenate([self.covariance(), covariance]))
        orders = self.orders[: 2 * FOLLOWED_PAIRS]
        means = mean_gains(rest, orders, sizes=self.players.sizes, total=total)
        return np.asarray(self._sample_shares() + means[1:] - means[0])

    def _sample_shares(self) -> FloatArray:
        if self.exact:
            return np.asarray(self.allocate(self.subsets(self.covariance()))[0])
        rest, total = self.given_controls(self.covariance())
        return np.asarray(
            mean_gains(rest, self.orders, sizes=self.players.sizes, total=total)[0]
        )

    def point(self) -> PointShares:
        """Return the shares in the sample."""
        rest, total = self.given_controls(self.covariance())
        controls = max(0.0, 1 - float(rest[0, -1, -1] / total[0]))
        if self.method in CLOSED:
            shares = self.shares(self.covariance())[0]
            adjusted, error = np.full_like(shares, np.nan), np.zeros_like(shares)
        elif self.exact:
            values = self.subsets(self.covariance())[0]
            held, sizes = len(self.players.controls), self.players.sizes
            corrected = adjusted_subsets(values + controls, sizes, self.n_effective, held)
            shares, adjusted = self.allocate(values), self.allocate(corrected)
            error = np.zeros_like(shares)
        else:
            shares, adjusted, error = self._sampled(rest[0], float(total[0]), controls)
        worth = controls + float(shares.sum())
        sizes = self.players.sizes
        first = first_shares(rest, blocks=sizes, total=total)[0]
        slopes = self.slopes(self.covariance())[0]
        return PointShares(
            shares=shares,
            adjusted=adjusted,
            mc_error=error,
            first=np.where(self.players.may_enter_first, first, np.nan),
            last=np.where(
                self.players.may_enter_last,
                last_shares(rest, blocks=sizes, total=total)[0],
                np.nan,
            ),
            slopes=slopes,
            unstable=self._unstable(rest[0], slopes),
            worth=worth,
            worth_of_controls=controls,
            adjusted_worth=float(
                adjusted_r2(np.array(worth), self.variables - 1, self.n_effective)
            ),
        )

    def _unstable(self, rest: FloatArray, slopes: FloatArray) -> BoolArray:
        if self.players.ordered:
            return np.zeros(len(slopes), dtype=bool)
        if len(slopes) <= MAX_SLOPES:
            return changes_sign(average_slopes(rest, blocks=self.players.sizes))
        if self.players.single:
            return changes_sign(average_slopes_along(rest, self.orders))
        starts = np.cumsum([0, *self.players.sizes[:-1]])
        return changes_sign(np.column_stack([rest[starts, -1], slopes]))

    def _sampled(
        self, rest: FloatArray, total: float, controls: float
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        sizes = self.players.sizes
        steps = gains_along(rest, self.orders, sizes=sizes, total=total)
        reached = np.cumsum(np.column_stack([np.full(len(steps), controls), steps]), axis=1)
        columns = np.arange(reached.shape[1], dtype=float)
        held = len(self.players.controls)
        corrected = np.diff(
            adjusted_r2(reached, columns, self.n_effective, controls=held), axis=1
        )
        gains = by_player(steps, self.orders, sizes)
        adjusted = by_player(corrected, self.orders, sizes).mean(axis=0)
        return gains.mean(axis=0), adjusted, pair_error(gains)

    def metrics(self) -> dict[str, FloatArray]:
        """Return the closed-form metrics, nan where they are not defined for the players."""
        rest, total = self.given_controls(self.covariance())
        undefined = np.full(len(self.players.names), np.nan)
        metrics = dict.fromkeys(("pratt", "relative_weight", "car", "betasq"), undefined)
        if not self.players.ordered:
            metrics["pratt"] = pratt_shares(rest, blocks=self.players.sizes, total=total)[0]
        if self.players.single:
            metrics["relative_weight"] = relative_weights(rest, total=total)[0]
            metrics["car"] = car_shares(rest, total=total)[0]
            metrics["betasq"] = squared_betas(rest, total=total)[0]
        return metrics

    def slopes(self, covariance: FloatArray) -> FloatArray:
        """Return coefficients of single-column players, in the data's units; nan for others."""
        held = len(self.players.controls)
        inverse = np.linalg.pinv(covariance[:, :-1, :-1], hermitian=True)
        slopes = (inverse @ covariance[:, :-1, -1:])[..., 0]
        slopes = (slopes * (self.scale[-1] / self.scale[:-1]))[:, held:]
        starts = np.cumsum([0, *self.players.sizes[:-1]])
        single = np.array(self.players.sizes) == 1
        return np.where(single, slopes[:, starts], np.nan)

    def draws(self, factors: FloatArray, *, visit_all: bool) -> Draws:
        """Return the replicates in which units count as `factors` (B, U) say."""
        covariance = covariances_from_sums(factors @ self.sums, self.variables)
        return self.draws_of(covariance, visit_all=visit_all)

    def draws_of(self, covariance: FloatArray, *, visit_all: bool) -> Draws:
        """Return the replicates whose covariances are these (B, q, q)."""
        rest, total = self.given_controls(covariance)
        return Draws(
            shares=self.shares(covariance, visit_all=visit_all),
            controls=np.maximum(0.0, 1 - rest[:, -1, -1] / total),
            slopes=self.slopes(covariance),
        )

    def subset_draws(self, factors: FloatArray) -> FloatArray:
        """Return what all subsets add to the controls' R² in each replicate, shape (B, 2^p)."""
        return self.subsets(covariances_from_sums(factors @ self.sums, self.variables))

    def influence(self) -> FloatArray:
        """Return influence values of shares and controls' R², shape (U, p + 1).

        The exact jackknife, each unit's moments taken off the totals; where that is too much
        work its limit, the infinitesimal jackknife, from derivatives of the shares by
        correlations.
        """
        if self.visits_all(self.units.count):
            left_out = leave_one_out(self.sums, self.units)
            return influence_from(
                self._statistics(
                    covariances_from_sums(left_out, self.variables), visit_all=True
                ),
                self.units,
            )
        q, centre = self.variables, self.covariance()
        rows, columns = np.triu_indices(q)
        moved = np.repeat(centre, 2 * len(rows), axis=0)
        for sign, offset in ((1, 0), (-1, len(rows))):
            place = np.arange(len(rows)) + offset
            moved[place, rows, columns] += sign * STEP
            moved[place, columns, rows] = moved[place, rows, columns]
        values = self._statistics(moved, visit_all=self.visits_all(len(moved)))
        slopes = (values[: len(rows)] - values[len(rows) :]) / (2 * STEP)
        share = self.sums / self.sums[:, 0].sum()
        products = share[:, 1 + q :] - share[:, :1] * centre[0][rows, columns]
        return np.asarray(products @ slopes * self.units.count)

    def _statistics(self, covariance: FloatArray, *, visit_all: bool) -> FloatArray:
        rest, total = self.given_controls(covariance)
        controls = 1 - rest[:, -1, -1] / total
        return np.column_stack([self.shares(covariance, visit_all=visit_all), controls])


def linear_game(
    data: ModelData,
    players: Players,
    units: Units,
    *,
    method: str,
    pairs: int,
    rng: np.random.Generator,
) -> LinearGame:
    """Return the game of a prepared linear model."""
    order = [*players.controls, *(i for block in players.columns for i in block)]
    values = np.column_stack([data.x.values[:, order], data.y])
    centred = values - np.average(values, axis=0, weights=data.w)
    closed = method in CLOSED
    exact = closed or is_exact(players, MAX_EXACT)
    return LinearGame(
        players=players,
        method=method,
        units=units,
        sums=units.total(moment_sums(standardized(values, data.w), data.w)),
        scale=np.sqrt(np.average(centred**2, axis=0, weights=data.w)),
        n_effective=effective_n(data.w),
        exact=exact,
        orders=draw_orders(players, FOLLOWED_PAIRS if exact else pairs, rng),
        allocation=exact_allocation(players) if exact and not closed else None,
    )
