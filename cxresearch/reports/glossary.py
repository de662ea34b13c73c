"""Words a reader may not know: linked where they stand, explained at the end of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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
    _forms: dict[str, str] = field(init=False)
    _heads: dict[str, str] = field(init=False)
    _pattern: re.Pattern[str] = field(init=False)
    _head_pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        self._forms = _by_form(self.messages.section("report.term_forms"))
        self._heads = _by_form(self.messages.section("report.term_heads"))
        self._pattern = _any_of(self._forms)
        self._head_pattern = _any_of({f: k for f, k in self._heads.items() if len(f) > _SHORT})

    def sentence(self, text: str, *, depth: Depth = "manager") -> str:
        """Return text escaped, each term in it linked once."""
        linked: set[str] = set()
        parts, end = [], 0
        for found in self._pattern.finditer(text):
            key = self._forms.get(found[0].casefold(), "")
            if key and key not in linked:
                linked.add(key)
                parts += [escape(text[end : found.start()]), self._link(key, found[0], depth)]
                end = found.end()
        return "".join([*parts, escape(text[end:])])

    def heading(self, text: str, *, depth: Depth = "manager") -> str:
        """Return the heading of a column escaped, linked where it is a term or holds one."""
        key = self._heads.get(text.casefold())
        if key:
            return self._link(key, text, depth)
        found = self._head_pattern.search(text)
        key = self._heads.get(found[0].casefold(), "") if found else ""
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
        names, meanings = (
            self.messages.section("report.term"),
            self.messages.section("glossary"),
        )
        entries = [
            Entry(key=key, term=names[key], meaning=meanings[key], depth=depth)
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
