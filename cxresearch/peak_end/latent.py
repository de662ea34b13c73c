"""Peaks and ends of the course behind the ratings, whatever the number of moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch._validate import check_names
from cxresearch.errors import CxError, ResponseError
from cxresearch.peak_end._latent import Courses, LatentFit, fit_latent, latent_courses_at
from cxresearch.peak_end._traces import MomentColumns, Traces, read_traces
from cxresearch.peak_end.features import EpisodeFeaturesResult
from cxresearch.results import Result, in_tidy_order

LATENT: tuple[str, ...] = ("peak_latent", "end_latent", "mean_latent")
PLACES = 21
"""Places from start to end at which the latent course is read."""

_FEWEST = 10


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LatentCoursesResult(Result):
    """What a hierarchical model makes of the courses of episodes.

    Attributes
    ----------
    episodes : DataFrame
        One row an episode: participant, episode, peak_latent, end_latent, mean_latent (rating
        units), n_moments.
    components : DataFrame
        term ("level", "slope", "drift", "noise"), estimate (variance), share (of the variance
        of a moment half-way; slope at an end).
    mean_course : DataFrame
        term ("intercept", "position", "position_squared"), estimate.
    memory : float
        Time over which the drift's correlation falls to 1/e, the clock's units.
    log_likelihood : float
    peak_rule : str
        As in `EpisodeFeaturesResult`.
    participant, episode : str
        Names of the key columns.
    n, n_participants, n_moments : int
        Episodes, participants, rated moments.
    """

    episodes: pd.DataFrame
    components: pd.DataFrame
    mean_course: pd.DataFrame
    memory: float
    log_likelihood: float
    peak_rule: str
    participant: str
    episode: str
    n: int
    n_participants: int
    n_moments: int

    def tidy(self) -> pd.DataFrame:
        """Return one row a component of variance."""
        return in_tidy_order(self.components.assign(n=float(self.n)))

    def glance(self) -> pd.DataFrame:
        """Return counts and the likelihood, one row."""
        return pd.DataFrame(
            {
                "n": [self.n],
                "participants": [self.n_participants],
                "moments": [self.n_moments],
                "memory": [self.memory],
                "log_likelihood": [self.log_likelihood],
            }
        )

    def augment(self) -> pd.DataFrame:
        """One row an episode."""
        return self.episodes.copy()

    def with_features(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table of episodes with the latent peak, end and mean beside it.

        Parameters
        ----------
        table : DataFrame
            Has the key columns, one row an episode.

        Raises
        ------
        CxError
            A key column is missing, or the table has latent columns already.
        """
        keys = [self.participant, self.episode]
        check_names("keys", keys, [str(c) for c in table.columns], of="columns")
        clash = [name for name in LATENT if name in table.columns]
        if clash:
            raise CxError(f"table: columns {clash} are there already")
        return table.merge(self.episodes[[*keys, *LATENT]], on=keys, how="left")


