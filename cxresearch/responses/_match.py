"""Which column of the file is which column of the codebook."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from cxresearch.codebook.model import Codebook
from cxresearch.errors import Fault
from cxresearch.responses._coding import normal_text, to_number
from cxresearch.responses._fault_texts import MOST_SHOWN, several
from cxresearch.responses._plan import Wanted
from cxresearch.responses.exclusions import DROPPED_ROLES

_MERGED_FROM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedColumns:
    """For each wanted column of the codebook, its name in the file.

    Attributes
    ----------
    found : dict of str to str
    unnamed : tuple of str
        Columns of the file that the codebook does not name.
    """

    found: dict[str, str]
    unnamed: tuple[str, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def match_columns(
    names: Sequence[str], wanted: Sequence[Wanted], codebook: Codebook, *, file: str
) -> MatchedColumns:
    """Match names exactly, then without regard to case and spaces, and tell the latter.

    Columns of the roles personal, text and ignore need not be in the file: they are not read.
    """
    dropped = [c.column for c in codebook.columns if c.role in DROPPED_ROLES]
    needed = list(dict.fromkeys([*(w.column for w in wanted), *dropped]))
    found = {name: name for name in needed if name in set(names)}
    loose: dict[str, list[str]] = {}
    for name in names:
        if name not in found:
            loose.setdefault(normal_text(name), []).append(name)
    faults, notes, missing = [], [], []
    for column in needed:
        near = [] if column in found else loose.get(normal_text(column), [])
        if len(near) == 1:
            found[column] = near[0]
            notes.append(f"{file}: column {column} is written {near[0]!r} in the file")
        elif near:
            listed = " and ".join(map(repr, near))
            message = f"column {column} is missing; the file has {listed}: which one is it?"
            faults.append(Fault(file=file, message=message))
        elif column not in found and column not in dropped:
            missing.append(column)
    taken = set(found.values())
    unnamed = tuple(name for name in names if name not in taken)
    lost = [entry for entry in wanted if entry.column in missing]
    return MatchedColumns(
        found=found,
        unnamed=unnamed,
        faults=(*faults, *_missing_faults(lost, unnamed, wanted, file=file)),
        notes=tuple(notes),
    )


def _missing_faults(
    lost: Sequence[Wanted], unnamed: Sequence[str], wanted: Sequence[Wanted], *, file: str
) -> list[Fault]:
    """One fault a column, or one for a part of a battery that misses many columns."""
    if len(lost) > MOST_SHOWN and len(lost) == len(wanted):
        return [Fault(file=file, message=_nothing_found(len(lost), unnamed))]
    groups: dict[str, list[Wanted]] = {}
    for entry in lost:
        groups.setdefault(entry.group or entry.column, []).append(entry)
    faults = []
    for group, entries in groups.items():
        if len(entries) < _MERGED_FROM:
            faults += [
                Fault(file=file, message=_one_missing(e.column, unnamed)) for e in entries
            ]
            continue
        columns = several([entry.column for entry in entries])
        near = _near(entries[0].column, unnamed)
        hint = f"; the file has {near}: is the pattern right?" if near else ""
        message = (
            f"{len(entries)} columns of {group} are missing: {columns} (pattern "
            f"{entries[0].pattern!r}){hint}"
        )
        faults.append(Fault(file=file, message=message))
    return faults


def _nothing_found(count: int, unnamed: Sequence[str]) -> str:
    start = f"none of the {count} columns of the codebook is in the file"
    if sum(to_number(name) is not None for name in unnamed) > 0.5 * len(unnamed):
        # A first respondent, who must not be quoted.
        return f"{start}; its first row holds numbers: add the names of the columns above it"
    has = several([repr(name) for name in unnamed])
    return f"{start}; it has {has}: is it the right file?"


def _one_missing(column: str, unnamed: Sequence[str]) -> str:
    near = _near(column, unnamed)
    hint = f"; the file has {near}: a typing error?" if near else ""
    return f"column {column} is missing{hint}"


def _near(column: str, unnamed: Sequence[str]) -> str:
    near = difflib.get_close_matches(column, unnamed, n=1, cutoff=0.75)
    return near[0] if near else ""
