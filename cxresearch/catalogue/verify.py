"""Is a filed run still what was filed? Every file against the hashes of its record."""

from __future__ import annotations

from pathlib import Path

from cxresearch._files import read_json, sha256_file
from cxresearch._types import Json
from cxresearch.catalogue.filings import Filing, index_with_cells
from cxresearch.catalogue.records import record_key
from cxresearch.errors import CatalogueError, CxError
from cxresearch.runs.crate import CRATE
from cxresearch.runs.inputs import changed_inputs
from cxresearch.runs.sums import SUMS, read_sums

_LATER = ("run.json", "report.html", CRATE, SUMS)
"""The record itself, and what is made after it."""


def verify_run(filing: Filing) -> tuple[str, ...]:
    """Compare a filed run with its record.

    Returns
    -------
    tuple of str
        What is wrong, empty when nothing is: files missing, changed or not in the record; a
        record that is not that of this folder, or whose inputs were changed.
    """
    try:
        record = read_json(filing.folder / "run.json")
        recorded: dict[str, str] = dict(record["outputs"])
        key = record_key(record)
        named, key_recorded = str(record["run"]), str(record["run_key"])
        faults = list(changed_inputs(filing.folder, record))
    except (CxError, KeyError, TypeError, AttributeError, ValueError) as error:
        why = str(error.__cause__) if error.__cause__ else repr(error)
        return (f"run.json cannot be read: {why}",)
    if named != filing.run:
        faults.append(f"run.json is the record of {named}")
    if key != key_recorded or not filing.run.endswith(f"-{key_recorded[:5]}"):
        faults.append("run.json: the inputs it names are not those of this run")
    there = _files(filing.folder)
    faults += [f"{name} is missing" for name in recorded if name not in there]
    faults += [f"{name} is not in the record" for name in there if name not in recorded]
    faults += [
        f"{name} was changed"
        for name, digest in recorded.items()
        if name in there and sha256_file(there[name]) != digest
    ]
    if not filing.report.is_file():
        faults.append("report.html is missing")
    faults += _changed_later(filing.folder, record)
    return tuple(dict.fromkeys(faults))


def _changed_later(folder: Path, record: Json) -> list[str]:
    """Return what is wrong with record, report, crate and the list of all hashes."""
    try:
        sums = read_sums(folder)
    except CatalogueError as error:
        return [str(error)]
    if not sums:
        return [f"{SUMS} is missing"] if record.get("sums") else []
    faults = []
    for name in (name for name in _LATER if name != SUMS):
        path = folder / name
        if name in sums and not path.is_file():
            faults.append(f"{name} is missing")
        elif path.is_file() and sha256_file(path) != sums.get(name):
            faults.append(f"{name} is not what {SUMS} has: one of the two was changed")
    outputs = record["outputs"]
    others = {name: sums[name] for name in sums if name not in _LATER}
    if others != outputs:
        faults.append(f"{SUMS} was changed: it is not that of this record")
    return faults


def verify_filings(reports: Path, study: str | None = None) -> dict[str, tuple[str, ...]]:
    """Compare every filed run, of one study or of all, with its record.

    Returns
    -------
    dict of str to tuple of str
        ``study/run``, or ``study/cells/cell/run`` → what is wrong with it.
    """
    return {
        filing.folder.relative_to(reports).as_posix(): verify_run(filing)
        for filing in index_with_cells(reports, study)
    }


def _files(folder: Path) -> dict[str, Path]:
    paths = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {
        name: path
        for name, path in sorted(named.items())
        if name not in _LATER and not path.is_symlink()
    }
