"""Whether moments and episodes fit each other, and whether anything can be learned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._types import BoolArray, Role, TimeUnit
from cxresearch.codebook.model import Codebook
from cxresearch.codebook.moments import KEY_ROLES
from cxresearch.errors import Fault
from cxresearch.responses._episode_join import Joined
from cxresearch.responses._fault_texts import count_of, rows_of, several
from cxresearch.responses.exclusions import Duplicated, Exclusion
from cxresearch.responses.model import Flow

_KEYS = list(KEY_ROLES)
_FEWEST = 2


@dataclass(slots=True, kw_only=True, eq=False)
class Checks:
    """Collects what is wrong with the two tables together.

    Attributes
    ----------
    codebook : Codebook
    files : mapping of table to name of its file
    faults, notes : list
    repeated : array of bool
        Rows of the table of episodes whose participant and episode stood before.
    """

    codebook: Codebook
    files: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repeated: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def _column(self, role: Role) -> str:
        return self.codebook.columns_with_role(role)[0].column

    def _fault(self, table: str, message: str, *, role: Role | None = None) -> None:
        where = f"column {self._column(role)}" if role else ""
        self.faults.append(Fault(file=self.files[table], where=where, message=message))

    def check_cells(self, moments: pd.DataFrame, episodes: pd.DataFrame) -> None:
        """Refuse rows that belong to nobody or to no time."""
        for table, frame in (("moments", moments), ("episodes", episodes)):
            for role in KEY_ROLES:
                self._check_filled(table, frame[role], role)
        self._check_filled("moments", moments["time"], "time")

    def _check_filled(self, table: str, cells: pd.Series, role: Role) -> None:
        rows = cells.index[cells.isna().to_numpy()].tolist()
        if rows:
            verb = "is" if len(rows) == 1 else "are"
            message = f"{count_of(len(rows), 'cell')} {verb} empty: {rows_of(rows)}"
            self._fault(table, message, role=role)

    def without_repeated(
        self, joined: Joined, exclusions: Sequence[Exclusion], *, written: Sequence[Any]
    ) -> Joined:
        """Refuse what stands twice, unless a rule says that the first is kept.

        The `written` times are the cells of the file, timestamps as they stand there.
        """
        declared = {rule.column for rule in exclusions if isinstance(rule, Duplicated)}
        self.repeated = joined.repeated_episodes
        named = self.codebook.columns_with_role("episode")[0].name
        if self.repeated.any() and named not in declared:
            message = _twice(joined.episodes, _KEYS, "episode", named)
            self._fault("episodes", message, role="episode")
        again = joined.repeated_moments
        clock = self.codebook.columns_with_role("time")[0].name
        if again.any() and clock not in declared:
            cells = pd.Series(written, index=joined.moments.index, dtype=object)
            keys = [*_KEYS, "time"]
            message = _twice(joined.moments, keys, "moment", clock, written=cells)
            self._fault("moments", message, role="time")
        elif again.any():
            noun = count_of(int(again.sum()), "moment")
            note = f"{noun} at a time that was there already: the first of each is kept"
            self.notes.append(f"{self.files['moments']}: {note}")
        return joined.with_moments(~again)

    def check_join(self, joined: Joined) -> None:
        """Refuse moments of unknown episodes; tell of episodes without moments."""
        moments, episodes = joined.moments, joined.episodes
        if joined.strange_moments.any():
            strange = moments[joined.strange_moments]
            listed = strange[_KEYS].drop_duplicates()
            message = (
                f"{count_of(len(strange), 'moment')} of {count_of(len(listed), 'episode')} "
                f"that {self.files['episodes']} does not list: {_episodes_named(listed)}"
            )
            people = set(listed["participant"]) - set(episodes["participant"])
            if (
                len(people)
                == listed["participant"].nunique()
                == moments["participant"].nunique()
            ):
                message += "; no participant is in both tables: are they named alike?"
            self._fault("moments", message)
        is_empty = joined.empty_episodes
        if is_empty.any() and not is_empty.all():
            empty = episodes[is_empty]
            noun = count_of(len(empty), "episode")
            verb = "has" if len(empty) == 1 else "have"
            self.notes.append(
                f"{self.files['episodes']}: {noun} {verb} no moments: "
                f"{_episodes_named(empty)}; remembered ratings are kept, features cannot be "
                "computed"
            )

    def sort(self, joined: Joined) -> Joined:
        """Put the moments into the order of time; tell when they were not."""
        backwards = joined.backwards
        if backwards:
            noun = count_of(backwards, "episode")
            self.notes.append(
                f"{self.files['moments']}: moments of {noun} not in order of time: sorted"
            )
        return joined.in_order()

    def check_data(self, analysed: Joined, flow: Flow) -> None:
        """Refuse data from which nothing can be learned."""
        if flow.analysed < _FEWEST:
            self._too_few(flow)
            return
        moments, episodes = analysed.moments, analysed.episodes
        if len(set(episodes["participant"])) < _FEWEST:
            self._fault(
                "episodes", "all episodes are of one participant; at least 2 are needed"
            )
        self._check_varies("moments", moments["rating"], "rating")
        self._check_varies("episodes", episodes["retrospective"], "retrospective")
        rated = analysed.of_moments[moments["rating"].notna().to_numpy()]
        if len(rated) and np.bincount(rated).max() == 1:
            message = (
                "every episode has one moment with a rating: peak, end and mean are the same; "
                "is it the table of moments?"
            )
            self._fault("moments", message)
        if "condition" in episodes:
            self._check_conditions(episodes)
        if "duration" in episodes:
            self._check_durations(analysed)

    def _too_few(self, flow: Flow) -> None:
        left = "no episode" if flow.analysed == 0 else "one episode"
        lost = ", ".join(f"{s.excluded} by {s.rule} ({s.detail})" for s in flow.steps)
        why = f" of {flow.read} is left; excluded were {lost}" if flow.excluded else " only"
        self._fault("episodes", f"{left}{why}; an analysis needs at least {_FEWEST} episodes")

    def _check_varies(self, table: str, ratings: pd.Series, role: Role) -> None:
        given = ratings.dropna()
        if given.empty:
            self._fault(table, "there is no rating at all", role=role)
        elif given.nunique() == 1:
            message = (
                f"all {len(given)} ratings are {given.iloc[0]:g}: nothing can be estimated; is "
                "it a test export?"
            )
            self._fault(table, message, role=role)

    def _check_conditions(self, episodes: pd.DataFrame) -> None:
        met: defaultdict[str, set[str]] = defaultdict(set)
        for name, person in zip(episodes["condition"], episodes["participant"], strict=True):
            met[name].add(person)
        levels = [name for name in episodes["condition"].cat.categories if name in met]
        if len(levels) < _FEWEST:
            only = f"only the condition {levels[0]!r}" if levels else "no condition"
            message = f"{only} occurs; nothing can be compared: give the column the role ignore"
            self._fault("episodes", message, role="condition")
        for name in levels if len(levels) >= _FEWEST else ():
            if len(met[name]) > 1:
                continue
            message = (
                f"condition {name!r} has one person; a comparison needs at least 2: is it a "
                "typing error?"
            )
            self._fault("episodes", message, role="condition")
        unknown = int(episodes["condition"].isna().sum())
        if unknown:
            verb = "has" if unknown == 1 else "have"
            noun = count_of(unknown, "episode")
            self.notes.append(f"{self.files['episodes']}: {noun} {verb} no condition")

    def _check_durations(self, analysed: Joined) -> None:
        last = analysed.for_listed(analysed.times[analysed.ends()], empty=np.nan)
        short = analysed.episodes[analysed.episodes["duration"].to_numpy() < last]
        both = len(last) - int(np.isnan(last).sum())
        if len(short) > both / 2:
            message = (
                f"{len(short)} of {both} durations are shorter than the time of the last "
                "moment: do both count the same unit?"
            )
            self._fault("episodes", message, role="duration")
        elif len(short):
            verb = "is" if len(short) == 1 else "are"
            self.notes.append(
                f"{self.files['episodes']}: {count_of(len(short), 'duration')} {verb} shorter "
                f"than the time of the last moment: {_episodes_named(short)}"
            )

    def notes_on(
        self, kept: pd.DataFrame, flow: Flow, unit: TimeUnit, *, absolute: bool
    ) -> Iterator[str]:
        """Tell what the analyst should know of the episodes that are analysed."""
        if absolute:
            yield f"timestamps count in {unit} from the first moment of each episode"
        elif self.codebook.columns_with_role("time")[0].unit is None:
            said = "the order of the moments" if unit == "order" else unit
            yield f"times count {said}; write unit in the codebook where they do not"
        one = int((kept["n_moments"] == 1).sum())
        if one:
            verb = "has" if one == 1 else "have"
            noun = count_of(one, "episode")
            yield f"{noun} {verb} one moment with a rating: peak and end are the same there"
        silent = int(kept["no_retrospective"].sum())
        if silent:
            noun = count_of(silent, "episode")
            yield f"{noun} without a remembered rating: kept, not modelled"
        flat = int(kept["constant"].sum())
        if flat:
            yield f"{count_of(flat, 'episode')} with the same rating at every moment"
        lost = int(kept["dropped_out"].sum())
        if lost:
            noun = count_of(lost, "episode")
            yield f"{noun} not rated to the end: no end is computed (rule: dropped_out)"
        for step in flow.steps:
            if step.excluded:
                noun = count_of(step.excluded, "episode")
                yield f"{noun} excluded: {step.rule}, {step.detail}"


def _twice(
    frame: pd.DataFrame,
    keys: Sequence[str],
    noun: str,
    column: str,
    *,
    written: pd.Series | None = None,
) -> str:
    again = frame[frame.duplicated(list(keys), keep=False)]
    places = []
    for key, rows in again.groupby(list(keys), sort=False):
        parts = list(key) if written is None else [*key[:-1], written[rows.index[0]]]
        named = "/".join(_shown(part) for part in parts)
        places.append(f"{named} ({rows_of(rows.index.tolist())})")
    verb = f"{noun} stands" if len(places) == 1 else f"{noun}s stand"
    return (
        f"{len(places)} {verb} more than once: {several(places)}; declare "
        f"`- duplicated: {column}` under exclude in study.yaml to keep the first of each, or "
        "correct the file"
    )


def _episodes_named(frame: pd.DataFrame) -> str:
    pairs = dict.fromkeys(zip(*(frame[key] for key in _KEYS), strict=True))
    return several([f"{person}/{episode}" for person, episode in pairs])


def _shown(part: object) -> str:
    return f"{part:g}" if isinstance(part, float) else str(part)
