"""The cells of a study that is run for each of them, and which are too small."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from cxresearch.errors import ResponseError, StudyError
from cxresearch.runs.parameters import check_parameters
from cxresearch.runs.template import find_template
from cxresearch.study.cell import spell_cell
from cxresearch.study.model import Study

MIN_CELL = 10
"""Fewest respondents of a cell where the method has no parameter ``min_cell``."""


class CellTooSmallError(ResponseError):
    """A cell has too few respondents to be shown without telling who said what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a study.

    Attributes
    ----------
    values : mapping
        Label by column.
    study : str
        Name by which it is run: ``"bank[branch=North]"``.
    n : int
        Respondents that are analysed in it.
    refused : str
        Why it is not run; ``""`` when it is.
    """

    values: Mapping[str, str]
    study: str
    n: int
    refused: str = ""


def study_cells(
    study: Study, name: str, settings: Mapping[str, Any] | None = None
) -> list[Cell]:
    """Return the cells that ``for_each`` of a study makes, with how many respondents each has.

    Parameters
    ----------
    study : Study
    name : str
        As the researcher named it.
    settings : mapping, optional
        Parameters for this run only.

    Raises
    ------
    StudyError
        No respondent has any of the values.
    """
    template = find_template(study.method, study.workspace)
    parameters = check_parameters(template, {**study.parameters, **(settings or {})})
    frame = study.responses().frame
    columns = list(study.for_each)
    labels = {
        column: study.for_each[column] or _labels(study, column, frame[column])
        for column in columns
    }
    if not all(labels.values()):
        raise StudyError(f"study {study.name}: for_each names columns without any value")
    cells = []
    for values in product(*labels.values()):
        chosen = dict(zip(columns, values, strict=True))
        inside = (frame[columns].astype(object) == list(values)).all(axis=1)
        n = int(inside.sum())
        cells.append(
            Cell(
                values=chosen,
                study=spell_cell(name, chosen),
                n=n,
                refused=_too_small(chosen, n, parameters),
            )
        )
    return cells


def check_cell_size(study: Study, n: int, parameters: Mapping[str, Any]) -> None:
    """Refuse a cell with fewer respondents than ``min_cell``.

    Raises
    ------
    CellTooSmallError
        It is too small.
    """
    problem = _too_small(study.cell, n, parameters) if study.cell else ""
    if problem:
        raise CellTooSmallError(f"study {study.name}: {problem}")


def _too_small(values: Mapping[str, str], n: int, parameters: Mapping[str, Any]) -> str:
    fewest = int(parameters.get("min_cell", MIN_CELL))
    if n >= fewest:
        return ""
    noun = "respondent" if n == 1 else "respondents"
    return (
        f"cell {cell_in_words(values)} has {n} {noun}; groups of fewer than {fewest} are not "
        "shown (min_cell)"
    )


def _labels(study: Study, column: str, found: Any) -> tuple[str, ...]:
    present = {str(value) for value in found.dropna()}
    if column == "wave":
        declared = list(study.data)
    else:
        known = study.codebook.columns_with_role("segment")
        declared = [code.label for c in known if c.name == column for code in c.values]
    return tuple(
        label for label in dict.fromkeys([*declared, *sorted(present)]) if label in present
    )


def cell_in_words(values: Mapping[str, str]) -> str:
    """Return a cell as a reader sees it: ``"branch: North, wave: spring"``."""
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def cell_folder(values: Mapping[str, str]) -> str:
    """Return the name of the folder in which the runs of a cell are filed.

    Examples
    --------
    >>> cell_folder({"branch": "North", "wave": "spring 2026"})
    'branch=North,wave=spring-2026-09dbb'
    """
    told = ",".join(f"{name}={value}" for name, value in values.items())
    plain = re.sub(r"[^\w=,.-]+", "-", told).strip(".-")[:80]
    if plain == told:
        return plain
    return f"{plain}-{hashlib.sha256(told.encode()).hexdigest()[:5]}"
