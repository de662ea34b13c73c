"""R's numbers and data for the tests of this room."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


@pytest.fixture(scope="session")
def golden() -> Callable[[str], dict[str, Any]]:
    def read(name: str) -> dict[str, Any]:
        file = REFERENCE / "expected" / f"peak_end_{name}.json"
        return dict(json.loads(file.read_text(encoding="utf-8")))

    return read


@pytest.fixture(scope="session")
def reference_data() -> Callable[[str], pd.DataFrame]:
    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(REFERENCE / "data" / f"peak_end_{name}.csv")

    return read
