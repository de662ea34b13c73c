"""Filed runs written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

File = Callable[..., Path]


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    return tmp_path / "reports"


@pytest.fixture
def file(reports: Path) -> File:
    """Return a function that files a run: study, run, fields of its record."""

    def write(study: str, run: str, **changes: Any) -> Path:
        folder = reports / study / run
        folder.mkdir(parents=True)
        record: dict[str, Any] = {
            "schema": 1,
            "run": run,
            "study": study,
            "title": f"Title of {study}",
            "method": "servqual",
            "method_title": "SERVQUAL gap analysis",
            "status": "completed",
            "started": "2026-11-21T17:42:10.000+00:00",
            "ended": "2026-11-21T17:42:12.000+00:00",
            "run_key": "k",
            "respondents": {"read": 412, "analysed": 391, "steps": []},
            "headline": {"text": f"Finding of {run}.", "sure": "clear"},
            "parameters": {"level": 0.95, "segments": ["branch"]},
            "data": [{"wave": "", "file": "responses.csv", "sha256": "ab"}],
        }
        text = json.dumps({**record, **changes}, ensure_ascii=False)
        (folder / "run.json").write_text(text, encoding="utf-8")
        (folder / "report.html").write_text("<!doctype html>", encoding="utf-8")
        return folder

    return write
