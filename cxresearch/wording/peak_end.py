"""Words and numbers of peak-end studies that figures, tables and sentences share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import combinations

from cxresearch.wording.formats import Formats
from cxresearch.wording.labels import clean, in_sentence, shortened
from cxresearch.wording.messages import Messages

Labels = Mapping[str, str] | None
_LARGE = 20.0
_MOST_DECIMALS = 6
_LONGEST = 120


def known_term(group: str, term: str, messages: Messages) -> str:
    """Return our word for a rule or a feature; what we have no word for stays as it is.

    Examples
    --------
    >>> known_term("memory_rule", "mean", Messages("en"))
    'Average'
    """
    key = f"terms.{group}.{term}"
    return messages.text(key) if messages.has(key) else clean(term)


def end_rule(term: str, messages: Messages) -> str:
    """Return what an end rule is called, also the mean of the last five or seven moments."""
    key = f"terms.end_rule.{term}"
    if messages.has(key):
        return messages.text(key)
    count = term.removeprefix("end_")
    if count.isdigit():
        return messages.text("terms.end_rule.end_k", n=int(count))
    return clean(term)


def memory_name(outcome: str, labels: Labels, messages: Messages) -> str:
    """Return the remembered rating as it stands inside a sentence."""
    label = clean((labels or {}).get(outcome, "")).rstrip(".:;, ")
    if not label:
        return messages.text("terms.peak_end.remembered_rating")
    return in_sentence(shortened(label, _LONGEST), messages)


def level_name(condition: str, level: str, labels: Labels) -> str:
    """Return what a condition is called: its label, as ``"condition[level]"`` or by itself.

    Examples
    --------
    >>> level_name("close", "warm", {"close[warm]": "A friendly close"})
    'A friendly close'
    """
    known = labels or {}
    label = clean(known.get(f"{condition}[{level}]", "")) or clean(known.get(level, ""))
    return label or clean(level)


def paired_levels(group: str, levels: Iterable[str]) -> tuple[str, str]:
    """Return the first and the second condition of a difference named ``"second − first"``.

    Examples
    --------
    >>> paired_levels("a − b − c", ["c", "a − b"])
    ('c', 'a − b')
    """
    for first, second in combinations(levels, 2):
        for one, other in ((first, second), (second, first)):
            if group == f"{other} − {one}":
                return one, other
    second, _, first = group.rpartition(" − ")
    return first, second


def pair_name(group: str, condition: str, levels: Iterable[str], labels: Labels) -> str:
    """Return the label of a difference: ``warm close − plain``."""
    first, second = paired_levels(group, levels)
    return f"{level_name(condition, second, labels)} − {level_name(condition, first, labels)}"


def rating_decimals(values: Iterable[float]) -> int:
    """Return how many decimals ratings are shown with: fewer where they run to 100."""
    known = [abs(value) for value in values if not math.isnan(value)]
    return 1 if known and max(known) > _LARGE else 2


def small_decimals(values: Iterable[float]) -> int:
    """Return how many decimals show two digits of the largest value; 2 to 6.

    Examples
    --------
    >>> small_decimals([0.21, 0.6]), small_decimals([-0.0003, 0.0021])
    (2, 4)
    """
    known = [abs(value) for value in values if math.isfinite(value) and value]
    if not known:
        return 2
    return min(max(2, 1 - math.floor(math.log10(max(known)))), _MOST_DECIMALS)


def span_text(low: float, high: float, formats: Formats, decimals: int = 2) -> str:
    """Return an interval of ratings, not of differences: ``5.20 to 5.90``."""
    return formats.interval(low, high, decimals, signed=False)
