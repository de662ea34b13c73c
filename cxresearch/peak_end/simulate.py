"""Whole studies drawn at random: moments, memories and drop-out as a design plans them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, FloatArray
from cxresearch._validate import check_choice, check_count, check_share
from cxresearch.errors import CxError

Allocation = Literal["within", "between"]
ALLOCATIONS: tuple[Allocation, ...] = ("within", "between")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakEndDesign:
    """A planned study and what is believed about the people in it; rating units throughout.

    A moment is ``level + person + episode + noise``, the noise an AR(1) process; conditions
    add `peak_effect` to the middle moment and `end_effect` to the last. Memory is
    ``memory_level + memory_peak (peak − level) + memory_end (end − level) + memory_mean
    (mean − level) + direct_effect + person + noise``. Ratings and memories are rounded to whole
    numbers within the scale when `rounded`.

    Attributes
    ----------
    participants, episodes, moments : int
        People; episodes of each; moments of each episode.
    allocation : {"within", "between"}
        Everybody meets both conditions in alternating order, or one.
    end_effect, peak_effect, direct_effect : float
        What the treated condition adds to the last moment, the middle moment, the memory.
    level : float
        Mean of a moment.
    person_sd, episode_sd, noise_sd : float
        Standard deviations of people, of episodes within people, of moments within episodes.
    autocorrelation : float
        Of successive moments' noise, from 0 to below 1.
    memory_level : float
        Memory of an episode in which nothing differs from `level`.
    memory_peak, memory_end, memory_mean : float
        Weights of the features in memory.
    memory_person_sd, memory_noise_sd : float
        Standard deviations of memory over people and within them.
    dropout : float
        Share of episodes left before their end: without end and memory.
    scale_low, scale_high : float
    rounded : bool
    """

    participants: int = 200
    episodes: int = 4
    moments: int = 20
    allocation: Allocation = "within"
    end_effect: float = 0.0
    peak_effect: float = 0.0
    direct_effect: float = 0.0
    level: float = 5.5
    person_sd: float = 0.8
    episode_sd: float = 0.5
    noise_sd: float = 1.0
    autocorrelation: float = 0.4
    memory_level: float = 5.5
    memory_peak: float = 0.3
    memory_end: float = 0.4
    memory_mean: float = 0.2
    memory_person_sd: float = 0.6
    memory_noise_sd: float = 0.8
    dropout: float = 0.0
    scale_low: float = 0.0
    scale_high: float = 10.0
    rounded: bool = True

    def __post_init__(self) -> None:
        check_choice("allocation", self.allocation, ALLOCATIONS)
        check_count("participants", self.participants, at_least=4)
        check_count("moments", self.moments, at_least=2)
        check_count("episodes", self.episodes, at_least=2 if self.allocation == "within" else 1)
        check_share("dropout", self.dropout)
        if self.dropout > 0.9:
            raise CxError(f"dropout must leave at least a tenth; got {self.dropout!r}")
        if not 0 <= self.autocorrelation < 1:
            raise CxError(f"autocorrelation must be 0 to below 1; got {self.autocorrelation!r}")
        spreads = [field.name for field in fields(self) if field.name.endswith("_sd")]
        negative = [name for name in spreads if getattr(self, name) < 0]
        if negative:
            raise CxError(f"{negative} must not be negative")
        if not self.scale_low < self.scale_high:
            raise CxError(f"scale_low {self.scale_low:g} must be below {self.scale_high:g}")

    def treated(self) -> BoolArray:
        """Return which episodes are treated, shape (participants, episodes)."""
        person = np.arange(self.participants)[:, None]
        episode = np.arange(self.episodes)[None, :]
        turn = person + episode if self.allocation == "within" else person + 0 * episode
        return np.asarray(turn % 2 == 1)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Draws:
    """S studies drawn from a design.

    Attributes
    ----------
    ratings : ndarray, shape (S, G, E, M)
    memory : ndarray, shape (S, G, E)
    last : ndarray of int, shape (S, G, E)
        Position of the last rated moment; M − 1 where the end was rated.
    """

    ratings: FloatArray
    memory: FloatArray
    last: np.ndarray


def draw_studies(design: PeakEndDesign, studies: int, rng: np.random.Generator) -> Draws:
    """Draw studies from a design, vectorised over all of them."""
    shape = (studies, design.participants, design.episodes)
    noise = rng.standard_normal((design.moments, *shape))
    hang = design.autocorrelation
    fresh = np.sqrt(1 - hang**2)
    for moment in range(1, design.moments):
        noise[moment] *= fresh
        noise[moment] += hang * noise[moment - 1]
    noise *= design.noise_sd
    person = design.person_sd * rng.standard_normal((*shape[:2], 1))
    noise += design.level + person + design.episode_sd * rng.standard_normal(shape)
    treated = design.treated()
    noise[design.moments // 2] += design.peak_effect * treated
    noise[-1] += design.end_effect * treated
    ratings = np.moveaxis(_on_scale(design, noise), 0, -1)
    memory = _memory(design, ratings, treated, rng)
    last = np.full(shape, design.moments - 1)
    if design.dropout > 0:
        gone = rng.random(shape) < design.dropout
        early = rng.integers(0, design.moments - 1, shape)
        last = np.where(gone, early, last)
        memory = np.where(gone, np.nan, memory)
    return Draws(ratings=ratings, memory=memory, last=last)


def _memory(
    design: PeakEndDesign, ratings: FloatArray, treated: BoolArray, rng: np.random.Generator
) -> FloatArray:
    shape = ratings.shape[:-1]
    memory = design.memory_level + design.direct_effect * treated
    memory = memory + design.memory_peak * (ratings.max(axis=-1) - design.level)
    memory = memory + design.memory_end * (ratings[..., -1] - design.level)
    memory = memory + design.memory_mean * (ratings.mean(axis=-1) - design.level)
    memory = memory + design.memory_person_sd * rng.standard_normal((*shape[:2], 1))
    return _on_scale(design, memory + design.memory_noise_sd * rng.standard_normal(shape))


def _on_scale(design: PeakEndDesign, values: FloatArray) -> FloatArray:
    if not design.rounded:
        return values
    np.rint(values, out=values)
    return np.clip(values, design.scale_low, design.scale_high, out=values)


def simulate_study(
    design: PeakEndDesign, *, seed: int = 20260101
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw one study as the two tables a real one would give.

    Parameters
    ----------
    design : PeakEndDesign
    seed : int

    Returns
    -------
    tuple of DataFrame
        Moments: participant, episode, time (1 … moments), rating, ended. Episodes:
        participant, episode, condition ("plain" or "treated"), retrospective (nan after
        drop-out).

    Examples
    --------
    >>> moments, episodes = simulate_study(PeakEndDesign(participants=6, episodes=2, moments=5))
    >>> moments.shape, episodes.shape
    ((60, 5), (12, 4))
    """
    drawn = draw_studies(design, 1, np.random.default_rng(seed))
    people, times, count = design.participants, design.episodes, design.moments
    person, episode, moment = (index.ravel() for index in np.indices((people, times, count)))
    last = drawn.last[0][person, episode]
    moments = pd.DataFrame(
        {
            "participant": person + 1,
            "episode": episode + 1,
            "time": moment + 1.0,
            "rating": drawn.ratings[0].ravel(),
            "ended": (moment == last) & (last == count - 1),
        }
    )
    who, which = (index.ravel() for index in np.indices((people, times)))
    episodes = pd.DataFrame(
        {
            "participant": who + 1,
            "episode": which + 1,
            "condition": np.where(design.treated().ravel(), "treated", "plain"),
            "retrospective": drawn.memory[0].ravel(),
        }
    )
    return moments[moment <= last].reset_index(drop=True), episodes
