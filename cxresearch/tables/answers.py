"""Tables on how carefully and how completely people answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from cxresearch._types import MISSING_KINDS
from cxresearch.codebook.model import Battery
from cxresearch.responses.model import Responses
from cxresearch.shown import DisplayTable
from cxresearch.tables._build import Column, display_table
from cxresearch.wording import Formats
from cxresearch.wording.formats import UNDEFINED
from cxresearch.wording.labels import clean

_KINDS = ("empty", *MISSING_KINDS)


def display_quality(responses: Responses, *, language: str = "en") -> DisplayTable:
    """Show the signs of careless or missing answers among everyone who was read.

    Parameters
    ----------
    responses : Responses
    language : str
        Language of headings and notes.

    Returns
    -------
    DisplayTable
        A row for each sign: respondents who show it, their share, and how the index behind it
        is spread. Flags only; what is left out is decided in the study.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    signs = list(_signs(responses, formats))
    data = pd.DataFrame(
        signs, columns=["sign", "respondents", "share", "median", "extreme", "unit"]
    )
    columns = [
        Column(text("tables.sign"), lambda row: row.sign, numeric=False),
        Column(text("tables.respondents"), lambda row: formats.count(row.respondents)),
        Column(text("tables.share"), lambda row: formats.percent(row.share, 1)),
        Column(text("tables.median"), lambda row: _in_unit(row.median, row.unit, formats)),
        Column(text("tables.extreme"), lambda row: _in_unit(row.extreme, row.unit, formats)),
    ]
    return display_table(
        data,
        columns,
        name="response_quality",
        caption=text("tables.quality"),
        notes=[
            text("tables.notes.quality"),
            text("tables.notes.quality_flagged"),
            text("tables.notes.quality_extreme"),
        ],
    )


def display_missing(responses: Responses, *, language: str = "en") -> DisplayTable:
    """Show for every question how many answered it, and which non-answers there are.

    Parameters
    ----------
    responses : Responses
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    data = pd.DataFrame(
        list(_questions(responses)),
        columns=["column", "item", "part", "answered", *_KINDS, "missing_share"],
    )
    kinds = [kind for kind in _KINDS if data[kind].sum()]
    columns = [
        Column(text("tables.question"), lambda row: clean(row.column), numeric=False),
        Column(text("tables.item"), lambda row: clean(row.item), numeric=False),
        Column(text("tables.part"), lambda row: _part(row.part, formats), numeric=False),
        Column(text("tables.answered"), lambda row: formats.count(row.answered)),
        *(_kind_column(kind, formats) for kind in kinds),
        Column(text("tables.missing_share"), lambda row: formats.percent(row.missing_share, 1)),
    ]
    return display_table(
        data,
        columns,
        name="missing_answers",
        caption=text("tables.missing"),
        notes=[text("tables.notes.missing")],
    )


def _kind_column(kind: str, formats: Formats) -> Column:
    heading = formats.messages.text(f"quality.sign.kind_{kind}")
    return Column(heading, lambda row: formats.count(getattr(row, kind)))


def _questions(responses: Responses) -> Iterator[dict[str, Any]]:
    missing = responses.missing
    for battery in responses.codebook.batteries:
        for item in battery.items:
            for part in battery.parts:
                column = battery.column(part, item)
                if column not in missing:
                    continue
                counts = Counter(missing[column].tolist())
                answered = counts[""]
                yield {
                    "column": column,
                    "item": item.text,
                    "part": part,
                    "answered": answered,
                    **{kind: counts[kind] for kind in _KINDS},
                    "missing_share": 1 - answered / len(missing) if len(missing) else np.nan,
                }


def _signs(responses: Responses, formats: Formats) -> Iterator[dict[str, Any]]:
    quality, codebook = responses.quality, responses.codebook
    text = formats.messages.text
    if "duplicated_id" in quality:
        yield _flag(text("quality.sign.duplicated"), quality["duplicated_id"])
    durations = codebook.columns_with_role("duration")
    if "duration" in quality and durations:
        sign = text("quality.sign.duration", name=clean(durations[0].label))
        yield _index(sign, quality["duration"], "duration", flagged=None, lowest=True)
    for battery in codebook.batteries:
        suffix = clean(battery.label or battery.name) if len(codebook.batteries) > 1 else ""
        for row in _battery_signs(quality, battery, formats):
            if suffix:
                named = text("quality.sign.of_battery", sign=row["sign"], battery=suffix)
                yield row | {"sign": named}
            else:
                yield row


def _battery_signs(
    quality: pd.DataFrame, battery: Battery, formats: Formats
) -> Iterator[dict[str, Any]]:
    text, name = formats.messages.text, battery.name
    if f"missing_share_{name}" in quality:
        share = quality[f"missing_share_{name}"]
        yield _index(text("quality.sign.missing"), share, "share", flagged=share > 0)
    for part in battery.parts:
        called = _part(part, formats).lower()
        if f"longest_string_{name}_{part}" in quality:
            run = quality[f"longest_string_{name}_{part}"]
            sign = text("quality.sign.longest_string", part=called)
            yield _index(sign, run, "items", flagged=run >= max(2, len(battery.items)))
        if f"variability_{name}_{part}" in quality:
            spread = quality[f"variability_{name}_{part}"]
            sign = text("quality.sign.variability", part=called)
            yield _index(sign, spread, "points", flagged=spread == 0, lowest=True)
    if f"equal_parts_{name}" in quality:
        yield _flag(text("quality.sign.equal_parts"), quality[f"equal_parts_{name}"])


def _flag(sign: str, flagged: pd.Series) -> dict[str, Any]:
    nothing = pd.Series(np.nan, index=flagged.index)
    return _index(sign, nothing, "", flagged=flagged)


def _index(
    sign: str,
    values: pd.Series,
    unit: str,
    *,
    flagged: pd.Series | None,
    lowest: bool = False,
) -> dict[str, Any]:
    numbers = values.astype(float)
    marked = np.nan if flagged is None else float(flagged.astype(bool).sum())
    return {
        "sign": sign,
        "respondents": marked,
        "share": marked / len(values) if len(values) else np.nan,
        "median": float(numbers.median()) if numbers.notna().any() else np.nan,
        "extreme": float(numbers.min() if lowest else numbers.max()),
        "unit": unit,
    }


def _in_unit(value: float, unit: str, formats: Formats) -> str:
    if np.isnan(value):
        return UNDEFINED
    if unit == "share":
        return formats.percent(value, 1)
    return formats.number(value, 2) if unit == "points" else formats.points(value)


def _part(part: str, formats: Formats) -> str:
    key = f"terms.{part}"
    return formats.messages.text(key) if formats.messages.has(key) else clean(part)
