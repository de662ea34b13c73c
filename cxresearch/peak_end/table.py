"""Moments and episodes of a study as the one table its analyses read."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from cxresearch._types import HigherIs
from cxresearch.peak_end._design import levels_of
from cxresearch.peak_end._traces import episode_numbers, key_pairs
from cxresearch.peak_end.features import EpisodeFeaturesResult, episode_features
from cxresearch.responses.episodes import Design, EpisodeData

_KEYS = ["participant", "episode"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PeakEndTable:
    """Episodes with their features beside what is known of them.

    Attributes
    ----------
    data : EpisodeData
    features : EpisodeFeaturesResult
    frame : pandas.DataFrame
        One row an episode that has a rated moment: features, retrospective, condition, choice,
        covariates.
    covariates : tuple of str
        Numeric columns of `frame` and `people` measured before the condition was drawn;
        ``name[level]`` for categories.
    design : {"none", "between", "within"}
        Whether people met one condition each, several, or there is none.
    conditions : tuple of str
        Conditions that occur, in the order of the codebook.
    """

    data: EpisodeData
    features: EpisodeFeaturesResult
    frame: pd.DataFrame
    covariates: tuple[str, ...]
    design: Design
    conditions: tuple[str, ...]

    @property
    def asked(self) -> dict[str, str]:
        """Arguments of the memory models: ``compare_memory_models(t.frame, **t.asked)``."""
        return {"retrospective": "retrospective", "participant": "participant"}

    @property
    def labels(self) -> dict[str, str]:
        """Column → text."""
        return dict(self.data.labels)

    @property
    def base_condition(self) -> str:
        """First condition, the one others are compared with; ``""`` when there is none."""
        return next(iter(self.conditions), "")

    @property
    def other_condition(self) -> str:
        """Second condition; ``""`` when there is none."""
        return next(iter(self.conditions[1:]), "")

    @property
    def by(self) -> str:
        """Column by which episodes are shown apart: the condition, or ``""``."""
        return "condition" if self.conditions else ""

    @property
    def choice_words(self) -> dict[str, str]:
        """What was chosen, and by whom, by the names that `findings` of a choice takes."""
        if self.design == "within":
            return {"option": self.other_condition}
        groups = {"first": self.base_condition, "second": self.other_condition}
        return {"option": "choice", **(groups if self.other_condition else {})}

    @property
    def memory_is(self) -> HigherIs:
        """What a high remembered rating means, as of the rating of moments."""
        return self.data.higher_is or "better"

    @property
    def one_episode_each(self) -> bool:
        """Whether everybody has one episode."""
        return not bool(self.data.episodes["participant"].duplicated().any())

    def __repr__(self) -> str:
        return (
            f"PeakEndTable({self.data.codebook.survey!r}, {len(self.frame)} of {self.data.n} "
            "episodes)"
        )

    def _repr_html_(self) -> str:
        return (
            f"<p><strong>{escape(self.data.codebook.survey)}</strong>: {len(self.frame)} "
            f"episodes with features, of {self.data.n}; peak: {escape(self.features.peak_rule)}"
            f"</p>{self.features._repr_html_()}"
        )


def peak_end_table(
    data: EpisodeData,
    *,
    last_k: int = 1,
    last_share: float = 0.1,
    end_tolerance: float = 0.05,
    reference_moments: int | None = None,
) -> PeakEndTable:
    """Compute the features of all episodes of a study and put them beside its episodes.

    What makes a moment the peak, and the ends of the scale, come from the codebook.

    Parameters
    ----------
    data : EpisodeData
    last_k, last_share, end_tolerance, reference_moments
        As for `episode_features`.

    Returns
    -------
    PeakEndTable

    Raises
    ------
    CxError
        An option is not allowed.
    """
    moments = rated_moments(data)
    features = episode_features(
        moments,
        participant="participant",
        episode="episode",
        time="time",
        rating="rating",
        direction=data.direction,
        higher_is=data.higher_is,
        neutral=data.neutral,
        scale=data.limits.get("rating"),
        last_k=last_k,
        last_share=last_share,
        ended="ended" if "ended" in moments else None,
        declared_duration="declared_duration" if "declared_duration" in moments else None,
        end_tolerance=end_tolerance,
        reference_moments=reference_moments,
    )
    episodes, covariates = with_numeric_covariates(data)
    known = episodes.drop(columns=["duration", "ended"], errors="ignore")
    return PeakEndTable(
        data=data,
        features=features,
        frame=features.with_episodes(known),
        covariates=covariates,
        design=data.design,
        conditions=levels_of(episodes["condition"]) if "condition" in episodes else (),
    )


def rated_moments(data: EpisodeData) -> pd.DataFrame:
    """Return the moments of episodes that have a rating, with what is known of their end."""
    number = episode_numbers(data.moments, _KEYS)
    rated = np.bincount(number, weights=data.moments["rating"].notna()) > 0
    moments = data.moments.drop(columns="ended", errors="ignore")[rated[number]]
    moments = moments.reset_index(drop=True)
    _, first, place = np.unique(number[rated[number]], return_index=True, return_inverse=True)
    keys = key_pairs(moments.iloc[first], _KEYS)
    if "duration" in data.episodes:
        known = _by_episode(data.episodes, "duration")
        declared = np.array([known.get(key) for key in keys], dtype=float)
        # Without a declared duration the episode is taken to end with its last moment.
        last = np.full(len(keys), -np.inf)
        np.maximum.at(last, place, moments["time"].to_numpy(dtype=float))
        moments["declared_duration"] = np.where(np.isnan(declared), last, declared)[place]
    if "ended" in data.quality:
        ended = _by_episode(data.quality[data.quality["excluded"] == ""], "ended")
        moments["ended"] = np.array([ended.get(key) for key in keys], dtype=bool)[place]
    return moments


def _by_episode(table: pd.DataFrame, name: str) -> dict[tuple[object, ...], object]:
    """Return a column by episode; of repeated rows the first counts."""
    rows = list(zip(key_pairs(table, _KEYS), table[name].tolist(), strict=True))
    return dict(reversed(rows))


def with_numeric_covariates(data: EpisodeData) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the episodes with covariates as numbers: a category as ``name[level]``, 0 or 1."""
    episodes, names = data.episodes, []
    for name in data.covariates:
        if pd.api.types.is_numeric_dtype(episodes[name]):
            names.append(name)
            continue
        for level in sorted(episodes[name].dropna().unique())[1:]:
            flag = (episodes[name] == level).where(episodes[name].notna()).astype(float)
            episodes = episodes.assign(**{f"{name}[{level}]": flag})
            names.append(f"{name}[{level}]")
    varying = tuple(name for name in names if episodes[name].nunique() > 1)
    return episodes, varying
