"""The record of a run, run.json: what is added to it at the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cxresearch._files import read_json, sha256_json
from cxresearch._types import Json
from cxresearch.errors import RunError
from cxresearch.reports.first_screen import headline
from cxresearch.runs.execute import failed_at
from cxresearch.runs.filing import hash_outputs
from cxresearch.runs.provenance import run_key
from cxresearch.runs.sums import SUMS

SCHEMA = 1


def record_key(record: Json) -> str:
    """Return the hash of what a run's results depend on, of a cell and of a comparison too."""
    key = run_key(record)
    own = record.get("cell") or record.get("comparison")
    return sha256_json([key, own]) if own else key


def ended_record(draft: Json, folder: Path, seconds: float) -> Json:
    """Return the record of a run that ended, without how it ended.

    Parameters
    ----------
    draft : dict
        The record as it was at the start.
    folder : Path
        What the run recorded.
    seconds : float
        How long it took, by a clock that nobody sets.
    """
    started = datetime.fromisoformat(draft["started"])
    ended = started + timedelta(seconds=seconds)
    top = headline(read_findings(folder))
    record = {name: value for name, value in draft.items() if name != "steps"}
    return record | {
        "headline": None if top is None else {"text": top["text"], "sure": top["sure"]},
        "ended": ended.isoformat(timespec="milliseconds"),
        "seconds": round(seconds, 3),
        "outputs": hash_outputs(folder),
        "sums": SUMS,
    }


def ending(error: RunError | None, steps: Sequence[str]) -> Json:
    """Return how a run ended, as its record says it."""
    if error is None:
        return {"status": "completed", "error": None}
    told = {
        "cell": error.cell,
        "of": len(steps),
        "step": error.step,
        "message": str(error).removeprefix(failed_at(error.cell, len(steps), error.step)),
        "source": error.source,
        "traceback": error.traceback,
    }
    return {"status": "failed", "error": told}


def read_findings(folder: Path) -> list[Json]:
    """Return what a run found, in the order in which it was recorded."""
    file = folder / "results" / "findings.json"
    return list(read_json(file)) if file.exists() else []
