"""Cells: a study that is run once for each branch, wave or both."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote, unquote

from cxresearch._validate import did_you_mean
from cxresearch.codebook.model import Codebook
from cxresearch.errors import StudyError
from cxresearch.responses.exclusions import OtherCell
from cxresearch.study.model import Study
from cxresearch.study.workspace import PathLike

_SPELLED = re.compile(r"(?P<study>[^\[\]]+)\[(?P<cell>[^\[\]]+)\]")
_KEPT = " .-_äöüßáéíóúñçàèùâêîôûÄÖÜÁÉÍÓÚÑ"


def spell_cell(study: str, cell: Mapping[str, str]) -> str:
    """Return how a cell is named wherever a study is: ``"bank[branch=North,wave=spring]"``.

    Examples
    --------
    >>> spell_cell("bank", {"branch": "North, east"})
    'bank[branch=North%2C east]'
    """
    told = ",".join(f"{quote(n, safe=_KEPT)}={quote(v, safe=_KEPT)}" for n, v in cell.items())
    return f"{study}[{told}]" if cell else study


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


def split_cell(wanted: PathLike) -> tuple[PathLike, dict[str, str]]:
    """Return the study and the cell that `spell_cell` wrote.

    Raises
    ------
    StudyError
        What stands in the brackets is not ``column=value``.

    Examples
    --------
    >>> split_cell("bank[branch=North%2C east]")
    ('bank', {'branch': 'North, east'})
    """
    match = _SPELLED.fullmatch(wanted) if isinstance(wanted, str) else None
    if match is None:
        return wanted, {}
    cell = {}
    for part in match["cell"].split(","):
        name, sign, value = part.partition("=")
        if not sign or not name.strip():
            raise StudyError(f"study {wanted}: a cell is written [column=value]; got [{part}]")
        cell[unquote(name.strip())] = unquote(value.strip())
    return match["study"], cell


def in_cell(study: Study, cell: Mapping[str, str]) -> Study:
    """Return the study with the answers of one cell only; the flow tells who was left out.

    Raises
    ------
    StudyError
        The study has no such column, or the codebook no such label.
    """
    if study.layout == "tables":
        raise StudyError(f"study {study.name}: moments and episodes are run as a whole")
    waves = list(study.data) if study.layout == "waves" else []
    chosen = {}
    for name, value in cell.items():
        labels, message = cell_labels(name, [value], study.codebook, waves)
        if message:
            raise StudyError(f"study {study.name}, cell {name}={value}: {message}")
        chosen[name] = labels[0]
    rules = tuple(OtherCell(column=name, value=value) for name, value in chosen.items())
    return replace(study, cell=chosen, exclusions=(*rules, *study.exclusions))


def cell_labels(
    name: str, values: Sequence[Any], codebook: Codebook, waves: Sequence[str]
) -> tuple[tuple[str, ...], str]:
    """Return the labels that codes or labels of a column mean, and what is wrong with them.

    Parameters
    ----------
    name : str
        Segment column of the codebook, or ``"wave"``.
    values : sequence
        As written; none for all.
    waves : sequence of str
        Waves of the study.
    """
    column = next((c for c in codebook.columns_with_role("segment") if c.name == name), None)
    if column is None and not (name == "wave" and waves):
        known = [c.name for c in codebook.columns_with_role("segment")]
        known += ["wave"] if waves else []
        has = f"there are {', '.join(known)}" if known else "there is none"
        return (), f"is no segment column; {has}{did_you_mean(name, known)}"
    declared = {wave: wave for wave in waves}
    if column is not None:
        declared = {code.label: code.label for code in column.values}
        declared |= {str(code.value): code.label for code in column.values}
    labels = tuple(declared.get(str(value), "" if declared else str(value)) for value in values)
    if "" in labels:
        wrong = str(values[labels.index("")])
        known = list(dict.fromkeys(declared.values()))
        hint = did_you_mean(wrong, known)
        return labels, f"has no value {wrong!r}; it has {', '.join(known)}{hint}"
    if len(set(labels)) < len(labels):
        return labels, "names a value twice"
    return labels, ""
