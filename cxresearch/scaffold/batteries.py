"""Batteries among the columns: numbered names with the same scale, and what was asked twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxresearch._types import Part
from cxresearch.codebook.build import RESERVED
from cxresearch.scaffold.columns import Profile, ScaleGuess, guess_scale
from cxresearch.scaffold.roles import words_of

FEWEST_ITEMS = 3

_NUMBERED = re.compile(r"(.*?)(\d{1,3})(\D*)")
_PART_WORDS: dict[str, Part] = {
    **dict.fromkeys(
        ("e", "exp", "expect", "expectation", "expectations", "expected"), "expectation"
    ),
    **dict.fromkeys(("p", "perc", "perception", "perceptions", "perceived"), "perception"),
    **dict.fromkeys(("min", "minimum", "adequate"), "minimum"),
    **dict.fromkeys(("des", "desired", "ideal"), "desired"),
    **dict.fromkeys(("imp", "importance"), "importance"),
    **dict.fromkeys(("sat", "satisfaction"), "satisfaction"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Columns whose names differ in a number only.

    Attributes
    ----------
    pattern : str
        ``"E{item:02d}"``.
    stem : str
        The name without the number, for words.
    items : tuple of int
    """

    pattern: str
    stem: str
    items: tuple[int, ...]
    profiles: tuple[Profile, ...]

    @property
    def part(self) -> Part | None:
        """What the name says was asked, None when it says nothing."""
        words = [word for word in words_of(self.stem) if word in _PART_WORDS]
        return _PART_WORDS[words[-1]] if words else None

    @property
    def mean(self) -> float:
        """Mean of all answers, nan where they are texts."""
        numbers = [p.numbers for p in self.profiles if p.numbers is not None]
        return float(np.nanmean(np.concatenate(numbers))) if numbers else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryGuess:
    """A battery: its parts in order, their common scale, and how sure that is."""

    parts: Mapping[Part, Group]
    scale: ScaleGuess
    why: str

    @property
    def items(self) -> tuple[int, ...]:
        """Numbers of the items."""
        return next(iter(self.parts.values())).items

    @property
    def profiles(self) -> list[Profile]:
        """All its columns."""
        return [profile for group in self.parts.values() for profile in group.profiles]

    @property
    def columns(self) -> set[str]:
        """Names of all its columns."""
        return {profile.name for profile in self.profiles}


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsGuess:
    """Columns in which respondents spread 100 points: pattern and names of the dimensions."""

    pattern: str
    names: tuple[str, ...]
    columns: frozenset[str]
    share: float


def find_batteries(profiles: Sequence[Profile], method: str) -> list[BatteryGuess]:
    """Return the batteries among the columns, largest first.

    For the method servqual, groups with the same item numbers are brought together as parts.
    """
    groups = [group for group in numbered_groups(profiles) if guess_scale(group.profiles)]
    found: list[BatteryGuess] = []
    if method == "servqual":
        for items in dict.fromkeys(group.items for group in groups):
            same = [group for group in groups if group.items == items]
            battery = _paired(same)
            if battery is not None:
                found.append(battery)
    taken = {name for battery in found for name in battery.columns}
    for group in groups:
        scale = guess_scale(group.profiles)
        if scale is not None and group.profiles[0].name not in taken:
            why = f"likely: {len(group.items)} numbered columns with the same range"
            found.append(BatteryGuess(parts={"rating": group}, scale=scale, why=why))
    return sorted(found, key=lambda battery: -len(battery.columns))


def _paired(groups: Sequence[Group]) -> BatteryGuess | None:
    """Bring together what was asked of the same items: expectation and perception at least."""
    named: dict[Part, Group] = {}
    for group in groups:
        if group.part is not None:
            named.setdefault(group.part, group)
    why = "likely: the names say expectation and perception"
    if not {"expectation", "perception"} <= named.keys():
        if len(groups) != 2 or named or not all(np.isfinite(group.mean) for group in groups):
            return None
        higher, lower = sorted(groups, key=lambda group: -group.mean)
        named = {"expectation": higher, "perception": lower}
        means = f"{higher.mean:.1f} against {lower.mean:.1f}"
        why = f"guess: expectation has the higher mean, {means}"
    parts: dict[Part, Group] = {part: named.pop(part) for part in ("expectation", "perception")}
    scale = guess_scale(_profiles(parts.values()))
    if scale is None:
        return None
    for part, group in named.items():
        together = guess_scale(_profiles([*parts.values(), group]))
        if together is not None and (together.low, together.high) == (scale.low, scale.high):
            parts[part], scale = group, together
    return BatteryGuess(parts=parts, scale=scale, why=why)


