"""What the shipped templates say between their steps, in the languages there are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from cxresearch.wording.messages import DEFAULT_LANGUAGE


def narration(text: str, language: str) -> str | None:
    """Return a text of a template in a language, None where it has not been translated.

    A text is known by its English words, whatever its line breaks: one that was changed, or
    that stands in a template of somebody's own, has no translation.

    Examples
    --------
    >>> narration("## Every question", "es")
    '## Cada pregunta'
    >>> narration("## Of my own", "es") is None
    True
    """
    return text if language == DEFAULT_LANGUAGE else _known(language).get(_words(text))


@cache
def _known(language: str) -> Mapping[str, str]:
    source = files("cxresearch.wording").joinpath("narration", f"{language}.toml")
    if not source.is_file():
        return MappingProxyType({})
    entries = tomllib.loads(source.read_text(encoding="utf-8"))["text"]
    return MappingProxyType({_words(entry["en"]): entry["is"] for entry in entries})


def _words(text: str) -> str:
    return " ".join(text.split())
