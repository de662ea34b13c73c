"""Write a codebook from a raw table: a proposal, each guess with how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

import pandas as pd

from cxresearch.codebook.build import in_words
from cxresearch.codebook.model import Code
from cxresearch.responses.model import Source
from cxresearch.scaffold.as_yaml import key, pairs_of, quoted, short_items, unlike
from cxresearch.scaffold.batteries import (
    BatteryGuess,
    Group,
    PointsGuess,
    find_batteries,
    find_points,
)
from cxresearch.scaffold.columns import Profile, ScaleGuess, guess_scale, profile_of
from cxresearch.scaffold.roles import RoleGuess, find_id, guess_role

CLASSIC: dict[str, tuple[int, int]] = {
    "tangibles": (1, 4),
    "reliability": (5, 9),
    "responsiveness": (10, 13),
    "assurance": (14, 17),
    "empathy": (18, 22),
}
"""The five dimensions of SERVQUAL and their items (Parasuraman, Zeithaml & Berry 1988)."""

_SIMPLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MOST_COLUMNS = 60


def propose_codebook(frame: pd.DataFrame, source: Source, *, method: str) -> str:
    """Propose a codebook for a raw table.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table as read, one column a question.
    source : Source
        What is known of the file; its value and variable labels are used.
    method : str
        For ``"servqual"``, pairs of expectation and perception are looked for.

    Returns
    -------
    str
        YAML that loads without faults. A comment behind each guess says how sure it is; columns
        nothing speaks for are listed at the end.

    Examples
    --------
    >>> frame = pd.DataFrame({f"Q{i}": ["1", "3", "5", "2"] for i in (1, 2, 3)})
    >>> source = Source(file="answers.csv", sha256="", rows=4, columns=3, format="csv")
    >>> print(propose_codebook(frame, source, method="servqual").split("batteries:")[1])
    <BLANKLINE>
      Q:  # likely: 3 numbered columns with the same range
        scale: rating5
        column: "Q{item}"  # servqual needs parts: expectation and perception
        dimensions:  # to do: name the dimensions and their items
          all_items: 1-3
    <BLANKLINE>
    """
    profiles = [
        profile_of(
            str(name),
            frame[name],
            labels=source.labels.get(str(name), ()),
            question=source.questions.get(str(name), ""),
            user_missing=source.user_missing.get(str(name), ()),
        )
        for name in frame.columns
    ]
    return _Proposal(profiles, source, method).text()


class _Proposal:
    """Gathers the guesses, and writes them down."""

    def __init__(self, profiles: list[Profile], source: Source, method: str) -> None:
        self.source, self.method = source, method
        self.points = find_points(profiles)
        rest = [p for p in profiles if self.points is None or p.name not in self.points.columns]
        self.batteries = find_batteries(rest, method)
        self._attach_points()
        taken = {name for battery in self.batteries for name in battery.columns}
        rest = [profile for profile in rest if profile.name not in taken]
        self.batteries, self.roles = _on_common_scales(self.batteries, _roles(rest))
        used = {guess.profile.name for guess in self.roles} | taken
        used |= self.points.columns if self.points else set()
        self.unused = [profile.name for profile in profiles if profile.name not in used]
        self.scales = _named_scales([*self.batteries, *self.roles])
        self.names = _names(self.roles, [profile.name for profile in profiles])

    def _attach_points(self) -> None:
        """Keep importance points where a battery has dimensions of these names."""
        self.dimensions = [self._dimensions_of(battery) for battery in self.batteries]
        if self.points and not (self.batteries and _is_classic(self.batteries[0])):
            self.points = None
        if self.points and len(self.points.names) != len(CLASSIC):
            self.points = None
        if self.points:
            self.dimensions[0] = _classic_dimensions(self.points)

    def _dimensions_of(self, battery: BatteryGuess) -> list[str]:
        if self.method == "servqual" and _is_classic(battery):
            return _classic_dimensions(None)
        texts = _item_lines(battery)
        head = "    dimensions:  # to do: name the dimensions and their items"
        if texts:
            return [head, "      all_items:", *texts]
        return [head, f"      all_items: {short_items(battery.items)}"]

    def text(self) -> str:
        """Return the codebook."""
        title = in_words(PurePath(self.source.file).stem) or "Survey"
        lines = [
            f"# Proposed from {_comment(self.source.file)}: {self.source.rows} rows, "
            f"{self.source.columns} columns.",
            "# All of it is guessed from names and values: read every line and correct it.",
            f"survey: {key(title)}  # to do: the title of the survey",
            "language: en  # language of the texts in this file",
        ]
        if self.scales:
            lines += ["", "response_scales:", *self._scale_lines()]
        if self.roles:
            lines += ["", "columns:", *self._column_lines()]
        if self.batteries:
            lines += ["", "batteries:", *self._battery_lines()]
        if not self.roles and not self.batteries:
            lines += ["", "columns:", *self._ignored()]
        elif self.unused:
            lines += ["", *_unused_lines(self.unused)]
        return "\n".join(lines) + "\n"

    def _ignored(self) -> list[str]:
        names = _unique_names([], self.unused, self.unused)
        return [
            f"  {key(names[name])}: {{role: ignore, column: {key(name)}}}"
            "  # nothing speaks for a role"
            for name in self.unused[:_MOST_COLUMNS]
        ]

    def _scale_lines(self) -> list[str]:
        lines = []
        for scale, name in self.scales.items():
            lines.append(f"  {name}:")
            ends = {scale.low, scale.high} <= {anchor.value for anchor in scale.anchors}
            sure = "likely" if ends and not scale.ordered else "guess"
            lines.append(
                f"    range: [{scale.low}, {scale.high}]  # {sure}: is it the whole scale?"
            )
            if scale.anchors:
                order = "  # guess: is the order right?" if scale.ordered else ""
                lines.append(f"    anchors: {pairs_of(unlike(scale.anchors))}{order}")
            if scale.missing:
                named = [Code(c.value, c.label or f"Code {c.value}") for c in scale.missing]
                lines.append(
                    f"    missing: {pairs_of(unlike(named, scale.anchors))}"
                    "  # guess: what do they mean? refused, not_used or unknown"
                )
        return lines

    def _column_lines(self) -> list[str]:
        lines = []
        for guess in self.roles:
            name = self.names[guess.profile.name]
            parts = [f"role: {guess.role}"]
            if name != guess.profile.name:
                parts.append(f"column: {key(guess.profile.name)}")
            if guess.scale is not None:
                parts.append(f"scale: {self.scales[guess.scale]}")
            if guess.profile.question.strip() and guess.role not in ("id", "ignore"):
                parts.append(f"label: {key(guess.profile.question.strip())}")
            if guess.role == "segment":
                parts.append(f"values: {_values(guess.profile)}")
            lines.append(f"  {key(name)}: {{{', '.join(parts)}}}  # {guess.why}")
        return lines

    def _battery_lines(self) -> list[str]:
        lines = []
        names: set[str] = set()
        for battery, dimensions in zip(self.batteries, self.dimensions, strict=True):
            name = _battery_name(battery, names)
            names.add(name)
            lines.append(f"  {key(name)}:  # {battery.why}")
            lines.append(f"    scale: {self.scales[battery.scale]}")
            lines.extend(self._part_lines(battery))
            if self.points and battery is self.batteries[0]:
                lines.append(
                    f"    importance: {quoted(self.points.pattern)}"
                    f"  # likely: adds up to 100 in {self.points.share:.0%} of the rows"
                )
            lines += dimensions
        return lines

    def _part_lines(self, battery: BatteryGuess) -> list[str]:
        if list(battery.parts) == ["rating"]:
            note = "  # servqual needs parts: expectation and perception"
            pattern = quoted(battery.parts["rating"].pattern)
            return [f"    column: {pattern}{note if self.method == 'servqual' else ''}"]
        parts = [f"{part}: {quoted(group.pattern)}" for part, group in battery.parts.items()]
        return [f"    parts: {{{', '.join(parts)}}}"]


def _roles(profiles: list[Profile]) -> list[RoleGuess]:
    """Return a guess for each column something speaks for; id, weight and duration once."""
    found: list[RoleGuess] = []
    id_guess = find_id(profiles)
    single = {"id"}
    for profile in profiles:
        guess = id_guess if id_guess and id_guess.profile is profile else guess_role(profile)
        if guess is None or (guess.role in single and guess is not id_guess):
            continue
        if guess.role in ("weight", "duration"):
            single.add(guess.role)
        found.append(guess)
    return found[:_MOST_COLUMNS]


def _on_common_scales(
    batteries: Sequence[BatteryGuess], roles: Sequence[RoleGuess]
) -> tuple[list[BatteryGuess], list[RoleGuess]]:
    """Give columns that seem to share a scale one scale, guessed from all of their answers."""
    pools: dict[object, list[Profile]] = {}
    guesses: list[BatteryGuess | RoleGuess] = [*batteries, *roles]
    for guess in guesses:
        if guess.scale is not None:
            pools.setdefault(_pool(guess.scale), []).extend(guess.profiles)
    common = {pool: guess_scale(profiles) for pool, profiles in pools.items()}

    def scale_of(scale: ScaleGuess) -> ScaleGuess:
        shared = common[_pool(scale)]
        return shared if shared is not None and _pool(shared) == _pool(scale) else scale

    return (
        [replace(guess, scale=scale_of(guess.scale)) for guess in batteries],
        [replace(g, scale=scale_of(g.scale)) if g.scale else g for g in roles],
    )


def _pool(scale: ScaleGuess) -> object:
    return scale.high, scale.anchors


def _is_classic(battery: BatteryGuess) -> bool:
    return battery.items == tuple(range(1, 23))


def _classic_dimensions(points: PointsGuess | None) -> list[str]:
    """Return the classic assignment, named like the importance columns if there are any."""
    lines = ["    dimensions:  # the classic assignment of the 22 items: is it yours?"]
    for name, classic in _matched(points).items():
        first, last = CLASSIC[classic]
        items = f"{first}-{last}"
        if name == classic:
            lines.append(f"      {name}: {items}")
        else:
            form = f"{{label: {in_words(classic)}, items: {items}}}"
            lines.append(f"      {key(name)}: {form}")
    return lines


def _matched(points: PointsGuess | None) -> dict[str, str]:
    """Return the classic dimension of each importance column: by name, else by order."""
    if points is None:
        return {name: name for name in CLASSIC}
    matched: dict[str, str] = {}
    for name in points.names:
        start = name.casefold()[:3]
        fits = [c for c in CLASSIC if len(start) == 3 and c.startswith(start)]
        if len(fits) == 1 and fits[0] not in matched.values():
            matched[name] = fits[0]
    if len(matched) == len(CLASSIC):
        return dict(sorted(matched.items(), key=lambda pair: list(CLASSIC).index(pair[1])))
    return dict(zip(points.names, CLASSIC, strict=True))


def _item_lines(battery: BatteryGuess) -> list[str]:
    """Return the question texts that came with an SPSS or Stata file."""
    group: Group = battery.parts.get("perception") or next(iter(battery.parts.values()))
    texts = [profile.question.strip() for profile in group.profiles]
    if not any(texts):
        return []
    return [
        f"        {item}: {key(text or f'Item {item}')}"
        for item, text in zip(group.items, texts, strict=True)
    ]


def _named_scales(guesses: Sequence[BatteryGuess | RoleGuess]) -> dict[ScaleGuess, str]:
    names: dict[ScaleGuess, str] = {}
    for guess in guesses:
        scale = guess.scale
        if scale is None or scale in names:
            continue
        points = scale.high - scale.low + 1
        base = f"rating{points}"
        name, number = base, 2
        while name in names.values():
            name, number = f"{base}_{number}", number + 1
        names[scale] = name
    return names


def _names(roles: Sequence[RoleGuess], columns: Sequence[str]) -> dict[str, str]:
    return _unique_names([], [guess.profile.name for guess in roles], columns)


def _unique_names(
    given: Iterable[str], wanted: Sequence[str], columns: Sequence[str]
) -> dict[str, str]:
    """Return a short name for each column; none is the name of another column of the file."""
    used = set(given)
    names: dict[str, str] = {}
    for column in wanted:
        simple = bool(_SIMPLE.fullmatch(column)) and len(column) <= 40
        base = column if simple else _slug(column)
        name, number = base, 2
        while name in used or (name != column and name in columns):
            name, number = f"{base}_{number}", number + 1
        used.add(name)
        names[column] = name
    return names


def _slug(text: str) -> str:
    slug = "_".join(re.findall(r"[a-z0-9]+", text.casefold()))[:30].strip("_")
    return slug if slug[:1].isalpha() else f"column_{slug}".strip("_")


def _battery_name(battery: BatteryGuess, used: set[str]) -> str:
    if "expectation" in battery.parts:
        base = "servqual"
    else:
        stem = next(iter(battery.parts.values())).stem
        base = stem if _SIMPLE.fullmatch(stem) else _slug(stem)
        base = base.rstrip("_") or "battery"
    name, number = base, 2
    while name in used:
        name, number = f"{base}_{number}", number + 1
    return name


def _values(profile: Profile) -> str:
    if profile.numbers is None:
        return pairs_of([Code(text, text) for text in sorted(profile.distinct)])
    named = {code.value: code.label for code in profile.labels}
    return pairs_of([Code(code, named.get(code) or f"Code {code}") for code in profile.codes])


def _unused_lines(names: Sequence[str]) -> list[str]:
    shown = ", ".join(_comment(name) for name in names[:_MOST_COLUMNS])
    more = f" and {len(names) - _MOST_COLUMNS} more" if len(names) > _MOST_COLUMNS else ""
    return [f"# Not used, because nothing speaks for a role: {shown}{more}"]


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:80]
