"""Names of cells: how one is spelled, and the folder in which its runs are filed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from cxresearch.errors import StudyError
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