def latent_courses(
    moments: pd.DataFrame,
    features: EpisodeFeaturesResult,
    *,
    time: str = "time",
    rating: str = "rating",
) -> LatentCoursesResult:
    r"""Estimate the course behind the ratings of each episode, and its peak and end.

    Moment j of episode i at time t and position x (0 first, 1 last) is rated

    ``y_ij = b_0 + b_1 x + b_2 x² + u_i + v_i (x − ½) + w_i(t) + e_ij``

    with a level u, a slope v, a slow drift w of correlation ``exp(−|Δt|/ρ)`` (AR(1) in
    continuous time) and noise e, all normal, their variances by maximum likelihood over all
    episodes. The latent course is its expectation given the episode's own ratings (empirical
    Bayes): short and noisy episodes are drawn to the mean course, long ones hardly.

    The highest of many noisy ratings is high because they are many; the peak of the latent
    course, read at the same 21 places in every episode, is not.

    Parameters
    ----------
    moments : DataFrame
        One row a moment, as in `episode_features`.
    features : EpisodeFeaturesResult
        Of the same moments; says what a peak is.
    time, rating : str
        Columns.

    Returns
    -------
    LatentCoursesResult

    Raises
    ------
    CxError, ResponseError
        As `episode_features`; also with fewer than 10 episodes of two moments or more, or
        ratings that do not vary within episodes.
    EstimationError
        No maximum was found.

    Notes
    -----
    Agrees with R: ``nlme::lme(y ~ x + I(x^2), random = list(episode = pdDiag(~ I(x - .5))),
    correlation = corExp(form = ~ t | episode, nugget = TRUE), method = "ML")``. ρ is kept above
    twice the typical distance of moments: drift that is forgotten from one moment to the next
    cannot be told from noise.

    With level and noise alone, 3 to 29 moments and no effect of duration on memory, duration in
    ``memory ~ peak + end + duration`` had t −16.1 on average with the plain peak and 0.2 with
    the latent one (4,000 episodes); in 400 studies of 300 episodes it was flagged at 5% in
    98.5% and in 5.8% (``benchmarks/latent_courses.py``).

    References
    ----------
    Laird, N. M., & Ware, J. H. (1982). Random-effects models for longitudinal data. Biometrics
    38, 963–974. https://doi.org/10.2307/2529876

    Examples
    --------
    >>> from cxresearch.peak_end import PeakEndDesign, episode_features, simulate_study
    >>> moments, _ = simulate_study(PeakEndDesign(participants=20, moments=8))
    >>> known = episode_features(
    ...     moments, participant="participant", episode="episode", time="time", rating="rating"
    ... )
    >>> found = latent_courses(moments, known)
    >>> bool((found.episodes["peak_latent"] < known.features["peak"]).mean() > 0.9)
    True
    """
    keys = [features.participant, features.episode]
    columns = MomentColumns(participant=keys[0], episode=keys[1], time=time, rating=rating)
    traces = read_traces(moments, columns, scale=None, end_tolerance=1.0)
    courses, span = _courses(traces)
    shortest, longest = _check(courses, span)
    fit = fit_latent(courses, shortest=shortest, longest=longest)
    grid = np.linspace(0.0, 1.0, PLACES)
    places = np.broadcast_to(grid, (len(span), PLACES))
    read = latent_courses_at(courses, fit, positions=places, times=places * span[:, None])
    peak = _peak(read, features)
    episodes = traces.keys[keys].assign(
        peak_latent=peak,
        end_latent=read[:, -1],
        mean_latent=read.mean(axis=1),
        n_moments=courses.there.sum(axis=1),
    )
    return LatentCoursesResult(
        episodes=episodes.reset_index(drop=True),
        components=_components(fit),
        mean_course=pd.DataFrame(
            {"term": ["intercept", "position", "position_squared"], "estimate": fit.beta}
        ),
        memory=fit.variances.memory,
        log_likelihood=fit.log_likelihood,
        peak_rule=features.peak_rule,
        participant=keys[0],
        episode=keys[1],
        n=len(episodes),
        n_participants=int(traces.keys[keys[0]].nunique()),
        n_moments=int(courses.there.sum()),
    )


def _courses(traces: Traces) -> tuple[Courses, FloatArray]:
    """Return the rated moments on clocks of their own, and how long each episode was rated."""
    there = np.isfinite(traces.ratings)
    first = np.nanmin(traces.times, axis=1, keepdims=True)
    times = np.where(there, traces.times - first, 0.0)
    span = times.max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        positions = np.where(span[:, None] > 0, times / span[:, None], 0.5)
    return Courses(
        ratings=np.where(there, traces.ratings, 0.0),
        times=times,
        positions=np.where(there, positions, 0.0),
        there=there,
    ), span


def _check(courses: Courses, span: FloatArray) -> tuple[float, float]:
    """Return the shortest and the longest time over which drift may be forgotten."""
    several = courses.there.sum(axis=1) > 1
    if several.sum() < _FEWEST:
        raise ResponseError(
            f"{int(several.sum())} episodes have two moments or more; at least {_FEWEST} are "
            "needed for a model of their courses"
        )
    kept = np.where(courses.there, courses.ratings, np.nan)[several]
    if not (np.nanmax(kept, axis=1) > np.nanmin(kept, axis=1)).any():
        raise ResponseError("ratings do not vary within any episode; there is no course")
    gaps = span[several] / (courses.there.sum(axis=1)[several] - 1)
    shortest = 2 * float(np.median(gaps))
    return shortest, max(4 * shortest, 4 * float(np.median(span[several])))


def _peak(read: FloatArray, features: EpisodeFeaturesResult) -> FloatArray:
    intensity = {
        "maximum": read,
        "minimum": -read,
        "farthest from neutral": np.abs(read - features.neutral),
    }[features.peak_rule]
    best = intensity.argmax(axis=1)
    return np.take_along_axis(read, best[:, None], axis=1)[:, 0]


def _components(fit: LatentFit) -> pd.DataFrame:
    own = fit.variances
    variances = fit.noise * np.array([own.level, own.slope, own.drift, 1.0])
    told = variances * np.array([1.0, 0.25, 1.0, 1.0])
    return pd.DataFrame(
        {
            "term": ["level", "slope", "drift", "noise"],
            "estimate": variances,
            "share": told / told.sum(),
        }
    )
