"""A filed run as one file that somebody else can open and reproduce."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import os
import re
import shlex
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import cxresearch
from cxresearch._files import read_json, sha256_file
from cxresearch._types import Json
from cxresearch._validate import check_choice
from cxresearch.catalogue.filings import Filing
from cxresearch.catalogue.reproduce import compared_runs, data_files, keep_handed_on
from cxresearch.catalogue.verify import verify_run
from cxresearch.codebook import load_codebook
from cxresearch.errors import CatalogueError, Fault
from cxresearch.responses.sharing import shared_columns, write_shared
from cxresearch.runs.filing import CELLS
from cxresearch.runs.inputs import INPUTS
from cxresearch.study.cell_names import spell_cell

_EPOCH = (1980, 1, 1, 0, 0, 0)
_EXTRA = re.compile(r"extra\s*==")
_NAME = re.compile(r"[^A-Za-z0-9._-]")
_STATUSES = ("completed", "failed")


def export_run(
    filing: Filing, target: Path, *, workspace: Path, bare: bool = False
) -> tuple[str, ...]:
    """Write a filed run as one zip: study, codebook, template, package, results, report, data.

    Of the data only the columns that the codebook has analysed go along; personal columns,
    free texts and columns it does not name stay here. Packed files carry no times, so the same
    run gives the same zip.

    Parameters
    ----------
    filing : Filing
    target : Path
        The zip; must not be there.
    workspace : Path
        Folder that holds ``data/``.
    bare : bool
        Leave the data out altogether.

    Returns
    -------
    tuple of str
        Columns that were left out, by file: ``"responses.csv: email"``.

    Raises
    ------
    CatalogueError
        The run does not match its record, the data are not those of the run, or the zip exists.
    ResponseError
        A data file cannot be written without the columns.
    """
    check_choice("status of the run", filing.status, _STATUSES)
    if target.exists():
        raise CatalogueError(f"{target} exists already; name another file")
    _check_whole(filing)
    record = read_json(filing.folder / "run.json")
    for cell in compared_runs(filing, record):
        _check_whole(cell)
    with tempfile.TemporaryDirectory(prefix="cxresearch-") as made:
        room = Path(made)
        left_out: tuple[str, ...] = ()
        if not bare:
            left_out = _share_data(room, filing, record, workspace)
        _pack(target, _contents(room, filing, record, bare=bare))
    return left_out


def _check_whole(filing: Filing) -> None:
    faults = [Fault(message=fault) for fault in verify_run(filing)]
    if faults:
        raise CatalogueError(f"run {filing.run} is not what was filed", faults)


def _share_data(room: Path, filing: Filing, record: Json, workspace: Path) -> tuple[str, ...]:
    """Write the data files under ``room`` as they are handed on."""
    codebook = load_codebook(filing.folder / INPUTS / record["codebook"]["file"])
    became: dict[str, str] = {}
    left_out: list[str] = []
    folder = room / "data" / str(record["study"])
    folder.mkdir(parents=True)
    for digest, source, text in data_files(filing, record, workspace):
        path = Path(os.path.normpath(folder / text.replace("\\", "/")))
        path.parent.mkdir(parents=True, exist_ok=True)
        missing = write_shared(source, path, shared_columns(source, codebook))
        became[digest] = sha256_file(path)
        left_out += [f"{source.name}: {name}" for name in missing]
    keep_handed_on(folder, became)
    return tuple(left_out)


def _contents(
    room: Path, filing: Filing, record: Json, *, bare: bool
) -> Iterator[tuple[str, bytes]]:
    kept = filing.folder / INPUTS
    study = f"data/{record['study']}"
    for path in sorted(p for p in room.rglob("*") if p.is_file()):
        yield path.relative_to(room).as_posix(), path.read_bytes()
    if bare:
        yield f"{study}/PUT-THE-DATA-HERE.txt", _wanted(record).encode()
    template = record["template"]["file"]
    for path in sorted(kept.iterdir()):
        place = f"templates/{template}" if path.name == template else f"{study}/{path.name}"
        yield place, path.read_bytes()
    for run in (filing, *compared_runs(filing, record)):
        place = _place(run, str(record["study"]))
        for path in sorted(p for p in run.folder.rglob("*") if p.is_file()):
            yield f"{place}/{path.relative_to(run.folder).as_posix()}", path.read_bytes()
    wheel, packed = package_wheel()
    yield wheel, packed
    yield "requirements.txt", _requirements(wheel).encode()
    yield "README.md", _read_me(filing, record, bare=bare).encode()


def _place(filing: Filing, study: str) -> str:
    """Return where a run stands in a workspace: that of a cell below its study."""
    if filing.folder.parent.parent.name == CELLS:
        return f"reports/{study}/{CELLS}/{filing.study}/{filing.run}"
    return f"reports/{study}/{filing.run}"


def _wanted(record: Json) -> str:
    lines = [f"{entry['file']}  sha256 {entry['sha256']}" for entry in record["data"]]
    return "The run rests on these files, which are not part of this copy:\n" + "\n".join(lines)


def _read_me(filing: Filing, record: Json, *, bare: bool) -> str:
    study = str(record["study"])
    named = spell_cell(study, record["cell"]) if record.get("cell") else study
    first = (
        f"Put the data files named in data/{study}/PUT-THE-DATA-HERE.txt there. Then:"
        if bare
        else "The data lack the columns that were not analysed. To check every number:"
    )
    return f"""# {record["title"]}

{record["method_title"]}, run {filing.run}.
The report: {_place(filing, study)}/report.html

{first}

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/cxresearch reproduce {shlex.quote(named)}

The second command runs the study again from its record and compares every recorded
result; it ends with status 1 if one differs.
Made with Python {record["environment"]["python"]}.
"""


def _requirements(wheel: str) -> str:
    """Return the installed versions of everything the package needs, and the package itself."""
    names = _needed("cxresearch") - {"cxresearch"}
    pins = {name: importlib.metadata.version(name) for name in names}
    return "".join(f"{name}=={pins[name]}\n" for name in sorted(pins)) + f"./{wheel}\n"


def _needed(root: str) -> set[str]:
    found: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            wanted = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # not needed on this system
            continue
        found.add(name)
        plain = [text for text in wanted if not _EXTRA.search(text)]
        waiting += [_NAME.split(text)[0].lower().replace("_", "-") for text in plain]
    return found


def package_wheel() -> tuple[str, bytes]:
    """Return the installed package as a wheel: its name and its bytes.

    A checkout and an installed copy give the same files, so that a run can be handed on with
    the very code that made it.
    """
    package = Path(cxresearch.__file__).parent
    shipped = package / "_templates"
    templates = shipped if shipped.is_dir() else package.parent / "templates"
    about = importlib.metadata.distribution("cxresearch")
    info = f"cxresearch-{about.version}.dist-info"
    files = {
        f"cxresearch/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and shipped not in path.parents
    }
    files |= {
        f"cxresearch/_templates/{p.name}": p.read_bytes()
        for p in sorted(templates.iterdir())
        if p.is_file()
    }
    files[f"{info}/METADATA"] = (about.read_text("METADATA") or "").encode()
    files[f"{info}/entry_points.txt"] = (about.read_text("entry_points.txt") or "").encode()
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: cxresearch\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""]).encode()
    packed = io.BytesIO()
    _zip(packed, files.items())
    return f"cxresearch-{about.version}-py3-none-any.whl", packed.getvalue()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _pack(target: Path, contents: Iterator[tuple[str, bytes]]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            _zip(file, contents)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _zip(file: IO[bytes], contents: Iterable[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
