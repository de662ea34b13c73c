"""Write the codebook of a study of moments from its tables: a proposal, guess by guess."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cxresearch.codebook.moments import FEATURE_NAMES, NEEDED_ROLES, OWN_NAMES
from cxresearch.scaffold.as_yaml import key
from cxresearch.scaffold.moments import MomentGuess, guess_moments
from cxresearch.scaffold.two_tables import TwoTables

_SIMPLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_TO_DO = {
    "participant": "{role: participant}  # to do: who; in both tables",
    "episode": "{role: episode}  # to do: which experience of theirs; in both tables",
    "time": "{role: time}  # to do: when, in moments.csv",
    "rating": "{role: rating, scale: rating_scale, direction: pleasant}  # to do: moments.csv",
    "retrospective": "{role: retrospective, scale: rating_scale}  # to do: in episodes.csv",
}
_BOTH = ("participant", "episode")
_MOST_UNUSED = 60
Ends = tuple[float, float, bool]
"""Lowest and highest answer of a scale, and whether only whole numbers are answers."""


def propose_moments_codebook(tables: TwoTables, *, title: str, files: Sequence[str]) -> str:
    """Propose the codebook of two tables.

    Parameters
    ----------
    tables : TwoTables
        From `in_two`.
    title : str
        Title of the survey.
    files : sequence of str
        What the tables were read from.

    Returns
    -------
    str
        YAML. A comment behind each guess says how sure it is; roles that nothing speaks for
        are lines to be filled in, and columns without a role are listed at the end.
    """
    guesses, unused = guess_moments(tables)
    scales = _scales(guesses)
    lines = [
        f"# Proposed from {' and '.join(_comment(file) for file in files)}: "
        f"{len(tables.moments)} moments, {len(tables.episodes)} episodes.",
        "# All of it is guessed from names and values: read every line and correct it.",
        f"survey: {key(title)}  # to do: the title of the survey",
        "language: en  # language of the texts in this file",
        "",
        "response_scales:",
        *(
            f"  {name}: {{range: [{low:g}, {high:g}]{'' if whole else ', whole: false'}}}"
            "  # guess: is it the whole scale?"
            for (low, high, whole), name in scales.items()
        ),
        "",
        "columns:",
        *_column_lines(guesses, scales, tables),
    ]
    if unused:
        shown = ", ".join(_comment(name) for name in unused[:_MOST_UNUSED])
        lines += ["", f"# Not used, because nothing speaks for a role: {shown}"]
    return "\n".join(lines) + "\n"


def _scales(guesses: Sequence[MomentGuess]) -> dict[Ends, str]:
    found: dict[Ends, str] = {}
    for guess in guesses:
        if guess.low is not None and guess.high is not None:
            words = [f"{end:g}".replace("-", "minus") for end in (guess.low, guess.high)]
            name = f"from_{words[0]}_to_{words[1]}{'' if guess.whole else '_any'}"
            found.setdefault((guess.low, guess.high, guess.whole), name)
    roles = {guess.role for guess in guesses}
    if not {"rating", "retrospective"} <= roles:
        found[1.0, 7.0, True] = "rating_scale"
    return found


def _column_lines(
    guesses: Sequence[MomentGuess],
    scales: dict[Ends, str],
    tables: TwoTables,
) -> list[str]:
    sections: dict[str, list[str]] = {"both": [], "moments": [], "episodes": []}
    names: set[str] = set()
    for guess in guesses:
        place = "both" if guess.role in _BOTH else "episodes"
        if guess.role not in _BOTH and guess.name in tables.moments:
            place = "moments"
        sections[place].append(_line(guess, scales, names))
    missing = [role for role in NEEDED_ROLES if role not in {g.role for g in guesses}]
    for role in missing:
        section = "moments" if role in ("time", "rating") else "episodes"
        section = "both" if role in _BOTH else section
        sections[section].append(f"  {role}: {_TO_DO[role]}")
    heads = {
        "both": "  # in both tables",
        "moments": "  # moments.csv: one row a moment",
        "episodes": "  # episodes.csv: one row an episode",
    }
    return [line for name, head in heads.items() for line in (head, *sections[name])]


def _line(guess: MomentGuess, scales: dict[Ends, str], names: set[str]) -> str:
    name = _name(guess, names)
    parts = [f"role: {guess.role}"]
    if name != guess.name:
        parts.append(f"column: {key(guess.name)}")
    if guess.low is not None and guess.high is not None:
        parts.append(f"scale: {scales[guess.low, guess.high, guess.whole]}")
    parts += guess.options
    return f"  {key(name)}: {{{', '.join(parts)}}}  # {guess.why}"


def _name(guess: MomentGuess, names: set[str]) -> str:
    """Return a name for the codebook: that of the column, unless it is kept for something."""
    base = guess.name if _SIMPLE.fullmatch(guess.name) else _slug(guess.name)
    kept = base in FEATURE_NAMES or (base in OWN_NAMES and base != guess.role)
    base = f"{base}_column" if kept else base
    name, number = base, 2
    while name in names:
        name, number = f"{base}_{number}", number + 1
    names.add(name)
    return name


def _slug(text: str) -> str:
    slug = "_".join(re.findall(r"[a-z0-9]+", text.casefold()))[:30].strip("_")
    return slug if slug[:1].isalpha() else f"column_{slug}".strip("_")


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)[:80]
