"""Moments and episodes side by side: to which episode each row of both tables belongs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, FloatArray, IntArray
from cxresearch.codebook.moments import KEY_ROLES
from cxresearch.responses._cells import numbered
from cxresearch.responses._episode_rules import dropped_out


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Joined:
    """Both tables, with the number of the episode of each row.

    Attributes
    ----------
    moments, episodes : pandas.DataFrame
    of_moments, of_episodes : array of int, shape (rows,)
        Episodes are numbered in the order of participants and names, those of both tables.
    count : int
        How many episodes have a number.
    """

    moments: pd.DataFrame
    episodes: pd.DataFrame
    of_moments: IntArray
    of_episodes: IntArray
    count: int

    @classmethod
    def of(cls, moments: pd.DataFrame, episodes: pd.DataFrame) -> Joined:
        """Give the episodes of two tables without empty keys their numbers."""
        pairs = (
            zip(*(frame[key] for key in KEY_ROLES), strict=True)
            for frame in (moments, episodes)
        )
        distinct, place = numbered(list(chain.from_iterable(pairs)))
        rank = np.empty(len(distinct), dtype=np.int64)
        rank[sorted(range(len(distinct)), key=distinct.__getitem__)] = np.arange(len(distinct))
        of_moments, of_episodes = np.split(rank[place], [len(moments)])
        return cls(
            moments=moments,
            episodes=episodes,
            of_moments=of_moments,
            of_episodes=of_episodes,
            count=len(distinct),
        )

    @property
    def times(self) -> FloatArray:
        """When each moment was."""
        return self.moments["time"].to_numpy(dtype=float)

    @property
    def repeated_episodes(self) -> BoolArray:
        """Rows of episodes that stood before."""
        repeated = np.ones(len(self.of_episodes), dtype=np.bool_)
        repeated[np.unique(self.of_episodes, return_index=True)[1]] = False
        return repeated

    @property
    def repeated_moments(self) -> BoolArray:
        """Rows of moments whose episode has an earlier row with the same time."""
        order = np.lexsort((self.times, self.of_moments))
        times, own = self.times[order], self.of_moments[order]
        repeated = np.zeros(len(order), dtype=np.bool_)
        repeated[order[1:]] = (times[1:] == times[:-1]) & (own[1:] == own[:-1])
        return repeated

    @property
    def strange_moments(self) -> BoolArray:
        """Rows of moments whose episode is not listed."""
        listed = np.bincount(self.of_episodes, minlength=self.count) > 0
        return np.logical_not(listed)[self.of_moments]

    @property
    def empty_episodes(self) -> BoolArray:
        """Rows of episodes without a moment."""
        told = np.bincount(self.of_moments, minlength=self.count) > 0
        return np.logical_not(told)[self.of_episodes]

    @property
    def backwards(self) -> int:
        """How many episodes have a moment that stands after a later one."""
        order = np.argsort(self.of_moments, kind="stable")
        own = self.of_moments[order]
        back = (own[1:] == own[:-1]) & (np.diff(self.times[order]) < 0)
        return len(set(own[1:][back].tolist()))

    def with_moments(self, rows: BoolArray | IntArray) -> Joined:
        """Return some of the moments, or all in another order."""
        return replace(self, moments=self.moments[rows], of_moments=self.of_moments[rows])

    def in_order(self) -> Joined:
        """Return the moments sorted by participant, episode and time."""
        order = np.lexsort((self.times, self.of_moments))
        moments = self.moments.iloc[order].reset_index(drop=True)
        return replace(self, moments=moments, of_moments=self.of_moments[order])

    def of_listed(self, rows: BoolArray) -> Joined:
        """Return some of the episodes and their moments."""
        wanted = np.zeros(self.count, dtype=np.bool_)
        wanted[self.of_episodes[rows]] = True
        own = wanted[self.of_moments]
        return replace(
            self,
            moments=self.moments[own].reset_index(drop=True),
            episodes=self.episodes[rows].reset_index(drop=True),
            of_moments=self.of_moments[own],
            of_episodes=self.of_episodes[rows],
        )

    def starts(self) -> IntArray:
        """Return the first moment of each episode that has moments; they are sorted."""
        return np.flatnonzero(np.diff(self.of_moments, prepend=-1))

    def from_start(self) -> FloatArray:
        """Return the times since the first moment of each episode; they are sorted."""
        starts = self.starts()
        moments = np.diff(starts, append=len(self.of_moments))
        return self.times - np.repeat(self.times[starts], moments)

    def ends(self) -> IntArray:
        """Return the last moment of each episode that has moments; they are sorted."""
        return np.flatnonzero(np.diff(self.of_moments, append=-1))

    def for_listed(
        self, values: FloatArray | IntArray | BoolArray, *, empty: float = 0
    ) -> np.ndarray:
        """Spread one value for each of `starts` over the rows of episodes.

        Parameters
        ----------
        values : array
        empty : float
            For episodes without moments.
        """
        found = np.full(self.count, empty, dtype=values.dtype)
        found[self.of_moments[self.starts()]] = values
        return found[self.of_episodes]


def with_quality(joined: Joined) -> pd.DataFrame:
    """Return the episodes with what is known of their moments, in the same order.

    Parameters
    ----------
    joined : Joined
        Moments sorted in time.
    """
    starts, times = joined.starts(), joined.times
    ratings = joined.moments["rating"].to_numpy(dtype=float)
    rated = ~np.isnan(ratings)
    number = np.add.reduceat(rated.astype(np.int64), starts)
    lowest, highest = (f.reduceat(ratings, starts) for f in (np.fmin, np.fmax))
    last_time = np.fmax.reduceat(np.where(rated, times, np.nan), starts)
    last_rated = last_time == np.maximum.reduceat(times, starts)
    known = {
        "n_moments": joined.for_listed(number),
        "constant": joined.for_listed((number > 1) & (lowest == highest)),
        "last_time": joined.for_listed(last_time, empty=np.nan),
        "last_rated": joined.for_listed(last_rated),
    }
    if "ended" in joined.moments:
        # What the last moment says of its end; no answer is no end.
        ended = joined.moments["ended"].to_numpy(dtype=float)[joined.ends()]
        known["ended"] = joined.for_listed(np.nan_to_num(ended), empty=np.nan)
    read = joined.episodes.reset_index(drop=True).assign(**known)
    told = {"dropped_out": dropped_out(read)}
    if "ended" in read:
        told["ended"] = read["ended"].to_numpy() != 0  # not told counts as ended
    return read.assign(**told, no_retrospective=read["retrospective"].isna())
