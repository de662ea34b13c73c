"""How the places in sentences on peak-end studies are filled."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from cxresearch.wording import Formats
from cxresearch.wording.labels import clean, in_sentence, isolated, shortened
from cxresearch.wording.peak_end import known_term, memory_name

Values = Mapping[str, Any]
Maker = Callable[[Values, Formats], str]
_LONGEST_NAME = 120


def _number(values: Values, key: str) -> float:
    value = values.get(key)
    return math.nan if value is None else float(value)


def _decimals(values: Values) -> int:
    return int(values.get("decimals", 2))


def _with_level(
    values: Values, formats: Formats, interval: str, *, level: float | None = None
) -> str:
    known = _number(values, "confidence_level") if level is None else level
    return formats.messages.text(
        "findings.peak_end.span", level=formats.level(known), interval=interval
    )


def _moved(values: Values, formats: Formats) -> str:
    """Return how large the estimate is; the sentence tells its direction in words."""
    return formats.number(abs(_number(values, "estimate")), _decimals(values))


def _span(values: Values, formats: Formats) -> str:
    """Return the interval in the direction that the sentence tells."""
    low, high = _number(values, "conf_low"), _number(values, "conf_high")
    if _number(values, "estimate") < 0:
        low, high = -high, -low
    return _with_level(
        values, formats, formats.interval(low, high, _decimals(values), signed=False)
    )


def _signed(values: Values, formats: Formats) -> str:
    return formats.gap(_number(values, "estimate"), _decimals(values))


def _signed_span(values: Values, formats: Formats) -> str:
    low, high = _number(values, "conf_low"), _number(values, "conf_high")
    return _with_level(values, formats, formats.interval(low, high, _decimals(values)))


def _all_looks(values: Values, formats: Formats) -> str:
    low, high = _number(values, "looks_low"), _number(values, "looks_high")
    return formats.interval(low, high, _decimals(values))


def _turned(values: Values, formats: Formats) -> str:
    return formats.gap(-_number(values, "estimate"), _decimals(values))


def _turned_span(values: Values, formats: Formats) -> str:
    low, high = (-_number(values, key) for key in ("conf_high", "conf_low"))
    return _with_level(values, formats, formats.interval(low, high, _decimals(values)))


def _narrow_span(values: Values, formats: Formats) -> str:
    """Return the interval that an equivalence claim rests on."""
    low, high = _number(values, "equivalence_low"), _number(values, "equivalence_high")
    level = 2 * _number(values, "confidence_level") - 1
    return _with_level(values, formats, formats.interval(low, high), level=level)


def _points_span(values: Values, formats: Formats) -> str:
    """Return the interval of a difference of shares in percentage points."""
    low, high = (100 * _number(values, key) for key in ("conf_low", "conf_high"))
    if values.get("turned"):
        low, high = -high, -low
    signed = bool(values.get("open"))
    return _with_level(values, formats, formats.interval(low, high, 1, signed=signed))


def _points_apart(values: Values, formats: Formats) -> str:
    apart = 100 * _number(values, "estimate")
    return formats.gap(apart, 1) if values.get("open") else formats.number(abs(apart), 1)


def _share_span(values: Values, formats: Formats) -> str:
    low, high = _number(values, "conf_low"), _number(values, "conf_high")
    return _with_level(values, formats, formats.percent_interval(low, high))


def _plain(key: str) -> Maker:
    return lambda values, formats: formats.number(_number(values, key), _decimals(values))


def _gap(key: str) -> Maker:
    return lambda values, formats: formats.gap(_number(values, key), _decimals(values))


def _coefficient(key: str) -> Maker:
    return lambda values, formats: formats.coefficient(_number(values, key))


def _share(key: str) -> Maker:
    return lambda values, formats: formats.percent(_number(values, key))


def _beyond(key: str, side: int) -> Maker:
    return lambda values, formats: formats.number(
        max(0.0, side * _number(values, key)), _decimals(values)
    )


def _label(key: str, default: str) -> Maker:
    """Return a label as it stands inside a sentence, or our word where there is none."""

    def told(values: Values, formats: Formats) -> str:
        label = clean(values.get(key) or "").rstrip(".:;, ")
        if not label:
            return formats.messages.text(default)
        return in_sentence(shortened(label, _LONGEST_NAME), formats.messages)

    return told


def _less(values: Values, formats: Formats) -> str:
    """Return " (arm less base)" where both are named."""
    if not (values.get("arm") and values.get("base")):
        return ""
    return formats.messages.text(
        "findings.peak_end.compared_arms",
        arm=PEAK_END_PLACES["arm"](values, formats),
        base=PEAK_END_PLACES["base"](values, formats),
    )


def _memory(values: Values, formats: Formats) -> str:
    label = str(values.get("memory") or "")
    return memory_name("memory", {"memory": label} if label else None, formats.messages)


def _p(values: Values, formats: Formats) -> str:
    """Return p as it stands in a bracket: ``= .032``, ``< .001``."""
    told = formats.p(_number(values, "p_value"))
    return told if told[:1] in "<>" else f"= {told}"


def _by_rule(values: Values, formats: Formats) -> str:
    """Return the list of slopes with the rule for the peak that each belongs to."""
    parts = []
    for number in range(1, int(values.get("rules", 0)) + 1):
        parts.append(
            formats.messages.text(
                "findings.peak_end.duration_rule",
                effect=formats.gap(_number(values, f"effect_{number}"), 2),
                interval=formats.interval(
                    _number(values, f"low_{number}"), _number(values, f"high_{number}"), 2
                ),
                rule=known_term(
                    "peak_rule", str(values.get(f"rule_{number}", "")), formats.messages
                ),
            )
        )
    return formats.messages.listed(parts)


def _counts(key: str) -> Maker:
    """Return ``plain 821, warm 679`` from counts that stand beside the names of the arms."""

    def told(values: Values, formats: Formats) -> str:
        parts = []
        for number in range(1, int(values.get("arms", 0)) + 1):
            name = isolated(shortened(clean(values.get(f"arm_{number}", "")), _LONGEST_NAME))
            parts.append(f"{name} {formats.points(_number(values, f'{key}_{number}'))}")
        return formats.messages.listed(parts)

    return told


def _quoted(group: str, term: str, formats: Formats) -> str:
    """Return our word for a rule or feature in quotation marks; it may hold commas."""
    name = known_term(group, term, formats.messages)
    return formats.messages.text("terms.peak_end.quoted", name=name[:1].lower() + name[1:])


def _rules(key: str) -> Maker:
    """Return the names of rules that are kept as ``"peak|end"``."""

    def told(values: Values, formats: Formats) -> str:
        names = [name for name in str(values.get(key) or "").split("|") if name]
        quoted = [_quoted("memory_rule", name, formats) for name in names]
        return formats.messages.listed(quoted) or formats.messages.text(
            "findings.peak_end.no_rule"
        )

    return told


def _feature_name(values: Values, formats: Formats) -> str:
    key = str(values.get("feature") or "")
    label = clean(values.get("label") or "")
    if formats.messages.has(f"terms.feature.{key}"):
        return _quoted("feature", key, formats)
    return in_sentence(isolated(shortened(label or key, _LONGEST_NAME)), formats.messages)


def _odds_span(values: Values, formats: Formats) -> str:
    low, high = _number(values, "odds_low"), _number(values, "odds_high")
    return _with_level(values, formats, formats.interval(low, high, 2, signed=False))


PEAK_END_PLACES: dict[str, Maker] = {
    "memory": _memory,
    "moved": _moved,
    "span": _span,
    "signed": _signed,
    "signed_span": _signed_span,
    "all_looks": _all_looks,
    "of_arms": _less,
    "turned": _turned,
    "turned_span": _turned_span,
    "narrow_span": _narrow_span,
    "points_span": _points_span,
    "points_apart": _points_apart,
    "choice_span": _share_span,
    "rmse": _plain("rmse"),
    "rmse_mean": _plain("rmse_mean"),
    "rule_r": _coefficient("rule_r"),
    "end_slope": _plain("end_slope"),
    "peak_slope": _plain("peak_slope"),
    "lowest": _gap("conf_low"),
    "highest": _gap("conf_high"),
    "lower_by": _beyond("conf_low", -1),
    "higher_by": _beyond("conf_high", 1),
    "sesoi": _plain("sesoi"),
    "duration_by_rule": _by_rule,
    "arm": _label("arm", "findings.peak_end.second_group"),
    "base": _label("base", "findings.peak_end.first_group"),
    "option": _label("option", "findings.peak_end.the_option"),
    "chosen_share": _share("estimate"),
    "against_share": _share("against"),
    "first_share": _share("first_share"),
    "second_share": _share("second_share"),
    "lowest_r": _coefficient("lowest_r"),
    "highest_r": _coefficient("highest_r"),
    "average_r": _coefficient("average_r"),
    "p_told": _p,
    "covariate": _label("covariate", "tables.peak_end.covariate"),
    "worst_gap": _gap("worst_gap"),
    "least_lost": _share("least_lost"),
    "most_lost": _share("most_lost"),
    "lost_overall": _share("lost_overall"),
    "least_arm": _label("least_arm", "findings.peak_end.first_group"),
    "most_arm": _label("most_arm", "findings.peak_end.second_group"),
    "planned_counts": _counts("planned"),
    "seen_counts": _counts("seen"),
    "better_rules": _rules("better"),
    "worse_rules": _rules("worse"),
    "against_rule": _rules("against"),
    "feature_name": _feature_name,
    "odds": lambda values, formats: formats.number(_number(values, "odds_ratio")),
    "odds_span": _odds_span,
    "margin": _plain("margin"),
    "smallest": _plain("smallest"),
    "noise_share": _share("noise_share"),
    "drift_share": _share("drift_share"),
    "power_share": _share("estimate"),
    "power_span": _share_span,
    "wanted_share": _share("wanted"),
}
"""Names that no other sentences use for anything else."""
