"""Files that are whole or not there, and their hashes."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from cxresearch.errors import CxError


def write_text(path: Path, text: str) -> Path:
    """Write a UTF-8 file in one step: a reader sees the old file or the new one, never a half.

    The temporary file lies beside the target, so that the rename stays on one disk.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}.", suffix=".part"
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


def write_json(path: Path, value: Any, *, indent: int | None = 2) -> Path:
    """Write JSON that any reader accepts: two spaces, no NaN, ends with a new line.

    Without `indent` it takes a tenth of the time: for what is soon written again.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return write_text(path, f"{text}\n")


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
