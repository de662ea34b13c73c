"""Episodes as padded traces: checked, sorted in time, one row an episode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch._validate import check_names
from cxresearch.errors import Fault, ResponseError

_LISTED = 20
"""Faults of one sort that are listed one by one; the rest are counted."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MomentColumns:
    """Which columns of the moment table hold what.

    Attributes
    ----------
    participant, episode, time, rating : str
    ended : str or None
        True on the last row of an episode that was rated to its end.
    declared_duration : str or None
        Time at which the episode ended, constant within it.
    """

    participant: str
    episode: str
    time: str
    rating: str
    ended: str | None = None
    declared_duration: str | None = None

    def names(self) -> list[str]:
        """Return the columns that are used."""
        every = (
            self.participant, self.episode, self.time, self.rating, self.ended,
            self.declared_duration,
        )  # fmt: skip
        return [name for name in every if name is not None]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Traces:
    """Moments of N episodes, each sorted in time and padded with nan to M columns.

    Attributes
    ----------
    keys : DataFrame
        Participant and episode of each row.
    ratings, times : ndarray, shape (N, M)
        Rated moments only; times count from the clock's zero (from the episode's first row
        where the column holds timestamps, then in seconds).
    n_missing : ndarray of int, shape (N,)
        Moments without a rating.
    start_missing, end_missing : ndarray of bool, shape (N,)
        The first or last row has no rating; or the episode went on after its last rating.
    duration : ndarray, shape (N,)
        Declared, else from the first to the last row.
    """

    keys: pd.DataFrame
    ratings: FloatArray
    times: FloatArray
    n_missing: IntArray
    start_missing: BoolArray
    end_missing: BoolArray
    duration: FloatArray


def read_traces(
    moments: pd.DataFrame,
    columns: MomentColumns,
    *,
    scale: tuple[float, float] | None,
    end_tolerance: float,
) -> Traces:
    """Check the moment table and return its episodes as padded traces.

    Parameters
    ----------
    moments : DataFrame
        One row a moment, in any order.
    columns : MomentColumns
    scale : tuple of float or None
        Lowest and highest rating allowed.
    end_tolerance : float
        Share of the declared duration that may pass after the last rating.

    Raises
    ------
    CxError
        A column is unknown.
    ResponseError
        Missing keys or times, text among the ratings, ratings off the scale, two moments at
        the same time, episodes without any rating: all faults at once.
    """
    check_names("columns", columns.names(), [str(c) for c in moments.columns], of="columns")
    if moments.empty:
        raise ResponseError("table of moments: no rows")
    rating, faults = _numbers(moments[columns.rating])
    time, stamped, time_faults = _clock(moments[columns.time])
    faults += time_faults + _missing_keys(moments, columns) + _end_faults(moments, columns)
    if scale is not None:
        off = (rating < scale[0]) | (rating > scale[1])
        words = f"is off the scale {scale[0]:g}–{scale[1]:g}"
        faults += list(_row_faults(moments[columns.rating], off, words))
    _refuse(faults)
    rows = _in_order(moments, columns, time, rating)
    _refuse(list(_episode_faults(rows, columns)))
    return _pad(rows, stamped=stamped, end_tolerance=end_tolerance)


def without_silent(
    moments: pd.DataFrame, columns: MomentColumns, listed: pd.DataFrame
) -> pd.DataFrame:
    """Return the moments without episodes that were never rated and are not listed.

    Parameters
    ----------
    moments : DataFrame
    columns : MomentColumns
    listed : DataFrame
        Has the key columns: the episodes that have features.
    """
    keys = [columns.participant, columns.episode]
    check_names("columns", columns.names(), [str(c) for c in moments.columns], of="columns")
    number = episode_numbers(moments, keys)
    given = moments[columns.rating].notna().to_numpy()
    # A row without its keys counts as rated: `read_traces` refuses it.
    silent = ~np.isin(number, number[given]) & (number >= 0)
    if not silent.any():
        return moments
    known = pd.MultiIndex.from_frame(moments[keys]).isin(pd.MultiIndex.from_frame(listed[keys]))
    return moments[known | ~silent]


def episode_numbers(moments: pd.DataFrame, keys: list[str]) -> IntArray:
    """Return the number of each row's episode, 0 … in the order of the keys; -1 without key."""
    participant, episode = (pd.factorize(moments[key], sort=True)[0] for key in keys)
    known = (participant >= 0) & (episode >= 0)
    code = np.where(known, participant * (episode.max(initial=0) + 1) + episode, -1)
    return np.unique(code, return_inverse=True)[1] - int(not known.all())


def key_pairs(table: pd.DataFrame, keys: list[str]) -> list[tuple[object, ...]]:
    """Return the keys of each row."""
    return list(zip(*(table[key].tolist() for key in keys), strict=True))


def _refuse(faults: list[Fault]) -> None:
    if faults:
        listed = faults[:_LISTED]
        if len(faults) > _LISTED:
            listed.append(Fault(message=f"and {len(faults) - _LISTED} more faults"))
        raise ResponseError("table of moments", listed)


def _row_faults(values: pd.Series, wrong: BoolArray, words: str) -> Iterator[Fault]:
    for position in np.flatnonzero(wrong):
        value = values.iloc[position]
        shown = repr(value) if isinstance(value, str) else str(value)
        yield Fault(
            where=f"row {position + 1}, column {values.name}", message=f"{shown} {words}"
        )


