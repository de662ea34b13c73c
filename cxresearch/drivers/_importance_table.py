"""The table of driver importance, one row a driver, and how its numbers came about."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxresearch.drivers._game import Prepared
from cxresearch.drivers._linear import LinearGame
from cxresearch.drivers._players import PointShares
from cxresearch.drivers._uncertainty import Evidence, Uncertainty, percents_of, rank_columns


def estimate_table(
    prepared: Prepared, point: PointShares, evidence: Evidence, known: Uncertainty
) -> pd.DataFrame:
    """One row a player: share, interval, percent, other metrics, sign, rank."""
    players, p = prepared.players, len(point.shares)
    sign = np.where(players.may_enter_last, np.sign(np.nan_to_num(point.slopes)), 0.0)
    same = np.full(p, np.nan)
    if evidence.draws is not None:
        same = np.where(
            sign != 0, (np.sign(evidence.draws.slopes) == sign).mean(axis=0), np.nan
        )
    return pd.DataFrame(
        {
            "term": players.names,
            "estimate": point.shares,
            "std_error": known.std_error,
            "conf_low": known.shares.low,
            "conf_high": known.shares.high,
            "n": np.full(p, prepared.n),
            "block": players.groups,
            "columns": players.sizes,
            "n_answered": _answered(prepared),
            "percent": percents_of(point.shares),
            "percent_low": known.percents.low,
            "percent_high": known.percents.high,
            "adjusted": point.adjusted,
            "first": point.first,
            "last": point.last,
            **prepared.game.metrics(),
            "coefficient": np.where(players.may_enter_last, point.slopes, np.nan),
            "sign": sign.astype(np.int64),
            "sign_changes": point.unstable & (sign != 0),
            "p_same_sign": same,
            **rank_columns(evidence),
            "mc_error": point.mc_error,
        }
    )


def _answered(prepared: Prepared) -> list[int]:
    """Respondents who answered everything a player is made of, other columns aside."""
    counts = {str(name): int(count) for name, count in prepared.data.answered.items()}
    found = []
    for columns in prepared.players.columns:
        terms = {prepared.data.x.terms[column] for column in columns}
        parts = {
            part for term in terms for part in ([term] if term in counts else term.split(":"))
        }
        found.append(min(counts[part] for part in parts))
    return found


def acceleration_name(prepared: Prepared, evidence: Evidence) -> str:
    """Return where the acceleration of BCa came from."""
    if evidence.influence is None:
        return "none"
    game = prepared.game
    exact = isinstance(game, LinearGame) and game.visits_all(prepared.units.count)
    return "jackknife" if exact else "infinitesimal"


def replicates_name(prepared: Prepared, count: int) -> str:
    """Return how replicates were computed."""
    if count == 0:
        return "none"
    if not isinstance(prepared.game, LinearGame):
        return "one_step"
    return "exact" if prepared.game.visits_all(count) else "followed"
