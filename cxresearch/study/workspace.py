"""Where studies live: a workspace is the folder that holds ``data/``."""

from __future__ import annotations

import os
from pathlib import Path

from cxresearch._validate import did_you_mean
from cxresearch.errors import StudyError

STUDY_FILE = "study.yaml"
WORKSPACE_VARIABLE = "CXRESEARCH_WORKSPACE"

PathLike = str | os.PathLike[str]


def find_workspace(start: PathLike | None = None) -> Path:
    """Return the workspace: CXRESEARCH_WORKSPACE, or the nearest folder upwards with ``data/``.

    Parameters
    ----------
    start : path-like, optional
        Where to look first; by default the current folder.

    Raises
    ------
    StudyError
        There is none.
    """
    named = os.environ.get(WORKSPACE_VARIABLE, "")
    if named and start is None:
        if not (Path(named) / "data").is_dir():
            raise StudyError(f"{WORKSPACE_VARIABLE} is {named}, which has no folder data/")
        return Path(named).absolute()
    here = Path.cwd() if start is None else Path(start).absolute()
    for folder in (here, *here.parents):
        if (folder / "data").is_dir():
            return folder
    raise StudyError(
        f"no workspace: neither {here} nor a folder above it has a folder data/; "
        "make one with: cxresearch init DIR"
    )


def list_studies(workspace: PathLike | None = None) -> list[str]:
    """Return the names of the studies of a workspace, sorted.

    Parameters
    ----------
    workspace : path-like, optional
        By default the one found by `find_workspace`.
    """
    folder = (Path(workspace) if workspace is not None else find_workspace()) / "data"
    if not folder.is_dir():
        return []
    return sorted(
        entry.name
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and is_file(entry / STUDY_FILE)
    )


def study_path(wanted: PathLike, workspace: PathLike | None) -> Path:
    """Return the path of the study.yaml that a name or a path means.

    Raises
    ------
    StudyError
        There is none.
    """
    text = os.fspath(wanted)
    if not text or "\0" in text:
        raise StudyError("name a study, or give the path of its folder")
    shown = text if text.isprintable() else repr(text)
    if isinstance(wanted, str) and _is_name(text):
        return _named(text, workspace)
    path = Path(os.path.normpath(Path(text).absolute()))
    if is_file(path):
        if path.name != STUDY_FILE:
            raise StudyError(f"study {shown}: the file of a study is named {STUDY_FILE}")
        return path
    if is_file(path / STUDY_FILE):
        return path / STUDY_FILE
    what = f"has no {STUDY_FILE}" if is_folder(path) else "does not exist"
    place = str(path) if shown == text else "it names"
    raise StudyError(f"study {shown}: the folder {place} {what}")


def _is_name(text: str) -> bool:
    separators = "/" in text or "\\" in text or text in (".", "..", "~")
    return not separators and not text.endswith((".yaml", ".yml"))


def _named(name: str, workspace: PathLike | None) -> Path:
    # A folder given by its bare name, from inside a loose collection, is found as well.
    local = Path(name).absolute() / STUDY_FILE
    try:
        root = Path(workspace).absolute() if workspace is not None else find_workspace()
    except StudyError:
        if is_file(local):
            return local
        raise
    path = root / "data" / name / STUDY_FILE
    if is_file(path):
        _check_stays(path.parent, root)
        return path
    if workspace is None and is_file(local):
        return local
    known = list_studies(root)
    has = f"the studies are {', '.join(known)}" if known else "there is no study yet"
    what = (
        f"the folder has no {STUDY_FILE}"
        if is_folder(path.parent)
        else "there is no such folder"
    )
    hint = did_you_mean(name, known)
    shown = name if name.isprintable() else repr(name)
    raise StudyError(f"study {shown}: {what} in {root / 'data'}; {has}{hint}")


def _check_stays(folder: Path, root: Path) -> None:
    """Refuse a study that a link takes from somewhere else into the workspace."""
    if not folder.resolve().is_relative_to(root.resolve()):
        raise StudyError(
            f"study {folder.name}: {folder} is a link that leads out of the workspace {root}; "
            "copy the folder instead"
        )


def workspace_of(folder: Path, workspace: PathLike | None) -> Path:
    """Return the workspace of a study folder; a study outside of data/ is its own."""
    if workspace is not None:
        return Path(workspace).absolute()
    return folder.parent.parent if folder.parent.name == "data" else folder


def is_folder(path: Path) -> bool:
    """Return whether a folder is there; False also for a path the system refuses."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Return whether a file is there; False also for a path the system refuses."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
