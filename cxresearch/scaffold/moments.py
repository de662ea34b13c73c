"""The roles of columns in two tables, moments and episodes, and how sure each guess is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxresearch._types import Role
from cxresearch.responses._clock import FlagCoding, TimeCoding
from cxresearch.scaffold.as_yaml import key
from cxresearch.scaffold.columns import Profile, guess_scale, profile_of
from cxresearch.scaffold.roles import guess_role, words_of
from cxresearch.scaffold.two_tables import TwoTables, columns_of, named

_UNPLEASANT = re.compile(
    "pain|discomfort|stress|sad|angry|anger|anxious|anxiety|tired|fear|annoyance|dolor|worry"
)
_FEW, _SEGMENTS = 6, 12
_ENDS = re.compile(r"(-?\d+)\s*(?:-|–|to|bis|a)\s*(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentGuess:
    """What a column of either table is probably for.

    Attributes
    ----------
    why : str
        How sure the guess is and what it rests on, for the comment.
    options : tuple of str
        What the codebook says beside the role: ``"unit: order"``.
    low, high : float or None
        Ends of the response scale of a rating.
    whole : bool
        All ratings are whole numbers.
    """

    name: str
    role: Role
    why: str
    options: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = True


def guess_moments(tables: TwoTables) -> tuple[list[MomentGuess], list[str]]:
    """Return the guessed roles, keys first, and the columns nothing speaks for."""
    keys = dict(zip(("participant", "episode"), tables.keys, strict=False))
    found = [_key_guess(role, name, tables) for role, name in keys.items()]
    own = [name for name in columns_of(tables.moments) if name not in tables.keys]
    found += _moment_columns(tables, own)
    rest = [n for n in columns_of(tables.episodes) if n not in {*tables.keys, *own}]
    found += _episode_columns(tables.episodes, rest)
    used = {guess.name for guess in found}
    both = dict.fromkeys([*columns_of(tables.moments), *columns_of(tables.episodes)])
    return found, [name for name in both if name not in used]


def _key_guess(role: str, name: str, tables: TwoTables) -> MomentGuess:
    sure = "sure" if named(name, role) else "guess"
    count = tables.episodes[name].nunique()
    if role == "episode":
        twice = int(tables.episodes.duplicated(list(tables.keys)).sum())
        seen = f"with {tables.keys[0]} it tells the episodes apart"
        seen += f", but {twice} stand twice" if twice else ""
    else:
        seen = f"{count} {'person' if count == 1 else 'people'}, in both tables"
    return MomentGuess(
        name=name,
        role="participant" if role == "participant" else "episode",
        why=f"{sure}: {seen}",
    )


def _moment_columns(tables: TwoTables, names: Sequence[str]) -> list[MomentGuess]:
    found = [guess for name in names if (guess := _private(tables.moments[name], name))]
    left = [name for name in names if name not in {guess.name for guess in found}]
    time = _time(tables, left)
    if time is not None:
        found.insert(0, time)
        left = [name for name in left if name != time.name]
    rating = _rating(tables.moments, left)
    if rating is not None:
        found.insert(1 if time else 0, rating)
        left = [name for name in left if name != rating.name]
    ended = next((n for n in left if _is_flag(tables.moments[n]) and named(n, "ended")), None)
    if ended is not None:
        why = "likely: named so, yes or no; the last moment of an episode counts"
        found.append(MomentGuess(name=ended, role="ended", why=why))
        left.remove(ended)
    found += [guess for name in left if (guess := _segment(tables.moments[name], name, ""))]
    return found


def _time(tables: TwoTables, names: Sequence[str]) -> MomentGuess | None:
    """Return the column that orders the moments: a clock before a plain count."""
    best: tuple[float, MomentGuess] | None = None
    for name in names:
        column = tables.moments[name]
        answers = [TimeCoding().read(cell) for cell in column]
        values = pd.Series([answer.code for answer in answers], dtype=float)
        if values.notna().mean() < 0.9 or values.nunique() < 2:
            continue
        stamped = any(answer.text for answer in answers)
        rises = _rises(tables, values)
        told = named(name, "time") or stamped
        counted = named(name, "order") or _counts_up(tables, values)
        # Moments need not stand in order; without a telling name a column must rise.
        if not told and not (counted and rises > 0.6):
            continue
        options = () if stamped else _unit(name) if told else ("unit: order",)
        what = "timestamps" if stamped else "times" if told else "the order of the moments"
        sure = "sure" if told and rises > 0.98 else "likely"
        unit = "" if stamped or options else "; seconds? say so with unit"
        why = f"{sure}: {what}, rising in {rises:.0%} of the steps{unit}"
        guess = MomentGuess(name=name, role="time", why=why, options=options)
        score = 2 * told + stamped + rises
        if best is None or score > best[0]:
            best = score, guess
    return None if best is None else best[1]


def _rises(tables: TwoTables, values: pd.Series) -> float:
    """Return the share of steps within an episode at which a column does not fall."""
    if not tables.keys:
        return float((values.diff().dropna() >= 0).mean())
    by = [tables.moments[key].to_numpy() for key in tables.keys]
    steps = values.groupby(by, sort=False).diff().dropna()
    return float((steps >= 0).mean()) if len(steps) else 0.0


def _counts_up(tables: TwoTables, values: pd.Series) -> bool:
    if not tables.keys or not (values.dropna() == values.dropna().round()).all():
        return False
    by = [tables.moments[key].to_numpy() for key in tables.keys]
    steps = values.groupby(by, sort=False).diff().dropna()
    return bool(len(steps)) and bool((steps == 1).mean() > 0.9)


def _rating(moments: pd.DataFrame, names: Sequence[str]) -> MomentGuess | None:
    guesses = []
    for place, name in enumerate(names):
        scale = rating_scale(moments[name], name)
        if scale is None:
            continue
        told = named(name, "rating")
        guesses.append((told, -place, name, scale))
    if not guesses:
        return None
    told, _, name, (low, high) = max(guesses)
    others = [other for _, _, other, _ in sorted(guesses, reverse=True) if other != name]
    more = f", or {', '.join(others[:4])}" if others else ""
    sure = "likely" if told and not others else "guess"
    return MomentGuess(
        name=name,
        role="rating",
        why=f"{sure}: a rating at every moment{more}; is the direction right?",
        options=_direction(name, low, high),
        low=low,
        high=high,
        whole=_profile(moments[name], name).whole,
    )


def _direction(name: str, low: float, high: float) -> tuple[str, ...]:
    if low < 0 < high:
        return "direction: bipolar", "neutral: 0"
    if any(_UNPLEASANT.fullmatch(word) for word in words_of(name)):
        return "direction: unpleasant", "higher_is: worse"
    return ("direction: pleasant",)


def rating_scale(column: pd.Series, name: str = "") -> tuple[float, float] | None:
    """Return the ends of the response scale that would fit a column, or None.

    What the name says ("0-10"); else the smallest usual scale that holds all answers: from 1 up
    to 10, from 0 to 10 or 100, the same to both sides of 0.
    """
    profile = profile_of(name, column.where(column != "", None))
    numbers = profile.numbers
    if numbers is None or len(profile.distinct) < 3:
        return None
    given = numbers[np.isfinite(numbers)]
    low, high = float(given.min()), float(given.max())
    if low < 0 and max(-low, high) <= 100:
        most = next(end for end in (2, 3, 4, 5, 10, 50, 100) if max(-low, high) <= end)
        return -float(most), float(most)
    written = _ENDS.search(name)
    if written and float(written[1]) <= low and high <= float(written[2]):
        return float(written[1]), float(written[2])
    scale = guess_scale([profile]) if profile.whole else None
    if scale is not None and scale.missing:
        return float(scale.low), float(scale.high)
    if profile.whole and low >= 1 and high <= 10:
        return 1.0, float(next(end for end in (5, 7, 9, 10) if high <= end))
    if low >= 0 and high <= 100:
        return 0.0, 10.0 if high <= 10 else 100.0
    return None


def _episode_columns(episodes: pd.DataFrame, names: Sequence[str]) -> list[MomentGuess]:
    found: list[MomentGuess] = []
    single: set[Role] = set()
    for judge in (_private, _condition, _choice, _ended, _duration, _covariate):
        for name in names:
            if any(guess.name == name for guess in found):
                continue
            guess = judge(episodes[name], name)
            once = guess is not None and guess.role not in ("personal", "covariate", "text")
            if guess is None or (once and guess.role in single):
                continue
            found.append(guess)
            single.add(guess.role)
    left = [name for name in names if name not in {guess.name for guess in found}]
    remembered = _remembered(episodes, left)
    left = [name for name in left if remembered is None or name != remembered.name]
    found += [guess for name in left if (guess := _segment(episodes[name], name))]
    return [*([remembered] if remembered else []), *found]


def _remembered(episodes: pd.DataFrame, names: Sequence[str]) -> MomentGuess | None:
    guesses = []
    for place, name in enumerate(names):
        scale = rating_scale(episodes[name], name)
        if scale is not None:
            guesses.append((named(name, "retrospective"), -place, name, scale))
    if not guesses:
        return None
    told, _, name, (low, high) = max(guesses)
    others = [other for _, _, other, _ in sorted(guesses, reverse=True) if other != name]
    more = f"; or {', '.join(others[:4])}?" if others else ""
    sure = "likely" if told and not others else "guess"
    why = f"{sure}: a rating of the whole episode{more}"
    whole = _profile(episodes[name], name).whole
    return MomentGuess(
        name=name, role="retrospective", why=why, low=low, high=high, whole=whole
    )


def _private(column: pd.Series, name: str) -> MomentGuess | None:
    guess = guess_role(_profile(column, name))
    if guess is None or guess.role not in ("personal", "text"):
        return None
    stamps = [TimeCoding().read(cell) for cell in column[column != ""].head(20)]
    if any(answer.text for answer in stamps):
        return None
    return MomentGuess(name=name, role=guess.role, why=guess.why)


def _profile(column: pd.Series, name: str) -> Profile:
    return profile_of(name, column.where(column != "", None))


def _is_flag(column: pd.Series) -> bool:
    given = {str(cell).casefold() for cell in column if cell != ""}
    return 0 < len(given) <= 2 and all(not FlagCoding(()).read(cell).problem for cell in given)


def _condition(column: pd.Series, name: str) -> MomentGuess | None:
    levels = sorted({str(cell) for cell in column if cell != ""})
    if not 2 <= len(levels) <= _FEW or not named(name, "condition"):
        return None
    why = f"likely: named so, {len(levels)} values; were they drawn at random?"
    return MomentGuess(name=name, role="condition", why=why, options=(_values(levels),))


def _code(level: str) -> str:
    return level if re.fullmatch(r"-?\d+", level) else _label(level, quoted_only=True)


def _label(level: str, *, quoted_only: bool = False) -> str:
    if re.fullmatch(r"-?\d+", level) and not quoted_only:
        return f"Code {level}"
    return key(level)


def _choice(column: pd.Series, name: str) -> MomentGuess | None:
    given = sorted({str(cell) for cell in column if cell != ""})
    if len(given) != 2 or not _is_flag(column) or not named(name, "choice"):
        return None
    return MomentGuess(name=name, role="choice", why=f"likely: named so, {' and '.join(given)}")


def _ended(column: pd.Series, name: str) -> MomentGuess | None:
    if not (_is_flag(column) and named(name, "ended")):
        return None
    return MomentGuess(name=name, role="ended", why="likely: named so, yes or no")


def _duration(column: pd.Series, name: str) -> MomentGuess | None:
    numbers = _profile(column, name).numbers
    if numbers is None or not named(name, "duration") or np.nanmin(numbers) < 0:
        return None
    options = _unit(name)
    why = "likely: named so" if options else "likely: named so; in the unit of the times?"
    return MomentGuess(name=name, role="duration", why=why, options=options)


def _unit(name: str) -> tuple[str, ...]:
    """Return the unit that the name of a column says its times count."""
    words = set(words_of(name))
    units = {
        "seconds": {"s", "sec", "secs", "second", "seconds"},
        "minutes": {"min", "mins", "minute", "minutes"},
    }
    return tuple(f"unit: {unit}" for unit, said in units.items() if words & said)[:1]


def _segment(
    column: pd.Series, name: str, arms: str = "; role condition, if it was assigned"
) -> MomentGuess | None:
    """Return a guess for a handful of values; two of them may be the arms of an experiment."""
    levels = sorted({str(cell) for cell in column if cell != ""})
    numbers = _profile(column, name).numbers is not None
    if _is_flag(column) and not numbers:
        return None
    if not 2 <= len(levels) <= (2 if numbers else _SEGMENTS):
        return None
    why = f"guess: {len(levels)} different values{arms if len(levels) == 2 else ''}"
    return MomentGuess(name=name, role="segment", why=why, options=(_values(levels),))


def _values(levels: Sequence[str]) -> str:
    return f"values: {{{', '.join(f'{_code(level)}: {_label(level)}' for level in levels)}}}"


def _covariate(column: pd.Series, name: str) -> MomentGuess | None:
    if _profile(column, name).numbers is None or not named(name, "covariate"):
        return None
    why = "guess: named so; only what was measured before the condition was drawn"
    return MomentGuess(name=name, role="covariate", why=why)
