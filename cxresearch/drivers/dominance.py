"""Dominance analysis: which driver adds more, in every model, on average, or overall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._resample import draw_indices, factors_from
from cxresearch._subsets import (
    TIE,
    complete_dominance,
    contributions_by_size,
    shapley_from_subsets,
)
from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.drivers._game import Prepared, Question, prepare_game
from cxresearch.drivers._linear import LinearGame
from cxresearch.drivers._players import Groups
from cxresearch.drivers.importance import check_n_boot
from cxresearch.errors import CxError, EstimationError
from cxresearch.results import Result, in_tidy_order

LEVELS = ("complete", "conditional", "general")
CELLS = 2**22
"""Subsets times replicates held at once (32 MB)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DominanceResult(Result):
    """Dominance of every driver over every other.

    Attributes
    ----------
    estimates : pandas.DataFrame
        One row an ordered pair: term, estimate (share of the models without either in which
        term adds more to R² than other), n, other, complete, conditional, general (whether term
        dominates other at that level), strongest (``"complete"``, ``"conditional"``,
        ``"general"`` or ``"none"``), and for each level the share of replicates in which the
        sample's finding came out again: reproduced_complete, reproduced_conditional,
        reproduced_general (nan without replicates).
    general : pandas.DataFrame
        One row a driver: term, estimate (mean gain, the Shapley share, R² units), n.
    conditional : pandas.DataFrame
        One row a driver and size: term, estimate (mean gain over the models with that many
        other drivers), n, others.
    outcome : str
    drivers, controls : tuple of str
    model, criterion : str
        As in `DriverImportanceResult`.
    r2, r2_controls : float
    n, n_asked : int
    n_boot : int
    seed : int
    weights, clusters, strata : str
        Design columns, ``""`` where there are none.
    """

    estimates: pd.DataFrame
    general: pd.DataFrame
    conditional: pd.DataFrame
    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    model: str
    criterion: str
    r2: float
    r2_controls: float
    n: int
    n_asked: int
    n_boot: int
    seed: int
    weights: str
    clusters: str
    strata: str

    def __post_init__(self) -> None:
        weaker = self.estimates["complete"] & ~self.estimates["conditional"]
        weakest = self.estimates["conditional"] & ~self.estimates["general"]
        if weaker.any() or weakest.any():
            raise EstimationError(
                "complete dominance implies conditional, and that implies general"
            )
        if abs(float(self.general["estimate"].sum()) - (self.r2 - self.r2_controls)) > 1e-8:
            raise EstimationError(
                "general dominance does not sum to the R² the drivers explain"
            )

    def tidy(self) -> pd.DataFrame:
        """One row an ordered pair of drivers."""
        return in_tidy_order(self.estimates)

    def glance(self) -> pd.DataFrame:
        """One row: R², what it rests on, and how many pairs are decided at each level."""
        names = ("outcome", "model", "criterion", "r2", "r2_controls", "n", "n_asked", "n_boot")
        counts = {f"pairs_{level}": [int(self.estimates[level].sum())] for level in LEVELS}
        return pd.DataFrame({name: [getattr(self, name)] for name in names} | counts)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Findings:
    """Shares (..., p, p) of models won, and the three relations as booleans (..., p, p)."""

    won: FloatArray
    relations: dict[str, BoolArray]


def _findings(values: FloatArray) -> _Findings:
    won = complete_dominance(values)
    by_size = contributions_by_size(values)
    overall = shapley_from_subsets(values)
    lead = by_size[..., :, None, :] - by_size[..., None, :, :]
    conditional = np.asarray((lead > TIE).all(axis=-1))
    general = np.asarray(overall[..., :, None] - overall[..., None, :] > TIE)
    return _Findings(
        won=won,
        relations={
            "complete": np.asarray(won == 1.0),
            "conditional": conditional,
            "general": general,
        },
    )


def dominance_analysis(  # noqa: PLR0913 - one entrance, each option with a default
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    groups: Groups | None = None,
    weights: str | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    kind: str = "linear",
    top_box: float | None = None,
    criterion: str | None = None,
    n_boot: int = 1000,
    indices: IntArray | None = None,
    seed: int = 1,
) -> DominanceResult:
    """Compare what drivers add to R², model by model.

    Driver i dominates j **completely** when it adds more to every one of the 2^(p−2) models
    without the two; **conditionally** when it adds more on average over the models of each
    size; **generally** when it adds more overall. The first implies the second, that the third,
    never backwards.

    Parameters
    ----------
    frame, outcome, drivers, controls, groups, weights, clusters, strata
        As in `driver_importance`; interactions are not possible here.
    kind, top_box, criterion
        As in `driver_importance`.
    n_boot : int
        Replicates for the reproducibility of each finding; 0 for none.
    indices : ndarray of int, optional
        Stored replicates, see `bootstrap_indices`.
    seed : int

    Returns
    -------
    DominanceResult

    Raises
    ------
    CxError
        As `driver_importance`; more than 22 drivers (12 for classes), or interactions.

    Notes
    -----
    Agrees with R's ``domir::domir`` (complete, conditional, general) and with
    ``dominanceanalysis``. Equal contributions decide for neither.

    References
    ----------
    Azen, R., & Budescu, D. V. (2003). The dominance analysis approach for comparing predictors
    in multiple regression. *Psychological Methods, 8*, 129–148. doi:10.1037/1082-989X.8.2.129
    Azen, R., & Traxel, N. (2009). Using dominance analysis to determine predictor importance in
    logistic regression. *Journal of Educational and Behavioral Statistics, 34*, 319–347.
    doi:10.3102/1076998609332754

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> stay = pd.DataFrame(rng.normal(size=(400, 2)), columns=["room", "staff"])
    >>> stay["satisfaction"] = stay["room"] + 0.5 * stay["staff"] + rng.normal(size=400)
    >>> result = dominance_analysis(
    ...     stay, outcome="satisfaction", drivers=["room", "staff"], n_boot=100
    ... )
    >>> result.tidy()[["term", "other", "strongest"]].values.tolist()
    [['room', 'staff', 'complete'], ['staff', 'room', 'none']]
    """
    count = check_n_boot(n_boot if indices is None else len(indices))
    question = Question(
        outcome=outcome, drivers=drivers, controls=controls, groups=groups, weights=weights,
        clusters=clusters, strata=strata, kind=kind, top_box=top_box, criterion=criterion,
        seed=seed,
    )  # fmt: skip
    prepared = prepare_game(frame, question)
    drawn = indices
    if count and drawn is None:
        drawn = draw_indices(prepared.units, count, np.random.default_rng(seed))
    replicates = () if drawn is None else _resampled(prepared, drawn)
    return dominance_result(prepared, question, replicates)


