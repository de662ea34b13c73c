"""Tables of experiments on episodes: conditions, crossovers, choices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cxresearch._rows import rows_of
from cxresearch.peak_end import (
    ChoiceDifferenceResult,
    ChoiceResult,
    ConditionsResult,
    CrossoverResult,
)
from cxresearch.shown import DisplayTable, or_nothing
from cxresearch.tables._build import Column, display_table
from cxresearch.tables._peak_end import code_sentences, columns_of_test, told_p
from cxresearch.wording import Formats
from cxresearch.wording.labels import column_label
from cxresearch.wording.peak_end import (
    Labels,
    known_term,
    level_name,
    pair_name,
    rating_decimals,
)


def display_conditions(
    result: ConditionsResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show the differences between conditions, by every method that was computed.

    Parameters
    ----------
    result : ConditionsResult
    labels : mapping of str to str, optional
        ``"condition[level]"`` or level → text.
    language : str
        Language of headings and notes.

    Examples
    --------
    >>> import pandas as pd
    >>> from cxresearch.peak_end import compare_conditions
    >>> people = pd.DataFrame({
    ...     "arm": ["plain"] * 4 + ["warm"] * 4, "memory": [4, 5, 6, 5, 6, 7, 7, 8],
    ... })
    >>> found = compare_conditions(people, outcome="memory", condition="arm")
    >>> display_conditions(found).shown[["Difference", "Estimate"]].iloc[0].tolist()
    ['warm − plain', '+2.00']
    """
    formats = Formats.of(language)
    text = formats.messages.text
    levels = [str(level) for level in result.conditions["condition"]]
    data = result.tidy()
    decimals = rating_decimals([*result.conditions["mean"], *data["estimate"]])
    columns = [
        Column(
            text("tables.peak_end.difference"),
            lambda row: pair_name(row.group, result.condition, levels, labels),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.method"),
            lambda row: known_term("condition_method", row.term, formats.messages),
            numeric=False,
        ),
        *columns_of_test(formats, result.confidence_level, decimals, p_adjust=result.p_adjust),
        Column(
            text("tables.peak_end.effect_size"), lambda row: formats.number(row.effect_size)
        ),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    return display_table(
        data,
        columns,
        name="conditions",
        caption=text("tables.peak_end.conditions"),
        notes=_condition_notes(result, labels, formats),
    )


def display_condition_means(
    result: ConditionsResult | CrossoverResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show mean and spread of every condition; in a crossover by order and period.

    Parameters
    ----------
    result : ConditionsResult or CrossoverResult
    labels : mapping of str to str, optional
        ``"condition[level]"`` or level → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    crossed = isinstance(result, CrossoverResult)
    data = result.means if isinstance(result, CrossoverResult) else result.conditions
    condition = "condition" if isinstance(result, CrossoverResult) else result.condition
    decimals = rating_decimals(data["mean"])

    def order(row: Any) -> str:
        level = str(row.order).removesuffix(" first")
        name = level_name("condition", level, labels)
        return text("tables.peak_end.order_first", condition=name)

    columns = [
        Column(
            text("tables.peak_end.condition"),
            lambda row: level_name(condition, str(row.condition), labels),
            numeric=False,
        )
    ]
    if crossed:
        columns.insert(0, Column(text("tables.peak_end.order"), order, numeric=False))
        columns.append(
            Column(text("tables.peak_end.period"), lambda row: formats.count(row.period))
        )
    columns += [
        Column(text("tables.peak_end.mean"), lambda row: formats.number(row.mean, decimals)),
    ]
    if not crossed:
        columns.append(
            Column(text("tables.peak_end.sd"), lambda row: formats.number(row.sd, decimals))
        )
    columns.append(Column(text("tables.n"), lambda row: formats.count(row.n)))
    return display_table(
        data,
        columns,
        name="condition_means",
        caption=text("tables.peak_end.condition_means"),
        notes=code_sentences(result.notes, formats),
    )


def display_crossover(
    result: CrossoverResult, *, labels: Labels = None, language: str = "en"
) -> DisplayTable:
    """Show the effects of the condition, of the period, and of carry-over.

    Parameters
    ----------
    result : CrossoverResult
    labels : mapping of str to str, optional
        Condition → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    text = formats.messages.text
    decimals = rating_decimals(result.means["mean"])
    columns = [
        Column(
            text("tables.peak_end.effect"),
            lambda row: known_term("effect", row.term, formats.messages),
            numeric=False,
        ),
        *columns_of_test(formats, result.confidence_level, decimals, p_adjust="none"),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    names = {
        key: level_name("condition", level, labels)
        for key, level in (("first", result.first), ("second", result.second))
    }
    return display_table(
        result.tidy(),
        columns,
        name="crossover",
        caption=text("tables.peak_end.crossover"),
        notes=[
            text("tables.peak_end.notes.crossover", **names),
            *code_sentences(result.notes, formats),
        ],
    )


@or_nothing
def display_choice(
    result: ChoiceResult | ChoiceDifferenceResult,
    *,
    first: str = "",
    second: str = "",
    labels: Labels = None,
    language: str = "en",
) -> DisplayTable:
    """Show how many chose one of two experiences, or whether two groups choose alike.

    Parameters
    ----------
    result : ChoiceResult or ChoiceDifferenceResult
    first, second : str
        What the two groups are called.
    labels : mapping of str to str, optional
        Name of a group → text.
    language : str
        Language of headings and notes.
    """
    formats = Formats.of(language)
    if isinstance(result, ChoiceDifferenceResult):
        groups = [level_name("condition", name, labels) for name in (first, second)]
        return _choice_difference(result, formats, groups)
    text, level = formats.messages.text, formats.level(result.confidence_level)
    columns = [
        Column(
            text("tables.peak_end.method"),
            lambda row: known_term("effect", row.term, formats.messages),
            numeric=False,
        ),
        Column(
            text("tables.peak_end.share_chosen"), lambda row: formats.percent(row.estimate, 1)
        ),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.percent_interval(row.conf_low, row.conf_high, 1),
        ),
        Column(text("tables.p_plain"), lambda row: formats.p(row.p_value)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    against = formats.percent(result.against)
    return display_table(
        result.tidy(),
        columns,
        name="choice",
        caption=text("tables.peak_end.choice"),
        notes=[
            text("tables.peak_end.notes.choice", against=against),
            text(
                "tables.peak_end.notes.choice_bayes",
                against=against,
                bf=formats.number(result.bayes_factor),
            ),
        ],
    )


# ── notes ─────────────────────────────────────────────────────────────────────


def _condition_notes(result: ConditionsResult, labels: Labels, formats: Formats) -> list[str]:
    text = formats.messages.text
    notes = [
        text("tables.peak_end.notes.conditions", level=formats.level(result.confidence_level)),
        text(f"tables.peak_end.notes.adjust_{result.p_adjust}"),
        text("tables.peak_end.notes.effect_size"),
    ]
    if result.covariates:
        names = [column_label(name, labels, formats.messages) for name in result.covariates]
        share = formats.percent(result.variance_reduction)
        listed = formats.messages.listed(names)
        notes.append(text("tables.peak_end.notes.covariates", names=listed, share=share))
    welch: Any = rows_of(result.omnibus)[0]
    if len(result.conditions) > 2 and not math.isnan(welch.statistic):
        notes.append(
            text(
                "tables.peak_end.notes.omnibus",
                df=formats.count(welch.df),
                df_denominator=formats.number(welch.df_denominator, 1),
                f=formats.number(welch.statistic),
                p=told_p(welch.p_value, formats),
            )
        )
    return [*notes, *code_sentences(result.notes, formats)]


def _choice_difference(
    result: ChoiceDifferenceResult, formats: Formats, groups: Sequence[str]
) -> DisplayTable:
    text, level = formats.messages.text, formats.level(result.confidence_level)
    shares = [result.first_share, result.second_share]
    columns = [
        Column(
            text("tables.peak_end.share_chosen"),
            lambda _: " → ".join(formats.percent(share, 1) for share in shares),
        ),
        Column(
            text("tables.peak_end.difference_chosen"),
            lambda row: formats.gap(100 * row.estimate, 1),
        ),
        Column(
            text("tables.interval", level=level),
            lambda row: formats.interval(100 * row.conf_low, 100 * row.conf_high, 1),
        ),
        Column(text("tables.peak_end.statistic"), lambda row: formats.number(row.statistic)),
        Column(text("tables.df"), lambda row: formats.count(row.df)),
        Column(text("tables.p_plain"), lambda row: formats.p(row.p_value)),
        Column(text("tables.n"), lambda row: formats.count(row.n)),
    ]
    note = text(
        "tables.peak_end.notes.choices",
        p=told_p(result.p_exact, formats),
        ratio=formats.number(result.odds_ratio),
    )
    named = []
    if all(groups):
        first, second = groups
        named = [text("tables.peak_end.notes.choice_groups", first=first, second=second)]
    return display_table(
        result.tidy(),
        columns,
        name="choice_difference",
        caption=text("tables.peak_end.choices"),
        notes=[*named, note],
    )
