"""What the tables of peak-end studies share: notes from codes."""

from __future__ import annotations

from collections.abc import Iterable

from cxresearch.wording import Formats
from cxresearch.wording.peak_end import known_term

_COUNTED = (
    "rows_omitted", "people_omitted", "without_retrospective", "incomplete", "one_moment",
    "dropped_out", "single_row_groups",
)  # fmt: skip
_PLAIN = {
    "singular": "singular",
    "not_converged": "not_converged",
    "episodes_taken_as_independent": "independent",
}


def code_sentences(codes: Iterable[str], formats: Formats) -> list[str]:
    """Return the sentences for the notes of a peak-end result.

    Codes are ``"rows_omitted:3"``, ``"moments_vary:4-12"``, ``"constant:trend"`` (a feature) or
    ``"constant:2"`` (episodes).
    """
    text = formats.messages.text
    sentences = []
    for code in codes:
        kind, _, rest = code.partition(":")
        key = f"tables.peak_end.notes.{kind}"
        if kind in _COUNTED and rest.isdigit():
            sentences.append(text(key, n=int(rest)))
        elif kind in _PLAIN:
            sentences.append(text(f"tables.peak_end.notes.{_PLAIN[kind]}"))
        elif kind == "moments_vary":
            low, _, high = rest.partition("-")
            sentences.append(text("tables.peak_end.notes.moments_vary", low=low, high=high))
        elif kind == "constant" and rest.isdigit():
            sentences.append(text("tables.peak_end.notes.constant_episodes", n=int(rest)))
        elif kind == "constant":
            name = known_term("feature", rest, formats.messages)
            sentences.append(text("tables.peak_end.notes.constant_feature", name=name))
        else:
            sentences.append(text("tables.notes.code", code=code))
    return sentences
