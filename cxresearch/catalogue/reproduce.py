"""A filed run, run again from its record, and every number compared."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cxresearch._files import read_json, sha256_file, write_json
from cxresearch._types import Json
from cxresearch._yaml import read_yaml
from cxresearch.catalogue.filings import Filing, find_run
from cxresearch.catalogue.matrix import fill_comparison
from cxresearch.catalogue.pipeline import run_study
from cxresearch.errors import CatalogueError, CxError, Fault, StudyError
from cxresearch.runs.execute import Progress
from cxresearch.runs.filing import CELLS
from cxresearch.runs.inputs import INPUTS, STUDY_FILE, changed_inputs
from cxresearch.runs.provenance import code_sha256
from cxresearch.study import load_study
from cxresearch.study.cell import in_cell

HANDED_ON = "handed-on.json"
"""In an exported study: what the hashes of its data files became without some columns."""

_CLOSED_FORM = 1e-9
_ITERATIVE = 1e-4
_ITERATED = frozenset(
    {
        "cfa", "efa", "invariance", "factor_reliability", "polychoric", "distinctness",
        "driver_model", "mixed_model", "memory_models", "person_differences",
    }
)  # fmt: skip
"""Kinds of results that an optimiser ends; on another machine it may stop elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A recorded value that did not come out again."""

    file: str
    place: str
    recorded: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.recorded!r} then, {self.now!r} now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """What came of running a filed run again.

    Attributes
    ----------
    compared : int
        Values compared, of all recorded results and findings.
    differences : tuple of Difference
        Beyond the tolerance of their kind: 1e-9 relative, 1e-4 where an optimiser decides.
    largest : float
        Largest relative difference of a number.
    same_code : bool
        The package is the one that made the run.
    """

    filing: Filing
    compared: int
    differences: tuple[Difference, ...]
    largest: float
    same_code: bool


def reproduce_run(
    filing: Filing, *, workspace: Path, progress: Progress | None = None
) -> Reproduced:
    """Run a filed run again from its record and compare every recorded result.

    The study, codebook and template are those kept with the run, the data those of the study's
    folder; all are verified by their hashes first. It runs in a folder of its own, and nothing
    is filed.

    Parameters
    ----------
    filing : Filing
        A completed run.
    workspace : Path
        Folder that holds ``data/``.
    progress : callable, optional
        As in `run_study`.

    Raises
    ------
    CatalogueError
        The run did not complete, or an input is missing or not the one it rests on; with all of
        them.
    RunError
        A cell failed this time.
    """
    if filing.status != "completed":
        raise CatalogueError(
            f"run {filing.run} of {filing.study!r} is {filing.status}; only a completed run "
            "can be reproduced"
        )
    record = read_json(filing.folder / "run.json")
    if record.get("comparison"):
        return _compare_again(filing, record, workspace, progress)
    with tempfile.TemporaryDirectory(prefix="cxresearch-") as made:
        room = Path(made)
        target = _lay_out(room, filing, record)
        for _, path, text in data_files(filing, record, workspace):
            _copy(path, _inside(room, target, text))
        study = load_study(target, workspace=room)
        if record.get("cell"):
            study = in_cell(study, record["cell"])
        outcome = run_study(
            study, workspace=room, settings=record["settings"], force=True, progress=progress
        )
        found = list(_compared(filing.folder, outcome.filing.folder))
    return _told(filing, record, found)


def _compare_again(
    filing: Filing, record: Json, workspace: Path, progress: Progress | None
) -> Reproduced:
    """Run every cell of a comparison again, and compare the filed cells once more."""
    parts = [
        reproduce_run(cell, workspace=workspace, progress=progress)
        for cell in compared_runs(filing, record)
    ]
    with tempfile.TemporaryDirectory(prefix="cxresearch-") as made:
        room, again = Path(made), Path(made) / "again"
        target = _lay_out(room, filing, record)
        for _, path, text in data_files(filing, record, workspace):
            _copy(path, _inside(room, target, text))
        again.mkdir()
        study = load_study(target, workspace=room)
        fill_comparison(again, study, record["comparison"], workspace=workspace)
        own = _told(filing, record, list(_compared(filing.folder, again)))
    differences = [
        replace(one, file=f"{part.filing.study}/{one.file}")
        for part in parts
        for one in part.differences
    ]
    return replace(
        own,
        compared=own.compared + sum(part.compared for part in parts),
        differences=(*own.differences, *differences),
        largest=max([own.largest, *(part.largest for part in parts)]),
    )


def compared_runs(filing: Filing, record: Json) -> list[Filing]:
    """Return the runs of the cells that a comparison compares; none for any other run.

    Raises
    ------
    CatalogueError
        One is not there.
    """
    shelves = filing.folder.parent / CELLS
    return [
        find_run(shelves, one["folder"], one["run"])
        for one in record.get("comparison", [])
        if one["run"]
    ]


def _told(filing: Filing, record: Json, found: list[Difference | float | None]) -> Reproduced:
    differences = tuple(entry for entry in found if isinstance(entry, Difference))
    numbers = [entry for entry in found if isinstance(entry, float)]
    return Reproduced(
        filing=filing,
        compared=len(found),
        differences=differences,
        largest=max(numbers, default=0.0),
        same_code=record["package"]["code_sha256"] == code_sha256(),
    )


def _lay_out(room: Path, filing: Filing, record: Json) -> Path:
    """Make a workspace for the inputs of a run and nothing else; return the study's folder."""
    kept = filing.folder / INPUTS
    faults = [Fault(message=fault) for fault in changed_inputs(filing.folder, record)]
    if faults:
        raise CatalogueError(f"run {filing.run} cannot be reproduced", faults)
    target = room / "data" / str(record["study"])
    target.mkdir(parents=True)
    (room / "templates").mkdir()
    template = record["template"]["file"]
    shutil.copyfile(kept / template, room / "templates" / template)
    for path in kept.iterdir():
        if path.name.startswith(("study.", "analysis-plan.")):
            shutil.copyfile(path, target / path.name)
    written = read_yaml(kept / STUDY_FILE, error=StudyError, subject=STUDY_FILE).data
    _copy(kept / record["codebook"]["file"], _inside(room, target, written["codebook"]))
    return target


