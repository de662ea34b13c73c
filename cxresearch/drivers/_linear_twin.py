"""What drawing orders gets wrong in a linear model, to take it off where only some are fitted.

Along the same orders a linear model of the class numbers gains almost in proportion to a
logit, and its exact shares are known. How far its drawn shares are off its exact ones is a good
guess of the error that drawing the orders makes in the logit (a control variate).
"""

from __future__ import annotations

import numpy as np

from cxresearch._resample import Units
from cxresearch._subsets import MAX_EXACT
from cxresearch._types import FloatArray, IntArray
from cxresearch.drivers._linear import linear_game
from cxresearch.drivers._model_data import ModelData
from cxresearch.drivers._orders import by_player, gains_along
from cxresearch.drivers._players import Players, is_exact


def linear_deviations(
    data: ModelData, players: Players, units: Units, orders: IntArray
) -> FloatArray:
    """Return linear gains along the orders less the exact linear shares, shape (M, p).

    Zeros where the linear model's subsets are too many as well.
    """
    if len(orders) == 0 or not is_exact(players, MAX_EXACT):
        return np.zeros(orders.shape)
    method = "owen" if players.unions else "shapley"
    rng = np.random.default_rng(0)
    game = linear_game(data, players, units, method=method, pairs=2, rng=rng)
    rest, total = game.given_controls(game.covariance())
    steps = gains_along(rest[0], orders, sizes=players.sizes, total=float(total[0]))
    return by_player(steps, orders, players.sizes) - game.point().shares


def explained_deviations(gains: FloatArray, linear: FloatArray) -> FloatArray:
    """Return the part of the gains (M, p) that goes with the linear deviations.

    One factor for all players, so that shares still sum to what all players explain: the linear
    deviations of an order sum to 0.
    """
    spread = float(((linear - linear.mean(axis=0)) ** 2).sum())
    if spread == 0:
        return np.zeros_like(gains)
    together = float(((gains - gains.mean(axis=0)) * (linear - linear.mean(axis=0))).sum())
    return linear * (together / spread)
