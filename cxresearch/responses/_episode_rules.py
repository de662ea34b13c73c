"""Which episodes an exclusion rule leaves out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray
from cxresearch.responses._decode import holds_one_of
from cxresearch.responses.exclusions import (
    AnsweredValue,
    DroppedOut,
    Duplicated,
    Exclusion,
    FewMoments,
    OtherCell,
    ShortDuration,
)
from cxresearch.responses.validate import ValidatedWave


def break_rules(
    exclusions: Sequence[Exclusion],
    read: pd.DataFrame,
    table: ValidatedWave,
    repeated: BoolArray,
) -> list[BoolArray]:
    """Return for each rule which of the episodes that were read it leaves out.

    Parameters
    ----------
    exclusions : sequence of Exclusion
    read : pandas.DataFrame
        One row an episode with what is known of its moments (`with_quality`), in file order.
    table : ValidatedWave
        The table of episodes.
    repeated : array of bool
        Rows whose participant and episode stood before.
    """
    return [_breaks(rule, read, table, repeated) for rule in exclusions]


def _breaks(
    rule: Exclusion,
    read: pd.DataFrame,
    table: ValidatedWave,
    repeated: BoolArray,
) -> BoolArray:
    nobody = np.zeros(len(read), dtype=np.bool_)
    match rule:
        case Duplicated(column=name):
            return repeated if name in table.cells else nobody  # else a rule on moments
        case AnsweredValue(column=name, values=values):
            return holds_one_of(table.cells[name], table.codings[name], values)
        case ShortDuration(below=below):
            return (read["duration"] < below).to_numpy(dtype=np.bool_)
        case FewMoments(below=below):
            return (read["n_moments"] < below).to_numpy(dtype=np.bool_)
        case DroppedOut(tolerance=tolerance):
            return dropped_out(read, tolerance)
        case OtherCell(column=name, value=value):
            labels = table.frame[name].astype(object)
            return np.array([str(label) != value for label in labels], dtype=np.bool_)
    return nobody


def dropped_out(read: pd.DataFrame, tolerance: float = 0.05) -> BoolArray:
    """Return which episodes went on after their last rated moment, as far as is known.

    Parameters
    ----------
    read : pandas.DataFrame
        With ``n_moments`` (rated), ``last_time`` (of a rated moment), ``last_rated`` (the last
        moment has a rating) and, where they are known, ``ended`` and ``duration``.
    tolerance : float
        Share of the duration that may pass unrated.
    """
    out: BoolArray = ~read["last_rated"].to_numpy(dtype=np.bool_)
    if "ended" in read:
        out |= read["ended"].to_numpy() == 0
    if "duration" in read:
        out |= read["last_time"].to_numpy() < (1 - tolerance) * read["duration"].to_numpy()
    # Without moments there was nothing to drop out of.
    return out & (read["n_moments"].to_numpy() > 0)