def data_files(
    filing: Filing, record: Json, workspace: Path
) -> Iterator[tuple[str, Path, str]]:
    """Yield the data files of a run: recorded hash, where it lies, its name in study.yaml.

    Raises
    ------
    CatalogueError
        Files are missing or are not those of the run; with all of them.
    """
    source = workspace / "data" / str(record["study"])
    file = filing.folder / INPUTS / STUDY_FILE
    named = _named(read_yaml(file, error=StudyError, subject=STUDY_FILE).data)
    handed_on = source / HANDED_ON
    became: Json = read_json(handed_on) if handed_on.is_file() else {}
    found, faults = [], []
    for entry in record["data"]:
        text, digest = named[entry.get("table") or entry["wave"]], entry["sha256"]
        path = Path(os.path.normpath(source / text))
        if not path.is_file():
            faults.append(Fault(file=text, message="the data file is missing"))
        elif sha256_file(path) not in (digest, became.get(digest)):
            faults.append(Fault(file=text, message="it is not the data file of the run"))
        else:
            found.append((digest, path, text))
    if faults:
        raise CatalogueError(f"the data of run {filing.run} cannot be used", faults)
    yield from found


def _named(written: Json) -> dict[str, str]:
    """Return the data files of study.yaml, by wave or table; under ``""`` a single one."""
    files = written.get("waves") or written["data"]
    return {"": files} if isinstance(files, str) else {str(k): v for k, v in files.items()}


def _inside(room: Path, target: Path, text: str) -> Path:
    path = Path(os.path.normpath(target / str(text).replace("\\", "/")))
    if not path.is_relative_to(room):
        raise CatalogueError(f"{text} lies outside of the workspace of the run")
    return path


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _compared(then: Path, now: Path) -> Iterator[Difference | float | None]:
    """Yield for each recorded value a difference, the relative one of a number, or None."""
    names = {
        path.name for folder in (then, now) for path in (folder / "results").glob("*.json")
    }
    for name in sorted(names):
        file = f"results/{name}"
        sides = [_read(folder / file) for folder in (then, now)]
        kind = sides[0].get("kind", "") if isinstance(sides[0], dict) else ""
        allowed = _ITERATIVE if kind in _ITERATED else _CLOSED_FORM
        yield from _values(file, "", (sides[0], sides[1]), allowed)


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except CxError:
        return None


def _values(
    file: str, place: str, sides: tuple[Any, Any], allowed: float
) -> Iterator[Difference | float | None]:
    then, now = sides
    if isinstance(then, dict) and isinstance(now, dict) and then.keys() == now.keys():
        for key in then:
            inner = f"{place}.{key}" if place else str(key)
            yield from _values(file, inner, (then[key], now[key]), allowed)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, pair in enumerate(zip(then, now, strict=True)):
            yield from _values(file, f"{place}[{number}]", pair, allowed)
    elif _is_number(then) and _is_number(now):
        off = abs(then - now) / max(abs(then), abs(now), 1e-6)
        yield (
            off
            if off <= allowed
            else Difference(file=file, place=place, recorded=then, now=now)
        )
    elif then == now:
        yield None
    else:
        yield Difference(file=file, place=place, recorded=_short(then), now=_short(now))


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    )


def _short(value: Any) -> Any:
    return (
        f"{type(value).__name__} of {len(value)}" if isinstance(value, (dict, list)) else value
    )


def keep_handed_on(folder: Path, became: dict[str, str]) -> None:
    """Note in an exported study what the hashes of its data files became."""
    write_json(folder / HANDED_ON, became)
