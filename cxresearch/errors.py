"""Exceptions: one family; a message says where, what was found, what is allowed, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a file the researcher wrote or brought.

    Attributes
    ----------
    where : str
        Place inside the file: ``"line 14"``, ``"column P07"``; ``""`` for the file as a whole.
    message : str
        What was found, what is allowed and what to do.
    file : str
        Name of the file, as the researcher knows it; ``""`` where there is none.
    """

    message: str
    where: str = ""
    file: str = ""

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.where) if part)
        return f"{place}: {self.message}" if place else self.message


class CxError(ValueError):
    """Base of every error this package raises on purpose."""


class FaultyInputError(CxError):
    """An error that carries every fault found, not the first one only.

    Parameters
    ----------
    subject : str
        What cannot be used, e.g. ``"codebook codebook.yaml"``.
    faults : iterable of Fault
        All faults, in the order of the file.
    """

    def __init__(self, subject: str, faults: Iterable[Fault] = ()) -> None:
        self.subject = subject
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(self._text())

    def _text(self) -> str:
        if not self.faults:
            return self.subject
        if len(self.faults) == 1:
            return f"{self.subject}: 1 fault\n  {self.faults[0]}"
        lines = "\n  ".join(str(fault) for fault in self.faults)
        return f"{self.subject}: {len(self.faults)} faults\n  {lines}"


class StudyError(FaultyInputError):
    """study.yaml, or a file it names, is not well formed."""


class CodebookError(FaultyInputError):
    """The codebook is not well formed."""


class ResponseError(FaultyInputError):
    """The data do not fit the codebook, or are too few for the analysis."""


class EstimationError(CxError):
    """An estimator did not converge, or met a matrix it cannot use or a Heywood case."""


class TemplateError(FaultyInputError):
    """A template has no parameters cell, or a parameter is unknown or of the wrong type."""


class RunError(CxError):
    """A cell of a running template failed.

    Parameters
    ----------
    message : str
        What failed, in one paragraph.
    cell : int
        Number of the cell, counted from 1 over code cells.
    step : str
        Heading of the step the cell belongs to.
    source : str
        Source of the cell.
    traceback : str
        Text of the traceback, without terminal colours.
    notebook : str
        Path of the notebook that was kept.
    """

    def __init__(
        self,
        message: str,
        *,
        cell: int = 0,
        step: str = "",
        source: str = "",
        traceback: str = "",
        notebook: str = "",
    ) -> None:
        self.cell = cell
        self.step = step
        self.source = source
        self.traceback = traceback
        self.notebook = notebook
        super().__init__(message)


class CatalogueError(FaultyInputError):
    """A study is unknown, a version exists already, or a record does not match its files."""


class CxWarning(UserWarning):
    """Something the analyst may accept, and must know: dropped respondents, a small n."""
