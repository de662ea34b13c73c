"""Texts, codes and item numbers as YAML that reads back as what it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cxresearch.codebook.model import Code

_PLAIN = re.compile(r"[^\W\d_][\w /&+'().-]*")
_WORD_OF_YAML = re.compile("yes|no|on|off|true|false|null|y|n", re.IGNORECASE)


def key(text: str) -> str:
    """Return a text as YAML, key or value: plain where that is safe."""
    safe = _PLAIN.fullmatch(text) and text.isprintable() and text == text.strip()
    return text if safe and not _WORD_OF_YAML.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Return a text in double quotes, as YAML."""
    marks = {'"': '\\"', "\\": "\\\\"}
    escaped = (
        marks.get(char) or (char if char.isprintable() else f"\\U{ord(char):08x}")
        for char in text
    )
    return f'"{"".join(escaped)}"'


def unlike(codes: Iterable[Code], others: Iterable[Code] = ()) -> list[Code]:
    """Tell codes apart that have the same text, as a codebook must."""
    seen = {code.label.strip().casefold() for code in others}
    found = []
    for code in codes:
        text = code.label.strip()
        label = f"{text} ({code.value})" if text.casefold() in seen else text
        seen.add(label.casefold())
        found.append(Code(code.value, label))
    return found


def pairs_of(codes: Iterable[Code]) -> str:
    """Return codes and their texts as a mapping in one line."""
    pairs = []
    for code in codes:
        value = key(code.value) if isinstance(code.value, str) else f"{code.value}"
        pairs.append(f"{value}: {key(code.label)}")
    return f"{{{', '.join(pairs)}}}"


def short_items(items: Sequence[int]) -> str:
    """Return numbers in the short form: ``1-4, 6``, as YAML."""
    runs: list[list[int]] = []
    for item in items:
        if runs and item == runs[-1][-1] + 1:
            runs[-1].append(item)
        else:
            runs.append([item])
    parts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    return parts[0] if len(parts) == 1 and "-" in parts[0] else f"[{', '.join(parts)}]"
