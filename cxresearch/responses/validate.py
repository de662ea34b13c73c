"""Hold a file of raw answers against the codebook: every fault at once, or clean columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cxresearch._types import FloatArray
from cxresearch.codebook.model import Code, Codebook
from cxresearch.errors import Fault
from cxresearch.responses._cells import CellColumn, Cells
from cxresearch.responses._coding import (
    Answer,
    CategoryCoding,
    Coding,
    normal_text,
    plain_text,
)
from cxresearch.responses._decode import (
    DecodedColumn,
    Ranges,
    decode_column,
    read_once,
    with_declared_missing,
)
from cxresearch.responses._fault_texts import (
    ColumnFault,
    count_from_one_less,
    count_of,
    faults_of_column,
    rows_of,
    several,
    told_together,
)
from cxresearch.responses._match import match_columns
from cxresearch.responses._plan import AnyCoding, Wanted, coding_of, wanted_columns
from cxresearch.responses.model import Source


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class ValidatedWave:
    """One file, held against the codebook.

    Attributes
    ----------
    wanted : tuple of Wanted
        Columns of the codebook that were found.
    cells : mapping of str to CellColumn
        Their cells as they stand in the file, under their names in `Responses.frame`. Nothing
        else of the file is kept.
    decoded : mapping of str to DecodedColumn
        What they mean.
    frame, missing : pandas.DataFrame
        As in `Responses`, for every respondent of the file; the index holds row numbers.
    codings : mapping of str to coding
        What read each column.
    source : Source
    faults : tuple of Fault
    notes : tuple of str
    """

    wanted: tuple[Wanted, ...]
    cells: Mapping[str, CellColumn]
    decoded: Mapping[str, DecodedColumn]
    frame: pd.DataFrame
    missing: pd.DataFrame
    codings: Mapping[str, AnyCoding]
    source: Source
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]

    def answers(self, columns: Sequence[str]) -> pd.DataFrame:
        """Return ratings and numbers as answered, before reverse keying."""
        return _side_by_side(
            {name: self.decoded[name].codes for name in columns}, self.frame.index
        )


def validate_wave(
    raw: Cells,
    source: Source,
    codebook: Codebook,
    *,
    deduplicated: Collection[str] = (),
) -> ValidatedWave:
    """Find the columns of the codebook in a raw table and read their answers.

    Parameters
    ----------
    raw : Cells
        From `read_cells`.
    source : Source
    codebook : Codebook
    deduplicated : collection of str
        Codebook names of id columns whose repetitions a rule leaves out; in other id columns
        they are faults.

    Returns
    -------
    ValidatedWave
        With all faults of the file; it can be analysed when there are none.
    """
    plan = wanted_columns(codebook)
    match = match_columns(raw.header, plan, codebook, file=source.file)
    wanted = tuple(entry for entry in plan if entry.column in match.found)
    columns = {entry.name: match.found[entry.column] for entry in wanted}
    in_file = dict(zip(raw.header, raw.columns, strict=True))
    cells = {name: in_file[column] for name, column in columns.items()}
    codings = _codings(wanted, source, columns)
    declared = {name: source.user_missing.get(columns[name], ()) for name in cells}
    decoded = _decode(cells, codings, declared)
    found: list[ColumnFault] = []
    shifted = count_from_one_less(wanted, decoded)
    for entry in wanted:
        found += faults_of_column(
            entry,
            cells[entry.name].cells,
            decoded[entry.name],
            rows=raw.rows,
            shifted=entry.group in shifted,
        )
        labels = source.labels.get(columns[entry.name], ())
        found += _label_conflicts(entry, codings[entry.name], labels)
        found += _special_faults(entry, decoded[entry.name], raw.rows, deduplicated)
    index = pd.Index(raw.rows, name="row", dtype="int64")
    return ValidatedWave(
        wanted=wanted,
        cells=cells,
        decoded=decoded,
        frame=_frame(wanted, decoded, index),
        missing=_missing(wanted, decoded, index),
        codings=codings,
        source=replace(source, unnamed=match.unnamed, labels={}, questions={}, user_missing={}),
        faults=(*match.faults, *told_together(found, source.file)),
        notes=(*match.notes, *_spelling_notes(wanted, decoded, codings, source.file)),
    )


def _codings(
    wanted: Sequence[Wanted], source: Source, columns: Mapping[str, str]
) -> dict[str, AnyCoding]:
    """Return what reads each column; the columns of one part of a battery share it."""
    shared: dict[str, AnyCoding] = {}
    codings: dict[str, AnyCoding] = {}
    for entry in wanted:
        coding = shared.get(entry.group) or coding_of(entry, source, columns[entry.name])
        codings[entry.name] = coding
        if entry.group:
            shared[entry.group] = coding
    return codings


def _decode(
    cells: Mapping[str, CellColumn],
    codings: Mapping[str, AnyCoding],
    declared: Mapping[str, Ranges],
) -> dict[str, DecodedColumn]:
    """Read every distinct value once, also where it stands in many columns of a battery."""
    readers: dict[Hashable, Callable[[Any], Answer]] = {}
    decoded: dict[str, DecodedColumn] = {}
    for name, coding in codings.items():
        key = (id(coding), declared[name])
        if key not in readers:
            readers[key] = read_once(with_declared_missing(coding, declared[name]))
        decoded[name] = decode_column(cells[name], readers[key])
    return decoded


def _frame(
    wanted: Sequence[Wanted], decoded: Mapping[str, DecodedColumn], index: pd.Index
) -> pd.DataFrame:
    columns: dict[str, pd.Series | FloatArray] = {}
    for entry in wanted:
        answers = decoded[entry.name]
        if not entry.is_number:
            columns[entry.name] = pd.Series(answers.texts, index=index, dtype=object)
        elif entry.reverse_keyed and entry.scale is not None:
            columns[entry.name] = entry.scale.low + entry.scale.high - answers.codes
        else:
            columns[entry.name] = answers.codes
    return pd.DataFrame(columns, index=index)


def _missing(
    wanted: Sequence[Wanted], decoded: Mapping[str, DecodedColumn], index: pd.Index
) -> pd.DataFrame:
    kinds = {e.name: decoded[e.name].kinds for e in wanted if e.has_missing_kinds}
    return _side_by_side(kinds, index)


def _side_by_side(columns: Mapping[str, NDArray[Any]], index: pd.Index) -> pd.DataFrame:
    """Return a frame of columns of one kind; made of one array it takes no time."""
    if not columns:
        return pd.DataFrame(index=index)
    block = np.array(list(columns.values()))
    return pd.DataFrame(block.T, index=index, columns=list(columns), dtype=block.dtype)


def _label_conflicts(
    wanted: Wanted, coding: AnyCoding, labels: Sequence[Code]
) -> Iterator[ColumnFault]:
    """Find texts that the file and the codebook give to different codes: a reversed scale."""
    if not isinstance(coding, Coding) or not (wanted.values or wanted.scale):
        return
    for code in labels:
        owner = coding.label_owner(code.label)
        if owner is not None and normal_text(plain_text(owner.value)) != normal_text(
            plain_text(code.value)
        ):
            message = (
                f"the file labels {plain_text(code.value)} as {code.label!r}, the codebook "
                f"gives that text to {plain_text(owner.value)}: which one is right?"
            )
            yield ColumnFault(
                column=wanted.column,
                message=message,
                alike=("label", message),
                together=message,
            )


def _special_faults(
    wanted: Wanted, decoded: DecodedColumn, rows: Sequence[int], deduplicated: Collection[str]
) -> Iterator[ColumnFault]:
    """Find empty and repeated ids, and weights that are missing or zero."""
    if wanted.reading not in ("id", "weight"):
        return
    empty = [
        rows[at] for at in decoded.rows_where([answer.kind != "" for answer in decoded.answers])
    ]
    if wanted.reading == "id" and empty:
        verb = "respondent has" if len(empty) == 1 else "respondents have"
        message = f"{len(empty)} {verb} no id: {rows_of(empty)}"
        yield ColumnFault(column=wanted.column, message=message)
    if wanted.reading == "id" and wanted.name not in deduplicated:
        yield from _repeated(wanted, decoded, rows)
    if wanted.reading == "weight":
        zero = [rows[at] for at in np.flatnonzero(decoded.codes == 0).tolist()]
        if empty:
            verb = "respondent has" if len(empty) == 1 else "respondents have"
            message = (
                f"{len(empty)} {verb} no weight: {rows_of(empty)}; "
                "give each a weight, or take them out of the file"
            )
            yield ColumnFault(column=wanted.column, message=message)
        if zero:
            verb = "is" if len(zero) == 1 else "are"
            message = (
                f"{count_of(len(zero), 'weight')} {verb} zero: {rows_of(zero)}; a weight must "
                "be above 0: take respondents who do not count out of the file"
            )
            yield ColumnFault(column=wanted.column, message=message)


def _repeated(
    wanted: Wanted, decoded: DecodedColumn, rows: Sequence[int]
) -> Iterator[ColumnFault]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row, text in zip(rows, decoded.texts, strict=True):
        if text is not None:
            found[text].append(row)
    places = {text: at for text, at in found.items() if len(at) > 1}
    if not places:
        return
    shown = several([f"{text} ({rows_of(at)})" for text, at in places.items()])
    verb = "id occurs" if len(places) == 1 else "ids occur"
    message = (
        f"{len(places)} {verb} more than once: {shown}; declare `- duplicated: {wanted.name}` "
        "under exclude in study.yaml to keep the first of each, or correct the file"
    )
    yield ColumnFault(column=wanted.column, message=message)


def _spelling_notes(
    wanted: Sequence[Wanted],
    decoded: Mapping[str, DecodedColumn],
    codings: Mapping[str, AnyCoding],
    file: str,
) -> tuple[str, ...]:
    """Name categories of a column without listed values that differ in spelling only."""
    notes = []
    for entry in wanted:
        coding = codings[entry.name]
        if entry.reading != "category" or not isinstance(coding, CategoryCoding):
            continue
        forms: defaultdict[str, list[str]] = defaultdict(list)
        for text in dict.fromkeys(decoded[entry.name].texts):
            if text is not None:
                forms[normal_text(text)].append(text)
        for alike in forms.values():
            if len(alike) > 1:
                listed = " and ".join(map(repr, alike))
                notes.append(
                    f"{file}, column {entry.column}: {listed} count as different categories; "
                    "list the values in the codebook to bring them together"
                )
    return tuple(notes)
