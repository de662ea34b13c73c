"""The cells of a study that is run for each of them, and which are too small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pandas as pd

from cxresearch.errors import Fault, ResponseError, StudyError
from cxresearch.responses.episodes import TABLES, EpisodeData, cell_of_moments
from cxresearch.responses.exclusions import OtherCell
from cxresearch.responses.model import Responses
from cxresearch.runs.parameters import check_parameters
from cxresearch.runs.template import STUDY_PARAMETER, find_template
from cxresearch.study.cell_names import spell_cell
from cxresearch.study.model import Study

MIN_CELL = 10
"""Fewest people of a cell where the method has no parameter ``min_cell``."""


class CellTooSmallError(ResponseError):
    """A cell has too few people to be shown without telling who said what."""


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
        Respondents (or episodes) that are analysed in it.
    people : frozenset
        Whose they are; in a study of moments one person may have several episodes.
    refused : str
        Why it is not run; ``""`` when it is.
    """

    values: Mapping[str, str]
    study: str
    n: int
    people: frozenset[Any]
    refused: str = ""


def study_cells(
    study: Study, name: str, settings: Mapping[str, Any] | None = None
) -> list[Cell]:
    """Return the cells that ``for_each`` of a study makes, with how many people each has.

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
        Nobody has any of the values, or a column is one of the moments.
    """
    template = find_template(study.method, study.workspace)
    parameters = check_parameters(template, {**study.parameters, **(settings or {})})
    read = read_answers(study)
    faults = cell_faults(study, read)
    if faults:
        raise StudyError(f"study {study.name}", faults)
    rule = _Rule.of(read, parameters)
    frame, people = _rows(read)
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
        members = frozenset(people[inside])
        cells.append(
            Cell(
                values=chosen,
                study=spell_cell(name, chosen),
                n=int(inside.sum()),
                people=members,
                refused=rule.too_small(chosen, len(members)),
            )
        )
    return _protected(cells, rule)


def read_answers(study: Study) -> Responses | EpisodeData:
    """Read the answers of a study, or its moments and episodes."""
    return study.episodes() if study.layout == "tables" else study.responses()


def cell_faults(study: Study, read: Responses | EpisodeData) -> list[Fault]:
    """Return what only the data tell to be wrong with ``for_each``: columns of the moments."""
    if not isinstance(read, EpisodeData):
        return []
    moments, episodes = (study.data[table].name for table in TABLES)
    return [
        cell_of_moments(column, moments=moments, episodes=episodes)
        for column in study.for_each
        if column not in read.episodes
    ]


def _rows(read: Responses | EpisodeData) -> tuple[pd.DataFrame, pd.Series]:
    """Return what is sorted into cells, and whose each row is."""
    if isinstance(read, EpisodeData):
        return read.episodes, read.episodes["participant"]
    return read.frame, pd.Series(read.frame.index, index=read.frame.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """How many people a cell needs to be shown, and what they are called."""

    fewest: int
    noun: str

    @classmethod
    def of(cls, read: Responses | EpisodeData, parameters: Mapping[str, Any]) -> _Rule:
        fewest = int(parameters.get("min_cell", MIN_CELL))
        moments = isinstance(read, EpisodeData)
        return cls(fewest=fewest, noun="participant" if moments else "respondent")

    def too_small(self, values: Mapping[str, str], people: int) -> str:
        if people >= self.fewest:
            return ""
        noun = self.noun if people == 1 else f"{self.noun}s"
        return (
            f"cell {cell_in_words(values)} has {people} {noun}; groups of fewer than "
            f"{self.fewest} are not shown (min_cell)"
        )

    def protects(self, values: Mapping[str, str]) -> str:
        return (
            f"cell {cell_in_words(values)} is kept back: with it, one of fewer than "
            f"{self.fewest} {self.noun}s could be had by subtraction from the total (min_cell)"
        )


def _protected(cells: list[Cell], rule: _Rule) -> list[Cell]:
    """Refuse further cells until none that is too small can be had by subtraction.

    Within each line of the table (the cells that agree in all columns but one), what is kept
    back together must be two cells or more, of `rule.fewest` people or more; the smallest of
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
            together = frozenset[Any]().union(*(cell.people for cell in kept_back))
            enough = len(kept_back) > 1 and len(together) >= rule.fewest
            if kept_back and shown and not enough:
                smallest = min(shown, key=lambda cell: len(cell.people))
                found[tuple(smallest.values.values())] = replace(
                    smallest, refused=rule.protects(smallest.values)
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


def check_cell_size(
    study: Study, read: Responses | EpisodeData, parameters: Mapping[str, Any]
) -> None:
    """Refuse a cell with fewer people than ``min_cell``, or that would give one away.

    Raises
    ------
    CellTooSmallError
        It is too small.
    """
    if not study.cell:
        return
    people = read.n_participants if isinstance(read, EpisodeData) else read.n
    problem = _Rule.of(read, parameters).too_small(study.cell, people)
    if not problem and set(study.for_each) == set(study.cell):
        rules = tuple(rule for rule in study.exclusions if not isinstance(rule, OtherCell))
        whole = replace(study, cell={}, exclusions=rules)
        own = {name: v for name, v in parameters.items() if name != STUDY_PARAMETER}
        told = study_cells(whole, study.name, own)
        problem = next((c.refused for c in told if dict(c.values) == dict(study.cell)), "")
    if problem:
        raise CellTooSmallError(f"study {study.name}: {problem}")


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
