"""Moments and episodes: told apart, or split out of one table; and what ties them together."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch.scaffold.roles import words_of

_NAMES: Mapping[str, re.Pattern[str]] = {
    "participant": re.compile(
        "participant|person|people|caller|patient|guest|customer|client|respondent|resp|"
        "subject|subj|user|visitor|pid|uid|id|persona|participante|cliente|paciente"
    ),
    "episode": re.compile(
        "episode|visit|call|stay|trip|session|day|dayn|encounter|experience|order|event|tour|"
        "meal|procedure|trial|case|visita|episodio|llamada|dia"
    ),
    "time": re.compile(
        "time|times|timestamp|at|second|seconds|secs|sec|minute|minutes|min|elapsed|when|sent|"
        "datetime|date|clock|tiempo|hora|t"
    ),
    "order": re.compile("moment|order|beep|index|nr|no|number|position|step|obs|seq|k|momento"),
    "rating": re.compile(
        "rating|rate|feeling|feel|felt|mood|affect|valence|pain|comfort|discomfort|stress|"
        "score|satisfaction|happy|sad|angry|anxious|anxiety|slider|pleasant|pleasure|emotion|"
        "dial|sentimiento|dolor|valoracion"
    ),
    "retrospective": re.compile(
        "remembered|remember|retrospective|retro|recall|recalled|memory|overall|evening|global|"
        "afterwards|summary|total|recuerdo|rating|satisfaction"
    ),
    "condition": re.compile(
        "condition|cond|arm|group|treatment|treated|variant|version|assigned|assignment|"
        "condicion|grupo"
    ),
    "choice": re.compile("choice|choose|chose|chosen|again|prefer|preferred|repeat|eleccion"),
    "ended": re.compile("ended|finished|finish|complete|completed|terminado"),
    "duration": re.compile("duration|length|lasted|seconds|secs|minutes|mins|duracion"),
    "covariate": re.compile(
        "before|pre|baseline|prior|previous|earlier|age|expected|expectation|antes|edad"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoTables:
    """Moments and episodes as read, and the columns that tie them together.

    Attributes
    ----------
    keys : tuple of str
        Participant and episode; empty or one name where they were not found.
    """

    moments: pd.DataFrame
    episodes: pd.DataFrame
    keys: tuple[str, ...]


def named(name: str, kind: str) -> bool:
    """Tell whether a word of a column's name speaks for a kind of column."""
    words = words_of(name)
    joined = "".join(words)
    return any(_NAMES[kind].fullmatch(word) for word in (*words, joined))


def in_two(frames: Sequence[pd.DataFrame]) -> tuple[TwoTables, bool]:
    """Tell moments from episodes; split one table whose episodes' columns repeat.

    Returns
    -------
    tables : TwoTables
    swapped : bool
        The first of two files holds the episodes.
    """
    texts = [_as_text(frame) for frame in frames]
    if len(texts) == 1:
        return _split(texts[0]), False
    swapped = len(texts[0]) < len(texts[1])
    moments, episodes = reversed(texts) if swapped else texts
    shared = [name for name in columns_of(moments) if name in episodes]
    keys = _keys(shared, episodes, moments)
    return TwoTables(moments=moments, episodes=episodes, keys=keys), swapped


def columns_of(frame: pd.DataFrame) -> list[str]:
    """Return the names of the columns."""
    return [str(name) for name in frame.columns]


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return every cell as the text a CSV file would hold; empty cells as ``""``."""
    columns = {str(name): [_text(cell) for cell in frame[name]] for name in frame.columns}
    return pd.DataFrame(columns, dtype=object)


def _text(cell: object) -> str:
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return ""
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, float) and np.isnan(cell):
        return ""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell).strip()


def _keys(
    shared: Iterable[str], episodes: pd.DataFrame, moments: pd.DataFrame
) -> tuple[str, ...]:
    """Return participant and episode: two shared columns that tell the episodes apart."""
    names = [name for name in shared if _repeats(moments[name])]
    # One value may number the only visit of everybody; it never names the people.
    people = [name for name in names if _several(episodes[name])]
    pairs = [
        (person, episode)
        for person in people
        for episode in names
        if person != episode and not episodes.duplicated([person, episode]).mean() > 0.2
    ]
    if not pairs:
        return tuple(people[:1])

    def score(pair: tuple[str, str]) -> tuple[float, ...]:
        person, episode = pair
        people, count = episodes[person].nunique(), episodes[episode].nunique()
        unique = 1 - episodes.duplicated(list(pair)).mean()
        told = named(person, "participant") + named(episode, "episode")
        wrong = named(person, "episode") + named(episode, "participant")
        # A visit may be numbered within people or over all of them; people never recur more.
        return (2 * told - wrong + 2 * unique, float(count >= people), -names.index(person))

    return max(pairs, key=score)


def _repeats(column: pd.Series) -> bool:
    given = column[column != ""]
    return len(given) >= 0.95 * len(column) and given.nunique() < len(given)


def _several(column: pd.Series) -> bool:
    return column[column != ""].nunique() > 1


def _split(table: pd.DataFrame) -> TwoTables:
    """Split one table: what is one value in every episode is a column of the episodes."""
    names = [name for name in columns_of(table) if _repeats(table[name])]
    best: tuple[float, ...] = ()
    keys: tuple[str, ...] = ()
    for person in names:
        for episode in names:
            if person == episode or not _several(table[person]):
                continue
            told = named(person, "participant") + named(episode, "episode")
            sizes = table.groupby([person, episode], sort=False).size()
            several = float((sizes > 1).mean())
            constant = len(_constant(table, (person, episode)))
            score = (float(told), several > 0.5, float(constant))
            if told == 2 and several > 0 and score > best:
                best, keys = score, (person, episode)
    if not keys:
        return TwoTables(moments=table, episodes=table.iloc[:0], keys=())
    fixed = _constant(table, keys)
    moments = table[[name for name in columns_of(table) if name not in fixed]]
    given = table[[*keys, *fixed]].replace("", np.nan)
    episodes = given.groupby(list(keys), sort=False, as_index=False).first().fillna("")
    return TwoTables(moments=moments, episodes=episodes, keys=keys)


def _constant(table: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    """Return the columns with at most one value in every episode, empty cells aside."""
    rest = [name for name in columns_of(table) if name not in keys]
    given = table.replace("", np.nan)
    counts = given.groupby(list(keys), sort=False)[rest].nunique()
    sizes = table.groupby(list(keys), sort=False).size()
    several = counts[(sizes > 1).to_numpy()]
    return [name for name in rest if len(several) and several[name].max() <= 1]
