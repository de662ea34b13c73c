"""Files that are whole or not there, and their hashes."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from cxresearch.errors import CxError

_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_DECODER = json.JSONDecoder()
_LIST_ENDS = b"\n  ]\n}\n"


def write_text(path: Path, text: str) -> Path:
    """Write a UTF-8 file in one step: a reader sees the old file or the new one, never a half.

    The temporary file lies beside the target, so that the rename stays on one disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        with open(temporary, "x", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def write_json(path: Path, value: Any, *, depth: int = 4) -> Path:
    """Write JSON that any reader accepts: no NaN, the outer levels line by line.

    Lists of plain values, and what lies deeper than `depth`, stand on one line each: a column
    of a table, a row of a matrix. So nearly all is left to the encoder written in C, which
    sets no lines, and takes a third of the time.
    """
    text = _lines(value, depth, "\n")
    return write_text(path, f"{text}\n")


def add_to_json(path: Path, entry: Any) -> None:
    """Add an entry to the list that a file ends with, which `write_json` wrote two levels deep.

    Only the entry is written: replacing a file by a new one of the same name waits for the
    disk. An entry that cannot be written whole leaves the file as it was; for the one at which
    the process was killed there is `read_added`.

    Raises
    ------
    CxError
        The file ends in another way.
    """
    with path.open("r+b", buffering=0) as file:
        end = file.seek(-len(_LIST_ENDS), os.SEEK_END)
        if file.read() != _LIST_ENDS:
            raise CxError(f"{path.name} of {path.parent.name} does not end with a list")
        file.seek(end)
        added = f",\n    {_ENCODE(entry)}".encode() + _LIST_ENDS
        try:
            while added:
                added = added[file.write(added) :]
        except BaseException:
            file.truncate(end)
            file.seek(end)
            file.write(_LIST_ENDS)
            raise


def read_added(path: Path) -> Any:
    """Return the value of a file of `add_to_json`, without an entry that was never finished.

    Raises
    ------
    CxError
        The file is missing or is not JSON for another reason.
    """
    try:
        return read_json(path)
    except CxError:
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        whole = _end_of_entries(text)
        if not whole:
            raise
        return json.loads(text[:whole] + _LIST_ENDS.decode())


def _end_of_entries(text: str) -> int:
    """Return where the last whole entry of a list ends, 0 where there is none."""
    head, opening, _ = text.partition("[\n    ")
    start, end = len(head) + len(opening), 0
    with suppress(ValueError):
        while True:
            _, end = _DECODER.raw_decode(text, start)
            start = end + len(",\n    ")
    return end


def _lines(value: Any, depth: int, margin: str) -> str:
    """Return JSON whose lines begin with `margin`, itself a line break and spaces."""
    inner = f"{margin}  "
    if depth and value and isinstance(value, dict):
        parts = [f"{_ENCODE(str(k))}: {_lines(v, depth - 1, inner)}" for k, v in value.items()]
        return f"{{{inner}{f',{inner}'.join(parts)}{margin}}}"
    if depth and isinstance(value, list) and any(isinstance(v, (dict, list)) for v in value):
        parts = [_lines(item, depth - 1, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(parts)}{margin}]"
    return _ENCODE(value)


def read_json(path: Path) -> Any:
    """Return the value of a JSON file.

    Raises
    ------
    CxError
        The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CxError(f"{path.name} of {path.parent.name} cannot be read: {error}") from error


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """Return the SHA-256 of plain JSON values, whatever the order of their keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
