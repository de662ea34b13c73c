"""Pseudo-R² of a logit or cumulative logit as a game: shares, replicates, influence values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cxresearch._matrix import effective_n, standardized
from cxresearch._resample import Units
from cxresearch._subsets import Allocation, shapley_allocation
from cxresearch._types import FloatArray, IntArray
from cxresearch.drivers._cumulative import (
    Answers,
    SubsetFit,
    fit_subset,
    information_of,
    look_at,
    scores_of,
)
from cxresearch.drivers._linear_twin import explained_deviations, linear_deviations
from cxresearch.drivers._model_data import ModelData
from cxresearch.drivers._players import (
    Draws,
    Players,
    PointShares,
    changes_sign,
    draw_orders,
    exact_allocation,
    is_exact,
    orders_allocation,
    pair_error,
    prefixes_of,
)
from cxresearch.errors import CxError

MAX_EXACT_FITS = 12
"""Most players whose 2^p models are all fitted; beyond, orders are drawn."""

MAX_PLAYERS = 60
"""A subset is a bit pattern in 64 bits."""


def _mcfadden(ll: FloatArray, ll0: FloatArray, n: FloatArray) -> FloatArray:
    return 1 - ll / ll0


def _cox_snell(ll: FloatArray, ll0: FloatArray, n: FloatArray) -> FloatArray:
    return np.asarray(-np.expm1(2 * (ll0 - ll) / n))


def _nagelkerke(ll: FloatArray, ll0: FloatArray, n: FloatArray) -> FloatArray:
    return np.asarray(_cox_snell(ll, ll0, n) / -np.expm1(2 * ll0 / n))


def _estrella(ll: FloatArray, ll0: FloatArray, n: FloatArray) -> FloatArray:
    return np.asarray(1 - (ll / ll0) ** (-2 * ll0 / n))


CRITERIA: dict[str, Callable[[FloatArray, FloatArray, FloatArray], FloatArray]] = {
    "mcfadden": _mcfadden,
    "nagelkerke": _nagelkerke,
    "estrella": _estrella,
    "cox_snell": _cox_snell,
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LikelihoodGame:
    """A model of classes whose pseudo-R² is shared out.

    Attributes
    ----------
    players : Players
    criterion : str
        A key of `CRITERIA`, or ``"tjur"`` (two classes).
    units : Units
    answers : Answers
    x : ndarray, shape (n, q)
        Standardised columns: controls, then the players'.
    scale : ndarray, shape (q,)
        Their standard deviations.
    exact : bool
    orders : ndarray of int
        Orders drawn where not all models are fitted.
    allocation : Allocation
        Rule over the subsets fitted.
    fits : dict
        Fit of each subset by its bits.
    linear : ndarray, shape (M, p)
        What a linear model's gains along the orders are off its exact shares.
    """

    players: Players
    criterion: str
    units: Units
    answers: Answers
    x: FloatArray
    scale: FloatArray
    exact: bool
    orders: IntArray
    allocation: Allocation
    fits: dict[int, SubsetFit]
    linear: FloatArray

    @property
    def n_effective(self) -> float:
        """Effective number of respondents."""
        return effective_n(self.answers.weights)

    def visits_all(self, replicates: int) -> bool:
        """Return whether shares come without drawing orders, in any number of replicates."""
        return self.exact

    def worth(self, masks: Sequence[int] | IntArray) -> FloatArray:
        """Return the pseudo-R² of the given subsets (with the controls)."""
        fits = [self.fits[int(mask)] for mask in masks]
        if self.criterion == "tjur":
            return np.array([self._tjur(int(m), f) for m, f in zip(masks, fits, strict=True)])
        ll = np.array([fit.log_likelihood for fit in fits])
        null = _null(self._class_totals()[None])
        return CRITERIA[self.criterion](ll, null, np.array(self.answers.weights.sum()))

    def _class_totals(self) -> FloatArray:
        answers = self.answers
        totals = np.bincount(answers.code, weights=answers.weights, minlength=answers.classes)
        return totals.astype(float)

    def _tjur(self, mask: int, fit: SubsetFit) -> float:
        eta = self.x[:, columns_of(self.players, mask)] @ fit.slopes - fit.thresholds[0]
        event, w = self.answers.code == 1, self.answers.weights
        chance = 1 / (1 + np.exp(-eta))
        with_event = np.average(chance[event], weights=w[event])
        return float(with_event - np.average(chance[~event], weights=w[~event]))

    def point(self) -> PointShares:
        """Return the shares in the sample."""
        p = len(self.players.names)
        full = 2**p - 1
        base, worth = self.worth([0, full])
        values = self.worth(self.allocation.masks)
        slopes = self._slopes(self.fits[full].slopes[None])[0]
        first = self.worth([1 << j for j in range(p)]) - base
        last = worth - self.worth([full ^ (1 << j) for j in range(p)])
        counts = np.array(
            [len(columns_of(self.players, int(m))) for m in self.allocation.masks]
        )
        fine, drawn = self._fine_per_column(), self._drawn()
        return PointShares(
            shares=self.allocation.coefficients @ values - drawn.mean(axis=0),
            adjusted=self.allocation.coefficients @ (values - fine * counts)
            - drawn.mean(axis=0),
            mc_error=np.zeros(p) if self.exact else pair_error(self._gains() - drawn),
            first=np.where(self.players.may_enter_first, first, np.nan),
            last=np.where(self.players.may_enter_last, last, np.nan),
            slopes=slopes,
            unstable=changes_sign(self._average_slopes()),
            worth=float(worth),
            worth_of_controls=float(base),
            adjusted_worth=float(worth - fine * self.x.shape[1]),
        )

    def _fine_per_column(self) -> float:
        """McFadden's adjustment takes one log-likelihood unit off for each column."""
        if self.criterion != "mcfadden":
            return float("nan")
        null = float(_null(self._class_totals()[None])[0])
        return -float(self.answers.weights.sum()) / self.n_effective / null

    def _drawn(self) -> FloatArray:
        """Return the error of drawing orders as the linear model shows it; one row if exact."""
        if self.exact:
            return np.zeros((1, len(self.players.names)))
        return explained_deviations(self._gains(), self.linear)

    def _gains(self) -> FloatArray:
        """Return what each player adds along the orders drawn, shape (M, p)."""
        prefixes = prefixes_of(self.orders)
        values = self.worth(prefixes.ravel()).reshape(prefixes.shape)
        gains = np.empty(self.orders.shape)
        np.put_along_axis(gains, self.orders, np.diff(values, axis=1), axis=1)
        return gains

    def _slopes(self, slopes: FloatArray) -> FloatArray:
        held = len(self.players.controls)
        own = (slopes / self.scale)[:, held:]
        starts = np.cumsum([0, *self.players.sizes[:-1]])
        return np.where(np.array(self.players.sizes) == 1, own[:, starts], np.nan)

    def _average_slopes(self) -> FloatArray:
        """Mean coefficient of each player over the fitted models of each size, shape (p, p)."""
        p, held = len(self.players.names), len(self.players.controls)
        sums, counts = np.zeros((p, p)), np.zeros((p, p))
        for mask, fit in self.fits.items():
            members = [j for j in range(p) if mask >> j & 1]
            place = held
            for player in members:
                if self.players.sizes[player] == 1:
                    sums[player, len(members) - 1] += fit.slopes[place]
                    counts[player, len(members) - 1] += 1
                place += self.players.sizes[player]
        return sums / np.where(counts > 0, counts, np.nan)

    def metrics(self) -> dict[str, FloatArray]:
        """Return nan for the metrics that belong to a linear model."""
        undefined = np.full(len(self.players.names), np.nan)
        return dict.fromkeys(("pratt", "relative_weight", "car", "betasq"), undefined)

    def draws(self, factors: FloatArray, *, visit_all: bool) -> Draws:
        """Return replicates of the shares, one Newton step from the sample's maximum.

        In a replicate the log-likelihood of a subset is its value at the sample's estimates
        plus what the best step adds to second order: ``ℓ_b(β̂) + ½ s_bᵀ H⁻¹ s_b``. What is
        neglected is of order n^(−3/2) in R², against a standard error of order n^(−1/2): a
        tenth of it at n = 100, under a fiftieth from n = 500. No replicate can fail to
        converge. A share that comes out below 0 by this error is set to 0.
        """
        answers, full = self.answers, 2 ** len(self.players.names) - 1
        one_hot = np.eye(answers.classes)[answers.code] * answers.weights[:, None]
        totals = factors @ self.units.total(one_hot)
        null, n = _null(totals), totals.sum(axis=1)
        shares = np.zeros((len(factors), len(self.players.names)))
        worth_of = CRITERIA[self.criterion]
        for position, mask in enumerate(self.allocation.masks):
            ll, _ = self._stepped(int(mask), factors)
            shares += worth_of(ll, null, n)[:, None] * self.allocation.coefficients[:, position]
        shares -= self._drawn().mean(axis=0)
        controls = worth_of(self._stepped(0, factors)[0], null, n)
        moved = self._stepped(full, factors)[1]
        return Draws(
            shares=np.maximum(shares, 0.0), controls=controls, slopes=self._slopes(moved)
        )

    def subset_draws(self, factors: FloatArray) -> FloatArray:
        """Return the worth of all subsets in each replicate, shape (B, 2^p), as in `draws`."""
        one_hot = (
            np.eye(self.answers.classes)[self.answers.code] * self.answers.weights[:, None]
        )
        totals = factors @ self.units.total(one_hot)
        null, n = _null(totals), totals.sum(axis=1)
        masks = range(2 ** len(self.players.names))
        columns = [
            CRITERIA[self.criterion](self._stepped(m, factors)[0], null, n) for m in masks
        ]
        return np.column_stack(columns)

    def _stepped(self, mask: int, factors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Log-likelihood (B,) and slopes (B, k) of a subset in each replicate."""
        x, fit = self.x[:, columns_of(self.players, mask)], self.fits[mask]
        state = look_at(self.answers, x @ fit.slopes, fit.thresholds)
        parts = np.column_stack(
            [self.answers.weights * state.log_p, scores_of(self.answers, x, state)]
        )
        sums = factors @ self.units.total(parts)
        scores = sums[:, 1:]
        steps = np.linalg.solve(information_of(self.answers, x, state), scores.T).T
        gained = 0.5 * np.einsum("ij,ij->i", scores, steps)
        cuts = len(fit.thresholds)
        return sums[:, 0] + gained, fit.slopes + steps[:, cuts:]

    def influence(self) -> FloatArray:
        """Return influence values of shares and controls' pseudo-R², (U, p + 1).

        The infinitesimal jackknife: at its maximum the derivative of a log-likelihood by a
        weight is the respondent's own log-likelihood, so no model is fitted again.
        """
        answers, worth_of = self.answers, CRITERIA[self.criterion]
        total = self._class_totals()
        n, null = float(total.sum()), float(_null(total[None])[0])
        own_null = np.log(total / n)[answers.code]
        influence = np.zeros((len(self.x), len(self.players.names) + 1))
        parts = np.zeros((len(self.players.names) + 1, len(self.allocation.masks)))
        parts[:-1] = self.allocation.coefficients
        for position, mask in enumerate([*self.allocation.masks, 0]):
            x, fit = self.x[:, columns_of(self.players, int(mask))], self.fits[int(mask)]
            log_p = look_at(answers, x @ fit.slopes, fit.thresholds).log_p
            by_ll, by_null, by_n = _slopes_of(worth_of, fit.log_likelihood, null, n)
            moved = answers.weights * (by_ll * log_p + by_null * own_null + by_n)
            if position < parts.shape[1]:
                influence += moved[:, None] * parts[:, position]
            else:
                influence[:, -1] = moved
        return self.units.total(influence)


def _null(totals: FloatArray) -> FloatArray:
    """Log-likelihood without drivers from the totals of the classes, shape (B,)."""
    shares = totals / totals.sum(axis=1, keepdims=True)
    return np.asarray((totals * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1))


def _slopes_of(
    worth_of: Callable[[FloatArray, FloatArray, FloatArray], FloatArray],
    ll: float,
    null: float,
    n: float,
) -> FloatArray:
    at = np.array([ll, null, n])
    steps = np.diag(1e-6 * np.abs(at))
    high, low = (at + steps).T, (at - steps).T
    return np.asarray((worth_of(*high) - worth_of(*low)) / (2 * np.diag(steps)))


def columns_of(players: Players, mask: int) -> list[int]:
    """Return the columns of a subset: controls, then its players', in the game's order."""
    held = len(players.controls)
    starts = np.cumsum([held, *players.sizes])
    chosen = [j for j in range(len(players.names)) if mask >> j & 1]
    return [*range(held), *(i for j in chosen for i in range(starts[j], starts[j + 1]))]


def likelihood_game(
    data: ModelData,
    players: Players,
    units: Units,
    *,
    criterion: str,
    pairs: int,
    rng: np.random.Generator,
) -> LikelihoodGame:
    """Fit the subsets of a prepared model of classes that its shares rest on."""
    order = [*players.controls, *(i for block in players.columns for i in block)]
    values = data.x.values[:, order]
    centred = values - np.average(values, axis=0, weights=data.w)
    x = standardized(values, data.w)
    answers = Answers(
        code=data.y.astype(np.int64), weights=data.w, classes=len(data.outcome.classes)
    )
    exact = is_exact(players, MAX_EXACT_FITS)
    if len(players.names) > MAX_PLAYERS:
        raise CxError(
            f"{len(players.names)} drivers of a {data.outcome.model} outcome; at most "
            f"{MAX_PLAYERS} are possible: put drivers into groups"
        )
    orders = draw_orders(players, 0 if exact else pairs, rng)
    if exact:
        allocation = exact_allocation(players) or shapley_allocation(len(players.names))
    else:
        allocation = orders_allocation(orders)
    return LikelihoodGame(
        players=players,
        criterion=criterion,
        units=units,
        answers=answers,
        x=x,
        scale=np.sqrt(np.average(centred**2, axis=0, weights=data.w)),
        exact=exact,
        orders=orders,
        allocation=allocation,
        fits=_fit_all(players, answers, x, allocation.masks),
        linear=linear_deviations(data, players, units, orders),
    )


def _fit_all(
    players: Players, answers: Answers, x: FloatArray, masks: IntArray
) -> dict[int, SubsetFit]:
    p = len(players.names)
    full = 2**p - 1
    ends = [bits for j in range(p) for bits in (1 << j, full ^ (1 << j))]
    fits: dict[int, SubsetFit] = {}
    for mask in sorted({0, full, *ends, *map(int, masks)}):
        columns = columns_of(players, mask)
        parent = next((mask ^ (1 << j) for j in range(p) if mask ^ (1 << j) in fits), 0)
        slopes = np.zeros(len(columns))
        thresholds = answers.thresholds()
        if parent in fits:
            known = dict(zip(columns_of(players, parent), fits[parent].slopes, strict=True))
            slopes = np.array([known.get(column, 0.0) for column in columns])
            thresholds = fits[parent].thresholds
        fits[mask] = fit_subset(
            answers, np.ascontiguousarray(x[:, columns]), thresholds=thresholds, slopes=slopes
        )
    return fits
