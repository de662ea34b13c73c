"""Words for what is wrong in a column: how many, where, what is allowed, what to do."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cxresearch.codebook.model import Code, MissingCode, ResponseScale
from cxresearch.errors import Fault
from cxresearch.responses._coding import Problem, plain_text, to_number
from cxresearch.responses._decode import DecodedColumn
from cxresearch.responses._plan import Wanted

MOST_SHOWN = 8
_TEXT_WIDTH = 40
_MERGED_FROM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFault:
    """A fault of one column of a file.

    Attributes
    ----------
    column : str
        Name in the file.
    message : str
    alike : hashable
        Faults of several columns with the same value are told as one; None: always alone.
    together : str
        What is told then.
    """

    column: str
    message: str
    alike: Hashable = None
    together: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Misfits:
    """Cells that are not what their column asks for, and their row numbers."""

    rows: list[int]
    cells: list[Any]

    def __len__(self) -> int:
        return len(self.rows)

    def __str__(self) -> str:
        return rows_holding(self.rows, self.cells)


def several(names: Sequence[Any], *, most: int = MOST_SHOWN) -> str:
    """Return ``"18, 57, 203 and 12 more"``."""
    shown = ", ".join(str(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def count_of(count: int, noun: str) -> str:
    """Return ``"1 answer"`` or ``"4 answers"``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def rows_of(rows: Sequence[int]) -> str:
    """Return ``"row 18"`` or ``"rows 18, 57 and 12 more"``."""
    return f"row {rows[0]}" if len(rows) == 1 else f"rows {several(rows)}"


def rows_holding(rows: Sequence[int], values: Sequence[Any]) -> str:
    """Return ``"rows 18, 57, 203 hold 8, 8, 77"``; one value where all are the same."""
    shown = [_shown(value) for value in values[:MOST_SHOWN]]
    told = shown[0] if len(set(map(_shown, values))) == 1 else ", ".join(shown)
    more = ", …" if len(values) > MOST_SHOWN and told != shown[0] else ""
    return f"{rows_of(rows)} {'holds' if len(rows) == 1 else 'hold'} {told}{more}"


def _shown(value: Any) -> str:
    text = plain_text(value)
    if isinstance(value, str) and to_number(value) is None:
        return repr(text if len(text) <= _TEXT_WIDTH else f"{text[: _TEXT_WIDTH - 1]}…")
    return text


def scale_range(scale: ResponseScale) -> str:
    """Return ``"1–7"``, or ``"-3 to 3"`` where a dash could be a minus."""
    between = " to " if scale.low < 0 else "–"
    return f"{scale.low:g}{between}{scale.high:g}"


def faults_of_column(
    wanted: Wanted,
    cells: Sequence[Any],
    decoded: DecodedColumn,
    *,
    rows: Sequence[int],
    shifted: bool = False,
) -> list[ColumnFault]:
    """Return a fault for each kind of problem in a column.

    Parameters
    ----------
    wanted : Wanted
    cells, rows : sequence
        Cells as they stand in the file, and their row numbers.
    decoded : DecodedColumn
    shifted : bool
        The column belongs to a part of a battery that counts from one less than the codebook.
    """
    found = []
    problems = {answer.problem for answer in decoded.answers}
    for problem in [problem for problem in _DESCRIBED if problem in problems]:
        at = decoded.rows_where([answer.problem == problem for answer in decoded.answers])
        filled = decoded.rows_where([answer.kind != "empty" for answer in decoded.answers])
        bad = _Misfits(rows=[rows[row] for row in at], cells=[cells[row] for row in at])
        fault = _DESCRIBED[problem](wanted, bad, decoded)
        if shifted and problem == "outside":
            found.append(_told_as_shifted(fault, wanted))
        else:
            share = len(bad) / max(1, len(filled))
            found.append(fault if share > 0.5 else replace(fault, alike=None))
    return found


