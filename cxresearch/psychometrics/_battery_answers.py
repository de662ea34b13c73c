"""The answers to a battery as a frame and a model, with how respondents were sampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import FloatArray
from cxresearch.codebook.model import Battery
from cxresearch.responses.model import Responses


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BatteryAnswers:
    """One part of a battery, ready for a factor model.

    Attributes
    ----------
    frame : pandas.DataFrame
        Items, and the columns of case weights and clusters where there are any.
    model : dict
        Scale → its items.
    weights, clusters : str or None
        Columns of `frame`.
    cluster_name : str
        The clusters' name in the codebook; ``""`` for none.
    notes : tuple of str
        ``"one_cluster:branch"``: all respondents are of one, so none is used.
    """

    frame: pd.DataFrame
    model: dict[str, list[str]]
    weights: str | None
    clusters: str | None
    cluster_name: str
    notes: tuple[str, ...]


def battery_answers(
    responses: Responses, chosen: Battery, part: str, *, with_clusters: bool
) -> BatteryAnswers:
    """Return the answers to a part of a battery, or the gaps of its items."""
    columns: dict[str, FloatArray] = {}
    model: dict[str, list[str]] = {}
    for scale in chosen.scales:
        model[scale.name] = [item.term for item in scale.items]
        answers = _side(responses, chosen, part, scale.name)
        columns |= dict(zip(model[scale.name], answers.T, strict=True))
    frame = pd.DataFrame(columns)
    clusters: str | None = None
    notes: tuple[str, ...] = ()
    named = responses.codebook.columns_with_role("cluster") if with_clusters else ()
    if named:
        values = responses.frame[named[0].name]
        if values.nunique() < 2:
            notes = (f"one_cluster:{named[0].name}",)
        else:
            clusters = _free_name("cluster", frame)
            frame[clusters] = values.to_numpy(dtype=object)
    weights, counts = None, responses.weights()
    if counts is not None:
        weights = _free_name("weight", frame)
        frame[weights] = counts
        frame = frame[np.isfinite(counts) & (counts >= 0)]
    return BatteryAnswers(
        frame=frame,
        model=model,
        weights=weights,
        clusters=clusters,
        cluster_name=named[0].name if clusters else "",
        notes=notes,
    )


def _side(responses: Responses, chosen: Battery, part: str, scale: str) -> FloatArray:
    def answers(side: str) -> FloatArray:
        own = responses.frame[chosen.columns(side, scale)]  # type: ignore[arg-type]
        return np.asarray(own.to_numpy(dtype=float))

    if part == "gap":
        return answers("perception") - answers("expectation")
    return answers(part)


def _free_name(name: str, frame: pd.DataFrame) -> str:
    while name in frame:
        name += "_"
    return name
