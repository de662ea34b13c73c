"""The mean course of episodes from start to end, for drawing and for describing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxresearch._types import FloatArray
from cxresearch._validate import check_fraction
from cxresearch.peak_end._traces import MomentColumns, key_pairs, read_traces, without_silent
from cxresearch.peak_end.features import EpisodeFeaturesResult

POINTS = 41
"""Places from start to end at which the mean course is taken."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Course:
    """Episodes on one clock, 0 at the first rating and 1 at the last.

    Attributes
    ----------
    mean : DataFrame
        position, estimate, conf_low, conf_high (pointwise; nan with one participant).
    keys : DataFrame
        Participant and episode, one row an episode.
    positions, ratings : ndarray, shape (N, M)
        The rated moments, padded with nan.
    n, n_participants : int
        Episodes and participants that are in.
    n_left_out : int
        Episodes that were not rated to their end or have one moment only.
    """

    mean: pd.DataFrame
    keys: pd.DataFrame
    positions: FloatArray
    ratings: FloatArray
    n: int
    n_participants: int
    n_left_out: int


def mean_course(
    moments: pd.DataFrame,
    features: EpisodeFeaturesResult,
    *,
    time: str = "time",
    rating: str = "rating",
    confidence_level: float = 0.95,
) -> Course:
    """Return the mean rating on the way from the first to the last moment.

    Every episode is read off at 41 places by straight lines between its moments; places are
    averaged within participants first and then over participants, whose spread gives the
    interval.

    Parameters
    ----------
    moments : DataFrame
        One row a moment, as in `episode_features`.
    features : EpisodeFeaturesResult
        Of the same moments, or of more; only its episodes are used. It names the key columns
        and says which episodes were not rated to their end: these are left out.
    time, rating : str
        Columns.
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    Course

    Raises
    ------
    CxError, ResponseError
        As `episode_features`.

    Notes
    -----
    Agrees with R: ``approx(t, y, n = 41)`` per episode, then means.

    Examples
    --------
    >>> from cxresearch.peak_end import episode_features
    >>> moments = pd.DataFrame(
    ...     {"person": [1, 1, 2, 2], "visit": 1, "time": [0, 5, 0, 9], "rating": [4, 8, 6, 6]}
    ... )
    >>> known = episode_features(
    ...     moments, participant="person", episode="visit", time="time", rating="rating"
    ... )
    >>> mean_course(moments, known).mean["estimate"].iloc[[0, -1]].tolist()
    [5.0, 7.0]
    """
    check_fraction("confidence_level", confidence_level)
    keys = [features.participant, features.episode]
    columns = MomentColumns(
        participant=keys[0], episode=keys[1], time=time, rating=rating
    )  # fmt: skip
    rated = without_silent(moments, columns, features.features)
    traces = read_traces(rated, columns, scale=None, end_tolerance=1.0)
    fate = _dropped_out(traces.keys, features)
    first = traces.times[:, 0]
    span = np.nanmax(traces.times, axis=1) - first
    kept = np.array([dropped is False for dropped in fate]) & (span > 0)
    positions = (traces.times[kept] - first[kept, None]) / span[kept, None]
    ratings = traces.ratings[kept]
    own = traces.keys.loc[kept].reset_index(drop=True)
    return Course(
        mean=_mean(positions, ratings, own[keys[0]], confidence_level),
        keys=own,
        positions=positions,
        ratings=ratings,
        n=len(own),
        n_participants=int(own[keys[0]].nunique()),
        n_left_out=sum(dropped is not None for dropped in fate) - len(own),
    )


def _dropped_out(keys: pd.DataFrame, features: EpisodeFeaturesResult) -> list[bool | None]:
    """Tell whether episodes were not rated to their end; None without features."""
    names = [features.participant, features.episode]
    fate = features.features["dropped_out"].astype(bool).tolist()
    dropped = dict(zip(key_pairs(features.features, names), fate, strict=True))
    return [dropped.get(key) for key in key_pairs(keys, names)]


def _mean(
    positions: FloatArray, ratings: FloatArray, people: pd.Series, confidence_level: float
) -> pd.DataFrame:
    """Average courses whose rows are in the order of their people."""
    grid = np.linspace(0.0, 1.0, POINTS)
    counts = np.isfinite(ratings).sum(axis=1)
    read = [
        np.interp(grid, x[:count], y[:count])
        for x, y, count in zip(positions, ratings, counts, strict=True)
    ]
    if not read:
        empty = np.full(POINTS, np.nan)
        return pd.DataFrame(
            {"position": grid, "estimate": empty, "conf_low": empty, "conf_high": empty}
        )
    first = np.flatnonzero(~people.duplicated().to_numpy())
    episodes = np.diff(first, append=len(read))
    by_person = np.add.reduceat(np.array(read), first) / episodes[:, None]
    estimate = by_person.mean(axis=0)
    half = np.full(POINTS, np.nan)
    if len(first) > 1:
        wide = float(stats.t.ppf((1 + confidence_level) / 2, len(first) - 1))
        half = wide * by_person.std(axis=0, ddof=1) / np.sqrt(len(first))
    return pd.DataFrame(
        {
            "position": grid,
            "estimate": estimate,
            "conf_low": estimate - half,
            "conf_high": estimate + half,
        }
    )