def count_from_one_less(
    wanted: Sequence[Wanted], decoded: dict[str, DecodedColumn]
) -> set[str]:
    """Return the parts of batteries that were exported from 0 where the codebook has 1.

    All answers outside the scale are one below it, and none in the whole part is at its end.
    """
    parts: dict[str, list[Wanted]] = {}
    for entry in wanted:
        if entry.group and entry.reading == "rating":
            parts.setdefault(entry.group, []).append(entry)
    shifted = set()
    for part, entries in parts.items():
        scale = _scale(entries[0])
        answers = (answer for entry in entries for answer in decoded[entry.name].answers)
        codes = [answer.code for answer in answers if not math.isnan(answer.code)]
        if codes and min(codes) == scale.low - 1 and max(codes) < scale.high:
            shifted.add(part)
    return shifted


def _told_as_shifted(fault: ColumnFault, wanted: Wanted) -> ColumnFault:
    scale = _scale(wanted)
    hint = (
        f"the file seems to count from {scale.low - 1:g} where the codebook counts from "
        f"{scale.low:g}: no answer in {wanted.group} is {scale.high:g}"
    )
    return replace(
        fault,
        message=f"{fault.message}; {hint}",
        alike=("shifted", wanted.group),
        together=f"answers outside {scale_range(scale)}; {hint}",
    )


def _outside(wanted: Wanted, bad: _Misfits, decoded: DecodedColumn) -> ColumnFault:
    scale = _scale(wanted)
    noun = count_of(len(bad), "answer")
    message = f"{noun} outside {scale_range(scale)}: {bad}{_non_answers(scale)}"
    codes = decoded.codes[~np.isnan(decoded.codes)]
    hint = (
        f"; the scale {scale.name} of the codebook ({scale.low:g} to {scale.high:g}) and the "
        f"file ({codes.min():g} to {codes.max():g}) differ"
    )
    most = len(bad) > 0.5 * len(codes)
    return ColumnFault(
        column=wanted.column,
        message=message + hint if most else message,
        alike=("outside", scale.name, hint),
        together=f"most answers are outside {scale_range(scale)}{_non_answers(scale)}{hint}",
    )


def _fraction(wanted: Wanted, bad: _Misfits, _: DecodedColumn) -> ColumnFault:
    scale = _scale(wanted)
    verb = "is not a whole number" if len(bad) == 1 else "are not whole numbers"
    rule = f"{scale.name} has whole numbers only, unless the codebook says whole: false"
    return ColumnFault(
        column=wanted.column,
        message=f"{count_of(len(bad), 'answer')} {verb}: {bad}; {rule}",
        alike=("fraction", scale.name),
        together=f"most answers are not whole numbers; {rule}",
    )


def _text(wanted: Wanted, bad: _Misfits, _: DecodedColumn) -> ColumnFault:
    verb = "is not a number" if len(bad) == 1 else "are not numbers"
    allowed = "numbers are allowed" if wanted.scale is None else _allowed(wanted.scale)
    first = several(list(dict.fromkeys(_shown(value) for value in bad.cells)), most=3)
    return ColumnFault(
        column=wanted.column,
        message=f"{count_of(len(bad), 'answer')} {verb}: {bad}; {allowed}",
        alike=("text", wanted.scale and wanted.scale.name),
        together=f"most answers are not numbers, but {first}; {allowed}",
    )


def _allowed(scale: ResponseScale) -> str:
    entries: list[Code | MissingCode] = [*scale.anchors, *scale.missing]
    texts = several([repr(entry.label) for entry in entries])
    hint = f" or the texts {texts}" if texts else "; a text needs an anchor in the codebook"
    return f"allowed are {scale.low:g} to {scale.high:g}{hint}"