def dominance_result(
    prepared: Prepared, question: Question, replicates: Iterable[FloatArray]
) -> DominanceResult:
    """Return the result of a prepared game.

    Parameters
    ----------
    prepared : Prepared
    question : Question
    replicates : iterable of ndarray, shape (b, 2^p)
        Worth of all subsets in replicates, in chunks; empty for none.

    Raises
    ------
    CxError
        Not all subsets can be compared.
    """
    if not prepared.game.exact or prepared.players.ordered or len(prepared.players.names) < 2:
        raise CxError(
            "dominance compares what drivers add to all models: it needs 2 to 22 drivers (12 "
            "for classes), free of interactions; put drivers into groups"
        )
    values, base = _all_values(prepared)
    found = _findings(values)
    count, reproduced = _reproduced(len(prepared.players.names), found, replicates)
    names, n = prepared.players.names, prepared.n
    return DominanceResult(
        estimates=_pair_table(names, found, reproduced, n),
        general=pd.DataFrame(
            {
                "term": names,
                "estimate": shapley_from_subsets(values),
                "n": np.full(len(names), n),
            }
        ),
        conditional=_size_table(names, contributions_by_size(values), n),
        outcome=question.outcome,
        drivers=prepared.data.drivers,
        controls=prepared.data.controls,
        model=prepared.data.outcome.model,
        criterion=prepared.criterion,
        r2=float(base + values[-1] - values[0]),
        r2_controls=base,
        n=n,
        n_asked=prepared.asked,
        n_boot=count,
        seed=question.seed,
        weights=question.weights or "",
        clusters=question.clusters or "",
        strata=question.strata or "",
    )


def _all_values(prepared: Prepared) -> tuple[FloatArray, float]:
    """Worth of all subsets (2^p,), and that of the controls."""
    game = prepared.game
    if isinstance(game, LinearGame):
        return game.subsets(game.covariance())[0], game.point().worth_of_controls
    values = game.worth(range(2 ** len(prepared.players.names)))
    return values, float(values[0])


def _resampled(prepared: Prepared, drawn: IntArray) -> Iterator[FloatArray]:
    """Yield the worth of all subsets in the replicates (b, 2^p), some at a time."""
    if prepared.criterion == "tjur":
        raise CxError("replicates are not offered for criterion 'tjur'; set n_boot=0")
    for start in range(0, len(drawn), chunk := held_at_once(prepared)):
        factors = factors_from(drawn[start : start + chunk], prepared.units)
        yield prepared.game.subset_draws(factors)


def held_at_once(prepared: Prepared) -> int:
    """Return how many replicates of all subsets fit into memory together."""
    return max(1, CELLS >> len(prepared.players.names))


def _reproduced(
    p: int, found: _Findings, replicates: Iterable[FloatArray]
) -> tuple[int, dict[str, FloatArray] | None]:
    """Count replicates, and the share that relate as the sample does, (p, p) a level."""
    count, same = 0, {level: np.zeros((p, p)) for level in LEVELS}
    for values in replicates:
        again = _findings(values)
        count += len(values)
        for level in LEVELS:
            same[level] += (again.relations[level] == found.relations[level]).sum(axis=0)
    return count, ({level: same[level] / count for level in LEVELS} if count else None)


def _pair_table(
    names: Sequence[str], found: _Findings, reproduced: dict[str, FloatArray] | None, n: int
) -> pd.DataFrame:
    p = len(names)
    pairs = [(i, j) for i in range(p) for j in range(p) if i != j]
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    table = pd.DataFrame(
        {
            "term": [names[i] for i in first],
            "estimate": found.won[first, second],
            "n": np.full(len(pairs), n),
            "other": [names[j] for j in second],
        }
    )
    for level in LEVELS:
        table[level] = found.relations[level][first, second]
    held = table[list(LEVELS)].to_numpy()
    table["strongest"] = np.where(
        held.any(axis=1), np.array(LEVELS, dtype=object)[held.argmax(axis=1)], "none"
    )
    for level in LEVELS:
        table[f"reproduced_{level}"] = (
            np.nan if reproduced is None else reproduced[level][first, second]
        )
    return table


def _size_table(names: Sequence[str], by_size: FloatArray, n: int) -> pd.DataFrame:
    p = len(names)
    return pd.DataFrame(
        {
            "term": np.repeat(np.array(names, dtype=object), p),
            "estimate": by_size.ravel(),
            "n": np.full(p * p, n),
            "others": np.tile(np.arange(p), p),
        }
    )
