"""Answers to the SERVQUAL battery of the goldens, and to batteries made up in a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

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

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
DIMENSIONS = {
    "TAN": range(1, 5),
    "REL": range(5, 10),
    "RES": range(10, 14),
    "ASS": range(14, 18),
    "EMP": range(18, 23),
}
GROUPS = {
    "segment": ("corporate", "online", "retail"),
    "branch": ("City", "Town"),
    "region": ("East", "North", "South", "West"),
}


def battery_of(dimensions: dict[str, Any], *, points: str = "", **parts: str) -> Battery:
    scales = tuple(
        Scale(
            name=name,
            label=f"Text of {name}",
            items=tuple(Item(key=key, text=f"Text of item_{key}") for key in keys),
        )
        for name, keys in dimensions.items()
    )
    return Battery(
        name="servqual",
        scale=ResponseScale(name="agree7", low=1, high=7),
        parts=parts or {"expectation": "E{item:02d}", "perception": "P{item:02d}"},  # type: ignore[arg-type]
        scales=scales,
        points=points,
    )


def responses_of(frame: pd.DataFrame, battery: Battery) -> Responses:
    columns = [
        Column(
            name=name,
            column=name,
            role="segment",
            label=name,
            values=tuple(Code(value=i, label=label) for i, label in enumerate(labels)),
        )
        for name, labels in GROUPS.items()
        if name in frame
    ]
    if "weight" in frame:
        columns.append(Column(name="weight", column="weight", role="weight", label="Weight"))
    return Responses(
        codebook=Codebook(survey="Test", columns=tuple(columns), batteries=(battery,)),
        frame=frame,
        missing=frame.isna(),
        quality=pd.DataFrame(),
        flow=Flow(read=len(frame)),
        sources=(),
    )


@pytest.fixture
def read_answers() -> Callable[[str], Responses]:
    """A function from the name of a reference file to its responses."""

    def read(file: str) -> Responses:
        frame = pd.read_csv(REFERENCE / file)
        numbers = [name for name in frame if name[0] in "PEW" or name == "weight"]
        battery = battery_of(DIMENSIONS, points="W_{dimension}")
        return responses_of(frame.astype(dict.fromkeys(numbers, float)), battery)

    return read


@pytest.fixture
def golden() -> Callable[[str], Any]:
    """A function from the name of an expected file to what it holds."""

    def read(name: str) -> Any:
        return json.loads((REFERENCE / "expected" / name).read_text(encoding="utf-8"))

    return read


@pytest.fixture
def make_responses() -> Callable[..., Responses]:
    """A function from columns of answers (E01, P01 …) to responses of some dimensions."""

    def make(
        columns: dict[str, Any], dimensions: dict[str, Any] | None = None, **battery: str
    ) -> Responses:
        frame = pd.DataFrame(columns)
        keys = sorted(
            {int(name[1:]) for name in frame if name[0] in "EP" and name[1:].isdigit()}
        )
        return responses_of(frame, battery_of(dimensions or {"staff": keys}, **battery))

    return make
