"""Tables of the parts that only some peak-end studies have."""

from __future__ import annotations

from collections.abc import Mapping

from cxresearch.peak_end import ConditionsResult, CrossoverResult, MixedModelResult
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables.peak_end_conditions import (
    display_condition_means,
    display_conditions,
    display_crossover,
)
from cxresearch.tables.peak_end_mixed import display_mixed, display_variances
from cxresearch.wording import Messages

Labels = Mapping[str, str] | None

_SPLIT = ("peak_within", "end_within", "peak_between", "end_between")


@or_nothing
def display_condition_effect(
    effect: ConditionsResult | CrossoverResult | MixedModelResult,
    *,
    labels: Labels = None,
    language: str = "en",
) -> DisplayTable:
    """Show the differences between conditions, whatever the design; nothing without them.

    Parameters
    ----------
    effect : ConditionsResult, CrossoverResult, MixedModelResult or None
        From `condition_effect` or `condition_check`.
    labels : mapping of str to str, optional
        Column, ``"condition[level]"`` or level → text.
    language : str
        Language of headings and notes.
    """
    if isinstance(effect, ConditionsResult):
        return display_conditions(effect, labels=labels, language=language)
    if isinstance(effect, CrossoverResult):
        return display_crossover(effect, labels=labels, language=language)
    return display_mixed(effect, labels=labels, language=language)


@or_nothing
def display_effect_means(
    effect: ConditionsResult | CrossoverResult | MixedModelResult,
    *,
    labels: Labels = None,
    language: str = "en",
) -> DisplayTable | None:
    """Show the mean of each condition; nothing without conditions, or for a mixed model.

    Parameters
    ----------
    effect : ConditionsResult, CrossoverResult, MixedModelResult or None
    labels : mapping of str to str, optional
        ``"condition[level]"`` or level → text.
    language : str
        Language of headings and notes.
    """
    if isinstance(effect, MixedModelResult):
        return None
    return display_condition_means(effect, labels=labels, language=language)


@or_nothing
def display_person_differences(
    model: MixedModelResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show how memory follows peak and end within people and between them.

    Parameters
    ----------
    model : MixedModelResult or None
        From `person_differences`.
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of headings and notes.
    """
    return display_mixed(model, labels=_split_labels(labels, language), language=language)


@or_nothing
def display_person_variances(
    model: MixedModelResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show how much people differ in what they remember, and in the weight of the end.

    Parameters
    ----------
    model : MixedModelResult or None
        From `person_differences`.
    labels : mapping of str to str, optional
        Column → text.
    language : str
        Language of headings and notes.
    """
    return display_variances(model, labels=_split_labels(labels, language), language=language)


def _split_labels(labels: Labels, language: str) -> dict[str, str]:
    text = Messages(language).text
    return {**(labels or {}), **{name: text(f"terms.feature.{name}") for name in _SPLIT}}
