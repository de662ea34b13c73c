from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """The factory of gap results with chosen numbers, tests/gap_results.py."""
    path = Path(__file__).resolve().parents[1] / "gap_results.py"
    spec = importlib.util.spec_from_file_location("gap_results", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
