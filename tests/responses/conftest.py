from __future__ import annotations

from collections.abc import Callable, Sequence
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
    MissingCode,
    ResponseScale,
    Scale,
)
from cxresearch.responses.load import Inspection, inspect_responses

AGREE = ResponseScale(
    name="agree7",
    low=1,
    high=7,
    anchors=(Code(1, "Strongly disagree"), Code(4, "Neither"), Code(7, "Strongly agree")),
    missing=(MissingCode(98, "Did not use", "not_used"), MissingCode(99, "Do not know")),
)
BATTERY = Battery(
    name="servqual",
    scale=AGREE,
    parts={"expectation": "E{item:02d}", "perception": "P{item:02d}"},
    scales=(
        Scale(
            name="staff",
            label="Staff",
            items=(Item(key=1, text="Helpful"), Item(key=3, text="Rude", reverse_keyed=True)),
        ),
        Scale(
            name="place",
            label="Place",
            items=(Item(key=2, text="Clean"), Item(key=4, text="Modern")),
        ),
    ),
    points="imp_{dimension}",
)
COLUMNS = (
    Column(name="respondent", column="RespID", role="id", label="Respondent"),
    Column(
        name="branch",
        column="branch",
        role="segment",
        label="Branch",
        values=(Code(1, "City"), Code(2, "Café")),
    ),
    Column(name="customer", column="customer", role="segment", label="Customer"),
    Column(name="osat", column="osat", role="outcome", label="Satisfaction", scale=AGREE),
    Column(name="seconds", column="seconds", role="duration", label="Seconds"),
    Column(name="email", column="email", role="personal", label="Email"),
    Column(name="comment", column="comment", role="text", label="Comment"),
)
ITEMS = ["E01", "E02", "E03", "E04", "P01", "P02", "P03", "P04"]


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return Codebook(
        survey="Branches", response_scales=(AGREE,), columns=COLUMNS, batteries=(BATTERY,)
    )


@pytest.fixture
def table() -> pd.DataFrame:
    """Six respondents as a survey tool exports them: codes as text, one of each non-answer."""
    rows = [
        # id    branch customer osat E1 E2 E3 E4   P1 P2 P3 P4   points    secs   comment
        ["001", "1", "Old", "6", *"7777", *"5432", "60", "40", "200.5", "good"],
        ["002", "2", "New", "5", *"6756", *"6532", "50", "50", "310", ""],
        ["003", "1", "New", "98", *"5676", *"4544", "30", "70", "150", "so, so"],
        ["004", "2", "Old", "", "7", "", "99", "6", *"5543", "20", "80", "95.25", "bad"],
        ["005", "1", "", "3", *"4567", *"2345", "55", "45", "", ""],
        ["006", "", "Old", "7", *"7676", *"7676", "10", "90", "400", "x"],
    ]
    names = ["RespID", "branch", "customer", "osat", *ITEMS]
    names += ["imp_staff", "imp_place", "seconds", "comment"]
    frame = pd.DataFrame(rows, columns=names, dtype=object)
    frame["email"] = [f"person{k}@example.org" for k in range(6)]
    return frame


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a frame as delimited text, or bytes as they are; return the path."""

    def write(
        content: pd.DataFrame | bytes | str, name: str = "responses.csv", **how: Any
    ) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding=how.get("encoding", "utf-8"), newline="")
        else:
            encoding = how.pop("encoding", "utf-8")
            path.write_bytes(content.to_csv(index=False, **how).encode(encoding))
        return path

    return write


@pytest.fixture
def inspect(write: Write, codebook: Codebook) -> Callable[..., Inspection]:
    """Inspect a frame as if it had been exported to responses.csv."""

    def inspect(frame: pd.DataFrame, exclusions: Sequence[Any] = (), **how: Any) -> Inspection:
        book = how.pop("codebook", codebook)
        return inspect_responses({"": write(frame, **how)}, book, exclusions)

    return inspect
