"""How the places in sentences on distinct dimensions are filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cxresearch.wording import Formats
from cxresearch.wording.labels import clean, in_sentence, isolated, shortened

Values = Mapping[str, Any]
_LONGEST = 80
_MOST_PAIRS = 3


def _name(text: str, formats: Formats) -> str:
    return isolated(in_sentence(shortened(clean(text), _LONGEST), formats.messages))


def _named(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, formats: _name(str(values.get(key, "")), formats)


def _together(values: Values, formats: Formats) -> str:
    names = [_name(line, formats) for line in str(values.get("joined", "")).splitlines()]
    return formats.messages.listed(names)


def _pairs(values: Values, formats: Formats) -> str:
    lines = str(values.get("undecided", "")).splitlines()
    told = []
    for line in lines[:_MOST_PAIRS]:
        first, _, second = line.partition("\t")
        told.append(
            formats.messages.text(
                "findings.distinct.pair",
                dimension_a=_name(first, formats),
                dimension_b=_name(second, formats),
            )
        )
    if len(lines) > _MOST_PAIRS:
        more = len(lines) - _MOST_PAIRS
        told.append(formats.messages.text("quality.reliability_more", n=more))
    return "; ".join(told)


def _number(values: Values, key: str) -> float:
    value = values.get(key)
    return float("nan") if value is None else float(value)


def _coefficient(key: str) -> Callable[[Values, Formats], str]:
    return lambda values, formats: formats.coefficient(_number(values, key))


def _correlations(values: Values, formats: Formats) -> str:
    kind = "correlated" if values.get("latent_known") else "ratio"
    low, high = (
        formats.coefficient(_number(values, f"latent_{end}")) for end in ("low", "high")
    )
    if low == high:
        return formats.messages.text(f"findings.distinct.{kind}_one", latent=low)
    return formats.messages.text(
        f"findings.distinct.{kind}_range", latent_low=low, latent_high=high
    )


def _interval(values: Values, formats: Formats) -> str:
    ends = (_number(values, "conf_low"), _number(values, "conf_high"))
    return formats.messages.text(
        "findings.interval",
        level=formats.level(_number(values, "confidence_level")),
        interval=formats.coefficient_interval(*ends),
    )


def _looked_at(values: Values, formats: Formats) -> str:
    return formats.messages.text(f"terms.looked_at.{values.get('looked') or 'none'}")


def _general(values: Values, formats: Formats) -> str:
    return formats.percent(_number(values, "general"))


DISTINCT_PLACES: dict[str, Callable[[Values, Formats], str]] = {
    "together": _together,
    "unclear_pairs": _pairs,
    "latent": _coefficient("latent"),
    "latent_low": _coefficient("latent_low"),
    "latent_high": _coefficient("latent_high"),
    "latent_interval": _interval,
    "pair_correlations": _correlations,
    "dimension_a": _named("dimension_a"),
    "dimension_b": _named("dimension_b"),
    "fit_cfi": _coefficient("fit_cfi"),
    "fit_rmsea": _coefficient("fit_rmsea"),
    "looked_at": _looked_at,
    "general": _general,
}
