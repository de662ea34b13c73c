"""A run folder, read for showing; what is missing in a failed run is simply not there."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cxresearch._files import read_json
from cxresearch._imports import without_slow_imports
from cxresearch._types import Json
from cxresearch.errors import CxError
from cxresearch.shown import Depth
from cxresearch.wording.messages import DEFAULT_LANGUAGE

DEPTHS: tuple[Depth, ...] = ("manager", "analyst", "student")


@dataclass(frozen=True, eq=False, kw_only=True)
class RunFiles:
    """What a report is made from.

    Attributes
    ----------
    folder : Path
    record : dict
        run.json.
    outputs : dict
        Entries of outputs.json by kind and name, in the order of recording.
    findings : list of dict
        As recorded; the most important first.
    notebook : NotebookNode or None
        None when the kernel never started.
    """

    folder: Path
    record: Json
    outputs: dict[tuple[str, str], Json]
    findings: list[Json]
    notebook: Any
    _texts: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether the run did not come to its end."""
        return self.record.get("status") != "completed"

    @property
    def narrated_in(self) -> str:
        """Language of the notebook's texts and of the helps of its parameters."""
        metadata = {} if self.notebook is None else self.notebook.metadata.get("cxresearch", {})
        return str(metadata.get("language", DEFAULT_LANGUAGE))

    def text(self, file: str) -> str:
        """Return the text of a file of the run, which is read once.

        Raises
        ------
        CxError
            The file is missing, or the name leads out of the run folder.
        """
        if file not in self._texts:
            self._texts[file] = self._read(file)
        return self._texts[file]

    @cached_property
    def _root(self) -> Path:
        return self.folder.resolve()

    def _read(self, file: str) -> str:
        path = (self.folder / file).resolve()
        if not path.is_relative_to(self._root):
            raise CxError(f"outputs.json names {file!r}, which is outside the run folder")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CxError(
                f"{file} of run {self.folder.name} cannot be read: {error}"
            ) from error


def read_run(folder: Path) -> RunFiles:
    """Read the files of a run.

    Raises
    ------
    CxError
        There is no run.json, or a file is damaged.
    """
    record = read_json(folder / "run.json")
    if not isinstance(record, dict):
        raise CxError(f"run.json of {folder.name} is not a record")
    listing, told = folder / "outputs.json", folder / "results" / "findings.json"
    entries = read_json(listing)["outputs"] if listing.exists() else []
    findings = read_json(told) if told.exists() else []
    return RunFiles(
        folder=folder,
        record=record,
        outputs={(entry["kind"], entry["name"]): entry for entry in entries},
        findings=findings,
        notebook=_read_notebook(folder / "executed.ipynb"),
    )


def _read_notebook(path: Path) -> Any:
    if not path.exists():
        return None
    with without_slow_imports():
        import nbformat

    faults: dict[str, Exception] = {}
    try:
        notebook = nbformat.read(path, as_version=4, capture_validation_error=faults)  # type: ignore[no-untyped-call]
        if faults:  # what a cell has over and above its format does no harm
            nbformat.validate(notebook, relax_add_props=True)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        first = next(iter(str(error).strip().splitlines()), "not a notebook")
        raise CxError(
            f"{path.name} of run {path.parent.name} cannot be read: {first}"
        ) from error
    return notebook
