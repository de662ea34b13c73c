"""From a message and its values to a sentence: the same road when told and when told again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from cxresearch.sentences._distinct_places import DISTINCT_PLACES
from cxresearch.sentences._peak_end_places import PEAK_END_PLACES
from cxresearch.sentences._plan_places import ANALYSIS_PLAN_PLACES
from cxresearch.wording import Formats, Messages
from cxresearch.wording.labels import capital, clean, in_sentence, isolated, name_of, shortened

Values = Mapping[str, Any]
_LONGEST_NAME = 120
_SMALL_PART = 0.01


def retell(finding: Mapping[str, Any], language: str) -> str:
    """Return the sentence of a recorded finding in another language.

    Parameters
    ----------
    finding : mapping
        ``Finding.to_dict()``, or the same read back from ``findings.json``.
    language : str
        Language of the sentence; texts from the codebook stay as they are.

    Raises
    ------
    CxError
        The message is unknown, or a value that it needs was not recorded.

    Examples
    --------
    >>> retell({"message": "quality.flow", "values": {"read": 412, "analysed": 391}}, "es")
    '412 respondieron, 391 se analizan.'
    """
    return render(str(finding["message"]), finding.get("values") or {}, Messages(language))


def render(message: str, values: Values, messages: Messages) -> str:
    """Return a sentence; every place of the message is filled from the values."""
    formats = Formats(messages)
    places = messages.places(message)
    filled = {place: _filled(place, values, formats) for place in sorted(places)}
    if "n" in values:
        filled["n"] = int(values["n"])
    parts = [capital(messages.text(message, **filled))]
    if values.get("matters"):
        told = f"findings.matters.{values['matters']}"
        places = messages.places(told)
        parts.append(messages.text(told, **{p: _filled(p, values, formats) for p in places}))
    if values.get("care"):
        parts.append(messages.text(f"findings.care.{values['care']}"))
    return " ".join(parts)


def _filled(place: str, values: Values, formats: Formats) -> str | int:
    maker = _PLACES.get(place)
    if maker is not None:
        return maker(values, formats)
    value = values.get(place, "")
    return int(value) if isinstance(value, (int, float)) else isolated(clean(value))


def _number(values: Values, key: str) -> float:
    value = values.get(key)
    return math.nan if value is None else float(value)


def _decimals(values: Values) -> int:
    return int(values.get("decimals", 2))


def _gap(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, formats: formats.gap(_number(values, key), _decimals(values))


def _name(values: Values, formats: Formats) -> str:
    label = str(values.get("name", values.get("dimension", "")))
    name = name_of(str(values.get("term", "")), label, formats.messages)
    return in_sentence(shortened(name, _LONGEST_NAME), formats.messages)


def _label(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, _: isolated(
        shortened(clean(values.get(key, "")).rstrip(".:;, "), _LONGEST_NAME)
    )


def _segment(values: Values, formats: Formats) -> str:
    label = clean(values.get("segment", ""))
    name = formats.messages.text("terms.wave") if label in ("wave", "") else label
    return in_sentence(name, formats.messages)


def _scale(values: Values, formats: Formats) -> str:
    low, high = _number(values, "scale_low"), _number(values, "scale_high")
    if low == 1 and high == int(high):
        return formats.messages.text("findings.on_points", n=int(high))
    return formats.messages.text(
        "findings.on_range", low=formats.points(low), high=formats.points(high)
    )


def _interval(values: Values, formats: Formats) -> str:
    key = "findings.interval_weighted" if values.get("weighted") else "findings.interval"
    return formats.messages.text(
        key,
        level=formats.level(_number(values, "confidence_level")),
        interval=formats.interval(
            _number(values, "conf_low"), _number(values, "conf_high"), _decimals(values)
        ),
    )


def _shortfall(values: Values, formats: Formats) -> str:
    return formats.number(max(0.0, -_number(values, "conf_low")), _decimals(values))


def _surplus(values: Values, formats: Formats) -> str:
    return formats.number(max(0.0, _number(values, "conf_high")), _decimals(values))


def _plain(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, formats: formats.number(_number(values, key), _decimals(values))


def _points_of(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, formats: formats.points(_number(values, key))


def _coefficient(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, formats: formats.coefficient(_number(values, key))


def _entries(values: Values, formats: Formats) -> str:
    """Return the list of dimensions with the part and the alpha that a verdict rests on."""
    messages, entries = formats.messages, []
    for number in range(1, int(values.get("entries", 0)) + 1):
        part = str(values.get(f"part_{number}", ""))
        known = messages.has(f"quality.part_{part}")
        entries.append(
            messages.text(
                "quality.reliability_entry",
                name=isolated(clean(values.get(f"name_{number}", ""))),
                part=messages.text(f"quality.part_{part}") if known else part,
                alpha=formats.coefficient(_number(values, f"alpha_{number}")),
            )
        )
    more = int(values.get("more", 0))
    if more:
        entries.append(messages.text("quality.reliability_more", n=more))
    return messages.listed(entries)


def _share(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, formats: formats.percent(_number(values, key), 1)


def _name_in(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, formats: in_sentence(
        shortened(clean(values.get(key, "")), _LONGEST_NAME), formats.messages
    )


def _word(section: str, key: str) -> Callable[[Values, Formats], str]:
    """Return the word for a code that the values keep."""
    return lambda values, formats: formats.messages.text(f"{section}.{values.get(key)}")


def _others(values: Values, formats: Formats) -> str:
    """Return the list of the names ``other_1``, ``other_2`` … and how many there are beside."""
    messages = formats.messages
    names = [
        _name_in(f"other_{number}")(values, formats)
        for number in range(1, int(values.get("others_told", 0)) + 1)
    ]
    more = int(values.get("others_more", 0))
    if more:
        names.append(messages.text("findings.drivers.more", n=more))
    return messages.listed(names)


def _part(key: str) -> Callable[[Values, Formats], str]:
    """Return a share without idle decimals: whole percent from 1 % on."""

    def told(values: Values, formats: Formats) -> str:
        share = _number(values, key)
        return formats.percent(share, 0 if not 0 < share < _SMALL_PART else 1)

    return told


def _part_interval(values: Values, formats: Formats) -> str:
    low, high = _number(values, "part_low"), _number(values, "part_high")
    key = "findings.interval_weighted" if values.get("weighted") else "findings.interval"
    decimals = 0 if not high < 5 * _SMALL_PART else 1
    return formats.messages.text(
        key,
        level=formats.level(_number(values, "confidence_level")),
        interval=formats.percent_interval(low, high, decimals),
    )


def _rated(values: Values, formats: Formats) -> str:
    rated = _number(values, "rated")
    return formats.percent(rated) if values.get("boxes") else formats.number(rated)


def _chance(values: Values, formats: Formats) -> str:
    return formats.chance(_number(values, "chance"), in_words=True)


def _size(key: str) -> Callable[[Values, Formats], str]:
    """Return how large a change is, its direction being told in words."""

    def told(values: Values, formats: Formats) -> str:
        scale = 100 if values.get("percentage_points") else 1
        return formats.number(abs(scale * _number(values, key)), _decimals(values))

    return told


def _change_interval(values: Values, formats: Formats) -> str:
    """Return the interval of a change in the direction that the sentence tells."""
    scale = 100 if values.get("percentage_points") else 1
    low, high = (scale * _number(values, key) for key in ("conf_low", "conf_high"))
    if _number(values, "estimate") < 0:
        low, high = -high, -low
    return formats.messages.text(
        "findings.interval",
        level=formats.level(_number(values, "confidence_level")),
        interval=formats.interval(low, high, _decimals(values), signed=False),
    )


_PLACES: dict[str, Callable[[Values, Formats], str]] = {
    **PEAK_END_PLACES,
    **ANALYSIS_PLAN_PLACES,
    **DISTINCT_PLACES,
    "outcome": _name_in("outcome"),
    "r_received": _coefficient("r_received"),
    "r_gap": _coefficient("r_gap"),
    "reliability": _coefficient("reliability"),
    "first_mean": _plain("first_mean"),
    "second_mean": _plain("second_mean"),
    "other": _name_in("other"),
    "others": _others,
    "part": _part("part"),
    "other_part": _part("other_part"),
    "part_interval": _part_interval,
    "held": _part("held"),
    "lifted": _part("lifted"),
    "criterion": _word("terms.criterion", "criterion"),
    "kano": _word("terms.kano_as", "kano"),
    "kano_meaning": _word("terms.kano_meaning", "kano"),
    "verdict": _word("quality.drivers", "verdict"),
    "unseen": _part("unseen"),
    "fit": _coefficient("fit"),
    "fit_unseen": _coefficient("fit_unseen"),
    "chance": _chance,
    "amount": _points_of("amount"),
    "below": _points_of("below"),
    "to": _points_of("to"),
    "size": _size("estimate"),
    "change_interval": _change_interval,
    "penalty": _gap("penalty"),
    "reward": _gap("reward"),
    "rated": _rated,
    "largest": _plain("largest"),
    "effect": _coefficient("effect"),
    "name": _name,
    "item": _label("item"),
    "gap": _gap("estimate"),
    "difference": _gap("estimate"),
    "interval": _interval,
    "scale": _scale,
    "shortfall": _shortfall,
    "surplus": _surplus,
    "bound": _plain("bound"),
    "segment": _segment,
    "low_group": _label("low_group"),
    "high_group": _label("high_group"),
    "low_gap": _gap("low_gap"),
    "high_gap": _gap("high_gap"),
    "importance": _points_of("importance"),
    "low": _coefficient("low"),
    "high": _coefficient("high"),
    "names": _entries,
    "share": _share("share"),
    "worst": _share("worst"),
    "question": _label("question"),
}
