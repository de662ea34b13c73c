"""Names from the data inside sentences of ours: cleaned, isolated, in the right case."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Mapping

from cxresearch.codebook.model import Codebook
from cxresearch.wording.messages import Messages

_RIGHT_TO_LEFT = frozenset({"R", "AL", "RLE", "RLO", "RLI"})
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_OWN_TERMS = ("overall", "overall_weighted")
_MODEL_TERMS = {"(intercept)": "intercept", "all_drivers": "all_drivers"}
_ANSWER = re.compile(r"(?P<name>.+)\[(?P<level>.*)\]", re.DOTALL)


def clean(text: str) -> str:
    r"""Return a label on one line, without control characters and direction overrides.

    Control characters cannot stand in SVG or HTML at all; a direction override would turn round
    the text that follows the label.

    Examples
    --------
    >>> clean("Keeps\n promises\x00 ")
    'Keeps promises'
    """
    text = str(text)
    if not text.isprintable():  # most labels are, and need no look at each character
        spaced = "".join(" " if c in "\t\n\r\v\f\x85\u2028\u2029" else c for c in text)
        text = "".join(c for c in spaced if not _is_control(c))
    return " ".join(text.split())


def name_of(term: str, label: str, messages: Messages) -> str:
    """Return what a row of a result is called: its label, or our word for an overall score."""
    if term in _OWN_TERMS:
        return messages.text(f"terms.{term}")
    return clean(label) or clean(term)


def column_label(
    term: str,
    labels: Mapping[str, str] | None,
    messages: Messages,
    *,
    longest: int | None = None,
) -> str:
    """Return what a column of a driver model is called.

    A driver has its label, else its name; ``"a:b"`` is the product of two, ``"a[x]"`` the
    answer x to a, ``"a[not used]"`` that a was not used.

    Examples
    --------
    >>> column_label("room:trip[business]", {"room": "Room", "trip": "Trip"}, Messages("en"))
    'Room × Trip: business'
    """
    known = labels or {}
    if term in _MODEL_TERMS:
        return messages.text(f"terms.{_MODEL_TERMS[term]}")
    if not clean(known.get(term, "")):
        parts = term.split(":")
        if len(parts) > 1 and any(_bare(part) in known for part in parts):
            return " × ".join(
                column_label(part, labels, messages, longest=longest) for part in parts
            )
        answer = _ANSWER.fullmatch(term)
        if answer and answer["name"] in known:
            name = column_label(answer["name"], labels, messages, longest=longest)
            if answer["level"] == "not used":
                return messages.text("terms.not_used", name=name)
            return f"{name}: {clean(answer['level'])}"
    label = clean(known.get(term, "")).rstrip(".:;, ") or clean(term)
    return label if longest is None else shortened(label, longest)


def _bare(part: str) -> str:
    answer = _ANSWER.fullmatch(part)
    return answer["name"] if answer else part


def segment_label(segment: str, messages: Messages, codebook: Codebook | None = None) -> str:
    """Return what a segment column is called: its label in the codebook, else its name."""
    if codebook is not None and any(column.name == segment for column in codebook.columns):
        return clean(codebook.find_column(segment).label) or clean(segment)
    return messages.text("terms.wave") if segment == "wave" else clean(segment)


def in_sentence(name: str, messages: Messages) -> str:
    """Return a name as it stands inside a sentence.

    ``Reliability`` loses its capital where the language writes common nouns small and nothing
    suggests a proper name or an abbreviation (``Apple Pay``, ``ATM access`` keep theirs). A
    right-to-left name is isolated, so that the numbers after it keep their places.
    """
    first, *others = name.split() or [""]
    plain = first[1:].islower() and first.isalpha() and all(w[:1].islower() for w in others)
    if plain and messages.text("format.small_names") == "yes":
        name = name[:1].lower() + name[1:]
    return isolated(name)


def isolated(name: str) -> str:
    """Return a right-to-left name between isolating marks; others unchanged."""
    if name.isascii():
        return name
    turned = any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in name)
    return f"\u2068{name}\u2069" if turned else name


def capital(sentence: str) -> str:
    """Return the sentence with its first letter as a capital."""
    return sentence[:1].upper() + sentence[1:]


def shortened(text: str, characters: int) -> str:
    """Return a label cut at a word, with an ellipsis, where it is longer than `characters`.

    Examples
    --------
    >>> shortened("Employees keep their promises on time", 20)
    'Employees keep…'
    """
    if len(text) <= characters:
        return text
    room = characters - 1
    space = text.rfind(" ", room // 2, room + 1)
    return text[: space if space > 0 else room].rstrip(" ,.;:") + "…"


def file_stem(text: str) -> str:
    """Return a name that is safe as a file stem and as an id, different for different texts.

    Examples
    --------
    >>> file_stem("branch")
    'branch'
    >>> file_stem("../Filiale (Stadt)")
    'filiale_stadt_34a6ce17'
    """
    folded = unicodedata.normalize("NFKD", clean(text)).lower()
    safe = "".join(c if c in _SAFE else "_" for c in folded)
    stem = "_".join(part for part in safe.split("_") if part)[:40].strip("_")
    if stem == text:
        return stem
    mark = f"{zlib.crc32(text.encode('utf-8', 'replace')):08x}"
    return f"{stem}_{mark}" if stem else mark


def _is_control(character: str) -> bool:
    category = unicodedata.category(character)
    if category in ("Cc", "Cs") or character in "\ufffe\uffff":
        return True
    return character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
