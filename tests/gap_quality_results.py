"""Responses to the reference batteries, for tests of what readers see of gap quality."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from cxresearch.codebook.model import (
    Battery,
    Code,
    Codebook,
    Column,
    Item,
    ResponseScale,
    Scale,
)
from cxresearch.responses.model import Flow, Responses

DATA = Path(__file__).parent / "reference" / "data"
SIZES = {
    "servqual_zone.csv": {"TAN": 4, "REL": 5, "RES": 1},
    "servqual.csv": {"TAN": 4, "REL": 5, "RES": 4, "ASS": 4, "EMP": 5},
}
LABELS = {
    "TAN": "Tangibles", "REL": "Reliability", "RES": "Responsiveness", "ASS": "Assurance",
    "EMP": "Empathy",
}  # fmt: skip
REGIONS = ("East", "North", "South", "West")


def answers(
    file: str = "servqual_zone.csv",
    *,
    labels: Mapping[str, str] = LABELS,
    outcome: str = "Overall satisfaction",
    **columns: Any,
) -> Responses:
    """Responses of a reference file; columns given by name replace those of the file."""
    frame = pd.read_csv(DATA / file).assign(**columns)
    numbers = [name for name in frame if name[0] in "PEMDWO" or name == "weight"]
    frame = frame.astype(dict.fromkeys(numbers, float))
    keys = iter(range(1, 100))
    scales = tuple(
        Scale(
            name=name,
            label=labels[name],
            items=tuple(Item(key=k, text=f"Question {k}") for k in islice(keys, size)),
        )
        for name, size in SIZES[file].items()
    )
    parts = {"expectation": "E{item:02d}", "perception": "P{item:02d}"}
    if "M01" in frame:
        parts |= {"minimum": "M{item:02d}", "desired": "D{item:02d}"}
    battery = Battery(
        name="servqual",
        scale=ResponseScale(name="agree7", low=1, high=7),
        parts=parts,  # type: ignore[arg-type]
        scales=scales,
        points="" if "M01" in frame else "W_{dimension}",
    )
    regions = tuple(Code(value=i, label=name) for i, name in enumerate(REGIONS))
    known = [Column(name="OSAT", column="OSAT", role="outcome", label=outcome)]
    if "region" in frame:
        known.append(
            Column(
                name="region", column="region", role="segment", label="Region", values=regions
            )
        )
    return Responses(
        codebook=Codebook(survey="Test", columns=tuple(known), batteries=(battery,)),
        frame=frame,
        missing=frame.isna(),
        quality=pd.DataFrame(),
        flow=Flow(read=len(frame)),
        sources=(),
    )
