"""What the tables of peak-end studies share: notes from codes, columns of a test."""

from __future__ import annotations

from collections.abc import Iterable

from cxresearch.tables._build import Column, degrees_of_freedom
from cxresearch.wording import Formats
from cxresearch.wording.peak_end import known_term

_COUNTED = (
    "rows_omitted", "people_omitted", "without_retrospective", "incomplete", "one_moment",
    "dropped_out", "single_row_groups", "looks_after_stop", "single_alternative", "not_chosen",
)  # fmt: skip
_PLAIN = {
    "singular": "singular",
    "not_converged": "not_converged",
    "episodes_taken_as_independent": "independent",
    "more_than_planned": "more_than_planned",
    "less_than_planned": "less_than_planned",
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


def columns_of_test(
    formats: Formats, confidence_level: float, decimals: int, *, p_adjust: str
) -> list[Column]:
    """Return estimate, interval, statistic, degrees of freedom and p."""
    text, level = formats.messages.text, formats.level(confidence_level)
    adjusted = p_adjust != "none"
    return [
        Column(
            text("tables.peak_end.estimate"), lambda row: formats.gap(row.estimate, decimals)
        ),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(row.conf_low, row.conf_high, decimals),
        ),
        Column(text("tables.statistic"), lambda row: formats.number(row.statistic)),
        Column(text("tables.df"), lambda row: degrees_of_freedom(row.df, formats)),
        Column(
            text("tables.p_adjusted" if adjusted else "tables.p_plain"),
            lambda row: formats.p(row.p_adjusted if adjusted else row.p_value),
        ),
    ]


def told_p(value: float, formats: Formats) -> str:
    """Return p as it stands after its letter: ``= .032``, ``< .001``."""
    told = formats.p(value)
    return told if told[:1] in "<>" else f"= {told}"
