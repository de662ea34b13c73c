"""Answers: read, held against the codebook, scored, judged for quality."""

from __future__ import annotations

from cxresearch.responses.episodes import (
    EpisodeData,
    EpisodeInspection,
    inspect_episodes,
    load_episodes,
)
from cxresearch.responses.exclusions import (
    AnsweredValue,
    DroppedOut,
    Duplicated,
    Exclusion,
    FewMoments,
    LongestString,
    LowVariability,
    MissingShare,
    ShortDuration,
    check_exclusions,
)
from cxresearch.responses.load import Inspection, inspect_responses, load_responses
from cxresearch.responses.model import Flow, FlowStep, Responses, Source
from cxresearch.responses.quality import (
    equal_parts,
    longest_string,
    missing_share,
    variability,
)
from cxresearch.responses.read import read_table
from cxresearch.responses.score import missing_by_item, scale_scores

__all__ = [
    "AnsweredValue",
    "DroppedOut",
    "Duplicated",
    "EpisodeData",
    "EpisodeInspection",
    "Exclusion",
    "FewMoments",
    "Flow",
    "FlowStep",
    "Inspection",
    "LongestString",
    "LowVariability",
    "MissingShare",
    "Responses",
    "ShortDuration",
    "Source",
    "check_exclusions",
    "equal_parts",
    "inspect_episodes",
    "inspect_responses",
    "load_episodes",
    "load_responses",
    "longest_string",
    "missing_by_item",
    "missing_share",
    "read_table",
    "scale_scores",
    "variability",
]
