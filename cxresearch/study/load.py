"""Load a study: study.yaml and what it names, every fault at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from cxresearch._types import Json
from cxresearch._validate import did_you_mean
from cxresearch._yaml import Document, TextPath, read_yaml
from cxresearch.codebook.faults import check_form
from cxresearch.codebook.load import in_file_order, load_codebook
from cxresearch.codebook.model import Codebook
from cxresearch.codebook.schema import schema_of
from cxresearch.errors import CodebookError, Fault, StudyError
from cxresearch.planned import AnalysisPlan, PlanLock, read_lock
from cxresearch.responses.exclusions import Exclusion, LongestString, check_exclusions
from cxresearch.study.cell import cell_labels, in_cell
from cxresearch.study.cell_names import split_cell
from cxresearch.study.file import SHAPES, ExcludeFile, StudyFile, exclusion_of
from cxresearch.study.model import Study
from cxresearch.study.plan import load_plan
from cxresearch.study.workspace import (
    STUDY_FILE,
    PathLike,
    is_file,
    is_folder,
    study_path,
    workspace_of,
)

DATA_SUFFIXES = (
    ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".sav", ".zsav", ".dta", ".parquet",
)  # fmt: skip


def load_study(name_or_path: PathLike, *, workspace: PathLike | None = None) -> Study:
    """Load a study, with every fault of study.yaml and of the codebook at once.

    Parameters
    ----------
    name_or_path : str or path-like
        Name of a folder in the workspace's ``data/``, or the path of the folder or of its
        study.yaml. One cell of it is ``"bank[branch=North,wave=spring]"``.
    workspace : path-like, optional
        Folder that holds ``data/``. By default the environment variable
        CXRESEARCH_WORKSPACE, or the nearest folder with ``data/`` from here upwards; for a
        path, where the study lies.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        There is no such study, or it or its codebook is not well formed. Answers are not read
        yet: see `Study.responses`.
    """
    name_or_path, cell = split_cell(name_or_path)
    path = study_path(name_or_path, workspace)
    folder = path.parent
    subject = f"study {folder.name}"
    document = read_yaml(path, error=StudyError, subject=subject)
    file, faults, repaired = check_form(StudyFile, document, SHAPES)
    faults.extend(document.faults.values())
    if file is None:
        raise StudyError(subject, in_file_order(faults))
    loader = _Loader(folder, workspace_of(folder, workspace), document, repaired)
    if not any(path[:1] in (("data",), ("waves",)) for path in repaired):
        loader.check_data_or_waves(file)
    data = loader.data_files(file)
    codebook, codebook_faults = loader.codebook(file)
    exclusions = loader.exclusions(codebook)
    loader.check_wave_name(file, codebook)
    for_each = loader.for_each(file, codebook)
    plan, plan_faults = loader.plan(codebook)
    faults = in_file_order([*faults, *loader.faults]) + list(codebook_faults)
    faults += plan_faults
    if faults or codebook is None:
        raise StudyError(subject, faults)
    study = Study(
        name=folder.name,
        folder=folder,
        workspace=loader.workspace,
        title=file.title,
        description=file.description,
        method=file.method,
        codebook=codebook,
        data=data,
        layout="waves" if file.waves else "file" if isinstance(file.data, str) else "tables",
        population=file.population,
        sample=file.sample,
        exclusions=tuple(exclusions),
        parameters=dict(file.parameters),
        contact=file.contact,
        language=file.language or codebook.language,
        sha256=document.sha256,
        plan=plan,
        plan_lock=loader.lock,
        for_each=for_each,
    )
    return in_cell(study, cell) if cell else study


def start_study(name_or_path: PathLike, *, workspace: PathLike | None = None) -> Study:
    """Load a study to work on in a notebook, once its answers have been read and found good.

    The same `Study` as the templates use. `load_study` does not read the answers yet; this
    does, so that a fault in them is told in the first cell and not in the tenth.

    Parameters
    ----------
    name_or_path, workspace
        As in `load_study`.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        There is no such study, or it or its codebook is not well formed.
    ResponseError
        The data do not fit the codebook; with every fault found.
    """
    study = load_study(name_or_path, workspace=workspace)
    if study.layout == "tables":
        study.episodes()
    else:
        study.responses()
    return study


def study_schema() -> Json:
    """Return the JSON Schema (draft 2020-12) of study.yaml.

    Examples
    --------
    >>> schema = study_schema()
    >>> schema["title"]
    'cxresearch study'
    >>> schema["required"]
    ['title', 'method']
    """
    return schema_of(StudyFile)


class _Loader:
    """Follows what study.yaml names, and collects what is wrong."""

    def __init__(
        self, folder: Path, workspace: Path, document: Document, repaired: set[TextPath]
    ) -> None:
        self.folder, self.workspace = folder, workspace
        self.document, self.repaired = document, repaired
        self.faults: list[Fault] = []
        self.lock = PlanLock()

    def _fault(self, place: Iterable[object], message: str) -> None:
        self.faults.append(self.document.fault(tuple(place), message))

    def check_data_or_waves(self, file: StudyFile) -> None:
        """Note when the study has no data file, or two ways of naming them."""
        if file.data is not None and file.waves is not None:
            self._fault(("waves",), "data and waves are both given; write one of them")
        elif file.data is None and file.waves is None:
            self._fault((), f"data is missing; {self._files_here()}")

    def check_wave_name(self, file: StudyFile, codebook: Codebook | None) -> None:
        """Refuse a column that has the name by which waves are told apart."""
        if file.waves and codebook and any(c.name == "wave" for c in codebook.columns):
            message = (
                "the codebook names a column wave, as the waves are named; rename it there"
            )
            self._fault(("waves",), message)

    def data_files(self, file: StudyFile) -> dict[str, Path]:
        """Return the data files that are there."""
        key, files = ("waves", file.waves) if file.waves else ("data", file.data)
        named = {"": files} if isinstance(files, str) else files or {}
        found: dict[str, Path] = {}
        for name, text in named.items():
            place = (key, name) if name else (key,)
            path = self._inside(place, text)
            if path is None:
                continue
            if not is_file(path):
                self._fault(place, self._not_there(text, path))
            elif path in found.values():
                self._fault(place, f"{text} is given twice")
            else:
                found[name] = path
        return found

    def codebook(self, file: StudyFile) -> tuple[Codebook | None, tuple[Fault, ...]]:
        """Return the codebook, or its faults."""
        path = self._inside(("codebook",), file.codebook)
        if path is None:
            return None, ()
        if not is_file(path):
            near = sorted(p.name for p in self.folder.glob("*.yaml") if p.name != STUDY_FILE)
            has = f"; the folder has {', '.join(near)}" if near else ""
            self._fault(("codebook",), f"codebook {file.codebook} is not there{has}")
            return None, ()
        try:
            return load_codebook(path, language=file.language, name=file.codebook), ()
        except CodebookError as error:
            return None, error.faults

    def plan(self, codebook: Codebook | None) -> tuple[AnalysisPlan | None, list[Fault]]:
        """Return the analysis plan when there is one, or its faults."""
        if codebook is None:
            return None, []
        try:
            self.lock = read_lock(self.folder)
            return load_plan(self.folder, codebook), []
        except StudyError as error:
            return None, list(error.faults) or [Fault(message=str(error))]

    def for_each(
        self, file: StudyFile, codebook: Codebook | None
    ) -> dict[str, tuple[str, ...]]:
        """Return the columns and labels the study is run for one by one."""
        if codebook is None or not file.for_each:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for name, values in file.for_each.items():
            labels, message = cell_labels(name, values, codebook, list(file.waves or ()))
            if message:
                self._fault(("for_each", name), f"for_each, {name}: {message}")
            found[name] = labels
        return found

    def exclusions(self, codebook: Codebook | None) -> list[Exclusion]:
        """Return the exclusion rules; those that the codebook does not bear out are faults."""
        written = self.document.data.get("exclude")
        rules: list[Exclusion] = []
        for number, entry in enumerate(written if isinstance(written, list) else []):
            if any(path[:2] == ("exclude", str(number)) for path in self.repaired):
                continue
            form = ExcludeFile.model_validate(entry)
            given = [
                name for name in ExcludeFile.model_fields if getattr(form, name) is not None
            ]
            rule = exclusion_of(form)
            if rule is None or len(given) > 1:
                which = f"has the rules {', '.join(given)}" if given else "names no rule"
                message = f"{which}; write one rule after each '-'"
                self._fault(("exclude", number), f"exclude, rule {number + 1}: {message}")
                continue
            rules.append(rule)
            if codebook is not None:
                self._check_rule(rule, codebook, number)
        return rules

    def _check_rule(self, rule: Exclusion, codebook: Codebook, number: int) -> None:
        place = ("exclude", number)
        for fault in check_exclusions([rule], codebook):
            self._fault(place, f"exclude, rule {number + 1}: {fault.message}")
        if isinstance(rule, LongestString):
            items = next(
                (len(b.items) for b in codebook.batteries if b.name == rule.battery), 0
            )
            if rule.at_least > items > 0:
                message = f"at_least is {rule.at_least}, and {rule.battery} has {items} items"
                self._fault(
                    place, f"exclude, rule {number + 1}: {message}; it would exclude nobody"
                )

    def _inside(self, place: Iterable[object], text: str) -> Path | None:
        """Return a path that study.yaml names, when it stays where a study may reach."""
        windows = PureWindowsPath(text)
        if "\0" in text or Path(text).is_absolute() or windows.drive or windows.root:
            self._fault(place, f"{text} is not a path seen from the study's folder; write one")
            return None
        path = Path(os.path.normpath(self.folder / text.replace("\\", "/")))
        own = path.is_relative_to(self.folder)
        if not own and not path.is_relative_to(self.workspace):
            self._fault(place, f"{text} lies outside of the workspace {self.workspace}")
            return None
        room = self.folder if own else self.workspace
        if not _resolved(path).is_relative_to(_resolved(room)):
            self._fault(
                place, f"{text} is a link that leads out of {room}; copy the file instead"
            )
            return None
        return path

    def _not_there(self, text: str, path: Path) -> str:
        if is_folder(path):
            return f"{text} is a folder; name the data file"
        if os.path.exists(path):  # False for what the system refuses
            return f"{text} is no file that can be read, but a pipe, a socket or a device"
        near = did_you_mean(path.name, self._data_files()) if path.parent == self.folder else ""
        return f"data file {text} is not there; {self._files_here()}{near}"

    def _files_here(self) -> str:
        names = self._data_files()
        return f"the folder has {', '.join(names)}" if names else "the folder has no data file"

    def _data_files(self) -> list[str]:
        files = (
            entry for entry in self.folder.iterdir() if entry.suffix.lower() in DATA_SUFFIXES
        )
        return sorted(entry.name for entry in files)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
