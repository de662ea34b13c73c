"""From moment-by-moment ratings to the features of an episode."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import (
    check_choice,
    check_count,
    check_fraction,
    check_names,
    check_share,
)
from cxresearch.errors import CxError, Fault, ResponseError
from cxresearch.peak_end._kernel import (
    Features,
    expected_maximum,
    peak_features,
    pooled_sd,
    trace_features,
)
from cxresearch.peak_end._traces import MomentColumns, Traces, key_pairs, read_traces
from cxresearch.results import Result

Direction = Literal["pleasant", "unpleasant", "bipolar"]
DIRECTIONS: tuple[Direction, ...] = ("pleasant", "unpleasant", "bipolar")
HigherIs = Literal["better", "worse"]

FEATURES: tuple[str, ...] = (
    "peak", "trough", "end", "start", "mean", "tw_mean", "integral", "trend", "variability",
    "duration", "n_moments", "peak_position", "peak_time", "peak_index", "peak_corrected",
    "peak_rarefied", "maximum", "minimum", "last_rating", "end_share",
)  # fmt: skip
_AT_THE_END = ("end", "end_share")
_AT_THE_START = ("start",)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EpisodeFeaturesResult(Result):
    """Features of every episode, in rating units and the clock's units.

    Attributes
    ----------
    features : DataFrame
        One row an episode: participant, episode, the features, ``n_missing``,
        ``dropped_out`` (the end was not rated) and ``note``.
    direction : str
        "pleasant", "unpleasant" or "bipolar".
    peak_rule : str
        "maximum", "minimum" or "farthest from neutral": what the peak is here.
    neutral : float
        Neutral point of a bipolar scale; nan otherwise.
    last_k : int
        Moments averaged in the end.
    last_share : float
        Share of the rated time averaged in ``end_share``.
    moment_sd : float
        Standard deviation of moments within episodes, pooled; rating units.
    reference_moments : int
        Moments every peak is rarefied to (``peak_rarefied``).
    participant, episode : str
        Names of the key columns.
    n : int
        Episodes.
    n_participants, n_moments, n_missing, n_dropped_out : int
        Participants, rated moments, moments without a rating, episodes whose end is unknown.
    notes : tuple of str
        Codes: "moments_vary:low-high", "one_moment:episodes", "dropped_out:episodes",
        "constant:episodes".
    """

    features: pd.DataFrame
    direction: str
    peak_rule: str
    neutral: float
    last_k: int
    last_share: float
    moment_sd: float
    reference_moments: int
    participant: str
    episode: str
    n: int
    n_participants: int
    n_moments: int
    n_missing: int
    n_dropped_out: int
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Mean, standard deviation and range of each feature over episodes."""
        own = (*FEATURES, *(f"end_{k}" for k in (1, 2, 3, self.last_k)))
        names = [name for name in self.features.columns if name in own]
        values = self.features[names]
        return pd.DataFrame(
            {
                "term": names,
                "estimate": values.mean().to_numpy(),
                "n": values.count().to_numpy(dtype=float),
                "sd": values.std().to_numpy(),
                "lowest": values.min().to_numpy(),
                "highest": values.max().to_numpy(),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Return counts and the peak rule, one row."""
        return pd.DataFrame(
            {
                "n": [self.n],
                "participants": [self.n_participants],
                "moments": [self.n_moments],
                "missing": [self.n_missing],
                "dropped_out": [self.n_dropped_out],
                "peak_rule": [self.peak_rule],
                "moment_sd": [self.moment_sd],
            }
        )

    def augment(self) -> pd.DataFrame:
        """One row an episode."""
        return self.features.copy()

    def with_episodes(self, episodes: pd.DataFrame) -> pd.DataFrame:
        """Return the features beside what is known of each episode (condition, memory, …).

        Parameters
        ----------
        episodes : DataFrame
            One row an episode, with the key columns and no column named like a feature.

        Raises
        ------
        CxError
            A key column is missing, or a column has the name of a feature.
        ResponseError
            An episode is listed twice, or an episode with moments is not listed.
        """
        keys = [self.participant, self.episode]
        check_names("keys", keys, [str(c) for c in episodes.columns], of="columns")
        clash = [c for c in episodes.columns if c in self.features.columns and c not in keys]
        if clash:
            raise CxError(f"episodes: columns {clash} have the names of features; rename them")
        place = {key: row for row, key in enumerate(key_pairs(episodes, keys))}
        rows = [place.get(key, -1) for key in key_pairs(self.features, keys)]
        faults = [
            Fault(where=f"participant {p}, episode {e}", message=words)
            for table, wrong, words in (
                (episodes, episodes.duplicated(keys), "is listed twice"),
                (self.features, [row < 0 for row in rows], "has moments but is not listed"),
            )
            if any(wrong)
            for p, e in table.loc[wrong, keys].itertuples(index=False)
        ]
        if faults:
            raise ResponseError("table of episodes", faults)
        known = episodes.drop(columns=keys).take(rows).reset_index(drop=True)
        return pd.concat([self.features, known], axis=1)


def episode_features(  # noqa: PLR0913 - each option is one decision about the data
    moments: pd.DataFrame,
    *,
    participant: str,
    episode: str,
    time: str,
    rating: str,
    direction: Direction = "pleasant",
    higher_is: HigherIs | None = None,
    neutral: float | None = None,
    scale: tuple[float, float] | None = None,
    last_k: int = 1,
    last_share: float = 0.1,
    ended: str | None = None,
    declared_duration: str | None = None,
    end_tolerance: float = 0.05,
    reference_moments: int | None = None,
) -> EpisodeFeaturesResult:
    r"""Return peak, end, mean, trend and the other features of every episode.

    With the m rated moments ``(t_j, y_j)`` of an episode in time order:

    - peak: the most intense moment, earliest of ties; trough: the least intense;
    - end: mean of the last `last_k`; start: the first;
    - integral ``I = Σ (t_{j+1} − t_j)(y_j + y_{j+1})/2``; time-weighted mean ``I/(t_m − t_1)``;
    - trend: least-squares slope of y on t; variability: standard deviation (m − 1);
    - peak_position: ``(t_peak − t_1)/(t_m − t_1)``, 0 to 1.

    The maximum grows with m whatever was felt, so two peaks are given beside the plain one.
    ``peak_corrected = peak ∓ s (E_m − E_r)``, where ``E_m`` is the expected maximum of m
    standard normal draws, s the pooled standard deviation of moments within episodes and r the
    reference number of moments: right for independent normal moments, too strong for moments
    that hang together in time. ``peak_rarefied``: mean peak over all subsets of r of the m
    moments, which needs no normality. nan where m < r (rarefied) or bipolar (corrected).

    Parameters
    ----------
    moments : DataFrame
        One row a moment, in any order.
    participant, episode, time, rating : str
        Columns. Times are numbers that count from the start of the episode (seconds, or the
        order), time differences or timestamps; spacing need not be equal. A rating may be
        missing.
    direction : {"pleasant", "unpleasant", "bipolar"}
        What makes a moment intense.
    higher_is : {"better", "worse"}, optional
        What a high rating means; must be said for "unpleasant", where the peak is the lowest
        rating of satisfaction and the highest rating of pain. Default "better".
    neutral : float, optional
        Neutral point, rating units; needed for "bipolar", whose peak is the moment farthest
        from it.
    scale : tuple of float, optional
        Lowest and highest rating allowed.
    last_k : int
        Moments averaged in the end.
    last_share : float
        Share of the rated time averaged in ``end_share``, between 0 and 1.
    ended : str, optional
        Column that is true on the last row of an episode rated to its end.
    declared_duration : str, optional
        Column with the time at which the episode ended, constant within it.
    end_tolerance : float
        Share of the declared duration that may pass unrated at the end, 0 to 1.
    reference_moments : int, optional
        r above; default the smallest number of moments of any episode.

    Returns
    -------
    EpisodeFeaturesResult
        The last observed rating (``last_rating``) is not the end when the last row has no
        rating, is not marked `ended`, or lies before the declared end: such an episode is
        ``dropped_out`` and its end is nan. The start is nan when the first row has no rating.

    Raises
    ------
    CxError
        An option is not allowed, or a column is unknown.
    ResponseError
        The table is faulty: two moments at the same time, text among the ratings, missing keys
        or times, ratings off the scale, an episode without any rating.

    Notes
    -----
    Agrees with R: ``max(y)``, ``y[m]``, ``coef(lm(y ~ t))[2]``, ``sd(y)`` per episode after
    ``order(t)``.

    References
    ----------
    Kahneman, D., Fredrickson, B. L., Schreiber, C. A., & Redelmeier, D. A. (1993). When more
    pain is preferred to less. Psychological Science 4, 401–405.
    https://doi.org/10.1111/j.1467-9280.1993.tb00589.x

    Examples
    --------
    >>> moments = pd.DataFrame({
    ...     "person": 1, "visit": 1, "second": [30, 0, 10, 20], "rating": [6, 5, 9, 4],
    ... })
    >>> found = episode_features(
    ...     moments, participant="person", episode="visit", time="second", rating="rating"
    ... )
    >>> found.augment()[["peak", "trough", "end", "start", "mean"]].iloc[0].tolist()
    [9.0, 4.0, 6.0, 5.0, 6.0]
    """
    rule = _peak_rule(direction, higher_is, neutral)
    if {participant, episode} & set(FEATURES):
        raise CxError(f"{participant!r} or {episode!r} is the name of a feature; rename it")
    check_count("last_k", last_k, at_least=1)
    check_fraction("last_share", last_share)
    check_share("end_tolerance", end_tolerance)
    columns = MomentColumns(
        participant=participant, episode=episode, time=time, rating=rating, ended=ended,
        declared_duration=declared_duration,
    )  # fmt: skip
    traces = read_traces(moments, columns, scale=scale, end_tolerance=end_tolerance)
    counts = np.isfinite(traces.ratings).sum(axis=1)
    reference = int(counts.min()) if reference_moments is None else reference_moments
    check_count("reference_moments", reference, at_least=1)
    values = trace_features(traces.ratings, traces.times, last_k=last_k, last_share=last_share)
    intensity = _intensity(traces.ratings, rule, neutral)
    values |= peak_features(traces.ratings, traces.times, intensity, reference=reference)
    spread = pooled_sd(values)
    values["peak_corrected"] = _corrected(values, rule, spread, reference)
    table = _table(traces, values)
    return EpisodeFeaturesResult(
        features=table,
        direction=direction,
        peak_rule=rule,
        neutral=float("nan") if neutral is None else float(neutral),
        last_k=last_k,
        last_share=last_share,
        moment_sd=spread,
        reference_moments=reference,
        participant=participant,
        episode=episode,
        n=len(table),
        n_participants=int(table[participant].nunique()),
        n_moments=int(counts.sum()),
        n_missing=int(traces.n_missing.sum()),
        n_dropped_out=int(traces.end_missing.sum()),
        notes=_notes(table),
    )


def _peak_rule(direction: Direction, higher_is: HigherIs | None, neutral: float | None) -> str:
    check_choice("direction", direction, DIRECTIONS)
    if higher_is is not None:
        check_choice("higher_is", higher_is, ("better", "worse"))
    if direction == "bipolar":
        if neutral is None:
            raise CxError("direction 'bipolar' needs neutral, the neutral point of the scale")
        return "farthest from neutral"
    if neutral is not None:
        raise CxError(f"neutral is for direction 'bipolar' only; direction is {direction!r}")
    if direction == "unpleasant" and higher_is is None:
        raise CxError(
            "direction 'unpleasant' needs higher_is: 'worse' for ratings of pain or annoyance "
            "(the peak is the highest), 'better' for ratings of satisfaction (the peak is the "
            "lowest)"
        )
    high_is_intense = (direction == "pleasant") == (higher_is != "worse")
    return "maximum" if high_is_intense else "minimum"


def _intensity(ratings: FloatArray, rule: str, neutral: float | None) -> FloatArray:
    if rule == "farthest from neutral":
        return np.abs(ratings - (neutral or 0.0))
    return ratings if rule == "maximum" else -ratings


def _corrected(values: Features, rule: str, spread: float, reference: int) -> FloatArray:
    if rule == "farthest from neutral":
        return np.full(len(values["peak"]), np.nan)
    sizes, where = np.unique(values["n_moments"].astype(int), return_inverse=True)
    gain = np.array([expected_maximum(int(m)) - expected_maximum(reference) for m in sizes])[
        where
    ]
    gained = np.where(gain == 0, 0.0, gain * spread)
    return values["peak"] - gained if rule == "maximum" else values["peak"] + gained


def _table(traces: Traces, values: Features) -> pd.DataFrame:
    values["duration"] = traces.duration
    values["last_rating"] = values["end_1"]
    ends = sorted(name for name in values if name.startswith("end_") and name not in FEATURES)
    for name in (*_AT_THE_END, *ends):
        values[name] = np.where(traces.end_missing, np.nan, values[name])
    for name in _AT_THE_START:
        values[name] = np.where(traces.start_missing, np.nan, values[name])
    known = pd.DataFrame(
        {
            **{name: values[name] for name in (*FEATURES, *ends)},
            "n_missing": traces.n_missing,
            "dropped_out": traces.end_missing,
            "note": _episode_notes(traces, values),
        }
    )
    return pd.concat([traces.keys, known], axis=1)


def _episode_notes(traces: Traces, values: Features) -> list[str]:
    marks = {
        "one_moment": values["n_moments"] == 1,
        "constant": (values["n_moments"] > 1) & (values["maximum"] == values["minimum"]),
        "dropped_out": traces.end_missing,
        "start_missing": traces.start_missing,
    }
    return [
        " ".join(name for name, mark in marks.items() if mark[row])
        for row in range(len(traces.ratings))
    ]


def _notes(table: pd.DataFrame) -> tuple[str, ...]:
    low, high = int(table["n_moments"].min()), int(table["n_moments"].max())
    notes = [f"moments_vary:{low}-{high}"] if low < high else []
    marks = Counter(mark for note in table["note"] for mark in note.split())
    notes += [
        f"{mark}:{marks[mark]}"
        for mark in ("one_moment", "constant", "dropped_out")
        if marks[mark]
    ]
    return tuple(notes)
