"""From files of raw answers to the respondents that are analysed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray
from cxresearch.codebook.model import Battery, Codebook
from cxresearch.codebook.moments import describes_moments
from cxresearch.errors import Fault, ResponseError
from cxresearch.responses._decode import holds_one_of
from cxresearch.responses._delimited import DELIMITER_NAMES
from cxresearch.responses._fault_texts import count_of, several
from cxresearch.responses._plan import Wanted
from cxresearch.responses.exclusions import (
    AnsweredValue,
    DroppedOut,
    Duplicated,
    Exclusion,
    FewMoments,
    LongestString,
    LowVariability,
    MissingShare,
    OtherCell,
    ShortDuration,
    check_exclusions,
    item_columns,
)
from cxresearch.responses.model import Flow, FlowStep, Responses
from cxresearch.responses.quality import (
    asked_columns,
    longest_string,
    missing_share,
    quality_of,
    repeated_ids,
    variability,
)
from cxresearch.responses.read import read_cells
from cxresearch.responses.validate import ValidatedWave, validate_wave

_FEWEST = 2
_Ends = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Inspection:
    """What came of reading: all faults and notes, and the responses when there is no fault.

    Attributes
    ----------
    faults : tuple of Fault
        What keeps the answers from being analysed.
    notes : tuple of str
        What the analyst should know and is no fault: encodings, columns that the codebook does
        not name, columns matched loosely, constant items, respondents left out.
    responses : Responses or None
        None where there is a fault.
    """

    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    responses: Responses | None = None


def load_responses(
    files: Mapping[str, str | Path],
    codebook: Codebook,
    exclusions: Sequence[Exclusion] = (),
) -> Responses:
    r"""Read, validate and score the answers of a survey, and leave out who is declared.

    Parameters
    ----------
    files : mapping of wave to path
        ``{"": path}`` where there is one wave only.
    codebook : Codebook
    exclusions : sequence of Exclusion
        Rules in the order they are told; see `responses.exclusions`.

    Returns
    -------
    Responses

    Raises
    ------
    ResponseError
        A file cannot be read or does not fit the codebook, an id is repeated and no rule
        declares what becomes of it, or fewer than two respondents are left. The error carries
        every fault of every file, each with column, rows and values.

    Notes
    -----
    Answers may be codes (``5``, ``"5"``, ``"5.0"``), texts of the codebook in any case
    (``"strongly agree"``) or both (``"7 – Strongly agree"``). An empty cell, ``NA``, ``n/a``,
    ``#N/A``, ``NULL``, ``NaN`` and ``.`` are no answer, unless the codebook gives them a
    meaning. Nothing else is guessed: it is a fault.

    Examples
    --------
    >>> import tempfile
    >>> from cxresearch.codebook.model import Battery, Codebook, Item, ResponseScale, Scale
    >>> path = Path(tempfile.mkdtemp()) / "responses.csv"
    >>> _ = path.write_text("Q1,Q2\n7,1\n6,2\n5,NA\n", encoding="utf-8")
    >>> items = (Item(key=1, text="Helpful"), Item(key=2, text="Rude", reverse_keyed=True))
    >>> battery = Battery(
    ...     name="staff",
    ...     scale=ResponseScale(name="agree7", low=1, high=7),
    ...     parts={"rating": "Q{item}"},
    ...     scales=(Scale(name="staff", label="Staff", items=items),),
    ... )
    >>> responses = load_responses({"": path}, Codebook(survey="Bank", batteries=(battery,)))
    >>> responses.n, responses.frame["Q2"].tolist()
    (3, [7.0, 6.0, nan])
    """
    inspection = inspect_responses(files, codebook, exclusions)
    if inspection.responses is None:
        names = ", ".join(Path(path).name for path in files.values())
        raise ResponseError(f"responses {names}", inspection.faults)
    return inspection.responses


def inspect_responses(
    files: Mapping[str, str | Path],
    codebook: Codebook,
    exclusions: Sequence[Exclusion] = (),
) -> Inspection:
    """Do what `load_responses` does and return faults and notes instead of raising.

    Parameters
    ----------
    files, codebook, exclusions
        As for `load_responses`.

    Returns
    -------
    Inspection
    """
    exclusions = tuple(exclusions)
    faults = [*check_exclusions(exclusions, codebook), *_name_faults(files, codebook)]
    deduplicated = {rule.column for rule in exclusions if isinstance(rule, Duplicated)}
    waves: list[ValidatedWave] = []
    for wave, path in files.items():
        try:
            raw, source = read_cells(path)
        except ResponseError as error:
            faults += error.faults
            continue
        source = replace(source, wave=wave)
        waves.append(validate_wave(raw, source, codebook, deduplicated=deduplicated))
        faults += waves[-1].faults
    notes = tuple(note for wave in waves for note in notes_of(wave))
    if faults or not waves:
        nothing = [] if files else [Fault(message="no file of answers is named")]
        return Inspection(faults=(*faults, *nothing), notes=notes)
    return _put_together(waves, codebook, exclusions, notes)


def _name_faults(files: Mapping[str, str | Path], codebook: Codebook) -> Iterator[Fault]:
    if describes_moments(codebook):
        yield Fault(
            file=codebook.path,
            message=(
                "describes moments and episodes, two tables; name both in study.yaml: "
                "data: {moments: moments.csv, episodes: episodes.csv}"
            ),
        )
    if any(files) and "wave" in {column.name for column in codebook.columns}:
        yield Fault(
            file=codebook.path,
            message="the name wave is taken: it tells the waves apart; rename the column",
        )


def notes_of(wave: ValidatedWave) -> Iterator[str]:
    """Say how a file was read, and which of its columns were not."""
    source = wave.source
    parts = [f"{source.file}: {count_of(source.rows, 'row')}, {source.columns} columns"]
    if source.encoding:
        parts.append(source.encoding)
    if source.delimiter:
        parts.append(f"separated by {DELIMITER_NAMES.get(source.delimiter, source.delimiter)}")
    if source.decimal == ",":
        parts.append("decimal comma")
    yield ", ".join(parts)
    yield from (f"{source.file}: {note}" for note in source.notes)
    if source.unnamed and wave.wanted:
        named = count_of(len(source.unnamed), "column")
        listed = several(list(source.unnamed), most=20)
        yield f"{source.file}: {named} that the codebook does not name: {listed}"
    yield from wave.notes


def _put_together(
    waves: Sequence[ValidatedWave],
    codebook: Codebook,
    exclusions: tuple[Exclusion, ...],
    notes: tuple[str, ...],
) -> Inspection:
    broken = [
        np.concatenate([_breaks(rule, wave, codebook) for wave in waves]) for rule in exclusions
    ]
    read = sum(len(wave.frame) for wave in waves)
    counted_under, flow = count_exclusions(exclusions, broken, read)
    kept = counted_under == ""
    frame = pd.concat([_with_wave(wave) for wave in waves], ignore_index=True)[kept]
    frame = frame.reset_index(drop=True)
    missing = pd.concat([wave.missing for wave in waves], ignore_index=True)[kept]
    ratings = [entry for entry in waves[0].wanted if entry.reading == "rating"]
    ends = _ends(frame[[entry.name for entry in ratings]])
    faults = list(_too_few(flow, waves) or _nothing_varies(ends, codebook, waves))
    notes = (*notes, *_constant_notes(ends, ratings, flow), *_flow_notes(flow))
    if faults:
        return Inspection(faults=tuple(faults), notes=notes)
    responses = Responses(
        codebook=codebook,
        frame=frame,
        missing=missing.reset_index(drop=True),
        quality=_quality(waves, codebook, counted_under),
        flow=flow,
        sources=tuple(wave.source for wave in waves),
        notes=notes,
    )
    return Inspection(faults=(), notes=notes, responses=responses)


def _with_wave(wave: ValidatedWave) -> pd.DataFrame:
    if not wave.source.wave:
        return wave.frame
    frame = wave.frame.copy()
    frame.insert(0, "wave", pd.Series(wave.source.wave, index=frame.index, dtype=object))
    return frame


def _breaks(rule: Exclusion, wave: ValidatedWave, codebook: Codebook) -> BoolArray:
    """Return which respondents of a wave a rule leaves out."""
    match rule:
        case Duplicated(column=name):
            return repeated_ids(wave.frame[name]).to_numpy(dtype=bool)
        case AnsweredValue(column=name, values=values):
            return holds_one_of(wave.cells[name], wave.codings[name], values)
        case ShortDuration(below=below):
            named = codebook.columns_with_role("duration")[0]
            return wave.decoded[named.name].codes < below
        case LongestString() | MissingShare() | LowVariability():
            return _breaks_battery_rule(rule, wave, codebook.find_battery(rule.battery))
        case OtherCell(column="wave", value=value):
            return np.full(len(wave.frame), wave.source.wave != value)
        case OtherCell(column=name, value=value):
            labels = wave.frame[name].astype(object)
            return np.array([str(label) != value for label in labels], dtype=np.bool_)
        case FewMoments() | DroppedOut():  # refused: the codebook describes no moments
            return np.zeros(len(wave.frame), dtype=np.bool_)


def _breaks_battery_rule(
    rule: LongestString | MissingShare | LowVariability, wave: ValidatedWave, battery: Battery
) -> BoolArray:
    parts = [rule.part] if rule.part is not None else list(battery.parts)
    asked = [asked_columns(battery, part) for part in parts]
    broken: BoolArray
    match rule:
        case LongestString(at_least=at_least):
            longest = [longest_string(wave.answers(columns)) for columns in asked]
            broken = np.max(longest, axis=0) >= at_least
        case MissingShare(above=above):
            share = missing_share(wave.answers(list(chain.from_iterable(asked))))
            broken = share.to_numpy() > above
        case LowVariability(below=below):
            lowest = [variability(wave.answers(columns)) for columns in asked]
            broken = np.fmin.reduce(lowest) < below
    return broken


def count_exclusions(
    exclusions: Sequence[Exclusion], broken: Sequence[BoolArray], read: int
) -> tuple[np.ndarray, Flow]:
    """Count each respondent under the first rule that leaves it out."""
    counted_under = np.full(read, "", dtype=object)
    steps = []
    for rule, breaks in zip(exclusions, broken, strict=True):
        first = breaks & (counted_under == "")
        counted_under[first] = rule.rule
        steps.append(
            FlowStep(
                rule=rule.rule,
                detail=rule.detail,
                excluded=int(first.sum()),
                reason=rule.reason,
            )
        )
    return counted_under, Flow(read=read, steps=tuple(steps))


def _quality(
    waves: Sequence[ValidatedWave], codebook: Codebook, counted_under: np.ndarray
) -> pd.DataFrame:
    joined = pd.concat([quality_of(wave, codebook) for wave in waves], ignore_index=True)
    joined.insert(2, "excluded", pd.Series(counted_under, index=joined.index, dtype=object))
    return joined


def _too_few(flow: Flow, waves: Sequence[ValidatedWave]) -> list[Fault]:
    if flow.analysed >= _FEWEST:
        return []
    file = waves[0].source.file if len(waves) == 1 else ""
    left = {0: "no respondent", 1: "one respondent"}[flow.analysed]
    lost = [f"{step.excluded} by {step.rule} ({step.detail})" for step in flow.steps]
    why = (
        f" of {flow.read} is left; excluded were {', '.join(lost)}"
        if flow.excluded
        else " only"
    )
    message = f"{left}{why}; an analysis needs at least {_FEWEST} respondents"
    return [Fault(file=file, message=message)]


def _nothing_varies(
    ends: Mapping[str, _Ends], codebook: Codebook, waves: Sequence[ValidatedWave]
) -> Iterator[Fault]:
    """Refuse a battery in which every item is constant: no spread, so no standard error."""
    file = waves[0].source.file if len(waves) == 1 else ""
    for battery in codebook.batteries:
        items = [ends[column] for column in item_columns([battery])]
        if all(math.isnan(low) for low, _ in items):
            yield Fault(file=file, message=f"battery {battery.name} has no answer at all")
        elif not any(low < high for low, high in items):
            yield Fault(
                file=file,
                message=(
                    f"in battery {battery.name} all respondents gave the same answers: nothing "
                    "can be estimated; is it a test export?"
                ),
            )


def _ends(ratings: pd.DataFrame) -> dict[str, _Ends]:
    """Return the lowest and the highest answer of each column; nan where there is none."""
    values = ratings.to_numpy(dtype=float)
    low, high = (end.reduce(values, initial=np.nan).tolist() for end in (np.fmin, np.fmax))
    return dict(zip(ratings.columns, zip(low, high, strict=True), strict=True))


def _constant_notes(
    ends: Mapping[str, _Ends], ratings: Sequence[Wanted], flow: Flow
) -> Iterator[str]:
    low_and_high = [(entry.column, *ends[entry.name]) for entry in ratings]
    empty = [column for column, low, _ in low_and_high if math.isnan(low)]
    constant = [
        column for column, low, high in low_and_high if low == high and flow.analysed > 1
    ]
    if empty:
        yield f"no answers in {'column' if len(empty) == 1 else 'columns'} {several(empty)}"
    if constant:
        named = f"{'column' if len(constant) == 1 else 'columns'} {several(constant)}"
        yield f"all answers are the same in {named}: standard deviation 0"


def _flow_notes(flow: Flow) -> Iterator[str]:
    for step in flow.steps:
        if step.excluded:
            noun = count_of(step.excluded, "respondent")
            yield f"{noun} excluded: {step.rule}, {step.detail}"
