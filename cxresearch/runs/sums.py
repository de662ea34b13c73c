"""SHA256SUMS: the hash of every file of a filed run, as ``sha256sum --check`` reads it.

The record of a run has the hashes of what was recorded. It cannot have its own, nor those of
the report and the crate, which are made after it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from cxresearch._files import sha256_file, write_text
from cxresearch.errors import CatalogueError

SUMS = "SHA256SUMS"

_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def write_sums(folder: Path) -> None:
    """Write the hash of every file of a run; the last thing before it is filed."""
    _write(folder, {n: sha256_file(folder / n) for n in files_of(folder) if n != SUMS})


def files_of(folder: Path) -> list[str]:
    """Return the files of a run as they stand in its listings: by their paths, ``a/b``, sorted.

    What lies in a folder that is a link is not of the run.
    """
    return sorted(_walked(folder, ""), key=lambda name: name.split("/"))


def _walked(folder: Path | str, place: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walked(entry.path, f"{place}{entry.name}/")
            elif entry.is_file():
                yield f"{place}{entry.name}"


def read_sums(folder: Path) -> dict[str, str]:
    """Return the hashes by file; empty for a run that was filed before there were any.

    Raises
    ------
    CatalogueError
        The file is not what was written.
    """
    path = folder / SUMS
    if not path.exists():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{SUMS} cannot be read: {error}") from error
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {match[2]: match[1] for match in found if match}
    if len(sums) < len(lines):
        raise CatalogueError(f"{SUMS} was changed: a line is no hash and file")
    return sums


def renew_sum(folder: Path, name: str) -> None:
    """Put in the hash of one file that was made again, such as the report."""
    sums = read_sums(folder)
    if sums:
        _write(folder, sums | {name: sha256_file(folder / name)})


def _write(folder: Path, sums: dict[str, str]) -> None:
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    write_text(folder / SUMS, "".join(lines))
