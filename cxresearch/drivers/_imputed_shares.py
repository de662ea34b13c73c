"""Shares of R² in each imputed data set, their replicates, and Rubin's rules over them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxresearch._matrix import covariances_from_sums
from cxresearch._multiplicity import adjust_p_values
from cxresearch._resample import Units, draw_indices, factors_from, rank_shares, units_of
from cxresearch._types import FloatArray
from cxresearch.drivers._linear import LinearGame, linear_game
from cxresearch.drivers._model_columns import Columns
from cxresearch.drivers._model_data import Design, ModelData, prepare
from cxresearch.drivers._players import Players
from cxresearch.drivers._uncertainty import percents_of
from cxresearch.drivers.imputation import NoUse, complete_sets
from cxresearch.drivers.pooling import pool_estimates

CHUNK = 256
"""Replicates held at once."""
BUDGET = 2**25
"""Subsets times matrices that are visited one by one; beyond, fixed orders are followed."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ask:
    """What is asked; see `imputed_importance`."""

    outcome: str
    drivers: tuple[str, ...]
    controls: tuple[str, ...]
    not_used: pd.DataFrame
    design: Design
    stratified: bool
    imputations: int
    iterations: int
    donors: int
    n_boot: int
    confidence_level: float
    seed: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SetShares:
    """Shares in m sets.

    Attributes
    ----------
    names : tuple of str, length p
    shares : ndarray, shape (m, p)
    controls : ndarray, shape (m,)
        R² of the controls alone.
    draws : ndarray, shape (m, B, p)
    n : int
        Respondents in each set.
    df : float
        Degrees of freedom with nothing missing.
    imputed : bool
        False: nothing was missing, and the one set is there twice.
    """

    names: tuple[str, ...]
    shares: FloatArray
    controls: FloatArray
    draws: FloatArray
    n: int
    df: float
    imputed: bool


def shares_of_sets(frame: pd.DataFrame, ask: Ask) -> SetShares:
    """Impute, share R² out in each set, and resample each set with the same draws."""
    filled, imputed = _filled_sets(frame, ask)
    no_use = NoUse.of(ask.not_used, [*ask.drivers, *ask.controls])
    shares, controls, draws = [], [], []
    factors = None
    for one in filled:
        data, players = _not_used_blocks(one, ask, no_use)
        units = _units(data, ask)
        game = linear_game(
            data, players, units, method="shapley", pairs=2048,
            rng=np.random.default_rng([ask.seed, 1]),
        )  # fmt: skip
        if factors is None:
            drawn = draw_indices(units, ask.n_boot, np.random.default_rng(ask.seed))
            factors = factors_from(drawn, units)
        total = len(filled) * ask.n_boot
        visit_all = game.exact and total * 2 ** len(players.names) <= BUDGET
        covariance = game.covariance()
        shares.append(game.shares(covariance, visit_all=game.exact)[0])
        rest, whole = game.given_controls(covariance)
        controls.append(max(0.0, 1 - float(rest[0, -1, -1] / whole[0])))
        draws.append(_draws(game, factors, visit_all=visit_all))
    k = int(np.linalg.matrix_rank(data.x.values - data.x.values.mean(axis=0)))
    df = units.count - 1.0 if data.design.clustered else data.n - k - 1.0
    copies = 1 if imputed else 2
    return SetShares(
        names=ask.drivers, shares=np.array(shares * copies),
        controls=np.array(controls * copies), draws=np.array(draws * copies), n=data.n, df=df,
        imputed=imputed,
    )  # fmt: skip


def _filled_sets(frame: pd.DataFrame, ask: Ask) -> tuple[list[pd.DataFrame], bool]:
    """Return the completed frames, or the frame itself where nothing is to be filled."""
    single = [*ask.drivers, *ask.controls]
    known = frame[ask.outcome].notna().to_numpy()
    gaps = frame[single].isna() & ~ask.not_used[single]
    if not gaps[known].to_numpy().any():
        return [frame], False
    filled = complete_sets(
        frame, single, outcome=ask.outcome, not_used=ask.not_used, imputations=ask.imputations,
        iterations=ask.iterations, donors=ask.donors, seed=ask.seed,
    )  # fmt: skip
    return filled, True


