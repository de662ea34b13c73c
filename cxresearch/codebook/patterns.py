"""Short forms: lists of items such as ``1-4, 6``, column patterns such as ``E{item:02d}``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from string import Formatter

ItemKey = int | str

MAX_ITEMS = 500

_RANGE = re.compile(r"(\d{1,6})\s*[-–]\s*(\d{1,6})")
_WHOLE = re.compile(r"0|[1-9]\d{0,5}")
# Width and kind only: a longer format could ask for a name of a million characters.
_FORMAT = re.compile(r"0?[1-9]?d?")


def expand_items(entries: int | str | Iterable[int | str]) -> list[ItemKey]:
    """Write out a short list of items.

    Parameters
    ----------
    entries : int, str or iterable of them
        ``"1-4, 6"``, ``[1, 2, "5-7"]`` or names of items.

    Returns
    -------
    list of int or str
        The items one by one, in the order given.

    Raises
    ------
    ValueError
        An empty entry, a range that runs backwards, or more than 500 items.

    Examples
    --------
    >>> expand_items("1-4, 6")
    [1, 2, 3, 4, 6]
    >>> expand_items([1, "wait", "5-7"])
    [1, 'wait', 5, 6, 7]
    """
    if isinstance(entries, int):
        return [entries]
    parts = entries.split(",") if isinstance(entries, str) else entries
    items: list[ItemKey] = []
    for part in parts:
        items.extend(_expand(part))
        if len(items) > MAX_ITEMS:
            raise ValueError(f"more than {MAX_ITEMS} items")
    return items


def single_item(key: str) -> ItemKey | None:
    """Return the one item that a text names, None when it names none or several.

    Examples
    --------
    >>> single_item("wait"), single_item("5"), single_item("5-7")
    ('wait', 5, None)
    """
    text = key.strip()
    if not text or "," in text or _RANGE.fullmatch(text):
        return None
    return int(text) if _WHOLE.fullmatch(text) else text


def _expand(part: int | str) -> Sequence[ItemKey]:
    if isinstance(part, int):
        return [part]
    text = part.strip()
    if not text:
        raise ValueError("an item is missing between two commas")
    match = _RANGE.fullmatch(text)
    if match is None:
        return [int(text) if _WHOLE.fullmatch(text) else text]
    first, last = int(match[1]), int(match[2])
    if first > last:
        raise ValueError(f"{text} runs backwards; write {last}-{first}")
    if last - first >= MAX_ITEMS:
        raise ValueError(f"{text} is more than {MAX_ITEMS} items")
    return range(first, last + 1)


def pattern_fault(pattern: str, field: str, keys: Iterable[ItemKey]) -> str:
    """Say what is wrong with a column pattern; ``""`` when it works for every key.

    Parameters
    ----------
    pattern : str
        ``"E{item:02d}"``.
    field : str
        The one name that may stand in braces: ``"item"`` or ``"dimension"``.
    keys : iterable
        What will be put in its place.

    Examples
    --------
    >>> pattern_fault("E{item:02d}", "item", [1, 2])
    ''
    >>> pattern_fault("E", "item", [1, 2])
    "pattern 'E' has no {item}: all columns would have one name; write e.g. 'E{item}'"
    """
    try:
        fields = [part for part in Formatter().parse(pattern) if part[1] is not None]
    except ValueError as error:
        return f"pattern {pattern!r}: {error}; a column is written e.g. 'E{{{field}}}'"
    if not fields:
        example = f"{pattern}{{{field}}}"
        return (
            f"pattern {pattern!r} has no {{{field}}}: all columns would have one name; "
            f"write e.g. {example!r}"
        )
    for _, name, spec, conversion in fields:
        if name != field:
            return f"pattern {pattern!r}: {{{name}}} is not known here; write {{{field}}}"
        if conversion or not _FORMAT.fullmatch(spec or ""):
            return f"pattern {pattern!r}: write {{{field}}}, or {{{field}:02d}} for 01, 02 …"
        if spec and any(isinstance(key, str) for key in keys):
            named = next(key for key in keys if isinstance(key, str))
            return (
                f"pattern {pattern!r}: {{{field}:{spec}}} is for numbers, and {named!r} is text"
                f"; write {{{field}}}"
            )
    return ""
