"""The message catalogue: every sentence, heading and label a reader sees, by language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Any

from cxresearch._validate import did_you_mean
from cxresearch.errors import CxError

DEFAULT_LANGUAGE = "en"
_PLURAL = ("one", "other")
_SOUNDS_LIKE_I = re.compile(r"\W*(í|i(?!o)|h[ií](?![aeo]))", re.IGNORECASE)
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@cache
def available_languages() -> tuple[str, ...]:
    """Return the languages that have a message catalogue.

    Examples
    --------
    >>> available_languages()
    ('en', 'es')
    """
    names = (entry.name for entry in files("cxresearch.wording").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def best_language(wanted: str) -> str:
    """Return the catalogue that serves a language tag: ``es-MX`` → ``es``, ``ko`` → ``en``.

    A study may be held in any language; where its language has no catalogue, the sentences of
    the report are in English and the texts of the codebook stay as they are.

    Raises
    ------
    CxError
        `wanted` is not a language tag at all.
    """
    if not isinstance(wanted, str) or not _TAG.fullmatch(wanted):
        raise CxError(f"language must be a tag such as 'en' or 'es-MX'; got {wanted!r}")
    base = re.split("[-_]", wanted)[0].lower()
    return base if base in available_languages() else DEFAULT_LANGUAGE


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return a catalogue, keys joined by dots; plural forms end in ``.one`` and ``.other``.

    Raises
    ------
    CxError
        There is no catalogue in that language.
    """
    if language not in available_languages():
        known = list(available_languages())
        raise CxError(f"language {language!r} has no message catalogue; there are {known}")
    source = files("cxresearch.wording").joinpath(f"{language}.toml")
    return MappingProxyType(dict(_flat(tomllib.loads(source.read_text(encoding="utf-8")), "")))


def make_ready() -> None:
    """Read the texts of every language."""
    for language in available_languages():
        catalogue(language)


@cache
def placeholders(template: str) -> frozenset[str]:
    """Return the names that a message expects to be filled.

    Examples
    --------
    >>> sorted(placeholders("{gap} points in {name}"))
    ['gap', 'name']
    """
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name)


class Messages:
    """Reader-facing text in one language.

    Parameters
    ----------
    language : str
        Language tag; see `best_language` for how a catalogue is chosen.

    Attributes
    ----------
    language : str
        Language of the catalogue that is used.

    Examples
    --------
    >>> Messages("en").text("sure.not_decided")
    'not decided'
    >>> Messages("es").text("flow.duplicated", n=2)
    '2 duplicados'
    """

    __slots__ = ("_texts", "language")

    def __init__(self, language: str = DEFAULT_LANGUAGE) -> None:
        self.language = best_language(language)
        self._texts = catalogue(self.language)

    def has(self, key: str) -> bool:
        """Return whether the catalogue has this message."""
        return key in self._texts or f"{key}.other" in self._texts

    def text(self, key: str, **values: str | int) -> str:
        """Return a message with its places filled.

        A message with the forms ``one`` and ``other`` takes its form from `n`, a whole number
        (grouped as the language does). Values are put in as they are: braces in a label are
        text.

        Raises
        ------
        CxError
            The key is unknown, a place stays empty, or a value is a number that has not been
            through the formats, the only place where numbers are rounded.
        """
        template = self._template(key, values.get("n"))
        filled = {name: self._value(key, name, value) for name, value in values.items()}
        missing = placeholders(template).difference(filled)
        if missing:
            wanted = sorted(missing)
            raise CxError(f"message {key!r} ({self.language}) needs the values {wanted}")
        return template.format_map(filled)

    def places(self, key: str) -> frozenset[str]:
        """Return the names a message needs, whatever form it takes."""
        forms = [key] if key in self._texts else [f"{key}.{form}" for form in _PLURAL]
        known = [self._texts[form] for form in forms if form in self._texts]
        if not known:
            raise CxError(f"message {key!r} is unknown{did_you_mean(key, self._texts)}")
        return frozenset().union(*(placeholders(template) for template in known))

    def section(self, prefix: str) -> dict[str, str]:
        """Return the messages below a prefix, keys without it, for pages that show them all."""
        start = f"{prefix}."
        return {k.removeprefix(start): v for k, v in self._texts.items() if k.startswith(start)}

    def listed(self, parts: list[str]) -> str:
        """Return ``a, b and c``; in Spanish ``e`` stands for ``y`` before the sound of i."""
        if len(parts) < 2:
            return "".join(parts)
        joined = self._texts["format.comma"].join(parts[:-1])
        word = self._texts["format.and"]
        if self.language == "es" and _SOUNDS_LIKE_I.match(parts[-1]):
            word = " e "
        return joined + word + parts[-1]

    def grouped(self, value: int) -> str:
        """Return a whole number with thousands grouped as the language does, true minus."""
        digits = str(abs(value))
        if len(digits) >= int(self._texts["format.group_from"]):
            digits = f"{abs(value):,}".replace(",", self._texts["format.group_sign"])
        return f"\N{MINUS SIGN}{digits}" if value < 0 else digits

    def _template(self, key: str, n: Any) -> str:
        if key in self._texts:
            return self._texts[key]
        if f"{key}.other" in self._texts:
            if not isinstance(n, int):
                raise CxError(f"message {key!r} has plural forms and needs a whole number n")
            ones = self._texts["format.one_is"].split()
            return self._texts[f"{key}.one" if str(abs(n)) in ones else f"{key}.other"]
        raise CxError(f"message {key!r} is unknown{did_you_mean(key, self._texts)}")

    def _value(self, key: str, name: str, value: object) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return self.grouped(value)
        raise CxError(
            f"message {key!r}: {name} must be text or a whole number; "
            f"got {type(value).__name__} (format numbers first)"
        )


def _flat(table: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    entries: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}{key}"
        entries.extend(_flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)])
    return entries