def _not_used_blocks(frame: pd.DataFrame, ask: Ask, no_use: NoUse) -> tuple[ModelData, Players]:
    """Return the model of one set; a driver some did not use owns its indicator too.

    Drivers behind one filter have the same indicator, and each brings it: whichever enters
    first takes what it explains, so over all orders they share it. The model is prepared with
    one copy of it, and the sweep gives the second copy nothing.
    """
    single = [*ask.drivers, *ask.controls]
    data = prepare(
        no_use.adjusted(frame, ask.design.weights), outcome=ask.outcome,
        drivers=[*ask.drivers, *no_use.indicators], controls=ask.controls, design=ask.design,
    )  # fmt: skip
    terms, blocks, owners = np.array(data.x.terms, dtype=object), [], []
    for term in single:
        own = data.x.values[:, terms == term]
        flag = ask.not_used[term].to_numpy(dtype=float)[data.rows]
        if flag.any():
            own = np.column_stack([own, flag])
        blocks.append(own)
        owners += [term] * own.shape[1]
    columns = {term: tuple(i for i, o in enumerate(owners) if o == term) for term in single}
    players = Players(
        names=ask.drivers, columns=tuple(columns[term] for term in ask.drivers),
        controls=tuple(i for term in ask.controls for i in columns[term]),
        groups=("",) * len(ask.drivers), unions=(), after=((),) * len(ask.drivers),
    )  # fmt: skip
    x = Columns(values=np.hstack(blocks), names=tuple(owners), terms=tuple(owners))
    return replace(data, x=x), players


def _units(data: ModelData, ask: Ask) -> Units:
    stratum = data.design.stratum[data.rows] if ask.stratified else None
    return units_of(data.design.unit[data.rows], stratum)


def _draws(game: LinearGame, factors: FloatArray, *, visit_all: bool) -> FloatArray:
    parts = []
    for start in range(0, len(factors), CHUNK):
        sums = factors[start : start + CHUNK] @ game.sums
        covariance = covariances_from_sums(sums, game.variables)
        parts.append(game.shares(covariance, visit_all=visit_all))
    return np.concatenate(parts)


def _to_z(values: FloatArray) -> FloatArray:
    return np.asarray(np.arctanh(np.sqrt(np.clip(values, 0, 1 - 1e-12))))


def _bounded(
    values: FloatArray, draws: FloatArray, shares: SetShares, ask: Ask
) -> tuple[FloatArray, FloatArray]:
    """Interval of numbers between 0 and 1, by Rubin's rules on artanh of their root."""
    # A number that no replicate moves would leave Rubin's ratio of variances 0 / 0.
    variances = np.maximum(_to_z(draws).var(axis=1, ddof=1), 1e-30)
    pooled = pool_estimates(
        _to_z(values), variances, terms=list(shares.names), n=shares.n, df_complete=shares.df,
        confidence_level=ask.confidence_level,
    ).estimates  # fmt: skip
    low, high = (pooled[name].to_numpy(dtype=float) for name in ("conf_low", "conf_high"))
    return np.tanh(np.maximum(low, 0)) ** 2, np.tanh(high) ** 2


def pooled_table(shares: SetShares, ask: Ask) -> pd.DataFrame:
    """Return one row a driver: share, percent and rank pooled over the sets."""
    variances = np.maximum(shares.draws.var(axis=1, ddof=1), 1e-30)
    table = pool_estimates(
        shares.shares, variances, terms=list(shares.names), n=shares.n, df_complete=shares.df,
        confidence_level=ask.confidence_level,
    ).estimates  # fmt: skip
    low, high = _bounded(shares.shares, shares.draws, shares, ask)
    parts = percents_of(shares.shares) / 100, percents_of(shares.draws) / 100
    percent_low, percent_high = _bounded(*parts, shares, ask)
    estimate = table["estimate"].to_numpy(dtype=float)
    rank = np.empty(len(estimate))
    rank[np.argsort(-estimate, kind="stable")] = np.arange(1, len(estimate) + 1)
    first = np.mean([rank_shares(draws)[:, 0] for draws in shares.draws], axis=0)
    return pd.DataFrame(
        {
            "term": table["term"], "group": "imputation", "estimate": estimate,
            "std_error": table["std_error"], "df": table["df"], "conf_low": low,
            "conf_high": high, "n": shares.n, "percent": percents_of(estimate),
            "percent_low": 100 * percent_low, "percent_high": 100 * percent_high, "rank": rank,
            "p_top1": first, "riv": table["riv"], "fmi": table["fmi"],
            "not_used": [bool(ask.not_used[term].any()) for term in shares.names],
        }
    )  # fmt: skip


def differences(shares: SetShares, ask: Ask) -> pd.DataFrame:
    """Return one row a pair: the pooled difference of the two shares."""
    names = ["term", "estimate", "std_error", "statistic", "df", "p_value", "p_adjusted",
             "conf_low", "conf_high", "n", "other"]  # fmt: skip
    first, second = np.triu_indices(len(shares.names), 1)
    if len(first) == 0:
        return pd.DataFrame({name: [] for name in names})
    draws = shares.draws[:, :, first] - shares.draws[:, :, second]
    table = pool_estimates(
        shares.shares[:, first] - shares.shares[:, second],
        np.maximum(draws.var(axis=1, ddof=1), 1e-30),
        terms=[shares.names[i] for i in first], n=shares.n, df_complete=shares.df,
        confidence_level=ask.confidence_level,
    ).estimates  # fmt: skip
    table["p_adjusted"] = adjust_p_values(table["p_value"].to_numpy())
    table["other"] = [shares.names[i] for i in second]
    return table[names]
