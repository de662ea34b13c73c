"""The git commit that holds a file as it is, where there is one."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cxresearch.planned.lock import stamp

_PATIENCE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit of git.

    Attributes
    ----------
    id : str
        Full hash; ``""`` for none.
    made : str
        When, UTC, by the clock of the computer that made it.
    """

    id: str = ""
    made: str = ""


def commit_of(path: Path) -> Commit:
    """Return the commit that last changed a file, where it holds the file as it is now.

    No commit where git or a repository is missing, the file is not committed, or was changed
    since. Line ends may differ.
    """
    told = _git(
        path.parent, "log", "-1", "--no-show-signature", "--format=%H %cI", "--", path.name
    )
    if told is None or not told.strip():
        return Commit()
    commit, when = told.decode("ascii").split()
    held = _git(path.parent, "cat-file", "blob", f"{commit}:./{path.name}")
    if held is None or held.replace(b"\r\n", b"\n") != path.read_bytes().replace(
        b"\r\n", b"\n"
    ):
        return Commit()
    return Commit(id=commit, made=stamp(datetime.fromisoformat(when)))


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git says; None where it cannot say anything."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