def _profiles(groups: Iterable[Group]) -> list[Profile]:
    return [profile for group in groups for profile in group.profiles]


def numbered_groups(profiles: Iterable[Profile]) -> list[Group]:
    """Return the groups of columns whose names differ in their last number only."""
    found: dict[tuple[str, str, bool], list[tuple[int, str, Profile]]] = {}
    for profile in profiles:
        match = _NUMBERED.fullmatch(profile.name)
        if match is None:
            continue
        prefix, digits, suffix = match.groups()
        found.setdefault((prefix, suffix, digits.startswith("0")), []).append(
            (int(digits), digits, profile)
        )
    groups = []
    for (prefix, suffix, padded), members in _merged_padding(found).items():
        width = len(members[0][1]) if padded else 0
        fitting = [m for m in members if m[1] == (f"{m[0]:0{width}d}" if width else str(m[0]))]
        if len(fitting) < FEWEST_ITEMS:
            continue
        field = f"{{item:0{width}d}}" if width else "{item}"
        groups.append(
            Group(
                pattern=f"{_escaped(prefix)}{field}{_escaped(suffix)}",
                stem=f"{prefix} {suffix}".strip(),
                items=tuple(number for number, _, _ in fitting),
                profiles=tuple(profile for _, _, profile in fitting),
            )
        )
    return groups


def _merged_padding(
    found: dict[tuple[str, str, bool], list[tuple[int, str, Profile]]],
) -> dict[tuple[str, str, bool], list[tuple[int, str, Profile]]]:
    """Put 10, 11 … to 01, 02 … where both have the same width, in the order of the file."""
    merged: dict[tuple[str, str, bool], list[tuple[int, str, Profile]]] = {}
    for (prefix, suffix, padded), members in found.items():
        partner = found.get((prefix, suffix, True))
        same = partner is not None and len(partner[0][1]) == len(members[0][1])
        key = (prefix, suffix, padded or same)
        merged.setdefault(key, []).extend(members)
    return {key: sorted(members, key=lambda m: m[0]) for key, members in merged.items()}


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def find_points(profiles: Sequence[Profile]) -> PointsGuess | None:
    """Return the columns that add up to 100 for nearly every respondent."""
    best: PointsGuess | None = None
    for (prefix, suffix), members in _stems(profiles).items():
        names = tuple(name for name, _ in members)
        columns = [profile for _, profile in members]
        share = _share_of_100(columns)
        usable = all(_can_be_name(name) for name in names) and len(set(names)) == len(names)
        if share < 0.8 or not usable or (best and len(names) <= len(best.names)):
            continue
        best = PointsGuess(
            pattern=f"{_escaped(prefix)}{{dimension}}{_escaped(suffix)}",
            names=names,
            columns=frozenset(profile.name for profile in columns),
            share=share,
        )
    return best


def _stems(profiles: Sequence[Profile]) -> dict[tuple[str, str], list[tuple[str, Profile]]]:
    """Group columns by what their names begin or end with, up to a mark or a digit."""
    found: dict[tuple[str, str], list[tuple[str, Profile]]] = {}
    for profile in profiles:
        full = profile.full
        if full is None or np.nanmin(full) < 0 or np.nanmax(full) > 100:
            continue
        name = profile.name
        for cut in range(1, len(name)):
            before, after = name[:cut], name[cut:]
            if before[-1] in "_-. :" or (after.isdigit() and not before[-1].isdigit()):
                found.setdefault((before, ""), []).append((after, profile))
            if after[0] in "_-. :":
                found.setdefault(("", after), []).append((before, profile))
    return {stem: members for stem, members in found.items() if 3 <= len(members) <= 15}


def _share_of_100(profiles: Sequence[Profile]) -> float:
    table = np.column_stack([p.full for p in profiles if p.full is not None])
    complete = table[np.isfinite(table).all(axis=1)]
    if len(complete) < 0.5 * len(table) or not len(complete):
        return 0.0
    return float(np.mean(np.abs(complete.sum(axis=1) - 100) <= 1))


def _can_be_name(name: str) -> bool:
    taken = name in RESERVED or name.startswith("item_")
    return not taken and name == name.strip() and name.isprintable() and len(name) <= 80
