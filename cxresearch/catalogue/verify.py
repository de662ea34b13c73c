"""Is a filed run still what was filed? Every file against the hashes of its record."""

from __future__ import annotations

from pathlib import Path

from cxresearch._files import read_json, sha256_file
from cxresearch.catalogue.filings import Filing, index_with_cells
from cxresearch.catalogue.records import record_key
from cxresearch.errors import CxError
from cxresearch.runs.crate import CRATE
from cxresearch.runs.inputs import changed_inputs

_REMADE = ("run.json", "report.html", CRATE)
"""The record itself, and what can be made again from the rest."""


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
        return (f"run.json cannot be read: {error!r}",)
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
    return tuple(dict.fromkeys(faults))


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
        if name not in _REMADE and not path.is_symlink()
    }