def _unknown(wanted: Wanted, bad: _Misfits, _: DecodedColumn) -> ColumnFault:
    listed = several([f"{code.value} {code.label}" for code in wanted.values])
    verb = "is" if len(bad) == 1 else "are"
    return ColumnFault(
        column=wanted.column,
        message=(
            f"{count_of(len(bad), 'answer')} {verb} not among its values: {bad}; the codebook "
            f"has {listed}"
        ),
    )


def _negative(wanted: Wanted, bad: _Misfits, _: DecodedColumn) -> ColumnFault:
    noun = {"weight": "weight", "duration": "duration"}.get(wanted.reading, "answer")
    verb = "is negative" if len(bad) == 1 else "are negative"
    return ColumnFault(
        column=wanted.column, message=f"{count_of(len(bad), noun)} {verb}: {bad}"
    )


def _declared(wanted: Wanted, bad: _Misfits, _: DecodedColumn) -> ColumnFault:
    scale = _scale(wanted)
    values = several(sorted({plain_text(value) for value in bad.cells}))
    rule = f"name {values} under missing in the response scale {scale.name}, with its kind"
    return ColumnFault(
        column=wanted.column,
        message=(
            f"{count_of(len(bad), 'answer')} that the file declares as missing and the "
            f"codebook does not: {bad}; {rule}"
        ),
        alike=("declared", scale.name, values),
        together=f"answers that the file declares as missing and the codebook does not; {rule}",
    )


def _time(wanted: Wanted, bad: _Misfits, _: DecodedColumn) -> ColumnFault:
    verb = "is not a time" if len(bad) == 1 else "are not times"
    return ColumnFault(
        column=wanted.column,
        message=(
            f"{count_of(len(bad), 'cell')} {verb}: {bad}; write a number, "
            "2026-09-01 14:05:00 or 14:05:00"
        ),
    )


def _flag(wanted: Wanted, bad: _Misfits, _: DecodedColumn) -> ColumnFault:
    verb = "is neither yes nor no" if len(bad) == 1 else "are neither yes nor no"
    texts = [repr(code.label) for code in wanted.values]
    own = f", or {' or '.join(texts)}" if texts else ""
    named = "" if texts else "; name others in the codebook: values: {1: ..., 0: ...}"
    return ColumnFault(
        column=wanted.column,
        message=(
            f"{count_of(len(bad), 'answer')} {verb}: {bad}; allowed are 1 and 0, yes and no, "
            f"true and false{own}{named}"
        ),
    )


_DESCRIBED: dict[Problem, Callable[[Wanted, _Misfits, DecodedColumn], ColumnFault]] = {
    "outside": _outside,
    "fraction": _fraction,
    "text": _text,
    "unknown": _unknown,
    "negative": _negative,
    "declared": _declared,
    "time": _time,
    "flag": _flag,
}


def _scale(wanted: Wanted) -> ResponseScale:
    return wanted.scale or ResponseScale(name="", low=-np.inf, high=np.inf)


def _non_answers(scale: ResponseScale) -> str:
    codes = [str(code.value) for code in scale.missing]
    if not codes:
        return ""
    if len(codes) == 1:
        return f" ({codes[0]} is a non-answer)"
    return f" ({', '.join(codes[:-1])} and {codes[-1]} are non-answers)"


def told_together(faults: Iterable[ColumnFault], file: str) -> list[Fault]:
    """Return faults in their order, those that are alike in four columns or more as one."""
    faults = list(faults)
    groups: dict[Hashable, list[ColumnFault]] = {}
    for fault in faults:
        if fault.alike is not None:
            groups.setdefault(fault.alike, []).append(fault)
    told: list[Fault] = []
    done: set[Hashable] = set()
    for fault in faults:
        group = groups.get(fault.alike, [])
        if len(group) < _MERGED_FROM:
            told.append(Fault(file=file, where=f"column {fault.column}", message=fault.message))
        elif fault.alike not in done:
            done.add(fault.alike)
            columns = several([each.column for each in group], most=4)
            told.append(Fault(file=file, where=f"columns {columns}", message=fault.together))
    return told
