"""Hold a file of raw answers against the codebook: every fault at once, or clean columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxresearch.codebook.model import Code, Codebook
from cxresearch.errors import Fault
from cxresearch.responses._coding import CategoryCoding, Coding, normal_text, plain_text
from cxresearch.responses._decode import (
    DecodedColumn,
    decode_column,
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
    cells : pandas.DataFrame
        Their cells as they stand in the file, under their names in `Responses.frame`; the index
        holds row numbers. Nothing else of the file is kept.
    answers : pandas.DataFrame
        Ratings and numbers as answered, before reverse keying.
    frame, missing : pandas.DataFrame
        As in `Responses`, for every respondent of the file.
    codings : dict
        What read each column.
    source : Source
    faults : tuple of Fault
    notes : tuple of str
    """

    wanted: tuple[Wanted, ...]
    cells: pd.DataFrame
    answers: pd.DataFrame
    frame: pd.DataFrame
    missing: pd.DataFrame
    codings: dict[str, AnyCoding]
    source: Source
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def validate_wave(
    raw: pd.DataFrame,
    source: Source,
    codebook: Codebook,
    *,
    deduplicated: Collection[str] = (),
) -> ValidatedWave:
    """Find the columns of the codebook in a raw table and read their answers.

    Parameters
    ----------
    raw : pandas.DataFrame
        From `read_table`; the index holds row numbers.
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
    match = match_columns(list(raw.columns), plan, codebook, file=source.file)
    wanted = tuple(entry for entry in plan if entry.column in match.found)
    columns = {entry.name: match.found[entry.column] for entry in wanted}
    cells = pd.DataFrame(
        {name: raw[column] for name, column in columns.items()}, index=raw.index
    )
    codings = {entry.name: coding_of(entry, source, columns[entry.name]) for entry in wanted}
    decoded = {
        name: decode_column(
            cells[name],
            with_declared_missing(coding, source.user_missing.get(columns[name], ())),
        )
        for name, coding in codings.items()
    }
    found: list[ColumnFault] = []
    shifted = count_from_one_less(wanted, decoded)
    for entry in wanted:
        answers = decoded[entry.name]
        is_shifted = entry.group in shifted
        found += faults_of_column(entry, cells[entry.name], answers, shifted=is_shifted)
        labels = source.labels.get(columns[entry.name], ())
        found += _label_conflicts(entry, codings[entry.name], labels)
        found += _special_faults(entry, answers, raw.index, deduplicated)
    return ValidatedWave(
        wanted=wanted,
        cells=cells,
        answers=_answers(wanted, decoded, raw.index),
        frame=_frame(wanted, decoded, raw.index),
        missing=_missing(wanted, decoded, raw.index),
        codings=codings,
        source=replace(source, unnamed=match.unnamed, labels={}, questions={}, user_missing={}),
        faults=(*match.faults, *told_together(found, source.file)),
        notes=(*match.notes, *_spelling_notes(wanted, decoded, codings, source.file)),
    )


def _answers(
    wanted: Sequence[Wanted], decoded: dict[str, DecodedColumn], index: pd.Index
) -> pd.DataFrame:
    numbers = {entry.name: decoded[entry.name].codes for entry in wanted if entry.is_number}
    return pd.DataFrame(numbers, index=index, dtype=float)


def _frame(
    wanted: Sequence[Wanted], decoded: dict[str, DecodedColumn], index: pd.Index
) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for entry in wanted:
        answers = decoded[entry.name]
        if not entry.is_number:
            texts = answers.texts.copy()
            texts[answers.kinds != ""] = None
            columns[entry.name] = pd.Series(texts, index=index, dtype=object)
        elif entry.reverse_keyed and entry.scale is not None:
            scored = entry.scale.low + entry.scale.high - answers.codes
            columns[entry.name] = pd.Series(scored, index=index)
        else:
            columns[entry.name] = pd.Series(answers.codes, index=index)
    return pd.DataFrame(columns, index=index)


def _missing(
    wanted: Sequence[Wanted], decoded: dict[str, DecodedColumn], index: pd.Index
) -> pd.DataFrame:
    kinds = {e.name: decoded[e.name].kinds for e in wanted if e.has_missing_kinds}
    return pd.DataFrame(kinds, index=index, dtype=object)


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
    wanted: Wanted, decoded: DecodedColumn, rows: pd.Index, deduplicated: Collection[str]
) -> Iterator[ColumnFault]:
    """Find empty and repeated ids, and weights that are missing or zero."""
    empty = rows[np.flatnonzero(decoded.kinds != "")].tolist()
    if wanted.reading == "id" and empty:
        verb = "respondent has" if len(empty) == 1 else "respondents have"
        message = f"{len(empty)} {verb} no id: {rows_of(empty)}"
        yield ColumnFault(column=wanted.column, message=message)
    if wanted.reading == "id" and wanted.name not in deduplicated:
        yield from _repeated(wanted, decoded, rows)
    if wanted.reading == "weight":
        zero = rows[np.flatnonzero(decoded.codes == 0)].tolist()
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


def _repeated(wanted: Wanted, decoded: DecodedColumn, rows: pd.Index) -> Iterator[ColumnFault]:
    ids = pd.Series(decoded.texts, index=rows, dtype=object)[decoded.kinds == ""]
    again = ids[ids.duplicated(keep=False)]
    if again.empty:
        return
    places = again.groupby(again, sort=False).groups
    shown = several([f"{key} ({rows_of(list(at))})" for key, at in places.items()])
    verb = "id occurs" if len(places) == 1 else "ids occur"
    message = (
        f"{len(places)} {verb} more than once: {shown}; declare `- duplicated: {wanted.name}` "
        "under exclude in study.yaml to keep the first of each, or correct the file"
    )
    yield ColumnFault(column=wanted.column, message=message)


def _spelling_notes(
    wanted: Sequence[Wanted],
    decoded: dict[str, DecodedColumn],
    codings: dict[str, AnyCoding],
    file: str,
) -> tuple[str, ...]:
    """Name categories of a column without listed values that differ in spelling only."""
    notes = []
    for entry in wanted:
        coding = codings[entry.name]
        if entry.reading != "category" or not isinstance(coding, CategoryCoding):
            continue
        texts = decoded[entry.name].texts[decoded[entry.name].kinds == ""]
        forms: dict[str, list[str]] = {}
        for text in dict.fromkeys(texts.tolist()):
            forms.setdefault(normal_text(text), []).append(text)
        for alike in forms.values():
            if len(alike) > 1:
                listed = " and ".join(map(repr, alike))
                notes.append(
                    f"{file}, column {entry.column}: {listed} count as different categories; "
                    "list the values in the codebook to bring them together"
                )
    return tuple(notes)
