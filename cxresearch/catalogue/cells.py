"""The cells of a study that is run for each of them, and which are too small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from cxresearch.errors import ResponseError, StudyError
from cxresearch.responses.exclusions import OtherCell
from cxresearch.runs.parameters import check_parameters
from cxresearch.runs.template import STUDY_PARAMETER, find_template
from cxresearch.study.cell_names import spell_cell
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
    return _protected(cells, _fewest(parameters))


def _fewest(parameters: Mapping[str, Any]) -> int:
    return int(parameters.get("min_cell", MIN_CELL))


def _protected(cells: list[Cell], fewest: int) -> list[Cell]:
    """Refuse further cells until none that is too small can be had by subtraction.

    Within each line of the table (the cells that agree in all columns but one), what is kept
    back together must be two cells or more, of `fewest` respondents or more; the smallest of
    the others joins it until it is.
    """
    found = {tuple(cell.values.values()): cell for cell in cells}
    changed = True
    while changed:
        changed = False
        for line in _lines(list(found.values())):
            there = [cell for cell in line if cell.n]
            kept_back = [cell for cell in there if cell.refused]
            shown = [cell for cell in there if not cell.refused]
            enough = len(kept_back) > 1 and sum(cell.n for cell in kept_back) >= fewest
            if kept_back and shown and not enough:
                smallest = min(shown, key=lambda cell: cell.n)
                found[tuple(smallest.values.values())] = replace(
                    smallest, refused=_protects(smallest, fewest)
                )
                changed = True
    return list(found.values())


def _lines(cells: Sequence[Cell]) -> list[list[Cell]]:
    lines: dict[tuple[tuple[str, str], ...], list[Cell]] = {}
    for cell in cells:
        for column in cell.values:
            rest = tuple(pair for pair in cell.values.items() if pair[0] != column)
            lines.setdefault(((column, ""), *rest), []).append(cell)
    return list(lines.values())


def _protects(cell: Cell, fewest: int) -> str:
    return (
        f"cell {cell_in_words(cell.values)} is kept back: with it, one of fewer than {fewest} "
        "respondents could be had by subtraction from the total (min_cell)"
    )


def check_cell_size(study: Study, n: int, parameters: Mapping[str, Any]) -> None:
    """Refuse a cell with fewer respondents than ``min_cell``, or that would give one away.

    Raises
    ------
    CellTooSmallError
        It is too small.
    """
    if not study.cell:
        return
    problem = _too_small(study.cell, n, parameters)
    if not problem and set(study.for_each) == set(study.cell):
        rules = tuple(rule for rule in study.exclusions if not isinstance(rule, OtherCell))
        whole = replace(study, cell={}, exclusions=rules)
        own = {name: v for name, v in parameters.items() if name != STUDY_PARAMETER}
        told = study_cells(whole, study.name, own)
        problem = next((c.refused for c in told if dict(c.values) == dict(study.cell)), "")
    if problem:
        raise CellTooSmallError(f"study {study.name}: {problem}")


def _too_small(values: Mapping[str, str], n: int, parameters: Mapping[str, Any]) -> str:
    fewest = _fewest(parameters)
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
