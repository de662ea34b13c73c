"""From the tables of moments and of episodes to the episodes that are analysed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Literal

import pandas as pd

from cxresearch._types import Direction, HigherIs, TimeUnit
from cxresearch.codebook.model import Codebook, Column
from cxresearch.codebook.moments import (
    EPISODE_ROLES,
    KEY_ROLES,
    MOMENT_ROLES,
    OWN_NAMES,
    describes_moments,
)
from cxresearch.errors import Fault, ResponseError
from cxresearch.responses._cells import Cells
from cxresearch.responses._coding import normal_text
from cxresearch.responses._episode_checks import Checks
from cxresearch.responses._episode_join import Joined, with_quality
from cxresearch.responses._episode_rules import break_rules
from cxresearch.responses._episode_times import duration_factor, find_unit, read_times
from cxresearch.responses.exclusions import (
    DROPPED_ROLES,
    AnsweredValue,
    Exclusion,
    OtherCell,
    ShortDuration,
    check_exclusions,
)
from cxresearch.responses.load import count_exclusions, notes_of
from cxresearch.responses.model import Flow, Source
from cxresearch.responses.read import read_cells
from cxresearch.responses.validate import ValidatedWave, validate_wave

TABLES = ("moments", "episodes")
Design = Literal["none", "between", "within"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EpisodeData:
    """Validated moments and episodes that are analysed.

    Attributes
    ----------
    moments : pandas.DataFrame
        One row a moment, sorted: participant, episode, time (in `unit`; timestamps count from
        the first moment of their episode), rating (nan where not given), ``ended`` where the
        codebook has it, and segments (channel, touchpoint) under their codebook names.
    episodes : pandas.DataFrame
        One row an episode: participant, episode, retrospective, and where the codebook has
        them condition (categories in the order of the codebook), choice (1, 0), duration,
        ended; covariates, segments and other columns under their codebook names.
    quality : pandas.DataFrame
        One row for each episode that was *read*: participant, episode, n_moments (rated),
        dropped_out (true, false; None where no column tells), no_retrospective, constant (all
        its ratings equal), condition, ended, and excluded: the rule, ``""`` for those analysed.
    flow : Flow
        Counts episodes.
    covariates : tuple of str
        Columns of `episodes` that were measured before the condition was drawn.
    labels : dict
        Column → text.
    limits : dict
        Ends (low, high) of the response scales of rating and retrospective.
    direction, higher_is, neutral : str, str or None, float or None
        What the peak is, see `episode_features`.
    unit : str
        What times count: ``"seconds"``, ``"minutes"``, … or ``"order"``.
    moments_read, participants_read : int
        In the files, before exclusions.
    """

    codebook: Codebook
    moments: pd.DataFrame
    episodes: pd.DataFrame
    quality: pd.DataFrame
    flow: Flow
    sources: tuple[Source, ...]
    covariates: tuple[str, ...]
    labels: dict[str, str]
    limits: dict[str, tuple[float, float]]
    direction: Direction
    higher_is: HigherIs | None
    neutral: float | None
    unit: TimeUnit
    moments_read: int
    participants_read: int
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of episodes analysed."""
        return len(self.episodes)

    @property
    def n_participants(self) -> int:
        """Number of people with an episode that is analysed."""
        return int(self.episodes["participant"].nunique())

    @property
    def n_moments(self) -> int:
        """Number of moments analysed, rated or not."""
        return len(self.moments)

    @property
    def design(self) -> Design:
        """Whether people met one condition each, several, or there is none."""
        if "condition" not in self.episodes:
            return "none"
        met = self.episodes.groupby("participant")["condition"].nunique()
        return "within" if bool((met > 1).any()) else "between"

    def __repr__(self) -> str:
        return (
            f"EpisodeData({self.codebook.survey!r}, {self.n} of {self.flow.read} episodes "
            f"analysed, {self.n_moments} moments)"
        )

    def _repr_html_(self) -> str:
        files = ", ".join(escape(source.file) for source in self.sources)
        return (
            f"<p><strong>{escape(self.codebook.survey)}</strong>: {self.n} episodes of "
            f"{self.n_participants} people with {self.n_moments} moments analysed, of "
            f"{self.flow.read} episodes read ({files})</p>{self.flow._repr_html_()}"
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EpisodeInspection:
    """What came of reading: all faults and notes, and the data when there is no fault."""

    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    episodes: EpisodeData | None = None


def load_episodes(
    files: Mapping[str, str | Path],
    codebook: Codebook,
    exclusions: Sequence[Exclusion] = (),
) -> EpisodeData:
    r"""Read and validate moments and episodes, and leave out what is declared.

    Parameters
    ----------
    files : mapping of table to path
        ``{"moments": path, "episodes": path}``.
    codebook : Codebook
        With the roles participant and episode (in both tables), time and rating (moments) and
        retrospective (episodes).
    exclusions : sequence of Exclusion
        Rules on episodes: answered, duration, few_moments, dropped_out; duplicated also on
        moments.

    Returns
    -------
    EpisodeData

    Raises
    ------
    ResponseError
        A file cannot be read or does not fit the codebook, or the tables do not fit each other;
        with every fault found.

    Notes
    -----
    Times are numbers (seconds, minutes, … or the order of the moments), timestamps
    (``2026-09-01 14:05:00``) or ``14:05:00``; one kind in a file. Moments may stand in any
    order. An episode without a remembered rating or without moments stays, and is told.

    Examples
    --------
    >>> import tempfile
    >>> from cxresearch.codebook.model import Codebook, Column, ResponseScale
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "moments.csv").write_text(
    ...     "who,visit,t,mood\nA,1,0,3\nA,1,1,5\nB,1,1,4\nB,1,0,2\n", encoding="utf-8"
    ... )
    >>> _ = (folder / "episodes.csv").write_text(
    ...     "who,visit,memory\nA,1,5\nB,1,3\n", encoding="utf-8"
    ... )
    >>> scale = ResponseScale(name="mood", low=0, high=10)
    >>> def column(name, role, **more):
    ...     return Column(name=name, column=name, role=role, label=name, **more)
    >>> codebook = Codebook(survey="Visits", columns=(
    ...     column("who", "participant"), column("visit", "episode"), column("t", "time"),
    ...     column("mood", "rating", scale=scale, direction="pleasant"),
    ...     column("memory", "retrospective", scale=scale),
    ... ))
    >>> files = {name: folder / f"{name}.csv" for name in ("moments", "episodes")}
    >>> data = load_episodes(files, codebook)
    >>> data.n, data.unit, data.moments["rating"].tolist()
    (2, 'order', [3.0, 5.0, 2.0, 4.0])
    """
    inspection = inspect_episodes(files, codebook, exclusions)
    if inspection.episodes is None:
        names = ", ".join(Path(path).name for path in files.values())
        raise ResponseError(f"data {names}", inspection.faults)
    return inspection.episodes


def inspect_episodes(
    files: Mapping[str, str | Path],
    codebook: Codebook,
    exclusions: Sequence[Exclusion] = (),
) -> EpisodeInspection:
    """Do what `load_episodes` does and return faults and notes instead of raising."""
    exclusions = tuple(exclusions)
    faults = [*_form_faults(files, codebook), *check_exclusions(exclusions, codebook)]
    if faults:
        return EpisodeInspection(faults=tuple(faults), notes=())
    tables: dict[str, ValidatedWave] = {}
    raw: dict[str, tuple[Cells, Source]] = {}
    for name in TABLES:
        try:
            raw[name] = read_cells(files[name])
        except ResponseError as error:
            faults += error.faults
    headers = {name: set(map(normal_text, cells.header)) for name, (cells, _) in raw.items()}
    for name, (cells, source) in raw.items():
        own = _own_part(codebook, name, headers)
        tables[name] = validate_wave(cells, replace(source, wave=name), own)
        faults += tables[name].faults
    notes = tuple(note for table in tables.values() for note in notes_of(table))
    if not faults:
        faults += _rule_faults(exclusions, tables)
    if faults:
        return EpisodeInspection(faults=tuple(faults), notes=notes)
    return _put_together(tables, codebook, exclusions, notes)


def _form_faults(files: Mapping[str, str | Path], codebook: Codebook) -> Iterator[Fault]:
    if set(files) != set(TABLES):
        named = ", ".join(files) or "no table"
        message = (
            f"data names {named}; a study of moments needs "
            "data: {moments: moments.csv, episodes: episodes.csv}"
        )
        yield Fault(file="study.yaml", message=message)
    if not describes_moments(codebook):
        message = (
            "describes no moments: name the columns with the roles participant, episode, time, "
            "rating and retrospective"
        )
        yield Fault(file=codebook.path, message=message)


def _rule_faults(
    exclusions: Sequence[Exclusion], tables: Mapping[str, ValidatedWave]
) -> Iterator[Fault]:
    own = {name: tables[name].source.file for name in TABLES}
    for number, rule in enumerate(exclusions, start=1):
        if isinstance(rule, OtherCell) and rule.column not in tables["episodes"].cells:
            yield cell_of_moments(rule.column, moments=own["moments"], episodes=own["episodes"])
        if isinstance(rule, AnsweredValue) and rule.column not in tables["episodes"].cells:
            message = (
                f"answered: column {rule.column} is in {own['moments']}; whole episodes are "
                f"left out, by a column of {own['episodes']}"
            )
            yield Fault(where=f"exclude, rule {number}", message=message)


def cell_of_moments(column: str, *, moments: str, episodes: str) -> Fault:
    """Return the fault of cells by a column of the moments, which would cut episodes up."""
    message = (
        f"column {column} is in {moments}; a study of moments is run for each value of a "
        f"segment column of {episodes}, whole episodes at a time"
    )
    return Fault(file="study.yaml", where=f"for_each, {column}", message=message)


def _own_part(codebook: Codebook, table: str, headers: Mapping[str, set[str]]) -> Codebook:
    """Return the part of the codebook that one of the tables has to hold."""
    columns = tuple(c for c in codebook.columns if table in _tables_of(c, headers))
    return replace(codebook, columns=columns, batteries=())


def _tables_of(column: Column, headers: Mapping[str, set[str]]) -> tuple[str, ...]:
    if column.role in KEY_ROLES or column.role in DROPPED_ROLES:
        return TABLES
    if column.role in MOMENT_ROLES:
        return ("moments",)
    if column.role in EPISODE_ROLES or column.role == "duration":
        return ("episodes",)
    name = normal_text(column.column)
    has = [table for table, header in headers.items() if name in header]
    # What is in neither is missed where it belongs more often.
    return ("moments",) if has == ["moments"] else ("episodes",)


def _put_together(
    tables: Mapping[str, ValidatedWave],
    codebook: Codebook,
    exclusions: tuple[Exclusion, ...],
    notes: tuple[str, ...],
) -> EpisodeInspection:
    files = {name: table.source.file for name, table in tables.items()}
    moments, episodes = (_canonical(tables[name].frame, codebook) for name in TABLES)
    book = Checks(codebook=codebook, files=files)
    (time_column,), (rating,) = (codebook.columns_with_role(role) for role in MOMENT_ROLES)
    times = read_times(tables["moments"], moments, time_column, file=files["moments"])
    moments = moments.assign(time=times.values)
    book.faults += times.faults
    book.check_cells(moments, episodes)
    if book.faults:
        return EpisodeInspection(faults=tuple(book.faults), notes=notes)
    written = tables["moments"].cells[time_column.name].cells
    joined = Joined.of(moments, episodes)
    joined = book.without_repeated(joined, exclusions, written=written)
    book.check_join(joined)
    if book.faults:
        return EpisodeInspection(faults=tuple(book.faults), notes=notes)
    joined = times.from_start(book.sort(joined))
    unit = find_unit(joined, time_column, stamped=times.stamped)
    factor = duration_factor(codebook, unit)
    if factor != 1:
        longer = episodes.assign(duration=episodes["duration"] * factor)
        joined = replace(joined, episodes=longer)
    read = with_quality(joined)
    rules = [_in_times(rule, factor) for rule in exclusions]
    broken = break_rules(rules, read, tables["episodes"], book.repeated)
    counted_under, flow = count_exclusions(exclusions, broken, len(read))
    quality = read.assign(excluded=counted_under)[_quality_columns(read)]
    kept = (counted_under == "") & ~book.repeated
    analysed = joined.of_listed(kept)
    data = EpisodeData(
        codebook=codebook,
        moments=analysed.moments,
        episodes=analysed.episodes,
        quality=quality.reset_index(drop=True),
        flow=replace(flow, unit="episodes"),
        sources=tuple(table.source for table in tables.values()),
        covariates=tuple(c.name for c in codebook.columns_with_role("covariate")),
        labels=_labels(codebook),
        limits=_limits(codebook),
        direction=rating.direction or "pleasant",
        higher_is=rating.higher_is,
        neutral=rating.neutral,
        unit=unit,
        moments_read=len(tables["moments"].frame),
        participants_read=len(set(read["participant"])),
    )
    book.check_data(analysed, data.flow)
    told = book.notes_on(quality[kept], data.flow, unit, absolute=times.absolute)
    notes = (*notes, *book.notes, *told)
    if book.faults:
        return EpisodeInspection(faults=tuple(book.faults), notes=notes)
    return EpisodeInspection(faults=(), notes=notes, episodes=replace(data, notes=notes))


def _in_times(rule: Exclusion, factor: float) -> Exclusion:
    """Return a rule on durations, written in their own unit, in that of the times."""
    return replace(rule, below=rule.below * factor) if isinstance(rule, ShortDuration) else rule


def _canonical(frame: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Name columns by their role where there is one of it; conditions in their order."""
    names = {c.name: c.role for c in codebook.columns if c.role in OWN_NAMES}
    renamed = frame.set_axis([names.get(str(name), name) for name in frame], axis=1)
    if "condition" in renamed:
        (column,) = codebook.columns_with_role("condition")
        known = [code.label for code in column.values]
        levels = known or sorted(renamed["condition"].dropna().unique())
        renamed["condition"] = pd.Categorical(renamed["condition"], categories=levels)
    first = [name for name in (*OWN_NAMES,) if name in renamed]
    return renamed[[*first, *(c for c in renamed if c not in first)]]


def _quality_columns(read: pd.DataFrame) -> list[str]:
    names = ("participant", "episode", "n_moments", "dropped_out", "no_retrospective",
             "constant", "condition", "ended", "excluded")  # fmt: skip
    return [name for name in names if name in read or name == "excluded"]


def _labels(codebook: Codebook) -> dict[str, str]:
    return {
        (column.role if column.role in OWN_NAMES else column.name): column.label
        for column in codebook.columns
        if column.role not in DROPPED_ROLES
    }


def _limits(codebook: Codebook) -> dict[str, tuple[float, float]]:
    columns = (
        *codebook.columns_with_role("rating"),
        *codebook.columns_with_role("retrospective"),
    )
    return {c.role: (c.scale.low, c.scale.high) for c in columns if c.scale is not None}
