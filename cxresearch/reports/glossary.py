"""Words a reader may not know: linked where they stand, explained at the end of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from html import escape

from cxresearch.reports.source import DEPTHS
from cxresearch.shown import Depth
from cxresearch.wording import Messages

_SHORT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A term with its one line; shown at the depth at which it is first met."""

    key: str
    term: str
    meaning: str
    depth: Depth


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What the texts of a language say of its terms."""

    forms: dict[str, str]
    heads: dict[str, str]
    pattern: re.Pattern[str]
    head_pattern: re.Pattern[str]
    names: dict[str, str]
    meanings: dict[str, str]


@cache
def _words_of(language: str) -> _Words:
    messages = Messages(language)
    forms = _by_form(messages.section("report.term_forms"))
    heads = _by_form(messages.section("report.term_heads"))
    return _Words(
        forms=forms,
        heads=heads,
        pattern=_any_of(forms),
        head_pattern=_any_of({form: key for form, key in heads.items() if len(form) > _SHORT}),
        names=messages.section("report.term"),
        meanings=messages.section("glossary"),
    )


@dataclass(slots=True)
class Glossary:
    """Links terms and keeps which of them occur.

    Parameters
    ----------
    messages : Messages
        Their forms come from ``report.term_forms`` (in sentences) and ``report.term_heads``
        (headings of tables), their meanings from ``glossary``.

    Examples
    --------
    >>> words = Glossary(Messages("en"))
    >>> words.sentence("The gap & its size")
    'The <a class="term" href="#word-gap">gap</a> &amp; its size'
    >>> [entry.key for entry in words.entries()]
    ['gap']
    """

    messages: Messages
    used: dict[str, Depth] = field(default_factory=dict)
    _words: _Words = field(init=False)

    def __post_init__(self) -> None:
        self._words = _words_of(self.messages.language)

    def sentence(self, text: str, *, depth: Depth = "manager") -> str:
        """Return text escaped, each term in it linked once."""
        linked: set[str] = set()
        parts, end = [], 0
        for found in self._words.pattern.finditer(text):
            key = self._words.forms.get(found[0].casefold(), "")
            if key and key not in linked:
                linked.add(key)
                parts += [escape(text[end : found.start()]), self._link(key, found[0], depth)]
                end = found.end()
        return "".join([*parts, escape(text[end:])])

    def heading(self, text: str, *, depth: Depth = "manager") -> str:
        """Return the heading of a column escaped, linked where it is a term or holds one."""
        key = self._words.heads.get(text.casefold())
        if key:
            return self._link(key, text, depth)
        found = self._words.head_pattern.search(text)
        key = self._words.heads.get(found[0].casefold(), "") if found else ""
        if found is None or not key:
            return escape(text)
        link = self._link(key, found[0], depth)
        return f"{escape(text[: found.start()])}{link}{escape(text[found.end() :])}"

    def use(self, key: str, depth: Depth = "manager") -> str:
        """Note that a term occurs and return the address of its line."""
        before = self.used.get(key, depth)
        self.used[key] = min(before, depth, key=DEPTHS.index)
        return f"#word-{key}"

    def entries(self) -> list[Entry]:
        """Return the terms that occur, in the order of the alphabet."""
        known = self._words
        entries = [
            Entry(key=key, term=known.names[key], meaning=known.meanings[key], depth=depth)
            for key, depth in self.used.items()
        ]
        return sorted(entries, key=lambda entry: entry.term.casefold())

    def _link(self, key: str, text: str, depth: Depth) -> str:
        return f'<a class="term" href="{self.use(key, depth)}">{escape(text)}</a>'


def _by_form(forms: dict[str, str]) -> dict[str, str]:
    return {
        form.casefold(): key for key, all_ in forms.items() for form in all_.split("|") if form
    }


def _any_of(forms: dict[str, str]) -> re.Pattern[str]:
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile(
        rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE
    )
