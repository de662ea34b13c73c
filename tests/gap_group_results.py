"""Results on many groups, waves and the map, for the tests of what readers see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cxresearch.codebook.model import Battery, Codebook, Column, Item, ResponseScale, Scale
from cxresearch.responses.model import Flow, Responses, Source

DIMENSIONS = {
    "tangibles": (1, 2),
    "reliability": (3, 4),
    "responsiveness": (5, 6),
    "assurance": (7, 8),
}
SHIFT = {"tangibles": 0.1, "reliability": -1.0, "responsiveness": -0.5, "assurance": -0.2}


def survey(
    *,
    n: int = 480,
    offices: int = 12,
    tau: float = 0.4,
    waves: tuple[str, ...] = ("spring", "autumn"),
    gain: float = 0.3,
    panel: bool = False,
    seed: int = 1,
) -> Responses:
    """Synthetic answers: offices differ by tau, the last wave is better by gain."""
    rng = np.random.default_rng(seed)
    office = np.arange(n) % offices
    wave = np.repeat(np.arange(len(waves)), -(-n // len(waves)))[:n]
    person = np.arange(n) % (n // len(waves)) if panel else np.arange(n)
    own = rng.normal(0, 0.5, n)[person]
    level = rng.normal(0, tau, offices)[office] + gain * (wave == len(waves) - 1) + own
    frame: dict[str, Any] = {}
    scores = {}
    for name, keys in DIMENSIONS.items():
        common = rng.normal(0, 0.6, n)
        scores[name] = common
        for key in keys:
            expected = 5.8 + 0.3 * rng.normal(size=n)
            frame[f"E{key:02d}"] = expected
            frame[f"P{key:02d}"] = (
                expected + SHIFT[name] + level + common + 0.3 * rng.normal(size=n)
            )
    points = rng.dirichlet([2, 6, 4, 3], n) * 100
    frame |= {f"W_{name}": points[:, i] for i, name in enumerate(DIMENSIONS)}
    told = 4 + scores["reliability"] + 0.4 * scores["responsiveness"] + level
    frame["osat"] = told + 0.5 * rng.normal(size=n)
    frame["office"] = [f"Office {chr(65 + i)}" for i in office]
    frame["person"] = person.astype(str)
    frame["wave"] = [waves[i] for i in wave]
    return responses_of(pd.DataFrame(frame), waves)


def responses_of(frame: pd.DataFrame, waves: tuple[str, ...]) -> Responses:
    scales = tuple(
        Scale(
            name=name,
            label=name.capitalize(),
            items=tuple(Item(key=key, text=f"Question {key}") for key in keys),
        )
        for name, keys in DIMENSIONS.items()
    )
    battery = Battery(
        name="servqual",
        scale=ResponseScale(name="agree7", low=1, high=7),
        parts={"expectation": "E{item:02d}", "perception": "P{item:02d}"},
        scales=scales,
        points="W_{dimension}",
    )
    columns = (
        Column(name="office", column="office", role="segment", label="Office"),
        Column(name="person", column="person", role="id", label="Person"),
        Column(name="osat", column="osat", role="outcome", label="Overall satisfaction"),
    )
    return Responses(
        codebook=Codebook(survey="Offices", columns=columns, batteries=(battery,)),
        frame=frame,
        missing=frame.isna(),
        quality=pd.DataFrame(),
        flow=Flow(read=len(frame)),
        sources=tuple(
            Source(file=f"{w}.csv", sha256="", rows=0, columns=0, format="csv", wave=w)
            for w in waves
        ),
    )


def without(responses: Responses, **keep: Any) -> Responses:
    """The responses of those for whom a column has one of some values."""
    inside = np.ones(responses.n, dtype=bool)
    for name, values in keep.items():
        inside &= responses.frame[name].isin(values).to_numpy()
    return replace(responses, frame=responses.frame[inside], missing=responses.missing[inside])
