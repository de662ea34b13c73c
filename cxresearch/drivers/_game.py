"""From a frame to the game whose worth is shared out: one entrance for shares and dominance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._resample import Units, draw_indices, factors_from, units_of
from cxresearch._types import IntArray
from cxresearch._validate import check_choice, check_count
from cxresearch.drivers._likelihood import CRITERIA, LikelihoodGame, likelihood_game
from cxresearch.drivers._linear import CLOSED, LinearGame, linear_game
from cxresearch.drivers._model_data import ModelData, prepare, read_design
from cxresearch.drivers._players import Draws, Groups, Players, players_from
from cxresearch.errors import CxError

METHODS = ("shapley", "owen", *CLOSED)
KINDS = ("linear", "binary", "ordinal", "nps", "auto")
ORDERS = {True: 4096, False: 128}
"""Orders drawn where subsets are too many: cheap in a linear model, dear in a likelihood."""
HELD = 2**24
"""Numbers in a table of counts that are held at once (128 MB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked; see `driver_importance` for the meaning of each."""

    outcome: str
    drivers: Sequence[str]
    controls: Sequence[str] = ()
    groups: Groups | None = None
    weights: str | None = None
    clusters: str | None = None
    strata: str | None = None
    kind: str = "linear"
    top_box: float | None = None
    criterion: str | None = None
    method: str = "shapley"
    n_orders: int | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prepared:
    """The complete rows, the players and their game."""

    data: ModelData
    players: Players
    units: Units
    game: LinearGame | LikelihoodGame
    criterion: str
    asked: int

    @property
    def n(self) -> int:
        """Respondents analysed."""
        return self.data.n


def prepare_game(frame: pd.DataFrame, question: Question) -> Prepared:
    """Check the question, take the complete rows, set the game up.

    Raises
    ------
    CxError
        An option does not fit the model, or a name is unknown.
    ResponseError
        The data do not allow the model.
    """
    check_choice("method", question.method, METHODS)
    check_choice("kind", question.kind, KINDS)
    design = read_design(
        frame, weights=question.weights, clusters=question.clusters, strata=question.strata
    )
    data = prepare(
        frame, outcome=question.outcome, drivers=question.drivers, controls=question.controls,
        kind=question.kind, top_box=question.top_box, design=design,
    )  # fmt: skip
    criterion = _criterion(question, data.outcome.model)
    players = players_from(data, groups=question.groups, method=question.method)
    _check_method(question, players)
    linear = data.outcome.model == "linear"
    orders = ORDERS[linear] if question.n_orders is None else question.n_orders
    pairs = (check_count("n_orders", orders, at_least=4) + 1) // 2
    stratum = data.design.stratum[data.rows] if question.strata else None
    units = units_of(data.design.unit[data.rows], stratum)
    # Orders and replicates have streams of their own: the replicates of a seed stay the same
    # whether or not orders are drawn.
    rng = np.random.default_rng([check_count("seed", question.seed), 1])
    game: LinearGame | LikelihoodGame
    if linear:
        game = linear_game(data, players, units, method=question.method, pairs=pairs, rng=rng)
    else:
        game = likelihood_game(data, players, units, criterion=criterion, pairs=pairs, rng=rng)
    return Prepared(
        data=data,
        players=players,
        units=units,
        game=game,
        criterion=criterion,
        asked=len(frame),
    )


def _criterion(question: Question, model: str) -> str:
    allowed: tuple[str, ...] = ("r2",)
    if model != "linear":
        allowed = (*CRITERIA, "tjur") if model == "binary" else tuple(CRITERIA)
        if question.method in CLOSED:
            raise CxError(
                f"method {question.method!r} is defined for a linear outcome; this one is "
                f"{model}: use method 'shapley'"
            )
    if question.criterion is None:
        return allowed[0]
    return str(check_choice(f"criterion (of a {model} model)", question.criterion, allowed))


def _check_method(question: Question, players: Players) -> None:
    if question.method in CLOSED and not players.single:
        raise CxError(
            f"method {question.method!r} is not defined for factors, groups or interactions; "
            "use 'shapley'"
        )


def replicate(prepared: Prepared, *, n_boot: int, indices: IntArray | None, seed: int) -> Draws:
    """Return `n_boot` replicates of the shares, or those of a stored matrix of indices."""
    game, units = prepared.game, prepared.units
    if prepared.criterion == "tjur":
        raise CxError("intervals are not offered for criterion 'tjur'; set n_boot=0")
    drawn = indices
    if drawn is None:
        drawn = draw_indices(units, n_boot, np.random.default_rng(seed))
    chunk = 256 if isinstance(game, LinearGame) else max(64, HELD // units.count)
    parts = [
        game.draws(
            factors_from(drawn[start : start + chunk], units),
            visit_all=game.visits_all(len(drawn)),
        )
        for start in range(0, len(drawn), chunk)
    ]
    return Draws(
        shares=np.concatenate([part.shares for part in parts]),
        controls=np.concatenate([part.controls for part in parts]),
        slopes=np.concatenate([part.slopes for part in parts]),
    )


def bootstrap_indices(n: int, *, n_boot: int = 1000, seed: int = 1) -> IntArray:
    """Return the matrix of respondents drawn in each replicate, to store with a result.

    Parameters
    ----------
    n : int
        Respondents analysed (or clusters).
    n_boot : int
        Replicates.
    seed : int
        Seed of `driver_importance`.

    Returns
    -------
    ndarray of int, shape (n_boot, n)
        Zero-based positions. Given back as ``indices=`` they reproduce every replicate; so does
        a matrix from elsewhere (R: ``boot::boot.array(b, indices = TRUE) - 1``).

    Examples
    --------
    >>> bootstrap_indices(4, n_boot=2, seed=1).shape
    (2, 4)
    """
    units = units_of(np.arange(check_count("n", n, at_least=2)))
    count = check_count("n_boot", n_boot, at_least=1)
    return draw_indices(units, count, np.random.default_rng(check_count("seed", seed)))
