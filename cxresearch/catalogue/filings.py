"""What is filed: read from the run folders each time, so that nothing can get out of step."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cxresearch._files import read_json
from cxresearch._types import Json
from cxresearch._validate import did_you_mean
from cxresearch.errors import CatalogueError, CxError
from cxresearch.runs.filing import CELLS, RUN_ID
from cxresearch.study.cell_names import cell_folder, split_cell

Status = Literal["completed", "failed", "damaged"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Filing:
    """One kept version of a study.

    Attributes
    ----------
    study, run : str
        Names of the study's folder and of the run's.
    folder : Path
    status : {"completed", "failed", "damaged"}
        Damaged: the record cannot be read.
    title, method : str
        As the study says; `method_title` is the template's.
    started : str
        ISO time, UTC.
    analysed : int or None
        Respondents (or episodes) analysed; None where the run did not come that far.
    unit : {"respondents", "episodes"}
        What `analysed` counts.
    headline, sure : str
        The most important finding and how far the data decide it; ``""`` without one.
    key : str
        Hash of everything the results depend on.
    message : str
        Why a run failed or cannot be read.
    data_sha256 : tuple of str
        Hashes of the data files: runs on the same answers have the same.
    """

    study: str
    run: str
    folder: Path
    status: Status
    title: str = ""
    method: str = ""
    method_title: str = ""
    started: str = ""
    ended: str = ""
    waves: tuple[str, ...] = ()
    analysed: int | None = None
    unit: str = "respondents"
    headline: str = ""
    sure: str = ""
    key: str = ""
    message: str = ""
    parameters: Json = field(default_factory=dict)
    data_sha256: tuple[str, ...] = ()

    @property
    def report(self) -> Path:
        """The report of this run."""
        return self.folder / "report.html"

    @property
    def told(self) -> str:
        """The run in one sentence: its most important finding, or why it failed."""
        if self.status == "completed":
            return self.headline or self.message
        return self.message or self.headline


def index_filings(reports: Path, study: str | None = None) -> list[Filing]:
    """Return every filed run, of one study or of all, oldest first within each study.

    A run whose record cannot be read is there as damaged; nothing in the folder makes this
    fail.

    Parameters
    ----------
    reports : Path
        The folder ``reports/`` of a workspace; need not exist.
    study : str, optional
        Only this study.
    """
    if not reports.is_dir():
        return []
    shelves = sorted(shelf for shelf in reports.iterdir() if _is_shelf(shelf))
    wanted = [shelf for shelf in shelves if study is None or shelf.name == study]
    folders = [folder for shelf in wanted for folder in _runs_on(shelf)]
    return [_read(folder) for folder in folders]


def index_with_cells(reports: Path, study: str | None = None) -> list[Filing]:
    """Return every filed run as `index_filings` does, those of cells after those of the study.

    Parameters
    ----------
    reports : Path
    study : str, optional
        Only this study, or only this cell of one: ``"bank[branch=North]"``.
    """
    place, shelf = _place(reports, study)
    found = index_filings(place, shelf)
    if place == reports and reports.is_dir():
        for folder in sorted(path for path in reports.iterdir() if _is_shelf(path)):
            if shelf in (None, folder.name):
                found += index_filings(folder / CELLS)
    return found


def _place(reports: Path, study: str | None) -> tuple[Path, str | None]:
    """Return in which folder the shelf of a study or cell stands, and its name."""
    whole, cell = split_cell(study) if study is not None else (None, {})
    if not cell:
        return reports, study
    return reports / str(whole) / CELLS, cell_folder(cell)


def latest_completed(filings: list[Filing]) -> Filing | None:
    """Return the newest completed run of a study's filings, or None."""
    done = [filing for filing in filings if filing.status == "completed"]
    return max(done, key=lambda filing: filing.run, default=None)


def find_run(reports: Path, study: str, which: str = "latest") -> Filing:
    """Return a filed run of a study.

    Parameters
    ----------
    reports : Path
    study : str
        Its name; of a cell ``"bank[branch=North]"``.
    which : str
        ``"latest"``, the newest completed one, or the name of a run or an unambiguous start
        of it.

    Raises
    ------
    CatalogueError
        The study was never run, has no completed run, or no such run.
    """
    filings = index_filings(*_place(reports, study))
    if not filings:
        known = sorted({filing.study for filing in index_filings(reports)})
        raise CatalogueError(
            f"study {study!r} has no runs; "
            + (f"studies with runs are {known}" if known else "nothing was run here yet")
            + did_you_mean(study, known)
        )
    if which == "latest":
        found = latest_completed(filings)
        if found is None:
            raise CatalogueError(
                f"study {study!r} has no completed run, only {len(filings)} that failed; "
                f"name one: {filings[-1].run}"
            )
        return found
    matching = [filing for filing in filings if which and filing.run.startswith(which)]
    if len(matching) != 1:
        runs = [filing.run for filing in filings]
        many = "several runs" if matching else "no run"
        raise CatalogueError(f"study {study!r} has {many} named {which!r}; the runs are {runs}")
    return matching[0]


def _is_shelf(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not path.name.startswith(".")


def _runs_on(shelf: Path) -> list[Path]:
    try:
        return sorted(path for path in shelf.iterdir() if RUN_ID.fullmatch(path.name))
    except OSError:
        return []


def _read(folder: Path) -> Filing:
    names: dict[str, Any] = {"study": folder.parent.name, "run": folder.name, "folder": folder}
    try:
        return Filing(**names, **_fields(read_json(folder / "run.json")))
    except (CxError, TypeError, ValueError, KeyError, AttributeError) as error:
        return Filing(**names, status="damaged", title=folder.parent.name, message=str(error))


def _fields(record: Json) -> Json:
    respondents, finding = record.get("respondents") or {}, record.get("headline") or {}
    completed = record["status"] == "completed"
    return {
        "status": "completed" if completed else "failed",
        "title": str(record["title"]),
        "method": str(record.get("method", "")),
        "method_title": str(record.get("method_title") or record.get("method", "")),
        "started": str(record.get("started", "")),
        "ended": str(record.get("ended", "")),
        "waves": tuple(str(s["wave"]) for s in record.get("data", []) if s.get("wave")),
        "analysed": None if "analysed" not in respondents else int(respondents["analysed"]),
        "unit": str(respondents.get("unit", "respondents")),
        "headline": str(finding.get("text", "")),
        "sure": str(finding.get("sure", "")),
        "key": str(record.get("run_key", "")),
        "message": "" if completed else str((record.get("error") or {}).get("message", "")),
        "parameters": dict(record.get("parameters", {})),
        "data_sha256": tuple(
            str(source.get("sha256", "")) for source in record.get("data", [])
        ),
    }