def _numbers(values: pd.Series) -> tuple[FloatArray, list[Fault]]:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.isnan(numbers) & values.notna().to_numpy() | np.isinf(numbers)
    return numbers, list(_row_faults(values, wrong, "is not a number"))


def _clock(values: pd.Series) -> tuple[FloatArray, bool, list[Fault]]:
    """Return times as numbers, whether they were timestamps, and faults."""
    gone = list(_row_faults(values, values.isna().to_numpy(), "is not a time"))
    if pd.api.types.is_datetime64_any_dtype(values):
        seconds = (values - values.min()).dt.total_seconds()
        return seconds.to_numpy(dtype=float), True, gone
    if pd.api.types.is_timedelta64_dtype(values):
        return values.dt.total_seconds().to_numpy(dtype=float), False, gone
    numbers, faults = _numbers(values)
    return numbers, False, gone + faults


def _missing_keys(moments: pd.DataFrame, columns: MomentColumns) -> list[Fault]:
    faults: list[Fault] = []
    for name in columns.names():
        if name not in (columns.time, columns.rating):
            faults += _row_faults(moments[name], moments[name].isna().to_numpy(), "is missing")
    return faults


def _end_faults(moments: pd.DataFrame, columns: MomentColumns) -> list[Fault]:
    """Text such as "false" would count as true, hence true/false and 1/0 only."""
    faults: list[Fault] = []
    if columns.ended is not None:
        values = moments[columns.ended]
        wrong = ~values.isin([True, False]).to_numpy() & values.notna().to_numpy()
        faults += _row_faults(values, wrong, "is neither true nor false (1 or 0)")
    if columns.declared_duration is not None:
        faults += _numbers(moments[columns.declared_duration])[1]
    return faults


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Rows:
    """Moments in the order of their episodes and times.

    `number` counts the episodes, `first` are the positions where they begin; `keys` has one
    row an episode. Without declared durations `declared` is nan.
    """

    keys: pd.DataFrame
    number: IntArray
    first: IntArray
    time: FloatArray
    rating: FloatArray
    ended: BoolArray
    declared: FloatArray


def _in_order(
    moments: pd.DataFrame, columns: MomentColumns, time: FloatArray, rating: FloatArray
) -> _Rows:
    ended, declared = np.ones(len(moments), dtype=bool), np.full(len(moments), np.nan)
    if columns.ended is not None:
        ended = moments[columns.ended].to_numpy(dtype=bool)
    if columns.declared_duration is not None:
        declared, _ = _numbers(moments[columns.declared_duration])
    keys = [columns.participant, columns.episode]
    number = episode_numbers(moments, keys)
    order = np.lexsort((time, number))
    first = np.flatnonzero(np.diff(number[order], prepend=-1))
    return _Rows(
        keys=moments[keys].iloc[order[first]].reset_index(drop=True),
        number=number[order],
        first=first,
        time=time[order],
        rating=rating[order],
        ended=ended[order],
        declared=declared[order],
    )


def _episode_faults(rows: _Rows, columns: MomentColumns) -> Iterator[Fault]:
    def fault(number: int, message: str) -> Fault:
        participant, episode = rows.keys.astype(object).to_numpy()[number]
        return Fault(where=f"participant {participant}, episode {episode}", message=message)

    other = (np.diff(rows.number, prepend=-1) != 0) | (np.diff(rows.time, prepend=np.nan) != 0)
    begins = np.flatnonzero(other)
    for begin, size in zip(begins, np.diff(begins, append=len(other)), strict=True):
        if size > 1:
            words = f"{size} moments at time {rows.time[begin]:g}; give each its own time"
            yield fault(int(rows.number[begin]), words)
    rated = np.bincount(rows.number, weights=np.isfinite(rows.rating))
    for number in np.flatnonzero(rated == 0).tolist():
        yield fault(number, "no moment has a rating; leave the episode out")
    if columns.declared_duration is not None:
        shortest, longest = (
            of.reduceat(rows.declared, rows.first) for of in (np.minimum, np.maximum)
        )
        words = f"{columns.declared_duration} differs between its moments; give one"
        for number in np.flatnonzero(shortest < longest).tolist():
            yield fault(number, words)


def _pad(rows: _Rows, *, stamped: bool, end_tolerance: float) -> Traces:
    number, first = rows.number, rows.first
    last = np.append(first[1:], len(number)) - 1
    time = rows.time - rows.time[first][number] if stamped else rows.time
    declared = rows.declared[first]
    rated = np.isfinite(rows.rating)
    ratings = padded(rows.rating[rated], number[rated])
    times = padded(time[rated], number[rated])
    early = np.nanmax(times, axis=1) < (1 - end_tolerance) * declared
    return Traces(
        keys=rows.keys,
        ratings=ratings,
        times=times,
        n_missing=np.bincount(number, weights=~rated).astype(np.int64),
        start_missing=~rated[first],
        end_missing=~rated[last] | ~rows.ended[last] | early,
        duration=np.where(np.isfinite(declared), declared, time[last] - time[first]),
    )


def padded(values: FloatArray, number: IntArray) -> FloatArray:
    """Spread values, sorted by their row number, over rows padded with nan, shape (N, M)."""
    counts = np.bincount(number)
    start = np.cumsum(counts) - counts
    out = np.full((len(counts), int(counts.max())), np.nan)
    out[number, np.arange(len(number)) - start[number]] = values
    return out
