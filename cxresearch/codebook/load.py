"""Read codebook.yaml: every fault at once, or a frozen codebook."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from cxresearch._types import Role
from cxresearch._yaml import Document, read_yaml
from cxresearch.codebook.build import Builder
from cxresearch.codebook.faults import check_form
from cxresearch.codebook.file import SHAPES, CodebookFile
from cxresearch.codebook.model import Battery, Codebook
from cxresearch.codebook.moments import SINGLE_MOMENT_ROLES, table_faults
from cxresearch.errors import CodebookError, Fault

_SINGLE: tuple[Role, ...] = ("id", "weight", "duration", *SINGLE_MOMENT_ROLES)


def load_codebook(
    path: str | os.PathLike[str], *, language: str | None = None, name: str = ""
) -> Codebook:
    """Read and check a codebook.

    Parameters
    ----------
    path : path-like
        The YAML file.
    language : str, optional
        Language the texts are wanted in, e.g. ``"es"``. Texts that the codebook does not give
        in it stay in the codebook's own language.
    name : str, optional
        Name of the file in messages; by default its last part.

    Returns
    -------
    Codebook

    Raises
    ------
    CodebookError
        With every fault found, each with its line and what is allowed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "codebook.yaml"
    >>> _ = path.write_text('''
    ... survey: Branch service
    ... response_scales: {agree7: {range: [1, 7]}}
    ... batteries:
    ...   servqual:
    ...     scale: agree7
    ...     parts: {expectation: "E{item:02d}", perception: "P{item:02d}"}
    ...     dimensions: {tangibles: 1-4, reliability: 5-9}
    ... ''', encoding="utf-8")
    >>> codebook = load_codebook(path)
    >>> codebook.find_battery().columns("expectation", "reliability")
    ['E05', 'E06', 'E07', 'E08', 'E09']
    >>> folder.cleanup()
    """
    path = Path(path)
    name = name or path.name
    subject = f"codebook {name}"
    document = read_yaml(path, error=CodebookError, subject=subject, name=name)
    file, faults, repaired = check_form(CodebookFile, document, SHAPES)
    faults.extend(document.faults.values())
    codebook = None
    if file is not None:
        builder = Builder(
            document,
            language=language or file.language,
            fallback=file.language,
            repaired=repaired,
        )
        codebook = _build(file, builder)
        faults.extend(builder.faults)
    if faults or codebook is None:
        raise CodebookError(subject, in_file_order(faults))
    return codebook


def in_file_order(faults: Iterable[Fault]) -> list[Fault]:
    """Sort the faults of one file by line."""
    return sorted(faults, key=lambda fault: int(fault.where.removeprefix("line ") or 0))


def _build(file: CodebookFile, builder: Builder) -> Codebook:
    scales = tuple(builder.scale(name, form) for name, form in file.response_scales.items())
    columns = [builder.column(name, form) for name, form in file.columns.items()]
    batteries = [builder.battery(name, form) for name, form in file.batteries.items()]
    document = builder.document
    codebook = Codebook(
        survey=builder.text(file.survey, "", ("survey", "survey")),
        language=builder.language,
        response_scales=scales,
        columns=tuple(column for column in columns if column is not None),
        batteries=tuple(battery for battery in batteries if battery is not None),
        path=document.name,
        sha256=document.sha256,
        lines={".".join(path): line for path, line in document.lines.items()},
    )
    _check_not_empty(document, builder)
    _check_single_roles(codebook, builder)
    _check_columns_used_once(codebook, builder)
    for place, message in table_faults(file.columns, codebook):
        builder.fault(place, message)
    return codebook


def _check_not_empty(document: Document, builder: Builder) -> None:
    if not document.data.get("columns") and not document.data.get("batteries"):
        builder.fault((), "describes no columns and no batteries; the survey has neither")


def _check_single_roles(codebook: Codebook, builder: Builder) -> None:
    for role in _SINGLE:
        named = codebook.columns_with_role(role)
        for extra in named[1:]:
            builder.fault(
                ("columns", extra.name),
                f"{extra.name}: role {role} is given twice, to {named[0].name} and to "
                f"{extra.name}; give one of them the role ignore",
            )


def _check_columns_used_once(codebook: Codebook, builder: Builder) -> None:
    """Refuse a column of the data file that two entries claim, and names that would collide."""
    users: dict[str, str] = {}
    clashes: dict[tuple[str, str], list[str]] = {}
    places: dict[tuple[str, str], Sequence[object]] = {}
    for user, place, names in _users(codebook):
        for name in names:
            first = users.setdefault(name, user)
            if first != user or names.count(name) > 1:
                clashes.setdefault((first, user), []).append(name)
                places[first, user] = place
    for (first, user), names in clashes.items():
        shown = ", ".join(dict.fromkeys(names[:3]))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        by = f"by {first} and by {user}" if first != user else f"by {user}"
        word, verb = ("columns", "are") if len(names) > 1 else ("column", "is")
        message = f"{word} {shown}{more} {verb} used twice: {by}"
        builder.fault(places[first, user], message)
    for column in codebook.columns:
        taken = users.get(column.name, "")
        if column.name != column.column and taken and taken != column.name:
            message = f"the name is that of a column used by {taken}; choose another"
            builder.fault(("columns", column.name), f"{column.name}: {message}")


def _users(codebook: Codebook) -> Iterable[tuple[str, Sequence[object], list[str]]]:
    for column in codebook.columns:
        yield column.name, ("columns", column.name), [column.column]
    for battery in codebook.batteries:
        place = ("batteries", battery.name)
        for part in battery.parts:
            yield f"{part} of {battery.name}", (*place, "parts", part), battery.columns(part)
        if battery.points:
            yield f"importance of {battery.name}", (*place, "importance"), _points(battery)


def _points(battery: Battery) -> list[str]:
    return [battery.points_column(scale) for scale in battery.scales]
